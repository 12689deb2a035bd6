//! Filled contours of heights on a regular grid.

use contour::ContourBuilder;

/// Heights on a regular grid over a rectangle.
#[derive(Clone, Copy, Debug)]
pub struct HeightGrid<'a> {
    /// [low, high] of x and of y.
    pub region: [[f64; 2]; 2],
    /// Points along x and along y.
    pub points: [usize; 2],
    /// The heights, x fastest.
    pub heights: &'a [f64],
}

impl HeightGrid<'_> {
    /// For each level the areas at least that high. Each is a single outline, in which holes are
    /// connected to the edge.
    pub fn areas(&self, levels: &[f64]) -> Vec<Vec<Vec<[f64; 2]>>> {
        let [[left, right], [bottom, top]] = self.region;
        // The contour library takes heights to be at the centers of cells.
        let step = |low: f64, high: f64, points: usize| (high - low) / (points - 1) as f64;
        let dx = step(left, right, self.points[0]);
        let dy = step(bottom, top, self.points[1]);
        let builder = ContourBuilder::new(self.points[0], self.points[1], true)
            .x_origin(left - dx / 2.0)
            .y_origin(bottom - dy / 2.0)
            .x_step(dx)
            .y_step(dy);
        // Infinite heights would make the interpolation around them useless.
        let cap = levels.iter().copied().fold(0.0, f64::max).abs() * 2.0 + 1.0;
        let capped = |height: &f64| if height.is_nan() { cap } else { height.min(cap) };
        let capped: Vec<f64> = self.heights.iter().map(capped).collect();
        let Ok(contours) = builder.contours(&capped, levels) else { return Vec::new() };
        let clip = |[x, y]: [f64; 2]| [x.clamp(left, right), y.clamp(bottom, top)];
        let outlines = |contour: &contour::Contour| {
            let outline = contour.geometry().iter().map(|polygon| {
                let mut outline: Vec<_> =
                    polygon.exterior().coords().map(|c| clip([c.x, c.y])).collect();
                let start = outline.first().copied();
                for hole in polygon.interiors() {
                    outline.extend(hole.coords().map(|c| clip([c.x, c.y])));
                    outline.extend(start);
                }
                outline
            });
            outline.collect()
        };
        contours.iter().map(outlines).collect()
    }
}

/// About so many contours.
const COUNT: f64 = 14.0;

/// Levels with equal steps of 1, 2 or 5 times a power of ten within a range; empty if it has no
/// length.
pub fn levels(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / COUNT;
    if !(rough > 0.0 && rough.is_finite()) {
        return Vec::new();
    }
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = round.into_iter().find(|&step| step >= rough).unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}
