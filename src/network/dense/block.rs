//! Some of the images of a batch, as columns of a matrix `(width, images)`.

use super::StorageOrder;
use crate::kernels::Real;
use std::ops::Range;

/// Images of a batch, and how its matrices lie in memory.
#[derive(Clone)]
pub(super) struct Block {
    order: StorageOrder,
    width: usize,
    /// Of the batch.
    images: usize,
    pub(super) range: Range<usize>,
}

impl Block {
    /// All images of a batch, up to `size` at a time.
    pub(super) fn all(
        order: StorageOrder,
        width: usize,
        images: usize,
        size: usize,
    ) -> impl Iterator<Item = Self> {
        let range = move |start| start..images.min(start + size);
        (0..images).step_by(size).map(move |start| Self {
            order,
            width,
            images,
            range: range(start),
        })
    }

    /// Numbers of a matrix of these images.
    pub(super) fn area(&self) -> usize {
        self.width * self.range.len()
    }

    /// Their range in the matrix of the batch, if they are contiguous there.
    fn contiguous(&self) -> Option<Range<usize>> {
        let all = self.range.len() == self.images || self.order == StorageOrder::Columns;
        all.then_some(self.range.start * self.width..self.range.end * self.width)
    }

    /// The numbers of these images in a matrix of the batch: a part of it, or copied to `copy`.
    pub(super) fn of<'a, A: Real>(&self, batch: &'a [A], copy: &'a mut [A]) -> &'a [A] {
        if let Some(range) = self.contiguous() {
            return &batch[range];
        }
        let rows = copy.chunks_exact_mut(self.range.len()).zip(batch.chunks_exact(self.images));
        rows.for_each(|(copy, row)| copy.copy_from_slice(&row[self.range.clone()]));
        copy
    }

    /// Copies the numbers of these images into the matrix of the batch.
    pub(super) fn write<A: Real>(&self, numbers: &[A], batch: &mut [A]) {
        if let Some(range) = self.contiguous() {
            return batch[range].copy_from_slice(numbers);
        }
        let rows = batch.chunks_exact_mut(self.images).zip(numbers.chunks_exact(self.range.len()));
        rows.for_each(|(row, numbers)| row[self.range.clone()].copy_from_slice(numbers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_make_up_the_batch_in_either_order() {
        for order in [StorageOrder::Rows, StorageOrder::Columns] {
            for size in [1, 3, 7, 100] {
                let batch: Vec<f64> = (0..21).map(f64::from).collect();
                let mut again = vec![0.0; 21];
                let mut images = 0;
                for block in Block::all(order, 3, 7, size) {
                    let mut copy = vec![0.0; block.area()];
                    let numbers = block.of(&batch, &mut copy).to_vec();
                    let matrix = order.matrix(&numbers, 3, block.range.len());
                    assert_eq!(
                        matrix,
                        order.matrix(&batch, 3, 7).slice(ndarray::s![.., block.range.clone()])
                    );
                    block.write(&numbers, &mut again);
                    images += block.range.len();
                }
                assert!(images == 7 && again == batch, "{order:?}, {size}");
            }
        }
    }
}
