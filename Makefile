# Everything here works in a fresh clone; `make` alone lists the targets.

PROGRAM := $(or $(CARGO_TARGET_DIR),target)/release/lossatlas
RANKS   ?= 2
OUT     ?= results/demo
PREFIX  ?= /usr/local

# Open MPI refuses to run as root unless told twice, and to run more ranks than there are cores.
ifeq ($(shell id -u),0)
export OMPI_ALLOW_RUN_AS_ROOT=1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
endif
export OMPI_MCA_rmaps_base_oversubscribe=1

# The HDF5 of a module often brings nothing for pkg-config; it is found beside its compiler wrapper.
ifeq ($(HDF5_DIR)$(shell pkg-config --exists hdf5 2>&1 && echo found),)
HDF5_FOLDER := $(patsubst %/bin/h5cc,%,$(patsubst %/bin/h5pcc,%,$(shell command -v h5cc || command -v h5pcc)))
ifneq ($(wildcard $(HDF5_FOLDER)/include/hdf5.h),)
export HDF5_DIR := $(HDF5_FOLDER)
endif
endif

.PHONY: help paper demo test test-quick test-processors test-mpich test-pytorch test-report build install uninstall vendor lint format mnist docs reference bench bench-scale bench-peers bench-kpca bench-batches bench-parameters bench-threads bench-precision bench-process peers dependencies clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## install what is missing, build, run the whole pipeline on built-in data
	mpirun -n $(RANKS) $(PROGRAM) run configs/demo.toml --out "$(OUT)"

test: ## install what is missing, run all tests
	@.make/install-dependencies test
	cargo test --release --locked

test-quick: ## run the tests of the library and of configurations (under two minutes after the build)
	@.make/install-dependencies build
	cargo test --release --locked --lib --test config

test-processors: ## run all tests as other processors would: instructions and OpenBLAS kernels (hours; TESTS="--test networks")
	@.make/install-dependencies test
	.make/test-processors all $(TESTS)

# Beside the MPI that is installed, in a folder of its own.
test-mpich: export MPICC=mpicc.mpich
test-mpich: export MPIEXEC=mpirun.mpich
test-mpich: export CARGO_TARGET_DIR=target/mpich
test-mpich: ## run the tests of the ranks with MPICH (Debian's, installed if missing); not part of `test`
	@.make/install-dependencies mpich
	cargo test --release --locked --test parallel
	cargo test --release --locked --test program ranks

test-pytorch: PYTHON ?= python3
test-pytorch: ## weights to PyTorch and back, PyTorch modules and the examples as landscapes (PYTHON=… has torch, perhaps jax and ase); not part of `test`
	@.make/install-dependencies test
	@$(PYTHON) -c 'import torch, numpy, h5py, xarray' || { echo "$(PYTHON) has no PyTorch: install torch, numpy, h5py and xarray where you like and name that Python, make test-pytorch PYTHON=…" >&2; exit 1; }
	PYTHON="$(PYTHON)" cargo test --release --locked --test evaluate -- --ignored pytorch
	PYTHON="$(PYTHON)" cargo test --release --locked --test outside -- --ignored pytorch --nocapture

test-report: ## the page of a report in headless Chromium (Debian's, installed if missing); pictures in target/report-page
	@.make/install-dependencies report
	cargo test --release --locked --test program page -- --nocapture

build: dependencies ## build the program
	cargo build --release --locked

$(PROGRAM):
	@$(MAKE) --no-print-directory build

SHARE = $(DESTDIR)$(PREFIX)/share
VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -1)

