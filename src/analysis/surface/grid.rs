//! Which points of a plane are evaluated.

/// A regular grid over a rectangle of a plane, or over an interval of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceGrid {
    /// [low, high] of each coordinate.
    pub extent: Vec<[f64; 2]>,
    /// Points along each, at least 2.
    pub points: usize,
}

/// Margin around the outermost points, as a fraction of the larger side of their rectangle.
const MARGIN: f64 = 0.2;

/// Minimum length of a side, as a fraction of the larger one.
const MIN_SIDE: f64 = 0.25;

impl SurfaceGrid {
    /// The coordinates along an axis.
    pub fn axis(&self, axis: usize) -> Vec<f64> {
        let [low, high] = self.extent[axis];
        let last = (self.points - 1) as f64;
        (0..self.points).map(|k| low + (high - low) * k as f64 / last).collect()
    }

    /// Number of all points.
    pub fn len(&self) -> usize {
        self.points.pow(self.extent.len() as u32)
    }

    /// Whether it has no point.
    pub fn is_empty(&self) -> bool {
        self.points == 0
    }

    /// The coordinates of all points, x fastest; y is 0 on a line.
    pub fn places(&self) -> Vec<[f64; 2]> {
        let x = self.axis(0);
        let y = if self.extent.len() > 1 { self.axis(1) } else { vec![0.0] };
        y.iter().flat_map(|&y| x.iter().map(move |&x| [x, y])).collect()
    }

    /// The extent around these places, with a margin, along each of the `dimensions`.
    pub fn around(places: &[[f64; 2]], dimensions: usize) -> Vec<[f64; 2]> {
        let ranges: Vec<[f64; 2]> = (0..dimensions)
            .map(|axis| {
                let ends = [f64::INFINITY, f64::NEG_INFINITY];
                places
                    .iter()
                    .fold(ends, |[low, high], place| [low.min(place[axis]), high.max(place[axis])])
            })
            .collect();
        let side = ranges.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
        let side = if side > 0.0 { side } else { 1.0 };
        let widened = |[low, high]: [f64; 2]| {
            let missing = (MIN_SIDE * side - (high - low)).max(0.0);
            let margin = MARGIN * side + missing / 2.0;
            [low - margin, high + margin]
        };
        ranges.into_iter().map(widened).collect()
    }
}
