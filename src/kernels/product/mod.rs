//! Products of matrices of the sizes of a layer.
//!
//! A layer's product has a few dozen rows and columns, or a few hundred. OpenBLAS copies both factors before it
//! multiplies, which takes a quarter of the time or more at such sizes; here the left factor is read where it
//! stands, and the right one copied only where its rows do not lie side by side, nor even there if [`dots`] are
//! faster. Large products are left to OpenBLAS. Which of them multiplies depends on the type of processor, on shapes
//! and orders in memory alone.

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

/// Numbers of the left factor from which on it costs more to read it again for each panel of columns than to
/// copy it once.
const LARGE: usize = 1 << 18;

/// Multiplications up to which OpenBLAS does without copies as well, and has the faster kernels: where rows of the
/// right factor follow each other in memory, and where its columns do.
const SMALL: [usize; 2] = [1_000_000, 100_000];

/// C ← A B.
///
/// # Panics
/// If the shapes do not agree.
pub fn product<A: Real>(a: ArrayView2<A>, b: ArrayView2<A>, c: ArrayViewMut2<A>) {
    choose(a, b, c, false);
}

/// C ← C + A B, where A B is summed before it is added.
///
/// # Panics
/// If the shapes do not agree.
pub fn add_product<A: Real>(a: ArrayView2<A>, b: ArrayView2<A>, c: ArrayViewMut2<A>) {
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
    left.len() <= LARGE && left.len() * right.ncols() > small && !matches!(arch(), Arch::Scalar)
}

#[cfg(test)]
mod tests;
