//! `in-flight.checkpoints`: the states of running tasks, so that long tasks can be resumed.
//!
//! Rank 0 appends every state that it receives, in the frames of the journal: one file for all
//! ranks, which no crash can damage. The latest state of a task counts. When the file has grown to
//! twice the size of the states that count, these are copied to a new file, which replaces the old
//! one as a whole. Memory holds only offsets.

use super::directory::sync_directory;
use super::journal::frame::{self, FileKind, HEAD_LENGTH};
use super::journal::{AppendFile, JournalError, io_error};
use crate::config::dependencies::KeyDigest;
use crate::optimizer::OptimizerName;
use crate::solutions::{EndpointSets, LandscapeName, SetName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Name of the file in the run directory. It is removed when no task has a checkpoint.
pub const FILE_NAME: &str = "in-flight.checkpoints";

/// Name of the file that replaces it.
const NEW: &str = "in-flight.checkpoints.new";

const KIND: FileKind = FileKind { magic: *b"lossatlas\r\n\x1b", version: 1 };

/// Smaller files are not compacted. The limit is low because results need the space of a disk that
/// is nearly full, and on a full disk no compacted copy can be written.
const SMALL: u64 = 16 << 20;

/// Identifies a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskKey {
    /// A training run.
    Training {
        /// Its optimizer.
        optimizer: OptimizerName,
        /// Number of the initialization.
        initialization: u32,
    },
    /// A path.
    Path {
        /// The set of both endpoints.
        set: SetName,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the endpoints.
        pair: (u32, u32),
    },
    /// A task of any other stage, whose result is a [`Record::Task`](super::Record::Task).
    Task {
        /// Name of the stage.
        stage: String,
        /// The key of the task within its stage.
        key: String,
    },
    /// A path between vectors of two sets.
    PathBetween {
        /// The sets of the endpoints.
        sets: EndpointSets,
        /// The landscape.
        landscape: LandscapeName,
        /// Initialization numbers of the endpoints.
        pair: (u32, u32),
    },
    /// One of the tasks above, with the digest of the keys that it depends on. All checkpoints have
    /// this form, except those of version 0.1.0.
    Under {
        /// The digest of the keys that the task depends on.
        digest: KeyDigest,
        /// The task.
        task: Box<Self>,
    },
}

/// A suspended task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Wall time it has taken so far, in s.
    pub seconds: f64,
    /// The state to resume from.
    pub state: Vec<u8>,
}

/// The file, and the place of each state in it.
///
/// The lock of the journal beside it keeps other programs away.
#[derive(Debug)]
pub struct Checkpoints {
    directory: PathBuf,
    /// Created with the first state.
    file: Option<AppendFile>,
    index: BTreeMap<TaskKey, FramePlace>,
}

/// The place of the frame of a state.
#[derive(Clone, Copy, Debug)]
struct FramePlace {
    offset: u64,
    length: u64,
}

impl Checkpoints {
    /// Opens the file of an output directory, if there is one.
    ///
    /// # Errors
    /// As for the journal: a file of another kind, of another version, or a damaged file is
    /// reported and left unchanged.
    pub fn open(directory: &Path) -> Result<Self, JournalError> {
        let mut checkpoints =
            Self { directory: directory.to_owned(), file: None, index: BTreeMap::new() };
        if directory.join(FILE_NAME).exists() {
            checkpoints.open_file()?;
        }
        Ok(checkpoints)
    }

    fn open_file(&mut self) -> Result<&mut AppendFile, JournalError> {
        if self.file.is_none() {
            let index = &mut self.index;
            let (file, _) = AppendFile::open(
                KIND,
                &self.directory,
                FILE_NAME,
                |_| Ok(()),
                |offset, payload| {
                    let (key, _) = postcard::take_from_bytes::<TaskKey>(payload)
                        .map_err(|error| error.to_string())?;
                    let (offset, length) =
                        (offset - HEAD_LENGTH as u64, (HEAD_LENGTH + payload.len()) as u64);
                    index.insert(key, FramePlace { offset, length });
                    Ok(())
                },
            )?;
            self.file = Some(file);
        }
        Ok(self.file.as_mut().expect("just opened"))
    }

    /// Stores the state of a task. It is on disk when this returns.
    ///
    /// # Errors
    /// [`JournalError::Io`] with the reason of the file system, among others. Earlier states stay.
    pub fn save(&mut self, key: TaskKey, saved: &Saved) -> Result<(), JournalError> {
        let frame = frame::encode(&(&key, saved))?;
        self.let_go_if_displaced();
        let offset = self.open_file()?.append(&frame)?;
        self.index.insert(key, FramePlace { offset, length: frame.len() as u64 });
        self.compact()
    }

