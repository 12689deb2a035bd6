//! Some of the images of a block, beside each other in a matrix `(width, images)`.

use super::Order;
use crate::kernels::Real;
use std::ops::Range;

/// Images of a block, and how its matrices lie in memory.
#[derive(Clone)]
pub(super) struct Strip {
    order: Order,
    width: usize,
    /// Of the block.
    images: usize,
    pub(super) range: Range<usize>,
}

impl Strip {
    /// All images of a block, up to `most` at a time.
    pub(super) fn all(
        order: Order,
        width: usize,
        images: usize,
        most: usize,
    ) -> impl Iterator<Item = Self> {
        let range = move |start| start..images.min(start + most);
        (0..images).step_by(most).map(move |start| Self {
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

    /// Where they stand in the block's matrix, if they follow each other there.
    fn together(&self) -> Option<Range<usize>> {
        let all = self.range.len() == self.images || self.order == Order::Columns;
        all.then_some(self.range.start * self.width..self.range.end * self.width)
    }

    /// The numbers of these images in a matrix of the block: where they stand, or copied to `room`.
    pub(super) fn of<'a, A: Real>(&self, block: &'a [A], room: &'a mut [A]) -> &'a [A] {
        if let Some(range) = self.together() {
            return &block[range];
        }
        let rows = room.chunks_exact_mut(self.range.len()).zip(block.chunks_exact(self.images));
        rows.for_each(|(room, row)| room.copy_from_slice(&row[self.range.clone()]));
        room
    }

    /// Copies the numbers of these images into the matrix of the block.
    pub(super) fn write<A: Real>(&self, numbers: &[A], block: &mut [A]) {
        if let Some(range) = self.together() {
            return block[range].copy_from_slice(numbers);
        }
        let rows = block.chunks_exact_mut(self.images).zip(numbers.chunks_exact(self.range.len()));
        rows.for_each(|(row, numbers)| row[self.range.clone()].copy_from_slice(numbers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_make_up_the_block_in_either_order() {
        for order in [Order::Rows, Order::Columns] {
            for most in [1, 3, 7, 100] {
                let block: Vec<f64> = (0..21).map(f64::from).collect();
                let mut again = vec![0.0; 21];
                let mut images = 0;
                for strip in Strip::all(order, 3, 7, most) {
                    let mut room = vec![0.0; strip.area()];
                    let numbers = strip.of(&block, &mut room).to_vec();
                    let matrix = order.matrix(&numbers, 3, strip.range.len());
                    assert_eq!(
                        matrix,
                        order.matrix(&block, 3, 7).slice(ndarray::s![.., strip.range.clone()])
                    );
                    strip.write(&numbers, &mut again);
                    images += strip.range.len();
                }
                assert!(images == 7 && again == block, "{order:?}, {most}");
            }
        }
    }
}
