//! Landscapes whose Hessian is known or can be formed.

use super::*;
use crate::data::{ImageShape, ImageView};
use crate::landscape::{DoubleWell, ImageLandscape, Landscape, LennardJones, MuellerBrown};
use crate::network::{Activation, Architecture, Network, Value, autoencoder, fcp};
use ndarray_linalg::{Eigh, UPLO};

fn curvature(
    landscape: &dyn Landscape<f64>,
    theta: &[f64],
    parameters: SpectrumParameters,
) -> Spectrum {
    let mut hessian = hessian_at(landscape, theta);
    run(Eigenvalues::new(&mut hessian, theta.len(), parameters, SEED, &[], None)).unwrap().unwrap()
}

/// The matrix D H D, column by column.
fn dense(product: &mut HessianProduct, size: usize) -> Array2<f64> {
    let mut matrix = Array2::zeros((size, size));
    for (i, mut row) in matrix.outer_iter_mut().enumerate() {
        let mut axis = vec![0.0; size];
        axis[i] = 1.0;
        product(&axis, row.as_slice_mut().unwrap()).unwrap();
    }
    (&matrix + &matrix.t()) / 2.0
}

#[test]
fn wells_and_saddles_of_the_double_well() {
    let landscape = DoubleWell::new(60).unwrap();
    let well = curvature(&landscape, &[1.0; 60], parameters(3, 2));
    assert_close(&values(&well.largest), &[8.0; 3], 1e-13);
    assert_close(&values(&well.lowest), &[8.0; 2], 1e-13);
    // Three components at 0: three descending directions of curvature −4, all others 8.
    let mut saddle = [-1.0; 60];
    saddle[7] = 0.0;
    saddle[8] = 0.0;
    saddle[40] = 0.0;
    let found = curvature(&landscape, &saddle, parameters(2, 4));
    assert_close(&values(&found.lowest), &[-4.0, -4.0, -4.0, 8.0], 1e-13);
    for pair in &found.lowest[..3] {
        let outside: f64 =
            (0..60).filter(|i| ![7, 8, 40].contains(i)).map(|i| pair.vector[i].abs()).sum();
        assert!(outside < 1e-12);
    }
}

#[test]
fn saddles_of_the_mueller_brown_landscape_have_one_negative_eigenvalue() {
    for (points, negative) in [(&MuellerBrown::MINIMA[..], 0), (&MuellerBrown::SADDLES[..], 1)] {
        for point in points {
            let found = curvature(&MuellerBrown, point, parameters(2, 2));
            assert_eq!(found.end, SpectrumEnd::Complete);
            assert_eq!(found.lowest.iter().filter(|pair| pair.value < 0.0).count(), negative);
        }
    }
}

#[test]
fn a_cluster_of_atoms_has_the_eigenvalues_of_its_matrix() {
    let cluster = LennardJones::new(13, 3).unwrap();
    // A slightly distorted lattice.
    let at: Vec<f64> = (0..13)
        .flat_map(|i| [i % 3, i / 3 % 3, i / 9])
        .enumerate()
        .map(|(k, site)| 1.1 * f64::from(site) + 0.02 * (1.7 * k as f64).sin())
        .collect();
    let matrix = dense(&mut hessian_at(&cluster, &at), 39);
    let (exact, _) = matrix.eigh(UPLO::Lower).unwrap();
    let found = curvature(&cluster, &at, parameters(5, 5));
    assert_close(&values(&found.lowest), &exact.to_vec()[..5], 1e-10);
    let largest: Vec<f64> = exact.iter().rev().take(5).copied().collect();
    assert_close(&values(&found.largest), &largest, 1e-12);
}

/// A network on a few images.
struct Example {
    network: Box<dyn Network<f64>>,
    pixels: Vec<u8>,
    labels: Vec<u16>,
    theta: Vec<f64>,
}

impl Example {
    fn new(architecture: &Architecture) -> Self {
        let network = architecture.build::<f64>(ImageShape::gray(3, 4), 3).unwrap();
        let mut theta: Vec<f64> = network.layout().initialize(&mut SEED.stream("theta", &[]));
        theta.iter_mut().for_each(|x| *x *= 2.0);
        let pixels = (0..20 * 12_u32).map(|i| (i * 97 % 251) as u8).collect();
        Self { network, pixels, labels: (0..20).map(|i| i % 3).collect(), theta }
    }

    fn landscape(&self) -> ImageLandscape<'_, f64> {
        let images = ImageView::new(&self.pixels, &self.labels, 12);
        ImageLandscape::new(self.network.as_ref(), images)
    }
}

fn perceptron(activation: Activation) -> Architecture {
    Architecture::with_defaults(&fcp::DESCRIPTOR)
        .with("hidden", Value::Counts(vec![5, 4]))
        .with("activation", Value::Word(activation.name()))
        .with("biases", Value::Flag(true))
}

