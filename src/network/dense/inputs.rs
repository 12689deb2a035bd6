//! The input of a stack.

use crate::kernels::{ImageMatrix, ImageWorkspace, PackedWeights, Real, gemm, gemm_add};
use ndarray::{ArrayView2, ArrayViewMut2};

/// Images, or the outputs of an earlier layer: the columns of a matrix X, `(width, images)`.
pub(in crate::network) enum Inputs<'a, 'w, A> {
    /// The images themselves, and the weights of the first layer.
    Images(ImageMatrix<'a, A>, &'a mut PackedWeights<'w, A>),
    /// Outputs of an earlier layer.
    Features(ArrayView2<'a, A>),
}

impl<'a, A> From<ArrayView2<'a, A>> for Inputs<'a, '_, A> {
    fn from(features: ArrayView2<'a, A>) -> Self {
        Self::Features(features)
    }
}

impl<'a, A: Real> Inputs<'a, '_, A> {
    /// Number of images.
    pub(super) fn images(&self) -> usize {
        match self {
            Self::Images(images, _) => images.images(),
            Self::Features(features) => features.ncols(),
        }
    }

    /// X.
    pub(super) fn numbers(&self) -> ArrayView2<'a, A> {
        match self {
            Self::Images(images, _) => images.gray().reversed_axes(),
            Self::Features(features) => *features,
        }
    }

    /// C ← W X, or C ← C + W X if it is `added`; W is the weights of the first layer.
    pub(super) fn product(&mut self, w: ArrayView2<A>, c: ArrayViewMut2<A>, added: bool) {
        match (self, added) {
            (Self::Images(images, weights), false) => images.product(weights, c),
            (Self::Images(images, weights), true) => images.add_product(weights, c),
            (Self::Features(x), false) => gemm(w, x.reborrow(), c),
            (Self::Features(x), true) => gemm_add(w, x.reborrow(), c),
        }
    }

    /// C ← C + δ Xᵀ.
    pub(super) fn add_outer_product(
        &self,
        delta: ArrayView2<A>,
        c: ArrayViewMut2<A>,
        workspace: &mut ImageWorkspace<A>,
    ) {
        match self {
            Self::Images(images, _) => images.add_outer_product(delta, c, workspace),
            Self::Features(x) => gemm_add(delta, x.reborrow().reversed_axes(), c),
        }
    }
}
