//! A data format that only the tests build, as an example of a new format.
//!
//! Two text files with a line for each image: its label, then its numbers, separated by commas. It
//! consists of this file and its line in the registry. The tests here and those of the
//! configuration use it like the others.

use super::{DataFormat, Dataset, DatasetError, ImageShape, Images};
use crate::keys::{ChoiceKey, KeyKind, Values};
use crate::random::MasterSeed;
use std::fs;
use std::path::{Path, PathBuf};

/// `kind = "csv"`.
pub struct Csv;

const FILES: [&str; 2] = ["train.csv", "test.csv"];

const KEYS: &[ChoiceKey] = &[
    ChoiceKey::new("dir", "folder of the two files", KeyKind::Path { example: "\"data\"" }),
    ChoiceKey::new(
        "shape",
        "channels, rows and columns of an image",
        KeyKind::Counts { default: &[1, 2, 2], check: three_sizes },
    ),
    ChoiceKey::new("train", "images to train on", KeyKind::CountOrAll).unit("images"),
    ChoiceKey::new("test", "images held out", KeyKind::CountOrAll).unit("images"),
];

fn three_sizes(shape: &[usize]) -> Result<(), String> {
    if shape.len() == 3 { Ok(()) } else { Err(format!("must be three numbers, is {shape:?}")) }
}

impl DataFormat for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn title(&self) -> &'static str {
        "text files"
    }

    fn documentation(&self) -> &'static str {
        "Two text files, `train.csv` and `test.csv`."
    }

    fn keys(&self) -> &'static [ChoiceKey] {
        KEYS
    }

    fn files(&self, values: &Values) -> Vec<PathBuf> {
        FILES.map(|name| values.path("dir").join(name)).into()
    }

    fn load(&self, values: &Values, _: MasterSeed) -> Result<Dataset, DatasetError> {
        let sizes = values.counts("shape");
        let shape = ImageShape { channels: sizes[0], rows: sizes[1], columns: sizes[2] };
        let mut problems = Vec::new();
        let [train, test] = [("train", FILES[0]), ("test", FILES[1])].map(|(key, name)| {
            let file = values.path("dir").join(name);
            let wanted = values.optional_count(key).unwrap_or(usize::MAX);
            read(&file, shape, wanted).map_err(|problem| problems.push(problem)).ok()
        });
        let (Some(train), Some(test)) = (train, test) else {
            return Err(DatasetError { problems });
        };
        let largest = train.labels.iter().chain(&test.labels).max().copied().unwrap_or(0);
        Ok(Dataset::new("csv".to_owned(), usize::from(largest) + 1, train, test))
    }
}

fn read(file: &Path, shape: ImageShape, wanted: usize) -> Result<Images, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let (mut pixels, mut labels) = (Vec::<u8>::new(), Vec::new());
    for (index, line) in text.lines().take(wanted).enumerate() {
        let problem = |what: String| format!("{}:{}: {what}", file.display(), index + 1);
        let numbers: Result<Vec<u8>, _> = line.split(',').map(|word| word.trim().parse()).collect();
        let numbers = numbers.map_err(|error| problem(error.to_string()))?;
        if numbers.len() != 1 + shape.pixels() {
            return Err(problem(format!("must be a label and {} numbers", shape.pixels())));
        }
        labels.push(numbers[0].into());
        pixels.extend(&numbers[1..]);
    }
    Ok(Images { pixels: pixels.into(), labels, shape })
}
