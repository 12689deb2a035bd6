//! Reading a journal, and distinguishing a record that a crash cut short from one that was damaged
//! later.

use super::frame::{FileKind, HEAD_LENGTH, HEADER_LENGTH, Head, contains_frame};
use super::{JournalError, TornTail, io_error};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The end of the whole records of a file.
pub(super) struct Extent {
    /// End of the last whole record; 0 if there is not even a header.
    pub end: u64,
    pub torn: Option<TornTail>,
}

/// One step through the file.
enum Step {
    /// A whole frame, its payload now in the buffer.
    Frame,
    /// The rest of the file was cut short by a crash.
    Torn,
    /// The frame was damaged after it was written.
    Damaged(&'static str),
}

/// Reads a whole file and passes the payload of each record, with its offset, to `insert`, which
/// returns why it is no record.
///
/// Every append ends with a sync before the next one starts, so a crash can leave only the last
/// frame incomplete: too short, or with parts of it never written. So an incomplete frame is torn
/// if nothing follows it, and damaged if anything does.
pub(super) fn read(
    kind: FileKind,
    file: &File,
    path: &Path,
    insert: impl FnMut(u64, &[u8]) -> Result<(), String>,
) -> Result<Extent, JournalError> {
    read_from(kind, file, path, 0, insert)
}

/// Does so from `start` on: 0, or the end of a whole record.
pub(super) fn read_from(
    kind: FileKind,
    mut file: &File,
    path: &Path,
    start: u64,
    mut insert: impl FnMut(u64, &[u8]) -> Result<(), String>,
) -> Result<Extent, JournalError> {
    let length = file.metadata().map_err(io_error("inspect", path))?.len();
    file.seek(SeekFrom::Start(start)).map_err(io_error("read", path))?;
    // What another process appends in the meantime is not looked at.
    let rest = file.take(length.saturating_sub(start));
    let mut reader = BufReader::with_capacity(1 << 20, rest);
    let mut read = Extent { end: start, torn: None };
    if start > 0 || check_header(kind, &mut reader, length, path)? {
        read.end = start.max(HEADER_LENGTH as u64);
        let mut payload = Vec::new();
        while read.end < length {
            let damaged = |problem| JournalError::Damaged {
                file: path.to_owned(),
                offset: read.end,
                problem,
            };
            match step(&mut reader, length - read.end, &mut payload)
                .map_err(io_error("read", path))?
            {
                Step::Frame => insert(read.end + HEAD_LENGTH as u64, &payload).map_err(damaged)?,
                Step::Torn => break,
                Step::Damaged(problem) => return Err(damaged(problem.to_owned())),
            }
            read.end += (HEAD_LENGTH + payload.len()) as u64;
        }
    }
    if read.end < length {
        read.torn = Some(TornTail { offset: read.end, bytes: length - read.end });
    }
    Ok(read)
}

/// Whether there is a header. A crash may have come before its last byte reached the disk.
fn check_header(
    kind: FileKind,
    reader: &mut impl Read,
    length: u64,
    path: &Path,
) -> Result<bool, JournalError> {
    let mut found = Vec::new();
    reader.take(HEADER_LENGTH as u64).read_to_end(&mut found).map_err(io_error("read", path))?;
    if found == kind.header() {
        return Ok(true);
    }
    let nothing_more = length <= HEADER_LENGTH as u64;
    let unwritten = found.iter().all(|&byte| byte == 0) || kind.header().starts_with(&found);
    if nothing_more && unwritten {
        return Ok(false);
    }
    match found.strip_prefix(&kind.magic).and_then(|version| version.first_chunk()) {
        Some(version) => Err(JournalError::Version {
            file: path.to_owned(),
            offset: kind.magic.len() as u64,
            found: u32::from_le_bytes(*version),
            expected: kind.version,
        }),
        None => Err(JournalError::Foreign { file: path.to_owned() }),
    }
}

/// Reads the next frame of a file of which `remaining` bytes are left.
fn step(reader: &mut impl Read, remaining: u64, payload: &mut Vec<u8>) -> io::Result<Step> {
    if remaining < HEAD_LENGTH as u64 {
        return Ok(Step::Torn);
    }
    let mut bytes = [0; HEAD_LENGTH];
    reader.read_exact(&mut bytes)?;
    let remaining = remaining - HEAD_LENGTH as u64;
    let Some(head) = Head::parse(&bytes) else {
        // Its length cannot be trusted, so the next frame may start anywhere. This reads the rest
        // of the file into memory, but only on the way to an error or to an incomplete record.
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest)?;
        return Ok(if contains_frame(&rest) {
            Step::Damaged("its head is not the one written")
        } else {
            Step::Torn
        });
    };
    let length = u64::from(head.length);
    if length > remaining {
        return Ok(Step::Torn);
    }
    payload.resize(head.length as usize, 0);
    reader.read_exact(payload)?;
    Ok(match (head.matches(payload), length == remaining) {
        (true, _) => Step::Frame,
        (false, true) => Step::Torn,
        (false, false) => Step::Damaged("its checksum does not match its content"),
    })
}
