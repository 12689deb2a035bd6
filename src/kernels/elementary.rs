//! exp, softplus, sigmoid, tanh, GELU and SiLU for loops that the compiler vectorizes.
//!
//! A scalar call of the C library for each activation would take as long as the products of the
//! layer. For `f32` relative errors are below 4e-7 (tested over the whole range), about three units
//! in the last place. `f64` uses the functions of the standard library and serves as the reference.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::dispatch::{Simd, multiply_add};
use num_traits::Float;
use std::f64::consts::FRAC_1_SQRT_2;

/// φ(0) = 1/√(2π).
const DENSITY_AT_0: f64 = 0.398_942_280_401_432_7;

/// Where Φ(−x) is below the smallest normal `f32`, with some distance.
const FAR: f32 = 14.5;

/// Φ(−x) = e^(−x²/2) t p(t) for 0 ≤ x ≤ 14.5 and t = 1/(1 + 0.3 x); p interpolates at the zeros of
/// the Chebyshev polynomial of tenth order in t, with a relative error of 3e-8.
const TAIL: [f32; 10] = [
    0.119_687_75,
    0.119_550_43,
    0.110_418_41,
    0.077_517_904,
    0.098_711_38,
    -0.084_213_48,
    0.197_550_58,
    -0.232_524_41,
    0.114_257_455,
    -0.020_956_025,
];

/// Functions of one number, to be called in the loops of `dispatched!`.
pub trait Elementary: Float {
    /// eˣ.
    fn exp_with<S: Simd>(simd: S, x: Self) -> Self;

    /// ln(1 + eˣ) as max(x, 0) + ln(1 + e^(−|x|)): no overflow, and small values keep their
    /// relative precision.
    fn softplus<S: Simd>(simd: S, x: Self) -> Self;

    /// softplus'(x) = 1 − e^(−a), given a = softplus(x): no second logarithm.
    fn softplus_slope<S: Simd>(simd: S, a: Self) -> Self;

    /// σ(x) = 1 / (1 + e^(−x)). Never overflows, and keeps its relative precision on the side of 0
    /// down to the smallest normal number.
    fn sigmoid<S: Simd>(simd: S, x: Self) -> Self;

    /// tanh(x), with relative precision at 0 too.
    fn tanh_with<S: Simd>(simd: S, x: Self) -> Self;

    /// x Φ(x) and its slope Φ(x) + x φ(x), with the distribution function and the density of the
    /// normal distribution. The value keeps its relative precision on both sides, which x (1 +
    /// erf(x/√2))/2 loses below −1.
    fn gelu_and_slope<S: Simd>(simd: S, x: Self) -> (Self, Self);

    /// x σ(x) and its slope σ(x) (1 + x σ(−x)).
    fn silu_and_slope<S: Simd>(simd: S, x: Self) -> (Self, Self);

    /// The gray value of a pixel, p/255.
    ///
    /// The number nearest to p/255; a product with 1/255, which is already rounded, would put 126
    /// of the 256 values in `f32` one unit off.
    fn gray(pixel: u8) -> Self;
}

impl Elementary for f64 {
    #[inline(always)]
    fn exp_with<S: Simd>(_: S, x: Self) -> Self {
        x.exp()
    }
    #[inline(always)]
    fn softplus<S: Simd>(_: S, x: Self) -> Self {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }
    #[inline(always)]
    fn softplus_slope<S: Simd>(_: S, a: Self) -> Self {
        -(-a).exp_m1()
    }
    #[inline(always)]
    fn sigmoid<S: Simd>(_: S, x: Self) -> Self {
        1.0 / (1.0 + (-x).exp())
    }
    #[inline(always)]
    fn tanh_with<S: Simd>(_: S, x: Self) -> Self {
        x.tanh()
    }
    #[inline(always)]
    fn gelu_and_slope<S: Simd>(_: S, x: Self) -> (Self, Self) {
        let below = 0.5 * libm::erfc(-x * FRAC_1_SQRT_2);
        // Beyond, Φ is 0; −∞ times 0 would be NaN.
        let value = below * if x < -40.0 { -40.0 } else { x };
        let bounded = if x.abs() > 40.0 { 40.0_f64.copysign(x) } else { x };
        (value, below + bounded * DENSITY_AT_0 * (-0.5 * bounded * bounded).exp())
    }
    #[inline(always)]
    fn silu_and_slope<S: Simd>(_: S, x: Self) -> (Self, Self) {
        let e = (-x.abs()).exp();
        let (larger, smaller) = (1.0 / (1.0 + e), e / (1.0 + e));
        let (sigmoid, rest) = if x < 0.0 { (smaller, larger) } else { (larger, smaller) };
        // Beyond, σ is 0; −∞ times 0 would be NaN.
        let value = sigmoid * if x < -800.0 { -800.0 } else { x };
        let bounded = if x > 800.0 { 800.0 } else { value };
        (value, sigmoid + bounded * rest)
    }
    #[inline(always)]
    fn gray(pixel: u8) -> Self {
        f64::from(pixel) / 255.0
    }
}

