//! SVG as PNG.

use super::DrawError;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Dots per inch of the bitmaps. An inch of SVG has 96 units.
const DOTS: f32 = 300.0;

/// The picture at 300 dots per inch. Texts are drawn with the built-in font, so no font needs to be
/// installed and the result is the same on every machine.
///
/// # Errors
/// [`DrawError`] if this is no SVG or too large for the memory.
pub fn png(svg: &str) -> Result<Vec<u8>, DrawError> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(dejavu::sans_condensed::regular().to_vec());
    fonts.load_font_data(dejavu::sans_condensed::bold().to_vec());
    // There is only one family, whatever its name.
    let family = fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()));
    fonts.set_sans_serif_family(family.unwrap_or_default());
    let tree = Tree::from_str(svg, &options).map_err(|error| DrawError(error.to_string()))?;
    let (scale, size) = (DOTS / 96.0, tree.size());
    let [width, height] =
        [size.width(), size.height()].map(|length| (length * scale).round() as u32);
    let mut pixels = Pixmap::new(width, height)
        .ok_or_else(|| DrawError(format!("no bitmap of {width} × {height} pixels")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| DrawError(error.to_string()))
}
