//! Mean squared error between pixels and their reconstruction by a sigmoid.

use super::Score;
use crate::kernels::{Real, losses};
use ndarray::{ArrayView2, ArrayViewMut2};

/// Sum over images of the mean over pixels of (σ(z) − x)². Overwrites `outputs`, z `(n, pixels)`,
/// with σ(z); `targets` x is `(n, pixels)`. There are no classes, so the number of correct images
/// is 0.
///
/// Eight squares at a time are summed as they are, and their sums in `f64`: there are 4.7e7 squares
/// in the mean over a data set.
///
/// # Panics
/// If the shapes differ or a row is not contiguous.
pub fn loss<A: Real>(outputs: &mut ArrayViewMut2<A>, targets: ArrayView2<A>) -> Score {
    evaluate(outputs, targets, None)
}

/// Like [`loss`], but overwrites `outputs` with the gradient of each image's loss, 2 (σ − x) σ (1 −
/// σ) / pixels.
///
/// # Panics
/// As for [`loss`].
pub fn loss_and_delta<A: Real>(outputs: &mut ArrayViewMut2<A>, targets: ArrayView2<A>) -> Score {
    let scale = A::of(2.0 / outputs.ncols() as f64);
    evaluate(outputs, targets, Some(scale))
}

/// Image by image.
fn evaluate<A: Real>(
    outputs: &mut ArrayViewMut2<A>,
    targets: ArrayView2<A>,
    scale: Option<A>,
) -> Score {
    assert_eq!(outputs.dim(), targets.dim(), "a reconstruction has the size of its image");
    let mut sum = 0.0;
    for (mut outputs, targets) in outputs.outer_iter_mut().zip(targets.outer_iter()) {
        let outputs = outputs.as_slice_mut().expect("an image's outputs are contiguous");
        let targets = targets.to_slice().expect("an image is contiguous");
        losses::squared_error(outputs, targets, scale, &mut sum);
    }
    Score { loss: sum / outputs.ncols() as f64, correct: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn matches_the_definition_and_stays_finite_when_saturated() {
        let z = array![[0.0, 2.0, -1.0], [900.0, -900.0, 900.0_f64]];
        let x = array![[0.5, 0.0, 1.0], [1.0, 0.0, 0.0]];
        let mut delta = z.clone();
        let score = loss_and_delta(&mut delta.view_mut(), x.view());
        let sigma = z.mapv(|z| 1.0 / (1.0 + f64::exp(-z)));
        let expected: f64 = (&sigma - &x).mapv(|e| e * e / 3.0).sum();
        assert!((score.loss - expected).abs() < 1e-15 && score.correct == 0);
        let exact = (&sigma - &x) * &sigma * &sigma.mapv(|s| 1.0 - s) * (2.0 / 3.0);
        assert!((&delta - &exact).iter().all(|d| d.abs() < 1e-16), "{delta} and {exact}");
        assert_eq!(loss(&mut z.clone().view_mut(), x.view()), score);
    }

    #[test]
    fn a_million_equal_errors_have_the_mean_of_one_in_f32() {
        let mut outputs = ndarray::Array2::<f32>::from_elem((1250, 800), -0.7);
        let targets = ndarray::Array2::<f32>::from_elem((1250, 800), 0.9);
        let exact = (1.0 / (1.0 + f64::exp(0.7_f32.into())) - f64::from(0.9_f32)).powi(2);
        let mean = loss(&mut outputs.view_mut(), targets.view()).loss / 1250.0;
        // The rounding of σ alone; a sum in f32 would be off by a thousand times as much.
        assert!((mean / exact - 1.0).abs() < 1e-6, "{mean} and {exact}");
    }
}
