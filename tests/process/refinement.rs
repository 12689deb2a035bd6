//! Refined paths on a landscape that another program computes, with errors in its gradients.

use crate::study::Study;
use lossatlas::engine::stages::refinement::RefinedPath;
use lossatlas::engine::store::{Contents, journal};
use lossatlas::path::refine::{Certificate, Destination, Verdict};
use ndarray::{Array2, array};
use ndarray_npy::write_npy;

const CONFIGURATION: &str = r#"
seed = 3
[landscape]
kind = "process"
command = ["python3", "landscape.py"]
[[import]]
name = "corners/near"
file = "corners.npy"
[paths]
landscapes = ["train"]
points = 11
steps = 4
fourier_terms = 3
[paths.refine]
"#;

/// Two corners that differ in the first two coordinates.
fn corners() -> Array2<f64> {
    array![[-1.0, -1.0, -1.0, -1.0], [1.0, 1.0, -1.0, -1.0]]
}

/// The stationary point of (x² − 1)² + c x near a point.
fn stationary(slope: f64, mut x: f64) -> f64 {
    for _ in 0..50 {
        x -= (4.0 * x * (x * x - 1.0) + slope) / (12.0 * x * x - 4.0);
    }
    x
}

/// The lowest pass: one coordinate after the other, the second one at the minimum that is lower at
/// that time.
fn exact_pass() -> f64 {
    let height = |coordinate: usize, x: f64| {
        let slope = 0.05 * (coordinate as f64 + 1.0);
        let at = stationary(slope, x);
        (at * at - 1.0).powi(2) + slope * at
    };
    let others = height(2, -1.0) + height(3, -1.0);
    let after = |first: usize, second: usize| {
        let one = height(first, 0.0) + height(second, -1.0);
        let two = height(first, 1.0) + height(second, 0.0);
        one.max(two) + others
    };
    after(0, 1).min(after(1, 0))
}

fn refined(mode: &str) -> Certificate {
    let study = Study::with(CONFIGURATION);
    write_npy(study.path().join("corners.npy"), &corners()).expect("a writable directory");
    study.mode(mode);
    study.run(1, "run", &[]).with_code(0).saying(&["Refined barriers"]);
    let (contents, _) = journal::read(&study.out(), Contents::default()).expect("a journal");
    let mut tasks = contents.tasks::<RefinedPath>("refinement");
    let (_, path) = tasks.next().expect("a task");
    path.result.expect("a refined path").certificate
}

#[test]
fn gradients_from_outside_are_good_enough_with_errors_of_1e_8() {
    let (exact, lower_end) = (exact_pass(), -0.5);
    for (mode, noise) in [("", 1e-12), ("noisy", 1e-6)] {
        let found = refined(mode);
        let error = (found.height - exact).abs() / (exact - lower_end);
        assert!(error < 1e-6, "{mode}: {} instead of {exact}", found.height);
        assert_eq!(found.verdict, Verdict::Pass, "{mode}: {:?}", found.failed);
        assert!(found.slope_noise < noise, "{mode}: {}", found.slope_noise);
        assert!(found.sides.iter().any(|side| side.place == Destination::Minimum), "{mode}");
    }
    assert!(refined("noisy").slope_noise > 1e-11, "the errors are measured");
}
