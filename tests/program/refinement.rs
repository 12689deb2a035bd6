//! `[paths.refine]`: exact passes through the whole program, restarts, and what invalidates them.

use crate::atlas::{assert_all_same, assert_same, contents};
use crate::interrupt::{in_background, ranks_of, signal};
use crate::start::{lossatlas, on_tiny, text};
use lossatlas::engine::stages::refinement::RefinedPath;
use lossatlas::engine::store::{Contents, journal};
use lossatlas::path::refine::{Certificate, Verdict};
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use tempfile::tempdir;

const REFINE: &str = "paths.refine.max_gradients=150";

/// The certificates in a journal, by the key of their task.
fn certificates(directory: &Path) -> Vec<(String, Certificate)> {
    let (contents, _) = journal::read(directory, Contents::default()).expect("a journal");
    let tasks = contents.tasks::<RefinedPath>("refinement");
    let found =
        tasks.map(|(key, path)| (key.to_owned(), path.result.expect("a refined path").certificate));
    found.collect()
}

fn run(ranks: usize, file: &Path, directory: &Path, settings: &[&str]) -> crate::start::Ended {
    let mut arguments = vec!["run", text(file), "--out", text(directory)];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    lossatlas(ranks, &arguments).with_code(0)
}

#[test]
fn mueller_brown_from_random_starts_has_its_exact_passes() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("study.toml");
    let written = "seed = 3\n[landscape]\nkind = \"mueller-brown\"\nstarts = 40\nkeep = 3\n\
                   [paths]\nfourier_terms = 4\nsteps = 30\n[paths.refine]\n";
    fs::write(&file, written).expect("a writable directory");
    let [one, three] = ["one", "three"].map(|name| root.path().join(name));
    let ended = run(1, &file, &one, &[]);
    assert!(ended.stdout.contains("Refined barriers"), "{}", ended.stdout);
    run(3, &file, &three, &[]);
    assert_same(&one, &three);
    let found = certificates(&one);
    let mut heights: Vec<f64> = found.iter().map(|(_, path)| path.height).collect();
    heights.sort_by(f64::total_cmp);
    // Of the climb from the lower end: −108.2 for the first one, −146.7 for the others.
    let exact = [(-72.248_940_112, 36.0), (-40.664_843_509, 106.0), (-40.664_843_509, 106.0)];
    assert_eq!(heights.len(), exact.len());
    for (height, (exact, climb)) in heights.iter().zip(exact) {
        assert!((height - exact).abs() < 1e-6 * climb, "{height} instead of {exact}");
    }
    assert!(found.iter().all(|(_, path)| path.verdict == Verdict::Pass));
    let table = fs::read_to_string(one.join("report/refined.csv")).expect("a table");
    assert_eq!(table.matches(",pass,1,").count(), 3, "{table}");
    assert!(one.join("report/refinement.svg").exists());
    let status = lossatlas(1, &["status", text(&one)]).with_code(0);
    assert!(status.stdout.contains("refinements minima/relaxed on formula"), "{}", status.stdout);

    // Other paths are other starts; from straight lines, paths do not matter.
    let ended = run(2, &file, &one, &["paths.steps=60"]);
    assert_eq!(ended.said("refinement: 3 tasks\n"), 1, "{}", ended.stderr);
    let straight = "paths.refine.from=\"straight\"";
    let changed = ["run", text(&file), "--out", text(&one), "--set", straight];
    let refused = lossatlas(1, &changed).with_code(2);
    let said = "add --replace to compute anew: refinements minima/relaxed on formula (3)";
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    // Without the section the refinements are hidden. Another section still replaces them.
    let bare = root.path().join("bare.toml");
    fs::write(&bare, written.replace("[paths.refine]\n", "")).expect("a writable directory");
    run(1, &bare, &one, &[]);
    let refused = lossatlas(1, &changed).with_code(2);
    assert_eq!(refused.said(said), 1, "{}", refused.stderr);
    let ended = lossatlas(1, &[&changed[..], &["--replace"]].concat());
    assert_eq!(ended.with_code(0).said("refinement: 3 tasks\n"), 1);
    let ended = run(1, &file, &one, &[straight, "paths.steps=90"]);
    assert_eq!((ended.said("paths: 3 tasks\n"), ended.said("refinement: 3 tasks\n")), (1, 0));
}

