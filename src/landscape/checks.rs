//! Checks for the tests of all analytic landscapes.

use super::AnalyticLandscape;
use super::curvature::difference_of_gradients;
use crate::kernels::dot;
use std::convert::Infallible;

/// Central differences converge to the gradient with second order in every component.
pub fn assert_gradient_is_the_derivative(formula: &dyn AnalyticLandscape, at: &[f64]) {
    let mut gradient = vec![f64::NAN; formula.dimension()];
    let value = formula.value_and_gradient(at, &mut gradient);
    assert!(
        (formula.value(at) - value).abs() <= 1e-14 * value.abs(),
        "value and value_and_gradient disagree"
    );
    // The components have different weights, so that two errors cannot cancel.
    let direction: Vec<f64> = (0..at.len()).map(|i| 1.0 / (1.0 + i as f64)).collect();
    let central = |direction: &[f64], h: f64| {
        let shifted =
            |h: f64| -> Vec<f64> { at.iter().zip(direction).map(|(x, d)| x + h * d).collect() };
        (formula.value(&shifted(h)) - formula.value(&shifted(-h))) / (2.0 * h)
    };
    let error = |h: f64| (central(&direction, h) - dot(&gradient, &direction)).abs();
    let order = (error(2e-3) / error(1e-3)).log2();
    assert!((order - 2.0).abs() < 0.05, "order {order} at {at:?}");
    let scale = gradient.iter().fold(1.0_f64, |scale, g| scale.max(g.abs()));
    for (i, g) in gradient.iter().enumerate() {
        let axis: Vec<f64> = (0..at.len()).map(|j| f64::from(u8::from(i == j))).collect();
        let difference = central(&axis, 1e-6);
        assert!(
            (difference - g).abs() < 1e-7 * scale,
            "component {i} at {at:?}: {difference} and {g}"
        );
    }
    assert_hessian_is_the_derivative(formula, at);
}

/// Products with the Hessian equal differences of gradients.
fn assert_hessian_is_the_derivative(landscape: &dyn AnalyticLandscape, at: &[f64]) {
    for i in 0..at.len() {
        let direction: Vec<f64> =
            (0..at.len()).map(|j| if i == j { 1.0 } else { 0.2 / (1.0 + j as f64) }).collect();
        let (mut exact, mut difference) = (vec![f64::NAN; at.len()], vec![f64::NAN; at.len()]);
        landscape.hessian_product(at, &direction, &mut exact);
        let gradient = |theta: &[f64], gradient: &mut [f64]| {
            landscape.value_and_gradient(theta, gradient);
            Ok::<_, Infallible>(())
        };
        let Ok(()) = difference_of_gradients(gradient, at, &direction, &mut difference);
        let scale = exact.iter().fold(1.0_f64, |scale, p| scale.max(p.abs()));
        for (j, (exact, difference)) in exact.iter().zip(&difference).enumerate() {
            assert!(
                (exact - difference).abs() < 1e-6 * scale,
                "component {j} at {at:?}: {difference} and {exact}"
            );
        }
    }
}
