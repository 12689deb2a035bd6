//! Panels and figures as SVG.

use super::Panel;
use super::draw::{Frame, HeaderLines, draw};
use super::groups::Groups;
use super::mark::escaped;
use plotters::prelude::{IntoDrawingArea, SVGBackend, WHITE};
use plotters::style::{FontStyle, register_font};
use std::sync::LazyLock;
use thiserror::Error;

/// The font family while drawing; it is replaced by [`FAMILIES`] at the end.
pub(super) const FAMILY: &str = "sans-serif";

/// DejaVu Sans Condensed is built in. It is used to measure texts and to draw the PNG files. If it
/// is not installed, Arial has similar widths.
const FAMILIES: &str = "'DejaVu Sans Condensed', Arial, Helvetica, sans-serif";

/// Width of a panel in units of 10 µm: 85 mm, a column of most journals.
pub(super) const WIDTH: u32 = 8500;

/// Height of a panel in units of 10 µm.
pub(super) const HEIGHT: u32 = 6600;

/// Why a figure could not be drawn.
#[derive(Debug, Error)]
#[error("this figure could not be drawn: {0}")]
pub struct DrawError(pub(super) String);

impl DrawError {
    /// Of a figure whose drawing panicked.
    pub(in crate::report) fn panic() -> Self {
        Self("a defect of the program".to_owned())
    }
}

/// A figure of panels, two in a row, lettered if there are several; 85 or 175 mm wide.
///
/// # Errors
/// [`DrawError`], a defect of this program.
pub fn figure_svg(panels: &[Panel], title: &str) -> Result<String, DrawError> {
    prepare()?;
    let lettered: Vec<Panel> = match panels {
        [_] => panels.to_vec(),
        _ => ('a'..='z')
            .chain('A'..='Z')
            .map(Some)
            .chain(std::iter::repeat(None))
            .zip(panels)
            .map(letter)
            .collect(),
    };
    render(
        &lettered.iter().collect::<Vec<_>>(),
        panels.len().clamp(1, 2),
        HeaderLines::of(&lettered),
        title,
        Groups::of_a_file(),
    )
}

fn letter((letter, panel): (Option<char>, &Panel)) -> Panel {
    let title = letter
        .map_or_else(|| panel.title.clone(), |letter| format!("{letter}\u{2003}{}", panel.title));
    Panel { title, ..panel.clone() }
}

/// Makes the built-in font known to plotters, once.
static FONT: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, dejavu::sans_condensed::regular()).is_ok()
        && register_font(FAMILY, FontStyle::Bold, dejavu::sans_condensed::bold()).is_ok()
});

/// Reads the built-in font.
pub(super) fn prepare() -> Result<(), DrawError> {
    if *FONT { Ok(()) } else { Err(DrawError("the built-in font cannot be read".to_owned())) }
}

/// Panels in rows of so many, on one sheet.
pub(super) fn render(
    panels: &[&Panel],
    columns: usize,
    header: HeaderLines,
    title: &str,
    mut groups: Groups,
) -> Result<String, DrawError> {
    let rows = panels.len().div_ceil(columns).max(1);
    let (width, height) = (WIDTH * columns as u32, HEIGHT * rows as u32);
    let mut svg = String::new();
    let mut frames = Vec::new();
    let failed = |error: &dyn std::fmt::Display| DrawError(error.to_string());
    {
        let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        root.fill(&WHITE).map_err(|error| failed(&error))?;
        for (panel, area) in panels.iter().zip(root.split_evenly((rows, columns))) {
            let frame = draw(panel, &area, header, &mut groups);
            frames.push(frame.map_err(|error| failed(&error))?);
        }
        root.present().map_err(|error| failed(&error))?;
    }
    let frame = frames.first().filter(|_| groups.on_page);
    // On the page panels need not be of equal height.
    let shown = height - frame.map_or(0, |frame| frame.spare);
    let attributes = frame.map(Frame::attributes).unwrap_or_default();
    let finished = finish(&svg, [width, height], shown, title, &attributes);
    Ok(groups.finish(&finished))
}

