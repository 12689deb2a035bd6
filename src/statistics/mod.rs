//! What sets of vectors and lists of barriers amount to: moments, distances, summaries; and the
//! [`Analysis`] of a whole run.

pub mod analysis;
pub mod distances;
pub mod error;
pub mod moments;
pub mod summary;

pub use analysis::{Analysis, AnalysisError, DistanceRequest, DistanceResult, KernelPcaRequest, KernelPcaResult};
pub use distances::{Distances, distances};
pub use error::StatisticsError;
pub use moments::{Moments, moments};
pub use summary::Summary;
