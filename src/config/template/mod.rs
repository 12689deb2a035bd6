//! A first configuration, with every key explained.
//!
//! A few lines define what a study of each [`Size`] sets. They are read like any configuration. The
//! text then lists the keys that were read, each with its value and with its meaning, range and
//! default from the table of keys. So every network of the registry works, and no number is
//! repeated here.

mod others;

use super::expand::expand_path;
use super::reader::{Description, Notation, quoted};
use super::schema::{DefaultSpec, Derived, KeySpec, Multiplicity, SectionSpec};
use super::{Config, ConfigErrors, ConfigPurpose};
use crate::data::{DataFormat, FORMATS, place_key};
use crate::keys::ChoiceKey;
use crate::network::{Descriptor, NETWORKS};
use crate::optimizer::OPTIMIZERS;
use crate::path::METHODS;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The study for which a configuration is written.
#[derive(Clone, Debug)]
pub struct Template {
    /// The network, with the defaults of its keys.
    pub network: &'static Descriptor,
    /// The images from files; `None`: digits that the program draws.
    pub data: Option<Files>,
    /// How much to compute.
    pub size: Size,
    /// Further keys with other values, each as `key.path=value`.
    pub overrides: Vec<String>,
}

/// Files of images.
#[derive(Clone, Debug)]
pub struct Files {
    /// Their format, which has a key for their place.
    pub format: &'static dyn DataFormat,
    /// Its name as in the configuration: `~` and `$VARIABLES` are not expanded.
    pub directory: String,
    /// Training and test images in them.
    pub images: [usize; 2],
    /// Further keys that choose them, each with its text.
    pub settings: Vec<(String, String)>,
    /// Keys of the network that must not have their defaults for images of their shape.
    pub network: Vec<(String, usize)>,
}

impl Files {
    /// The folder with `~` and `$VARIABLES` expanded, as for the key of its place.
    ///
    /// # Errors
    /// A sentence naming the variable that is not set.
    pub fn expand(directory: &str) -> Result<PathBuf, String> {
        expand_path(directory).map_err(|problem| format!("dataset.dir: {problem}"))
    }
}

/// How much a study computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Every stage at a small size: 6 initializations and the quick protocol, otherwise as
    /// `configs/demo.toml`.
    Demo,
    /// The order of magnitude of all barriers: 8 initializations and the quick protocol, otherwise
    /// as `configs/mnist-quick.toml`.
    Quick,
    /// The paper's protocol: 75 initializations, as in `configs/paper-*.toml`.
    Paper,
}

impl Size {
    /// From the smallest.
    pub const ALL: [Self; 3] = [Self::Demo, Self::Quick, Self::Paper];

    /// `"demo"`, `"quick"` or `"paper"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Quick => "quick",
            Self::Paper => "paper",
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Demo => "a small example of every stage: 6 initializations, quick protocol",
            Self::Quick => "orders of magnitude of barriers: 8 initializations, quick protocol",
            Self::Paper => "the paper's protocol: 75 initializations, for a cluster",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Demo => include_str!("demo.toml"),
            Self::Quick => include_str!("quick.toml"),
            Self::Paper => include_str!("paper.toml"),
        }
    }

    /// Training and test images in use, if there are that many; `None`: all.
    fn images(self, network: &Descriptor) -> [Option<usize>; 2] {
        match self {
            Self::Demo => [Some(network.quick.train.min(6000)), Some(1000)],
            Self::Quick => [Some(network.quick.train), network.quick.test],
            Self::Paper => [Some(60_000), Some(10_000)],
        }
    }

    /// Training and test images of the landscapes of paths, if that many are in use.
    fn path_images(self, network: &Descriptor) -> [usize; 2] {
        match self {
            Self::Demo => network.quick.paths.map(|images| images.min(500)),
            Self::Quick => network.quick.paths,
            Self::Paper => [60_000, 10_000],
        }
    }
}

impl Template {
    /// The text of the configuration.
    ///
    /// # Errors
    /// If the folder of the data is not a valid value, for instance because it contains a variable
    /// that is not set.
    pub fn text(&self) -> Result<String, ConfigErrors> {
        let (text, settings) = (self.size.text(), self.settings());
        let (_, keys) =
            Config::parse_and_describe(ConfigPurpose::Study, "the configuration", text, &settings)?;
        Ok(self.render(&keys))
    }

