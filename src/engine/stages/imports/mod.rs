//! Vectors read from files → solutions: their losses and accuracies on all images.

mod landscape;

use crate::config::{Config, Subject};
use crate::data::Split;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::parallel::Control;
use crate::engine::plan::Work;
use crate::engine::problem::{Problem, Trained};
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::stage::{Context, Stage, StageCounts, TaskState};
use crate::engine::store::Record;
use crate::engine::task::{Computation, Pending};
use crate::landscape::{Interrupt, Interrupted};
use crate::optimizer::Snapshot;
use crate::solutions::{SetName, SolutionSet};
use ndarray::Array2;

/// Evaluates the vectors that are read from files.
pub struct Imports;

impl Stage for Imports {
    fn name(&self) -> &'static str {
        "imports"
    }

    fn command(&self) -> &'static str {
        "train"
    }

    fn applies(&self, config: &Config) -> bool {
        config.subject.either(|_| true, |landscape| !landscape.imports.is_empty())
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, rank: &mut Rank) -> Result<(), Failure> {
        match &context.problem.subject {
            Subject::Network(trained) => context.run(self, rank, &ImportedVectors(trained)),
            Subject::Landscape(landscape) => {
                context.run(self, rank, &landscape::ImportedPoints(landscape))
            }
        }
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> StageCounts {
        let mut counts = StageCounts::default();
        for (set, rows) in results.imports() {
            let tasks = rows
                .into_iter()
                .enumerate()
                .map(|(number, row)| TaskState::new(format!("{set} {number}"), row));
            let tasks: Vec<_> = tasks.collect();
            counts.add(0, "imported vector", format!("import {set}"), &tasks);
        }
        counts
    }

    fn work(&self, problem: &Problem, _: usize) -> Work {
        let Some(trained) = problem.trained() else { return Work::default() };
        let images = [Split::Train, Split::Test].map(|split| trained.images(split).len());
        Work { losses: images.iter().sum::<usize>() as f64, ..Work::default() }
    }

    fn key_numbers(&self, record: &Record) -> KeyNumbers {
        let Record::Imported { outcome: Ok(vector), .. } = record else {
            return KeyNumbers::default();
        };
        KeyNumbers {
            loss_train: Some(vector.loss_train),
            loss_test: Some(vector.loss_test),
            ..KeyNumbers::default()
        }
    }
}

/// The vectors of all files, on the root only.
struct ImportedVectors<'a>(&'a Trained);

impl Computation for ImportedVectors<'_> {
    /// The set, and the row in it.
    type Key = (SetName, u32);
    type Source = ();
    type Task = Vec<f32>;
    type Outcome = Snapshot;

    fn pending(&self, directory: &RunDirectory) -> Result<Pending<Self::Key>, String> {
        Ok(pending(self.0.imports.iter().map(|(set, vectors)| (set, vectors.nrows())), directory))
    }

    fn task(&self, key: &Self::Key, (): &()) -> Vec<f32> {
        vector(&self.0.imports, key)
    }

    fn perform(&self, theta: &Vec<f32>, _: Option<&[u8]>, control: &Control) -> Ended<Snapshot> {
        Ended::of(evaluate(self.0, theta, &|| control.stop_requested()))
    }

    fn record(&self, key: &Self::Key, seconds: f64, outcome: Result<Snapshot, String>) -> Record {
        let outcome = outcome.and_then(|found| {
            let finite = found.loss_train.is_finite() && found.loss_test.is_finite();
            if finite { Ok(found) } else { Err("the loss is not finite at this vector".to_owned()) }
        });
        imported(key, seconds, outcome)
    }
}

/// The vector of a key.
fn vector<A: Clone>(imports: &[(SetName, Array2<A>)], (set, number): &(SetName, u32)) -> Vec<A> {
    let import = imports.iter().find(|(name, _)| name == set);
    let (_, vectors) = import.expect("keys are drawn from the imported sets");
    vectors.row(*number as usize).to_vec()
}

fn imported(
    (set, number): &(SetName, u32),
    seconds: f64,
    outcome: Result<Snapshot, String>,
) -> Record {
    Record::Imported { set: set.clone(), number: *number, seconds, outcome }
}

/// The vectors of these sets, each with its number of vectors, that have not been evaluated.
fn pending<'a>(
    sets: impl Iterator<Item = (&'a SetName, usize)>,
    directory: &RunDirectory,
) -> Pending<(SetName, u32)> {
    let rows =
        sets.flat_map(|(set, count)| (0..count as u32).map(move |number| (set.clone(), number)));
    let (done, left): (Vec<_>, Vec<_>) =
        rows.partition(|(set, number)| directory.contents.imported(set, *number).is_some());
    let named = |(set, number): (SetName, u32)| {
        let name = format!("{set} {number}");
        ((set, number), name)
    };
    Pending::alike(done.len(), left.into_iter().map(named))
}

fn evaluate<'a>(
    trained: &'a Trained,
    theta: &[f32],
    interrupt: &'a Interrupt<'a>,
) -> Result<Snapshot, Interrupted> {
    let on = |split| {
        trained.landscape(trained.images(split)).interruptible(interrupt).loss_and_accuracy(theta)
    };
    let (loss_train, accuracy_train) = on(Split::Train)?;
    let (loss_test, accuracy_test) = on(Split::Test)?;
    Ok(Snapshot {
        epoch: 0,
        theta: theta.to_vec(),
        loss_train,
        loss_test,
        accuracy_train,
        accuracy_test,
    })
}
