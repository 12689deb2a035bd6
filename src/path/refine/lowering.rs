//! The soft maximum of a smooth curve, minimized.

use super::probe::{CountedLandscape, EvaluatedPoint};
use super::profile::equally_spaced;
use super::vectors::{arbitrary, distance};
use crate::kernels::{add_scaled, dot, norm, scale};
use crate::landscape::Interrupted;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::f64::consts::PI;

/// Sines that bend the given path, and segments between its samples. Each further try of the same
/// gap has twice as many.
const SINES: usize = 3;
const SEGMENTS: usize = 10;
/// Segments of the resulting path between two samples.
const FINER: usize = 4;
/// The whole curve is measured whenever its height above the endpoints has fallen by this factor.
const FALL: f64 = 3.0;
/// The initial displacement from the given path, as a fraction of the distance between the
/// endpoints. On a symmetric path no gradient leads off the axis of symmetry.
const ASIDE: f64 = 0.01;
/// The temperature of the soft maximum, as a fraction of the height above the endpoints.
const TEMPERATURE: f64 = 0.3;
/// The temperature is lowered when the height has fallen below this fraction of its former value.
const COOLING: f64 = 0.7;
/// Samples whose weight is below this fraction of the largest need no gradient.
const MIN_WEIGHT: f64 = 0.02;
/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 8;
const MIN_COSINE: f64 = 1e-4;
/// The first and the longest step, as fractions of the distance between the endpoints.
const FIRST_STEP: f64 = 0.02;
const MAX_STEP: f64 = 0.2;
/// Maximum number of reductions of a step, each by a factor 0.4.
const MAX_REDUCTIONS: u32 = 12;
/// The curve has settled when its height above the endpoints fell by less than this fraction in
/// [`WINDOW`] iterations.
const SETTLED: f64 = 0.2;
const WINDOW: usize = 6;

/// A curve ω(t) + Σ_n b_n sin(nπt) with fixed endpoints, where ω is the given path.
///
/// L-BFGS minimizes the soft maximum T log Σ exp(f_m / T) of the heights f_m at the samples. On the
/// losses of networks this is by far the fastest way to a low path: the heights of all samples fall
/// together, and few coefficients are as good as many. A curve cannot follow a narrow bent valley.
/// There it soon settles, and the string starts from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lowering {
    /// `(M, P)` the given path.
    base: Vec<Vec<f64>>,
    /// `(N · P,)` b_n.
    bends: Vec<f64>,
    current: Evaluated,
    /// `(N · P,)` gradient of the soft maximum.
    gradient: Vec<f64>,
    temperature: f64,
    floor: f64,
    memory: VecDeque<[Vec<f64>; 2]>,
    heights: Vec<f64>,
    is_stuck: bool,
    /// Segments of the base between two samples.
    stride: usize,
    /// The height above the endpoints when the whole curve was last measured.
    measured: f64,
}

/// The samples of a curve.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Evaluated {
    values: Vec<f64>,
    /// The weight of each sample in the gradient of the soft maximum.
    weights: Vec<f64>,
    soft_maximum: f64,
}

impl Evaluated {
    fn of(values: Vec<f64>, temperature: f64) -> Self {
        let height = highest(&values);
        let mut weights: Vec<f64> =
            values.iter().map(|value| ((value - height) / temperature).exp()).collect();
        let sum: f64 = weights.iter().sum();
        scale(1.0 / sum, &mut weights);
        Self { soft_maximum: height + temperature * sum.ln(), values, weights }
    }
}

/// NaN counts as infinity.
fn highest(values: &[f64]) -> f64 {
    let raise = |highest: f64, &value: &f64| {
        if value.is_nan() { f64::INFINITY } else { highest.max(value) }
    };
    values.iter().fold(f64::NEG_INFINITY, raise)
}

