//! What goes into a stack.

use crate::kernels::{Factor, FactorRoom, Real, add_product, product};
use crate::network::Batch;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Images or what an earlier layer made of them, as columns of a matrix X, `(width, images)`.
#[derive(Clone, Copy)]
pub(in crate::network) struct Inputs<'a, A> {
    /// Of images not to be read where there is a factor for it.
    numbers: ArrayView2<'a, A>,
    factor: Option<Factor<'a, A>>,
    /// As that of a [`Batch`].
    evaluation: Option<u64>,
}

impl<'a, A> From<ArrayView2<'a, A>> for Inputs<'a, A> {
    fn from(numbers: ArrayView2<'a, A>) -> Self {
        Self { numbers, factor: None, evaluation: None }
    }
}

impl<'a, A: Real> Inputs<'a, A> {
    /// The images themselves.
    pub(super) fn images_of(batch: Batch<'a, A>) -> Self {
        Self {
            numbers: batch.inputs.reversed_axes(),
            factor: batch.factor,
            evaluation: batch.evaluation,
        }
    }

    /// The same for a shorter time: ndarray's views do not shorten by themselves.
    pub(super) fn reborrow<'b>(self) -> Inputs<'b, A>
    where
        'a: 'b,
    {
        Inputs { numbers: self.numbers.reborrow(), ..self }
    }

    pub(super) fn numbers(self) -> ArrayView2<'a, A> {
        self.numbers
    }

    /// Number of images.
    pub(super) fn images(self) -> usize {
        self.numbers.ncols()
    }

    /// C ← W X; `room` is for factors.
    pub(super) fn product(
        self,
        weight: ArrayView2<A>,
        into: ArrayViewMut2<A>,
        room: &mut FactorRoom<A>,
    ) {
        match self.forward() {
            Some(factor) => factor.product(&[weight], into, false, self.evaluation, room),
            None => product(weight, self.numbers, into),
        }
    }

    /// Whether something is made of W for products, and kept.
    pub(super) fn keeps_weights(self) -> bool {
        self.forward().is_some()
    }

    fn forward(self) -> Option<Factor<'a, A>> {
        self.factor.filter(|factor| factor.has_forward())
    }

    /// C ← W X for W some matrices one below the other, which are copied to `copy` where they have to be.
    pub(super) fn product_of_all(
        self,
        weights: &[ArrayView2<A>],
        copy: &mut Vec<A>,
        into: ArrayViewMut2<A>,
        room: &mut FactorRoom<A>,
    ) {
        if let Some(factor) = self.forward() {
            return factor.product(weights, into, false, self.evaluation, room);
        }
        copy.clear();
        copy.reserve_exact(weights.iter().map(ArrayView2::len).sum());
        weights.iter().for_each(|weight| {
            copy.extend_from_slice(weight.as_slice().expect("in the order of its rows"));
        });
        let shape = (into.nrows(), self.numbers.nrows());
        self.product(ArrayView2::from_shape(shape, copy).expect("as many numbers"), into, room);
    }

    /// C ← C + W X.
    pub(super) fn add_product(
        self,
        weight: ArrayView2<A>,
        into: ArrayViewMut2<A>,
        room: &mut FactorRoom<A>,
    ) {
        match self.forward() {
            Some(factor) => factor.product(&[weight], into, true, self.evaluation, room),
            None => add_product(weight, self.numbers, into),
        }
    }

    /// C ← C + δ Xᵀ.
    pub(super) fn add_outer_product(
        self,
        delta: ArrayView2<A>,
        into: ArrayViewMut2<A>,
        room: &mut FactorRoom<A>,
    ) {
        match self.factor.filter(|factor| factor.has_backward()) {
            Some(factor) => factor.add_outer_product(delta, into, room),
            None => add_product(delta, self.numbers.reversed_axes(), into),
        }
    }
}
