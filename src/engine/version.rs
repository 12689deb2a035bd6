//! The text of `--version`.

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

/// Version, commit, the libraries and the instructions in use, one a line.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{VERSION}\ncommit: {COMMIT}\nMPI:    {}\nHDF5:   {}\nBLAS:   {}\nCPU:    {}",
        crate::engine::parallel::mpi_library_version(),
        crate::engine::store::hdf5_library_version(),
        blas(),
        crate::kernels::instructions()
    )
});

/// Build and kernel of the BLAS in use: `"OpenBLAS 0.3.21 … Haswell MAX_THREADS=64"`.
fn blas() -> String {
    // SAFETY: OpenBLAS returns a static string.
    unsafe { CStr::from_ptr(openblas_get_config()) }.to_string_lossy().trim().to_owned()
}

/// Runs matrix products on the calling thread. The threads of a rank share the images instead, and
/// the last bits of a sum do not depend on their number.
pub fn keep_blas_on_one_thread() {
    // SAFETY: a plain setter; no product is under way when the program calls it.
    unsafe { openblas_set_num_threads(1) }
}
