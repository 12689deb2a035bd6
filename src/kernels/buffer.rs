//! Memory that begins with a cache line.
//!
//! A vector of AVX-512 is one cache line of 64 bytes. The addresses of the C library are multiples
//! of 16, so that in three of four arrays every load straddles two lines. Loops over activations
//! then take up to a tenth longer.

use std::ops::{Deref, DerefMut};

/// Bytes in a cache line, on processors of today.
const LINE: usize = 64;

/// Numbers that start at the beginning of a cache line. The buffer grows and is reused.
#[derive(Debug, Default)]
pub struct Buffer<A> {
    /// Longer than needed, so that the numbers can start at a cache line.
    memory: Vec<A>,
    start: usize,
    length: usize,
}

impl<A: Copy + Default> Buffer<A> {
    /// A buffer of `length` zeros.
    pub fn zeros(length: usize) -> Self {
        let mut memory = vec![A::default(); length + LINE / size_of::<A>().max(1)];
        // Too large if no element starts a cache line; then any offset will do.
        let start = memory.as_ptr().align_offset(LINE);
        let start = if start <= memory.len() - length { start } else { 0 };
        memory.truncate(start + length);
        Self { memory, start, length }
    }

    /// Grows it to at least this length. All numbers are 0 if it was shorter.
    pub fn grow(&mut self, length: usize) {
        if self.length < length {
            *self = Self::zeros(length);
        }
    }

    /// Grows it to at least this length, and returns the leading numbers, all 0.
    pub fn zeroed(&mut self, length: usize) -> &mut [A] {
        self.grow(length);
        let numbers = &mut self[..length];
        numbers.fill(A::default());
        numbers
    }
}

impl<A> Deref for Buffer<A> {
    type Target = [A];

    fn deref(&self) -> &[A] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl<A> DerefMut for Buffer<A> {
    fn deref_mut(&mut self) -> &mut [A] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_a_cache_line_also_after_it_grew_or_moved() {
        let mut buffers: Vec<Buffer<f32>> = Vec::new();
        for length in [0, 1, 15, 16, 1000, 12_800, 1 << 20] {
            let mut buffer = Buffer::<f32>::zeros(length);
            assert!(buffer.len() == length && buffer.iter().all(|x| x.to_bits() == 0));
            buffer.fill(1.0);
            buffer.grow(length / 2);
            assert!(buffer.len() == length && buffer.iter().all(|x| x.to_bits() != 0));
            assert!(buffer.zeroed(length / 2).iter().all(|x| x.to_bits() == 0));
            buffer.grow(length + 3);
            assert!(buffer.len() == length + 3 && buffer.iter().all(|x| x.to_bits() == 0));
            buffers.push(buffer);
        }
        for buffer in buffers {
            assert!(buffer.as_ptr().addr().is_multiple_of(LINE), "{}", buffer.len());
        }
        assert!(Buffer::<f64>::zeros(1000).as_ptr().addr().is_multiple_of(LINE));
        assert!(Buffer::<f64>::default().is_empty());
    }
}
