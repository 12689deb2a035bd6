//! Surfaces: contours of the loss and of the accuracy, with solutions, paths and trajectories.

use super::found::{CurveName, Field, Surface, all, range};
use super::section::PlaneKind;
use super::summary::remark;
use crate::engine::results::Results;
use crate::landscape::BuiltIn;
use crate::report::Run;
use crate::report::contours::{HeightGrid, levels};
use crate::report::figure::{Figure, Table, exact};
use crate::report::number::{percent, short, typeset, typeset_level, typeset_trimmed};
use crate::report::panel::{Axis, ColorBar, Ink, Mark, Marker, Panel, Shape};
use crate::report::style::{BLACK, GRAY, height_color, set_name};
use crate::report::words::Words;

pub(super) fn figure(runs: &[(&Run<'_>, Results<'_>)]) -> Figure {
    let (mut panels, mut notes) = (Vec::new(), Vec::new());
    let mut tables = [
        Table::new("surfaces", &["run", "surface", "landscape", "x", "y", "loss", "accuracy"]),
        Table::new(
            "surface-solutions",
            &["run", "surface", "set", "initialization", "x", "y", "distance"],
        ),
        Table::new(
            "surface-curves",
            &["run", "surface", "curve", "landscape", "point", "x", "y", "distance"],
        ),
    ];
    let mut shown = Shown::default();
    for (run, results) in runs {
        let surfaces = all(results);
        notes.extend(moved_endpoints(results).filter(|_| !surfaces.is_empty()));
        for surface in &surfaces {
            let title = |panel: Panel| {
                let title = format!("{}: {}", surface.config.name, panel.title);
                let title = if runs.len() > 1 { format!("{}: {title}", run.label) } else { title };
                Panel { title, ..panel }
            };
            panels.extend(drawn(run, surface).into_iter().map(title));
            notes.extend(remark(surface));
            notes.extend(outside(surface));
            fill(&mut tables, run, surface);
            shown.add(surface);
        }
    }
    Figure {
        key: "surfaces",
        title: "Surfaces",
        about: about(Words::of(runs.iter().map(|(run, _)| *run)), shown),
        notes,
        panels,
        tables: tables.into(),
    }
}

/// What the surfaces of a figure have.
#[expect(clippy::struct_excessive_bools, reason = "each stands for a sentence of the caption")]
#[derive(Clone, Copy, Default)]
struct Shown {
    planes: bool,
    lines: bool,
    accuracies: bool,
    solutions: bool,
    anchors: bool,
    paths: bool,
    trajectories: bool,
}

impl Shown {
    fn add(&mut self, surface: &Surface) {
        let is_plane = surface.config.dimensions > 1;
        self.planes |= is_plane;
        self.lines |= !is_plane;
        self.accuracies |= surface.fields.iter().any(|field| !field.accuracy.is_empty());
        self.solutions |= is_plane && !surface.solutions.is_empty();
        self.anchors |= is_plane && !surface.anchors.is_empty();
        for curve in surface.curves.iter().filter(|_| is_plane) {
            match curve.what {
                CurveName::Path { .. } => self.paths = true,
                CurveName::Trajectory { .. } => self.trajectories = true,
            }
        }
    }
}

/// What the panels show, in the words of the subject.
fn about(words: Words, shown: Shown) -> String {
    let (first, loss) = (words.loss_first(), words.loss());
    let (accuracy, they) =
        if shown.accuracies { (" and accuracy", "they are") } else { ("", "it is") };
    let mut sentences = Vec::new();
    if shown.planes || !shown.lines {
        sentences.push(format!(
            "{first}{accuracy} on a plane through the landscape, light where {they} low. Contours \
             are equal steps of the logarithm of the {loss} where it is positive everywhere."
        ));
        let solutions = "Markers are the solutions, each at the nearest point of the plane; the \
                         legend says how far off the plane they lie.";
        let off = format!(
            "What lies off the plane has another {loss} than the plane shows at its place."
        );
        let parts = [
            (shown.solutions, solutions),
            (shown.anchors, "Crosses are the points by which the plane was chosen."),
            (shown.paths, "Solid lines are paths."),
            (shown.trajectories, "Dashed lines are trajectories of training runs."),
            (shown.solutions || shown.paths || shown.trajectories, &off),
            (true, "The units of both axes are equally long."),
        ];
        sentences.extend(parts.iter().filter(|(is, _)| *is).map(|(_, text)| (*text).to_owned()));
    }
    if shown.lines {
        let line = format!("{first}{accuracy} along a line");
        sentences.push(format!("{line}, with disks at the points by which it was chosen."));
    }
    sentences.join(" ")
}

