//! The two floating-point types, sums of products of them, and arithmetic without subnormal
//! numbers.

use super::dispatch;
use super::elementary::Elementary;
use super::gemm::Transpose;
use super::slices::add_products;
use ndarray::{ArrayView2, ArrayViewMut2, LinalgScalar, NdFloat};
use num_traits::FromPrimitive;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::iter::Sum;

/// `f32` or `f64`. Networks, optimizers and paths are written once for both.
pub trait Real:
    NdFloat
    + LinalgScalar
    + Elementary
    + FromPrimitive
    + Sum
    + Default
    + dispatch::Packed
    + Transpose
    + Single
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
{
    /// Rounds an `f64` to this type.
    fn of(value: f64) -> Self;
    /// Widens to `f64`, exactly.
    fn wide(self) -> f64;
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

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

/// Σ xᵢ yᵢ, accumulated in `f64`.
///
/// # Panics
/// In debug builds, if the lengths differ.
pub fn dot<A: Real>(x: &[A], y: &[A]) -> f64 {
    debug_assert_eq!(x.len(), y.len());
    let mut sum = 0.0;
    add_products(x, y, &mut sum);
    sum
}

/// Euclidean length, accumulated in `f64`.
pub fn norm<A: Real>(x: &[A]) -> f64 {
    dot(x, x).sqrt()
}

/// Runs `work` with subnormal numbers, in single precision those below 1.2e-38, taken as 0 by this
/// thread.
///
/// A network with very small losses has smaller probabilities and gradients. Operations with such
/// numbers are many times slower, and paths between solutions of loss 1e-8 would take several times
/// longer than others. No precision is lost, because in a sum they are too small to change any
/// other number. Processors other than x86-64 and ARM64 keep them.
pub fn without_subnormals<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the compiler assumes the default mode, so it may give an operation on subnormal
    // numbers the result of either mode. Both are acceptable here, and no other operation is
    // affected.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let result = unsafe { no_denormals::no_denormals(work) };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let result = work();
    result
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::num::FpCategory;
    use std::panic::catch_unwind;

    fn half(x: f32) -> f32 {
        black_box(x) * black_box(0.5)
    }

    #[test]
    fn subnormal_numbers_are_zero_inside_and_not_after() {
        let smallest = f32::MIN_POSITIVE;
        assert_eq!(without_subnormals(|| half(smallest)).classify(), FpCategory::Zero);
        assert!(half(smallest) > 0.0);
        _ = catch_unwind(|| without_subnormals(|| panic!("in the work")));
        assert!(half(smallest) > 0.0);
    }
}
