//! The architectures a configuration can name.

use super::lenet::LenetSizes;
use super::{Activation, Autoencoder, Fcp, Lenet, Lstm, Network};
use crate::real::Real;

/// An architecture with its sizes, as configured.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    /// Fully connected layers without biases.
    Fcp {
        /// Widths between pixels and classes; published: 50, 50.
        hidden: Vec<usize>,
        /// Between the layers.
        activation: Activation,
    },
    /// Two convolutions, then fully connected layers.
    Lenet {
        /// Channels, kernel and widths.
        sizes: LenetSizes,
        /// After each layer but the last.
        activation: Activation,
    },
    /// Fully connected layers without biases that reproduce the image.
    Autoencoder {
        /// Widths between pixels and pixels; published: 32, 32, 32.
        hidden: Vec<usize>,
    },
    /// A recurrent layer that reads permuted images row by row.
    Lstm {
        /// Hidden units; published: 48.
        hidden: usize,
        /// Seed of the order of the pixels; published: 1234.
        permutation_seed: u32,
    },
}

impl Architecture {
    /// As in configurations: `"fcp"`, `"lenet"`, `"autoencoder"`, `"lstm"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fcp { .. } => "fcp",
            Self::Lenet { .. } => "lenet",
            Self::Autoencoder { .. } => "autoencoder",
            Self::Lstm { .. } => "lstm",
        }
    }

    /// The network for images of `rows` × `columns` pixels in `classes` classes.
    ///
    /// # Errors
    /// A sentence saying which size is 0, or what images the architecture needs.
    pub fn build<A: Real>(&self, rows: usize, columns: usize, classes: usize) -> Result<Box<dyn Network<A>>, String> {
        if rows * columns == 0 || classes == 0 {
            return Err(format!("there is no network for images of {rows} × {columns} pixels in {classes} classes"));
        }
        if let Some(size) = self.zero() {
            return Err(format!("{size} of {} is 0; it must be at least 1", self.name()));
        }
        let pixels = rows * columns;
        Ok(match self {
            Self::Fcp { hidden, activation } => Box::new(Fcp::new(&[&[pixels], &hidden[..], &[classes]].concat(), *activation)),
            Self::Lenet { sizes, activation } => {
                Box::new(Lenet::new([rows, columns], classes, sizes, *activation).map_err(|error| error.to_string())?)
            }
            Self::Autoencoder { hidden } => Box::new(Autoencoder::new(pixels, hidden)),
            Self::Lstm { hidden, permutation_seed } => Box::new(Lstm::new([rows, columns], classes, *hidden, *permutation_seed)),
        })
    }

    /// Name of a size that is 0.
    fn zero(&self) -> Option<&'static str> {
        let sizes = match self {
            Self::Fcp { hidden, .. } | Self::Autoencoder { hidden } => vec![("a hidden width", &hidden[..])],
            Self::Lenet { sizes, .. } => vec![
                ("a number of channels", &sizes.channels[..]),
                ("the kernel", std::slice::from_ref(&sizes.kernel)),
                ("a width of the dense layers", &sizes.dense[..]),
            ],
            Self::Lstm { hidden, .. } => vec![("the number of hidden units", std::slice::from_ref(hidden))],
        };
        sizes.into_iter().find(|(_, sizes)| sizes.contains(&0)).map(|(name, _)| name)
    }
}
