//! Loss and gradient of a LeNet at one θ.
//!
//! Images go through the convolutions sixteen side by side and through the fully connected layers
//! in strips of a few such groups, whose maps stay near the core.

use super::Lenet;
use super::convolution::{Convolution, LANES, Lanes, TILE, add_weight_gradient, convolve, input_gradient};
use super::pooling::{pool, pooled, unpool};
use crate::network::dense::AtPoint;
use crate::network::{Activation, Batch, Evaluator, Score};
use crate::real::Real;
use aligned_vec::{AVec, avec};
use ndarray::{Array2, ArrayView2, Axis, s};

/// Images of one pass through all layers.
const STRIP: usize = 4 * LANES;

/// Numbers of sixteen images; aligned, so that no load of sixteen crosses a cache line.
type Buffer<A> = AVec<Lanes<A>>;

fn buffer<A: Real>(length: usize) -> Buffer<A> {
    avec![[A::zero(); LANES]; length]
}

pub(super) struct LenetEvaluator<'a, A> {
    network: &'a Lenet,
    stages: [Stage<A>; 2],
    groups: Vec<Group<A>>,
    /// `(STRIP, width)`: what the fully connected layers take, and the gradient with respect to it.
    features: Array2<A>,
    below: Array2<A>,
    head: AtPoint<A>,
}

/// What sixteen images leave behind for the way back.
struct Group<A> {
    image: Buffer<A>,
    /// Of each convolution: its activated output, and that pooled.
    activated: [Buffer<A>; 2],
    pooled: [Buffer<A>; 2],
}

/// The working memory of one convolution.
struct Stage<A> {
    by_output: Vec<[A; TILE]>,
    by_input: Vec<[A; TILE]>,
    /// ∂loss/∂weights of each of the sixteen images.
    sums: AVec<[Lanes<A>; TILE]>,
    /// Gradients of one group with respect to the convolution's and the pooling's output.
    deltas: Buffer<A>,
    pooled_deltas: Buffer<A>,
}

impl<A: Real> Stage<A> {
    fn new(sizes: &Convolution) -> Self {
        Self {
            by_output: vec![[A::zero(); TILE]; sizes.tiles_by_output()],
            by_input: vec![[A::zero(); TILE]; sizes.tiles_by_input()],
            sums: avec![[[A::zero(); LANES]; TILE]; sizes.tiles_by_output()],
            deltas: buffer(sizes.output.len()),
            pooled_deltas: buffer(pooled(sizes.output).len()),
        }
    }

    /// Takes the gradient with respect to the pooled output, in `pooled_deltas`, down to the weights.
    fn backward(
        &mut self,
        sizes: &Convolution,
        activation: Activation,
        activated: &[Lanes<A>],
        input: &[Lanes<A>],
        gradient: &mut [A],
    ) {
        unpool(sizes.output, &self.pooled_deltas, &mut self.deltas);
        activation.slope(self.deltas.as_flattened_mut(), activated.as_flattened());
        add_weight_gradient(sizes, &self.deltas, input, &mut self.sums);
        let area = sizes.output.rows * sizes.output.columns;
        let biases = sizes.bias.matrix_mut(gradient);
        for (bias, deltas) in biases.into_iter().zip(self.deltas.chunks_exact(area)) {
            *bias += sum(deltas);
        }
    }
}

/// Sum over pixels and images.
fn sum<A: Real>(lanes: &[Lanes<A>]) -> A {
    let mut sums = [A::zero(); LANES];
    for lanes in lanes {
        for (sum, &x) in sums.iter_mut().zip(lanes) {
            *sum += x;
        }
    }
    sums.into_iter().sum()
}

impl<'a, A: Real> LenetEvaluator<'a, A> {
    pub(super) fn new(network: &'a Lenet) -> Self {
        let convolutions = &network.convolutions;
        let lengths = |length: fn(&Convolution) -> usize| [0, 1].map(|k| buffer(length(&convolutions[k])));
        let group = || Group {
            image: buffer(convolutions[0].input.len()),
            activated: lengths(|sizes| sizes.output.len()),
            pooled: lengths(|sizes| pooled(sizes.output).len()),
        };
        let features = pooled(convolutions[1].output).len();
        Self {
            network,
            stages: [0, 1].map(|k| Stage::new(&convolutions[k])),
            groups: (0..STRIP / LANES).map(|_| group()).collect(),
            features: Array2::zeros((STRIP, features)),
            below: Array2::zeros((STRIP, features)),
            head: AtPoint::new(network.dense.clone()),
        }
    }

