//! Functions compiled for several sets of vector instructions, so that one binary uses those of the
//! present machine: AVX-512, AVX2 with FMA, NEON, or none.
//!
//! Such a function is either a plain loop, which the compiler vectorizes, or, if sums must stay in
//! registers, code with the vectors of [`Packed`]. Detection and instructions are those of `pulp`.

#![expect(
    clippy::inline_always,
    reason = "a function compiled for one set of vector instructions must contain its loops"
)]

use super::Real;
use super::instructions::{InstructionSet, allows};
pub(crate) use pulp::{Simd, WithSimd};

pub(super) use pulp::Arch;
use std::sync::LazyLock;

/// The best set of vector instructions that the processor has and the environment
/// [allows](super::instructions). All functions are dispatched by it.
#[inline]
pub(crate) fn arch() -> Arch {
    static ARCH: LazyLock<Arch> = LazyLock::new(detect);
    *ARCH
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Arch {
    use pulp::x86::{V3, V4};
    let widest = allows(InstructionSet::Avx512).then(V4::try_new).flatten().map(Arch::V4);
    let narrower = || allows(InstructionSet::Avx2).then(V3::try_new).flatten().map(Arch::V3);
    widest.or_else(narrower).unwrap_or(Arch::Scalar)
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Arch {
    if allows(InstructionSet::Avx2) { Arch::new() } else { Arch::Scalar }
}

/// `a · b + c`, fused where the instruction exists: without it, `mul_add` is a slow library call.
#[inline(always)]
pub(crate) fn multiply_add<S: Simd, A: Real>(_: S, a: A, b: A, c: A) -> A {
    if S::IS_SCALAR { a * b + c } else { a.mul_add(b, c) }
}

/// Numbers that can be packed into a register of the instruction set `S`.
pub trait Packed: Copy {
    /// A register of them.
    type Vector<S: Simd>: Copy;

    /// Numbers in a register; a power of two up to 16.
    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }

    /// `x` in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;

    /// `a · b + c` in every lane, rounded as by [`multiply_add`].
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// The sum of all lanes.
    fn sum_of_lanes<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;

    /// The numbers in whole registers, without the remainder.
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];

    /// The same, to be written.
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! packed {
    (
        $real:ty, $vector:ident, $splat:ident, $multiply_add:ident, $sum:ident, $vectors:ident,
        $vectors_mut:ident
    ) => {
        impl Packed for $real {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$vector {
                simd.$splat(x)
            }
            #[inline(always)]
            fn multiply_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$multiply_add(a, b, c)
            }
            #[inline(always)]
            fn sum_of_lanes<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$sum(a)
            }
            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> &[S::$vector] {
                S::$vectors(numbers).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [S::$vector] {
                S::$vectors_mut(numbers).0
            }
        }
    };
}

packed!(f32, f32s, splat_f32s, mul_add_e_f32s, reduce_sum_f32s, as_simd_f32s, as_mut_simd_f32s);
packed!(f64, f64s, splat_f64s, mul_add_e_f64s, reduce_sum_f64s, as_simd_f64s, as_mut_simd_f64s);

/// Defines a function whose body is compiled for each set of instructions, one of them picked at
/// run time. Its first argument, without a type, names the token of that set, for [`multiply_add`]
/// and [`Packed`]. The body must be free of calls that are not inlined, and may be generic in one
/// [`Real`] type.
macro_rules! dispatched {
    (
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident $(<$real:ident>)? (
            $simd:ident $(, $argument:ident: $kind:ty)* $(,)?
        ) $body:block
    ) => {
        $(#[$doc])*
        $visibility fn $name $(<$real: $crate::kernels::Real>)? ($($argument: $kind),*) {
            // A separate function, because for its arguments the compiler knows that mutable slices
            // do not overlap others.
            #[allow(
                clippy::inline_always,
                reason = "the body belongs into the function compiled for its instructions"
            )]
            #[inline(always)]
            fn body<S: $crate::kernels::dispatch::Simd $(, $real: $crate::kernels::Real)?>(
                $simd: S,
                $($argument: $kind),*
            ) $body
            struct Call<T>(T);
            impl $(<$real: $crate::kernels::Real>)? $crate::kernels::dispatch::WithSimd
                for Call<($($kind,)*)>
            {
                type Output = ();
                #[inline(always)]
                fn with_simd<S: $crate::kernels::dispatch::Simd>(self, simd: S) {
                    let Self(($($argument,)*)) = self;
                    body(simd, $($argument),*);
                }
            }
            $crate::kernels::dispatch::arch().dispatch(Call(($($argument,)*)));
        }
    };
}

pub(crate) use dispatched;
