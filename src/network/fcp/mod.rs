//! FCP: fully connected layers without biases, an activation between them, cross-entropy at the end.
//!
//! z_1 = x W_1ᵀ, a_l = activation(z_l), z_{l+1} = a_l W_{l+1}ᵀ; W_l is (width of l, width of l − 1).
//! The published network is 784 → 50 → 50 → 10, P = 42 200.

mod along;
mod at_point;

use super::{Activation, Batch, Evaluator, Layout, Network, Score};
use crate::landscape::Span;
use crate::real::Real;
use along::Along;
use at_point::AtPoint;
use ndarray::{ArrayView2, ArrayViewMut2};

/// A fully connected perceptron.
#[derive(Clone, Debug)]
pub struct Fcp {
    widths: Vec<usize>,
    activation: Activation,
    layout: Layout,
}

impl Fcp {
    /// A network of these widths: pixels, hidden layers, classes.
    ///
    /// # Panics
    /// If there are fewer than two widths or one is 0.
    pub fn new(widths: &[usize], activation: Activation) -> Self {
        assert!(widths.len() >= 2 && widths.iter().all(|&width| width > 0), "widths {widths:?} make no network");
        let layout = widths.windows(2).enumerate().fold(Layout::default(), |layout, (l, pair)| {
            layout.with(&format!("fc{}.weight", l + 1), &[pair[1], pair[0]], 1.0 / (pair[0] as f64).sqrt())
        });
        Self { widths: widths.to_vec(), activation, layout }
    }

    /// Number of weight matrices.
    fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// W_{l+1} inside θ.
    fn weights<'a, A: Real>(&self, theta: &'a [A], l: usize) -> ArrayView2<'a, A> {
        self.layout.tensors()[l].matrix(theta)
    }
}

impl<A: Real> Network<A> for Fcp {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn inputs(&self) -> usize {
        self.widths[0]
    }

    fn evaluator(&self) -> Box<dyn Evaluator<A> + '_> {
        Box::new(FcpEvaluator { point: AtPoint::new(self), along: Along::new(self) })
    }
}

struct FcpEvaluator<'a, A> {
    point: AtPoint<'a, A>,
    along: Along<'a, A>,
}

impl<A: Real> Evaluator<A> for FcpEvaluator<'_, A> {
    fn loss(&mut self, theta: &[A], batch: Batch<A>) -> Score {
        self.point.loss(theta, batch)
    }

    fn loss_and_gradient(&mut self, theta: &[A], batch: Batch<A>, gradient: &mut [A]) -> Score {
        self.point.loss_and_gradient(theta, batch, gradient)
    }

    fn span_losses(&mut self, span: &Span<A>, batch: Batch<A>, losses: &mut [f64]) {
        self.along.losses(span, batch, losses);
    }

    fn span_gradient(
        &mut self,
        span: &Span<A>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
        gradient: ArrayViewMut2<A>,
    ) {
        self.along.gradient(span, weights, batch, losses, gradient);
    }
}
