//! Panels and figures as SVG.

use super::Panel;
use super::draw::{draw, legend_rows};
use plotters::prelude::{IntoDrawingArea, SVGBackend, WHITE};
use plotters::style::{FontStyle, register_font};
use std::sync::LazyLock;
use thiserror::Error;

/// The name that texts give their font; replaced by [`FAMILIES`] when all is drawn.
pub(super) const FAMILY: &str = "sans-serif";

/// DejaVu Sans Condensed is built in, measures the texts and draws those of the PNG files; where it is
/// not installed, Arial has much the same widths.
const FAMILIES: &str = "'DejaVu Sans Condensed', Arial, Helvetica, sans-serif";

/// Width of a panel in units of 10 µm: 85 mm, a column of most journals.
pub(super) const WIDTH: u32 = 8500;

/// Height of a panel in units of 10 µm.
pub(super) const HEIGHT: u32 = 6600;

/// Why a figure could not be drawn.
#[derive(Debug, Error)]
#[error("a figure could not be drawn: {0}")]
pub struct DrawError(pub(super) String);

/// The panels of a figure one by one, each 85 mm wide, all with frames of one size.
///
/// # Errors
/// [`DrawError`], a defect of this program.
pub fn panel_svgs(panels: &[Panel]) -> Result<Vec<String>, DrawError> {
    prepare()?;
    let room = panels.iter().map(legend_rows).max().unwrap_or(0);
    panels.iter().map(|panel| render(&[panel], 1, room, &panel.title)).collect()
}

/// A figure of panels, two in a row, lettered if there are several; 85 or 175 mm wide.
///
/// # Errors
/// [`DrawError`], a defect of this program.
pub fn figure_svg(panels: &[Panel], title: &str) -> Result<String, DrawError> {
    prepare()?;
    let room = panels.iter().map(legend_rows).max().unwrap_or(0);
    let lettered: Vec<Panel> = match panels {
        [_] => panels.to_vec(),
        _ => ('a'..='z').chain('A'..='Z').map(Some).chain(std::iter::repeat(None)).zip(panels).map(letter).collect(),
    };
    render(&lettered.iter().collect::<Vec<_>>(), panels.len().clamp(1, 2), room, title)
}

fn letter((letter, panel): (Option<char>, &Panel)) -> Panel {
    let title = letter.map_or_else(|| panel.title.clone(), |letter| format!("{letter}\u{2003}{}", panel.title));
    Panel { title, ..panel.clone() }
}

/// Makes the built-in font known to plotters, once.
static FONT: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, dejavu::sans_condensed::regular()).is_ok()
        && register_font(FAMILY, FontStyle::Bold, dejavu::sans_condensed::bold()).is_ok()
});

fn prepare() -> Result<(), DrawError> {
    if *FONT { Ok(()) } else { Err(DrawError("the built-in font cannot be read".to_owned())) }
}

fn render(panels: &[&Panel], columns: usize, room: usize, title: &str) -> Result<String, DrawError> {
    let rows = panels.len().div_ceil(columns).max(1);
    let (width, height) = (WIDTH * columns as u32, HEIGHT * rows as u32);
    let mut svg = String::new();
    let failed = |error: &dyn std::fmt::Display| DrawError(error.to_string());
    {
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (panel, area) in panels.iter().zip(root.split_evenly((rows, columns))) {
            draw(panel, &area, room).map_err(|error| failed(&error))?;
        }
        root.present().map_err(|error| failed(&error))?;
    }
    Ok(finish(&svg, [width, height], title))
}

/// Gives the picture its size on paper, a name for those who do not see it, and its font.
fn finish(svg: &str, [width, height]: [u32; 2], title: &str) -> String {
    let drawn = format!("<svg width=\"{width}\" height=\"{height}\"");
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let sized = format!(
        "<svg width=\"{}mm\" height=\"{}mm\" role=\"img\" aria-label=\"{title}\" stroke-linejoin=\"round\" font-family=\"{FAMILIES}\"",
        f64::from(width) / 100.0,
        f64::from(height) / 100.0
    );
    svg.replacen(&drawn, &sized, 1).replace(&format!(" font-family=\"{FAMILY}\""), "").replace(" opacity=\"1\"", "")
}
