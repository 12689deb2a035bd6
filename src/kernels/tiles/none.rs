//! Processors without tiles.

use crate::kernels::Real;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Nobody has one.
pub enum Tiled {}

/// None is needed.
#[derive(Default)]
pub struct LeftRoom;

impl Tiled {
    /// Nothing.
    pub fn of<A: Real>() -> Option<Self> {
        None
    }

    /// Is never called, as all that follow.
    pub fn read(&mut self, _: &[u8], _: usize, _: bool, _: bool) {
        match *self {}
    }

    /// Is never called.
    pub fn has_forward(&self) -> bool {
        match *self {}
    }

    /// Is never called.
    pub fn has_backward(&self) -> bool {
        match *self {}
    }

    /// Is never called.
    pub fn product<A: Real>(
        &self,
        _: &[ArrayView2<A>],
        _: ArrayViewMut2<A>,
        _: bool,
        _: Option<u64>,
        _: &mut LeftRoom,
    ) {
        match *self {}
    }

    /// Is never called.
    pub fn add_outer_product<A: Real>(
        &self,
        _: ArrayView2<A>,
        _: ArrayViewMut2<A>,
        _: &mut LeftRoom,
    ) {
        match *self {}
    }
}
