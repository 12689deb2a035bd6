//! A network that only the tests build, as an example of a new architecture.
//!
//! Linear: zₖ = gain · wₖ·x + bₖ and cross-entropy. It consists of this file and its line in the
//! registry. The tests here, those of the configuration and those of the report use it like the
//! others.

use super::descriptor::{Descriptor, QuickStudy, SuggestedSgd};
use super::{Batch, Evaluation, Evaluator, Layout, Network, Score, cross_entropy};
use crate::kernels::Real;
use crate::keys::{ChoiceKey, KeyKind};
use ndarray::{Array2, ArrayViewMut1, Axis};

pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "linear",
    title: "Linear",
    loss_label: "loss (nat per image, linear)",
    keys: &[
        ChoiceKey::new("gain", "of the logits", KeyKind::Positive { default: 0.5 }),
        ChoiceKey::new("biases", "whether there are biases", KeyKind::Flag { default: true })
            .came_later(),
    ],
    build: |architecture, images, classes| {
        let (inputs, gain) = (images.pixels(), architecture.positive("gain"));
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut layout = Layout::default().with("fc.weight", &[classes, inputs], bound);
        if architecture.flag("biases") {
            layout = layout.with("fc.bias", &[classes], bound);
        }
        Ok(Box::new(Linear { gain, layout }))
    },
    sgd: SuggestedSgd { learning_rate: 0.1, epochs: 10 },
    quick: QuickStudy { train: 10_000, test: None, paths: [2000, 1000] },
};

struct Linear {
    gain: f64,
    layout: Layout,
}

impl<A: Real> Network<A> for Linear {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.layout.tensors()[0].shape[1]
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        Box::new(self)
    }
}

/// It has no buffers.
impl<A: Real> Evaluator<A> for &Linear {
    fn at<'e>(&'e mut self, theta: &'e [A]) -> Box<dyn Evaluation<A> + 'e> {
        Box::new(At { network: self, theta })
    }
}

/// The network at one θ.
struct At<'e, A> {
    network: &'e Linear,
    theta: &'e [A],
}

impl<A: Real> At<'_, A> {
    fn logits(&self, batch: Batch<A>) -> Array2<A> {
        let tensors = self.network.layout.tensors();
        let weight = tensors[0].matrix(self.theta);
        let mut logits = weight.dot(&batch.images.gray().t()) * A::of(self.network.gain);
        if let Some(bias) = tensors.get(1) {
            logits += &bias.matrix(self.theta);
        }
        logits.as_standard_layout().into_owned()
    }
}

impl<A: Real> Evaluation<A> for At<'_, A> {
    fn loss(&mut self, batch: Batch<A>) -> Score {
        cross_entropy::loss(&mut self.logits(batch).view_mut(), batch.labels)
    }

    fn loss_and_gradient(&mut self, batch: Batch<A>, gradient: &mut [A]) -> Score {
        let mut delta = self.logits(batch);
        let score = cross_entropy::loss_and_delta(&mut delta.view_mut(), batch.labels);
        let weight = &self.network.layout.tensors()[0];
        let weights = weight.len();
        let mut of_weight = weight.matrix_mut(gradient);
        of_weight += &(delta.dot(&batch.images.gray()) * A::of(self.network.gain));
        if weights < gradient.len() {
            let mut of_bias = ArrayViewMut1::from(&mut gradient[weights..]);
            of_bias += &delta.sum_axis(Axis(1));
        }
        score
    }
}

#[test]
fn its_gradient_is_that_of_its_loss() {
    use super::{Architecture, Value};
    use crate::data::ImageShape;
    for biases in [true, false] {
        let architecture =
            Architecture::with_defaults(&DESCRIPTOR).with("biases", Value::Flag(biases));
        let network = architecture.build::<f64>(ImageShape::gray(2, 3), 4).unwrap();
        let inputs = Array2::from_shape_fn((5, 6), |(i, j)| (i * 6 + j) as f64 / 30.0);
        let batch = Batch { images: inputs.view().into(), labels: &[0, 3, 1, 2, 3] };
        let parameters = network.layout().parameters();
        assert_eq!(parameters, if biases { 28 } else { 24 });
        let theta: Vec<f64> = (0..parameters).map(|i| (1.7 * i as f64).sin()).collect();
        let mut evaluator = network.evaluator();
        let mut gradient = vec![0.0; parameters];
        let score = evaluator.at(&theta).loss_and_gradient(batch, &mut gradient);
        assert_eq!(score, evaluator.at(&theta).loss(batch));
        for (i, slope) in gradient.iter().enumerate() {
            let [above, below] = [1e-5, -1e-5].map(|h| {
                let mut theta = theta.clone();
                theta[i] += h;
                evaluator.at(&theta).loss(batch).loss
            });
            assert!(((above - below) / 2e-5 - slope).abs() < 1e-8, "component {i}");
        }
    }
}
