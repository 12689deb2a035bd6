//! The two floating-point types: `f32` for production, `f64` to check it.

use ndarray::{LinalgScalar, NdFloat};
use num_traits::{Float, FromPrimitive};

/// `f32` or `f64`. Networks, optimizers and paths are written once for both.
pub trait Real: NdFloat + LinalgScalar + Float + FromPrimitive + Default + Send + Sync {
    /// Rounds an `f64` to this type.
    fn of(value: f64) -> Self;
    /// Widens to `f64`, exactly.
    fn wide(self) -> f64;
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
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