impl Lowering {
    /// Evaluates the samples of a given path. `floor` is the value of its higher endpoint; `tries`
    /// is the number of earlier tries of the same gap.
    pub fn new(
        curve: &[Vec<f64>],
        floor: f64,
        tries: u32,
        probe: &mut CountedLandscape,
    ) -> Result<Self, Interrupted> {
        let base = equally_spaced(curve, ((SEGMENTS * FINER) << tries) + 1);
        let terms = SINES << tries;
        let length = terms * base[0].len();
        let ends = distance(&base[0], &base[base.len() - 1]);
        let bends = (1..=terms).flat_map(|n| {
            let mut bend = arbitrary(base[0].len(), n);
            scale(ASIDE * f64::from(1 << tries) * ends / n as f64, &mut bend);
            bend
        });
        let bends = bends.collect();
        let mut lowering = Self {
            base,
            bends,
            current: Evaluated { values: Vec::new(), weights: Vec::new(), soft_maximum: 0.0 },
            gradient: vec![0.0; length],
            temperature: 1.0,
            floor,
            memory: VecDeque::new(),
            heights: Vec::new(),
            is_stuck: false,
            stride: FINER,
            measured: f64::INFINITY,
        };
        lowering.start(probe)?;
        Ok(lowering)
    }

    /// Evaluates all samples of the present curve.
    fn start(&mut self, probe: &mut CountedLandscape) -> Result<(), Interrupted> {
        let values = self.values(&self.bends, probe)?;
        let height = highest(&values);
        self.memory.clear();
        self.heights = vec![height];
        self.temperature = TEMPERATURE * (height - self.floor);
        // A path that is no higher than its endpoints, or not defined, cannot be lowered.
        self.is_stuck = height <= self.floor || !height.is_finite();
        if !self.is_stuck {
            self.current = Evaluated::of(values, self.temperature);
            self.gradient = self.soft_gradient(probe)?;
        }
        Ok(())
    }

    /// Doubles the number of samples. `false` if there are no more.
    pub fn refine(&mut self, probe: &mut CountedLandscape) -> Result<bool, Interrupted> {
        if self.stride == 1 {
            return Ok(false);
        }
        self.stride /= 2;
        self.start(probe)?;
        Ok(true)
    }

    /// Whether the height has fallen so far that the whole curve should be measured again.
    pub fn is_due(&mut self) -> bool {
        let above = self.height() - self.floor;
        let is_due = above < self.measured / FALL;
        if is_due {
            self.measured = above;
        }
        is_due
    }

    /// The value of the higher endpoint.
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// The highest sample.
    pub fn height(&self) -> f64 {
        self.heights[self.heights.len() - 1]
    }

    /// Whether more iterations are of little use.
    pub fn is_settled(&self) -> bool {
        let Some(before) = self.heights.len().checked_sub(WINDOW + 1) else {
            return self.is_stuck;
        };
        let (before, now) = (self.heights[before] - self.floor, self.height() - self.floor);
        self.is_stuck || before - now < SETTLED * before
    }

    /// The curve as a path of straight segments.
    pub fn path(&self) -> Vec<Vec<f64>> {
        (0..self.base.len()).map(|index| self.at(index, &self.bends)).collect()
    }

    /// sin(nπt) at a point of the base, for all n. Exactly zero at the endpoints.
    fn sines(&self, index: usize) -> impl Iterator<Item = f64> + use<> {
        let (last, terms) = (self.base.len() - 1, self.bends.len() / self.base[0].len());
        let is_inner = index > 0 && index < last;
        let t = index as f64 / last as f64;
        (1..=terms).map(move |n| if is_inner { (n as f64 * PI * t).sin() } else { 0.0 })
    }

    fn at(&self, index: usize, bends: &[f64]) -> Vec<f64> {
        let mut theta = self.base[index].clone();
        for (bend, sine) in bends.chunks_exact(theta.len()).zip(self.sines(index)) {
            add_scaled(sine, bend, &mut theta);
        }
        theta
    }

