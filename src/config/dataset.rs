//! `[dataset]`: which images.

use super::expand::expand_path;
use super::reader::{Choice, Read, Reported, Section};
use crate::solutions::Split;
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
            (Self::Idx { train: count, .. }, Split::Train) | (Self::Idx { test: count, .. }, Split::Test) => *count,
            (Self::Digits { train: count, .. }, Split::Train) | (Self::Digits { test: count, .. }, Split::Test) => Some(*count),
        }
    }
}

/// Digits the program draws at most, for each split: 784 MB, on every rank.
const MOST_DIGITS: usize = 1_000_000;

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

pub(super) fn read(section: &Section<'_>) -> Read<DatasetConfig> {
    let kind = section.key("kind").choice().required("kind = \"idx\"");
    section.keys_of_choices(
        "kind",
        kind,
        &[("dir", &[Kind::Idx]), ("seed", &[Kind::Digits]), ("train", Kind::ALL), ("test", Kind::ALL)],
    );
    match kind? {
        Kind::Idx => {
            let dir = read_directory(section);
            let train = section.key("train").count_or_all().or(None);
            let test = section.key("test").count_or_all().or(None);
            Ok(DatasetConfig::Idx { dir: dir?, train: train?, test: test? })
        }
        Kind::Digits => {
            let seed = section.key("seed").integer(0, u64::MAX).or_unset();
            let train = section.key("train").count_up_to(1, MOST_DIGITS).or(6000);
            let test = section.key("test").count_up_to(1, MOST_DIGITS).or(1000);
            Ok(DatasetConfig::Digits { seed: seed?, train: train?, test: test? })
        }
    }
}

/// The effective value stays as written: `$TMPDIR` names another directory in every job, and
/// whether the images are the same is for their checksum to say.
fn read_directory(section: &Section<'_>) -> Read<PathBuf> {
    let written = section.key("dir").text().required("dir = \"data/mnist\"")?;
    expand_path(&written).map_err(|message| {
        section.problem("dir", message);
        Reported
    })
}
