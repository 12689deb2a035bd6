//! Spectra that are known, and Hessians that can be formed.

mod landscapes;
mod probes;
mod spectra;

use super::*;
use crate::kernels::{add_scaled, dot, norm};
use crate::landscape::Interrupted;
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep};
use ndarray::Array2;

const SEED: MasterSeed = MasterSeed(21);

/// H = Q diag(λ) Qᵀ, where Q is a product of two reflections.
struct Known {
    values: Vec<f64>,
    mirrors: [Vec<f64>; 2],
    /// Products so far.
    products: usize,
}

impl Known {
    fn new(values: Vec<f64>) -> Self {
        let mirrors = [0.7, 1.9].map(|step| {
            let mirror: Vec<f64> =
                (0..values.len()).map(|i| (1.0 + step * i as f64).sin()).collect();
            let length = norm(&mirror);
            mirror.iter().map(|x| x / length).collect()
        });
        Self { values, mirrors, products: 0 }
    }

    fn reflect(&self, which: usize, x: &mut [f64]) {
        let part = 2.0 * dot(x, &self.mirrors[which]);
        add_scaled(-part, &self.mirrors[which], x);
    }

    fn multiply(&mut self, x: &[f64], product: &mut [f64]) {
        self.products += 1;
        product.copy_from_slice(x);
        self.reflect(0, product);
        self.reflect(1, product);
        product.iter_mut().zip(&self.values).for_each(|(p, value)| *p *= value);
        self.reflect(1, product);
        self.reflect(0, product);
    }

    fn hessian(&mut self) -> impl FnMut(&[f64], &mut [f64]) -> Result<(), Interrupted> + '_ {
        |x, product| {
            self.multiply(x, product);
            Ok(())
        }
    }

    /// The whole matrix.
    fn matrix(&mut self) -> Array2<f64> {
        let size = self.values.len();
        let mut matrix = Array2::zeros((size, size));
        for (i, mut row) in matrix.outer_iter_mut().enumerate() {
            let mut axis = vec![0.0; size];
            axis[i] = 1.0;
            self.multiply(&axis, row.as_slice_mut().unwrap());
        }
        matrix
    }
}

/// Takes all steps.
fn run<S: Solver>(mut solver: S) -> Result<S::Output, Interrupted> {
    loop {
        if let SolverStep::Finished(output) = solver.step()? {
            return Ok(output);
        }
    }
}

fn parameters(largest: usize, lowest: usize) -> SpectrumParameters {
    SpectrumParameters { largest, lowest, tolerance: 1e-8, products: 400, repeats: true }
}

fn spectrum(values: &[f64], parameters: SpectrumParameters) -> Spectrum {
    let mut known = Known::new(values.to_vec());
    let mut hessian = known.hessian();
    run(Eigenvalues::new(&mut hessian, values.len(), parameters, SEED, &[], None)).unwrap().unwrap()
}

fn values(pairs: &[Eigenpair]) -> Vec<f64> {
    pairs.iter().map(|pair| pair.value).collect()
}

/// Within a fraction of the largest magnitude.
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    let scale = expected.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    assert_eq!(found.len(), expected.len(), "{found:?} and {expected:?}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance * scale, "{found:?} and {expected:?}");
    }
}