    /// The overrides that the network and the data add to the lines of the size.
    fn settings(&self) -> Vec<String> {
        let images = self.images();
        let sgd = self.network.sgd;
        let epochs = match self.size {
            Size::Demo => 60,
            // The number of steps does not depend on the number of images.
            Size::Quick => 600_000 / images[0],
            Size::Paper => sgd.epochs,
        };
        let mut settings = vec!["seed=2026".to_owned()];
        settings.push(format!("dataset.kind={}", self.format().name()));
        settings.extend(self.data.iter().filter_map(|data| {
            let key = place_key(data.format)?;
            Some(format!("dataset.{key}={}", quoted(&data.directory)))
        }));
        let chosen = self.data.iter().flat_map(|data| &data.settings);
        settings.extend(chosen.map(|(key, text)| format!("{key}={}", quoted(text))));
        // The default is all images of the files, and for a landscape all images in use.
        let in_files = self.data.as_ref().map(|data| data.images);
        let wanted = self.size.path_images(self.network);
        for (index, name) in ["train", "test"].into_iter().enumerate() {
            let images = images[index];
            if in_files.is_none_or(|held| images < held[index]) {
                settings.push(format!("dataset.{name}={images}"));
            }
            if wanted[index] < images {
                settings.push(format!("paths.{name}={}", wanted[index]));
            }
        }
        settings.push(format!("network.kind={}", self.network.name));
        let sizes = self.data.iter().flat_map(|data| &data.network);
        settings.extend(sizes.map(|(key, size)| format!("{key}={size}")));
        settings.push(format!("training.sgd.learning_rate={:?}", sgd.learning_rate));
        settings.push(format!("training.sgd.epochs={epochs}"));
        settings.extend(self.overrides.iter().cloned());
        settings
    }

    /// The format of the images; without files, the first that needs none.
    fn format(&self) -> &'static dyn DataFormat {
        let built_in = || FORMATS.iter().copied().find(|&format| place_key(format).is_none());
        let format = self.data.as_ref().map(|data| data.format).or_else(built_in);
        format.expect("a format that needs no files")
    }

    /// Training and test images in use: at least 1, at most as many as the files have.
    fn images(&self) -> [usize; 2] {
        let most = self.data.as_ref().map_or([60_000, 10_000], |data| data.images);
        let wanted = self.size.images(self.network);
        // If the size has no number: all images of the files, or as many digits as are drawn
        // quickly.
        let all = if self.data.is_some() { most } else { [10_000, 2000] };
        // The number of images from files takes the overrides into account already.
        let drawn = |key| self.overridden(key).filter(|_| self.data.is_none());
        let drawn = ["dataset.train", "dataset.test"].map(drawn);
        let images = |index: usize| drawn[index].or(wanted[index]).unwrap_or(all[index]);
        [0, 1].map(|index| images(index).min(most[index]).max(1))
    }

    /// The number that an override gives a key.
    fn overridden(&self, key: &str) -> Option<usize> {
        self.overrides.iter().rev().find_map(|change| {
            let (name, value) = change.split_once('=')?;
            if name.trim() == key { value.trim().parse().ok() } else { None }
        })
    }

    fn render(&self, keys: &[Description]) -> String {
        let data = self.data.as_ref().map_or_else(
            || self.format().title().to_owned(),
            |data| format!("the images in {}", quoted(&data.directory)),
        );
        let mut text = comment(
            "",
            &format!(
                "{} on {data}; size {}: {}.",
                self.network.title,
                self.size.name(),
                self.size.about()
            ),
        );
        text += &comment(
            "",
            "`lossatlas check FILE` prints the plan: tasks, memory, time. Remove the # before a key to set it. Behind it stands its default, or an example, which is called that.",
        );
        text.push('\n');
        let (mut table, mut explained) = ("", BTreeSet::new());
        for key in keys {
            let own_table = key.key.rsplit_once('.').map_or("", |(table, _)| table);
            if table != own_table {
                // Entries of a list share a heading.
                text += &heading(key.section, own_table);
                table = own_table;
            }
            // Entries of a list explain only keys that earlier entries have not explained.
            let new = explained.insert((key.section.name, key.spec.name()));
            text += &if new { line(key) } else { bare(key) };
            if key.key == "network.kind" {
                text += &self.other_networks();
            } else if key.key == "training.optimizers" {
                text += &other_optimizers();
            } else if key.key == "paths.method" {
                text += &other_methods(key.value.as_deref());
            }
        }
        text + &others::other_sections(keys)
    }

    /// The other architectures, each with its keys at their defaults.
    fn other_networks(&self) -> String {
        let mut text = comment("", "The others, each with its own keys at their defaults:");
        for network in NETWORKS.iter().filter(|network| **network != self.network) {
            let default = |key: &ChoiceKey| format!("{} = {}", key.name, key.default().toml());
            let keys = network.keys.iter().map(default).collect::<Vec<_>>();
            _ = writeln!(text, "# kind = {:<16} # {}", quoted(network.name), keys.join(", "));
        }
        text
    }
}

