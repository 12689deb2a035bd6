//! Loss and gradient of a LeNet at one θ.
//!
//! Convolutions process sixteen images side by side, fully connected layers process blocks of a few
//! such groups. The maps of a block stay in the cache of the core.

use super::Lenet;
use super::convolution::{Convolution, total};
use crate::kernels::convolution::{
    Below, CHANNELS, Filled, LANES, Lanes, Maps, NEIGHBORS, WeightSums, activate_and_pool,
    add_weight_gradient, convolve, pooled, unpool,
};
use crate::kernels::{Buffer, Real};
use crate::network::dense::AtPoint;
use crate::network::{Activation, Batch, Evaluation, Evaluator, Score, TakeOutputs};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use std::ops::{Deref, DerefMut};

/// Images of one pass through all layers.
const BLOCK: usize = 4 * LANES;

/// Maps of sixteen images.
struct MapBuffer<A>(Buffer<A>);

impl<A: Real> MapBuffer<A> {
    /// Zeros, among them the border, which is never written, and one more number after the last.
    fn new(maps: Maps) -> Self {
        Self(Buffer::zeros((maps.channels * maps.area() + 1) * LANES))
    }
}

impl<A> Deref for MapBuffer<A> {
    type Target = [Lanes<A>];

    fn deref(&self) -> &[Lanes<A>] {
        self.0.as_chunks().0
    }
}

impl<A> DerefMut for MapBuffer<A> {
    fn deref_mut(&mut self) -> &mut [Lanes<A>] {
        self.0.as_chunks_mut().0
    }
}

pub(super) struct LenetEvaluator<'a, A> {
    network: &'a Lenet,
    layers: [ConvolutionLayer<'a, A>; 2],
    groups: Vec<Group<A>>,
    /// `(width, images)`: what the fully connected layers take, and the gradient with respect to
    /// it.
    features: Buffer<A>,
    below: Buffer<A>,
    head: AtPoint<A>,
    /// Zeros for the channels between the convolutions.
    no_bias: Vec<A>,
}

/// The data of sixteen images for the backward pass.
struct Group<A> {
    image: MapBuffer<A>,
    /// Stored rows of what each convolution takes: in the first where one of the images is not
    /// black.
    filled: [Vec<Filled>; 2],
    /// Of each convolution: its activated output, or the slopes of the activation if they do not
    /// follow from it, and the output pooled.
    activated: [MapBuffer<A>; 2],
    pooled: [MapBuffer<A>; 2],
}

/// A convolution and its working memory.
struct ConvolutionLayer<'a, A> {
    convolution: &'a Convolution,
    /// After the pooling.
    pooled: Maps,
    /// Stored rows of the gradient with respect to the convolution's output.
    filled: Vec<Filled>,
    /// The weights as the inner loops want them.
    forward: Vec<[A; CHANNELS]>,
    backward: Vec<[A; CHANNELS]>,
    sums: Vec<WeightSums<A>>,
    /// Of one group.
    bias_sums: Vec<Lanes<A>>,
    /// Gradients of one group with respect to the convolution's and the pooling's output.
    deltas: MapBuffer<A>,
    pooled_deltas: MapBuffer<A>,
}

impl<'a, A: Real> ConvolutionLayer<'a, A> {
    fn new(convolution: &'a Convolution) -> Self {
        let (forward, backward) = (convolution.forward, convolution.backward);
        let pooled = pooled(forward.to);
        Self {
            convolution,
            pooled,
            filled: backward.from.filled(),
            forward: vec![[A::zero(); CHANNELS]; forward.groups() * forward.taps()],
            backward: vec![[A::zero(); CHANNELS]; backward.groups() * backward.taps()],
            sums: vec![
                [[[A::zero(); LANES]; NEIGHBORS]; CHANNELS];
                forward.groups() * convolution.pairs()
            ],
            bias_sums: vec![[A::zero(); LANES]; backward.from.channels],
            deltas: MapBuffer::new(backward.from),
            pooled_deltas: MapBuffer::new(pooled),
        }
    }

    fn forward(
        &self,
        theta: &[A],
        activation: Activation,
        (input, filled): (&[Lanes<A>], &[Filled]),
        activated: &mut [Lanes<A>],
        pooled: &mut [Lanes<A>],
    ) {
        let Convolution { forward, bias, .. } = self.convolution;
        convolve(*forward, &self.forward, bias.slice(theta), input, filled, activated);
        activate_and_pool(activation, forward.to, self.pooled, activated, pooled);
    }

    /// Propagates the gradient with respect to the pooled output, in `pooled_deltas`, to the
    /// weights.
    fn backward(
        &mut self,
        activation: Activation,
        activated: &[Lanes<A>],
        (input, filled): (&[Lanes<A>], &[Filled]),
        gradient: &mut [A],
    ) {
        let Convolution { forward, backward, bias, .. } = self.convolution;
        let below = Below { deltas: &mut self.deltas, sums: &mut self.bias_sums };
        unpool(activation, self.pooled, backward.from, &self.pooled_deltas, activated, below);
        add_weight_gradient(*forward, backward.from, &self.deltas, input, filled, &mut self.sums);
        bias.matrix_mut(gradient)
            .into_iter()
            .zip(&self.bias_sums)
            .for_each(|(bias, sums)| *bias += total(sums));
    }
}

