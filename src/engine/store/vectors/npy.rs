//! Vectors in NumPy files.

use super::{Components, VectorSource, VectorsError};
use crate::engine::store::directory::sync_directory;
use crate::files::{name_aside, rename_to_unused, resolve};
use crate::npy_header::{NpyHeader, NpyHeaderError};
use ndarray::ArrayView2;
use ndarray_npy::{ReadNpyError, ReadNpyExt, WritableElement, WriteNpyError, WriteNpyExt};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

pub(super) fn read(file: &Path) -> Result<Components, VectorsError> {
    let mut reader = BufReader::new(open(file)?);
    let header = NpyHeader::read(&mut reader).map_err(|error| match error {
        NpyHeaderError::Io(reason) => io_error("read", file)(reason),
        NpyHeaderError::Problem(problem) => VectorsError::NotNpy { file: file.to_owned(), problem },
    })?;
    let component = match header.descriptor.as_str() {
        "<f4" | ">f4" => size_of::<f32>(),
        "<f8" | ">f8" => size_of::<f64>(),
        _ => {
            return Err(VectorsError::Type {
                place: VectorSource::Npy(file.to_owned()),
                found: header.type_name(),
            });
        }
    };
    check_length(file, &mut reader, header.shape, component)?;
    reader.rewind().map_err(io_error("read", file))?;
    let components = match component {
        4 => ReadNpyExt::read_npy(reader).map(Components::Single),
        _ => ReadNpyExt::read_npy(reader).map(Components::Double),
    };
    components.map_err(|error| match error {
        ReadNpyError::Io(reason) => io_error("read", file)(reason),
        other => VectorsError::NotNpy { file: file.to_owned(), problem: other.to_string() },
    })
}

/// Opens a regular file. A directory, a device, which may be endless, and a pipe, on which opening
/// would block, are refused.
pub(super) fn open(file: &Path) -> Result<File, VectorsError> {
    let opened = fs::metadata(file).and_then(|about| match about.file_type() {
        kind if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        kind if !kind.is_file() => Err(io::Error::other("not a regular file")),
        _ => File::open(file),
    });
    opened.map_err(io_error("read", file))
}

/// Compares the header with the size of the file, before memory is allocated for the stated shape.
fn check_length(
    file: &Path,
    reader: &mut BufReader<File>,
    shape: Vec<usize>,
    component: usize,
) -> Result<(), VectorsError> {
    let start = reader.stream_position().map_err(io_error("read", file))?;
    let size = reader.get_ref().metadata().map_err(io_error("read", file))?.len();
    let found = size.saturating_sub(start);
    // A saturated product still differs from the size of every file.
    let expected =
        shape.iter().fold(component as u128, |bytes, &size| bytes.saturating_mul(size as u128));
    if expected == u128::from(found) {
        return Ok(());
    }
    Err(VectorsError::Length { file: file.to_owned(), shape, expected, found })
}

/// Writes vectors, `(n, P)`, as a NumPy file in C order, or replaces one.
///
/// The file is written under another name (`….partial`), synced, and renamed, so it appears as a
/// whole or not at all.
///
/// Without `force`, an existing file is left unchanged, even if it appeared meanwhile. A symbolic
/// link is kept: its target is written. A file that is replaced keeps its permissions.
///
/// # Errors
/// [`VectorsError::Io`] with what could not be written and why; a former file is then still there.
/// A device or another special file is not replaced. [`VectorsError::Appeared`] without `force`.
pub fn write_npy<A: Clone + WritableElement>(
    file: &Path,
    vectors: ArrayView2<A>,
    force: bool,
) -> Result<(), VectorsError> {
    write_whole(file, force, |writer| {
        vectors.as_standard_layout().write_npy(writer).map_err(|error| match error {
            WriteNpyError::Io(reason) => reason,
            other => io::Error::other(other.to_string()),
        })
    })
}

/// Writes a file of any kind like [`write_npy`]: the output of `write` appears as a whole or not at
/// all.
///
/// # Errors
/// As for [`write_npy`].
pub fn write_whole(
    file: &Path,
    force: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), VectorsError> {
    let file = &resolve(file).map_err(io_error("follow the link", file))?;
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let partial = partial(file);
    // A link of this name must not be followed.
    fs::remove_file(&partial).ok();
    let created = File::create_new(&partial).map_err(io_error("create", &partial))?;
    // Removes the file on every early return.
    let guard = TempPath::try_from_path(&partial).map_err(io_error("find", &partial))?;
    let mut writer = BufWriter::new(created);
    write(&mut writer).map_err(io_error("write", &partial))?;
    let synced = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)
        .and_then(|written| written.sync_all());
    synced.map_err(io_error("write to disk", &partial))?;
    if force {
        if let Ok(there) = file.metadata() {
            if !there.is_file() {
                return Err(io_error("replace", file)(io::Error::other("not a regular file")));
            }
            let kept = fs::set_permissions(&guard, there.permissions());
            kept.map_err(io_error("set the permissions of", &partial))?;
        }
        guard
            .persist(file)
            .map_err(|failed| io_error("rename the finished file to", file)(failed.error))?;
    } else {
        rename_to_unused(&guard, file).map_err(|error| {
            // The computed file is kept under another name.
            let kept = name_aside(file, "new");
            match error.kind() {
                io::ErrorKind::AlreadyExists if rename_to_unused(&guard, &kept).is_ok() => {
                    VectorsError::Appeared { file: file.clone(), kept }
                }
                _ => io_error("rename the finished file to", file)(error),
            }
        })?;
    }
    sync_directory(directory).map_err(io_error("write the directory", directory))
}

/// The same name with a fixed suffix, so that files of killed processes do not accumulate.
fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn io_error(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> VectorsError {
    let file = file.to_owned();
    move |reason| VectorsError::Io { action, file, reason }
}
