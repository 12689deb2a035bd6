//! Results on disk: the journal, which grows while the program runs, and `atlas.h5`, assembled
//! from it.
//!
//! A crash can destroy an HDF5 file that is open for writing, so no result is stored in one only:
//! every finished unit of work goes to the [`journal`] at once, and [`atlas`] replaces `atlas.h5`
//! as a whole. Running tasks store their states in [`checkpoints`]. `docs/format.md` documents
//! these files. [`vectors`] reads and writes parameter vectors in files of common formats.

pub mod atlas;
pub mod checkpoints;
pub mod contents;
pub mod curve_files;
mod directory;
mod first;
mod frame_file;
mod hdf5_error;
pub mod journal;
pub mod path_states;
pub mod record;
mod retention;
pub mod vectors;

pub use atlas::{
    Atlas, AtlasError, Curves, Provenance, Written, check_existing, check_origin, write_atlas,
};
pub use checkpoints::{Checkpoints, Saved, TaskKey};
pub use contents::{COMMANDS, Contents, Outcome, StoredAnalysis};
pub use curve_files::{CurveFiles, CurveNumbers, KeptCurve, KeptPrecision};
pub use journal::{Journal, JournalError, Opened, TornTail};
pub use path_states::{PathEnd, PathName, PathStates};
pub use record::{ConfigurationRecord, Record, SessionRecord};
pub use retention::Retention;
pub use vectors::{
    VectorSource, VectorsError, read_double_vectors, read_vectors, read_vectors_of_any_length,
    write_npy, write_whole,
};

/// The HDF5 library in use: `1.10.8`.
pub fn hdf5_library_version() -> String {
    let (major, minor, patch) = hdf5::library_version();
    format!("{major}.{minor}.{patch}")
}
