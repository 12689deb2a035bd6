//! Fourier paths: the straight line bent by sines (Yu and Morozov, section 5 of the method).
//!
//! ω(t) = (1 − t) ω^a + t ω^b + Σ_{n=1..N_F} b_n sin(nπt), t ∈ [0, 1].

use super::{Bent, ChosenMethod, Curve, PathMethod, Shapes, Straight};
use crate::kernels::Real;
use crate::network::ChoiceKey;
use std::f64::consts::PI;

/// The published method.
pub static METHOD: PathMethod = PathMethod {
    name: "fourier",
    about: "sines",
    // A hundred times the published number takes 840 MB for 42 200 parameters.
    keys: &[ChoiceKey::count_up_to("fourier_terms", "sines added to the straight line", 10, 1000)],
    straight: Straight { single: straight, double: straight },
};

fn straight<A: Real>(method: &ChosenMethod, endpoints: [&[A]; 2]) -> Box<dyn Curve<A>> {
    Box::new(Bent::straight(endpoints, Sines(method.count("fourier_terms"))))
}

/// φ_n(t) = sin(nπt), n from 1 to N_F.
#[derive(Clone, Copy, Debug)]
pub struct Sines(pub usize);

impl Shapes for Sines {
    fn count(&self) -> usize {
        self.0
    }

    fn at(&self, n: usize, t: f64) -> f64 {
        (n as f64 * PI * t).sin()
    }
}
