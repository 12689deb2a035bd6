//! Typed access to the tree that notes down every problem instead of stopping at the first, and
//! every value that takes effect.
//!
//! A read that fails has reported why and yields [`Reported`]. So a section reads all its keys first
//! and only then leaves with `?`, and checks across keys are made on whatever could be read.

mod key;
mod notation;
mod report;
mod section;

pub(super) use notation::{Choice, Notation, quoted};
pub(super) use report::{Description, Outcome, Read, Report, Reported};
pub(super) use section::{Section, nearest};
