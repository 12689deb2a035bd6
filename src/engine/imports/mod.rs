//! Vectors read from files → solutions: their losses and accuracies on all images.

use crate::config::{Config, Subject};
use crate::data::Split;
use crate::engine::archive::Archive;
use crate::engine::failure::Failure;
use crate::engine::log::KeyNumbers;
use crate::engine::plan::Work;
use crate::engine::problem::{Mapped, Problem, Trained};
use crate::engine::results::Results;
use crate::engine::resume::Ended;
use crate::engine::runner::{Runner, Tasks};
use crate::engine::stage::{Context, Counts, Stage, TaskState};
use crate::engine::store::Record;
use crate::landscape::{Interrupt, Interrupted};
use crate::optimizer::Snapshot;
use crate::solutions::{SetName, SolutionSet};
use ndarray::ArrayView1;

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
        matches!(config.subject, Subject::Network(_))
    }

    fn needs_solutions(&self) -> bool {
        false
    }

    fn run(&self, context: &Context, archive: &mut Option<Archive>) -> Result<(), Failure> {
        match &context.problem.mapped {
            Mapped::Network(trained) => run(&context.runner(self), trained, archive),
            Mapped::Formula(_) => Ok(()),
        }
    }

    fn counts(&self, results: &Results, _: &[SolutionSet]) -> Counts {
        let mut counts = Counts::default();
        for (set, rows) in results.imports() {
            let tasks = rows
                .into_iter()
                .enumerate()
                .map(|(number, row)| TaskState::new(format!("{set} {number}"), row));
            counts.add(0, format!("import {set}"), &tasks.collect::<Vec<_>>());
        }
        counts
    }

    fn work(&self, problem: &Problem, _: usize) -> Work {
        let Mapped::Network(trained) = &problem.mapped else { return Work::default() };
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

/// Evaluates the vectors that have not been evaluated yet.
fn run(runner: &Runner, trained: &Trained, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let rows = archive.as_ref().map(|archive| missing(trained, archive)).unwrap_or_default();
    let all: usize = trained.imports.iter().map(|(_, vectors)| vectors.nrows()).sum();
    let names = rows.iter().map(|(set, number, _)| format!("{set} {number}")).collect();
    runner.run(
        archive,
        Tasks::alike(all - rows.len(), names),
        |index| rows[index].2.to_vec(),
        |theta: &Vec<f32>, _, control| {
            Ended::of(evaluate(trained, theta, &|| control.stop_requested()))
        },
        |index, seconds, outcome| {
            let (set, number, _) = &rows[index];
            let finite = |snapshot: Snapshot| {
                let finite = snapshot.loss_train.is_finite() && snapshot.loss_test.is_finite();
                if finite {
                    Ok(snapshot)
                } else {
                    Err("the loss is not finite at this vector".to_owned())
                }
            };
            Record::Imported {
                set: set.clone(),
                number: *number,
                seconds,
                outcome: outcome.and_then(finite),
            }
        },
    )
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

fn missing<'a>(
    trained: &'a Trained,
    archive: &Archive,
) -> Vec<(SetName, u32, ArrayView1<'a, f32>)> {
    let rows = trained.imports.iter().flat_map(|(set, vectors)| {
        (0..).zip(vectors.outer_iter()).map(move |(number, row)| (set, number, row))
    });
    rows.filter(|(set, number, _)| archive.contents.imported(set, *number).is_none())
        .map(|(set, number, row)| (set.clone(), number, row))
        .collect()
}
