//! The inner loops of the convolutions.
//!
//! Every number is a vector of the same number in sixteen images, so that every instruction is a
//! full vector one whatever the sizes, and no image is unfolded into a matrix 25 times its size.
//! Six channels times two neighbors are summed at a time: twelve registers of sums, enough to hide
//! the latency of the multiplications, leave four of AVX2's sixteen for the factors. If a register
//! has fewer than sixteen numbers, the images are processed in parts of one register.
//!
//! On the default sizes the convolutions, forward and backward, reach 80 to 90 % of the peak of a
//! core with AVX-512, and their gradients 75 % or more.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::{Filled, LANES, Lanes, Maps};
use crate::kernels::Real;
use crate::kernels::dispatch::{Packed, Simd, dispatched};
use std::ops::Range;

/// Channels summed at a time.
pub(crate) const CHANNELS: usize = 6;

/// Numbers summed at a time in each of them.
pub(crate) const NEIGHBORS: usize = 2;

/// Numbers of a map that are processed for one pair of weights before the next pair.
const BLOCK: usize = 60;

/// A register for each channel of a group.
type Channels<S, A> = [<A as Packed>::Vector<S>; CHANNELS];

/// A register for each channel of a group and each neighbor.
type Sums<S, A> = [[<A as Packed>::Vector<S>; NEIGHBORS]; CHANNELS];

/// sums[t][n] + a[t] · x[n]. No loop: the compiler might not unroll it,
/// and the sums would then go through memory.
#[inline(always)]
fn add_products<S: Simd, A: Real>(
    simd: S,
    sums: Sums<S, A>,
    a: Channels<S, A>,
    x: [A::Vector<S>; NEIGHBORS],
) -> Sums<S, A> {
    let [a0, a1, a2, a3, a4, a5] = a;
    let [sum0, sum1, sum2, sum3, sum4, sum5] = sums;
    [
        add_pair::<S, A>(simd, sum0, a0, x),
        add_pair::<S, A>(simd, sum1, a1, x),
        add_pair::<S, A>(simd, sum2, a2, x),
        add_pair::<S, A>(simd, sum3, a3, x),
        add_pair::<S, A>(simd, sum4, a4, x),
        add_pair::<S, A>(simd, sum5, a5, x),
    ]
}

#[inline(always)]
fn add_pair<S: Simd, A: Real>(
    simd: S,
    [left, right]: [A::Vector<S>; NEIGHBORS],
    a: A::Vector<S>,
    x: [A::Vector<S>; NEIGHBORS],
) -> [A::Vector<S>; NEIGHBORS] {
    [A::multiply_add(simd, a, x[0], left), A::multiply_add(simd, a, x[1], right)]
}

#[inline(always)]
fn splat<S: Simd, A: Real>(simd: S, [a0, a1, a2, a3, a4, a5]: [A; CHANNELS]) -> Channels<S, A> {
    [
        A::splat(simd, a0),
        A::splat(simd, a1),
        A::splat(simd, a2),
        A::splat(simd, a3),
        A::splat(simd, a4),
        A::splat(simd, a5),
    ]
}

/// The maps of the input and of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extents {
    /// Their border is the padding.
    pub(crate) from: Maps,
    pub(crate) to: Maps,
    /// Rows and columns of the kernel.
    pub(crate) kernel: usize,
}

impl Extents {
    /// Weights of one output channel.
    pub(crate) fn taps(&self) -> usize {
        self.from.channels * self.kernel * self.kernel
    }

    /// Map, stored row and column of the number that a weight of the first output number belongs
    /// to.
    #[inline(always)]
    fn place(&self, tap: usize) -> [usize; 3] {
        [tap / (self.kernel * self.kernel), tap / self.kernel % self.kernel, tap % self.kernel]
    }

    /// Groups of output channels.
    pub(crate) fn groups(&self) -> usize {
        self.to.channels.div_ceil(CHANNELS)
    }
}

