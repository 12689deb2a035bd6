//! A curve between two points of parameter space, which the search for a path optimizes.

use super::{Grid, equally_spaced};
use crate::combinations::Combinations;
use crate::kernels::Real;
use crate::landscape::{Interrupted, Landscape};
use ndarray::{Array2, ArrayView2};
use std::fmt::Debug;

/// A curve ω(t), t ∈ [0, 1], between two fixed endpoints.
///
/// Its points are linear combinations of a few vectors. A landscape that is partly linear in θ can
/// work on these vectors instead of on the points. The optimizer changes the free parameters only,
/// and a checkpoint of the curve consists of them.
///
/// [`Bent`](super::Bent) implements this trait for all curves that are a straight line plus N
/// shapes. Only other kinds of curves need an implementation of their own.
pub trait Curve<A: Real>: Debug + Send + Sync {
    /// `(K, P)`: the vectors of which all points are linear combinations.
    fn vectors(&self) -> ArrayView2<'_, A>;

    /// The free parameters in one slice.
    fn free(&self) -> &[A];

    /// The same, mutable.
    fn free_mut(&mut self) -> &mut [A];

    /// Precomputes what does not depend on the free parameters, for points at these t in [0, 1], in
    /// ascending order.
    fn grid(&self, parameters: &[f64]) -> Grid<A>;

    /// The heights at the points of a grid. Overwrites `gradient` with the derivatives of their sum
    /// with respect to the free parameters.
    ///
    /// # Errors
    /// If the evaluation is interrupted.
    fn pull_back(
        &self,
        landscape: &dyn Landscape<A>,
        grid: &Grid<A>,
        gradient: &mut [A],
    ) -> Result<Vec<f64>, Interrupted>;

    /// |ω(t_{m+1}) − ω(t_m)|², `(M − 1,)`.
    fn squared_steps(&self, grid: &Grid<A>) -> Vec<f64>;

    /// Adds the derivatives of [`penalty`](Self::penalty) to `gradient`.
    fn add_penalty_gradient(&self, grid: &Grid<A>, lambda: f64, gradient: &mut [A]);

    /// |ω(1) − ω(0)|.
    fn endpoint_distance(&self) -> f64;

    /// A boxed copy.
    fn boxed(&self) -> Box<dyn Curve<A>>;

    /// P, the dimension of the points.
    fn dimension(&self) -> usize {
        self.vectors().ncols()
    }

    /// ω(t_m) for each point of a grid.
    fn points<'c>(&'c self, grid: &'c Grid<A>) -> Combinations<'c, A> {
        Combinations { vectors: self.vectors(), coefficients: grid.coefficients() }
    }

    /// Writes ω(t), `(P,)`.
    fn point(&self, t: f64, theta: &mut [A]) {
        self.points(&self.grid(&[t])).point(0, theta);
    }

    /// λ Σ_m |ω(t_{m+1}) − ω(t_m)|².
    fn penalty(&self, grid: &Grid<A>, lambda: f64) -> f64 {
        lambda * self.squared_steps(grid).iter().sum::<f64>()
    }

    /// Σ_m |ω(t_{m+1}) − ω(t_m)|.
    fn length(&self, grid: &Grid<A>) -> f64 {
        self.squared_steps(grid).into_iter().map(f64::sqrt).sum()
    }
}

/// `(points, P)`: the points of a curve at equally spaced t from 0 to 1.
pub fn equally_spaced_points<A: Real>(curve: &dyn Curve<A>, points: usize) -> Array2<A> {
    points_at(curve, &equally_spaced(points))
}

/// `(M, P)`: the points of a curve at these t, in ascending order.
///
/// # Panics
/// If there is no t.
pub fn points_at<A: Real>(curve: &dyn Curve<A>, t: &[f64]) -> Array2<A> {
    let grid = curve.grid(t);
    let all = curve.points(&grid);
    let mut rows = Array2::zeros((t.len(), curve.dimension()));
    for (m, mut row) in rows.outer_iter_mut().enumerate() {
        all.point(m, row.as_slice_mut().expect("a row is contiguous"));
    }
    rows
}

impl<A: Real> Clone for Box<dyn Curve<A>> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}
