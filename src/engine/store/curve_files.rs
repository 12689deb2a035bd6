//! `curves/`: the curve of each path, a file for each.
//!
//! `atlas.h5` is assembled from these files, and `export --path` and other stages read them. A file
//! can be deleted at any time: only its curve is lost.

use super::frame_file;
use super::journal::JournalError;
use super::journal::frame::FileKind;
use super::path_states::PathName;
use crate::path::CurvePrecision;
use hdf5::H5Type;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the folder in the run directory.
pub const FOLDER: &str = "curves";

const KIND: FileKind = FileKind { magic: *b"lossatlas\r\n\x1d", version: 1 };

/// The numbers of a curve. Their meaning depends on the path method of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveNumbers<A> {
    /// ω^a and ω^b, `(P,)` each, as the search used them.
    pub endpoints: [Vec<A>; 2],
    /// The free parameters: b_1, …, b_N one after the other, `(N, P)`.
    pub free: Vec<A>,
}

/// A curve in the precision of its landscape: single for networks, double for all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KeptCurve {
    /// A curve of a network.
    Single(CurveNumbers<f32>),
    /// A curve of a `[landscape]`.
    Double(CurveNumbers<f64>),
}

/// A precision in which curves are kept.
pub trait KeptPrecision: CurvePrecision + H5Type {
    /// A curve to keep.
    fn keep(numbers: CurveNumbers<Self>) -> KeptCurve;

    /// The curve, if it has this precision.
    fn numbers(curve: KeptCurve) -> Option<CurveNumbers<Self>>;
}

impl KeptPrecision for f32 {
    fn keep(numbers: CurveNumbers<f32>) -> KeptCurve {
        KeptCurve::Single(numbers)
    }

    fn numbers(curve: KeptCurve) -> Option<CurveNumbers<f32>> {
        if let KeptCurve::Single(numbers) = curve { Some(numbers) } else { None }
    }
}

impl KeptPrecision for f64 {
    fn keep(numbers: CurveNumbers<f64>) -> KeptCurve {
        KeptCurve::Double(numbers)
    }

    fn numbers(curve: KeptCurve) -> Option<CurveNumbers<f64>> {
        if let KeptCurve::Double(numbers) = curve { Some(numbers) } else { None }
    }
}

/// The files of a run directory.
#[derive(Clone, Debug)]
pub struct CurveFiles {
    folder: PathBuf,
}

impl CurveFiles {
    /// Maximum size of a kept curve: larger ones do not fit into a message between two ranks.
    pub const MAX_BYTES: usize = 1 << 29;

    /// The files of a run directory, which may have none.
    pub fn of(directory: &Path) -> Self {
        Self { folder: directory.join(FOLDER) }
    }

    fn file(&self, path: &PathName, steps: usize) -> PathBuf {
        self.folder.join(format!("{path}.{steps}.curve"))
    }

    /// Whether the curve of this path with this number of steps was kept.
    pub fn has(&self, path: &PathName, steps: usize) -> bool {
        self.file(path, steps).is_file()
    }

    /// The curve of a path. `None` if it was not kept.
    ///
    /// # Errors
    /// Why the file cannot be used, with its name.
    pub fn load(&self, path: &PathName, steps: usize) -> Result<Option<KeptCurve>, String> {
        let file = self.file(path, steps);
        if !file.is_file() {
            return Ok(None);
        }
        frame_file::read(&file, KIND, "the curve of a path").map(Some)
    }

    /// Stores the curve of a path.
    ///
    /// # Errors
    /// [`JournalError::Io`]. A file that was stored before stays.
    pub fn save(
        &self,
        path: &PathName,
        steps: usize,
        curve: &KeptCurve,
    ) -> Result<(), JournalError> {
        frame_file::write(&self.folder, &self.file(path, steps), KIND, curve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::dependencies::KeyDigest;
    use crate::solutions::{EndpointSets, LandscapeName, SetName};
    use std::fs;

    fn name(pair: (u32, u32)) -> PathName {
        let sets = EndpointSets::within(SetName::parse("sgd/train").unwrap());
        PathName::of(&sets, LandscapeName::Train, pair, KeyDigest::default())
    }

    fn numbers<A: Clone>(numbers: impl Fn(f32) -> A) -> CurveNumbers<A> {
        let endpoints = [vec![numbers(1.0), numbers(2.5)], vec![numbers(-0.1), numbers(f32::MIN)]];
        let free = [0.0, -0.0, 1e-40, f32::NAN].map(numbers).to_vec();
        CurveNumbers { endpoints, free }
    }

    #[test]
    fn a_curve_comes_back_to_the_bit_in_its_own_precision() {
        let root = tempfile::tempdir().unwrap();
        let files = CurveFiles::of(root.path());
        assert_eq!(files.load(&name((0, 1)), 30), Ok(None));
        files.save(&name((0, 1)), 30, &f32::keep(numbers(|x| x))).unwrap();
        files.save(&name((0, 1)), 60, &f64::keep(numbers(f64::from))).unwrap();
        assert!(files.has(&name((0, 1)), 30) && files.has(&name((0, 1)), 60));
        assert!(!files.has(&name((0, 1)), 31) && !files.has(&name((1, 0)), 30));
        let single = files.load(&name((0, 1)), 30).unwrap().unwrap();
        assert_eq!(f64::numbers(single.clone()), None);
        let bits = |numbers: CurveNumbers<f32>| {
            let all = [numbers.endpoints.concat(), numbers.free].concat();
            all.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(bits(f32::numbers(single).unwrap()), bits(numbers(|x| x)));
    }

    #[test]
    fn damage_is_named() {
        let root = tempfile::tempdir().unwrap();
        let files = CurveFiles::of(root.path());
        files.save(&name((0, 1)), 30, &f32::keep(numbers(|x| x))).unwrap();
        let file = files.file(&name((0, 1)), 30);
        let bytes = fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            fs::write(&file, broken).unwrap();
            let refused = files.load(&name((0, 1)), 30).unwrap_err();
            assert!(refused.contains(".30.curve: "), "{at}: {refused}");
        }
    }
}
