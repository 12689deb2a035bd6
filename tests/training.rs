//! Training runs: what an epoch is, and what is kept of a run.

use lossatlas::data::{Dataset, digits};
use lossatlas::landscape::{ImageLandscape, Landscape};
use lossatlas::network::{Activation, Fcp, Network};
use lossatlas::optimizer::kinds::sgd::{Sgd, SgdParameters};
use lossatlas::optimizer::{ChosenOptimizer, LbfgsParameters, TrainingRun, TrainingStop, train};
use lossatlas::random::MasterSeed;

const SEED: MasterSeed = MasterSeed(11);

fn data() -> Dataset {
    digits::draw(SEED, 150, 60)
}

fn network() -> Fcp {
    Fcp::new(&[784, 12, 10], Activation::Softplus)
}

fn sgd(learning_rate: f64, batch_size: usize, epochs: usize) -> ChosenOptimizer {
    ChosenOptimizer::sgd(learning_rate, batch_size, epochs)
}

fn lbfgs(iterations: usize, target_loss: f64) -> ChosenOptimizer {
    ChosenOptimizer::lbfgs(&LbfgsParameters {
        iterations,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss,
    })
}

fn trained(training: &ChosenOptimizer) -> TrainingRun {
    let (data, network) = (data(), network());
    let [on_train, on_test] =
        [&data.train, &data.test].map(|images| ImageLandscape::<f32>::new(&network, images.view()));
    train(training, SEED, 3, &on_train, &on_test, &mut |_, _| true).expect("nobody stops it")
}

#[test]
fn an_epoch_of_one_batch_is_one_step_down_the_full_gradient() {
    let (data, network) = (data(), network());
    let landscape = ImageLandscape::<f64>::new(&network, data.train.view());
    let theta: Vec<f64> =
        Network::<f64>::layout(&network).initialize(&mut SEED.stream("theta", &[]));
    let mut gradient = vec![0.0; theta.len()];
    landscape.value_and_gradient(&theta, &mut gradient).unwrap();
    // A batch larger than the set holds all of it, in another order of summation.
    let parameters = SgdParameters::plain(0.3, 1000, 1);
    let mut sgd = Sgd::new(parameters, theta.clone());
    assert!(sgd.epoch(&landscape, 1, SEED.stream("order", &[])).unwrap().is_continue(), "finite");
    for ((after, before), g) in sgd.theta().iter().zip(&theta).zip(&gradient) {
        assert!((after - (before - 0.3 * g)).abs() < 1e-13);
    }
}

#[test]
fn an_epoch_takes_every_image_once_the_short_last_batch_included() {
    // To first order in a small learning rate, an epoch of batches B moves by −η Σ_B ∇f_B, and with
    // batches of 40 of 150 images the last holds 30: their mean gradients count alike.
    let (data, network) = (data(), network());
    let landscape = ImageLandscape::<f64>::new(&network, data.train.view());
    let theta: Vec<f64> =
        Network::<f64>::layout(&network).initialize(&mut SEED.stream("theta", &[]));
    let mut gradient = vec![0.0; theta.len()];
    landscape.value_and_gradient(&theta, &mut gradient).unwrap();
    let rate = 1e-7;
    let step = |batch_size| {
        let mut sgd = Sgd::new(SgdParameters::plain(rate, batch_size, 1), theta.clone());
        assert!(
            sgd.epoch(&landscape, 1, SEED.stream("order", &[])).unwrap().is_continue(),
            "finite"
        );
        sgd.theta()
            .iter()
            .zip(&theta)
            .map(|(after, before)| (before - after) / rate)
            .collect::<Vec<f64>>()
    };
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    // Batches of 50: three equal ones, together three times the full gradient whatever the order.
    let off = step(50)
        .iter()
        .zip(&gradient)
        .map(|(moved, g)| (moved - 3.0 * g).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(off < 1e-4 * norm, "{off:e} of {norm:e}");
    // Batches of 40: not four times the full gradient, because the last image group weighs more.
    let off = step(40)
        .iter()
        .zip(&gradient)
        .map(|(moved, g)| (moved - 4.0 * g).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(off > 1e-3 * norm && off < norm, "{off:e} of {norm:e}");
}

#[test]
fn both_optimizers_start_from_the_same_point_and_initializations_differ() {
    let (sgd, lbfgs) = (trained(&sgd(0.1, 16, 2)), trained(&lbfgs(2, 0.0)));
    assert_eq!(sgd.curve_train[0].to_bits(), lbfgs.curve_train[0].to_bits());
    assert_eq!(sgd.curve_test[0].to_bits(), lbfgs.curve_test[0].to_bits());
    let draw = |number: u64| {
        Network::<f32>::layout(&network())
            .initialize::<f32>(&mut SEED.stream("initialization", &[number]))
    };
    assert_ne!(draw(3), draw(4));
}

#[test]
fn snapshots_are_those_of_the_lowest_losses() {
    // Few images and many epochs: the test loss turns up long before the training loss is lowest.
    // L-BFGS down to 0.01: the relative error of a loss e^(−d) is the error of the logits'
    // difference d, and curve and snapshot are computed in two ways (of a loss of 1e-33 they know
    // four digits). Logits of 10 have errors of a few 1e-6 in single precision.
    for run in [trained(&sgd(0.2, 16, 60)), trained(&lbfgs(60, 1e-2))] {
        let lowest = |curve: &[f64]| curve.iter().copied().fold(f64::INFINITY, f64::min);
        let first = |curve: &[f64]| {
            curve.iter().position(|&loss| loss <= lowest(curve)).expect("a minimum") as u32
        };
        assert_eq!(run.train.epoch, first(&run.curve_train));
        assert_eq!(run.test.epoch, first(&run.curve_test));
        assert!((run.train.loss_train / lowest(&run.curve_train) - 1.0).abs() < 1e-5);
        assert!((run.test.loss_test / lowest(&run.curve_test) - 1.0).abs() < 1e-5);
        assert_eq!(run.train.epoch == run.test.epoch, run.train.theta == run.test.theta);
    }
    // Which minimum L-BFGS comes to, and when, depends on the processor; the epochs of SGD do not.
    let run = trained(&sgd(0.2, 16, 60));
    let epochs = [run.test.epoch, run.train.epoch];
    assert!(epochs[0] < epochs[1], "the test set has its minimum earlier: {epochs:?}");
}

#[test]
fn a_run_ends_at_its_target_and_one_that_blows_up_is_no_solution() {
    let run = trained(&lbfgs(500, 1e-3));
    assert!(
        matches!(run.stop, TrainingStop::TargetLoss { iteration } if iteration as usize + 1 == run.curve_train.len()),
        "{}",
        run.stop
    );
    assert!(run.train.loss_train <= 1e-3 && run.curve_train[run.curve_train.len() - 2] > 1e-3);
    let run = trained(&sgd(1e30, 16, 3));
    assert!(run.stop.diverged(), "{}", run.stop);
}
