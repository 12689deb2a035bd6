//! `[align]`.

use crate::config::available::Available;
use crate::config::reader::{Choice, Read, Reported, Section};
use crate::config::schema::{
    Choices, Count, Derived, Invalidates, Key, Multiplicity, OneOf, Owned, SectionSpec, SetNames,
};
use crate::config::stages::{OfSetStage, OfStage};
use crate::solutions::SetName;

/// How sets are aligned.
#[derive(Clone, Debug, PartialEq)]
pub struct AlignConfig {
    /// The sets, all of which are brought to one reference.
    pub sets: Vec<SetName>,
    /// What is compared.
    pub method: AlignMethod,
    /// Rounds, at most.
    pub rounds: usize,
}

/// What an alignment compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlignMethod {
    /// The weights, in this many random orders of the groups besides the two that are always tried.
    Weights {
        /// Random orders.
        orders: usize,
    },
    /// The outputs of the hidden units on this many training images.
    Activations {
        /// Images, from the front; all in use if there are fewer.
        images: usize,
    },
}

/// The word of a method.
#[derive(Clone, Copy, PartialEq)]
enum MethodName {
    Weights,
    Activations,
}

impl Choice for MethodName {
    const ALL: &'static [Self] = &[Self::Weights, Self::Activations];
    fn word(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Activations => "activations",
        }
    }
}

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning(
        "the sets to align, all to one common reference; `GROUP/MEMBER` gives the set \
         `GROUP-aligned/MEMBER`",
    )
    .note("only sets that are aligned together can be compared")
    .derived("all sets there are", "[\"sgd/train\", \"lbfgs/train\"]");

static METHOD: Key<OneOf<MethodName>> = Key::new("method", OneOf::NEW)
    .meaning(
        "what is compared: the `\"weights\"`, or the `\"activations\"`, the outputs of the hidden \
         units on images",
    )
    .note("`\"weights\"` never increases the spread of all vectors around their mean")
    .default(MethodName::Weights);

static ORDERS: Key<Count> = Key::new("orders", Count::at_least(0))
    .unit("orders")
    .meaning(
        "each match goes through the layers from input to output, and then in this number of \
         random orders",
    )
    .note("the closest result is kept; the time grows in proportion")
    .default(4);

static ROUNDS: Key<Count> = Key::new("rounds", Count::at_least(1))
    .unit("rounds")
    .meaning("maximum number of rounds; in each, every vector is matched with the mean of all")
    .note("the table of the alignment says if they were not enough")
    .default(20);

static IMAGES: Key<Count> = Key::new("images", Count::at_least(1))
    .unit("images")
    .meaning("training images on which the outputs are compared, from the front of those in use")
    .note("if there are fewer, all of them")
    .default(1000);

static SPEC: SectionSpec = SectionSpec {
    name: "align",
    title: "Alignment of sets by exchanges of hidden units",
    shape: Multiplicity::Single,
    keys: &[&SETS, &METHOD, &ROUNDS],
    choices: Some(Choices {
        selector: "method",
        keys: || {
            vec![
                Owned { choice: "weights", keys: vec![&ORDERS] },
                Owned { choice: "activations", keys: vec![&IMAGES] },
            ]
        },
    }),
    invalidates: Invalidates::Tasks("the aligned sets and their paths"),
};

/// The section; `None` if it is not written, so that nothing is aligned.
pub static SECTION: OfSetStage<Option<AlignConfig>> = OfSetStage {
    section: OfStage { spec: &SPEC, documentation: include_str!("section.md"), read },
    sets: |section| section.as_ref().map_or_else(Vec::new, AlignConfig::aligned_sets),
};

impl AlignConfig {
    /// The sets that are made, in the order of those that they are made of.
    pub fn aligned_sets(&self) -> Vec<SetName> {
        self.sets.iter().map(SetName::aligned).collect()
    }
}

