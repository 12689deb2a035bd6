//! L-BFGS-GSS: limited-memory BFGS with a golden section line search, on the full batch.
//!
//! Two-loop recursion after J. Nocedal, Math. Comp. 35, 773 (1980); the line search and the rules
//! for dropping the memory follow the published settings (see [`golden_section`]).

use super::TrainingStop;
use super::golden_section::{self, LineStep};
use crate::kernels::{Real, add_scaled, dot, norm};
use crate::landscape::{Interrupted, Landscape, Line};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// A pair (s, y) with a smaller cosine between s and y has no usable curvature: the published
/// threshold.
const MIN_COSINE: f64 = 1e-4;

/// The parameters of L-BFGS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LbfgsParameters {
    /// Maximum number of iterations, ≥ 1; an iteration counts as an epoch in the loss curves.
    pub iterations: usize,
    /// Pairs (s, y) remembered, ≥ 1.
    pub memory: usize,
    /// Maximum number of loss evaluations in one line search, ≥ 1.
    pub line_search_evaluations: usize,
    /// Width of the bracket, relative to the step, at which the line search ends, > 0.
    pub line_search_tolerance: f64,
    /// Training loss at which the run ends; 0: never. Once every image is classified correctly, the
    /// loss falls toward 0 without limit. The published runs end near 1e-8, where the usual
    /// single-precision cross-entropy rounds to 0. Here it does not round to 0, so runs continue to
    /// 1e-30 and θ grows.
    pub target_loss: f64,
}

/// L-BFGS between two iterations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct Lbfgs<A> {
    parameters: LbfgsParameters,
    theta: Vec<A>,
    gradient: Vec<A>,
    loss: f64,
    memory: VecDeque<Pair<A>>,
    /// γ = s·y / y·y of the last usable pair. It scales the first approximation of the inverse
    /// Hessian.
    scale: f64,
    memory_dropped: u32,
}

/// s = θ_{k+1} − θ_k and y = ∇_{k+1} − ∇_k.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
struct Pair<A> {
    s: Vec<A>,
    y: Vec<A>,
    /// 1 / s·y.
    rho: f64,
}

/// A downhill step along a line.
struct DownhillStep<'l, A> {
    step: LineStep,
    /// u ↦ θ + u d.
    line: Box<dyn Line<A> + 'l>,
    direction: Vec<A>,
    /// γ of a steepest-descent step, for which the memory is dropped. `None` for a quasi-Newton
    /// step.
    steepest: Option<f64>,
}

impl<A: Real> Lbfgs<A> {
    /// Starts at θ₀ and evaluates loss and gradient there. No curvature is known yet, so the unit
    /// step of the first line search is the gradient, or the unit vector along it if the gradient
    /// is longer.
    ///
    /// # Errors
    /// If the evaluation was interrupted.
    pub fn new(
        parameters: LbfgsParameters,
        landscape: &(impl Landscape<A> + ?Sized),
        theta: Vec<A>,
    ) -> Result<Self, Interrupted> {
        let mut gradient = vec![A::zero(); theta.len()];
        let loss = landscape.value_and_gradient(&theta, &mut gradient)?;
        let scale = first_scale(&gradient);
        Ok(Self {
            parameters,
            theta,
            gradient,
            loss,
            memory: VecDeque::new(),
            scale,
            memory_dropped: 0,
        })
    }

    /// Current parameters, `(P,)`.
    pub fn theta(&self) -> &[A] {
        &self.theta
    }

    /// Loss at the current parameters.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Gradient at the current parameters, `(P,)`.
    pub fn gradient(&self) -> &[A] {
        &self.gradient
    }

    /// How often the memory was dropped for a steepest-descent step.
    pub fn memory_dropped(&self) -> u32 {
        self.memory_dropped
    }

    /// One iteration: direction, line search, new gradient.
    ///
    /// If the quasi-Newton direction does not point downhill, or the line search finds no lower
    /// point along it, the memory is dropped and the same iteration tries steepest descent.
    ///
    /// `Break` has the reason why no further iteration is possible. Parameters, loss and gradient
    /// are then unchanged.
    ///
    /// # Errors
    /// If it was interrupted; the state is then unchanged.
    pub fn iterate(
        &mut self,
        landscape: &(impl Landscape<A> + ?Sized),
        iteration: u32,
    ) -> Result<ControlFlow<TrainingStop>, Interrupted> {
        if !self.loss.is_finite() {
            return Ok(ControlFlow::Break(TrainingStop::Diverged { epoch: iteration }));
        }
        if self.loss <= self.parameters.target_loss {
            return Ok(ControlFlow::Break(TrainingStop::TargetLoss { iteration: iteration - 1 }));
        }
        if self.gradient.iter().all(A::is_zero) {
            return Ok(ControlFlow::Break(TrainingStop::Stationary { iteration }));
        }
        let Some(descent) = self.descent(landscape)? else {
            self.drop_memory();
            return Ok(ControlFlow::Break(TrainingStop::NoDescent { iteration }));
        };
        self.advance(descent)?;
        Ok(ControlFlow::Continue(()))
    }

