//! Vectors in NumPy files.

use super::{Components, VectorSource, VectorsError};
use crate::engine::store::directory::sync_directory;
use crate::files::{name_aside, rename_to_unused, resolve};
use ndarray::ArrayView2;
use ndarray_npy::npy::header::{Header, ReadHeaderError};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WriteNpyError, WriteNpyExt};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

const MAGIC: &[u8] = b"\x93NUMPY";
const CUT_SHORT: &str = "it ends within the header";
/// NumPy's own limit, in bytes.
const MAX_HEADER_BYTES: u32 = 10_000;
/// A dictionary with lists of records in it takes three or four.
const MAX_HEADER_DEPTH: usize = 32;

pub(super) fn read(file: &Path) -> Result<Components, VectorsError> {
    let mut reader = BufReader::new(open(file)?);
    check_header(file, &mut reader)?;
    let header = Header::from_reader(&mut reader).map_err(|error| match error {
        ReadHeaderError::Io(reason) if reason.kind() != io::ErrorKind::UnexpectedEof => {
            io_error("read", file)(reason)
        }
        other => VectorsError::NotNpy { file: file.to_owned(), problem: problem(&other) },
    })?;
    let descriptor = header.type_descriptor.to_string();
    let component = match descriptor.trim_matches('\'') {
        "<f4" | ">f4" => size_of::<f32>(),
        "<f8" | ">f8" => size_of::<f64>(),
        other => {
            return Err(VectorsError::Type {
                place: VectorSource::Npy(file.to_owned()),
                found: numpy_name(&quoted(other)),
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

/// Opens a file that can be read: no directory, no device, which may have no end, and no pipe, on
/// which opening would wait for someone to write into it.
pub(super) fn open(file: &Path) -> Result<File, VectorsError> {
    let opened = fs::metadata(file).and_then(|about| match about.file_type() {
        kind if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        kind if !kind.is_file() => Err(io::Error::other("not a regular file")),
        _ => File::open(file),
    });
    opened.map_err(io_error("read", file))
}

/// Looks at the header before it is parsed: memory would be set aside for whatever length it
/// claims, and the parser takes memory by the letter and stack by the bracket.
fn check_header(file: &Path, reader: &mut BufReader<File>) -> Result<(), VectorsError> {
    let refuse = |problem: &str| {
        Err(VectorsError::NotNpy { file: file.to_owned(), problem: problem.to_owned() })
    };
    let start = reader.fill_buf().map_err(io_error("read", file))?;
    // Magic string, version, length: two bytes of it in version 1, four since.
    let (before, length) = match start.strip_prefix(MAGIC) {
        Some([1, _, a, b, ..]) => (10, u32::from(u16::from_le_bytes([*a, *b]))),
        Some([2 | 3, _, a, b, c, d, ..]) => (12, u32::from_le_bytes([*a, *b, *c, *d])),
        // Too short or of another kind, which the parser finds at once.
        _ => return Ok(()),
    };
    let size = reader.get_ref().metadata().map_err(io_error("read", file))?.len();
    if before + u64::from(length) > size {
        return refuse(CUT_SHORT);
    }
    if length > MAX_HEADER_BYTES {
        return refuse(&format!(
            "its header takes {length} bytes, more than the {MAX_HEADER_BYTES} that NumPy reads"
        ));
    }
    let mut header = vec![0; before as usize + length as usize];
    reader.read_exact(&mut header).map_err(io_error("read", file))?;
    if nesting(&header) > MAX_HEADER_DEPTH {
        return refuse("its header is nested too deeply");
    }
    reader.rewind().map_err(io_error("read", file))
}

/// The most brackets that are open at a time; those in strings count, which does no harm.
fn nesting(text: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for letter in text {
        match letter {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// Holds the header against the size of the file, before memory is set aside for what it promises.
fn check_length(
    file: &Path,
    reader: &mut BufReader<File>,
    shape: Vec<usize>,
    component: usize,
) -> Result<(), VectorsError> {
    let start = reader.stream_position().map_err(io_error("read", file))?;
    let size = reader.get_ref().metadata().map_err(io_error("read", file))?.len();
    let found = size.saturating_sub(start);
    // Saturated, it still differs from the size of every file.
    let expected =
        shape.iter().fold(component as u128, |bytes, &size| bytes.saturating_mul(size as u128));
    if expected == u128::from(found) {
        return Ok(());
    }
    Err(VectorsError::Length { file: file.to_owned(), shape, expected, found })
}

fn problem(error: &ReadHeaderError) -> String {
    match error {
        ReadHeaderError::Io(_) => CUT_SHORT.to_owned(),
        ReadHeaderError::Parse(reason) => quoted(&reason.to_string()),
    }
}

/// What may hold a part of the header, which may be long and padded: on one line and cut.
fn quoted(text: &str) -> String {
    let words = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// What NumPy calls the type with this descriptor: `<i8` is `int64`.
fn numpy_name(descriptor: &str) -> String {
    let code = descriptor.trim_start_matches(['<', '>', '|', '=']);
    let kind = match code.get(..1) {
        Some("f") => "float",
        Some("i") => "int",
        Some("u") => "uint",
        Some("c") => "complex",
        Some("b") => return "bool".to_owned(),
        Some("O") => return "object".to_owned(),
        _ => return descriptor.to_owned(),
    };
    code[1..]
        .parse::<u32>()
        .map_or_else(|_| descriptor.to_owned(), |bytes| format!("{kind}{}", 8 * u64::from(bytes)))
}

/// Writes vectors, `(n, P)`, as a NumPy file in C order, or replaces one.
///
/// The file appears as a whole or not at all: it is written under another name (`….partial`),
/// synced, and renamed.
///
/// Without `force`, a file that is there is left as it is, also one that has just appeared. A
/// symbolic link stays one: the file that it leads to is written. A file that is replaced keeps its
/// permissions.
///
/// # Errors
/// [`VectorsError::Io`] with what could not be written and why; a file that was there before is
/// still there then. What is not a regular file, such as a device, is not replaced.
/// [`VectorsError::Appeared`] without `force`.
pub fn write_npy(file: &Path, vectors: ArrayView2<f32>, force: bool) -> Result<(), VectorsError> {
    let file = &resolve(file).map_err(io_error("follow the link", file))?;
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let partial = partial(file);
    // Not through a link of this name to another file.
    fs::remove_file(&partial).ok();
    let created = File::create_new(&partial).map_err(io_error("create", &partial))?;
    // Removes the file on every way out but the last.
    let guard = TempPath::try_from_path(&partial).map_err(io_error("find", &partial))?;
    let mut writer = BufWriter::new(created);
    vectors.as_standard_layout().write_npy(&mut writer).map_err(|error| match error {
        WriteNpyError::Io(reason) => io_error("write", &partial)(reason),
        other => io_error("write", &partial)(io::Error::other(other.to_string())),
    })?;
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
            // What was computed is not given up.
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

/// The same name with a suffix. It is fixed, so what a killed process leaves behind is overwritten
/// by the next one instead of piling up.
fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn io_error(action: &'static str, file: &Path) -> impl FnOnce(io::Error) -> VectorsError {
    let file = file.to_owned();
    move |reason| VectorsError::Io { action, file, reason }
}
