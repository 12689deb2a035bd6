//! `[trajectory]`.

use crate::config::available::Available;
use crate::config::reader::{Read, Section};
use crate::config::schema::{Count, Integer, Invalidates, Key, SectionSpec};
use crate::config::stages::OfStage;

/// Which training runs are recorded, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct TrajectoryConfig {
    /// Initializations of each optimizer whose trajectory is kept, from number 0 on.
    pub runs: u32,
    /// Epochs between two points.
    pub every: usize,
}

static RUNS: Key<Integer<u32>> = Key::new("runs", Integer::at_least(0))
    .unit("runs")
    .meaning("training runs of each optimizer with a trajectory: initializations 0, 1, …")
    .note("if there are fewer, all of them")
    .invalidates(Invalidates::Nothing)
    .default(0);

static EVERY: Key<Count> = Key::new("every", Count::at_least(1))
    .unit("epochs")
    .meaning(
        "epochs, or iterations of L-BFGS, between two points; the last point is always \
              included",
    )
    .invalidates(Invalidates::Nothing)
    .default(10);

static SPEC: SectionSpec = SectionSpec::single(
    "trajectory",
    "Trajectories of training runs",
    Invalidates::Nothing,
    &[&RUNS, &EVERY],
);

/// The section.
pub static SECTION: OfStage<TrajectoryConfig> = OfStage {
    spec: &SPEC,
    documentation: "The parameters of a training run every few epochs, and their coordinates along the\n\
                    two leading principal components of these points. After the training, `run` and\n\
                    `train` repeat the training run to record them, which takes as long as the run\n\
                    itself. So trajectories can also be added to a finished run. On the same type of\n\
                    processor the repetition has the same bits. On another type it is a different run:\n\
                    the report and the attribute `repeats_run` in `atlas.h5` say so.",
    read,
};

fn read(root: &Section<'_>, available: &Available) -> Read<TrajectoryConfig> {
    root.section(&SPEC, |section| {
        let runs = section.key(&RUNS).check(|&runs| {
            let untrained = available.made.as_ref().is_some_and(Vec::is_empty);
            match runs {
                0 => Ok(()),
                _ if available.analytic => {
                    Err("an analytic landscape has no training runs; remove it".to_owned())
                }
                _ if untrained => {
                    Err("without [training] there are no training runs; remove it".to_owned())
                }
                _ => Ok(()),
            }
        });
        let (runs, every) = (runs.value(), section.key(&EVERY).value());
        Ok(TrajectoryConfig { runs: runs?, every: every? })
    })
}
