//! The input of an atlas.

use crate::analysis::statistics::{Analysis, FailedPart};
use crate::engine::curves::KeptCurves;
use crate::engine::results::Results;
use crate::network::Tensor;
use crate::optimizer::{MinimizationResult, OptimizerName, TrainingRun};
use crate::path::{PathSet, Track};
use crate::solutions::SolutionSet;

/// All results of one configuration, to be written to `atlas.h5`.
#[derive(Clone)]
pub struct Atlas<'a> {
    /// What was computed, where and when.
    pub provenance: Provenance,
    /// Unit of the network's loss: `"nat"` for cross-entropy, `"1"` for a mean squared error.
    pub loss_unit: &'a str,
    /// The tensors of θ, by ascending offset, without gaps.
    pub layout: &'a [Tensor],
    /// The sets of solutions, imported ones included.
    pub sets: &'a [SolutionSet],
    /// The training runs of each optimizer.
    pub curves: &'a [Curves<'a>],
    /// For an analytic landscape or a process, the end of each start by its number; otherwise
    /// empty.
    pub minima: &'a [Option<Result<&'a MinimizationResult, &'a str>>],
    /// The paths. The endpoints of each pair are vectors of the sets it names.
    pub paths: &'a [PathSet],
    /// For each of `paths` and each of its pairs, the points of the path if they were kept. Sets at
    /// the end may be left out.
    pub tracks: &'a [Vec<Option<&'a Track>>],
    /// The curves of paths in the run directory; `None` if they are not needed.
    pub kept_curves: Option<KeptCurves<'a>>,
    /// Whether the curves go into a file of their own.
    pub curves_are_apart: bool,
    /// Kernel PCAs, moments and distances of the sets.
    pub analysis: &'a Analysis,
    /// The parts of the analysis that could not be computed.
    pub failed_parts: &'a [FailedPart],
    /// All results, from which stages read their [own tasks](crate::engine::store::Contents::task).
    pub results: Results<'a>,
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
    /// [Identity](crate::engine::store::Contents::run_identity) of the run.
    pub run: String,
    /// Number of MPI ranks of the last session.
    pub ranks: u32,
    /// Host of rank 0 of the last session.
    pub host: String,
    /// Start of the first session, RFC 3339, UTC.
    pub started: String,
    /// Time of writing, RFC 3339, UTC.
    pub finished: String,
}

/// The training runs of one optimizer.
#[derive(Clone, Debug)]
pub struct Curves<'a> {
    /// The optimizer.
    pub optimizer: OptimizerName,
    /// Maximum number of epochs or iterations: the curves have one more loss.
    pub epochs: usize,
    /// By number of the initialization: the run, or why it failed. `None` if it has not ended.
    pub runs: Vec<Option<Result<&'a TrainingRun, &'a str>>>,
}
