//! Data sets in IDX format, the four files of MNIST and of the sets made like it (Fashion-MNIST,
//! KMNIST, EMNIST): Y. `LeCun`, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten
//! digits".

mod file;
mod problem;
#[cfg(test)]
mod tests;

use super::{DataFormat, Dataset, DatasetError, ImageShape, Images, MAX_CLASSES};
use crate::keys::{ChoiceKey, KeyKind, Values};
use crate::random::MasterSeed;
use file::{Content, IdxFile};
use problem::FileProblem;
use std::path::{Path, PathBuf};

/// `kind = "idx"`.
pub struct Idx;

const KEYS: &[ChoiceKey] = &[
    ChoiceKey::new(
        "dir",
        "folder of the four files; relative to the working directory; `~` and `$VARIABLES` are \
         expanded",
        KeyKind::Path { example: "\"data/mnist\"" },
    )
    .note(
        "`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, \
         `t10k-labels-idx1-ubyte`, each gzip-compressed (`.gz`) or not",
    ),
    ChoiceKey::new("train", "images to train on, from the front", KeyKind::CountOrAll)
        .unit("images"),
    ChoiceKey::new(
        "test",
        "images held out, from the front, which also choose the best epoch",
        KeyKind::CountOrAll,
    )
    .unit("images"),
    ChoiceKey::new(
        "classes",
        "number of classes, which the labels count from 0",
        KeyKind::DerivedCount { most: MAX_CLASSES, words: "the largest label + 1", example: "10" },
    )
    .unit("classes")
    .note("the default counts all labels of both files, also of images that are not used"),
];

impl DataFormat for Idx {
    fn name(&self) -> &'static str {
        "idx"
    }

    fn title(&self) -> &'static str {
        "IDX files"
    }

    fn documentation(&self) -> &'static str {
        "Four IDX files, as MNIST, Fashion-MNIST and KMNIST are published; those of EMNIST must be\n\
         renamed. Images are gray and of one size. Labels are one byte each, which allows up to 256\n\
         classes.\n\n\
         There are as many classes as the largest label + 1, over both files of labels. A label that\n\
         no image has is a class all the same: the letters of EMNIST, labeled 1 to 26, make 27\n\
         classes, and networks learn that the first never occurs. Versions before 0.2.0 always had\n\
         ten classes: `classes = 10` continues their results where no label is 9."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        KEYS
    }

    fn files(&self, values: &Values) -> Vec<PathBuf> {
        let directory = values.path("dir");
        FILES.map(|name| locate(directory, name).unwrap_or_else(|| directory.join(name))).into()
    }

    fn load(&self, values: &Values, _: MasterSeed) -> Result<Dataset, DatasetError> {
        load(
            values.path("dir"),
            values.optional_count("train"),
            values.optional_count("test"),
            values.optional_count("classes"),
        )
    }

    fn how_to_share(&self) -> Option<&'static str> {
        Some(
            "ranks of a node share images that are not compressed: gunzip the files to save memory",
        )
    }
}

/// Names of the four files, without `.gz`: training images and labels, test images and labels.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte` from `directory`, each as it is or with `.gz`; whether a file is
/// compressed is decided by its first bytes, and the name without `.gz` wins where both exist.
/// The first `train` and `test` images are kept, `None` for all; images of any size are accepted.
/// Without `classes`, there are as many as the largest label of both files + 1.
///
/// The pixels of a file that is not compressed are mapped, so all ranks of a machine share them
/// ([`Bytes`](super::Bytes)); such a file must not be changed in place while it is in use.
///
/// # Errors
/// Every problem of all four files at once: missing, unreadable, damaged, of another format,
/// truncated or too long, not belonging together, a label beyond `classes`, fewer images than asked
/// for.
pub fn load(
    directory: &Path,
    train: Option<usize>,
    test: Option<usize>,
    classes: Option<usize>,
) -> Result<Dataset, DatasetError> {
    let refused = |problems: &[FileProblem]| DatasetError {
        problems: problems.iter().map(ToString::to_string).collect(),
    };
    if !directory.is_dir() {
        return Err(refused(&[FileProblem::NoDirectory { directory: directory.into() }]));
    }
    let mut problems = Vec::new();
    let paths = FILES.map(|name| locate(directory, name));
    let files: Vec<_> = FILES
        .into_iter()
        .zip(&paths)
        .filter(|(_, path)| path.is_none())
        .map(|(name, _)| name)
        .collect();
    if !files.is_empty() {
        problems.push(FileProblem::Missing { directory: directory.into(), files });
    }
    let [train_images, train_labels, test_images, test_labels] = paths;
    let mut read = |images, labels, key, asked| {
        Set::read(images, labels, Wanted { key, images: asked, classes }, &mut problems)
    };
    let train = read(train_images, train_labels, "dataset.train", train);
    let test = read(test_images, test_labels, "dataset.test", test);
    if let (Some(train), Some(test)) = (&train.images, &test.images) {
        problems.extend(sizes_differ(train, test));
    }
    let labels = [&train, &test].into_iter().filter_map(|set| set.labels.as_ref());
    let largest = labels.flat_map(|labels| labels.bytes.iter()).max();
    let derived = largest.map_or(1, |&largest| usize::from(largest) + 1);
    match (train.into_images(), test.into_images()) {
        (Some(train), Some(test)) if problems.is_empty() => {
            let name = format!("idx {}", directory.display());
            Ok(Dataset::new(name, classes.unwrap_or(derived), train, test))
        }
        _ => Err(refused(&problems)),
    }
}

