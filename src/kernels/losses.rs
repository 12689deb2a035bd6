//! The inner loops of the losses of the networks.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::Real;
use super::dispatch::{Simd, dispatched};
use ndarray::ArrayViewMut2;

/// Images whose softmax is taken at a time: a register of AVX-512 for each class.
const IMAGES: usize = 16;

/// Partial sums of squares: the additions of one do not wait for those of another.
const PARTIAL_SUMS: usize = 16;

/// Cross-entropy of a softmax, summed over images, and how many have their label's logit as the
/// largest. Overwrites the logits `(classes, images)` with exp(z − max z), or with the gradient if
/// `delta`.
///
/// # Panics
/// If a label is not below the number of classes, or the rows of the logits are not contiguous.
pub(crate) fn cross_entropy<A: Real>(
    logits: &mut ArrayViewMut2<A>,
    labels: &[u16],
    delta: bool,
) -> (f64, u64) {
    let (classes, images) = logits.dim();
    assert_eq!(images, labels.len(), "a label for each image");
    assert!(labels.iter().all(|&label| usize::from(label) < classes), "labels below {classes}");
    let logits = logits.as_slice_mut().expect("logits are contiguous");
    let mut score = (0.0, 0);
    let (whole, rest) = labels.as_chunks::<IMAGES>();
    for (labels, start) in whole.iter().zip((0..).step_by(IMAGES)) {
        group(logits, images, start, labels, delta, IMAGES, &mut score);
    }
    if !rest.is_empty() {
        // A group of its own, padded with images of class 0 that are not counted.
        let start = images - rest.len();
        let (mut few, mut all) = (vec![A::zero(); classes * IMAGES], [0; IMAGES]);
        all[..rest.len()].copy_from_slice(rest);
        for (few, row) in few.chunks_exact_mut(IMAGES).zip(logits.chunks_exact(images)) {
            few[..rest.len()].copy_from_slice(&row[start..]);
        }
        group(&mut few, IMAGES, 0, &all, delta, rest.len(), &mut score);
        for (few, row) in few.chunks_exact(IMAGES).zip(logits.chunks_exact_mut(images)) {
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
    labels: &[u16; IMAGES],
    delta: bool,
    count: usize,
    score: &mut (f64, u64),
) {
    let mut softmax = Softmax { labels: labels.map(u32::from), ..Softmax::default() };
    exponentials(logits, images, start, &mut softmax);
    for lane in 0..count {
        score.0 += softmax.gap[lane].wide() + softmax.others[lane].ln_1p();
        score.1 += u64::from(softmax.top[lane] == softmax.labels[lane]);
    }
    if delta {
        subtract_labels(logits, images, start, &softmax.labels);
    }
}

/// Of each of some images.
#[derive(Default)]
struct Softmax<A> {
    labels: [u32; IMAGES],
    /// `z_max − z_y`.
    gap: [A; IMAGES],
    /// Class of the (first) largest logit.
    top: [u32; IMAGES],
    /// Σ of the exponentials of the others.
    others: [f64; IMAGES],
}

/// Row after row of the images from `start` on. Of a length known beforehand: loops of any length
/// take four times as long here.
#[inline(always)]
fn lanes<A>(
    numbers: &mut [A],
    images: usize,
    start: usize,
) -> impl Iterator<Item = &mut [A; IMAGES]> {
    numbers
        .chunks_exact_mut(images)
        .map(move |row| row[start..].first_chunk_mut().expect("a whole group"))
}

dispatched! {
    /// Overwrites the logits of the images from `start` on with exp(z − z_max).
    fn exponentials<A>(
        simd,
        logits: &mut [A],
        images: usize,
        start: usize,
        softmax: &mut Softmax<A>,
    ) {
        let mut highest = [A::neg_infinity(); IMAGES];
        let mut of_label = [A::zero(); IMAGES];
        for (class, row) in (0_u32..).zip(lanes(logits, images, start)) {
            for (lane, &mut z) in row.iter_mut().enumerate() {
                // A NaN is never the largest; it enters with its exponential.
                let higher = z > highest[lane];
                highest[lane] = if higher { z } else { highest[lane] };
                softmax.top[lane] = if higher { class } else { softmax.top[lane] };
                of_label[lane] = if softmax.labels[lane] == class { z } else { of_label[lane] };
            }
        }
        for lane in 0..IMAGES {
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
    /// Overwrites exponentials with p − y.
    fn subtract_labels<A>(
        _simd,
        exponentials: &mut [A],
        images: usize,
        start: usize,
        labels: &[u32; IMAGES],
    ) {
        let (mut total, mut others) = ([A::zero(); IMAGES], [A::zero(); IMAGES]);
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

dispatched! {
    /// Overwrites the outputs z of an image with σ(z), or with the gradient of the squared error
    /// times `scale`, and adds Σ (σ(z) − x)² to `sum`. Eight squares at a time are summed as they
    /// are, and their sums in `f64`.
    pub(crate) fn squared_error<A>(
        simd,
        outputs: &mut [A],
        targets: &[A],
        scale: Option<A>,
        sum: &mut f64,
    ) {
        let mut wide = [0.0; PARTIAL_SUMS];
        for (outputs, targets) in
            outputs.chunks_mut(8 * PARTIAL_SUMS).zip(targets.chunks(8 * PARTIAL_SUMS))
        {
            let mut squares = [A::zero(); PARTIAL_SUMS];
            let (outputs, last_outputs) = outputs.as_chunks_mut::<PARTIAL_SUMS>();
            let (targets, last_targets) = targets.as_chunks::<PARTIAL_SUMS>();
            for (outputs, targets) in outputs.iter_mut().zip(targets) {
                for ((output, &target), square) in outputs.iter_mut().zip(targets).zip(&mut squares)
                {
                    *square += pixel(simd, output, target, scale);
                }
            }
            for ((output, &target), square) in
                last_outputs.iter_mut().zip(last_targets).zip(&mut squares)
            {
                *square += pixel(simd, output, target, scale);
            }
            wide.iter_mut().zip(squares).for_each(|(sum, square)| *sum += square.wide());
        }
        *sum += wide.iter().sum::<f64>();
    }
}

/// Overwrites z with σ(z), or with the gradient of the squared error times `scale`; returns (σ(z) −
/// x)².
#[inline(always)]
fn pixel<S: Simd, A: Real>(simd: S, output: &mut A, target: A, scale: Option<A>) -> A {
    let sigma = A::sigmoid(simd, *output);
    let error = sigma - target;
    *output = scale.map_or(sigma, |scale| scale * error * (sigma * (A::one() - sigma)));
    error * error
}
