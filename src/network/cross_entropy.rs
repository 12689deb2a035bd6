//! Cross-entropy of a softmax over class scores, in nats.

use super::Score;
use crate::kernels::{Real, losses};
use ndarray::ArrayViewMut2;

/// Sum over images of −ln(`p_y`), p = softmax(logits), and the number of images whose largest logit
/// is their label's. Overwrites the logits `(classes, n)` with exp(z − max z).
///
/// For a trained network `p_y` = 1 − 1e-9 is common, and logits reach hundreds. So the loss is
/// computed as `z_max − z_y` + ln(1 + Σ of the other exponentials) in `f64`, which neither
/// overflows nor rounds a loss of 1e-9 to zero.
///
/// # Panics
/// If a label is not below the number of classes, or the rows of the logits are not contiguous.
pub fn loss<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u16]) -> Score {
    let (loss, correct) = losses::cross_entropy(logits, labels, false);
    Score { loss, correct }
}

/// Like [`loss`], but overwrites the logits with the gradient p − y of each image's loss.
///
/// The label's own entry, `p_y − 1`, is minus the sum of the other probabilities: no cancellation.
///
/// # Panics
/// As for [`loss`].
pub fn loss_and_delta<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u16]) -> Score {
    let (loss, correct) = losses::cross_entropy(logits, labels, true);
    Score { loss, correct }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn matches_the_definition() {
        let logits = array![[0.3, -1.2, 2.0], [5.0, 4.0, -3.0_f64]];
        let labels = [0, 1];
        let mut delta = logits.t().as_standard_layout().into_owned();
        let score = loss_and_delta(&mut delta.view_mut(), &labels);
        let mut expected = 0.0;
        for (i, row) in logits.outer_iter().enumerate() {
            let sum: f64 = row.iter().map(|z| z.exp()).sum();
            expected += sum.ln() - row[usize::from(labels[i])];
            for j in 0..3 {
                let y = f64::from(u8::from(j == usize::from(labels[i])));
                assert!((delta[(j, i)] - (row[j].exp() / sum - y)).abs() < 1e-15);
            }
        }
        assert!((score.loss - expected).abs() < 1e-14);
        assert_eq!(score.correct, 0);
        assert_eq!(
            loss(&mut logits.t().as_standard_layout().into_owned().view_mut(), &labels),
            score
        );
    }

    #[test]
    fn logits_in_the_hundreds_and_losses_of_1e_9_keep_their_precision_in_f32() {
        // ln(1 + 2 e^−21) and 900 − ln-terms; deltas relative to the largest error too.
        let mut sure: Array2<f32> = array![[10.5], [-10.5], [-10.5]];
        let score = loss_and_delta(&mut sure.view_mut(), &[0]);
        let exact = (2.0 * f64::exp(-21.0)).ln_1p();
        assert!((score.loss / exact - 1.0).abs() < 1e-6, "{} and {exact}", score.loss);
        assert!((f64::from(sure[(0, 0)]) / -exact - 1.0).abs() < 1e-6);

        let mut wrong: Array2<f32> = array![[600.0], [-300.0], [0.0]];
        let score = loss_and_delta(&mut wrong.view_mut(), &[1]);
        assert!((score.loss - 900.0).abs() < 1e-3);
        assert!((wrong[(1, 0)] + 1.0).abs() < 1e-6 && (wrong[(0, 0)] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nan_is_not_hidden() {
        for logits in [array![[f32::NAN], [1.0]], array![[1.0], [f32::NAN]]] {
            for label in [0, 1] {
                assert!(loss(&mut logits.clone().view_mut(), &[label]).loss.is_nan());
            }
        }
    }

    #[test]
    fn an_image_does_not_depend_on_those_beside_it() {
        let logits =
            Array2::from_shape_fn((10, 37), |(j, i)| (1.3 * j as f64 + 0.7 * i as f64).sin() * 4.0);
        let labels: Vec<u16> = (0..37).map(|i| i * 7 % 10).collect();
        let mut together = logits.clone();
        let score = loss_and_delta(&mut together.view_mut(), &labels);
        let mut sum = Score::default();
        for (i, &label) in labels.iter().enumerate() {
            let mut alone = logits.column(i).insert_axis(ndarray::Axis(1)).to_owned();
            sum += loss_and_delta(&mut alone.view_mut(), &[label]);
            assert_eq!(together.column(i), alone.column(0));
        }
        assert!((score.loss - sum.loss).abs() < 1e-12 && score.correct == sum.correct);
    }
}
