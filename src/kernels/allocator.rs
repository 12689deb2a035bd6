//! Where in memory long arrays begin: at the lines of the cache.
//!
//! A vector of AVX-512 is one line of 64 bytes. The C library's addresses are multiples of 16, so that three in four
//! arrays have every load straddle two lines; products at the sizes of layers and loops over activations then take
//! up to a fifth longer.

use std::alloc::{GlobalAlloc, Layout, System};

/// Bytes in a line of the cache, on processors of today.
const LINE: usize = 64;

/// Bytes from which on an allocation begins with a line.
const LONG: usize = 1024;

/// The system's allocator; long allocations begin with a line. For a program's `#[global_allocator]`.
pub struct Lines;

/// A function of the size alone: what is freed is asked for in the same words.
fn with_lines(layout: Layout) -> Layout {
    if layout.size() < LONG { layout } else { layout.align_to(LINE).unwrap_or(layout) }
}

// SAFETY: every call is passed on to the system's allocator, with the same layout for the same allocation:
// `realloc` where that layout changes takes the two steps of the trait's own.
unsafe impl GlobalAlloc for Lines {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of the system's.
        unsafe { System.alloc(with_lines(layout)) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(with_lines(layout)) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; the pointer comes from `alloc` with a layout of the same size and alignment.
        unsafe { System.dealloc(pointer, with_lines(layout)) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size() < LONG && size < LONG {
            // SAFETY: as above.
            return unsafe { System.realloc(pointer, layout, size) };
        }
        // SAFETY: the caller promises that `size` is no more than a layout may have, and the two do not overlap.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                std::ptr::copy_nonoverlapping(pointer, moved, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE, LONG, Lines};

    #[global_allocator]
    static LINES: Lines = Lines;

    #[test]
    fn long_arrays_begin_with_a_line_also_after_they_grew() {
        for count in [LONG / 4, 1000, 12_800, 1 << 20] {
            let mut numbers = vec![1.0_f32; count];
            assert!(numbers.as_ptr().addr().is_multiple_of(LINE), "{count}");
            let zeros = vec![0.0_f32; count];
            assert!(zeros.as_ptr().addr().is_multiple_of(LINE), "{count} zeros");
            numbers.extend((0..count).map(|i| i as f32));
            assert!(numbers.as_ptr().addr().is_multiple_of(LINE), "{count}, grown");
            assert!(numbers[..count].iter().all(|&x| x.to_bits() == 1.0_f32.to_bits()));
            numbers.truncate(3);
            numbers.shrink_to_fit();
            assert_eq!(numbers, [1.0; 3], "{count}, shrunk");
        }
    }
}