/// The optimizers that no size uses, each with its keys at their defaults.
fn other_optimizers() -> String {
    let words = "The others, each in a section [training.NAME] with its own keys at their defaults. \
                 A name of your own, such as [training.large-batch], needs kind = \"sgd\" or another \
                 kind:";
    let mut text = comment("", words);
    for kind in OPTIMIZERS.iter().filter(|kind| !["sgd", "lbfgs"].contains(&kind.name())) {
        let keys = kind.keys().iter().map(|key| match KeySpec::default(key) {
            DefaultSpec::Required(example) => {
                format!("{} = {example} (required, an example)", key.name)
            }
            _ => format!("{} = {}", key.name, key.default().toml()),
        });
        text += &comment(
            "",
            &format!("{}: {}", quoted(kind.name()), keys.collect::<Vec<_>>().join(", ")),
        );
    }
    text
}

/// The path methods except the chosen one, each with its keys at their defaults.
fn other_methods(chosen: Option<&str>) -> String {
    let mut text = comment("", "The others, each with its own keys at their defaults:");
    for method in METHODS.iter().filter(|method| chosen != Some(&quoted(method.name))) {
        let keys = method.keys.iter().map(|key| format!("{} = {}", key.name, key.default().toml()));
        let keys = keys.collect::<Vec<_>>().join(", ");
        _ = writeln!(text, "# method = {:<14} # {}: {keys}", quoted(method.name), method.about);
    }
    text
}

/// The column where comments begin, and the maximum width of a line.
const COLUMN: usize = 30;
const WIDTH: usize = 116;

fn ruler(title: &str) -> String {
    format!("\n{:-<100}\n", format!("# ---- {title} "))
}

/// The heading of a section with what is above it. `table` is what its keys are recorded under.
fn heading(section: &SectionSpec, table: &str) -> String {
    let name = table.rsplit('.').next().unwrap_or(table);
    match section.shape {
        Multiplicity::Titled => {
            format!("{}[{table}]\n", ruler(&format!("{} {}", section.title, quoted(name))))
        }
        Multiplicity::Single => format!("{}{}\n", ruler(section.title), section.heading()),
        // Entries of a list share what is above the first one.
        _ if name == "0" => format!("{}{}\n", ruler(section.title), section.heading()),
        _ => format!("\n{}\n", section.heading()),
    }
}

/// The name of the protocol stands with every barrier, so this key is written even at its default.
const PROTOCOL: &str = "paths.protocol";

/// Behind a value that is no default.
const EXAMPLE: &str = "the value here is an example";

/// A key with its value and its full explanation.
fn line(key: &Description) -> String {
    let (name, spec) = (key.spec.name(), key.spec.default());
    let written = match (&key.value, &spec) {
        (Some(value), _) if is_default(key) && key.key != PROTOCOL => {
            format!("# {name} = {value}")
        }
        (Some(value), _) => format!("{name} = {value}"),
        (None, DefaultSpec::Required(example) | DefaultSpec::Derived(Derived { example, .. })) => {
            format!("# {name} = {example}")
        }
        (None, DefaultSpec::Fixed(default)) => format!("# {name} = {default}"),
    };
    let default = match (&key.default, &spec) {
        (Some(default), _) | (None, DefaultSpec::Fixed(default)) => format!("default {default}"),
        (None, DefaultSpec::Required(_)) => "required".to_owned(),
        (None, DefaultSpec::Derived(derived)) => format!("default: {}", derived.words),
    };
    let is_example =
        key.value.is_none() && matches!(spec, DefaultSpec::Required(_) | DefaultSpec::Derived(_));
    let default = if is_example { format!("{default}; {EXAMPLE}") } else { default };
    let about = [key.spec.meaning().to_owned(), key.spec.values(), default].join("; ");
    // Comments have no code.
    comment(&written, &about.replace('`', ""))
}

/// Whether a key need not be written. Its default may depend on other keys.
fn is_default(key: &Description) -> bool {
    key.value.is_some() && key.value == key.default
}

/// A key that has been explained before, if its value is not the default.
fn bare(key: &Description) -> String {
    let name = key.spec.name();
    key.value
        .as_ref()
        .filter(|_| !is_default(key))
        .map_or_else(String::new, |value| format!("{name} = {value}\n"))
}

