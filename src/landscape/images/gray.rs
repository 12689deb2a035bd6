//! Images as networks take them.

use crate::dataset::ImageView;
use crate::network::Batch;
use crate::real::{Real, Sparse};
use ndarray::{Array2, s};

/// What is made of images.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Form {
    /// Their labels; the pixels may be anything.
    Labels,
    /// Gray values.
    Numbers,
    /// The same, and lists for forward products where they are worthwhile.
    Lists,
    /// The same, and lists for backward products. To make them takes as long as one such product, so that they are
    /// for paths, which have many.
    BothLists,
}

/// Room for a block of images.
pub(super) struct GrayImages<A> {
    /// `(block, pixels)`.
    inputs: Array2<A>,
    sparse: Sparse<A>,
}

impl<A: Real> Default for GrayImages<A> {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl<A: Real> GrayImages<A> {
    /// For up to so many images.
    pub(super) fn new(images: usize, pixels: usize) -> Self {
        Self { inputs: Array2::zeros((images, pixels)), sparse: Sparse::default() }
    }

    /// The images of `block`; `lists` says whether they are worthwhile.
    pub(super) fn read<'b>(&'b mut self, block: ImageView<'b>, form: Form, lists: bool) -> Batch<'b, A> {
        let lists = lists && form >= Form::Lists;
        if lists {
            self.sparse.read(block.pixels(), block.pixels_per_image(), form == Form::BothLists);
        }
        let mut inputs = self.inputs.slice_mut(s![..block.len(), ..]);
        if form >= Form::Numbers {
            block.scaled(&mut inputs);
        }
        let sparse = lists.then_some(&self.sparse);
        Batch { inputs: self.inputs.slice(s![..block.len(), ..]), sparse, labels: block.labels() }
    }
}
