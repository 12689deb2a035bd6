//! Polylines: knots joined by straight segments, the polygonal chain of T. Garipov et al., Loss
//! surfaces, mode connectivity, and fast ensembling of DNNs, NeurIPS 31 (2018), arXiv:1802.10026.
//!
//! Knot n of K is at t_n = n / (K + 1), on the straight line at first: ω(t_n) = (1 − t_n) ω^a + t_n
//! ω^b + b_n.

use super::{Bent, ChosenMethod, Curve, PathMethod, Shapes, Straight};
use crate::kernels::Real;
use crate::network::ChoiceKey;

/// A chain of segments.
pub static METHOD: PathMethod = PathMethod {
    name: "polyline",
    about: "straight segments",
    keys: &[ChoiceKey::count_up_to(
        "knots",
        "inner points of the polyline, which straight segments join",
        10,
        1000,
    )],
    straight: Straight { single: straight, double: straight },
};

fn straight<A: Real>(method: &ChosenMethod, endpoints: [&[A]; 2]) -> Box<dyn Curve<A>> {
    Box::new(Bent::straight(endpoints, HatFunctions(method.count("knots"))))
}

/// φ_n(t) = max(0, 1 − |(K + 1) t − n|): 1 at its own knot, 0 at all others, linear in between.
#[derive(Clone, Copy, Debug)]
pub struct HatFunctions(pub usize);

impl Shapes for HatFunctions {
    fn count(&self) -> usize {
        self.0
    }

    fn at(&self, n: usize, t: f64) -> f64 {
        (1.0 - ((self.0 + 1) as f64 * t - n as f64).abs()).max(0.0)
    }
}
