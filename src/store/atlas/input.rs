//! What an atlas is made of.

use crate::optimizer::{Method, TrainingRun};
use crate::path::PathSet;
use crate::solutions::{SetName, SolutionSet};
use ndarray::Array2;

/// All results of one configuration, as they go to `atlas.h5`.
#[derive(Clone, Debug)]
pub struct Atlas<'a> {
    /// What was computed, by whom, when.
    pub provenance: Provenance,
    /// Unit of the network's loss: `"nat"` for cross-entropy, `"1"` for a mean squared error.
    pub loss_unit: &'a str,
    /// The tensors of θ, by ascending offset, without gaps.
    pub layout: &'a [Tensor],
    /// The sets of solutions, imported ones included.
    pub sets: &'a [SolutionSet],
    /// The training runs of each method.
    pub curves: &'a [Curves<'a>],
    /// The paths; the ends of each pair are vectors of the set it names.
    pub paths: &'a [PathSet],
    /// Kernel principal component analyses.
    pub kernel_pca: &'a [KernelPcaGroup],
    /// Moments of the components of θ.
    pub moments: &'a [MomentsGroup],
    /// Distances from the common origin of two sets.
    pub distances: &'a [DistancesGroup],
}

/// Where the results come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Version of the program.
    pub program_version: String,
    /// Commit the program was built from; empty if unknown.
    pub commit: String,
    /// The effective configuration: defaults and overrides included.
    pub configuration: String,
    /// Where the images come from, in words.
    pub dataset: String,
    /// SHA-256, hexadecimal, of the images and labels.
    pub dataset_checksum: String,
    /// Number of MPI ranks of the last session.
    pub ranks: u32,
    /// Host of rank 0 of the last session.
    pub host: String,
    /// Start of the first session, RFC 3339, UTC.
    pub started: String,
    /// Time of writing, RFC 3339, UTC.
    pub finished: String,
}

/// One tensor of θ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name: `"fc1.weight"`.
    pub name: String,
    /// Its shape, row-major; 1 to 4 axes, none of them empty.
    pub shape: Vec<usize>,
    /// Index in θ of its first component.
    pub offset: usize,
}

impl Tensor {
    /// Number of components.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no component.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The training runs of one method.
#[derive(Clone, Debug)]
pub struct Curves<'a> {
    /// The optimizer.
    pub method: Method,
    /// By number of the initialization: the run, or the reason why there is none, or nothing if it
    /// has not ended.
    pub runs: Vec<Option<Result<&'a TrainingRun, &'a str>>>,
}

/// One kernel principal component analysis of n vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelPcaGroup {
    /// Its name, that of its group.
    pub name: String,
    /// Name of the kernel.
    pub kernel: String,
    /// Parameters of the kernel by name; each becomes an attribute.
    pub parameters: Vec<(String, f64)>,
    /// Eigenvalues of the centered kernel matrix, the largest first.
    pub eigenvalues: Vec<f64>,
    /// Fraction of the sum of all eigenvalues, of each of `eigenvalues`.
    pub explained: Vec<f64>,
    /// `(n, k)` coordinates of the vectors along the first k components.
    pub projection: Array2<f64>,
    /// `(n,)` set of each vector.
    pub set: Vec<SetName>,
    /// `(n,)` number of the initialization of each vector.
    pub initialization: Vec<u32>,
}

/// Moments of all components of all vectors of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentsGroup {
    /// The set.
    pub set: SetName,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub standard_deviation: f64,
}

/// How far the vectors of two sets lie from their common origin, the midpoint of the two centroids.
#[derive(Clone, Debug, PartialEq)]
pub struct DistancesGroup {
    /// Its name, that of its group.
    pub name: String,
    /// The two sets.
    pub sets: [SetName; 2],
    /// Distance of each vector from the common origin, by set.
    pub distances: [Vec<f64>; 2],
    /// Distance of either centroid from the common origin, which lies midway between them.
    pub centroid_to_origin: f64,
    /// Distance between the two centroids.
    pub centroid_distance: f64,
}
