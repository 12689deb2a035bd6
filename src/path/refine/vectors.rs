//! Small operations on vectors of length P.

use crate::kernels::{add_scaled, dot, norm, scale};

/// Below this fraction of its length, the remainder of a vector after a projection is rounding
/// error.
const ROUNDING: f64 = 1e-10;

/// a − b.
pub fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// |a − b|.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// θ + s d.
pub fn moved(theta: &[f64], step: f64, direction: &[f64]) -> Vec<f64> {
    theta.iter().zip(direction).map(|(x, d)| x + step * d).collect()
}

/// (1 − s) a + s b.
pub fn between(a: &[f64], b: &[f64], part: f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| (1.0 - part) * a + part * b).collect()
}

/// The largest absolute component.
pub fn largest(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |largest, x| largest.max(x.abs()))
}

/// The vector at length 1; unchanged if it is zero.
pub fn normalized(mut vector: Vec<f64>) -> Vec<f64> {
    let length = norm(&vector);
    if length > 0.0 {
        scale(1.0 / length, &mut vector);
    }
    vector
}

/// `vector` without its parts along orthonormal sets, at length 1. `None` if nothing but rounding
/// errors remains.
pub fn orthonormalized(vector: Vec<f64>, sets: &[&[Vec<f64>]]) -> Option<Vec<f64>> {
    let length = norm(&vector);
    if !length.is_finite() || length == 0.0 {
        return None;
    }
    let mut vector = normalized(vector);
    // Twice: one pass leaves rounding errors along the sets, and a short remainder magnifies them.
    for unit in sets.iter().chain(sets).copied().flatten() {
        let part = dot(&vector, unit);
        add_scaled(-part, unit, &mut vector);
    }
    (norm(&vector) > ROUNDING).then(|| normalized(vector))
}

/// A unit vector without symmetry, another one for each `stream`. It is hardly ever orthogonal to
/// an eigenvector.
pub fn arbitrary(dimension: usize, stream: usize) -> Vec<f64> {
    let golden = f64::midpoint(5.0_f64.sqrt(), -1.0);
    let offset = (stream as f64 * 2.0_f64.sqrt()).fract();
    let component = |i: usize| ((i + 1) as f64 * golden * (1.0 + offset) + offset).fract() - 0.5;
    normalized((0..dimension).map(component).collect())
}
