//! The program itself on one rank and on two.
//!
//! Two cores that both compute are seldom twice as fast as one, because they share memory bandwidth
//! and clock rate. Therefore two ranks are also compared with two programs of one rank each, which
//! run side by side with half of the tasks each. The difference is the cost of the program.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;
use tempfile::tempdir;

/// Tasks of equal length: training runs, then paths between their solutions.
const STUDY: &str = "
seed = 1
[dataset]
kind = 'digits'
[network]
kind = 'fcp'
[training]
initializations = TASKS
optimizers = ['sgd']
[training.sgd]
learning_rate = 0.1
epochs = 40
[paths]
sets = ['sgd/train']
landscapes = ['train']
train = 1000
pairs = TASKS
steps = 30
";

const TASKS: usize = 16;
const REPETITIONS: usize = 5;

/// Prints the medians of several alternating repetitions.
pub fn print() {
    let rounds: Vec<_> = (0..REPETITIONS)
        .map(|_| {
            let [one, two] = [1, 2].map(|ranks| seconds(&[(ranks, TASKS)]));
            [one, two, seconds(&[(1, TASKS / 2), (1, TASKS / 2)])]
        })
        .collect();
    let median = |of: &dyn Fn(&[f64; 3]) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        format!(
            "{:.3} [{:.3}, {:.3}]",
            values[values.len() / 2],
            values[0],
            values[values.len() - 1]
        )
    };
    println!(
        "| {TASKS} training runs and {TASKS} paths on | median [lowest, highest] of {REPETITIONS} |"
    );
    println!("|---|---|");
    println!("| one rank | {} s |", median(&|round| round[0]));
    println!("| two ranks | {} s |", median(&|round| round[1]));
    println!(
        "| one rank twice side by side, half of the tasks each | {} s |",
        median(&|round| round[2])
    );
    println!(
        "| time on one rank / twice that on two | {} |",
        median(&|[one, two, _]| one / (2.0 * two))
    );
    println!("| time side by side / on two ranks | {} |\n", median(&|[_, two, side]| side / two));
}

/// Wall time of runs that are started together: `(ranks, tasks)` of each.
fn seconds(runs: &[(usize, usize)]) -> f64 {
    let directory = tempdir().expect("a temporary directory");
    let start = Instant::now();
    let children: Vec<_> =
        (0..).zip(runs).map(|(number, &run)| begin(directory.path(), number, run)).collect();
    for mut child in children {
        assert!(child.wait().expect("a child").success());
    }
    start.elapsed().as_secs_f64()
}

fn begin(directory: &Path, number: usize, (ranks, tasks): (usize, usize)) -> Child {
    let configuration = directory.join(format!("{number}.toml"));
    fs::write(&configuration, STUDY.replace("TASKS", &tasks.to_string())).expect("space");
    let mut command = Command::new("mpirun");
    command.args([
        "-n",
        &ranks.to_string(),
        "--bind-to",
        "none",
        env!("CARGO_BIN_EXE_lossatlas"),
        "run",
    ]);
    command.arg(configuration).arg("--out").arg(directory.join(number.to_string()));
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("mpirun is installed")
}
