//! The colors of a map with the heights between them.

#![expect(
    clippy::cast_possible_wrap,
    reason = "lengths on paper, in units of 10 µm, are far below 2³¹"
)]

use super::Ink;
use super::draw::{Area, FRAME, Frame, Result, ink_style, small_text};
use crate::report::style::Color;
use plotters::prelude::{PathElement, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK as INK, Color as _};

/// Colors from low to high. Between two of them is a height.
#[derive(Clone, Debug, PartialEq)]
pub struct ColorBar {
    /// The colors, the lowest first.
    pub colors: Vec<Color>,
    /// The heights between them as texts, one fewer.
    pub levels: Vec<String>,
}

/// Space to the right of a frame.
pub(super) const SPACE: u32 = 1150;
/// Between frame and bar.
const GAP: i32 = 150;
/// Width of the bar.
const WIDTH: i32 = 230;
/// Largest number of heights that are written.
const MAX_TEXTS: usize = 8;

impl ColorBar {
    /// Draws the bar along the right side of a frame.
    pub(super) fn draw(&self, area: &Area<'_>, frame: &Frame) -> Result {
        let (left, right) = (frame.right + GAP, frame.right + GAP + WIDTH);
        let count = self.colors.len().max(1) as i32;
        let edge = |rank: i32| frame.bottom - (frame.bottom - frame.top) * rank / count;
        for (rank, &color) in (0..).zip(&self.colors) {
            let fill = ink_style(&Ink::fill(color).opacity(1.0)).filled();
            area.draw(&Rectangle::new([(left, edge(rank + 1)), (right, edge(rank))], fill))?;
        }
        let line = INK.stroke_width(FRAME);
        let [top, bottom] = [edge(count), edge(0)];
        let corners = vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        area.draw(&PathElement::new(corners, line))?;
        let every = self.levels.len().div_ceil(MAX_TEXTS).max(1);
        let style = small_text().pos(Pos::new(HPos::Left, VPos::Center));
        for (rank, text) in (1..).zip(&self.levels).step_by(every) {
            let at = edge(rank);
            area.draw(&PathElement::new(vec![(right - WIDTH / 3, at), (right + 60, at)], line))?;
            area.draw_text(text, &style, (right + 110, at))?;
        }
        Ok(())
    }
}
