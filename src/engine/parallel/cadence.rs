//! How often a rank writes to rank 0 about a task under way.

use std::time::Duration;

/// Maximum number of progress reports per second from all ranks together. They cost rank 0 a few
/// milliseconds.
pub const REPORTS_PER_SECOND: usize = 500;

/// Times between two messages of one rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Time between two progress reports of one task. It counts from the start of the task, so that
    /// short tasks send none. One second, or longer on many ranks, so that all ranks together send
    /// at most [`REPORTS_PER_SECOND`].
    pub report: Duration,
    /// Time from the start of a task to its first checkpoint. It is a different fraction of `save`
    /// on each rank, so that tasks that start together do not send their states at once.
    pub first_save: Option<Duration>,
    /// Time between two checkpoints of a task. `None`: no checkpoints.
    pub save: Option<Duration>,
}

impl Cadence {
    /// The cadence of one of `ranks` ranks, for the requested interval between checkpoints.
    pub fn new(rank: usize, ranks: usize, save: Option<Duration>) -> Self {
        let report = Duration::from_secs(1)
            .max(Duration::from_secs_f64(ranks as f64 / REPORTS_PER_SECOND as f64));
        Self { report, first_save: save.map(|every| every.mul_f64(share(rank))), save }
    }
}

/// A number in (0, 1], 1 for rank 0. Multiples of the golden ratio spread the numbers of successive
/// ranks evenly.
fn share(rank: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    1.0 - (rank as f64 * GOLDEN).fract()
}

impl Default for Cadence {
    fn default() -> Self {
        Self::new(0, 1, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ranks_together_send_a_bounded_number_of_reports() {
        for ranks in [1, 2, 64, 499, 501, 4096, 16_384, 1_000_000] {
            let report = Cadence::new(0, ranks, None).report.as_secs_f64();
            assert!(ranks as f64 / report <= REPORTS_PER_SECOND as f64 * (1.0 + 1e-9));
            assert!(report >= 1.0);
        }
        assert_eq!(Cadence::new(3, 64, None).report, Duration::from_secs(1));
    }

    #[test]
    fn the_first_states_of_all_ranks_are_spread_over_the_interval() {
        let every = Duration::from_mins(10);
        for ranks in [2, 64, 1000, 16_384] {
            let mut first: Vec<f64> = (0..ranks)
                .map(|rank| {
                    Cadence::new(rank, ranks, Some(every)).first_save.unwrap().as_secs_f64()
                })
                .collect();
            first.sort_by(f64::total_cmp);
            assert!(first[0] > 0.0 && first[ranks - 1] <= 600.0);
            // An even spread would be 600 / ranks.
            let widest = first.windows(2).map(|pair| pair[1] - pair[0]).fold(first[0], f64::max);
            let closest =
                first.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
            let even = 600.0 / ranks as f64;
            assert!(
                widest < 2.0 * even && closest > 0.3 * even,
                "{ranks} ranks: {closest} to {widest}"
            );
        }
        assert_eq!(Cadence::new(0, 1, Some(every)).first_save, Some(every));
        assert_eq!(Cadence::new(5, 8, None).first_save, None);
    }
}