    /// The latest state of a task, if there is one.
    ///
    /// # Errors
    /// [`JournalError::Io`]; [`JournalError::Damaged`] if the file has changed since it was opened.
    pub fn load(&mut self, key: &TaskKey) -> Result<Option<Saved>, JournalError> {
        let Some(&place) = self.index.get(key) else { return Ok(None) };
        let payload = self.read(place)?;
        let damaged = |problem, file: &Path| JournalError::Damaged {
            file: file.to_owned(),
            offset: place.offset,
            problem,
        };
        let path = self.directory.join(FILE_NAME);
        let (_, saved): (TaskKey, Saved) =
            frame::decode(&payload[HEAD_LENGTH..]).map_err(|problem| damaged(problem, &path))?;
        Ok(Some(saved))
    }

    /// The tasks that have a checkpoint.
    pub fn keys(&self) -> impl Iterator<Item = &TaskKey> {
        self.index.keys()
    }

    /// Whether a task has a checkpoint.
    pub fn contains(&self, key: &TaskKey) -> bool {
        self.index.contains_key(key)
    }

    /// Removes the state of a finished task. If it was the last one, removes the file.
    ///
    /// # Errors
    /// [`JournalError::Io`] if the file cannot be removed.
    pub fn forget(&mut self, key: &TaskKey) -> Result<(), JournalError> {
        self.index.remove(key);
        if self.index.is_empty() {
            self.let_go_if_displaced();
        }
        if self.index.is_empty() && self.file.take().is_some() {
            let path = self.directory.join(FILE_NAME);
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// Lets go of a file that the user deleted, moved or replaced: the next state begins a new
    /// file, and a replacement stays unchanged.
    fn let_go_if_displaced(&mut self) {
        let displaced =
            |file: &AppendFile| matches!(file.check_place(), Err(JournalError::Displaced { .. }));
        if self.file.as_ref().is_some_and(displaced) {
            (self.file, self.index) = (None, BTreeMap::new());
        }
    }

    fn read(&mut self, place: FramePlace) -> Result<Vec<u8>, JournalError> {
        let file = self.open_file()?;
        let mut frame = vec![0; place.length as usize];
        let read = file
            .file()
            .seek(SeekFrom::Start(place.offset))
            .and_then(|_| file.file().read_exact(&mut frame));
        read.map_err(io_error("read", file.path()))?;
        Ok(frame)
    }

    /// Compacts the file if most of it is obsolete.
    fn compact(&mut self) -> Result<(), JournalError> {
        let live: u64 = self.index.values().map(|place| place.length).sum();
        if self.open_file()?.length() < SMALL.max(2 * live) {
            return Ok(());
        }
        let new = self.directory.join(NEW);
        let replaced = self.copy_what_counts(&new);
        if replaced.is_err() {
            // On a full disk the partial copy would only take space. The old file is still valid.
            fs::remove_file(&new).ok();
        }
        replaced
    }

    fn copy_what_counts(&mut self, new: &Path) -> Result<(), JournalError> {
        // A crash may have left one.
        if new.exists() {
            fs::remove_file(new).map_err(io_error("remove", new))?;
        }
        let (mut file, _) =
            AppendFile::open(KIND, &self.directory, NEW, |_| Ok(()), |_, _| Ok(()))?;
        for place in self.index.values().copied().collect::<Vec<_>>() {
            file.append(&self.read(place)?)?;
        }
        let path = self.directory.join(FILE_NAME);
        fs::rename(new, &path).map_err(io_error("replace", &path))?;
        sync_directory(&self.directory)
            .map_err(io_error("write the directory", &self.directory))?;
        // Open it under its new name, with the new places.
        (self.file, self.index) = (None, BTreeMap::new());
        self.open_file().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(initialization: u32) -> TaskKey {
        TaskKey::Training { optimizer: OptimizerName::sgd(), initialization }
    }

    fn saved(byte: u8, length: usize) -> Saved {
        Saved { seconds: f64::from(byte), state: vec![byte; length] }
    }

    #[test]
    fn the_latest_state_of_each_task_is_there_again() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut checkpoints = Checkpoints::open(directory.path()).expect("an empty directory");
        assert_eq!(
            fs::read_dir(directory.path()).expect("a directory").count(),
            0,
            "nothing is made before it is needed"
        );
        for (number, byte) in [(0, 1), (1, 2), (0, 3)] {
            checkpoints.save(key(number), &saved(byte, 10)).expect("space");
        }
        assert_eq!(checkpoints.load(&key(0)).expect("readable"), Some(saved(3, 10)));
        drop(checkpoints);
        let mut again = Checkpoints::open(directory.path()).expect("as written");
        assert_eq!(again.load(&key(0)).expect("readable"), Some(saved(3, 10)));
        assert_eq!(again.load(&key(1)).expect("readable"), Some(saved(2, 10)));
        assert_eq!(again.load(&key(2)).expect("readable"), None);
        again.forget(&key(0)).expect("nothing to remove yet");
        assert!(!again.contains(&key(0)) && again.contains(&key(1)));
        again.forget(&key(1)).expect("a file to remove");
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
    }

    #[test]
    fn tasks_of_all_stages_are_kept_apart() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut checkpoints = Checkpoints::open(directory.path()).expect("an empty directory");
        let task =
            |stage: &str, key: &str| TaskKey::Task { stage: stage.to_owned(), key: key.to_owned() };
        let keys = [key(0), task("trajectory", "0"), task("trajectory", "1"), task("surface", "0")];
        for (byte, key) in (1..).zip(&keys) {
            checkpoints.save(key.clone(), &saved(byte, 10)).expect("space");
        }
        drop(checkpoints);
        let mut again = Checkpoints::open(directory.path()).expect("as written");
        for (byte, key) in (1..).zip(&keys) {
            assert_eq!(again.load(key).expect("readable"), Some(saved(byte, 10)));
        }
    }

    #[test]
    fn a_state_that_was_being_written_leaves_the_one_before() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut checkpoints = Checkpoints::open(directory.path()).expect("an empty directory");
        checkpoints.save(key(0), &saved(1, 100)).expect("space");
        let whole = fs::metadata(directory.path().join(FILE_NAME)).expect("a file").len();
        checkpoints.save(key(0), &saved(2, 100)).expect("space");
        drop(checkpoints);
        let bytes = fs::read(directory.path().join(FILE_NAME)).expect("a file");
        for end in whole as usize..bytes.len() {
            fs::write(directory.path().join(FILE_NAME), &bytes[..end]).expect("space");
            let mut torn = Checkpoints::open(directory.path()).expect("only its tail is torn");
            assert_eq!(torn.load(&key(0)).expect("readable"), Some(saved(1, 100)), "cut at {end}");
        }
    }

