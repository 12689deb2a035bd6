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
        "the sets to align, all to one common reference; `GROUP/MEMBER` becomes the set \
         `GROUP-aligned/MEMBER`",
    )
    .note("name here all sets whose aligned vectors are to be compared with each other")
    .derived("all sets there are", "[\"sgd/train\", \"lbfgs/train\"]");

static METHOD: Key<OneOf<MethodName>> = Key::new("method", OneOf::NEW)
    .meaning(
        "what is compared: the `\"weights\"`, or the `\"activations\"`, the outputs of the hidden \
         units on images",
    )
    .note("with the weights, no set is spread wider afterwards than before")
    .default(MethodName::Weights);

static ORDERS: Key<Count> = Key::new("orders", Count::at_least(0))
    .unit("orders")
    .meaning("random orders of the layers for each match, besides that from input to output")
    .note("the closest result is kept; the time grows in proportion")
    .default(4);

static ROUNDS: Key<Count> = Key::new("rounds", Count::at_least(1))
    .unit("rounds")
    .meaning("rounds, at most: in each, every vector is matched with the mean of all")
    .note("the table says if they were not enough")
    .default(20);

static IMAGES: Key<Count> = Key::new("images", Count::at_least(1))
    .unit("images")
    .meaning("training images on which the outputs are compared, from the front of those in use")
    .note("where there are fewer, all of them")
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
        check_names(section, sets.as_deref().unwrap_or_default(), available)?;
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
