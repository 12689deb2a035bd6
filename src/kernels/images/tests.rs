//! Products in every form against those of the gray values.

use super::*;
use ndarray::Array2;

fn numbers(rows: usize, columns: usize, salt: f32) -> Array2<f32> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (1.3 * i as f32 + 0.7 * j as f32 + salt).sin())
}

fn pixels(images: usize, pixels: usize) -> Vec<u8> {
    let pixel = |k: usize| if k.is_multiple_of(5) { (k * 31 % 256) as u8 } else { 0 };
    (0..images * pixels).map(pixel).collect()
}

fn gray(bytes: &[u8], images: usize) -> Array2<f32> {
    let gray = bytes.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    Array2::from_shape_vec((images, bytes.len() / images), gray).unwrap()
}

fn close(a: &Array2<f32>, b: &Array2<f32>, what: &str) {
    let scale = b.iter().fold(0.0, |scale: f32, x| scale.max(x.abs()));
    let difference = a.iter().zip(b).fold(0.0, |d: f32, (a, b)| d.max((a - b).abs()));
    assert!(difference < 1e-5 * scale, "{what}: {difference}");
}

const PURPOSES: [Purpose; 4] = [Purpose::Losses, Purpose::Gradient, Purpose::Step, Purpose::Path];

#[test]
fn products_are_the_same_in_every_form_and_for_every_purpose() {
    const PIXELS: usize = 784;
    let (first, second) = (numbers(50, PIXELS, 0.1), numbers(7, PIXELS, 0.2));
    let both = ndarray::concatenate![ndarray::Axis(0), first, second];
    for sparse in [false, true] {
        let form = ImageForm { multiplied: true, gray: false, sparse };
        for amx in [false, true] {
            let mut buffer = ImageBuffer::<f32>::new(form);
            if !amx {
                buffer.amx = None;
            }
            for purpose in PURPOSES {
                let (mut workspace, mut backward) =
                    (ImageWorkspace::default(), ImageWorkspace::default());
                let weights = vec![first.view(), second.view()];
                let mut weights = PackedWeights::new(weights, &mut workspace);
                // Several blocks with the same weights, larger and smaller.
                for images in [80, 33, 100] {
                    let what = format!("{images} images, {sparse}, {amx}, {purpose:?}");
                    let bytes = pixels(images, PIXELS);
                    let plain = gray(&bytes, images);
                    let matrix = buffer.read(&bytes, PIXELS, purpose);
                    assert_eq!(matrix.images(), images);
                    let expected = both.dot(&plain.t());
                    let mut c = Array2::from_elem((57, images), f32::NAN);
                    matrix.product(&mut weights, c.view_mut());
                    close(&c, &expected, &what);
                    matrix.add_product(&mut weights, c.view_mut());
                    close(&c, &(2.0 * expected), &what);
                    if purpose != Purpose::Losses {
                        let d = numbers(57, images, 0.3);
                        let mut c = both.clone();
                        matrix.add_outer_product(d.view(), c.view_mut(), &mut backward);
                        close(&c, &(d.dot(&plain) + &both), &what);
                    }
                }
            }
        }
    }
}

/// Numbers are multiplied as they are, with and without AMX, whatever the form says of black pixels.
#[test]
fn products_with_numbers_are_those_of_the_numbers() {
    let w = numbers(9, 130, 0.4);
    for (sparse, gray) in [(false, false), (true, false), (false, true)] {
        let mut buffer = ImageBuffer::<f32>::new(ImageForm { multiplied: true, gray, sparse });
        for purpose in PURPOSES {
            let x = numbers(40, 130, 0.7) * 3.0;
            let (mut workspace, mut backward) = Default::default();
            let mut weights = PackedWeights::new(vec![w.view()], &mut workspace);
            let images = buffer.read(x.as_slice().unwrap(), 130, purpose);
            assert_eq!(images.gray(), x);
            let mut c = Array2::zeros((9, 40));
            images.product(&mut weights, c.view_mut());
            close(&c, &w.dot(&x.t()), "forward");
            let d = numbers(9, 40, 0.3);
            let mut c = w.clone();
            images.add_outer_product(d.view(), c.view_mut(), &mut backward);
            close(&c, &(d.dot(&x) + &w), "backward");
        }
    }
}

#[test]
fn weights_are_packed_anew_for_new_weights_in_the_same_memory() {
    let mut workspace = ImageWorkspace::default();
    let bytes = pixels(40, 130);
    let form = ImageForm { multiplied: true, gray: false, sparse: true };
    let mut buffer = ImageBuffer::<f32>::new(form);
    for salt in [0.0, 1.0] {
        let w = numbers(23, 130, salt);
        let mut weights = PackedWeights::new(vec![w.view()], &mut workspace);
        let mut c = Array2::zeros((23, 40));
        buffer.read(&bytes, 130, Purpose::Path).product(&mut weights, c.view_mut());
        close(&c, &w.dot(&gray(&bytes, 40).t()), "new weights");
    }
}

#[test]
fn networks_that_do_not_multiply_images_get_gray_values() {
    let form = ImageForm { multiplied: false, gray: false, sparse: true };
    let mut buffer = ImageBuffer::<f64>::new(form);
    for purpose in PURPOSES {
        let images = buffer.read(&[0, 51, 255, 0, 0, 0], 3, purpose);
        assert_eq!(images.gray(), ndarray::array![[0.0, 0.2, 1.0], [0.0, 0.0, 0.0]]);
        assert_eq!(images.range(1..2).gray(), ndarray::array![[0.0, 0.0, 0.0]]);
    }
}

#[test]
#[should_panic(expected = "gray values")]
fn gray_values_that_were_not_read_are_refused() {
    let form = ImageForm { multiplied: true, gray: false, sparse: true };
    _ = ImageBuffer::<f64>::new(form).read(&[0, 0, 0], 3, Purpose::Path).gray();
}
