//! The report: complete, true to the atlas, self-contained, and the same whoever makes it.

use crate::bad_directory::refused;
use crate::finished::{finished_run, finished_training};
use crate::python::python;
use crate::start::{lossatlas, on_tiny, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Runs `check_report.py` and fails with what it says.
#[track_caller]
fn check(report: &Path, run: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/check_report.py");
    let output = Command::new(python())
        .arg(script)
        .arg(report)
        .arg(run.join("atlas.h5"))
        .output()
        .expect("a Python to run");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
}

/// Every file of a directory.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), fs::read(&path).expect("a file"))).collect()
}

fn page(report: &Path) -> String {
    fs::read_to_string(report.join("index.html")).expect("a page")
}

#[test]
fn a_run_ends_with_a_report_that_is_true_to_its_atlas_and_the_same_on_any_number_of_ranks() {
    let root = tempdir().expect("a temporary directory");
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    for (ranks, directory) in [(1, &one), (2, &two)] {
        let ended = on_tiny(ranks, "run", directory, &[]).with_code(0);
        assert_eq!(ended.stdout.matches("report/index.html").count(), 1, "{}", ended.stdout);
    }
    let first = files(&one.join("report"));
    for name in [
        "index.html",
        "losses",
        "barriers",
        "profiles",
        "accuracies",
        "distances",
        "kernel-pca",
        "spectrum",
    ] {
        let kinds: &[_] = if name.contains('.') { &[""] } else { &[".svg", ".png", ".csv"] };
        assert!(
            kinds.iter().all(|kind| first.contains_key(&format!("{name}{kind}"))),
            "{name} of {:?}",
            first.keys()
        );
    }
    check(&one.join("report"), &one);
    let differing = |other: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        let names = first.keys().chain(other.keys());
        names.filter(|name| first.get(*name) != other.get(*name)).cloned().collect()
    };
    // The page says when, where and on how many ranks it was computed. The rest is the same.
    let second = files(&two.join("report"));
    assert_eq!(differing(&second), ["files.sha256", "index.html"].repeat(2));
    let [(before, of_one), (same_before, of_two)] =
        [&one, &two].map(|run| without_origin(&page(&run.join("report"))));
    assert_eq!(before, same_before);
    for (origin, run, ranks) in [(of_one, &one, "1 rank<"), (of_two, &two, "2 ranks<")] {
        let directory = run.canonicalize().expect("a directory");
        let command = format!("--out {}", text(run));
        for part in [ranks, text(&directory), &command, "href=\"../atlas.h5\"", " UTC</time>"] {
            assert!(origin.contains(part), "{part}: {origin}");
        }
    }
    lossatlas(2, &["report", text(&one)]).with_code(0);
    assert_eq!(differing(&files(&one.join("report"))), [""; 0]);

    // The checks can fail: these are the numbers of another seed.
    let other = root.path().join("other");
    on_tiny(1, "run", &other, &["seed=8"]).with_code(0);
    let mixed = std::panic::catch_unwind(|| check(&one.join("report"), &other));
    assert!(mixed.is_err());
}

/// A page without the part about its origin, and this part.
fn without_origin(page: &str) -> (String, String) {
    let (before, rest) = page.split_once("<section id=\"captured\">").expect("a part about it");
    let (origin, after) = rest.split_once("<details>").expect("the configuration");
    (format!("{before}{after}"), origin.to_owned())
}

#[test]
fn what_is_missing_is_said() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("run");
    finished_training(&directory);
    assert!(!directory.join("report").exists(), "a stage alone makes none");
    lossatlas(2, &["report", text(&directory)]).with_code(0);
    let page = page(&directory.join("report"));
    for part in [
        "This run is unfinished, and was not running when this report was made.",
        "paths, 16 of 16 tasks",
        "paths lbfgs/test on train: 2 of 2",
        "kernel PCA</li>",
        "There is nothing to show yet.",
        "No published values or claims apply to this run: built-in digits instead of MNIST.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        directory.join("report/losses.svg").exists()
            && !directory.join("report/barriers.svg").exists()
    );
}

/// What a page shows at first, without its tags: a long title takes two lines of a figure.
fn words(page: &str) -> String {
    // A panel on its other scale is in a template.
    let parts = page.split("<template>");
    let shown: String =
        parts.map(|part| part.split_once("</template>").map_or(part, |(_, shown)| shown)).collect();
    let texts = shown.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The example has refined barriers that are all certified, and no images.
#[test]
fn a_page_about_clusters_has_words_for_clusters_and_no_advice_that_is_not_needed() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("clusters");
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lennard_jones.toml");
    let ended =
        lossatlas(2, &["run", text(&configuration), "--out", text(&directory)]).with_code(0);
    assert!(!ended.stdout.contains("still improving"), "{}", ended.stdout);
    let page = page(&directory.join("report"));
    let (_, shown) = page.split_once("<body>").expect("a body");
    let (shown, _) = shown.split_once("<footer>").expect("a footer");
    let shown = words(shown);
    assert_eq!(shown.matches("6 of 6 refined barriers are certified passes").count(), 1);
    for part in ["Landscape: Lennard-Jones", "Height along the paths", "the greatest height on the"]
    {
        assert!(shown.contains(part), "{part}");
    }
    for part in ["image", "ω", " loss ", "Loss along", "lossatlas resume", "More steps can"] {
        assert!(!shown.contains(part), "{part}");
    }
}

