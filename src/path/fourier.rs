//! The Fourier path between two points.
//!
//! ω(t) = (1 − t) ω^a + t ω^b + Σ_{n=1..N_F} b_n sin(nπt), t ∈ [0, 1]; both ends are pinned by
//! construction (Yu and Morozov, section 5 of the method).

use crate::real::{Real, dot};
use crate::span::Span;
use ndarray::{Array1, Array2, ArrayView2, s};
use std::f64::consts::PI;

/// A path: its ends and its coefficients in one matrix.
#[derive(Clone, Debug)]
pub struct FourierPath<A> {
    /// `(2 + N_F, P)`: ω^a, ω^b, b_1, …, b_{N_F}.
    vectors: Array2<A>,
}

impl<A: Real> FourierPath<A> {
    /// The straight line from `a` to `b`: all `terms` coefficients are zero.
    ///
    /// # Panics
    /// If the ends have different lengths.
    pub fn straight(a: &[A], b: &[A], terms: usize) -> Self {
        assert_eq!(a.len(), b.len(), "the ends of a path have one dimension");
        let mut vectors = Array2::zeros((2 + terms, a.len()));
        vectors.row_mut(0).assign(&ndarray::aview1(a));
        vectors.row_mut(1).assign(&ndarray::aview1(b));
        Self { vectors }
    }

    /// N_F.
    pub fn terms(&self) -> usize {
        self.vectors.nrows() - 2
    }

    /// P.
    pub fn dimension(&self) -> usize {
        self.vectors.ncols()
    }

    /// b_n in one slice of N_F · P components, b_1 first.
    ///
    /// # Panics
    /// Never: the rows are contiguous.
    pub fn coefficients(&self) -> &[A] {
        &self.vectors.as_slice().expect("an owned matrix is contiguous")[2 * self.dimension()..]
    }

    /// The same, to change.
    ///
    /// # Panics
    /// Never: the rows are contiguous.
    pub fn coefficients_mut(&mut self) -> &mut [A] {
        let ends = 2 * self.dimension();
        &mut self.vectors.as_slice_mut().expect("an owned matrix is contiguous")[ends..]
    }

    /// b_n as rows, `(N_F, P)`.
    pub fn coefficient_rows(&self) -> ArrayView2<'_, A> {
        self.vectors.slice(s![2.., ..])
    }

    /// Δ = ω^b − ω^a, `(P,)`.
    pub fn difference(&self) -> Array1<A> {
        &self.vectors.row(1) - &self.vectors.row(0)
    }

    /// ω^a, ω^b, b_1, …, `(2 + N_F, P)`: what the points of the path are combined from.
    pub fn vectors(&self) -> ArrayView2<'_, A> {
        self.vectors.view()
    }

    /// The points of the path at the parameters of `grid`.
    pub fn points<'a>(&'a self, grid: &'a Grid<A>) -> Span<'a, A> {
        Span { vectors: self.vectors.view(), coefficients: grid.coefficients.view() }
    }

    /// Products of the vectors that steps along the path are made of, `(1 + N_F, 1 + N_F)`: of
    /// Δ = ω^b − ω^a first and of b_1, …, b_{N_F}, accumulated in `f64`.
    ///
    /// # Panics
    /// Never: the rows are contiguous.
    pub fn gram(&self) -> Array2<f64> {
        let rows: Vec<&[A]> = self.vectors.outer_iter().map(|row| row.to_slice().expect("a row is contiguous")).collect();
        let difference = self.difference();
        let difference = difference.as_slice().expect("an owned vector is contiguous");
        let steps: Vec<&[A]> = std::iter::once(difference).chain(rows[2..].iter().copied()).collect();
        let mut gram = Array2::zeros((steps.len(), steps.len()));
        for i in 0..steps.len() {
            for j in 0..=i {
                gram[(i, j)] = dot(steps[i], steps[j]);
                gram[(j, i)] = gram[(i, j)];
            }
        }
        gram
    }
}

/// Parameters t_m, mostly equally spaced, t_m = m / (M − 1), and the sines there.
#[derive(Clone, Debug)]
pub struct Grid<A> {
    /// `(M, 2 + N_F)`: 1 − t_m, t_m, sin(nπt_m).
    coefficients: Array2<A>,
    /// `(M − 1, 1 + N_F)`: t_{m+1} − t_m and sin(nπt_{m+1}) − sin(nπt_m), in `f64`.
    steps: Array2<f64>,
}

impl<A: Real> Grid<A> {
    /// A grid of `points` ≥ 2 parameters, both ends included, for paths of `terms` sines.
    ///
    /// # Panics
    /// If there are fewer than two points.
    pub fn new(points: usize, terms: usize) -> Self {
        assert!(points >= 2, "a path has two ends");
        Self::at(&Self::parameters(points), terms)
    }

