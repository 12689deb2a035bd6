//! Lennard-Jones clusters: published minima and transition states.
//!
//! Energies of 7 atoms: the landscape that `topography-searcher` of IBM computes as an example
//! (four minima, transition states −15.44473, −15.31986 and −15.28342 from the capped octahedron to
//! the others); of 13 atoms: the first transition state of the data set of D. J. Wales's group,
//! between the two lowest minima, −40.4326640775. The coordinates were computed with this program.
//! They have three decimals and are minimized before use.

use super::{certificate, is_close};
use crate::landscape::{AnalyticLandscape, Landscape, LennardJones};
use crate::optimizer::{MinimizationParameters, minimize};
use crate::path::refine::Destination;

/// The pentagonal bipyramid, −16.505384.
#[rustfmt::skip]
const BIPYRAMID: [f64; 21] = [
    -0.563, 0.658, 0.405, 0.280, 0.110, 0.908, 0.365, 0.412, -0.162,
    -0.365, -0.412, 0.162, 0.736, -0.590, 0.156, 0.175, -0.475, -0.811,
    -0.628, 0.297, -0.657,
];
/// The capped octahedron, −15.935043, with the numbers of the atoms of the minimum beside it.
#[rustfmt::skip]
const OCTAHEDRON_1: [f64; 21] = [
    -0.335, 0.607, 0.069, 0.212, 0.082, 0.887, 0.773, 0.491, 0.012,
    -0.443, -0.500, 0.197, 0.665, -0.614, 0.140, 0.119, -0.091, -0.680,
    -0.991, 0.024, -0.624,
];
/// The tricapped tetrahedron, −15.593211.
#[rustfmt::skip]
const TETRAHEDRON: [f64; 21] = [
    0.564, 0.503, 0.043, 0.032, 0.391, 1.020, -0.940, -0.467, -0.306,
    0.005, -0.444, 0.284, -0.022, -0.015, -0.757, 0.914, -0.480, -0.359,
    -0.554, 0.511, 0.075,
];
/// The capped octahedron, −15.935043, with the numbers of the atoms of the minimum beside it.
#[rustfmt::skip]
const OCTAHEDRON_2: [f64; 21] = [
    0.565, 0.403, 0.063, 0.033, 0.546, 1.036, -0.575, -0.584, -0.409,
    0.012, -0.451, 0.531, -0.023, 0.268, -0.875, 0.542, -0.592, -0.440,
    -0.554, 0.411, 0.095,
];
/// The bicapped trigonal bipyramid, −15.533060.
#[rustfmt::skip]
const TRIGONAL: [f64; 21] = [
    0.746, 0.534, 0.099, 0.647, -0.174, 0.964, -0.592, -0.623, -0.337,
    -0.259, 0.149, 0.398, 0.010, 0.255, -0.692, 0.491, -0.544, -0.078,
    -1.044, 0.403, -0.353,
];
/// The capped octahedron, −15.935043, with the numbers of the atoms of the minimum beside it.
#[rustfmt::skip]
const OCTAHEDRON_3: [f64; 21] = [
    0.775, 0.467, 0.140, 0.350, -0.353, 0.769, -0.417, -0.558, -0.015,
    -0.307, 0.473, 0.409, 0.009, 0.264, -0.645, 0.666, -0.562, -0.282,
    -1.076, 0.269, -0.377,
];
/// The icosahedron, −44.326801.
#[rustfmt::skip]
const ICOSAHEDRON: [f64; 39] = [
    -0.000, 0.000, -0.000, 0.550, 0.924, -0.116, -1.044, 0.089, 0.270,
    0.721, 0.235, 0.772, -0.541, 0.834, -0.427, -0.721, -0.235, -0.772,
    -0.550, -0.924, 0.116, 0.259, -0.805, -0.675, -0.259, 0.805, 0.675,
    -0.264, -0.282, 1.011, 1.044, -0.089, -0.270, 0.541, -0.834, 0.427,
    0.264, 0.282, -1.011,
];
/// The second-lowest minimum of 13 atoms, −41.471980.
#[rustfmt::skip]
const DEFECT: [f64; 39] = [
    0.157, -0.085, 0.154, 0.787, 0.793, 0.111, -0.817, 0.045, 0.631,
    0.116, 0.552, 1.027, -0.703, 0.954, -1.001, -0.731, -0.032, -0.485,
    -0.527, -0.937, 0.146, 0.130, -0.703, -0.746, -0.335, 0.882, 0.047,
    -0.008, -0.599, 1.091, 1.086, -0.215, -0.384, 0.592, -1.073, 0.218,
    0.253, 0.417, -0.809,
];

