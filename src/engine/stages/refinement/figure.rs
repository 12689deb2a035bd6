//! Heights of paths as a function of the evaluations spent on their refinement.

use super::{RefinedPath, of_paths, word};
use crate::engine::results::Results;
use crate::path::refine::{Certificate, Verdict};
use crate::path::{PathResult, PathSet};
use crate::report::Run;
use crate::report::figure::{Figure, Table, exact};
use crate::report::panel::{Axis, Ink, Mark, Marker, Panel, Shape};
use crate::report::style::{GRAY, endpoint_sets};

/// The paths of a set on a landscape, each with the outcome of its refinement.
struct RefinedSet<'a> {
    paths: &'a PathSet,
    refined: Vec<Option<RefinedPath>>,
}

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut barriers = Table::new("refined", &BARRIERS);
    let mut heights = Table::new(
        "refinement-heights",
        &["run", "set", "landscape", "a", "b", "evaluations", "height"],
    );
    let (mut all, mut passes) = (0, 0);
    for (run, results) in runs {
        for set in run.paths.iter().map(|paths| RefinedSet::of(results, paths)) {
            let found = || set.refined.iter().flatten();
            if found().next().is_none() {
                continue;
            }
            all += found().count();
            passes += found().filter(|path| path.certificate.verdict == Verdict::Pass).count();
            panels.push(set.panel(run, runs.len() > 1));
            set.fill(run, &mut barriers, &mut heights);
        }
    }
    if all > 0 {
        notes.push(format!("{passes} of {all} refined barriers are certified passes."));
    }
    Figure {
        key: "refinement",
        title: "Refinement",
        about: "The barrier of each path during its refinement: the lowest known maximum as a \
                function of the evaluations, in units of one gradient. A line begins at the barrier \
                of the path from which the refinement started. On a linear axis, barriers more than \
                20 times as far above the endpoints as the refined barriers are left out. A line \
                ends in a disk if the certificate says pass, in a square if it says upper bound, \
                and in a cross if the refinement has not converged. A pass is a saddle, or the \
                higher endpoint. The dashed line is the lowest of the higher endpoints."
            .to_owned(),
        notes,
        panels,
        tables: vec![barriers, heights],
    }
}

impl<'a> RefinedSet<'a> {
    fn of(results: &Results, paths: &'a PathSet) -> Self {
        let refined = of_paths(results, paths).into_iter().map(|path| path?.ok());
        Self { paths, refined: refined.collect() }
    }

    /// Certificate, higher endpoint and pair of each refined path.
    fn found(&self) -> impl Iterator<Item = (&Certificate, f64, (u32, u32))> {
        let all = self.paths.results.iter().zip(&self.refined).zip(&self.paths.pairs);
        all.filter_map(|((path, refined), &pair)| {
            let endpoint = path.as_ref().map_or(f64::NAN, PathResult::higher_endpoint);
            Some((&refined.as_ref()?.certificate, endpoint, pair))
        })
    }

    fn panel(&self, run: &Run<'_>, several: bool) -> Panel {
        let mut curves = Vec::new();
        let mut ends = [const { (Vec::new(), Vec::new()) }; 3];
        let mut marks: Vec<Mark> = Vec::new();
        let (mut lowest, mut last) = (f64::INFINITY, 1.0_f64);
        for (found, endpoint, pair) in self.found() {
            let (curve, end) = steps(found);
            let kind = match found.verdict {
                Verdict::Pass => 0,
                Verdict::UpperBound => 1,
                Verdict::NotConverged => 2,
            };
            marks.push(run.pair(&self.paths.set, pair));
            ends[kind].0.push(end);
            ends[kind].1.extend(marks.last().cloned());
            curves.push(curve);
            lowest = lowest.min(endpoint);
            last = last.max(end[0]);
        }
        let label = run.height_label();
        let heights = curves.iter().flatten().map(|point: &[f64; 2]| point[1]);
        let is_log = heights.fold(f64::INFINITY, f64::min) > 0.0;
        if !is_log {
            cut(&mut curves, lowest);
        }
        let y = if is_log { Axis::log(label) } else { Axis::linear(label) };
        let title = format!("{} on {}", endpoint_sets(&self.paths.set), self.paths.landscape);
        let title = if several { format!("{}: {title}", run.label) } else { title };
        let color = run.look_of(&self.paths.set).color;
        let mut panel = Panel::new(title, Axis::log("evaluations (gradients)".to_owned()), y)
            .with(Shape::Lines(curves.clone()), Ink::line(color).opacity(0.6), None)
            .of_paths(&self.paths.set)
            .marked(marks);
        if lowest.is_finite() {
            let first = heights_start(&curves);
            let line = vec![[first, lowest], [last, lowest]];
            let ink = Ink::line(GRAY).dashed();
            panel = panel.with(
                Shape::Lines(vec![line]),
                ink,
                Some("lowest of the higher endpoints".to_owned()),
            );
        }
        let markers = [Marker::Disk, Marker::Square, Marker::Cross];
        let words = [Verdict::Pass, Verdict::UpperBound, Verdict::NotConverged];
        for (((points, marks), marker), verdict) in ends.into_iter().zip(markers).zip(words) {
            if !points.is_empty() {
                let label = Some(format!("{verdict} ({})", points.len()));
                panel = panel
                    .with(Shape::Points(points, marker), Ink::marker(color), label)
                    .of_paths(&self.paths.set)
                    .marked(marks);
            }
        }
        panel
    }

