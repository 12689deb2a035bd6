//! The two floating-point types: `f32` for production, `f64` to check it.

pub mod allocator;
mod combine;
pub(crate) mod dispatch;
mod elementary;
mod factor;
mod instructions;
mod product;
mod single;
mod slices;
mod sparse;
mod subnormal;
pub mod threads;
#[cfg_attr(not(target_arch = "x86_64"), path = "tiles/none.rs")]
mod tiles;

pub use combine::{add_combined, combine};
pub use elementary::Elementary;
pub use factor::{Factor, FactorRoom};
pub use instructions::{check_limit, instructions};
pub use product::{Transpose, add_product, product};
pub use single::Single;
pub use slices::{
    add_scaled, exp_all, gray_all, scale, sigmoid_all, softplus_all, softplus_slope_all, tanh_all,
};
pub use sparse::{Sparse, SparseRows};
pub use subnormal::without_subnormals;
pub use tiles::Tiled;

use ndarray::{LinalgScalar, NdFloat};
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

/// Σ xᵢ yᵢ, accumulated in `f64`.
///
/// # Panics
/// In debug builds, if the lengths differ.
pub fn dot<A: Real>(x: &[A], y: &[A]) -> f64 {
    debug_assert_eq!(x.len(), y.len());
    let mut sum = 0.0;
    slices::add_products(x, y, &mut sum);
    sum
}

/// Euclidean length, accumulated in `f64`.
pub fn norm<A: Real>(x: &[A]) -> f64 {
    dot(x, x).sqrt()
}