/// A remark if the drawn paths do not end at the drawn solutions.
fn moved_endpoints(results: &Results) -> Option<String> {
    if results.config.paths.align {
        let note = "The hidden units or atoms of the second endpoint of each path are \
                    exchanged (paths.align), so that its line does not end at the solution as it is drawn.";
        return Some(note.to_owned());
    }
    let landscape = results.config.subject.landscape()?.landscape.built_in()?;
    matches!(landscape, BuiltIn::LennardJones(_)).then(|| {
        "Paths between clusters are drawn with the positions of their search. They may end beside \
         the drawn clusters, which are moved and rotated close to the first one."
            .to_owned()
    })
}

/// The panels of a surface: two for each landscape of a plane, or two for all landscapes of a line.
fn drawn(run: &Run<'_>, surface: &Surface) -> Vec<Panel> {
    if surface.config.dimensions == 1 {
        let accuracies = surface.fields.iter().any(|field| !field.accuracy.is_empty());
        let loss = line(run, surface, false);
        return std::iter::once(loss).chain(accuracies.then(|| line(run, surface, true))).collect();
    }
    let fields = surface.fields.iter().filter(|field| field.known() > 0);
    fields
        .flat_map(|field| {
            let loss = contours(surface, &field.loss, &loss_scale(&field.loss));
            let title = format!("{} on {}", run.height_label(), field.landscape);
            let loss = with_drawings(run, surface, Panel { title, ..loss });
            let accuracy = (!field.accuracy.is_empty()).then(|| {
                let panel = contours(surface, &field.accuracy, &linear(&field.accuracy));
                let title = format!("accuracy on {}", field.landscape);
                with_drawings(run, surface, Panel { title, ..panel })
            });
            std::iter::once(loss).chain(accuracy)
        })
        .collect()
}

/// The levels of contours.
struct ContourScale {
    /// Levels, in places: heights or their logarithms.
    levels: Vec<f64>,
    place: fn(f64) -> f64,
    /// The height at a place, as it is written.
    write: fn(f64) -> String,
}

fn loss_scale(losses: &[f64]) -> ContourScale {
    let Some([low, high]) = range(losses) else { return linear(losses) };
    if low <= 0.0 || high / low < 3.0 {
        return linear(losses);
    }
    let levels = levels(low.log10(), high.log10());
    ContourScale { levels, place: f64::log10, write: |place| typeset_trimmed(10_f64.powf(place)) }
}

fn linear(numbers: &[f64]) -> ContourScale {
    let levels = range(numbers).map_or_else(Vec::new, |[low, high]| levels(low, high));
    ContourScale { levels, place: |height| height, write: typeset_level }
}

fn axis_label(surface: &Surface, axis: usize) -> String {
    let letter = ["x", "y"][axis];
    let share = surface.numbers.get(axis);
    match (surface.config.plane, share) {
        (PlaneKind::Random, _) => format!("{letter} (in units of the norms of the filters)"),
        (PlaneKind::Path | PlaneKind::Trajectory, Some(&share)) => {
            format!("{letter} ({} of the variance)", percent(share))
        }
        (PlaneKind::Hessian, Some(&value)) => format!("{letter} (curvature {})", typeset(value)),
        _ => format!("{letter} (distance)"),
    }
}

fn contours(surface: &Surface, values: &[f64], scale: &ContourScale) -> Panel {
    let extent = &surface.grid.extent;
    let axis = |number: usize| {
        Axis::linear(axis_label(surface, number)).including(&extent[number]).tight()
    };
    let panel = Panel::new(String::new(), axis(0), axis(1));
    let [[left, right], [bottom, top]] = [extent[0], extent[1]];
    let whole = vec![[left, bottom], [right, bottom], [right, top], [left, top]];
    let levels = &scale.levels;
    let shade = |rank: usize| height_color(rank as f64 / levels.len().max(1) as f64);
    let solid = |rank: usize| Ink::fill(shade(rank)).opacity(1.0);
    let mut panel = panel.with(Shape::Areas(vec![whole]), solid(0), None);
    let heights: Vec<f64> = values.iter().map(|&height| (scale.place)(height)).collect();
    let points = [surface.grid.points; 2];
    let grid = HeightGrid { region: [extent[0], extent[1]], points, heights: &heights };
    for (rank, areas) in grid.areas(levels).into_iter().enumerate() {
        panel = panel.with(Shape::Areas(areas), solid(rank + 1), None);
    }
    panel.color_bar = (!levels.is_empty()).then(|| ColorBar {
        colors: (0..=levels.len()).map(shade).collect(),
        levels: levels.iter().map(|&place| (scale.write)(place)).collect(),
    });
    panel.equal_units = true;
    panel
}

