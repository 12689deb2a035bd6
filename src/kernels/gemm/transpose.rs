//! Blocks of rows transposed.

/// Rows and columns of a block.
pub(in crate::kernels) const BLOCK: usize = 8;

/// Numbers that are transposed in registers if the processor can.
pub trait Transpose: Copy {
    /// Writes the transpose of whole blocks: into\[k · `stride` + j] = columns\[j]\[k], for as many
    /// k as are whole blocks of the shortest column; returns how many.
    fn transpose(columns: [&[Self]; BLOCK], into: &mut [Self], stride: usize) -> usize;
}

impl Transpose for f64 {
    fn transpose(columns: [&[Self]; BLOCK], into: &mut [Self], stride: usize) -> usize {
        one_by_one(columns, into, stride)
    }
}

impl Transpose for f32 {
    fn transpose(columns: [&[Self]; BLOCK], into: &mut [Self], stride: usize) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            return avx::transpose(simd, columns, into, stride);
        }
        one_by_one(columns, into, stride)
    }
}

/// Whole blocks of the shortest column, in numbers.
fn whole<A>(columns: [&[A]; BLOCK]) -> usize {
    columns.iter().map(|column| column.len()).min().unwrap_or(0) / BLOCK * BLOCK
}

fn one_by_one<A: Copy>(columns: [&[A]; BLOCK], into: &mut [A], stride: usize) -> usize {
    let whole = whole(columns);
    for k in 0..whole {
        for (into, column) in into[k * stride..][..BLOCK].iter_mut().zip(columns) {
            *into = column[k];
        }
    }
    whole
}

#[cfg(target_arch = "x86_64")]
mod avx {
    use super::{BLOCK, whole};
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast};
    use std::arch::x86_64::__m256;

    /// [`Transpose::transpose`](super::Transpose::transpose) in eight registers.
    pub(super) fn transpose(
        simd: V3,
        columns: [&[f32]; BLOCK],
        into: &mut [f32],
        stride: usize,
    ) -> usize {
        simd.vectorize(Blocks { simd, columns, into, stride })
    }

    struct Blocks<'a> {
        simd: V3,
        columns: [&'a [f32]; BLOCK],
        into: &'a mut [f32],
        stride: usize,
    }

    impl NullaryFnOnce for Blocks<'_> {
        type Output = usize;

        #[allow(
            clippy::inline_always,
            reason = "belongs into the function compiled for its instructions"
        )]
        #[inline(always)]
        fn call(self) -> usize {
            let Self { simd, columns, into, stride } = self;
            let whole = whole(columns);
            let [a, b, c, d, e, f, g, h] = columns;
            for k in (0..whole).step_by(BLOCK) {
                let rows = [
                    load(a, k),
                    load(b, k),
                    load(c, k),
                    load(d, k),
                    load(e, k),
                    load(f, k),
                    load(g, k),
                    load(h, k),
                ];
                let [a, b, c, d, e, f, g, h] = block(simd, rows);
                let into = &mut into[k * stride..];
                for (i, row) in [a, b, c, d, e, f, g, h].into_iter().enumerate() {
                    into[i * stride..][..BLOCK].copy_from_slice(&cast::<__m256, [f32; BLOCK]>(row));
                }
            }
            whole
        }
    }

    #[allow(
        clippy::inline_always,
        reason = "belongs into the function compiled for its instructions"
    )]
    #[inline(always)]
    fn load(column: &[f32], k: usize) -> __m256 {
        let numbers: [f32; BLOCK] = column[k..k + BLOCK].try_into().expect("a block");
        cast(numbers)
    }

    /// By pairs of rows, of pairs of columns, and of halves.
    #[allow(
        clippy::inline_always,
        reason = "belongs into the function compiled for its instructions"
    )]
    #[inline(always)]
    fn block(simd: V3, [a, b, c, d, e, f, g, h]: [__m256; BLOCK]) -> [__m256; BLOCK] {
        let avx = simd.avx;
        let [a, b, c, d] = half(simd, [a, b, c, d]);
        let [e, f, g, h] = half(simd, [e, f, g, h]);
        [
            avx._mm256_permute2f128_ps::<0x20>(a, e),
            avx._mm256_permute2f128_ps::<0x20>(b, f),
            avx._mm256_permute2f128_ps::<0x20>(c, g),
            avx._mm256_permute2f128_ps::<0x20>(d, h),
            avx._mm256_permute2f128_ps::<0x31>(a, e),
            avx._mm256_permute2f128_ps::<0x31>(b, f),
            avx._mm256_permute2f128_ps::<0x31>(c, g),
            avx._mm256_permute2f128_ps::<0x31>(d, h),
        ]
    }

    /// Transposes the left and the right block of four rows.
    #[allow(
        clippy::inline_always,
        reason = "belongs into the function compiled for its instructions"
    )]
    #[inline(always)]
    fn half(simd: V3, [a, b, c, d]: [__m256; BLOCK / 2]) -> [__m256; BLOCK / 2] {
        let avx = simd.avx;
        let (ab, cd) = (avx._mm256_unpacklo_ps(a, b), avx._mm256_unpacklo_ps(c, d));
        let (ab_high, cd_high) = (avx._mm256_unpackhi_ps(a, b), avx._mm256_unpackhi_ps(c, d));
        [
            avx._mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
            avx._mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
            avx._mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            avx._mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ]
    }
}
