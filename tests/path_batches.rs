//! Paths that descend on random subsets of the images, and the rule that stops a descent.

use lossatlas::data::{Dataset, digits};
use lossatlas::kernels::Threads;
use lossatlas::landscape::{ImageLandscape, Landscape, TwoWells};
use lossatlas::network::{Activation, Fcp, Network};
use lossatlas::optimizer::{ChosenOptimizer, train};
use lossatlas::path::{
    Batches, ChosenMethod, PathParameters, PathResult, PathSearch, PathStop, find_path,
};
use lossatlas::random::MasterSeed;
use lossatlas::solver::complete;

const SEED: MasterSeed = MasterSeed(11);

fn parameters() -> PathParameters {
    PathParameters {
        method: ChosenMethod::fourier(4),
        points: 11,
        lambda: 1e-4,
        steps: 60,
        learning_rate: 1e-2,
        ..PathParameters::default()
    }
}

fn data() -> Dataset {
    digits::draw(SEED, 700, 1)
}

fn network() -> Fcp {
    Fcp::new(&[784, 8, 10], Activation::Softplus)
}

/// Two solutions, with a barrier on the straight line.
fn ends(data: &Dataset) -> [Vec<f32>; 2] {
    let network = network();
    let [on, test] = [data.train.view(), data.test.view()]
        .map(|images| ImageLandscape::<f32>::new(&network, images));
    let training = ChosenOptimizer::sgd(0.3, 20, 15);
    [0, 1].map(|number| {
        train(&training, SEED, number, &on, &test, &mut |_, _| true).unwrap().train.theta
    })
}

fn find(
    data: &Dataset,
    batch: Option<usize>,
    threads: usize,
    parameters: &PathParameters,
) -> PathResult {
    let (network, threads, [a, b]) = (network(), Threads::new(threads).unwrap(), ends(data));
    let landscape = ImageLandscape::<f32>::new(&network, data.train.view()).on(&threads);
    let batches = batch.map(|size| landscape.batches(size, SEED));
    let search = PathSearch::new(&landscape, &landscape, [&a, &b], parameters, None);
    let search = match &batches {
        Some(batches) => search.in_batches(batches),
        None => search,
    };
    complete(search, &mut |_, _| true).unwrap().unwrap().result
}

#[test]
fn a_batch_of_all_images_is_the_full_batch() {
    let data = data();
    assert_eq!(find(&data, Some(700), 1, &parameters()), find(&data, None, 1, &parameters()));
}

/// The mean over the batches of an epoch is that over all images only if no image is drawn twice;
/// here the batches of a step are told by what they cost.
#[test]
fn batches_are_subsets_of_their_size_that_differ_from_step_to_step_and_are_drawn_again_alike() {
    let (data, network) = (data(), network());
    let theta: Vec<f32> =
        Network::<f32>::layout(&network).initialize(&mut SEED.stream("theta", &[0]));
    let landscape = ImageLandscape::<f32>::new(&network, data.train.view());
    let of_step = |batches: &dyn Batches<f32>, step| {
        batches.with_batch(step, &mut |landscape| landscape.value(&theta)).unwrap()
    };
    let batches = landscape.batches(699, SEED);
    assert_eq!(batches.steps_per_epoch(), 2);
    // The one image left out has the difference for its loss: it is one of them, so nothing was
    // drawn twice.
    let whole = landscape.value(&theta).unwrap() * 700.0;
    let of_image = |i| {
        ImageLandscape::<f32>::new(&network, data.train.view().range(i..i + 1))
            .value(&theta)
            .unwrap()
    };
    let losses: Vec<f64> = (0..700).map(of_image).collect();
    for step in 0..20 {
        let left_out = whole - of_step(&batches, step) * 699.0;
        assert!(
            losses.iter().any(|loss| (loss - left_out).abs() < 1e-6),
            "step {step}: {left_out}"
        );
    }
    let small = landscape.batches(50, SEED);
    let drawn: Vec<f64> = (0..40).map(|step| of_step(&small, step)).collect();
    assert!((1..40).all(|step| !drawn[..step].contains(&drawn[step])), "the same batch twice");
    assert_eq!(
        drawn,
        (0..40).map(|step| of_step(&landscape.batches(50, SEED), step)).collect::<Vec<_>>()
    );
    assert!(
        (drawn[0] - of_step(&landscape.batches(50, MasterSeed(12)), 0)).abs() > 0.0,
        "another seed, the same batch"
    );
    // 40 batches of 50 have a mean as far from the whole's as chance allows, with a margin.
    let mean = drawn.iter().sum::<f64>() / 40.0;
    let variance = drawn.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / 39.0;
    assert!(
        (mean - whole / 700.0).abs() < 4.0 * (variance / 40.0).sqrt(),
        "{mean} and {}",
        whole / 700.0
    );
}

#[test]
fn a_descent_in_batches_comes_as_low_on_all_images_with_half_of_the_evaluations() {
    let data = data();
    let full = find(&data, None, 1, &parameters());
    let batches = find(&data, Some(100), 1, &PathParameters { steps: 140, ..parameters() });
    assert!(
        full.fine_barrier < 0.5 * full.straight_barrier,
        "{} and {}",
        full.fine_barrier,
        full.straight_barrier
    );
    // 140 steps of 100 images and 21 looks at 700, a third each, against 60 steps of 700: 45 %.
    assert!(
        batches.fine_barrier < 1.05 * full.fine_barrier,
        "{} and {}",
        batches.fine_barrier,
        full.fine_barrier
    );
    assert_eq!(batches.best_step % 7, 0, "the best path was looked at on all images");
    assert_eq!(batches, find(&data, Some(100), 2, &PathParameters { steps: 140, ..parameters() }));
}

#[test]
fn a_descent_ends_when_the_objective_has_stopped_falling() {
    let [a, b] = TwoWells::ENDPOINTS;
    let steps = 3000;
    let parameters = PathParameters { points: 51, lambda: 10.0, steps, ..parameters() };
    let search = |tolerance| {
        let parameters = PathParameters { tolerance, ..parameters.clone() };
        find_path(&TwoWells, [&a, &b], &parameters, &mut |_, _| true).unwrap().unwrap()
    };
    let (whole, converged) = (search(0.0), search(1e-6));
    assert_eq!((whole.steps, &whole.stop), (3000, &PathStop::Completed));
    assert_eq!(converged.stop, PathStop::Converged { step: converged.steps });
    assert!(converged.steps < 1500, "{} steps", converged.steps);
    assert!((converged.fine_barrier / whole.fine_barrier - 1.0).abs() < 1e-3);
}
