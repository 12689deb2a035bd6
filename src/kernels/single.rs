//! What there is for `f32` alone.

use ndarray::{ArrayView2, ArrayViewMut2};

/// Whether a type is `f32`, for code that is written for both types.
pub trait Single: Sized {
    /// It is.
    const IS_SINGLE: bool;

    /// The same matrix, if it is.
    fn single(matrix: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, f32>>;

    /// The same matrix, to be written.
    fn single_mut(matrix: ArrayViewMut2<'_, Self>) -> Option<ArrayViewMut2<'_, f32>>;
}

impl Single for f32 {
    const IS_SINGLE: bool = true;

    fn single(matrix: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, f32>> {
        Some(matrix)
    }
    fn single_mut(matrix: ArrayViewMut2<'_, Self>) -> Option<ArrayViewMut2<'_, f32>> {
        Some(matrix)
    }
}

impl Single for f64 {
    const IS_SINGLE: bool = false;

    fn single(_: ArrayView2<'_, Self>) -> Option<ArrayView2<'_, f32>> {
        None
    }
    fn single_mut(_: ArrayViewMut2<'_, Self>) -> Option<ArrayViewMut2<'_, f32>> {
        None
    }
}
