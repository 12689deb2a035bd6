//! The arrays of an archive or a folder, identified by their names.

use super::file::ArraySource;
use crate::data::identify::{self, BEGINNING};
use crate::data::problem::{FileProblem, base};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Names of images and labels, in lower case with underscores: the first of each pair is ours, the
/// second that of Keras. The sets are training, test, and one to be split.
const NAMES: [[[&str; 2]; 2]; 3] = [
    [["train_images", "x_train"], ["train_labels", "y_train"]],
    [["test_images", "x_test"], ["test_labels", "y_test"]],
    [["images", "x"], ["labels", "y"]],
];

/// The arrays of a data set, by their names in the archive or folder: images, then labels.
#[derive(Debug)]
pub(super) enum Arrays {
    Two {
        train: [String; 2],
        test: [String; 2],
    },
    /// One set, to be split.
    One([String; 2]),
}

impl Arrays {
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        match self {
            Self::Two { train, test } => train.iter().chain(test),
            Self::One(all) => all.iter().chain(&[]),
        }
    }

    /// The files that they are in.
    pub(super) fn files(&self, source: &ArraySource) -> Vec<PathBuf> {
        match source {
            ArraySource::Archive(file) => vec![file.clone()],
            ArraySource::Folder(_) => self.names().map(|name| source.file(name)).collect(),
        }
    }

    /// The arrays of a data set among these names.
    fn among(source: &ArraySource, names: &[String]) -> Result<Self, FileProblem> {
        let pairs = NAMES.map(|pair| pair.map(|known| one_of(source, names, known)));
        let [train, test, all] =
            pairs.map(|[images, labels]| Ok::<_, FileProblem>([images?, labels?]));
        match (train?, test?, all?) {
            // A single array with a name of another set belongs to no set.
            ([Some(a), Some(b)], [Some(c), Some(d)], [None, _] | [_, None]) => {
                Ok(Self::Two { train: [a, b], test: [c, d] })
            }
            ([Some(images), Some(labels)], [None, None], [None, None])
            | ([None, None], [None, None], [Some(images), Some(labels)]) => {
                Ok(Self::One([images, labels]))
            }
            (train, test, all) => Err(incomplete(source, names, &[train, test, all])),
        }
    }
}

/// The array with one of two names. Having both is an error.
fn one_of(
    source: &ArraySource,
    names: &[String],
    known: [&str; 2],
) -> Result<Option<String>, FileProblem> {
    let normal = |name: &str| name.to_lowercase().replace('-', "_");
    let mut fitting = names.iter().filter(|name| known.contains(&normal(name).as_str()));
    let first = fitting.next().cloned();
    if let (Some(first), Some(other)) = (&first, fitting.next()) {
        let problem = format!("arrays {first} and {other} both fit; remove or rename one of them");
        return Err(FileProblem::at(source.path(), problem));
    }
    Ok(first)
}

/// The problem that the arrays make no data set: which arrays exist and which are needed.
fn incomplete(
    source: &ArraySource,
    names: &[String],
    pairs: &[[Option<String>; 2]; 3],
) -> FileProblem {
    let held = match names {
        [] => "nothing".to_owned(),
        names if names.len() > 12 => format!("{}, …", names[..12].join(", ")),
        names => names.join(", "),
    };
    let [train, _, all] = pairs.each_ref().map(|pair| pair.iter().all(Option::is_some));
    let problem = if train && all {
        format!("arrays {held}: two data sets; remove or rename the arrays of one of them")
    } else {
        format!(
            "arrays {held}, but a data set is train_images, train_labels, test_images, \
             test_labels, or images and labels, which are split; write it with numpy.savez(file, \
             images=…, labels=…)"
        )
    };
    FileProblem::at(source.path(), problem)
}

/// The source at a path: the file itself, or, in a folder, the only candidate.
pub(super) fn find(path: &Path) -> Result<(ArraySource, Arrays), FileProblem> {
    if path.is_dir() {
        return in_folder(path);
    }
    if let Err(error) = path.metadata() {
        let problem = if error.kind() == std::io::ErrorKind::NotFound {
            format!(
                "no such file or folder{}; give dataset.path an .npz file or a folder of .npy files",
                base(path)
            )
        } else {
            format!("cannot be read: {error}")
        };
        return Err(FileProblem::at(path, problem));
    }
    let source = ArraySource::Archive(path.to_owned());
    let names = source.names().map_err(|problem| not_an_archive(path).unwrap_or(problem))?;
    let arrays = Arrays::among(&source, &names)?;
    Ok((source, arrays))
}

fn in_folder(folder: &Path) -> Result<(ArraySource, Arrays), FileProblem> {
    let own = ArraySource::Folder(folder.to_owned());
    let arrays = own.names()?;
    let known = |name: &String| {
        let mut known = NAMES.iter().flatten().flatten();
        known.any(|known| name.to_lowercase().replace('-', "_") == **known)
    };
    let archives = files_with_extension(folder, "npz")?;
    match (&archives[..], arrays.iter().any(known)) {
        ([], true) => Arrays::among(&own, &arrays).map(|arrays| (own, arrays)),
        ([archive], false) => find(archive),
        ([], false) if arrays.is_empty() => {
            let others = files_with_extension(folder, "")?;
            let hint = identify::by_names(others.iter().map(PathBuf::as_path));
            let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
            Err(FileProblem::at(
                folder,
                format!("no .npz file and no images.npy, labels.npy{hint}"),
            ))
        }
        ([], false) => Err(incomplete(&own, &arrays, &Default::default())),
        (_, own) => {
            let mut fitting: Vec<_> =
                archives.iter().map(|file| format!("\"{}\"", file.display())).collect();
            if own {
                fitting.push("the .npy files in it".to_owned());
            }
            Err(FileProblem::at(
                folder,
                format!("{} fit; choose one with dataset.path", fitting.join(" and ")),
            ))
        }
    }
}

/// Files of a folder, by name; all of them if the extension is empty.
pub(super) fn files_with_extension(
    folder: &Path,
    extension: &str,
) -> Result<Vec<PathBuf>, FileProblem> {
    let place = || folder.display().to_string();
    let entries = fs::read_dir(folder)
        .map_err(|source| FileProblem::Unreadable { place: place(), source })?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let fits = |path: &PathBuf| {
        let own = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        (extension.is_empty() || own.eq_ignore_ascii_case(extension)) && !path.is_dir()
    };
    let mut paths: Vec<_> = paths.filter(fits).collect();
    paths.sort();
    Ok(paths)
}

/// The problem of a file that is no zip archive, if its kind is known.
fn not_an_archive(path: &Path) -> Option<FileProblem> {
    // A device may be endless, and a pipe cannot be read twice.
    if !path.metadata().ok()?.is_file() {
        return Some(FileProblem::at(path, "cannot be read: not a regular file"));
    }
    let mut beginning = Vec::new();
    File::open(path).ok()?.take(BEGINNING as u64).read_to_end(&mut beginning).ok()?;
    if beginning.is_empty() {
        return Some(FileProblem::at(path, "an empty file; fetch or write it again"));
    }
    if beginning.starts_with(b"\x93NUMPY") {
        let problem = "a single array; give dataset.path the folder that holds images.npy and \
                       labels.npy";
        return Some(FileProblem::at(path, problem));
    }
    let identity = identify::by_content(&beginning)?;
    // A damaged one.
    if beginning.starts_with(b"PK") {
        return None;
    }
    let (what, remedy) = (identity.what, identity.remedy);
    Some(FileProblem::at(path, format!("{what}, not a NumPy archive (.npz); {remedy}")))
}
