//! Curvature of networks: against the dense Hessians of PyTorch, and how exact a product is.

#[path = "support/pictures.rs"]
mod pictures;

use lossatlas::analysis::curvature::{
    Eigenvalues, Probe, Spectrum, SpectrumEnd, SpectrumParameters, hessian_at, trace,
};
use lossatlas::data::ImageShape;
use lossatlas::kernels::{dot, norm};
use lossatlas::landscape::{ImageLandscape, Landscape};
use lossatlas::network::{Architecture, NETWORKS, Network, Value};
use lossatlas::random::MasterSeed;
use lossatlas::solver::complete;
use ndarray::{Array1, Array2};
use ndarray_linalg::{Eigh, UPLO};
use ndarray_npy::NpzReader;
use pictures::{Pictures, scrambled, theta};
use std::fs::File;

const SEED: MasterSeed = MasterSeed(8);

/// A network of `tests/fixtures/networks/hessians.py`.
struct Case {
    name: &'static str,
    architecture: Architecture,
    images: ImageShape,
    /// Fraction of black pixels.
    black: f64,
}

fn cases() -> Vec<Case> {
    let stacked = ImageShape { channels: 3, rows: 2, columns: 3 };
    let case = |name, black, images, keys: &[(&'static str, Value)]| {
        let kind = |descriptor: &&&_| {
            let descriptor: &&lossatlas::network::Descriptor = descriptor;
            name_begins_with(name, descriptor.name)
        };
        let descriptor = NETWORKS.iter().find(kind).unwrap();
        let architecture = Architecture::with_defaults(descriptor);
        let architecture = keys
            .iter()
            .fold(architecture, |architecture, (key, value)| architecture.with(key, value.clone()));
        Case { name, architecture, images, black }
    };
    let dense = |name, black, hidden: &[usize], activation, biases| {
        let keys = [
            ("hidden", Value::Counts(hidden.to_vec())),
            ("activation", Value::Word(activation)),
            ("biases", Value::Flag(biases)),
        ];
        case(name, black, stacked, &keys)
    };
    let lenet = [
        ("channels", Value::Counts(vec![7, 4])),
        ("kernel", Value::Count(3)),
        ("dense", Value::Counts(vec![5])),
        ("activation", Value::Word("softplus")),
    ];
    let lstm = [("hidden", Value::Count(3))];
    vec![
        dense("fcp-softplus", 0.8, &[5, 4], "softplus", false),
        dense("fcp-tanh-biases", 0.1, &[5, 4], "tanh", true),
        dense("fcp-gelu-biases", 0.8, &[5, 4], "gelu", true),
        dense("fcp-relu-biases", 0.1, &[5, 4], "relu", true),
        case("lenet-softplus", 0.8, ImageShape { channels: 2, rows: 9, columns: 10 }, &lenet),
        dense("autoencoder-softplus", 0.1, &[4, 3], "softplus", false),
        dense("autoencoder-silu-biases", 0.8, &[4, 3], "silu", true),
        case("lstm-1-channels", 0.8, ImageShape { channels: 1, rows: 5, columns: 4 }, &lstm),
        case("lstm-2-channels", 0.1, ImageShape { channels: 2, rows: 5, columns: 4 }, &lstm),
    ]
}

fn name_begins_with(name: &str, kind: &str) -> bool {
    name.split('-').next() == Some(kind)
}

/// Calls `f` with each network's name, its landscape and its parameters.
fn for_each_case(mut f: impl FnMut(&str, &dyn Landscape<f64>, &[f64])) {
    for Case { name, architecture, images, black } in cases() {
        let network = architecture.build::<f64>(images, 3).unwrap();
        let pictures = Pictures::with_black(24, images.pixels(), 3.0, black);
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        f(name, &landscape, &theta(network.as_ref(), 3, 2.0));
    }
}

fn fixture() -> NpzReader<File> {
    NpzReader::new(File::open("tests/fixtures/networks/hessians.npz").unwrap()).unwrap()
}

fn spectrum(
    landscape: &dyn Landscape<f64>,
    theta: &[f64],
    parameters: SpectrumParameters,
) -> Spectrum {
    let mut hessian = hessian_at(landscape, theta);
    let solver = Eigenvalues::new(&mut hessian, theta.len(), parameters, SEED, &[], None);
    complete(solver, &mut |_, _| true).unwrap().unwrap()
}

fn relative(found: &[f64], expected: &[f64]) -> f64 {
    let difference: Vec<f64> = found.iter().zip(expected).map(|(f, e)| f - e).collect();
    norm(&difference) / norm(expected)
}

#[test]
fn products_eigenvalues_and_traces_match_the_dense_hessians_of_pytorch() {
    let mut fixture = fixture();
    assert_eq!(fixture.len(), 2 * cases().len());
    for_each_case(|name, landscape, theta| {
        let expected: Array1<f64> = fixture.by_name(&format!("{name}_product")).unwrap();
        let vector: Vec<f64> = scrambled(theta.len(), 9).iter().map(|v| v - 0.5).collect();
        let mut product = vec![0.0; theta.len()];
        landscape.hessian_product(theta, &vector, &mut product).unwrap();
        let error = relative(&product, expected.as_slice().unwrap());
        println!("{name}: product {error:e}");
        assert!(error < 1e-8, "{name}: product off by {error:e}");

        let expected: Array1<f64> = fixture.by_name(&format!("{name}_spectrum")).unwrap();
        let expected = expected.as_slice().unwrap();
        let parameters = SpectrumParameters {
            largest: 8,
            lowest: 4,
            tolerance: 1e-7,
            products: theta.len() - 1,
            repeats: true,
        };
        let found = spectrum(landscape, theta, parameters);
        println!("{name}: {} products of {}", found.products, theta.len());
        assert_eq!(found.end, SpectrumEnd::Converged, "{name}");
        let values = found.largest.iter().chain(&found.lowest).map(|pair| pair.value);
        for (value, expected_value) in values.zip(&expected[..12]) {
            let error = (value - expected_value).abs() / expected[0].max(-expected[8]);
            assert!(error < 1e-9, "{name}: {value} and {expected_value}");
        }
        // The leading ones, relative to themselves.
        for (pair, expected) in found.largest.iter().zip(&expected[..4]) {
            assert!((pair.value / expected - 1.0).abs() < 1e-8, "{name}: {pair:?}, {expected}");
        }

        let all = SpectrumParameters { largest: theta.len(), products: theta.len(), ..parameters };
        let sum: f64 = spectrum(landscape, theta, all).largest.iter().map(|pair| pair.value).sum();
        assert!((sum - expected[12]).abs() < 1e-8 * expected[0], "{name}: {sum}, {}", expected[12]);
        let probes: Vec<_> = (0..100)
            .map(|number| {
                let mut hessian = hessian_at(landscape, theta);
                let indices = [number];
                let probe = Probe::new(&mut hessian, theta.len(), 1, (SEED, &indices), None);
                complete(probe, &mut |_, _| true).unwrap().unwrap()
            })
            .collect();
        let found = trace(&probes, theta.len()).unwrap();
        let error = (found.estimate - expected[12]) / found.standard_error.unwrap();
        assert!(error.abs() < 4.0, "{name}: trace off by {error} standard errors");
    });
}

/// The difference of gradients over h along a vector.
fn difference(landscape: &dyn Landscape<f64>, theta: &[f64], vector: &[f64], h: f64) -> Vec<f64> {
    let gradient = |h: f64| {
        let shifted: Vec<f64> = theta.iter().zip(vector).map(|(x, d)| x + h * d).collect();
        let mut gradient = vec![0.0; theta.len()];
        landscape.value_and_gradient(&shifted, &mut gradient).unwrap();
        gradient
    };
    gradient(h).iter().zip(gradient(-h)).map(|(above, below)| (above - below) / (2.0 * h)).collect()
}

/// Errors of differences over growing distances: they fall while rounding dominates and grow as the
/// square of the distance after that. The distance of the landscape's own products lies on the
/// plateau between, where the error is below 1e-8, for vectors along one axis and along all.
#[test]
fn products_are_differences_on_the_plateau_of_their_error() {
    for_each_case(|name, landscape, theta| {
        // Kinks: the error of a difference over h is the chance to have one between its points.
        if name.contains("relu") {
            return;
        }
        let all: Vec<f64> = scrambled(theta.len(), 9).iter().map(|v| v - 0.5).collect();
        let mut axis = vec![0.0; theta.len()];
        axis[theta.len() / 2] = 1.0;
        for (which, vector) in [("all", all), ("axis", axis)] {
            let mut own = vec![0.0; theta.len()];
            landscape.hessian_product(theta, &vector, &mut own).unwrap();
            let largest = |v: &[f64]| v.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            let chosen = f64::EPSILON.cbrt() * largest(theta).max(1.0) / largest(&vector);
            // Richardson's extrapolation of two differences whose rounding does not count.
            let [one, two] =
                [20.0, 40.0].map(|k| difference(landscape, theta, &vector, k * chosen));
            let exact: Vec<f64> = one.iter().zip(&two).map(|(a, b)| (4.0 * a - b) / 3.0).collect();
            let error = |factor: f64| {
                relative(&difference(landscape, theta, &vector, factor * chosen), &exact)
            };
            let factors = [1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4];
            let errors = factors.map(error);
            println!("{name}, {which}: {errors:?}");
            assert!(relative(&own, &exact) < 1e-8, "{name}, {which}: {errors:?}");
            // A tenth and ten times the distance are on the plateau too.
            assert!(errors[3..6].iter().all(|&error| error < 1e-7), "{name}, {which}: {errors:?}");
            // Rounding: proportional to 1/h. Curvature of the curvature: proportional to h².
            assert!(errors[0] > 1e2 * errors[2], "{name}, {which}: {errors:?}");
            assert!(errors[8] > 5e3 * errors[6], "{name}, {which}: {errors:?}");
        }
    });
}

/// The published sizes on a few images: 0.4 % of the products of a dense Hessian at most.
#[test]
fn large_networks_take_few_products() {
    let pictures = Pictures::new(24, 784, 10.0);
    for name in ["fcp", "lstm"] {
        let descriptor = NETWORKS.iter().find(|descriptor| descriptor.name == name).unwrap();
        let network: Box<dyn Network<f64>> =
            Architecture::with_defaults(descriptor).build(ImageShape::gray(28, 28), 10).unwrap();
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        let theta = theta(network.as_ref(), 3, 1.0);
        let parameters = SpectrumParameters {
            largest: 3,
            lowest: 1,
            tolerance: 1e-5,
            products: 100,
            repeats: false,
        };
        let found = spectrum(&landscape, &theta, parameters);
        println!("{name}: {} products, {:?}", found.products, found.largest[0].value);
        assert_eq!(found.end, SpectrumEnd::Converged, "{name}");
        for pair in found.largest.iter().chain(&found.lowest) {
            let mut product = vec![0.0; theta.len()];
            landscape.hessian_product(&theta, &pair.vector, &mut product).unwrap();
            let quotient = dot(&product, &pair.vector);
            assert!((quotient - pair.value).abs() < 1e-8 * found.largest[0].value, "{name}");
        }
    }
}

/// The softmax model without hidden layers, p = softmax(W x). Its Hessian is known: the mean over
/// the images of (diag p − p pᵀ) ⊗ x xᵀ. The quantities are those of PyHessian (Z. Yao et al.,
/// arXiv:1912.07145): eigenvalues, trace, density.
#[test]
fn a_linear_model_has_the_hessian_of_its_closed_form() {
    let (classes, pixels, images) = (3, 12, 24);
    let descriptor = NETWORKS.iter().find(|descriptor| descriptor.name == "fcp").unwrap();
    let architecture =
        Architecture::with_defaults(descriptor).with("hidden", Value::Counts(Vec::new()));
    let network = architecture.build::<f64>(ImageShape::gray(3, 4), classes).unwrap();
    let pictures = Pictures::with_black(images, pixels, classes as f64, 0.1);
    let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
    let theta = theta(network.as_ref(), 3, 4.0);
    let size = classes * pixels;
    assert_eq!(theta.len(), size);
    let mut exact = Array2::<f64>::zeros((size, size));
    for image in pictures.pixels.chunks(pixels) {
        let x: Vec<f64> = image.iter().map(|&gray| f64::from(gray) / 255.0).collect();
        let outputs: Vec<f64> = theta.chunks(pixels).map(|row| dot(row, &x).exp()).collect();
        let sum: f64 = outputs.iter().sum();
        for (i, j) in (0..size).flat_map(|i| (0..size).map(move |j| (i, j))) {
            let (p, q) = (outputs[i / pixels] / sum, outputs[j / pixels] / sum);
            let diagonal = if i / pixels == j / pixels { p } else { 0.0 };
            exact[[i, j]] += (diagonal - p * q) * x[i % pixels] * x[j % pixels] / images as f64;
        }
    }
    let (values, _) = exact.eigh(UPLO::Lower).unwrap();
    let parameters = SpectrumParameters {
        largest: 6,
        lowest: 1,
        tolerance: 1e-9,
        products: size,
        repeats: false,
    };
    let found = spectrum(&landscape, &theta, parameters);
    let largest = values[size - 1];
    for (pair, exact) in found.largest.iter().zip(values.iter().rev()) {
        assert!((pair.value - exact).abs() < 1e-9 * largest, "{} and {exact}", pair.value);
    }
    assert_eq!(found.largest.len(), 6);
    // The same vector added to all rows of W changes nothing.
    assert!(found.lowest[0].value.abs() < 1e-9 * largest && values[0].abs() < 1e-12 * largest);
    let all = SpectrumParameters { largest: size, ..parameters };
    let sum: f64 = spectrum(&landscape, &theta, all).largest.iter().map(|pair| pair.value).sum();
    assert!((sum - exact.diag().sum()).abs() < 1e-8 * largest, "{sum}");
    // The trace as a probe sees it does not depend on the number of its nodes.
    let mut hessian = hessian_at(&landscape, &theta);
    let probe = Probe::new(&mut hessian, size, 10, (SEED, &[0]), None);
    let probe = complete(probe, &mut |_, _| true).unwrap().unwrap();
    let mut hessian = hessian_at(&landscape, &theta);
    let single = Probe::new(&mut hessian, size, 1, (SEED, &[0]), None);
    let single = complete(single, &mut |_, _| true).unwrap().unwrap();
    assert!((probe.trace(size) - single.trace(size)).abs() < 1e-8 * largest);
}
