//! The files of a report on disk. Files that the user has edited are kept.

use crate::files::{make_directory, name_aside, replace_aside, resolve};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The name of the file with the checksums of the written files, in the format of
/// `sha256sum --check`.
pub const CHECKSUMS: &str = "files.sha256";

/// What went wrong with a file.
pub type Failed = (PathBuf, io::Error);

/// Writes files into a directory, which is made if it does not exist. Existing files that an
/// earlier report did not write, or that were edited since, are renamed; the result has their new
/// names. Files that only an earlier report wrote are removed, unless they were edited.
pub fn write(directory: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, Failed> {
    make_directory(directory).map_err(|error| (directory.to_owned(), error))?;
    let checksums = read_checksums(directory);
    let mut kept = Vec::new();
    for (name, bytes) in files {
        let path = directory.join(name);
        let is_known =
            |there: &[u8]| checksums.get(name).is_some_and(|known| *known == checksum(there));
        let written = replace(&path, bytes, is_known);
        kept.extend(written.map_err(|error| (path, error))?);
    }
    let written: BTreeMap<String, String> =
        files.iter().map(|(name, bytes)| (name.clone(), checksum(bytes))).collect();
    for (name, known) in checksums.iter().filter(|(name, _)| !written.contains_key(*name)) {
        remove_old(directory, name, known)?;
    }
    let lines: String =
        written.iter().map(|(name, checksum)| format!("{checksum}  {name}\n")).collect();
    let path = directory.join(CHECKSUMS);
    replace(&path, lines.as_bytes(), |_| true).map_err(|error| (path, error))?;
    Ok(kept)
}

/// The checksums of an earlier report, by name. Version 0.1.0 wrote none: its files cannot be
/// distinguished from edited ones, so `write` keeps every file that differs.
fn read_checksums(directory: &Path) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let (checksum, name) = line.split_once("  ")?;
        Some((name.to_owned(), checksum.to_owned()))
    };
    let text = fs::read_to_string(directory.join(CHECKSUMS)).unwrap_or_default();
    text.lines().filter_map(line).collect()
}

/// Removes a file of an earlier report, which would be taken for one of this report. A file that
/// was edited stays.
fn remove_old(directory: &Path, name: &str, known: &str) -> Result<(), Failed> {
    let path = directory.join(name);
    // The list may have been edited, too.
    let is_inside = path.parent() == Some(directory);
    if is_inside && fs::read(&path).is_ok_and(|there| checksum(&there) == known) {
        fs::remove_file(&path).map_err(|error| (path, error))?;
    }
    Ok(())
}

/// Replaces a file as a whole. An existing file is removed if `may_go` says so; otherwise it is
/// renamed, and the result is its new name.
fn replace(
    path: &Path,
    bytes: &[u8],
    may_go: impl Fn(&[u8]) -> bool,
) -> io::Result<Option<PathBuf>> {
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
    let replaced =
        written.and_then(|()| replace_aside(&partial, &target, &aside)).inspect_err(|_| {
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
        let table = directory.path().join("losses.csv");
        let write = |text| write(directory.path(), &files(text)).expect("space");
        assert!(write("first").is_empty());
        assert!(write("second").is_empty());
        assert_eq!(entries(directory.path()), 3);
        fs::write(&table, "edited").expect("space");
        let kept = write("third");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read_to_string(&kept[0]).expect("a text"), "edited");
        assert_eq!(fs::read_to_string(&table).expect("a text"), "third");
    }

    #[test]
    fn what_only_an_earlier_report_wrote_is_removed_unless_it_was_edited() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        let old = ["moments.csv", "claims.csv"].map(|name| (name.to_owned(), b"old".to_vec()));
        let first = [files("first"), old.to_vec()].concat();
        assert!(write(directory.path(), &first).expect("space").is_empty());
        fs::write(path("claims.csv"), "edited").expect("space");
        assert!(write(directory.path(), &files("second")).expect("space").is_empty());
        assert!(!path("moments.csv").exists());
        assert_eq!(fs::read_to_string(path("claims.csv")).expect("a text"), "edited");
        let listed = fs::read_to_string(path(CHECKSUMS)).expect("a text");
        assert_eq!(listed.lines().count(), 2, "{listed}");
    }

    /// Version 0.1.0 wrote no checksums.
    #[test]
    fn without_checksums_what_differs_is_kept_once() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [page, table] = ["index.html", "losses.csv"].map(|name| directory.path().join(name));
        let write = |text| write(directory.path(), &files(text)).expect("space");
        assert!(write("first").is_empty());
        fs::remove_file(directory.path().join(CHECKSUMS)).expect("written above");
        fs::write(&page, "Made by lossatlas, edited").expect("space");
        let kept = write("first");
        assert_eq!(kept.len(), 1, "the table is the same: {kept:?}");
        assert_eq!(fs::read_to_string(&kept[0]).expect("a text"), "Made by lossatlas, edited");
        assert_eq!(fs::read_to_string(&table).expect("a text"), "first");
        assert!(write("second").is_empty(), "the checksums are there now");
    }

    #[test]
    fn a_page_of_somebody_else_is_kept() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::write(directory.path().join("index.html"), "my home page").expect("space");
        let kept = write(directory.path(), &files("first")).expect("space");
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read_to_string(&kept[0]).expect("a text"), "my home page");
    }
}
