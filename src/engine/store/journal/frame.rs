//! The bytes of a journal or of the checkpoints: the header of the file and the frames of its
//! records.
//!
//! All integers are little-endian. The header is the [`FileKind`] of the file: its first bytes and
//! its format version. A frame is
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | length of the payload, > 0 |
//! | 4 | CRC-32 of the payload |
//! | 4 | CRC-32 of the eight bytes before |
//! | length | payload: the record, postcard encoding |
//!
//! The second checksum protects the length, so that it can be trusted before the payload is read.
//! Without it, a bit error in a length would look like a record that a crash cut short, and a
//! search for the next record would have to check every possible length at every byte.

use super::JournalError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The kind of a file, which its first bytes tell.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::store) struct FileKind {
    /// Line ends and a control character, because transfer in text mode changes those.
    pub magic: [u8; 12],
    /// Version of the frames and of the records in them.
    pub version: u32,
}

/// Version of the journal.
pub const FORMAT_VERSION: u32 = 1;

/// A journal of finished work.
pub(super) const JOURNAL: FileKind =
    FileKind { magic: *b"lossatlas\r\n\x1a", version: FORMAT_VERSION };

/// Bytes of the header of a file.
pub(super) const HEADER_LENGTH: usize = 12 + 4;

/// Bytes of a frame before its payload.
pub(in crate::engine::store) const HEAD_LENGTH: usize = 12;

impl FileKind {
    /// The header of such a file.
    pub(in crate::engine::store) fn header(self) -> [u8; HEADER_LENGTH] {
        let mut header = [0; HEADER_LENGTH];
        header[..self.magic.len()].copy_from_slice(&self.magic);
        header[self.magic.len()..].copy_from_slice(&self.version.to_le_bytes());
        header
    }
}

/// The description of a payload in its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes of the payload, > 0.
    pub length: u32,
    checksum: u32,
}

impl Head {
    /// Reads a head. `None` if it is too short, damaged or zero.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (checksum, rest) = rest.split_first_chunk()?;
        let own = rest.first_chunk()?;
        let head =
            Self { length: u32::from_le_bytes(*length), checksum: u32::from_le_bytes(*checksum) };
        (head.length > 0 && crc32fast::hash(&bytes[..8]) == u32::from_le_bytes(*own))
            .then_some(head)
    }

    /// Whether this payload matches the head.
    pub fn matches(self, payload: &[u8]) -> bool {
        payload.len() == self.length as usize && crc32fast::hash(payload) == self.checksum
    }

    fn of(payload: &[u8]) -> Result<Self, JournalError> {
        let length = u32::try_from(payload.len())
            .map_err(|_| JournalError::TooLarge { bytes: payload.len() })?;
        Ok(Self { length, checksum: crc32fast::hash(payload) })
    }

    fn bytes(self) -> [u8; HEAD_LENGTH] {
        let mut bytes = [0; HEAD_LENGTH];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.checksum.to_le_bytes());
        let own = crc32fast::hash(&bytes[..8]);
        bytes[8..].copy_from_slice(&own.to_le_bytes());
        bytes
    }
}

/// The frame of a record.
///
/// # Errors
/// [`JournalError::TooLarge`] from 4 GiB on, [`JournalError::Encode`].
pub(in crate::engine::store) fn encode(record: &impl Serialize) -> Result<Vec<u8>, JournalError> {
    let mut frame = postcard::to_extend(record, vec![0; HEAD_LENGTH])
        .map_err(|reason| JournalError::Encode { reason })?;
    let (head, payload) = frame.split_at_mut(HEAD_LENGTH);
    head.copy_from_slice(&Head::of(payload)?.bytes());
    Ok(frame)
}

/// The record in a payload.
///
/// # Errors
/// A sentence that says why the bytes are no record.
pub(in crate::engine::store) fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(payload) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(format!("{} bytes are left over after its fields", rest.len())),
        Err(error) => Err(format!("its checksum is right but its content is no record: {error}")),
    }
}

/// The payload, if the bytes are one undamaged frame.
pub(in crate::engine::store) fn whole(frame: &[u8]) -> Option<&[u8]> {
    let head = Head::parse(frame)?;
    let payload = &frame[HEAD_LENGTH..];
    head.matches(payload).then_some(payload)
}

/// Whether a whole, undamaged frame starts anywhere in `bytes`.
pub(super) fn contains_frame(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|start| {
        let frame = &bytes[start..];
        Head::parse(frame).is_some_and(|head| {
            let payload = frame[HEAD_LENGTH..].get(..head.length as usize);
            payload.is_some_and(|payload| head.matches(payload))
        })
    })
}
