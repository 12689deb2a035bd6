//! Curvature along paths, beside the loss there.

use super::known::{PathsCurvature, of_paths};
use super::outcome::{AlongPath, PointCurvature};
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, Ink, Marker, Panel, Shape};
use crate::report::style::endpoint_sets;
use crate::report::words::Words;

type Measure = (&'static str, fn(&PointCurvature) -> f64);

const MEASURES: [Measure; 4] = [
    ("loss", PointCurvature::loss),
    ("largest eigenvalue", PointCurvature::largest),
    ("filter-normalized", PointCurvature::normalized),
    ("trace", PointCurvature::trace_estimate),
];

/// Panels, at most: three sets with all their measures. More do not fit on a printed page.
const MAX_PANELS: usize = 12;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut table = Table::new("curvature-along-paths", &HEADER);
    let mut refined = false;
    for (run, results) in runs {
        for of in of_paths(results, &results.sets()) {
            let panel = |measure| panel(run, runs.len() > 1, measure, &of);
            panels.extend(MEASURES.iter().map(panel).filter(|panel| !panel.is_empty()));
            refined |= of.found().any(|(_, path)| path.is_refined);
            of.found().for_each(|(pair, path)| fill(run, &of, pair, path, &mut table));
        }
    }
    if panels.len() > MAX_PANELS {
        notes.push(format!(
            "The figure has the first {MAX_PANELS} of {} panels. The file \
             curvature-along-paths.csv has the numbers of all.",
            panels.len()
        ));
        panels.truncate(MAX_PANELS);
    }
    Figure {
        key: "curvature-along-paths",
        title: "Curvature along paths",
        about: about(Words::of(runs.iter().map(|(run, _)| *run)), refined),
        notes,
        panels,
        tables: vec![table],
    }
}

/// What the panels show, in the words of the subject.
fn about(words: Words, refined: bool) -> String {
    let (first, loss) = (words.loss_first(), words.loss());
    let (normalized, images) = if words.has_networks() {
        (", the filter-normalized one", ", all on the images of the curvature")
    } else {
        ("", "")
    };
    let refined = if refined {
        " The top of a refined path lies on the refined curve, not on the drawn one; its t is the \
         fraction of the length."
    } else {
        ""
    };
    format!(
        "{first}, largest eigenvalue of the Hessian{normalized} and the trace at equally spaced \
         points of each path{images}. The marker is the top: the highest point of the \
         path.{refined} A path of constant {loss} need not have constant curvature."
    )
}

fn panel(run: &Run<'_>, several: bool, &(name, measure): &Measure, of: &PathsCurvature) -> Panel {
    let name = if name == "loss" && run.network().is_none() { "height" } else { name };
    let title = format!("{name}, {} on {}", endpoint_sets(&of.sets), of.landscape);
    let title = if several { format!("{}: {title}", run.label) } else { title };
    let (mut lines, mut tops) = (Vec::new(), Vec::new());
    let (mut of_lines, mut of_tops) = (Vec::new(), Vec::new());
    for (pair, path) in of.found() {
        let points = path.t.iter().zip(&path.points).map(|(&t, point)| [t, measure(point)]);
        let mut points: Vec<[f64; 2]> = points.collect();
        tops.extend(points.pop().filter(|[_, value]| value.is_finite()));
        lines.push(points.into_iter().filter(|[_, value]| value.is_finite()).collect::<Vec<_>>());
        of_lines.push(run.pair(&of.sets, pair));
        of_tops.resize(tops.len(), run.pair(&of.sets, pair));
    }
    let mut values = lines.iter().flatten().chain(&tops).map(|[_, value]| *value);
    let is_log = values.all(|value| value > 0.0);
    let label =
        if ["loss", "height"].contains(&name) { run.height_label() } else { name.to_owned() };
    let y = if is_log { Axis::log(label) } else { Axis::linear(label) };
    let color = run.look_of(&of.sets).color;
    Panel::new(title, Axis::linear("t").tight(), y)
        .with(Shape::Lines(lines), Ink::line(color).opacity(0.7), None)
        .of_paths(&of.sets)
        .marked(of_lines)
        .with(Shape::Points(tops, Marker::Diamond), Ink::marker(color), Some("top".to_owned()))
        .of_paths(&of.sets)
        .marked(of_tops)
}

const HEADER: [&str; 15] = [
    "run",
    "set",
    "landscape",
    "a",
    "b",
    "point",
    "t",
    "loss",
    "largest",
    "lowest",
    "filter_normalized",
    "trace",
    "trace_error",
    "not_converged",
    "top",
];

fn fill(
    run: &Run<'_>,
    of: &PathsCurvature,
    (a, b): (u32, u32),
    path: &AlongPath,
    table: &mut Table,
) {
    let last = path.points.len() - 1;
    for (index, (t, point)) in path.t.iter().zip(&path.points).enumerate() {
        let top = match (index == last, path.is_refined) {
            (false, _) => "",
            (true, true) => "refined",
            (true, false) => "fine grid",
        };
        let error = point.trace().and_then(|trace| trace.standard_error);
        table.push([
            run.label.clone(),
            of.sets.to_string(),
            of.landscape.to_string(),
            a.to_string(),
            b.to_string(),
            index.to_string(),
            exact(*t),
            exact(point.loss()),
            exact(point.largest()),
            exact(point.lowest()),
            exact(point.normalized()),
            exact(point.trace_estimate()),
            exact(error.unwrap_or(f64::NAN)),
            point.open().to_string(),
            top.to_owned(),
        ]);
    }
}
