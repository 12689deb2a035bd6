//! Data sets in IDX format, the four files of MNIST and of the sets made like it (Fashion-MNIST,
//! KMNIST): Y. `LeCun`, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

mod file;
#[cfg(test)]
mod tests;

use super::{Dataset, DatasetError, Images, Problem, WrongLabels};
use file::{Content, IdxFile};
use std::path::{Path, PathBuf};

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
///
/// The pixels of a file that is not compressed are mapped, so all ranks of a machine share them
/// ([`Bytes`](super::Bytes)); such a file must not be changed in place while it is in use.
///
/// # Errors
/// Every [`Problem`] of all four files at once: missing, unreadable, damaged, of another format,
/// truncated or too long, not belonging together, a label above 9, fewer images than asked for.
pub fn load(
    directory: &Path,
    train: Option<usize>,
    test: Option<usize>,
) -> Result<Dataset, DatasetError> {
    if !directory.is_dir() {
        return Err(DatasetError {
            problems: vec![Problem::NoDirectory { directory: directory.into() }],
        });
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
        problems.push(Problem::Missing { directory: directory.into(), files });
    }
    let [train_images, train_labels, test_images, test_labels] = paths;
    let train = Set::read(train_images, train_labels, "dataset.train", train, &mut problems);
    let test = Set::read(test_images, test_labels, "dataset.test", test, &mut problems);
    if let (Some(train), Some(test)) = (&train.images, &test.images) {
        problems.extend(sizes_differ(train, test));
    }
    match (train.into_images(), test.into_images()) {
        (Some(train), Some(test)) if problems.is_empty() => {
            Ok(Dataset::new(format!("idx {}", directory.display()), train, test))
        }
        _ => Err(DatasetError { problems }),
    }
}

/// The file under its plain or its `.gz` name. One that cannot be examined counts as there, so that
/// opening it tells why.
fn locate(directory: &Path, name: &str) -> Option<PathBuf> {
    [directory.join(name), directory.join(format!("{name}.gz"))]
        .into_iter()
        .find(|path| path.try_exists().unwrap_or(true))
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
        key: &'static str,
        asked: Option<usize>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut read = |path: Option<PathBuf>, content, limit| {
            file::read(path?, content, limit).map_err(|problem| problems.push(problem)).ok()
        };
        // All labels are read: a wrong one far back still tells that this is not the right file.
        let set = Self {
            images: read(images, Content::Images, asked),
            labels: read(labels, Content::Labels, None),
        };
        problems.extend(set.images.as_ref().and_then(empty));
        problems.extend(set.labels.as_ref().and_then(unknown_label));
        if let (Some(images), Some(labels)) = (&set.images, &set.labels) {
            problems.extend(counts_differ(images, labels));
        }
        problems.extend(
            asked
                .zip(set.images.as_ref())
                .and_then(|(asked, images)| not_so_many(key, asked, images)),
        );
        set
    }

    fn into_images(self) -> Option<Images> {
        let (images, labels) = (self.images?, self.labels?.bytes);
        let [_, rows, columns] = images.sizes.map(|size| size as usize);
        let count = images.bytes.len() / (rows * columns).max(1);
        let labels = labels[..count.min(labels.len())].to_vec();
        Some(Images { pixels: images.bytes, labels, rows, columns })
    }
}

fn empty(images: &IdxFile) -> Option<Problem> {
    let [count, rows, columns] = images.sizes;
    images.sizes.contains(&0).then(|| Problem::Empty {
        path: images.path.clone(),
        count,
        rows,
        columns,
    })
}

fn unknown_label(labels: &IdxFile) -> Option<Problem> {
    let wrong = WrongLabels::of(&labels.bytes)?;
    Some(Problem::Labels { path: labels.path.clone(), labels: wrong })
}

fn counts_differ(images: &IdxFile, labels: &IdxFile) -> Option<Problem> {
    (images.sizes[0] != labels.sizes[0]).then(|| Problem::Counts {
        images_path: images.path.clone(),
        images: images.sizes[0],
        labels_path: labels.path.clone(),
        labels: labels.sizes[0],
    })
}

fn not_so_many(key: &'static str, asked: usize, images: &IdxFile) -> Option<Problem> {
    let held = images.sizes[0];
    if asked == 0 {
        return Some(Problem::NoneAsked { key });
    }
    (asked > held as usize && held > 0).then(|| Problem::TooMany {
        key,
        asked,
        path: images.path.clone(),
        held,
    })
}

fn sizes_differ(train: &IdxFile, test: &IdxFile) -> Option<Problem> {
    let ([_, train_rows, train_columns], [_, test_rows, test_columns]) = (train.sizes, test.sizes);
    ((train_rows, train_columns) != (test_rows, test_columns)).then(|| Problem::Sizes {
        train_path: train.path.clone(),
        train: (train_rows, train_columns),
        test_path: test.path.clone(),
        test: (test_rows, test_columns),
    })
}
