//! A straight line bent by shapes.
//!
//! ω(t) = (1 − t) ω^a + t ω^b + Σ_{n=1..N} b_n φ_n(t), t ∈ [0, 1]. The shapes φ_n vanish at t = 0
//! and t = 1, so the endpoints are fixed. With all b_n = 0 the curve is the straight line. Every
//! curve that is linear in its parameters can be written in this form.

use super::{Curve, Grid};
use crate::kernels::{Real, dot, norm};
use crate::landscape::{Interrupted, Landscape};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, aview1, s};
use std::fmt::Debug;

/// The shapes φ_1, …, φ_N of a [`Bent`] line.
pub trait Shapes: Clone + Debug + Send + Sync + 'static {
    /// N.
    fn count(&self) -> usize;

    /// φ_n(t) for n from 1 to N and 0 < t < 1; at t = 0 and t = 1 every shape is 0.
    fn at(&self, n: usize, t: f64) -> f64;
}

/// A straight line bent by shapes: its endpoints and its coefficients in one matrix.
#[derive(Clone, Debug)]
pub struct Bent<A, S> {
    shapes: S,
    /// `(2 + N, P)`: ω^a, ω^b, b_1, …, b_N.
    vectors: Array2<A>,
}

impl<A: Real, S: Shapes> Bent<A, S> {
    /// The straight line from `a` to `b`: all coefficients are zero.
    ///
    /// # Panics
    /// If the endpoints have different lengths.
    pub fn straight([a, b]: [&[A]; 2], shapes: S) -> Self {
        assert_eq!(a.len(), b.len(), "both endpoints of a path have the same dimension");
        let mut vectors = Array2::zeros((2 + shapes.count(), a.len()));
        vectors.row_mut(0).assign(&aview1(a));
        vectors.row_mut(1).assign(&aview1(b));
        Self { shapes, vectors }
    }

    /// Δ = ω^b − ω^a, `(P,)`.
    fn difference(&self) -> Array1<A> {
        &self.vectors.row(1) - &self.vectors.row(0)
    }

    /// Gram matrix of Δ = ω^b − ω^a, b_1, …, b_N, `(1 + N, 1 + N)`, accumulated in `f64`. Every
    /// step along the path is a linear combination of these vectors.
    fn gram(&self) -> Array2<f64> {
        let rows = self.vectors.outer_iter().skip(2);
        let rows = rows.map(|row| row.to_slice().expect("a row is contiguous"));
        let difference = self.difference();
        let difference = difference.as_slice().expect("an owned vector is contiguous");
        let steps: Vec<&[A]> = std::iter::once(difference).chain(rows).collect();
        let mut gram = Array2::zeros((steps.len(), steps.len()));
        for i in 0..steps.len() {
            for j in 0..=i {
                gram[(i, j)] = dot(steps[i], steps[j]);
                gram[(j, i)] = gram[(i, j)];
            }
        }
        gram
    }

    /// A slice with one number for each free parameter, as a matrix `(N, P)`.
    fn rows<'g>(&self, gradient: &'g mut [A]) -> ArrayViewMut2<'g, A> {
        let shape = (self.shapes.count(), self.vectors.ncols());
        ArrayViewMut2::from_shape(shape, gradient).expect("one number for each free parameter")
    }
}

impl<A: Real, S: Shapes> Curve<A> for Bent<A, S> {
    fn vectors(&self) -> ArrayView2<'_, A> {
        self.vectors.view()
    }

    /// b_1, …, b_N.
    fn free(&self) -> &[A] {
        let all = self.vectors.as_slice().expect("an owned matrix is contiguous");
        &all[2 * self.vectors.ncols()..]
    }

    fn free_mut(&mut self) -> &mut [A] {
        let ends = 2 * self.vectors.ncols();
        &mut self.vectors.as_slice_mut().expect("an owned matrix is contiguous")[ends..]
    }

    fn grid(&self, parameters: &[f64]) -> Grid<A> {
        Grid::of(&self.shapes, parameters)
    }

    /// ∂/∂b_n Σ_m f(ω(t_m)) = Σ_m ∇f(ω(t_m)) φ_n(t_m).
    fn pull_back(
        &self,
        landscape: &dyn Landscape<A>,
        grid: &Grid<A>,
        gradient: &mut [A],
    ) -> Result<Vec<f64>, Interrupted> {
        landscape.gradient_at(&self.points(grid), grid.weights(), self.rows(gradient))
    }

    fn squared_steps(&self, grid: &Grid<A>) -> Vec<f64> {
        grid.squared_steps(&self.gram())
    }

    /// 2λ Σ_m [ω(t_{m+1}) − ω(t_m)] [φ_n(t_{m+1}) − φ_n(t_m)].
    fn add_penalty_gradient(&self, grid: &Grid<A>, lambda: f64, gradient: &mut [A]) {
        let factors = grid.curvature().mapv(|c| A::of(2.0 * lambda * c));
        let (coefficients, mut gradient) = (self.vectors.slice(s![2.., ..]), self.rows(gradient));
        general_mat_mul(
            A::one(),
            &factors.slice(s![.., 1..]),
            &coefficients,
            A::one(),
            &mut gradient,
        );
        // The component along Δ = ω^b − ω^a: Σ_m (t_{m+1} − t_m) [φ_n(t_{m+1}) − φ_n(t_m)].
        let difference = self.difference();
        for (mut row, factor) in gradient.outer_iter_mut().zip(factors.column(0)) {
            row.scaled_add(*factor, &difference);
        }
    }

    fn endpoint_distance(&self) -> f64 {
        norm(self.difference().as_slice().expect("an owned vector is contiguous"))
    }

    fn boxed(&self) -> Box<dyn Curve<A>> {
        Box::new(self.clone())
    }
}
