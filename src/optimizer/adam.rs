//! Adam, for the coefficients of a path; its moments also for training.

use crate::kernels::dispatched;
use crate::kernels::{Real, without_subnormals};
use serde::{Deserialize, Serialize};

/// Adam with a learning rate, which each step may scale, and with [`Decay::PUBLISHED`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct Adam<A> {
    learning_rate: f64,
    moments: AdamMoments<A>,
}

/// First and second moments of the gradient, and the step count: D. P. Kingma and J. Ba,
/// arXiv:1412.6980, Algorithm 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct AdamMoments<A> {
    first: Vec<A>,
    second: Vec<A>,
    steps: i32,
}

/// The decay of the moments, and the number that keeps the step finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decay {
    /// β₁ of the first moment, 0 ≤ β₁ < 1.
    pub beta_1: f64,
    /// β₂ of the second moment, 0 ≤ β₂ < 1.
    pub beta_2: f64,
    /// ε, added to the root of the second moment, > 0.
    pub epsilon: f64,
}

impl Decay {
    /// The published values, which are PyTorch's defaults too.
    pub const PUBLISHED: Self = Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 };
}

impl<A: Real> Adam<A> {
    /// For vectors of `dimension` components, before the first step.
    pub fn new(learning_rate: f64, dimension: usize) -> Self {
        Self { learning_rate, moments: AdamMoments::new(dimension) }
    }

    /// Steps taken.
    pub fn steps(&self) -> u32 {
        self.moments.steps.unsigned_abs()
    }

    /// x ← x − η m̂ / (√v̂ + ε), with the bias-corrected moments m̂ and v̂.
    ///
    /// # Panics
    /// In debug builds, if the lengths disagree.
    pub fn step(&mut self, x: &mut [A], gradient: &[A]) {
        self.step_scaled(1.0, x, gradient);
    }

    /// As [`Self::step`], with this factor of the learning rate.
    ///
    /// # Panics
    /// As [`Self::step`].
    pub fn step_scaled(&mut self, factor: f64, x: &mut [A], gradient: &[A]) {
        self.moments.step(factor * self.learning_rate, Decay::PUBLISHED, x, gradient);
    }
}

impl<A: Real> AdamMoments<A> {
    /// For vectors of `dimension` components, before the first step.
    pub fn new(dimension: usize) -> Self {
        Self { first: vec![A::zero(); dimension], second: vec![A::zero(); dimension], steps: 0 }
    }

    /// x ← x − η m̂ / (√v̂ + ε), with the bias-corrected moments m̂ and v̂.
    ///
    /// # Panics
    /// In debug builds, if the lengths disagree.
    pub fn step(&mut self, learning_rate: f64, decay: Decay, x: &mut [A], gradient: &[A]) {
        debug_assert_eq!((x.len(), gradient.len()), (self.first.len(), self.first.len()));
        self.steps += 1;
        let Decay { beta_1, beta_2, epsilon } = decay;
        let rate = A::of(learning_rate / (1.0 - beta_1.powi(self.steps)));
        let correction = A::of(1.0 / (1.0 - beta_2.powi(self.steps)).sqrt());
        let (keep_1, take_1) = (A::of(beta_1), A::of(1.0 - beta_1));
        let (keep_2, take_2) = (A::of(beta_2), A::of(1.0 - beta_2));
        let epsilon = A::of(epsilon);
        let (decay, step) = ([keep_1, take_1, keep_2, take_2], [rate, correction, epsilon]);
        // Squares of small gradients are smaller still.
        without_subnormals(|| {
            descend(decay, step, gradient, [x, &mut self.first, &mut self.second]);
        });
    }
}

dispatched! {
    /// One step of all components, with their moments.
    fn descend<A>(_simd, decay: [A; 4], step: [A; 3], gradient: &[A], state: [&mut [A]; 3]) {
        let [keep_1, take_1, keep_2, take_2] = decay;
        let [rate, correction, epsilon] = step;
        let [x, first, second] = state;
        for (((x, &g), m), v) in x.iter_mut().zip(gradient).zip(first).zip(second) {
            *m = keep_1 * *m + take_1 * g;
            *v = keep_2 * *v + take_2 * g * g;
            *x -= rate * *m / (num_traits::Float::sqrt(*v) * correction + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_algorithm_step_by_step() {
        // Algorithm 1 in its own notation, for one component.
        let gradients = [0.5, -0.2, 0.9, 0.0];
        let (mut x, mut m, mut v) = (1.0_f64, 0.0, 0.0);
        let mut adam = Adam::new(0.1, 1);
        let mut ours = [1.0];
        for (t, g) in (1..).zip(gradients) {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            x -= 0.1 * m_hat / (v_hat.sqrt() + 1e-8);
            adam.step(&mut ours, &[g]);
            assert!((ours[0] - x).abs() < 1e-12, "step {t}");
        }
    }

    #[test]
    fn a_scaled_step_has_that_much_of_the_learning_rate() {
        let gradients = [0.5, -0.2, 0.9];
        let (mut scaled, mut x) = (Adam::new(0.1, 1), [1.0]);
        let mut expected = 1.0;
        for (step, g) in (1..).zip(gradients) {
            // The moments are those of steps that are not scaled.
            let (mut whole, mut y) = (Adam::new(0.1, 1), [0.0]);
            gradients[..step - 1].iter().for_each(|&g| whole.step(&mut y, &[g]));
            let before = y[0];
            whole.step(&mut y, &[g]);
            let factor = 1.0 / step as f64;
            expected += factor * (y[0] - before);
            scaled.step_scaled(factor, &mut x, &[g]);
            assert!((x[0] - expected).abs() < 1e-12, "step {step}: {} and {expected}", x[0]);
        }
    }

    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut x = [3.0_f32, 3.0];
        Adam::new(0.01, 2).step(&mut x, &[1e-3, -70.0]);
        assert!((x[0] - 2.99).abs() < 1e-5 && (x[1] - 3.01).abs() < 1e-5, "{x:?}");
    }
}
