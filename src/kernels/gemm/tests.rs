//! The kernel against ndarray's own product of integers, which no order of summation changes.

use super::kernel::{Left, multiply};
use super::*;
use ndarray::{Array2, s};

/// Small integers: every sum of their products is exact in both types.
fn integers<A: Real>(rows: usize, columns: usize, salt: usize) -> Array2<A> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        A::of(((i * 7 + j * 13 + i * j + salt) % 11) as f64 - 5.0)
    })
}

/// The same matrix, its columns contiguous.
fn by_columns<A: Real>(matrix: &Array2<A>) -> Array2<A> {
    matrix.t().as_standard_layout().into_owned().reversed_axes()
}

fn expected<A: Real>(a: &Array2<A>, b: &Array2<A>) -> Array2<A> {
    let element =
        |(i, j)| A::of(a.row(i).iter().zip(b.column(j)).map(|(x, y)| x.wide() * y.wide()).sum());
    Array2::from_shape_fn((a.nrows(), b.ncols()), element)
}

fn multiplies_in_every_order<A: Real>() {
    let shapes = [
        (1, 1, 1),
        (6, 64, 5),
        (5, 16, 128),
        (7, 80, 129),
        (50, 49, 300),
        (13, 3, 17),
        (4, 131, 2),
        (23, 77, 8),
    ];
    for (rows, columns, inner) in shapes {
        let (a, b) = (integers::<A>(rows, inner, 1), integers::<A>(inner, columns, 2));
        let product = expected(&a, &b);
        // Every second column of a wider matrix: nothing of it is contiguous.
        let mut wide = Array2::zeros((inner, 2 * columns));
        wide.slice_mut(s![.., ..;2]).assign(&b);
        for left in [&a, &by_columns(&a)] {
            for right in [b.view(), by_columns(&b).view(), wide.slice(s![.., ..;2])] {
                let mut c = integers::<A>(rows, columns, 3);
                let sum = &c + &product;
                multiply(Left::of(left.view()).unwrap(), right, c.as_slice_mut().unwrap(), true);
                assert_eq!(c, sum, "{rows} × {inner} × {columns}, added");
                multiply(Left::of(left.view()).unwrap(), right, c.as_slice_mut().unwrap(), false);
                assert_eq!(c, product, "{rows} × {inner} × {columns}");
            }
        }
    }
}

#[test]
fn multiplies_in_every_order_of_memory() {
    multiplies_in_every_order::<f32>();
    multiplies_in_every_order::<f64>();
}

/// Shapes on both sides of every choice, with each factor and C in either order.
fn chooses<A: Real>() {
    for (rows, columns, inner) in [(3, 4, 5), (50, 64, 784), (128, 256, 40), (784, 400, 4)] {
        let (a, b) = (integers::<A>(rows, inner, 4), integers::<A>(inner, columns, 5));
        let exact = expected(&a, &b);
        for a in [&a, &by_columns(&a)] {
            for b in [&b, &by_columns(&b)] {
                let mut c = integers::<A>(rows, columns, 6);
                let mut transposed = by_columns(&c);
                let sum = &c + &exact;
                gemm_add(a.view(), b.view(), c.view_mut());
                assert_eq!(c, sum);
                gemm(a.view(), b.view(), transposed.view_mut());
                assert_eq!(transposed, exact);
            }
        }
    }
}

#[test]
fn whoever_multiplies_the_product_is_the_same() {
    chooses::<f32>();
    chooses::<f64>();
}

#[test]
fn a_product_over_nothing_is_zero() {
    let (a, b) = (Array2::<f32>::zeros((3, 0)), Array2::zeros((0, 20)));
    let mut c = Array2::from_elem((3, 20), 7.0);
    gemm_add(a.view(), b.view(), c.view_mut());
    assert_eq!(c, Array2::from_elem((3, 20), 7.0));
    multiply(Left::of(a.view()).unwrap(), b.view(), c.as_slice_mut().unwrap(), false);
    assert_eq!(c, Array2::<f32>::zeros((3, 20)));
}

#[test]
#[should_panic(expected = "times")]
fn shapes_that_do_not_agree_are_refused() {
    gemm(
        Array2::<f32>::zeros((2, 3)).view(),
        Array2::zeros((2, 3)).view(),
        Array2::zeros((2, 3)).view_mut(),
    );
}
