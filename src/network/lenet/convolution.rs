//! One convolution: its place in θ, and its weights in the orders of the inner loops.

use crate::kernels::Real;
use crate::kernels::convolution::{CHANNELS, Extents, Lanes, Maps, NEIGHBORS, WeightSums};
use crate::network::Tensor;

/// yₒ(r, c) = bₒ + Σₘᵢⱼ wₒₘᵢⱼ xₘ(r + i − padding, c + j − padding), with zeros outside the image.
///
/// ∂loss/∂x is the convolution of ∂loss/∂y, with a border of kernel − 1 − padding, with the same
/// weights, their rows and columns reversed.
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    /// x → y.
    pub(super) forward: Extents,
    /// ∂loss/∂y → ∂loss/∂x.
    pub(super) backward: Extents,
    /// w, `(output channels, input channels, kernel, kernel)`.
    pub(super) weight: Tensor,
    /// b, `(output channels,)`.
    pub(super) bias: Tensor,
}

impl Convolution {
    /// A convolution of `input`, whose border is the padding, to `channels` maps.
    pub(super) fn new(
        input: Maps,
        channels: usize,
        kernel: usize,
        weight: Tensor,
        bias: Tensor,
    ) -> Self {
        let convolved = |extent| extent + 2 * input.border + 1 - kernel;
        let output = Maps {
            channels,
            rows: convolved(input.rows),
            columns: convolved(input.columns),
            border: 0,
        };
        let deltas = Maps { border: kernel - 1 - input.border, ..output };
        Self {
            forward: Extents { from: input, to: output, kernel },
            backward: Extents { from: deltas, to: Maps { border: 0, ..input }, kernel },
            weight,
            bias,
        }
    }

    /// Writes the weights in the order of [`convolve`](crate::kernels::convolution::convolve),
    /// forward and backward.
    pub(super) fn reorder<A: Real>(
        &self,
        theta: &[A],
        forward: &mut [[A; CHANNELS]],
        backward: &mut [[A; CHANNELS]],
    ) {
        let area = self.forward.kernel * self.forward.kernel;
        let group = |to: usize, taps: usize, from: usize| to / CHANNELS * taps + from * area;
        for (o, weights) in self.weight.matrix(theta).outer_iter().enumerate() {
            for (k, &weight) in weights.iter().enumerate() {
                let (m, tap) = (k / area, k % area);
                forward[group(o, self.forward.taps(), m) + tap][o % CHANNELS] = weight;
                backward[group(m, self.backward.taps(), o) + area - 1 - tap][m % CHANNELS] = weight;
            }
        }
    }

    /// Pairs of weights of a group of output channels.
    pub(super) fn pairs(&self) -> usize {
        self.forward.taps().div_ceil(NEIGHBORS)
    }

    /// Adds the sums over images to the weights of `gradient`.
    pub(super) fn reduce<A: Real>(&self, sums: &[WeightSums<A>], gradient: &mut [A]) {
        for (o, mut weights) in self.weight.matrix_mut(gradient).outer_iter_mut().enumerate() {
            for (k, weight) in weights.iter_mut().enumerate() {
                *weight += total(
                    &sums[o / CHANNELS * self.pairs() + k / NEIGHBORS][o % CHANNELS][k % NEIGHBORS],
                );
            }
        }
    }
}

/// Sum over images, by halves: the additions of one half do not wait for those of the other.
pub(super) fn total<A: Real>(lanes: &Lanes<A>) -> A {
    let mut sums = *lanes;
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    sums[0]
}
