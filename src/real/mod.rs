//! The two floating-point types: `f32` for production, `f64` to check it.

mod combine;
pub(crate) mod dispatch;
mod elementary;
mod factor;
mod product;
mod single;
mod slices;
mod sparse;
mod subnormal;
#[cfg_attr(not(target_arch = "x86_64"), path = "tiles/none.rs")]
mod tiles;

pub use combine::{add_combined, combine};
pub use elementary::Elementary;
pub use factor::{Factor, FactorRoom};
pub use product::{Transpose, add_product, product};
pub use single::Single;
pub use slices::{add_scaled, exp_all, gray_all, scale, sigmoid_all, softplus_all, softplus_slope_all, tanh_all};
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

/// The instructions that results come from on this machine: `"AVX-512, AMX-INT8"` or `"AVX-512, VBMI2"`.
pub fn instructions() -> String {
    let vectors = match dispatch::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        dispatch::Arch::V4(_) => "AVX-512",
        #[cfg(target_arch = "x86_64")]
        dispatch::Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "aarch64")]
        dispatch::Arch::Neon(_) => "NEON",
        _ => "no vectors",
    };
    let others = if Tiled::of::<f32>().is_some() {
        ", AMX-INT8"
    } else if Sparse::<f32>::is_quick() {
        ", VBMI2"
    } else {
        ""
    };
    format!("{vectors}{others}")
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
