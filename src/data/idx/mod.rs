//! Data sets in IDX format, the four files of MNIST and of similar sets (Fashion-MNIST, KMNIST,
//! EMNIST): Y. `LeCun`, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

mod file;
mod find;
#[cfg(test)]
mod tests;

use super::array::{ChannelOrder, ImageArray, LabelArray};
use super::assemble::{RawSet, WantedImages, assemble, refused};
use super::format::shared_keys;
use super::problem::FileProblem;
use super::{DataFormat, Dataset, DatasetError};
use crate::keys::{ChoiceKey, KeyKind, Values};
use crate::random::MasterSeed;
use file::{Content, IdxFile};
use find::{FILES, FoundFiles, find};
use std::path::{Path, PathBuf};

/// `kind = "idx"`.
pub struct Idx;

const KEYS: &[ChoiceKey] = &[
    ChoiceKey::new(
        "dir",
        "folder of the four files, or a folder above it",
        KeyKind::Path { example: "\"data/mnist\"" },
    )
    .note(
        "`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, \
         `t10k-labels-idx1-ubyte`, or names like these, each gzip-compressed (`.gz`) or not",
    ),
    ChoiceKey::new(
        "prefix",
        "prefix of the names of the files",
        KeyKind::OptionalText {
            words: "that of the only group of files",
            example: "\"emnist-letters\"",
        },
    )
    .note(
        "required if there are several groups of files: `\"emnist-letters\"` for \
         `emnist-letters-train-images-idx3-ubyte` and the three others; `\"\"` for files without a \
         prefix",
    ),
    shared_keys::CHANNELS,
    shared_keys::TRAIN,
    shared_keys::TEST,
    shared_keys::CLASSES,
];

impl DataFormat for Idx {
    fn name(&self) -> &'static str {
        "idx"
    }

    fn title(&self) -> &'static str {
        "IDX files"
    }

    fn documentation(&self) -> &'static str {
        "Four IDX files, as MNIST, Fashion-MNIST, KMNIST and EMNIST are published, or as torchvision\n\
         and Kaggle unpack them. [your-own-data.md](your-own-data.md) has the names, types and\n\
         classes that are read, and the lines of Python that write such files. `lossatlas check`\n\
         prints the files that were found.\n\n\
         Versions before 0.2.0 always had ten classes. To continue their results with labels other\n\
         than 0 to 9, write `classes = 10`."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        KEYS
    }

    fn files(&self, values: &Values) -> Vec<PathBuf> {
        let directory = values.path("dir");
        let found = find(directory, values.optional_text("prefix"));
        let files = found.map_or_else(|_| Default::default(), |found| found.files);
        let named = files.into_iter().zip(FILES);
        named.map(|(file, name)| file.unwrap_or_else(|| directory.join(name))).collect()
    }

    fn load(&self, values: &Values, _: MasterSeed) -> Result<Dataset, DatasetError> {
        let wanted = shared_keys::wanted(values);
        let channels = shared_keys::channels(values);
        load(values.path("dir"), values.optional_text("prefix"), channels, wanted)
    }

    fn how_to_share(&self) -> Option<&'static str> {
        Some(
            "ranks of a node share images that are not compressed: gunzip the files to save memory",
        )
    }
}

/// Reads the four files in `directory` or below, those of `prefix` if it is given. Whether a file
/// is compressed is decided by its first bytes. The first images are kept, as many as are wanted;
/// images of any size are accepted.
///
/// Bytes of a file that is not compressed are mapped, so all ranks of a machine share them
/// ([`Bytes`](super::Bytes)); such a file must not be changed in place while it is in use.
///
/// # Errors
/// Every problem of all four files at once: missing, unreadable, damaged, of another format,
/// truncated or too long, not belonging together, a label beyond the classes, fewer images than
/// requested.
pub fn load(
    directory: &Path,
    prefix: Option<&str>,
    channels: ChannelOrder,
    wanted: WantedImages,
) -> Result<Dataset, DatasetError> {
    let found = find(directory, prefix).map_err(|problem| refused(&[problem]))?;
    let FoundFiles { files, mut problems } = found;
    let [train_images, train_labels, test_images, test_labels] = &files;
    let mut set = |images: &Option<PathBuf>, labels: &Option<PathBuf>, limit| {
        let images = images.as_ref().map(|images| read_images(images, channels, limit));
        let labels = labels.as_ref().map(|labels| read_labels(labels));
        RawSet { images: note(images, &mut problems), labels: note(labels, &mut problems) }
    };
    let train = set(train_images, train_labels, wanted.train);
    let test = set(test_images, test_labels, wanted.test);
    let name = match prefix {
        Some(prefix) if !prefix.is_empty() => format!("idx {} {prefix}", directory.display()),
        _ => format!("idx {}", directory.display()),
    };
    let dataset = assemble(name, wanted, train, test, problems)?;
    Ok(dataset.with_sources(files.iter().flatten().map(|path| path.display().to_string())))
}

fn read_images(
    path: &Path,
    channels: ChannelOrder,
    limit: Option<usize>,
) -> Result<ImageArray, FileProblem> {
    IdxFile::open(path)?.array(Content::Images)?.images(channels, limit)
}

fn read_labels(path: &Path) -> Result<LabelArray, FileProblem> {
    IdxFile::open(path)?.array(Content::Labels)?.labels()
}

/// The value, if it was read. A problem is added to the list.
fn note<T>(read: Option<Result<T, FileProblem>>, problems: &mut Vec<FileProblem>) -> Option<T> {
    read?.map_err(|problem| problems.push(problem)).ok()
}
