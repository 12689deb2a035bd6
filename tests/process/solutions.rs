//! Solutions from files, and the evaluation of vectors.

use crate::study::Study;
use ndarray::{Array2, array};
use ndarray_npy::{read_npy, write_npy};
use std::process::Command;

/// Two wells and a point between them, with digits that single precision does not have.
fn vectors() -> Array2<f64> {
    array![
        [-1.012_345_678_901, -1.01, -1.02, -1.03],
        [0.987_654_321_098, 0.98, 0.97, 0.96],
        [1e-9, 2e-9, 0.0, 1.0]
    ]
}

/// As `landscape.py` computes it.
fn value(x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (i, a) in x.iter().enumerate() {
        sum += (a * a - 1.0).powi(2) + 0.05 * (i as f64 + 1.0) * a;
    }
    sum
}

const IMPORTS: &str = r#"
seed = 3
[landscape]
kind = "process"
command = ["python3", "landscape.py"]
[[import]]
name = "torch/final"
file = "final.npy"
[paths]
landscapes = ["test"]
points = 11
steps = 4
fourier_terms = 3
[[kpca]]
name = "all"
sets = ["torch/final"]
kernel = "linear"
"#;

fn study() -> Study {
    let study = Study::with(IMPORTS);
    write_npy(study.path().join("final.npy"), &vectors()).expect("a writable directory");
    study
}

#[test]
fn imported_vectors_keep_their_digits_on_paths_and_need_no_search() {
    let study = study();
    study.check(&[]).with_code(0).saying(&["import     torch/final: 3 vectors"]);
    study.run(1, "run", &[]).with_code(0).saying(&["torch/final   test"]);
    let program = "import h5py, json, sys\n\
        f = h5py.File('out/atlas.h5')\n\
        p = f['paths/torch/final/on_test']\n\
        s = f['solutions/torch/final']\n\
        lists = p['pair'][0], p['loss'][0], s['loss_train'][:], s['loss_test'][:]\n\
        print(json.dumps([each.tolist() for each in lists]))";
    let output = Command::new(crate::python::python())
        .args(["-c", program])
        .current_dir(study.path())
        .output()
        .expect("Python with h5py");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (pair, path, train, test): (Vec<usize>, Vec<f64>, Vec<f64>, Vec<f64>) =
        serde_json::from_str(&text).expect("four lists");
    let values: Vec<f64> = vectors().rows().into_iter().map(|row| value(&row.to_vec())).collect();
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 4.0 * f64::EPSILON * b.abs(), "{a} {b}");
    for (row, &value) in values.iter().enumerate() {
        close(train[row], value);
        close(test[row], 2.0 * value);
    }
    close(path[0], 2.0 * values[pair[0]]);
    close(path[10], 2.0 * values[pair[1]]);
    // The directory can be read without the file and the process.
    study.write("landscape.py", "");
    study.start(1, &["status", "out"]).with_code(0).saying(&["import torch/final"]);
    let export = ["export", "out", "--set", "torch/final", "--to", "theta.npy"];
    study.start(1, &export).with_code(0);
    study.start(1, &["report", "out"]).with_code(0);
}

#[test]
fn points_of_a_file_are_minimized_or_used_as_given() {
    let text = IMPORTS.replace("[[import]]\nname = \"torch/final\"\nfile = \"final.npy\"\n", "");
    let text = text.replace("torch/final", "minima/relaxed");
    let text = text.replace("[paths]", "points = \"final.npy\"\n[paths]");
    let study = Study::with(&text);
    write_npy(study.path().join("final.npy"), &vectors()).expect("a writable directory");
    study.check(&[]).with_code(0).saying(&["tasks      3 starts, at most 3 paths"]);
    study.run(2, "run", &[]).saying(&["minima/relaxed"]);
    study.start(1, &["status", "out"]).with_code(0).saying(&["minima", "3 "]);
    let words = ["landscape.keep: must be at most 3, the number of landscape.points, is 4"];
    study.check(&["landscape.keep=4"]).with_code(2).saying(&words);
}

#[test]
fn vectors_are_evaluated_in_double_precision_on_all_data_sets() {
    let study = study();
    let arguments = ["evaluate", "study.toml", "--weights", "final.npy", "--csv"];
    let csv = study.start(2, &arguments).with_code(0).output;
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("row,train,test"));
    for (row, line) in lines.enumerate() {
        let expected = value(&vectors().row(row).to_vec());
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        assert!((cells[1] - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(), "{line}");
        assert_eq!((cells[0] as usize, cells[2]), (row, 2.0 * cells[1]));
    }
    let gradient = ["evaluate", "study.toml", "--weights", "final.npy", "--gradient", "g.npy"];
    // Pairs of a study mean nothing here, and do no harm.
    let listed = [&gradient[..], &["--set", "paths.list=[[0, 2]]"]].concat();
    study.start(1, &listed).with_code(0).saying(&["wells: values in units of eV; 3 vectors"]);
    let gradients: Array2<f64> = read_npy(study.path().join("g.npy")).expect("float64");
    assert!((gradients[[2, 1]] - (4.0 * 2e-9 * (4e-18 - 1.0) + 0.1)).abs() < 1e-15);
    let wrong = ["evaluate", "study.toml", "--weights", "starts"];
    study.start(1, &wrong).with_code(2);
    study.mode("error");
    let many = Array2::<f64>::ones((9, 4));
    write_npy(study.path().join("many.npy"), &many).expect("a writable directory");
    let failing = ["evaluate", "study.toml", "--weights", "many.npy"];
    study.start(1, &failing).with_code(1).saying(&["evaluate: row 2: ", "too hot"]);
}
