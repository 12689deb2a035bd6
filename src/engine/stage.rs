//! The trait of a stage. All stages are in [`stages`](crate::engine::stages).

use crate::config::{Config, StageSection};
use crate::engine::assembly::assemble;
use crate::engine::capacity::StageMemory;
use crate::engine::console::say;
use crate::engine::curves::KeptCurves;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::{Interruption, World};
use crate::engine::plan::{LaterWork, Work};
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::run_directory::last_command;
use crate::engine::runner::Runner;
use crate::engine::stages::STAGES;
use crate::engine::store::Record;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup};
use crate::engine::task::Computation;
use crate::report::figure::Figure;
use crate::report::{IndexColumn, Run, SummaryTable};
use crate::solutions::{EndpointSets, LandscapeName, SetName, SolutionSet};

/// Name of the command that runs all stages.
pub const RUN: &str = "run";

/// A part of a run: tasks of some kinds, their results, and their tables, figures and groups of
/// `atlas.h5`.
pub trait Stage: Sync {
    /// Name in messages, in the log and in `status`.
    fn name(&self) -> &'static str;

    /// The command that runs this stage. [`RUN`] runs it too.
    fn command(&self) -> &'static str;

    /// Whether a configuration asks for this stage.
    fn applies(&self, config: &Config) -> bool;

    /// Whether it needs all solutions. It is then refused while some are missing.
    fn needs_solutions(&self) -> bool;

    /// Whether results that are left may add tasks, such as paths that are not found yet. `sets` are
    /// the solutions so far.
    fn may_get_more_tasks(&self, _results: &Results, _sets: &[SolutionSet]) -> bool {
        false
    }

    /// Computes the missing results; each is stored when it is finished. Collective. Usually
    /// [`Context::run`] with the [`Computation`] of the stage.
    ///
    /// # Errors
    /// If the run is stopped or the system fails. A failed task is a result.
    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure>;

    /// Its section of the configuration, if it has one.
    fn section(&self) -> Option<StageSection> {
        None
    }

    /// The data sets of a process that its section names. They are checked before any work starts.
    fn datasets(&self, _config: &Config) -> Vec<LandscapeName> {
        Vec::new()
    }

    /// The sets that it derives from other sets, each as (derived set, source). A derived set has
    /// the initializations of its source.
    fn derived_sets(&self, _config: &Config) -> Vec<(SetName, SetName)> {
        Vec::new()
    }

    /// The derived sets that have been computed; `found` are the sets of solutions.
    fn derive(&self, _results: &Results, _found: &[SolutionSet]) -> Vec<SolutionSet> {
        Vec::new()
    }

    /// Whether its derived sets have not been computed yet.
    fn derived_sets_are_missing(&self, _results: &Results) -> bool {
        false
    }

    /// Whether its results can only be read with the symmetry of the network.
    fn uses_symmetry(&self, _config: &Config) -> bool {
        false
    }

    /// The numbers of its tasks: done, failed and left. `sets` are the solutions so far.
    fn counts(&self, results: &Results, sets: &[SolutionSet]) -> StageCounts;

    /// Its tasks before anything is computed, for `check`. Tasks that take little time may be left
    /// out.
    fn plan(&self, _problem: &Problem) -> Vec<PlannedTasks> {
        Vec::new()
    }

    /// Its files besides journal and `atlas.h5`, in words, for `check`.
    fn disk(&self, _problem: &Problem) -> Option<String> {
        None
    }

    /// Remarks on its tasks for the plan of a run. `kept` are the curves of paths in the run
    /// directory.
    fn remarks(&self, _results: &Results, _kept: &KeptCurves<'_>) -> Option<String> {
        None
    }

    /// The maximum work of a task of this [kind](KindCounts::kind).
    fn work(&self, _problem: &Problem, _kind: usize) -> Work {
        Work::default()
    }

    /// The dependencies of the task with this [key](crate::engine::store::Record::Task), besides
    /// its section.
    fn task_solutions(&self, _key: &str) -> TaskSolutions {
        TaskSolutions::All
    }

    /// Its memory: of a rank for one of its tasks, and of the root in addition. `line` are the
    /// bytes that the trials of a line search share, or 0 if unknown: they are measured on the
    /// network, which a prediction must not allocate.
    fn memory(&self, _problem: &Problem, _line: usize) -> StageMemory {
        StageMemory::default()
    }

    /// The numbers of a result for its line in the log.
    fn key_numbers(&self, _record: &Record) -> KeyNumbers {
        KeyNumbers::default()
    }

    /// The names of its groups of `atlas.h5`, each of which may exist only once.
    ///
    /// # Errors
    /// [`AtlasError::Inconsistent`] if its results contradict each other or cannot be written.
    fn check_atlas(&self, _atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
        Ok(Vec::new())
    }

