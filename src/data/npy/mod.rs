//! Data sets as NumPy arrays: `.npy` files in a folder, or an `.npz` archive.

mod arrays;
mod file;
mod split;
#[cfg(test)]
mod tests;

use super::array::{ChannelOrder, ImageArray, LabelArray};
use super::assemble::{RawSet, WantedImages, assemble, refused};
use super::format::shared_keys;
use super::problem::FileProblem;
use super::{DataFormat, Dataset, DatasetError};
use crate::keys::{ChoiceKey, KeyKind, Values};
use crate::random::MasterSeed;
use arrays::{Arrays, find};
use file::ArraySource;
use std::path::{Path, PathBuf};

/// `kind = "npy"`.
pub struct Npy;

const SPLIT_SEED: &str = "split_seed";

const KEYS: &[ChoiceKey] = &[
    ChoiceKey::new(
        "path",
        "an `.npz` file, or a folder of `.npy` files",
        KeyKind::Path { example: "\"data/digits.npz\"" },
    )
    .note(
        "arrays `train_images`, `train_labels`, `test_images`, `test_labels`; or `images` and \
         `labels`, which are split",
    ),
    shared_keys::CHANNELS,
    ChoiceKey::new("train", "images to train on, from the front", KeyKind::CountOrAll)
        .unit("images")
        .note("if `images` are split, `\"all\"` means those that are not held out"),
    ChoiceKey::new(
        "test",
        "held-out test images, from the front; they also select the epoch of ω^test",
        KeyKind::CountOrAll,
    )
    .unit("images")
    .note(
        "if `images` are split, `\"all\"` means those that `train` leaves; one in five, if `train` \
         is `\"all\"` too",
    ),
    shared_keys::CLASSES,
    ChoiceKey::new(
        SPLIT_SEED,
        "seed of the random split, if the files have no test images",
        KeyKind::Seed { default: 0 },
    )
    .note("the master `seed` does not change the split, so runs with several seeds share it"),
];

impl DataFormat for Npy {
    fn name(&self) -> &'static str {
        "npy"
    }

    fn title(&self) -> &'static str {
        "NumPy arrays"
    }

    fn documentation(&self) -> &'static str {
        "Arrays of NumPy, in an `.npz` file as `numpy.savez` writes it, or each in an `.npy` file of\n\
         its name. Without test images, `images` and `labels` (or `x` and `y`) are split: a random\n\
         order of the images follows from `split_seed` alone; the first `test` of them are held out,\n\
         the next `train` are trained on. [your-own-data.md](your-own-data.md) has the other names,\n\
         the types and the classes that are read, and the lines of Python that write such files."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        KEYS
    }

    fn files(&self, values: &Values) -> Vec<PathBuf> {
        let path = values.path("path");
        match find(path) {
            Ok((source, arrays)) => arrays.files(&source),
            Err(_) if path.is_dir() => vec![path.join("images.npy"), path.join("labels.npy")],
            Err(_) => vec![path.to_owned()],
        }
    }

    fn load(&self, values: &Values, _: MasterSeed) -> Result<Dataset, DatasetError> {
        let (channels, wanted) = (shared_keys::channels(values), shared_keys::wanted(values));
        load(values.path("path"), channels, wanted, values.seed(SPLIT_SEED))
    }

    fn how_to_share(&self) -> Option<&'static str> {
        Some(
            "ranks of a node share images of type uint8 with the channels first that numpy.save or \
             numpy.savez has written, if they need not be split",
        )
    }
}

/// Reads the arrays in an archive or a folder.
///
/// Bytes that a file stores in the needed form are mapped, so all ranks of a machine share them
/// ([`Bytes`](super::Bytes)). Such a file must not be changed in place while it is in use.
///
/// # Errors
/// Every problem of all arrays at once.
pub fn load(
    path: &Path,
    channels: ChannelOrder,
    wanted: WantedImages,
    split_seed: u32,
) -> Result<Dataset, DatasetError> {
    let (source, arrays) = find(path).map_err(|problem| refused(&[problem]))?;
    let name = format!("npy {}", source.path().display());
    let mut problems = Vec::new();
    let mut set = |[images, labels]: &[String; 2], limit| RawSet {
        images: note(read_images(&source, images, channels, limit), &mut problems),
        labels: note(read_labels(&source, labels), &mut problems),
    };
    let (wanted, train, test) = match &arrays {
        Arrays::Two { train, test } => {
            let (train, test) = (set(train, wanted.train), set(test, wanted.test));
            (wanted, train, test)
        }
        Arrays::One(all) => {
            let all = set(all, None);
            let (train, test) = split::split(all, wanted, split_seed, &mut problems);
            (WantedImages { train: None, test: None, ..wanted }, train, test)
        }
    };
    let dataset = assemble(name, wanted, train, test, problems)?;
    Ok(dataset.with_sources(arrays.names().map(|array| source.place(array))))
}

fn read_images(
    source: &ArraySource,
    array: &str,
    channels: ChannelOrder,
    limit: Option<usize>,
) -> Result<ImageArray, FileProblem> {
    source.read(array, |reader| reader.images(channels, limit))
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method alone is not general enough in its lifetime"
)]
fn read_labels(source: &ArraySource, array: &str) -> Result<LabelArray, FileProblem> {
    source.read(array, |reader| reader.labels())
}

/// The value, if it was read. A problem is added to the list.
fn note<T>(read: Result<T, FileProblem>, problems: &mut Vec<FileProblem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}
