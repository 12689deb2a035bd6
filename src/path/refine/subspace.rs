//! The Hessian on a growing subspace.

use super::probe::CountedLandscape;
use super::vectors::orthonormalized;
use crate::kernels::{add_scaled, dot, norm};
use crate::landscape::Interrupted;
use ndarray::Array2;
use ndarray_linalg::{Eigh, UPLO};

/// An orthonormal basis V, `(n, P)`, with the products H vᵢ and the projected Hessian vᵢ · H vⱼ.
///
/// Any vector may be added, as in the method of E. R. Davidson, J. Comput. Phys. 17, 87 (1975),
/// doi:10.1016/0021-9991(75)90065-0. Residuals of eigenpairs give the vectors of C. Lanczos,
/// residuals of a linear system those of conjugate gradients. One basis serves both, so that no
/// product is computed twice. Once n = P it is the whole Hessian.
#[derive(Default)]
pub struct Subspace {
    /// Null directions, which are left out.
    null: Vec<Vec<f64>>,
    basis: Vec<Vec<f64>>,
    images: Vec<Vec<f64>>,
    /// Lower triangle, one row a vector.
    projected: Vec<Vec<f64>>,
}

/// An approximate eigenpair of the Hessian.
#[derive(Clone, Debug)]
pub struct RitzPair {
    /// λ.
    pub value: f64,
    /// `(P,)` v, of length 1.
    pub vector: Vec<f64>,
    /// `(P,)` H v − λ v.
    pub residual: Vec<f64>,
}

impl RitzPair {
    /// |H v − λ v|: the Hessian has an eigenvalue within this distance of λ.
    pub fn error(&self) -> f64 {
        norm(&self.residual)
    }
}

/// All eigenpairs of the projected Hessian.
pub struct RitzPairs {
    /// In ascending order.
    pub values: Vec<f64>,
    /// Eigenvectors in the basis, one a column.
    vectors: Array2<f64>,
}

impl RitzPairs {
    /// Coordinates of an eigenvector in the basis.
    pub fn coordinates(&self, index: usize) -> Vec<f64> {
        self.vectors.column(index).to_vec()
    }

    /// The largest absolute eigenvalue.
    pub fn scale(&self) -> f64 {
        self.values.iter().fold(0.0, |scale, value| scale.max(value.abs()))
    }
}

impl Subspace {
    /// The empty subspace of vectors orthogonal to an orthonormal set.
    pub fn orthogonal_to(null: Vec<Vec<f64>>) -> Self {
        Self { null, ..Self::default() }
    }

    /// n, the number of vectors.
    pub fn len(&self) -> usize {
        self.basis.len()
    }

    /// Adds a vector, which takes one product of the Hessian at θ. `false` if the vector already
    /// lies in the subspace or the product is not finite.
    pub fn add(
        &mut self,
        probe: &mut CountedLandscape,
        theta: &[f64],
        vector: Vec<f64>,
    ) -> Result<bool, Interrupted> {
        let Some(unit) = orthonormalized(vector, &[&self.null, &self.basis]) else {
            return Ok(false);
        };
        let image = probe.product(theta, &unit)?;
        if !image.iter().all(|x| x.is_finite()) {
            return Ok(false);
        }
        // Products from differences of gradients are not exactly symmetric, so the mean of both
        // orders is taken.
        let symmetric = |(old, product): (&Vec<f64>, &Vec<f64>)| {
            f64::midpoint(dot(old, &image), dot(product, &unit))
        };
        let mut row: Vec<f64> = self.basis.iter().zip(&self.images).map(symmetric).collect();
        row.push(dot(&unit, &image));
        self.projected.push(row);
        self.basis.push(unit);
        self.images.push(image);
        Ok(true)
    }

    /// The eigenpairs of the projected Hessian. `None` if there is no vector.
    pub fn ritz(&self) -> Option<RitzPairs> {
        if self.basis.is_empty() {
            return None;
        }
        let entry = |(i, j): (usize, usize)| self.projected[i.max(j)][i.min(j)];
        let matrix = Array2::from_shape_fn((self.len(), self.len()), entry);
        let (values, vectors) = matrix.eigh(UPLO::Lower).ok()?;
        Some(RitzPairs { values: values.to_vec(), vectors })
    }

    /// Σ cᵢ vᵢ.
    pub fn combine(&self, coordinates: &[f64]) -> Vec<f64> {
        combination(&self.basis, coordinates)
    }

    /// H Σ cᵢ vᵢ.
    pub fn image(&self, coordinates: &[f64]) -> Vec<f64> {
        combination(&self.images, coordinates)
    }

    /// The part of H Σ cᵢ vᵢ that leaves the subspace.
    pub fn residual(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut residual = self.image(coordinates);
        for unit in self.null.iter().chain(&self.basis) {
            let part = dot(&residual, unit);
            add_scaled(-part, unit, &mut residual);
        }
        residual
    }

    /// Coordinates of the part of a vector that lies in the subspace.
    pub fn coordinates(&self, vector: &[f64]) -> Vec<f64> {
        self.basis.iter().map(|unit| dot(unit, vector)).collect()
    }

    /// Eigenpair `index`, with its residual.
    pub fn pair(&self, ritz: &RitzPairs, index: usize) -> RitzPair {
        let coordinates = ritz.coordinates(index);
        let residual = self.residual(&coordinates);
        RitzPair { value: ritz.values[index], vector: self.combine(&coordinates), residual }
    }
}

fn combination(vectors: &[Vec<f64>], coordinates: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for (vector, &factor) in vectors.iter().zip(coordinates) {
        add_scaled(factor, vector, &mut sum);
    }
    sum
}
