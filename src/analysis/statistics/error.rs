//! The errors of statistics.

use thiserror::Error;

/// Why a statistic cannot be computed.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum StatisticsError {
    /// There are no numbers.
    #[error("the list is empty")]
    Empty,
    /// A number of a list is NaN or infinite, so means of the list would be as well.
    #[error("number {index} (from 0) is {value}; leave it out and count it separately")]
    NotFinite {
        /// Its place, from 0.
        index: usize,
        /// NaN or ±∞.
        value: f64,
    },
    /// A vector holds a NaN or an infinity.
    #[error(
        "component {column} of the vector in row {row} is {value}; leave out vectors of runs that diverged"
    )]
    VectorNotFinite {
        /// Its row.
        row: usize,
        /// The first such component of that row.
        column: usize,
        /// NaN or ±∞.
        value: f64,
    },
    /// The vectors of two sets differ in length.
    #[error(
        "one set has vectors of {first} components and the other of {second}; compare sets of one network only"
    )]
    Width {
        /// Components of the first set.
        first: usize,
        /// Components of the second set.
        second: usize,
    },
}