    fn fill(&self, run: &Run<'_>, barriers: &mut Table, heights: &mut Table) {
        let (set, landscape) = (self.paths.set.to_string(), self.paths.landscape.to_string());
        let rows = self.paths.pairs.iter().zip(&self.paths.results).zip(&self.refined);
        for (((a, b), path), refined) in rows {
            let (Ok(path), Some(refined)) = (path, refined) else { continue };
            let found = &refined.certificate;
            let names = [&run.label, &set, &landscape, &a.to_string(), &b.to_string()]
                .map(ToString::to_string);
            let numbers = [
                path.barrier,
                path.fine_barrier,
                found.height,
                path.higher_endpoint(),
                found.t,
                found.slope,
                found.typical_slope,
                found.work.in_gradients(),
            ];
            let failed: Vec<String> = found.failed.iter().map(ToString::to_string).collect();
            let words = [
                word(refined.from).to_owned(),
                found.verdict.to_string(),
                found.descending.to_string(),
                u32::from(found.is_at_endpoint).to_string(),
                failed.join("; "),
            ];
            barriers
                .rows
                .push(names.iter().cloned().chain(numbers.map(exact)).chain(words).collect());
            for after in &found.heights {
                let numbers = [after.work.in_gradients(), after.height].map(exact);
                heights.rows.push(names.iter().cloned().chain(numbers).collect());
            }
        }
    }
}

const BARRIERS: [&str; 18] = [
    "run",
    "set",
    "landscape",
    "a",
    "b",
    "height",
    "height_dense",
    "height_refined",
    "higher_endpoint",
    "t",
    "slope",
    "typical_slope",
    "evaluations",
    "from",
    "certificate",
    "negative",
    "at_endpoint",
    "failed_conditions",
];

/// The height as a function of the evaluations, in steps, and its last point.
fn steps(found: &Certificate) -> (Vec<[f64; 2]>, [f64; 2]) {
    let mut curve: Vec<[f64; 2]> = Vec::new();
    for after in &found.heights {
        let work = after.work.in_gradients();
        if let Some(&[_, height]) = curve.last() {
            curve.push([work, height]);
        }
        curve.push([work, after.height]);
    }
    let end = [found.work.in_gradients(), found.height];
    curve.push(end);
    (curve, end)
}

/// On a linear axis, heights this many times as far above the endpoints as the refined barriers are
/// left out, so that refined barriers can be distinguished. A straight line on which atoms collide
/// has such heights.
const MAX_CLIMBS: f64 = 20.0;

fn cut(curves: &mut [Vec<[f64; 2]>], lowest_endpoint: f64) {
    let ends = curves.iter().filter_map(|curve| Some(curve.last()?[1]));
    let highest = ends.fold(f64::NEG_INFINITY, f64::max);
    let limit = highest + MAX_CLIMBS * (highest - lowest_endpoint);
    if limit > highest {
        curves.iter_mut().for_each(|curve| curve.retain(|point| point[1] <= limit));
    }
}

fn heights_start(curves: &[Vec<[f64; 2]>]) -> f64 {
    curves.iter().filter_map(|curve| Some(curve.first()?[0])).fold(f64::INFINITY, f64::min)
}
