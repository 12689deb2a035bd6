//! Adam, for the coefficients of a path.

use crate::kernels::dispatched;
use crate::kernels::{Real, without_subnormals};
use serde::{Deserialize, Serialize};

/// First and second moments of the gradient, and the step count.
///
/// D. P. Kingma and J. Ba, arXiv:1412.6980, Algorithm 1, with their β₁ = 0.9, β₂ = 0.999, ε = 1e-8
/// (PyTorch's defaults too).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "A: Real", deserialize = "A: Real"))]
pub struct Adam<A> {
    learning_rate: f64,
    first: Vec<A>,
    second: Vec<A>,
    steps: i32,
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl<A: Real> Adam<A> {
    /// For vectors of `dimension` components, no step taken yet.
    pub fn new(learning_rate: f64, dimension: usize) -> Self {
        Self {
            learning_rate,
            first: vec![A::zero(); dimension],
            second: vec![A::zero(); dimension],
            steps: 0,
        }
    }

    /// Steps taken.
    pub fn steps(&self) -> u32 {
        self.steps.unsigned_abs()
    }

    /// x ← x − η m̂ / (√v̂ + ε), with the bias-corrected moments m̂ and v̂.
    ///
    /// # Panics
    /// In debug builds, if the lengths disagree.
    pub fn step(&mut self, x: &mut [A], gradient: &[A]) {
        debug_assert_eq!((x.len(), gradient.len()), (self.first.len(), self.first.len()));
        self.steps += 1;
        let rate = A::of(self.learning_rate / (1.0 - BETA_1.powi(self.steps)));
        let correction = A::of(1.0 / (1.0 - BETA_2.powi(self.steps)).sqrt());
        let (keep_1, take_1) = (A::of(BETA_1), A::of(1.0 - BETA_1));
        let (keep_2, take_2) = (A::of(BETA_2), A::of(1.0 - BETA_2));
        let epsilon = A::of(EPSILON);
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
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut x = [3.0_f32, 3.0];
        Adam::new(0.01, 2).step(&mut x, &[1e-3, -70.0]);
        assert!((x[0] - 2.99).abs() < 1e-5 && (x[1] - 3.01).abs() < 1e-5, "{x:?}");
    }
}
