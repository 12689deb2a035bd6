//! A panel drawn by plotters.
//!
//! Coordinates are in units of 10 µm, so plotters' whole numbers are fine enough for paper.

#![expect(
    clippy::cast_possible_wrap,
    reason = "lengths on paper, in units of 10 µm, are far below 2³¹"
)]

use super::axis::Ruler;
use super::legend;
use super::svg::{FAMILY, WIDTH};
use super::{Ink, Marker, Panel, PanelLayer, Shape};
use crate::report::style::Color;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Circle, DrawingArea, DrawingAreaErrorKind,
    PathElement, Polygon, SVGBackend,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    BLACK as INK, Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle,
    TextStyle,
};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Result = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Text of 7 points in the unit of plotters, which takes 1.24 times the font size for the height.
const TEXT: f64 = 247.0 * 1.24;
/// Line width of frames and ticks, 0.6 points.
const FRAME: u32 = 21;
/// Length of a tick.
const MARK: i32 = 90;
/// Left margin, for ticks, numbers and the label of the axis.
const LEFT: u32 = 1250;
const RIGHT: u32 = 250;
const BOTTOM: u32 = 950;
/// Height of a title of one line.
const TITLE: i32 = 480;
/// Height of each further line.
const TITLE_LINE: i32 = 350;

/// Numbers of lines above the frame of a panel.
#[derive(Clone, Copy, Default)]
pub(super) struct HeaderLines {
    title: usize,
    legend: usize,
}

impl HeaderLines {
    /// The maximum over these panels, so that all frames have the same size.
    pub fn of(panels: &[Panel]) -> Self {
        let most = |lines: fn(&Panel) -> usize| panels.iter().map(lines).max().unwrap_or(0);
        Self {
            title: most(|panel| title_lines(&panel.title).len()),
            legend: most(|panel| legend_of(panel).len()),
        }
    }
}

fn title_font() -> FontDesc<'static> {
    FontDesc::new(FontFamily::Name(FAMILY), TEXT * 8.0 / 7.0, FontStyle::Bold)
}

