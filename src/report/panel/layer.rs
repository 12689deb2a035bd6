//! Layers drawn by plotters.

#![expect(
    clippy::cast_possible_wrap,
    reason = "lengths on paper, in units of 10 µm, are far below 2³¹"
)]

use super::axis::Ruler;
use super::draw::{Area, Chart, Frame, Result, ink_style};
use super::groups::Groups;
use super::legend;
use super::mark::{Visible, escaped};
use super::{Ink, Marker, PanelLayer, Shape};
use crate::report::number::typeset_short;
use plotters::element::DashedPathElement;
use plotters::prelude::{Circle, PathElement, Polygon};

/// Draws a layer; on the page in a group, with a group for each curve or point that has a mark.
pub(super) fn draw_layer(
    chart: &Chart<'_>,
    rulers: [&Ruler; 2],
    layer: &PanelLayer,
    (frame, area): (&Frame, &Area<'_>),
    groups: &mut Groups,
) -> Result {
    let is_clipped = layer.visible != Visible::Everywhere;
    let dashes = if layer.ink.dashed { " stroke-dasharray=\"110 80\"" } else { "" };
    let clip = || if is_clipped { frame.clip() } else { String::new() };
    groups.put(area, || format!("<g {}{dashes}>{}", layer.attributes(), clip()))?;
    for (index, part) in layer.shape.parts().into_iter().enumerate() {
        let mark = layer.mark(index);
        if let Some(mark) = mark {
            let value = match part {
                Part::Point([x, y], _) => {
                    format!(" data-v=\"{}|{}\"", typeset_short(x), typeset_short(y))
                }
                _ => String::new(),
            };
            let name = escaped(&mark.name);
            let tags = || format!("<g {}{value}><title>{name}</title>", mark.attributes());
            groups.put(area, tags)?;
        }
        draw_part(chart, rulers, &part, &layer.ink, groups.on_page)?;
        if mark.is_some() {
            groups.put(area, || "</g>".to_owned())?;
        }
    }
    groups.put(area, || if is_clipped { "</svg></g>" } else { "</g>" }.to_owned())
}

/// A curve, a point, a polygon, or an upright line.
enum Part<'a> {
    Line(&'a [[f64; 2]]),
    Point([f64; 2], Marker),
    Area(&'a [[f64; 2]]),
    Upright(f64),
}

impl Shape {
    fn parts(&self) -> Vec<Part<'_>> {
        match self {
            Self::Lines(curves) => curves.iter().map(|curve| Part::Line(curve)).collect(),
            Self::Areas(areas) => areas.iter().map(|outline| Part::Area(outline)).collect(),
            Self::Points(points, marker) => {
                points.iter().map(|&point| Part::Point(point, *marker)).collect()
            }
            Self::Upright(x) => vec![Part::Upright(*x)],
        }
    }
}

/// Draws it. Dashes are single lines in a file, and a property of the group on the page.
fn draw_part(
    chart: &Chart<'_>,
    [x, y]: [&Ruler; 2],
    part: &Part<'_>,
    ink: &Ink,
    on_page: bool,
) -> Result {
    let area = chart.plotting_area();
    let place = |point: &[f64; 2]| Some((x.place(point[0])?, y.place(point[1])?));
    let style = ink_style(ink);
    let line = |points: Vec<(f64, f64)>| {
        if ink.dashed && !on_page {
            area.draw(&DashedPathElement::new(points, 110, 80, style))
        } else {
            area.draw(&PathElement::new(points, style))
        }
    };
    match part {
        Part::Line(curve) => line(curve.iter().filter_map(place).collect()),
        Part::Upright(at) => match x.place(*at) {
            Some(at) => line(vec![(at, y.range[0]), (at, y.range[1])]),
            None => Ok(()),
        },
        Part::Area(outline) => {
            let outline: Vec<_> = outline.iter().filter_map(place).collect();
            area.draw(&Polygon::new(outline, style.filled()))
        }
        Part::Point(point, marker) => match place(point) {
            Some(point) => {
                let (left, top) = area.get_base_pixel();
                let (x, y) = chart.backend_coord(&point);
                draw_marker(&area.strip_coord_spec(), (x - left, y - top), *marker, ink)
            }
            None => Ok(()),
        },
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
