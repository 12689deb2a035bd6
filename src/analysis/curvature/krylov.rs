//! The Hessian on a growing subspace, with full orthogonalization.

use super::{CurvatureError, HessianProduct};
use crate::kernels::{add_scaled, dot, norm, scale};
use crate::landscape::Interrupted;
use crate::random::MasterSeed;
use ndarray::{Array2, ArrayView1};
use ndarray_linalg::{Eigh, UPLO};
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Below this fraction of its length, the remainder of a vector after a projection is rounding
/// error.
const ROUNDING: f64 = 1e-13;

/// An orthonormal basis V, `(n, P)`, and C = V H Vᵀ, `(n, n)`.
///
/// From one start vector this is the method of C. Lanczos, J. Res. Natl. Bur. Stand. 45, 255
/// (1950), doi:10.6028/jres.045.026. From several it is the band Lanczos method (A. Ruhe, Math.
/// Comp. 33, 680 (1979), doi:10.1090/S0025-5718-1979-0521282-9): each vector of the basis leaves a
/// residual that waits to become the next one, and a start vector can be added at any time.
///
/// The whole matrix C is kept, not only its three diagonals, because orthogonalization computes it
/// anyway. Products from differences are not exactly symmetric, and the residuals of eigenpairs
/// include the asymmetric part.
///
/// Every vector is orthogonalized twice against the whole basis. Otherwise copies of converged
/// eigenvalues appear.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Krylov {
    basis: Vec<Vec<f64>>,
    /// Column j: vᵢ · H vⱼ for all i.
    columns: Vec<Vec<f64>>,
    waiting: Vec<Waiting>,
}

/// A vector orthogonal to the basis that waits to become part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    /// j, if it is the part of H vⱼ outside the basis; `None` for a start vector.
    residual_of: Option<usize>,
    vector: Vec<f64>,
}

/// Eigenpairs of the projected Hessian.
pub(super) struct RitzPairs {
    /// `(n,)` in ascending order.
    pub values: Vec<f64>,
    /// `(n, n)` eigenvectors in the basis, one a column.
    pub vectors: Array2<f64>,
}

/// Bytes of the state after this number of products.
pub fn state_bytes(dimension: usize, products: usize) -> f64 {
    8.0 * (products as f64 + 1.0) * (dimension as f64 + products as f64)
}

/// A vector of random directions: components uniform in (−1, 1).
pub(super) fn random_start(dimension: usize, seed: MasterSeed, indices: &[u64]) -> Vec<f64> {
    let mut stream = seed.stream("curvature: start", indices);
    (0..dimension).map(|_| stream.random_range(-1.0..1.0)).collect()
}

impl Krylov {
    /// n.
    pub fn len(&self) -> usize {
        self.basis.len()
    }

