//! Maps of formulas of two variables, with the paths across them (Fig. 3 of the paper).

use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::number::typeset;
use crate::report::panel::{Axis, Ink, Marker, Panel, Shape};
use crate::report::plane::{Plane, Track};
use crate::report::run::Run;
use crate::report::style::{BLACK, Color, GRAY, height_color};

/// Minima and other points of note.
const SPOT: Color = Color(213, 94, 0);

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "landscape",
        title: "The landscape and the paths across it",
        about: "A map of the heights, light where they are low, with the points between which paths were looked for; the straight \
                lines between them (dashed) and the paths that the finder made of them (solid). Beside it the heights along \
                both. The highest point of a path is at least that of the lowest pass. Paths are not stored but found again for \
                this figure, which gives the same ones. Of the two wells all three published weights λ are shown.",
        notes: Vec::new(),
        panels: gather(runs, |run| {
            let Some(plane) = &run.plane else { return Vec::new() };
            vec![("map".to_owned(), map(run, plane)), ("heights".to_owned(), heights(plane))]
        }),
        tables: vec![table(runs)],
    }
}

/// Paths that go by one color and one entry of the legend.
struct Kind<'a> {
    name: String,
    color: Color,
    tracks: Vec<&'a Track>,
}

/// Paths by their weight if there are several, otherwise each its own kind, unless there are too many.
fn kinds(plane: &Plane) -> Vec<Kind<'_>> {
    const COLORS: [Color; 4] = [Color(0, 114, 178), Color(0, 158, 115), Color(204, 121, 167), Color(230, 159, 0)];
    let mut lambdas: Vec<f64> = plane.tracks.iter().map(|track| track.lambda).collect();
    lambdas.sort_by(f64::total_cmp);
    lambdas.dedup();
    let kind = |(name, tracks), color: &Color| Kind { name, color: *color, tracks };
    let by_lambda = |lambda: &f64| {
        let tracks = plane.tracks.iter().filter(|track| track.lambda.total_cmp(lambda).is_eq()).collect();
        (format!("λ = {lambda}"), tracks)
    };
    let groups: Vec<(String, Vec<&Track>)> = match (&lambdas[..], plane.tracks.len()) {
        ([_], 1) => vec![("path".to_owned(), plane.tracks.iter().collect())],
        ([_], 2..=4) => {
            plane.tracks.iter().map(|track| (format!("from {} to {}", track.pair.0, track.pair.1), vec![track])).collect()
        }
        ([_], count) => vec![(format!("{count} paths"), plane.tracks.iter().collect())],
        _ => lambdas.iter().map(by_lambda).collect(),
    };
    groups.into_iter().zip(COLORS.iter().cycle()).map(|(group, color)| kind(group, color)).collect()
}

fn map(run: &Run<'_>, plane: &Plane) -> Panel {
    let levels = plane.levels();
    let [x, y] = plane.region;
    let axis = |label: &str, range: [f64; 2]| Axis::linear(label).including(&range).tight();
    let mut panel = Panel::new(run.subject(), axis("x", x), axis("y", y));
    let [[left, right], [bottom, top]] = plane.region;
    let whole = vec![[left, bottom], [right, bottom], [right, top], [left, top]];
    let shade = |rank: usize| height_color(rank as f64 / levels.len().max(1) as f64);
    panel = panel.with(Shape::Areas(vec![whole]), Ink::fill(shade(0)).opacity(1.0), None);
    let areas = plane.areas(&levels);
    for (rank, areas) in areas.iter().enumerate() {
        panel = panel.with(Shape::Areas(areas.clone()), Ink::fill(shade(rank + 1)).opacity(1.0), None);
    }
    let step = levels.windows(2).next().map_or(0.0, |pair| pair[1] - pair[0]);
    let key = levels
        .first()
        .zip(levels.last())
        .map(|(low, high)| format!("height, every {} from {} to {}", plain(step), plain(*low), plain(*high)));
    panel = panel.with(Shape::Areas(Vec::new()), Ink::fill(shade(levels.len() / 3)).opacity(1.0), key);
    for track in &plane.tracks {
        let line = vec![track.points[0], track.points[track.points.len() - 1]];
        panel = panel.with(Shape::Lines(vec![line]), Ink::line(BLACK).width(16).dashed(), None);
    }
    for Kind { color, tracks, .. } in kinds(plane) {
        let lines = tracks.iter().map(|track| track.points.clone()).collect();
        panel = panel.with(Shape::Lines(lines), Ink::line(color).width(40), None);
    }
    let ends = Shape::Points(plane.ends.clone(), Marker::Disk);
    panel.with(ends, Ink::marker(SPOT).opacity(1.0).width(75), Some("ends of the paths".to_owned()))
}

/// A level, which is a multiple of a step.
fn plain(value: f64) -> String {
    if value != 0.0 && !(1e-6..1e6).contains(&value.abs()) {
        return typeset(value);
    }
    // Multiples of a step have few decimals, but for rounding.
    ((value * 1e9).round() / 1e9).to_string().replacen('-', "−", 1)
}

fn heights(plane: &Plane) -> Panel {
    let mut panel =
        Panel::new("heights along the paths", Axis::linear("t, from one end to the other").tight(), Axis::linear("height"));
    let profile = |track: &Track, heights: &[f64]| track.t.iter().zip(heights).map(|(&t, &h)| [t, h]).collect::<Vec<_>>();
    let straight: Vec<_> = plane.tracks.iter().filter(|track| track.own).map(|track| profile(track, &track.straight)).collect();
    panel = panel.with(Shape::Lines(straight), Ink::line(GRAY).width(20).dashed(), Some("straight".to_owned()));
    for Kind { name, color, tracks } in kinds(plane) {
        let highest = tracks.iter().map(|track| track.result.height_dense).fold(f64::NEG_INFINITY, f64::max);
        let curves = tracks.iter().map(|track| profile(track, &track.heights)).collect();
        panel = panel.with(Shape::Lines(curves), Ink::line(color), Some(format!("{name}: up to {}", typeset(highest))));
    }
    panel
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new("landscape", &["run", "a", "b", "lambda", "t", "x", "y", "height", "straight_height"]);
    for run in runs {
        for track in run.plane.iter().flat_map(|plane| &plane.tracks) {
            for (m, &t) in track.t.iter().enumerate() {
                let ([x, y], (a, b)) = (track.points[m].map(exact), track.pair);
                let (height, straight) = (exact(track.heights[m]), exact(track.straight[m]));
                let lambda = exact(track.lambda);
                table.push([run.label.clone(), a.to_string(), b.to_string(), lambda, exact(t), x, y, height, straight]);
            }
        }
    }
    table
}
