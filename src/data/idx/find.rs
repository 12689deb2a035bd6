//! Finds the four files of a data set.
//!
//! MNIST and data sets in its format are published under many names: with dots or hyphens, with a
//! prefix, in a folder for each file, several folders down. Here a *set* is the files in one folder
//! with one prefix.

use crate::data::identify;
use crate::data::problem::FileProblem;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Names of the four files, without `.gz`: training images and labels, test images and labels.
pub(super) const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Levels of folders below the given one that are searched: `MNIST/raw` and a folder for each file.
const DEPTH: usize = 4;

/// Maximum number of examined entries of folders, so that a wrong folder does not take minutes.
const MAX_ENTRIES: usize = 20_000;

/// The four files of a set, each `None` if it is missing or if several fit, and the problems.
pub(super) struct FoundFiles {
    pub files: [Option<PathBuf>; 4],
    pub problems: Vec<FileProblem>,
}

/// Finds the files in `directory`, those of `prefix` if it is given.
///
/// Files with the names of MNIST in the folder itself take precedence. If there are none, every set
/// in it and below is a candidate, and there must be exactly one.
pub(super) fn find(directory: &Path, prefix: Option<&str>) -> Result<FoundFiles, FileProblem> {
    if !directory.is_dir() {
        return Err(FileProblem::NoDirectory { directory: directory.into() });
    }
    if prefix.is_none() {
        let named = FILES.map(|name| locate(directory, name));
        if named.iter().all(Option::is_some) {
            return Ok(FoundFiles { files: named, problems: Vec::new() });
        }
    }
    let (mut sets, others) = look(directory);
    let all: Vec<String> = sets.keys().map(FileSetKey::words).collect();
    if let Some(prefix) = prefix {
        sets.retain(|key, _| key.prefix == trimmed(prefix));
        if sets.is_empty() && !all.is_empty() {
            let problem = format!(
                "no set of files with dataset.prefix = {prefix:?}; there is {}",
                all.join("; ")
            );
            return Err(FileProblem::at(directory, problem));
        }
    }
    // Sets in the folder itself take precedence over those below it.
    if sets.keys().any(|key| key.directory == directory) {
        sets.retain(|key, _| key.directory == directory);
    }
    match sets.len() {
        0 => Err(nothing(directory, &others)),
        1 => {
            let (key, set) = sets.pop_first().expect("there is one");
            Ok(set.files(&key))
        }
        count => {
            let candidates = sets.iter().map(|(key, set)| set.describe(key)).collect::<Vec<_>>();
            let problem = format!(
                "{count} sets of IDX files fit; choose one with {}",
                candidates.join("; or ")
            );
            Err(FileProblem::at(directory, problem))
        }
    }
}

/// The file under its plain or its `.gz` name, or in a folder of its name. A file that cannot be
/// examined counts as present, so that opening it reports the reason.
fn locate(directory: &Path, name: &str) -> Option<PathBuf> {
    let names = [name.to_owned(), format!("{name}.gz")];
    let mut paths = names.iter().map(|name| directory.join(name));
    let found = paths.find(|path| path.try_exists().unwrap_or(true))?;
    let mut within = names.iter().map(|name| found.join(name));
    within.find(|path| path.is_file()).or(Some(found))
}

/// Identifies a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileSetKey {
    directory: PathBuf,
    /// The prefix without its hyphen; empty for `train-images-…`.
    prefix: String,
}

impl FileSetKey {
    /// The keys of the configuration that choose it.
    fn words(&self) -> String {
        let directory = self.directory.display();
        if self.prefix.is_empty() {
            format!("dataset.dir = \"{directory}\"")
        } else {
            format!("dataset.dir = \"{directory}\" and dataset.prefix = {:?}", self.prefix)
        }
    }
}

/// The candidates for each of the four files of a set, in the order of preference.
#[derive(Debug, Default)]
struct Candidates([Vec<PathBuf>; 4]);

impl Candidates {
    /// The set in words, with its missing files.
    fn describe(&self, key: &FileSetKey) -> String {
        let missing: Vec<_> = self.missing(key);
        if missing.is_empty() {
            return key.words();
        }
        format!("{} (incomplete: no {})", key.words(), missing.join(", "))
    }

    fn missing(&self, key: &FileSetKey) -> Vec<String> {
        let prefix = if key.prefix.is_empty() { String::new() } else { format!("{}-", key.prefix) };
        // Sets with a prefix usually use this name for the test set.
        let name = |name: &str| match key.prefix.as_str() {
            "" => name.to_owned(),
            _ => format!("{prefix}{}", name.replace("t10k", "test")),
        };
        let files = self.0.iter().zip(FILES).filter(|(files, _)| files.is_empty());
        files.map(|(_, file)| name(file)).collect()
    }

    /// Chooses one file for each.
    fn files(self, key: &FileSetKey) -> FoundFiles {
        let mut problems = Vec::new();
        let files = self.missing(key);
        if !files.is_empty() {
            problems.push(FileProblem::Missing { directory: key.directory.clone(), files });
        }
        let files = self.0.map(|files| match one_of(files) {
            Ok(file) => file,
            Err(problem) => {
                problems.push(problem);
                None
            }
        });
        FoundFiles { files, problems }
    }
}