    /// Writes its results into `atlas.h5`.
    ///
    /// # Errors
    /// [`AtlasError::Hdf5`] with what could not be written.
    fn write_atlas(&self, _root: &AtlasGroup, _atlas: &Atlas<'_>) -> Result<(), AtlasError> {
        Ok(())
    }

    /// The documentation of its groups of `atlas.h5` for `docs/format.md`, in Markdown.
    fn format(&self) -> &'static str {
        ""
    }

    /// The results that have failed or are incomplete, in sentences for the report page. What is
    /// left is counted by [`counts`](Self::counts).
    fn missing(&self, _results: &Results) -> Vec<String> {
        Vec::new()
    }

    /// Its tables at the end of a run and on the report page.
    fn summary(&self, _results: &Results) -> Vec<SummaryTable> {
        Vec::new()
    }

    /// What it adds to the report's table of the main numbers.
    fn index(&self, _results: &Results) -> Vec<IndexColumn> {
        Vec::new()
    }

    /// Its figures for the report of these runs, each with the tables of its numbers.
    fn figures(&self, _runs: &[(&Run<'_>, Results<'_>)]) -> Vec<Figure> {
        Vec::new()
    }
}

/// The solutions that a task depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskSolutions {
    /// All of them.
    All,
    /// The training runs of this optimizer.
    Trained(String),
    /// The solutions in these sets.
    Sets(Vec<SetName>),
    /// The solutions in these sets, and the search for paths between them on this landscape.
    Paths(EndpointSets, String),
    /// The solutions in these sets, and the images of this landscape.
    Endpoints(EndpointSets, String),
    /// The dependencies of all of these.
    Several(Vec<TaskSolutions>),
}

/// The dependencies of a task of the stage of this name: solutions, and the section of the stage. A
/// stage that this program does not have depends on all solutions.
pub fn task_origin(stage: &str, key: &str) -> (TaskSolutions, Option<&'static str>) {
    match STAGES.iter().find(|known| known.name() == stage) {
        Some(known) => {
            let section = known.section().map(StageSection::name);
            (known.task_solutions(key), section)
        }
        None => (TaskSolutions::All, None),
    }
}

/// The names of all derived sets.
pub fn derived_sets(config: &Config) -> Vec<SetName> {
    let derived = STAGES.iter().flat_map(|stage| stage.derived_sets(config));
    derived.map(|(derived, _)| derived).collect()
}

/// The set that a derived set is made from; of another set, itself.
pub fn source_of(config: &Config, set: &SetName) -> SetName {
    let mut derived = STAGES.iter().flat_map(|stage| stage.derived_sets(config));
    derived.find(|(derived, _)| derived == set).map_or_else(|| set.clone(), |(_, source)| source)
}

/// The stages of a command, in order.
pub fn stages_of(command: &str) -> Vec<&'static dyn Stage> {
    STAGES.iter().copied().filter(|stage| command == RUN || command == stage.command()).collect()
}

/// Runs the stages of a command. After the stages of each of its parts, `atlas.h5` is written.
/// Collective.
///
/// # Errors
/// As for [`Stage::run`], or if `atlas.h5` cannot be written.
pub fn run(context: &Context, rank: &mut Rank, command: &str) -> Result<(), Failure> {
    if let Some(remark) = nothing_asked(&context.problem.config, command)
        && context.world.is_root()
    {
        say(remark);
    }
    for stages in stages_of(command).chunk_by(|a, b| a.command() == b.command()) {
        for stage in stages.iter().filter(|stage| stage.applies(&context.problem.config)) {
            stage.run(context, rank)?;
        }
        assemble(context.world, context.problem, rank)?;
    }
    Ok(())
}

/// A sentence if the configuration asks for no stage of the command.
fn nothing_asked(config: &Config, command: &str) -> Option<String> {
    let stages = stages_of(command);
    if stages.iter().any(|stage| stage.applies(config)) {
        return None;
    }
    let sections = stages.iter().filter_map(|stage| stage.section());
    let sections: Vec<String> = sections.map(StageSection::heading).collect();
    let sections = sections.join(" or ");
    Some(format!(
        "{command}: the configuration has no section {sections}, so there is nothing to \
                  compute"
    ))
}

/// The arguments of every stage.
pub struct Context<'a> {
    /// The ranks.
    pub world: &'a World,
    /// The checked configuration and its subject.
    pub problem: &'a Problem,
    /// Tells when to stop.
    pub interruption: &'a Interruption,
}

