//! Analysis of sets of vectors and lists of numbers: vectors and numbers in, numbers out.

pub mod alignment;
pub mod curvature;
pub mod graph;
pub mod kernel_pca;
pub mod statistics;
pub mod surface;
