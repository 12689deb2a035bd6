//! Processors without such instructions.

use super::column_blocks::{BLOCK_COLUMNS, Rows, Target};

/// Bytes that may be written behind a row, at most.
pub(super) const REGISTER: usize = 8;

/// Has no values.
#[derive(Clone, Copy)]
pub(super) enum Compress {}

impl Compress {
    pub(super) fn get() -> Option<Self> {
        None
    }

    /// Is never called.
    pub(super) fn compress(self, _: Rows, _: usize, _: Target) {
        match self {}
    }

    /// Is never called.
    pub(super) fn transpose(self, _: &[u8], _: usize, _: &mut [[u8; BLOCK_COLUMNS]]) {
        match self {}
    }
}
