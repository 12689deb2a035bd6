//! Losses and gradients of a perceptron at all points of a span, sharing the first layer's products.
//!
//! The first layer, 93 % of the published network, is linear in its weights on fixed inputs, so its
//! products are done once for each of the K spanning vectors and combined for the M points:
//! W(t_m) Xᵀ = Σ_k c_mk V_k Xᵀ, and backward Σ_m w_mn δ_m X = (Σ_m w_mn δ_m) X. With K = 12, N = 10
//! and M = 51 that is a quarter of the work. The later layers are small and done point by point.
//!
//! Images stand in columns here, `(width, images)`: then each combination is one product of
//! contiguous matrices, `(M, K) · (K, width · images)`.

use super::Fcp;
use crate::landscape::Span;
use crate::network::{Batch, cross_entropy};
use crate::real::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

pub(super) struct Along<'a, A> {
    network: &'a Fcp,
    /// `(K, width · images)`: V_k Xᵀ; backward `(N, width · images)`: Σ_m w_mn δ_m.
    shared: Array2<A>,
    /// `(M, width · images)`: first layer's output, then its gradient, at each point.
    first: Array2<A>,
    /// `(M, P − first)`: the later layers' weights at each point, and the gradient with respect to them.
    later: Array2<A>,
    later_gradient: Array2<A>,
    /// Of one point: outputs of the later layers and gradients with respect to layer outputs, `(width, images)`.
    outputs: Vec<Array2<A>>,
    deltas: Vec<Array2<A>>,
    /// `(images, classes)` logits.
    logits: Array2<A>,
}

impl<'a, A: Real> Along<'a, A> {
    pub(super) fn new(network: &'a Fcp) -> Self {
        let empty = || Array2::zeros((0, 0));
        let layers = network.layers();
        Self {
            network,
            shared: empty(),
            first: empty(),
            later: empty(),
            later_gradient: empty(),
            outputs: vec![empty(); layers - 1],
            deltas: vec![empty(); layers],
            logits: empty(),
        }
    }

    pub(super) fn losses(&mut self, span: &Span<A>, batch: Batch<A>, losses: &mut [f64]) {
        self.first_layer(span, batch.inputs);
        for (m, loss) in losses.iter_mut().enumerate() {
            self.forward(m, batch.labels.len());
            *loss += cross_entropy::loss(&mut self.logits.view_mut(), batch.labels).loss;
        }
    }

    pub(super) fn gradient(
        &mut self,
        span: &Span<A>,
        weights: ArrayView2<A>,
        batch: Batch<A>,
        losses: &mut [f64],
        mut gradient: ArrayViewMut2<A>,
    ) {
        self.first_layer(span, batch.inputs);
        for (m, loss) in losses.iter_mut().enumerate() {
            self.forward(m, batch.labels.len());
            if weights.row(m).iter().all(A::is_zero) {
                // The pinned ends: nothing of this point enters the gradient.
                *loss += cross_entropy::loss(&mut self.logits.view_mut(), batch.labels).loss;
                self.first.row_mut(m).fill(A::zero());
                self.later_gradient.row_mut(m).fill(A::zero());
            } else {
                *loss += cross_entropy::loss_and_delta(&mut self.logits.view_mut(), batch.labels).loss;
                self.backward(m, batch.labels.len());
            }
        }
        let later = self.first_weights();
        let mut tail = gradient.slice_mut(s![.., later..]);
        general_mat_mul(A::one(), &weights.t(), &self.later_gradient, A::one(), &mut tail);
        let mut combined = self.shared.slice_mut(s![..weights.ncols(), ..]);
        general_mat_mul(A::one(), &weights.t(), &self.first, A::zero(), &mut combined);
        for (delta, mut row) in combined.outer_iter().zip(gradient.outer_iter_mut()) {
            let delta = delta.into_shape_with_order((self.network.widths[1], batch.labels.len())).expect("a row is contiguous");
            let row = row.as_slice_mut().expect("a row of the gradient is contiguous");
            let mut weights = self.network.layout.tensors()[0].matrix_mut(row);
            general_mat_mul(A::one(), &delta, &batch.inputs, A::one(), &mut weights);
        }
    }

    /// Number of weights of the first layer; those of the later layers follow in θ.
    fn first_weights(&self) -> usize {
        self.network.layout.tensors()[0].len()
    }

    fn reserve(&mut self, spanning: usize, points: usize, images: usize) {
        let widths = &self.network.widths[1..];
        let area = widths[0] * images;
        if self.shared.nrows() == spanning && self.first.dim() == (points, area) {
            return;
        }
        let later = self.network.layout.parameters() - self.first_weights();
        self.shared = Array2::zeros((spanning, area));
        self.first = Array2::zeros((points, area));
        self.later = Array2::zeros((points, later));
        self.later_gradient = Array2::zeros((points, later));
        self.outputs = widths[1..].iter().map(|&width| Array2::zeros((width, images))).collect();
        self.deltas = widths.iter().map(|&width| Array2::zeros((width, images))).collect();
        self.logits = Array2::zeros((images, widths[widths.len() - 1]));
    }

