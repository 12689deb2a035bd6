//! The map of a formula of two variables, and the paths on it.
//!
//! Records keep the heights along a path, not the path. It is found again here: the finder is
//! deterministic and takes milliseconds on a formula. Whether it found the same heights is told.

use super::published::TWO_WELLS;
use crate::config::{LandscapeConfig, PathsConfig};
use crate::landscape::{BuiltIn, Formula, Squared};
use crate::path::finder::DENSITY;
use crate::path::{Objective, PathParameters, PathResult, PathSet, equally_spaced, find_path_for};
use contour::ContourBuilder;
use ndarray::Array1;

/// Heights over a rectangle, and paths across it.
pub struct Plane {
    /// x and y from where to where.
    pub region: [[f64; 2]; 2],
    /// Heights at the points of a grid over the region, x fastest.
    pub heights: Vec<f64>,
    /// The ends of the paths.
    pub ends: Vec<[f64; 2]>,
    /// The paths.
    pub tracks: Vec<Track>,
}

/// A path, on a grid ten times as fine as that of its optimization.
pub struct Track {
    /// Numbers of its ends.
    pub pair: (u32, u32),
    /// The weight λ of the squared steps it was found with.
    pub lambda: f64,
    /// Whether it is the run's, rather than one added for comparison.
    pub own: bool,
    /// t from 0 to 1.
    pub t: Vec<f64>,
    /// The points.
    pub points: Vec<[f64; 2]>,
    /// The heights there.
    pub heights: Vec<f64>,
    /// The heights at the same t of the straight line.
    pub straight: Vec<f64>,
    /// What the finder says of it.
    pub result: PathResult,
}

/// Points of the grid along each axis.
const GRID: usize = 201;

/// A pair of minima: their numbers and their places.
pub type Ends = ((u32, u32), [Vec<f64>; 2]);

impl Plane {
    /// The map, if the formula has two variables and a path can be found at all.
    pub fn of(formula: &LandscapeConfig, paths: &PathsConfig, pairs: &[Ends]) -> Option<Self> {
        if formula.landscape.dimension() != 2 || pairs.is_empty() {
            return None;
        }
        let landscape = formula.landscape.build();
        let mut lambdas = vec![paths.parameters.lambda];
        if formula.landscape == BuiltIn::TwoWells {
            lambdas.extend(TWO_WELLS.map(|(lambda, _)| lambda));
            lambdas.sort_by(f64::total_cmp);
            lambdas.dedup();
        }
        let wanted = pairs.iter().flat_map(|ends| lambdas.iter().map(move |&lambda| (ends, lambda)));
        let tracks: Vec<Track> =
            wanted.filter_map(|(ends, lambda)| Track::find(landscape.as_ref(), paths, ends, lambda)).collect();
        let mut ends: Vec<[f64; 2]> = Vec::new();
        for end in pairs.iter().flat_map(|(_, ends)| ends).map(|end| [end[0], end[1]]) {
            if !ends.contains(&end) {
                ends.push(end);
            }
        }
        let region = region(formula, tracks.iter().flat_map(|track| &track.points));
        let at = |k: usize| point(region, [k % GRID, k / GRID]);
        let heights = (0..GRID * GRID).map(|k| landscape.value(&at(k))).collect();
        Some(Self { region, heights, ends, tracks })
    }

    /// The run's own paths that did not come out as they are stored, in words: on another type of machine
    /// rounding may differ.
    pub fn differences(&self, paths: &[PathSet]) -> Vec<String> {
        let stored = |track: &Track| {
            let of_pair = |paths: &PathSet| paths.pairs.iter().position(|pair| *pair == track.pair);
            paths.iter().find_map(|paths| paths.results[of_pair(paths)?].as_ref().ok().cloned())
        };
        let differs = |track: &Track| {
            let stored = stored(track).filter(|stored| *stored != track.result)?;
            let (a, b) = track.pair;
            let [here, there] = [track.result.height_dense, stored.height_dense];
            Some(format!(
                "The path from {a} to {b} on the map is not the stored one: found again it reaches {here} instead of {there}."
            ))
        };
        self.tracks.iter().filter(|track| track.own).filter_map(differs).collect()
    }