/// Whether a point lies within the extent of the grid, to rounding.
fn is_inside(surface: &Surface, place: &[f64; 3]) -> bool {
    surface.grid.extent.iter().zip(place).all(|(&[low, high], &x)| {
        let slack = 1e-9 * (high - low);
        (low - slack..=high + slack).contains(&x)
    })
}

/// The parts of a curve inside the extent.
fn inside(surface: &Surface, points: &[[f64; 3]]) -> Vec<Vec<[f64; 2]>> {
    points
        .chunk_by(|a, b| is_inside(surface, a) == is_inside(surface, b))
        .filter(|part| is_inside(surface, &part[0]))
        .map(|part| part.iter().map(|&[x, y, _]| [x, y]).collect())
        .collect()
}

/// ", 0.2 to 3.1 off the plane".
fn off_plane(surface: &Surface, distances: impl Iterator<Item = f64>) -> String {
    let side = surface.grid.extent.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
    // Rounding errors.
    let distances = distances.map(|distance| if distance < 1e-6 * side { 0.0 } else { distance });
    let distances: Vec<f64> = distances.collect();
    match range(&distances) {
        None => String::new(),
        Some([low, high]) if low.to_bits() == high.to_bits() => {
            format!(", {} off the plane", short(high))
        }
        Some([low, high]) => format!(", {} to {} off the plane", short(low), short(high)),
    }
}

/// Paths, trajectories and solutions on top of the contours.
fn with_drawings(run: &Run<'_>, surface: &Surface, mut panel: Panel) -> Panel {
    for curve in &surface.curves {
        let parts = inside(surface, &curve.points);
        if parts.is_empty() {
            continue;
        }
        let (color, kind) = match &curve.what {
            CurveName::Path { sets, .. } => (run.look_of(sets).color, "path"),
            CurveName::Trajectory { optimizer, .. } => {
                (run.look_of_optimizer(optimizer).color, "trajectory")
            }
        };
        let ink = Ink::line(color).width(30);
        let ink = if kind == "path" { ink } else { ink.dashed() };
        let off = off_plane(surface, curve.points.iter().map(|place| place[2]));
        // With many curves the legend would hide the panel.
        let label = format!("{kind} {}{off}", curve.what.name());
        let label = (surface.curves.len() <= 4).then_some(label);
        let mark = mark_of(run, &curve.what);
        let marks = mark.map_or_else(Vec::new, |mark| vec![mark; parts.len()]);
        panel = panel.with(Shape::Lines(parts), ink, label).marked(marks);
        panel = match &curve.what {
            CurveName::Path { sets, .. } => panel.of_paths(sets),
            CurveName::Trajectory { .. } => panel,
        };
    }
    for set in surface.solutions.chunk_by(|a, b| a.set == b.set) {
        let places = set.iter().map(|solution| &solution.place);
        let there: Vec<&[f64; 3]> = places.filter(|place| is_inside(surface, place)).collect();
        let inside = set.iter().filter(|solution| is_inside(surface, &solution.place));
        let marks = inside.map(|solution| run.solution(&solution.set, solution.number)).collect();
        if there.is_empty() {
            continue;
        }
        let name = &set[0].set;
        let look = run.look(name);
        let off = off_plane(surface, there.iter().map(|place| place[2]));
        let label = format!("{} ({}){off}", set_name(name), there.len());
        let points = there.iter().map(|&&[x, y, _]| [x, y]).collect();
        let width = if name.member() == "train" { 60 } else { 42 };
        let ink = Ink::marker(look.color).opacity(1.0).width(width);
        panel = panel
            .with(Shape::Points(points, look.marker), ink, Some(label))
            .of_sets([name])
            .marked(marks);
    }
    let anchors = Shape::Points(surface.anchors.clone(), Marker::Cross);
    panel.with(anchors, Ink::marker(BLACK).opacity(1.0).width(30), None)
}

