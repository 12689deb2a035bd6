//! Parameters t of a curve, with the values of its shapes there.

use super::Shapes;
use crate::kernels::Real;
use ndarray::{Array2, ArrayView2, s};

/// Parameters t_m of a [`Bent`](super::Bent) line: the coefficients of its points.
#[derive(Clone, Debug)]
pub struct Grid<A> {
    /// `(M, 2 + N)`: 1 − t_m, t_m, φ_n(t_m).
    coefficients: Array2<A>,
    /// `(M − 1, 1 + N)`: t_{m+1} − t_m and φ_n(t_{m+1}) − φ_n(t_m), in `f64`.
    steps: Array2<f64>,
}

/// t_m = m / (M − 1), `(M,)`, for M = `points`.
///
/// # Panics
/// If there are fewer than two points.
pub fn equally_spaced(points: usize) -> Vec<f64> {
    assert!(points >= 2, "a path has two endpoints");
    (0..points).map(|m| m as f64 / (points - 1) as f64).collect()
}

impl<A: Real> Grid<A> {
    /// The grid of these parameters in [0, 1]: at least one, in ascending order.
    pub fn of(shapes: &impl Shapes, parameters: &[f64]) -> Self {
        let exact = Array2::from_shape_fn((parameters.len(), 2 + shapes.count()), |(m, k)| {
            let t = parameters[m];
            match k {
                0 => 1.0 - t,
                1 => t,
                // Exactly 0, where sin(nπ) would be 1e-16: the endpoints are fixed.
                _ if t <= 0.0 || t >= 1.0 => 0.0,
                _ => shapes.at(k - 1, t),
            }
        });
        let steps = Array2::from_shape_fn((parameters.len() - 1, 1 + shapes.count()), |(m, k)| {
            exact[(m + 1, k + 1)] - exact[(m, k + 1)]
        });
        Self { coefficients: exact.mapv(A::of), steps }
    }

    /// M.
    pub fn points(&self) -> usize {
        self.coefficients.nrows()
    }

    /// 1 − t_m, t_m and φ_n(t_m), `(M, 2 + N)`: the coefficients of the curve's vectors in ω(t_m).
    pub fn coefficients(&self) -> ArrayView2<'_, A> {
        self.coefficients.view()
    }

    /// φ_n(t_m), `(M, N)`: the weight of the gradient at ω(t_m) in the gradient with respect to
    /// b_n.
    pub fn weights(&self) -> ArrayView2<'_, A> {
        self.coefficients.slice(s![.., 2..])
    }

    /// |ω(t_{m+1}) − ω(t_m)|², `(M − 1,)`, from the Gram matrix of Δ = ω^b − ω^a, b_1, …, b_N,
    /// `(1 + N, 1 + N)`.
    pub(super) fn squared_steps(&self, gram: &Array2<f64>) -> Vec<f64> {
        let products = self.steps.dot(gram);
        let rows = products.outer_iter().zip(self.steps.outer_iter());
        rows.map(|(product, step)| product.dot(&step).max(0.0)).collect()
    }

    /// Σ_m |ω(t_{m+1}) − ω(t_m)|² as a quadratic form of Δ and b_n: half its derivative with
    /// respect to b_n is Σ_k `curvature[n, k]` v_k with v = (Δ, b_1, …); `(N, 1 + N)`.
    pub(super) fn curvature(&self) -> Array2<f64> {
        self.steps.slice(s![.., 1..]).t().dot(&self.steps)
    }
}
