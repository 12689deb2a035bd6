//! Processors without such instructions.

use super::lists::{Rows, STRETCH, Target};

/// Most bytes that are written behind a list.
pub(super) const REGISTER: usize = 8;

/// Nobody has one.
#[derive(Clone, Copy)]
pub(super) enum Compress {}

impl Compress {
    pub(super) fn get() -> Option<Self> {
        None
    }

    /// Is never called.
    pub(super) fn list(self, _: Rows, _: usize, _: Target) {
        match self {}
    }

    /// Is never called.
    pub(super) fn turn(self, _: &[u8], _: usize, _: &mut [[u8; STRETCH]]) {
        match self {}
    }
}
