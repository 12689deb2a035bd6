//! A first configuration, with every key explained.
//!
//! A few lines say what a study of a size sets ([`Size`]). They are read like any configuration; what the reader
//! noted down of each key, its value, its range and its default, makes the text. So every network of the
//! registry is offered, and no number stands here that the reader does not know.

mod words;

use super::reader::{Description, quoted};
use super::{Config, ConfigErrors};
use crate::network::{Architecture, Descriptor, NETWORKS, Value};
use crate::path::METHODS;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use words::{KEYS, OPEN, SECTIONS};

/// What to write a configuration for.
#[derive(Clone, Debug)]
pub struct Template {
    /// The network, with the defaults of its keys.
    pub network: &'static Descriptor,
    /// The folder of four IDX files; `None`: digits that the program draws.
    pub data: Option<String>,
    /// How much to compute.
    pub size: Size,
}

/// How much a study computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Everything once, in small: 6 initializations, as `configs/demo.toml`.
    Demo,
    /// Enough to see the effects: 8 initializations, as `configs/mnist-quick.toml`.
    Quick,
    /// The paper's protocol: 75 initializations, as `configs/paper-*.toml`.
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
            Self::Demo => "everything once, in small: 6 initializations",
            Self::Quick => "enough to see the effects: 8 initializations",
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

    /// Training and test images in use, the latter as a value of the key.
    fn images(self, network: &Descriptor, from_files: bool) -> (usize, String) {
        let all = if from_files { quoted("all") } else { "2000".to_owned() };
        match self {
            Self::Demo => (6000, "1000".to_owned()),
            Self::Quick => (network.quick.train, network.quick.test.map_or(all, |count| count.to_string())),
            Self::Paper => (60_000, "10000".to_owned()),
        }
    }
}

impl Template {
    /// The text of the configuration.
    ///
    /// # Errors
    /// If the folder of the data cannot be a value, for instance because it names a variable that is not set.
    pub fn text(&self) -> Result<String, ConfigErrors> {
        let (_, keys) = Config::parse_and_describe("the configuration", self.size.text(), &self.settings())?;
        Ok(self.render(&keys))
    }

    /// What the network and the data add to the few lines of the size.
    fn settings(&self) -> Vec<String> {
        let (train, test) = self.size.images(self.network, self.data.is_some());
        let sgd = self.network.sgd;
        let epochs = match self.size {
            Size::Demo => 60,
            // As many steps however few the images are.
            Size::Quick => 600_000 / train,
            Size::Paper => sgd.epochs,
        };
        let mut settings = vec!["seed=2026".to_owned()];
        settings.push(format!("dataset.kind={}", if self.data.is_some() { "idx" } else { "digits" }));
        settings.extend(self.data.iter().map(|data| format!("dataset.dir={}", quoted(data))));
        settings.extend([format!("dataset.train={train}"), format!("dataset.test={test}")]);
        settings.push(format!("network.kind={}", self.network.name));
        settings.push(format!("training.sgd.learning_rate={:?}", sgd.learning_rate));
        settings.push(format!("training.sgd.epochs={epochs}"));
        if self.size == Size::Quick {
            let [train, test] = self.network.quick.paths;
            settings.extend([format!("paths.train={train}"), format!("paths.test={test}")]);
        }
        settings
    }

    fn render(&self, keys: &[Description]) -> String {
        let data = self
            .data
            .as_ref()
            .map_or_else(|| "digits that the program draws".to_owned(), |data| format!("the images in {}", quoted(data)));
        let mut text =
            comment("", &format!("{} on {data}; size {}: {}.", self.network.title, self.size.name(), self.size.about()));
        text += &comment(
            "",
            "`lossatlas check FILE` says what it comes to: tasks, memory, time. Keys at their defaults may be removed.",
        );
        text.push('\n');
        let (mut section, mut explained) = ("", BTreeSet::new());
        for key in keys {
            let table = key.key.rsplit_once('.').map_or("", |(table, _)| table);
            if table != section {
                text += &Self::heading(table);
                section = table;
            }
            // Entries of a list explain what the ones before have not.
            let new = explained.insert(without_index(&key.key));
            text += &if new { line(key, self.about(&key.key)) } else { bare(key) };
            if key.key == "network.kind" {
                text += &self.other_networks();
            } else if key.key == "paths.method" {
                text += &other_methods(key.value.as_deref());
            }
        }
        text
    }

    fn heading(table: &str) -> String {
        if let Some(number) = table.strip_prefix("kpca.") {
            let first = if number == "0" {
                ruler("Kernel PCA: any number of entries, each of the union of some sets")
            } else {
                String::from("\n")
            };
            return format!("{first}[[kpca]]\n");
        }
        let title = SECTIONS.iter().find(|(name, _)| *name == table).map_or(table, |(_, title)| title);
        format!("{}[{table}]\n", ruler(title))
    }

    /// The other architectures, each with its keys at their defaults.
    fn other_networks(&self) -> String {
        let mut text = comment("", "The others, each with its own keys at their defaults:");
        for network in NETWORKS.iter().filter(|network| **network != self.network) {
            let architecture = Architecture::with_defaults(network);
            let keys =
                architecture.values().map(|(key, value)| format!("{} = {}", key.name, notation(value))).collect::<Vec<_>>();
            _ = writeln!(text, "# kind = {:<16} # {}", quoted(network.name), keys.join(", "));
        }
        text
    }

