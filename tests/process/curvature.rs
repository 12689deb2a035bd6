//! Curvature on the data sets of a landscape that another program computes.

use crate::study::Study;
use ndarray::{Array2, array};
use ndarray_npy::write_npy;
use std::fs;

const CONFIGURATION: &str = r#"
seed = 3
[landscape]
kind = "process"
command = ["python3", "landscape.py"]
[[import]]
name = "points/some"
file = "points.npy"
[paths]
steps = 2
points = 5
fourier_terms = 2
[curvature]
eigenvalues = 3
lowest = 2
"#;

fn points() -> Array2<f64> {
    array![[0.5, -1.0, 1.25, 0.0], [1.0, 1.5, -0.5, -0.25]]
}

/// The diagonal of the Hessian of Σ (x² − 1)² + c x.
fn diagonal(point: &[f64]) -> Vec<f64> {
    point.iter().map(|x| 12.0 * x * x - 4.0).collect()
}

/// With the tensors (2, 1) and (2,): each of the first two components is a filter, the others are
/// one.
fn filter_normalized(point: &[f64]) -> f64 {
    let last = point[2].powi(2) + point[3].powi(2);
    let squares = [point[0].powi(2), point[1].powi(2), last, last];
    let scaled = diagonal(point).into_iter().zip(squares).map(|(h, square)| h * square);
    scaled.fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn each_data_set_has_its_curvature() {
    let study = Study::with(CONFIGURATION);
    write_npy(study.path().join("points.npy"), &points()).expect("a writable directory");
    study.run(2, "run", &[]).with_code(0).saying(&["Curvature: medians"]);
    let table = fs::read_to_string(study.out().join("report/curvature.csv")).expect("a table");
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let place = |name: &str| header.iter().position(|known| *known == name).expect("a column");
    let rows: Vec<Vec<&str>> = lines.collect();
    assert_eq!(rows.len(), 4, "{table}");
    for row in &rows {
        // The second data set is twice as high.
        let scale = if row[place("landscape")] == "test" { 2.0 } else { 1.0 };
        let index: usize = row[place("initialization")].parse().expect("a number");
        let point = points().row(index).to_vec();
        let mut exact = diagonal(&point);
        exact.sort_by(f64::total_cmp);
        let expected = [
            ("largest", exact[3]),
            ("lowest", exact[0]),
            ("filter_normalized", filter_normalized(&point)),
            ("trace", exact.iter().sum()),
        ];
        for (name, expected) in expected {
            let found: f64 = row[place(name)].parse().expect("a number");
            let error = (found - scale * expected).abs();
            assert!(error < 1e-7 * scale * exact[3], "{name}: {found}, {expected}: {row:?}");
        }
    }
    let unknown = ["curvature.landscapes=[\"third\"]"];
    let said = "curvature.landscapes: the process has no data set \"third\"; it has \"train\"";
    let ended = study.run(1, "run", &unknown).with_code(2);
    assert!(ended.errors.contains(said), "{}", ended.errors);
}
