//! Typed access to the tree that notes down every problem instead of stopping at the first, and
//! every value that takes effect.
//!
//! A read that fails has reported why and yields [`Reported`]. So a section reads all its keys first
//! and only then leaves with `?`, and checks across keys are made on whatever could be read.

mod collector;
mod found;
mod notation;
mod section;

pub(super) use collector::{Collected, Collector, Description};
pub(crate) use collector::{Read, Reported};
pub(crate) use notation::{Choice, Notation};
pub(super) use notation::{alternatives, quoted};
pub(crate) use section::Section;
pub(super) use section::nearest;
