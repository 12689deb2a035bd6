//! The simulated studies: the paper's protocol on each of its networks, and larger ones.

use crate::costs::{AllCosts, Costs};
use crate::simulation::{Task, play};
use lossatlas::data::{ImageShape, digits};
use lossatlas::engine::plan::{Speed, path_work, training_work};
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::{Architecture, autoencoder, fcp, lenet, lstm};
use lossatlas::optimizer::{ChosenOptimizer, LbfgsParameters, Trainer};
use lossatlas::path::{ChosenMethod, PathParameters, PathSearch};
use lossatlas::random::MasterSeed;
use lossatlas::solver::Solver;
use rand::RngExt;

/// Images of MNIST.
const TRAIN: usize = 60_000;
const TEST: usize = 10_000;

const RANKS: [usize; 5] = [64, 256, 1024, 4096, 16_384];

/// A network, and the times of its tasks on this machine in s.
pub struct Network {
    pub name: &'static str,
    pub parameters: usize,
    sgd: f64,
    lbfgs: f64,
    on_train: f64,
    on_test: f64,
    /// Bytes of the checkpoint of a training run, and of a path.
    pub training_state: usize,
    pub path_state: usize,
}

/// The published parameters. The epochs of SGD are not published.
fn parameters() -> (ChosenOptimizer, ChosenOptimizer, PathParameters) {
    let lbfgs = LbfgsParameters {
        iterations: 1000,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss: 0.0,
    };
    let paths = PathParameters {
        method: ChosenMethod::fourier(10),
        points: 51,
        lambda: 1e-4,
        steps: 100,
        learning_rate: 1e-3,
        ..PathParameters::default()
    };
    (ChosenOptimizer::sgd(0.1, 64, 80), ChosenOptimizer::lbfgs(&lbfgs), paths)
}

pub fn networks() -> [Network; 4] {
    [&fcp::DESCRIPTOR, &lenet::DESCRIPTOR, &autoencoder::DESCRIPTOR, &lstm::DESCRIPTOR]
        .map(|descriptor| network(&Architecture::with_defaults(descriptor)))
}

fn network(architecture: &Architecture) -> Network {
    let data = digits::draw(MasterSeed(1), 512, 1);
    let network = architecture
        .build::<f32>(ImageShape::gray(28, 28), 10)
        .expect("a network for these images");
    let landscape = ImageLandscape::new(network.as_ref(), data.train.view());
    let (sgd, lbfgs, paths) = parameters();
    let speed = Speed::measure(&landscape, 64, &paths, MasterSeed(1));
    let training =
        |training: &ChosenOptimizer| speed.seconds(&training_work(&training.cost(), TRAIN, TEST));
    let path = |images| speed.seconds(&path_work(&paths, images, None));
    let small = ImageLandscape::new(network.as_ref(), data.train.view().first(8));
    let mut trainer = Trainer {
        training: &lbfgs,
        seed: MasterSeed(1),
        initialization: 0,
        train: &small,
        test: &small,
        state: None,
    };
    // Until the memory of L-BFGS is full.
    (0..60).for_each(|_| _ = trainer.step());
    let ends =
        [1, 2].map(|k| network.layout().initialize::<f32>(&mut MasterSeed(k).stream("ends", &[])));
    let mut search = PathSearch::new(&small, &small, [&ends[0], &ends[1]], &paths, None);
    _ = search.step();
    let bytes = |state: Result<Vec<u8>, postcard::Error>| state.expect("plain data").len();
    Network {
        name: architecture.name(),
        parameters: network.layout().parameters(),
        sgd: training(&sgd),
        lbfgs: training(&lbfgs),
        on_train: path(TRAIN),
        on_test: path(TEST),
        training_state: bytes(postcard::to_allocvec(&trainer.state())),
        path_state: bytes(postcard::to_allocvec(&search.state())),
    }
}

pub fn print_tasks(networks: &[Network]) {
    println!(
        "| network | parameters | L-BFGS run, at most | SGD run | path, training images | path, test images |"
    );
    println!("|---|---|---|---|---|---|");
    for Network { name, parameters, sgd, lbfgs, on_train, on_test, .. } in networks {
        println!(
            "| {name} | {parameters} | {lbfgs:.0} s | {sgd:.0} s | {on_train:.0} s | {on_test:.1} s |"
        );
    }
}

/// Tasks of one kind. They have equal work, but their times vary by ±5 %, as the speed of cores
/// does.
fn kind(count: usize, seconds: f64, costs: Costs) -> impl Iterator<Item = Task> {
    let mut random = MasterSeed(2).stream("durations", &[count as u64]);
    (0..count).map(move |_| Task {
        seconds: seconds * random.random_range(0.95..1.05),
        costs: Some(costs),
    })
}

pub fn print(networks: &[Network], costs: &AllCosts) {
    let (of_run, of_path) = (costs.training, costs.path);
    for network in networks {
        let runs = kind(75, network.lbfgs, of_run).chain(kind(75, network.sgd, of_run));
        study(
            &format!("{}, the paper's training: 150 runs", network.name),
            &runs.collect::<Vec<_>>(),
        );
        let paths =
            kind(1200, network.on_train, of_path).chain(kind(600, network.on_test, of_path));
        study(&format!("{}, the paper's paths: 1800", network.name), &paths.collect::<Vec<_>>());
    }
    let fcp = &networks[0];
    let paths = kind(50_000, fcp.on_train, of_path).chain(kind(50_000, fcp.on_test, of_path));
    study("fcp, 100 000 paths, half of them on test images", &paths.collect::<Vec<_>>());
    let runs = kind(10_000, fcp.lbfgs, of_run).chain(kind(10_000, fcp.sgd, of_run));
    study("fcp, 10 000 initializations: 20 000 runs", &runs.collect::<Vec<_>>());
}

fn study(name: &str, tasks: &[Task]) {
    let ideal: Vec<_> = tasks.iter().map(|task| Task { costs: None, ..*task }).collect();
    println!("\n{name}\n");
    println!(
        "| ranks | time | efficiency | with a rank 0 that costs nothing | rank 0 serves | wait for rank 0: mean, longest |"
    );
    println!("|---|---|---|---|---|---|");
    for ranks in RANKS {
        let (played, best) = (play(tasks, ranks), play(&ideal, ranks));
        let [mean, longest] = played.waits;
        println!(
            "| {ranks} | {:.0} s | {:.1} % | {:.1} % | {:.2} % | {:.1} ms, {:.0} ms |",
            played.seconds,
            100.0 * played.efficiency,
            100.0 * best.efficiency,
            100.0 * played.busy,
            1e3 * mean,
            1e3 * longest
        );
    }
}