impl Elementary for f32 {
    #[inline(always)]
    fn exp_with<S: Simd>(simd: S, x: Self) -> Self {
        let (power, e_m1) = exp_parts(simd, x);
        multiply_add(simd, power, e_m1, power)
    }
    #[inline(always)]
    fn softplus<S: Simd>(simd: S, x: Self) -> Self {
        let positive = if x < 0.0 { 0.0 } else { x };
        positive + ln_1p(simd, Self::exp_with(simd, -x.abs()))
    }
    #[inline(always)]
    fn softplus_slope<S: Simd>(simd: S, a: Self) -> Self {
        -exp_m1(simd, -a)
    }
    #[inline(always)]
    fn sigmoid<S: Simd>(simd: S, x: Self) -> Self {
        // e^(−x) of a very negative x is cut off near 2e38, which leaves 4e-39.
        1.0 / (1.0 + Self::exp_with(simd, -x))
    }
    #[inline(always)]
    fn tanh_with<S: Simd>(simd: S, x: Self) -> Self {
        // (e^(2|x|) − 1) / (e^(2|x|) + 1) with the sign of x; beyond 20 the quotient is 1.
        let double = 2.0 * x.abs();
        let e_m1 = exp_m1(simd, if double > 20.0 { 20.0 } else { double });
        (e_m1 / (e_m1 + 2.0)).copysign(x)
    }
    #[inline(always)]
    fn gelu_and_slope<S: Simd>(simd: S, x: Self) -> (Self, Self) {
        // Beyond, Φ is 0 or 1.
        let far = if x.abs() > FAR { FAR } else { x.abs() };
        let bell = gaussian(simd, far);
        let t = 1.0 / multiply_add(simd, 0.3, far, 1.0);
        let tail = bell * (t * nonic(simd, t, TAIL));
        let (below, bounded) = if x < 0.0 { (tail, -far) } else { (1.0 - tail, far) };
        let value = below * if x < -FAR { -FAR } else { x };
        (value, multiply_add(simd, bounded * DENSITY_AT_0 as f32, bell, below))
    }
    #[inline(always)]
    fn silu_and_slope<S: Simd>(simd: S, x: Self) -> (Self, Self) {
        // Both σ(x) and σ(−x), neither as 1 minus the other.
        let e = Self::exp_with(simd, -x.abs());
        let larger = 1.0 / (1.0 + e);
        let smaller = e * larger;
        let (sigmoid, rest) = if x < 0.0 { (smaller, larger) } else { (larger, smaller) };
        // Beyond, e is no smaller, and the product would grow with x.
        let value = sigmoid * if x < -100.0 { -100.0 } else { x };
        let bounded = if x > 100.0 { 100.0 } else { value };
        (value, multiply_add(simd, bounded, rest, sigmoid))
    }
    #[inline(always)]
    fn gray(pixel: u8) -> Self {
        // 1/255 in two parts: the first product is exact, and the sum rounds once. A division takes
        // four times as long.
        const HIGH: f32 = 257.0 / 65536.0;
        const LOW: f32 = 1.0 / 255.0 / 65536.0;
        let pixel = f32::from(pixel);
        pixel * HIGH + pixel * LOW
    }
}

