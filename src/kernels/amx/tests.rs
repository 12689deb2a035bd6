//! Against the plain product in f64. Without AMX nothing is tested.

use super::*;
use ndarray::Array2;

fn pixels(images: usize, pixels: usize) -> Vec<u8> {
    let pixel = |(i, j): (usize, usize)| ((7 + i * 31 + j * 17 + i * j) % 256) as u8;
    Array2::from_shape_fn((images, pixels), pixel).into_raw_vec_and_offset().0
}

fn numbers(rows: usize, columns: usize) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        (0.5 + 1.3 * i as f32 + 0.7 * j as f32 + (i * j % 5) as f32).sin()
    })
}

/// The same matrix, its columns contiguous.
fn by_columns(matrix: &Array2<f32>) -> Array2<f32> {
    matrix.t().as_standard_layout().into_owned().reversed_axes()
}

fn in_f64(bytes: &[u8], images: usize) -> Array2<f64> {
    let gray = bytes.iter().map(|&pixel| f64::from(pixel) / 255.0).collect();
    Array2::from_shape_vec((images, bytes.len() / images), gray).unwrap()
}

/// Largest error in units of the root of the mean square.
fn error(c: &Array2<f32>, expected: &Array2<f64>) -> f64 {
    let scale = (expected.iter().map(|x| x * x).sum::<f64>() / expected.len() as f64).sqrt();
    c.iter().zip(expected).map(|(&x, e)| (f64::from(x) - e).abs()).fold(0.0, f64::max) / scale
}

/// What the additions of so many terms in `f32` may leave.
fn tolerance(terms: usize) -> f64 {
    f64::from(f32::EPSILON) * (4.0 + 2.0 * (terms as f64).sqrt())
}

#[test]
fn is_the_plain_product_in_every_order_of_memory() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let mut left = Left::default();
    // Also after another block, larger or smaller.
    for (images, count, width) in [
        (1, 1, 1),
        (64, 784, 50),
        (9, 31, 50),
        (131, 130, 67),
        (256, 784, 3),
        (32, 64, 32),
        (33, 65, 33),
        (7, 8, 64),
    ] {
        let bytes = pixels(images, count);
        amx.read(&bytes, count, true, true);
        assert!(amx.has_forward() && amx.has_backward());
        let x = in_f64(&bytes, images);
        let (weight, delta) = (numbers(width, count), numbers(width, images));
        let (wide_weight, wide_delta) = (weight.mapv(f64::from), delta.mapv(f64::from));
        let (forward, backward) = (wide_weight.dot(&x.t()), wide_delta.dot(&x) + &wide_weight);
        for (weight, delta) in [(&weight, &delta), (&by_columns(&weight), &by_columns(&delta))] {
            for by_column in [false, true] {
                let what = format!("{images} images of {count} pixels, {width} wide, {by_column}");
                let ordered = |matrix: &Array2<f32>| {
                    if by_column {
                        by_columns(matrix)
                    } else {
                        matrix.as_standard_layout().into_owned()
                    }
                };
                let mut c = ordered(&Array2::from_elem((width, images), f32::NAN));
                amx.pack(&[weight.view()], &mut left);
                amx.product(&left, c.view_mut(), false);
                assert!(
                    error(&c, &forward) < tolerance(count),
                    "{what}: {:e}",
                    error(&c, &forward)
                );
                amx.pack(&[weight.view()], &mut left);
                amx.product(&left, c.view_mut(), true);
                assert!(error(&c, &(2.0 * &forward)) < tolerance(count), "{what}, added");
                let mut c = ordered(weight);
                amx.pack(&[delta.view()], &mut left);
                amx.add_outer_product(&left, c.view_mut());
                assert!(error(&c, &backward) < tolerance(images), "{what}, backward");
            }
        }
    }
}

