//! Barrier histograms.

use super::by_member;
use crate::analysis::statistics::{Summary, bin_counts, bin_edges};
use crate::path::{PathResult, PathSet};
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::panel::{Axis, AxisScale, Ink, Panel, Shape, Visible};
use crate::report::run::Run;
use crate::report::style::{Color, endpoint_sets};
use crate::report::summary::{ShiftRow, shifts};
use crate::report::words::Words;

/// Maximum number of bins of a histogram.
const MAX_BINS: usize = 60;
/// On a logarithmic axis, a higher endpoint is drawn only above this fraction of the lowest
/// barrier.
const NEAR: f64 = 0.1;

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    let shifts = shift_table(runs);
    let shifts = (!shifts.rows.is_empty()).then_some(shifts);
    Figure {
        key: "barriers",
        title: "Barriers",
        about: about(runs),
        notes: protocols(runs).into_iter().chain(unlike_barriers(runs)).collect(),
        panels: gather(runs, |run| {
            by_member(run)
                .into_iter()
                .map(|(kind, title, sets)| (kind, panel(run, title, &sets)))
                .collect()
        }),
        tables: [table(runs)].into_iter().chain(shifts).collect(),
    }
}

/// What the panels show, in the words of the subject.
fn about(runs: &[Run<'_>]) -> String {
    let words = Words::of(runs);
    let (highest, losses) = (words.highest(), words.losses());
    let refined = if runs.iter().any(is_refined) {
        ", on the straight line between the same two solutions (dashed outline), and on the refined \
         path (solid outline)"
    } else {
        ", and on the straight line between the same two solutions (dashed outline)"
    };
    let panels = match (words.has_networks(), words.has_processes()) {
        (true, _) => {
            " Each panel has one kind of solutions, of the lowest training loss (ω^train) or of the \
             lowest test loss (ω^test), on one landscape: the loss on the training or on the test \
             images."
        }
        (false, true) => " Each panel has one kind of solutions on one data set.",
        (false, false) => "",
    };
    format!(
        "The barrier H between two solutions: the {highest} on the optimized path \
         (filled){refined}.{panels} The vertical line is the median of the higher endpoints. No \
         barrier is lower than the higher endpoint of its own path, so a histogram at this line \
         shows the {losses} of the solutions and no barrier between them. The line is not drawn if \
         it is far to the left. A short line at the bottom is the barrier H of one path, which \
         also depends on the number of steps of its search. The bins are equally wide on the axis \
         as drawn and the same for all histograms of a panel."
    )
}

/// Whether a path of a run has a refined barrier.
fn is_refined(run: &Run<'_>) -> bool {
    run.paths.iter().any(|paths| !run.refined_barriers_of(paths).is_empty())
}

/// The protocol of the heights. Heights of different protocols are not comparable.
pub(in crate::report) fn protocols(runs: &[Run<'_>]) -> Vec<String> {
    let with_paths: Vec<&Run<'_>> =
        runs.iter().filter(|run| run.paths.iter().any(|paths| !paths.pairs.is_empty())).collect();
    let Some(first) = with_paths.first() else { return Vec::new() };
    if with_paths.iter().all(|run| run.protocol() == first.protocol()) {
        return vec![format!("Protocol: {}.", first.protocol())];
    }
    let list = with_paths.iter().map(|run| format!("{}: {}", run.label, run.protocol()));
    let list = list.collect::<Vec<_>>().join("; ");
    vec![format!(
        "The runs have different protocols: {list}. Do not compare their heights: a longer search \
         finds lower paths on the same landscape."
    )]
}

/// That H and refined barriers are not maxima of the same kind, where there are both.
fn unlike_barriers(runs: &[Run<'_>]) -> Option<String> {
    let highest = Words::of(runs).highest();
    runs.iter().any(is_refined).then(|| {
        format!(
            "H is the {highest} on the points of the grid only, while a refined barrier is \
             the {highest} on a whole curve. The maximum of the same path between the points \
             of its grid may be above H: the column \"fine grid\" of the table of barriers."
        )
    })
}

/// Barriers between two sets compared with those within each.
fn shift_table(runs: &[Run<'_>]) -> Table {
    let header = ["run", "between", "within", "landscape", "difference", "low", "high"];
    let mut table = Table::new("barrier-shifts", &header);
    for run in runs {
        for ShiftRow { between, within, landscape, estimate, ends } in shifts(&run.paths) {
            let [low, high] = ends.map(exact);
            table.push([
                run.label.clone(),
                between.to_string(),
                within.to_string(),
                landscape.to_string(),
                exact(estimate),
                low,
                high,
            ]);
        }
    }
    table
}

fn finite(paths: &PathSet, barrier: fn(&PathResult) -> f64) -> Vec<f64> {
    paths.found().map(barrier).filter(|barrier| barrier.is_finite()).collect()
}

/// Heights of the paths of a set that are one histogram.
struct Heights {
    /// In the legend, after the name of the set.
    name: String,
    values: Vec<f64>,
    /// Whether the area is filled.
    filled: bool,
    /// Whether the outline is dashed.
    dashed: bool,
}

/// The histograms of a set, the first of them in front. Other heights of the same paths are one more
/// entry.
fn heights_of(paths: &PathSet, refined: &[f64]) -> Vec<Heights> {
    let path = finite(paths, |path| path.barrier);
    let straight = finite(paths, |path| path.straight_barrier);
    let mut heights = vec![
        Heights {
            name: format!("path H ({})", path.len()),
            values: path,
            filled: true,
            dashed: false,
        },
        Heights { name: "straight".to_owned(), values: straight, filled: false, dashed: true },
    ];
    if !refined.is_empty() {
        let (name, values) = (format!("refined ({})", refined.len()), refined.to_vec());
        heights.push(Heights { name, values, filled: false, dashed: false });
    }
    heights
}

/// The panel, which the page can also show with the other scale.
fn panel(run: &Run<'_>, title: String, sets: &[&PathSet]) -> Panel {
    let of_set = |paths: &&PathSet| heights_of(paths, run.refined_barriers_of(paths));
    let of_sets: Vec<Vec<Heights>> = sets.iter().map(of_set).collect();
    let all = || of_sets.iter().flatten().flat_map(|of| of.values.iter().copied());
    let on = |scale| scaled_panel(run, title.clone(), sets, &of_sets, scale);
    let panel = on(scale(all()));
    let other = match scale(all()) {
        AxisScale::Log => Some(AxisScale::Linear),
        AxisScale::Linear => all().all(|height| height > 0.0).then_some(AxisScale::Log),
    };
    Panel { other: other.map(|scale| Box::new(on(scale))), ..panel }
}

/// The panel on a scale, with bins that are equally wide on it.
fn scaled_panel(
    run: &Run<'_>,
    title: String,
    sets: &[&PathSet],
    of_sets: &[Vec<Heights>],
    scale: AxisScale,
) -> Panel {
    let all: Vec<&[f64]> = of_sets.iter().flatten().map(|of| of.values.as_slice()).collect();
    let highest = if run.network().is_some() { "highest" } else { "greatest" };
    let label = format!("{highest} {}", run.height_label());
    let x = if scale == AxisScale::Log { Axis::log(label) } else { Axis::linear(label) };
    let mut panel = Panel::new(title, x, Axis::linear("number of paths").including(&[0.0]).whole());
    let edges = edges(&all, scale);
    let highest = highest_count(&all, &edges);
    for (paths, heights) in sets.iter().zip(of_sets) {
        let color = run.look_of(&paths.set).color;
        let name = endpoint_sets(&paths.set);
        for of in heights {
            panel = histogram(panel, of, &edges, color, paths);
        }
        panel = with_rug(panel, (run, paths), highest, color);
        // An endpoint far below would compress the histograms.
        let near =
            |endpoints: &Summary| scale == AxisScale::Linear || endpoints.median > NEAR * edges[0];
        if let Some(endpoints) =
            Summary::of(&finite(paths, PathResult::higher_endpoint)).ok().filter(near)
        {
            panel = panel.with(
                Shape::Upright(endpoints.median),
                Ink::line(color),
                Some(format!("{name}, higher endpoint")),
            );
            panel = panel.of_paths(&paths.set);
        }
    }
    panel
}

fn histogram(panel: Panel, of: &Heights, edges: &[f64], color: Color, paths: &PathSet) -> Panel {
    let outline = outline(&of.values, edges);
    let mut label = Some(format!("{}, {}", endpoint_sets(&paths.set), of.name));
    let mut panel = panel;
    if of.filled {
        let area = Shape::Areas(vec![outline.clone()]);
        panel = panel.with(area, Ink::fill(color), label.take()).of_paths(&paths.set);
    }
    let line = Ink::line(color).width(22);
    let line = if of.dashed { line.dashed() } else { line };
    panel.with(Shape::Lines(vec![outline]), line, label).of_paths(&paths.set)
}

/// The panel of the page with a short line at the barrier H of each path.
fn with_rug(panel: Panel, (run, paths): (&Run<'_>, &PathSet), highest: f64, color: Color) -> Panel {
    let found = paths.pairs.iter().zip(&paths.results).filter_map(|(&pair, path)| {
        let barrier = path.as_ref().ok()?.barrier;
        barrier.is_finite().then(|| (barrier, run.pair(&paths.set, pair)))
    });
    let (barriers, marks): (Vec<f64>, Vec<_>) = found.unzip();
    panel
        .with(rug(&barriers, highest), Ink::line(color), None)
        .of_paths(&paths.set)
        .marked(marks)
        .shown(Visible::OnPage)
}

/// Short lines at values, up from an axis that begins at 0 and reaches up to `highest`.
pub(super) fn rug(values: &[f64], highest: f64) -> Shape {
    let line = |&value: &f64| vec![[value, 0.0], [value, 0.05 * highest]];
    Shape::Lines(values.iter().map(line).collect())
}

/// The highest bin of several histograms.
pub(super) fn highest_count(groups: &[&[f64]], edges: &[f64]) -> f64 {
    let heights = groups.iter().flat_map(|values| outline(values, edges));
    heights.map(|[_, count]| count).fold(0.0, f64::max)
}

/// Logarithmic if the values are positive and far apart.
pub(super) fn scale(values: impl Iterator<Item = f64>) -> AxisScale {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > 0.0 && high > 10.0 * low { AxisScale::Log } else { AxisScale::Linear }
}

/// Edges of bins that are equally wide on the axis.
pub(super) fn edges(groups: &[&[f64]], scale: AxisScale) -> Vec<f64> {
    match scale {
        AxisScale::Linear => bin_edges(groups, MAX_BINS),
        AxisScale::Log => {
            let logs: Vec<Vec<f64>> = groups
                .iter()
                .map(|group| group.iter().map(|value| value.log10()).collect())
                .collect();
            let mut edges =
                bin_edges(&logs.iter().map(Vec::as_slice).collect::<Vec<_>>(), MAX_BINS);
            edges.iter_mut().for_each(|edge| *edge = 10_f64.powf(*edge));
            // Rounding must not leave out the outermost values.
            let all = || groups.iter().copied().flatten().copied();
            if let Some(first) = edges.first_mut() {
                *first = all().fold(*first, f64::min);
            }
            if let Some(last) = edges.last_mut() {
                *last = all().fold(*last, f64::max);
            }
            edges
        }
    }
}

/// The outline of a histogram, from the first to the last bin that is not empty.
pub(super) fn outline(values: &[f64], edges: &[f64]) -> Vec<[f64; 2]> {
    let counts = bin_counts(values, edges);
    let Some(first) = counts.iter().position(|&count| count > 0) else { return Vec::new() };
    let last = counts.iter().rposition(|&count| count > 0).unwrap_or(first);
    let steps = (first..=last)
        .flat_map(|bin| [[edges[bin], counts[bin] as f64], [edges[bin + 1], counts[bin] as f64]]);
    std::iter::once([edges[first], 0.0]).chain(steps).chain([[edges[last + 1], 0.0]]).collect()
}

fn table(runs: &[Run<'_>]) -> Table {
    let header = [
        "run",
        "set",
        "landscape",
        "a",
        "b",
        "height",
        "height_dense",
        "height_straight",
        "higher_endpoint",
        "length",
        "length_straight",
        "steps",
        "best_step",
        "stop_reason",
        "protocol",
    ];
    let mut table = Table::new("barriers", &header);
    for run in runs {
        for paths in &run.paths {
            for ((a, b), result) in paths.pairs.iter().zip(&paths.results) {
                let Ok(path) = result else { continue };
                let barriers = [
                    path.barrier,
                    path.fine_barrier,
                    path.straight_barrier,
                    path.higher_endpoint(),
                ];
                let [barrier, fine, straight, endpoint] = barriers.map(exact);
                let (set, landscape) = (paths.set.to_string(), paths.landscape.to_string());
                let [length, direct] = [path.length, path.length_straight].map(exact);
                let [a, b, steps, best] =
                    [a, b, &path.steps, &path.best_step].map(ToString::to_string);
                let (label, stop) = (run.label.clone(), path.stop.to_string());
                let protocol = run.protocol().to_string();
                let cells = [label, set, landscape, a, b, barrier, fine, straight, endpoint];
                let others = [length, direct, steps, best, stop, protocol];
                table.rows.push(cells.into_iter().chain(others).collect());
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_enclose_as_many_as_there_are() {
        let values = [0.011, 0.012, 0.2, 0.2, 7.0];
        let edges = edges(&[&values, &[0.001, 30.0]], scale(values.into_iter()));
        let outline = outline(&values, &edges);
        assert_eq!((outline[0][1], outline[outline.len() - 1][1]), (0.0, 0.0));
        let counted: f64 = outline[1..outline.len() - 1].chunks(2).map(|step| step[0][1]).sum();
        assert_eq!(counted as usize, values.len());
        assert!(super::outline(&[], &edges).is_empty());
    }

    #[test]
    fn values_below_zero_or_close_together_are_spread_evenly() {
        assert_eq!(scale([-147.0, -40.0].into_iter()), AxisScale::Linear);
        assert_eq!(scale([0.5, 0.9].into_iter()), AxisScale::Linear);
        assert_eq!(scale([0.01, 5.0].into_iter()), AxisScale::Log);
    }
}
