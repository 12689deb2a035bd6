//! Images as a factor of products.

use super::sparse::SparseRoom;
use super::tiles::LeftRoom;
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

/// Room that such products need; it grows. What is made of the left factor stays there for the next product.
#[derive(Default)]
pub struct FactorRoom<A> {
    lists: SparseRoom<A>,
    tiles: LeftRoom,
}

impl<A: Real> Factor<'_, A> {
    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)`, some matrices one below the other, and C
    /// `(width, images)`. In the `evaluation` of the same number A is what it was when `room` was last used; without a
    /// number it is always another.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of a matrix follow each other in memory; those of
    /// several matrices have to be the rows.
    pub fn product(
        self,
        a: &[ArrayView2<A>],
        c: ArrayViewMut2<A>,
        added: bool,
        evaluation: Option<u64>,
        room: &mut FactorRoom<A>,
    ) {
        match self {
            Self::Lists(lists) => lists.product(a, c, added, evaluation, &mut room.lists),
            Self::Tiles(tiles) => tiles.product(a, c, added, evaluation, &mut room.tiles),
        }
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width, images)` and C
    /// `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product(
        self,
        a: ArrayView2<A>,
        c: ArrayViewMut2<A>,
        room: &mut FactorRoom<A>,
    ) {
        match self {
            Self::Lists(lists) => lists.add_outer_product(a, c, &mut room.lists),
            Self::Tiles(tiles) => tiles.add_outer_product(a, c, &mut room.tiles),
        }
    }

    /// Whether it was made for [`Self::product`].
    pub fn has_forward(self) -> bool {
        match self {
            Self::Lists(lists) => lists.has_forward(),
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