/// A number keeps what is not below 2⁻²³ of the largest of its row, whatever that is, and what
/// comes out is rounded once.
#[test]
fn weights_of_a_row_keep_24_bits_of_the_largest() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let (count, mut left) = (200, Left::default());
    // Each image shows one weight of each row.
    let bytes = Array2::from_shape_fn((count, count), |(i, j)| u8::from(i == j))
        .into_raw_vec_and_offset()
        .0;
    amx.read(&bytes, count, true, false);
    assert!(!amx.has_backward());
    for exponent in [-100, -40, 0, 40, 120] {
        let size = |row: usize| f64::powi(2.0, exponent) * (0.02 * row as f64).exp2();
        let weights = Array2::from_shape_fn((50, count), |(row, i)| {
            (size(row) * (1.37 * (i + row) as f64).sin()) as f32
        });
        let mut c = Array2::<f32>::zeros((50, count));
        amx.pack(&[weights.view()], &mut left);
        amx.product(&left, c.view_mut(), false);
        for (c, weights) in c.outer_iter().zip(weights.outer_iter()) {
            let largest =
                weights.iter().fold(0.0, |largest: f64, &w| largest.max(f64::from(w).abs()));
            for (&c, &weight) in c.iter().zip(weights) {
                let exact = f64::from(weight) / 255.0;
                let bound = largest / 255.0 * (-23_f64).exp2()
                    + 0.51 * f64::from(f32::EPSILON) * exact.abs();
                assert!(
                    (f64::from(c) - exact).abs() <= bound,
                    "{c:e} and {exact:e} of {largest:e}"
                );
            }
        }
    }
    // A white pixel is 1.
    amx.read(&[255], 1, true, false);
    let mut c = Array2::<f32>::zeros((2, 1));
    amx.pack(&[ndarray::array![[60.0_f32], [-3.75]].view()], &mut left);
    amx.product(&left, c.view_mut(), false);
    assert_eq!(c, ndarray::array![[60.0], [-3.75]]);
}

/// The largest and the smallest integers, and those at which digits change their sign.
#[test]
fn every_digit_arrives() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let digits = [-128, -127, -1, 0, 1, 2, 126, 127];
    let mut integers: Vec<i32> = digits
        .iter()
        .flat_map(|h| digits.iter().flat_map(move |m| digits.map(|l| (h * 256 + m) * 256 + l)))
        .collect();
    integers.retain(|i| i.abs() < (1 << 23) - (1 << 16));
    for scale in [1.0, -1.0] {
        for &integer in &integers {
            // Beside it one that sets the scale.
            let row = ndarray::array![[integer as f32 * scale, 8_000_000.0]];
            let (mut c, mut left) = (Array2::<f32>::zeros((1, 1)), Left::default());
            amx.read(&[1, 0], 2, true, false);
            amx.pack(&[row.view()], &mut left);
            amx.product(&left, c.view_mut(), false);
            let exact = f64::from(row[[0, 0]]) / 255.0;
            assert!(
                (f64::from(c[[0, 0]]) - exact).abs()
                    <= 0.51 * f64::from(f32::EPSILON) * exact.abs(),
                "{row}: {c}"
            );
        }
    }
}

#[test]
fn matrices_one_below_the_other_are_one_factor() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let (first, second) = (numbers(50, 130), numbers(7, 130).mapv(|x| 1.0 - x));
    let both = ndarray::concatenate![ndarray::Axis(0), first, second];
    let (mut parts, mut whole) = (Left::default(), Left::default());
    amx.pack(&[first.view(), second.view()], &mut parts);
    amx.pack(&[both.view()], &mut whole);
    for images in [40, 64] {
        amx.read(&pixels(images, 130), 130, true, false);
        let (mut c, mut expected) =
            (Array2::<f32>::zeros((57, images)), Array2::<f32>::zeros((57, images)));
        amx.product(&parts, c.view_mut(), false);
        amx.product(&whole, expected.view_mut(), false);
        assert_eq!(c, expected);
    }
}

/// Low digits would all be missing in a sum that is thousands of times as large.
#[test]
fn low_digits_arrive_in_long_sums_of_one_sign() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let (images, count, width) = (64, 784, 40);
    let bytes = vec![255; images * count];
    amx.read(&bytes, count, true, true);
    let weight = numbers(width, count).mapv(|w| 1.5 + 0.5 * w);
    let (mut left, mut c) = (Left::default(), Array2::<f32>::zeros((width, images)));
    amx.pack(&[weight.view()], &mut left);
    amx.product(&left, c.view_mut(), false);
    for (row, weights) in c.outer_iter().zip(weight.outer_iter()) {
        let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        assert!(row.iter().all(|&c| (f64::from(c) / sum - 1.0).abs() < 1e-6), "{row} and {sum}");
    }
    let (mut c, mut expected) = (Array2::<f32>::zeros((width, count)), vec![0.0; width]);
    for time in 0..200 {
        let delta = Array2::from_shape_fn((width, images), |(i, n)| {
            1.5 + 0.5 * (0.7 * (i + 3 * n) as f32 + 0.3 * time as f32).sin()
        });
        let sums = delta.outer_iter().map(|delta| delta.iter().map(|&d| f64::from(d)).sum::<f64>());
        expected.iter_mut().zip(sums).for_each(|(expected, sum)| *expected += sum);
        amx.pack(&[delta.view()], &mut left);
        amx.add_outer_product(&left, c.view_mut());
    }
    for (row, sum) in c.outer_iter().zip(expected) {
        assert!(row.iter().all(|&c| (f64::from(c) / sum - 1.0).abs() < 1e-6), "{row} and {sum}");
    }
}

