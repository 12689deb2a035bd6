//! exp and softplus of `f32` slices, written so that the compiler turns the loops into vector
//! instructions, and compiled three times: one binary uses what the machine at hand has.
//!
//! A scalar call of the C library per activation would cost as much as the products of the layer.
//! Relative errors are below 4e-7 (tested over the whole range), about three units in the last place.

// A call inside the loops would keep them from being vectorized.
#![allow(clippy::inline_always)]

/// `a · b + c`, fused where the instruction exists: without it, `mul_add` is a slow library call.
#[inline(always)]
fn multiply_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Horner's scheme; the coefficient of the highest power first.
#[inline(always)]
fn polynomial<const FUSED: bool>(x: f32, coefficients: &[f32]) -> f32 {
    coefficients.iter().fold(0.0, |sum, &c| multiply_add::<FUSED>(sum, x, c))
}

/// eˣ = 2ⁿ e^r with n the integer nearest to x / ln 2, |r| ≤ ln 2 / 2, and e^r by its series to r⁷.
/// Below −87.3 the result is the smallest normal number, above 88.37 about 2.4e38; NaN stays NaN.
#[inline(always)]
fn exp<const FUSED: bool>(x: f32) -> f32 {
    // Adding 1.5 · 2²³ leaves n in the low bits of the mantissa: no conversion to an integer.
    const SHIFT: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const SERIES: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let clamped = if x < -87.336_54 { -87.336_54 } else { x };
    let clamped = if clamped > 88.37 { 88.37 } else { clamped };
    let shifted = multiply_add::<FUSED>(clamped, std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = multiply_add::<FUSED>(n, -LN_2_LOW, multiply_add::<FUSED>(n, -LN_2_HIGH, clamped));
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    polynomial::<FUSED>(r, &SERIES) * power
}

/// ln(1 + u) for 0 ≤ u ≤ 1 as 2 artanh(u / (2 + u)): the series to s¹⁵, s ≤ 1/3, has no cancellation.
#[inline(always)]
fn ln_1p<const FUSED: bool>(u: f32) -> f32 {
    const SERIES: [f32; 8] = [1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let s = u / (2.0 + u);
    2.0 * s * polynomial::<FUSED>(s * s, &SERIES)
}

#[inline(always)]
fn softplus<const FUSED: bool>(x: f32) -> f32 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + ln_1p::<FUSED>(exp::<FUSED>(-x.abs()))
}

/// 1 − e^(−a) for a ≥ 0: by its series below 1/2, where the subtraction would cancel.
#[inline(always)]
fn softplus_slope<const FUSED: bool>(a: f32) -> f32 {
    const SERIES: [f32; 8] =
        [-1.0 / 40320.0, 1.0 / 5040.0, -1.0 / 720.0, 1.0 / 120.0, -1.0 / 24.0, 1.0 / 6.0, -0.5, 1.0];
    let small = a * polynomial::<FUSED>(a, &SERIES);
    let large = 1.0 - exp::<FUSED>(-a);
    if a < 0.5 { small } else { large }
}

/// Compiles a loop for AVX-512, for AVX2 with FMA and for any machine, and picks one at run time.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $kind:ty),*), $body:expr) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $kind),*) {
            #[inline(always)]
            fn body<const FUSED: bool>($($argument: $kind),*) {
                $body
            }
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,fma")]
                fn avx512($($argument: $kind),*) {
                    body::<true>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($argument: $kind),*) {
                    body::<true>($($argument),*);
                }
                let fma = is_x86_feature_detected!("fma");
                let wide = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl");
                if fma && wide {
                    // SAFETY: the machine has the features this version was compiled for.
                    return unsafe { avx512($($argument),*) };
                }
                if fma && is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { avx2($($argument),*) };
                }
            }
            body::<false>($($argument),*);
        }
    };
}

dispatched!(
    /// x ← eˣ.
    exp_all(values: &mut [f32]),
    values.iter_mut().for_each(|x| *x = exp::<FUSED>(*x))
);

dispatched!(
    /// x ← ln(1 + eˣ).
    softplus_all(values: &mut [f32]),
    values.iter_mut().for_each(|x| *x = softplus::<FUSED>(*x))
);

dispatched!(
    /// δ ← δ (1 − e^(−a)).
    softplus_slope_all(deltas: &mut [f32], outputs: &[f32]),
    deltas.iter_mut().zip(outputs).for_each(|(delta, &a)| *delta *= softplus_slope::<FUSED>(a))
);

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
