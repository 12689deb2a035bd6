//! `[dataset]`: which images.
//!
//! The registry of formats lists the formats and their keys.

use super::chosen::read_values;
use super::reader::{Choice, Read, Section};
use super::schema::{
    Choices, Invalidates, Key, KeySpec, Multiplicity, OneOf, Owned, Required, SectionSpec,
};
use crate::data::{ChosenFormat, DataFormat, FORMATS};

impl Choice for &'static dyn DataFormat {
    const ALL: &'static [Self] = FORMATS;
    fn word(self) -> &'static str {
        self.name()
    }
}

static KIND: Key<OneOf<&'static dyn DataFormat>, Required> =
    Key::new("kind", OneOf::NEW).meaning("where the images come from").required("\"idx\"");

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "dataset",
    title: "Images",
    shape: Multiplicity::Single,
    keys: &[&KIND],
    choices: Some(Choices { selector: "kind", keys: of_formats }),
    // The checksum of the images is compared instead.
    invalidates: Invalidates::Nothing,
};

fn of_formats() -> Vec<Owned> {
    let keys = |format: &&'static dyn DataFormat| {
        format.keys().iter().map(|key| key as &dyn KeySpec).collect()
    };
    FORMATS.iter().map(|format| Owned { choice: format.name(), keys: keys(format) }).collect()
}

pub(super) fn read(section: &Section<'_>) -> Read<ChosenFormat> {
    let kind = section.key(&KIND).value();
    section.refuse_other_choices(&kind);
    let format = kind?;
    let values = read_values(section, format.keys())?;
    let chosen = ChosenFormat::with_defaults(format);
    Ok(values.into_iter().fold(chosen, |chosen, (key, value)| chosen.with(key, value)))
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, reference};
    use crate::data::{ChosenFormat, FORMATS, ImageShape, place_key};
    use crate::random::MasterSeed;
    use std::fs;

    fn config(dataset: &str) -> Result<Config, String> {
        let text = format!(
            "seed = 1\n[network]\nkind = \"fcp\"\n[training]\ninitializations = 2\n\
             optimizers = [\"lbfgs\"]\n[dataset]\n{dataset}"
        );
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    fn dataset(config: &Config) -> &ChosenFormat {
        &config.subject.network().expect("a network").dataset
    }

    /// A row of the list is enough: the reader, its messages and the reference follow it.
    #[test]
    fn a_format_that_is_listed_can_be_configured() {
        for format in FORMATS {
            let place = place_key(*format).map_or_else(String::new, |key| format!("{key} = \"x\""));
            let config = config(&format!("kind = \"{}\"\n{place}", format.name())).unwrap();
            assert_eq!(dataset(&config).format(), *format);
        }
        let refused = config("kind = \"csv\"\nshape = [2, 2]\nclasses = 3\n").unwrap_err();
        assert_eq!(
            refused.lines().collect::<Vec<_>>(),
            [
                "x:7: dataset.dir: missing; write for instance dir = \"data\"",
                "x:9: dataset.shape: must be three numbers, is [2, 2]",
                "x:10: dataset.classes: belongs to kind = \"idx\" or \"npy\", not to kind = \"csv\"; \
                 remove it",
            ]
        );
        let refused = config("kind = \"png\"").unwrap_err();
        assert!(refused.contains("\"idx\", \"npy\", \"digits\" or \"csv\""), "{refused}");
    }

    #[test]
    fn its_keys_take_effect_and_its_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "0,1,2,3,4,5,6\n4,6,5,4,3,2,1\n2,0,0,0,0,0,0\n";
        for name in ["train.csv", "test.csv"] {
            fs::write(folder.path().join(name), lines).unwrap();
        }
        let place = folder.path().display();
        let text = format!("kind = \"csv\"\ndir = \"{place}\"\nshape = [3, 1, 2]\ntest = 2\n");
        let config = config(&text).unwrap();
        assert_eq!(config.effective["dataset.shape"], "[3, 1, 2]");
        assert_eq!(config.effective["dataset.train"], "\"all\"");
        let loaded = dataset(&config).load(MasterSeed(1)).unwrap();
        assert_eq!((loaded.train.len(), loaded.test.len(), loaded.classes), (3, 2, 5));
        assert_eq!(loaded.shape(), ImageShape { channels: 3, rows: 1, columns: 2 });
        fs::remove_file(folder.path().join("test.csv")).unwrap();
        let missing = dataset(&config).load(MasterSeed(1)).unwrap_err().to_string();
        assert!(missing.contains("test.csv: No such file"), "{missing}");
    }

    #[test]
    fn it_is_documented() {
        let page = reference::page();
        let expected = "### `kind = \"csv\"`\n\nTwo text files, `train.csv` and `test.csv`.\n\n\
            | key | value | default | unit | meaning |\n|---|---|---|---|---|\n\
            | `dir` | text | required | – | folder of the two files |\n\
            | `shape` | list of three integers, each 1 or more | `[1, 2, 2]` | – | \
            channels, rows and columns of an image |\n";
        assert!(page.contains(expected), "{page}");
    }
}