    #[test]
    fn the_file_does_not_outgrow_twice_what_counts() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut checkpoints = Checkpoints::open(directory.path()).expect("an empty directory");
        checkpoints.save(key(7), &saved(9, 1000)).expect("space");
        for round in 0..40 {
            checkpoints.save(key(round % 3), &saved(round as u8, 5 << 20)).expect("space");
            let length = fs::metadata(directory.path().join(FILE_NAME)).expect("a file").len();
            // Three states of 5 MiB and a small one count; one more may have come before the
            // replacement.
            assert!(
                length < SMALL.max(2 * (15 << 20)) + (6 << 20),
                "{length} bytes after round {round}"
            );
        }
        for (number, byte) in [(0, 39), (1, 37), (2, 38)] {
            assert_eq!(
                checkpoints.load(&key(number)).expect("readable"),
                Some(saved(byte, 5 << 20))
            );
        }
        assert_eq!(checkpoints.load(&key(7)).expect("readable"), Some(saved(9, 1000)));
        drop(checkpoints);
        let mut again = Checkpoints::open(directory.path()).expect("as written");
        assert_eq!(again.load(&key(7)).expect("readable"), Some(saved(9, 1000)));
    }

    #[test]
    fn a_file_that_was_deleted_or_replaced_costs_its_states_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join(FILE_NAME);
        let mut checkpoints = Checkpoints::open(directory.path()).expect("an empty directory");
        checkpoints.save(key(0), &saved(1, 10)).expect("space");
        fs::remove_file(&file).expect("a file");
        checkpoints.save(key(1), &saved(2, 10)).expect("a new file");
        assert_eq!(checkpoints.load(&key(1)).expect("readable"), Some(saved(2, 10)));
        assert_eq!(checkpoints.load(&key(0)).expect("readable"), None);
        fs::remove_file(&file).expect("a file");
        checkpoints.forget(&key(1)).expect("there is nothing to remove");
        checkpoints.save(key(2), &saved(3, 10)).expect("a new file");
        fs::remove_file(&file).expect("a file");
        fs::write(&file, "precious").expect("space for a small file");
        checkpoints.forget(&key(2)).expect("the file is not ours");
        assert_eq!(fs::read_to_string(&file).expect("still there"), "precious");
    }

    #[test]
    fn a_journal_is_no_checkpoint_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        crate::engine::store::Journal::open(
            directory.path(),
            crate::engine::store::Contents::default(),
        )
        .expect("a journal");
        fs::rename(
            directory.path().join(crate::engine::store::journal::FILE_NAME),
            directory.path().join(FILE_NAME),
        )
        .expect("a file");
        assert!(matches!(Checkpoints::open(directory.path()), Err(JournalError::Foreign { .. })));
    }
}
