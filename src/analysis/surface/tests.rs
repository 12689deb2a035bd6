use super::*;
use crate::kernels::{dot, norm};
use crate::network::{Layout, Tensor};
use crate::random::MasterSeed;

const EXACT: f64 = 1e-12;

fn solutions() -> Vec<Vec<f64>> {
    vec![vec![1.0, 2.0, -1.0, 0.5], vec![4.0, 2.0, 3.0, 0.5], vec![0.0, 5.0, 1.0, -2.5]]
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < EXACT)
}

/// Σ cₖ vₖ.
fn point(basis: &PlaneBasis, place: [f64; 2]) -> Vec<f64> {
    let mut theta = vec![0.0; basis.origin().len()];
    for (vector, c) in basis.vectors().into_iter().zip(basis.coefficients(place)) {
        theta.iter_mut().zip(vector).for_each(|(sum, x)| *sum += c * x);
    }
    theta
}

#[test]
fn a_plane_through_three_solutions_has_them_at_their_distances() {
    let solutions = solutions();
    let basis = PlaneBasis::through(&solutions).unwrap();
    let [first, second] = basis.directions() else { panic!("two directions") };
    assert!((norm(first) - 1.0).abs() < EXACT && (norm(second) - 1.0).abs() < EXACT);
    assert!(dot(first, second).abs() < EXACT);
    let places: Vec<PlanePlace> = solutions.iter().map(|theta| basis.place_of(theta)).collect();
    assert!(close(&places[0].coordinates, &[0.0, 0.0]));
    // |(3, 0, 4, 0)| = 5, and (−1, 3, 2, −3) · (3, 0, 4, 0)/5 = 1 of a length of √23.
    assert!(close(&places[1].coordinates, &[5.0, 0.0]), "{places:?}");
    assert!(close(&places[2].coordinates, &[1.0, 22.0_f64.sqrt()]), "{places:?}");
    assert!(places.iter().all(|place| place.distance < EXACT));
    for (place, solution) in places.iter().zip(&solutions) {
        assert!(close(&point(&basis, place.coordinates), solution));
    }
    // Coefficients agree with origin and directions.
    let theta = point(&basis, [0.3, -0.7]);
    for (k, x) in theta.iter().enumerate() {
        let expected = solutions[0][k] + 0.3 * first[k] - 0.7 * second[k];
        assert!((x - expected).abs() < EXACT);
    }
}

#[test]
fn a_vector_off_the_plane_has_its_distance() {
    let origin = vec![1.0, 1.0, 1.0];
    // Neither normalized nor orthogonal.
    let basis = PlaneBasis::new(origin, vec![vec![2.0, 0.0, 0.0], vec![1.0, 1.0, 0.0]]).unwrap();
    let place = basis.place_of(&[6.0, 4.0, 3.5]);
    assert!(close(&place.coordinates, &[1.0, 3.0]), "{place:?}");
    assert!((place.distance - 2.5).abs() < EXACT);
    let line = PlaneBasis::new(vec![0.0; 3], vec![vec![0.0, 2.0, 0.0]]).unwrap();
    let place = line.place_of(&[3.0, 5.0, 4.0]);
    assert!(close(&place.coordinates, &[2.5, 0.0]) && (place.distance - 5.0).abs() < EXACT);
}

#[test]
fn what_is_no_plane_is_refused() {
    let solutions = solutions();
    let equal = [solutions[0].clone(), solutions[0].clone()];
    assert_eq!(PlaneBasis::through(&equal), Err(PlaneError::NoLength { number: 1 }));
    let middle: Vec<f64> =
        solutions[0].iter().zip(&solutions[1]).map(|(a, b)| 0.25 * a + 0.75 * b).collect();
    let line = [solutions[0].clone(), solutions[1].clone(), middle];
    assert_eq!(PlaneBasis::through(&line), Err(PlaneError::Parallel));
    let zero = PlaneBasis::new(vec![0.0; 2], vec![vec![1.0, 0.0], vec![0.0, 0.0]]);
    assert_eq!(zero, Err(PlaneError::NoLength { number: 2 }));
    let straight: Vec<Vec<f64>> = (0..5).map(|k| vec![f64::from(k), 1.0, 0.0]).collect();
    assert_eq!(principal_plane(&straight, 2), Err(PlaneError::Parallel));
    assert!(principal_plane(&straight, 1).is_ok());
}