/// The file under its plain or its `.gz` name. One that cannot be examined counts as there, so that
/// opening it tells why.
fn locate(directory: &Path, name: &str) -> Option<PathBuf> {
    [directory.join(name), directory.join(format!("{name}.gz"))]
        .into_iter()
        .find(|path| path.try_exists().unwrap_or(true))
}

/// What of a set is asked for.
struct Wanted {
    /// `"dataset.train"` or `"dataset.test"`.
    key: &'static str,
    /// Its value.
    images: Option<usize>,
    /// `dataset.classes`.
    classes: Option<usize>,
}

/// A file of images and a file of labels, each `None` where it is missing or wrong.
struct Set {
    images: Option<IdxFile>,
    labels: Option<IdxFile>,
}

impl Set {
    fn read(
        images: Option<PathBuf>,
        labels: Option<PathBuf>,
        wanted: Wanted,
        problems: &mut Vec<FileProblem>,
    ) -> Self {
        let mut read = |path: Option<PathBuf>, content, limit| {
            file::read(path?, content, limit).map_err(|problem| problems.push(problem)).ok()
        };
        // All labels are read: a wrong one far back still tells that this is not the right file.
        let set = Self {
            images: read(images, Content::Images, wanted.images),
            labels: read(labels, Content::Labels, None),
        };
        problems.extend(set.images.as_ref().and_then(empty));
        problems.extend(
            set.labels
                .as_ref()
                .zip(wanted.classes)
                .and_then(|(labels, classes)| unknown_label(labels, classes)),
        );
        if let (Some(images), Some(labels)) = (&set.images, &set.labels) {
            problems.extend(counts_differ(images, labels));
        }
        problems.extend(
            wanted
                .images
                .zip(set.images.as_ref())
                .and_then(|(asked, images)| not_so_many(wanted.key, asked, images)),
        );
        set
    }

    fn into_images(self) -> Option<Images> {
        let (images, labels) = (self.images?, self.labels?.bytes);
        let [_, rows, columns] = images.sizes.map(|size| size as usize);
        let count = images.bytes.len() / (rows * columns).max(1);
        let labels = labels[..count.min(labels.len())].to_vec();
        Some(Images { pixels: images.bytes, labels, shape: ImageShape::gray(rows, columns) })
    }
}

fn empty(images: &IdxFile) -> Option<FileProblem> {
    let [count, rows, columns] = images.sizes;
    images.sizes.contains(&0).then(|| FileProblem::Empty {
        path: images.path.clone(),
        count,
        rows,
        columns,
    })
}

fn unknown_label(labels: &IdxFile, classes: usize) -> Option<FileProblem> {
    let image = labels.bytes.iter().position(|&label| usize::from(label) >= classes)?;
    Some(FileProblem::Label {
        path: labels.path.clone(),
        image,
        label: labels.bytes[image],
        classes,
        largest: *labels.bytes.iter().max()?,
    })
}

fn counts_differ(images: &IdxFile, labels: &IdxFile) -> Option<FileProblem> {
    (images.sizes[0] != labels.sizes[0]).then(|| FileProblem::Counts {
        images_path: images.path.clone(),
        images: images.sizes[0],
        labels_path: labels.path.clone(),
        labels: labels.sizes[0],
    })
}

fn not_so_many(key: &'static str, asked: usize, images: &IdxFile) -> Option<FileProblem> {
    let held = images.sizes[0];
    if asked == 0 {
        return Some(FileProblem::NoneAsked { key });
    }
    (asked > held as usize && held > 0).then(|| FileProblem::TooMany {
        key,
        asked,
        path: images.path.clone(),
        held,
    })
}

fn sizes_differ(train: &IdxFile, test: &IdxFile) -> Option<FileProblem> {
    let ([_, train_rows, train_columns], [_, test_rows, test_columns]) = (train.sizes, test.sizes);
    ((train_rows, train_columns) != (test_rows, test_columns)).then(|| FileProblem::Sizes {
        train_path: train.path.clone(),
        train: (train_rows, train_columns),
        test_path: test.path.clone(),
        test: (test_rows, test_columns),
    })
}