/// Sets the size on paper, of which `shown` is the height, a label for screen readers, the font, and
/// further attributes.
fn finish(
    svg: &str,
    [width, height]: [u32; 2],
    shown: u32,
    title: &str,
    attributes: &str,
) -> String {
    let drawn =
        format!("<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\"");
    let title = escaped(title);
    let sized = format!(
        "<svg width=\"{}mm\" height=\"{}mm\" role=\"img\" aria-label=\"{title}\" \
         stroke-linejoin=\"round\" font-family=\"{FAMILIES}\"{attributes} \
         viewBox=\"0 0 {width} {shown}\"",
        f64::from(width) / 100.0,
        f64::from(shown) / 100.0
    );
    svg.replacen(&drawn, &sized, 1)
        .replace(&format!(" font-family=\"{FAMILY}\""), "")
        .replace(" opacity=\"1\"", "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::panel::{Axis, Ink, Marker, Shape, page_panels};
    use crate::report::style::BLACK;
    use proptest::prelude::*;

    /// Every number there is, also those in which drawing goes wrong.
    fn any_number() -> impl Strategy<Value = f64> {
        let special = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, f64::from_bits(1)];
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            prop::sample::select(special.to_vec()),
            -1e3..1e3_f64,
        ]
    }

    fn any_points() -> impl Strategy<Value = Vec<[f64; 2]>> {
        prop::collection::vec([any_number(), any_number()], 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn whatever_is_drawn_all_coordinates_are_numbers_on_the_paper(
            line in any_points(),
            area in any_points(),
            points in any_points(),
            upright in any_number(),
            log in any::<[bool; 2]>(),
            zero in any::<bool>(),
        ) {
            let [x, y] = log.map(|log| if log { Axis::log("") } else { Axis::linear("") });
            let y = if zero { y.including(&[0.0]) } else { y };
            let ink = Ink::line(BLACK);
            let panel = Panel::new("t", x, y)
                .with(Shape::Areas(vec![area]), ink, None)
                .with(Shape::Lines(vec![line.clone()]), ink, Some("line".to_owned()))
                .with(Shape::Lines(vec![line]), ink.dashed(), None)
                .with(Shape::Upright(upright), ink.dashed(), Some("upright".to_owned()))
                .with(Shape::Points(points, Marker::Disk), ink, None);
            let svg = page_panels(&[panel]).expect("a picture").remove(0).svg;
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            // Attributes that hold nothing but numbers: coordinates.
            let values = svg.split('"').skip(1).step_by(2);
            for number in values.flat_map(|value| value.split([',', ' '])).filter_map(|word| word.parse::<i64>().ok()) {
                prop_assert!(number.abs() < 20_000, "{number}");
            }
        }
    }

    #[test]
    fn a_title_wider_than_the_frame_takes_two_lines_and_all_frames_stay_equal() {
        let panel = |title: &str| {
            Panel::new(
                title,
                Axis::linear("x").including(&[0.0, 1.0]),
                Axis::linear("y").including(&[0.0, 1.0]),
            )
        };
        let panels = [
            panel("short"),
            panel("FCP (of-a-long-name): between train vectors, training landscape"),
        ];
        let drawn = page_panels(&panels).unwrap();
        let [short, long] = [0, 1].map(|index| drawn[index].svg.clone());
        let texts = |svg: &str| svg.matches("<text").count();
        assert_eq!(texts(&long), texts(&short) + 1);
        let lines = |svg: &str| {
            svg.lines()
                .filter(|line| line.starts_with("<polyline"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(&long), lines(&short));
        let alone = page_panels(&panels[..1]).unwrap().remove(0).svg;
        assert_ne!(
            lines(&alone),
            lines(&short),
            "a title of one line leaves more space for the frame"
        );
    }
}
