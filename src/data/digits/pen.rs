//! Draws strokes as gray pixels.

use super::{SIDE, bell};
use rand::{Rng, RngExt};

/// `[x, y]` in pixels; (0, 0) is the middle of the pixel top left.
pub(super) type Point = [f32; 2];

/// Straight pieces per piece of curve between two points: they are 1 to 3 pixels long, so that the
/// polygon is off its curve by a small part of a pixel.
const PIECES: usize = 5;

/// Stores the distance of each pixel from the strokes drawn so far.
pub(super) struct Pen {
    /// Squared distance of each pixel from the nearest stroke, pixels²; only right where it is
    /// below `reach²`, which is as far as the ink goes.
    distance_squared: [f32; SIDE * SIDE],
    /// Half the width of a stroke.
    radius: f32,
    /// Width of the edge over which the ink fades out, 1 for a sharp edge sampled at pixels.
    edge: f32,
    /// Gray value of the full ink, at most 1.
    darkness: f32,
}

impl Pen {
    /// A pen of random width, sharpness and darkness.
    pub(super) fn draw(random: &mut impl Rng) -> Self {
        Self {
            distance_squared: [f32::INFINITY; SIDE * SIDE],
            radius: 1.25 + 0.25 * bell(random),
            edge: random.random_range(1.1..1.9),
            darkness: random.random_range(0.85..1.0),
        }
    }

    /// Distance from a stroke's middle at which the ink ends.
    fn reach(&self) -> f32 {
        self.radius + 0.5 * self.edge
    }

    /// Draws a curve through the points, a uniform Catmull–Rom spline, which leaves point i in the
    /// direction from point i − 1 to point i + 1 (E. Catmull, R. Rom, "A class of local
    /// interpolating splines", 1974).
    pub(super) fn curve(&mut self, points: &[Point]) {
        for i in 1..points.len() {
            let [before, from, to, after] =
                [i.saturating_sub(2), i - 1, i, (i + 1).min(points.len() - 1)].map(|k| points[k]);
            let mut last = from;
            for piece in 1..=PIECES {
                let t = piece as f32 / PIECES as f32;
                let next =
                    std::array::from_fn(|k| catmull_rom([before[k], from[k], to[k], after[k]], t));
                self.line(last, next);
                last = next;
            }
        }
    }

    /// Records the distances of the pixels near a straight line.
    fn line(&mut self, from: Point, to: Point) {
        let reach = self.reach();
        let range = |k: usize| {
            // Casts saturate: positions left of or above the image become 0.
            let (low, high) = (from[k].min(to[k]) - reach, from[k].max(to[k]) + reach);
            low.ceil() as usize..(high.floor() as usize + 1).min(SIDE)
        };
        let along = [to[0] - from[0], to[1] - from[1]];
        let length_squared = (along[0] * along[0] + along[1] * along[1]).max(f32::MIN_POSITIVE);
        for row in range(1) {
            for column in range(0) {
                let offset = [column as f32 - from[0], row as f32 - from[1]];
                let t = ((offset[0] * along[0] + offset[1] * along[1]) / length_squared)
                    .clamp(0.0, 1.0);
                let [x, y] = [offset[0] - t * along[0], offset[1] - t * along[1]];
                let nearest = &mut self.distance_squared[row * SIDE + column];
                *nearest = nearest.min(x * x + y * y);
            }
        }
    }

    /// Fills in the gray values, with a little noise where there is ink; the paper stays 0.
    pub(super) fn ink(&self, pixels: &mut [u8], random: &mut impl Rng) {
        let reach = self.reach();
        for (pixel, &distance_squared) in pixels.iter_mut().zip(&self.distance_squared) {
            if distance_squared < reach * reach {
                let cover = ((reach - distance_squared.sqrt()) / self.edge).min(1.0);
                let gray = self.darkness * cover * (1.0 + 0.06 * bell(random));
                *pixel = (255.0 * gray.min(1.0)).round() as u8;
            }
        }
    }
}

