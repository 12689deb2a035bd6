//! Neural networks as functions of one flat parameter vector.
//!
//! A [`Network`] is a description: its [`Layout`] says where each weight lives in θ. It creates
//! [`Evaluator`]s, which own the buffers of the computation, one for each thread. An evaluator
//! begins an [`Evaluation`] at some θ, which evaluates one batch of images after another. The
//! evaluation keeps what it derives from θ, such as packed weights, for all batches. It borrows θ,
//! so that this can never be out of date.
//!
//! # A new architecture
//! An architecture needs one new file and its line in [`registry::NETWORKS`] (besides the `mod`
//! line that every file has):
//!
//! 1. The file implements [`Network`], [`Evaluator`] and [`Evaluation`] for any [`Real`]. Its layout names
//!    the tensors as PyTorch does.
//! 2. It has a `pub static DESCRIPTOR: `[`Descriptor`]: the word after `kind =`, the keys of `[network]` with
//!    their ranges and defaults, a function that builds the network from their values, how it is called in
//!    print, and settings for a first configuration.
//! 3. The registry lists that descriptor.
//! 4. If it has hidden units, [`Network::symmetry`] lists every place of θ that belongs to them, and
//!    [`Evaluation::unit_outputs`] shows their outputs.
//!
//! No other file names a network: the reader of `[network]`, its messages, the effective
//! configuration, `check`, `evaluate`, and the tables and figures of a report use the descriptor
//! and [`Network`]. The file `fifth.rs`, which only the tests build, is an example.

pub mod activation;
pub mod autoencoder;
pub mod cross_entropy;
mod dense;
pub mod descriptor;
pub mod fcp;
#[cfg(test)]
mod fifth;
pub mod layout;
pub mod lenet;
pub mod lstm;
pub mod registry;
pub mod squared_error;
pub mod symmetry;

pub use activation::Activation;
pub use autoencoder::Autoencoder;
pub use descriptor::Descriptor;
pub use fcp::Fcp;
pub use layout::{Layout, Tensor};
pub use lenet::Lenet;
pub use lstm::Lstm;
pub use registry::{Architecture, NETWORKS, Precision};
pub use symmetry::{Exchange, Parity, SignedPermutation, Symmetry, UnitGroup};

pub use crate::keys::{ChoiceKey, Value};

use crate::combinations::Combinations;
use crate::kernels::{ImageMatrix, Real};
use ndarray::ArrayView2;
use std::ops::{AddAssign, Range};

/// Images and their classes, the input of a network.
#[derive(Clone, Copy)]
pub struct Batch<'a, A> {
    /// The images, `(n, pixels)`.
    pub images: ImageMatrix<'a, A>,
    /// `(n,)` classes.
    pub labels: &'a [u16],
}

impl<A: Real> Batch<'_, A> {
    /// Some of the images, with their gray values only.
    fn range(self, range: Range<usize>) -> Self {
        Batch { images: self.images.range(range.clone()), labels: &self.labels[range] }
    }

    /// The same images, at most `size` ≥ 1 at a time, for networks that read gray values only.
    fn blocks(self, size: usize) -> impl Iterator<Item = Self> {
        let images = self.labels.len();
        (0..images).step_by(size).map(move |start| self.range(start..images.min(start + size)))
    }
}

/// Loss and correct classifications of one parameter vector, summed over some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Σ of the losses.
    pub loss: f64,
    /// Number of images classified correctly; 0 for networks without classes.
    pub correct: u64,
}

impl AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.loss += other.loss;
        self.correct += other.correct;
    }
}

/// An architecture: the meaning of θ, and its evaluators.
pub trait Network<A: Real>: Send + Sync {
    /// The place of each weight in θ, and its initialization.
    fn layout(&self) -> &Layout;

    /// Numbers of an image: its pixels, in all channels.
    fn inputs(&self) -> usize;

    /// Whether the first thing it does with an image is a product with all of its pixels.
    fn multiplies_images(&self) -> bool {
        false
    }

    /// Whether it reads gray values other than in that product.
    fn compares_with_images(&self) -> bool {
        false
    }

