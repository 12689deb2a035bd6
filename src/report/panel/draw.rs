//! A panel drawn by plotters.
//!
//! Coordinates are in units of 10 µm, so plotters' whole numbers are fine enough for paper.

#![expect(
    clippy::cast_possible_wrap,
    reason = "lengths on paper, in units of 10 µm, are far below 2³¹"
)]

use super::axis::Ruler;
use super::groups::Groups;
use super::layer::draw_layer;
use super::mark::{Visible, escaped};
use super::svg::{FAMILY, WIDTH};
use super::{AxisScale, Ink, Panel, PanelLayer, color_bar, legend};
use crate::report::style::Color;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, DrawingArea, DrawingAreaErrorKind, PathElement,
    SVGBackend,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    BLACK as INK, Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle,
    TextStyle,
};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Result = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;
pub(super) type Chart<'a> =
    ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Text of 7 points in the unit of plotters, which takes 1.24 times the font size for the height.
const TEXT: f64 = 247.0 * 1.24;
/// Line width of frames and ticks, 0.6 points.
pub(super) const FRAME: u32 = 21;
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

/// Where the frame of a panel is, and what its axes show.
pub(super) struct Frame {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
    /// Empty space below the panel.
    pub spare: u32,
    /// Label, scale and range of each axis.
    axes: [(String, AxisScale, [f64; 2]); 2],
}

impl Frame {
    /// What the script needs to turn places into values.
    pub fn attributes(&self) -> String {
        let Self { left, top, right, bottom, axes, .. } = self;
        let axis = |name: &str, (label, scale, [low, high]): &(String, AxisScale, [f64; 2])| {
            let scale = if *scale == AxisScale::Log { "log" } else { "linear" };
            let label = escaped(label);
            format!(" data-{name}=\"{scale} {low:e} {high:e}\" data-{name}-label=\"{label}\"")
        };
        let [x, y] = [axis("x", &axes[0]), axis("y", &axes[1])];
        format!(" class=\"plot\" data-frame=\"{left} {top} {right} {bottom}\"{x}{y}")
    }

    /// A part of a drawing that hides what is beyond the frame.
    pub fn clip(&self) -> String {
        let Self { left, top, right, bottom, .. } = self;
        let (width, height) = (right - left, bottom - top);
        format!(
            "<svg x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"{left} {top} {width} {height}\">"
        )
    }
}

/// Margins of a frame: top, right, bottom, left.
fn margins(panel: &Panel, area: &Area<'_>, top: i32, ranges: [[f64; 2]; 2]) -> [u32; 4] {
    let bar = if panel.color_bar.is_some() { color_bar::SPACE } else { 0 };
    let [top, right, bottom, left] = [top as u32, RIGHT + bar, BOTTOM, LEFT];
    if !panel.equal_units {
        return [top, right, bottom, left];
    }
    let (width, height) = area.dim_in_pixel();
    let wide = f64::from(width.saturating_sub(left + right));
    let high = f64::from(height.saturating_sub(top + bottom));
    let [x, y] = ranges.map(|[low, high]| high - low);
    let unit = (wide / x).min(high / y);
    let spare = |space: f64, length: f64| (space - unit * length).max(0.0) as u32;
    // Below the frame, so that the legend stays next to it.
    [top, right + spare(wide, x), bottom + spare(high, y), left]
}

/// Draws a panel with the given numbers of lines above its frame.
pub(super) fn draw(
    panel: &Panel,
    area: &Area<'_>,
    header: HeaderLines,
    groups: &mut Groups,
) -> std::result::Result<Frame, DrawingAreaErrorKind<std::io::Error>> {
    let head = TITLE + TITLE_LINE * (header.title as i32 - 1);
    let top = head + legend::ROW * header.legend as i32 + 60;

    let (x, y) = (panel.x.ruler(panel.values(0)), panel.y.ruler(panel.values(1)));
    let range = |ruler: &Ruler| ruler.range[0]..ruler.range[1];
    let [above, right, below, left] = margins(panel, area, top, [x.range, y.range]);
    let chart = ChartBuilder::on(area)
        .margin_top(above)
        .margin_right(right)
        .x_label_area_size(below)
        .y_label_area_size(left)
        .build_cartesian_2d(range(&x), range(&y))?;
    let frame = frame(&chart, panel, [&x, &y], (area, below - BOTTOM));
    for layer in &panel.layers {
        if layer.visible == Visible::Everywhere || groups.on_page {
            draw_layer(&chart, [&x, &y], layer, (&frame, area), groups)?;
        }
    }
    draw_axes(&chart, panel, [&x, &y], &frame, area)?;
    if let Some(bar) = &panel.color_bar {
        bar.draw(area, &frame)?;
    }

    let title = TextStyle::from(title_font()).color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    for (row, line) in title_lines(&panel.title).iter().enumerate() {
        area.draw_text(line, &title, (LEFT as i32, TITLE / 2 + 40 + TITLE_LINE * row as i32))?;
    }
    for (row, entries) in legend_of(panel).into_iter().enumerate() {
        let middle = head + legend::ROW * row as i32 + legend::ROW / 2;
        for (from, layer, label) in entries {
            let sets =
                || format!("<g class=\"entry\" data-sets=\"{}\">", escaped(&layer.sets.join(" ")));
            groups.put(area, sets)?;
            legend::draw_entry(area, (LEFT as i32 + from, middle), layer, label)?;
            groups.put(area, || "</g>".to_owned())?;
        }
    }
    Ok(frame)
}

fn frame(
    chart: &Chart<'_>,
    panel: &Panel,
    [x, y]: [&Ruler; 2],
    (area, spare): (&Area<'_>, u32),
) -> Frame {
    let (left, bottom) = chart.backend_coord(&(x.range[0], y.range[0]));
    let (right, top) = chart.backend_coord(&(x.range[1], y.range[1]));
    let (dx, dy) = area.get_base_pixel();
    let axes = [(&panel.x, x), (&panel.y, y)];
    Frame {
        left: left - dx,
        top: top - dy,
        right: right - dx,
        bottom: bottom - dy,
        spare,
        axes: axes.map(|(axis, ruler)| (axis.label.clone(), axis.scale, ruler.range)),
    }
}

/// Draws frame, ticks, numbers and labels.
fn draw_axes(
    chart: &Chart<'_>,
    panel: &Panel,
    [x, y]: [&Ruler; 2],
    frame: &Frame,
    area: &Area<'_>,
) -> Result {
    let &Frame { left, top, right, bottom, .. } = frame;
    let (dx, dy) = area.get_base_pixel();
    let frame = INK.stroke_width(FRAME);
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
    let paper = area.dim_in_pixel().0 as i32;
    for &place in &x.ticks {
        let label = x.write(place);
        // A long number at the end of the axis stays on the paper.
        let half = small_text().font.box_size(&label).map_or(0, |(width, _)| width as i32 / 2);
        let at = across(place).min(paper - half);
        text(&label, HPos::Center, VPos::Top, (at, bottom + MARK + 50))?;
    }
    for &place in &y.ticks {
        text(&y.write(place), HPos::Right, VPos::Center, (left - MARK - 60, down(place)))?;
    }
    text(&panel.x.label, HPos::Center, VPos::Top, (i32::midpoint(left, right), bottom + 500))?;
    let upwards =
        small_text().pos(Pos::new(HPos::Center, VPos::Center)).transform(FontTransform::Rotate270);
    area.draw_text(&panel.y.label, &upwards, (190, i32::midpoint(top, bottom)))
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