#[test]
fn points_in_a_plane_are_found_in_it() {
    // An ellipse about (1, 1, 1), with half-axes 3 along (0.6, 0.8, 0) and 1 along (0, 0, 1).
    let points: Vec<Vec<f64>> = (0..24)
        .map(|k| {
            let angle = f64::from(k) * std::f64::consts::PI / 12.0;
            let (a, b) = (-3.0 * angle.cos(), angle.sin());
            vec![1.0 + 0.6 * a, 1.0 + 0.8 * a, 1.0 + b]
        })
        .collect();
    let PrincipalPlane { basis, explained } = principal_plane(&points, 2).unwrap();
    assert!(close(basis.origin(), &[1.0; 3]));
    assert!(close(&explained, &[0.9, 0.1]), "{explained:?}");
    assert!(dot(&basis.directions()[0], &[0.6, 0.8, 0.0]).abs() > 1.0 - EXACT);
    assert!(points.iter().all(|point| basis.place_of(point).distance < EXACT));
    let first = basis.place_of(&points[0]).coordinates;
    assert!((first[0].abs() - 3.0).abs() < EXACT && first[1].abs() < EXACT, "{first:?}");
}

#[test]
fn a_random_direction_has_the_norms_of_the_filters() {
    let layout = Layout::default().with("a.weight", &[3, 2, 2], 1.0).with("a.bias", &[3], 1.0);
    let theta: Vec<f64> = (0..15).map(|k| f64::from(k) - 4.5).collect();
    let draw = |name: &str, number| {
        random_direction(layout.tensors(), &theta, MasterSeed(3), (name, number))
    };
    let direction = draw("x", 0);
    for filter in 0..3 {
        let range = 4 * filter..4 * filter + 4;
        let norms = [norm(&theta[range.clone()]), norm(&direction[range])];
        assert!((norms[0] - norms[1]).abs() < EXACT, "{norms:?}");
    }
    assert!(direction[12..].iter().all(|&x| x == 0.0), "biases have no direction");
    assert_eq!(direction, draw("x", 0));
    assert!(direction != draw("x", 1) && direction != draw("y", 0));
    let whole = Layout::default().with("x", &[15], 0.0);
    let direction = random_direction(whole.tensors(), &theta, MasterSeed(3), ("x", 0));
    assert!((norm(&direction) - norm(&theta)).abs() < EXACT);
}

/// Moments 0, 1, 3 of normal numbers, within five standard errors.
#[test]
fn components_are_normal_before_they_are_scaled() {
    let count = 20_000;
    let tensor = Tensor { name: "x".to_owned(), shape: vec![count], offset: 0, bound: 0.0 };
    let theta = vec![1.0; count];
    let direction = random_direction(&[tensor], &theta, MasterSeed(1), ("moments", 0));
    let moment = |power| direction.iter().map(|x| x.powi(power)).sum::<f64>() / count as f64;
    // The norm is that of θ, so the second moment is 1 exactly.
    assert!((moment(2) - 1.0).abs() < EXACT);
    let error = (1.0 / count as f64).sqrt();
    assert!(moment(1).abs() < 5.0 * error && moment(3).abs() < 5.0 * 15.0_f64.sqrt() * error);
    assert!((moment(4) - 3.0).abs() < 5.0 * 96.0_f64.sqrt() * error, "{}", moment(4));
}

#[test]
fn a_grid_covers_its_points_with_a_margin() {
    let extent = SurfaceGrid::around(&[[0.0, 0.0], [10.0, 0.0], [4.0, 1.0]], 2);
    assert!(close(&extent.concat(), &[-2.0, 12.0, -2.75, 3.75]), "{extent:?}");
    assert!(close(&SurfaceGrid::around(&[[3.0, 3.0]], 1)[0], &[2.675, 3.325]));
    let grid = SurfaceGrid { extent: vec![[0.0, 1.0], [2.0, 4.0]], points: 3 };
    let places = grid.places();
    assert_eq!((grid.len(), places.len()), (9, 9));
    let found = [places[1], places[3], places[8]].concat();
    assert!(close(&found, &[0.5, 2.0, 0.0, 3.0, 1.0, 4.0]), "{found:?}");
    let line = SurfaceGrid { extent: vec![[-1.0, 1.0]], points: 5 };
    assert!(close(&line.places()[3], &[0.5, 0.0]));
}
