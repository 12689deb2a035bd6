//! Images as a factor of matrix products: the first layer of a perceptron multiplies weights with
//! pixels.
//!
//! Pixels are bytes, most of which are black in pictures of handwriting, or numbers. An
//! [`ImageBuffer`] reads a block of images in the form whose products are fastest: gray values,
//! sparse, or AMX tiles. The last two are for bytes. An [`ImageMatrix`] borrows that form and
//! multiplies.
//!
//! Sparse and AMX products need the weights in an order of their own. [`PackedWeights`] borrow the
//! weights, pack them at the first product, and keep them for the next blocks of images. The borrow
//! ensures that the weights cannot change while their packed form is in use.

use super::amx::{AmxImages, Left};
use super::gemm::{gemm, gemm_add};
use super::sparse::{Panels, SparseImages, compresses_fast};
use super::{Buffer, Real};
use ndarray::{ArrayView2, ArrayViewMut2, s};
use std::ops::Range;

pub use super::sparse::mostly_black;
pub use pixels::PixelSlice;

mod pixels;

/// The purpose of reading images, which determines how often each form of them would be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Purpose {
    /// Losses with known products with the images.
    KnownLosses,
    /// Gradients with known products with the images: one product backward.
    KnownGradient,
    /// Products forward.
    Losses,
    /// One product forward and one backward, for blocks of hundreds of images.
    Gradient,
    /// The same for a few images: most processors take as long to compress them as sparse products
    /// save.
    Step,
    /// Many products forward and many backward.
    Path,
}

impl Purpose {
    fn forward(self) -> bool {
        self != Self::KnownGradient
    }

    fn backward(self) -> bool {
        self != Self::Losses
    }

    /// Whether sparse products save more time than the compression takes.
    fn suits_sparse(self, fast: bool) -> bool {
        if fast {
            self != Self::KnownLosses
        } else {
            matches!(self, Self::Path | Self::Losses | Self::Gradient)
        }
    }
}

/// How images may be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageForm {
    /// Whether all pixels enter one matrix product: only then sparse images and AMX tiles are used.
    pub multiplied: bool,
    /// Whether gray values are read in addition.
    pub gray: bool,
    /// Whether the images are [mostly black](PixelSlice::are_mostly_black).
    pub sparse: bool,
}

/// Memory for a block of images.
pub struct ImageBuffer<A> {
    form: ImageForm,
    gray: Buffer<A>,
    sparse: SparseImages<A>,
    /// `None` without AMX.
    amx: Option<AmxImages>,
}

impl<A: Real> ImageBuffer<A> {
    /// A buffer for images of this form; it grows to the largest block.
    pub fn new(form: ImageForm) -> Self {
        let amx = AmxImages::of::<A>().filter(|_| form.multiplied);
        Self { form, gray: Buffer::default(), sparse: SparseImages::default(), amx }
    }

    /// Reads images of `pixels_per_image` pixels each, one after the other.
    ///
    /// # Panics
    /// If an image has no pixels, or the last image is incomplete.
    pub fn read<'p>(
        &mut self,
        pixels: impl Into<PixelSlice<'p>>,
        pixels_per_image: usize,
        purpose: Purpose,
    ) -> ImageMatrix<'_, A> {
        let pixels = pixels.into();
        assert!(pixels.len().is_multiple_of(pixels_per_image), "whole images");
        let images = pixels.len() / pixels_per_image;
        let (forward, backward) = (purpose.forward(), purpose.backward());
        let Self { form, gray, sparse, amx } = self;
        let fast = compresses_fast();
        let amx = amx.as_mut().filter(|_| purpose != Purpose::KnownLosses);
        let factor = match (pixels, amx) {
            (PixelSlice::Bytes(bytes), Some(amx)) => {
                amx.read(bytes, pixels_per_image, forward, backward);
                Factor::Amx(amx)
            }
            (PixelSlice::Bytes(bytes), None)
                if form.multiplied && form.sparse && purpose.suits_sparse(fast) =>
            {
                let by_pixels = backward && (fast || purpose == Purpose::Path);
                sparse.read(bytes, pixels_per_image, forward, by_pixels);
                Factor::Sparse(sparse)
            }
            _ => Factor::Gray,
        };
        let serves_all = match factor {
            Factor::Gray => purpose == Purpose::KnownLosses,
            _ => !backward || factor.has_backward(),
        };
        let gray = (form.gray || !form.multiplied || !serves_all).then(|| {
            gray.grow(pixels.len());
            let gray = &mut gray[..pixels.len()];
            pixels.write_to(gray);
            ArrayView2::from_shape((images, pixels_per_image), &*gray).expect("whole images")
        });
        ImageMatrix { images, gray, factor }
    }
}

/// X, `(images, pixels)`: gray values, in [0, 1] where pixels are bytes.
#[derive(Clone, Copy)]
pub struct ImageMatrix<'a, A> {
    images: usize,
    /// `None` if the factor is sufficient for the purpose.
    gray: Option<ArrayView2<'a, A>>,
    factor: Factor<'a, A>,
}

/// The form that is multiplied.
#[derive(Clone, Copy)]
enum Factor<'a, A> {
    Gray,
    Sparse(&'a SparseImages<A>),
    Amx(&'a AmxImages),
}

impl<A: Real> Factor<'_, A> {
    fn has_backward(self) -> bool {
        match self {
            Self::Gray => false,
            Self::Sparse(images) => images.has_backward(),
            Self::Amx(images) => images.has_backward(),
        }
    }
}

