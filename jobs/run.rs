//! `lossatlas run`, `train`, `paths`, `kpca` and `analyze`: some stages in order.

use crate::arguments::{Input, path};
use crate::{check, dry_run, report, start};
use clap::Args;
use lossatlas::engine::console::say;
use lossatlas::engine::failure::Failure;
use lossatlas::engine::parallel::{Interruption, Signals, World};
use lossatlas::engine::problem::Problem;
use lossatlas::engine::rank::Rank;
use lossatlas::engine::stage::{self, Context};
use lossatlas::engine::terminal::{self, ProgressDisplay};
use lossatlas::engine::{capacity, console, log, progress, summary};
use lossatlas::landscape::Interrupt;
use std::env;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// A configuration, and where the results go.
#[derive(Debug, Args)]
pub struct Job {
    #[command(flatten)]
    pub input: Input,
    /// Run directory, created if it does not exist; for `atlas.h5` and the journal
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub out: PathBuf,
    #[command(flatten)]
    pub options: RunOptions,
}

/// How a run is performed.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Stops and checkpoints in time to finish within TIME, for example 3h50m; rerun to resume
    ///
    /// Running tasks store checkpoints, and the exit code is 75. The stop comes early enough to
    /// store them: a twentieth of TIME, at most a minute, plus 10 ms for each rank. The default is
    /// the end of the Slurm job, if there is one. SIGUSR1, SIGTERM and Ctrl-C stop the run at once
    /// in the same way. A second SIGTERM or Ctrl-C ends it without checkpoints.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time_limit: Option<Duration>,
    /// Allows changes of the configuration that invalidate results in DIR
    ///
    /// Results that depend on a changed key are computed anew; all others stay. Without this
    /// option, such a change is refused. The journal keeps the former results, and the former
    /// configuration finds them again.
    #[arg(long)]
    pub replace: bool,
    /// Prints what would be computed and ends; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// How progress is shown on standard error
    ///
    /// `auto` recognizes a terminal also through the mpirun of Open MPI, but not through srun: use
    /// `bar` there.
    #[arg(long, value_name = "STYLE", value_enum, default_value_t)]
    pub progress: ProgressDisplay,
    /// How the lines of DIR/run.log are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: log::LogFormat,
}

/// One of the commands of this file.
pub struct StageCommand {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it ends with the report.
    pub reports: bool,
}

impl StageCommand {
    pub const RUN: Self = Self { name: stage::RUN, reports: true };
    pub const TRAIN: Self = Self { name: "train", reports: false };
    pub const PATHS: Self = Self { name: "paths", reports: false };
    pub const KPCA: Self = Self { name: "kpca", reports: false };
    pub const ANALYZE: Self = Self { name: "analyze", reports: false };

    /// The command of this name; `run` if there is none.
    pub fn named(name: &str) -> Self {
        let known = [Self::TRAIN, Self::PATHS, Self::KPCA, Self::ANALYZE].into_iter();
        known.fold(Self::RUN, |found, command| if command.name == name { command } else { found })
    }
}

/// Loads, runs the stages, and concludes with the exit code. Collective.
pub fn run(
    world: &World,
    job: &Job,
    command: &StageCommand,
    signals: Signals,
) -> Result<u8, Failure> {
    let Job { input: Input { configuration, overrides }, out, options } = job;
    let load = |interrupt: &Interrupt<'_>| {
        Problem::load_unless(world, configuration, overrides, interrupt)
    };
    perform(world, (configuration, out), options, command, signals, load)
}

/// The same for a problem that `load` loads; `configuration` is its name in messages. Collective.
pub fn perform(
    world: &World,
    (configuration, out): (&Path, &Path),
    options: &RunOptions,
    command: &StageCommand,
    signals: Signals,
    load: impl FnOnce(&Interrupt<'_>) -> Result<Problem, Failure>,
) -> Result<u8, Failure> {
    if options.dry_run {
        let problem = load(&|| false)?;
        let warning = capacity::check(world, configuration, &problem)?;
        check::warn_of_memory(&problem, warning);
        problem.send_errors(world, None);
        return dry_run::run(world, &problem, command, out, options.replace);
    }
    terminal::choose(options.progress);
    let limit = options.time_limit.or_else(end_of_the_batch_job);
    let interruption = Interruption::watch(signals, limit, world.size());
    let start = Instant::now();
    let interrupt = || interruption.cause().is_some();
    let mut problem = load(&interrupt)?;
    if let Some(warning) = capacity::check(world, configuration, &problem)? {
        say(warning);
    }
    problem.start_threads(world)?;
    let mut rank = Rank::open(world, &problem, out, options.replace)?;
    rank.on_root(world, |directory| directory.remember_command(command.name))?;
    problem.send_errors(world, Some(out));
    if let Some(root) = rank.root() {
        progress::forget(&root.directory);
        log::begin(&root.directory, options.log_format);
        let run = root.contents.run_identity().unwrap_or_default();
        log::run_started(command.name, world, &problem.config, &run);
        if let Some(trained) = problem.trained() {
            log::data_read(&trained.dataset);
        }
    }
    start::warn(world, problem.config.run.threads_per_rank)?;
    let context = Context { world, problem: &problem, interruption: &interruption };
    let ended = work(&context, &mut rank, command, out);
    let safe = format_args!(
        "; the results are safe in {}, the same command prints them again",
        out.display()
    );
    let ended = ended.and_then(|code| console::complete(code, safe));
    log::run_ended(&ended, start);
    ended
}

fn work(
    context: &Context,
    rank: &mut Rank,
    command: &StageCommand,
    directory: &Path,
) -> Result<u8, Failure> {
    stage::run(context, rank, command.name)?;
    let code = summary::conclude(context.world, context.problem, rank)?;
    if command.reports {
        report::conclude(rank, directory);
        rank.check_place(context.world)?;
    }
    Ok(code)
}

/// Time until Slurm ends the job of this process; `None` outside of a job.
fn end_of_the_batch_job() -> Option<Duration> {
    let end: u64 = env::var("SLURM_JOB_END_TIME").ok()?.parse().ok()?;
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))?;
    // An end in the past is ignored: a job without a limit, or a shell that has outlived its job.
    let left = end.duration_since(SystemTime::now()).ok()?;
    Some(Duration::from_secs(left.as_secs()))
}
