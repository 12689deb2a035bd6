//! One IDX file: two zero bytes, a byte for the type, one for the number of dimensions; the sizes
//! (32-bit big-endian); the items (big-endian).

use crate::data::array::{ArrayReader, ByteOrder, Container, Element, open, unreadable};
use crate::data::identify::{self, BEGINNING};
use crate::data::problem::FileProblem;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Maximum number of dimensions of an array.
const MAX_DIMENSIONS: u8 = 8;

/// The expected content of a file.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Images,
    Labels,
}

impl Content {
    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Labels => "labels",
        }
    }

    /// Its usual number of dimensions.
    fn dimensions(self) -> u64 {
        match self {
            Self::Images => 3,
            Self::Labels => 1,
        }
    }
}

/// An open file.
pub(super) struct IdxFile {
    path: PathBuf,
    file: File,
}

impl IdxFile {
    pub(super) fn open(path: &Path) -> Result<Self, FileProblem> {
        match open(path) {
            Ok(file) => Ok(Self { path: path.to_owned(), file }),
            Err(source) => {
                Err(FileProblem::Unreadable { place: path.display().to_string(), source })
            }
        }
    }

    /// Its array. The first bytes show whether it is compressed.
    pub(super) fn array(&self, content: Content) -> Result<ArrayReader<'_>, FileProblem> {
        let place = self.path.display().to_string();
        let mut reader = BufReader::new(&self.file);
        let begins = reader.fill_buf().map(|beginning| beginning.starts_with(&GZIP_MAGIC));
        let compressed =
            begins.map_err(|source| FileProblem::Unreadable { place: place.clone(), source })?;
        let (container, mut items): (_, Box<dyn Read>) = if compressed {
            (Container::Gzip, Box::new(MultiGzDecoder::new(reader)))
        } else {
            (Container::Plain, Box::new(reader))
        };
        let mut beginning = Vec::new();
        let read = (&mut items).take(BEGINNING as u64).read_to_end(&mut beginning);
        read.map_err(|source| unreadable(&place, container, source))?;
        let header = Header::parse(&beginning, content, container)
            .map_err(|problem| problem.at(&place, container))?;
        let length = header.length();
        let rest = io::Cursor::new(beginning).chain_after(length, items);
        Ok(ArrayReader {
            place,
            dimensions: header.dimensions,
            element: header.element,
            order: ByteOrder::Big,
            fortran: false,
            items: rest,
            header: length,
            length: match container {
                Container::Plain => self.file.metadata().ok().map(|about| about.len()),
                _ => None,
            },
            container,
            plain: (container == Container::Plain).then_some((&self.file, length)),
        })
    }
}

/// Bytes that were read already, from some offset on, followed by the rest.
trait ChainAfter<'f> {
    fn chain_after(self, start: u64, rest: Box<dyn Read + 'f>) -> Box<dyn Read + 'f>;
}

impl<'f> ChainAfter<'f> for io::Cursor<Vec<u8>> {
    fn chain_after(mut self, start: u64, rest: Box<dyn Read + 'f>) -> Box<dyn Read + 'f> {
        self.set_position(start);
        Box::new(self.chain(rest))
    }
}

/// The beginning of a file, before its items.
#[derive(Debug)]
struct Header {
    element: Element,
    dimensions: Vec<usize>,
}

/// Why a header cannot be parsed.
enum HeaderProblem {
    Short { expected: u64, found: u64 },
    Other(String),
}

impl HeaderProblem {
    fn at(self, place: &str, container: Container) -> FileProblem {
        let place = place.to_owned();
        match self {
            Self::Other(problem) => FileProblem::Place { place, problem },
            Self::Short { expected, found } => FileProblem::Length {
                place,
                decompressed: container == Container::Gzip,
                claim: "the header alone takes".to_owned(),
                expected: expected.into(),
                found,
            },
        }
    }
}

impl Header {
    /// Bytes of a header with so many dimensions.
    fn bytes(dimensions: u64) -> u64 {
        4 + 4 * dimensions
    }

    fn length(&self) -> u64 {
        Self::bytes(self.dimensions.len() as u64)
    }

    fn parse(
        beginning: &[u8],
        content: Content,
        container: Container,
    ) -> Result<Self, HeaderProblem> {
        let found = beginning.len() as u64;
        let Some((&[zero, also_zero, code, dimensions], sizes)) = beginning.split_first_chunk()
        else {
            let expected = Self::bytes(content.dimensions());
            return Err(HeaderProblem::Short { expected, found });
        };
        let element = match code {
            0x08 => Some(Element::Unsigned(8)),
            0x09 => Some(Element::Signed(8)),
            0x0b => Some(Element::Signed(16)),
            0x0c => Some(Element::Signed(32)),
            0x0d => Some(Element::Float(32)),
            0x0e => Some(Element::Float(64)),
            _ => None,
        };
        let known = [zero, also_zero] == [0; 2] && dimensions <= MAX_DIMENSIONS;
        let Some(element) = element.filter(|_| known) else {
            return Err(HeaderProblem::Other(foreign(beginning, content, container)));
        };
        let expected = Self::bytes(dimensions.into());
        if found < expected {
            return Err(HeaderProblem::Short { expected, found });
        }
        let sizes = sizes.as_chunks().0.iter().take(dimensions.into());
        let dimensions = sizes.map(|&size| u32::from_be_bytes(size) as usize).collect();
        Ok(Self { element, dimensions })
    }
}

/// The problem of a file that is no IDX file.
fn foreign(beginning: &[u8], content: Content, container: Container) -> String {
    let (content, compressed) = (content.name(), container == Container::Gzip);
    let within = if compressed { "decompressed, " } else { "" };
    if let Some(identity) = identify::by_content(beginning) {
        let (what, remedy) = (identity.what, identity.remedy);
        return format!("{within}{what}, not {content} in IDX format; {remedy}");
    }
    let start: String = beginning.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{within}starts with 0x{start}, but files in IDX format start with 0x0000; is this the right \
         file?"
    )
}