# What `make build` has made is installed as it is: root needs no cargo, and no modules.
install: $(PROGRAM) ## install program, manual pages, completions, configurations, job scripts, modulefile (PREFIX=/usr/local, DESTDIR for packagers)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" \
	  "$(SHARE)/fish/vendor_completions.d" "$(SHARE)/lossatlas/configs" "$(SHARE)/lossatlas/slurm" \
	  "$(SHARE)/doc/lossatlas" "$(SHARE)/modulefiles/lossatlas/$(VERSION)"*
	install -m 755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/lossatlas"
	$(PROGRAM) man "$(SHARE)/man/man1"
	$(PROGRAM) completions bash >"$(SHARE)/bash-completion/completions/lossatlas"
	$(PROGRAM) completions zsh >"$(SHARE)/zsh/site-functions/_lossatlas"
	$(PROGRAM) completions fish >"$(SHARE)/fish/vendor_completions.d/lossatlas.fish"
	install -m 644 configs/*.toml "$(SHARE)/lossatlas/configs"
	install -m 644 slurm/* "$(SHARE)/lossatlas/slurm"
	chmod 755 "$(SHARE)/lossatlas/slurm/submit.sh"
	install -m 644 LICENSE CITATION.cff "$(SHARE)/doc/lossatlas"
	.make/modulefile "$(PREFIX)" $(VERSION) >"$(SHARE)/modulefiles/lossatlas/$(VERSION)"

uninstall: ## remove what `make install` has installed (the same PREFIX and DESTDIR)
	rm -f "$(DESTDIR)$(PREFIX)/bin/lossatlas" "$(SHARE)"/man/man1/lossatlas.1 "$(SHARE)"/man/man1/lossatlas-*.1 \
	  "$(SHARE)/bash-completion/completions/lossatlas" "$(SHARE)/zsh/site-functions/_lossatlas" \
	  "$(SHARE)/fish/vendor_completions.d/lossatlas.fish"
	rm -rf "$(SHARE)/lossatlas" "$(SHARE)/doc/lossatlas" "$(SHARE)/modulefiles/lossatlas/$(VERSION)"*

vendor: ## write an archive that builds without a registry, and the recipes for it (into target/package)
	@.make/vendor

dependencies:
	@.make/install-dependencies build

lint: ## formatting, clippy, shellcheck and links of the library's documentation, warnings are errors
	@.make/install-dependencies lint
	shellcheck --external-sources slurm/*.sh slurm/*.sbatch .make/*
	cargo fmt --check
	cargo clippy --release --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --locked

format: ## format the code
	cargo fmt

docs: ## build the library's documentation, check the pages of docs/
	@.make/install-dependencies test
	RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --locked
	cargo test --release --locked --test documentation --test config

reference: dependencies ## write docs/configuration.md and docs/format.md from the table of keys and the stages
	cargo test --release --locked --test config -- --ignored write_the_reference

bench: dependencies ## measure the kernels
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench kernels

bench-scale: dependencies ## play studies on up to 16384 ranks (SCALE_DIR: where results would go)
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench scale

peers: dependencies
	python3 -m venv target/peers
	target/peers/bin/pip install --quiet --requirement benches/pytorch/requirements.txt

bench-threads: dependencies ## measure what the threads of a rank gain
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench threads

bench-peers: $(if $(ONLY_BEFORE),dependencies,peers) ## compare with PyTorch, installed into target/peers (MNIST=DIR: on its images; BEFORE=PROGRAM: also with another version's peers, ONLY_BEFORE=1: with that alone; half an hour or more)
	cargo bench --locked --bench peers --no-run
	OPENBLAS_NUM_THREADS=1 $(if $(ONLY_BEFORE),python3,target/peers/bin/python) benches/pytorch/compare.py \
	  "$$(ls -t target/release/deps/peers-* | grep -v '\.d$$' | head -1)" $(if $(MNIST),--mnist "$(MNIST)") \
	  $(if $(BEFORE),--before "$(BEFORE)") $(if $(ONLY_BEFORE),--only-before) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-kpca: peers ## measure kernel PCA and compare it with scikit-learn, installed into target/peers
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench embedding
	target/peers/bin/python benches/pytorch/kernel_pca.py "$$(ls -t target/release/deps/embedding-* | grep -v '\.d$$' | head -1)"

bench-batches: build peers ## how low paths come for how many evaluations, all images or batches (MNIST=DIR; an hour)
	target/peers/bin/python benches/paths/batches.py $(PROGRAM) "$(or $(MNIST),data/mnist)" fcp
	target/peers/bin/python benches/paths/batches.py $(PROGRAM) "$(or $(MNIST),data/mnist)" lstm

bench-parameters: build peers ## how barriers depend on sines, λ, points, steps, images, with figures (MNIST=DIR; half an hour)
	for network in fcp lstm; do \
	  target/peers/bin/python benches/paths/parameters.py $(PROGRAM) "$(or $(MNIST),data/mnist)" $$network \
	    --figure docs/parameters-$$network.svg --table docs/parameters-$$network.csv || exit; done

bench-process: dependencies ## what a call of a process costs
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench process

bench-precision: peers ## how far down L-BFGS goes in single and double precision, here and with PyTorch (MNIST=DIR)
	cargo bench --locked --bench precision --no-run
	OPENBLAS_NUM_THREADS=1 target/peers/bin/python benches/pytorch/precision.py \
	  "$$(ls -t target/release/deps/precision-* | grep -v '\.d$$' | head -1)" $(if $(MNIST),--mnist $(MNIST))

paper: build ## the paper's protocol of NETWORK=fcp (or lenet, autoencoder, lstm): core-hours, and how to submit it
	@.make/paper "$(or $(NETWORK),fcp)" "$(or $(MNIST),data/mnist)" "$(or $(TASKS),96)"

mnist: ## fetch MNIST into data/mnist and check it
	@.make/fetch-mnist data/mnist

clean: ## remove what was built; results stay
	cargo clean