    fn reorder_weights(&mut self, theta: &[A]) {
        for (sizes, stage) in self.network.convolutions.iter().zip(&mut self.stages) {
            sizes.by_output(theta, &mut stage.by_output);
            sizes.by_input(theta, &mut stage.by_input);
        }
    }

    /// Fills `features` of the images of a strip.
    fn forward(&mut self, theta: &[A], inputs: ArrayView2<A>) {
        for (g, images) in inputs.axis_chunks_iter(Axis(0), LANES).enumerate() {
            let group = &mut self.groups[g];
            side_by_side(images, &mut group.image);
            for (k, sizes) in self.network.convolutions.iter().enumerate() {
                let (before, after) = group.pooled.split_at_mut(k);
                let input = before.last().unwrap_or(&group.image);
                let activated = &mut group.activated[k];
                convolve(sizes, &self.stages[k].by_output, sizes.bias.slice(theta), input, activated);
                self.network.activation.apply(activated.as_flattened_mut());
                pool(sizes.output, activated, &mut after[0]);
            }
            let mut features = self.features.slice_mut(s![g * LANES..g * LANES + images.nrows(), ..]);
            for (lane, mut features) in features.outer_iter_mut().enumerate() {
                features.iter_mut().zip(group.pooled[1].iter()).for_each(|(feature, pooled)| *feature = pooled[lane]);
            }
        }
    }

    /// `below` holds the gradient with respect to the features of the strip's images.
    fn backward(&mut self, images: usize, gradient: &mut [A]) {
        let below = self.below.slice(s![..images, ..]);
        for (group, below) in self.groups.iter().zip(below.axis_chunks_iter(Axis(0), LANES)) {
            let [first, second] = &mut self.stages;
            let [sizes_first, sizes_second] = &self.network.convolutions;
            // Where there are fewer than sixteen images the others have no gradient.
            second.pooled_deltas.as_flattened_mut().fill(A::zero());
            for (lane, below) in below.outer_iter().enumerate() {
                second.pooled_deltas.iter_mut().zip(below).for_each(|(deltas, &delta)| deltas[lane] = delta);
            }
            let activation = self.network.activation;
            second.backward(sizes_second, activation, &group.activated[1], &group.pooled[0], gradient);
            input_gradient(sizes_second, &second.by_input, &second.deltas, &mut first.pooled_deltas);
            first.backward(sizes_first, activation, &group.activated[0], &group.image, gradient);
        }
    }
}

/// Writes up to sixteen images, `(images, pixels)`, side by side; the last one fills the lanes of
/// those that are missing, so that no number arises there that does not elsewhere.
fn side_by_side<A: Real>(images: ArrayView2<A>, lanes: &mut [Lanes<A>]) {
    let rows: [&[A]; LANES] = std::array::from_fn(|lane| {
        let image = images.index_axis_move(Axis(0), lane.min(images.nrows() - 1));
        &image.to_slice().expect("an image is contiguous")[..lanes.len()]
    });
    for (pixel, lanes) in lanes.iter_mut().enumerate() {
        *lanes = rows.map(|row| row[pixel]);
    }
}

impl<A: Real> Evaluator<A> for LenetEvaluator<'_, A> {
    fn loss(&mut self, theta: &[A], batch: Batch<A>) -> Score {
        self.reorder_weights(theta);
        let mut score = Score::default();
        for strip in batch.strips(STRIP) {
            self.forward(theta, strip.inputs);
            score += self.head.loss(theta, self.features.slice(s![..strip.labels.len(), ..]), strip);
        }
        score
    }

    fn loss_and_gradient(&mut self, theta: &[A], batch: Batch<A>, gradient: &mut [A]) -> Score {
        self.reorder_weights(theta);
        self.stages.iter_mut().for_each(|stage| stage.sums.fill([[A::zero(); LANES]; TILE]));
        let mut score = Score::default();
        for strip in batch.strips(STRIP) {
            let images = strip.labels.len();
            self.forward(theta, strip.inputs);
            let features = self.features.slice(s![..images, ..]);
            let below = self.below.slice_mut(s![..images, ..]);
            score += self.head.loss_and_gradient(theta, features, strip, gradient, Some(below));
            self.backward(images, gradient);
        }
        for (sizes, stage) in self.network.convolutions.iter().zip(&self.stages) {
            sizes.reduce(&stage.sums, gradient);
        }
        score
    }
}
