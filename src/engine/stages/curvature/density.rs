//! The density of the spectrum.

use super::known::{SetCurvature, of_sets};
use super::outcome::PointCurvature;
use crate::analysis::curvature::density;
use crate::engine::results::Results;
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, Ink, Mark, Panel, Shape};
use crate::report::style::set_name;

/// Values of λ at which the density is drawn.
const POINTS: usize = 400;

/// The width σ of the normal distributions, as a fraction of the range of the nodes.
const WIDTH: f64 = 0.01;

/// Densities this far below the highest are not drawn.
const FLOOR: f64 = 1e-8;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let mut panels = Vec::new();
    let header = ["run", "set", "landscape", "initialization", "eigenvalue", "density", "error"];
    let mut table = Table::new("spectral-density", &header);
    for (run, results) in runs {
        for of in of_sets(results, &results.sets()) {
            let title = format!("{} on {}", set_name(&of.set), of.landscape);
            let title = if runs.len() > 1 { format!("{}: {title}", run.label) } else { title };
            let (lines, marks) = lines(run, &of, &mut table);
            if !lines.is_empty() {
                let (x, y) = (Axis::linear("eigenvalue λ"), Axis::log("density"));
                let shape = Shape::Lines(lines);
                let panel = Panel::new(title, x, y);
                let panel = panel.with(shape, Ink::line(run.look(&of.set).color), None);
                panels.push(panel.of_sets([&of.set]).marked(marks));
            }
        }
    }
    Figure {
        key: "spectral-density",
        title: "Density of the spectrum",
        about:
            "The fraction of the eigenvalues of the Hessian for each unit of λ, a line for each \
                solution: the mean over the random probes, each eigenvalue spread by a normal \
                distribution whose width is a hundredth of the range. The density is on a \
                logarithmic scale: one eigenvalue of many thousands is a low peak. Panels have \
                different ranges of λ."
                .to_owned(),
        notes: Vec::new(),
        panels,
        tables: vec![table],
    }
}

/// The density of each solution in pieces, each with the mark of its solution.
fn lines(run: &Run<'_>, of: &SetCurvature, table: &mut Table) -> (Vec<Vec<[f64; 2]>>, Vec<Mark>) {
    let known = of.numbers.iter().zip(&of.points);
    let (mut lines, mut marks) = (Vec::new(), Vec::new());
    for (number, point) in known {
        let Some((at, width)) = range(point) else { continue };
        let Some(found) = density(&point.probes, &at, width) else { continue };
        let highest = found.density.iter().copied().fold(0.0, f64::max);
        let line = at.iter().zip(&found.density).map(|(&at, &density)| [at, density]);
        let line: Vec<[f64; 2]> = line.collect();
        let is_drawn = |[_, density]: &[f64; 2]| *density > FLOOR * highest;
        let pieces = line.split(|point| !is_drawn(point)).filter(|piece| !piece.is_empty());
        lines.extend(pieces.map(<[_]>::to_vec));
        marks.resize(lines.len(), run.solution(&of.set, *number));
        for (index, (at, density)) in at.iter().zip(&found.density).enumerate() {
            let error = found.error.as_ref().map_or(f64::NAN, |error| error[index]);
            table.push([
                run.label.clone(),
                of.set.to_string(),
                of.landscape.to_string(),
                number.to_string(),
                exact(*at),
                exact(*density),
                exact(error),
            ]);
        }
    }
    (lines, marks)
}

/// Values of λ from below the lowest to above the highest node, and the width. `None` if all nodes
/// are equal, as with single products.
fn range(point: &PointCurvature) -> Option<(Vec<f64>, f64)> {
    let nodes = || point.probes.iter().flat_map(|probe| &probe.nodes).copied();
    if point.probes.iter().all(|probe| probe.nodes.len() < 2) {
        return None;
    }
    let (low, high) =
        (nodes().fold(f64::INFINITY, f64::min), nodes().fold(-f64::INFINITY, f64::max));
    let width = WIDTH * (high - low);
    let (low, high) = (low - 5.0 * width, high + 5.0 * width);
    let at = |k: usize| low + (high - low) * k as f64 / (POINTS - 1) as f64;
    (width > 0.0).then(|| ((0..POINTS).map(at).collect(), width))
}
