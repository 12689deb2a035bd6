//! Losses and gradients of the networks: against PyTorch, against central differences, and the
//! whole-path evaluation against the plain one.

use lossatlas::landscape::{ImageLandscape, Landscape, Span};
use lossatlas::dataset::ImageView;
use lossatlas::network::{Activation, Fcp, Network};
use lossatlas::path::Grid;
use lossatlas::real::{Real, dot, norm};
use ndarray::{Array1, Array2, ArrayView2};
use ndarray_npy::NpzReader;
use std::fs::File;

const IMAGES: usize = 24;
const SCALES: [f64; 2] = [1.0, 20.0];

/// The numbers in [0, 1) of `tests/fixtures/networks/generate.py`.
fn scrambled(count: usize, salt: u64) -> Vec<f64> {
    (0..count as u64)
        .map(|i| {
            let state = i + salt * 1_000_003;
            let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((state ^ (state >> 31)) >> 40) as f64 / f64::from(1 << 24)
        })
        .collect()
}

struct Pictures {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Pictures {
    fn new() -> Self {
        let gray = |v: f64| if v < 0.8 { 0 } else { ((v - 0.8) * 5.0 * 256.0).floor() as u8 };
        Self {
            pixels: scrambled(IMAGES * 784, 1).into_iter().map(gray).collect(),
            labels: scrambled(IMAGES, 2).into_iter().map(|v| (v * 10.0) as u8).collect(),
        }
    }

    fn view(&self) -> ImageView<'_> {
        ImageView::new(&self.pixels, &self.labels, 784)
    }
}

fn theta<A: Real>(network: &dyn Network<A>, salt: u64, scale: f64) -> Vec<A> {
    let layout = network.layout();
    let bounds = layout.tensors().iter().flat_map(|tensor| std::iter::repeat_n(tensor.bound, tensor.len()));
    let numbers = scrambled(layout.parameters(), salt);
    numbers.into_iter().zip(bounds).map(|(v, bound)| A::of(f64::from(((2.0 * v - 1.0) * bound * scale) as f32))).collect()
}

fn networks() -> Vec<(&'static str, Fcp)> {
    vec![
        ("fcp-softplus", Fcp::new(&[784, 50, 50, 10], Activation::Softplus)),
        ("fcp-relu", Fcp::new(&[784, 50, 50, 10], Activation::Relu)),
    ]
}

fn compare_with_pytorch<A: Real>(tolerance: f64) {
    let pictures = Pictures::new();
    for (name, network) in networks() {
        let mut fixture = NpzReader::new(File::open(format!("tests/fixtures/networks/{name}.npz")).unwrap()).unwrap();
        let losses: Array1<f64> = fixture.by_name("losses").unwrap();
        let gradients: Array2<f32> = fixture.by_name("gradients").unwrap();
        let network: &dyn Network<A> = &network;
        let landscape = ImageLandscape::new(network, pictures.view());
        assert_eq!(landscape.dimension(), gradients.ncols(), "{name}");
        for (case, scale) in SCALES.into_iter().enumerate() {
            let theta = theta(network, 3, scale);
            let mut gradient = vec![A::zero(); theta.len()];
            let loss = landscape.value_and_gradient(&theta, &mut gradient);
            let relative = (loss / losses[case] - 1.0).abs();
            assert!(relative < tolerance, "{name}, scale {scale}: loss {loss}, off by {relative:e}");
            assert!((landscape.value(&theta) - loss).abs() <= 1e-12 * loss);
            let expected: Vec<A> = gradients.row(case).iter().map(|g| A::of(g.wide())).collect();
            let difference: Vec<A> = gradient.iter().zip(&expected).map(|(&g, &e)| g - e).collect();
            let relative = norm(&difference) / norm(&expected);
            assert!(relative < tolerance, "{name}, scale {scale}: gradient off by {relative:e}");
        }
    }
}

#[test]
fn losses_and_gradients_match_pytorch_in_f32() {
    compare_with_pytorch::<f32>(1e-5);
}

#[test]
fn losses_and_gradients_match_pytorch_in_f64() {
    // The stored gradients are rounded to single precision.
    compare_with_pytorch::<f64>(1e-7);
}

#[test]
fn gradients_are_the_limit_of_central_differences_with_second_order() {
    let pictures = Pictures::new();
    // ReLU has kinks, so that differences across one converge with first order only.
    let network = Fcp::new(&[784, 50, 50, 10], Activation::Softplus);
    let network: &dyn Network<f64> = &network;
    let landscape = ImageLandscape::new(network, pictures.view());
    for scale in [1.0, 5.0] {
        let at = theta(network, 5, scale);
        let direction = theta(network, 7, 1.0);
        let mut gradient = vec![0.0; at.len()];
        landscape.value_and_gradient(&at, &mut gradient);
        let slope = dot(&gradient, &direction);
        let error = |h: f64| {
            let shifted = |h: f64| -> Vec<f64> { at.iter().zip(&direction).map(|(x, d)| x + h * d).collect() };
            let difference = (landscape.value(&shifted(h)) - landscape.value(&shifted(-h))) / (2.0 * h);
            (difference - slope).abs()
        };
        let order = (error(2e-2) / error(1e-2)).log2();
        assert!((order - 2.0).abs() < 0.1, "scale {scale}: order {order}");
        assert!(error(1e-4) < 1e-7 * slope.abs(), "scale {scale}: {:e} of {slope}", error(1e-4));
    }
}

