//! The work of the stages after the one that runs.

use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::stage::{Stage, stages_of};

/// The work of later stages of a command, as far as their tasks are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LaterWork {
    /// In image passes on one rank, at most.
    pub passes: f64,
    /// The stages whose tasks or work are not known yet.
    pub unknown: Vec<&'static str>,
}

impl LaterWork {
    /// The work that the stages of a command have left after this stage. Stages without tasks for
    /// the ranks are not counted.
    pub fn after(problem: &Problem, results: &Results, command: &str, stage: &dyn Stage) -> Self {
        let stages = stages_of(command).into_iter();
        let later = stages.skip_while(|other| other.name() != stage.name()).skip(1);
        let sets = results.sets();
        let mut work = Self::default();
        for other in later.filter(|other| other.applies(&problem.config)) {
            let counts = other.counts(results, &sets);
            let mut is_known = counts.are_known(other) && !other.may_get_more_tasks(results, &sets);
            for kind in counts.kinds.iter().filter(|kind| kind.left > 0) {
                let passes = other.work(problem, kind.kind).passes();
                is_known &= passes > 0.0;
                work.passes += kind.left as f64 * passes;
            }
            if !is_known {
                work.unknown.push(other.name());
            }
        }
        work
    }
}
