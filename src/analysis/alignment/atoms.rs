//! Alignment of clusters: exchanges of equal atoms, with a rigid motion.

use super::assignment::assign;
use crate::landscape::{AlignError, align};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Orientations from which an exchange is searched, at most.
const MAX_ORIENTATIONS: usize = 32;
/// Orientations that are compared by the distances to the nearest atoms, at most.
const MAX_COMPARED: usize = 1024;
/// A step must lower the squared deviation by this fraction of the squared size of the cluster:
/// more than rounding does.
const GAIN: f64 = 1e-12;
/// Alternations of exchange and rotation from one orientation, at most. Ten are seldom needed.
const MAX_ROUNDS: usize = 100;

/// The result of an alignment of atoms.
#[derive(Clone, Debug, PartialEq)]
pub struct AtomMatch {
    /// `(N · d,)` positions of the second cluster after exchange and motion.
    pub theta: Vec<f64>,
    /// `(N,)`: atom i of the result is this atom of the second cluster.
    pub order: Vec<usize>,
    /// Root mean square distance √(Σᵢ |rᵢ − sᵢ|² / N) between corresponding atoms; never larger
    /// than after the best rigid motion alone.
    pub deviation: f64,
}

/// Exchanges, translates and rotates the atoms of `moving` so that they lie close to those of
/// `onto`. All atoms are equal; reflections are excluded, as in [`align`].
///
/// For a fixed order the best rotation is known ([`align`]), and for a fixed rotation the best
/// order is an assignment problem. Both are solved in turn until the deviation falls no more
/// (P. J. Besl and N. D. McKay, IEEE Trans. Pattern Anal. Mach. Intell. 14, 239 (1992),
/// doi:10.1109/34.121791, with an assignment in place of nearest points). The result depends on
/// the first rotation. One start is the best motion without an exchange. The others let two atoms
/// of both clusters coincide in direction: in `onto` the outermost atom and the one farthest from
/// its axis, in `moving` every ordered pair. Of the pairs whose distances from the center and from
/// each other fit best, those are used that lead to the lowest sum of squared distances to the
/// nearest atom. This sum is a lower bound of the assignment.
///
/// A cluster that was rotated and whose atoms were exchanged is found exactly. Two different
/// clusters may have a closer order than the one that is found. The time grows as N³.
///
/// # Errors
/// [`AlignError`] if a position is not finite or a decomposition fails.
///
/// # Panics
/// If the lengths differ or are no positive multiple of `space_dimensions` (2 or 3).
pub fn match_atoms(
    onto: &[f64],
    moving: &[f64],
    space_dimensions: usize,
) -> Result<AtomMatch, AlignError> {
    let atoms = moving.len() / space_dimensions;
    let unchanged: Vec<usize> = (0..atoms).collect();
    let mut best = moved(onto, moving, space_dimensions, unchanged)?;
    let clusters = [centered(onto, space_dimensions), centered(moving, space_dimensions)];
    let [x, y] = &clusters;
    let gain = GAIN * (squares(x) + squares(y)) / atoms as f64;
    let as_it_is = centered(&best.theta, space_dimensions);
    for start in std::iter::once(as_it_is).chain(orientations(x, y)) {
        let mut from = start;
        // Alternates from this orientation; ends at a deviation that neither step lowers.
        let mut lowest = f64::INFINITY;
        for _ in 0..MAX_ROUNDS {
            let Some(found) = assign(&x.dot(&from.t()), None) else { break };
            // The first orientation shows the atoms in the order of `moving`, and so do all later.
            let next = moved(onto, moving, space_dimensions, found.source)?;
            if next.deviation.powi(2) >= lowest - gain {
                break;
            }
            lowest = next.deviation.powi(2);
            from = in_original_order(&next, space_dimensions);
            if lowest < best.deviation.powi(2) - gain {
                best = next;
            }
        }
    }
    Ok(best)
}

/// The atoms of `moving` in this order, after the best motion.
fn moved(
    onto: &[f64],
    moving: &[f64],
    space_dimensions: usize,
    order: Vec<usize>,
) -> Result<AtomMatch, AlignError> {
    let atom = |&number: &usize| &moving[number * space_dimensions..][..space_dimensions];
    let exchanged: Vec<f64> = order.iter().flat_map(atom).copied().collect();
    let aligned = align(&exchanged, onto, space_dimensions)?;
    Ok(AtomMatch { theta: aligned.theta, order, deviation: aligned.deviation })
}

/// The rotated atoms, `(N, d)`, atom `order[i]` in row `order[i]`.
fn in_original_order(found: &AtomMatch, space_dimensions: usize) -> Array2<f64> {
    let rotated = centered(&found.theta, space_dimensions);
    let mut rows = Array2::zeros(rotated.raw_dim());
    for (row, &number) in rotated.outer_iter().zip(&found.order) {
        rows.row_mut(number).assign(&row);
    }
    rows
}

