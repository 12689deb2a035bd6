//! One function compiled three times, so that one binary uses the vector instructions of the machine
//! it finds itself on.

#![expect(clippy::inline_always, reason = "a function compiled for one set of vector instructions must contain its loops")]

use super::Real;

/// `a · b + c`, fused where the instruction exists: without it, `mul_add` is a slow library call.
#[inline(always)]
pub(crate) fn multiply_add<const FUSED: bool, A: Real>(a: A, b: A, c: A) -> A {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Defines a function that runs `body` compiled for AVX-512, for AVX2 with FMA or for any machine,
/// picked at run time. The body sees the constant `FUSED` for [`multiply_add`], must be free of calls
/// that are not inlined, and may be generic in one [`Real`] type.
macro_rules! dispatched {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident $(<$real:ident>)? ($($argument:ident: $kind:ty),*), $body:expr) => {
        $(#[$doc])*
        $visibility fn $name $(<$real: $crate::real::Real>)? ($($argument: $kind),*) {
            #[inline(always)]
            fn body<const FUSED: bool $(, $real: $crate::real::Real)?>($($argument: $kind),*) {
                $body
            }
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,fma")]
                fn avx512 $(<$real: $crate::real::Real>)? ($($argument: $kind),*) {
                    body::<true $(, $real)?>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2 $(<$real: $crate::real::Real>)? ($($argument: $kind),*) {
                    body::<true $(, $real)?>($($argument),*);
                }
                let fma = is_x86_feature_detected!("fma");
                let wide = is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl");
                if fma && wide {
                    // SAFETY: the machine has the features this version was compiled for.
                    return unsafe { avx512 $(::<$real>)? ($($argument),*) };
                }
                if fma && is_x86_feature_detected!("avx2") {
                    // SAFETY: as above.
                    return unsafe { avx2 $(::<$real>)? ($($argument),*) };
                }
            }
            body::<false $(, $real)?>($($argument),*);
        }
    };
}

pub(crate) use dispatched;
