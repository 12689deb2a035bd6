//! Properties of the curves of every path method.

use super::*;
use crate::landscape::{Landscape, Squared, TwoWells};
use crate::network::Value;
use std::collections::BTreeSet;

const LAMBDA: f64 = 7.0;

/// Every method of the registry, with its defaults and with 1 and 5 for its counts.
fn chosen() -> Vec<ChosenMethod> {
    let with = |method: &'static PathMethod, count| {
        let chosen = ChosenMethod::with_defaults(method);
        let counts = method.keys.iter().filter(|key| matches!(key.default(), Value::Count(_)));
        counts.fold(chosen, |chosen, key| chosen.with(key.name, Value::Count(count)))
    };
    let of = |&method| [ChosenMethod::with_defaults(method), with(method, 1), with(method, 5)];
    METHODS.iter().flat_map(of).collect()
}

/// A curve away from the straight line.
fn bent(chosen: &ChosenMethod) -> Box<dyn Curve<f64>> {
    let [a, b] = TwoWells::ENDPOINTS;
    let mut curve = chosen.straight([&a, &b]);
    let free = curve.free_mut().iter_mut().enumerate();
    free.for_each(|(i, x)| *x = 0.1 * (1.3 * i as f64).cos());
    curve
}

fn points(curve: &dyn Curve<f64>, parameters: &[f64]) -> Vec<[f64; 2]> {
    let at = |&t: &f64| {
        let mut point = [f64::NAN; 2];
        curve.point(t, &mut point);
        point
    };
    parameters.iter().map(at).collect()
}

#[test]
fn names_tell_methods_and_keys_apart() {
    let names: BTreeSet<_> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(names.len(), METHODS.len());
    let keys: BTreeSet<_> =
        METHODS.iter().flat_map(|method| method.keys).map(|key| key.name).collect();
    assert_eq!(keys.len(), METHODS.iter().map(|method| method.keys.len()).sum::<usize>());
}

#[test]
fn a_search_begins_on_the_straight_line_and_the_ends_are_pinned_to_the_bit() {
    let (parameters, [a, b]) = (equally_spaced(21), TwoWells::ENDPOINTS);
    for chosen in chosen() {
        let straight = chosen.straight([&a, &b]);
        for (t, point) in parameters.iter().zip(points(&*straight, &parameters)) {
            let near =
                |axis: usize| ((1.0 - t) * a[axis] + t * b[axis] - point[axis]).abs() < 1e-15;
            assert!(near(0) && near(1), "{chosen:?} at {t}: {point:?}");
        }
        let bent = points(&*bent(&chosen), &parameters);
        assert_eq!([bent[0], bent[20]], [a, b], "{chosen:?}");
        let [x, y] = points(&*straight, &parameters)[10];
        assert!((bent[10][0] - x).hypot(bent[10][1] - y) > 1e-3, "{chosen:?} does not bend");
    }
}

#[test]
fn the_gradients_are_those_of_the_sum_and_of_the_penalty() {
    for chosen in chosen() {
        let curve = bent(&chosen);
        let grid = curve.grid(&equally_spaced(21));
        let heights = |curve: &dyn Curve<f64>| TwoWells.values_at(&curve.points(&grid)).unwrap();
        let sum = |curve: &dyn Curve<f64>| heights(curve).iter().sum::<f64>();
        let mut of_sum = vec![f64::NAN; curve.free().len()];
        let mut of_penalty = vec![0.0; curve.free().len()];
        assert_eq!(
            curve.pull_back(&TwoWells, &grid, &mut of_sum).unwrap(),
            heights(&*curve),
            "{chosen:?}"
        );
        curve.add_penalty_gradient(&grid, LAMBDA, &mut of_penalty);
        for i in 0..curve.free().len() {
            let shifted = |h: f64| {
                let mut curve = curve.clone();
                curve.free_mut()[i] += h;
                [sum(&*curve), curve.penalty(&grid, LAMBDA)]
            };
            let ([sum, penalty], [sum_before, penalty_before]) = (shifted(1e-5), shifted(-1e-5));
            let quotients = [(sum - sum_before) / 2e-5, (penalty - penalty_before) / 2e-5];
            let near = |a: f64, b: f64| (a - b).abs() < 1e-7;
            let found = [of_sum[i], of_penalty[i]];
            assert!(
                near(quotients[0], found[0]) && near(quotients[1], found[1]),
                "component {i} of {chosen:?}: {quotients:?} and {found:?}"
            );
        }
    }
}

