//! The files of a report on disk. One that the user has edited is kept.

use crate::files::{make_directory, name_aside, replace_aside, resolve};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Checksums of the files as they were written, one a line, as `sha256sum --check` reads them.
pub const CHECKSUMS: &str = "files.sha256";

/// What went wrong with a file.
pub type Failed = (PathBuf, io::Error);

/// Writes files into a directory that is made if need be. Returns where those are now that were there before and
/// were not as an earlier report had written them.
pub fn write(directory: &Path, files: &[(String, Vec<u8>)], page: &str) -> Result<Vec<PathBuf>, Failed> {
    make_directory(directory).map_err(|error| (directory.to_owned(), error))?;
    let before = Before::read(directory, page);
    let mut kept = Vec::new();
    for (name, bytes) in files {
        let path = directory.join(name);
        let written = replace(&path, bytes, |there| before.wrote(name, there));
        kept.extend(written.map_err(|error| (path, error))?);
    }
    let mut checksums = before.checksums.unwrap_or_default();
    checksums.extend(files.iter().map(|(name, bytes)| (name.clone(), checksum(bytes))));
    let lines: String = checksums.iter().map(|(name, checksum)| format!("{checksum}  {name}\n")).collect();
    let path = directory.join(CHECKSUMS);
    replace(&path, lines.as_bytes(), |_| true).map_err(|error| (path, error))?;
    Ok(kept)
}

/// The report that is there already.
struct Before {
    /// By name; `None` if there are none.
    checksums: Option<BTreeMap<String, String>>,
    /// Whether a version wrote it that left no checksums.
    is_old: bool,
}

impl Before {
    fn read(directory: &Path, page: &str) -> Self {
        let line = |line: &str| line.split_once("  ").map(|(checksum, name)| (name.to_owned(), checksum.to_owned()));
        let text = fs::read_to_string(directory.join(CHECKSUMS)).ok();
        let checksums = text.map(|text| text.lines().filter_map(line).collect());
        let is_ours = |page: Vec<u8>| String::from_utf8_lossy(&page).contains("Made by lossatlas");
        let is_old = checksums.is_none() && fs::read(directory.join(page)).is_ok_and(is_ours);
        Self { checksums, is_old }
    }

    /// Whether an earlier report wrote this file, and wrote it so.
    fn wrote(&self, name: &str, bytes: &[u8]) -> bool {
        let same = |checksums: &BTreeMap<String, String>| checksums.get(name).is_some_and(|known| *known == checksum(bytes));
        self.is_old || self.checksums.as_ref().is_some_and(same)
    }
}

/// Replaces a file as a whole. Returns where the file is now that was there, unless it `may_go`.
fn replace(path: &Path, bytes: &[u8], may_go: impl Fn(&[u8]) -> bool) -> io::Result<Option<PathBuf>> {
    let target = resolve(path)?;
    if fs::read(&target).is_ok_and(|there| there == bytes) {
        return Ok(None);
    }
    let mut name = target.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    fs::remove_file(&partial).ok();
    let written = fs::File::create_new(&partial).and_then(|mut file| file.write_all(bytes));
    let aside = name_aside(&target, "changed");
    let replaced = written.and_then(|()| replace_aside(&partial, &target, &aside)).inspect_err(|_| {
        fs::remove_file(&partial).ok();
    })?;
    if replaced && fs::read(&aside).is_ok_and(|there| may_go(&there)) {
        fs::remove_file(&aside)?;
        return Ok(None);
    }
    Ok(replaced.then_some(aside))
}

fn checksum(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<(String, Vec<u8>)> {
        vec![
            ("losses.csv".to_owned(), text.as_bytes().to_vec()),
            ("index.html".to_owned(), format!("Made by lossatlas {text}").into_bytes()),
        ]
    }

    fn entries(directory: &Path) -> usize {
        fs::read_dir(directory).expect("a directory").count()
    }

    #[test]
    fn what_the_user_edited_is_kept_and_what_a_report_wrote_is_replaced() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [table, checksums] = ["losses.csv", CHECKSUMS].map(|name| directory.path().join(name));
        let write = |text| write(directory.path(), &files(text), "index.html").expect("space");
        assert!(write("first").is_empty());
        assert!(write("second").is_empty());
        assert_eq!(entries(directory.path()), 3);
        fs::write(&table, "edited").expect("space");
        let kept = write("third");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read_to_string(&kept[0]).expect("a text"), "edited");
        assert_eq!(fs::read_to_string(&table).expect("a text"), "third");
        // A report of a version that left no checksums is a report all the same.
        fs::remove_file(&checksums).expect("written above");
        assert!(write("fourth").is_empty());
    }

    #[test]
    fn a_page_of_somebody_else_is_kept() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::write(directory.path().join("index.html"), "my home page").expect("space");
        let kept = write(directory.path(), &files("first"), "index.html").expect("space");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read_to_string(&kept[0]).expect("a text"), "my home page");
    }
}