    /// What a key means.
    fn about(&self, key: &str) -> &'static str {
        let own = key.strip_prefix("network.").and_then(|name| self.network.keys.iter().find(|key| key.name == name));
        let of_method = || {
            let name = key.strip_prefix("paths.")?;
            METHODS.iter().flat_map(|method| method.keys).find(|key| key.name == name).map(|key| key.about)
        };
        let general = || KEYS.iter().find(|(name, _)| *name == without_index(key)).map(|(_, about)| *about);
        own.map(|key| key.about).or_else(of_method).or_else(general).unwrap_or_default()
    }
}

/// The path methods but the one of this value, each with its keys at their defaults.
fn other_methods(chosen: Option<&str>) -> String {
    let mut text = comment("", "The others, each with its own keys at their defaults:");
    for method in METHODS.iter().filter(|method| chosen != Some(&quoted(method.name))) {
        let keys = method.keys.iter().map(|key| format!("{} = {}", key.name, notation(&key.default())));
        let keys = keys.collect::<Vec<_>>().join(", ");
        _ = writeln!(text, "# method = {:<14} # {}: {keys}", quoted(method.name), method.about);
    }
    text
}

/// Values of networks as TOML writes them.
fn notation(value: &Value) -> String {
    match value {
        Value::Word(word) => quoted(word),
        Value::Positive(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// `kpca.0.kernel` → `kpca.kernel`.
fn without_index(key: &str) -> String {
    key.split('.').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join(".")
}

/// Where comments begin, and the longest line.
const COLUMN: usize = 30;
const WIDTH: usize = 116;

fn ruler(title: &str) -> String {
    format!("\n{:-<100}\n", format!("# ---- {title} "))
}

/// A key with its value and all there is to say of it.
fn line(key: &Description, about: &str) -> String {
    let name = key.key.rsplit('.').next().unwrap_or_default();
    let takes = if key.takes.is_empty() { String::new() } else { format!("; {}", key.takes) };
    let Some(value) = &key.value else {
        let (_, example, about, default) = open(&key.key);
        return comment(&format!("# {name} = {example}"), &format!("{about}{takes}; default: {default}"));
    };
    let default = key.default.as_ref().map_or_else(|| "required".to_owned(), |default| format!("default {default}"));
    comment(&format!("{name} = {value}"), &format!("{about}{takes}; {default}"))
}

/// A key that has been explained, if it has a value.
fn bare(key: &Description) -> String {
    let name = key.key.rsplit('.').next().unwrap_or_default();
    key.value.as_ref().map_or_else(String::new, |value| format!("{name} = {value}\n"))
}

fn open(key: &str) -> (&'static str, &'static str, &'static str, &'static str) {
    let key = without_index(key);
    OPEN.into_iter().find(|(name, ..)| *name == key).unwrap_or(("", "…", "", "known when it runs"))
}

/// A line with a comment behind it, continued on the lines that follow.
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
    use std::fs;
    use std::path::Path;

    fn all() -> Vec<Template> {
        let of_network = |&network: &&'static Descriptor| {
            Size::ALL
                .into_iter()
                .flat_map(move |size| [None, Some("data/\"odd\" name".to_owned())].map(|data| Template { network, data, size }))
        };
        NETWORKS.iter().flat_map(of_network).collect()
    }

    /// Every network of the registry, the one of the tests too, in every size, with both kinds of data.
    #[test]
    fn what_is_written_reads_back_as_what_was_meant() {
        for template in all() {
            let text = template.text().unwrap();
            let written = Config::parse("written", &text, &[]).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
            let meant = Config::parse("meant", template.size.text(), &template.settings()).unwrap();
            assert_eq!(written.effective, meant.effective, "{text}");
            assert_eq!(written.subject, meant.subject, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
        }
    }

    #[test]
    fn every_key_is_there_with_its_meaning_its_range_and_its_default() {
        for template in all() {
            let (config, keys) = Config::parse_and_describe("x", template.size.text(), &template.settings()).unwrap();
            let text = template.text().unwrap();
            for key in &keys {
                let meant = if key.value.is_some() { template.about(&key.key) } else { open(&key.key).2 };
                assert!(!meant.is_empty(), "{key:?} is not explained");
                let (explained, bare) = (line(key, template.about(&key.key)), bare(key));
                assert!(text.contains(&explained) || without_first_entry(&key.key) && text.contains(&bare), "{key:?}:\n{text}");
            }
            // The reader leaves no key out.
            for key in config.effective.keys().filter(|key| !key.starts_with("kpca.")) {
                assert!(keys.iter().any(|described| described.key == *key), "{key}");
            }
        }
    }

    fn without_first_entry(key: &str) -> bool {
        key.starts_with("kpca.") && !key.starts_with("kpca.0.")
    }

    /// The numbers of the sizes are those that `configs/` argues for.
    #[test]
    fn the_files_in_configs_are_these() {
        let effective = |file: &str| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(file);
            Config::parse("file", &fs::read_to_string(file).unwrap(), &[]).unwrap().effective
        };
        let mnist = Some("data/mnist".to_owned());
        let written = |network, data, size| {
            let text = Template { network, data, size }.text().unwrap();
            Config::parse("written", &text, &[]).unwrap().effective
        };
        assert_eq!(written(NETWORKS[0], None, Size::Demo), effective("demo.toml"));
        assert_eq!(written(NETWORKS[0], mnist.clone(), Size::Quick), effective("mnist-quick.toml"));
        let mut compared = 0;
        for network in NETWORKS.iter().filter(|network| network.published.is_some()) {
            assert_eq!(written(network, mnist.clone(), Size::Paper), effective(&format!("paper-{}.toml", network.name)));
            compared += 1;
        }
        assert_eq!(compared, 4);
    }
}
