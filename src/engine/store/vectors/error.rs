//! The errors of reading and writing vectors.

use super::VectorSource;
use crate::network::{Layout, Tensor};
use std::io;
use std::path::PathBuf;

/// Why vectors were not read or written.
///
/// Each message is complete and one line: no cause is left to a chain of sources.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// The file system refused.
    #[error("cannot {action} {}: {reason}", file.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        file: PathBuf,
        /// The reason given by the system.
        reason: io::Error,
    },
    /// A file that must not be replaced appeared while the new one was written.
    #[error(
        "{} appeared while this command was running and is unchanged; the new file is {}",
        file.display(),
        kept.display()
    )]
    Appeared {
        /// The file that appeared.
        file: PathBuf,
        /// The new file.
        kept: PathBuf,
    },
    /// The file is not a NumPy file.
    #[error("{} is not an .npy file ({problem}); write one with numpy.save, or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train", file.display())]
    NotNpy {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A NumPy file has less or more bytes than its header says.
    #[error("{}: {found} bytes of components, but an array of shape {} takes {expected}; write or copy it again", file.display(), shape_in_words(shape))]
    Length {
        /// The file.
        file: PathBuf,
        /// The shape in its header.
        shape: Vec<usize>,
        /// Bytes that the shape takes.
        expected: u128,
        /// Bytes after the header.
        found: u64,
    },
    /// The HDF5 library failed.
    #[error(
        "cannot read {path} of {}: {message}; the file is damaged or not an HDF5 file. If it is \
         the atlas.h5 of a run, move it away and rerun the command of that run, which makes it \
         again from its journal",
        file.display()
    )]
    Hdf5 {
        /// The file.
        file: PathBuf,
        /// Group or dataset inside the file.
        path: String,
        /// The reason given by the library.
        message: String,
    },
    /// Another program has locked the file.
    #[error(
        "{} is open for writing in another program (h5py, a viewer), which has locked it; close it there, or read a \
         copy of the file",
        file.display()
    )]
    Locked {
        /// The file.
        file: PathBuf,
    },
    /// The file has no such group, or the group has no vectors.
    #[error("{}: {path} has no dataset theta; {}", file.display(), alternatives(known))]
    NoTheta {
        /// The file.
        file: PathBuf,
        /// The group.
        path: String,
        /// The groups that have vectors.
        known: Vec<String>,
    },
    /// The components are not floating-point numbers of 32 or 64 bits.
    #[error(
        "{place}: components of type {found}; convert them, in Python with theta.astype(numpy.float32)"
    )]
    Type {
        /// Where they are.
        place: VectorSource,
        /// Their type, as NumPy calls it.
        found: String,
    },
    /// The array is neither one vector nor a table of vectors.
    #[error(
        "{place}: an array of shape {}; vectors are the rows of an array (n, P), or one array (P,)",
        shape_in_words(shape)
    )]
    Dimensions {
        /// Where it is.
        place: VectorSource,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// An empty table.
    #[error("{place}: there are no vectors in an array of shape {}", shape_in_words(shape))]
    NoVectors {
        /// Where it is.
        place: VectorSource,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The vectors belong to another network.
    #[error(
        "{place}: rows have {found} components, the network has {}: {}; choose the network they belong to",
        layout.parameters(),
        tensors_in_words(layout)
    )]
    Width {
        /// Where they are.
        place: VectorSource,
        /// Components of a row.
        found: usize,
        /// The layout of the network.
        layout: Layout,
    },
    /// NaN, infinite, or beyond the range of `float32`.
    #[error(
        "{place}: component {column} of row {row} (counted from 0) is {value:e}, not a finite \
         float32; {count} such components in total: leave out vectors that diverged"
    )]
    NotFinite {
        /// Where it is.
        place: VectorSource,
        /// Row of the first such component.
        row: usize,
        /// Its column.
        column: usize,
        /// Its value.
        value: f64,
        /// Number of such components.
        count: usize,
    },
}

/// As Python writes it: `(3, 42200)`, `(42200,)`, `()`.
fn shape_in_words(shape: &[usize]) -> String {
    match shape {
        [size] => format!("({size},)"),
        sizes => {
            format!("({})", sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

fn tensors_in_words(layout: &Layout) -> String {
    let tensor = |tensor: &Tensor| format!("{} {}", tensor.name, shape_in_words(&tensor.shape));
    layout.tensors().iter().map(tensor).collect::<Vec<_>>().join(", ")
}

fn alternatives(known: &[String]) -> String {
    if known.is_empty() {
        "there are no sets of vectors in this file".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    }
}
