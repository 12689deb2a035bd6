//! `[network]`: which architecture, and its sizes.

use super::reader::{Choice, Read, Section};
use crate::network::lenet::LenetSizes;
use crate::network::lstm::PUBLISHED_PERMUTATION_SEED;
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
    Lenet,
    Autoencoder,
    Lstm,
}

impl Choice for Kind {
    const ALL: &'static [Self] = &[Self::Fcp, Self::Lenet, Self::Autoencoder, Self::Lstm];
    fn word(self) -> &'static str {
        match self {
            Self::Fcp => "fcp",
            Self::Lenet => "lenet",
            Self::Autoencoder => "autoencoder",
            Self::Lstm => "lstm",
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Read<Architecture> {
    let kind = section.key("kind").choice().required("kind = \"fcp\"");
    section.keys_of_choices(
        "kind",
        kind,
        &[
            ("activation", &[Kind::Fcp, Kind::Lenet]),
            ("hidden", &[Kind::Fcp, Kind::Autoencoder, Kind::Lstm]),
            ("channels", &[Kind::Lenet]),
            ("kernel", &[Kind::Lenet]),
            ("dense", &[Kind::Lenet]),
            ("permutation_seed", &[Kind::Lstm]),
        ],
    );
    let activation = || section.key("activation").choice().or(Activation::Softplus);
    match kind? {
        Kind::Fcp => {
            let hidden = section.key("hidden").counts().or(vec![50, 50]);
            Ok(Architecture::Fcp { activation: activation()?, hidden: hidden? })
        }
        Kind::Lenet => {
            let published = LenetSizes::default();
            let activation = activation();
            let channels = section.key("channels").counts().check(two).or(published.channels.to_vec());
            let kernel = section.key("kernel").count(1).or(published.kernel);
            let dense = section.key("dense").counts().or(published.dense);
            let channels = channels.map(|channels| [channels[0], channels[1]]);
            Ok(Architecture::Lenet {
                sizes: LenetSizes { channels: channels?, kernel: kernel?, dense: dense? },
                activation: activation?,
            })
        }
        Kind::Autoencoder => {
            let hidden = section.key("hidden").counts().or(vec![32, 32, 32]);
            Ok(Architecture::Autoencoder { hidden: hidden? })
        }
        Kind::Lstm => {
            let hidden = section.key("hidden").count(1).or(48);
            let seed = section.key("permutation_seed").integer(0, u32::MAX.into()).map(|seed| seed as u32);
            let permutation_seed = seed.or(PUBLISHED_PERMUTATION_SEED);
            Ok(Architecture::Lstm { hidden: hidden?, permutation_seed: permutation_seed? })
        }
    }
}

fn two(channels: &Vec<usize>) -> Result<(), String> {
    if channels.len() == 2 { Ok(()) } else { Err(format!("must be two numbers, one for each convolution, is {channels:?}")) }
}
