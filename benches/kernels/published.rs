//! The four networks of the paper.

use lossatlas::data::ImageShape;
use lossatlas::network::{Architecture, Network, autoencoder, fcp, lenet, lstm};
use lossatlas::random::MasterSeed;
use ndarray::Array2;

#[derive(Clone, Copy, Debug)]
pub enum Published {
    Fcp,
    Lenet,
    Autoencoder,
    Lstm,
}

impl Published {
    pub fn architecture(self) -> Architecture {
        Architecture::with_defaults(match self {
            Self::Fcp => &fcp::DESCRIPTOR,
            Self::Lenet => &lenet::DESCRIPTOR,
            Self::Autoencoder => &autoencoder::DESCRIPTOR,
            Self::Lstm => &lstm::DESCRIPTOR,
        })
    }

    pub fn network(self) -> Box<dyn Network<f32>> {
        self.architecture().build(ImageShape::gray(28, 28), 10).expect("a network for these images")
    }
}

/// `(count, P)` random parameter vectors.
pub fn vectors(network: &dyn Network<f32>, count: usize) -> Array2<f32> {
    let layout = network.layout();
    let rows = (0..count)
        .flat_map(|k| layout.initialize::<f32>(&mut MasterSeed(k as u64).stream("bench", &[])));
    Array2::from_shape_vec((count, layout.parameters()), rows.collect()).expect("as many numbers")
}
