//! Images as networks take them.

use crate::dataset::ImageView;
use crate::network::{Batch, Network};
use crate::real::{Factor, Real, Sparse, Tiled};
use ndarray::{Array2, s};

/// What images are wanted for, and so how often each form of them would be used.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// Losses, where the products with the images are known.
    KnownLosses,
    /// Their gradient, for one product backward.
    KnownGradient,
    /// One product forward.
    Losses,
    /// One forward and one backward, for blocks of hundreds of images.
    Gradient,
    /// The same for a few images: to make lists of them takes as long as the lists save.
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
        Self { inputs: Array2::zeros((0, 0)), sparse: Sparse::default(), tiled: None, compares: false }
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
    pub(super) fn read<'b>(&'b mut self, block: ImageView<'b>, purpose: Purpose, lists: bool) -> Batch<'b, A> {
        use Purpose::{Gradient, KnownGradient, KnownLosses, Losses, Path};
        let (pixels, pixels_per_image) = (block.pixels(), block.pixels_per_image());
        // Where both would do, the tiles have the lead in single products, the lists in many.
        let by_lists = match purpose {
            Losses | Path => lists && self.tiled.is_none(),
            Gradient => lists && self.tiled.is_none(),
            _ => false,
        };
        let factor = if by_lists {
            self.sparse.read(pixels, pixels_per_image, purpose == Path);
            Some(Factor::Lists(&self.sparse))
        } else {
            let tiled = self.tiled.as_mut().filter(|_| purpose != KnownLosses);
            tiled.map(|tiled| {
                tiled.read(pixels, pixels_per_image, purpose != KnownGradient, purpose != Losses);
                Factor::Tiles(tiled)
            })
        };
        let complete = match factor {
            None => purpose == KnownLosses,
            Some(factor) => purpose == Losses || factor.has_backward(),
        };
        if self.compares || !complete {
            block.scaled(&mut self.inputs.slice_mut(s![..block.len(), ..]));
        }
        Batch { inputs: self.inputs.slice(s![..block.len(), ..]), factor, labels: block.labels() }
    }
}
