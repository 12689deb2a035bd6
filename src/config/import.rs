//! `[[import]]`: sets of solutions that come from elsewhere.

use super::available::Available;
use super::expand::expand_path;
use super::reader::{Read, Reported, Section};
use super::schema::{Invalidates, Key, Multiplicity, Required, SectionSpec, Text};
use crate::solutions::SetName;
use std::path::{Path, PathBuf};

/// A set of solutions to read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportConfig {
    /// Its name in the results. Neither training nor another import has a set of this name.
    pub name: SetName,
    /// Where it is.
    pub file: ImportFile,
}

/// Where an imported set is, by the extension of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportFile {
    /// `.npy`: an array of NumPy, a parameter vector in each row.
    Npy(PathBuf),
    /// `.h5` or `.hdf5`: results of an earlier run, `results/atlas.h5:/solutions/sgd/train`.
    Atlas {
        /// The HDF5 file.
        file: PathBuf,
        /// The group of the set within it, `/solutions/sgd/train`: from the root, without a slash
        /// at the end.
        group: String,
    },
}

static NAME: Key<Text, Required> = Key::new("name", Text)
    .meaning("name of the set, `\"group/member\"`, for instance `\"published/train\"`")
    .note("different from the names of trained and other imported sets")
    .required("\"published/train\"");

static FILE: Key<Text, Required> = Key::new("file", Text)
    .meaning(
        "`\"file.npy\"`, one vector a row, or `\"results/atlas.h5:/solutions/sgd/train\"`, a set \
         of an earlier run",
    )
    .note("the initialization number of a vector is its row, from 0")
    .required("\"results/atlas.h5:/solutions/sgd/train\"");

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "import",
    title: "Sets of solutions from elsewhere: any number of entries",
    shape: Multiplicity::Named,
    keys: &[&NAME, &FILE],
    choices: None,
    invalidates: Invalidates::Solutions("the imported set and its paths"),
};

/// Reads all entries of the file, after the training, and adds the sets to `available`.
pub(super) fn read_all(root: &Section<'_>, available: &mut Available) -> Read<Vec<ImportConfig>> {
    let mut names = Vec::new();
    let made_by = if available.analytic { "[landscape]" } else { "[training]" };
    let imports = root.sections(&SECTION, |section| {
        let made = (available.made.as_deref().unwrap_or_default(), made_by);
        let name = read_name(section, &names, made);
        names.push(name.clone().ok());
        if let Ok(name) = &name {
            section.record_as(format!("import.{name}"));
        }
        let file = read_file(section);
        let import = ImportConfig { name: name?, file: file? };
        available.sources.imports.push(import.clone());
        Ok(import)
    });
    available.imported = imports
        .as_ref()
        .ok()
        .map(|imports| imports.iter().map(|import| import.name.clone()).collect());
    imports
}

/// Compares an entry with the `names` of the entries before it; `None` is an entry with an error.
fn read_name(
    section: &Section<'_>,
    names: &[Option<SetName>],
    (made, made_by): (&[SetName], &str),
) -> Read<SetName> {
    let well_formed = |name: &String| SetName::parse(name).map(|_| ());
    let written = section.key(&NAME).check(well_formed).value()?;
    let refuse = |message| {
        section.problem(NAME.name, message);
        Reported
    };
    let name = SetName::parse(&written).map_err(refuse)?;
    if made.contains(&name) {
        return Err(refuse(format!(
            "{written:?} is also the name of a set of {made_by}; give the imported set another name"
        )));
    }
    match names.iter().position(|other| other.as_ref() == Some(&name)) {
        Some(index) => Err(refuse(format!(
            "{written:?} is already the name of import.{index}; give each import its own name"
        ))),
        None => Ok(name),
    }
}

/// The effective value stays as written, because `$TMPDIR` names another directory in every job.
fn read_file(section: &Section<'_>) -> Read<ImportFile> {
    let written = section.key(&FILE).value()?;
    ImportFile::read(&written).map_err(|message| {
        section.problem(FILE.name, message);
        Reported
    })
}

impl ImportFile {
    /// As written in a configuration.
    pub(super) fn read(written: &str) -> Result<Self, String> {
        expand_path(written).and_then(|path| Self::parse(path.to_string_lossy().as_ref()))
    }

    fn parse(expanded: &str) -> Result<Self, String> {
        let atlas = |file: &str| has_extension(file, &["h5", "hdf5"]);
        // A colon may be part of the name of a directory. The separator is the one after the
        // extension.
        let mut colons =
            expanded.match_indices(':').map(|(at, _)| (&expanded[..at], &expanded[at + 1..]));
        match colons.find(|(file, _)| atlas(file)) {
            Some((file, group)) if is_group(group) => {
                Ok(Self::Atlas { file: file.into(), group: group.to_owned() })
            }
            Some((file, group)) => Err(format!(
                "{group:?} is not the path of a set's group; write for instance {file}:/solutions/sgd/train"
            )),
            None if atlas(expanded) => Err(format!(
                "lacks the group of the set; write for instance {expanded}:/solutions/sgd/train"
            )),
            None if has_extension(expanded, &["npy"]) => Ok(Self::Npy(expanded.into())),
            None => Err(format!(
                "{expanded:?} is neither an array, \"file.npy\", nor a set in earlier results, \"file.h5:/solutions/sgd/train\""
            )),
        }
    }
}

fn has_extension(file: &str, extensions: &[&str]) -> bool {
    let found = Path::new(file).extension();
    extensions
        .iter()
        .any(|extension| found.is_some_and(|found| found.eq_ignore_ascii_case(extension)))
}

/// `/solutions/sgd/train`: from the root, every part a name.
fn is_group(path: &str) -> bool {
    path.strip_prefix('/')
        .is_some_and(|parts| parts.split('/').all(|part| !["", ".", ".."].contains(&part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_tells_arrays_from_sets_in_earlier_results() {
        let atlas = |file: &str, group: &str| {
            Ok(ImportFile::Atlas { file: file.into(), group: group.into() })
        };
        for (written, expected) in [
            ("a/b.npy", Ok(ImportFile::Npy("a/b.npy".into()))),
            ("b:c.NPY", Ok(ImportFile::Npy("b:c.NPY".into()))),
            ("atlas.h5:/solutions/sgd/train", atlas("atlas.h5", "/solutions/sgd/train")),
            ("12:30/x.hdf5:/a", atlas("12:30/x.hdf5", "/a")),
            ("old.h5/atlas.h5:/a/b.npy", atlas("old.h5/atlas.h5", "/a/b.npy")),
        ] {
            assert_eq!(ImportFile::parse(written), expected, "{written}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for written in [
            "a",
            ".npy",
            "a.npz",
            "a.npy:/x",
            "a.h5",
            "a.h5:",
            "a.h5:/",
            "a.h5:x",
            "a.h5:/x/",
            "a.h5://x",
            "a.h5:/x/../y",
        ] {
            assert!(ImportFile::parse(written).is_err(), "{written}");
        }
    }
}