/// The first candidate, if all are equal files, or the same name compressed and uncompressed.
fn one_of(files: Vec<PathBuf>) -> Result<Option<PathBuf>, FileProblem> {
    let Some(first) = files.first().cloned() else { return Ok(None) };
    let uncompressed = |file: &Path| file.to_string_lossy().trim_end_matches(".gz").to_owned();
    let other = files[1..].iter().find(|file| {
        uncompressed(file) != uncompressed(&first) && !same_content(&first, file).unwrap_or(false)
    });
    let Some(other) = other else { return Ok(Some(first)) };
    let problem = format!(
        "{} fits as well, but its content differs; remove or rename one of them",
        other.display()
    );
    Err(FileProblem::at(&first, problem))
}

fn same_content(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (mut one, mut other) = (fs::File::open(one)?, fs::File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    loop {
        a.clear();
        b.clear();
        (&mut one).take(1 << 16).read_to_end(&mut a)?;
        (&mut other).take(1 << 16).read_to_end(&mut b)?;
        if a != b || a.is_empty() {
            return Ok(a == b);
        }
    }
}

/// All sets in a folder and below it, and some of the other files there.
fn look(directory: &Path) -> (BTreeMap<FileSetKey, Candidates>, Vec<PathBuf>) {
    let mut sets: BTreeMap<FileSetKey, Candidates> = BTreeMap::new();
    let mut others = Vec::new();
    let entries = WalkDir::new(directory).min_depth(1).max_depth(DEPTH).follow_links(true);
    for entry in entries.sort_by_file_name().into_iter().take(MAX_ENTRIES) {
        // An unreadable folder, or a dangling link.
        let path = match entry {
            Ok(entry) if entry.file_type().is_dir() => continue,
            Ok(entry) => entry.into_path(),
            Err(error) => match error.path() {
                Some(path) if path.is_symlink() => path.to_owned(),
                _ => continue,
            },
        };
        let parsed = path.file_name().and_then(|name| name.to_str()).and_then(parse);
        let Some((prefix, index)) = parsed else {
            if others.len() < 100 {
                others.push(path);
            }
            continue;
        };
        let key = FileSetKey { directory: folder_of(&path), prefix };
        sets.entry(key).or_default().0[index].push(path);
    }
    for files in sets.values_mut().flat_map(|set| &mut set.0) {
        // The order: plain files first, then those nearest to the folder, then by name.
        files.sort_by_key(|file| {
            let compressed = file.extension().is_some_and(|extension| extension == "gz");
            (compressed, file.components().count(), file.clone())
        });
    }
    (sets, others)
}

/// The folder of a file. A folder with the name of its file, as Kaggle unpacks it, does not count.
fn folder_of(file: &Path) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new(""));
    let stem = |path: &Path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.map(|name| name.trim_end_matches(".gz").replace('.', "-"))
    };
    if stem(parent) == stem(file) {
        parent.parent().unwrap_or(parent).to_owned()
    } else {
        parent.to_owned()
    }
}

/// The prefix of a name and its index in [`FILES`]: `train-images-idx3-ubyte`,
/// `t10k-labels.idx1-ubyte.gz`, `emnist-letters-test-images-idx3-ubyte`.
fn parse(name: &str) -> Option<(String, usize)> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let (front, format) = name.rsplit_once("idx")?;
    let digit = format.strip_prefix(|letter: char| letter.is_ascii_digit()).unwrap_or(format);
    let types = ["", "ubyte", "byte", "short", "int", "float", "double"];
    if !types.contains(&digit.trim_start_matches(['-', '.', '_'])) {
        return None;
    }
    let front = front.strip_suffix(['-', '.', '_'])?;
    let (front, index) = match (front.strip_suffix("images"), front.strip_suffix("labels")) {
        (Some(front), _) => (front, 0),
        (_, Some(front)) => (front, 1),
        _ => return None,
    };
    let front = front.strip_suffix(['-', '.', '_'])?;
    let splits = [("train", 0), ("t10k", 2), ("test", 2)];
    let (prefix, split) =
        splits.into_iter().find_map(|(word, split)| Some((front.strip_suffix(word)?, split)))?;
    let separated = prefix.is_empty() || prefix.ends_with(['-', '.', '_']);
    separated.then(|| (trimmed(prefix).to_owned(), split + index))
}

fn trimmed(prefix: &str) -> &str {
    prefix.trim_end_matches(['-', '.', '_'])
}

/// The problem that there is no set, with a hint at the other files.
fn nothing(directory: &Path, others: &[PathBuf]) -> FileProblem {
    if let Some(hint) = identify::by_names(others.iter().map(PathBuf::as_path)) {
        return FileProblem::at(directory, format!("no IDX files ({}, …); {hint}", FILES[0]));
    }
    let files = FILES.map(str::to_owned).to_vec();
    FileProblem::Missing { directory: directory.into(), files }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind_are_understood() {
        for (name, prefix, index) in [
            ("train-images-idx3-ubyte", "", 0),
            ("train-images.idx3-ubyte", "", 0),
            ("train-labels-idx1-ubyte.gz", "", 1),
            ("t10k-images-idx3-ubyte.gz", "", 2),
            ("t10k-labels.idx1-ubyte", "", 3),
            ("test-labels-idx1-ubyte", "", 3),
            ("emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters", 0),
            ("emnist-letters-test-labels-idx1-ubyte", "emnist-letters", 3),
            ("qmnist-train-labels-idx2-int", "qmnist", 1),
            ("train-images-idx4-float", "", 0),
            ("cifar_train_images.idx", "cifar", 0),
        ] {
            assert_eq!(parse(name), Some((prefix.to_owned(), index)), "{name}");
        }
        for name in [
            "train-images",
            "images-idx3-ubyte",
            "constrain-images-idx3-ubyte",
            "train-images-idx3-ubyte.part",
            "emnist-letters-mapping.txt",
            "idx",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
