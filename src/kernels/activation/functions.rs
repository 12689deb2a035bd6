//! The activation functions as types, so that every loop is compiled for each of them. The compiler
//! could not vectorize a loop that chooses between six functions.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use crate::kernels::Real;
use crate::kernels::dispatch::Simd;

/// One activation function, to be called in the loops of `dispatched!`.
pub(in crate::kernels) trait Function {
    /// Whether the slope does not follow from the output. GELU and SiLU fall before they rise, so
    /// that two inputs have the same output.
    const KEEPS_SLOPE: bool = false;

    /// activation(x), and what the backward pass needs of x: that output, or the slope if it
    /// does not follow from it.
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A);

    /// activation'(x), given what was kept of x.
    fn slope<S: Simd, A: Real>(simd: S, kept: A) -> A;

    /// δ · activation'(x), given what was kept of x.
    #[inline(always)]
    fn backward<S: Simd, A: Real>(simd: S, delta: A, kept: A) -> A {
        delta * Self::slope(simd, kept)
    }
}

/// ln(1 + eˣ).
pub(in crate::kernels) struct Softplus;

impl Function for Softplus {
    #[inline(always)]
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A) {
        let output = A::softplus(simd, x);
        (output, output)
    }

    #[inline(always)]
    fn slope<S: Simd, A: Real>(simd: S, output: A) -> A {
        A::softplus_slope(simd, output)
    }
}

/// max(x, 0).
pub(in crate::kernels) struct Relu;

impl Function for Relu {
    /// NaN must stay NaN, because a comparison that is false for NaN would hide a diverged run.
    #[inline(always)]
    fn forward<S: Simd, A: Real>(_: S, x: A) -> (A, A) {
        let output = if x < A::zero() { A::zero() } else { x };
        (output, output)
    }

    /// At 0 it is 0, as in PyTorch.
    #[inline(always)]
    fn slope<S: Simd, A: Real>(_: S, output: A) -> A {
        if output <= A::zero() { A::zero() } else { A::one() }
    }

    /// A selection instead of a factor, so that ±∞ is dropped where the slope is 0.
    #[inline(always)]
    fn backward<S: Simd, A: Real>(_: S, delta: A, output: A) -> A {
        if output <= A::zero() { A::zero() } else { delta }
    }
}

/// tanh(x).
pub(in crate::kernels) struct Tanh;

impl Function for Tanh {
    #[inline(always)]
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A) {
        let output = A::tanh_with(simd, x);
        (output, output)
    }

    /// 1 − tanh² as a product: exact where tanh is close to 1.
    #[inline(always)]
    fn slope<S: Simd, A: Real>(_: S, output: A) -> A {
        (A::one() - output) * (A::one() + output)
    }
}

/// σ(x) = 1 / (1 + e^(−x)).
pub(in crate::kernels) struct Sigmoid;

impl Function for Sigmoid {
    #[inline(always)]
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A) {
        let output = A::sigmoid(simd, x);
        (output, output)
    }

    #[inline(always)]
    fn slope<S: Simd, A: Real>(_: S, output: A) -> A {
        output * (A::one() - output)
    }
}

/// x Φ(x), with the distribution function Φ of the normal distribution.
pub(in crate::kernels) struct Gelu;

impl Function for Gelu {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A) {
        A::gelu_and_slope(simd, x)
    }

    #[inline(always)]
    fn slope<S: Simd, A: Real>(_: S, slope: A) -> A {
        slope
    }
}

/// x σ(x).
pub(in crate::kernels) struct Silu;

impl Function for Silu {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn forward<S: Simd, A: Real>(simd: S, x: A) -> (A, A) {
        A::silu_and_slope(simd, x)
    }

    #[inline(always)]
    fn slope<S: Simd, A: Real>(_: S, slope: A) -> A {
        slope
    }
}
