//! Images as a factor of products.

use super::sparse::Panels;
use super::tiles::LeftTiles;
use super::{Real, Sparse, Tiled};
use ndarray::{ArrayView2, ArrayViewMut2};

/// X, `(images, pixels)`, in a form that multiplies faster than its numbers do.
#[derive(Clone, Copy)]
pub enum Factor<'a, A> {
    /// Lists of what is not black.
    Lists(&'a Sparse<A>),
    /// Tiles of the processor.
    Tiles(&'a Tiled),
}

/// The other factor of such a product, A, as that form wants it; room that grows.
#[derive(Default)]
pub struct LeftFactor<A> {
    panels: Panels<A>,
    tiles: LeftTiles,
    sums: Vec<A>,
}

impl<A: Real> Factor<'_, A> {
    /// Takes over A, for one product or several with factors of this kind.
    ///
    /// # Panics
    /// If neither rows nor columns of A follow each other in memory.
    pub fn pack(self, a: ArrayView2<A>, left: &mut LeftFactor<A>) {
        match self {
            Self::Lists(_) => left.panels.pack(a),
            Self::Tiles(tiles) => tiles.pack(a, &mut left.tiles),
        }
    }

    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)` and C `(width, images)`.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of C follow each other in memory.
    pub fn product(self, a: &mut LeftFactor<A>, c: ArrayViewMut2<A>, added: bool) {
        match self {
            Self::Lists(lists) => lists.product(&a.panels, c, added, &mut a.sums),
            Self::Tiles(tiles) => tiles.product(&a.tiles, c, added),
        }
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width, images)` and C
    /// `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product(self, a: &mut LeftFactor<A>, c: ArrayViewMut2<A>) {
        match self {
            Self::Lists(lists) => lists.add_outer_product(&a.panels, c, &mut a.sums),
            Self::Tiles(tiles) => tiles.add_outer_product(&a.tiles, c),
        }
    }

    /// Whether it was made for [`Self::product`].
    pub fn has_forward(self) -> bool {
        match self {
            Self::Lists(_) => true,
            Self::Tiles(tiles) => tiles.has_forward(),
        }
    }

    /// Whether it was made for [`Self::add_outer_product`].
    pub fn has_backward(self) -> bool {
        match self {
            Self::Lists(lists) => lists.has_backward(),
            Self::Tiles(tiles) => tiles.has_backward(),
        }
    }
}
