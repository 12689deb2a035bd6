//! Many points that are linear combinations of a few vectors, such as the points of a path.

use crate::kernels::Real;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

/// M points θ_m = Σ_k c_mk v_k, linear combinations of K vectors.
///
/// A path bent by N shapes has K = N + 2 vectors: its two endpoints and its N coefficients. A
/// landscape that is partly linear in θ can work on the K vectors instead of on the M points.
#[derive(Clone, Copy, Debug)]
pub struct Combinations<'a, A> {
    /// `(K, P)` vectors v_k, rows contiguous.
    pub vectors: ArrayView2<'a, A>,
    /// `(M, K)` coefficients c_mk.
    pub coefficients: ArrayView2<'a, A>,
}

impl<A: Real> Combinations<'_, A> {
    /// The same with a shorter lifetime, which views of ndarray do not take by themselves.
    pub fn reborrow(&self) -> Combinations<'_, A> {
        Combinations {
            vectors: self.vectors.reborrow(),
            coefficients: self.coefficients.reborrow(),
        }
    }

    /// P, the dimension of the points.
    pub fn dimension(&self) -> usize {
        self.vectors.ncols()
    }

    /// M, the number of points.
    pub fn points(&self) -> usize {
        self.coefficients.nrows()
    }

    /// Writes θ_m, `(P,)`. A point with one coefficient 1 and all others 0 equals that vector to
    /// the bit.
    ///
    /// # Panics
    /// If `theta` is not of length P or there is no such point.
    pub fn point(&self, m: usize, theta: &mut [A]) {
        theta.fill(A::zero());
        for (vector, &c) in self.vectors.outer_iter().zip(self.coefficients.row(m)) {
            if !c.is_zero() {
                ArrayViewMut1::from(&mut *theta).scaled_add(c, &vector);
            }
        }
    }

    /// Adds f(θ_m) to `values`, `(M,)`, point by point.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn add_values<E>(
        &self,
        values: &mut [f64],
        mut f: impl FnMut(&[A]) -> Result<f64, E>,
    ) -> Result<(), E> {
        let mut theta = vec![A::zero(); self.dimension()];
        for (m, value) in values.iter_mut().enumerate() {
            self.point(m, &mut theta);
            *value += f(&theta)?;
        }
        Ok(())
    }

    /// Adds f(θ_m) to `values`, `(M,)`, and Σ_m `weights[m, n]` ∇f(θ_m) to row n of `gradient`,
    /// `(N, P)`, point by point; `weights` is `(M, N)`.
    ///
    /// `f` returns f(θ). If it has a second argument, it overwrites that with ∇f(θ). At points
    /// where all weights are 0, such as the fixed endpoints of a path, only the value is computed.
    ///
    /// # Errors
    /// The first error of `f`.
    ///
    /// # Panics
    /// If the shapes do not agree.
    pub fn add_gradients<E>(
        &self,
        weights: ArrayView2<A>,
        values: &mut [f64],
        mut gradient: ArrayViewMut2<A>,
        mut f: impl FnMut(&[A], Option<&mut [A]>) -> Result<f64, E>,
    ) -> Result<(), E> {
        let mut theta = vec![A::zero(); self.dimension()];
        let mut at_point = vec![A::zero(); self.dimension()];
        for (m, value) in values.iter_mut().enumerate() {
            self.point(m, &mut theta);
            if weights.row(m).iter().all(A::is_zero) {
                *value += f(&theta, None)?;
                continue;
            }
            *value += f(&theta, Some(&mut at_point))?;
            for (mut row, &weight) in gradient.outer_iter_mut().zip(weights.row(m)) {
                row.scaled_add(weight, &ArrayView1::from(&at_point));
            }
        }
        Ok(())
    }
}
