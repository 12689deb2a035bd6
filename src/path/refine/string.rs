//! The string method: a path moves downhill across its own direction.

use super::probe::{CountedLandscape, EvaluatedPoint};
use super::profile::{Top, equally_spaced, top};
use super::vectors::{arbitrary, difference, distance, moved, normalized};
use crate::kernels::{add_scaled, dot, norm};
use crate::landscape::Interrupted;
use serde::{Deserialize, Serialize};

/// Maximum factor by which the step of a point changes from sweep to sweep.
const MAX_GROWTH: f64 = 4.0;
const MAX_FALL: f64 = 10.0;
/// The first and the longest step, as fractions of the distance between points.
const FIRST_STEP: f64 = 0.1;
const MAX_STEP: f64 = 0.5;
/// Sweeps over which the height is compared.
const WINDOW: usize = 3;
/// Points that are tried where the landscape is not finite.
const MAX_REPAIRS: usize = 8;

/// A string of points at equal distances between fixed endpoints: W. E, W. Ren, E. Vanden-Eijnden,
/// J. Chem. Phys. 126, 164103 (2007), doi:10.1063/1.2720838.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StringPath {
    points: Vec<EvaluatedPoint>,
    /// Points of the sweep before, with the gradients across the path there.
    before: Vec<[Vec<f64>; 2]>,
    /// The step of each point as a multiple of its gradient.
    steps: Vec<f64>,
    sweeps: u32,
    /// The height after each sweep, that of the start first.
    heights: Vec<f64>,
}

impl StringPath {
    /// Evaluates `count` points of a curve.
    pub fn new(
        curve: &[Vec<f64>],
        count: usize,
        probe: &mut CountedLandscape,
    ) -> Result<Self, Interrupted> {
        let thetas = equally_spaced(curve, count).into_iter();
        let points = thetas.map(|theta| probe.point(theta)).collect::<Result<Vec<_>, _>>()?;
        let mut string = Self {
            points,
            before: Vec::new(),
            steps: vec![0.0; count],
            sweeps: 0,
            heights: Vec::new(),
        };
        string.repair(probe)?;
        string.heights.push(string.height());
        Ok(string)
    }

    /// Sweeps so far.
    pub fn sweeps(&self) -> u32 {
        self.sweeps
    }

    /// θ of all points.
    pub fn path(&self) -> Vec<Vec<f64>> {
        self.points.iter().map(|point| point.theta.clone()).collect()
    }

    /// The highest value, estimated between the points too.
    pub fn height(&self) -> f64 {
        let at_points = self.points.iter().map(|p| p.value).fold(f64::NEG_INFINITY, f64::max);
        self.top().map_or(at_points, |top| at_points.max(top.height))
    }

    /// The highest maximum.
    pub fn top(&self) -> Option<Top> {
        top(&self.points)
    }

    /// The value of the higher endpoint.
    pub fn higher_endpoint(&self) -> f64 {
        self.points[0].value.max(self.points[self.points.len() - 1].value)
    }

    /// The median of |∇f| at the points.
    pub fn typical_slope(&self) -> f64 {
        let mut slopes: Vec<f64> = self.points.iter().map(EvaluatedPoint::slope).collect();
        slopes.sort_by(f64::total_cmp);
        slopes[slopes.len() / 2]
    }

    /// The length of the string.
    pub fn length(&self) -> f64 {
        self.points.windows(2).map(|pair| distance(&pair[0].theta, &pair[1].theta)).sum()
    }

    /// The mean distance between points.
    pub fn spacing(&self) -> f64 {
        self.length() / (self.points.len() - 1) as f64
    }

    /// Whether the last three sweeps lowered the string by less than a fraction of its height above
    /// the endpoints. Heights may rise in a sweep, so the lowest heights before and since are
    /// compared.
    pub fn is_settled(&self, fraction: f64) -> bool {
        let Some(split) = self.heights.len().checked_sub(WINDOW).filter(|&split| split > 0) else {
            return false;
        };
        let lowest = |heights: &[f64]| heights.iter().copied().fold(f64::INFINITY, f64::min);
        let (before, since) = (lowest(&self.heights[..split]), lowest(&self.heights[split..]));
        before - since <= fraction * (before.min(since) - self.higher_endpoint())
    }