/// The spline between `from` (t = 0) and `to` (t = 1), one coordinate.
fn catmull_rom([before, from, to, after]: [f32; 4], t: f32) -> f32 {
    let (leave, arrive) = (0.5 * (to - before), 0.5 * (after - from));
    let rise = to - from;
    from + t * (leave + t * (3.0 * rise - 2.0 * leave - arrive + t * (leave + arrive - 2.0 * rise)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;

    fn pen() -> Pen {
        Pen {
            distance_squared: [f32::INFINITY; SIDE * SIDE],
            radius: 1.5,
            edge: 2.0,
            darkness: 0.9,
        }
    }

    /// Distances known in closed form, to a slanted line and beyond its two ends.
    #[test]
    fn distances_to_a_line_are_right_within_reach() {
        let (from, to) = ([5.25_f32, 8.5], [20.0_f32, 14.75]);
        let mut pen = pen();
        pen.line(from, to);
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let direction = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
        let mut within = 0;
        for (i, &found) in pen.distance_squared.iter().enumerate() {
            let offset = [(i % SIDE) as f32 - from[0], (i / SIDE) as f32 - from[1]];
            let along = offset[0] * direction[0] + offset[1] * direction[1];
            let across = offset[0] * direction[1] - offset[1] * direction[0];
            let distance = across.hypot(along - along.clamp(0.0, length));
            if distance < pen.reach() {
                within += 1;
                assert!(
                    (found.sqrt() - distance).abs() < 1e-4,
                    "pixel {i}: {} instead of {distance}",
                    found.sqrt()
                );
            } else {
                assert!(found.sqrt() > pen.reach() - 1e-4, "pixel {i} is out of reach");
            }
        }
        // The area within reach r of a line of length l is 2 r l + π r².
        let area = 2.0 * pen.reach() * length + std::f32::consts::PI * pen.reach().powi(2);
        assert!((within as f32 - area).abs() < 0.1 * area, "{within} pixels for an area of {area}");
    }

    #[test]
    fn curves_pass_through_their_points_and_are_smooth_there() {
        let points = [3.0, 5.0, 11.0, 4.0, 8.0_f32];
        let (first, second) = (
            [points[0], points[1], points[2], points[3]],
            [points[1], points[2], points[3], points[4]],
        );
        assert!((catmull_rom(first, 0.0) - points[1]).abs() < 1e-5);
        assert!((catmull_rom(first, 1.0) - points[2]).abs() < 1e-5);
        let step = 1e-2;
        let arriving = (catmull_rom(first, 1.0) - catmull_rom(first, 1.0 - step)) / step;
        let leaving = (catmull_rom(second, step) - catmull_rom(second, 0.0)) / step;
        let direction = 0.5 * (points[3] - points[1]);
        assert!(
            (arriving - direction).abs() < 0.2 && (leaving - direction).abs() < 0.2,
            "{arriving} {leaving} {direction}"
        );
        assert!(
            (catmull_rom([1.0, 2.0, 3.0, 4.0], 0.3) - 2.3).abs() < 1e-6,
            "equal steps make a straight line"
        );
    }

    #[test]
    fn ink_fades_with_the_distance() {
        let mut pen = pen();
        pen.curve(&[[4.0, 10.0], [14.0, 10.0], [24.0, 10.0]]);
        let mut pixels = [0; SIDE * SIDE];
        pen.ink(&mut pixels, &mut MasterSeed(1).stream("test", &[]));
        let gray = |row: usize| f64::from(pixels[row * SIDE + 14]) / 255.0;
        // The reach is 1.5 + 2/2 and the edge 2 wide: full ink, (2.5 − 1)/2, (2.5 − 2)/2, none.
        for (row, cover) in [
            (10, 0.9),
            (11, 0.9 * 0.75),
            (9, 0.9 * 0.75),
            (12, 0.9 * 0.25),
            (8, 0.9 * 0.25),
            (13, 0.0),
        ] {
            assert!(
                (gray(row) - cover).abs() <= 3.0 * 0.06 * cover + 0.01,
                "row {row}: {}",
                gray(row)
            );
        }
    }

    #[test]
    fn curves_outside_the_image_leave_it_black_and_do_not_fail() {
        let mut pen = pen();
        pen.curve(&[[-50.0, -3.0], [-10.0, 70.0], [300.0, 40.0]]);
        pen.curve(&[[7.0, 7.0]]);
        let mut pixels = [0; SIDE * SIDE];
        pen.ink(&mut pixels, &mut MasterSeed(1).stream("test", &[]));
        assert_eq!(pixels, [0; SIDE * SIDE]);
    }
}