fn cluster(theta: &[f64]) -> LennardJones {
    LennardJones::new(theta.len() / 3, 3).unwrap()
}

fn energy(theta: &[f64]) -> f64 {
    Landscape::value(&cluster(theta), theta).unwrap()
}

fn minimized(theta: &[f64]) -> Vec<f64> {
    minimize(&cluster(theta), theta, &MinimizationParameters::default()).unwrap().theta
}

/// The two endpoints: the second one is rotated and shifted, and then aligned with the first.
fn ends(a: &[f64], b: &[f64]) -> [Vec<f64>; 2] {
    let (a, b) = (minimized(a), minimized(b));
    let (sin, cos) = 2.0_f64.sin_cos();
    let turned: Vec<f64> = b
        .chunks(3)
        .flat_map(|r| [cos * r[0] - sin * r[2] + 0.3, r[1] - 1.0, sin * r[0] + cos * r[2]])
        .collect();
    let aligned = cluster(&a).align(&turned, &a).unwrap().theta;
    [a, aligned]
}

#[test]
fn seven_atoms_reach_the_published_transition_states() {
    for (minimum, octahedron, height, published) in [
        (&BIPYRAMID, &OCTAHEDRON_1, -15.444_733_800, -15.444_73),
        (&TETRAHEDRON, &OCTAHEDRON_2, -15.319_864_441, -15.319_86),
        (&TRIGONAL, &OCTAHEDRON_3, -15.283_421_275, -15.283_42),
    ] {
        let [a, b] = ends(minimum, octahedron);
        let found = certificate(&cluster(&a), &[&a, &b]);
        let low = energy(&a).min(energy(&b));
        is_close(&found, height, low);
        assert!((found.height - published).abs() < 5e-6, "{}", found.height);
        assert_eq!((found.saddles.len(), found.descending), (1, 1));
    }
}

#[test]
fn thirteen_atoms_reach_the_published_transition_state() {
    let [a, b] = ends(&ICOSAHEDRON, &DEFECT);
    let found = certificate(&cluster(&a), &[&a, &b]);
    is_close(&found, -40.432_664_077_5, energy(&a));
    assert!(found.sides.iter().all(|side| side.place != Destination::Point), "{:?}", found.sides);
}

/// A landscape that declares no null directions.
struct Silent<'a>(&'a LennardJones);

impl AnalyticLandscape for Silent<'_> {
    fn dimension(&self) -> usize {
        AnalyticLandscape::dimension(self.0)
    }

    fn value(&self, theta: &[f64]) -> f64 {
        AnalyticLandscape::value(self.0, theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        AnalyticLandscape::value_and_gradient(self.0, theta, gradient)
    }
}

#[test]
fn null_directions_need_not_be_declared() {
    let [a, b] = ends(&BIPYRAMID, &OCTAHEDRON_1);
    let landscape = cluster(&a);
    let silent = certificate(&Silent(&landscape), &[&a, &b]);
    is_close(&silent, -15.444_733_800, energy(&a));
    // Its second eigenvalue is that of a rotation.
    assert!(silent.eigenvalues[1].value.abs() < 1e-3, "{:?}", silent.eigenvalues);
    let found = certificate(&landscape, &[&a, &b]);
    assert!(found.eigenvalues[1].value > 1.0, "{:?}", found.eigenvalues);
}

#[test]
fn clusters_do_not_change_along_their_null_directions() {
    let theta = &ICOSAHEDRON[..];
    let landscape = cluster(theta);
    let directions = Landscape::null_directions(&landscape, theta);
    assert_eq!(directions.len(), 6);
    for direction in directions {
        let moved: Vec<f64> = theta.iter().zip(&direction).map(|(x, d)| x + 1e-4 * d).collect();
        let change = energy(&moved) - energy(theta);
        assert!(change.abs() < 1e-4 * 1e-4, "{change}");
    }
}
