//! How often a rank writes to rank 0 about a task under way.

use std::time::Duration;

/// Reports of progress that rank 0 takes from all ranks in a second: a few milliseconds of its
/// time.
pub const REPORTS_PER_SECOND: usize = 500;

/// Times between two messages of one rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Between two reports of progress of one task, counted from its beginning, so that short
    /// tasks, which may be many, send none. A second; with more ranks longer, so that all of them
    /// together do not send more than [`REPORTS_PER_SECOND`].
    pub report: Duration,
    /// From the beginning of a task to its first state. Tasks of equal length begin together on all
    /// ranks; each rank takes another part of the interval, so that the states do not reach rank 0
    /// all at once.
    pub first_save: Option<Duration>,
    /// Between two states of a task; none are asked for without it.
    pub save: Option<Duration>,
}

impl Cadence {
    /// That of a rank among so many, with the interval between states that was asked for.
    pub fn new(rank: usize, ranks: usize, save: Option<Duration>) -> Self {
        let report = Duration::from_secs(1)
            .max(Duration::from_secs_f64(ranks as f64 / REPORTS_PER_SECOND as f64));
        Self { report, first_save: save.map(|every| every.mul_f64(share(rank))), save }
    }
}

/// A number in (0, 1], 1 for rank 0: those of any ranks in a row are spread evenly, multiples of
/// the golden ratio being as far from each other as can be.
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
            // Evenly they would be 600 / ranks apart.
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
