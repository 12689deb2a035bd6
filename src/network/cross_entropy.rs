//! Cross-entropy of a softmax over class scores, in nats.

use super::Score;
use crate::kernels::Real;
use crate::kernels::dispatch::dispatched;
use ndarray::ArrayViewMut2;

/// Images whose softmax is taken at a time: a register of AVX-512 for each class.
const LANES: usize = 16;

/// Sum over images of −ln(`p_y`), p = softmax(logits), and the number of images whose largest logit is
/// their label's. Overwrites the logits `(classes, n)` with exp(z − max z).
///
/// A trained network is sure of itself: `p_y` = 1 − 1e-9 is common and logits reach hundreds. So the
/// loss is `z_max − z_y` + ln(1 + Σ of the other exponentials), which neither overflows nor rounds a
/// loss of 1e-9 to zero, and is taken in `f64`.
///
/// # Panics
/// If a label is not below the number of classes, or the rows of the logits are not one after the other.
pub fn loss<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8]) -> Score {
    evaluate(logits, labels, false)
}

/// As [`loss`], and overwrites the logits with the gradient p − y of each image's loss.
///
/// The label's own entry, `p_y − 1`, is minus the sum of the other probabilities: no cancellation.
///
/// # Panics
/// As [`loss`].
pub fn loss_and_delta<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8]) -> Score {
    evaluate(logits, labels, true)
}

fn evaluate<A: Real>(logits: &mut ArrayViewMut2<A>, labels: &[u8], delta: bool) -> Score {
    let (classes, images) = logits.dim();
    assert_eq!(images, labels.len(), "a label for each image");
    assert!(labels.iter().all(|&label| usize::from(label) < classes), "labels below {classes}");
    let logits = logits.as_slice_mut().expect("logits are contiguous");
    let mut score = Score::default();
    let (whole, rest) = labels.as_chunks::<LANES>();
    for (labels, start) in whole.iter().zip((0..).step_by(LANES)) {
        group(logits, images, start, labels, delta, LANES, &mut score);
    }
    if !rest.is_empty() {
        // A group of its own, filled up with images of class 0 that nobody looks at.
        let start = images - rest.len();
        let (mut few, mut all) = (vec![A::zero(); classes * LANES], [0; LANES]);
        all[..rest.len()].copy_from_slice(rest);
        for (few, row) in few.chunks_exact_mut(LANES).zip(logits.chunks_exact(images)) {
            few[..rest.len()].copy_from_slice(&row[start..]);
        }
        group(&mut few, LANES, 0, &all, delta, rest.len(), &mut score);
        for (few, row) in few.chunks_exact(LANES).zip(logits.chunks_exact_mut(images)) {
            row[start..].copy_from_slice(&few[..rest.len()]);
        }
    }
    score
}

/// The images from `start` on; the first `count` of them enter the score.
fn group<A: Real>(
    logits: &mut [A],
    images: usize,
    start: usize,
    labels: &[u8; LANES],
    delta: bool,
    count: usize,
    score: &mut Score,
) {
    let mut softmax = Softmax { labels: labels.map(u32::from), ..Softmax::default() };
    exponentials(logits, images, start, &mut softmax);
    for lane in 0..count {
        score.loss += softmax.gap[lane].wide() + softmax.others[lane].ln_1p();
        score.correct += u64::from(softmax.top[lane] == softmax.labels[lane]);
    }
    if delta {
        subtract_labels(logits, images, start, &softmax.labels);
    }
}

/// Of each of some images.
#[derive(Default)]
struct Softmax<A> {
    labels: [u32; LANES],
    /// `z_max − z_y`.
    gap: [A; LANES],
    /// Class of the (first) largest logit.
    top: [u32; LANES],
    /// Σ of the exponentials of the others.
    others: [f64; LANES],
}

/// Row after row of the images from `start` on. Of a length known beforehand: loops of any length take four times
/// as long here.
#[allow(
    clippy::inline_always,
    reason = "belongs into functions compiled for one set of vector instructions"
)]
#[inline(always)]
fn lanes<A>(
    numbers: &mut [A],
    images: usize,
    start: usize,
) -> impl Iterator<Item = &mut [A; LANES]> {
    numbers
        .chunks_exact_mut(images)
        .map(move |row| row[start..].first_chunk_mut().expect("a whole group"))
}

dispatched! {
    /// Turns the logits of the images from `start` on into exp(z − z_max).
    fn exponentials<A>(simd, logits: &mut [A], images: usize, start: usize, softmax: &mut Softmax<A>) {
        let mut highest = [A::neg_infinity(); LANES];
        let mut of_label = [A::zero(); LANES];
        for (class, row) in (0_u32..).zip(lanes(logits, images, start)) {
            for (lane, &mut z) in row.iter_mut().enumerate() {
                // A NaN is nowhere the largest; it comes back with its exponential.
                let higher = z > highest[lane];
                highest[lane] = if higher { z } else { highest[lane] };
                softmax.top[lane] = if higher { class } else { softmax.top[lane] };
                of_label[lane] = if softmax.labels[lane] == class { z } else { of_label[lane] };
            }
        }
        for lane in 0..LANES {
            softmax.gap[lane] = highest[lane] - of_label[lane];
        }
        for (class, row) in (0_u32..).zip(lanes(logits, images, start)) {
            for (lane, z) in row.iter_mut().enumerate() {
                *z = A::exp_with(simd, *z - highest[lane]);
                softmax.others[lane] += if softmax.top[lane] == class { 0.0 } else { z.wide() };
            }
        }
    }
}

dispatched! {
    /// Turns exponentials into p − y.
    fn subtract_labels<A>(_simd, exponentials: &mut [A], images: usize, start: usize, labels: &[u32; LANES]) {
        let (mut total, mut others) = ([A::zero(); LANES], [A::zero(); LANES]);
        for row in lanes(exponentials, images, start) {
            row.iter().zip(&mut total).for_each(|(&e, total)| *total += e);
        }
        let scale = total.map(|total| A::one() / total);
        for (class, row) in (0_u32..).zip(lanes(exponentials, images, start)) {
            for (lane, e) in row.iter_mut().enumerate() {
                *e *= scale[lane];
                others[lane] += if labels[lane] == class { A::zero() } else { *e };
            }
        }
        for (class, row) in (0_u32..).zip(lanes(exponentials, images, start)) {
            for (lane, e) in row.iter_mut().enumerate() {
                *e = if labels[lane] == class { -others[lane] } else { *e };
            }
        }
    }
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
        let labels: Vec<u8> = (0..37).map(|i| i * 7 % 10).collect();
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