/// A polynomial of five coefficients, the constant one first. By Estrin's scheme, here and below:
/// half of Horner's multiplications wait for the one before, which no loop over a few hundred
/// numbers hides.
#[inline(always)]
fn quartic<S: Simd>(simd: S, x: f32, c: [f32; 5]) -> f32 {
    let square = x * x;
    let high = multiply_add(simd, c[4], square, multiply_add(simd, c[3], x, c[2]));
    multiply_add(simd, high, square, multiply_add(simd, c[1], x, c[0]))
}

/// The same with ten coefficients.
#[inline(always)]
fn nonic<S: Simd>(simd: S, x: f32, c: [f32; 10]) -> f32 {
    let pair = |i: usize| multiply_add(simd, c[i + 1], x, c[i]);
    let square = x * x;
    let fourth = square * square;
    let middle = multiply_add(simd, pair(6), square, pair(4));
    let high = multiply_add(simd, pair(8), fourth, middle);
    multiply_add(simd, high, fourth, multiply_add(simd, pair(2), square, pair(0)))
}

/// 2ⁿ and e^r − 1 with n the integer nearest to x / ln 2 and x = n ln 2 + r, |r| ≤ ln 2 / 2.
///
/// Below −87.3 the product of power and e^r is the smallest normal number, above 88.37 about 2.4e38;
/// NaN stays NaN.
#[inline(always)]
fn exp_parts<S: Simd>(simd: S, x: f32) -> (f32, f32) {
    let (power, r) = reduced(simd, x);
    (power, exp_m1_of_rest(simd, r))
}

/// 2ⁿ and r.
#[inline(always)]
fn reduced<S: Simd>(simd: S, x: f32) -> (f32, f32) {
    // Adding 1.5 · 2²³ leaves n in the low bits of the mantissa: no conversion to an integer.
    const SHIFT: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let clamped = if x < -87.336_54 { -87.336_54 } else { x };
    let clamped = if clamped > 88.37 { 88.37 } else { clamped };
    let shifted = multiply_add(simd, clamped, std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = multiply_add(simd, n, -LN_2_LOW, multiply_add(simd, n, -LN_2_HIGH, clamped));
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    (power, r)
}

/// e^r − 1 = r + r² q(r); q interpolates at the zeros of the Chebyshev polynomial of fifth order for
/// |r| ≤ ln 2 / 2, which leaves e^r a relative error of 1.1e-8 there, and of 3e-8 up to 0.4.
#[inline(always)]
fn exp_m1_of_rest<S: Simd>(simd: S, r: f32) -> f32 {
    const Q: [f32; 5] = [0.5, 0.166_665_76, 0.041_666_556, 0.008_363_179, 0.001_392_618_4];
    multiply_add(simd, r * r, quartic(simd, r, Q), r)
}

/// e^(−x²/2) for 0 ≤ x ≤ 14.5.
///
/// A rounded square would leave an error of 5e-6 where the exponent is −87. So x is split: the
/// square of its leading twelve bits is exact, and the rest enters where the exponent is small.
#[inline(always)]
fn gaussian<S: Simd>(simd: S, x: f32) -> f32 {
    let leading = f32::from_bits(x.to_bits() & 0xFFFF_F000);
    let (power, r) = reduced(simd, -0.5 * leading * leading);
    let e_m1 = exp_m1_of_rest(simd, r - 0.5 * (x - leading) * (x + leading));
    multiply_add(simd, power, e_m1, power)
}

/// eˣ − 1 for x up to 88: near 0, where n = 0, the power is 1 without cancellation.
#[inline(always)]
fn exp_m1<S: Simd>(simd: S, x: f32) -> f32 {
    let (power, e_m1) = exp_parts(simd, x);
    multiply_add(simd, power, e_m1, power - 1.0)
}

/// ln(1 + u) for 0 ≤ u ≤ 1 as u p(u); p interpolates at the zeros of the Chebyshev polynomial of
/// tenth order, with a relative error of 1.5e-8. Cheaper than a series with a division.
#[inline(always)]
fn ln_1p<S: Simd>(simd: S, u: f32) -> f32 {
    const P: [f32; 10] = [
        1.0,
        -0.499_998_93,
        0.333_297_1,
        -0.249_516_16,
        0.196_632_74,
        -0.152_696_67,
        0.105_436_236,
        -0.056_373_61,
        0.019_542_526,
        -0.003_176_057,
    ];
    u * nonic(simd, u, P)
}