    fn drop_memory(&mut self) {
        if !self.memory.is_empty() {
            self.memory.clear();
            self.memory_dropped += 1;
        }
    }

    /// A step along the quasi-Newton direction if that leads downhill, otherwise steepest descent.
    fn descent<'l>(
        &self,
        landscape: &'l (impl Landscape<A> + ?Sized),
    ) -> Result<Option<DownhillStep<'l, A>>, Interrupted> {
        // Without memory the quasi-Newton direction is that of steepest descent.
        let remembers = !self.memory.is_empty();
        if let Some(direction) = self.direction().filter(|_| remembers)
            && let Some(descent) = self.search(landscape, direction, None)?
        {
            return Ok(Some(descent));
        }
        self.steepest_descent(landscape)
    }

    /// First tries −γ ∇, whose length follows from the last curvature. After a fall over many
    /// orders of magnitude this γ is useless, so the second try has the length of the first
    /// iteration.
    fn steepest_descent<'l>(
        &self,
        landscape: &'l (impl Landscape<A> + ?Sized),
    ) -> Result<Option<DownhillStep<'l, A>>, Interrupted> {
        let mut scales = vec![self.scale, first_scale(&self.gradient)];
        scales.dedup();
        for scale in scales {
            let direction = self.gradient.iter().map(|&g| A::of(-scale) * g).collect();
            if let Some(descent) = self.search(landscape, direction, Some(scale))? {
                return Ok(Some(descent));
            }
        }
        Ok(None)
    }

    /// d = −H ∇ by the two-loop recursion, so that θ + d is the full step. `None` if it is not
    /// finite or does not point downhill.
    fn direction(&self) -> Option<Vec<A>> {
        let mut d: Vec<A> = self.gradient.iter().map(|&g| -g).collect();
        let mut alphas = Vec::with_capacity(self.memory.len());
        for pair in self.memory.iter().rev() {
            let alpha = pair.rho * dot(&pair.s, &d);
            add(&mut d, -alpha, &pair.y);
            alphas.push(alpha);
        }
        let scale = A::of(self.scale);
        d.iter_mut().for_each(|x| *x *= scale);
        for (pair, alpha) in self.memory.iter().zip(alphas.into_iter().rev()) {
            let beta = pair.rho * dot(&pair.y, &d);
            add(&mut d, alpha - beta, &pair.s);
        }
        let slope = dot(&d, &self.gradient);
        (slope.is_finite() && slope < 0.0).then_some(d)
    }

    fn search<'l>(
        &self,
        landscape: &'l (impl Landscape<A> + ?Sized),
        direction: Vec<A>,
        steepest: Option<f64>,
    ) -> Result<Option<DownhillStep<'l, A>>, Interrupted> {
        let mut line = landscape.line(&self.theta, &direction)?;
        let LbfgsParameters { line_search_evaluations, line_search_tolerance, .. } =
            self.parameters;
        let step = golden_section::search(
            self.loss,
            line_search_evaluations,
            line_search_tolerance,
            |u| line.value(u),
        )?;
        Ok(step.map(|step| DownhillStep { step, line, direction, steepest }))
    }

    fn advance(&mut self, descent: DownhillStep<A>) -> Result<(), Interrupted> {
        let DownhillStep { step, mut line, direction, steepest } = descent;
        let mut theta = self.theta.clone();
        add(&mut theta, step.length, &direction);
        let mut gradient = vec![A::zero(); theta.len()];
        let loss = line.value_and_gradient(step.length, &mut gradient)?;
        if let Some(scale) = steepest {
            self.drop_memory();
            self.scale = scale;
        }
        let s = difference(&theta, &self.theta);
        let y = difference(&gradient, &self.gradient);
        (self.theta, self.gradient, self.loss) = (theta, gradient, loss);
        let curvature = dot(&s, &y);
        let cosine = curvature / (norm(&s) * norm(&y));
        // NaN (no change at all) counts as too small.
        if cosine.is_finite() && cosine >= MIN_COSINE {
            self.scale = curvature / dot(&y, &y);
            self.memory.push_back(Pair { s, y, rho: 1.0 / curvature });
            if self.memory.len() > self.parameters.memory {
                self.memory.pop_front();
            }
        } else {
            self.drop_memory();
        }
        Ok(())
    }
}

/// The scale of the first step, for which no curvature is known: at most length 1.
fn first_scale<A: Real>(gradient: &[A]) -> f64 {
    norm(gradient).recip().min(1.0)
}

