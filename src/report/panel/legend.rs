//! Legends, which are above the frame and hide nothing.

#![expect(
    clippy::cast_possible_wrap,
    reason = "lengths on paper, in units of 10 µm, are far below 2³¹"
)]

use super::draw::{Area, Result, ink_style, small_text};
use super::layer::draw_marker;
use super::{Panel, PanelLayer, Shape};
use plotters::element::DashedPathElement;
use plotters::prelude::{PathElement, Polygon, Rectangle};
use plotters::style::FontDesc;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Height of a row.
pub(super) const ROW: i32 = 330;
/// Length of a sample.
const SAMPLE: i32 = 480;
/// Between a sample and its text, and twice that between entries.
const GAP: i32 = 110;

/// The entries in rows that fit a width: a single row if possible, otherwise two columns, otherwise
/// as many as fit in each row.
pub(super) fn rows<'a>(
    panel: &'a Panel,
    width: i32,
    font: &FontDesc<'_>,
) -> Vec<Vec<(i32, &'a PanelLayer, &'a str)>> {
    let length =
        |label: &str| SAMPLE + GAP + font.box_size(label).map_or(0, |(width, _)| width as i32);
    let entries: Vec<_> =
        panel.layers.iter().filter_map(|layer| Some((layer, layer.label.as_deref()?))).collect();
    let lengths: Vec<i32> = entries.iter().map(|(_, label)| length(label)).collect();
    let whole = lengths.iter().sum::<i32>() + 2 * GAP * (lengths.len() as i32 - 1);
    let in_columns = whole > width && lengths.iter().all(|&length| length <= width / 2 - GAP);
    let mut rows: Vec<Vec<_>> = Vec::new();
    let mut x = width + 1;
    for ((layer, label), length) in entries.into_iter().zip(lengths) {
        if x + length > width || rows.is_empty() {
            rows.push(Vec::new());
            x = 0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, layer, label));
        }
        x = if in_columns && x < width / 2 { width / 2 } else { x + length + 2 * GAP };
        if in_columns && rows.last().is_some_and(|row| row.len() == 2) {
            x = width + 1;
        }
    }
    rows
}

/// Draws one entry with its left end in the middle of its height at `(x, y)`.
pub(super) fn draw_entry(
    area: &Area<'_>,
    (x, y): (i32, i32),
    layer: &PanelLayer,
    label: &str,
) -> Result {
    let style = ink_style(&layer.ink);
    match &layer.shape {
        Shape::Lines(_) => {
            let ends = vec![(x, y), (x + SAMPLE, y)];
            // A thin line is harder to see alone than among many.
            let style = style.stroke_width(layer.ink.width.max(30));
            if layer.ink.dashed {
                area.draw(&DashedPathElement::new(ends, 110, 80, style))?;
            } else {
                area.draw(&PathElement::new(ends, style))?;
            }
        }
        Shape::Upright(_) => {
            let ends = vec![(x + SAMPLE / 2, y + ROW / 2 - 30), (x + SAMPLE / 2, y - ROW / 2 + 30)];
            if layer.ink.dashed {
                area.draw(&DashedPathElement::new(ends, 90, 60, style))?;
            } else {
                area.draw(&PathElement::new(ends, style))?;
            }
        }
        Shape::Points(_, marker) => draw_marker(area, (x + SAMPLE / 2, y), *marker, &layer.ink)?,
        Shape::Areas(_) => {
            area.draw(&Rectangle::new([(x, y - 100), (x + SAMPLE, y + 100)], style.filled()))?;
        }
    }
    area.draw_text(
        label,
        &small_text().pos(Pos::new(HPos::Left, VPos::Center)),
        (x + SAMPLE + GAP, y),
    )
}

/// A closed polygon in backend coordinates.
pub(super) fn polygon(points: Vec<(i32, i32)>, ink: &super::Ink) -> Polygon<(i32, i32)> {
    Polygon::new(points, ink_style(ink).filled())
}
