//! Loss profiles along the paths.

use super::barriers::scale;
use super::by_member;
use crate::analysis::statistics::quantile;
use crate::path::{PathResult, PathSet, equally_spaced};
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::panel::{Axis, AxisScale, Ink, Panel, Shape, Visible};
use crate::report::run::Run;
use crate::report::style::endpoint_sets;
use crate::report::words::Words;

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    let words = Words::of(runs);
    Figure {
        key: "profiles",
        title: if words.has_only_heights() {
            "Height along the paths"
        } else {
            "Loss along the paths"
        },
        about: about(words),
        notes: super::barriers::protocols(runs).into_iter().chain(left_out(runs)).collect(),
        panels: gather(runs, |run| {
            by_member(run)
                .into_iter()
                .map(|(kind, title, sets)| (kind, panel(run, title, &sets)))
                .collect()
        }),
        tables: vec![table(runs), quantile_table(runs)],
    }
}

/// What the panels show, in the words of the subject.
fn about(words: Words) -> String {
    let first = words.loss_first();
    let middle = if words.has_networks() {
        " In the middle, the loss is often far below that of the endpoints, because the path was \
         optimized on the images of this landscape, even if these are the test images. The loss on \
         other images need not be as low."
    } else {
        ""
    };
    format!(
        "{first} from one solution (t = 0) to the other (t = 1): at every t the median over all \
         paths, and the band with the middle half of them. Solid: the optimized paths; dashed: the \
         straight lines between the same solutions. If a profile does not rise above its endpoints, \
         there is no barrier between them.{middle}"
    )
}

/// First quartile, median and third quartile of the paths at each point.
pub(super) struct Band {
    t: Vec<f64>,
    quartiles: [Vec<f64>; 3],
}

impl Band {
    /// Of the paths that have this profile.
    pub(super) fn of(paths: &PathSet, profile: impl Fn(&PathResult) -> Option<&Vec<f64>>) -> Self {
        let profiles: Vec<&Vec<f64>> = paths.found().filter_map(profile).collect();
        let points = profiles.first().map_or(0, |profile| profile.len());
        let at = |m: usize, q: f64| {
            let mut values: Vec<f64> = profiles
                .iter()
                .filter_map(|profile| profile.get(m).copied())
                .filter(|loss| loss.is_finite())
                .collect();
            values.sort_unstable_by(f64::total_cmp);
            if values.is_empty() { f64::NAN } else { quantile(&values, q) }
        };
        let quartiles = [0.25, 0.5, 0.75].map(|q| (0..points).map(|m| at(m, q)).collect());
        // A set without a path has no profile.
        let t = if points == 0 { Vec::new() } else { equally_spaced(points) };
        Self { t, quartiles }
    }

    fn line(&self, which: usize) -> Vec<[f64; 2]> {
        self.t.iter().zip(&self.quartiles[which]).map(|(&t, &loss)| [t, loss]).collect()
    }

    fn area(&self) -> Vec<[f64; 2]> {
        self.line(0).into_iter().chain(self.line(2).into_iter().rev()).collect()
    }
}