/// With ReLU, the first layer times c and the second divided by c is the same function. Of the
/// three measures only the filter-normalized one is the same.
#[test]
fn filter_normalized_sharpness_does_not_see_the_scales_of_layers() {
    let example = Example::new(&perceptron(Activation::Relu));
    let (landscape, tensors) = (example.landscape(), example.network.layout().tensors());
    let factors = [4.0, 4.0, 0.25, 1.0, 1.0, 1.0];
    let mut rescaled = example.theta.clone();
    for (tensor, factor) in tensors.iter().zip(factors) {
        tensor.matrix_mut(&mut rescaled).mapv_inplace(|x| x * factor);
    }
    let loss = landscape.value(&example.theta).unwrap();
    assert!((landscape.value(&rescaled).unwrap() / loss - 1.0).abs() < 1e-14);
    let measures = [&example.theta, &rescaled].map(|theta| {
        let largest = curvature(&landscape, theta, parameters(1, 0)).largest[0].value;
        let norms = filter_norms(tensors, theta);
        let (mut hessian, size) = (hessian_at(&landscape, theta), theta.len());
        let mut normalized = scaled(&norms, &mut hessian);
        let solver = Eigenvalues::new(&mut normalized, size, parameters(1, 0), SEED, &[], None);
        let filter_normalized = run(solver).unwrap().unwrap().largest[0].value;
        Sharpness {
            loss,
            slope: 0.0,
            norm: norm(theta),
            largest,
            filter_normalized: Some(filter_normalized),
        }
    });
    let ratio = |of: &dyn Fn(&Sharpness) -> f64| of(&measures[1]) / of(&measures[0]);
    let filter = ratio(&|sharpness| sharpness.filter_normalized.unwrap());
    assert!((filter - 1.0).abs() < 1e-7, "{filter}");
    assert!((ratio(&|sharpness| sharpness.largest) - 1.0).abs() > 0.5);
    assert!((ratio(&Sharpness::times_squared_norm) - 1.0).abs() > 0.5);
}

#[test]
fn a_scaled_hessian_has_the_eigenvalues_of_its_matrix() {
    let example = Example::new(&perceptron(Activation::Softplus));
    let (landscape, size) = (example.landscape(), example.theta.len());
    let norms = filter_norms(example.network.layout().tensors(), &example.theta);
    let plain = dense(&mut hessian_at(&landscape, &example.theta), size);
    let matrix = Array2::from_shape_fn((size, size), |(i, j)| norms[i] * plain[[i, j]] * norms[j]);
    let (exact, _) = matrix.eigh(UPLO::Lower).unwrap();
    let mut hessian = hessian_at(&landscape, &example.theta);
    let mut product = scaled(&norms, &mut hessian);
    let solver = Eigenvalues::new(&mut product, size, parameters(3, 2), SEED, &[], None);
    let found = run(solver).unwrap().unwrap();
    let largest: Vec<f64> = exact.iter().rev().take(3).copied().collect();
    assert_close(&values(&found.largest), &largest, 1e-9);
    assert_close(&values(&found.lowest), &exact.to_vec()[..2], 1e-9);
}

#[test]
fn filters_are_rows_and_biases_are_one() {
    let example = Example::new(&perceptron(Activation::Relu));
    let tensors = example.network.layout().tensors();
    let norms = filter_norms(tensors, &example.theta);
    assert_eq!(norms.len(), example.theta.len());
    let row = tensors[0].matrix(&example.theta).row(2).to_vec();
    assert_eq!(tensors[0].matrix(&norms).row(2).to_vec(), vec![norm(&row); 12]);
    let biases = tensors[1].slice(&example.theta);
    assert_eq!(tensors[1].slice(&norms), vec![norm(biases); 5]);
    assert_eq!(filter_norms(&[], &[3.0, 4.0]), [5.0, 5.0]);
}

#[test]
fn the_trace_of_a_network_is_the_sum_of_its_eigenvalues() {
    let autoencoder = Architecture::with_defaults(&autoencoder::DESCRIPTOR)
        .with("hidden", Value::Counts(vec![3]));
    for architecture in [perceptron(Activation::Gelu), autoencoder] {
        let example = Example::new(&architecture);
        let (landscape, size) = (example.landscape(), example.theta.len());
        let all = curvature(&landscape, &example.theta, parameters(size, 0));
        let sum: f64 = values(&all.largest).iter().sum();
        let mut probes = Vec::new();
        for number in 0..200 {
            let mut hessian = hessian_at(&landscape, &example.theta);
            let solver = Probe::new(&mut hessian, size, 1, (SEED, &[number]), None);
            probes.push(run(solver).unwrap().unwrap());
        }
        let found = trace(&probes, size).unwrap();
        let error = found.standard_error.unwrap();
        assert!((found.estimate - sum).abs() < 4.0 * error, "{found:?}, sum {sum}");
        assert!(error < 0.1 * sum.abs(), "{found:?}");
    }
}

#[test]
fn the_distance_at_which_the_loss_doubles() {
    let sharpness =
        Sharpness { loss: 0.5, slope: 0.0, norm: 3.0, largest: 4.0, filter_normalized: None };
    assert!((sharpness.times_squared_norm() - 36.0).abs() < 1e-14);
    let distance = sharpness.doubling_distance().unwrap();
    // f + λ d²/2 = 2 f.
    assert!((0.5 + 4.0 * distance * distance / 2.0 - 1.0).abs() < 1e-14);
    assert_eq!(Sharpness { largest: -1.0, ..sharpness }.doubling_distance(), None);
}
