//! Sharpness of the solutions as a function of their loss.

use super::known::{SetCurvature, of_sets};
use super::outcome::{Eigenvalue, PointCurvature};
use crate::analysis::curvature::Sharpness;
use crate::engine::console::count;
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, Ink, Panel, Shape};
use crate::report::style::set_name;
use crate::report::words::Words;
use crate::solutions::LandscapeName;

type Number = fn(&PointCurvature) -> f64;

/// What is drawn over the loss.
struct Measure {
    name: &'static str,
    /// What it is, for the caption.
    about: &'static str,
    number: Number,
}

/// The measures that are drawn over the loss.
const MEASURES: [Measure; 4] = [
    Measure {
        name: "largest eigenvalue",
        about: "the largest eigenvalue of the Hessian",
        number: PointCurvature::largest,
    },
    Measure {
        name: "filter-normalized",
        about: "the largest eigenvalue if each weight is in units of the norm of its filter, which \
                does not depend on the scale of the weights",
        number: PointCurvature::normalized,
    },
    Measure {
        name: "trace",
        about: "the trace of the Hessian",
        number: PointCurvature::trace_estimate,
    },
    Measure {
        name: "doubling distance",
        about: "the distance along the leading eigenvector at which the LOSS doubles",
        number: PointCurvature::doubling_distance,
    },
];

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut table = Table::new("curvature", &HEADER);
    let mut eigenvalues = Table::new("curvature-eigenvalues", &EIGENVALUES);
    let (mut open, mut drawn) = (0, [false; MEASURES.len()]);
    for (run, results) in runs {
        let known = of_sets(results, &results.sets());
        open += known.iter().map(SetCurvature::open).sum::<usize>();
        let mut landscapes: Vec<LandscapeName> = known.iter().map(|of| of.landscape).collect();
        landscapes.sort_unstable();
        landscapes.dedup();
        for landscape in landscapes {
            let of_landscape: Vec<&SetCurvature> =
                known.iter().filter(|of| of.landscape == landscape).collect();
            for (measure, is_drawn) in MEASURES.iter().zip(&mut drawn) {
                let panel = panel(run, runs.len() > 1, landscape, measure, &of_landscape);
                *is_drawn |= !panel.is_empty();
                panels.extend(Some(panel).filter(|panel| !panel.is_empty()));
            }
        }
        known.iter().for_each(|of| fill(run, of, &mut table, &mut eigenvalues));
    }
    if open > 0 {
        let eigenvalues = count(open, "eigenvalue");
        notes.push(format!("{eigenvalues} did not converge and are left out of the figures."));
    }
    Figure {
        key: "curvature",
        title: "Curvature",
        about: about(Words::of(runs.iter().map(|(run, _)| *run)), drawn),
        notes,
        panels,
        tables: vec![table, eigenvalues],
    }
}

/// What the panels show, in the words of the subject: those of the measures that are drawn.
fn about(words: Words, drawn: [bool; MEASURES.len()]) -> String {
    let loss = words.loss();
    let shown = MEASURES.iter().zip(drawn).filter(|(_, is_drawn)| *is_drawn);
    let shown: Vec<String> =
        shown.map(|(measure, _)| measure.about.replace("LOSS", loss)).collect();
    let shown = match shown.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{}; and {last}", others.join("; ")),
        Some((last, _)) => last.clone(),
        None => "the curvature".to_owned(),
    };
    let cross_entropy = if words.has_networks() {
        " All curvature of a cross-entropy vanishes with the loss, in proportion to it where images \
         are fitted well. So solutions of different losses cannot be compared by one of these \
         numbers alone."
    } else {
        ""
    };
    format!(
        "Each marker is a solution. The horizontal axes show its {loss}. The vertical axes show \
         {shown}.{cross_entropy} Values that are not above 0 have no place on the logarithmic axes."
    )
}

fn panel(
    run: &Run<'_>,
    several: bool,
    landscape: LandscapeName,
    &Measure { name, number: measure, .. }: &Measure,
    sets: &[&SetCurvature],
) -> Panel {
    let title = format!("{name} on {landscape}");
    let title = if several { format!("{}: {title}", run.label) } else { title };
    let losses = || sets.iter().flat_map(|of| &of.points).map(PointCurvature::loss);
    let label = run.height_label();
    // Heights of analytic landscapes may be negative.
    let is_log = losses().filter(|loss| loss.is_finite()).all(|loss| loss > 0.0);
    let x = if is_log { Axis::log(label) } else { Axis::linear(label) };
    let mut panel = Panel::new(title, x, Axis::log(name.to_owned()));
    for of in sets {
        let (points, marks): (Vec<[f64; 2]>, Vec<_>) = (of.points.iter().zip(&of.numbers))
            .map(|(point, &number)| ([point.loss(), measure(point)], run.solution(&of.set, number)))
            .filter(|([loss, value], _)| loss.is_finite() && *value > 0.0)
            .unzip();
        if points.is_empty() {
            continue;
        }
        let look = run.look(&of.set);
        let (shape, ink) = (Shape::Points(points, look.marker), Ink::marker(look.color));
        let label = Some(set_name(&of.set));
        panel = panel.with(shape, ink, label).of_sets([&of.set]).marked(marks);
    }
    panel
}

const HEADER: [&str; 18] = [
    "run",
    "set",
    "landscape",
    "initialization",
    "loss",
    "slope",
    "norm",
    "largest",
    "residual",
    "lowest",
    "filter_normalized",
    "scaled_by_norm",
    "doubling_distance",
    "trace",
    "trace_error",
    "not_converged",
    "products",
    "status",
];

const EIGENVALUES: [&str; 7] =
    ["run", "set", "landscape", "initialization", "number", "eigenvalue", "residual"];

fn fill(run: &Run<'_>, of: &SetCurvature, table: &mut Table, eigenvalues: &mut Table) {
    let rows = of.numbers.iter().zip(&of.points).zip(&of.status);
    for ((number, point), status) in rows {
        let names = [&run.label, of.set.as_str(), of.landscape.name(), &number.to_string()]
            .map(str::to_owned);
        let found = point.eigenvalues.as_ref();
        let sharpness = point.sharpness();
        let of_sharpness =
            |number: fn(&Sharpness) -> f64| sharpness.as_ref().map_or(f64::NAN, number);
        let trace = point.trace();
        let numbers = [
            point.loss(),
            of_sharpness(|sharpness| sharpness.slope),
            of_sharpness(|sharpness| sharpness.norm),
            point.largest(),
            found.and_then(|found| found.largest.first()).map_or(f64::NAN, |found| found.residual),
            point.lowest(),
            point.normalized(),
            of_sharpness(Sharpness::times_squared_norm),
            point.doubling_distance(),
            point.trace_estimate(),
            trace.and_then(|trace| trace.standard_error).unwrap_or(f64::NAN),
        ];
        let last = [point.open().to_string(), point.products().to_string(), status.clone()];
        let numbers = numbers.map(exact);
        table.rows.push(names.iter().cloned().chain(numbers).chain(last).collect());
        let largest = found.map_or(&[][..], |found| &found.largest);
        for (index, &Eigenvalue { value, residual }) in largest.iter().enumerate() {
            let cells = [(index + 1).to_string(), exact(value), exact(residual)];
            eigenvalues.rows.push(names.iter().cloned().chain(cells).collect());
        }
    }
}
