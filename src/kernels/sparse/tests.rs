//! Against the plain product of the same gray values.

use super::*;
use ndarray::{Array2, ArrayView2};

/// Pixels of which about one in `every` counts; whole images are black, and others are full.
fn pixels(images: usize, pixels: usize, every: usize) -> Vec<u8> {
    let pixel = |(i, j): (usize, usize)| match i % 7 {
        2 => 0,
        5 => (1 + j % 255) as u8,
        _ if (i * 31 + j * 17 + i * j) % every == 0 => (1 + (i + j) % 255) as u8,
        _ => 0,
    };
    Array2::from_shape_fn((images, pixels), pixel).into_raw_vec_and_offset().0
}

fn numbers<A: Real>(rows: usize, columns: usize) -> Array2<A> {
    Array2::from_shape_fn((rows, columns), |(i, j)| A::of((1.3 * i as f64 + 0.7 * j as f64).sin()))
}

/// The same matrix, its columns contiguous.
fn by_columns<A: Real>(matrix: &Array2<A>) -> Array2<A> {
    matrix.t().as_standard_layout().into_owned().reversed_axes()
}

fn close<A: Real>(c: &Array2<A>, expected: &Array2<f64>, tolerance: f64, what: &str) {
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    assert!(
        c.iter().zip(expected).all(|(x, e)| (x.wide() - e).abs() < tolerance * scale),
        "{what}"
    );
}

/// Sums of up to 784 terms, here and in the plain product: 64 units in the last place of the
/// largest one.
fn is_the_plain_product<A: Real>(unit: f64) {
    let tolerance = 64.0 * unit;
    let (mut sparse, mut panels, mut sums) =
        (SparseImages::default(), Panels::default(), Buffer::default());
    // Also after another block, larger or smaller.
    for (images, count, width) in [
        (1, 1, 1),
        (9, 128, 50),
        (64, 784, 50),
        (131, 130, 67),
        (256, 784, 3),
        (7, 8, 64),
        (16, 100, 16),
    ] {
        let bytes = pixels(images, count, 5);
        // Each way to compress serves some of the sizes.
        let compress = Compress::get().filter(|_| images % 2 == 1);
        sparse.read_with(compress, &bytes, count, true, true);
        assert!(sparse.has_backward());
        let x = Array2::from_shape_vec(
            (images, count),
            bytes.iter().map(|&p| f64::from(p) / 255.0).collect(),
        )
        .unwrap();
        let (weight, delta) = (numbers::<A>(width, count), numbers::<A>(width, images));
        let (wide_weight, wide_delta) = (weight.mapv(A::wide), delta.mapv(A::wide));
        let (forward, backward) = (wide_weight.dot(&x.t()), wide_delta.dot(&x) + &wide_weight);
        for (weight, delta) in [(&weight, &delta), (&by_columns(&weight), &by_columns(&delta))] {
            for by_column in [false, true] {
                let what = format!("{images} images of {count} pixels, {width} wide, {by_column}");
                let ordered = |matrix: &Array2<A>| {
                    if by_column {
                        by_columns(matrix)
                    } else {
                        matrix.as_standard_layout().into_owned()
                    }
                };
                let mut c = ordered(&Array2::from_elem((width, images), A::nan()));
                panels.pack(&[weight.view()]);
                sparse.product(&panels, c.view_mut(), false, &mut sums);
                close(&c, &forward, tolerance, &what);
                sparse.product(&panels, c.view_mut(), true, &mut sums);
                close(&c, &(2.0 * &forward), tolerance, &what);
                let mut c = ordered(weight);
                panels.pack(&[delta.view()]);
                sparse.add_outer_product(&panels, c.view_mut(), &mut sums);
                close(&c, &backward, tolerance, &what);
            }
        }
    }
}

#[test]
fn is_the_plain_product_in_every_order_of_memory() {
    is_the_plain_product::<f32>(f32::EPSILON.into());
    is_the_plain_product::<f64>(f64::EPSILON);
}

