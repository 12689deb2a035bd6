//! Images as a factor of products.

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
    sums: Vec<A>,
    left: LeftRoom,
}

impl<A: Real> Factor<'_, A> {
    /// C ← A Xᵀ, or C ← C + A Xᵀ if it is `added`, for A `(width, pixels)` and C `(width, images)`. In the `evaluation`
    /// of the same number A is what it was when `room` was last used; without a number it is always another.
    ///
    /// # Panics
    /// If the shapes do not agree, or neither rows nor columns of a matrix follow each other in memory.
    pub fn product(self, a: ArrayView2<A>, c: ArrayViewMut2<A>, added: bool, evaluation: Option<u64>, room: &mut FactorRoom<A>) {
        match self {
            Self::Lists(lists) if added => lists.add_product(a, c, &mut room.sums),
            Self::Lists(lists) => lists.product(a, c, &mut room.sums),
            Self::Tiles(tiles) => tiles.product(&[a], c, added, evaluation, &mut room.left),
        }
    }

    /// C ← A Xᵀ for A some matrices one below the other, if that needs no copy of them; returns whether it was done.
    ///
    /// # Panics
    /// As [`Self::product`], or if rows of several matrices do not follow each other in memory.
    pub fn product_of_all(
        self,
        a: &[ArrayView2<A>],
        c: ArrayViewMut2<A>,
        evaluation: Option<u64>,
        room: &mut FactorRoom<A>,
    ) -> bool {
        if let Self::Tiles(tiles) = self {
            tiles.product(a, c, false, evaluation, &mut room.left);
        }
        self.keeps_left()
    }

    /// Whether something is made of the left factor for [`Self::product`], and kept.
    pub fn keeps_left(self) -> bool {
        matches!(self, Self::Tiles(_))
    }

    /// C ← C + A X, the sum of the outer products of columns of A and images, for A `(width, images)` and C
    /// `(width, pixels)`.
    ///
    /// # Panics
    /// As [`Self::product`].
    pub fn add_outer_product(self, a: ArrayView2<A>, c: ArrayViewMut2<A>, room: &mut FactorRoom<A>) {
        match self {
            Self::Lists(lists) => lists.add_outer_product(a, c, &mut room.sums),
            Self::Tiles(tiles) => tiles.add_outer_product(a, c, &mut room.left),
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
