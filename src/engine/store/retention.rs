//! Which parameter vectors stay in memory.

use crate::config::dependencies::KeyDigest;
use crate::optimizer::{OptimizerName, TrainingRun};
use std::collections::BTreeMap;

/// The vectors of the best runs of each optimizer in the order of
/// [`select`](crate::solutions::select): those with the lowest training loss among the first
/// initializations. Sets contain no other runs, and with tens of thousands of initializations all
/// vectors would fill the memory of rank 0. The journal keeps them all.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    initializations: u32,
    keep: usize,
    /// Training loss and initialization of the runs whose vectors are held, the best first.
    best: BTreeMap<(KeyDigest, OptimizerName), Vec<(f64, u32)>>,
}

impl Retention {
    /// The best `keep` runs of each optimizer, among initializations 0 to `initializations` − 1.
    pub fn best(keep: usize, initializations: u32) -> Self {
        Self { initializations, keep, best: BTreeMap::new() }
    }

    /// Records a run. Returns the initialization whose vectors are no longer needed, if any.
    pub(super) fn admit(
        &mut self,
        of: (KeyDigest, &OptimizerName),
        initialization: u32,
        run: &TrainingRun,
    ) -> Option<u32> {
        if initialization >= self.initializations || run.stop.diverged() {
            return Some(initialization);
        }
        let best = self.best.entry((of.0, of.1.clone())).or_default();
        let loss = run.train.loss_train;
        let better = |&(other, number): &(f64, u32)| {
            other.total_cmp(&loss).then(number.cmp(&initialization)).is_lt()
        };
        best.insert(best.partition_point(better), (loss, initialization));
        if best.len() > self.keep { best.pop().map(|(_, worst)| worst) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::{Contents, Record};
    use crate::optimizer::{Snapshot, TrainingStop};
    use crate::random::MasterSeed;
    use crate::solutions::select;
    use rand::seq::SliceRandom;

    fn run(number: u32) -> TrainingRun {
        // Ties, losses that are not finite and runs that diverged are among them.
        let loss = if number % 11 == 3 { f64::NAN } else { f64::from(number * 7 % 13) };
        let stop = if number % 9 == 4 {
            TrainingStop::Diverged { epoch: 1 }
        } else {
            TrainingStop::Completed
        };
        let snapshot = || Snapshot {
            epoch: number,
            theta: vec![number as f32; 3],
            loss_train: loss,
            loss_test: 0.0,
            accuracy_train: 0.0,
            accuracy_test: 0.0,
        };
        let (train, test) = (snapshot(), snapshot());
        TrainingRun {
            train,
            test,
            curve_train: Vec::new(),
            curve_test: Vec::new(),
            memory_dropped: 0,
            stop,
        }
    }

    #[test]
    fn in_any_order_the_selected_runs_keep_their_vectors_and_the_others_lose_them() {
        let mut numbers: Vec<u32> = (0..60).collect();
        let every: Vec<(u32, TrainingRun)> =
            numbers.iter().map(|&number| (number, run(number))).collect();
        for (round, keep) in [0, 1, 7, 40, 100].into_iter().enumerate() {
            numbers.shuffle(&mut MasterSeed(1).stream("order", &[round as u64]));
            let mut contents = Contents::holding(Retention::best(keep, 50));
            for &initialization in &numbers {
                let outcome = Ok(run(initialization));
                contents.insert(Record::Training {
                    optimizer: OptimizerName::sgd(),
                    initialization,
                    seconds: 1.0,
                    outcome,
                });
            }
            let held: Vec<(u32, &TrainingRun)> = contents
                .trainings(&OptimizerName::sgd())
                .filter_map(|(number, outcome)| Some((number, outcome.result.as_ref().ok()?)))
                .collect();
            let wanted: Vec<_> =
                every.iter().take(50).map(|(number, run)| (*number, run)).collect();
            let wanted = select(&OptimizerName::sgd(), &wanted, keep);
            let among: Vec<_> = held.iter().copied().filter(|&(number, _)| number < 50).collect();
            // Their other numbers include NaN, which equals nothing.
            for (wanted, found) in wanted.iter().zip(select(&OptimizerName::sgd(), &among, keep)) {
                assert_eq!(
                    (&wanted.theta, &wanted.initialization),
                    (&found.theta, &found.initialization)
                );
            }
            let vectors = held
                .iter()
                .filter(|(_, run)| !run.train.theta.is_empty() || !run.test.theta.is_empty())
                .count();
            assert_eq!(vectors, wanted[0].initialization.len());
            assert_eq!(held.len(), 60, "all else is known of every run");
        }
    }
}
