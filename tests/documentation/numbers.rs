//! The numbers that the pages print. Those of SGD are the same on every x86 processor to the digits
//! shown, and are held against a run. Those of L-BFGS are not: the pages show ranges over several
//! seeds.

use crate::markdown::{blocks, rows};
use crate::{Page, ROOT};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

fn page(name: &str) -> Page {
    Page::read(Path::new(ROOT).join(name))
}

/// What a row of a table says, however wide its columns are.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn rows_of<'t>(optimizer: &str, text: &'t str) -> Vec<Vec<&'t str>> {
    let start = format!(" {optimizer}/");
    text.lines().filter(|line| line.starts_with(&start)).map(cells).collect()
}

const SGD_ALONE: &str = "training.optimizers=[\"sgd\"]";

/// Compares the rows of SGD that the first blocks of output of a page show with those that a run
/// prints with the vector instructions limited to these. Returns all that the run prints.
fn hold_against_a_run(
    page: &Page,
    configuration: &Path,
    settings: &[&str],
    instructions: Option<&str>,
) -> String {
    let directory = tempdir().expect("a temporary directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossatlas"));
    command.arg("run").arg(configuration).arg("--out").arg(directory.path().join("out"));
    for setting in ["kpca=[]"].iter().chain(settings) {
        command.args(["--set", setting]);
    }
    command.envs(instructions.map(|most| ("LOSSATLAS_INSTRUCTIONS", most)));
    let output = command.output().expect("the program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let all = String::from_utf8(output.stdout).expect("the program writes UTF-8");
    let printed = rows_of("sgd", &all);
    let shown = blocks(&page.text).into_iter().filter(|block| block.language == "text");
    let shown: Vec<String> = shown.map(|block| block.text).collect();
    let mut compared = 0;
    // Of the rows on paths, those that this run has looked for.
    for row in shown.iter().flat_map(|text| rows_of("sgd", text)) {
        let of_losses = row.len() == 6;
        let asked_for = printed.iter().any(|other| other[..3] == row[..3]);
        if of_losses || asked_for {
            assert!(printed.contains(&row), "{}: {row:?} is not among {printed:?}", page.place(1));
            compared += 1;
        }
    }
    assert!(compared >= 3, "{compared} of {printed:?}");
    all
}

#[test]
fn the_demo() {
    let sets = [SGD_ALONE, "paths.sets=[\"sgd/train\"]", "paths.landscapes=[\"train\"]"];
    hold_against_a_run(
        &page("docs/demo.md"),
        &Path::new(ROOT).join("configs/demo.toml"),
        &sets,
        None,
    );
}

#[test]
fn the_run_of_the_tutorial() {
    let page = page("docs/tutorial.md");
    let block = blocks(&page.text)
        .into_iter()
        .find(|block| block.language == "toml")
        .expect("a configuration");
    let directory = tempdir().expect("a temporary directory");
    let file = directory.path().join("tutorial.toml");
    fs::write(&file, block.text).expect("space for a small file");
    let paths = "paths.sets=[\"sgd/train\"]";
    hold_against_a_run(&page, &file, &[SGD_ALONE, paths], Some("avx2"));
    let printed = hold_against_a_run(&page, &file, &[paths], None);
    hold_lbfgs_against_ranges(&page, &printed);
}

/// The losses and accuracies of L-BFGS lie in the ranges of the page, or beside them by less than
/// their width: the ranges are those of a few runs, and the last bits of another processor lead
/// elsewhere.
fn hold_lbfgs_against_ranges(page: &Page, printed: &str) {
    let printed = rows_of("lbfgs", printed);
    let columns = [("training loss", 2), ("test loss", 3), ("test accuracy", 5)];
    let mut compared = 0;
    for row in rows(&page.text) {
        let [what, documented] = &row.cells[..] else { continue };
        let Some((set, quantity)) = what.split_once(": ") else { continue };
        let Some((_, column)) = columns.iter().find(|(name, _)| *name == quantity) else {
            continue;
        };
        let (low, high) = range(documented).unwrap_or_else(|| panic!("{what}: {documented}"));
        let set = set.trim_matches('`');
        let found = printed.iter().find(|row| row[0] == set && row.len() == 6);
        let found = found.and_then(|row| number(row[*column]));
        let found = found.unwrap_or_else(|| panic!("{what} is not in {printed:?}"));
        let width = high - low;
        assert!(
            low - width < found && found < high + width,
            "{}: {what} is {found}, documented as {documented}",
            page.place(1)
        );
        compared += 1;
    }
    assert!(compared >= 5, "{compared} ranges");
}

fn number(text: &str) -> Option<f64> {
    text.trim().trim_end_matches(" %").parse().ok()
}

/// `0.188 to 0.347`.
fn range(cell: &str) -> Option<(f64, f64)> {
    let (low, high) = cell.split_once(" to ")?;
    Some((number(low)?, number(high)?))
}

/// Every number of L-BFGS on the pages of the demo and the tutorial is one of a range, from the lower to the
/// higher.
#[test]
fn ranges_are_ranges() {
    for name in ["docs/demo.md", "docs/tutorial.md"] {
        let page = page(name);
        let printed = blocks(&page.text);
        let single = printed
            .iter()
            .flat_map(|block| block.text.lines())
            .find(|line| line.starts_with(" lbfgs/") && !line.contains('…'));
        assert_eq!(single, None, "{name}: a number of one processor");
        let mut ranges = 0;
        for row in
            rows(&page.text).iter().filter(|row| row.cells.iter().any(|cell| cell.contains(" to ")))
        {
            for cell in row.cells.iter().filter(|cell| cell.contains(" to ")) {
                let Some((low, high)) = range(cell) else { continue };
                assert!(low < high, "{name}: {cell}");
                ranges += 1;
            }
        }
        assert!(ranges >= 6, "{name}: {ranges} ranges");
    }
}
