//! Headers of NumPy arrays. They are read before memory is allocated for the sizes that they state.

use ndarray_npy::npy::header::{Header, ParseHeaderError, ReadHeaderError};
use std::fmt;
use std::io::{self, Read};

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy's own limit, in bytes.
const MAX_HEADER_BYTES: u32 = 10_000;
/// A dictionary with lists of records has a depth of three or four.
const MAX_HEADER_DEPTH: usize = 32;

/// Type and sizes of an array.
#[derive(Debug)]
pub struct NpyHeader {
    /// Bytes before the items.
    pub length: u64,
    /// The type of the items as NumPy writes it, for instance `<f4`.
    pub descriptor: String,
    /// Whether the first index is the fastest.
    pub fortran: bool,
    /// Sizes.
    pub shape: Vec<usize>,
}

/// Why a header cannot be read.
#[derive(Debug)]
pub enum NpyHeaderError {
    /// The operating system or a decompressor.
    Io(io::Error),
    /// What is wrong with it.
    Problem(String),
}

impl From<io::Error> for NpyHeaderError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for NpyHeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Problem(problem) => f.write_str(problem),
        }
    }
}

impl NpyHeader {
    /// Reads a header and no byte after it. Memory and stack of the parser grow with length and
    /// depth of the header, so long and deep headers are refused first.
    ///
    /// # Errors
    /// What is wrong, as part of a sentence.
    pub fn read(reader: &mut impl Read) -> Result<Self, NpyHeaderError> {
        let mut bytes = Vec::new();
        // Magic string, version, and length: two bytes in version 1, four in later versions.
        reader.by_ref().take(10).read_to_end(&mut bytes)?;
        if matches!(bytes.strip_prefix(MAGIC), Some([2 | 3, _, ..])) {
            reader.by_ref().take(2).read_to_end(&mut bytes)?;
        }
        let text = match bytes.strip_prefix(MAGIC) {
            Some(&[1, _, a, b]) => Some(u32::from(u16::from_le_bytes([a, b]))),
            Some(&[2 | 3, _, a, b, c, d]) => Some(u32::from_le_bytes([a, b, c, d])),
            // Too short, or not an array: the parser reports it.
            _ => None,
        };
        if let Some(length) = text {
            let before = bytes.len();
            let most = u64::from(length.min(MAX_HEADER_BYTES + 1));
            reader.by_ref().take(most).read_to_end(&mut bytes)?;
            if ((bytes.len() - before) as u64) < most {
                return Err(problem(CUT_SHORT));
            }
            if length > MAX_HEADER_BYTES {
                return Err(problem(format!(
                    "its header has {length} bytes, more than the {MAX_HEADER_BYTES} that NumPy \
                     reads"
                )));
            }
            if nesting(&bytes) > MAX_HEADER_DEPTH {
                return Err(problem("its header is nested too deeply"));
            }
        }
        let length = bytes.len() as u64;
        match Header::from_reader(&mut &bytes[..]) {
            Ok(header) => {
                let descriptor = header.type_descriptor.to_string();
                Ok(Self {
                    length,
                    descriptor: descriptor.trim_matches('\'').to_owned(),
                    fortran: header.layout == ndarray_npy::npy::header::Layout::Fortran,
                    shape: header.shape,
                })
            }
            Err(ReadHeaderError::Parse(reason)) => Err(problem(parse_problem(&reason))),
            Err(ReadHeaderError::Io(_)) => Err(problem(CUT_SHORT)),
        }
    }

    /// NumPy's name of the type: `int64` for `<i8`.
    pub fn type_name(&self) -> String {
        let descriptor = quoted(&self.descriptor);
        let code = descriptor.trim_start_matches(['<', '>', '|', '=']);
        let kind = match code.get(..1) {
            Some("f") => "float",
            Some("i") => "int",
            Some("u") => "uint",
            Some("c") => "complex",
            Some("b") => return "bool".to_owned(),
            Some("O") => return "object".to_owned(),
            _ => return descriptor,
        };
        let bits = code[1..].parse::<u32>().map(|bytes| 8 * u64::from(bytes));
        bits.map_or_else(|_| descriptor.clone(), |bits| format!("{kind}{bits}"))
    }
}

const CUT_SHORT: &str = "it ends within the header";

fn problem(words: impl Into<String>) -> NpyHeaderError {
    NpyHeaderError::Problem(words.into())
}

fn parse_problem(reason: &ParseHeaderError) -> String {
    quoted(&reason.to_string())
}

/// The maximum depth of brackets. Brackets in strings count, too, which does no harm.
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

/// Text from the header for a message: on one line, and cut if it is long.
fn quoted(text: &str) -> String {
    let words = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}
