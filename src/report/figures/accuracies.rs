//! Accuracy profiles along the paths.

use super::by_member;
use super::profiles::{Band, left_out, with_bands, with_single_paths};
use crate::analysis::statistics::Summary;
use crate::path::{AccuracyProfiles, PathResult, PathSet, equally_spaced};
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::number::{percent, short};
use crate::report::panel::{Axis, Panel};
use crate::report::run::Run;
use crate::report::style::endpoint_sets;

/// Whether any path of these runs has accuracies.
pub(super) fn are_there(runs: &[Run<'_>]) -> bool {
    let mut paths = runs.iter().flat_map(|run| &run.paths).flat_map(PathSet::found);
    paths.any(|path| path.accuracy.is_some())
}

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "accuracies",
        title: "Accuracy along the paths",
        about: "The fraction of the images of each landscape that is classified correctly, from \
                one solution (t = 0) to the other (t = 1): at every t the median over all paths, \
                and the band with the middle half of them. Solid: the optimized paths; dashed: the \
                straight lines. The search lowers the loss, not the number of errors."
            .to_owned(),
        notes: runs
            .iter()
            .flat_map(|run| lowest_notes(run, runs.len() > 1))
            .chain(left_out(runs))
            .collect(),
        panels: gather(runs, |run| {
            let with_accuracy = by_member(run).into_iter().filter(|(_, _, sets)| {
                sets.iter().any(|paths| paths.found().any(|path| path.accuracy.is_some()))
            });
            with_accuracy.map(|(kind, title, sets)| (kind, panel(run, title, &sets))).collect()
        }),
        tables: vec![profile_table(runs), lowest_table(runs)],
    }
}

/// For each set and landscape the lowest accuracies beside the barriers.
fn lowest_notes(run: &Run<'_>, several: bool) -> Vec<String> {
    let note = |paths: &PathSet| {
        let lowest = |number: fn(&AccuracyProfiles) -> f64| {
            let all = paths.found().filter_map(|path| path.accuracy.as_ref());
            let all: Vec<f64> = all.map(number).filter(|number| number.is_finite()).collect();
            Some(percent(Summary::of(&all).ok()?.median))
        };
        let barriers: Vec<f64> = paths.found().map(|path| path.barrier).collect();
        let barrier = short(Summary::of(&barriers).ok()?.median);
        let run = if several { format!("{}: ", run.label) } else { String::new() };
        let (set, landscape) = (endpoint_sets(&paths.set), paths.landscape);
        let path = lowest(AccuracyProfiles::lowest)?;
        let straight = lowest(AccuracyProfiles::lowest_on_the_straight_line)?;
        let endpoint = lowest(AccuracyProfiles::lower_endpoint)?;
        Some(format!(
            "{run}{set} on {landscape}, medians over the paths: barrier H {barrier}, lowest \
             accuracy {path} on the path, {straight} on the straight line, {endpoint} at the \
             worse endpoint."
        ))
    };
    run.paths.iter().filter_map(note).collect()
}

fn panel(run: &Run<'_>, title: String, sets: &[&PathSet]) -> Panel {
    let x = Axis::linear("t, from one solution to the other").tight();
    let mut panel = Panel::new(title, x, Axis::linear("accuracy"));
    for paths in sets {
        let curved = Band::of(paths, |path| Some(&path.accuracy.as_ref()?.path));
        let straight = Band::of(paths, |path| Some(&path.accuracy.as_ref()?.straight));
        let count = paths.found().filter(|path| path.accuracy.is_some()).count();
        panel = with_bands(panel, (run, paths), count, [&curved, &straight]);
        panel = with_single_paths(panel, (run, paths), |path| Some(&path.accuracy.as_ref()?.path));
    }
    panel
}

/// A path with accuracies, and the first cells of its rows.
type Found<'a> = ([String; 5], &'a PathResult, &'a AccuracyProfiles);

fn each_path<'a>(runs: &'a [Run<'_>]) -> impl Iterator<Item = Found<'a>> {
    let sets = runs.iter().flat_map(|run| run.paths.iter().map(move |paths| (run, paths)));
    sets.flat_map(|(run, paths)| {
        let all = paths.pairs.iter().zip(&paths.results);
        all.filter_map(move |((a, b), result)| {
            let path = result.as_ref().ok()?;
            let (set, landscape) = (paths.set.to_string(), paths.landscape.to_string());
            let cells = [run.label.clone(), set, landscape, a.to_string(), b.to_string()];
            Some((cells, path, path.accuracy.as_ref()?))
        })
    })
}

fn profile_table(runs: &[Run<'_>]) -> Table {
    let header = ["run", "set", "landscape", "a", "b", "t", "accuracy", "straight_accuracy"];
    let mut table = Table::new("accuracies", &header);
    for ([run, set, landscape, a, b], _, of) in each_path(runs) {
        let t = equally_spaced(of.path.len());
        for ((t, path), straight) in t.into_iter().zip(&of.path).zip(&of.straight) {
            let cells = [&run, &set, &landscape, &a, &b].map(Clone::clone);
            let [run, set, landscape, a, b] = cells;
            let (t, path, straight) = (exact(t), exact(*path), exact(*straight));
            table.push([run, set, landscape, a, b, t, path, straight]);
        }
    }
    table
}

fn lowest_table(runs: &[Run<'_>]) -> Table {
    let header = [
        "run",
        "set",
        "landscape",
        "a",
        "b",
        "height",
        "lowest_accuracy",
        "lowest_straight_accuracy",
        "lower_endpoint_accuracy",
    ];
    let mut table = Table::new("accuracies-lowest", &header);
    for ([run, set, landscape, a, b], path, of) in each_path(runs) {
        let numbers =
            [path.barrier, of.lowest(), of.lowest_on_the_straight_line(), of.lower_endpoint()];
        let [height, lowest, straight, endpoint] = numbers.map(exact);
        table.push([run, set, landscape, a, b, height, lowest, straight, endpoint]);
    }
    table
}
