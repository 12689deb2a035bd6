//! The two floating-point types: `f32` for production, `f64` to check it.

pub(crate) mod dispatch;
mod vectorized;

use ndarray::{LinalgScalar, NdFloat};
use num_traits::{Float, FromPrimitive};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::iter::Sum;

/// `f32` or `f64`. Networks, optimizers and paths are written once for both.
///
/// The functions of slices are where a network's time goes beside its products: `f32` has
/// vectorized versions, `f64` uses the standard library's and is their oracle.
pub trait Real:
    NdFloat + LinalgScalar + Float + FromPrimitive + Sum + Default + dispatch::Packed + Serialize + DeserializeOwned + Send + Sync
{
    /// Rounds an `f64` to this type.
    fn of(value: f64) -> Self;
    /// Widens to `f64`, exactly.
    fn wide(self) -> f64;

    /// x ← exp(x), elementwise.
    fn exp_all(values: &mut [Self]) {
        for x in values {
            *x = Float::exp(*x);
        }
    }

    /// x ← ln(1 + eˣ), elementwise, as max(x, 0) + ln(1 + e^(−|x|)): no overflow, and small values
    /// keep their relative precision.
    fn softplus_all(values: &mut [Self]) {
        for x in values {
            *x = Float::max(*x, Self::zero()) + Float::ln_1p(Float::exp(-Float::abs(*x)));
        }
    }

    /// δ ← δ · softplus'(x), elementwise, given a = softplus(x): softplus'(x) = 1 − e^(−a), which
    /// needs no second logarithm.
    ///
    /// # Panics
    /// In debug builds, if the lengths differ.
    fn softplus_slope_all(deltas: &mut [Self], outputs: &[Self]) {
        debug_assert_eq!(deltas.len(), outputs.len());
        deltas.iter_mut().zip(outputs).for_each(|(delta, &a)| *delta *= -Float::exp_m1(-a));
    }

    /// x ← σ(x) = 1 / (1 + e^(−x)), elementwise. Never overflows, and keeps its relative precision on
    /// the side of 0 down to the smallest normal number.
    fn sigmoid_all(values: &mut [Self]) {
        for x in values {
            *x = Self::one() / (Self::one() + Float::exp(-*x));
        }
    }

    /// x ← tanh(x), elementwise, with relative precision at 0 too.
    fn tanh_all(values: &mut [Self]) {
        for x in values {
            *x = Float::tanh(*x);
        }
    }
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
    fn exp_all(values: &mut [Self]) {
        vectorized::exp_all(values);
    }
    fn softplus_all(values: &mut [Self]) {
        vectorized::softplus_all(values);
    }
    fn softplus_slope_all(deltas: &mut [Self], outputs: &[Self]) {
        debug_assert_eq!(deltas.len(), outputs.len());
        vectorized::softplus_slope_all(deltas, outputs);
    }
    fn sigmoid_all(values: &mut [Self]) {
        vectorized::sigmoid_all(values);
    }
    fn tanh_all(values: &mut [Self]) {
        vectorized::tanh_all(values);
    }
}

/// Σ xᵢ yᵢ, accumulated in `f64`.
///
/// # Panics
/// In debug builds, if the lengths differ.
pub fn dot<A: Real>(x: &[A], y: &[A]) -> f64 {
    debug_assert_eq!(x.len(), y.len());
    // Eight partial sums: the additions of one do not wait for those of another.
    let (xs, x_rest) = x.as_chunks::<8>();
    let (ys, y_rest) = y.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in xs.iter().zip(ys) {
        for lane in 0..8 {
            sums[lane] += a[lane].wide() * b[lane].wide();
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(&a, &b)| a.wide() * b.wide()).sum();
    sums.iter().sum::<f64>() + rest
}

/// Euclidean length, accumulated in `f64`.
pub fn norm<A: Real>(x: &[A]) -> f64 {
    dot(x, x).sqrt()
}
