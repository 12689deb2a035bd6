//! The types of the items of arrays, and the conversion of their bytes to numbers.

use std::fmt;
use std::io::{self, Read};

/// The type of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// 8, 16, 32 or 64 bits.
    Unsigned(usize),
    /// 8, 16, 32 or 64 bits.
    Signed(usize),
    /// 32 or 64 bits.
    Float(usize),
    /// A byte, 0 or 1.
    Truth,
    /// A type that neither images nor labels have, in words.
    Other(String),
}

impl Element {
    /// Bytes of an item; `None` if they are not known.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Unsigned(bits) | Self::Signed(bits) | Self::Float(bits) => Some(bits / 8),
            Self::Truth => Some(1),
            Self::Other(_) => None,
        }
    }
}

/// The type in the plural.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(8) => f.write_str("bytes"),
            Self::Unsigned(bits) => write!(f, "unsigned {bits}-bit integers"),
            Self::Signed(bits) => write!(f, "{bits}-bit integers"),
            Self::Float(bits) => write!(f, "{bits}-bit floating-point numbers"),
            Self::Truth => f.write_str("truth values"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// Order of the bytes of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The last byte first.
    Little,
    /// The first byte first, as in IDX.
    Big,
}

/// Items converted at a time.
const BLOCK: usize = 1 << 13;

/// Reads up to `count` items of N bytes. The list grows with the bytes that are read, so a header
/// that claims 2^96 items allocates nothing for them. It is shorter if the reader ends early.
pub fn read_items<const N: usize, T>(
    reader: &mut dyn Read,
    order: ByteOrder,
    count: usize,
    convert: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    let (mut items, mut bytes) = (Vec::new(), Vec::new());
    while items.len() < count {
        bytes.clear();
        let wanted = (count - items.len()).min(BLOCK) * N;
        (&mut *reader).take(wanted as u64).read_to_end(&mut bytes)?;
        items.extend(bytes.as_chunks::<N>().0.iter().map(|&(mut item)| {
            if order == ByteOrder::Big {
                item.reverse();
            }
            convert(item)
        }));
        if bytes.len() < wanted {
            break;
        }
    }
    items.shrink_to_fit();
    Ok(items)
}

/// Integers of any width; `None` for an unsigned one above the largest `i64`.
pub fn read_integers(
    reader: &mut dyn Read,
    element: &Element,
    order: ByteOrder,
    count: usize,
) -> io::Result<Vec<Option<i64>>> {
    match element {
        Element::Unsigned(8) | Element::Truth => {
            read_items(reader, order, count, |[byte]| Some(byte.into()))
        }
        Element::Signed(8) => {
            read_items(reader, order, count, |[byte]| Some(i8::from_le_bytes([byte]).into()))
        }
        Element::Unsigned(16) => {
            read_items(reader, order, count, |item| Some(u16::from_le_bytes(item).into()))
        }
        Element::Signed(16) => {
            read_items(reader, order, count, |item| Some(i16::from_le_bytes(item).into()))
        }
        Element::Unsigned(32) => {
            read_items(reader, order, count, |item| Some(u32::from_le_bytes(item).into()))
        }
        Element::Signed(32) => {
            read_items(reader, order, count, |item| Some(i32::from_le_bytes(item).into()))
        }
        Element::Unsigned(64) => {
            read_items(reader, order, count, |item| u64::from_le_bytes(item).try_into().ok())
        }
        Element::Signed(64) => {
            read_items(reader, order, count, |item| Some(i64::from_le_bytes(item)))
        }
        other => Err(io::Error::other(format!("{other} are no integers"))),
    }
}

/// Numbers of 32 or 64 bits in single precision: the nearest ones, infinite beyond its range.
pub fn read_floats(
    reader: &mut dyn Read,
    element: &Element,
    order: ByteOrder,
    count: usize,
) -> io::Result<Vec<f32>> {
    match element {
        Element::Float(32) => read_items(reader, order, count, f32::from_le_bytes),
        Element::Float(64) => {
            read_items(reader, order, count, |item| f64::from_le_bytes(item) as f32)
        }
        other => Err(io::Error::other(format!("{other} are no floating-point numbers"))),
    }
}
