//! Typed access to the tree. It records every problem instead of stopping at the first one, and
//! every value that takes effect.
//!
//! A read that fails reports the reason and returns [`Reported`]. So a section first reads all of
//! its keys and only then returns with `?`. Checks across keys use whatever could be read.

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
