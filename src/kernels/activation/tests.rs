//! Values and slopes in single precision against double precision.

use super::*;

/// 400 001 numbers over [−100, 100], and powers of ten of both signs.
fn samples() -> Vec<f32> {
    let grid = (0..=400_000_u32).map(|i| -100.0 + f64::from(i) * 200.0 / 400_000.0);
    let powers = (-30..2).flat_map(|p| [1.0, -1.0].map(|sign| sign * 10_f64.powi(p)));
    grid.chain(powers).map(|x| x as f32).collect()
}

/// activation(x) and activation'(x) as the forward and the backward pass compute them.
fn evaluate<A: Real>(activation: Activation, inputs: &[A]) -> (Vec<A>, Vec<A>) {
    let (mut values, mut slopes) = (inputs.to_vec(), vec![A::nan(); inputs.len()]);
    activation.apply_and_keep(&mut values, &mut slopes);
    let mut alone = inputs.to_vec();
    activation.apply(&mut alone);
    assert!(alone == values, "{activation:?}: without slopes");
    let mut deltas = vec![A::one(); inputs.len()];
    activation.slope(&mut deltas, &values, &slopes);
    let mut replaced = values.clone();
    activation.replace_by_slope(&mut replaced, &vec![A::one(); inputs.len()], &slopes);
    assert!(replaced == deltas, "{activation:?}: slopes in place");
    (values, deltas)
}

/// By definition, with the functions of the C library: value, slope, and the largest term of the
/// slope, relative to which its rounding counts.
fn exact(activation: Activation, x: f64) -> [f64; 3] {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let of_one_term = |value, slope: f64| [value, slope, slope.abs()];
    match activation {
        Activation::Softplus => of_one_term(x.max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid(x)),
        Activation::Relu => of_one_term(x.max(0.0), if x > 0.0 { 1.0 } else { 0.0 }),
        Activation::Tanh => of_one_term(x.tanh(), x.cosh().powi(-2)),
        Activation::Sigmoid => of_one_term(sigmoid(x), sigmoid(x) * sigmoid(-x)),
        Activation::Gelu => {
            let below = 0.5 * libm::erfc(-x / 2_f64.sqrt());
            let term = x * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
            [x * below, below + term, below.max(term.abs())]
        }
        Activation::Silu => {
            let term = x * sigmoid(x) * sigmoid(-x);
            [x * sigmoid(x), sigmoid(x) + term, sigmoid(x).max(term.abs())]
        }
    }
}

/// Below that, the exact result is no normal number, or its factors are none.
const NORMAL: f64 = 1.2e-36;

#[test]
fn values_are_accurate_to_4e_7_relative_to_themselves() {
    for activation in Activation::ALL {
        let inputs = samples();
        let (values, _) = evaluate(activation, &inputs);
        for (x, value) in inputs.into_iter().zip(values) {
            let [exact, ..] = exact(activation, x.wide());
            let error = (value.wide() - exact).abs();
            assert!(
                error < 4e-7 * exact.abs() || exact.abs() < NORMAL && error < NORMAL,
                "{activation:?}({x}): {value}, {exact}"
            );
        }
    }
}

/// The slopes of softplus, tanh and sigmoid are computed from the output: what the rounding of an
/// output near 1 changes in them is no error of theirs.
#[test]
fn slopes_are_accurate_to_4e_7_of_their_largest_term() {
    for activation in Activation::ALL {
        let inputs = samples();
        let (values, slopes) = evaluate(activation, &inputs);
        for ((x, value), slope) in inputs.into_iter().zip(values).zip(slopes) {
            let [_, exact, term] = exact(activation, x.wide());
            let given = value.wide();
            let exact = match activation {
                Activation::Softplus => -(-given).exp_m1(),
                Activation::Tanh => (1.0 - given) * (1.0 + given),
                Activation::Sigmoid => given * (1.0 - given),
                _ => exact,
            };
            let error = (slope.wide() - exact).abs();
            assert!(
                error < 4e-7 * term || error < NORMAL || error < 1e-7 * exact.abs(),
                "{activation:?}'({x}): {slope}, {exact}"
            );
        }
    }
}

