//! A path with the largest number of points that a configuration may ask for, on every network.

use lossatlas::data::{ImageShape, digits};
use lossatlas::landscape::{ImageLandscape, Landscape};
use lossatlas::network::{Architecture, NETWORKS, Value};
use lossatlas::path::{ChosenMethod, equally_spaced};
use lossatlas::random::MasterSeed;
use ndarray::Array2;

const SEED: MasterSeed = MasterSeed(3);

/// Most points of `paths.points`, and most sines of `paths.fourier_terms`.
const MOST: [usize; 2] = [10_000, 1000];

/// Every network in the smallest sizes that its keys take.
fn small(network: &str) -> Architecture {
    let descriptor = NETWORKS.iter().find(|descriptor| descriptor.name == network);
    let architecture = Architecture::with_defaults(descriptor.expect("a network"));
    match network {
        "lenet" => architecture
            .with("channels", Value::Counts(vec![1, 1]))
            .with("dense", Value::Counts(vec![2]))
            .with("kernel", Value::Count(1)),
        "lstm" => architecture.with("hidden", Value::Count(2)),
        _ => architecture.with("hidden", Value::Counts(vec![2, 2])),
    }
}

/// Losses and the gradient of the sum of all, which have to agree with those of single points.
fn evaluate(network: &str, points: usize, terms: usize) {
    let data = digits::draw(SEED, 3, 1);
    let network_of = small(network).build::<f32>(ImageShape::gray(28, 28), 10).expect("a network");
    let landscape = ImageLandscape::new(network_of.as_ref(), data.train.view());
    let draw = |number: u64| -> Vec<f32> {
        network_of.layout().initialize(&mut SEED.stream("theta", &[number]))
    };
    let (a, b) = (draw(0), draw(1));
    let mut path = ChosenMethod::fourier(terms).straight([&a[..], &b]);
    path.free_mut().iter_mut().zip(0..).for_each(|(c, i)| *c = 1e-3 * (i as f32).sin());
    let grid = path.grid(&equally_spaced(points));
    let combined = path.points(&grid);
    let losses = landscape.values_at(&combined).unwrap();
    let mut gradient = Array2::zeros((terms, a.len()));
    let with_gradient =
        landscape.gradient_at(&combined, grid.weights(), gradient.view_mut()).unwrap();
    let mut theta = vec![0.0; a.len()];
    for m in [0, 1, points / 3, points - 2, points - 1] {
        combined.point(m, &mut theta);
        let loss = landscape.value(&theta).unwrap();
        for other in [losses[m], with_gradient[m]] {
            assert!((other / loss - 1.0).abs() < 1e-5, "{network}, point {m}: {other} and {loss}");
        }
    }
    assert!(gradient.iter().all(|g| g.is_finite()) && gradient.iter().any(|g| g.abs() > 0.0));
    // Along a coefficient the sum of all losses changes as its gradient says.
    let (row, column) = (terms / 2, a.len() - 1);
    let step = 1e-2;
    let mut sum = |sign: f32| {
        path.free_mut()[row * a.len() + column] += sign * step;
        landscape.values_at(&path.points(&grid)).unwrap().iter().sum::<f64>()
    };
    let (above, below) = (sum(1.0), sum(-2.0));
    let slope = (above - below) / (2.0 * f64::from(step));
    let expected = f64::from(gradient[(row, column)]);
    let scale = gradient.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
    let off = (slope - expected).abs();
    assert!(off < 0.02 * f64::from(scale), "{network}: {slope} and {expected} of {scale}");
}

#[test]
fn a_path_of_the_most_points_is_evaluated_on_every_network() {
    for network in ["fcp", "lenet", "autoencoder", "lstm"] {
        evaluate(network, MOST[0], 3);
        evaluate(network, 20, MOST[1]);
    }
}
