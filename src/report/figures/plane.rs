//! Maps of analytic landscapes of two variables, with the paths across them.

use crate::report::figure::{Figure, Table, exact};
use crate::report::number::{typeset, typeset_level};
use crate::report::panel::{Axis, ColorBar, Ink, Mark, Marker, Panel, Shape};
use crate::report::plane::{DrawnPath, Plane};
use crate::report::run::Run;
use crate::report::style::{BLACK, Color, GRAY, height_color};
use crate::solutions::EndpointSets;

/// The color of the endpoints.
const SPOT: Color = Color(213, 94, 0);

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    let groups = groups(runs);
    let titled = |group: &MapGroup<'_>, mut panel: Panel| {
        if groups.len() > 1 && panel.title != group.name {
            panel.title = format!("{}: {}", group.name, panel.title);
        }
        panel
    };
    let maps = groups.iter().map(|group| titled(group, map(group)));
    let heights = groups.iter().map(|group| titled(group, heights(group)));
    Figure {
        key: "landscape",
        title: "The landscape and the paths across it",
        about: "A map of the heights, light where they are low, with the endpoints of the paths, \
                the straight lines between them (dashed) and the optimized paths (solid), as \
                stored by the run. The other panel has the heights along both. The highest point \
                of a path is at least as high as the lowest pass. Runs that differ only in the \
                weight λ of the squared steps share a map."
            .to_owned(),
        notes: Vec::new(),
        panels: maps.chain(heights).collect(),
        tables: vec![table(runs)],
    }
}

/// Runs that share a map: they differ in λ alone, and their paths lie in the same region.
struct MapGroup<'a> {
    name: String,
    subject: String,
    /// A single run if it does not share its map.
    runs: Vec<&'a Run<'a>>,
    planes: Vec<&'a Plane<'a>>,
}

fn groups<'a>(runs: &'a [Run<'a>]) -> Vec<MapGroup<'a>> {
    let mut groups: Vec<MapGroup<'a>> = Vec::new();
    for run in runs {
        let Some(plane) = &run.plane else { continue };
        let shares = |group: &&mut MapGroup<'_>| {
            let one_region =
                group.planes.iter().all(|other| other.map == plane.map && other.ends == plane.ends);
            one_region
                && group.runs.iter().all(|other| other.differing_keys(run) == ["paths.lambda"])
        };
        match groups.iter_mut().find(shares) {
            Some(group) => {
                group.name.clone_from(&group.subject);
                group.runs.push(run);
                group.planes.push(plane);
            }
            None => groups.push(MapGroup {
                name: run.label.clone(),
                subject: run.subject(),
                runs: vec![run],
                planes: vec![plane],
            }),
        }
    }
    groups
}

impl<'a> MapGroup<'a> {
    /// All paths, each with its run.
    fn paths(&self) -> Vec<OwnedPath<'a>> {
        let planes = self.runs.iter().zip(&self.planes);
        planes.flat_map(|(run, plane)| plane.paths.iter().map(|path| (*run, path))).collect()
    }

    /// The entries of the legend: one for each λ if there are several, otherwise one for each path,
    /// unless there are too many paths.
    fn lines(&self) -> Vec<LegendLine<'a>> {
        const COLORS: [Color; 4] =
            [Color(0, 114, 178), Color(0, 158, 115), Color(204, 121, 167), Color(230, 159, 0)];
        let all = self.paths();
        let named: Vec<(String, Vec<OwnedPath<'a>>)> = match (&self.planes[..], &all[..]) {
            ([_], [_]) => vec![("path".to_owned(), all)],
            ([_], [_, _, ..]) if all.len() <= 4 => {
                let name =
                    |(_, path): &OwnedPath<'_>| format!("from {} to {}", path.pair.0, path.pair.1);
                all.into_iter().map(|path| (name(&path), vec![path])).collect()
            }
            ([_], _) => vec![(format!("{} paths", all.len()), all)],
            (planes, _) => {
                let of = |run: &Run<'_>| {
                    all.iter().copied().filter(|(of, _)| of.number == run.number).collect()
                };
                let name = |plane: &Plane<'_>| format!("λ = {}", plane.lambda);
                planes.iter().zip(&self.runs).map(|(plane, run)| (name(plane), of(run))).collect()
            }
        };
        let line = |((name, paths), color): ((String, _), &Color)| LegendLine {
            name,
            color: *color,
            paths,
        };
        named.into_iter().zip(COLORS.iter().cycle()).map(line).collect()
    }
}

/// A path with its run.
type OwnedPath<'a> = (&'a Run<'a>, &'a DrawnPath<'a>);

/// Paths of one color and one entry of the legend.
struct LegendLine<'a> {
    name: String,
    color: Color,
    paths: Vec<OwnedPath<'a>>,
}

/// The sets at the ends of the paths of a map.
fn end_sets_of(run: &Run<'_>) -> Option<EndpointSets> {
    Some(EndpointSets::within(run.config.subject.landscape()?.set()?))
}

