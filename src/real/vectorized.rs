//! exp, softplus, sigmoid and tanh of `f32` slices, written so that the compiler turns the loops into
//! vector instructions.
//!
//! A scalar call of the C library per activation would cost as much as the products of the layer.
//! Relative errors are below 4e-7 (tested over the whole range), about three units in the last place.

#![expect(clippy::inline_always, reason = "a function compiled for one set of vector instructions must contain its loops")]

use super::dispatch::{Simd, dispatched, multiply_add};

/// Horner's scheme; the coefficient of the highest power first.
#[inline(always)]
fn polynomial<S: Simd>(simd: S, x: f32, coefficients: &[f32]) -> f32 {
    coefficients.iter().fold(0.0, |sum, &c| multiply_add(simd, sum, x, c))
}

/// eˣ = 2ⁿ e^r with n the integer nearest to x / ln 2, |r| ≤ ln 2 / 2, and e^r by its series to r⁷.
/// Below −87.3 the result is the smallest normal number, above 88.37 about 2.4e38; NaN stays NaN.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: f32) -> f32 {
    // Adding 1.5 · 2²³ leaves n in the low bits of the mantissa: no conversion to an integer.
    const SHIFT: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const SERIES: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let clamped = if x < -87.336_54 { -87.336_54 } else { x };
    let clamped = if clamped > 88.37 { 88.37 } else { clamped };
    let shifted = multiply_add(simd, clamped, std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = multiply_add(simd, n, -LN_2_LOW, multiply_add(simd, n, -LN_2_HIGH, clamped));
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    polynomial(simd, r, &SERIES) * power
}

/// ln(1 + u) for 0 ≤ u ≤ 1 as 2 artanh(u / (2 + u)): the series to s¹⁵, s ≤ 1/3, has no cancellation.
#[inline(always)]
fn ln_1p<S: Simd>(simd: S, u: f32) -> f32 {
    const SERIES: [f32; 8] = [1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let s = u / (2.0 + u);
    2.0 * s * polynomial(simd, s * s, &SERIES)
}

#[inline(always)]
fn softplus<S: Simd>(simd: S, x: f32) -> f32 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + ln_1p(simd, exp(simd, -x.abs()))
}

/// 1 − e^(−a) for a ≥ 0: by its series below 1/2, where the subtraction would cancel.
#[inline(always)]
fn softplus_slope<S: Simd>(simd: S, a: f32) -> f32 {
    const SERIES: [f32; 8] = [-1.0 / 40320.0, 1.0 / 5040.0, -1.0 / 720.0, 1.0 / 120.0, -1.0 / 24.0, 1.0 / 6.0, -0.5, 1.0];
    let small = a * polynomial(simd, a, &SERIES);
    let large = 1.0 - exp(simd, -a);
    if a < 0.5 { small } else { large }
}

/// 1 / (1 + e^(−x)). Both directions are relative: e^(−x) of a very negative x is cut off near 2e38,
/// which leaves 4e-39 there.
#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: f32) -> f32 {
    1.0 / (1.0 + exp(simd, -x))
}

/// (e^(2|x|) − 1) / (e^(2|x|) + 1) with the sign of x; below 0.7, where that would cancel, the fifth
/// convergent of Lambert's continued fraction x / (1 + x² / (3 + x² / (5 + …))), off by less than
/// 1e-8 there. The two share one division.
#[inline(always)]
fn tanh<S: Simd>(simd: S, x: f32) -> f32 {
    let square = x * x;
    let small_over = x * polynomial(simd, square, &[1.0, 105.0, 945.0]);
    let small_under = polynomial(simd, square, &[15.0, 420.0, 945.0]);
    let e = exp(simd, 2.0 * x.abs());
    let large_over = (e - 1.0).copysign(x);
    let is_small = x.abs() < 0.7;
    (if is_small { small_over } else { large_over }) / (if is_small { small_under } else { e + 1.0 })
}

dispatched! {
    /// x ← eˣ.
    pub(super) fn exp_all(simd, values: &mut [f32]) {
        for x in values {
            *x = exp(simd, *x);
        }
    }
}

dispatched! {
    /// x ← ln(1 + eˣ).
    pub(super) fn softplus_all(simd, values: &mut [f32]) {
        for x in values {
            *x = softplus(simd, *x);
        }
    }
}

dispatched! {
    /// δ ← δ (1 − e^(−a)).
    pub(super) fn softplus_slope_all(simd, deltas: &mut [f32], outputs: &[f32]) {
        deltas.iter_mut().zip(outputs).for_each(|(delta, &a)| *delta *= softplus_slope(simd, a));
    }
}

dispatched! {
    /// x ← 1 / (1 + e^(−x)).
    pub(super) fn sigmoid_all(simd, values: &mut [f32]) {
        for x in values {
            *x = sigmoid(simd, *x);
        }
    }
}

