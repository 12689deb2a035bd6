//! The costs of a task for rank 0.

use crate::exchange::{self, Kind};
use crate::studies::Network;
use lossatlas::engine::store::{Checkpoints, Contents, Journal, Opened, Record, Saved, TaskKey};
use lossatlas::optimizer::{OptimizerName, Snapshot, TrainingRun, TrainingStop as Stop};
use lossatlas::path::{PathResult, PathStop};
use lossatlas::solutions::{LandscapeName, SetName};
use std::path::Path;
use std::time::Instant;

/// The costs of one kind of task. Times are in s.
#[derive(Clone, Copy)]
pub struct Costs {
    /// Processor time for the messages of a task: to build, encode and send it, and to receive and
    /// decode its result.
    pub messages: f64,
    /// Bytes that are sent to the rank, and back.
    pub bytes: [usize; 2],
    /// Time until its result is on disk.
    pub store: f64,
    /// Bytes of its checkpoint.
    pub state: usize,
    /// Time until its checkpoint is on disk.
    pub save: f64,
}

pub struct AllCosts {
    pub training: Costs,
    pub path: Costs,
}

/// A training run of this number of epochs, with two snapshots.
pub fn run(parameters: usize, epochs: usize) -> TrainingRun {
    let snapshot = || Snapshot {
        epoch: 1,
        theta: (0..parameters).map(|i| (i as f32 * 0.37).sin()).collect(),
        loss_train: 0.1,
        loss_test: 0.2,
        accuracy_train: 0.9,
        accuracy_test: 0.9,
    };
    let curve: Vec<_> = (0..=epochs).map(|epoch| 1.0 / (1.0 + epoch as f64)).collect();
    let (train, test) = (snapshot(), snapshot());
    TrainingRun {
        train,
        test,
        curve_train: curve.clone(),
        curve_test: curve,
        memory_dropped: 0,
        stop: Stop::Completed,
    }
}

pub fn path_result() -> PathResult {
    let loss: Vec<_> = (0..51).map(|point| 1.0 / (1.0 + f64::from(point))).collect();
    PathResult {
        loss: loss.clone(),
        straight_loss: loss,
        barrier: 1.0,
        fine_barrier: 1.0,
        straight_barrier: 2.0,
        length: 1.0,
        length_straight: 1.0,
        steps: 100,
        best_step: 99,
        stop: PathStop::Completed,
        accuracy: None,
    }
}

pub fn measure(network: &Network, directory: &Path) -> AllCosts {
    let scratch = tempfile::tempdir_in(directory).expect("a directory to write to");
    let Opened { mut journal, .. } =
        Journal::open(scratch.path(), Contents::default()).expect("a new journal");
    let mut checkpoints = Checkpoints::open(scratch.path()).expect("a new file");
    let mut of = |kind: Kind, state: usize| {
        let (messages, bytes) = exchange::measure(kind, network.parameters);
        let store = median(100, |number| {
            journal.append(&record(kind, network.parameters, number)).expect("space");
        });
        let state_of = |number| TaskKey::Training {
            optimizer: OptimizerName::sgd(),
            initialization: number % 4,
        };
        let saved = Saved { seconds: 1.0, state: vec![7; state] };
        let save = median(20, |number| checkpoints.save(state_of(number), &saved).expect("space"));
        Costs { messages, bytes, store, state, save }
    };
    AllCosts {
        training: of(Kind::Training, network.training_state),
        path: of(Kind::Path, network.path_state),
    }
}

fn record(kind: Kind, parameters: usize, number: u32) -> Record {
    let seconds = 1.0;
    match kind {
        Kind::Training => {
            let outcome = Ok(run(parameters, 1000));
            Record::Training {
                optimizer: OptimizerName::lbfgs(),
                initialization: number,
                seconds,
                outcome,
            }
        }
        Kind::Path => {
            let (set, landscape) =
                (SetName::parse("lbfgs/train").expect("a name"), LandscapeName::Train);
            Record::Path {
                set,
                landscape,
                pair: (number, number + 1),
                seconds,
                outcome: Ok(path_result()),
            }
        }
    }
}

/// Median time of a call in s, without the first three. Its data are made before.
fn median(calls: u32, mut call: impl FnMut(u32)) -> f64 {
    let mut seconds: Vec<_> = (0..calls + 3)
        .map(|number| {
            let start = Instant::now();
            call(number);
            start.elapsed().as_secs_f64()
        })
        .skip(3)
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

impl AllCosts {
    pub fn print(&self) {
        println!(
            "\n| rank 0, for each task | to the rank | back | messages | result on disk | state | state on disk |"
        );
        println!("|---|---|---|---|---|---|---|");
        for (name, costs) in [("training run", self.training), ("path", self.path)] {
            let kilobytes = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1e3);
            let milliseconds = |seconds: f64| format!("{:.2} ms", seconds * 1e3);
            let [there, back] = costs.bytes.map(kilobytes);
            let (messages, store, save) =
                (milliseconds(costs.messages), milliseconds(costs.store), milliseconds(costs.save));
            println!(
                "| {name} | {there} | {back} | {messages} | {store} | {} | {save} |",
                kilobytes(costs.state)
            );
        }
    }
}
