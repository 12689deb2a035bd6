import os

from spack_repo.builtin.build_systems.cargo import CargoPackage

from spack.package import *


class Lossatlas(CargoPackage):
    """lossatlas maps the loss landscapes of neural networks: it trains a network many times,
    finds low-loss paths between the solutions and measures the barriers, on any number of ranks."""

    # The address of the paper, because the program has none yet. `make vendor` writes the archive.
    # `spack install` finds it in the folder from which it is started.
    homepage = "https://arxiv.org/abs/2602.21276"
    manual_download = True

    license("MIT")

    # `make vendor` fills in the checksum of the archive.
    version("1.0.0", sha256="0000000000000000000000000000000000000000000000000000000000000000")

    depends_on("c", type="build")
    depends_on("rust@1.91:", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    # libclang reads the headers of MPI.
    depends_on("llvm+clang", type="build")
    depends_on("mpi@3:")
    depends_on("hdf5@1.8.4:")
    # Ranks have threads of their own, and use one thread of OpenBLAS.
    depends_on("openblas")

    def url_for_version(self, version):
        return f"file://{os.getcwd()}/lossatlas-{version}-vendored.tar.xz"

    def setup_build_environment(self, env):
        env.set("MPICC", self.spec["mpi"].mpicc)
        env.set("HDF5_DIR", self.spec["hdf5"].prefix)
        env.set("LIBCLANG_PATH", self.spec["llvm"].prefix.lib)

    def setup_run_environment(self, env):
        # The program that the job scripts start.
        env.set("LOSSATLAS_PROGRAM", self.prefix.bin.lossatlas)

    # `cargo install`, the default of Spack, ignores the lock file and installs no manual pages.
    def build(self, spec, prefix):
        with working_dir(self.build_directory):
            cargo("build", "--release", "--locked", "--offline", "-j", str(make_jobs))

    def install(self, spec, prefix):
        with working_dir(self.build_directory):
            make("install", f"PREFIX={prefix}")

    def check(self):
        with working_dir(self.build_directory):
            cargo("test", "--release", "--locked", "--offline", "--lib")
