//! LeNet: two convolutions with average pooling, three fully connected layers, cross-entropy.
//!
//! conv channels → c₁ (padded so that an odd kernel keeps the size) · activation · mean of 2 × 2 ·
//! conv c₁ → c₂ (no padding) · activation · mean of 2 × 2 · fully connected layers with the
//! activation between them; biases everywhere. With the defaults, gray images of 28 × 28 pixels and
//! 10 classes: 5 × 5 kernels, 6 and 16 channels and widths 400 → 120 → 84 → 10, P = 61 706. The
//! activation comes before the pooling.

mod convolution;
mod evaluator;

use super::dense::{Dense, Loss};
use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Activation, Evaluator, Layout, Network, Symmetry, UnitGroup};
use crate::data::ImageShape;
use crate::kernels::Real;
use crate::kernels::convolution::{Maps, pooled};
use crate::keys::{ChoiceKey, KeyKind};
use convolution::Convolution;
use evaluator::LenetEvaluator;
use thiserror::Error;

/// `kind = "lenet"`.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "lenet",
    title: "LeNet",
    loss_label: "loss (nat per image)",
    keys: &[
        ChoiceKey::new(
            "channels",
            "output channels of the two convolutions",
            KeyKind::Counts { default: &[6, 16], check: one_for_each_convolution },
        ),
        ChoiceKey::count("kernel", "height and width of their kernels, in pixels", 5),
        ChoiceKey::counts("dense", "widths of the hidden fully connected layers", &[120, 84]),
        Activation::KEY,
    ],
    build: |architecture, images, classes| {
        let channels = architecture.counts("channels");
        let sizes = LenetSizes {
            channels: [channels[0], channels[1]],
            kernel: architecture.count("kernel"),
            dense: architecture.counts("dense").to_vec(),
        };
        match Lenet::new(images, classes, &sizes, Activation::of(architecture)) {
            Ok(network) => Ok(Box::new(network)),
            Err(error) => Err(error.to_string()),
        }
    },
    sgd: SuggestedSgd { learning_rate: 0.1, epochs: 70 },
    quick: QuickStudy { train: 2000, test: Some(2000), paths: [60, 60] },
};

fn one_for_each_convolution(channels: &[usize]) -> Result<(), String> {
    if channels.len() == 2 {
        Ok(())
    } else {
        Err(format!("must be two numbers, one for each convolution, is {channels:?}"))
    }
}

/// Sizes of a LeNet.
#[derive(Clone, Debug, PartialEq)]
pub struct LenetSizes {
    /// Channels of the two convolutions.
    pub channels: [usize; 2],
    /// Rows and columns of both kernels.
    pub kernel: usize,
    /// Hidden widths of the fully connected layers.
    pub dense: Vec<usize>,
}

/// The images are too small to be convolved and halved twice.
#[derive(Clone, Debug, Error, PartialEq)]
#[error(
    "images of {rows} × {columns} pixels are too small for LeNet with a kernel of {kernel}: \
     it needs {needed} × {needed}; choose a smaller kernel or another network"
)]
pub struct TooSmall {
    /// Height of the images.
    pub rows: usize,
    /// Width of the images.
    pub columns: usize,
    /// Size of the kernels.
    pub kernel: usize,
    /// The smallest height and width that leave a pixel after the second pooling.
    pub needed: usize,
}

/// A convolutional network.
#[derive(Clone, Debug)]
pub struct Lenet {
    activation: Activation,
    layout: Layout,
    /// Each is followed by the activation and the pooling.
    convolutions: [Convolution; 2],
    dense: Dense,
}

impl Lenet {
    /// A network for images of this shape in `classes` classes.
    ///
    /// # Errors
    /// [`TooSmall`] when no pixel would be left after the second pooling.
    ///
    /// # Panics
    /// If one of the sizes is 0.
    pub fn new(
        images: ImageShape,
        classes: usize,
        sizes: &LenetSizes,
        activation: Activation,
    ) -> Result<Self, TooSmall> {
        let ImageShape { channels, rows, columns } = images;
        let kernel = sizes.kernel;
        let all = [channels, kernel, classes, sizes.channels[0], sizes.channels[1]];
        assert!(
            all.iter().chain(&sizes.dense).all(|&size| size > 0),
            "{sizes:?}, {images} and {classes} classes make no network"
        );
        let padding = (kernel - 1) / 2;
        // Backward from one pixel: doubled, widened by the second kernel, doubled, the first
        // convolution undone.
        let needed = (2 * (2 + kernel - 1) + kernel - 1 - 2 * padding).max(1);
        if rows < needed || columns < needed {
            return Err(TooSmall { rows, columns, kernel, needed });
        }
        let image = Maps { channels, rows, columns, border: padding };
        let (layout, first) =
            convolution(Layout::default(), "conv1", image, sizes.channels[0], kernel);
        let (layout, second) =
            convolution(layout, "conv2", pooled(first.forward.to), sizes.channels[1], kernel);
        let widths = [&[pooled(second.forward.to).len()], &sizes.dense[..], &[classes]].concat();
        let (layout, dense) =
            Dense::append(layout, "fc", &widths, true, activation, Loss::CrossEntropy);
        Ok(Self { activation, layout, convolutions: [first, second], dense })
    }
}

/// Appends a convolution to `layout`; the images are not too small for it.
fn convolution(
    layout: Layout,
    name: &str,
    input: Maps,
    channels: usize,
    kernel: usize,
) -> (Layout, Convolution) {
    let bound = 1.0 / ((input.channels * kernel * kernel) as f64).sqrt();
    let layout =
        layout.with(&format!("{name}.weight"), &[channels, input.channels, kernel, kernel], bound);
    let weight = layout.last().clone();
    let layout = layout.with(&format!("{name}.bias"), &[channels], bound);
    let bias = layout.last().clone();
    (layout, Convolution::new(input, channels, kernel, weight, bias))
}

impl<A: Real> Network<A> for Lenet {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.convolutions[0].forward.from.len()
    }

    /// The channels of each convolution and the units of each hidden layer. A channel of the second
    /// convolution has as many neighboring columns of the first fully connected layer as it has
    /// pixels after the pooling.
    fn symmetry(&self) -> Symmetry {
        let parity = self.activation.parity();
        let [first, second] = &self.convolutions;
        let channels = |convolution: &Convolution| {
            let name = convolution.weight.name.trim_end_matches(".weight");
            UnitGroup::new(name, convolution.weight.shape[0])
                .along(&convolution.weight, 0, parity)
                .along(&convolution.bias, 0, parity)
        };
        let first = channels(first).along(&second.weight, 1, parity);
        let second = channels(second).along(self.dense.first_weight(), 1, parity);
        Symmetry::new([first, second].into_iter().chain(self.dense.unit_groups()).collect())
    }

    fn evaluator_bytes(&self) -> f64 {
        LenetEvaluator::<A>::bytes(self)
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        Box::new(LenetEvaluator::new(self))
    }
}
