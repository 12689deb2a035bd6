//! Products with the Hessian.

use crate::landscape::{Interrupted, Landscape};
use crate::network::Tensor;

/// Overwrites the second vector with the product of the Hessian and the first, both `(P,)`.
pub type HessianProduct<'a> = dyn FnMut(&[f64], &mut [f64]) -> Result<(), Interrupted> + 'a;

/// Products with the Hessian of a landscape at θ, computed by the landscape.
pub fn hessian_at<'a>(
    landscape: &'a dyn Landscape<f64>,
    theta: &'a [f64],
) -> impl FnMut(&[f64], &mut [f64]) -> Result<(), Interrupted> + 'a {
    move |direction, product| landscape.hessian_product(theta, direction, product)
}

/// Products with D H D, where D is diagonal: the Hessian with respect to x in θ + D x, whose
/// components are in units of `scales`, `(P,)`.
///
/// # Panics
/// If a vector is not as long as `scales`.
pub fn scaled<'a>(
    scales: &'a [f64],
    product: &'a mut HessianProduct<'a>,
) -> impl FnMut(&[f64], &mut [f64]) -> Result<(), Interrupted> + 'a {
    let mut direction = vec![0.0; scales.len()];
    move |x, result| {
        assert_eq!(x.len(), scales.len(), "one scale for each component");
        direction.iter_mut().zip(x).zip(scales).for_each(|((d, x), scale)| *d = scale * x);
        product(&direction, result)?;
        result.iter_mut().zip(scales).for_each(|(r, scale)| *r *= scale);
        Ok(())
    }
}

/// For each component of θ the norm of the filter it belongs to, `(P,)`, as in H. Li et al.,
/// "Visualizing the loss landscape of neural nets", NeurIPS 2018, arXiv:1712.09913.
///
/// A filter is a row of a matrix or the kernel of an output channel: the weights of one unit. A
/// tensor of one dimension, such as the biases of a layer, is one filter. Li et al. set the
/// direction of biases to 0. Here they count, because the curvature along them does too.
///
/// Without tensors, as for an analytic landscape, θ is one filter.
///
/// # Panics
/// If θ is shorter than the tensors.
pub fn filter_norms(tensors: &[Tensor], theta: &[f64]) -> Vec<f64> {
    let mut norms = Vec::with_capacity(theta.len());
    let mut add = |filter: &[f64]| {
        norms.extend(std::iter::repeat_n(crate::kernels::norm(filter), filter.len()));
    };
    for tensor in tensors.iter().filter(|tensor| !tensor.is_empty()) {
        let rows = if tensor.shape.len() > 1 { tensor.shape[0] } else { 1 };
        tensor.slice(theta).chunks(tensor.len() / rows).for_each(&mut add);
    }
    if tensors.is_empty() {
        add(theta);
    }
    norms
}