impl<'a, A: Real> LenetEvaluator<'a, A> {
    /// Bytes of the buffers of a new one.
    pub(super) fn bytes(network: &Lenet) -> f64 {
        let maps = |maps: Maps| maps.channels as f64 * maps.area() as f64 * LANES as f64;
        let groups = (BLOCK / LANES) as f64;
        let numbers = network.convolutions.iter().map(|convolution| {
            let Convolution { forward, backward, weight, .. } = convolution;
            // The weights in two orders, and sums for sixteen images.
            let weights = weight.len() as f64 * (2.0 + LANES as f64);
            weights + maps(backward.from) + groups * (maps(forward.to) + maps(pooled(forward.to)))
        });
        numbers.sum::<f64>() * size_of::<A>() as f64
    }

    pub(super) fn new(network: &'a Lenet) -> Self {
        let [first, second] = &network.convolutions;
        let layers = [ConvolutionLayer::new(first), ConvolutionLayer::new(second)];
        let group = || Group {
            image: MapBuffer::new(first.forward.from),
            filled: [first, second].map(|convolution| convolution.forward.from.filled()),
            activated: [MapBuffer::new(first.forward.to), MapBuffer::new(second.forward.to)],
            pooled: [MapBuffer::new(layers[0].pooled), MapBuffer::new(layers[1].pooled)],
        };
        let features = layers[1].pooled.len();
        Self {
            network,
            groups: (0..BLOCK / LANES).map(|_| group()).collect(),
            features: Buffer::zeros(features * BLOCK),
            below: Buffer::zeros(features * BLOCK),
            head: AtPoint::new(network.dense.clone()),
            no_bias: vec![A::zero(); second.forward.from.channels],
            layers,
        }
    }

    fn reorder_weights(&mut self, theta: &[A]) {
        for layer in &mut self.layers {
            layer.convolution.reorder(theta, &mut layer.forward, &mut layer.backward);
        }
    }

    /// Fills `features` of the images of a block.
    fn forward(&mut self, theta: &[A], inputs: ArrayView2<A>) {
        let activation = self.network.activation;
        for (g, images) in inputs.axis_chunks_iter(Axis(0), LANES).enumerate() {
            let Group { image, filled, activated, pooled } = &mut self.groups[g];
            let ([first, second], [first_pooled, second_pooled]) = (activated, pooled);
            side_by_side(images, self.layers[0].convolution.forward.from, image, &mut filled[0]);
            self.layers[0].forward(theta, activation, (image, &filled[0]), first, first_pooled);
            self.layers[1].forward(
                theta,
                activation,
                (first_pooled, &filled[1]),
                second,
                second_pooled,
            );
            let features = self.features.chunks_exact_mut(inputs.nrows());
            for (features, pooled) in features.zip(second_pooled.iter()) {
                features[g * LANES..g * LANES + images.nrows()]
                    .copy_from_slice(&pooled[..images.nrows()]);
            }
        }
    }

    /// The pooled output of the first convolution for `samples` images, `(channels, samples)`.
    fn first_maps(&self, images: usize) -> Array2<A> {
        let maps = self.layers[0].pooled;
        let pixels = maps.rows * maps.columns;
        Array2::from_shape_fn((maps.channels, images * pixels), |(channel, sample)| {
            let (image, pixel) = (sample / pixels, sample % pixels);
            let index = maps.index(channel, pixel / maps.columns, pixel % maps.columns);
            self.groups[image / LANES].pooled[0][index][image % LANES]
        })
    }

    /// `below` holds the gradient with respect to the features of the block's images.
    fn backward(&mut self, images: usize, gradient: &mut [A]) {
        for (g, group) in self.groups.iter().enumerate().take(images.div_ceil(LANES)) {
            let [first, second] = &mut self.layers;
            let lanes = g * LANES..images.min((g + 1) * LANES);
            for (deltas, below) in
                second.pooled_deltas.iter_mut().zip(self.below.chunks_exact(images))
            {
                // Missing images of a group of sixteen have no gradient.
                *deltas = [A::zero(); LANES];
                deltas[..lanes.len()].copy_from_slice(&below[lanes.clone()]);
            }
            let activation = self.network.activation;
            let Group { image, filled, activated, pooled } = group;
            second.backward(activation, &activated[1], (&pooled[0], &filled[1]), gradient);
            let ConvolutionLayer { convolution, backward, deltas, filled: filled_deltas, .. } =
                &*second;
            convolve(
                convolution.backward,
                backward,
                &self.no_bias,
                deltas,
                filled_deltas,
                &mut first.pooled_deltas,
            );
            first.backward(activation, &activated[0], (image, &filled[0]), gradient);
        }
    }
}

/// The features of so many images, from the buffer for a whole block.
fn matrix<A>(features: &[A], images: usize) -> ArrayView2<'_, A> {
    let width = features.len() / BLOCK;
    ArrayView2::from_shape((width, images), &features[..width * images]).expect("width · images")
}

