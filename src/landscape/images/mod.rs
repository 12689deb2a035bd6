//! The mean loss of a network over a set of images.

mod batches;
mod line;
mod path;
mod scratch;

use super::line::PointByPoint;
use super::{Interrupted, Landscape, Line};
use crate::combinations::Combinations;
use crate::data::ImageView;
use crate::kernels::{self, Buffer, ImageBuffer, Item, Items, Purpose, Real, Threads, add_scaled};
use crate::network::{Batch, Network, Score};
pub use batches::ImageBatches;
use line::SharedLine;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, concatenate};
use path::WeightedGradients;
use scratch::{Scratch, batch};
use std::ops::Range;
use std::sync::Mutex;

/// Images of a block. With 784 pixels an image, the block in floating point and its activations
/// stay in the second-level cache of a core.
const BLOCK: usize = 256;

/// Number of parts of the images for loss and gradient at a point, if each part has at least one
/// block. It is enough for dozens of threads; each part needs an addition of gradients.
const PARTS: usize = 64;

/// Returns whether to stop. Once it returns true, it must keep doing so.
pub type Interrupt<'a> = dyn Fn() -> bool + Sync + 'a;

/// θ ↦ mean over images of the loss of a network.
///
/// Losses are summed in `f64`, gradients part by part, both in an order that depends only on the
/// number of images.
pub struct ImageLandscape<'a, A> {
    network: &'a dyn Network<A>,
    images: ImageView<'a>,
    /// Whether the images are mostly black.
    sparse: bool,
    threads: Option<&'a Threads>,
    interrupt: Option<&'a Interrupt<'a>>,
    /// Unused buffers of evaluations; at most one for each thread.
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
        // The first images decide. The choice affects speed and the last bits, so it must depend on
        // the data only.
        let sparse = images.first(BLOCK).pixels().are_mostly_black();
        Self { network, images, sparse, threads: None, interrupt: None, idle: Mutex::default() }
    }

    /// The same landscape, evaluated by these threads. Mini-batches are evaluated on the thread of
    /// the caller.
    #[must_use]
    pub fn on(self, threads: &'a Threads) -> Self {
        Self { threads: Some(threads), ..self }
    }

    /// The same landscape with interruptible evaluations: before each block of images `interrupt`
    /// is called, and if it returns true, the evaluation is [`Interrupted`].
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

    /// Mean loss, and the fraction of images classified correctly (NaN without classes).
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
    /// If it is interrupted, which is checked once at the beginning.
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
            let Scratch { images, evaluator, gathered, .. } = scratch;
            let mut evaluation = evaluator.at(theta);
            for chunk in indices.chunks(BLOCK) {
                let chunk =
                    gathered.gather(&self.images, chunk.iter().map(|&index| index as usize));
                let batch = batch(images, chunk, Purpose::Step);
                sum += evaluation.loss_and_gradient(batch, gradient).loss;
            }
            sum
        });
        kernels::scale(A::of(1.0 / indices.len() as f64), gradient);
        Ok(loss / indices.len() as f64)
    }

    /// The outputs of the hidden units on all images, `(units, samples)` for each group of the
    /// symmetry of the network, as [`Evaluation::unit_outputs`](crate::network::Evaluation) says.
    ///
    /// # Errors
    /// If it is interrupted.
    ///
    /// # Panics
    /// If the network does not provide the outputs of a group of its symmetry.
    pub fn unit_outputs(&self, theta: &[A]) -> Result<Vec<Array2<f64>>, Interrupted> {
        let mut parts = vec![Vec::new(); self.network.symmetry().groups().len()];
        self.with_scratch(|Scratch { images, evaluator, .. }| {
            let mut evaluation = evaluator.at(theta);
            self.for_each_block(&(0..self.samples()), images, Purpose::Losses, |batch| {
                evaluation.unit_outputs(batch, &mut |group, outputs| {
                    parts[group].push(outputs.mapv(A::wide));
                });
            })
        })?;
        let joined = |parts: Vec<Array2<f64>>| {
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            concatenate(Axis(1), &views).expect("parts with the same units")
        };
        Ok(parts.into_iter().map(joined).collect())
    }

    /// Bytes of the shared products of a [line](Landscape::line); 0 if its points share nothing.
    pub fn line_bytes(&self) -> usize {
        let length = self.with_scratch(|scratch| {
            scratch.combinations_evaluator.as_ref().map_or(0, |evaluator| evaluator.shared_length())
        });
        let bytes = line::VECTORS * self.samples() * length * size_of::<A>();
        if bytes > line::MAX_BYTES { 0 } else { bytes }
    }

    fn mean(&self, sum: f64) -> f64 {
        sum / self.samples() as f64
    }

    fn sum(&self, theta: &[A]) -> Result<Score, Interrupted> {
        let parts = self.point_parts();
        let scores = self.run(parts.len(), 0, |scratch, items| {
            let Scratch { images, evaluator, .. } = scratch;
            let mut evaluation = evaluator.at(theta);
            each(items, |item| {
                let mut score = Score::default();
                self.for_each_block(&parts[item.index], images, Purpose::Losses, |batch| {
                    score += evaluation.loss(batch);
                })?;
                Ok(score)
            });
        })?;
        Ok(total(scores))
    }

    /// The parts for an evaluation at a point.
    fn point_parts(&self) -> Vec<Range<usize>> {
        self.parts(self.samples().div_ceil(PARTS))
    }

    /// Ranges of whole blocks. Each except the last has `size` images or more.
    fn parts(&self, size: usize) -> Vec<Range<usize>> {
        let (samples, size) = (self.samples(), size.next_multiple_of(BLOCK));
        (0..samples).step_by(size).map(|start| start..samples.min(start + size)).collect()
    }

    /// [`Threads::run`] with buffers for each thread.
    fn run<R: Send>(
        &self,
        items: usize,
        regions: usize,
        thread: impl Fn(&mut Scratch<'a, A>, &mut Items<R>) + Sync,
    ) -> Result<Vec<R>, Interrupted> {
        let one = Threads::default();
        let threads = self.threads.unwrap_or(&one);
        let results = threads.run(items, regions, |items| {
            self.with_scratch(|scratch| thread(scratch, items));
        });
        results.ok_or(Interrupted)
    }

    /// Overwrites `gradient` with the mean over the images of the gradients that the threads sum
    /// up. Returns the results of the parts, in their order.
    fn mean_gradient<R: Send>(
        &self,
        gradient: &mut [A],
        thread: impl Fn(&mut Scratch<'a, A>, &mut Parts<A, R>) + Sync,
    ) -> Result<Vec<R>, Interrupted> {
        gradient.fill(A::zero());
        let (parts, sum) = (self.point_parts(), Mutex::new(&mut *gradient));
        let results = self.run(parts.len(), 1, |scratch, items| {
            let mut parts =
                Parts { items, ranges: &parts, sum: &sum, own: scratch.take_gradient() };
            thread(scratch, &mut parts);
            scratch.gradient = parts.own;
        })?;
        kernels::scale(A::of(self.mean(1.0)), gradient);
        Ok(results)
    }

    /// Calls `work` with the images of each block of `range`.
    fn for_each_block(
        &self,
        range: &Range<usize>,
        images: &mut ImageBuffer<A>,
        purpose: Purpose,
        mut work: impl FnMut(Batch<A>),
    ) -> Result<(), Interrupted> {
        self.images.range(range.clone()).blocks(BLOCK).try_for_each(|block| {
            self.go_on()?;
            work(batch(images, block, purpose));
            Ok(())
        })
    }

    /// Returns an error if the evaluation should stop.
    fn go_on(&self) -> Result<(), Interrupted> {
        if self.interrupt.is_some_and(|interrupt| interrupt()) { Err(Interrupted) } else { Ok(()) }
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch<'a, A>) -> T) -> T {
        let idle = self.idle.lock().expect("no evaluation panics while it holds the lock").pop();
        let mut scratch = idle.unwrap_or_else(|| Scratch::new(self.network, self.sparse));
        let result = kernels::without_subnormals(|| work(&mut scratch));
        self.idle.lock().expect("no evaluation panics while it holds the lock").push(scratch);
        result
    }
}

/// [`Items::each`] for work that can be interrupted: an interrupted item stops the others.
fn each<'t, R>(items: &mut Items<'t, R>, mut work: impl FnMut(Item<'t>) -> Result<R, Interrupted>) {
    items.each(|item| work(item).ok());
}

/// The parts of the images whose gradients one thread computes, one at a time.
struct Parts<'i, 't, 's, A, R> {
    items: &'i mut Items<'t, R>,
    ranges: &'i [Range<usize>],
    sum: &'i Mutex<&'s mut [A]>,
    /// The gradient of one part.
    own: Buffer<A>,
}

