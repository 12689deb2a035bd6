//! Polylines: points at equal distances, and the highest point between two points.

use super::probe::EvaluatedPoint;
use super::vectors::{between, difference, distance, normalized};
use crate::kernels::dot;

/// Length of a polyline up to each point.
pub fn arcs(points: &[Vec<f64>]) -> Vec<f64> {
    let mut arcs = vec![0.0];
    for pair in points.windows(2) {
        arcs.push(arcs[arcs.len() - 1] + distance(&pair[0], &pair[1]));
    }
    arcs
}

/// `count` points at equal distances along a polyline. The first and the last are exactly those of
/// the polyline.
pub fn equally_spaced(points: &[Vec<f64>], count: usize) -> Vec<Vec<f64>> {
    let arcs = arcs(points);
    let length = arcs[arcs.len() - 1];
    let at = |m: usize| {
        let arc = length * m as f64 / (count - 1) as f64;
        let next = arcs.partition_point(|&a| a < arc).clamp(1, points.len() - 1);
        let step = arcs[next] - arcs[next - 1];
        let part = if step > 0.0 { (arc - arcs[next - 1]) / step } else { 0.0 };
        between(&points[next - 1], &points[next], part.clamp(0.0, 1.0))
    };
    let mut spaced: Vec<Vec<f64>> = (0..count).map(at).collect();
    spaced[0].clone_from(&points[0]);
    spaced[count - 1].clone_from(&points[points.len() - 1]);
    spaced
}

/// The highest point of a path, estimated between its points.
#[derive(Clone, Debug)]
pub struct Top {
    /// The value there.
    pub height: f64,
    /// `(P,)` the point.
    pub theta: Vec<f64>,
    /// `(P,)` unit vector along the path.
    pub tangent: Vec<f64>,
}

/// The highest maximum of a path between its endpoints. `None` if it has no maximum there.
///
/// Between two points, values and slopes of both determine a cubic.
pub fn top(points: &[EvaluatedPoint]) -> Option<Top> {
    let on_segments = points.windows(2).enumerate().filter_map(|(m, pair)| {
        let chord = difference(&pair[1].theta, &pair[0].theta);
        let slopes = [dot(&pair[0].gradient, &chord), dot(&pair[1].gradient, &chord)];
        let (part, height) = cubic_maximum([pair[0].value, pair[1].value], slopes)?;
        let theta = between(&pair[0].theta, &pair[1].theta, part);
        let is_end = m == 0 && part == 0.0;
        (!is_end).then(|| Top { height, theta, tangent: normalized(chord) })
    });
    // At a kink of the path, the value may fall on both sides.
    let at_kinks = points.windows(3).filter_map(|three| {
        let [before, here, after] = three else { return None };
        let is_maximum = here.value >= before.value && here.value >= after.value;
        let tangent = normalized(difference(&after.theta, &before.theta));
        is_maximum.then(|| Top { height: here.value, theta: here.theta.clone(), tangent })
    });
    // Of equally high points the first is taken.
    on_segments.chain(at_kinks).fold(None, |best: Option<Top>, top| match best {
        Some(best) if best.height >= top.height => Some(best),
        _ => Some(top),
    })
}

/// The maximum inside [0, 1] of the cubic with these values and slopes at 0 and 1: where, and how
/// high.
fn cubic_maximum(values: [f64; 2], slopes: [f64; 2]) -> Option<(f64, f64)> {
    let rise = values[1] - values[0];
    let quadratic = 3.0 * rise - 2.0 * slopes[0] - slopes[1];
    let cubic = slopes[0] + slopes[1] - 2.0 * rise;
    let value = |u: f64| values[0] + u * (slopes[0] + u * (quadratic + u * cubic));
    // The derivative is a u² + b u + c.
    let (a, b, c) = (3.0 * cubic, 2.0 * quadratic, slopes[0]);
    let root = if a.abs() < 1e-12 * (b.abs() + c.abs()) {
        -c / b
    } else {
        // The maximum is the root at which the derivative falls. Without a real root the result is
        // NaN.
        (-b - (b * b - 4.0 * a * c).sqrt()) / (2.0 * a)
    };
    let is_inside = (0.0..=1.0).contains(&root) && 2.0 * a * root + b < 0.0;
    is_inside.then(|| (root, value(root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_equal_distances_lie_on_the_polyline() {
        let corner = [vec![0.0, 0.0], vec![3.0, 0.0], vec![3.0, 1.0]];
        let spaced = equally_spaced(&corner, 5);
        assert_eq!(spaced[1], [1.0, 0.0]);
        assert_eq!(spaced[3], [3.0, 0.0]);
        assert_eq!((&spaced[0], &spaced[4]), (&corner[0], &corner[2]));
    }

    #[test]
    fn the_top_of_a_cubic_is_exact() {
        // f = x (1 − x) (2 + x) rises from 0 and falls to 0; its derivative is 2 − 2 x − 3 x².
        let value = |x: f64| x * (1.0 - x) * (2.0 + x);
        let point = |x: f64| EvaluatedPoint {
            theta: vec![x],
            value: value(x),
            gradient: vec![2.0 - 2.0 * x - 3.0 * x * x],
        };
        let root = (7.0_f64.sqrt() - 1.0) / 3.0;
        for points in [vec![point(0.0), point(1.0)], vec![point(0.0), point(0.3), point(1.0)]] {
            let top = top(&points).unwrap();
            assert!(
                (top.theta[0] - root).abs() < 1e-12 && (top.height - value(root)).abs() < 1e-12
            );
        }
        assert!(top(&[point(0.0), point(0.2), point(0.4)]).is_none(), "it only rises");
    }
}