impl<'a, A: Real> From<ArrayView2<'a, A>> for ImageMatrix<'a, A> {
    /// Gray values, `(images, pixels)`, rows contiguous.
    fn from(gray: ArrayView2<'a, A>) -> Self {
        Self { images: gray.nrows(), gray: Some(gray), factor: Factor::Gray }
    }
}

impl<'a, A: Real> ImageMatrix<'a, A> {
    /// The same with a shorter lifetime, which views of ndarray do not take by themselves.
    pub fn reborrow(&self) -> ImageMatrix<'_, A> {
        ImageMatrix { gray: self.gray.as_ref().map(|gray| gray.reborrow()), ..*self }
    }

    /// Number of images.
    pub fn images(self) -> usize {
        self.images
    }

    /// The gray values, `(images, pixels)`, rows contiguous.
    ///
    /// # Panics
    /// If the images were read for products only.
    pub fn gray(self) -> ArrayView2<'a, A> {
        self.gray.expect("images were read with their gray values")
    }

    /// Some of the images, for everything but products: their gray values, if there are any.
    #[must_use]
    pub fn range(self, images: Range<usize>) -> Self {
        let gray = self.gray.map(|gray| gray.slice_move(s![images.clone(), ..]));
        Self { images: images.len(), gray, factor: Factor::Gray }
    }

    /// C ← W Xᵀ for C `(width, images)`.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of C are contiguous.
    pub fn product(self, weights: &mut PackedWeights<A>, c: ArrayViewMut2<A>) {
        self.multiply(weights, c, false);
    }

    /// C ← C + W Xᵀ.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_product(self, weights: &mut PackedWeights<A>, c: ArrayViewMut2<A>) {
        self.multiply(weights, c, true);
    }

    fn multiply(self, weights: &mut PackedWeights<A>, c: ArrayViewMut2<A>, added: bool) {
        match self.factor {
            Factor::Sparse(images) if images.has_forward() => {
                let workspace = weights.pack(Packing::Sparse, |matrices, workspace| {
                    workspace.panels.pack(matrices);
                });
                images.product(&workspace.panels, c, added, &mut workspace.sums);
            }
            Factor::Amx(images) if images.has_forward() => {
                let workspace = weights.pack(Packing::Amx, |matrices, workspace| {
                    images.pack(matrices, &mut workspace.left);
                });
                images.product(&workspace.left, c, added);
            }
            _ => {
                let (w, x) = (weights.as_one_matrix(), self.gray().reversed_axes());
                if added { gemm_add(w, x, c) } else { gemm(w, x, c) }
            }
        }
    }

    /// C ← C + D X, the sum of the outer products of columns of D and images, for D `(width,
    /// images)` and C `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product(
        self,
        d: ArrayView2<A>,
        c: ArrayViewMut2<A>,
        workspace: &mut ImageWorkspace<A>,
    ) {
        match self.factor {
            Factor::Sparse(images) if images.has_backward() => {
                workspace.panels.pack(&[d]);
                images.add_outer_product(&workspace.panels, c, &mut workspace.sums);
            }
            Factor::Amx(images) if images.has_backward() => {
                images.pack(&[d], &mut workspace.left);
                images.add_outer_product(&workspace.left, c);
            }
            _ => gemm_add(d, self.gray(), c),
        }
    }
}

/// Memory for the left factor of products with images, and for sums; it grows.
#[derive(Default)]
pub struct ImageWorkspace<A> {
    panels: Panels<A>,
    sums: Buffer<A>,
    left: Left,
    /// Several matrices, one below the other.
    joined: Vec<A>,
}

/// W, one or several matrices of weights, one below the other, in the order that products with
/// images read.
///
/// They are packed at the first product. This value borrows the weights, so they cannot change
/// afterward.
pub struct PackedWeights<'w, A> {
    matrices: Vec<ArrayView2<'w, A>>,
    packing: Option<Packing>,
    workspace: &'w mut ImageWorkspace<A>,
}

/// What the workspace contains.
#[derive(Clone, Copy, PartialEq)]
enum Packing {
    Joined,
    Sparse,
    Amx,
}

impl<'w, A: Real> PackedWeights<'w, A> {
    /// `(width, pixels)` each, rows contiguous; all that `workspace` contains is overwritten.
    pub fn new(matrices: Vec<ArrayView2<'w, A>>, workspace: &'w mut ImageWorkspace<A>) -> Self {
        Self { matrices, packing: None, workspace }
    }

    /// The workspace, filled by `pack` unless it is already.
    fn pack(
        &mut self,
        packing: Packing,
        pack: impl FnOnce(&[ArrayView2<A>], &mut ImageWorkspace<A>),
    ) -> &mut ImageWorkspace<A> {
        if self.packing != Some(packing) {
            pack(&self.matrices, self.workspace);
            self.packing = Some(packing);
        }
        self.workspace
    }

    /// Copied if they are several.
    fn as_one_matrix(&mut self) -> ArrayView2<'_, A> {
        if let &[matrix] = &self.matrices[..] {
            // A view does not shorten its lifetime by itself.
            return matrix.reborrow();
        }
        let shape = (
            self.matrices.iter().map(ArrayView2::nrows).sum(),
            self.matrices.first().map_or(0, ArrayView2::ncols),
        );
        let workspace = self.pack(Packing::Joined, |matrices, workspace| {
            let ImageWorkspace { joined, .. } = workspace;
            joined.clear();
            joined.reserve_exact(shape.0 * shape.1);
            for matrix in matrices {
                joined.extend_from_slice(matrix.as_slice().expect("contiguous rows"));
            }
        });
        ArrayView2::from_shape(shape, &workspace.joined).expect("matrices of one width")
    }
}

#[cfg(test)]
mod tests;
