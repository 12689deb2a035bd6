//! Loops over slices, compiled for the vector instructions of the machine.

use super::dispatch::{dispatched, multiply_add};

dispatched! {
    /// x ← p/255, elementwise. Beyond the shorter slice nothing is written.
    pub fn gray_all<A>(_simd, pixels: &[u8], values: &mut [A]) {
        values.iter_mut().zip(pixels).for_each(|(x, &pixel)| *x = A::gray(pixel));
    }
}

dispatched! {
    /// x ← factor · x, elementwise.
    pub fn scale<A>(_simd, factor: A, values: &mut [A]) {
        values.iter_mut().for_each(|x| *x *= factor);
    }
}

dispatched! {
    /// x ← x + factor · y, elementwise. Beyond the shorter slice nothing is written.
    pub fn add_scaled<A>(simd, factor: A, summands: &[A], values: &mut [A]) {
        values.iter_mut().zip(summands).for_each(|(x, &y)| *x = multiply_add(simd, factor, y, *x));
    }
}

dispatched! {
    /// Adds Σ xᵢ yᵢ, accumulated in `f64`, to `sum`.
    pub(super) fn add_products<A>(_simd, x: &[A], y: &[A], sum: &mut f64) {
        // Sixteen partial sums: the additions of one do not wait for those of another.
        let (xs, x_rest) = x.as_chunks::<16>();
        let (ys, y_rest) = y.as_chunks::<16>();
        let mut sums = [0.0; 16];
        for (a, b) in xs.iter().zip(ys) {
            for lane in 0..16 {
                sums[lane] += a[lane].wide() * b[lane].wide();
            }
        }
        let rest: f64 = x_rest.iter().zip(y_rest).map(|(&a, &b)| a.wide() * b.wide()).sum();
        *sum += sums.iter().sum::<f64>() + rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Real;

    dispatched! {
        /// x ← ln(1 + eˣ), elementwise.
        fn softplus_all<A>(simd, values: &mut [A]) {
            for x in values {
                *x = A::softplus(simd, *x);
            }
        }
    }

    dispatched! {
        /// x ← eˣ, elementwise.
        fn exp_all<A>(simd, values: &mut [A]) {
            for x in values {
                *x = A::exp_with(simd, *x);
            }
        }
    }

    dispatched! {
        /// δ ← δ · softplus'(x), elementwise, given a = softplus(x). Beyond the shorter slice
        /// nothing is written.
        fn softplus_slope_all<A>(simd, deltas: &mut [A], outputs: &[A]) {
            deltas
                .iter_mut()
                .zip(outputs)
                .for_each(|(delta, &a)| *delta *= A::softplus_slope(simd, a));
        }
    }

    dispatched! {
        /// x ← σ(x), elementwise.
        fn sigmoid_all<A>(simd, values: &mut [A]) {
            for x in values {
                *x = A::sigmoid(simd, *x);
            }
        }
    }

    dispatched! {
        /// x ← tanh(x), elementwise.
        fn tanh_all<A>(simd, values: &mut [A]) {
            for x in values {
                *x = A::tanh_with(simd, *x);
            }
        }
    }

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
        assert!(
            tiny[0] < 2e-38 && tiny[1] < 2e-38 && tiny[2].is_nan() && tiny[3] > 1e38,
            "{tiny:?}"
        );
    }

    #[test]
    fn softplus_and_its_slope_are_accurate_to_4e_7() {
        let inputs = samples();
        let mut values = inputs.clone();
        softplus_all(&mut values);
        let mut exact: Vec<f64> = inputs.iter().map(|&x| x.wide()).collect();
        softplus_all(&mut exact);
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
        assert!(
            far[..2].iter().all(|s| (0.0..2e-38).contains(s))
                && far[2..4] == [1.0, 1.0]
                && far[4].is_nan(),
            "{far:?}"
        );
    }

    #[test]
    fn tanh_is_odd_and_accurate_to_4e_7_relative_to_itself_near_0_too() {
        let inputs: Vec<f32> = samples().into_iter().map(|x| 0.1 * x).chain(samples()).collect();
        let mut values = inputs.clone();
        tanh_all(&mut values);
        let mut mirrored: Vec<f32> = inputs.iter().map(|x| -x).collect();
        tanh_all(&mut mirrored);
        assert!(values.iter().zip(&mirrored).all(|(a, b)| a.to_bits() == (-b).to_bits()));
        let magnitudes: Vec<f32> =
            values.iter().zip(&inputs).map(|(value, x)| value * x.signum()).collect();
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
        sigmoid_all(&mut values);
        assert!(
            values[0] < 1e-300 && (values[2] - 0.5).abs() < 1e-16 && values[4] >= 1.0,
            "{values:?}"
        );
        assert!(
            (values[1] / f64::exp(-40.0) - 1.0).abs() < 1e-15 && (1.0 - values[3]) < 1e-16,
            "{values:?}"
        );
    }

    #[test]
    fn the_f64_slope_is_the_derivative_of_softplus() {
        for x in [-30.0, -3.0, -0.1, 0.0, 0.2, 4.0, 40.0] {
            let mut output = [x];
            softplus_all(&mut output);
            let mut slope = [1.0];
            softplus_slope_all(&mut slope, &output);
            let logistic = 1.0 / (1.0 + f64::exp(-x));
            assert!(
                (slope[0] - logistic).abs() < 1e-15 + 1e-12 * logistic,
                "x = {x}: {} and {logistic}",
                slope[0]
            );
        }
    }
}
