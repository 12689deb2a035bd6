//! The data formats, and a chosen one with its values.

use super::problem::base;
use super::{Dataset, DatasetError, ImageShape, Split, digits, idx, npy};
use crate::keys::{ChoiceKey, KeyKind, Value, Values};
use crate::random::MasterSeed;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// All formats, in the order in which messages list them: a line each.
pub const FORMATS: &[&dyn DataFormat] = &[
    &idx::Idx,
    &npy::Npy,
    &digits::Digits,
    #[cfg(test)]
    &super::example_format::Csv,
];

/// A source of images.
///
/// Two of its keys are called `train` and `test`: how many images are used. Each is a
/// [`KeyKind::Count`] or a [`KeyKind::CountOrAll`].
pub trait DataFormat: Sync {
    /// Its unique name in configurations: `"idx"`.
    fn name(&self) -> &'static str;

    /// In print, in the plural: `"IDX files"`.
    fn title(&self) -> &'static str;

    /// Its documentation, in Markdown, for `docs/configuration.md`.
    fn documentation(&self) -> &'static str;

    /// The keys of `[dataset]` beside `kind`.
    fn keys(&self) -> &'static [ChoiceKey];

    /// The files that it reads, whether they exist or not; empty for images that the program draws.
    fn files(&self, _: &Values) -> Vec<PathBuf> {
        Vec::new()
    }

    /// What is known before the images are loaded. `None`: nothing.
    fn outline(&self, _: &Values) -> Option<Outline> {
        None
    }

    /// Loads the images. Random choices depend on the seed of the format, if it has one, or on
    /// `master`.
    ///
    /// # Errors
    /// All problems with its files at once, each with the remedy.
    fn load(&self, values: &Values, master: MasterSeed) -> Result<Dataset, DatasetError>;

    /// How the ranks of a node could share images of which each has a copy. `None`: they cannot.
    fn how_to_share(&self) -> Option<&'static str> {
        None
    }
}

/// The sizes of images before they are loaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// The shape of every image.
    pub shape: ImageShape,
    /// Number of classes.
    pub classes: usize,
    /// Memory that they take, on every rank, in bytes.
    pub bytes: f64,
}

impl fmt::Debug for dyn DataFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn DataFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// A format with a value for each of its keys.
#[derive(Clone, Debug)]
pub struct ChosenFormat {
    format: &'static dyn DataFormat,
    values: Values,
}

impl PartialEq for ChosenFormat {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl ChosenFormat {
    /// The format with the default of every key.
    pub fn with_defaults(format: &'static dyn DataFormat) -> Self {
        Self { format, values: Values::with_defaults(format.name(), format.keys()) }
    }

    /// The same with another value of a key.
    ///
    /// # Panics
    /// If there is no such key, or if it takes values of another kind.
    #[must_use]
    pub fn with(self, key: &str, value: Value) -> Self {
        Self { values: self.values.with(key, value), ..self }
    }

    /// The same with all images of its files.
    #[must_use]
    pub fn with_all_images(self) -> Self {
        [Split::Train, Split::Test].into_iter().fold(self, |chosen, split| {
            match chosen.values.get(split.name()) {
                Some(Value::CountOrAll(_)) => chosen.with(split.name(), Value::CountOrAll(None)),
                _ => chosen,
            }
        })
    }

    /// The format.
    pub fn format(&self) -> &'static dyn DataFormat {
        self.format
    }

    /// The number of images of a split in use; `None`: all.
    pub fn images(&self, split: Split) -> Option<usize> {
        match self.values.get(split.name()) {
            Some(Value::Count(count)) => Some(*count),
            Some(Value::CountOrAll(count)) => *count,
            _ => None,
        }
    }

    /// Whether the images depend on the master seed.
    pub fn needs_master_seed(&self) -> bool {
        self.values.iter().any(|(_, value)| *value == Value::DerivedSeed(None))
    }

    /// The files that it reads, whether they exist or not.
    pub fn files(&self) -> Vec<PathBuf> {
        self.format.files(&self.values)
    }

    /// What is known before the images are loaded.
    pub fn outline(&self) -> Option<Outline> {
        self.format.outline(&self.values)
    }

    /// The images.
    ///
    /// # Errors
    /// All problems with its files at once.
    pub fn load(&self, master: MasterSeed) -> Result<Dataset, DatasetError> {
        self.format.load(&self.values, master)
    }
}

/// Keys that formats of files share.
pub mod shared_keys {
    use super::super::MAX_CLASSES;
    use super::super::array::ChannelOrder;
    use super::super::assemble::WantedImages;
    use crate::keys::{ChoiceKey, KeyKind, Values};

