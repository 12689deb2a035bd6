//! Where the curves of `paths.store` go, and how large they are, before anything is computed.

use crate::config::StoredCurves;
use crate::data::Split;
use crate::engine::problem::Problem;
use crate::engine::stage::derived_sets;
use crate::engine::store::CurveFiles;
use crate::solutions::SetName;

/// Name of the file beside `atlas.h5` that has the curves if they are larger than the rest.
pub const CURVE_FILE: &str = "curves.h5";

/// The size of compressed coefficients by their size in memory. The bytes of the exponents
/// compress, those of the other digits do not.
const COMPRESSED: f64 = 0.86;

/// The curves that a configuration asks for: how many at most, and their size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveForecast {
    /// Files in `curves/`.
    pub files: usize,
    /// Bytes of one of them: coefficients and endpoints.
    pub file_bytes: f64,
    /// Curves in the HDF5 file.
    pub stored: usize,
    /// Bytes of all of them there.
    pub stored_bytes: f64,
    /// Bytes of the solutions and of the profiles of the paths, which are most of `atlas.h5`.
    pub other_bytes: f64,
}

impl CurveForecast {
    /// The curves that a configuration asks for. `None` if there are none. On rank 0, which knows
    /// the number of imported vectors.
    pub fn of(problem: &Problem) -> Option<Self> {
        let paths = &problem.config.paths;
        let sets = paths.endpoint_sets();
        let landscapes = problem.path_landscapes();
        let pairs = |set: &SetName| problem.solutions_in(set);
        let counts: Vec<usize> =
            sets.iter().map(|of| paths.count(of, of.both().map(pairs))).collect();
        let found = paths.most(pairs).saturating_mul(landscapes);
        let best = counts.iter().filter(|&&count| count > 0).count() * landscapes;
        let stored = match paths.store {
            StoredCurves::None => return None,
            StoredCurves::Best => best,
            StoredCurves::All => found,
        };
        // In random order, the number of new lowest barriers is on average the harmonic number, for
        // each set.
        let files = match paths.store {
            StoredCurves::Best => {
                let records = |&count: &usize| (1..=count).map(|k| 1.0 / k as f64).sum::<f64>();
                (counts.iter().map(records).sum::<f64>() * landscapes as f64).ceil() as usize
            }
            _ => found,
        };
        let number =
            if problem.landscape().is_some() { size_of::<f64>() } else { size_of::<f32>() };
        let vector = (problem.layout().parameters() * number) as f64;
        let coefficients = paths.parameters.method.free() as f64 * vector;
        let file_bytes = coefficients + 2.0 * vector;
        Some(Self {
            files,
            file_bytes,
            stored,
            stored_bytes: COMPRESSED * stored as f64 * file_bytes,
            other_bytes: other_bytes(problem, found),
        })
    }

    /// Whether the curves go into a file of their own, because they are larger than all other
    /// results.
    pub fn is_apart(&self) -> bool {
        self.stored_bytes > self.other_bytes
    }

    /// The file that they go into.
    pub fn place(&self) -> &'static str {
        if self.is_apart() { CURVE_FILE } else { crate::engine::store::atlas::FILE_NAME }
    }

    /// Whether a curve is too large for a message between two ranks, and is not kept.
    pub fn is_too_large(&self) -> bool {
        self.file_bytes > CurveFiles::MAX_BYTES as f64
    }
}

/// The vectors of all sets, and two profiles for each path.
fn other_bytes(problem: &Problem, paths: usize) -> f64 {
    let sets = problem.config.subject.either(
        |network| {
            let trained = network.training.optimizers.iter();
            let trained = trained
                .flat_map(|name| [Split::Train, Split::Test].map(|split| SetName::of(name, split)));
            let imported = network.imports.iter().map(|import| import.name.clone());
            trained.chain(imported).collect::<Vec<_>>()
        },
        |landscape| {
            let imported = landscape.imports.iter().map(|import| import.name.clone());
            landscape.set().into_iter().chain(imported).collect()
        },
    );
    let derived = derived_sets(&problem.config);
    let vectors: usize = sets.iter().chain(&derived).map(|set| problem.solutions_in(set)).sum();
    let theta = (problem.layout().parameters() * size_of::<f32>()) as f64;
    let profiles = 2.0 * (problem.config.paths.parameters.points * size_of::<f64>()) as f64;
    vectors as f64 * theta + paths as f64 * profiles
}
