//! Fast computations on one core and on several. This page is the whole interface of the module;
//! its parts are private.
//!
//! | for | use |
//! |---|---|
//! | code for `f32` and `f64` | [`Real`]; [`dot`] and [`norm`] accumulate in `f64` |
//! | C ← A B at the sizes of a layer | [`gemm`], [`gemm_add`] |
//! | images, in the form that suits a [`Purpose`] | [`ImageBuffer`], [`ImageForm`], [`PixelSlice`] |
//! | a layer's products with them | [`ImageMatrix`], [`PackedWeights`] |
//! | products with a few pixels of each image | `SparseRows` |
//! | points from few vectors | [`combine`], [`combine_add`] |
//! | convolutions and pooling | `convolution` |
//! | one step of an LSTM | `lstm` |
//! | losses | `losses` |
//! | elementwise functions | [`Activation`], [`add_scaled`], [`scale`], [`gray_all`] |
//! | an elementwise loop of one's own | `dispatched!` |
//! | several threads, the same bits | [`Threads`]; its [`Items`] add to sums in their order |
//! | memory that begins with a cache line | [`Buffer`] |
//! | subnormal numbers as 0 | [`without_subnormals`] |
//! | which instructions are used | [`instructions()`], [`check_limit`] |
//!
//! All loops are compiled for AVX-512, AVX2 and plain x86-64 (or NEON), and one version is chosen
//! when the program runs (`dispatch`). Results depend on this version and on the shapes, but not on
//! threads or addresses.
//!
//! # What saves time
//! - Points of a path and trials of a line search share the first layer's products
//!   (`network::dense::path`, `landscape::images::line`).
//! - Black pixels are skipped (`sparse`, `convolution`), and AMX multiplies bytes (`amx`).
//! - Products at the sizes of a layer copy less than OpenBLAS does (`gemm`).
//! - Weights are packed once an evaluation. Blocks of 256 images stay in the second-level cache.
//! - Between solutions of loss 1e-8, probabilities of wrong classes are subnormal. Arithmetic with
//!   such numbers is many times slower, so they count as 0.
//!
//! # What the parts bring
//! Each part was replaced by the simplest alternative. The numbers are medians of the processor
//! time without the part, divided by that with it, for a step of SGD, a path and an iteration of
//! L-BFGS (LeNet: a step) on images of MNIST, on one core of an EPYC of the Zen 4 generation.
//! Differences of 5 % between two starts of the same program are common.
//!
//! | without | FCP | autoencoder | LSTM | LeNet |
//! |---|---|---|---|---|
//! | `gemm`: OpenBLAS alone | 0.94, 1.02, 1.00 | 1.11, 1.12, 0.97 | 0.99, 1.00, 1.02 | 1.02 |
//! | `gemm`: the crate `gemm` | 0.94, 1.17, 1.03 | 1.19, 1.00, 1.02 | 0.99, 0.98, 1.01 | 0.96 |
//! | aligned buffers | 1.03, 1.03, 1.07 | 1.03, 1.03, 1.02 | 1.04, 1.02, 1.05 | 0.98 |
//!
//! With `LOSSATLAS_INSTRUCTIONS=avx512`, where steps of FCP are dense, OpenBLAS alone takes 1.12
//! times as long for a step of FCP and 1.10 for one of the autoencoder. Unaligned buffers then take
//! 1.10 times as long for a path of FCP.

mod activation;
#[cfg_attr(not(target_arch = "x86_64"), path = "amx/none.rs")]
mod amx;
mod buffer;
mod combine;
pub(crate) mod convolution;
pub(crate) mod dispatch; // for what `dispatched!` expands to
mod elementary;
mod gemm;
mod images;
mod instructions;
pub(crate) mod losses;
pub(crate) mod lstm;
mod scalar;
mod slices;
mod sparse;
mod threads;

pub use activation::Activation;
pub use buffer::Buffer;
pub use combine::{combine, combine_add};
pub(crate) use dispatch::dispatched;
pub use gemm::{gemm, gemm_add};
pub use images::{
    ImageBuffer, ImageForm, ImageMatrix, ImageWorkspace, PackedWeights, PixelSlice, Purpose,
    mostly_black,
};
pub use instructions::{check_limit, instructions};
pub use scalar::{Real, dot, norm, without_subnormals};
pub use slices::{add_scaled, gray_all, scale};
pub(crate) use sparse::SparseRows;
pub use threads::{Item, Items, Threads};