    /// Moves every point downhill across the path, restores equal distances, and evaluates the
    /// points.
    pub fn sweep(&mut self, probe: &mut CountedLandscape) -> Result<(), Interrupted> {
        let (last, spacing) = (self.points.len() - 1, self.spacing());
        let mut thetas = self.path();
        let mut before = vec![[Vec::new(), Vec::new()]; last + 1];
        for m in (1..last).filter(|&m| self.points[m].is_finite()).collect::<Vec<_>>() {
            let across = self.across(m);
            self.steps[m] = self.step_of(m, &across, spacing);
            add_scaled(-self.steps[m], &across, &mut thetas[m]);
            before[m] = [self.points[m].theta.clone(), across];
        }
        self.before = before;
        let spaced = equally_spaced(&thetas, last + 1);
        for (m, theta) in spaced.into_iter().enumerate().take(last).skip(1) {
            self.points[m] = probe.point(theta)?;
        }
        self.repair(probe)?;
        self.sweeps += 1;
        self.heights.push(self.height());
        Ok(())
    }

    /// The step of a point as a multiple of its gradient: s·y / y·y, where s is the last change of
    /// the point and y that of its gradient, both across the path. It is the shorter one of the two
    /// steps of J. Barzilai and J. M. Borwein, IMA J. Numer. Anal. 8, 141 (1988),
    /// doi:10.1093/imanum/8.1.141.
    ///
    /// With the longer one, s·s / s·y, the heights of paths between small networks rise a
    /// hundredfold every few sweeps.
    fn step_of(&self, m: usize, across: &[f64], spacing: f64) -> f64 {
        let slope = norm(across);
        if slope == 0.0 {
            return 0.0;
        }
        let longest = MAX_STEP * spacing / slope;
        // Before the first sweep, or where the landscape was not finite, there is no former point.
        let before = self.before.get(m).filter(|[theta, _]| !theta.is_empty());
        let Some([theta, gradient]) = before else {
            return FIRST_STEP * spacing / slope;
        };
        let tangent = self.tangent(m);
        let mut step = difference(&self.points[m].theta, theta);
        let along = dot(&step, &tangent);
        add_scaled(-along, &tangent, &mut step);
        let change = difference(across, gradient);
        let (curvature, old) = (dot(&step, &change), self.steps[m]);
        if old == 0.0 {
            // The point was on an extremum of the landscape and moved along the path.
            return FIRST_STEP * spacing / slope;
        }
        let proposed =
            if curvature > 0.0 { curvature / dot(&change, &change) } else { MAX_GROWTH * old };
        proposed.clamp(old / MAX_FALL, old * MAX_GROWTH).min(longest)
    }

    /// The gradient at an inner point without its part along the path.
    fn across(&self, m: usize) -> Vec<f64> {
        let (mut across, tangent) = (self.points[m].gradient.clone(), self.tangent(m));
        let along = dot(&across, &tangent);
        add_scaled(-along, &tangent, &mut across);
        across
    }

    /// Unit vector along the path at an inner point: towards the higher neighbor, and at an
    /// extremum a mixture of both sides. G. Henkelman and H. Jónsson, J. Chem. Phys. 113, 9978
    /// (2000), doi:10.1063/1.1323224.
    fn tangent(&self, m: usize) -> Vec<f64> {
        let [below, here, above] = [&self.points[m - 1], &self.points[m], &self.points[m + 1]];
        let (up, down) = (above.value - here.value, below.value - here.value);
        let (most, least) = (up.abs().max(down.abs()), up.abs().min(down.abs()));
        let [forward, backward] = match (up > 0.0, down > 0.0) {
            (true, false) => [1.0, 0.0],
            (false, true) => [0.0, 1.0],
            _ if most == 0.0 || !most.is_finite() => [1.0, 1.0],
            _ if above.value > below.value => [most, least],
            _ => [least, most],
        };
        let mut tangent = vec![0.0; here.theta.len()];
        add_scaled(forward, &difference(&above.theta, &here.theta), &mut tangent);
        add_scaled(backward, &difference(&here.theta, &below.theta), &mut tangent);
        normalized(tangent)
    }

    /// Moves points where the landscape is not finite to arbitrary sides.
    fn repair(&mut self, probe: &mut CountedLandscape) -> Result<(), Interrupted> {
        let spacing = self.spacing();
        for point in &mut self.points {
            for attempt in 1..=MAX_REPAIRS {
                if point.is_finite() {
                    break;
                }
                let aside = arbitrary(point.theta.len(), attempt);
                *point = probe.point(moved(&point.theta, 0.3 * spacing, &aside))?;
            }
        }
        Ok(())
    }
}
