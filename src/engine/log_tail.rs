//! The last warnings and errors in `run.log`, which is only read.

use crate::engine::console::printable;
use crate::engine::log::FILE_NAME;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes at the end of the file that are looked at: several hundred lines.
const TAIL: u64 = 1 << 16;

/// The last warnings and errors, at most so many, in their order. None if there is no log.
pub fn warnings(directory: &Path, most: usize) -> Vec<String> {
    let tail = tail(&directory.join(FILE_NAME)).unwrap_or_default();
    let mut lines: Vec<String> = tail.lines().rev().filter_map(warning).take(most).collect();
    lines.reverse();
    lines
}

/// The whole lines at the end of a file.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is a part of one, and the last may be.
    let whole = if start == 0 { Some(&*text) } else { text.split_once('\n').map(|(_, rest)| rest) };
    let whole = whole.and_then(|text| text.rsplit_once('\n')).map_or("", |(lines, _)| lines);
    Ok(whole.to_owned())
}

/// A line of the log as it is shown, if it is a warning or an error.
fn warning(line: &str) -> Option<String> {
    let text = if line.starts_with('{') { of_json(line)? } else { line.to_owned() };
    let mut words = text.split_whitespace();
    let (time, level) = (words.next()?, words.next()?);
    if level != "WARN" && level != "ERROR" {
        return None;
    }
    let time = time.parse::<jiff::Timestamp>().ok()?;
    let words: Vec<&str> = words.collect();
    Some(printable(&format!("{time:.0} {level} {}", words.join(" "))))
}

/// A line of `--log-format json` in the form of the other.
fn of_json(line: &str) -> Option<String> {
    let Value::Object(mut event) = serde_json::from_str(line).ok()? else { return None };
    let mut text = |key| event.remove(key)?.as_str().map(str::to_owned);
    let head = [text("timestamp")?, text("level")?, text("message")?];
    let fields = event.iter().map(|(name, value)| format!("{name}={value}"));
    Some(head.into_iter().chain(fields).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARNING: &str =
        "2026-01-02T03:04:05.678901Z  WARN task failed stage=\"paths\" reason=\"a\"";

    #[test]
    fn only_the_last_warnings_and_errors_are_shown_in_both_formats() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let json = "{\"timestamp\":\"2026-01-02T03:04:06.1Z\",\"level\":\"ERROR\",\
                    \"message\":\"run ended\",\"exit_code\":1,\"reason\":\"b \\u001b[2J\"}";
        let info = "2026-01-02T03:04:05.6Z  INFO task finished stage=\"paths\" task=\"WARN\"";
        let text = format!("{WARNING}\n{info}\n{json}\n2026-01-02T03:04:07.1Z  WARN torn");
        std::fs::write(directory.path().join(FILE_NAME), text).expect("a file");
        let shown = [
            "2026-01-02T03:04:05Z WARN task failed stage=\"paths\" reason=\"a\"",
            "2026-01-02T03:04:06Z ERROR run ended exit_code=1 reason=\"b \\u001b[2J\"",
        ];
        assert_eq!(warnings(directory.path(), 5), shown);
        assert_eq!(warnings(directory.path(), 1), shown[1..]);
        assert!(warnings(&directory.path().join("elsewhere"), 5).is_empty());
    }

    #[test]
    fn a_long_log_is_read_from_its_end() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let text: String = (0..5000).map(|number| format!("{WARNING} task={number}\n")).collect();
        std::fs::write(directory.path().join(FILE_NAME), text).expect("a file");
        let shown = warnings(directory.path(), 10_000);
        assert!(shown.len() > 300 && shown.len() < 5000, "{}", shown.len());
        assert!(shown.iter().all(|line| line.starts_with("2026-01-02T03:04:05Z WARN task failed")));
        assert!(shown.last().expect("a line").ends_with("task=4999"));
    }
}
