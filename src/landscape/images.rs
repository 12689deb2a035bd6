//! The mean loss of a network over a set of images.

use super::Landscape;
use crate::dataset::ImageView;
use crate::network::{Batch, Evaluator, Network, Score};
use crate::real::Real;
use crate::span::Span;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Images converted to floating point and worked through at a time: a block of 784 pixels an image
/// and its activations stay in a core's second-level cache.
const BLOCK: usize = 256;

/// Says whether to give up; once true it stays so.
pub type Interrupt<'a> = dyn Fn() -> bool + Sync + 'a;

/// θ ↦ mean over images of the loss of a network.
///
/// Losses are summed in `f64`, block after block in a fixed order.
pub struct ImageLandscape<'a, A> {
    network: &'a dyn Network<A>,
    images: ImageView<'a>,
    interrupt: Option<&'a Interrupt<'a>>,
    /// Whether an evaluation was broken off. Only evaluations change it: between two of them every
    /// question has the same answer, whenever the interrupt comes.
    broken_off: AtomicBool,
    /// Buffers of evaluations that are not under way; grows to one for each thread.
    idle: Mutex<Vec<Scratch<'a, A>>>,
}

struct Scratch<'a, A> {
    evaluator: Box<dyn Evaluator<A> + 'a>,
    /// `(BLOCK, pixels)`.
    inputs: Array2<A>,
}

impl<'a, A: Real> ImageLandscape<'a, A> {
    /// The landscape of `network` on `images`.
    ///
    /// # Panics
    /// If there are no images, or they are not of the size the network takes: both are checked
    /// where configurations meet data.
    pub fn new(network: &'a dyn Network<A>, images: ImageView<'a>) -> Self {
        assert!(!images.is_empty(), "a landscape needs images");
        assert_eq!(images.pixels_per_image(), network.inputs(), "image size and network disagree");
        Self { network, images, interrupt: None, broken_off: AtomicBool::new(false), idle: Mutex::default() }
    }

    /// The same landscape; its evaluations are broken off between two blocks of images once
    /// `interrupt` says true, which is asked before each block.
    #[must_use]
    pub fn interruptible(self, interrupt: &'a Interrupt<'a>) -> Self {
        Self { interrupt: Some(interrupt), ..self }
    }

    /// Number of images.
    pub fn samples(&self) -> usize {
        self.images.len()
    }

    /// The network whose loss this is.
    pub fn network(&self) -> &'a dyn Network<A> {
        self.network
    }

    /// Mean loss, and the fraction of images classified correctly (NaN where there are no classes).
    pub fn loss_and_accuracy(&self, theta: &[A]) -> (f64, f64) {
        let score = self.sum(theta);
        let accuracy = if self.network.has_classes() { self.mean(score.correct as f64) } else { f64::NAN };
        (self.mean(score.loss), accuracy)
    }

    /// Mean loss over the images of these indices, and overwrites `gradient` with its gradient; NaN where the
    /// landscape is [interrupted](Landscape::interrupted).
    ///
    /// # Panics
    /// If an index is not below the number of images, or there is none.
    pub fn batch_gradient(&self, theta: &[A], indices: &[u32], gradient: &mut [A]) -> f64 {
        gradient.fill(A::zero());
        if self.breaks_off() {
            return f64::NAN;
        }
        let loss = self.with_scratch(|scratch| {
            let mut sum = 0.0;
            for chunk in indices.chunks(BLOCK) {
                let mut labels = [0_u8; BLOCK];
                for ((&index, label), row) in chunk.iter().zip(&mut labels).zip(scratch.inputs.outer_iter_mut()) {
                    let image = self.images.image(index as usize);
                    image.scaled(&mut row.insert_axis(ndarray::Axis(0)));
                    *label = image.labels()[0];
                }
                let batch = Batch { inputs: scratch.inputs.slice(s![..chunk.len(), ..]), labels: &labels[..chunk.len()] };
                sum += scratch.evaluator.loss_and_gradient(theta, batch, gradient).loss;
            }
            sum
        });
        let scale = A::of(1.0 / indices.len() as f64);
        gradient.iter_mut().for_each(|g| *g *= scale);
        loss / indices.len() as f64
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / self.samples() as f64
    }

    fn sum(&self, theta: &[A]) -> Score {
        let mut score = Score::default();
        self.for_each_block(|evaluator, batch| score += evaluator.loss(theta, batch));
        score
    }

    fn for_each_block(&self, mut work: impl FnMut(&mut dyn Evaluator<A>, Batch<A>)) {
        self.with_scratch(|scratch| {
            for block in self.images.blocks(BLOCK) {
                if self.breaks_off() {
                    break;
                }
                let mut inputs = scratch.inputs.slice_mut(s![..block.len(), ..]);
                block.scaled(&mut inputs);
                work(scratch.evaluator.as_mut(), Batch { inputs: inputs.view(), labels: block.labels() });
            }
        });
    }

    /// Whether the evaluation under way is to end here.
    fn breaks_off(&self) -> bool {
        let now = self.interrupt.is_some_and(|interrupt| interrupt());
        self.broken_off.store(now, Ordering::Relaxed);
        now
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch<'a, A>) -> T) -> T {
        let idle = self.idle.lock().expect("no evaluation panics while it holds the lock").pop();
        let mut scratch = idle.unwrap_or_else(|| Scratch {
            evaluator: self.network.evaluator(),
            inputs: Array2::zeros((BLOCK, self.images.pixels_per_image())),
        });
        let result = work(&mut scratch);
        self.idle.lock().expect("no evaluation panics while it holds the lock").push(scratch);
        result
    }
}

impl<A: Real> Landscape<A> for ImageLandscape<'_, A> {
    fn dimension(&self) -> usize {
        self.network.layout().parameters()
    }

    fn value(&self, theta: &[A]) -> f64 {
        self.mean(self.sum(theta).loss)
    }

    fn interrupted(&self) -> bool {
        self.broken_off.load(Ordering::Relaxed)
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> f64 {
        gradient.fill(A::zero());
        let mut score = Score::default();
        self.for_each_block(|evaluator, batch| score += evaluator.loss_and_gradient(theta, batch, gradient));
        let scale = A::of(self.mean(1.0));
        gradient.iter_mut().for_each(|g| *g *= scale);
        self.mean(score.loss)
    }

    fn span_values(&self, span: &Span<A>) -> Vec<f64> {
        let mut losses = vec![0.0; span.points()];
        self.for_each_block(|evaluator, batch| evaluator.span_losses(span, batch, &mut losses));
        losses.into_iter().map(|loss| self.mean(loss)).collect()
    }

    fn span_gradient(&self, span: &Span<A>, weights: ArrayView2<A>, mut gradient: ArrayViewMut2<A>) -> Vec<f64> {
        gradient.fill(A::zero());
        let mut losses = vec![0.0; span.points()];
        self.for_each_block(|evaluator, batch| evaluator.span_gradient(span, weights, batch, &mut losses, gradient.view_mut()));
        let scale = A::of(self.mean(1.0));
        gradient.iter_mut().for_each(|g| *g *= scale);
        losses.into_iter().map(|loss| self.mean(loss)).collect()
    }
}
