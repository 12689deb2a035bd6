//! One IDX file: a magic number, the sizes (32-bit big-endian), the bytes.

use super::problem::FileProblem;
use crate::data::Bytes;
use flate2::bufread::MultiGzDecoder;
use std::fs::{File, metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What a file should hold: bytes in three dimensions, or in one.
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

    /// Two zero bytes, 8 for unsigned bytes, the number of dimensions.
    fn magic(self) -> u32 {
        0x800 + self.dimensions()
    }

    fn dimensions(self) -> u32 {
        match self {
            Self::Images => 3,
            Self::Labels => 1,
        }
    }
}

/// An IDX file whose header and length agree.
pub(super) struct IdxFile {
    pub path: PathBuf,
    /// Number of items, rows, columns; rows and columns are 1 for labels.
    pub sizes: [u32; 3],
    /// The items asked for, row-major.
    pub bytes: Bytes,
}

/// What stopped the parser; [`read`] adds the path.
enum Fault {
    Io(io::Error),
    Magic(u32),
    Length { claim: String, expected: u128, found: u64 },
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the first `limit` items, and the rest only to check the length (and the checksum of a
/// compressed file). Images in a file that is not compressed are mapped instead.
pub(super) fn read(
    path: PathBuf,
    content: Content,
    limit: Option<usize>,
) -> Result<IdxFile, FileProblem> {
    let mut compressed = false;
    let parsed = (|| {
        let file = open(&path)?;
        let mut reader = BufReader::new(&file);
        compressed = reader.fill_buf()?.starts_with(&GZIP_MAGIC);
        if compressed {
            let mut reader = MultiGzDecoder::new(reader);
            let header = Header::read(&mut reader, content)?;
            Ok((header.sizes, header.read_items(reader, limit)?.into()))
        } else {
            let header = Header::read(&mut reader, content)?;
            let bytes = match header.map_images(&file, limit) {
                Some(images) => images,
                None => header.read_items(reader, limit)?.into(),
            };
            Ok((header.sizes, bytes))
        }
    })();
    match parsed {
        Ok((sizes, bytes)) => Ok(IdxFile { path, sizes, bytes }),
        // An error number comes from the operating system, anything else from the decompressor.
        Err(Fault::Io(source)) if compressed && source.raw_os_error().is_none() => {
            Err(FileProblem::DamagedGzip { path, source })
        }
        Err(Fault::Io(source)) => Err(FileProblem::Unreadable { path, source }),
        Err(Fault::Magic(found)) => Err(FileProblem::Magic {
            path,
            content: content.name(),
            expected: content.magic(),
            found,
        }),
        Err(Fault::Length { claim, expected, found }) => {
            Err(FileProblem::Length { path, decompressed: compressed, claim, expected, found })
        }
    }
}

/// Opening a pipe would wait for someone to write into it, and a device may have no end.
fn open(path: &Path) -> io::Result<File> {
    let kind = metadata(path)?.file_type();
    // Reading a directory fails with the system's own words.
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}

/// The beginning of a file, before its items.
struct Header {
    content: Content,
    /// Bytes.
    length: u64,
    sizes: [u32; 3],
}

impl Header {
    fn read(reader: &mut impl Read, content: Content) -> Result<Self, Fault> {
        let length = u64::from(4 + 4 * content.dimensions());
        let mut header = Vec::new();
        reader.take(length).read_to_end(&mut header)?;
        let mut numbers = header.as_chunks().0.iter().map(|&bytes| u32::from_be_bytes(bytes));
        if let Some(found) = numbers.next().filter(|&found| found != content.magic()) {
            return Err(Fault::Magic(found));
        }
        let found = header.len() as u64;
        if found < length {
            return Err(Fault::Length {
                claim: "the header alone takes".into(),
                expected: length.into(),
                found,
            });
        }
        Ok(Self { content, length, sizes: std::array::from_fn(|_| numbers.next().unwrap_or(1)) })
    }

    /// The first `limit` items. The buffer grows with what is really read, so a header that claims
    /// 2^96 bytes allocates none.
    fn read_items(&self, mut reader: impl Read, limit: Option<usize>) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        reader
            .by_ref()
            .take(self.bytes(limit).try_into().unwrap_or(u64::MAX))
            .read_to_end(&mut bytes)?;
        let rest = io::copy(&mut reader, &mut io::sink())?;
        self.check(self.length + bytes.len() as u64 + rest)?;
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    /// The first `limit` images without reading them; nothing for labels, which are few, for a file
    /// of another length, and where the file system cannot map files.
    fn map_images(&self, file: &File, limit: Option<usize>) -> Option<Bytes> {
        if !matches!(self.content, Content::Images) {
            return None;
        }
        self.check(file.metadata().ok()?.len()).ok()?;
        Bytes::map(file, self.length, self.bytes(limit).try_into().ok()?).ok()
    }

    /// Bytes of the first `limit` items.
    fn bytes(&self, limit: Option<usize>) -> u128 {
        let [count, rows, columns] = self.sizes.map(u128::from);
        rows * columns * limit.map_or(count, |limit| count.min(limit as u128))
    }

    /// Holds the bytes that there are against those that the sizes take.
    fn check(&self, found: u64) -> Result<(), Fault> {
        let expected = u128::from(self.length) + self.bytes(None);
        if u128::from(found) == expected {
            return Ok(());
        }
        let [count, rows, columns] = self.sizes;
        let shape = match self.content {
            Content::Images => format!(" of {rows}×{columns} pixels"),
            Content::Labels => String::new(),
        };
        Err(Fault::Length {
            claim: format!("the header's {count} {}{shape} take", self.content.name()),
            expected,
            found,
        })
    }
}