    /// The grid of these parameters in [0, 1], two at least, in ascending order.
    pub fn at(parameters: &[f64], terms: usize) -> Self {
        let exact = Array2::from_shape_fn((parameters.len(), 2 + terms), |(m, k)| {
            let t = parameters[m];
            match k {
                0 => 1.0 - t,
                1 => t,
                // sin(nπ) is exactly 0, not 1e-16: the ends are pinned.
                _ if t <= 0.0 || t >= 1.0 => 0.0,
                _ => ((k - 1) as f64 * PI * t).sin(),
            }
        });
        let steps = Array2::from_shape_fn((parameters.len() - 1, 1 + terms), |(m, k)| exact[(m + 1, k + 1)] - exact[(m, k + 1)]);
        Self { coefficients: exact.mapv(A::of), steps }
    }

    /// t_m, `(M,)`.
    pub fn parameters(points: usize) -> Vec<f64> {
        (0..points).map(|m| m as f64 / (points - 1) as f64).collect()
    }

    /// M.
    pub fn points(&self) -> usize {
        self.coefficients.nrows()
    }

    /// 1 − t_m, t_m and sin(nπt_m), `(M, 2 + N_F)`: the point at t_m in terms of the path's vectors.
    pub fn coefficients(&self) -> ArrayView2<'_, A> {
        self.coefficients.view()
    }

    /// sin(nπt_m), `(M, N_F)`: how the gradient at a point enters that of b_n.
    pub fn sines(&self) -> ArrayView2<'_, A> {
        self.coefficients.slice(s![.., 2..])
    }

    /// |ω(t_{m+1}) − ω(t_m)|², `(M − 1,)`, from the [`FourierPath::gram`] matrix.
    pub fn squared_steps(&self, gram: &Array2<f64>) -> Vec<f64> {
        let products = self.steps.dot(gram);
        products.outer_iter().zip(self.steps.outer_iter()).map(|(product, step)| product.dot(&step).max(0.0)).collect()
    }

    /// Σ_m |ω(t_{m+1}) − ω(t_m)|² as a quadratic form of Δ and b_n: half its derivative with respect
    /// to b_n is Σ_k `curvature[n, k]` v_k with v = (Δ, b_1, …); `(N_F, 1 + N_F)`.
    pub fn curvature(&self) -> Array2<f64> {
        self.steps.slice(s![.., 1..]).t().dot(&self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> FourierPath<f64> {
        let mut path = FourierPath::straight(&[1.0, -2.0, 0.5], &[0.0, 3.0, 0.25], 4);
        path.coefficients_mut().iter_mut().enumerate().for_each(|(i, b)| *b = (i as f64 * 1.7).sin());
        path
    }

    fn point(path: &FourierPath<f64>, t: f64) -> Vec<f64> {
        (0..path.dimension())
            .map(|i| {
                let sines: f64 = (1..=path.terms()).map(|n| path.vectors[(1 + n, i)] * (n as f64 * PI * t).sin()).sum();
                (1.0 - t) * path.vectors[(0, i)] + t * path.vectors[(1, i)] + sines
            })
            .collect()
    }

    #[test]
    fn the_ends_are_pinned_to_the_bit_and_the_rest_follows_the_formula() {
        let path = path();
        let grid = Grid::new(11, 4);
        let mut omega = vec![0.0; 3];
        for (m, t) in Grid::<f64>::parameters(11).into_iter().enumerate() {
            path.points(&grid).point(m, &mut omega);
            match m {
                0 => assert_eq!(omega, [1.0, -2.0, 0.5]),
                10 => assert_eq!(omega, [0.0, 3.0, 0.25]),
                _ => assert!(omega.iter().zip(point(&path, t)).all(|(x, y)| (x - y).abs() < 1e-14)),
            }
        }
    }

    #[test]
    fn steps_from_the_gram_matrix_are_those_between_the_points() {
        let path = path();
        let squared = Grid::<f64>::new(11, 4).squared_steps(&path.gram());
        for (m, squared) in squared.into_iter().enumerate() {
            let (x, y) = (point(&path, m as f64 / 10.0), point(&path, (m + 1) as f64 / 10.0));
            let direct: f64 = x.iter().zip(&y).map(|(x, y)| (y - x).powi(2)).sum();
            assert!((squared - direct).abs() < 1e-13);
        }
    }

    #[test]
    fn the_dense_grid_contains_the_grid() {
        let (coarse, fine) = (Grid::<f32>::new(51, 10), Grid::<f32>::new(501, 10));
        for m in 0..51 {
            let difference = &coarse.coefficients.row(m) - &fine.coefficients.row(10 * m);
            assert!(difference.iter().all(|d| d.abs() < 1e-6), "{difference}");
        }
    }
}
