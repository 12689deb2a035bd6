//! Networks: flat directions, endpoints that are no minima, single precision.

use super::certificate_of;
use crate::data::digits;
use crate::landscape::{ImageLandscape, Landscape};
use crate::network::{Activation, Fcp};
use crate::optimizer::{ChosenOptimizer, train};
use crate::path::refine::{Certificate, Condition, Refine, RefineParameters, Verdict, Widened};
use crate::random::MasterSeed;

const SEED: MasterSeed = MasterSeed(11);

/// The refinement of the straight line between two trained networks with `hidden` units, with its
/// height and that of the higher endpoint.
fn refined(hidden: usize, max_gradients: f64) -> (Certificate, f64, f64) {
    let data = digits::draw(SEED, 200, 1);
    let network = Fcp::new(&[784, hidden, 10], Activation::Softplus);
    let [landscape, test] = [data.train.view(), data.test.view()]
        .map(|images| ImageLandscape::<f32>::new(&network, images));
    let training = ChosenOptimizer::sgd(0.3, 30, 15);
    let ends = [0, 1].map(|number| {
        let run = train(&training, SEED, number, &landscape, &test, &mut |_, _| true).unwrap();
        run.train.theta
    });
    let values = ends.each_ref().map(|end| landscape.value(end).unwrap());
    let middle: Vec<f32> = ends[0].iter().zip(&ends[1]).map(|(a, b)| 0.5 * (a + b)).collect();
    let straight = landscape.value(&middle).unwrap();
    let curve = ends.map(|end| end.iter().map(|&x| f64::from(x)).collect()).to_vec();
    let parameters = RefineParameters { max_gradients, ..RefineParameters::default() };
    let wide = Widened(&landscape);
    let found = certificate_of(Refine::new(&wide, curve, &parameters, None));
    (found, straight, values[0].max(values[1]))
}

/// More weights than needed for so few images, so that low points are connected: J. Yu and A. V.
/// Morozov, arXiv:2602.21276.
#[test]
fn a_path_between_large_networks_comes_down_to_its_higher_end() {
    let (found, straight, end) = refined(20, 6000.0);
    assert!(straight > end + 0.1, "{straight} and {end}");
    assert!(found.is_at_endpoint && found.verdict == Verdict::Pass, "{:?}", found.failed);
    assert!((found.height - end).abs() < 1e-6 * straight, "{} and {end}", found.height);
    assert!(found.path.is_empty() && found.theta.len() == 784 * 20 + 200);
    // The height falls with the evaluations.
    let heights: Vec<f64> = found.heights.iter().map(|after| after.height).collect();
    assert!(heights.len() > 3 && heights.is_sorted_by(|a, b| a > b), "{heights:?}");
}

#[test]
fn few_evaluations_leave_a_network_above_its_ends_and_say_so() {
    let (found, straight, end) = refined(20, 60.0);
    assert_eq!(found.verdict, Verdict::NotConverged);
    assert!(found.failed.contains(&Condition::Connected) && !found.is_at_endpoint);
    assert!(found.height > end && found.height <= straight * 1.2, "{}", found.height);
}
