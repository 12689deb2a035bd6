//! The simulation of a study on many ranks.
//!
//! It uses the scheduler of the program. Rank 0 serves one message at a time, in the order of their
//! arrival: it receives and decodes a result, stores it, builds the next task and sends it. A rank
//! is idle from the end of a task to the arrival of the next one. While rank 0 serves, it does not
//! compute, because its main thread takes the core from its own task. Without messages, rank 0
//! sleeps between looks for them, as `parallel::pace` describes.

use crate::costs::Costs;
use lossatlas::engine::parallel::{Assignment, Cadence, REPORTS_PER_SECOND, TaskSchedule};
use lossatlas::random::MasterSeed;
use rand::RngExt;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter;
use std::time::Duration;

/// One task.
#[derive(Clone, Copy)]
pub struct Task {
    /// Its time on one core.
    pub seconds: f64,
    /// The costs of rank 0. `None` if they are to be ignored.
    pub costs: Option<Costs>,
}

/// The result of a simulation.
pub struct Outcome {
    /// Time from the first task to the last result.
    pub seconds: f64,
    /// Time of all tasks / (ranks × `seconds`).
    pub efficiency: f64,
    /// Fraction of the time in which rank 0 served.
    pub busy: f64,
    /// Time from the end of a task until rank 0 receives its result: mean and longest.
    pub waits: [f64; 2],
}

/// Bytes per second to rank 0 and back. This is 10 Gbit Ethernet, slower than the network of most
/// clusters.
const NETWORK: f64 = 1.25e9;

/// Time between two checkpoints of a task: `run.checkpoint_minutes`.
const CHECKPOINT: Duration = Duration::from_mins(10);

/// Time of rank 0 for a report of progress, in s.
const REPORT: f64 = 20e-6;

/// The longest sleep of the main thread of rank 0 while its task computes, in s.
const LISTENING: f64 = 0.01;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Message {
    Finished,
    State,
}

/// A time, ordered.
#[derive(Clone, Copy)]
struct Time(f64);

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Time {}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

struct Simulation<'a> {
    tasks: &'a [Task],
    schedule: TaskSchedule,
    arrivals: BinaryHeap<Reverse<(Time, usize, Message)>>,
    /// The clock of rank 0, and the time in which it has served.
    now: f64,
    served: f64,
    /// The task of rank 0: when it began, and `served` at that time.
    own: (f64, f64),
    current: Vec<usize>,
}

/// Simulates the tasks, in this order, on this number of ranks.
pub fn play(tasks: &[Task], ranks: usize) -> Outcome {
    let mut simulation = Simulation {
        tasks,
        schedule: TaskSchedule::new(tasks.len(), ranks),
        arrivals: BinaryHeap::new(),
        now: 0.0,
        served: 0.0,
        own: (0.0, 0.0),
        current: vec![0; ranks],
    };
    let waits = simulation.run(ranks);
    let seconds = simulation.now;
    let work: f64 = tasks.iter().map(|task| task.seconds).sum();
    Outcome {
        seconds,
        efficiency: work / (ranks as f64 * seconds),
        busy: simulation.served / seconds,
        waits,
    }
}

impl Simulation<'_> {
    fn run(&mut self, ranks: usize) -> [f64; 2] {
        let mut looks = MasterSeed(1).stream("looks", &[]);
        let (mut total, mut longest, mut finished) = (0.0, 0.0_f64, 0_u32);
        let reports = if self.tasks.iter().any(|task| task.costs.is_some()) {
            ranks.min(REPORTS_PER_SECOND) as f64 * REPORT
        } else {
            0.0
        };
        self.hand_out();
        while let Some(Reverse((Time(arrival), rank, message))) = self.arrivals.pop() {
            if rank == 0 && message == Message::Finished && self.delay_of_own(arrival) {
                continue;
            }
            let task = self.tasks[self.current[rank]];
            if arrival > self.now {
                let asleep = if task.costs.is_some() && rank != 0 {
                    LISTENING.min((arrival - self.now) / 5.0)
                } else {
                    0.0
                };
                self.now = arrival + asleep * looks.random::<f64>();
            }
            let wait = self.now - arrival;
            if let Some(costs) = task.costs {
                self.serve((1.0 + reports) * costs.of(message, rank));
            }
            if message == Message::Finished {
                (total, longest, finished) = (total + wait, longest.max(wait), finished + 1);
                self.schedule.release(rank);
                self.hand_out();
            }
        }
        [total / f64::from(finished.max(1)), longest]
    }

    /// Whether the task of rank 0 takes longer, because its core has served other ranks meanwhile.
    fn delay_of_own(&mut self, arrival: f64) -> bool {
        let (_, before) = self.own;
        let stolen = self.served - before;
        self.own.1 = self.served;
        if stolen > 0.0 {
            self.arrivals.push(Reverse((Time(arrival + stolen), 0, Message::Finished)));
        }
        stolen > 0.0
    }

    fn serve(&mut self, seconds: f64) {
        self.now += seconds;
        self.served += seconds;
    }

    fn hand_out(&mut self) {
        while let Some(Assignment { task, rank }) = self.schedule.assign() {
            let Task { seconds, costs } = self.tasks[task];
            if let Some(costs) = costs.filter(|_| rank != 0) {
                self.serve(costs.there());
            }
            self.current[rank] = task;
            if rank == 0 {
                self.own = (self.now, self.served);
            }
            if costs.is_some() {
                let first = Cadence::new(rank, self.current.len(), Some(CHECKPOINT))
                    .first_save
                    .expect("as asked for");
                let states = iter::successors(Some(first), |&after| Some(after + CHECKPOINT))
                    .map(|after| after.as_secs_f64());
                let states = states.take_while(|&after| after < seconds);
                self.arrivals.extend(
                    states.map(|after| Reverse((Time(self.now + after), rank, Message::State))),
                );
            }
            self.arrivals.push(Reverse((Time(self.now + seconds), rank, Message::Finished)));
        }
    }
}

impl Costs {
    /// Time to build a task and send it.
    fn there(&self) -> f64 {
        let [there, back] = self.bytes.map(|bytes| bytes as f64);
        self.messages * there / (there + back) + there / NETWORK
    }

    /// Time to receive and store what a rank sends. Results of rank 0 itself are only stored.
    fn of(&self, message: Message, rank: usize) -> f64 {
        let [there, back] = self.bytes.map(|bytes| bytes as f64);
        let remote = if rank == 0 { 0.0 } else { 1.0 };
        match message {
            Message::Finished => {
                self.store + remote * (self.messages * back / (there + back) + back / NETWORK)
            }
            Message::State => self.save + remote * self.state as f64 / NETWORK,
        }
    }
}
