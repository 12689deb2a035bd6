//! The stages, each a folder, and the list of them.
//!
//! A new stage is one folder here, its `mod` line and its line in [`STAGES`]. The folder holds its
//! section of the configuration, its tasks and what they cost, their results, its group of
//! `atlas.h5`, its table and figures, and the text that documents it. Code that runs, plans, counts
//! or documents stages iterates over the list. The first five stages have more: commands of their
//! own, and fields in `Results`, in `Atlas` and in the report, on which later stages build.

pub mod align;
pub mod curvature;
pub mod estimates;
pub mod graph;
pub mod imports;
pub mod kernel_pca;
pub mod minima;
pub mod paths;
pub mod refinement;
pub mod surface;
pub mod training;
pub mod trajectory;

use super::stage::Stage;
use align::Align;
use curvature::Curvature;
use estimates::Estimates;
use graph::Graphs;
use imports::Imports;
use kernel_pca::KernelPca;
use minima::Minima;
use paths::Paths;
use refinement::Refinement;
use surface::Surfaces;
use training::Training;
use trajectory::Trajectories;

/// All stages, in the order of a run. Stages of one command stand side by side.
pub static STAGES: &[&dyn Stage] = &[
    &Training,
    &Imports,
    &Minima,
    &Trajectories,
    &Align,
    &Estimates,
    &Paths,
    &Refinement,
    &Graphs,
    &Surfaces,
    &KernelPca,
    &Curvature,
];
