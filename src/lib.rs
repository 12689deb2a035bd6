//! Maps the loss landscapes of neural networks.
//!
//! The method is that of J. Yu and A. V. Morozov, "Neural network optimization strategies and the
//! topography of the loss landscape", arXiv:2602.21276 (2026): train one network from many random
//! initializations with SGD and with L-BFGS, find low-loss paths between pairs of solutions, and
//! compare the two kinds of solutions by barriers, spread and kernel PCA.
//!
//! # The map
//! Data flows one way, and each module reads only from those before it:
//!
//! | module | from → to |
//! |---|---|
//! | [`kernels`] | arrays → sums, products and elementwise functions, fast on one core and on several |
//! | [`npy_header`] | the beginning of a NumPy array → its sizes and its type |
//! | [`random`], [`combinations`], [`solver`] | random streams, linear combinations of vectors, resumable computations |
//! | [`keys`] | keys that networks, path methods and data formats bring to a configuration |
//! | [`data`] | files or a seed → images and labels |
//! | [`network`] | flat parameters θ and images → loss, gradient |
//! | [`landscape`] | parameters → height: the loss of a network on images, or an analytic landscape |
//! | [`optimizer`] | θ₀ → training run: loss curves, snapshots ω^train and ω^test |
//! | [`solutions`] | training runs → the sets of best parameter vectors, pairs of them |
//! | [`path`] | two solutions → path, loss profile, barrier |
//! | [`analysis`] | vectors → kernel PCA, moments, distances, alignment; products with a Hessian → curvature; numbers → tests, intervals |
//! | [`config`] | a TOML file → the parameters of all of the above, checked |
//! | [`files`] | directories made and files replaced without overwriting anything |
//! | [`engine`] | a configuration → stages of tasks on ranks → journal and `atlas.h5` |
//! | [`report`] | results → tables, figures, verdicts |
//!
//! Above [`config`] nothing knows of MPI, HDF5 or the terminal; below it there is no mathematics.
//!
//! # Symbols
//! θ (or ω): flat parameter vector, `(P,)`. n: vectors in a set. M: points on a path. N_F: Fourier
//! terms. K: kernel matrix `(n, n)`. Losses are means over images, in nats for cross-entropy.

// Links OpenBLAS, which `ndarray` and `ndarray-linalg` call.
extern crate openblas_src as _;

pub mod analysis;
pub mod combinations;
pub mod config;
pub mod data;
pub mod engine;
pub mod files;
pub mod kernels;
pub mod keys;
pub mod landscape;
pub mod network;
pub mod npy_header;
pub mod optimizer;
pub mod path;
pub mod random;
pub mod report;
pub mod solutions;
pub mod solver;
