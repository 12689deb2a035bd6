//! What a directory holds of what its configuration asks for: done, failed with reasons, left.

use crate::engine::results::Results;
use crate::engine::stage::{FailedTask, KindCounts, Stage, StageCounts};
use crate::engine::stages::STAGES;

/// The stages of a run and what became of their tasks.
pub struct Overview {
    /// Each stage with its counts, in the order of a run.
    pub stages: Vec<(&'static dyn Stage, StageCounts)>,
}

impl Overview {
    /// Counts the tasks of these results.
    pub fn of(results: &Results) -> Self {
        let sets = results.sets();
        Self { stages: STAGES.iter().map(|&stage| (stage, stage.counts(results, &sets))).collect() }
    }

    /// Of the stages of one command.
    #[must_use]
    pub fn only(self, stages: &[&'static dyn Stage]) -> Self {
        let belongs = |stage: &dyn Stage| stages.iter().any(|other| other.name() == stage.name());
        Self { stages: self.stages.into_iter().filter(|(stage, _)| belongs(*stage)).collect() }
    }

    /// The tasks by kind.
    pub fn kinds(&self) -> impl Iterator<Item = &KindCounts> {
        self.stages.iter().flat_map(|(_, counts)| &counts.kinds)
    }

    /// The stages without tasks for the ranks, and whether each is done.
    pub fn wholes(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.stages.iter().filter_map(|(stage, counts)| Some((stage.name(), counts.whole?)))
    }

    /// Whether no task is left. A failed one is none.
    pub fn is_finished(&self) -> bool {
        self.kinds().all(|kind| kind.left == 0) && self.wholes().all(|(_, done)| done)
    }

    /// The failed tasks of all stages.
    pub fn failures(&self) -> impl Iterator<Item = &FailedTask> {
        self.stages.iter().flat_map(|(_, counts)| &counts.failures)
    }

    /// Length of the longest name in a table of these counts.
    pub fn width(&self) -> usize {
        let kinds = self.kinds().map(|count| count.name.chars().count());
        kinds.chain(self.wholes().map(|(name, _)| name.chars().count())).max().unwrap_or(0)
    }
}