#[test]
fn several_runs_stand_side_by_side() {
    let root = tempdir().expect("a temporary directory");
    let [first, second, to] = ["first", "second", "both"].map(|name| root.path().join(name));
    finished_run(&first);
    on_tiny(1, "run", &second, &["seed=8"]).with_code(0);
    let directories = ["report", text(&first), text(&second)];
    refused(
        &directories,
        &["several runs have no common directory: give the directory of their report with --to \
           DIR"],
    );
    lossatlas(2, &[&directories[..], &["--to", text(&to)]].concat()).with_code(0);
    let page = page(&to);
    for title in [
        "Fully connected perceptron (first): training loss",
        "Fully connected perceptron (second): training loss",
    ] {
        assert_eq!(words(&page).matches(title).count(), 1, "{title}");
    }
    let losses = fs::read_to_string(to.join("losses.csv")).expect("a table");
    let alone = fs::read_to_string(first.join("report/losses.csv")).expect("a table");
    assert_eq!(losses.lines().count(), 2 * alone.lines().count() - 1);
}

#[test]
fn runs_of_equal_folder_names_are_told_apart() {
    let root = tempdir().expect("a temporary directory");
    let [first, second, to] = ["s1/out", "s2/out", "both"].map(|name| root.path().join(name));
    finished_run(&first);
    on_tiny(1, "run", &second, &["seed=8"]).with_code(0);
    lossatlas(1, &["report", text(&first), text(&second), "--to", text(&to)]).with_code(0);
    let title = "Fully connected perceptron (s1/out): training loss";
    assert!(words(&page(&to)).contains(title), "the labels are too short");
    for entry in fs::read_dir(&to).expect("a directory") {
        let file = entry.expect("an entry").path();
        if file.extension().is_some_and(|extension| extension == "csv") {
            let table = fs::read_to_string(&file).expect("a table");
            let of = |label: &str| table.lines().filter(|line| line.contains(label)).count();
            let [first, second] = ["s1/out", "s2/out"]
                .map(|folder| of(&format!("Fully connected perceptron ({folder})")));
            assert_eq!(first, second, "{}", file.display());
            assert!(first > 0, "{}", file.display());
        }
    }
    // One directory is one run, by whatever name.
    let again = first.join("../out");
    let message = "this directory is given twice; name each run once";
    refused(&["report", text(&first), text(&again), "--to", text(&to)], &[message]);
}

#[test]
fn a_report_that_fails_does_not_fail_the_run() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("run");
    finished_training(&directory);
    fs::write(directory.join("report"), b"precious").expect("a writable directory");
    let ended = on_tiny(2, "run", &directory, &[]).with_code(0);
    assert_eq!(
        (ended.said("no report: "), ended.said("the results are complete all the same")),
        (1, 1),
        "{}",
        ended.stderr
    );
    assert!(directory.join("atlas.h5").exists());
    assert_eq!(fs::read(directory.join("report")).expect("still there"), b"precious");
    let alone = lossatlas(2, &["report", text(&directory)]).with_code(1);
    assert_eq!(alone.said("the report cannot be written"), 1, "{}", alone.stderr);
    refused(&["report", text(root.path())], &["results.journal: this directory has no results"]);
}

/// The published paths for three weights, and the claim they are for.
#[test]
fn runs_with_different_weights_side_by_side_decide_the_claim_about_them() {
    let root = tempdir().expect("a temporary directory");
    let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/fig3.toml");
    let directories = ["10", "100", "1000"].map(|lambda| root.path().join(lambda));
    for (lambda, directory) in ["10", "100", "1000"].iter().zip(&directories) {
        let weight = format!("paths.lambda={lambda}");
        lossatlas(1, &["run", text(&configuration), "--out", text(directory), "--set", &weight])
            .with_code(0);
    }
    let to = root.path().join("all");
    let [first, second, third] = directories.each_ref().map(|directory| text(directory));
    lossatlas(1, &["report", first, second, third, "--to", text(&to)]).with_code(0);
    let claims = fs::read_to_string(to.join("claims.csv")).expect("a table");
    let lambda = claims.lines().find(|line| line.starts_with("9,")).expect("the claim about λ");
    assert!(lambda.contains(",supported,") && lambda.contains("λ = 1000"), "{lambda}");
    // One map with all three paths, and a line for each in the panel of heights.
    let page = page(&to);
    assert_eq!(page.matches(">\ntwo wells\n<").count(), 1);
    assert_eq!(
        ["10: up to", "100: up to", "1000: up to"]
            .map(|line| words(&page).matches(&format!("λ = {line}")).count()),
        [1; 3]
    );
}

#[test]
fn the_paths_on_a_map_are_those_of_the_run() {
    let root = tempdir().expect("a temporary directory");
    for name in ["fig3", "mueller-brown"] {
        let configuration =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(format!("{name}.toml"));
        let directory = root.path().join(name);
        lossatlas(1, &["run", text(&configuration), "--out", text(&directory)]).with_code(0);
        check(&directory.join("report"), &directory);
    }
    let claims = fs::read_to_string(root.path().join("fig3/report/claims.csv")).expect("a table");
    let alone = claims.lines().find(|line| line.starts_with("9,")).expect("the claim about λ");
    assert!(alone.contains(",not testable here,") && alone.contains("here λ = 10: "), "{alone}");
    assert!(!root.path().join("mueller-brown/report/claims.csv").exists());
}