/// A line followed by a comment, which continues on the next lines.
fn comment(before: &str, words: &str) -> String {
    let indent = if before.is_empty() { 0 } else { COLUMN };
    let mut text = format!("{before:indent$}");
    if !before.is_empty() && !text.ends_with(' ') {
        text.push(' ');
    }
    text.push('#');
    let mut length = text.chars().count();
    for word in words.split_whitespace() {
        if length + 1 + word.chars().count() > WIDTH && length > indent + 1 {
            _ = write!(text, "\n{:indent$}#", "");
            length = indent + 1;
        }
        _ = write!(text, " {word}");
        length += 1 + word.chars().count();
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::Path;

    /// MNIST, and data sets that are smaller than the sizes require, in one split or in both.
    const IMAGES: [[usize; 2]; 5] =
        [[60_000, 10_000], [1, 1], [499, 501], [10_001, 3], [5999, 70_000]];

    fn all() -> Vec<Template> {
        let files = IMAGES.map(|images| {
            let directory = "data/\"odd\" name".to_owned();
            let (settings, network) = (Vec::new(), Vec::new());
            Some(Files { format: FORMATS[0], directory, images, settings, network })
        });
        let data: Vec<_> = files.into_iter().chain([None]).collect();
        let mut all = Vec::new();
        for &network in NETWORKS {
            for size in Size::ALL {
                all.extend(data.iter().map(|data| Template {
                    network,
                    data: data.clone(),
                    size,
                    overrides: Vec::new(),
                }));
            }
        }
        all
    }

    fn setting(effective: &BTreeMap<String, String>, key: &str) -> usize {
        effective[key].parse().unwrap_or(usize::MAX)
    }

    /// Every network of the registry, the one of the tests too, in every size, with both kinds of
    /// data.
    #[test]
    fn what_is_written_reads_back_as_what_was_meant() {
        for template in all() {
            let text = template.text().unwrap();
            let written = Config::parse("written", &text, &[])
                .unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            let meant = Config::parse("meant", template.size.text(), &template.settings()).unwrap();
            assert_eq!(written.effective, meant.effective, "{text}");
            assert_eq!(written.subject, meant.subject, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
        }
    }

    #[test]
    fn every_key_is_there_with_its_meaning_its_range_and_its_default() {
        for template in all() {
            let (config, keys) = Config::parse_and_describe(
                ConfigPurpose::Study,
                "x",
                template.size.text(),
                &template.settings(),
            )
            .unwrap();
            let text = template.text().unwrap();
            for key in &keys {
                assert!(!key.spec.meaning().is_empty(), "{key:?} is not explained");
                let (explained, bare) = (line(key), bare(key));
                assert!(
                    text.contains(&explained)
                        || without_first_entry(&key.key) && text.contains(&bare),
                    "{key:?}:\n{text}"
                );
            }
            // The reader leaves no key out.
            for key in config.effective.keys().filter(|key| !key.starts_with("kpca.")) {
                assert!(keys.iter().any(|described| described.key == *key), "{key}");
            }
        }
    }

    #[test]
    fn only_what_differs_from_its_default_is_written() {
        for template in all() {
            let text = template.text().unwrap();
            let (_, keys) =
                Config::parse_and_describe(ConfigPurpose::Study, "written", &text, &[]).unwrap();
            let tree: toml::Table = text.parse().unwrap();
            let is_left_out = |key: &&Description| is_default(key) && key.key != PROTOCOL;
            for key in keys.iter().filter(is_left_out) {
                let mut parts: Vec<&str> = key.key.split('.').collect();
                let name = parts.pop().unwrap();
                let table = parts
                    .into_iter()
                    .try_fold(&toml::Value::Table(tree.clone()), |value, part| {
                        part.parse::<usize>()
                            .map_or_else(|_| value.get(part), |index| value.get(index))
                    })
                    .cloned();
                let written = table.is_some_and(|table| table.get(name).is_some());
                assert!(!written, "{} is written at its default:\n{text}", key.key);
            }
        }
    }

    /// A default behind a # changes with the keys on which it depends.
    #[test]
    fn a_change_of_one_key_forbids_no_other() {
        for template in all() {
            let text = template.text().unwrap();
            let fewer = ["training.initializations=2", "training.keep=2"].map(str::to_owned);
            let config =
                Config::parse("written", &text, &fewer).unwrap_or_else(|errors| panic!("{errors}"));
            assert!(config.kpca.iter().all(|kpca| kpca.components == 3));
        }
    }

    #[test]
    fn no_more_images_are_asked_for_than_the_files_hold() {
        for template in all() {
            let Some(files) = &template.data else { continue };
            let config = Config::parse("written", &template.text().unwrap(), &[]).unwrap();
            for (name, held) in ["train", "test"].into_iter().zip(files.images) {
                let [of_data, of_paths] = ["dataset", "paths"]
                    .map(|section| setting(&config.effective, &format!("{section}.{name}")));
                assert!(of_data == usize::MAX || of_data < held, "{name}: {of_data} of {held}");
                assert!(
                    of_paths == usize::MAX || of_paths < of_data.min(held),
                    "{name}: {of_paths}"
                );
            }
        }
    }

    fn without_first_entry(key: &str) -> bool {
        key.starts_with("kpca.") && !key.starts_with("kpca.0.")
    }

    #[test]
    fn other_values_are_written_or_refused() {
        let text = |overrides: &[&str]| {
            let overrides = overrides.iter().map(|&text| text.to_owned()).collect();
            let (network, data, size) = (NETWORKS[0], None, Size::Demo);
            Template { network, data, size, overrides }.text()
        };
        let written = text(&["paths.protocol=quick", "paths.steps=7", "training.keep=2"]).unwrap();
        let config = Config::parse("written", &written, &[]).unwrap();
        assert_eq!(config.paths.protocol.to_string(), "quick, with steps = 7");
        assert!(written.contains("\nsteps = 7 ") && written.contains("\nkeep = 2 "), "{written}");
        // Values that are no defaults say so.
        let words = written.split_whitespace().filter(|&word| word != "#").collect::<Vec<_>>();
        let words = words.join(" ");
        for example in [
            "default: P, the number of parameters; the value here is an example",
            "epochs = 100 (required, an example), beta_1 = 0.9",
        ] {
            assert!(words.contains(example), "{example}: {written}");
        }
        // Fewer digits than the paths use otherwise.
        let few = text(&["dataset.train=200"]).unwrap();
        assert!(few.contains("\ntrain = 200 "), "{few}");
        let refused = text(&["paths.stepps=7"]).unwrap_err().to_string();
        assert!(refused.contains("paths.stepps: unknown key"), "{refused}");
    }

    /// The paper's protocol for the paper's size, and the quick one for the others.
    #[test]
    fn the_protocol_is_written() {
        for template in all() {
            let text = template.text().unwrap();
            let protocol = match template.size {
                Size::Demo | Size::Quick => "quick",
                Size::Paper => "published",
            };
            assert!(text.contains(&format!("\nprotocol = \"{protocol}\"")), "{text}");
            let config = Config::parse("written", &text, &[]).unwrap();
            assert_eq!(config.paths.protocol.to_string(), protocol);
        }
    }

    /// The numbers of the sizes are those that the files in `configs/` explain, which show the
    /// paper's effects and so have its protocol.
    #[test]
    fn the_files_in_configs_are_these() {
        // "all" of MNIST and the number of its images are the same.
        let counted = |text: &str, overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
            let mut effective = Config::parse("x", text, &overrides).unwrap().effective;
            for (name, count) in [("train", "60000"), ("test", "10000")] {
                for section in ["dataset", "paths"] {
                    let value = effective.get_mut(&format!("{section}.{name}"));
                    if let Some(value) = value.filter(|value| *value == "\"all\"") {
                        *value = count.to_owned();
                    }
                }
            }
            effective
        };
        let effective = |file: &str| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(file);
            counted(&fs::read_to_string(file).unwrap(), &[])
        };
        let mnist = Some(Files {
            format: FORMATS[0],
            directory: "data/mnist".to_owned(),
            images: [60_000, 10_000],
            settings: Vec::new(),
            network: Vec::new(),
        });
        let written = |network, data, size, overrides: &[&str]| {
            let template = Template { network, data, size, overrides: Vec::new() };
            counted(&template.text().unwrap(), overrides)
        };
        let published = ["paths.protocol=published", "paths.learning_rate=2e-3"];
        assert_eq!(written(NETWORKS[0], None, Size::Demo, &published), effective("demo.toml"));
        assert_eq!(
            written(NETWORKS[0], mnist.clone(), Size::Quick, &published[..1]),
            effective("mnist-quick.toml")
        );
        let mut compared = 0;
        for network in NETWORKS {
            let file = format!("paper-{}.toml", network.name);
            if !Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(&file).exists() {
                continue;
            }
            assert_eq!(written(network, mnist.clone(), Size::Paper, &[]), effective(&file));
            compared += 1;
        }
        assert_eq!(compared, 4);
    }
}