impl<A: Real, R> Parts<'_, '_, '_, A, R> {
    /// Calls `work` with the images of each part and zeros, to which it adds the gradient of the
    /// part.
    fn each(&mut self, mut work: impl FnMut(&Range<usize>, &mut [A]) -> Result<R, Interrupted>) {
        let Self { items, ranges, sum, own } = self;
        each(items, |item| {
            own.fill(A::zero());
            let result = work(&ranges[item.index], own)?;
            let add = || add_scaled(A::one(), own, &mut sum.lock().expect("adding does not panic"));
            item.in_order(0, add).ok_or(Interrupted)?;
            Ok(result)
        });
    }
}

/// The sum of the scores, in the order of the parts.
fn total(scores: impl IntoIterator<Item = Score>) -> Score {
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
        let scores = self.mean_gradient(gradient, |scratch, parts| {
            let Scratch { images, evaluator, .. } = scratch;
            let mut evaluation = evaluator.at(theta);
            parts.each(|part, own| {
                let mut score = Score::default();
                self.for_each_block(part, images, Purpose::Gradient, |batch| {
                    score += evaluation.loss_and_gradient(batch, own);
                })?;
                Ok(score)
            });
        })?;
        Ok(self.mean(total(scores).loss))
    }

    fn line(&self, start: &[A], direction: &[A]) -> Result<Box<dyn Line<A> + '_>, Interrupted> {
        Ok(match SharedLine::new(self, start, direction)? {
            Some(line) => Box::new(line),
            None => Box::new(PointByPoint::new(self, start, direction)),
        })
    }

    fn values_at(&self, points: &Combinations<A>) -> Result<Vec<f64>, Interrupted> {
        self.at_points(points, None)
    }

    fn has_accuracy(&self) -> bool {
        self.network.has_classes()
    }

    fn values_and_accuracies_at(
        &self,
        points: &Combinations<A>,
    ) -> Result<(Vec<f64>, Vec<f64>), Interrupted> {
        let scores = self.scores_at_points(points, None)?;
        let values = scores.iter().map(|score| self.mean(score.loss)).collect();
        let accuracy = |score: &Score| {
            if self.has_accuracy() { self.mean(score.correct as f64) } else { f64::NAN }
        };
        Ok((values, scores.iter().map(accuracy).collect()))
    }

    fn gradient_at(
        &self,
        points: &Combinations<A>,
        weights: ArrayView2<A>,
        mut gradient: ArrayViewMut2<A>,
    ) -> Result<Vec<f64>, Interrupted> {
        gradient.fill(A::zero());
        let sums = WeightedGradients::new(weights, gradient.view_mut());
        let losses = self.at_points(points, Some(&sums))?;
        drop(sums);
        kernels::scale(
            A::of(self.mean(1.0)),
            gradient.as_slice_mut().expect("the gradient is contiguous"),
        );
        Ok(losses)
    }
}