/// The title, broken between words where it is wider than the frame.
fn title_lines(title: &str) -> Vec<String> {
    let (font, width) = (title_font(), WIDTH - LEFT - RIGHT / 2);
    let mut lines: Vec<String> = Vec::new();
    for word in title.split(' ') {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|longer| font.box_size(longer).is_ok_and(|(length, _)| length <= width))
        {
            Some(longer) => *lines.last_mut().expect("there is a line to extend") = longer,
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn legend_of(panel: &Panel) -> Vec<Vec<(i32, &PanelLayer, &str)>> {
    let small = FontDesc::new(FontFamily::Name(FAMILY), TEXT, FontStyle::Normal);
    legend::rows(panel, (WIDTH - LEFT - RIGHT) as i32, &small)
}

/// Draws a panel with the given numbers of lines above its frame.
pub(super) fn draw(panel: &Panel, area: &Area<'_>, header: HeaderLines) -> Result {
    let head = TITLE + TITLE_LINE * (header.title as i32 - 1);
    let top = head + legend::ROW * header.legend as i32 + 60;

    let values = |axis: usize| {
        panel
            .layers
            .iter()
            .flat_map(move |layer| layer.shape.points().map(move |point| point[axis]))
    };
    let (x, y) = (panel.x.ruler(values(0)), panel.y.ruler(values(1)));
    let range = |ruler: &Ruler| ruler.range[0]..ruler.range[1];
    let chart = ChartBuilder::on(area)
        .margin_top(top)
        .margin_right(RIGHT)
        .x_label_area_size(BOTTOM)
        .y_label_area_size(LEFT)
        .build_cartesian_2d(range(&x), range(&y))?;
    for layer in &panel.layers {
        draw_shape(&chart, [&x, &y], &layer.shape, &layer.ink)?;
    }
    draw_axes(&chart, panel, [&x, &y], area)?;

    let title = TextStyle::from(title_font()).color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    for (row, line) in title_lines(&panel.title).iter().enumerate() {
        area.draw_text(line, &title, (LEFT as i32, TITLE / 2 + 40 + TITLE_LINE * row as i32))?;
    }
    for (row, entries) in legend_of(panel).into_iter().enumerate() {
        let middle = head + legend::ROW * row as i32 + legend::ROW / 2;
        for (from, layer, label) in entries {
            legend::draw_entry(area, (LEFT as i32 + from, middle), layer, label)?;
        }
    }
    Ok(())
}

/// Draws frame, ticks, numbers and labels.
fn draw_axes(chart: &Chart<'_>, panel: &Panel, [x, y]: [&Ruler; 2], area: &Area<'_>) -> Result {
    let frame = INK.stroke_width(FRAME);
    let (left, bottom) = chart.backend_coord(&(x.range[0], y.range[0]));
    let (right, top) = chart.backend_coord(&(x.range[1], y.range[1]));
    let (dx, dy) = area.get_base_pixel();
    let (left, right, top, bottom) = (left - dx, right - dx, top - dy, bottom - dy);
    let across = |place: f64| chart.backend_coord(&(place, y.range[0])).0 - dx;
    let down = |place: f64| chart.backend_coord(&(x.range[0], place)).1 - dy;
    let text = |label: &str, h: HPos, v: VPos, at: (i32, i32)| {
        area.draw_text(label, &small_text().pos(Pos::new(h, v)), at)
    };

    // The rectangles of plotters have no line width.
    let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    area.draw(&PathElement::new(corners, frame))?;
    for (places, length) in [(&x.ticks, MARK), (&x.minor, MARK / 2)] {
        for at in places.iter().map(|&place| across(place)) {
            area.draw(&PathElement::new(vec![(at, bottom), (at, bottom + length)], frame))?;
        }
    }
    for (places, length) in [(&y.ticks, MARK), (&y.minor, MARK / 2)] {
        for at in places.iter().map(|&place| down(place)) {
            area.draw(&PathElement::new(vec![(left, at), (left - length, at)], frame))?;
        }
    }
    for &place in &x.ticks {
        text(&x.write(place), HPos::Center, VPos::Top, (across(place), bottom + MARK + 50))?;
    }
    for &place in &y.ticks {
        text(&y.write(place), HPos::Right, VPos::Center, (left - MARK - 60, down(place)))?;
    }
    text(&panel.x.label, HPos::Center, VPos::Top, (i32::midpoint(left, right), bottom + 500))?;
    let upwards =
        small_text().pos(Pos::new(HPos::Center, VPos::Center)).transform(FontTransform::Rotate270);
    area.draw_text(&panel.y.label, &upwards, (190, i32::midpoint(top, bottom)))
}

fn draw_shape(chart: &Chart<'_>, [x, y]: [&Ruler; 2], shape: &Shape, ink: &Ink) -> Result {
    let area = chart.plotting_area();
    let place = |point: &[f64; 2]| Some((x.place(point[0])?, y.place(point[1])?));
    let style = ink_style(ink);
    let line = |points: Vec<(f64, f64)>| {
        if ink.dashed {
            area.draw(&DashedPathElement::new(points, 110, 80, style))
        } else {
            area.draw(&PathElement::new(points, style))
        }
    };
    match shape {
        Shape::Lines(curves) => {
            curves.iter().try_for_each(|curve| line(curve.iter().filter_map(place).collect()))
        }
        Shape::Upright(at) => match x.place(*at) {
            Some(at) => line(vec![(at, y.range[0]), (at, y.range[1])]),
            None => Ok(()),
        },
        Shape::Areas(areas) => areas.iter().try_for_each(|outline| {
            let outline: Vec<_> = outline.iter().filter_map(place).collect();
            area.draw(&Polygon::new(outline, style.filled()))
        }),
        Shape::Points(points, marker) => {
            let shifted = area.strip_coord_spec();
            points.iter().filter_map(place).try_for_each(|point| {
                let (left, top) = area.get_base_pixel();
                let (x, y) = chart.backend_coord(&point);
                draw_marker(&shifted, (x - left, y - top), *marker, ink)
            })
        }
    }
}

/// A marker about a point; all kinds cover about the same area.
pub(super) fn draw_marker(
    area: &Area<'_>,
    (x, y): (i32, i32),
    marker: Marker,
    ink: &Ink,
) -> Result {
    let r = ink.width as i32;
    let style = ink_style(ink);
    let polygon = |points: Vec<(i32, i32)>| area.draw(&legend::polygon(points, ink));
    match marker {
        Marker::Disk => area.draw(&Circle::new((x, y), r, style.filled())),
        Marker::Square => {
            let h = r * 9 / 10;
            polygon(vec![(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)])
        }
        Marker::Diamond => {
            let h = r * 5 / 4;
            polygon(vec![(x - h, y), (x, y - h), (x + h, y), (x, y + h)])
        }
        Marker::Triangle => {
            polygon(vec![(x - r * 5 / 4, y + r), (x, y - r * 13 / 10), (x + r * 5 / 4, y + r)])
        }
        Marker::Cross => {
            let style = style.stroke_width(ink.width / 2);
            area.draw(&PathElement::new(vec![(x - r, y - r), (x + r, y + r)], style))?;
            area.draw(&PathElement::new(vec![(x - r, y + r), (x + r, y - r)], style))
        }
    }
}

pub(super) fn small_text() -> TextStyle<'static> {
    TextStyle::from(FontDesc::new(FontFamily::Name(FAMILY), TEXT, FontStyle::Normal)).color(&INK)
}

pub(super) fn ink_style(ink: &Ink) -> ShapeStyle {
    rgb(ink.color).mix(ink.opacity).stroke_width(ink.width)
}

fn rgb(Color(r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}