/// Writes up to sixteen images, `(images, pixels)`, side by side, channel after channel; the last
/// one fills the lanes of those that are missing, so that no number arises there that does not
/// elsewhere. `filled` becomes where one of the images is not black in one of its channels.
fn side_by_side<A: Real>(
    images: ArrayView2<A>,
    maps: Maps,
    lanes: &mut [Lanes<A>],
    filled: &mut [Filled],
) {
    let images: [&[A]; LANES] = std::array::from_fn(|lane| {
        let image = images.index_axis_move(Axis(0), lane.min(images.nrows() - 1));
        &image.to_slice().expect("an image is contiguous")[..maps.len()]
    });
    for (channel, row) in (0..maps.channels).flat_map(|c| (0..maps.rows).map(move |row| (c, row))) {
        let start = (channel * maps.rows + row) * maps.columns;
        let pixels = start..start + maps.columns;
        let lanes = &mut lanes[maps.index(channel, row, 0)..][..maps.columns];
        for (first, images) in images
            .as_chunks()
            .0
            .iter()
            .enumerate()
            .map(|(half, images)| (half * images.len(), images))
        {
            let rows = images.map(|image| &image[pixels.clone()]);
            let done = A::transpose(rows, &mut lanes.as_flattened_mut()[first..], LANES);
            for (column, lanes) in lanes.iter_mut().enumerate().skip(done) {
                lanes[first..].iter_mut().zip(rows).for_each(|(lane, row)| *lane = row[column]);
            }
        }
        let counts = |lanes: &Lanes<A>| lanes.iter().any(|x| !x.is_zero());
        let columns = lanes.iter().position(counts).unwrap_or(0)
            ..lanes.iter().rposition(counts).map_or(0, |last| last + 1);
        let columns = maps.border + columns.start..maps.border + columns.end;
        let filled = &mut filled[maps.border + row];
        *filled = if channel == 0 { columns } else { joined(filled, &columns) };
    }
}

/// The columns from the first to the last of both.
fn joined(one: &Filled, other: &Filled) -> Filled {
    if one.is_empty() {
        other.clone()
    } else if other.is_empty() {
        one.clone()
    } else {
        one.start.min(other.start)..one.end.max(other.end)
    }
}

impl<A: Real> Evaluator<A> for LenetEvaluator<'_, A> {
    fn at<'e>(&'e mut self, theta: &'e [A]) -> Box<dyn Evaluation<A> + 'e> {
        self.reorder_weights(theta);
        Box::new(LenetEvaluation { evaluator: self, theta })
    }
}

/// An evaluator with the weights of one θ in their inner order.
struct LenetEvaluation<'e, 'a, A> {
    evaluator: &'e mut LenetEvaluator<'a, A>,
    theta: &'e [A],
}

impl<A: Real> Evaluation<A> for LenetEvaluation<'_, '_, A> {
    fn loss(&mut self, batch: Batch<A>) -> Score {
        let Self { evaluator, theta } = self;
        let mut score = Score::default();
        for block in batch.blocks(BLOCK) {
            evaluator.forward(theta, block.images.gray());
            let features = matrix(&evaluator.features, block.labels.len());
            score += evaluator.head.loss(theta, features.into(), block);
        }
        score
    }

    fn loss_and_gradient(&mut self, batch: Batch<A>, gradient: &mut [A]) -> Score {
        let Self { evaluator, theta } = self;
        for layer in &mut evaluator.layers {
            layer.sums.as_flattened_mut().fill([[A::zero(); LANES]; NEIGHBORS]);
        }
        let mut score = Score::default();
        for block in batch.blocks(BLOCK) {
            let images = block.labels.len();
            evaluator.forward(theta, block.images.gray());
            let LenetEvaluator { head, features, below, .. } = &mut **evaluator;
            let width = below.len() / BLOCK;
            let below = ArrayViewMut2::from_shape((width, images), &mut below[..width * images])
                .expect("width · images");
            let features = matrix(features, images);
            score += head.loss_and_gradient(theta, features.into(), block, gradient, Some(below));
            evaluator.backward(images, gradient);
        }
        for layer in &evaluator.layers {
            layer.convolution.reduce(&layer.sums, gradient);
        }
        score
    }

    /// The outputs of the convolutions are taken after the pooling.
    fn unit_outputs(&mut self, batch: Batch<A>, take: &mut TakeOutputs<A>) {
        let Self { evaluator, theta } = self;
        for block in batch.blocks(BLOCK) {
            let images = block.labels.len();
            evaluator.forward(theta, block.images.gray());
            take(0, evaluator.first_maps(images).view());
            let channels = evaluator.layers[1].pooled.channels;
            let features = matrix(&evaluator.features, images);
            // Pixels of a channel and images are the samples of that channel.
            let samples = features.len() / channels;
            let second = features.into_shape_with_order((channels, samples));
            take(1, second.expect("a channel has as many pixels as all others"));
            evaluator.head.unit_outputs(theta, features.into(), 2, take);
        }
    }
}
