//! Cross-entropy of a softmax over class scores, in nats.

use super::Score;
use crate::real::Real;
use ndarray::ArrayViewMut2;

/// Sum over images of −ln(`p_y`), p = softmax(logits), and the number of images whose largest logit is
/// their label's. Overwrites the logits `(n, classes)` with exp(z − max z).
///
/// A trained network is sure of itself: `p_y` = 1 − 1e-9 is common and logits reach hundreds. So the
/// loss is `z_max − z_y` + ln(1 + Σ of the other exponentials), which neither overflows nor rounds a
/// loss of 1e-9 to zero, and is taken in `f64`.
///
/// # Panics
/// If a label is not below the number of classes.
pub fn loss<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8]) -> Score {
    for_each_image(logits, labels, |_, _| ())
}

/// As [`loss`], and overwrites the logits with the gradient p − y of each image's loss.
///
/// The label's own entry, `p_y − 1`, is minus the sum of the other probabilities: no cancellation.
///
/// # Panics
/// If a label is not below the number of classes.
pub fn loss_and_delta<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8]) -> Score {
    for_each_image(logits, labels, |row, label| {
        let total: A = row.iter().fold(A::zero(), |sum, &e| sum + e);
        let scale = A::one() / total;
        row[label] = A::zero();
        let others = row.iter_mut().fold(A::zero(), |sum, e| {
            *e *= scale;
            sum + *e
        });
        row[label] = -others;
    })
}

/// Turns each row into `exp(z − z_max)`, scores it, and hands it to `finish`.
fn for_each_image<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8], finish: impl Fn(&mut [A], usize)) -> Score {
    let classes = logits.ncols();
    let values = logits.as_slice_mut().expect("logits are contiguous");
    // (z_max − z_y, index of z_max) of each row, taken before the exponentials overwrite it.
    let tops: Vec<(f64, usize)> = values
        .chunks_exact_mut(classes)
        .zip(labels)
        .map(|(row, &label)| {
            let top = (1..classes).fold(0, |best, j| if row[j] > row[best] { j } else { best });
            let highest = row[top];
            let gap = highest.wide() - row[usize::from(label)].wide();
            for z in row.iter_mut() {
                *z -= highest;
            }
            (gap, top)
        })
        .collect();
    A::exp_all(values);
    let mut score = Score::default();
    for ((row, &label), (gap, top)) in values.chunks_exact_mut(classes).zip(labels).zip(tops) {
        let others: f64 = row.iter().enumerate().filter(|(j, _)| *j != top).map(|(_, e)| e.wide()).sum();
        score.loss += gap + others.ln_1p();
        score.correct += u64::from(top == usize::from(label));
        finish(row, label.into());
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn matches_the_definition() {
        let logits = array![[0.3, -1.2, 2.0], [5.0, 4.0, -3.0_f64]];
        let labels = [0, 1];
        let mut delta = logits.clone();
        let score = loss_and_delta(&mut delta.view_mut(), &labels);
        let mut expected = 0.0;
        for (i, row) in logits.outer_iter().enumerate() {
            let sum: f64 = row.iter().map(|z| z.exp()).sum();
            expected += sum.ln() - row[usize::from(labels[i])];
            for j in 0..3 {
                let y = f64::from(u8::from(j == usize::from(labels[i])));
                assert!((delta[(i, j)] - (row[j].exp() / sum - y)).abs() < 1e-15);
            }
        }
        assert!((score.loss - expected).abs() < 1e-14);
        assert_eq!(score.correct, 0);
        assert_eq!(loss(&mut logits.clone().view_mut(), &labels), score);
    }

    #[test]
    fn logits_in_the_hundreds_and_losses_of_1e_9_keep_their_precision_in_f32() {
        // ln(1 + 2 e^−21) and 900 − ln-terms; deltas relative to the largest error too.
        let mut sure: Array2<f32> = array![[10.5, -10.5, -10.5]];
        let score = loss_and_delta(&mut sure.view_mut(), &[0]);
        let exact = (2.0 * f64::exp(-21.0)).ln_1p();
        assert!((score.loss / exact - 1.0).abs() < 1e-6, "{} and {exact}", score.loss);
        assert!((f64::from(sure[(0, 0)]) / -exact - 1.0).abs() < 1e-6);

        let mut wrong: Array2<f32> = array![[600.0, -300.0, 0.0]];
        let score = loss_and_delta(&mut wrong.view_mut(), &[1]);
        assert!((score.loss - 900.0).abs() < 1e-3);
        assert!((wrong[(0, 1)] + 1.0).abs() < 1e-6 && (wrong[(0, 0)] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn nan_is_not_hidden() {
        for logits in [array![[f32::NAN, 1.0]], array![[1.0, f32::NAN]]] {
            for label in [0, 1] {
                assert!(loss(&mut logits.clone().view_mut(), &[label]).loss.is_nan());
            }
        }
    }
}
