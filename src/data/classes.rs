//! The classes of the labels of a data set.

use super::Label;

/// Labels are 16 bits.
pub const MAX_CLASSES: usize = 1 + Label::MAX as usize;

/// The number of classes, and the label of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes {
    /// Number of classes.
    pub count: usize,
    /// The label of class 0. The labels of the other classes follow it.
    pub first_label: i64,
}

impl From<usize> for Classes {
    /// Counted from 0.
    fn from(count: usize) -> Self {
        Self { count, first_label: 0 }
    }
}
