//! `[network]`: which architecture, and the values of its keys.
//!
//! Which architectures there are and what keys they have, their descriptors say.

use super::reader::{Notation, Read, Reported, Section};
use super::schema::{
    Choices, Count, Counts, DefaultSpec, Fixed, Flag, Integer, Invalidates, Key, KeySpec, Kind,
    Number, Owned, Required, SectionSpec, Shape, Word,
};
use crate::network::descriptor;
use crate::network::{Architecture, NETWORKS, Value};

static NAMES: [&str; NETWORKS.len()] = {
    let mut names = [""; NETWORKS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = NETWORKS[index].name;
        index += 1;
    }
    names
};

static KIND: Key<Word, Required> =
    Key::new("kind", Word(&NAMES)).meaning("which architecture").required("\"fcp\"");

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "network",
    title: "Network",
    shape: Shape::Single,
    keys: &[&KIND],
    choices: Some(Choices { selector: "kind", keys: of_networks }),
    invalidates: Invalidates::Everything,
};

fn of_networks() -> Vec<Owned> {
    let keys = |network: &'static descriptor::Descriptor| {
        network.keys.iter().map(|key| key as &dyn KeySpec).collect()
    };
    NETWORKS.iter().map(|network| Owned { choice: network.name, keys: keys(network) }).collect()
}

const SEED: Integer<u32> = Integer::between(0, u32::MAX as u64);

impl KeySpec for descriptor::Key {
    fn name(&self) -> &'static str {
        self.name
    }

    fn values(&self) -> String {
        match self.kind {
            descriptor::Kind::Count { most, .. } => Count::between(1, most as u64).values(),
            descriptor::Kind::Counts { check, .. } => counts(check),
            descriptor::Kind::Seed { .. } => SEED.values(),
            descriptor::Kind::Positive { .. } => Number::POSITIVE.values(),
            descriptor::Kind::Flag { .. } => Flag.values(),
            descriptor::Kind::Word { words, .. } => Word(words).values(),
        }
    }

    fn default(&self) -> DefaultSpec {
        DefaultSpec::Fixed(self.default().toml())
    }

    fn unit(&self) -> &'static str {
        ""
    }

    fn meaning(&self) -> &'static str {
        self.about
    }
}

/// A list of integers, with its length if there is only one that is accepted.
fn counts(check: fn(&[usize]) -> Result<(), String>) -> String {
    let lengths: Vec<usize> = (1..=4).filter(|&length| check(&vec![1; length]).is_ok()).collect();
    match lengths[..] {
        [length] => Counts.values().replace(
            "list of",
            &format!("list of {}", ["one", "two", "three", "four"][length - 1]),
        ),
        _ => Counts.values(),
    }
}

impl Notation for Value {
    fn toml(&self) -> String {
        match self {
            Self::Count(count) => count.toml(),
            Self::Counts(counts) => counts.toml(),
            Self::Seed(seed) => seed.toml(),
            Self::Positive(number) => number.toml(),
            Self::Flag(flag) => flag.toml(),
            Self::Word(word) => word.toml(),
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Read<Architecture> {
    let kind = section.key(&KIND).value();
    section.refuse_other_choices(&kind);
    let kind = kind?;
    let network = NETWORKS.iter().find(|network| network.name == kind).ok_or(Reported)?;
    let values: Vec<_> =
        network.keys.iter().map(|key| (key.name, read_value(section, key))).collect();
    values.into_iter().try_fold(Architecture::with_defaults(network), |with, (key, value)| {
        Ok(with.with(key, value?))
    })
}

/// The value of a key that belongs to a choice.
pub(super) fn read_value(section: &Section<'_>, key: &'static descriptor::Key) -> Read<Value> {
    section.describe(key);
    match key.kind {
        descriptor::Kind::Count { default, most } => {
            read_as(section, key, Count::between(1, most as u64), default).map(Value::Count)
        }
        descriptor::Kind::Counts { default, check } => {
            let found =
                section.find::<Counts, _>(key.name, Fixed(default), |value| Counts.parse(value));
            found.check(|counts| check(counts)).value().map(Value::Counts)
        }
        descriptor::Kind::Seed { default } => read_as(section, key, SEED, default).map(Value::Seed),
        descriptor::Kind::Positive { default } => {
            read_as(section, key, Number::POSITIVE, default).map(Value::Positive)
        }
        descriptor::Kind::Flag { default } => read_as(section, key, Flag, default).map(Value::Flag),
        descriptor::Kind::Word { words, default } => {
            read_as(section, key, Word(words), default).map(Value::Word)
        }
    }
}

fn read_as<K: Kind>(
    section: &Section<'_>,
    key: &'static descriptor::Key,
    kind: K,
    default: K::Constant,
) -> Read<K::Value> {
    section.find::<K, _>(key.name, Fixed(default), |value| kind.parse(value)).value()
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Subject};
    use crate::network::{Architecture, NETWORKS, Value};

    fn config(network: &str) -> Result<Config, String> {
        let text = format!(
            "seed = 1\n[dataset]\nkind = \"digits\"\n[training]\ninitializations = 2\noptimizers = [\"lbfgs\"]\n[network]\n{network}"
        );
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    fn architecture(config: &Config) -> &Architecture {
        match &config.subject {
            Subject::Network(network) => &network.architecture,
            Subject::Landscape(landscape) => panic!("{landscape:?}"),
        }
    }

    #[test]
    fn a_network_that_is_listed_can_be_configured() {
        for network in NETWORKS {
            let config = config(&format!("kind = \"{}\"", network.name)).unwrap();
            assert_eq!(*architecture(&config), Architecture::with_defaults(network));
            for key in network.keys {
                assert!(
                    config.effective.contains_key(&format!("network.{}", key.name)),
                    "{} of {network:?}",
                    key.name
                );
            }
        }
        let config = config("kind = \"linear\"\ngain = 2\nbiases = false\n").unwrap();
        let linear = Architecture::with_defaults(
            NETWORKS.iter().find(|network| network.name == "linear").unwrap(),
        );
        assert_eq!(
            *architecture(&config),
            linear.with("gain", Value::Positive(2.0)).with("biases", Value::Flag(false))
        );
        assert_eq!(
            [&config.effective["network.gain"], &config.effective["network.biases"]],
            ["2.0", "false"]
        );
    }

    #[test]
    fn its_keys_are_checked_like_those_of_the_others() {
        let refused =
            config("kind = \"linear\"\ngain = 0\nbiases = 1\nhidden = [5]\n").unwrap_err();
        assert_eq!(
            refused.lines().collect::<Vec<_>>(),
            [
                "x:9: network.gain: must be a finite number above 0, is 0.0",
                "x:10: network.biases: must be true or false, not an integer",
                "x:11: network.hidden: belongs to kind = \"fcp\", \"autoencoder\" or \"lstm\", not to kind = \"linear\"; remove it",
            ]
        );
        let refused = config("kind = \"fcp\"\ngain = 1.0\n").unwrap_err();
        assert_eq!(
            refused,
            "x:9: network.gain: belongs to kind = \"linear\", not to kind = \"fcp\"; remove it"
        );
        let refused = config("kind = \"resnet\"\n").unwrap_err();
        assert!(
            refused.contains("\"fcp\", \"lenet\", \"autoencoder\", \"lstm\" or \"linear\""),
            "{refused}"
        );
    }
}