dispatched! {
    /// yₒ(r, c) = bₒ + Σₘᵢⱼ wₒₘᵢⱼ xₘ(r + i − border, c + j − border).
    ///
    /// `weights` are `(group of o, m, i, j)`, missing channels 0; `input` and `output` are x and y,
    /// one more number follows x, and `filled` are its stored rows.
    pub(crate) fn convolve<A>(
        simd,
        extents: Extents,
        weights: &[[A; CHANNELS]],
        bias: &[A],
        input: &[Lanes<A>],
        filled: &[Filled],
        output: &mut [Lanes<A>],
    ) {
        let parts = LANES / A::lanes::<S>();
        let (input, output) =
            (A::vectors::<S>(input.as_flattened()), A::vectors_mut::<S>(output.as_flattened_mut()));
        let groups = weights.chunks_exact(extents.taps()).zip(bias.chunks(CHANNELS));
        for ((weights, bias), output) in
            groups.zip(output.chunks_mut(CHANNELS * extents.to.area() * parts))
        {
            for part in 0..parts {
                convolve_group::<S, A>(simd, extents, weights, bias, (input, filled), output, part);
            }
        }
    }
}

/// One group of output channels in one part of the images; `bias` and `output` are those of its
/// channels.
#[inline(always)]
fn convolve_group<S: Simd, A: Real>(
    simd: S,
    extents: Extents,
    weights: &[[A; CHANNELS]],
    bias: &[A],
    (input, filled): (&[A::Vector<S>], &[Filled]),
    output: &mut [A::Vector<S>],
    part: usize,
) {
    let Extents { from, to, kernel } = extents;
    let parts = LANES / A::lanes::<S>();
    let mut padded = [A::zero(); CHANNELS];
    padded[..bias.len()].copy_from_slice(bias);
    let bias = splat(simd, padded).map(|b| [b; NEIGHBORS]);
    for row in 0..to.rows {
        // The border is skipped, unless only one of two neighbors is at the border, because they
        // use the same offsets.
        let down = from.border.saturating_sub(row)..kernel.min(from.rows + from.border - row);
        for column in (0..to.columns).step_by(NEIGHBORS) {
            let across = from.border.saturating_sub(column + 1)
                ..kernel.min(from.columns + from.border - column);
            let mut sums = bias;
            for m in 0..from.channels {
                for i in down.clone() {
                    // Rows of 0 are skipped, too. Single numbers are not, because mispredicted
                    // branches would cost more than they save.
                    let filled = &filled[row + i];
                    if filled.is_empty() || filled.start > column + kernel || filled.end <= column {
                        continue;
                    }
                    let first = m * from.area() + (row + i) * from.width() + column + across.start;
                    let mut numbers =
                        input[first * parts..][..(across.len() + 1) * parts].chunks_exact(parts);
                    let tap = (m * kernel + i) * kernel;
                    let Some(mut left) = numbers.next().map(|x| x[part]) else { continue };
                    for (&weights, x) in
                        weights[tap + across.start..tap + across.end].iter().zip(numbers)
                    {
                        let right = x[part];
                        sums =
                            add_products::<S, A>(simd, sums, splat(simd, weights), [left, right]);
                        left = right;
                    }
                }
            }
            let first = to.index(0, row, column);
            for (map, [left, right]) in output.chunks_exact_mut(to.area() * parts).zip(sums) {
                map[first * parts + part] = left;
                if column + 1 < to.columns {
                    map[(first + 1) * parts + part] = right;
                }
            }
        }
    }
}

/// Sums over images of the gradient of the weights, `(group of o, pair of weights mij, o, weight)`,
/// apart for each of the sixteen images; channels beyond the last and the odd weight out are
/// nobody's.
pub(crate) type WeightSums<A> = [[Lanes<A>; NEIGHBORS]; CHANNELS];