    /// Whether the network has classes, so that [`Score::correct`] is defined.
    fn has_classes(&self) -> bool {
        true
    }

    /// Unit of the loss: `"nat"` for cross-entropy.
    fn loss_unit(&self) -> &'static str {
        "nat"
    }

    /// The exchanges of hidden units that leave its function as it is. Without hidden units there
    /// are none.
    fn symmetry(&self) -> Symmetry {
        Symmetry::default()
    }

    /// Bytes of a new evaluator that grow with the sizes of the network: a lower bound, as `f64`,
    /// so that it cannot overflow.
    fn evaluator_bytes(&self) -> f64 {
        0.0
    }

    /// A new evaluator with buffers of its own.
    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_>;

    /// An evaluator for whole paths, if the architecture can share work between their points.
    fn combinations_evaluator(&self) -> Option<Box<dyn CombinationsEvaluator<A> + '_>> {
        None
    }
}

/// The buffers of a network's evaluations, which come one after the other.
pub trait Evaluator<A: Real>: Send {
    /// Begins an evaluation at θ, which has the `P` components of the layout; may panic if not.
    fn at<'e>(&'e mut self, theta: &'e [A]) -> Box<dyn Evaluation<A> + 'e>;
}

/// Computes losses and gradients at one θ, summed over the images of a batch.
pub trait Evaluation<A: Real> {
    /// Σ over images of the loss.
    fn loss(&mut self, batch: Batch<A>) -> Score;

    /// The same, and adds Σ over images of ∂loss/∂θ to `gradient`, `(P,)`.
    fn loss_and_gradient(&mut self, batch: Batch<A>, gradient: &mut [A]) -> Score;

    /// Calls `take` with the outputs of the units of each group of [`Network::symmetry`]. Without
    /// hidden units there are none.
    fn unit_outputs(&mut self, batch: Batch<A>, take: &mut TakeOutputs<A>) {
        let _ = (batch, take);
    }
}

/// Takes the number of a group and the outputs of its units, `(units, samples)`. A sample is an
/// image, a pixel of an image after the pooling, or a step of an image. A group may come in several
/// parts, each with further samples; their order is the same at every θ.
pub type TakeOutputs<'a, A> = dyn FnMut(usize, ArrayView2<A>) + 'a;

/// The buffers of evaluations at all points of a path, which come one after the other.
pub trait CombinationsEvaluator<A: Real>: Send {
    /// How many numbers [`CombinationsEvaluation::share`] writes for each vector and image.
    fn shared_length(&self) -> usize;

    /// How many components of θ it combines for each point.
    fn combined_length(&self) -> usize;

    /// Begins an evaluation at these points.
    fn at<'e>(&'e mut self, points: Combinations<'e, A>)
    -> Box<dyn CombinationsEvaluation<A> + 'e>;
}

/// Computes losses and gradients at M points, combined from K vectors, summed over the images of a
/// batch, sharing work between the points.
pub trait CombinationsEvaluation<A: Real> {
    /// Overwrites `shared`, of length K · n · [`CombinationsEvaluator::shared_length`], with the
    /// part that all combinations of the K vectors share on these images. Other combinations on the
    /// same images can then use it.
    fn share(&mut self, batch: Batch<A>, shared: &mut [A]);

    /// Adds the sums over images at each of the M points to `scores`, `(M,)`; `shared` is what
    /// [`Self::share`] wrote for the same vectors and images, if it was asked.
    fn scores(&mut self, shared: Option<&[A]>, batch: Batch<A>, scores: &mut [Score]);

    /// The same for the losses alone, and prepares what [`Self::add_gradient`] needs; `weights` is `(M, N)`.
    fn gradient(
        &mut self,
        shared: Option<&[A]>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
    );

    /// Adds Σₘ `weights[m, n]` gₘ to `row`, `(P,)`, where gₘ is the gradient at point m summed over
    /// the images of the batch that was last prepared, here given again.
    fn add_gradient(&mut self, n: usize, batch: Batch<A>, row: &mut [A]);
}
