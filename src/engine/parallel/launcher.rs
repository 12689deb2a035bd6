//! Which program started this process, as far as its environment shows.
//!
//! This is determined before MPI starts: a single process needs no MPI, and if a command that only
//! reads runs on several ranks, only one of them prints.

use std::env;
use std::process;

/// A program that starts ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// `mpirun` of Open MPI.
    OpenMpi,
    /// `mpirun` of MPICH and of Intel MPI.
    Hydra,
    /// `srun`.
    Slurm,
    /// Another launcher.
    Other,
}

/// How this process was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The program that started it as a rank. `None` for a process of a shell or a script.
    pub launcher: Option<Launcher>,
    /// Its number among the ranks.
    pub rank: usize,
    /// Number of ranks. `None` if only MPI knows.
    pub ranks: Option<usize>,
    /// The variable that holds the number of ranks.
    pub variable: &'static str,
    /// Tasks of the Slurm allocation, if this process was started alone in its shell or script.
    pub allocated: Option<usize>,
}

/// The variables of other launchers, for the rank and for the number of ranks.
const OTHERS: [[&str; 2]; 5] = [
    ["MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"],
    ["FLUX_TASK_RANK", "FLUX_JOB_SIZE"],
    ["PALS_RANKID", "PALS_SIZE"],
    ["ALPS_APP_PE", "ALPS_APP_SIZE"],
    ["PMIX_RANK", "PMIX_SIZE"],
];

impl Start {
    /// How this process was started.
    pub fn here() -> Self {
        Self::of(&|name| env::var(name).ok(), process::id())
    }

    /// How a process with this number and these variables was started.
    ///
    /// The innermost launcher counts: `mpirun` starts ranks on other nodes through `srun`, whose
    /// variables they inherit.
    pub fn of(variable: &dyn Fn(&str) -> Option<String>, process: u32) -> Self {
        let number = |name: &str| variable(name)?.parse::<usize>().ok();
        let rank_of = |launcher, rank: &str, ranks: &'static str| {
            let start = Self { launcher: Some(launcher), rank: number(rank)?, ..Self::default() };
            Some(Self { ranks: number(ranks), variable: ranks, ..start })
        };
        let step = slurm_step(variable);
        let hydra = rank_of(Launcher::Hydra, "PMI_RANK", "PMI_SIZE").filter(|pmi| {
            // `srun --mpi=pmi2` sets these two as well, but not the third.
            let same = |step: &Self| (step.rank, step.ranks) == (pmi.rank, pmi.ranks);
            variable("MPI_LOCALNRANKS").is_some() || !step.as_ref().is_some_and(same)
        });
        let task = step.filter(|_| !in_a_shell_of_srun(variable, process));
        let other = || {
            let of_slurm = |space: String| space.starts_with("slurm.");
            let others =
                OTHERS.iter().filter_map(|[rank, ranks]| rank_of(Launcher::Other, rank, ranks));
            others.into_iter().find(|_| !variable("PMIX_NAMESPACE").is_some_and(of_slurm))
        };
        rank_of(Launcher::OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
            .or(hydra)
            .or(task)
            .or_else(other)
            .unwrap_or_else(|| {
                let allocated = variable("SLURM_JOB_ID").and_then(|_| number("SLURM_NTASKS"));
                Self { ranks: Some(1), allocated, ..Self::default() }
            })
    }

    /// Whether this is the only rank, so that MPI is not needed.
    pub fn is_alone(&self) -> bool {
        self.ranks == Some(1)
    }
}

/// The task of a step of Slurm that this process is, or descends from.
fn slurm_step(variable: &dyn Fn(&str) -> Option<String>) -> Option<Start> {
    let number = |name: &str| variable(name)?.parse::<usize>().ok();
    let (name, step) = ("SLURM_STEP_NUM_TASKS", variable("SLURM_STEP_ID")?);
    let rank = number("SLURM_PROCID")?;
    // On some systems the shell of `salloc` is a step of its own.
    let interactive = step == "4294967290" || step == "interactive";
    // In a heterogeneous job this is the number of one component.
    let ranks = number(name).filter(|_| variable("SLURM_HET_SIZE").is_none());
    let start = Start { launcher: Some(Launcher::Slurm), rank, ranks, ..Start::default() };
    (!interactive).then_some(Start { variable: name, ..start })
}