#[test]
fn slopes_are_the_derivatives_in_double_precision() {
    for activation in Activation::ALL {
        let inputs: Vec<f64> = (-400..400).map(|i| f64::from(i) * 0.1 + 0.03).collect();
        let (values, slopes) = evaluate(activation, &inputs);
        let shifted =
            |h: f64| evaluate(activation, &inputs.iter().map(|x| x + h).collect::<Vec<_>>()).0;
        let (above, below) = (shifted(1e-5), shifted(-1e-5));
        for (i, x) in inputs.iter().enumerate() {
            let [value, slope, _] = exact(activation, *x);
            // Φ amplifies the rounding of its argument.
            let rounding = 4e-16 * (1.0 + x * x) * value.abs();
            assert!((values[i] - value).abs() <= rounding, "{activation:?}({x})");
            assert!((slopes[i] - slope).abs() < 1e-14, "{activation:?}'({x})");
            let difference = (above[i] - below[i]) / 2e-5;
            assert!((slopes[i] - difference).abs() < 1e-8, "{activation:?}'({x}): {difference}");
        }
    }
}

/// A diverged run must be seen, and a saturated unit must not look like one.
#[test]
fn far_from_zero_values_and_slopes_are_the_limits_and_nan_stays_nan() {
    fn compare<A: Real>(tolerance: f64) {
        for activation in Activation::ALL {
            let far = [-1e30, f64::NEG_INFINITY, 1e30, f64::INFINITY, f64::NAN].map(A::of);
            let (values, slopes) = evaluate_with_nan(activation, &far);
            let falls = activation == Activation::Tanh;
            let grows = !matches!(activation, Activation::Tanh | Activation::Sigmoid);
            for k in [0, 1] {
                let low = if falls { -1.0 } else { 0.0 };
                assert!((values[k].wide() - low).abs() < tolerance, "{activation:?}: {values:?}");
                assert!(slopes[k].wide().abs() < tolerance, "{activation:?}': {slopes:?}");
                let high = values[k + 2] == if grows { far[k + 2] } else { A::one() };
                assert!(high, "{activation:?}: {values:?}");
                let slope = if grows { 1.0 } else { 0.0 };
                assert!((slopes[k + 2].wide() - slope).abs() < 1e-6, "{activation:?}': {slopes:?}");
            }
            assert!(values[4].is_nan(), "{activation:?}");
        }
    }
    compare::<f32>(1e-34);
    compare::<f64>(1e-300);
}

/// As `evaluate`, whose comparisons NaN would not pass.
fn evaluate_with_nan<A: Real>(activation: Activation, inputs: &[A]) -> (Vec<A>, Vec<A>) {
    let (mut values, mut slopes) = (inputs.to_vec(), vec![A::zero(); inputs.len()]);
    activation.apply_and_keep(&mut values, &mut slopes);
    let mut deltas = vec![A::one(); inputs.len()];
    activation.slope(&mut deltas, &values, &slopes);
    (values, deltas)
}

#[test]
fn gelu_at_points_from_a_table() {
    // By mpmath with 30 digits: x, x Φ(x), Φ(x) + x φ(x).
    for [x, value, slope] in TABLE {
        let (values, slopes) = evaluate(Activation::Gelu, &[x]);
        assert!((values[0] / value - 1.0).abs() < 1e-14, "{x}: {}", values[0]);
        assert!((slopes[0] / slope - 1.0).abs() < 1e-13, "{x}: {}", slopes[0]);
    }
}

const TABLE: [[f64; 3]; 5] = [
    [-6.0, -5.919_525_870_226_188_5e-9, -3.546_870_945_390_201_5e-8],
    [-1.5, -0.100_210_801_903_287_1, -0.127_469_192_229_979_52],
    [-0.25, -0.100_323_418_579_269_07, 0.304_626_645_116_363_95],
    [0.5, 0.345_731_230_637_006_56, 0.867_495_124_656_162_9],
    [3.0, 2.995_950_305_905_11, 1.011_945_647_204_184],
];
