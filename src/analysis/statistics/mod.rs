//! Statistics of sets of vectors and of lists of barriers: moments, distances, summaries, tests for
//! a difference between two lists, and the [`Analysis`] of a whole run.

pub mod analysis;
pub mod distances;
pub mod error;
pub mod histogram;
pub mod interval;
pub mod moments;
pub mod pair_interval;
pub mod rank_test;
pub mod silhouette;
pub mod summary;

pub use analysis::{
    Analysis, AnalysisError, AnalysisPart, DistanceRequest, DistanceResult, FailedPart,
    KernelPcaRequest, KernelPcaResult,
};
pub use distances::{Distances, distances};
pub use error::StatisticsError;
pub use histogram::{bin_counts, bin_edges};
pub use interval::{Interval, median_interval, shift_interval};
pub use moments::{Moments, moments};
pub use pair_interval::{PairValues, pair_shift_interval, pair_shift_interval_between};
pub use rank_test::{RankTest, mann_whitney, smallest_p};
pub use silhouette::silhouette;
pub use summary::{Summary, quantile};
