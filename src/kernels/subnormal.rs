//! Arithmetic without subnormal numbers.

/// Runs `work` with subnormal numbers, in single precision those below 1.2e-38, taken as 0 by this thread.
///
/// Where a network is sure of itself its probabilities, and the gradients they cause, are smaller than that. A
/// processor takes many times longer for an operation with such a number: paths between solutions of
/// loss 1e-8 would take several times longer than others. Nothing is lost: beside any other number of a sum they
/// are nothing. Processors other than x86-64 and ARM64 keep them.
pub fn without_subnormals<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the compiler takes the mode for the default one, so it may give an operation on subnormal numbers the
    // result of either mode. Both are right here, and no other operation has another result.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let result = unsafe { no_denormals::no_denormals(work) };
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let result = work();
    result
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;
    use std::num::FpCategory;
    use std::panic::catch_unwind;

    fn half(x: f32) -> f32 {
        black_box(x) * black_box(0.5)
    }

    #[test]
    fn subnormal_numbers_are_zero_inside_and_not_after() {
        let smallest = f32::MIN_POSITIVE;
        assert_eq!(without_subnormals(|| half(smallest)).classify(), FpCategory::Zero);
        assert!(half(smallest) > 0.0);
        _ = catch_unwind(|| without_subnormals(|| panic!("in the work")));
        assert!(half(smallest) > 0.0);
    }
}