/// The configuration relative to its centroid, `(N, d)`.
fn centered(theta: &[f64], space_dimensions: usize) -> Array2<f64> {
    let shape = (theta.len() / space_dimensions, space_dimensions);
    let points = ArrayView2::from_shape(shape, theta).expect("d coordinates for every atom");
    let center = points.mean_axis(Axis(0)).expect("a cluster has atoms");
    &points - &center
}

fn squares(points: &Array2<f64>) -> f64 {
    points.iter().map(|x| x * x).sum()
}

/// The atoms of `y` after the most promising rotations, the closest first.
fn orientations(x: &Array2<f64>, y: &Array2<f64>) -> Vec<Array2<f64>> {
    let reach = squares(x).sqrt();
    let Some([p, q]) = outermost(x) else { return Vec::new() };
    let Some(frame) = frame(x.row(p), x.row(q), reach) else { return Vec::new() };
    let mut found: Vec<(f64, Array2<f64>)> = similar_pairs((x, [p, q]), y)
        .into_iter()
        .filter_map(|[i, j]| {
            // A row r becomes r Fᵧᵀ Fₓ, where the rows of F are the axes of a frame.
            let rotation = self::frame(y.row(i), y.row(j), reach)?.t().dot(&frame);
            let rotated = y.dot(&rotation);
            Some((nearest(x, &rotated), rotated))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().take(MAX_ORIENTATIONS).map(|(_, rotated)| rotated).collect()
}

/// The ordered pairs of atoms of `y` that are most like a pair of `x`. In the plane the second atom
/// does not matter, because one direction is a frame.
fn similar_pairs((x, [p, q]): (&Array2<f64>, [usize; 2]), y: &Array2<f64>) -> Vec<[usize; 2]> {
    let length = |v: ArrayView1<'_, f64>| v.dot(&v).sqrt();
    let apart = |of: &Array2<f64>, i: usize, j: usize| length((&of.row(i) - &of.row(j)).view());
    let lengths = |of: &Array2<f64>, i: usize, j: usize| {
        [length(of.row(i)), length(of.row(j)), apart(of, i, j)]
    };
    let sought = lengths(x, p, q);
    let in_plane = y.ncols() == 2;
    let atoms = y.nrows();
    let pairs = (0..atoms).flat_map(|i| (0..atoms).map(move |j| [i, j]));
    let mut pairs: Vec<(f64, [usize; 2])> = pairs
        .filter(|&[i, j]| if in_plane { j == 0 } else { i != j })
        .map(|[i, j]| {
            let differences =
                lengths(y, i, j).into_iter().zip(sought).map(|(a, b)| (a - b).powi(2));
            (differences.take(if in_plane { 1 } else { 3 }).sum(), [i, j])
        })
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs.into_iter().take(MAX_COMPARED).map(|(_, pair)| pair).collect()
}

/// The outermost atom and the atom farthest from its axis.
fn outermost(x: &Array2<f64>) -> Option<[usize; 2]> {
    let largest = |measure: &dyn Fn(usize) -> f64| {
        (0..x.nrows()).max_by(|&a, &b| measure(a).total_cmp(&measure(b)))
    };
    let p = largest(&|i| x.row(i).dot(&x.row(i)))?;
    let axis = x.row(p);
    // |r|² |p|² − (r · p)²: the squared distance from the axis, times |p|².
    let distance = |i: usize| {
        let row = x.row(i);
        row.dot(&row) * axis.dot(&axis) - row.dot(&axis).powi(2)
    };
    Some([p, largest(&distance)?])
}

/// An orthonormal right-handed frame, its axes in rows: the direction of p, and in space that of
/// q's part perpendicular to it. `None` if they have no such directions.
fn frame(p: ArrayView1<'_, f64>, q: ArrayView1<'_, f64>, reach: f64) -> Option<Array2<f64>> {
    let unit = |v: Array1<f64>| {
        let length = v.dot(&v).sqrt();
        (length > 1e-9 * reach).then(|| v / length)
    };
    let first = unit(p.to_owned())?;
    let mut axes = Array2::zeros((p.len(), p.len()));
    axes.row_mut(0).assign(&first);
    if p.len() == 2 {
        axes.row_mut(1).assign(&Array1::from(vec![-first[1], first[0]]));
    } else {
        let second = unit(&q - &(&first * q.dot(&first)))?;
        let cross = |i: usize, j: usize| first[i] * second[j] - first[j] * second[i];
        axes.row_mut(1).assign(&second);
        axes.row_mut(2).assign(&Array1::from(vec![cross(1, 2), cross(2, 0), cross(0, 1)]));
    }
    Some(axes)
}

/// Σᵢ minⱼ |xᵢ − yⱼ|².
fn nearest(x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let squared = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
    };
    let of = |a| y.outer_iter().map(|b| squared(a, b)).fold(f64::INFINITY, f64::min);
    x.outer_iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::super::assignment::tests::orders;
    use super::*;
    use crate::random::MasterSeed;
    use rand::RngExt;
    use rand::seq::SliceRandom;

    fn cluster(atoms: usize, space_dimensions: usize, number: u64) -> Vec<f64> {
        let mut stream = MasterSeed(5).stream("cluster", &[atoms as u64, number]);
        (0..atoms * space_dimensions).map(|_| stream.random_range(-1.0..1.0)).collect()
    }

    /// Rotated, moved, and in a random order, which is returned: atom i was atom `order[i]`.
    fn hidden(theta: &[f64], space_dimensions: usize, number: u64) -> (Vec<f64>, Vec<usize>) {
        let mut stream = MasterSeed(6).stream("motion", &[number]);
        let (sin, cos) = stream.random_range(0.0..6.2_f64).sin_cos();
        let (sin_b, cos_b) = stream.random_range(0.0..6.2_f64).sin_cos();
        let mut order: Vec<usize> = (0..theta.len() / space_dimensions).collect();
        order.shuffle(&mut stream);
        let turn = |&atom: &usize| {
            let r = &theta[atom * space_dimensions..][..space_dimensions];
            let (x, y) = (cos * r[0] - sin * r[1], sin * r[0] + cos * r[1]);
            match r.get(2) {
                None => vec![x + 3.0, y - 1.0],
                Some(z) => vec![x, cos_b * y - sin_b * z + 2.0, sin_b * y + cos_b * z],
            }
        };
        (order.iter().flat_map(turn).collect(), order)
    }

    #[test]
    fn a_hidden_exchange_and_rotation_is_found() {
        for (atoms, space) in [(2, 3), (3, 2), (5, 3), (7, 3), (7, 2), (13, 3), (38, 3)] {
            for number in 0..3 {
                let theta = cluster(atoms, space, number);
                let (moving, order) = hidden(&theta, space, number);
                let found = match_atoms(&theta, &moving, space).unwrap();
                assert!(found.deviation < 1e-12, "{atoms} atoms: {}", found.deviation);
                let close = found.theta.iter().zip(&theta).all(|(a, b)| (a - b).abs() < 1e-11);
                assert!(close, "{atoms} atoms");
                if atoms > 2 {
                    // Two atoms lie on a line: their exchange is a rotation.
                    let back: Vec<usize> = found.order.iter().map(|&atom| order[atom]).collect();
                    assert!(back.into_iter().eq(0..atoms));
                }
            }
        }
    }

    #[test]
    fn is_the_closest_of_all_orders_of_few_atoms() {
        let (mut exact, mut all) = (0, 0);
        for atoms in 2..=6 {
            for number in 0..6 {
                let a = cluster(atoms, 3, 2 * number);
                let b = cluster(atoms, 3, 2 * number + 1);
                let found = match_atoms(&a, &b, 3).unwrap();
                let deviation = |order| moved(&a, &b, 3, order).unwrap().deviation;
                let best = orders(atoms).into_iter().map(deviation).fold(f64::INFINITY, f64::min);
                assert!(found.deviation >= best - 1e-12);
                assert!(found.deviation <= align(&b, &a, 3).unwrap().deviation);
                exact += usize::from(found.deviation < best + 1e-9);
                all += 1;
            }
        }
        // It is a heuristic: different random clusters need not be matched in the best way.
        assert!(exact * 10 >= all * 9, "{exact} of {all}");
    }

    #[test]
    fn a_mirror_image_is_not_mapped_to_its_original() {
        let theta = cluster(6, 3, 1);
        let mirrored: Vec<f64> = theta.chunks(3).flat_map(|r| [-r[0], r[1], r[2]]).collect();
        assert!(match_atoms(&theta, &mirrored, 3).unwrap().deviation > 0.05);
    }

    #[test]
    fn atoms_in_one_place_or_on_a_line_or_not_finite_are_no_trouble() {
        let line: Vec<f64> = (0..4).flat_map(|i| [f64::from(i), 0.0, 0.0]).collect();
        assert!(match_atoms(&line, &line, 3).unwrap().deviation < 1e-12);
        assert!(match_atoms(&[0.0; 9], &[0.0; 9], 3).unwrap().deviation < 1e-12);
        let broken = [0.0, 0.0, 0.0, f64::NAN, 0.0, 0.0];
        let refused = match_atoms(&line[..6], &broken, 3);
        assert!(matches!(refused, Err(AlignError::NotFinite { atom: 1 })));
    }
}