#[test]
fn black_images_and_pixels_are_left_out() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let mut left = Left::default();
    let (images, count, width) = (100, 400, 50);
    // Black rows above, within and below, and some black images.
    let mut bytes = pixels(images, count);
    for (i, image) in bytes.chunks_exact_mut(count).enumerate() {
        [0..70, 150..230, 300..400].into_iter().for_each(|black| image[black].fill(0));
        image.iter_mut().filter(|_| (32..64).contains(&i) || i > 90).for_each(|pixel| *pixel = 0);
    }
    amx.read(&bytes, count, true, true);
    let (x, weight, delta) =
        (in_f64(&bytes, images), numbers(width, count), numbers(width, images));
    let (forward, backward) = (weight.mapv(f64::from).dot(&x.t()), delta.mapv(f64::from).dot(&x));
    for by_column in [false, true] {
        let filled = |shape: (usize, usize), x: f32| {
            if by_column {
                Array2::from_elem((shape.1, shape.0), x).reversed_axes()
            } else {
                Array2::from_elem(shape, x)
            }
        };
        let (mut c, mut sum) = (filled((width, images), f32::NAN), filled((width, count), 0.0));
        amx.pack(&[weight.view()], &mut left);
        amx.product(&left, c.view_mut(), false);
        assert!(
            error(&c, &forward) < tolerance(count) && c.column(95).iter().all(|&c| c == 0.0),
            "{by_column}"
        );
        amx.pack(&[delta.view()], &mut left);
        amx.add_outer_product(&left, sum.view_mut());
        assert!(error(&sum, &backward) < tolerance(images), "{by_column}, backward");
    }
}

/// The largest digits, white pixels, and more of them than fit into a sum of 31 bits.
#[test]
fn sums_of_many_pixels_do_not_overflow() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let (count, mut left) = (70_000, Left::default());
    amx.read(&vec![255; count], count, true, false);
    let weights = ndarray::concatenate![
        ndarray::Axis(0),
        Array2::from_elem((1, count), -1.984_f32),
        Array2::from_elem((1, count), 1.984_f32),
    ];
    let mut c = Array2::<f32>::zeros((2, 1));
    amx.pack(&[weights.view()], &mut left);
    amx.product(&left, c.view_mut(), false);
    let exact = 1.984 * count as f64;
    assert!(
        (f64::from(c[[0, 0]]) / -exact - 1.0).abs() < 1e-6
            && (f64::from(c[[1, 0]]) / exact - 1.0).abs() < 1e-6,
        "{c}"
    );
}

#[test]
fn no_images_add_nothing() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    let mut left = Left::default();
    amx.read(&pixels(64, 10), 10, true, true);
    let mut c = Array2::<f32>::zeros((5, 10));
    amx.pack(&[numbers(5, 64).view()], &mut left);
    amx.add_outer_product(&left, c.view_mut());
    let before = c.clone();
    amx.read(&[], 10, true, true);
    amx.pack(&[numbers(5, 0).view()], &mut left);
    amx.add_outer_product(&left, c.view_mut());
    assert_eq!(c, before);
}

#[test]
fn nan_and_infinity_do_not_become_numbers() {
    let Some(mut amx) = AmxImages::of::<f32>() else { return };
    amx.read(&[1, 2], 2, true, true);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut c = Array2::<f32>::zeros((2, 1));
        let mut left = Left::default();
        amx.pack(&[ndarray::array![[bad, 1.0], [1.0, 1.0]].view()], &mut left);
        amx.product(&left, c.view_mut(), false);
        assert!(!c[[0, 0]].is_finite() && (c[[1, 0]] - 3.0 / 255.0).abs() < 1e-8, "{bad}: {c}");
    }
}

#[test]
fn threads_have_registers_of_their_own() {
    let bytes = pixels(64, 784);
    let work = |width: usize| {
        let mut amx = AmxImages::of::<f32>()?;
        let mut c = Array2::<f32>::zeros((width, 64));
        for _ in 0..50 {
            amx.read(&bytes, 784, true, false);
            let mut left = Left::default();
            amx.pack(&[numbers(width, 784).view()], &mut left);
            amx.product(&left, c.view_mut(), false);
        }
        Some(c)
    };
    let alone = [work(50), work(20)];
    let together = std::thread::scope(|scope| {
        [scope.spawn(|| work(50)), scope.spawn(|| work(20))].map(|t| t.join().unwrap())
    });
    assert_eq!(alone, together);
}

#[test]
fn there_are_none_in_double_precision() {
    assert!(AmxImages::of::<f64>().is_none());
}
