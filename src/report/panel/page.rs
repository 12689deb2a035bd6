//! Panels as the page has them: with marks for its script, and on the other scale.

use super::draw::HeaderLines;
use super::groups::Groups;
use super::svg::{prepare, render};
use super::{AxisScale, DrawError, Panel};

/// A panel of the page.
pub struct PagePanel {
    /// As it is shown first.
    pub svg: String,
    /// On the other scale, if there is one.
    pub other: Option<OtherScale>,
    /// Whether the other scale was left out because the panel is large.
    pub is_large: bool,
    /// How many curves and points do not answer to the pointer, of how many.
    pub left_out: Option<(usize, usize)>,
}

/// A panel on another scale.
pub struct OtherScale {
    /// The panel.
    pub svg: String,
    /// What differs: `"vertical axis"`, `"horizontal axis"` or `"axes"`.
    pub axis: &'static str,
    /// Whether it is logarithmic at first.
    pub is_log_first: bool,
}

/// Larger panels are not drawn a second time, so that the page stays small.
pub const MAX_BYTES: usize = 400_000;

/// The panels of a figure one by one, each 85 mm wide, all with frames of one size.
///
/// # Errors
/// [`DrawError`], a defect of this program.
pub fn page_panels(panels: &[Panel]) -> Result<Vec<PagePanel>, DrawError> {
    prepare()?;
    let header = HeaderLines::of(panels);
    let shown = panels.iter().filter(|panel| !panel.only_in_files);
    shown.map(|panel| page_panel(panel, header)).collect()
}

fn page_panel(panel: &Panel, header: HeaderLines) -> Result<PagePanel, DrawError> {
    let draw = |panel: &Panel| render(&[panel], 1, header, &panel.title, Groups::on_page());
    let svg = draw(panel)?;
    let other = panel.on_other_scale();
    let is_large = other.is_some() && svg.len() > MAX_BYTES;
    let other = other.filter(|_| !is_large);
    let other = other.map(|other| {
        let differs = [panel.x.scale != other.x.scale, panel.y.scale != other.y.scale];
        let (axis, first) = match differs {
            [true, true] => ("axes", &panel.y),
            [true, false] => ("horizontal axis", &panel.x),
            _ => ("vertical axis", &panel.y),
        };
        let is_log_first = first.scale == AxisScale::Log;
        Ok::<_, DrawError>(OtherScale { svg: draw(&other)?, axis, is_log_first })
    });
    Ok(PagePanel { svg, other: other.transpose()?, is_large, left_out: panel.marks_left_out() })
}
