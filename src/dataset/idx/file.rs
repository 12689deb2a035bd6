//! One IDX file: a magic number, the sizes (32-bit big-endian), the bytes.

use crate::dataset::Problem;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

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
    pub bytes: Vec<u8>,
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
/// compressed file).
pub(super) fn read(path: PathBuf, content: Content, limit: Option<usize>) -> Result<IdxFile, Problem> {
    let mut compressed = false;
    let parsed = (|| {
        let mut reader = BufReader::new(File::open(&path)?);
        compressed = reader.fill_buf()?.starts_with(&GZIP_MAGIC);
        if compressed { parse(MultiGzDecoder::new(reader), content, limit) } else { parse(reader, content, limit) }
    })();
    match parsed {
        Ok((sizes, bytes)) => Ok(IdxFile { path, sizes, bytes }),
        // An error number comes from the operating system, anything else from the decompressor.
        Err(Fault::Io(source)) if compressed && source.raw_os_error().is_none() => Err(Problem::DamagedGzip { path, source }),
        Err(Fault::Io(source)) => Err(Problem::Unreadable { path, source }),
        Err(Fault::Magic(found)) => Err(Problem::Magic { path, content: content.name(), expected: content.magic(), found }),
        Err(Fault::Length { claim, expected, found }) => {
            Err(Problem::Length { path, decompressed: compressed, claim, expected, found })
        }
    }
}

/// Sizes and bytes of the first `limit` items.
fn parse(mut reader: impl Read, content: Content, limit: Option<usize>) -> Result<([u32; 3], Vec<u8>), Fault> {
    let header_length = u64::from(4 + 4 * content.dimensions());
    let mut header = Vec::new();
    reader.by_ref().take(header_length).read_to_end(&mut header)?;
    let mut numbers = header.as_chunks().0.iter().map(|&bytes| u32::from_be_bytes(bytes));
    if let Some(found) = numbers.next().filter(|&found| found != content.magic()) {
        return Err(Fault::Magic(found));
    }
    let found = header.len() as u64;
    if found < header_length {
        return Err(Fault::Length { claim: "the header alone takes".into(), expected: header_length.into(), found });
    }
    let sizes: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or(1));
    let [count, rows, columns] = sizes.map(u128::from);
    let item = rows * columns;

    // The buffer grows with what is really read, so a header that claims 2^96 bytes allocates none.
    let wanted = item * limit.map_or(count, |limit| count.min(limit as u128));
    let mut bytes = Vec::new();
    reader.by_ref().take(wanted.try_into().unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    let rest = io::copy(&mut reader, &mut io::sink())?;
    let (expected, found) = (u128::from(header_length) + count * item, header_length + bytes.len() as u64 + rest);
    if u128::from(found) != expected {
        let shape = if item == 1 { String::new() } else { format!(" of {rows}×{columns} pixels") };
        return Err(Fault::Length { claim: format!("the header's {count} {}{shape} take", content.name()), expected, found });
    }
    bytes.shrink_to_fit();
    Ok((sizes, bytes))
}