/// What a path or a trajectory is about.
fn mark_of(run: &Run<'_>, what: &CurveName) -> Option<Mark> {
    match what {
        CurveName::Path { sets, pair, .. } => Some(run.pair(sets, *pair)),
        CurveName::Trajectory { optimizer, initialization } => {
            let (name, _) = run.curves.iter().find(|(name, _)| name.name() == optimizer)?;
            Some(run.training(name, *initialization))
        }
    }
}

/// Loss or accuracy along a line, on all landscapes.
fn line(run: &Run<'_>, surface: &Surface, accuracy: bool) -> Panel {
    let values = |field: &'_ Field| {
        if accuracy { field.accuracy.clone() } else { field.loss.clone() }
    };
    let at = |field: &'_ Field| {
        if accuracy { field.anchor_accuracy.clone() } else { field.anchor_loss.clone() }
    };
    let everything: Vec<f64> =
        surface.fields.iter().flat_map(|field| [values(field), at(field)].concat()).collect();
    let is_log = !accuracy && range(&everything).is_some_and(|[low, _]| low > 0.0);
    let label = if accuracy { "accuracy".to_owned() } else { run.height_label() };
    let y = if is_log { Axis::log(label) } else { Axis::linear(label) };
    let x = Axis::linear(axis_label(surface, 0)).including(&surface.grid.extent[0]).tight();
    let title = match (accuracy, run.network()) {
        (true, _) => "accuracy along the line",
        (false, Some(_)) => "loss along the line",
        (false, None) => "height along the line",
    };
    let mut panel = Panel::new(title, x, y);
    let colors = [BLACK, GRAY];
    for (field, color) in surface.fields.iter().zip(colors.iter().cycle()) {
        let curve = surface.grid.axis(0).into_iter().zip(values(field));
        let curve: Vec<[f64; 2]> =
            curve.filter(|(_, value)| value.is_finite()).map(|(x, value)| [x, value]).collect();
        let label = Some(format!("on {}", field.landscape));
        panel = panel.with(Shape::Lines(vec![curve]), Ink::line(*color), label);
        let marks = surface.anchors.iter().zip(at(field)).map(|(place, value)| [place[0], value]);
        let marks = Shape::Points(marks.collect(), Marker::Disk);
        panel = panel.with(marks, Ink::marker(*color), None);
    }
    panel
}

/// A remark if some solutions lie outside the picture.
fn outside(surface: &Surface) -> Option<String> {
    if surface.config.dimensions == 1 {
        return None;
    }
    let all = surface.solutions.len();
    let outside = surface.solutions.iter().filter(|one| !is_inside(surface, &one.place)).count();
    (outside > 0).then(|| {
        format!(
            "{}: {outside} of {all} solutions lie outside the figure; the table has all of them.",
            surface.config.name
        )
    })
}

fn fill([values, solutions, curves]: &mut [Table; 3], run: &Run<'_>, surface: &Surface) {
    let (run, name) = (&run.label, &surface.config.name);
    let is_line = surface.config.dimensions == 1;
    let y_of = |y: f64| if is_line { String::new() } else { exact(y) };
    for field in &surface.fields {
        for (index, [x, y]) in surface.grid.places().into_iter().enumerate() {
            let accuracy = field.accuracy.get(index).copied().unwrap_or(f64::NAN);
            let landscape = field.landscape.to_string();
            let (loss, accuracy) = (exact(field.loss[index]), exact(accuracy));
            let row = [run.clone(), name.clone(), landscape, exact(x), y_of(y), loss, accuracy];
            values.push(row);
        }
    }
    for solution in &surface.solutions {
        let [x, y, distance] = solution.place;
        let (set, number) = (solution.set.to_string(), solution.number.to_string());
        let row = [run.clone(), name.clone(), set, number, exact(x), y_of(y), exact(distance)];
        solutions.push(row);
    }
    for curve in &surface.curves {
        for (index, &[x, y, distance]) in curve.points.iter().enumerate() {
            curves.push([
                run.clone(),
                name.clone(),
                curve.what.name(),
                curve.what.landscape().to_owned(),
                index.to_string(),
                exact(x),
                y_of(y),
                exact(distance),
            ]);
        }
    }
}