/// Atoms have numbers, and paths lead over many saddles. None is lower than the lowest transition
/// state, which is that between the capped octahedron and the pentagonal bipyramid.
#[test]
fn the_lowest_saddle_of_seven_atoms_from_random_starts_is_the_published_one() {
    let root = tempdir().expect("a temporary directory");
    let file = root.path().join("study.toml");
    let written = "seed = 1\n[landscape]\nkind = \"lennard-jones\"\natoms = 7\nstarts = 60\n\
                   keep = 4\n[paths]\nsteps = 0\n[paths.refine]\nmax_gradients = 20000\n";
    fs::write(&file, written).expect("a writable directory");
    run(2, &file, &root.path().join("out"), &[]);
    let found = certificates(&root.path().join("out"));
    assert_eq!(found.len(), 6);
    let passes = found.iter().flat_map(|(_, path)| &path.known.passes);
    let saddles = passes.filter(|pass| pass.is_saddle).map(|pass| pass.height);
    let lowest = saddles.fold(f64::INFINITY, f64::min);
    let climb = 16.505_384 - 15.444_734;
    assert!((lowest + 15.444_733_800).abs() < 1e-6 * climb, "{lowest}");
}

#[test]
fn networks_on_any_number_of_ranks_and_after_interruptions_have_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let place = |name: &str| root.path().join(name);
    let [one, three, later, killed] = ["one", "three", "later", "killed"].map(place);
    on_tiny(1, "run", &one, &[REFINE]).with_code(0);
    on_tiny(3, "run", &three, &[REFINE]).with_code(0);
    // Asked for later, by the command of the paths.
    on_tiny(2, "run", &later, &[]).with_code(0);
    let ended = on_tiny(1, "paths", &later, &[REFINE]).with_code(0);
    assert_eq!((ended.said("paths: 16 tasks\n"), ended.said("refinement: 16 tasks\n")), (0, 1));
    let frequent = "run.checkpoint_minutes=0.0001";
    for milliseconds in [40, 80, 160, 320] {
        let run = in_background(1, "run", &killed, &[REFINE, frequent]);
        sleep(Duration::from_millis(milliseconds));
        signal("KILL", &ranks_of(&killed));
        run.join().expect("the program could be started");
    }
    on_tiny(2, "run", &killed, &[REFINE]).with_code(0);
    assert_all_same(&[&one, &three, &later, &killed]);
    let atlas = contents(&one);
    assert!(atlas.contains_key("/paths/sgd/train/on_train/height_refined"));
    assert!(atlas.contains_key("/paths/sgd/train/on_train/refined/theta_top"));
}

#[test]
fn a_curve_that_was_not_kept_is_searched_for_once_more() {
    let root = tempdir().expect("a temporary directory");
    let [kept, lost] = ["kept", "lost"].map(|name| root.path().join(name));
    on_tiny(1, "run", &kept, &[REFINE]).with_code(0);
    on_tiny(1, "run", &lost, &[REFINE, "paths.keep_states=false"]).with_code(0);
    assert!(!lost.join("path-states").exists());
    let same = certificates(&kept) == certificates(&lost);
    assert!(same, "the search gives the same curve");
}

#[test]
fn a_refinement_starts_from_the_file_of_a_curve() {
    let root = tempdir().expect("a temporary directory");
    let [whole, damaged] = ["whole", "damaged"].map(|name| root.path().join(name));
    let stored = ["paths.keep_states=false", "paths.store=\"all\""];
    let again = "searched for once more";
    for (directory, count) in [(&whole, 0), (&damaged, 16)] {
        on_tiny(1, "run", directory, &stored).with_code(0);
        if count > 0 {
            for file in fs::read_dir(directory.join("curves")).expect("curves") {
                fs::write(file.expect("a file").path(), "no curve").expect("a writable file");
            }
        }
        let ended = on_tiny(1, "paths", directory, &[stored[0], stored[1], REFINE]).with_code(0);
        assert_eq!(ended.said(again), count, "{}", ended.stderr);
    }
    assert!(certificates(&whole) == certificates(&damaged), "the search gives the same curve");
}

#[test]
fn nothing_is_refined_unasked() {
    let root = tempdir().expect("a temporary directory");
    let ended = on_tiny(1, "run", root.path(), &[]).with_code(0);
    assert!(!ended.stdout.contains("Refined") && ended.said("refinement") == 0);
    let planned = lossatlas(1, &["check", crate::start::TINY, "--set", REFINE]).with_code(0);
    let said = "refinements of at most 150 gradients on 200 train images";
    assert!(planned.stdout.contains(said), "{}", planned.stdout);
}