fn read(root: &Section<'_>, available: &Available) -> Read<Option<AlignConfig>> {
    root.section(&SPEC, |section| {
        if !section.is_written() {
            return Ok(None);
        }
        if available.analytic {
            section.own_problem(
                "only networks have hidden units that can be exchanged; [landscape] declares no \
                 symmetry; remove it",
            );
        }
        let sets = available.read_sets(section, &SETS);
        let names = check_names(section, sets.as_deref().unwrap_or_default(), available);
        let method = section.key(&METHOD).value();
        section.refuse_other_choices(&method);
        let chosen = match method {
            Ok(MethodName::Weights) => {
                section.key(&ORDERS).value().map(|orders| AlignMethod::Weights { orders })
            }
            Ok(MethodName::Activations) => {
                section.key(&IMAGES).value().map(|images| AlignMethod::Activations { images })
            }
            Err(reported) => Err(reported),
        };
        let rounds = section.key(&ROUNDS).value();
        names?;
        Ok(Some(AlignConfig { sets: sets?, method: chosen?, rounds: rounds? }))
    })
}

/// No aligned set may have the name of another set.
fn check_names(section: &Section<'_>, sets: &[SetName], available: &Available) -> Read<()> {
    let taken = available.sets().unwrap_or_default();
    let clash = sets.iter().find(|set| taken.contains(&set.aligned()));
    clash.map_or(Ok(()), |set| {
        let aligned = set.aligned();
        section.problem(
            SETS.name,
            format!(
                "there is already a set \"{aligned}\", the name of \"{set}\" after its \
                 alignment; rename it, or leave one of the two out"
            ),
        );
        Err(Reported)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(more: &str) -> Result<Config, String> {
        let text = format!(
            "seed = 1\n[dataset]\nkind = \"digits\"\n[network]\nkind = \"fcp\"\n[training]\n\
             initializations = 3\n[training.sgd]\nlearning_rate = 0.1\nepochs = 2\n{more}"
        );
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    #[test]
    fn aligned_sets_can_be_named_and_are_not_meant_otherwise() {
        let absent = config("").unwrap();
        assert_eq!(*absent.section(&SECTION.section), None);
        let written = config("[align]\nrounds = 5\n[[kpca]]\nname = \"all\"\n").unwrap();
        let section = written.section(&SECTION.section).clone().unwrap();
        let expected = AlignMethod::Weights { orders: 4 };
        assert_eq!((section.sets.len(), section.method, section.rounds), (4, expected, 5));
        assert!(
            written
                .paths
                .sets
                .iter()
                .chain(&written.kpca[0].sets)
                .all(|set| { set.before_alignment().is_none() })
        );
        let named = "[align]\nsets = [\"sgd/test\"]\nmethod = \"activations\"\nimages = 7\n\
                     [paths]\nsets = [\"sgd-aligned/test\"]\n\
                     [[kpca]]\nname = \"x\"\nsets = [\"sgd-aligned/test\", \"sgd/test\"]\n";
        let named = config(named).unwrap();
        let section = named.section(&SECTION.section).clone().unwrap();
        assert_eq!(section.method, AlignMethod::Activations { images: 7 });
        assert_eq!(named.paths.sets, section.aligned_sets());
        // As for any set, the number of components follows from the number of its vectors.
        assert_eq!(named.kpca[0].components, 5);
    }

    #[test]
    fn sets_that_are_not_aligned_have_no_aligned_name() {
        let refused = |more: &str| config(more).unwrap_err();
        let said = refused("[paths]\nsets = [\"sgd-aligned/test\"]\n");
        assert!(said.contains("there is no set \"sgd-aligned/test\""), "{said}");
        let said =
            refused("[align]\nsets = [\"sgd/train\"]\n[paths]\nsets = [\"sgd-aligned/test\"]\n");
        assert!(said.contains("\"lbfgs/test\", \"sgd-aligned/train\""), "{said}");
        // A mistake in the section is no second mistake where its sets are named.
        let said = refused("[align]\nrounds = 0\n[paths]\nsets = [\"sgd-aligned/test\"]\n");
        assert_eq!(said.lines().count(), 1, "{said}");
        let said = refused("[align]\nsets = [\"sgd-aligned/train\"]\n");
        assert!(said.contains("there is no set \"sgd-aligned/train\""), "{said}");
    }
}
