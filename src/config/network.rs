//! `[network]`: which architecture, and the values of its keys.
//!
//! The descriptors of the networks define the architectures and their keys.

use super::chosen::read_values;
use super::reader::{Read, Reported, Section};
use super::schema::{
    Choices, Invalidates, Key, KeySpec, Multiplicity, Owned, Required, SectionSpec, Word,
};
use crate::network::{Architecture, Descriptor, NETWORKS};

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
    shape: Multiplicity::Single,
    keys: &[&KIND],
    choices: Some(Choices { selector: "kind", keys: of_networks }),
    invalidates: Invalidates::Everything,
};

fn of_networks() -> Vec<Owned> {
    let keys =
        |network: &'static Descriptor| network.keys.iter().map(|key| key as &dyn KeySpec).collect();
    NETWORKS.iter().map(|network| Owned { choice: network.name, keys: keys(network) }).collect()
}

pub(super) fn read(section: &Section<'_>) -> Read<Architecture> {
    let kind = section.key(&KIND).value();
    section.refuse_other_choices(&kind);
    let kind = kind?;
    let network = NETWORKS.iter().find(|network| network.name == kind).ok_or(Reported)?;
    let values = read_values(section, network.keys)?;
    let architecture = Architecture::with_defaults(network);
    Ok(values.into_iter().fold(architecture, |with, (key, value)| with.with(key, value)))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::network::{Architecture, NETWORKS, Value};

    fn config(network: &str) -> Result<Config, String> {
        let text = format!(
            "seed = 1\n[dataset]\nkind = \"digits\"\n[training]\ninitializations = 2\noptimizers = \
             [\"lbfgs\"]\n[network]\n{network}"
        );
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    fn architecture(config: &Config) -> &Architecture {
        &config.subject.network().expect("a network").architecture
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
