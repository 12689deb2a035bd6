//! `path-states/`: the last state of each search for a path, a file for each.
//!
//! A longer search continues from it, and a search with other settings may start with its path. A
//! file can be deleted at any time: the path is then searched for from the straight line.

use super::frame_file;
use super::journal::frame::FileKind;
use super::journal::{JournalError, io_error};
use crate::config::dependencies::KeyDigest;
use crate::solutions::{EndpointSets, LandscapeName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the folder in the run directory.
pub const FOLDER: &str = "path-states";

const KIND: FileKind = FileKind { magic: *b"lossatlas\r\n\x1c", version: 1 };

/// The final state of the search for a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PathEnd {
    /// Wall time in s that the search has taken.
    pub seconds: f64,
    /// Whether the evaluation after the last step found the best path.
    pub best_is_last: bool,
    /// A `PathState`.
    pub state: Vec<u8>,
}

/// The files of a run directory.
#[derive(Clone, Debug)]
pub struct PathStates {
    folder: PathBuf,
    /// The numbers of steps with a stored state, by the beginning of the file name of each path.
    steps: BTreeMap<String, BTreeSet<usize>>,
}

/// Identifies a path: the beginning of its file name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathName(String);

impl PathName {
    /// The path of a pair, found with the keys of this digest.
    pub fn of(
        sets: &EndpointSets,
        landscape: LandscapeName,
        (a, b): (u32, u32),
        digest: KeyDigest,
    ) -> Self {
        let sets = sets.path().replace('/', "_");
        Self(format!("{sets}.{landscape}.{a}-{b}.{digest}"))
    }
}

/// The beginning of a file name.
impl fmt::Display for PathName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PathStates {
    /// Lists the files of a run directory, which may have none.
    ///
    /// # Errors
    /// [`JournalError::Io`] if the folder cannot be read.
    pub fn list(directory: &Path) -> Result<Self, JournalError> {
        let folder = directory.join(FOLDER);
        let mut steps: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        if folder.is_dir() {
            let entries = fs::read_dir(&folder).map_err(io_error("read", &folder))?;
            for entry in entries {
                let entry = entry.map_err(io_error("read", &folder))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let parts = name.strip_suffix(".state").and_then(|name| name.rsplit_once('.'));
                if let Some((path, number)) = parts
                    && let Ok(number) = number.parse()
                {
                    steps.entry(path.to_owned()).or_default().insert(number);
                }
            }
        }
        Ok(Self { folder, steps })
    }

    /// The largest number of steps, up to `most`, for which the final state of this path is stored.
    pub fn steps(&self, path: &PathName, most: usize) -> Option<usize> {
        self.steps.get(&path.0)?.range(..=most).next_back().copied()
    }

    /// Whether the final state of this path after these steps is stored.
    pub fn has(&self, path: &PathName, steps: usize) -> bool {
        self.steps.get(&path.0).is_some_and(|all| all.contains(&steps))
    }

    fn file(&self, path: &PathName, steps: usize) -> PathBuf {
        self.folder.join(format!("{}.{steps}.state", path.0))
    }

    /// The final state of a path.
    ///
    /// # Errors
    /// Why the file cannot be used, with its name.
    pub fn load(&self, path: &PathName, steps: usize) -> Result<PathEnd, String> {
        frame_file::read(&self.file(path, steps), KIND, "the state of a path")
    }

    /// Stores the final state of a path, and removes those after fewer steps.
    ///
    /// # Errors
    /// [`JournalError::Io`]. A file that was stored before stays.
    pub fn save(
        &mut self,
        path: &PathName,
        steps: usize,
        end: &PathEnd,
    ) -> Result<(), JournalError> {
        frame_file::write(&self.folder, &self.file(path, steps), KIND, end)?;
        let fewer: Vec<usize> = self
            .steps
            .get(&path.0)
            .into_iter()
            .flat_map(|all| all.range(..steps))
            .copied()
            .collect();
        let known = self.steps.entry(path.0.clone()).or_default();
        known.insert(steps);
        for steps in &fewer {
            known.remove(steps);
        }
        for steps in fewer {
            let file = self.file(path, steps);
            fs::remove_file(&file).map_err(io_error("remove", &file))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solutions::SetName;

    fn name(pair: (u32, u32)) -> PathName {
        let sets = EndpointSets::within(SetName::parse("sgd/train").unwrap());
        PathName::of(&sets, LandscapeName::Train, pair, KeyDigest::default())
    }

    fn end(seconds: f64) -> PathEnd {
        PathEnd { seconds, best_is_last: true, state: vec![1, 2, 3] }
    }

    #[test]
    fn the_longest_end_that_is_short_enough_is_found_again() {
        let root = tempfile::tempdir().unwrap();
        let mut states = PathStates::list(root.path()).unwrap();
        assert_eq!(states.steps(&name((0, 1)), 100), None);
        states.save(&name((0, 1)), 30, &end(1.0)).unwrap();
        states.save(&name((0, 1)), 60, &end(2.0)).unwrap();
        states.save(&name((0, 12)), 30, &end(3.0)).unwrap();
        states.save(&name((0, 12)), 10, &end(4.0)).unwrap();
        let again = PathStates::list(root.path()).unwrap();
        assert_eq!(again.steps, states.steps);
        assert_eq!(again.steps(&name((0, 1)), 60), Some(60));
        assert_eq!(again.steps(&name((0, 1)), 59), None, "30 was superseded");
        assert_eq!(again.steps(&name((0, 12)), 29), Some(10));
        assert_eq!(again.steps(&name((1, 0)), 100), None);
        assert_eq!(again.load(&name((0, 12)), 30), Ok(end(3.0)));
    }

    #[test]
    fn damage_is_named() {
        let root = tempfile::tempdir().unwrap();
        let mut states = PathStates::list(root.path()).unwrap();
        states.save(&name((0, 1)), 30, &end(1.0)).unwrap();
        let file = states.file(&name((0, 1)), 30);
        let bytes = fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            fs::write(&file, broken).unwrap();
            let refused = states.load(&name((0, 1)), 30).unwrap_err();
            assert!(refused.contains(".30.state: "), "{at}: {refused}");
        }
        fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        assert!(states.load(&name((0, 1)), 30).unwrap_err().ends_with("damaged"));
    }
}
