//! The network learns, and the two optimizers differ as they should.

use lossatlas::data::digits;
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::{Activation, Fcp};
use lossatlas::optimizer::{ChosenOptimizer, LbfgsParameters, TrainingRun, train};
use lossatlas::random::MasterSeed;

const SEED: MasterSeed = MasterSeed(7);

fn trained(training: &ChosenOptimizer, images: usize) -> TrainingRun {
    let data = digits::draw(SEED, images, 1000);
    let network = Fcp::new(&[784, 50, 50, 10], Activation::Softplus);
    let [on_train, on_test] =
        [&data.train, &data.test].map(|images| ImageLandscape::<f32>::new(&network, images.view()));
    train(training, SEED, 0, &on_train, &on_test, &mut |_, _| true).expect("nobody stops it")
}

fn sgd(epochs: usize) -> ChosenOptimizer {
    ChosenOptimizer::sgd(0.2, 64, epochs)
}

#[test]
fn sgd_recognizes_95_percent_of_digits_it_has_not_seen() {
    let run = trained(&sgd(25), 6000);
    assert!(run.test.accuracy_test > 0.95, "{}", run.test.accuracy_test);
}

/// On few enough images for L-BFGS to reach the bottom in a few seconds; SGD takes as many epochs.
#[test]
fn lbfgs_reaches_a_lower_training_loss_than_sgd() {
    let iterations = 100;
    let lbfgs = ChosenOptimizer::lbfgs(&LbfgsParameters {
        iterations,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss: 1e-8,
    });
    let (lbfgs, sgd) = (trained(&lbfgs, 1000), trained(&sgd(iterations), 1000));
    assert!(
        lbfgs.train.loss_train < sgd.train.loss_train,
        "{:e} and {:e}",
        lbfgs.train.loss_train,
        sgd.train.loss_train
    );
    assert!(sgd.train.loss_train < 0.1, "SGD has learned too: {:e}", sgd.train.loss_train);
}
