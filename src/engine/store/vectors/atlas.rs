//! Vectors in HDF5 files.

use super::{Components, VectorSource, VectorsError};
use crate::engine::store::hdf5_error::{is_lock, reason};
use crate::files::is_locked_by_a_writer;
use hdf5::file::FileCloseDegree;
use hdf5::types::{FloatSize, TypeDescriptor};
use hdf5::{Dataset, File, Group};
use std::path::Path;

/// Name of the dataset of the vectors in its group.
const THETA: &str = "theta";

/// Maximum number of bytes from one byte of a compressed dataset: the limit of gzip, 1032, with a
/// margin.
const EXPANSION: u64 = 1100;

pub(super) fn read(file: &Path, group: &str) -> Result<Components, VectorsError> {
    // The system's messages are clearer than the library's.
    super::npy::open(file)?;
    let library_error = |path: &str| {
        let path = path.to_owned();
        // A file that another program is writing may be locked or look damaged.
        move |error: hdf5::Error| {
            if is_lock(&error) || is_locked_by_a_writer(file) {
                VectorsError::Locked { file: file.to_owned() }
            } else {
                VectorsError::Hdf5 { file: file.to_owned(), path, message: reason(&error) }
            }
        }
    };
    let opened = File::with_options()
        // Some parallel file systems cannot lock, and an atlas is never changed in place.
        .with_fapl(|access| access.file_locking(false).fclose_degree(FileCloseDegree::Strong))
        .open(file)
        .map_err(library_error("/"))?;
    let Some(holder) = opened.group(group).ok().filter(|holder| holder.link_exists(THETA)) else {
        return Err(VectorsError::NoTheta {
            file: file.to_owned(),
            path: group.to_owned(),
            known: sets(&opened),
        });
    };
    let path = format!("{}/{THETA}", group.trim_end_matches('/'));
    let theta = holder.dataset(THETA).map_err(library_error(&path))?;
    let type_ =
        theta.dtype().and_then(|type_| type_.to_descriptor()).map_err(library_error(&path))?;
    complete(&theta, type_.size()).map_err(|message| VectorsError::Hdf5 {
        file: file.to_owned(),
        path: path.clone(),
        message,
    })?;
    match type_ {
        TypeDescriptor::Float(FloatSize::U4) => {
            theta.read_dyn().map(Components::Single).map_err(library_error(&path))
        }
        TypeDescriptor::Float(FloatSize::U8) => {
            theta.read_dyn().map(Components::Double).map_err(library_error(&path))
        }
        other => {
            let place = VectorSource::Atlas { file: file.to_owned(), group: group.to_owned() };
            Err(VectorsError::Type { place, found: other.to_string() })
        }
    }
}

/// Checks that all components can be in the file, before memory is allocated for the number that
/// the header states.
fn complete(theta: &Dataset, component: usize) -> Result<(), String> {
    let bytes = theta
        .shape()
        .iter()
        .try_fold(component as u64, |bytes, &size| bytes.checked_mul(size as u64));
    let stored = theta.storage_size();
    match bytes {
        Some(bytes) if stored.saturating_mul(EXPANSION) >= bytes => Ok(()),
        _ => Err(format!("shape {:?}, but only {stored} bytes are stored", theta.shape())),
    }
}

/// The groups below `/solutions` with vectors; empty if the file is too damaged.
fn sets(file: &File) -> Vec<String> {
    let below = |groups: Vec<Group>| {
        groups.into_iter().flat_map(|group| group.groups().unwrap_or_default())
    };
    let origins =
        file.group("solutions").and_then(|solutions| solutions.groups()).unwrap_or_default();
    below(origins).filter(|set| set.link_exists(THETA)).map(|set| set.name()).collect()
}
