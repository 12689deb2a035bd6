//! The computations that take most of the time of a run, on one thread: run with `make bench`.
//!
//! Counters give images per second, for paths images times points per second. A large matrix
//! product shows the rate that the machine can reach.

#[path = "kernels/published.rs"]
mod published;

use divan::Bencher;
use divan::counter::ItemsCount;
use lossatlas::combinations::Combinations;
use lossatlas::data::{Dataset, ImageShape, digits};
use lossatlas::landscape::{ImageLandscape, Landscape};
use lossatlas::network::{Activation, Architecture, Network, Value, fcp};
use lossatlas::optimizer::LbfgsParameters;
use lossatlas::optimizer::lbfgs::Lbfgs;
use lossatlas::path::{Grid, Sines, equally_spaced};
use lossatlas::random::MasterSeed;
use ndarray::Array2;
use published::{Published, vectors};
use std::hint::black_box;
use std::sync::LazyLock;

fn main() {
    divan::main();
}

const IMAGES: usize = 2048;
const BATCH: usize = 64;
const POINTS: usize = 51;
const TERMS: usize = 10;

static DATA: LazyLock<Dataset> = LazyLock::new(|| digits::draw(MasterSeed(1), IMAGES, 1));

use Published::{Autoencoder, Fcp, Lenet, Lstm};

fn landscape(network: &dyn Network<f32>) -> ImageLandscape<'_, f32> {
    ImageLandscape::new(network, DATA.train.view())
}

/// One parameter vector.
fn vector(network: &dyn Network<f32>) -> Vec<f32> {
    vectors(network, 1).into_raw_vec_and_offset().0
}

/// For comparison: a large square matrix product, 2 · 2048³ operations.
#[divan::bench]
fn product_2048(bencher: Bencher) {
    let (a, b) = (Array2::<f32>::ones((2048, 2048)), Array2::<f32>::ones((2048, 2048)));
    bencher.counter(ItemsCount::new(2_u64 * 2048 * 2048 * 2048)).bench(|| a.dot(&b));
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn loss(bencher: Bencher, published: Published) {
    let network = published.network();
    let (landscape, theta) = (landscape(network.as_ref()), vector(network.as_ref()));
    bencher.counter(ItemsCount::new(IMAGES)).bench_local(|| landscape.value(&theta));
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn loss_and_gradient(bencher: Bencher, published: Published) {
    let network = published.network();
    let (landscape, theta) = (landscape(network.as_ref()), vector(network.as_ref()));
    let mut gradient = vec![0.0; theta.len()];
    bencher
        .counter(ItemsCount::new(IMAGES))
        .bench_local(|| landscape.value_and_gradient(&theta, &mut gradient));
}

/// Outputs of a layer of 50 units for a block of images.
const OUTPUTS: usize = 50 * 256;

/// Numbers from −4 to 4.
fn before_activation() -> Vec<f32> {
    (0..OUTPUTS).map(|i| (i * 7919 % OUTPUTS) as f32 * 8.0 / OUTPUTS as f32 - 4.0).collect()
}

/// The values of an activation function.
#[divan::bench(args = Activation::ALL)]
fn activation(bencher: Bencher, activation: Activation) {
    let (numbers, mut outputs) = (before_activation(), vec![0.0; OUTPUTS]);
    bencher.counter(ItemsCount::new(OUTPUTS)).bench_local(|| {
        outputs.copy_from_slice(&numbers);
        activation.apply(black_box(&mut outputs));
    });
}

/// The same with the slopes that the backward pass needs, and the backward pass.
#[divan::bench(args = Activation::ALL)]
fn activation_and_slope(bencher: Bencher, activation: Activation) {
    let (numbers, mut outputs) = (before_activation(), vec![0.0; OUTPUTS]);
    let (mut slopes, mut deltas) = (vec![0.0; OUTPUTS], vec![1.0; OUTPUTS]);
    bencher.counter(ItemsCount::new(OUTPUTS)).bench_local(|| {
        outputs.copy_from_slice(&numbers);
        activation.apply_and_keep(black_box(&mut outputs), &mut slopes);
        deltas.fill(1.0);
        activation.slope(black_box(&mut deltas), &outputs, &slopes);
    });
}

/// A fully connected perceptron of the published widths with biases.
fn biased(activation: Activation) -> Box<dyn Network<f32>> {
    Architecture::with_defaults(&fcp::DESCRIPTOR)
        .with("biases", Value::Flag(true))
        .with("activation", Value::Word(activation.name()))
        .build(ImageShape::gray(28, 28), 10)
        .expect("a network for these images")
}

#[divan::bench(args = Activation::ALL, max_time = 2)]
fn path_with_biases(bencher: Bencher, activation: Activation) {
    path_gradient(bencher, biased(activation).as_ref());
}

#[divan::bench(args = Activation::ALL, max_time = 2)]
fn loss_and_gradient_with_biases(bencher: Bencher, activation: Activation) {
    let network = biased(activation);
    let (landscape, theta) = (landscape(network.as_ref()), vector(network.as_ref()));
    let mut gradient = vec![0.0; theta.len()];
    bencher
        .counter(ItemsCount::new(IMAGES))
        .bench_local(|| landscape.value_and_gradient(&theta, &mut gradient));
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn sgd_step(bencher: Bencher, published: Published) {
    let network = published.network();
    let (landscape, mut theta) = (landscape(network.as_ref()), vector(network.as_ref()));
    let mut gradient = vec![0.0; theta.len()];
    let indices: Vec<u32> = (0..BATCH as u32).map(|i| i * 31 % IMAGES as u32).collect();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        landscape.batch_gradient(&theta, &indices, &mut gradient).expect("nothing interrupts it");
        theta.iter_mut().zip(&gradient).for_each(|(theta, g)| *theta -= 1e-3 * g);
    });
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn lbfgs_iteration(bencher: Bencher, published: Published) {
    let network = published.network();
    let landscape = landscape(network.as_ref());
    let parameters = LbfgsParameters {
        iterations: 1000,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss: 0.0,
    };
    let mut lbfgs = Lbfgs::new(parameters, &landscape, vector(network.as_ref()))
        .expect("nothing interrupts it");
    bencher.counter(ItemsCount::new(IMAGES)).bench_local(|| lbfgs.iterate(&landscape, 1));
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn path_losses(bencher: Bencher, published: Published) {
    let network = published.network();
    let (landscape, vectors, grid) = (
        landscape(network.as_ref()),
        vectors(network.as_ref(), TERMS + 2),
        Grid::of(&Sines(TERMS), &equally_spaced(POINTS)),
    );
    let points = Combinations { vectors: vectors.view(), coefficients: grid.coefficients() };
    bencher.counter(ItemsCount::new(IMAGES * POINTS)).bench_local(|| landscape.values_at(&points));
}

#[divan::bench(args = [Fcp, Lenet, Autoencoder, Lstm], max_time = 5)]
fn path_losses_and_gradient(bencher: Bencher, published: Published) {
    path_gradient(bencher, published.network().as_ref());
}

fn path_gradient(bencher: Bencher, network: &dyn Network<f32>) {
    let (landscape, vectors, grid) = (
        landscape(network),
        vectors(network, TERMS + 2),
        Grid::of(&Sines(TERMS), &equally_spaced(POINTS)),
    );
    let points = Combinations { vectors: vectors.view(), coefficients: grid.coefficients() };
    let mut gradient = Array2::zeros((TERMS, vectors.ncols()));
    bencher
        .counter(ItemsCount::new(IMAGES * POINTS))
        .bench_local(|| landscape.gradient_at(&points, grid.weights(), gradient.view_mut()));
}