dispatched! {
    /// Adds ∂loss/∂wₒₘᵢⱼ = Σ δₒ(r, c) xₘ(r + i − border, c + j − border) to `sums`; `deltas` has
    /// the extent `from`, `extents` are those of the convolution, and `filled` the stored rows of
    /// x.
    pub(crate) fn add_weight_gradient<A>(
        simd,
        extents: Extents,
        from: Maps,
        deltas: &[Lanes<A>],
        input: &[Lanes<A>],
        filled: &[Filled],
        sums: &mut [WeightSums<A>],
    ) {
        let parts = LANES / A::lanes::<S>();
        let (deltas, input) =
            (A::vectors::<S>(deltas.as_flattened()), A::vectors::<S>(input.as_flattened()));
        let pairs = extents.taps().div_ceil(NEIGHBORS);
        let rows = (BLOCK / from.columns).max(1);
        for part in 0..parts {
            for start in (0..from.rows).step_by(rows) {
                let rows = start..from.rows.min(start + rows);
                for (group, sums) in sums.chunks_exact_mut(pairs).enumerate() {
                    let block = Block {
                        extents,
                        from,
                        deltas,
                        input,
                        filled,
                        rows: rows.clone(),
                        group,
                        part,
                    };
                    // Twice as many sums at a time, where there are registers for them, for half of
                    // the loads.
                    let together = if S::REGISTER_COUNT > 16 { 2 } else { 1 };
                    for (chunk, sums) in sums.chunks_mut(together).enumerate() {
                        match sums {
                            [_, _] => add_pairs::<S, A, 2>(simd, &block, together * chunk, sums),
                            _ => add_pairs::<S, A, 1>(simd, &block, together * chunk, sums),
                        }
                    }
                }
            }
        }
    }
}

/// Rows of the gradient with respect to a group of channels, and the numbers that were convolved.
struct Block<'a, V> {
    extents: Extents,
    from: Maps,
    deltas: &'a [V],
    input: &'a [V],
    filled: &'a [Filled],
    rows: Range<usize>,
    group: usize,
    part: usize,
}

/// Adds what the block gives to some pairs of weights, from number `first` on.
#[inline(always)]
fn add_pairs<S: Simd, A: Real, const PAIRS: usize>(
    simd: S,
    block: &Block<A::Vector<S>>,
    first: usize,
    sums: &mut [WeightSums<A>],
) {
    let Block { extents, from, deltas, input, filled, part, .. } = *block;
    let parts = LANES / A::lanes::<S>();
    // Loops and no `from_fn`, whose closures the compiler leaves as calls here.
    let mut places = [[[0; 3]; NEIGHBORS]; PAIRS];
    let mut local = [[[A::splat(simd, A::zero()); NEIGHBORS]; CHANNELS]; PAIRS];
    let sums = A::vectors_mut::<S>(sums.as_flattened_mut().as_flattened_mut().as_flattened_mut());
    let place = |p: usize, t: usize, n: usize| ((p * CHANNELS + t) * NEIGHBORS + n) * parts + part;
    for p in 0..PAIRS {
        for n in 0..NEIGHBORS {
            places[p][n] = extents.place((NEIGHBORS * (first + p) + n).min(extents.taps() - 1));
            for t in 0..CHANNELS {
                local[p][t][n] = sums[place(p, t, n)];
            }
        }
    }
    for row in block.rows.clone() {
        // Columns where one of the numbers that were convolved may be other than 0.
        let (mut start, mut end) = (from.columns, 0);
        for [_, i, j] in places.as_flattened() {
            let filled = &filled[row + i];
            if !filled.is_empty() {
                start = start.min(filled.start.saturating_sub(*j));
                end = end.max(filled.end.saturating_sub(*j).min(from.columns));
            }
        }
        if start >= end {
            continue;
        }
        let length = (end - start) * parts;
        let mut x = [[input; NEIGHBORS]; PAIRS];
        for p in 0..PAIRS {
            for n in 0..NEIGHBORS {
                let [m, i, j] = places[p][n];
                let place = m * extents.from.area() + (row + i) * extents.from.width() + j + start;
                x[p][n] = &input[place * parts..][..length];
            }
        }
        let mut delta = [deltas; CHANNELS];
        for (t, delta) in delta.iter_mut().enumerate() {
            let channel = (block.group * CHANNELS + t).min(from.channels - 1);
            *delta = &deltas[from.index(channel, row, start) * parts..][..length];
        }
        let [d0, d1, d2, d3, d4, d5] = delta;
        let mut k = part;
        while k < length {
            let delta = [d0[k], d1[k], d2[k], d3[k], d4[k], d5[k]];
            for p in 0..PAIRS {
                local[p] = add_products::<S, A>(simd, local[p], delta, [x[p][0][k], x[p][1][k]]);
            }
            k += parts;
        }
    }
    for (p, group) in local.into_iter().enumerate() {
        for (t, pair) in group.into_iter().enumerate() {
            for (n, sum) in pair.into_iter().enumerate() {
                sums[place(p, t, n)] = sum;
            }
        }
    }
}
