//! The optimizers against PyTorch's: 50 steps on the same mini-batches.

use lossatlas::data::ImageView;
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::{Activation, Fcp};
use lossatlas::optimizer::adam::Decay;
use lossatlas::optimizer::kinds::adam::{AdamParameters, AdamTraining};
use lossatlas::optimizer::kinds::sgd::{Sgd, SgdParameters};
use lossatlas::optimizer::schedule::{Schedule, ScheduleShape};
use lossatlas::optimizer::stochastic::{Pace, Stochastic, UpdateRule};
use ndarray::Array2;
use ndarray_npy::NpzReader;
use std::fs::File;

const IMAGES: usize = 20;
const PIXELS: usize = 16;
const STEP: ScheduleShape = ScheduleShape::Step { epochs: 3, factor: 0.5 };

/// The numbers in [0, 1) of `tests/fixtures/optimizers/generate.py`.
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

/// Learning rate and schedule, on mini-batches.
fn pace(learning_rate: f64, shape: ScheduleShape, warmup: usize) -> Pace {
    let schedule = Schedule { shape, warmup };
    Pace { learning_rate, schedule, batch_size: Some(4), epochs: 10 }
}

/// Learning rate and schedule, on the full batch.
fn full(learning_rate: f64, shape: ScheduleShape) -> Pace {
    Pace { batch_size: None, epochs: 50, ..pace(learning_rate, shape, 0) }
}

fn sgd(pace: Pace, momentum: f64, nesterov: bool, weight_decay: f64) -> SgdParameters {
    SgdParameters { pace, momentum, nesterov, weight_decay }
}

fn adam(pace: Pace, weight_decay: f64, decoupled: bool) -> AdamParameters {
    AdamParameters { pace, decay: Decay::PUBLISHED, weight_decay, decoupled }
}

/// All trajectories, with what of them has been compared.
struct Fixture {
    file: NpzReader<File>,
    order: Vec<Vec<u32>>,
    pixels: Vec<u8>,
    labels: Vec<u16>,
    theta: Vec<f64>,
    compared: Vec<String>,
}

impl Fixture {
    fn open() -> Self {
        let file = File::open("tests/fixtures/optimizers/trajectories.npz").unwrap();
        let mut file = NpzReader::new(file).unwrap();
        let order: Array2<i64> = file.by_name("order").unwrap();
        let row = |row: ndarray::ArrayView1<'_, i64>| row.iter().map(|&i| i as u32).collect();
        let pixels = scrambled(IMAGES * PIXELS, 1).into_iter().map(|v| (v * 256.0) as u8).collect();
        let labels = scrambled(IMAGES, 2).into_iter().map(|v| (v * 3.0) as u16).collect();
        let theta = scrambled(6 * PIXELS + 3 * 6, 3).into_iter().map(|v| 2.0 * v - 1.0).collect();
        let order = order.outer_iter().map(row).collect();
        Self { file, order, pixels, labels, theta, compared: Vec::new() }
    }

    /// Follows a trajectory to 1e-5, which is far less than it moves.
    fn follow<R: UpdateRule<f64>>(&mut self, name: &str, mut optimizer: Stochastic<f64, R>) {
        let expected: Array2<f64> = self.file.by_name(name).unwrap();
        let network = Fcp::new(&[PIXELS, 6, 3], Activation::Softplus);
        let images = ImageView::new(&self.pixels, &self.labels, PIXELS);
        let landscape = ImageLandscape::<f64>::new(&network, images);
        assert_eq!(expected.dim(), (expected.nrows(), self.theta.len()), "{name}");
        for (epoch, expected) in (0_u32..).zip(expected.outer_iter()) {
            if let Some(last) = epoch.checked_sub(1) {
                // The full batch has no order.
                let order = self.order.get(last as usize).map_or(&[][..], Vec::as_slice);
                let passed = optimizer.epoch_in_order(&landscape, epoch, order).unwrap();
                assert!(passed.is_continue(), "{name}, epoch {epoch}");
            }
            for (found, expected) in optimizer.theta().iter().zip(expected) {
                let off = (found - expected).abs();
                assert!(off < 1e-5, "{name}, epoch {epoch}: {found}, {expected}");
            }
        }
        let moved = optimizer.theta().iter().zip(&self.theta).map(|(a, b)| (a - b).abs());
        assert!(moved.fold(0.0, f64::max) > 0.05, "{name} has hardly moved");
        self.compared.push(name.to_owned());
    }

    fn follow_sgd(&mut self, name: &str, parameters: SgdParameters) {
        self.follow(name, Sgd::new(parameters, self.theta.clone()));
    }

    fn follow_adam(&mut self, name: &str, parameters: AdamParameters) {
        self.follow(name, AdamTraining::new(parameters, self.theta.clone()));
    }
}

#[test]
fn fifty_steps_are_those_of_pytorch() {
    let mut fixture = Fixture::open();
    let constant = |rate| pace(rate, ScheduleShape::Constant, 0);
    let plain = |pace| sgd(pace, 0.0, false, 0.0);
    fixture.follow_sgd("sgd", plain(constant(0.1)));
    fixture.follow_sgd("sgd-decay", sgd(constant(0.1), 0.0, false, 0.05));
    fixture.follow_sgd("sgd-momentum", sgd(constant(0.1), 0.9, false, 0.0));
    fixture.follow_sgd("sgd-momentum-decay", sgd(constant(0.1), 0.9, false, 0.05));
    fixture.follow_sgd("sgd-nesterov", sgd(constant(0.1), 0.8, true, 0.0));
    fixture.follow_sgd("sgd-nesterov-decay", sgd(constant(0.1), 0.8, true, 0.05));
    fixture.follow_sgd("sgd-step", plain(pace(0.2, STEP, 0)));
    fixture.follow_sgd("sgd-cosine", plain(pace(0.2, ScheduleShape::Cosine, 0)));
    fixture.follow_sgd("sgd-warmup", plain(pace(0.2, ScheduleShape::Constant, 3)));
    fixture.follow_sgd("sgd-warmup-step", sgd(pace(0.2, STEP, 2), 0.9, false, 0.0));
    fixture
        .follow_sgd("sgd-warmup-cosine", sgd(pace(0.2, ScheduleShape::Cosine, 3), 0.9, false, 0.0));
    fixture.follow_adam("adam", adam(constant(0.02), 0.0, false));
    fixture.follow_adam("adam-decay", adam(constant(0.02), 0.05, false));
    let decay = Decay { beta_1: 0.7, beta_2: 0.95, epsilon: 1e-3 };
    let settings = AdamParameters { decay, ..adam(pace(0.02, STEP, 0), 0.0, false) };
    fixture.follow_adam("adam-settings", settings);
    fixture.follow_adam("adamw", adam(constant(0.02), 0.3, true));
    let warm = adam(pace(0.02, ScheduleShape::Cosine, 3), 0.3, true);
    fixture.follow_adam("adamw-warmup-cosine", warm);
    fixture.follow_sgd("full-sgd", plain(full(0.5, ScheduleShape::Constant)));
    fixture
        .follow_sgd("full-momentum-cosine", sgd(full(0.3, ScheduleShape::Cosine), 0.9, false, 0.0));
    fixture.follow_adam("full-adam", adam(full(0.02, ScheduleShape::Constant), 0.0, false));
    let mut stored = fixture.file.names().unwrap();
    stored.retain(|name| name.trim_end_matches(".npy") != "order");
    assert_eq!(fixture.compared.len(), stored.len(), "every case of the file is compared");
}
