//! Named sets of solutions.

use crate::data::Split;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Name of a set of solutions, `"group/member"`: `"sgd/train"` is ω^train of the SGD runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetName(String);

/// The suffix of the group of an aligned set.
const ALIGNED: &str = "-aligned";

impl SetName {
    /// Parses `"group/member"`; each part is letters, digits, `-`, `_`, `.` and not empty.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the name.
    pub fn parse(name: &str) -> Result<Self, String> {
        let part = |text: &str| {
            !text.is_empty()
                && text != "."
                && text != ".."
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match name.split_once('/') {
            Some((group, member)) if part(group) && part(member) => Ok(Self(name.to_owned())),
            _ => Err(format!(
                "\"{name}\" is not a set of solutions; write \"group/member\", for instance \"sgd/train\""
            )),
        }
    }

    /// The snapshots of an optimizer on one split.
    pub fn of(optimizer: &OptimizerName, split: Split) -> Self {
        Self(format!("{optimizer}/{split}"))
    }

    /// The part before the slash: the optimizer, or the name of an imported collection.
    pub fn group(&self) -> &str {
        self.0.split_once('/').map_or("", |(group, _)| group)
    }

    /// The part after the slash.
    pub fn member(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, member)| member)
    }

    /// The name of the same vectors after an alignment: `lbfgs-aligned/train`.
    #[must_use]
    pub fn aligned(&self) -> Self {
        Self(format!("{}{ALIGNED}/{}", self.group(), self.member()))
    }

    /// The set before the alignment, if this is the name of an aligned set.
    pub fn before_alignment(&self) -> Option<Self> {
        let group = self.group().strip_suffix(ALIGNED).filter(|group| !group.is_empty())?;
        Some(Self(format!("{group}/{}", self.member())))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// n parameter vectors of P components, each with its losses and accuracies.
#[derive(Clone, Debug, PartialEq)]
pub struct SolutionSet {
    /// Its name.
    pub name: SetName,
    /// `(n, P)` parameter vectors, lowest training loss of the run first.
    pub theta: Array2<f32>,
    /// `(n,)` number of the initialization from which each vector was trained.
    pub initialization: Vec<u32>,
    /// `(n,)` epoch, or iteration of L-BFGS, of the snapshot, 0 = the initialization.
    pub epoch: Vec<u32>,
    /// `(n,)` mean loss on the training images.
    pub loss_train: Vec<f64>,
    /// `(n,)` mean loss on the test images.
    pub loss_test: Vec<f64>,
    /// `(n,)` fraction of training images classified correctly; NaN without classes.
    pub accuracy_train: Vec<f64>,
    /// `(n,)` fraction of test images classified correctly; NaN without classes.
    pub accuracy_test: Vec<f64>,
}

impl SolutionSet {
    /// The set of these vectors, in this order; each comes with the number of its initialization.
    /// If the vector of one of them is not in memory, `theta` has no columns.
    ///
    /// # Panics
    /// If the vectors differ in length.
    pub fn of(name: SetName, snapshots: &[(u32, &Snapshot)]) -> Self {
        // Results are also counted under other configurations, which kept other vectors.
        let is_complete = snapshots.iter().all(|(_, snapshot)| !snapshot.theta.is_empty());
        let vectors = if is_complete { snapshots } else { &[] };
        let parameters = vectors.first().map_or(0, |(_, snapshot)| snapshot.theta.len());
        let flat =
            vectors.iter().flat_map(|(_, snapshot)| snapshot.theta.iter().copied()).collect();
        let each = |number: fn(&Snapshot) -> f64| {
            snapshots.iter().map(|(_, snapshot)| number(snapshot)).collect()
        };
        Self {
            name,
            theta: Array2::from_shape_vec((snapshots.len(), parameters), flat)
                .expect("vectors of one set have one length"),
            initialization: snapshots.iter().map(|&(number, _)| number).collect(),
            epoch: snapshots.iter().map(|(_, snapshot)| snapshot.epoch).collect(),
            loss_train: each(|snapshot| snapshot.loss_train),
            loss_test: each(|snapshot| snapshot.loss_test),
            accuracy_train: each(|snapshot| snapshot.accuracy_train),
            accuracy_test: each(|snapshot| snapshot.accuracy_test),
        }
    }

    /// The row of the vector that was trained from this initialization.
    pub fn row_of(&self, initialization: u32) -> Option<usize> {
        self.initialization.iter().position(|&number| number == initialization)
    }
}

/// The `keep` runs with the lowest training loss as two sets, `optimizer/train` and
/// `optimizer/test`.
///
/// `runs` are the finished runs with their initializations. Diverged runs are no solutions. Of
/// equal losses, the smaller number comes first.
///
/// # Panics
/// If the snapshots differ in their number of parameters.
pub fn select(
    optimizer: &OptimizerName,
    runs: &[(u32, &TrainingRun)],
    keep: usize,
) -> [SolutionSet; 2] {
    let mut best: Vec<_> = runs.iter().copied().filter(|(_, run)| !run.stop.diverged()).collect();
    best.sort_by(|(i, a), (j, b)| a.train.loss_train.total_cmp(&b.train.loss_train).then(i.cmp(j)));
    best.truncate(keep);
    [Split::Train, Split::Test].map(|split| {
        let snapshots: Vec<_> = best
            .iter()
            .map(|(number, run)| match split {
                Split::Train => (*number, &run.train),
                Split::Test => (*number, &run.test),
            })
            .collect();
        SolutionSet::of(SetName::of(optimizer, split), &snapshots)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_which_a_vector_is_not_in_memory_has_none() {
        let snapshot = |theta: &[f32]| Snapshot {
            epoch: 3,
            theta: theta.to_vec(),
            loss_train: 0.5,
            loss_test: 0.75,
            accuracy_train: 1.0,
            accuracy_test: 0.5,
        };
        let name = SetName::parse("sgd/train").unwrap();
        let (full, dropped) = (snapshot(&[1.0, 2.0]), snapshot(&[]));
        let whole = SolutionSet::of(name.clone(), &[(4, &full), (7, &full)]);
        assert_eq!(whole.theta.dim(), (2, 2));
        let partial = SolutionSet::of(name, &[(4, &full), (7, &dropped)]);
        assert_eq!((partial.theta.dim(), partial.initialization), ((2, 0), vec![4, 7]));
    }
}
