//! Distances and barriers before and after the alignment.

use super::barriers::{self, AlignedBarriers};
use super::{AlignedSet, Alignment, alignment};
use crate::engine::results::Results;
use crate::path::PathResult;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, AxisScale, Ink, Mark, Marker, Panel, Shape};
use crate::report::style::{BLACK, GRAY, endpoint_sets, set_name};

/// Points of a curve, at most; the table has all distances.
const MAX_POINTS: usize = 200;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut distances =
        Table::new("alignment", &["run", "set", "a", "b", "distance_before", "distance_after"]);
    let mut spreads = Table::new("alignment-spreads", &["run", "round", "spread"]);
    let mut heights = Table::new("alignment-barriers", &BARRIERS);
    for (run, results) in runs {
        let Some(found) = alignment(results, &run.sets) else { continue };
        let several = runs.len() > 1;
        panels.extend(found.sets.iter().filter_map(|set| distance_panel(run, several, set)));
        fill_distances(&mut distances, run, &found);
        for (round, spread) in found.spreads.iter().enumerate() {
            spreads.push([run.label.clone(), round.to_string(), exact(*spread)]);
        }
        if !found.converged {
            notes.push("The alignment has not converged: increase `align.rounds`.".to_owned());
        }
        for of_set in barriers::of_all(results, &run.paths) {
            panels.push(barrier_panel(run, several, &of_set));
            fill_barriers(&mut heights, run, &of_set);
        }
    }
    Figure {
        key: "alignment",
        title: "Alignment",
        about: if heights.rows.is_empty() {
            ABOUT_DISTANCES.to_owned()
        } else {
            format!("{ABOUT_DISTANCES} {ABOUT_BARRIERS}")
        },
        notes,
        panels,
        tables: vec![distances, spreads, heights],
    }
}

const ABOUT_DISTANCES: &str = "The distances between the solutions of a set, before (dashed) and \
                               after (solid) the exchange of hidden units, which does not change \
                               the function of a solution. The curves show the share of the pairs \
                               whose distance is below a value.";

const ABOUT_BARRIERS: &str = "The scatter plots compare barriers of the same pairs: before the \
                              alignment on the horizontal axis, after it on the vertical axis. \
                              Disks are straight lines, triangles are paths. Barriers below the \
                              dashed line have become lower.";

const BARRIERS: [&str; 9] = [
    "run",
    "set",
    "landscape",
    "a",
    "b",
    "straight",
    "straight_aligned",
    "height",
    "height_aligned",
];

/// With the label of the run, if there are several.
fn titled(run: &Run<'_>, several: bool, title: String) -> String {
    if several { format!("{}: {title}", run.label) } else { title }
}

/// `None` without two vectors.
fn distance_panel(run: &Run<'_>, several: bool, set: &AlignedSet) -> Option<Panel> {
    let [before, after] = set.distances.each_ref().map(|distances| cumulative(distances));
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let x = Axis::linear("distance between two solutions").including(&[0.0]);
    let y = Axis::linear("share of the pairs").including(&[0.0, 1.0]);
    let color = run.look(&set.source).color;
    let panel = Panel::new(titled(run, several, set_name(&set.source)), x, y);
    let label = |word: &str| Some(word.to_owned());
    let panel = panel
        .with(Shape::Lines(vec![before]), Ink::line(GRAY).dashed(), label("before"))
        .of_sets([&set.source])
        .with(Shape::Lines(vec![after]), Ink::line(color), label("after"))
        .of_sets([&set.source]);
    Some(panel)
}

/// The share of the numbers that are at most x.
fn cumulative(numbers: &[f64]) -> Vec<[f64; 2]> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let (count, points) = (sorted.len(), sorted.len().min(MAX_POINTS));
    let place = |point: usize| if points == 1 { 0 } else { point * (count - 1) / (points - 1) };
    let point = |place: usize| [sorted[place], (place + 1) as f64 / count as f64];
    (0..points).map(|number| point(place(number))).collect()
}

/// The panel, which the page can also show with the other scale.
fn barrier_panel(run: &Run<'_>, several: bool, of: &AlignedBarriers) -> Panel {
    let barriers = of.pairs.iter().flat_map(|(_, paths)| paths);
    let mut barriers = barriers.flat_map(|path| [path.straight_barrier, path.barrier]);
    let is_positive = barriers.all(|barrier| barrier.is_nan() || barrier > 0.0);
    let on = |scale| scaled_panel(run, several, of, scale);
    if is_positive {
        let other = Some(Box::new(on(AxisScale::Linear)));
        Panel { other, ..on(AxisScale::Log) }
    } else {
        on(AxisScale::Linear)
    }
}

fn scaled_panel(run: &Run<'_>, several: bool, of: &AlignedBarriers, scale: AxisScale) -> Panel {
    let places = |height: fn(&PathResult) -> f64| -> (Vec<[f64; 2]>, Vec<Mark>) {
        let pairs = of.pairs.iter().map(|(pair, paths)| (paths.each_ref().map(height), pair));
        let finite = pairs.filter(|(place, _)| place.iter().all(|height: &f64| height.is_finite()));
        finite.map(|(place, pair)| (place, run.pair(&of.sets, *pair))).unzip()
    };
    let (straight, of_straight) = places(|path| path.straight_barrier);
    let (found, of_found) = places(|path| path.barrier);
    let all = || straight.iter().chain(&found).flatten().copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let label = run.height_label();
    let axis = |when: &str| {
        let label = format!("{label}, {when}");
        Axis { scale, ..Axis::linear(label) }
    };
    let title = format!("{} on {}", endpoint_sets(&of.sets), of.landscape);
    let mut panel = Panel::new(titled(run, several, title), axis("before"), axis("after"));
    if low < high {
        let line = Shape::Lines(vec![vec![[low, low], [high, high]]]);
        panel = panel.with(line, Ink::line(GRAY).dashed(), None);
    }
    let color = run.look_of(&of.sets).color;
    let counted = |word: &str, points: &[[f64; 2]]| Some(format!("{word} ({})", points.len()));
    let [line, path] = [counted("straight lines", &straight), counted("paths", &found)];
    panel
        .with(Shape::Points(straight, Marker::Disk), Ink::marker(color), line)
        .of_paths(&of.sets)
        .marked(of_straight)
        .with(Shape::Points(found, Marker::Triangle), Ink::marker(BLACK), path)
        .of_paths(&of.sets)
        .marked(of_found)
}

fn fill_distances(table: &mut Table, run: &Run<'_>, found: &Alignment) {
    for set in &found.sets {
        let numbers = &set.initialization;
        let pairs = numbers
            .iter()
            .enumerate()
            .flat_map(|(place, a)| numbers[place + 1..].iter().map(move |b| (*a, *b)));
        let [before, after] = &set.distances;
        for ((a, b), (before, after)) in pairs.zip(before.iter().zip(after)) {
            table.push([
                run.label.clone(),
                set.source.to_string(),
                a.to_string(),
                b.to_string(),
                exact(*before),
                exact(*after),
            ]);
        }
    }
}

fn fill_barriers(table: &mut Table, run: &Run<'_>, of: &AlignedBarriers) {
    for ((a, b), [before, after]) in &of.pairs {
        table.push([
            run.label.clone(),
            of.sets.to_string(),
            of.landscape.to_string(),
            a.to_string(),
            b.to_string(),
            exact(before.straight_barrier),
            exact(after.straight_barrier),
            exact(before.barrier),
            exact(after.barrier),
        ]);
    }
}
