//! The instructions of AMX-INT8: eight registers of a kilobyte each, and a product of two of
//! them, 16 × 64 times 64 × 16 bytes, added to a third of `i32`.
//!
//! Rust has them only in its nightly compiler, so they are written here in assembly. Each of the
//! few blocks begins and ends with empty registers.

use crate::kernels::instructions::{InstructionSet, allows};
use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// Rows of a tile, and fours of bytes in each.
pub(super) const SIDE: usize = 16;

/// Numbers of the inner dimension in a tile.
pub(super) const DEPTH: usize = 4 * SIDE;

/// Rows or columns of a pair of tiles.
pub(super) const BLOCK: usize = 2 * SIDE;

/// Digits of a number of the left factor.
pub(super) const DIGITS: usize = 3;

/// A kilobyte: rows of fours of bytes.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Tile(pub(super) [[u32; SIDE]; SIDE]);

impl Tile {
    pub(super) const ZERO: Self = Self([[0; SIDE]; SIDE]);
}

/// Two tiles, one below or beside the other.
pub(super) type Two = [Tile; 2];

/// A token: the processor has these instructions and the AVX-512 instructions that pack tiles, and
/// the operating system permits this process to use them.
#[derive(Clone, Copy)]
pub(super) struct Machine(());

impl Machine {
    /// `None` elsewhere. The first call asks the operating system.
    pub(super) fn get() -> Option<Self> {
        static MACHINE: OnceLock<bool> = OnceLock::new();
        MACHINE
            .get_or_init(|| {
                let vectors =
                    is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi");
                allows(InstructionSet::Amx) && vectors && has_tiles() && is_permitted()
            })
            .then_some(Self(()))
    }

    /// Sets up the registers of this thread.
    #[expect(clippy::unused_self, reason = "the token makes it sound")]
    pub(super) fn begin(self) -> ReadyMachine {
        static ALL: Configuration = Configuration {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            bytes_per_row: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        // SAFETY: the instruction exists, and reads 64 bytes that describe eight tiles of its one
        // palette.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const ALL, options(nostack, readonly)) };
        ReadyMachine(PhantomData)
    }
}

/// As `ldtilecfg` reads it.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_per_row: [u16; 16],
    rows: [u8; 16],
}

/// A thread whose registers are set up, until this is dropped; so it stays with that thread.
pub(super) struct ReadyMachine(PhantomData<*const ()>);

impl Drop for ReadyMachine {
    fn drop(&mut self) {
        // SAFETY: whoever holds a `Running` has the instruction.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// 32 rows of 32 sums: two tiles beside each other, above two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [[i32; BLOCK]; BLOCK]);

impl ReadyMachine {
    /// Overwrites `sums` with two rows of tiles times two columns, summed over all steps: bytes
    /// with sign times bytes without.
    ///
    /// # Panics
    /// If there are not as many steps of both, or none.
    #[expect(clippy::unused_self, reason = "the registers being set up makes it sound")]
    pub(super) fn multiply(&self, left: &[Two], right: &[Two], sums: &mut Sums) {
        assert!(
            left.len() == right.len() && !left.is_empty(),
            "as many steps of both factors, and one at least"
        );
        // SAFETY: whoever holds a `Running` has the instructions and has set up the registers. Each
        // step reads one element of both slices, whose length is the number of steps; `sums` holds
        // four tiles.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm6, [{right} + {row}]",
                "tileloadd tmm4, [{left} + {row}]",
                "tdpbsud tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{right} + {row} + 1024]",
                "tdpbsud tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{left} + {row} + 1024]",
                "tdpbsud tmm2, tmm5, tmm6",
                "tdpbsud tmm3, tmm5, tmm7",
                "add {left}, 2048",
                "add {right}, 2048",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{sums} + 2 * {row}], tmm0",
                "tilestored [{sums} + 2 * {row} + 64], tmm1",
                "tilestored [{sums} + 2 * {row} + 2048], tmm2",
                "tilestored [{sums} + 2 * {row} + 2112], tmm3",
                left = inout(reg) left.as_ptr() => _,
                right = inout(reg) right.as_ptr() => _,
                steps = inout(reg) left.len() => _,
                sums = in(reg) sums.0.as_mut_ptr(),
                row = in(reg) size_of::<[u32; SIDE]>(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

/// Leaf 7: bit 24 of EDX is the tiles, bit 25 AMX-INT8.
#[allow(unused_unsafe, reason = "older compilers call the instruction unsafe")]
fn has_tiles() -> bool {
    const BOTH: u32 = 1 << 24 | 1 << 25;
    // SAFETY: every x86-64 has the instruction.
    unsafe { __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & BOTH == BOTH }
}

/// Linux saves these registers only for processes that request it.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: changes nothing but what the kernel permits this process.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}
