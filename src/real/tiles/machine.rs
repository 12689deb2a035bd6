//! The tile instructions of the processor, AMX-BF16: eight registers of a kilobyte each, and a product of two of
//! them, 16 × 32 times 32 × 16 numbers of type `bf16`, added to a third of `f32`.
//!
//! Rust has them for its nightly compiler only, so they stand here as assembly; each of the few blocks begins and
//! ends without anything in the registers.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// Rows of a tile, and pairs of numbers in each.
pub(super) const SIDE: usize = 16;

/// A kilobyte: rows of pairs of `bf16`, or of `f32`, by their bits.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Tile(pub(super) [[u32; SIDE]; SIDE]);

impl Tile {
    pub(super) const ZERO: Self = Self([[0; SIDE]; SIDE]);
}

/// Two tiles, one below or beside the other.
pub(super) type Two = [Tile; 2];

/// That there are such instructions, and those of AVX-512 that prepare for them, and that the operating system lets
/// this process use them.
#[derive(Clone, Copy)]
pub(super) struct Machine(());

impl Machine {
    /// Nothing elsewhere. The first call asks the operating system.
    pub(super) fn get() -> Option<Self> {
        static MACHINE: OnceLock<bool> = OnceLock::new();
        MACHINE
            .get_or_init(|| {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && has_tiles() && is_permitted()
            })
            .then_some(Self(()))
    }

    /// Sets up the registers of this thread.
    #[expect(clippy::unused_self, reason = "that there is a machine is what makes it sound")]
    pub(super) fn begin(self) -> Running {
        static ALL: Configuration = Configuration {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            bytes_per_row: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        // SAFETY: the instruction exists, and reads 64 bytes that describe eight tiles of its one palette.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const ALL, options(nostack, readonly)) };
        Running(PhantomData)
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
pub(super) struct Running(PhantomData<*const ()>);

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: whoever holds a `Running` has the instruction.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// Where a block of 32 × 32 sums goes, in rows.
pub(super) struct Sums<'a> {
    numbers: *mut f32,
    /// From a row to the next.
    width: usize,
    added: bool,
    into: PhantomData<&'a mut [f32]>,
}

impl<'a> Sums<'a> {
    /// At the beginning of `numbers`; on top of what is there, or in its place.
    ///
    /// # Panics
    /// If the block does not fit.
    pub(super) fn at(numbers: &'a mut [f32], width: usize, added: bool) -> Self {
        assert!(width >= 2 * SIDE && numbers.len() >= (2 * SIDE - 1) * width + 2 * SIDE, "a block has 32 rows and columns");
        Self { numbers: numbers.as_mut_ptr(), width, added, into: PhantomData }
    }
}

/// A step of the inner dimension of two rows of tiles, in the three parts of each number: high, middle, low.
pub(super) type LeftStep = [Two; 3];

/// The same of two columns of tiles, of numbers that are one part.
pub(super) type RightStep = [Two; 1];

/// Instructions for one part of two rows of tiles, so many bytes into a step, times two columns.
macro_rules! four_products {
    ($at:literal) => {
        concat!(
            "tileloadd tmm4, [{left} + {row} + ",
            $at,
            "]\n",
            "tileloadd tmm5, [{left} + {row} + ",
            $at,
            " + 1024]\n",
            "tdpbf16ps tmm0, tmm4, tmm6\n",
            "tdpbf16ps tmm1, tmm4, tmm7\n",
            "tdpbf16ps tmm2, tmm5, tmm6\n",
            "tdpbf16ps tmm3, tmm5, tmm7"
        )
    };
}

impl Running {
    /// Two rows of tiles times two columns, summed over all steps. Within a step the smallest parts come first.
    ///
    /// # Panics
    /// If there are not as many steps of both, or none.
    #[expect(clippy::unused_self, reason = "that the registers are set up is what makes it sound")]
    pub(super) fn multiply(&self, left: &[LeftStep], right: &[RightStep], sums: Sums) {
        assert!(left.len() == right.len() && !left.is_empty(), "as many steps of both factors, and one at least");
        let Sums { numbers, width, added, .. } = sums;
        // SAFETY: whoever holds a `Running` has the instructions and has set up the registers. Each step reads
        // one element of both slices, whose length is the number of steps; `sums` borrows the rows it points to.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "test {added}, {added}",
                "jz 2f",
                "tileloadd tmm0, [{upper} + {stride}]",
                "tileloadd tmm1, [{upper} + {stride} + 64]",
                "tileloadd tmm2, [{lower} + {stride}]",
                "tileloadd tmm3, [{lower} + {stride} + 64]",
                "2:",
                "tileloadd tmm6, [{right} + {row}]",
                "tileloadd tmm7, [{right} + {row} + 1024]",
                four_products!(4096),
                four_products!(2048),
                four_products!(0),
                "add {left}, 6144",
                "add {right}, 2048",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{upper} + {stride}], tmm0",
                "tilestored [{upper} + {stride} + 64], tmm1",
                "tilestored [{lower} + {stride}], tmm2",
                "tilestored [{lower} + {stride} + 64], tmm3",
                left = inout(reg) left.as_ptr() => _,
                right = inout(reg) right.as_ptr() => _,
                steps = inout(reg) left.len() => _,
                upper = in(reg) numbers,
                lower = in(reg) numbers.add(SIDE * width),
                stride = in(reg) width * size_of::<f32>(),
                added = in(reg) usize::from(added),
                row = in(reg) size_of::<[u32; SIDE]>(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

/// Leaf 7: bit 22 of EDX is AMX-BF16, bit 24 the tiles.
fn has_tiles() -> bool {
    const BOTH: u32 = 1 << 22 | 1 << 24;
    let last = __cpuid_count(0, 0).eax;
    last >= 7 && __cpuid_count(7, 0).edx & BOTH == BOTH
}

/// Linux saves the registers of those processes only that have asked for them.
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