/// Sums of up to 131 terms.
fn rows_are_the_plain_product<A: Real>(unit: f64) {
    let mut sparse = SparseRows::default();
    for (rows, columns, width) in [
        (1, 1, 1),
        (64, 28, 192),
        (9, 33, 12),
        (40, 64, 200),
        (131, 70, 7),
        (3, 5, 321),
        (0, 5, 16),
        (8, 9, 16),
    ] {
        let gray =
            pixels(rows, columns, 5).into_iter().map(|pixel| A::gray(pixel)).collect::<Vec<A>>();
        // As the columns of the others, the last one first.
        let order: Vec<usize> = (0..columns).rev().collect();
        sparse.clear(columns);
        gray.chunks_exact(columns).for_each(|row| sparse.push(row, &order));
        let gray = Array2::from_shape_vec((rows, columns), gray).unwrap();
        let s = gray.slice(ndarray::s![.., ..;-1]).mapv(A::wide);
        let (m, d) = (numbers::<A>(columns, width), numbers::<A>(rows, width));
        let mut c = Array2::from_elem((rows, width), A::nan());
        sparse.product(m.as_slice().unwrap(), c.as_slice_mut().unwrap());
        close(
            &c,
            &s.dot(&m.mapv(A::wide)),
            64.0 * unit,
            &format!("{rows} × {columns}, {width} wide"),
        );
        let mut c = m.clone();
        sparse.add_outer_product(d.as_slice().unwrap(), c.as_slice_mut().unwrap());
        close(
            &c,
            &(s.t().dot(&d.mapv(A::wide)) + m.mapv(A::wide)),
            64.0 * unit,
            &format!("{rows} × {columns}, {width} wide"),
        );
    }
}

#[test]
fn sparse_rows_are_the_plain_product() {
    rows_are_the_plain_product::<f32>(f32::EPSILON.into());
    rows_are_the_plain_product::<f64>(f64::EPSILON);
}

#[test]
#[should_panic(expected = "(2, 3): no such matrices")]
fn sparse_rows_refuse_other_shapes() {
    let mut sparse = SparseRows::default();
    sparse.clear(3);
    (0..2).for_each(|_| sparse.push(&[1.0_f32, 0.0, 2.0], &[0, 1, 2]));
    sparse.product(&[1.0; 12], &mut [0.0; 6]);
}

#[test]
fn every_way_to_compress_gives_the_same_matrix() {
    let Some(compress) = Compress::get() else { return };
    for (images, count) in [(1, 1), (3, 63), (16, 64), (17, 65), (128, 128), (129, 130), (300, 784)]
    {
        for every in [1, 5] {
            let bytes = pixels(images, count, every);
            let [mut fast, mut slow, mut fast_transposed, mut slow_transposed] =
                [(); 4].map(|()| ColumnBlocks::<f32>::default());
            fast.read(Some(compress), &bytes, count);
            slow.read(None, &bytes, count);
            fast_transposed.read_transposed(compress, &bytes, count, &mut Vec::new());
            slow.transpose(&mut slow_transposed);
            for (a, b) in [(&fast, &slow), (&fast_transposed, &slow_transposed)] {
                assert_eq!((a.rows(), a.columns()), (b.rows(), b.columns()));
                assert_eq!(a.blocks().count(), b.blocks().count());
                let rows = a.rows();
                for (a, b) in a.blocks().zip(b.blocks()) {
                    assert!(
                        (0..rows).all(|row| a.row(row) == b.row(row)),
                        "{images} images of {count}"
                    );
                }
            }
        }
    }
}

#[test]
fn matrices_one_below_the_other_are_one_factor() {
    let mut sparse = SparseImages::default();
    sparse.read(&pixels(40, 130, 3), 130, true, false);
    let all = numbers::<f32>(3 * 23, 130);
    let parts: Vec<_> = (0..3).map(|k| all.slice(ndarray::s![23 * k..23 * (k + 1), ..])).collect();
    let product = |factors: &[ArrayView2<f32>]| {
        let mut panels = Panels::default();
        panels.pack(factors);
        let mut c = Array2::zeros((3 * 23, 40));
        sparse.product(&panels, c.view_mut(), false, &mut Buffer::default());
        c
    };
    assert_eq!(product(&parts), product(&[all.view()]));
}

#[test]
fn nan_stays_nan_where_a_pixel_counts() {
    let (mut sparse, mut panels) = (SparseImages::<f32>::default(), Panels::default());
    sparse.read(&[0, 255, 255, 0], 2, true, false);
    panels.pack(&[ndarray::array![[f32::NAN, 2.0]].view()]);
    let mut c = Array2::zeros((1, 2));
    sparse.product(&panels, c.view_mut(), false, &mut Buffer::default());
    assert!(c[[0, 0]].to_bits() == 2.0_f32.to_bits() && c[[0, 1]].is_nan());
}

#[test]
fn sparse_rows_skip_nan_where_they_are_zero() {
    let mut sparse = SparseRows::<f32>::default();
    sparse.clear(2);
    sparse.push(&[0.0, 1.0], &[0, 1]);
    sparse.push(&[0.0, 1.0], &[1, 1]);
    let mut c = [0.0; 2];
    sparse.product(&[f32::NAN, 2.0], &mut c);
    assert!(c[0].to_bits() == 2.0_f32.to_bits() && c[1].is_nan());
}

#[test]
fn one_pixel_in_three_is_mostly_black() {
    assert!(mostly_black(&[0, 0, 1]) && !mostly_black(&[0, 1]) && mostly_black(&[0; 5]));
}