/// The marks of paths, one each; none where their set is unknown.
fn marks(paths: &[OwnedPath<'_>]) -> Vec<Mark> {
    let mark = |(run, path): &OwnedPath<'_>| Some(run.pair(&end_sets_of(run)?, path.pair));
    paths.iter().map_while(mark).collect()
}

/// The marks of the endpoints of a map.
fn end_marks(run: &Run<'_>, plane: &Plane<'_>) -> Vec<Mark> {
    let mark = |end: &[f64; 2]| {
        let number = plane.paths.iter().find_map(|path| {
            let side = path
                .ends
                .iter()
                .position(|of_path| of_path.map(f64::to_bits) == end.map(f64::to_bits))?;
            Some([path.pair.0, path.pair.1][side])
        })?;
        Some(run.solution(&end_sets_of(run)?.a, number))
    };
    plane.ends.iter().map_while(mark).collect()
}

fn map(group: &MapGroup<'_>) -> Panel {
    let plane = group.planes[0];
    let levels = plane.levels();
    let [x, y] = plane.map.region;
    let axis = |label: &str, range: [f64; 2]| Axis::linear(label).including(&range).tight();
    let mut panel = Panel::new(group.subject.clone(), axis("x", x), axis("y", y));
    let [[left, right], [bottom, top]] = plane.map.region;
    let whole = vec![[left, bottom], [right, bottom], [right, top], [left, top]];
    let shade = |rank: usize| height_color(rank as f64 / levels.len().max(1) as f64);
    panel = panel.with(Shape::Areas(vec![whole]), Ink::fill(shade(0)).opacity(1.0), None);
    let areas = plane.areas(&levels);
    for (rank, areas) in areas.iter().enumerate() {
        panel =
            panel.with(Shape::Areas(areas.clone()), Ink::fill(shade(rank + 1)).opacity(1.0), None);
    }
    panel.color_bar = (!levels.is_empty()).then(|| ColorBar {
        colors: (0..=levels.len()).map(shade).collect(),
        levels: levels.iter().map(|&level| typeset_level(level)).collect(),
    });
    panel.equal_units = true;
    for (_, path) in group.paths() {
        panel = panel.with(
            Shape::Lines(vec![path.ends.to_vec()]),
            Ink::line(BLACK).width(16).dashed(),
            None,
        );
    }
    for LegendLine { color, mut paths, .. } in group.lines() {
        paths.retain(|(_, path)| !path.points().is_empty());
        let lines: Vec<_> = paths.iter().map(|(_, path)| path.points()).collect();
        if !lines.is_empty() {
            panel = panel
                .with(Shape::Lines(lines), Ink::line(color).width(40), None)
                .marked(marks(&paths));
        }
    }
    let ends = Shape::Points(plane.ends.clone(), Marker::Disk);
    panel
        .with(ends, Ink::marker(SPOT).opacity(1.0).width(75), Some("endpoints".to_owned()))
        .marked(end_marks(group.runs[0], plane))
}

fn heights(group: &MapGroup<'_>) -> Panel {
    let mut panel = Panel::new(
        "heights along the paths",
        Axis::linear("t, from one endpoint to the other").tight(),
        Axis::linear("height"),
    );
    let straight: Vec<_> = group.planes[0].paths.iter().map(DrawnPath::straight_profile).collect();
    panel = panel.with(
        Shape::Lines(straight),
        Ink::line(GRAY).width(20).dashed(),
        Some("straight".to_owned()),
    );
    for LegendLine { name, color, paths } in group.lines() {
        let heights = paths.iter().map(|(_, path)| path.result.fine_barrier);
        let highest = heights.fold(f64::NEG_INFINITY, f64::max);
        let curves = paths.iter().map(|(_, path)| path.profile()).collect();
        let label = Some(format!("{name}: up to {}", typeset(highest)));
        panel = panel.with(Shape::Lines(curves), Ink::line(color), label).marked(marks(&paths));
    }
    panel
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new(
        "landscape",
        &["run", "a", "b", "lambda", "t", "x", "y", "height", "straight_height"],
    );
    for run in runs {
        for (plane, path) in
            run.plane.iter().flat_map(|plane| plane.paths.iter().map(move |path| (plane, path)))
        {
            let Some(track) = path.track else { continue };
            for (m, t) in track.t().enumerate() {
                let ([x, y], (a, b)) =
                    ([0, 1].map(|axis| exact(track.points[(m, axis)])), path.pair);
                let (height, straight) =
                    (exact(track.heights[m]), exact(track.straight_heights[m]));
                let lambda = exact(plane.lambda);
                table.push([
                    run.label.clone(),
                    a.to_string(),
                    b.to_string(),
                    lambda,
                    exact(t),
                    x,
                    y,
                    height,
                    straight,
                ]);
            }
        }
    }
    table
}