/// A panel with the bands of `count` paths of these sets and of the straight lines.
pub(super) fn with_bands(
    panel: Panel,
    (run, paths): (&Run<'_>, &PathSet),
    count: usize,
    [curved, straight]: [&Band; 2],
) -> Panel {
    let color = run.look_of(&paths.set).color;
    let label = |way: String| Some(format!("{}, {way}", endpoint_sets(&paths.set)));
    let curve = Shape::Lines(vec![curved.line(1)]);
    let line = Shape::Lines(vec![straight.line(1)]);
    panel
        .with(Shape::Areas(vec![straight.area()]), Ink::fill(color).opacity(0.12), None)
        .of_paths(&paths.set)
        .with(Shape::Areas(vec![curved.area()]), Ink::fill(color), None)
        .of_paths(&paths.set)
        .with(curve, Ink::line(color), label(format!("path ({count})")))
        .of_paths(&paths.set)
        .with(line, Ink::line(color).width(22).dashed(), label("straight".to_owned()))
        .of_paths(&paths.set)
}

/// Single paths of a set on the page, at most; the table has all.
const MAX_SINGLE: usize = 100;

/// Points of each, at most.
const MAX_POINTS: usize = 50;

/// The panel of the page, where the reader can see the profiles of single paths as well.
pub(super) fn with_single_paths(
    panel: Panel,
    (run, paths): (&Run<'_>, &PathSet),
    profile: impl Fn(&PathResult) -> Option<&Vec<f64>>,
) -> Panel {
    let found = paths.pairs.iter().zip(&paths.results).filter_map(|(&pair, path)| {
        Some((profile(path.as_ref().ok()?)?, run.pair(&paths.set, pair)))
    });
    let (curves, marks) = found.take(MAX_SINGLE).map(|(of, mark)| (thinned(of), mark)).unzip();
    panel
        .with(Shape::Lines(curves), Ink::line(run.look_of(&paths.set).color).width(16), None)
        .of_paths(&paths.set)
        .marked(marks)
        .shown(Visible::OnDemand)
}

/// That some single paths are not on the page, if so.
pub(super) fn left_out(runs: &[Run<'_>]) -> Option<String> {
    let is_large = |paths: &PathSet| paths.found().count() > MAX_SINGLE;
    runs.iter().flat_map(|run| &run.paths).any(is_large).then(|| {
        format!("The page has the first {MAX_SINGLE} single paths of each set, the table all.")
    })
}

/// Every k-th point of a profile, its highest point, and its last one.
fn thinned(profile: &[f64]) -> Vec<[f64; 2]> {
    let all: Vec<[f64; 2]> = equally_spaced(profile.len())
        .into_iter()
        .zip(profile)
        .map(|(t, &loss)| [t, loss])
        .collect();
    let finite = all.iter().filter(|point| point[1].is_finite());
    let highest = finite.max_by(|a, b| a[1].total_cmp(&b[1])).map(|point| point[0]);
    let (every, last) = (all.len().div_ceil(MAX_POINTS).max(1), all.len().saturating_sub(1));
    let is_kept = |(index, point): &(usize, &[f64; 2])| {
        index % every == 0 || *index == last || Some(point[0]) == highest
    };
    all.iter().enumerate().filter(is_kept).map(|(_, point)| *point).collect()
}

fn panel(run: &Run<'_>, title: String, sets: &[&PathSet]) -> Panel {
    let bands: Vec<[Band; 2]> = sets
        .iter()
        .map(|paths| {
            [
                Band::of(paths, |path| Some(&path.loss)),
                Band::of(paths, |path| Some(&path.straight_loss)),
            ]
        })
        .collect();
    let all = bands.iter().flatten().flat_map(|band| band.quartiles.iter().flatten().copied());
    let y = if scale(all) == AxisScale::Log {
        Axis::log(run.height_label())
    } else {
        Axis::linear(run.height_label())
    };
    let mut panel = Panel::new(title, Axis::linear("t, from one solution to the other").tight(), y);
    for (paths, [curved, straight]) in sets.iter().zip(&bands) {
        panel = with_bands(panel, (run, paths), paths.found().count(), [curved, straight]);
        panel = with_single_paths(panel, (run, paths), |path| Some(&path.loss));
    }
    panel
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new(
        "profiles",
        &["run", "set", "landscape", "a", "b", "t", "loss", "straight_loss"],
    );
    for (run, paths) in runs.iter().flat_map(|run| run.paths.iter().map(move |paths| (run, paths)))
    {
        for ((a, b), result) in paths.pairs.iter().zip(&paths.results) {
            let Ok(path) = result else { continue };
            let t = equally_spaced(path.loss.len());
            for ((t, loss), straight) in t.into_iter().zip(&path.loss).zip(&path.straight_loss) {
                let (set, landscape) = (paths.set.to_string(), paths.landscape.to_string());
                let (a, b) = (a.to_string(), b.to_string());
                table.push([
                    run.label.clone(),
                    set,
                    landscape,
                    a,
                    b,
                    exact(t),
                    exact(*loss),
                    exact(*straight),
                ]);
            }
        }
    }
    table
}

fn quantile_table(runs: &[Run<'_>]) -> Table {
    let header = ["run", "set", "landscape", "way", "t", "quartile_1", "median", "quartile_3"];
    let mut table = Table::new("profiles-quartiles", &header);
    for (run, paths) in runs.iter().flat_map(|run| run.paths.iter().map(move |paths| (run, paths)))
    {
        for straight in [false, true] {
            let way = if straight { "straight" } else { "path" };
            let band = Band::of(paths, |path| {
                Some(if straight { &path.straight_loss } else { &path.loss })
            });
            for (m, &t) in band.t.iter().enumerate() {
                let [low, median, high] = [0, 1, 2].map(|which| exact(band.quartiles[which][m]));
                let (set, landscape) = (paths.set.to_string(), paths.landscape.to_string());
                table.push([
                    run.label.clone(),
                    set,
                    landscape,
                    way.to_owned(),
                    exact(t),
                    low,
                    median,
                    high,
                ]);
            }
        }
    }
    table
}