/// Every component of a small network, not one direction of a large one.
#[test]
fn every_component_of_the_gradient_is_a_difference_quotient() {
    for activation in Activation::ALL {
        let network = Fcp::new(&[6, 5, 4, 3], activation);
        let network: &dyn Network<f64> = &network;
        let pixels: Vec<u8> = (0..42).map(|i| (i * 37 % 256) as u8).collect();
        let images = ImageView::new(&pixels, &[0, 1, 2, 0, 1, 2, 0], 6);
        let landscape = ImageLandscape::new(network, images);
        let at = theta(network, 11, 3.0);
        let mut gradient = vec![0.0; at.len()];
        landscape.value_and_gradient(&at, &mut gradient);
        for (i, g) in gradient.iter().enumerate() {
            let shifted = |h: f64| {
                let mut theta = at.clone();
                theta[i] += h;
                landscape.value(&theta)
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            assert!((difference - g).abs() < 1e-8, "{activation}, component {i}: {difference} and {g}");
        }
    }
}

/// The same landscape without its own whole-path evaluation: the trait's point-by-point default.
struct PointByPoint<'a, 'b, A>(&'a ImageLandscape<'b, A>);

impl<A: Real> Landscape<A> for PointByPoint<'_, '_, A> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn value(&self, theta: &[A]) -> f64 {
        self.0.value(theta)
    }
    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> f64 {
        self.0.value_and_gradient(theta, gradient)
    }
}

fn compare_whole_path<A: Real>(tolerance: f64) {
    let pictures = Pictures::new();
    let mut all = networks();
    all.push(("no hidden layer", Fcp::new(&[784, 10], Activation::Relu)));
    all.push(("one hidden layer", Fcp::new(&[784, 30, 10], Activation::Softplus)));
    for (name, network) in all {
        let network: &dyn Network<A> = &network;
        // More than one block of images, the last one partial.
        let pixels: Vec<u8> = pictures.pixels.repeat(13);
        let labels: Vec<u8> = pictures.labels.repeat(13);
        let landscape = ImageLandscape::new(network, ImageView::new(&pixels, &labels, 784));
        for scale in [1.0, 8.0] {
            let rows: Vec<A> = (0..6).flat_map(|k| theta(network, 20 + k, if k < 2 { scale } else { 0.3 * scale })).collect();
            let vectors = ArrayView2::from_shape((6, landscape.dimension()), &rows).unwrap();
            let grid = Grid::<A>::new(9, 4);
            let coefficients = grid.coefficients();
            let span = Span { vectors, coefficients };
            let mut fast = Array2::zeros((4, landscape.dimension()));
            let mut plain = fast.clone();
            let losses = landscape.span_gradient(&span, grid.sines(), fast.view_mut());
            let expected = PointByPoint(&landscape).span_gradient(&span, grid.sines(), plain.view_mut());
            for (loss, expected) in losses.iter().chain(&landscape.span_values(&span)).zip(expected.iter().cycle()) {
                assert!((loss / expected - 1.0).abs() < tolerance, "{name}: loss {loss}, expected {expected}");
            }
            for (n, (fast, plain)) in fast.outer_iter().zip(plain.outer_iter()).enumerate() {
                let difference = (&fast - &plain).to_vec();
                let relative = norm(&difference) / norm(plain.as_slice().unwrap());
                assert!(relative < tolerance, "{name}, scale {scale}: row {n} of the gradient off by {relative:e}");
            }
        }
    }
}

#[test]
fn the_whole_path_evaluation_agrees_with_the_plain_one() {
    compare_whole_path::<f32>(1e-5);
    compare_whole_path::<f64>(1e-12);
}

#[test]
fn a_loss_of_1e_8_survives_single_precision() {
    // Weights that put every image of class 0 far on the right side: ln(1 + 9 e^−g) for gap g.
    let network = Fcp::new(&[1, 10], Activation::Relu);
    let network: &dyn Network<f32> = &network;
    let images = ImageView::new(&[255], &[0], 1);
    let landscape = ImageLandscape::new(network, images);
    for gap in [5.0_f32, 20.0, 60.0, 500.0] {
        let theta: Vec<f32> = (0..10).map(|class| if class == 0 { gap } else { 0.0 }).collect();
        let mut gradient = vec![0.0; 10];
        let loss = landscape.value_and_gradient(&theta, &mut gradient);
        let exact = (9.0 * f64::from(-gap).exp()).ln_1p();
        assert!(gradient.iter().all(|g| g.is_finite()));
        assert!((loss - exact).abs() <= 1e-6 * exact + 1e-36, "gap {gap}: {loss:e} and {exact:e}");
    }
}