impl Context<'_> {
    /// Runs the tasks of a stage on all ranks. Collective.
    ///
    /// # Errors
    /// If the run is stopped, the stage cannot begin, or the system fails.
    pub fn run<C: Computation>(
        &self,
        stage: &dyn Stage,
        rank: &mut Rank,
        computation: &C,
    ) -> Result<(), Failure> {
        let run = &self.problem.config.run;
        let process = self.problem.process();
        let (world, interruption) = (self.world, self.interruption);
        let later = rank.root().map(|directory| {
            let results = directory.results(self.problem);
            let command = last_command(&directory.contents);
            LaterWork::after(self.problem, &results, &command, stage)
        });
        let later = later.unwrap_or_default();
        let runner = Runner { world, stage, run, interruption, process, later };
        runner.run(rank, computation)
    }
}

/// The numbers of the tasks of a stage: done, failed and left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageCounts {
    /// Its tasks by kind.
    pub kinds: Vec<KindCounts>,
    /// The tasks that failed, and why.
    pub failures: Vec<FailedTask>,
    /// Whether a stage without tasks for the ranks is done; `None` for all others.
    pub whole: Option<bool>,
}

/// Tasks of one kind. They cost the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindCounts {
    /// Number of the kind, defined by the stage.
    pub kind: usize,
    /// Name of the kind in tables: `training sgd`.
    pub name: String,
    /// Tasks with a result.
    pub done: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that have not ended.
    pub left: usize,
}

impl KindCounts {
    /// All tasks of this kind.
    pub fn all(&self) -> usize {
        self.done + self.failed + self.left
    }
}

impl StageCounts {
    /// Whether it is known what the stage has to do: its tasks, or that it has none. Without tasks
    /// there is nothing to do, unless these depend on other results.
    pub fn are_known(&self, stage: &dyn Stage) -> bool {
        let has_tasks = self.kinds.iter().any(|kind| kind.all() > 0);
        has_tasks || self.whole.is_some() || !stage.needs_solutions()
    }
}

/// A task that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTask {
    /// The kind of task, in the singular: `training run`.
    pub noun: &'static str,
    /// Its name.
    pub task: String,
    /// Why it failed.
    pub reason: String,
}

/// Tasks of one kind that a configuration asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTasks {
    /// The tasks in words, with their number if no work is predicted.
    pub what: String,
    /// Maximum number of tasks.
    pub count: usize,
    /// Maximum work of each. `None` if they take little time.
    pub work: Option<Work>,
}

/// The state of one task: its name, and whether it ended or failed.
pub struct TaskState {
    name: String,
    ended: Option<Result<(), String>>,
}

impl TaskState {
    /// A task of this name; `None` if it has not ended.
    pub fn new<T>(name: String, ended: Option<Result<T, &str>>) -> Self {
        Self { name, ended: ended.map(|ended| ended.map(|_| ()).map_err(str::to_owned)) }
    }

    fn failure(&self, noun: &'static str) -> Option<FailedTask> {
        let reason = self.ended.as_ref()?.as_ref().err()?;
        Some(FailedTask { noun, task: self.name.clone(), reason: reason.clone() })
    }
}

impl StageCounts {
    /// Adds all tasks of one kind. `noun` is the kind in the singular.
    pub fn add(&mut self, kind: usize, noun: &'static str, name: String, tasks: &[TaskState]) {
        let done = tasks.iter().filter(|task| matches!(task.ended, Some(Ok(())))).count();
        let left = tasks.iter().filter(|task| task.ended.is_none()).count();
        self.kinds.push(KindCounts { kind, name, done, failed: tasks.len() - done - left, left });
        self.failures.extend(tasks.iter().filter_map(|task| task.failure(noun)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn stages_have_names_of_their_own_and_those_of_a_command_stand_side_by_side() {
        let names: BTreeSet<_> = STAGES.iter().map(|stage| stage.name()).collect();
        assert_eq!(names.len(), STAGES.len());
        let commands: Vec<_> = STAGES
            .chunk_by(|a, b| a.command() == b.command())
            .map(|part| part[0].command())
            .collect();
        assert_eq!(commands.iter().collect::<BTreeSet<_>>().len(), commands.len());
        assert_eq!(stages_of(RUN).len(), STAGES.len());
        for command in commands {
            assert!(!stages_of(command).is_empty() && command != RUN);
        }
        assert!(stages_of("status").is_empty());
    }

    #[test]
    fn tasks_are_counted_by_what_became_of_them() {
        let mut counts = StageCounts::default();
        let ended = [Some(Ok(())), Some(Err("no memory")), None, Some(Ok(()))];
        let tasks: Vec<_> = (0..)
            .zip(ended)
            .map(|(number, ended)| TaskState::new(format!("start {number}"), ended))
            .collect();
        counts.add(3, "start", "minima".to_owned(), &tasks);
        assert_eq!(
            counts.kinds,
            [KindCounts { kind: 3, name: "minima".to_owned(), done: 2, failed: 1, left: 1 }]
        );
        let failure = FailedTask {
            noun: "start",
            task: "start 1".to_owned(),
            reason: "no memory".to_owned(),
        };
        assert_eq!(counts.failures, [failure]);
    }
}