    /// Indices of the inner samples in the base.
    fn samples(&self) -> impl Iterator<Item = usize> + use<> {
        (self.stride..self.base.len() - 1).step_by(self.stride)
    }

    fn values(&self, bends: &[f64], probe: &mut CountedLandscape) -> Result<Vec<f64>, Interrupted> {
        self.samples().map(|index| probe.value(&self.at(index, bends))).collect()
    }

    /// ∂/∂b_n of the soft maximum: Σ_m w_m sin(nπt_m) ∇f(ω_m).
    fn soft_gradient(&self, probe: &mut CountedLandscape) -> Result<Vec<f64>, Interrupted> {
        let mut gradient = vec![0.0; self.bends.len()];
        let largest = highest(&self.current.weights);
        for (index, &weight) in self.samples().zip(&self.current.weights) {
            if weight < MIN_WEIGHT * largest {
                continue;
            }
            let point: EvaluatedPoint = probe.point(self.at(index, &self.bends))?;
            let rows = gradient.chunks_exact_mut(point.gradient.len());
            for (row, sine) in rows.zip(self.sines(index)) {
                add_scaled(weight * sine, &point.gradient, row);
            }
        }
        Ok(gradient)
    }

    /// One iteration of L-BFGS.
    pub fn step(&mut self, probe: &mut CountedLandscape) -> Result<(), Interrupted> {
        let mut direction = self.direction();
        if dot(&direction, &self.gradient) >= 0.0 {
            self.memory.clear();
            direction = self.direction();
        }
        let slope = dot(&direction, &self.gradient);
        let length = distance(&self.base[0], &self.base[self.base.len() - 1]);
        let longest = if self.memory.is_empty() { FIRST_STEP } else { MAX_STEP } * length;
        let mut fraction = (longest / norm(&direction)).min(1.0);
        if self.memory.is_empty() {
            // Without memory the length of the gradient is no measure for the step.
            fraction = longest / norm(&direction);
        }
        if slope == 0.0 || !fraction.is_finite() {
            self.is_stuck = true;
            return Ok(());
        }
        for _ in 0..MAX_REDUCTIONS {
            let mut bends = self.bends.clone();
            add_scaled(fraction, &direction, &mut bends);
            let values = self.values(&bends, probe)?;
            let next = Evaluated::of(values, self.temperature);
            if next.soft_maximum <= self.current.soft_maximum + 1e-4 * fraction * slope {
                return self.accept(bends, next, probe);
            }
            fraction *= 0.4;
        }
        self.is_stuck = self.memory.is_empty();
        self.memory.clear();
        Ok(())
    }

    fn accept(
        &mut self,
        bends: Vec<f64>,
        next: Evaluated,
        probe: &mut CountedLandscape,
    ) -> Result<(), Interrupted> {
        let mut step = bends.clone();
        add_scaled(-1.0, &self.bends, &mut step);
        (self.bends, self.current) = (bends, next);
        let gradient = self.soft_gradient(probe)?;
        let mut change = gradient.clone();
        add_scaled(-1.0, &self.gradient, &mut change);
        self.gradient = gradient;
        if dot(&step, &change) > MIN_COSINE * norm(&step) * norm(&change) {
            self.memory.push_back([step, change]);
            if self.memory.len() > MEMORY {
                self.memory.pop_front();
            }
        }
        let height = highest(&self.current.values);
        self.heights.push(height);
        let temperature = TEMPERATURE * (height - self.floor);
        if temperature > 0.0 && temperature < COOLING * self.temperature {
            // The gradient stays that of the warmer maximum until the next step.
            self.temperature = temperature;
            self.current = Evaluated::of(std::mem::take(&mut self.current.values), temperature);
            self.gradient = self.soft_gradient(probe)?;
        }
        Ok(())
    }

    /// −H⁻¹ ∇ by the two-loop recursion.
    fn direction(&self) -> Vec<f64> {
        super::descent::quasi_newton(&self.memory, &self.gradient)
    }
}