    /// Whether no vector waits: the subspace contains H v for each of its vectors v.
    pub fn is_invariant(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Number of vectors that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Adds a start vector. `false` if it lies in the subspace.
    pub fn start(&mut self, mut vector: Vec<f64>) -> bool {
        scale(1.0 / norm(&vector), &mut vector);
        self.wait(None, vector).1
    }

    /// Moves one of the waiting vectors into the basis. This takes one product.
    ///
    /// # Errors
    /// The product was interrupted. The basis is then as before.
    pub fn grow(
        &mut self,
        which: usize,
        product: &mut HessianProduct,
    ) -> Result<Result<(), CurvatureError>, Interrupted> {
        let length = norm(&self.waiting[which].vector);
        let mut unit = self.waiting[which].vector.clone();
        // A waiting vector may have become short and consist mostly of rounding errors.
        for known in &self.basis {
            let part = dot(&unit, known);
            add_scaled(-part, known, &mut unit);
        }
        let left = norm(&unit);
        scale(1.0 / left, &mut unit);
        let mut image = vec![0.0; unit.len()];
        product(&unit, &mut image)?;
        if !image.iter().all(|x| x.is_finite()) {
            return Ok(Err(CurvatureError::NotFinite { product: self.len() + 1 }));
        }
        self.waiting
            .remove(which)
            .residual_of
            .into_iter()
            .for_each(|j| self.columns[j].push(length));
        // The other waiting vectors lose their components along the new one. These components are
        // elements of C.
        for Waiting { residual_of, vector } in &mut self.waiting {
            let part = dot(vector, &unit);
            add_scaled(-part, &unit, vector);
            residual_of.iter().for_each(|&j| self.columns[j].push(part));
        }
        let largest = self.largest();
        self.waiting.retain(|Waiting { residual_of, vector }| {
            norm(vector) > ROUNDING * residual_of.map_or(1.0, |_| largest)
        });
        // Dropped residuals have no such component.
        let count = self.len() + 1;
        self.columns.iter_mut().for_each(|column| column.resize(count, 0.0));
        self.basis.push(unit);
        let (column, _) = self.wait(Some(count - 1), image);
        self.columns.push(column);
        Ok(Ok(()))
    }

    /// Adds the part of a vector outside the basis to the waiting vectors, unless it is rounding
    /// error. Returns the components along the basis, and whether a vector was added.
    fn wait(&mut self, residual_of: Option<usize>, mut vector: Vec<f64>) -> (Vec<f64>, bool) {
        let before = norm(&vector);
        let mut parts = vec![0.0; self.len()];
        for _ in 0..2 {
            for (sum, unit) in parts.iter_mut().zip(&self.basis) {
                let part = dot(&vector, unit);
                add_scaled(-part, unit, &mut vector);
                *sum += part;
            }
        }
        // H may be far larger than H v if v is almost a null direction.
        let reference = if residual_of.is_some() { before.max(self.largest()) } else { before };
        let is_new = norm(&vector) > ROUNDING * reference;
        if is_new {
            self.waiting.push(Waiting { residual_of, vector });
        }
        (parts, is_new)
    }

    /// The largest |C|.
    fn largest(&self) -> f64 {
        self.columns.iter().flatten().fold(0.0, |most: f64, c| most.max(c.abs()))
    }

    /// All eigenpairs of the symmetric part of C.
    pub fn ritz(&self) -> Result<RitzPairs, CurvatureError> {
        let size = self.len();
        let symmetric =
            |(i, j): (usize, usize)| f64::midpoint(self.columns[j][i], self.columns[i][j]);
        let matrix = Array2::from_shape_fn((size, size), symmetric);
        let failed = CurvatureError::Projected { size };
        // LAPACK may not return from a matrix with an overflow.
        if !matrix.iter().all(|x| x.is_finite()) {
            return Err(failed);
        }
        let (values, vectors) = matrix.eigh(UPLO::Lower).map_err(|_| failed)?;
        Ok(RitzPairs { values: values.to_vec(), vectors })
    }

    /// |H x − λ x| of each eigenpair in the list, x = Vᵀ y.
    ///
    /// Its part inside the subspace is (C − (C + Cᵀ)/2) y, the one outside Σⱼ yⱼ rⱼ, where rⱼ are
    /// the waiting residuals.
    pub fn residuals(&self, ritz: &RitzPairs, list: &[usize]) -> Vec<f64> {
        let overlaps = self.overlaps();
        let residual = |&index: &usize| {
            let y = ritz.vectors.column(index);
            let inside: f64 = (0..self.len()).map(|i| self.asymmetry(i, y).powi(2)).sum();
            let part = |k: usize| self.waiting[k].residual_of.map_or(0.0, |j| y[j]);
            let outside: f64 = (0..self.waiting.len())
                .flat_map(|k| (0..self.waiting.len()).map(move |l| (k, l)))
                .map(|(k, l)| part(k) * part(l) * overlaps[[k, l]])
                .sum();
            (inside + outside.max(0.0)).sqrt()
        };
        list.iter().map(residual).collect()
    }

    /// Component i of (C − Cᵀ)/2 y.
    fn asymmetry(&self, i: usize, y: ArrayView1<f64>) -> f64 {
        let terms = y.iter().enumerate();
        terms.map(|(j, y)| 0.5 * (self.columns[j][i] - self.columns[i][j]) * y).sum()
    }

    /// Inner products of the waiting vectors.
    fn overlaps(&self) -> Array2<f64> {
        let count = self.waiting.len();
        let overlap =
            |(k, l): (usize, usize)| dot(&self.waiting[k].vector, &self.waiting[l].vector);
        Array2::from_shape_fn((count, count), overlap)
    }

    /// The waiting vector that contributes most to the residuals of the eigenpairs in the list; the
    /// last one if none does.
    pub fn most_wanted(&self, ritz: &RitzPairs, list: &[usize]) -> usize {
        let mut best = (self.waiting.len() - 1, 0.0);
        for (k, Waiting { residual_of, vector }) in self.waiting.iter().enumerate() {
            let Some(j) = *residual_of else { continue };
            let parts: f64 = list.iter().map(|&index| ritz.vectors[[j, index]].powi(2)).sum();
            let contribution = parts.sqrt() * norm(vector);
            if contribution > best.1 {
                best = (k, contribution);
            }
        }
        best.0
    }

    /// The eigenvector x = Vᵀ y, `(P,)`. The first of its largest components is positive.
    pub fn eigenvector(&self, ritz: &RitzPairs, index: usize) -> Vec<f64> {
        let mut sum = vec![0.0; self.basis[0].len()];
        for (unit, &part) in self.basis.iter().zip(ritz.vectors.column(index)) {
            add_scaled(part, unit, &mut sum);
        }
        let largest = sum.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        // Components this close to each other are equal but for rounding.
        let first = sum.iter().find(|x| x.abs() >= (1.0 - 1e-9) * largest);
        let sign = if first.is_some_and(|&x| x < 0.0) { -1.0 } else { 1.0 };
        scale(sign / norm(&sum), &mut sum);
        sum
    }

    /// Whether this is a state of a problem of this dimension.
    pub fn fits(&self, dimension: usize) -> bool {
        let vectors = self.basis.iter().chain(self.waiting.iter().map(|waiting| &waiting.vector));
        let has_length = |length| move |vector: &Vec<f64>| vector.len() == length;
        vectors.into_iter().all(has_length(dimension))
            && self.columns.len() == self.len()
            && self.columns.iter().all(has_length(self.len()))
            && (self.waiting.iter()).all(|w| w.residual_of.is_none_or(|j| j < self.len()))
    }
}
