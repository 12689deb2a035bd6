//! Products of matrices of the sizes of a layer (GEMM).
//!
//! A layer's product has a few dozen rows and columns, or a few hundred. OpenBLAS copies both
//! factors before it multiplies, which takes a quarter of the time or more at such sizes. Here the
//! left factor is read in place. The right one is copied only if its rows are not contiguous, and
//! not even then if [`dots`] are faster. Large products use OpenBLAS. The choice depends only on
//! the type of processor, on shapes and on orders in memory.
//!
//! The gradient of the first layer of FCP for 64 images runs at 119 to 126 Gflop/s, with OpenBLAS
//! at 90 to 93, on a core whose multipliers can do 140.

mod dots;
mod kernel;
pub(super) mod panel;
mod transpose;

use super::Real;
use super::dispatch::{Arch, arch};
use kernel::{Left, multiply};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
pub use transpose::Transpose;

/// Largest left factor, in numbers. A larger one is faster to copy once than to read again for each
/// panel of columns.
const MAX_LEFT: usize = 1 << 18;

/// Number of multiplications up to which OpenBLAS copies nothing either and is faster: for a right
/// factor with contiguous rows, and with contiguous columns.
const SMALL: [usize; 2] = [1_000_000, 100_000];

/// C ← A B.
///
/// # Panics
/// If the shapes do not agree.
pub fn gemm<A: Real>(a: ArrayView2<A>, b: ArrayView2<A>, c: ArrayViewMut2<A>) {
    choose(a, b, c, false);
}

/// C ← C + A B, where A B is summed before it is added.
///
/// # Panics
/// If the shapes do not agree.
pub fn gemm_add<A: Real>(a: ArrayView2<A>, b: ArrayView2<A>, c: ArrayViewMut2<A>) {
    choose(a, b, c, true);
}

fn choose<A: Real>(a: ArrayView2<A>, b: ArrayView2<A>, mut c: ArrayViewMut2<A>, added: bool) {
    assert!(
        a.ncols() == b.nrows() && c.dim() == (a.nrows(), b.ncols()),
        "{:?} times {:?} into {:?}",
        a.dim(),
        b.dim(),
        c.dim()
    );
    if let (Some(left), Some(into)) = (Left::of(a), c.as_slice_mut()) {
        if suits(a, b) {
            return multiply(left, b, into, added);
        }
    } else if let (Some(left), Some(into)) =
        (Left::of(b.reversed_axes()), c.view_mut().reversed_axes().into_slice())
        && suits(b.reversed_axes(), a.reversed_axes())
    {
        return multiply(left, a.reversed_axes(), into, added);
    }
    let old = if added { A::one() } else { A::zero() };
    general_mat_mul(A::one(), &a, &b, old, &mut c);
}

/// Whether the product of these is one for [`multiply`]; without vector instructions none is.
fn suits<A>(left: ArrayView2<A>, right: ArrayView2<A>) -> bool {
    let small = SMALL[usize::from(right.strides()[1] != 1)];
    left.len() <= MAX_LEFT && left.len() * right.ncols() > small && !matches!(arch(), Arch::Scalar)
}

#[cfg(test)]
mod tests;
