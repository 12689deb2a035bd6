//! `[dataset]`: which images.

use super::expand::expand_path;
use super::reader::{Choice, Read, Reported, Section};
use super::schema::{
    Choices, Count, CountOrAll, Derived, Integer, Invalidates, Key, OneOf, Owned, Required,
    SectionSpec, Shape, Text,
};
use crate::data::Split;
use std::path::PathBuf;

/// Where the images come from and how many are used, from the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatasetConfig {
    /// Four IDX files, as MNIST is published.
    Idx {
        /// The directory of the files; `~` and environment variables are expanded.
        dir: PathBuf,
        /// Training images in use; `None`: all of the file.
        train: Option<usize>,
        /// Test images in use; `None`: all of the file.
        test: Option<usize>,
    },
    /// The built-in digits, drawn by the program.
    Digits {
        /// Seed of the drawing; `None`: derived from the master seed.
        seed: Option<u64>,
        /// Training images to draw.
        train: usize,
        /// Test images to draw.
        test: usize,
    },
}

impl DatasetConfig {
    /// The number of images of a split in use; `None`: as many as the file holds.
    pub fn images(&self, split: Split) -> Option<usize> {
        match (self, split) {
            (Self::Idx { train: count, .. }, Split::Train)
            | (Self::Idx { test: count, .. }, Split::Test) => *count,
            (Self::Digits { train: count, .. }, Split::Train)
            | (Self::Digits { test: count, .. }, Split::Test) => Some(*count),
        }
    }
}

/// Digits the program draws at most, for each split: 784 MB, on every rank.
const MAX_DIGITS: u64 = 1_000_000;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Idx,
    Digits,
}

impl Choice for Kind {
    const ALL: &'static [Self] = &[Self::Idx, Self::Digits];
    fn word(self) -> &'static str {
        match self {
            Self::Idx => "idx",
            Self::Digits => "digits",
        }
    }
}

static KIND: Key<OneOf<Kind>, Required> = Key::new("kind", OneOf::NEW)
    .meaning("IDX files, as MNIST is published, or digits that the program draws")
    .required("\"idx\"");

static DIR: Key<Text, Required> = Key::new("dir", Text)
    .meaning(
        "folder of the four files; relative to the working directory; `~` and `$VARIABLES` are \
         expanded",
    )
    .note(
        "`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, \
         `t10k-labels-idx1-ubyte`, each gzip-compressed (`.gz`) or not",
    )
    .required("\"data/mnist\"");

static IDX_TRAIN: Key<CountOrAll> = Key::new("train", CountOrAll)
    .unit("images")
    .meaning("images to train on, from the front")
    .default(None);

static IDX_TEST: Key<CountOrAll> = Key::new("test", CountOrAll)
    .unit("images")
    .meaning("images held out, from the front, which also choose the best epoch")
    .default(None);

static SEED: Key<Integer<u64>, Derived> = Key::new("seed", Integer::between(0, u64::MAX))
    .meaning("seed of the drawing")
    .derived("derived from the master seed", "7");

static DIGITS_TRAIN: Key<Count> = Key::new("train", Count::between(1, MAX_DIGITS))
    .unit("images")
    .meaning("images to train on, 28 × 28 pixels in ten classes")
    .default(6000);

static DIGITS_TEST: Key<Count> = Key::new("test", Count::between(1, MAX_DIGITS))
    .unit("images")
    .meaning("images held out, which also choose the best epoch")
    .default(1000);

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "dataset",
    title: "Images",
    shape: Shape::Single,
    keys: &[&KIND],
    choices: Some(Choices {
        selector: "kind",
        keys: || {
            vec![
                Owned { choice: "idx", keys: vec![&DIR, &IDX_TRAIN, &IDX_TEST] },
                Owned { choice: "digits", keys: vec![&SEED, &DIGITS_TRAIN, &DIGITS_TEST] },
            ]
        },
    }),
    // Compared by the checksum of what is read instead.
    invalidates: Invalidates::Nothing,
};

pub(super) fn read(section: &Section<'_>) -> Read<DatasetConfig> {
    let kind = section.key(&KIND).value();
    section.refuse_other_choices(&kind);
    match kind? {
        Kind::Idx => {
            let dir = read_directory(section);
            let train = section.key(&IDX_TRAIN).value();
            let test = section.key(&IDX_TEST).value();
            Ok(DatasetConfig::Idx { dir: dir?, train: train?, test: test? })
        }
        Kind::Digits => {
            let seed = section.key(&SEED).or_unset();
            let train = section.key(&DIGITS_TRAIN).value();
            let test = section.key(&DIGITS_TEST).value();
            Ok(DatasetConfig::Digits { seed: seed?, train: train?, test: test? })
        }
    }
}

/// The effective value stays as written: `$TMPDIR` names another directory in every job, and
/// whether the images are the same is for their checksum to say.
fn read_directory(section: &Section<'_>) -> Read<PathBuf> {
    let written = section.key(&DIR).value()?;
    expand_path(&written).map_err(|message| {
        section.problem(DIR.name, message);
        Reported
    })
}