    /// Heights of about a dozen contours: even steps, from the lowest point to somewhat above the
    /// highest straight line. Beyond, most formulas rise without end.
    pub fn levels(&self) -> Vec<f64> {
        let low = self.heights.iter().copied().filter(|height| height.is_finite()).fold(f64::INFINITY, f64::min);
        let high = self.tracks.iter().map(|track| track.result.height_straight).fold(f64::NEG_INFINITY, f64::max);
        let rough = (1.15 * high - 0.15 * low - low) / 14.0;
        if !(rough > 0.0 && rough.is_finite()) {
            return Vec::new();
        }
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= rough).unwrap_or(rough);
        let (first, last) = ((low / step).ceil() as i64, ((1.15 * high - 0.15 * low) / step).floor() as i64);
        (first..=last).map(|k| k as f64 * step).collect()
    }

    /// For each level the areas at least that high, each as one outline: holes are cut in from the edge.
    pub fn areas(&self, levels: &[f64]) -> Vec<Vec<Vec<[f64; 2]>>> {
        let [[left, right], [bottom, top]] = self.region;
        // Contours take the heights for those in the middle of cells.
        let step = |low: f64, high: f64| (high - low) / (GRID - 1) as f64;
        let (dx, dy) = (step(left, right), step(bottom, top));
        let builder =
            ContourBuilder::new(GRID, GRID, true).x_origin(left - dx / 2.0).y_origin(bottom - dy / 2.0).x_step(dx).y_step(dy);
        // Infinite heights would spoil the interpolation next to them.
        let cap = levels.iter().copied().fold(0.0, f64::max).abs() * 2.0 + 1.0;
        let capped: Vec<f64> = self.heights.iter().map(|height| if height.is_nan() { cap } else { height.min(cap) }).collect();
        let Ok(contours) = builder.contours(&capped, levels) else { return Vec::new() };
        let clip = |[x, y]: [f64; 2]| [x.clamp(left, right), y.clamp(bottom, top)];
        let outlines = |contour: &contour::Contour| {
            let outline = contour.geometry().iter().map(|polygon| {
                let mut outline: Vec<_> = polygon.exterior().coords().map(|c| clip([c.x, c.y])).collect();
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

/// The region of random starts, widened to hold the paths with a margin.
fn region<'a>(formula: &LandscapeConfig, points: impl Iterator<Item = &'a [f64; 2]>) -> [[f64; 2]; 2] {
    let start = formula.landscape.start_region();
    let mut region = [start[0], start[1]];
    for point in points {
        for (range, &x) in region.iter_mut().zip(point) {
            let margin = 0.05 * (range[1] - range[0]);
            *range = [range[0].min(x - margin), range[1].max(x + margin)];
        }
    }
    region
}

fn point(region: [[f64; 2]; 2], place: [usize; 2]) -> [f64; 2] {
    let along = |axis: usize| {
        let [low, high] = region[axis];
        low + (high - low) * place[axis] as f64 / (GRID - 1) as f64
    };
    [along(0), along(1)]
}

impl Track {
    fn find(landscape: &dyn Formula, paths: &PathsConfig, (pair, ends): &Ends, lambda: f64) -> Option<Self> {
        let parameters = PathParameters { lambda, ..paths.parameters.clone() };
        let ends = [&ends[0][..], &ends[1][..]];
        let mut go_on = |_: f64, _: f64| true;
        let found = match paths.objective {
            Objective::Sum => find_path_for(&landscape, &landscape, ends, &parameters, &mut go_on),
            Objective::SumOfSquares => find_path_for(&Squared(landscape), &landscape, ends, &parameters, &mut go_on),
        };
        let found = found.ok()??;
        let count = (parameters.points - 1) * DENSITY + 1;
        let grid = found.curve.grid(&equally_spaced(count));
        let span = found.curve.points(&grid);
        let points: Vec<[f64; 2]> = (0..count)
            .map(|m| {
                let mut point = [0.0; 2];
                span.point(m, &mut point);
                point
            })
            .collect();
        let t = Array1::linspace(0.0, 1.0, count).to_vec();
        let line = |t: f64| [0, 1].map(|axis| (1.0 - t) * ends[0][axis] + t * ends[1][axis]);
        Some(Self {
            pair: *pair,
            lambda,
            own: lambda.total_cmp(&paths.parameters.lambda).is_eq(),
            heights: points.iter().map(|point| landscape.value(point)).collect(),
            straight: t.iter().map(|&t| landscape.value(&line(t))).collect(),
            t,
            points,
            result: found.result,
        })
    }
}