dispatched! {
    /// x ← tanh(x).
    pub(super) fn tanh_all(simd, values: &mut [f32]) {
        for x in values {
            *x = tanh(simd, *x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::Real;

    /// 200 001 numbers over [−100, 88], and powers of ten of both signs.
    fn samples() -> Vec<f32> {
        let grid = (0..=200_000_u32).map(|i| -100.0 + f64::from(i) * 188.0 / 200_000.0);
        let powers = (-30..2).flat_map(|p| [1.0, -1.0].map(|sign| sign * 10_f64.powi(p)));
        grid.chain(powers).map(|x| x as f32).collect()
    }

    /// Largest |got − expected| / expected where the result is a normal number.
    fn worst(got: &[f32], expected: impl Iterator<Item = f64>) -> f64 {
        got.iter()
            .zip(expected)
            .filter(|(_, exact)| *exact > 1.2e-38)
            .map(|(&value, exact)| (f64::from(value) - exact).abs() / exact)
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_is_accurate_to_4e_7() {
        let mut values = samples();
        let exact: Vec<f64> = values.iter().map(|&x| f64::from(x).exp()).collect();
        exp_all(&mut values);
        let error = worst(&values, exact.into_iter());
        assert!(error < 4e-7, "relative error {error:e}");
        let mut tiny = [-1e30_f32, f32::NEG_INFINITY, f32::NAN, f32::INFINITY];
        exp_all(&mut tiny);
        assert!(tiny[0] < 2e-38 && tiny[1] < 2e-38 && tiny[2].is_nan() && tiny[3] > 1e38, "{tiny:?}");
    }

    #[test]
    fn softplus_and_its_slope_are_accurate_to_4e_7() {
        let inputs = samples();
        let mut values = inputs.clone();
        softplus_all(&mut values);
        let mut exact: Vec<f64> = inputs.iter().map(|&x| x.wide()).collect();
        f64::softplus_all(&mut exact);
        let error = worst(&values, exact.iter().copied());
        assert!(error < 4e-7, "softplus: relative error {error:e}");

        let mut slopes = vec![1.0_f32; values.len()];
        softplus_slope_all(&mut slopes, &values);
        let error = worst(&slopes, values.iter().map(|&a| -(-f64::from(a)).exp_m1()));
        assert!(error < 4e-7, "slope: relative error {error:e}");
        let mut nan = [f32::NAN];
        softplus_all(&mut nan);
        assert!(nan[0].is_nan());
    }

    #[test]
    fn sigmoid_is_accurate_to_4e_7_and_does_not_overflow() {
        let inputs = samples();
        let mut values = inputs.clone();
        sigmoid_all(&mut values);
        // Below −87 the exact value leaves the normal numbers.
        let exact = |x: f32| if x < -87.0 { 0.0 } else { 1.0 / (1.0 + (-x.wide()).exp()) };
        let error = worst(&values, inputs.iter().map(|&x| exact(x)));
        assert!(error < 4e-7, "relative error {error:e}");
        let mut far = [-1e30_f32, f32::NEG_INFINITY, 1e30, f32::INFINITY, f32::NAN];
        sigmoid_all(&mut far);
        assert!(far[..2].iter().all(|s| (0.0..2e-38).contains(s)) && far[2..4] == [1.0, 1.0] && far[4].is_nan(), "{far:?}");
    }

    #[test]
    fn tanh_is_odd_and_accurate_to_4e_7_relative_to_itself_near_0_too() {
        let inputs: Vec<f32> = samples().into_iter().map(|x| 0.1 * x).chain(samples()).collect();
        let mut values = inputs.clone();
        tanh_all(&mut values);
        let mut mirrored: Vec<f32> = inputs.iter().map(|x| -x).collect();
        tanh_all(&mut mirrored);
        assert!(values.iter().zip(&mirrored).all(|(a, b)| a.to_bits() == (-b).to_bits()));
        let magnitudes: Vec<f32> = values.iter().zip(&inputs).map(|(value, x)| value * x.signum()).collect();
        let error = worst(&magnitudes, inputs.iter().map(|x| x.wide().abs().tanh()));
        assert!(error < 4e-7, "relative error {error:e}");
        assert!(magnitudes.iter().all(|&value| value <= 1.0));
        let mut far = [-1e30_f32, f32::NEG_INFINITY, 1e30, f32::INFINITY, f32::NAN, 0.0];
        tanh_all(&mut far);
        assert!(far[..4] == [-1.0, -1.0, 1.0, 1.0] && far[4].is_nan() && far[5] == 0.0, "{far:?}");
    }

    #[test]
    fn the_f64_sigmoid_is_relative_on_both_sides_and_finite_everywhere() {
        let mut values = [-800.0, -40.0, 0.0, 40.0, 800.0_f64];
        f64::sigmoid_all(&mut values);
        assert!(values[0] < 1e-300 && (values[2] - 0.5).abs() < 1e-16 && values[4] >= 1.0, "{values:?}");
        assert!((values[1] / f64::exp(-40.0) - 1.0).abs() < 1e-15 && (1.0 - values[3]) < 1e-16, "{values:?}");
    }

    #[test]
    fn the_f64_slope_is_the_derivative_of_softplus() {
        for x in [-30.0, -3.0, -0.1, 0.0, 0.2, 4.0, 40.0] {
            let mut output = [x];
            f64::softplus_all(&mut output);
            let mut slope = [1.0];
            f64::softplus_slope_all(&mut slope, &output);
            let logistic = 1.0 / (1.0 + f64::exp(-x));
            assert!((slope[0] - logistic).abs() < 1e-15 + 1e-12 * logistic, "x = {x}: {} and {logistic}", slope[0]);
        }
    }
}