    /// First layer before its activation at every point, and the later weights at every point.
    fn first_layer(&mut self, span: &Span<A>, inputs: ArrayView2<A>) {
        let images = inputs.nrows();
        self.reserve(span.vectors.nrows(), span.points(), images);
        for (vector, mut product) in span.vectors.outer_iter().zip(self.shared.outer_iter_mut()) {
            let vector = vector.to_slice().expect("a spanning vector is contiguous");
            let product = product.as_slice_mut().expect("a row is contiguous");
            let mut product = ArrayViewMut2::from_shape((self.network.widths[1], images), product).expect("width · images");
            general_mat_mul(A::one(), &self.network.weights(vector, 0), &inputs.t(), A::zero(), &mut product);
        }
        general_mat_mul(A::one(), &span.coefficients, &self.shared, A::zero(), &mut self.first);
        let tail = span.vectors.slice(s![.., self.first_weights()..]);
        general_mat_mul(A::one(), &span.coefficients, &tail, A::zero(), &mut self.later);
    }

    /// Weights of layer `l` ≥ 1 at point `m`.
    fn later_weights(&self, m: usize, l: usize) -> ArrayView2<'_, A> {
        let tensor = &self.network.layout.tensors()[l];
        let start = tensor.offset - self.first_weights();
        let row = self.later.index_axis(Axis(0), m).to_slice().expect("a row is contiguous");
        ArrayView2::from_shape((tensor.shape[0], tensor.shape[1]), &row[start..start + tensor.len()]).expect("shape and length agree")
    }

    /// Activates the first layer's output at point `m` in place and computes the logits.
    fn forward(&mut self, m: usize, images: usize) {
        let layers = self.network.layers();
        if layers > 1 {
            self.network.activation.apply(self.first.row_mut(m).into_slice().expect("a row is contiguous"));
        }
        for l in 1..layers {
            let mut output = std::mem::take(&mut self.outputs[l - 1]);
            general_mat_mul(A::one(), &self.later_weights(m, l), &self.output(m, l - 1, images), A::zero(), &mut output);
            if l < layers - 1 {
                self.network.activation.apply(output.as_slice_mut().expect("an owned matrix is contiguous"));
            }
            self.outputs[l - 1] = output;
        }
        let mut logits = std::mem::take(&mut self.logits);
        logits.assign(&self.output(m, layers - 1, images).t());
        self.logits = logits;
    }

    /// `(width, images)` output of layer `l` at point `m`, the one last computed.
    fn output(&self, m: usize, l: usize, images: usize) -> ArrayView2<'_, A> {
        if l > 0 {
            return self.outputs[l - 1].view();
        }
        let row = self.first.index_axis(Axis(0), m).to_slice().expect("a row is contiguous");
        ArrayView2::from_shape((self.network.widths[1], images), row).expect("width · images")
    }

    /// The logits hold their gradient; leaves that of the first layer's products in `first` and that
    /// of the later weights in `later_gradient`.
    fn backward(&mut self, m: usize, images: usize) {
        let layers = self.network.layers();
        self.deltas[layers - 1].assign(&self.logits.t());
        for l in (1..layers).rev() {
            let mut below = std::mem::take(&mut self.deltas[l - 1]);
            let mut gradient = std::mem::take(&mut self.later_gradient);
            let tensor = &self.network.layout.tensors()[l];
            let start = tensor.offset - self.first_weights();
            let row = gradient.row_mut(m).into_slice().expect("a row is contiguous");
            let mut weights = ArrayViewMut2::from_shape((tensor.shape[0], tensor.shape[1]), &mut row[start..start + tensor.len()])
                .expect("shape and length agree");
            let input = self.output(m, l - 1, images);
            general_mat_mul(A::one(), &self.deltas[l], &input.t(), A::zero(), &mut weights);
            general_mat_mul(A::one(), &self.later_weights(m, l).t(), &self.deltas[l], A::zero(), &mut below);
            let slopes = input.as_slice().expect("an output is contiguous");
            self.network.activation.slope(below.as_slice_mut().expect("an owned matrix is contiguous"), slopes);
            self.later_gradient = gradient;
            self.deltas[l - 1] = below;
        }
        let delta = self.deltas[0].as_slice().expect("an owned matrix is contiguous");
        self.first.row_mut(m).into_slice().expect("a row is contiguous").copy_from_slice(delta);
    }
}
