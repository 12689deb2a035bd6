//! Starts programs under `mpirun`, or what the variable `MPIEXEC` names in its place.

use assert_cmd::Command;
use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// Runs `program` on so many ranks, with the variables of this process (`OPENBLAS_NUM_THREADS`
/// among them). After `timeout` all ranks are ended and the status is a failure, so a hang fails
/// the test.
pub fn mpirun<A: AsRef<OsStr>>(
    ranks: usize,
    program: impl AsRef<OsStr>,
    args: &[A],
    timeout: Duration,
) -> Output {
    mpirun_command(ranks, program, timeout).args(args).output().expect("mpirun is installed")
}

/// The command of [`mpirun`], to add arguments and variables to.
pub fn mpirun_command(ranks: usize, program: impl AsRef<OsStr>, timeout: Duration) -> Command {
    let mut command = Command::new(env::var_os("MPIEXEC").unwrap_or_else(|| "mpirun".into()));
    command.arg("-n").arg(ranks.to_string()).arg(program);
    // More ranks than cores: Open MPI 4, Open MPI 5. Variables, unlike flags, mean nothing to the
    // other implementations.
    command.env("OMPI_MCA_rmaps_base_oversubscribe", "true");
    command.env("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe");
    // Tests that run at the same time would all be bound to the first cores.
    command.env("OMPI_MCA_hwloc_base_binding_policy", "none");
    // A rank that waits leaves its core to other tests.
    command.env("OMPI_MCA_mpi_yield_when_idle", "true");
    if is_superuser() {
        command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    }
    // mpirun itself ends the ranks in time; should even that hang, it is killed.
    command.env("MPIEXEC_TIMEOUT", timeout.as_secs().to_string());
    command.timeout(timeout + Duration::from_secs(10));
    command
}

/// Open MPI refuses to run for user 0 unless told twice.
fn is_superuser() -> bool {
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}
