//! `[network]`: which architecture.

use super::reader::{Choice, Read, Section};
use crate::network::{Activation, Architecture};

impl Choice for Activation {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Fcp,
}

impl Choice for Kind {
    const ALL: &'static [Self] = &[Self::Fcp];
    fn word(self) -> &'static str {
        match self {
            Self::Fcp => "fcp",
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Read<Architecture> {
    let kind = section.key("kind").choice().required("kind = \"fcp\"");
    section.keys_of_choices("kind", kind, &[("activation", &[Kind::Fcp])]);
    match kind? {
        Kind::Fcp => {
            let activation = section.key("activation").choice().or(Activation::Softplus)?;
            Ok(Architecture::Fcp { activation })
        }
    }
}
