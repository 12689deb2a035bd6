//! Against the plain product of the same gray values.

use super::*;
use ndarray::Array2;

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
    assert!(c.iter().zip(expected).all(|(x, e)| (x.wide() - e).abs() < tolerance * scale), "{what}");
}

/// Sums of up to 784 terms, here and in the plain product: 64 units in the last place of the largest one.
fn is_the_plain_product<A: Real>(unit: f64) {
    let tolerance = 64.0 * unit;
    let (mut sparse, mut sums) = (Sparse::default(), Vec::new());
    // Also after another block, larger or smaller.
    for (images, count, width) in
        [(1, 1, 1), (9, 128, 50), (64, 784, 50), (131, 130, 67), (256, 784, 3), (7, 8, 64), (16, 100, 16)]
    {
        let bytes = pixels(images, count, 5);
        sparse.read(&bytes, count, true);
        assert!(sparse.has_backward());
        let x = Array2::from_shape_vec((images, count), bytes.iter().map(|&p| f64::from(p) / 255.0).collect()).unwrap();
        let (weight, delta) = (numbers::<A>(width, count), numbers::<A>(width, images));
        let (wide_weight, wide_delta) = (weight.mapv(A::wide), delta.mapv(A::wide));
        let (forward, backward) = (wide_weight.dot(&x.t()), wide_delta.dot(&x) + &wide_weight);
        for (weight, delta) in [(&weight, &delta), (&by_columns(&weight), &by_columns(&delta))] {
            for turned in [false, true] {
                let what = format!("{images} images of {count} pixels, {width} wide, {turned}");
                let ordered =
                    |matrix: &Array2<A>| if turned { by_columns(matrix) } else { matrix.as_standard_layout().into_owned() };
                let mut c = ordered(&Array2::from_elem((width, images), A::nan()));
                sparse.product(weight.view(), c.view_mut(), &mut sums);
                close(&c, &forward, tolerance, &what);
                sparse.add_product(weight.view(), c.view_mut(), &mut sums);
                close(&c, &(2.0 * &forward), tolerance, &what);
                let mut c = ordered(weight);
                sparse.add_outer_product(delta.view(), c.view_mut(), &mut sums);
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

#[test]
fn what_is_not_a_number_stays_so_where_a_pixel_counts() {
    let (mut sparse, mut sums) = (Sparse::<f32>::default(), Vec::new());
    sparse.read(&[0, 255, 255, 0], 2, false);
    let mut c = Array2::zeros((1, 2));
    sparse.product(ndarray::array![[f32::NAN, 2.0]].view(), c.view_mut(), &mut sums);
    assert!(c[[0, 0]].to_bits() == 2.0_f32.to_bits() && c[[0, 1]].is_nan());
}

#[test]
fn suits_images_with_one_pixel_in_three() {
    assert!(Sparse::<f32>::suits(&[0, 0, 1]) && !Sparse::<f32>::suits(&[0, 1]) && Sparse::<f32>::suits(&[0; 5]));
}
