//! The overhead of a landscape that another program computes: run with `make bench-process`.
//!
//! The other program uses Python's standard library only. It reads each request and answers with
//! zeros, without computing anything. So the time of a request is the time of the communication. It
//! is compared with an evaluation that takes 10 ms.

use lossatlas::combinations::Combinations;
use lossatlas::landscape::Landscape;
use lossatlas::landscape::process::{Process, ProcessSettings};
use ndarray::Array2;
use std::time::{Duration, Instant};

/// Parameters of FCP with biases, and points of the paper's paths.
const DIMENSION: usize = 42_310;
const POINTS: usize = 51;

/// One evaluation of value and gradient, for comparison.
const EVALUATION: Duration = Duration::from_millis(10);

const SERVER: &str = r#"
import json, struct, sys
P, precision, size = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
out = sys.stdout.buffer
out.write((json.dumps({"lossatlas": 1, "dimension": P, "precision": precision}) + "\n").encode())
out.flush()
while len(head := sys.stdin.buffer.read(24)) == 24:
    kind, _, points = struct.unpack("<QQQ", head)
    sys.stdin.buffer.read(points * P * size)
    out.write(bytes(8 + 8 * points))
    if kind == 2:
        out.write(bytes(points * P * size))
    out.flush()
"#;

fn start(precision: &str, size: usize) -> Process {
    let words = ["python3", "-c", SERVER, &DIMENSION.to_string(), precision, &size.to_string()];
    let settings = ProcessSettings {
        command: words.iter().map(Into::into).collect(),
        environment: Vec::new(),
        start_limit: Duration::from_mins(1),
        time_limit: Duration::from_mins(1),
    };
    Process::start(settings, &|| false).expect("python3").expect("nobody interrupts")
}

/// The fastest of 20 calls. Other programs slow the others down.
fn fastest(mut call: impl FnMut()) -> Duration {
    let times = (0..20).map(|_| {
        let start = Instant::now();
        call();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

fn show(what: &str, time: Duration, points: usize) {
    let (each, share) = (time / points as u32, time.as_secs_f64() / points as f64);
    let share = 100.0 * share / EVALUATION.as_secs_f64();
    println!("{what:<44} {time:>10.1?} {each:>10.1?} a point {share:>6.2} % of {EVALUATION:?}");
}

fn main() {
    println!("P = {DIMENSION}, the fastest of 20 calls");
    for (precision, size) in [("float64", 8), ("float32", 4)] {
        let process = start(precision, size);
        let landscape = process.landscape(0, &|| false);
        let (theta, mut gradient) = (vec![0.1; DIMENSION], vec![0.0; DIMENSION]);
        let time = fastest(|| {
            landscape.value_and_gradient(&theta, &mut gradient).expect("an answer");
        });
        show(&format!("{precision}: value and gradient, 1 point"), time, 1);
        let vectors = Array2::from_elem((2, DIMENSION), 0.1);
        let coefficients = Array2::from_shape_fn((POINTS, 2), |(m, k)| {
            let t = m as f64 / (POINTS - 1) as f64;
            if k == 0 { 1.0 - t } else { t }
        });
        let points = || Combinations { vectors: vectors.view(), coefficients: coefficients.view() };
        let time = fastest(|| {
            landscape.values_at(&points()).expect("an answer");
        });
        show(&format!("{precision}: values, {POINTS} points"), time, POINTS);
        // Ten shapes, as on a path; those of the endpoints vanish.
        let weights =
            Array2::from_shape_fn(
                (POINTS, 10),
                |(m, _)| {
                    if m == 0 || m == POINTS - 1 { 0.0 } else { 0.5 }
                },
            );
        let mut gradients = Array2::zeros((10, DIMENSION));
        let time = fastest(|| {
            let found = landscape.gradient_at(&points(), weights.view(), gradients.view_mut());
            found.expect("an answer");
        });
        show(&format!("{precision}: values and gradients, {POINTS} points"), time, POINTS);
    }
}