/// Whether this process runs in a shell that `srun --pty` started, so that it is not the task
/// itself. Without a terminal the shell may be a script, whose program is the task.
fn in_a_shell_of_srun(variable: &dyn Fn(&str) -> Option<String>, process: u32) -> bool {
    let is_task = |task: String| task.parse() == Ok(process);
    variable("SLURM_PTY_PORT").is_some() && !variable("SLURM_TASK_PID").is_some_and(is_task)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESS: u32 = 4711;

    fn start(variables: &str) -> Start {
        let variable = |name: &str| {
            let pairs = variables.split_whitespace().filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        Start::of(&variable, PROCESS)
    }

    #[track_caller]
    fn is(variables: &str, launcher: Launcher, rank: usize, ranks: Option<usize>) {
        let Start { launcher: found, rank: number, ranks: count, allocated, .. } = start(variables);
        assert_eq!(
            (found, number, count, allocated),
            (Some(launcher), rank, ranks, None),
            "{variables}"
        );
    }

    #[test]
    fn every_launcher_is_known_by_what_it_sets_for_the_rank() {
        use Launcher::{Hydra, OpenMpi, Other, Slurm};
        let srun =
            "SLURM_JOB_ID=5 SLURM_STEP_ID=0 SLURM_NTASKS=4 SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=4";
        let mpirun = "OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=1 PMIX_RANK=1";
        is(mpirun, OpenMpi, 1, Some(4));
        is("PMI_RANK=2 PMI_SIZE=3 MPI_LOCALNRANKS=3", Hydra, 2, Some(3));
        is(srun, Slurm, 3, Some(4));
        is(&format!("{srun} PMI_RANK=3 PMI_SIZE=4"), Slurm, 3, Some(4));
        is(&format!("{srun} PMIX_RANK=3 PMIX_NAMESPACE=slurm.pmix.5.0"), Slurm, 3, Some(4));
        // `mpirun` has reached this node through `srun`.
        is(&format!("{srun} {mpirun}"), OpenMpi, 1, Some(4));
        is(&format!("{srun} PMI_RANK=0 PMI_SIZE=8"), Hydra, 0, Some(8));
        is(&format!("{srun} SLURM_HET_SIZE=2"), Slurm, 3, None);
        is("PMIX_RANK=1 PMIX_NAMESPACE=prterun-7", Other, 1, None);
        is("FLUX_TASK_RANK=0 FLUX_JOB_SIZE=2", Other, 0, Some(2));
    }

    #[test]
    fn a_process_of_a_shell_is_alone_whatever_its_allocation_holds() {
        let job = "SLURM_JOB_ID=5 SLURM_NTASKS=4";
        let pty = "SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PTY_PORT=40001";
        let in_a_shell = [
            String::new(),
            // The shell of `salloc` on the login node, and as a step; a batch script.
            job.to_owned(),
            format!("{job} SLURM_STEP_ID=4294967290 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1"),
            format!("{job} SLURM_PROCID=0 SLURM_LOCALID=0"),
            // `srun --pty -n 4 bash`, with both of its ways to MPI.
            format!("{job} SLURM_STEP_ID=0 {pty} SLURM_TASK_PID=4000"),
            format!("{job} SLURM_STEP_ID=0 {pty} SLURM_TASK_PID=4000 PMI_RANK=0 PMI_SIZE=4"),
            format!("{job} SLURM_STEP_ID=0 {pty} PMIX_RANK=0 PMIX_NAMESPACE=slurm.pmix.5.0"),
        ];
        for variables in &in_a_shell {
            let start = start(variables);
            assert!(start.launcher.is_none() && start.is_alone() && start.rank == 0, "{variables}");
            assert_eq!(start.allocated, (!variables.is_empty()).then_some(4), "{variables}");
        }
        // The program in place of the shell is a task; and `mpirun` works in the shell.
        let task = format!("{job} SLURM_STEP_ID=0 {pty} SLURM_TASK_PID={PROCESS}");
        is(&task, Launcher::Slurm, 0, Some(4));
        let hydra = format!("{} PMI_RANK=0 PMI_SIZE=4 MPI_LOCALNRANKS=4", in_a_shell[4]);
        is(&hydra, Launcher::Hydra, 0, Some(4));
    }

    #[test]
    fn one_rank_needs_no_mpi() {
        assert!(start("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0").is_alone());
        assert!(!start("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0").is_alone());
        assert!(!start("PMIX_RANK=0").is_alone(), "of how many, MPI has to tell");
    }
}
