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
//! | [`dataset`] | files or a seed → images and labels |
//! | [`allocator`] | long arrays at the lines of the cache |
//! | [`real`], [`random`], [`span`] | numbers, random streams, points in the span of vectors |
//! | [`threads`] | work in items → the threads of a rank, results in order |
//! | [`stepwise`] | computations that can be put down and taken up again |
//! | [`network`] | flat parameters θ and images → loss, gradient |
//! | [`landscape`] | anything with a height: a network on a data set, or a closed formula |
//! | [`optimizer`] | θ₀ → training run: loss curves, snapshots ω^train and ω^test |
//! | [`solutions`] | training runs → the sets of best parameter vectors, pairs of them |
//! | [`path`] | two solutions → path, loss profile, barrier |
//! | [`embedding`] | sets of vectors → kernel matrix, kernel PCA |
//! | [`statistics`] | sets of vectors → moments, distances; lists of numbers → summaries, tests, intervals |
//! | [`config`] | a TOML file → the parameters of all of the above, checked |
//! | [`plan`] | a configuration → work and memory |
//! | [`files`] | directories made, files replaced without loss |
//! | [`store`] | results ↔ journal and `atlas.h5` |
//! | [`parallel`] | tasks → ranks |
//! | [`report`] | results → tables, figures, verdicts |
//!
//! Above [`config`] nothing knows of MPI, HDF5 or the terminal; below it there is no mathematics.
//!
//! # Symbols
//! θ (or ω): flat parameter vector, `(P,)`. n: vectors in a set. M: points on a path. N_F: Fourier
//! terms. K: kernel matrix `(n, n)`. Losses are means over images, in nats for cross-entropy.

// Links OpenBLAS, which `ndarray` and `ndarray-linalg` call.
extern crate openblas_src as _;

pub mod allocator;
pub mod config;
pub mod dataset;
pub mod embedding;
pub mod files;
pub mod landscape;
pub mod network;
pub mod optimizer;
pub mod parallel;
pub mod path;
pub mod plan;
pub mod random;
pub mod real;
pub mod report;
pub mod solutions;
pub mod span;
pub mod statistics;
pub mod stepwise;
pub mod store;
pub mod threads;