    /// The position of the channels.
    pub const CHANNELS: ChoiceKey = ChoiceKey::new(
        "channels",
        "the position of the channels of color images",
        KeyKind::Word { words: ChannelOrder::WORDS, default: ChannelOrder::WORDS[0] },
    )
    .note(
        "`first`: (n, channels, height, width); `last`: (n, height, width, channels); `auto`: \
         where the size is 1 to 4",
    );

    /// How many images are trained on.
    pub const TRAIN: ChoiceKey =
        ChoiceKey::new("train", "images to train on, from the front", KeyKind::CountOrAll)
            .unit("images");

    /// How many images are held out.
    pub const TEST: ChoiceKey = ChoiceKey::new(
        "test",
        "held-out test images, from the front; they also select the epoch of ω^test",
        KeyKind::CountOrAll,
    )
    .unit("images");

    /// How many classes there are.
    pub const CLASSES: ChoiceKey = ChoiceKey::new(
        "classes",
        "number of classes",
        KeyKind::DerivedCount {
            most: MAX_CLASSES,
            words: "those from the smallest label to the largest",
            example: "10",
        },
    )
    .unit("classes")
    .note(
        "the default counts the labels of unused images too; with a number N, label k is class k \
         if all labels are 0 to N − 1; otherwise the smallest label is class 0",
    );

    /// The request of these keys.
    pub fn wanted(values: &Values) -> WantedImages {
        WantedImages {
            train: values.optional_count(TRAIN.name),
            test: values.optional_count(TEST.name),
            classes: values.optional_count(CLASSES.name),
        }
    }

    /// The value of [`CHANNELS`].
    pub fn channels(values: &Values) -> ChannelOrder {
        ChannelOrder::of(values.word(CHANNELS.name))
    }
}

/// Checks that a place exists, whatever format its files have.
///
/// # Errors
/// A sentence with what could be there.
pub fn check_place(place: &Path) -> Result<(), String> {
    let shown = place.display();
    match place.metadata() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!(
            "{shown}: no such file or folder{}; give an .npz file, or a folder of .npy files or of \
             IDX files; `make mnist` fetches MNIST into data/mnist",
            base(place)
        )),
        Err(error) => Err(format!("{shown}: cannot be read: {error}")),
    }
}

/// The name of the key that says where the files of a format are, if it reads any.
pub fn place_key(format: &dyn DataFormat) -> Option<&'static str> {
    let place = format.keys().iter().find(|key| matches!(key.kind, KeyKind::Path { .. }));
    place.map(|key| key.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_tell_formats_and_keys_apart() {
        let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name()).collect();
        assert_eq!(names.len(), FORMATS.len());
        for format in FORMATS {
            let keys: BTreeSet<_> =
                format.keys().iter().map(|key| key.name).chain(["kind"]).collect();
            assert_eq!(keys.len(), format.keys().len() + 1, "{format:?}");
            assert!(!format.documentation().is_empty() && !format.title().is_empty(), "{format:?}");
        }
    }

    /// The rest of the program asks every format for these, so each must have them.
    #[test]
    fn every_format_says_how_many_images_are_used() {
        for &format in FORMATS {
            let chosen = ChosenFormat::with_defaults(format);
            for split in [Split::Train, Split::Test] {
                let value = chosen.values.get(split.name());
                assert!(
                    matches!(value, Some(Value::Count(_) | Value::CountOrAll(_))),
                    "{split} of {format:?}: {value:?}"
                );
            }
            let few =
                chosen.values.get("train").is_some_and(|value| matches!(value, Value::Count(_)));
            let limited = if few {
                chosen.clone()
            } else {
                chosen.clone().with("train", Value::CountOrAll(Some(3)))
            };
            assert_eq!(limited.with_all_images(), chosen, "{format:?}");
            let reads_files = !chosen.files().is_empty();
            assert_eq!(place_key(format).is_some(), reads_files, "{format:?}");
        }
    }

    #[test]
    fn an_outline_is_what_is_loaded() {
        for &format in FORMATS {
            let chosen = ChosenFormat::with_defaults(format);
            let Some(outline) = chosen.outline() else { continue };
            let dataset = chosen.load(MasterSeed(1)).unwrap();
            let images = [&dataset.train, &dataset.test];
            let bytes: usize = images
                .map(|images| images.pixels.memory() + size_of_val(&images.labels[..]))
                .iter()
                .sum();
            let expected =
                Outline { shape: dataset.shape(), classes: dataset.classes, bytes: bytes as f64 };
            assert_eq!(outline, expected, "{format:?}");
        }
    }
}
