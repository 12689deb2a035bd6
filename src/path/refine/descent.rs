//! The descent from a saddle to what lies below it.

use super::probe::{CountedLandscape, EvaluatedPoint};
use super::vectors::{difference, distance, moved};
use crate::kernels::{add_scaled, dot, norm, scale};
use crate::landscape::Interrupted;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 8;
/// A pair with a smaller cosine between step and change has no usable curvature.
const MIN_COSINE: f64 = 1e-4;
/// Maximum number of reductions of a step, each by a factor 0.4.
const MAX_REDUCTIONS: u32 = 30;
/// The descent ends when the predicted fall of a step is below this fraction of the fall so far.
/// The point is then within about 0.3 % of the distance to the minimum, which is enough to
/// recognize it.
const GAIN: f64 = 1e-5;

/// A descent by L-BFGS: J. Nocedal, Math. Comp. 35, 773 (1980),
/// doi:10.1090/S0025-5718-1980-0572855-7.
///
/// Its steps are short, so that it does not cross a ridge, and every step is downhill. Its points
/// are a path on which the value falls.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Descent {
    point: EvaluatedPoint,
    /// The value at the saddle.
    top: f64,
    memory: VecDeque<[Vec<f64>; 2]>,
    max_step: f64,
    /// Differences of values below this are rounding errors.
    rounding: f64,
    steps_left: u32,
    path: Vec<Vec<f64>>,
    is_minimum: bool,
    is_done: bool,
}

impl Descent {
    /// From a point beside a saddle.
    pub fn new(saddle: &EvaluatedPoint, beside: EvaluatedPoint, max_step: f64, steps: u32) -> Self {
        Self {
            path: vec![saddle.theta.clone(), beside.theta.clone()],
            point: beside,
            top: saddle.value,
            memory: VecDeque::new(),
            max_step,
            rounding: 8.0 * f64::EPSILON * saddle.value.abs(),
            steps_left: steps,
            is_minimum: false,
            is_done: false,
        }
    }

    /// Whether the descent has ended.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Where the descent is.
    pub fn point(&self) -> &EvaluatedPoint {
        &self.point
    }

    /// Whether it ended because the gradient is zero.
    pub fn is_minimum(&self) -> bool {
        self.is_minimum
    }

    /// From the saddle to the point: points that are at least half a longest step apart.
    pub fn path(&self) -> &[Vec<f64>] {
        &self.path
    }

    /// One iteration. `true` if it was the last.
    pub fn step(&mut self, probe: &mut CountedLandscape) -> Result<bool, Interrupted> {
        self.is_done = self.iterate(probe)?;
        let last = &self.path[self.path.len() - 1];
        if self.is_done || distance(last, &self.point.theta) >= 0.5 * self.max_step {
            self.path.push(self.point.theta.clone());
        }
        Ok(self.is_done)
    }

    fn iterate(&mut self, probe: &mut CountedLandscape) -> Result<bool, Interrupted> {
        if self.steps_left == 0 || !self.point.is_finite() {
            return Ok(true);
        }
        self.steps_left -= 1;
        let mut direction = self.direction();
        if dot(&direction, &self.point.gradient) >= 0.0 {
            self.memory.clear();
            direction = self.direction();
        }
        let remembers = !self.memory.is_empty();
        let promise = -0.5 * dot(&direction, &self.point.gradient);
        let enough = self.rounding.max(GAIN * (self.top - self.point.value));
        self.is_minimum = promise == 0.0 || (remembers && promise <= enough);
        if self.is_minimum {
            return Ok(true);
        }
        // Without memory the length of the gradient is no measure for the step.
        let longest = if remembers { self.max_step } else { 0.1 * self.max_step };
        scale((longest / norm(&direction)).min(1.0), &mut direction);
        if self.search(probe, &direction)? {
            return Ok(false);
        }
        // No lower point even along the gradient: only rounding errors are left.
        self.is_minimum = !remembers;
        self.memory.clear();
        Ok(!remembers)
    }

    /// Goes to a lower point along a direction. `false` if there is none.
    fn search(
        &mut self,
        probe: &mut CountedLandscape,
        direction: &[f64],
    ) -> Result<bool, Interrupted> {
        let slope = dot(direction, &self.point.gradient);
        let mut fraction = 1.0;
        for _ in 0..MAX_REDUCTIONS {
            let next = probe.point(moved(&self.point.theta, fraction, direction))?;
            if next.is_finite() && next.value <= self.point.value + 1e-4 * fraction * slope {
                self.remember(&next);
                self.point = next;
                return Ok(true);
            }
            fraction *= 0.4;
        }
        Ok(false)
    }

    fn remember(&mut self, next: &EvaluatedPoint) {
        let step = difference(&next.theta, &self.point.theta);
        let change = difference(&next.gradient, &self.point.gradient);
        if dot(&step, &change) > MIN_COSINE * norm(&step) * norm(&change) {
            self.memory.push_back([step, change]);
            if self.memory.len() > MEMORY {
                self.memory.pop_front();
            }
        }
    }

    /// −H⁻¹ ∇f.
    fn direction(&self) -> Vec<f64> {
        quasi_newton(&self.memory, &self.point.gradient)
    }
}

/// −H⁻¹ ∇ by the two-loop recursion over steps and changes of the gradient.
pub fn quasi_newton(memory: &VecDeque<[Vec<f64>; 2]>, gradient: &[f64]) -> Vec<f64> {
    let mut direction = gradient.to_vec();
    scale(-1.0, &mut direction);
    let mut alphas = Vec::with_capacity(memory.len());
    for [step, change] in memory.iter().rev() {
        let alpha = dot(step, &direction) / dot(step, change);
        add_scaled(-alpha, change, &mut direction);
        alphas.push(alpha);
    }
    if let Some([step, change]) = memory.back() {
        scale(dot(step, change) / dot(change, change), &mut direction);
    }
    for ([step, change], alpha) in memory.iter().zip(alphas.into_iter().rev()) {
        let beta = dot(change, &direction) / dot(step, change);
        add_scaled(alpha - beta, step, &mut direction);
    }
    direction
}
