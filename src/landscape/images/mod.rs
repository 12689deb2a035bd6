//! The mean loss of a network over a set of images.

mod along;
mod batches;
mod gray;
mod line;
mod scratch;

use super::line::PointByPoint;
use super::{Interrupted, Landscape, Line};
use crate::combinations::Combinations;
use crate::data::ImageView;
use crate::kernels::threads::{Threads, Turn};
use crate::kernels::{self, Real, Sparse};
use crate::network::{Batch, Network, Score};
use along::Sought;
pub use batches::ImageBatches;
use gray::Purpose;
use line::SharedLine;
use ndarray::{ArrayView2, ArrayViewMut2};
use scratch::Scratch;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Images converted to floating point and worked through at a time: a block of 784 pixels an image
/// and its activations stay in a core's second-level cache.
const BLOCK: usize = 256;

/// Parts that the images are cut into for loss and gradient at a point, if each is a block at
/// least: enough to keep dozens of threads busy; each costs an addition of gradients.
const PARTS: usize = 64;

/// Says whether to give up; once true it stays so.
pub type Interrupt<'a> = dyn Fn() -> bool + Sync + 'a;

/// θ ↦ mean over images of the loss of a network.
///
/// Losses are summed in `f64`, gradients part by part, both in an order that depends on the number
/// of images alone.
pub struct ImageLandscape<'a, A> {
    network: &'a dyn Network<A>,
    images: ImageView<'a>,
    /// Whether lists of what is not black are worthwhile.
    lists: bool,
    threads: Option<&'a Threads>,
    interrupt: Option<&'a Interrupt<'a>>,
    /// Number of the next one.
    evaluation: AtomicU64,
    /// Buffers of evaluations that are not under way; grows to one for each thread.
    idle: Mutex<Vec<Scratch<'a, A>>>,
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
        // Of the first images alone: what is decided changes speed and the last bits, and has to
        // come from the data.
        let lists = network.multiplies_images() && Sparse::<A>::suits(images.first(BLOCK).pixels());
        let (evaluation, idle) = (AtomicU64::new(0), Mutex::default());
        Self { network, images, lists, threads: None, interrupt: None, evaluation, idle }
    }

    /// The same landscape, evaluated by these threads; mini-batches stay on the caller's.
    #[must_use]
    pub fn on(self, threads: &'a Threads) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// The same landscape; its evaluations are [`Interrupted`] between two blocks of images once
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
    ///
    /// # Errors
    /// If it is interrupted.
    pub fn loss_and_accuracy(&self, theta: &[A]) -> Result<(f64, f64), Interrupted> {
        let score = self.sum(theta)?;
        let accuracy =
            if self.network.has_classes() { self.mean(score.correct as f64) } else { f64::NAN };
        Ok((self.mean(score.loss), accuracy))
    }

    /// Mean loss over the images of these indices, and overwrites `gradient` with its gradient.
    ///
    /// # Errors
    /// If it is interrupted, which is asked for once at the beginning.
    ///
    /// # Panics
    /// If an index is not below the number of images, or there is none.
    pub fn batch_gradient(
        &self,
        theta: &[A],
        indices: &[u32],
        gradient: &mut [A],
    ) -> Result<f64, Interrupted> {
        self.go_on()?;
        gradient.fill(A::zero());
        let loss = self.with_scratch(|scratch| {
            let mut sum = 0.0;
            let (pixels, labels) = &mut scratch.gathered;
            for chunk in indices.chunks(BLOCK) {
                pixels.clear();
                labels.clear();
                for image in
                    chunk.iter().map(|&index| self.images.range(index as usize..index as usize + 1))
                {
                    pixels.extend_from_slice(image.pixels());
                    labels.extend_from_slice(image.labels());
                }
                let chunk = ImageView::new(pixels, labels, self.images.pixels_per_image());
                let batch = scratch.images.read(chunk, Purpose::Step, self.lists);
                sum += scratch.evaluator.loss_and_gradient(theta, batch, gradient).loss;
            }
            sum
        });
        kernels::scale(A::of(1.0 / indices.len() as f64), gradient);
        Ok(loss / indices.len() as f64)
    }

    /// Bytes that a [line](Landscape::line) keeps of what its points share; 0 where they do not.
    pub fn line_bytes(&self) -> usize {
        let length = self.with_scratch(|scratch| {
            scratch.along.as_ref().map_or(0, |along| along.shared_length())
        });
        let bytes = line::VECTORS * self.samples() * length * size_of::<A>();
        if bytes > line::MAX_BYTES { 0 } else { bytes }
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / self.samples() as f64
    }

    fn sum(&self, theta: &[A]) -> Result<Score, Interrupted> {
        let parts = self.point_parts();
        let evaluation = Some(self.next_evaluation());
        let scores = self.run(parts.len(), 0, |scratch, turn| {
            let mut score = Score::default();
            self.for_each_block(
                &parts[turn.item],
                scratch,
                Purpose::Losses,
                evaluation,
                |scratch, batch| {
                    score += scratch.evaluator.loss(theta, batch);
                },
            )?;
            Ok(score)
        })?;
        Ok(total(scores))
    }

    /// The parts for an evaluation at a point.
    fn point_parts(&self) -> Vec<Range<usize>> {
        self.parts(self.samples().div_ceil(PARTS))
    }

    /// Ranges of whole blocks, as many as it takes to have `size` images or more in each but the
    /// last.
    fn parts(&self, size: usize) -> Vec<Range<usize>> {
        let (samples, size) = (self.samples(), size.next_multiple_of(BLOCK));
        (0..samples).step_by(size).map(|start| start..samples.min(start + size)).collect()
    }

    /// A number for all blocks of images that the same parameters or vectors meet.
    fn next_evaluation(&self) -> u64 {
        self.evaluation.fetch_add(1, Ordering::Relaxed)
    }

    /// [`Threads::run`] with buffers for each item.
    fn run<R: Send>(
        &self,
        items: usize,
        gates: usize,
        work: impl Fn(&mut Scratch<'a, A>, Turn) -> Result<R, Interrupted> + Sync,
    ) -> Result<Vec<R>, Interrupted> {
        let one = Threads::default();
        let threads = self.threads.unwrap_or(&one);
        let results =
            threads.run(items, gates, |turn| self.with_scratch(|scratch| work(scratch, turn)).ok());
        results.ok_or(Interrupted)
    }

    /// Overwrites `gradient` with the mean over the images of what `work` adds up for each part of
    /// them, and returns what it returns, in the order of the parts.
    fn mean_gradient<R: Send>(
        &self,
        gradient: &mut [A],
        work: impl Fn(&Range<usize>, &mut Scratch<'a, A>, &mut [A]) -> Result<R, Interrupted> + Sync,
    ) -> Result<Vec<R>, Interrupted> {
        gradient.fill(A::zero());
        let (parts, sum) = (self.point_parts(), Mutex::new(&mut *gradient));
        let results = self.run(parts.len(), 1, |scratch, turn| {
            let mut own = scratch.take_gradient();
            let result = work(&parts[turn.item], scratch, &mut own)?;
            let add = || {
                kernels::add_scaled(
                    A::one(),
                    &own,
                    &mut sum.lock().expect("adding does not panic"),
                );
            };
            turn.pass(0, add).ok_or(Interrupted)?;
            scratch.gradient = own;
            Ok(result)
        })?;
        kernels::scale(A::of(self.mean(1.0)), gradient);
        Ok(results)
    }

    /// Calls `work` with the images of each block of `range`, as batches of this evaluation.
    fn for_each_block(
        &self,
        range: &Range<usize>,
        scratch: &mut Scratch<'a, A>,
        purpose: Purpose,
        evaluation: Option<u64>,
        mut work: impl FnMut(&mut Scratch<'a, A>, Batch<A>),
    ) -> Result<(), Interrupted> {
        // Taken out, so that `work` may have the other buffers.
        let mut images = std::mem::take(&mut scratch.images);
        let complete = self.images.range(range.clone()).blocks(BLOCK).try_for_each(|block| {
            self.go_on()?;
            work(scratch, Batch { evaluation, ..images.read(block, purpose, self.lists) });
            Ok(())
        });
        scratch.images = images;
        complete
    }

    /// Whether the evaluation under way may go on.
    fn go_on(&self) -> Result<(), Interrupted> {
        if self.interrupt.is_some_and(|interrupt| interrupt()) { Err(Interrupted) } else { Ok(()) }
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch<'a, A>) -> T) -> T {
        let idle = self.idle.lock().expect("no evaluation panics while it holds the lock").pop();
        let mut scratch = idle.unwrap_or_else(|| Scratch::new(self.network, BLOCK));
        let result = kernels::without_subnormals(|| work(&mut scratch));
        self.idle.lock().expect("no evaluation panics while it holds the lock").push(scratch);
        result
    }
}

/// In the order of the parts.
fn total(scores: Vec<Score>) -> Score {
    let mut sum = Score::default();
    scores.into_iter().for_each(|score| sum += score);
    sum
}

impl<A: Real> Landscape<A> for ImageLandscape<'_, A> {
    fn dimension(&self) -> usize {
        self.network.layout().parameters()
    }

    fn value(&self, theta: &[A]) -> Result<f64, Interrupted> {
        Ok(self.mean(self.sum(theta)?.loss))
    }

    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted> {
        let evaluation = Some(self.next_evaluation());
        let scores = self.mean_gradient(gradient, |part, scratch, own| {
            let mut score = Score::default();
            self.for_each_block(part, scratch, Purpose::Gradient, evaluation, |scratch, batch| {
                score += scratch.evaluator.loss_and_gradient(theta, batch, own);
            })?;
            Ok(score)
        })?;
        Ok(self.mean(total(scores).loss))
    }

    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        Ok(match SharedLine::new(self, start, direction)? {
            Some(line) => Box::new(line),
            None => Box::new(PointByPoint::new(self, start, direction)),
        })
    }

    fn values_at(&self, combinations: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        self.along(combinations, None)
    }

    fn gradient_at(
        &self,
        combinations: &Combinations<A>,
        weights: ArrayView2<A>,
        mut gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        gradient.fill(A::zero());
        let losses = self.along(combinations, Some(&Sought::new(weights, gradient.view_mut())))?;
        kernels::scale(
            A::of(self.mean(1.0)),
            gradient.as_slice_mut().expect("the gradient is contiguous"),
        );
        Ok(losses)
    }
}
