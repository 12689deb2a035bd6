//! Reads the text of a configuration file.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// More than any configuration needs, but little memory. A wrong file, or a device without an end,
/// is refused before it fills the memory.
const MAX_LENGTH: u64 = 16 << 20;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a file in UTF-8. A byte order mark at its beginning, which some editors write, is skipped.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_LENGTH + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_LENGTH {
        let most = MAX_LENGTH >> 20;
        return Err(io::Error::other(format!(
            "it is longer than {most} MiB; is this the right file?"
        )));
    }
    decode(bytes).map_err(io::Error::other)
}

fn decode(mut bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(UTF8_MARK) {
        bytes.drain(..UTF8_MARK.len());
    }
    if let Some(encoding) = wide_encoding(&bytes) {
        return Err(format!("it is in {encoding}, not in UTF-8; save it as UTF-8"));
    }
    match String::from_utf8(bytes) {
        Ok(text) if is_text(text.as_bytes()) => Ok(text),
        Ok(_) => Err("it is not a text file; is this the right file?".to_owned()),
        Err(error) => Err(not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())),
    }
}

/// Detects an encoding with two or four bytes per character by the byte order mark, or by the zero
/// bytes that most characters contain.
fn wide_encoding(bytes: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 4] = [
        (&[0xff, 0xfe, 0, 0], "UTF-32 (little-endian)"),
        (&[0, 0, 0xfe, 0xff], "UTF-32 (big-endian)"),
        (&[0xff, 0xfe], "UTF-16 (little-endian)"),
        (&[0xfe, 0xff], "UTF-16 (big-endian)"),
    ];
    if let Some((_, encoding)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Some(encoding);
    }
    let (pairs, rest) = bytes.as_chunks::<2>();
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let [first, second] = [zeros(0), zeros(1)];
    let most = |count: usize| !pairs.is_empty() && 10 * count >= 9 * pairs.len();
    // In a text, the other byte of a character is never zero.
    match (rest, first, second) {
        ([], 0, second) if most(second) => {
            Some("UTF-16 (little-endian, without a byte order mark)")
        }
        ([], first, 0) if most(first) => Some("UTF-16 (big-endian, without a byte order mark)"),
        _ => None,
    }
}

/// Whether the bytes can be a text in a single-byte encoding or in UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0)
}

fn not_utf8(bytes: &[u8], valid: usize) -> String {
    if !is_text(bytes) {
        return "it is not a text file; is this the right file?".to_owned();
    }
    let line = bytes[..valid].split(|&byte| byte == b'\n').count();
    // Latin-1 is the first 256 characters of Unicode, and Windows-1252 has the same letters.
    let byte = bytes[valid];
    let letter = char::from(byte);
    let meaning = if letter.is_alphanumeric() {
        format!(", which is {letter:?} in Latin-1")
    } else {
        String::new()
    };
    format!(
        "it is not in UTF-8: line {line} holds the byte {byte:#04x}{meaning}; if it is a text in \
         Latin-1 or Windows-1252, save it as UTF-8"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "seed = 1 # für alle\n";

    fn utf16(bytes: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(TEXT.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_of_utf_8_is_left_out() {
        assert_eq!(decode([UTF8_MARK, TEXT.as_bytes()].concat()), Ok(TEXT.to_owned()));
        assert_eq!(decode(TEXT.into()), Ok(TEXT.to_owned()));
        assert_eq!(decode(Vec::new()), Ok(String::new()));
    }

    #[test]
    fn other_encodings_are_named_with_their_remedy() {
        let latin: Vec<u8> = TEXT.chars().map(|letter| letter as u8).collect();
        let utf32: Vec<u8> =
            TEXT.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        for (bytes, encoding) in [
            (utf16(u16::to_le_bytes, true), "in UTF-16 (little-endian), not"),
            (utf16(u16::to_be_bytes, true), "in UTF-16 (big-endian), not"),
            (
                utf16(u16::to_le_bytes, false),
                "in UTF-16 (little-endian, without a byte order mark)",
            ),
            (utf16(u16::to_be_bytes, false), "in UTF-16 (big-endian, without a byte order mark)"),
            ([&[0xff, 0xfe, 0, 0][..], &utf32].concat(), "in UTF-32 (little-endian)"),
            (latin, "line 1 holds the byte 0xfc, which is 'ü' in Latin-1"),
        ] {
            let message = decode(bytes).unwrap_err();
            assert!(
                message.contains(encoding) && message.ends_with("save it as UTF-8"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_no_text_is_said_to_be_none() {
        for bytes in [&b"\x89HDF\r\n\x1a\n\0\0\0"[..], b"\0\0\x08\x03", b"\0\0\0\0", b"a\0b"] {
            let message = decode(bytes.into()).unwrap_err();
            assert!(message.contains("not a text file; is this the right file?"), "{message}");
        }
    }
}