/// x ← x + factor · y.
fn add<A: Real>(x: &mut [A], factor: f64, y: &[A]) {
    add_scaled(A::of(factor), y, x);
}

fn difference<A: Real>(x: &[A], y: &[A]) -> Vec<A> {
    x.iter().zip(y).map(|(&x, &y)| x - y).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{AnalyticLandscape, TwoWells};

    /// ½ Σ κ_i x_i², condition number 10⁴.
    struct DiagonalQuadratic(Vec<f64>);

    impl AnalyticLandscape for DiagonalQuadratic {
        fn dimension(&self) -> usize {
            self.0.len()
        }
        fn value(&self, x: &[f64]) -> f64 {
            x.iter().zip(&self.0).map(|(x, k)| 0.5 * k * x * x).sum()
        }
        fn value_and_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
            gradient.iter_mut().zip(x.iter().zip(&self.0)).for_each(|(g, (x, k))| *g = k * x);
            AnalyticLandscape::value(self, x)
        }
    }

    fn parameters(evaluations: usize) -> LbfgsParameters {
        LbfgsParameters {
            iterations: 1000,
            memory: 10,
            line_search_evaluations: evaluations,
            line_search_tolerance: 1e-4,
            target_loss: f64::NEG_INFINITY,
        }
    }

    #[test]
    fn minimizes_an_ill_conditioned_quadratic_and_never_goes_uphill() {
        let curvatures: Vec<f64> =
            (0..50).map(|i| 10_f64.powf(4.0 * f64::from(i) / 49.0)).collect();
        let landscape = DiagonalQuadratic(curvatures);
        let mut lbfgs = Lbfgs::new(parameters(6), &landscape, vec![1.0; 50]).unwrap();
        let start = lbfgs.loss();
        for iteration in 1..=1000 {
            let before = lbfgs.loss();
            if lbfgs.iterate(&landscape, iteration).unwrap().is_break() {
                break;
            }
            assert!(lbfgs.loss() < before);
        }
        assert!(lbfgs.loss() < 1e-12 * start, "{:e}", lbfgs.loss());
    }

    #[test]
    fn exact_line_searches_end_in_as_many_iterations_as_dimensions() {
        // With exact line searches and full memory, BFGS is the conjugate gradient method on a
        // quadratic: n iterations. (Nocedal and Wright, Numerical Optimization, Theorem 6.4.)
        let landscape = DiagonalQuadratic(vec![1.0, 3.0, 10.0, 40.0]);
        let exact = LbfgsParameters { line_search_tolerance: 1e-9, ..parameters(100) };
        let mut lbfgs = Lbfgs::new(exact, &landscape, vec![1.0, -2.0, 0.5, 3.0]).unwrap();
        let start = lbfgs.loss();
        let mut going =
            (1..=4).map(|iteration| lbfgs.iterate(&landscape, iteration).unwrap().is_continue());
        assert!(going.all(|going| going));
        assert!(lbfgs.loss() < 1e-10 * start, "{:e}", lbfgs.loss());
    }

    #[test]
    fn stops_at_the_target_loss_and_names_the_iteration_that_reached_it() {
        let landscape = DiagonalQuadratic(vec![1.0, 30.0]);
        let target = LbfgsParameters { target_loss: 1e-3, ..parameters(10) };
        let mut lbfgs = Lbfgs::new(target, &landscape, vec![1.0, 1.0]).unwrap();
        let (last, stop) = (1..100)
            .find_map(|iteration| {
                Some((iteration - 1, lbfgs.iterate(&landscape, iteration).unwrap().break_value()?))
            })
            .expect("a quadratic is soon at its minimum");
        assert_eq!(stop, TrainingStop::TargetLoss { iteration: last });
        assert!(lbfgs.loss() <= 1e-3);
    }

    #[test]
    fn falls_into_a_well_of_the_two_wells_and_says_why_it_stops() {
        let mut lbfgs = Lbfgs::new(parameters(20), &TwoWells, vec![-0.9, -0.9]).unwrap();
        let stop = (1..200)
            .find_map(|iteration| lbfgs.iterate(&TwoWells, iteration).unwrap().break_value());
        assert!(
            matches!(stop, Some(TrainingStop::NoDescent { .. } | TrainingStop::Stationary { .. })),
            "{stop:?}"
        );
        assert!(norm(lbfgs.gradient()) < 1e-6);
        let mut lost = Lbfgs::new(parameters(6), &TwoWells, vec![f64::NAN, 0.0]).unwrap();
        assert_eq!(
            lost.iterate(&TwoWells, 7),
            Ok(ControlFlow::Break(TrainingStop::Diverged { epoch: 7 }))
        );
    }
}
