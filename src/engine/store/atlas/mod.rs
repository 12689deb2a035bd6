//! `atlas.h5`: all results of a configuration in one self-describing HDF5 file.
//!
//! The attributes of every dataset describe its contents (`description`), its axes (`dimensions`)
//! and, for numbers, their `units`. The coordinates of its axes are attached as dimension scales.
//! `docs/format.md` lists them all.

mod check;
mod error;
mod existing;
mod file;
mod input;
mod node;
mod scale;
mod sets;
mod text;

pub use check::{CURVES, STARTS, group_name, require};
pub use error::AtlasError;
pub use existing::{check_existing, check_origin, content_of};
pub use file::Written;
pub use input::{Atlas, Curves, Provenance};
pub use node::{AtlasGroup, DatasetSpec};
pub use sets::origin;

use super::JournalError;
use crate::engine::stages::STAGES;
use crate::network::Tensor;
use std::path::Path;

/// Name of the file in the output directory.
pub const FILE_NAME: &str = "atlas.h5";

/// Version of the layout of the file: raised whenever a reader would have to change.
///
/// Version 1 had texts of variable length, and components of a kernel PCA that counted from 0.
pub const FORMAT_VERSION: u32 = 2;

/// Writes `atlas.h5` into an existing directory.
///
/// The file is written under another name, synced, and renamed, so it appears as a whole or not at
/// all. Just before the renaming, `announce` gets its SHA-256, hexadecimal, for the journal. So
/// after any crash the journal knows the existing file ([`check_origin`]).
///
/// `known` returns whether the journal knows the SHA-256 of the former file. A file that it does
/// not know was changed during the run. It is renamed, see [`Written::kept`], and so is a file that
/// another program has open for writing.
///
/// # Errors
/// [`AtlasError::Inconsistent`] if results contradict each other, before anything is written;
/// [`AtlasError::Io`] and [`AtlasError::Hdf5`] with what could not be written and why; the error of
/// `announce`.
pub fn write_atlas(
    directory: &Path,
    atlas: &Atlas<'_>,
    known: impl FnOnce(&str) -> bool,
    announce: impl FnOnce(String) -> Result<(), JournalError>,
) -> Result<Written, AtlasError> {
    check::check(atlas)?;
    file::replace(directory, FILE_NAME, |root| fill(root, atlas), known, announce)
}

/// Writes another HDF5 file of the program beside `atlas.h5`, as [`write_atlas`] does. `content` is
/// an attribute that [`content_of`] finds again.
///
/// # Errors
/// As for [`write_atlas`].
pub fn write_beside(
    file: (&Path, &str),
    content: &str,
    fill: impl FnOnce(&AtlasGroup) -> Result<(), AtlasError>,
    known: impl FnOnce(&str) -> bool,
    announce: impl FnOnce(String) -> Result<(), JournalError>,
) -> Result<Written, AtlasError> {
    let (directory, name) = file;
    let fill = |root: &AtlasGroup| {
        root.number("format_version", FORMAT_VERSION)?;
        root.text("content", content)?;
        fill(root)?;
        root.finish()
    };
    file::replace(directory, name, fill, known, announce)
}

fn fill(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    write_provenance(root, &atlas.provenance)?;
    write_parameters(root, atlas)?;
    write_layout(
        &root.group("network", "the network: where each of its tensors lies in theta")?,
        atlas.layout,
    )?;
    sets::write(root, atlas)?;
    STAGES.iter().try_for_each(|stage| stage.write_atlas(root, atlas))?;
    root.finish()
}

/// The axis of the components of θ.
///
/// # Errors
/// [`AtlasError::Hdf5`].
pub fn write_parameters(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let parameters = atlas.layout.iter().map(Tensor::len).sum();
    root.axis("parameter", "index of each component of theta", parameters)
}

fn write_provenance(root: &AtlasGroup, provenance: &Provenance) -> Result<(), AtlasError> {
    root.text(
        "description",
        "Loss landscape of a neural network: solutions, low-loss paths between them, kernel PCA",
    )?;
    root.text("reference", "J. Yu and A. V. Morozov, arXiv:2602.21276 (2026)")?;
    root.number("format_version", FORMAT_VERSION)?;
    for (name, value) in [
        ("program_version", &provenance.program_version),
        ("commit", &provenance.commit),
        ("configuration", &provenance.configuration),
        ("dataset", &provenance.dataset),
        ("dataset_checksum", &provenance.dataset_checksum),
        ("run", &provenance.run),
        ("host", &provenance.host),
        ("started", &provenance.started),
        ("finished", &provenance.finished),
    ] {
        root.text(name, value)?;
    }
    root.number("ranks", provenance.ranks)?;
    // A dataset as well, because many viewers cut long attributes.
    let label = DatasetSpec::new(
        "configuration",
        "",
        "the effective configuration, as in the attribute of the same name",
    );
    root.text_scalar(&label, &provenance.configuration)
}

/// Maximum number of axes of a tensor in the file.
const AXES: usize = 4;

fn write_layout(node: &AtlasGroup, layout: &[Tensor]) -> Result<(), AtlasError> {
    node.axis("tensor", "number of each tensor, in the order of theta", layout.len())?;
    node.axis("axis", "number of each axis of a tensor", AXES)?;
    let names: Vec<&str> = layout.iter().map(|tensor| tensor.name.as_str()).collect();
    node.texts(
        &DatasetSpec::new("name", "tensor", "name of each tensor, in the order of theta"),
        &names,
    )?;

    let shape = ndarray::Array2::from_shape_fn((layout.len(), AXES), |(tensor, axis)| {
        layout[tensor].shape.get(axis).map_or(0, |&size| size as u64)
    });
    let label = DatasetSpec::new(
        "shape",
        "tensor, axis",
        "shape of each tensor, row-major; 0 beyond its last axis",
    );
    node.numbers(&label, &shape)?;

    let offsets: Vec<u64> = layout.iter().map(|tensor| tensor.offset as u64).collect();
    node.numbers(
        &DatasetSpec::new(
            "offset",
            "tensor",
            "index in theta of the first component of each tensor",
        ),
        &offsets,
    )?;

    let words: Vec<_> =
        layout.iter().map(|tensor| format!("{} {:?}", tensor.name, tensor.shape)).collect();
    node.text("layout", &words.join(", "))
}
