//! Time and memory of a study of a network on this machine, measured before it starts.

use super::memory::later_bytes;
use super::{MEASURED_POINTS, Speed};
use crate::data::{Pixels, Split};
use crate::engine::capacity::{self, size};
use crate::engine::memory::{self, Memory};
use crate::engine::problem::{Problem, Trained};
use crate::engine::stages::STAGES;
use crate::landscape::ImageLandscape;
use std::time::Duration;

/// Images that are enough to measure with.
const IMAGES: usize = 512;

/// The speed of this machine, and the memory of one rank.
pub struct Measured {
    /// The speed of one core.
    pub speed: Speed,
    /// Peak memory of a rank, in bytes. `None` if the system does not report it.
    rank_bytes: Option<f64>,
    /// Additional memory of rank 0, in bytes.
    root_bytes: f64,
}

impl Measured {
    /// Times each kind of evaluation that a study uses.
    pub fn of(problem: &Problem, trained: &Trained) -> Self {
        let before = memory::read();
        memory::forget_peak();
        let speed = speed(problem, trained);
        let memory = before.zip(memory::read());
        let rank_bytes = memory.map(|(before, after)| rank_bytes(problem, trained, before, after));
        let root = STAGES.iter().flat_map(|stage| stage.memory(problem, 0).root);
        let root_bytes = root.map(|part| part.bytes).sum();
        Self { speed, rank_bytes, root_bytes }
    }

    /// The memory of a rank and the additional memory of rank 0, in words: one line, or two.
    pub fn memory(&self, trained: &Trained) -> String {
        let rank = match self.rank_bytes {
            Some(bytes) => format!("about {}", size(bytes)),
            None => "not known on this system".to_owned(),
        };
        let shared = match pixels(trained, true) {
            0 => String::new(),
            bytes => {
                format!(", {} of it images that the ranks of a node share", size(bytes as f64))
            }
        };
        let solutions = size(solution_bytes(trained));
        let line =
            format!("memory     each rank: {rank}{shared}; rank 0 besides: {solutions} solutions");
        let advice = trained.config.dataset.format().how_to_share();
        let advice = advice.filter(|_| pixels(trained, false) > 0);
        advice.map_or_else(|| line.clone(), |advice| format!("{line}\n           {advice}"))
    }

    /// A warning if this many ranks need more memory than this machine has.
    pub fn memory_warning(&self, trained: &Trained, ranks: usize) -> Option<String> {
        let limit = memory::limit().ok()??;
        let shared = pixels(trained, true) as f64;
        let own = (self.rank_bytes? - shared).max(0.0);
        capacity::warning(ranks as f64 * own + shared + self.root_bytes, ranks, &limit)
    }
}

/// Speed of one core, on a few hundred images.
fn speed(problem: &Problem, trained: &Trained) -> Speed {
    let images = trained.images(Split::Train).first(IMAGES);
    let landscape = ImageLandscape::new(trained.network.as_ref(), images);
    let batch = trained.config.training.batch_size();
    Speed::measure(&landscape, batch, &problem.config.paths.parameters, problem.config.seed)
}

/// Peak memory of a rank in bytes: while it reads the data or while it computes. The libraries and
/// the buffers of one thread are included by the measurements `before` and `after` the evaluations.
fn rank_bytes(problem: &Problem, trained: &Trained, before: Memory, after: Memory) -> f64 {
    let dimension = trained.network.layout().parameters();
    let paths = &problem.config.paths.parameters;
    let measured = after.peak.saturating_sub(before.now) as f64;
    let buffers = (measured - Speed::bytes(paths, dimension)).max(0.0);
    // Memory of the points that were not measured.
    let unmeasured =
        later_bytes(trained.network.as_ref(), paths.points.saturating_sub(MEASURED_POINTS), 0);
    let line =
        ImageLandscape::new(trained.network.as_ref(), trained.images(Split::Train)).line_bytes();
    let task = capacity::largest_task(problem, line).map_or(0.0, |part| part.bytes);
    // Batches of a path have their own buffers and images. A batch as large as the landscape is not
    // used.
    let batch = problem.config.paths.batch.map_or(0, |size| size.min(trained.dataset.train.len()));
    let sets = problem.config.run.threads_per_rank * (1 + usize::from(batch > 0));
    let pixels = &trained.dataset.train.pixels;
    let batch = (batch * trained.network.inputs() * pixels.bytes_per_pixel()) as f64;
    let computing = before.now as f64 + sets as f64 * (buffers + unmeasured) + batch + task;
    (before.peak as f64).max(computing)
}

/// Bytes of the images that the ranks of a node share, or of those that each rank holds.
fn pixels(trained: &Trained, shared: bool) -> usize {
    let pixels = [&trained.dataset.train.pixels, &trained.dataset.test.pixels];
    pixels.into_iter().filter(|pixels| pixels.are_shared() == shared).map(Pixels::memory).sum()
}

/// Bytes of all solutions, two of each training run.
fn solution_bytes(trained: &Trained) -> f64 {
    let (training, layout) = (&trained.config.training, trained.network.layout());
    let runs = training.optimizers.len() as f64 * f64::from(training.initializations);
    2.0 * runs * layout.parameters() as f64 * size_of::<f32>() as f64
}

/// Seconds in words, in at most two units: `1m 20s`, `13h 29m`.
pub fn duration(seconds: f64) -> String {
    // Negative times, after a change of the clock, and NaN become 0.
    let seconds = seconds.max(0.0);
    let unit = match seconds {
        ..1.0 => 1e-3,
        1.0..10.0 => 0.1,
        10.0..3600.0 => 1.0,
        3600.0..86_400.0 => 60.0,
        _ => 3600.0,
    };
    let rounded = (seconds / unit).round() * unit;
    humantime::format_duration(Duration::from_secs_f64(rounded.min(1e12))).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_and_never_panic() {
        let expected = [
            (0.012_345, "12ms"),
            (3.08, "3s 100ms"),
            (80.4, "1m 20s"),
            (4001.0, "1h 7m"),
            (566_942.0, "6days 13h"),
            (-1.0, "0s"),
            (f64::NAN, "0s"),
        ];
        for (seconds, text) in expected {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        assert!(duration(f64::INFINITY).ends_with('s') && duration(1e300).contains("years"));
    }
}
