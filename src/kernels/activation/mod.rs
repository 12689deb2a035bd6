//! Activation functions and their slopes, elementwise.
//!
//! Times in µs for 50 units and 256 images on one core of an EPYC with AVX-512 (`make bench`):
//!
//! | | ReLU | sigmoid | tanh | SiLU | softplus | GELU |
//! |---|---|---|---|---|---|---|
//! | forward | 1.4 | 4.0 | 4.3 | 4.7 | 6.4 | 8.6 |
//! | with the backward pass | 3.2 | 5.8 | 6.1 | 7.4 | 10 | 11 |

mod functions;

use super::dispatch::dispatched;
use super::{Buffer, Real};
pub(super) use functions::{Function, Gelu, Relu, Sigmoid, Silu, Softplus, Tanh};
use serde::{Deserialize, Serialize};

/// The function between the layers of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// ln(1 + eˣ).
    Softplus,
    /// max(x, 0).
    Relu,
    /// tanh(x).
    Tanh,
    /// σ(x) = 1 / (1 + e^(−x)).
    Sigmoid,
    /// x Φ(x), with the distribution function of the normal distribution, Φ(x) = (1 + erf(x/√2))/2.
    Gelu,
    /// x σ(x).
    Silu,
}

/// Evaluates an expression with the type of the function in the place of `$function`.
macro_rules! with_function {
    ($activation:expr, $function:ident => $body:expr) => {
        match $activation {
            $crate::kernels::Activation::Softplus => {
                type $function = $crate::kernels::activation::Softplus;
                $body
            }
            $crate::kernels::Activation::Relu => {
                type $function = $crate::kernels::activation::Relu;
                $body
            }
            $crate::kernels::Activation::Tanh => {
                type $function = $crate::kernels::activation::Tanh;
                $body
            }
            $crate::kernels::Activation::Sigmoid => {
                type $function = $crate::kernels::activation::Sigmoid;
                $body
            }
            $crate::kernels::Activation::Gelu => {
                type $function = $crate::kernels::activation::Gelu;
                $body
            }
            $crate::kernels::Activation::Silu => {
                type $function = $crate::kernels::activation::Silu;
                $body
            }
        }
    };
}

pub(super) use with_function;

impl Activation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Softplus, Self::Relu, Self::Tanh, Self::Sigmoid, Self::Gelu, Self::Silu];

    /// Whether the slope cannot be computed from the output, so that the forward pass must
    /// [keep](Self::apply_and_keep) it.
    pub fn keeps_slopes(self) -> bool {
        with_function!(self, F => F::KEEPS_SLOPE)
    }

    /// Makes the buffer long enough for this number of slopes, if they are kept.
    pub fn reserve_slopes<A: Real>(self, slopes: &mut Buffer<A>, numbers: usize) {
        slopes.grow(if self.keeps_slopes() { numbers } else { 0 });
    }

    /// x ← activation(x), elementwise.
    pub fn apply<A: Real>(self, values: &mut [A]) {
        apply_all(self, values);
    }

    /// The same, and overwrites `slopes` with activation'(x) if they are
    /// [kept](Self::keeps_slopes).
    pub fn apply_and_keep<A: Real>(self, values: &mut [A], slopes: &mut [A]) {
        if self.keeps_slopes() {
            apply_and_keep_all(self, values, slopes);
        } else {
            apply_all(self, values);
        }
    }

    /// δ ← δ · activation'(x), elementwise, given a = activation(x), or the slopes if they are
    /// [kept](Self::keeps_slopes).
    pub fn slope<A: Real>(self, deltas: &mut [A], outputs: &[A], slopes: &[A]) {
        slopes_of(self, deltas, if self.keeps_slopes() { slopes } else { outputs });
    }

    /// a ← δ · activation'(x), elementwise, for a = activation(x), given the slopes if they are
    /// [kept](Self::keeps_slopes).
    pub fn replace_by_slope<A: Real>(self, outputs: &mut [A], deltas: &[A], slopes: &[A]) {
        if self.keeps_slopes() {
            outputs.copy_from_slice(&slopes[..deltas.len()]);
        }
        slopes_in_place(self, outputs, deltas);
    }
}

dispatched! {
    fn apply_all<A>(simd, activation: Activation, values: &mut [A]) {
        with_function!(activation, F => for x in values {
            *x = F::forward(simd, *x).0;
        });
    }
}

dispatched! {
    fn apply_and_keep_all<A>(simd, activation: Activation, values: &mut [A], slopes: &mut [A]) {
        with_function!(activation, F => for (x, slope) in values.iter_mut().zip(slopes) {
            (*x, *slope) = F::forward(simd, *x);
        });
    }
}

dispatched! {
    fn slopes_of<A>(simd, activation: Activation, deltas: &mut [A], kept: &[A]) {
        with_function!(activation, F => for (delta, &kept) in deltas.iter_mut().zip(kept) {
            *delta = F::backward(simd, *delta, kept);
        });
    }
}

dispatched! {
    fn slopes_in_place<A>(simd, activation: Activation, kept: &mut [A], deltas: &[A]) {
        with_function!(activation, F => for (kept, &delta) in kept.iter_mut().zip(deltas) {
            *kept = F::backward(simd, delta, *kept);
        });
    }
}

#[cfg(test)]
mod tests;
