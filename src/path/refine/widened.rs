//! A landscape of single precision seen in double precision.

use crate::landscape::{Interrupted, Landscape};

/// Rounds points to single precision, and widens gradients.
///
/// It has the default products with the Hessian. The refinement measures the noise of the
/// gradients, about 1e-7, and takes differences of matching length.
pub struct Widened<'a>(pub &'a dyn Landscape<f32>);

impl Widened<'_> {
    fn rounded(theta: &[f64]) -> Vec<f32> {
        theta.iter().map(|&x| x as f32).collect()
    }
}

impl Landscape<f64> for Widened<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        self.0.value(&Self::rounded(theta))
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        let mut single = vec![0.0_f32; theta.len()];
        let value = self.0.value_and_gradient(&Self::rounded(theta), &mut single)?;
        gradient.iter_mut().zip(single).for_each(|(wide, g)| *wide = f64::from(g));
        Ok(value)
    }

    fn null_directions(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let directions = self.0.null_directions(&Self::rounded(theta)).into_iter();
        directions.map(|direction| direction.into_iter().map(f64::from).collect()).collect()
    }
}