#[test]
fn steps_and_lengths_are_those_between_the_points() {
    for chosen in chosen() {
        let (curve, parameters) = (bent(&chosen), equally_spaced(11));
        let grid = curve.grid(&parameters);
        let points = points(&*curve, &parameters);
        let direct: Vec<f64> = points
            .windows(2)
            .map(|w| (w[1][0] - w[0][0]).powi(2) + (w[1][1] - w[0][1]).powi(2))
            .collect();
        let near = |(a, b): (f64, f64)| (a - b).abs() < 1e-13;
        assert!(
            curve.squared_steps(&grid).into_iter().zip(direct.iter().copied()).all(near),
            "{chosen:?}"
        );
        assert!(
            near((curve.length(&grid), direct.iter().map(|step| step.sqrt()).sum())),
            "{chosen:?}"
        );
        let ends = (points[10][0] - points[0][0]).hypot(points[10][1] - points[0][1]);
        assert!(near((curve.endpoint_distance(), ends)), "{chosen:?}");
    }
}

#[test]
fn a_dense_grid_contains_the_grid_in_single_precision_too() {
    for chosen in chosen() {
        let curve = chosen.straight::<f32>([&[0.0], &[1.0]]);
        let (coarse, fine) = (curve.grid(&equally_spaced(51)), curve.grid(&equally_spaced(501)));
        for m in 0..51 {
            let difference = &coarse.coefficients().row(m) - &fine.coefficients().row(10 * m);
            assert!(difference.iter().all(|d| d.abs() < 1e-6), "{chosen:?}: {difference}");
        }
    }
}

/// Each curve is compared with the formula in its file.
#[test]
fn the_curves_are_what_their_methods_say() {
    let [a, b] = TwoWells::ENDPOINTS;
    let knots = [a, [0.2, -0.3], [0.7, 0.1], b];
    let mut polyline = ChosenMethod::polyline(2).straight([&a, &b]);
    for (n, t) in [(1, 1.0 / 3.0), (2, 2.0 / 3.0)] {
        for axis in 0..2 {
            polyline.free_mut()[2 * (n - 1) + axis] =
                knots[n][axis] - ((1.0 - t) * a[axis] + t * b[axis]);
        }
    }
    let fourier = bent(&ChosenMethod::fourier(4));
    for t in (0..=30).map(|i| f64::from(i) / 30.0) {
        let segment = ((3.0 * t) as usize).min(2);
        let along = 3.0 * t - segment as f64;
        let [on_chain, on_sines] = [&polyline, &fourier].map(|curve| points(&**curve, &[t])[0]);
        for axis in 0..2 {
            let expected = (1.0 - along) * knots[segment][axis] + along * knots[segment + 1][axis];
            assert!((on_chain[axis] - expected).abs() < 1e-14, "polyline at {t}");
            let sine = |n: usize| {
                fourier.free()[2 * (n - 1) + axis] * (n as f64 * std::f64::consts::PI * t).sin()
            };
            let expected = (1.0 - t) * a[axis] + t * b[axis] + (1..=4).map(sine).sum::<f64>();
            assert!((on_sines[axis] - expected).abs() < 1e-14, "Fourier at {t}");
        }
    }
}

/// The lowest pass has 0.624, the straight line 1.102.
#[test]
fn every_method_finds_the_way_around_the_bumps() {
    let [a, b] = TwoWells::ENDPOINTS;
    for method in METHODS {
        let parameters = PathParameters {
            method: ChosenMethod::with_defaults(method),
            points: 101,
            lambda: 10.0,
            steps: 300,
            learning_rate: 0.01,
            ..PathParameters::default()
        };
        let found =
            find_path_for(&Squared(TwoWells), &TwoWells, [&a, &b], &parameters, &mut |_, _| true);
        let found = found.unwrap().unwrap().result;
        assert!(
            (found.straight_barrier - 1.102).abs() < 1e-3,
            "{method:?}: {}",
            found.straight_barrier
        );
        assert!((0.624..0.70).contains(&found.fine_barrier), "{method:?}: {}", found.fine_barrier);
    }
}
