//! The buffers of one thread for evaluating a network.

use crate::data::{GatheredImages, ImageView};
use crate::kernels::{Buffer, ImageBuffer, ImageForm, Purpose, Real};
use crate::network::{Batch, CombinationsEvaluator, Evaluator, Network};

/// Buffers of one evaluation. Those that only some kinds of evaluation need are empty until then.
pub(super) struct Scratch<'a, A> {
    network: &'a dyn Network<A>,
    pub(super) images: ImageBuffer<A>,
    /// Images that are not contiguous.
    pub(super) gathered: GatheredImages,
    pub(super) evaluator: Box<dyn Evaluator<A> + 'a>,
    pub(super) combinations_evaluator: Option<Box<dyn CombinationsEvaluator<A> + 'a>>,
    /// `(P,)` a point, and a gradient.
    pub(super) theta: Vec<A>,
    pub(super) gradient: Buffer<A>,
}

impl<'a, A: Real> Scratch<'a, A> {
    /// `sparse` if the images are mostly black.
    pub(super) fn new(network: &'a dyn Network<A>, sparse: bool) -> Self {
        let form = ImageForm {
            multiplied: network.multiplies_images(),
            gray: network.compares_with_images(),
            sparse,
        };
        Self {
            network,
            images: ImageBuffer::new(form),
            gathered: GatheredImages::default(),
            evaluator: network.evaluator(),
            combinations_evaluator: network.combinations_evaluator(),
            theta: Vec::new(),
            gradient: Buffer::default(),
        }
    }

    /// The buffer for a point.
    pub(super) fn take_theta(&mut self) -> Vec<A> {
        let mut theta = std::mem::take(&mut self.theta);
        theta.resize(self.network.layout().parameters(), A::zero());
        theta
    }

    /// The buffer for a gradient, zeros.
    pub(super) fn take_gradient(&mut self) -> Buffer<A> {
        let mut gradient = std::mem::take(&mut self.gradient);
        gradient.zeroed(self.network.layout().parameters());
        gradient
    }
}

/// The images of a block as a network takes them.
pub(super) fn batch<'b, A: Real>(
    buffer: &'b mut ImageBuffer<A>,
    block: ImageView<'b>,
    purpose: Purpose,
) -> Batch<'b, A> {
    let images = buffer.read(block.pixels(), block.pixels_per_image(), purpose);
    Batch { images, labels: block.labels() }
}
