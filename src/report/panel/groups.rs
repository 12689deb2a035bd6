//! Groups in the SVG of the page, with attributes that its script reads.
//!
//! plotters knows no groups. So each begins and ends with a text that stands for it while drawing,
//! and is replaced afterwards.

use super::draw::{Area, Result, small_text};

/// Encloses the number of a replacement. It is of Unicode's area for private use.
const SIGN: char = '\u{e000}';

/// The groups of a drawing.
pub(super) struct Groups {
    /// Whether the drawing is for the page.
    pub on_page: bool,
    replacements: Vec<String>,
}

impl Groups {
    /// For the page.
    pub fn on_page() -> Self {
        Self { on_page: true, replacements: Vec::new() }
    }

    /// For a file, which has no groups.
    pub fn of_a_file() -> Self {
        Self { on_page: false, replacements: Vec::new() }
    }

    /// Puts these tags here; in a file nothing.
    pub fn put(&mut self, area: &Area<'_>, tags: impl FnOnce() -> String) -> Result {
        if !self.on_page {
            return Ok(());
        }
        let text = format!("{SIGN}{}{SIGN}", self.replacements.len());
        self.replacements.push(tags());
        area.draw_text(&text, &small_text(), (0, 0))
    }

    /// Replaces the texts by the tags.
    pub fn finish(self, svg: &str) -> String {
        let mut finished = String::with_capacity(svg.len());
        let mut rest = svg;
        for tags in &self.replacements {
            let Some(sign) = rest.find(SIGN) else { break };
            let (before, after) = rest.split_at(sign);
            finished.push_str(&before[..before.rfind("<text").unwrap_or(before.len())]);
            finished.push_str(tags);
            rest = after.split_once("</text>\n").map_or("", |(_, rest)| rest);
        }
        finished + rest
    }
}
