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
