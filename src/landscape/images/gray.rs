//! Images as networks take them.

use crate::data::ImageView;
use crate::kernels::{Factor, Real, Sparse, Tiled};
use crate::network::{Batch, Network};
use ndarray::{Array2, s};

/// What images are wanted for, and so how often each form of them would be used.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// Losses, where the products with the images are known.
    KnownLosses,
    /// Their gradient, for one product backward.
    KnownGradient,
    /// Products forward.
    Losses,
    /// One forward and one backward, for blocks of hundreds of images.
    Gradient,
    /// The same for a few images: most processors take as long to make lists of them as the lists
    /// save.
    Step,
    /// Many forward and many backward.
    Path,
}

/// Room for a block of images.
pub(super) struct GrayImages<A> {
    /// `(block, pixels)`.
    inputs: Array2<A>,
    sparse: Sparse<A>,
    /// Where the network multiplies images and the processor has tiles.
    tiled: Option<Tiled>,
    /// Whether the network reads `inputs` beside its products.
    compares: bool,
}

impl<A: Real> Default for GrayImages<A> {
    fn default() -> Self {
        Self {
            inputs: Array2::zeros((0, 0)),
            sparse: Sparse::default(),
            tiled: None,
            compares: false,
        }
    }
}

impl<A: Real> GrayImages<A> {
    /// For up to so many images.
    pub(super) fn new(images: usize, network: &dyn Network<A>) -> Self {
        Self {
            inputs: Array2::zeros((images, network.inputs())),
            sparse: Sparse::default(),
            tiled: Tiled::of::<A>().filter(|_| network.multiplies_images()),
            compares: network.compares_with_images(),
        }
    }

    /// The images of `block`; `lists` says whether those are worthwhile.
    pub(super) fn read<'b>(
        &'b mut self,
        block: ImageView<'b>,
        purpose: Purpose,
        lists: bool,
    ) -> Batch<'b, A> {
        use Purpose::{Gradient, KnownGradient, KnownLosses, Losses, Path};
        let (pixels, pixels_per_image) = (block.pixels(), block.pixels_per_image());
        let (forward, backward) = (purpose != KnownGradient, purpose != Losses);
        let quick = Sparse::<A>::is_quick();
        let worthwhile = if quick {
            purpose != KnownLosses
        } else {
            matches!(purpose, Path | Losses | Gradient)
        };
        let factor = if lists && self.tiled.is_none() && worthwhile {
            self.sparse.read(
                pixels,
                pixels_per_image,
                forward,
                backward && (quick || purpose == Path),
            );
            Some(Factor::Lists(&self.sparse))
        } else {
            let tiled = self.tiled.as_mut().filter(|_| purpose != KnownLosses);
            tiled.map(|tiled| {
                tiled.read(pixels, pixels_per_image, forward, backward);
                Factor::Tiles(tiled)
            })
        };
        let complete = match factor {
            None => purpose == KnownLosses,
            Some(factor) => !backward || factor.has_backward(),
        };
        if self.compares || !complete {
            block.scaled(&mut self.inputs.slice_mut(s![..block.len(), ..]));
        }
        Batch {
            inputs: self.inputs.slice(s![..block.len(), ..]),
            factor,
            labels: block.labels(),
            evaluation: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits;
    use crate::network::{Activation, Autoencoder, Fcp};
    use crate::random::MasterSeed;

    /// Loss and gradient of some images in the form they have for a purpose.
    fn evaluate(
        network: &dyn Network<f32>,
        images: &mut GrayImages<f32>,
        block: ImageView,
        purpose: Purpose,
        lists: bool,
    ) -> (f64, Vec<f32>) {
        let parameters = network.layout().parameters();
        let theta: Vec<f32> = (0..parameters).map(|i| 0.1 * (1.7 * i as f32).sin()).collect();
        let mut gradient = vec![0.0; parameters];
        let batch = images.read(block, purpose, lists);
        let score = network.evaluator().loss_and_gradient(&theta, batch, &mut gradient);
        (score.loss, gradient)
    }

    #[test]
    fn networks_see_the_same_images_in_every_form() {
        let data = digits::draw(MasterSeed(3), 80, 1);
        let networks: [Box<dyn Network<f32>>; 2] = [
            Box::new(Fcp::new(&[784, 50, 50, 10], Activation::Softplus)),
            Box::new(Autoencoder::new(784, &[32])),
        ];
        for network in networks.iter().map(AsRef::as_ref) {
            for count in [80, 33] {
                let block = data.train.view().first(count);
                let mut plain = GrayImages { tiled: None, ..GrayImages::new(80, network) };
                let (loss, gradient) = evaluate(network, &mut plain, block, Purpose::Step, false);
                let scale = gradient.iter().fold(0.0, |scale: f32, g| scale.max(g.abs()));
                for with_tiles in [true, false] {
                    for (purpose, lists) in [
                        (Purpose::Step, true),
                        (Purpose::Gradient, true),
                        (Purpose::Path, true),
                        (Purpose::Path, false),
                    ] {
                        let mut images = GrayImages::new(80, network);
                        if !with_tiles {
                            images.tiled = None;
                        }
                        let (other_loss, other) =
                            evaluate(network, &mut images, block, purpose, lists);
                        let difference = gradient
                            .iter()
                            .zip(&other)
                            .fold(0.0, |d: f32, (a, b)| d.max((a - b).abs()));
                        assert!(
                            (other_loss / loss - 1.0).abs() < 1e-6 && difference < 1e-5 * scale,
                            "{with_tiles}, {lists}: {difference}"
                        );
                    }
                }
            }
        }
    }
}
