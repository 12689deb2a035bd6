//! The tables at the end of a run.

use super::known::{PathsCurvature, SetCurvature, of_paths, of_sets};
use super::outcome::PointCurvature;
use crate::engine::console::count;
use crate::engine::results::Results;
use crate::report::number::median;
use crate::report::{IndexCell, IndexColumn, SummaryTable};
use crate::solutions::EndpointSets;

const ABOUT: &str = "medians over the solutions. largest, lowest: eigenvalues of the Hessian. \
                     normalized: the largest with each weight in units of the norm of its filter. \
                     Compare this one: it does not depend on the scale of the weights. doubling: \
                     distance along the leading eigenvector at which the loss doubles.";

/// The same for a landscape without weights.
const ABOUT_HEIGHTS: &str = "medians over the solutions. largest, lowest: eigenvalues of the \
                             Hessian. doubling: distance along the leading eigenvector at which the \
                             height doubles.";

/// Place of its column.
const NORMALIZED: usize = 5;

const ABOUT_PATHS: &str = "medians over the paths of the largest eigenvalue: at the higher of the \
                           endpoints, the largest and the smallest on the path, and at the top.";

pub(super) fn tables(results: &Results) -> Vec<SummaryTable> {
    let sets = results.sets();
    let (of_sets, of_paths) = (of_sets(results, &sets), of_paths(results, &sets));
    let is_network = results.config.subject.network().is_some();
    solutions(&of_sets, is_network).into_iter().chain(paths(&of_paths)).collect()
}

fn solutions(sets: &[SetCurvature], is_network: bool) -> Option<SummaryTable> {
    if sets.is_empty() {
        return None;
    }
    let loss = if is_network { "loss" } else { "height" };
    let header =
        ["set", "on", "solutions", loss, "largest", "normalized", "trace", "lowest", "doubling"];
    let row = |of: &SetCurvature| {
        let median = |number: &dyn Fn(&PointCurvature) -> f64| median(of.points.iter().map(number));
        let mut cells = vec![
            of.set.to_string(),
            of.landscape.to_string(),
            of.points.iter().filter(|point| point.eigenvalues.is_some()).count().to_string(),
            median(&PointCurvature::loss),
            median(&PointCurvature::largest),
            median(&PointCurvature::normalized),
            median(&PointCurvature::trace_estimate),
            median(&PointCurvature::lowest),
            median(&PointCurvature::doubling_distance),
        ];
        if !is_network {
            cells.remove(NORMALIZED);
        }
        cells
    };
    let mut header = header.to_vec();
    if !is_network {
        header.remove(NORMALIZED);
    }
    Some(SummaryTable {
        title: "Curvature",
        about: if is_network { ABOUT } else { ABOUT_HEIGHTS }.to_owned(),
        header,
        texts: 2,
        rows: sets.iter().map(row).collect(),
        remarks: remarks(sets),
    })
}

/// After a median that is without eigenvalues that did not converge.
const OPEN: &str = "\u{a0}*";

/// The columns of the report's table of the main numbers.
pub(super) fn index(results: &Results) -> Vec<IndexColumn> {
    let known = of_sets(results, &results.sets());
    let column = |name, about, number: fn(&PointCurvature) -> f64, may_be_open: bool| {
        let cell = |of: &SetCurvature| {
            let sets = EndpointSets::within(of.set.clone());
            let cell = IndexCell::median(&sets, of.landscape, of.points.iter().map(number))?;
            Some(if may_be_open && of.open() > 0 { cell.marked("", OPEN) } else { cell })
        };
        let cells = known.iter().filter_map(cell).collect();
        IndexColumn { group: "Curvature, medians", name, about, cells }
    };
    vec![
        column("λ_max", "Largest eigenvalue of the Hessian.", PointCurvature::largest, true),
        column("trace", "Trace of the Hessian.", PointCurvature::trace_estimate, false),
    ]
}

/// What is not converged or not known.
fn remarks(sets: &[SetCurvature]) -> Vec<String> {
    let open: usize = sets.iter().map(SetCurvature::open).sum();
    let unknown = sets.iter().flat_map(|of| &of.status).filter(|status| *status != "done").count();
    let not_converged = (open > 0).then(|| {
        format!(
            "{} did not converge and are left out: increase curvature.products or \
             curvature.tolerance.",
            count(open, "eigenvalue")
        )
    });
    let unknown = (unknown > 0).then(|| {
        let points = count(unknown, "solution");
        format!("The curvature of {points} is not complete; `lossatlas status` says why.")
    });
    not_converged.into_iter().chain(unknown).collect()
}

fn paths(sets: &[PathsCurvature]) -> Option<SummaryTable> {
    if sets.iter().all(|of| of.found().next().is_none()) {
        return None;
    }
    let header = ["set", "on", "paths", "endpoint", "largest", "smallest", "top"];
    let row = |of: &PathsCurvature| {
        let each = |number: &dyn Fn(&[f64], f64) -> f64| {
            median(of.found().filter_map(|(_, path)| {
                let all: Vec<f64> = path.points.iter().map(PointCurvature::largest).collect();
                let (top, spaced) = all.split_last()?;
                Some(number(spaced, *top))
            }))
        };
        let most = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ends = |spaced: &[f64]| spaced[0].max(spaced[spaced.len() - 1]);
        vec![
            of.sets.to_string(),
            of.landscape.to_string(),
            of.found().count().to_string(),
            each(&|spaced, _| ends(spaced)),
            each(&|spaced, top| most(spaced).max(top)),
            each(&|spaced, top| spaced.iter().copied().fold(top, f64::min)),
            each(&|_, top| top),
        ]
    };
    let open: usize = sets
        .iter()
        .flat_map(|of| of.found().flat_map(|(_, path)| &path.points))
        .map(PointCurvature::open)
        .sum();
    let remark = format!(
        "{} on paths did not converge and are left out: increase curvature.products or \
         curvature.tolerance.",
        count(open, "eigenvalue")
    );
    Some(SummaryTable {
        title: "Curvature along paths",
        about: ABOUT_PATHS.to_owned(),
        header: header.to_vec(),
        texts: 2,
        rows: sets.iter().map(row).collect(),
        remarks: (open > 0).then_some(remark).into_iter().collect(),
    })
}
