//! A NumPy array, in a file of its own or in an archive.

use super::arrays::files_with_extension;
use crate::data::array::{ArrayReader, ByteOrder, Container, Element, open};
use crate::data::problem::FileProblem;
use crate::npy_header::{NpyHeader, NpyHeaderError};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// The source of arrays.
#[derive(Clone, Debug)]
pub(super) enum ArraySource {
    /// An `.npz` file.
    Archive(PathBuf),
    /// A folder of `.npy` files.
    Folder(PathBuf),
}

impl ArraySource {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Folder(path) => path,
        }
    }

    /// The file of an array.
    pub(super) fn file(&self, array: &str) -> PathBuf {
        match self {
            Self::Archive(path) => path.clone(),
            Self::Folder(path) => path.join(format!("{array}.npy")),
        }
    }

    /// An array in words.
    pub(super) fn place(&self, array: &str) -> String {
        match self {
            Self::Archive(path) => format!("{} {array}", path.display()),
            Self::Folder(_) => self.file(array).display().to_string(),
        }
    }

    /// The names of the arrays, without `.npy`.
    pub(super) fn names(&self) -> Result<Vec<String>, FileProblem> {
        let file_names: Vec<String> = match self {
            Self::Archive(path) => archive(path)?.file_names().map(str::to_owned).collect(),
            Self::Folder(path) => files_with_extension(path, "npy")?
                .iter()
                .filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()))
                .collect(),
        };
        let names = file_names.iter().filter_map(|name| name.strip_suffix(".npy"));
        let mut names: Vec<_> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Reads an array.
    pub(super) fn read<T>(
        &self,
        array: &str,
        read: impl FnOnce(ArrayReader<'_>) -> Result<T, FileProblem>,
    ) -> Result<T, FileProblem> {
        let place = self.place(array);
        match self {
            Self::Archive(path) => {
                let mut archive = archive(path)?;
                let mapped = File::open(path).map_err(|error| unreadable(&place, error))?;
                let entry = archive.by_name(&format!("{array}.npy"));
                let mut entry = entry.map_err(|error| zip_problem(&place, error))?;
                let header = header(&place, &mut entry, Container::Zip)?;
                let (size, start) = (entry.size(), entry.data_start() + header.length);
                let stored = entry.compression() == CompressionMethod::Stored;
                read(ArrayReader {
                    length: Some(size),
                    plain: stored.then_some((&mapped, start)),
                    container: Container::Zip,
                    ..array_reader(place, header, Box::new(entry))
                })
            }
            Self::Folder(_) => {
                let file = open(&self.file(array)).map_err(|error| unreadable(&place, error))?;
                let length = file.metadata().map_err(|error| unreadable(&place, error))?.len();
                let mut reader = BufReader::new(&file);
                let header = header(&place, &mut reader, Container::Plain)?;
                let start = header.length;
                read(ArrayReader {
                    length: Some(length),
                    plain: Some((&file, start)),
                    ..array_reader(place, header, Box::new(reader))
                })
            }
        }
    }
}

fn unreadable(place: &str, source: io::Error) -> FileProblem {
    FileProblem::Unreadable { place: place.to_owned(), source }
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, FileProblem> {
    let place = path.display().to_string();
    let file = open(path).map_err(|error| unreadable(&place, error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| zip_problem(&place, error))
}

fn zip_problem(place: &str, error: ZipError) -> FileProblem {
    match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => unreadable(place, source),
        ZipError::UnsupportedArchive(what) => FileProblem::Place {
            place: place.to_owned(),
            problem: format!("{what}; write it with numpy.savez or numpy.savez_compressed"),
        },
        other => {
            let source = io::Error::other(other.to_string());
            FileProblem::Damaged { place: place.to_owned(), container: "zip", source }
        }
    }
}

fn header(
    place: &str,
    reader: &mut impl Read,
    container: Container,
) -> Result<NpyHeader, FileProblem> {
    NpyHeader::read(reader).map_err(|error| match error {
        NpyHeaderError::Io(source) => crate::data::array::unreadable(place, container, source),
        NpyHeaderError::Problem(problem) => FileProblem::Place {
            place: place.to_owned(),
            problem: format!(
                "not a NumPy array ({problem}); write one with numpy.save or numpy.savez"
            ),
        },
    })
}

fn array_reader<'f>(
    place: String,
    header: NpyHeader,
    items: Box<dyn Read + 'f>,
) -> ArrayReader<'f> {
    let (element, order) = element(&header);
    ArrayReader {
        place,
        dimensions: header.shape,
        element,
        order,
        fortran: header.fortran,
        items,
        header: header.length,
        length: None,
        container: Container::Plain,
        plain: None,
    }
}

/// The type and byte order of a descriptor.
fn element(header: &NpyHeader) -> (Element, ByteOrder) {
    let order = if header.descriptor.starts_with('>') { ByteOrder::Big } else { ByteOrder::Little };
    let code = header.descriptor.trim_start_matches(['<', '>', '|', '=']);
    let element = match code {
        "b1" => Element::Truth,
        "u1" => Element::Unsigned(8),
        "u2" => Element::Unsigned(16),
        "u4" => Element::Unsigned(32),
        "u8" => Element::Unsigned(64),
        "i1" => Element::Signed(8),
        "i2" => Element::Signed(16),
        "i4" => Element::Signed(32),
        "i8" => Element::Signed(64),
        "f4" => Element::Float(32),
        "f8" => Element::Float(64),
        _ => Element::Other(format!("items of type {}", header.type_name())),
    };
    (element, order)
}
