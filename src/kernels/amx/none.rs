//! Processors without AMX.

use crate::kernels::Real;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Has no values.
pub(super) enum AmxImages {}

/// Never packed.
#[derive(Default)]
pub(super) struct Left;

impl AmxImages {
    /// `None`, so that no other method is ever called.
    pub(super) fn of<A: Real>() -> Option<Self> {
        None
    }

    pub(super) fn read(&mut self, _: &[u8], _: usize, _: bool, _: bool) {
        match *self {}
    }

    pub(super) fn has_forward(&self) -> bool {
        match *self {}
    }

    pub(super) fn has_backward(&self) -> bool {
        match *self {}
    }

    pub(super) fn pack<A: Real>(&self, _: &[ArrayView2<A>], _: &mut Left) {
        match *self {}
    }

    pub(super) fn product<A: Real>(&self, _: &Left, _: ArrayViewMut2<A>, _: bool) {
        match *self {}
    }

    pub(super) fn add_outer_product<A: Real>(&self, _: &Left, _: ArrayViewMut2<A>) {
        match *self {}
    }
}
