//! Points on a formula → minima.

use crate::config::MinimaConfig;
use crate::engine::archive::Archive;
use crate::engine::failure::Failure;
use crate::engine::problem::Formula;
use crate::engine::results::starts;
use crate::engine::resume::Ended;
use crate::engine::stage::{Stage, Tasks};
use crate::engine::store::Record;
use crate::landscape::Interruptible;
use crate::optimizer::relax::{RelaxParameters, RelaxStop, Relaxed, random_start, relax};
use crate::random::MasterSeed;

/// Relaxes the points that have not been relaxed yet.
pub fn run(stage: &Stage, seed: MasterSeed, formula: &Formula, archive: &mut Option<Archive>) -> Result<(), Failure> {
    let numbers: Vec<u32> = match archive {
        Some(archive) => (0..starts(&formula.config)).filter(|&number| archive.contents.minimum(number).is_none()).collect(),
        None => Vec::new(),
    };
    let done = starts(&formula.config) as usize - numbers.len();
    let names = numbers.iter().map(|number| format!("start {number}")).collect();
    stage.run(
        archive,
        Tasks::alike(done, names),
        |index| numbers[index],
        |&number: &u32, _, control| {
            let interrupt = || control.stop_requested();
            let landscape = &Interruptible(&formula.landscape, &interrupt);
            let parameters = RelaxParameters::default();
            let relaxed = match &formula.config.minima {
                MinimaConfig::Search { .. } => {
                    let region = formula.config.landscape.start_region();
                    relax(landscape, &random_start(seed, &region, number), &parameters)
                }
                MinimaConfig::Relaxed(points) => relax(landscape, &points[number as usize], &parameters),
                MinimaConfig::Given(points) => Relaxed::given(landscape, &points[number as usize]),
            };
            Ended::of(relaxed)
        },
        |index, seconds, outcome: Result<Relaxed, String>| {
            let ended = |relaxed: Relaxed| match relaxed.stop {
                RelaxStop::NotFinite => Err(relaxed.stop.to_string()),
                _ => Ok(relaxed),
            };
            Record::Minimum { number: numbers[index], seconds, outcome: outcome.and_then(ended) }
        },
    )
}
