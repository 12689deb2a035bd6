# Everything here works in a fresh clone; `make` alone lists the targets.

PROGRAM := target/release/lossatlas
RANKS   ?= 2
OUT     ?= results/demo

# Open MPI refuses to run as root unless told twice, and to run more ranks than there are cores.
ifeq ($(shell id -u),0)
export OMPI_ALLOW_RUN_AS_ROOT=1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
endif
export OMPI_MCA_rmaps_base_oversubscribe=1

.PHONY: help demo test build lint format mnist docs bench dependencies clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## install what is missing, build, run the whole pipeline on built-in data
	mpirun -n $(RANKS) $(PROGRAM) run configs/demo.toml --out "$(OUT)"

test: ## install what is missing, run all tests
	@.make/install-dependencies test
	cargo test --release --locked

build: dependencies ## build the program
	cargo build --release --locked

dependencies:
	@.make/install-dependencies build

lint: dependencies ## formatting and clippy, warnings are errors
	cargo fmt --check
	cargo clippy --release --all-targets --locked -- -D warnings

format: ## format the code
	cargo fmt

docs: dependencies ## build the library's documentation
	RUSTDOCFLAGS="-D warnings" cargo doc --release --no-deps --locked

bench: dependencies ## measure the kernels
	OPENBLAS_NUM_THREADS=1 cargo bench --locked --bench kernels

mnist: ## fetch MNIST into data/mnist and check it
	@.make/fetch-mnist data/mnist

clean: ## remove what was built; results stay
	cargo clean
