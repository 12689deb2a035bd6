//! The processor instructions in use: those of the processor, up to a limit that the environment
//! may set.
//!
//! Results are equal to the last bit only if the same instructions computed them. With the limit a
//! newer processor computes like an older one, and tests can run the code for other processors.

use super::amx::AmxImages;
use super::dispatch::Arch;
use super::sparse::compresses_fast;
use std::env;
use std::sync::LazyLock;

/// The environment variable that sets the limit.
pub const VARIABLE: &str = "LOSSATLAS_INSTRUCTIONS";

/// Sets of instructions in ascending order. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstructionSet {
    /// Those that every processor of the architecture has.
    None,
    /// AVX2 with FMA; on ARM, NEON.
    Avx2,
    /// AVX-512 with its extensions F, BW, CD, DQ and VL.
    Avx512,
    /// AVX-512 with VBMI2, for sparse images.
    Vbmi2,
    /// AMX-INT8, for products with images.
    Amx,
}

impl InstructionSet {
    const ALL: [Self; 5] = [Self::Amx, Self::Vbmi2, Self::Avx512, Self::Avx2, Self::None];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Vbmi2 => "vbmi2",
            Self::Amx => "amx",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(|level| format!("{:?}", level.name()));
            let [first @ .., last] = &names;
            let names = format!("{} or {last}", first.join(", "));
            format!(
                "{VARIABLE} is {text:?}: write {names}, or unset it to use all instructions of the \
                 processor"
            )
        })
    }
}

/// Read once: the instructions of a process never change. `None` is no limit.
static LIMIT: LazyLock<Result<Option<InstructionSet>, String>> =
    LazyLock::new(|| match env::var_os(VARIABLE) {
        Some(text) if !text.is_empty() => InstructionSet::parse(&text.to_string_lossy()).map(Some),
        _ => Ok(None),
    });

/// Whether the instructions of this level may be used if the processor has them.
pub(crate) fn allows(level: InstructionSet) -> bool {
    // Commands that compute refuse an invalid value.
    LIMIT.as_ref().ok().copied().flatten().is_none_or(|limit| level <= limit)
}

/// Checks that the limit of the environment, if there is one, is a level.
///
/// # Errors
/// A sentence that names the variable, its value and the levels.
pub fn check_limit() -> Result<(), String> {
    LIMIT.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// The instructions in use in this process: `"AVX-512, AMX-INT8"`, `"AVX-512, VBMI2"`, or `"AVX2
/// (LOSSATLAS_INSTRUCTIONS=avx2)"`.
pub fn instructions() -> String {
    let vectors = match super::dispatch::arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => "AVX-512",
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "NEON",
        _ => "no vectors",
    };
    let others = if AmxImages::of::<f32>().is_some() {
        ", AMX-INT8"
    } else if compresses_fast() {
        ", VBMI2"
    } else {
        ""
    };
    let limit = match LIMIT.as_ref() {
        Ok(None) => String::new(),
        Ok(Some(limit)) => format!(" ({VARIABLE}={})", limit.name()),
        Err(problem) => format!(" ({problem})"),
    };
    format!("{vectors}{others}{limit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_a_name_and_other_words_are_refused_with_all_names() {
        for level in InstructionSet::ALL {
            assert_eq!(InstructionSet::parse(level.name()), Ok(level));
        }
        assert!(InstructionSet::ALL.is_sorted_by(|a, b| a > b));
        for word in ["AVX2", "sse", "avx512,avx2"] {
            let problem = InstructionSet::parse(word).unwrap_err();
            let names = r#"write "amx", "vbmi2", "avx512", "avx2" or "none""#;
            assert!(problem.contains(word) && problem.contains(names), "{problem}");
        }
    }
}
