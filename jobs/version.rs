//! What `--version` tells.

use std::ffi::{CStr, c_char, c_int};
use std::sync::LazyLock;

unsafe extern "C" {
    fn openblas_get_config() -> *const c_char;
    fn openblas_set_num_threads(threads: c_int);
}

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Commit the program was built from.
pub const COMMIT: &str = env!("LOSSATLAS_COMMIT");

/// Version, commit and the libraries in use, one a line.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{VERSION}\ncommit: {COMMIT}\nMPI:    {}\nHDF5:   {}\nBLAS:   {}",
        lossatlas::parallel::mpi_library_version(),
        lossatlas::store::hdf5_library_version(),
        blas()
    )
});

/// Build and kernel of the BLAS in use: `"OpenBLAS 0.3.21 … Haswell MAX_THREADS=64"`.
fn blas() -> String {
    // SAFETY: OpenBLAS returns a static string.
    unsafe { CStr::from_ptr(openblas_get_config()) }.to_string_lossy().trim().to_owned()
}

/// Sets the number of threads that one rank's matrix products use.
pub fn set_blas_threads(threads: usize) {
    // SAFETY: a plain setter; no product is under way when the program calls it.
    unsafe { openblas_set_num_threads(c_int::try_from(threads).unwrap_or(c_int::MAX)) }
}
