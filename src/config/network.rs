//! `[network]`: which architecture, and the values of its keys.
//!
//! Which architectures there are and what keys they have, their descriptors say.

use super::reader::{Read, Reported, Section};
use crate::network::descriptor::Kind;
use crate::network::{Architecture, Key, NETWORKS, Value};

pub(super) fn read(section: &Section<'_>) -> Read<Architecture> {
    let names: Vec<&str> = NETWORKS.iter().map(|network| network.name).collect();
    let kind = section.key("kind").word(&names).required(&format!("kind = \"{}\"", names[0]));
    refuse_keys_of_others(section, "kind", kind, NETWORKS.iter().map(|network| (network.name, network.keys)));
    let kind = kind?;
    let network = NETWORKS.iter().find(|network| network.name == kind).ok_or(Reported)?;
    let values: Vec<_> = network.keys.iter().map(|key| (key.name, read_value(section, key))).collect();
    values.into_iter().try_fold(Architecture::with_defaults(network), |with, (key, value)| Ok(with.with(key, value?)))
}

/// Refuses the keys of other choices of `selector` than the one made; `choices` are all of them, each
/// with its keys. A key that several have is known to be of all of them.
pub(super) fn refuse_keys_of_others(
    section: &Section<'_>,
    selector: &str,
    chosen: Read<&'static str>,
    choices: impl Iterator<Item = (&'static str, &'static [Key])>,
) {
    let mut keys: Vec<(&str, Vec<&str>)> = Vec::new();
    for (choice, key) in choices.flat_map(|(choice, keys)| keys.iter().map(move |key| (choice, key))) {
        match keys.iter_mut().find(|(name, _)| *name == key.name) {
            Some((_, owners)) => owners.push(choice),
            None => keys.push((key.name, vec![choice])),
        }
    }
    let keys: Vec<_> = keys.iter().map(|(key, owners)| (*key, &owners[..])).collect();
    section.keys_of_choices(selector, chosen, &keys);
}

/// The value of a key that belongs to a choice.
pub(super) fn read_value(section: &Section<'_>, key: &Key) -> Read<Value> {
    let found = section.key(key.name);
    match key.kind {
        Kind::Count { default, most } => found.count_up_to(1, most).or(default).map(Value::Count),
        Kind::Counts { default, check } => found.counts().check(|counts| check(counts)).or(default.to_vec()).map(Value::Counts),
        Kind::Seed { default } => found.integer(0, u32::MAX.into()).map(|seed| seed as u32).or(default).map(Value::Seed),
        Kind::Positive { default } => found.positive().or(default).map(Value::Positive),
        Kind::Flag { default } => found.boolean().or(default).map(Value::Flag),
        Kind::Word { words, default } => found.word(words).or(default).map(Value::Word),
    }
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
                assert!(config.effective.contains_key(&format!("network.{}", key.name)), "{} of {network:?}", key.name);
            }
        }
        let config = config("kind = \"linear\"\ngain = 2\nbiases = false\n").unwrap();
        let linear = Architecture::with_defaults(NETWORKS.iter().find(|network| network.name == "linear").unwrap());
        assert_eq!(*architecture(&config), linear.with("gain", Value::Positive(2.0)).with("biases", Value::Flag(false)));
        assert_eq!([&config.effective["network.gain"], &config.effective["network.biases"]], ["2.0", "false"]);
    }

    #[test]
    fn its_keys_are_checked_like_those_of_the_others() {
        let refused = config("kind = \"linear\"\ngain = 0\nbiases = 1\nhidden = [5]\n").unwrap_err();
        assert_eq!(
            refused.lines().collect::<Vec<_>>(),
            [
                "x:9: network.gain: must be a finite number above 0, is 0.0",
                "x:10: network.biases: must be true or false, not an integer",
                "x:11: network.hidden: belongs to kind = \"fcp\", \"autoencoder\" or \"lstm\", not to kind = \"linear\"; remove it",
            ]
        );
        let refused = config("kind = \"fcp\"\ngain = 1.0\n").unwrap_err();
        assert_eq!(refused, "x:9: network.gain: belongs to kind = \"linear\", not to kind = \"fcp\"; remove it");
        let refused = config("kind = \"resnet\"\n").unwrap_err();
        assert!(refused.contains("\"fcp\", \"lenet\", \"autoencoder\", \"lstm\" or \"linear\""), "{refused}");
    }
}
