//! For every network: an exchange leaves the loss as it was, and exchanges the gradient.

use super::*;
use crate::data::{ImageShape, ImageView};
use crate::kernels::norm;
use crate::landscape::ImageLandscape;
use crate::network::{Activation, Architecture, Batch, NETWORKS, Network, Value, lstm};
use crate::random::MasterSeed;
use ndarray::Array2;

const CLASSES: usize = 3;
const IMAGES: usize = 7;

/// All architectures with all their activations, with biases and without, with layers of several
/// widths; with the sizes of their images.
pub(crate) fn networks() -> Vec<(String, Box<dyn Network<f64>>)> {
    let mut all = Vec::new();
    for descriptor in NETWORKS {
        let mut variants = vec![(String::new(), Architecture::with_defaults(descriptor))];
        let has = |key: &str| descriptor.keys.iter().any(|known| known.name == key);
        let mut vary = |key: &str, values: Vec<Value>| {
            if has(key) {
                variants = (variants.iter())
                    .flat_map(|(name, architecture)| {
                        let with = |value: &Value| {
                            let name = format!("{name}, {key} {value:?}");
                            (name, architecture.clone().with(key, value.clone()))
                        };
                        values.iter().map(with).collect::<Vec<_>>()
                    })
                    .collect();
            }
        };
        let activations = Activation::ALL.map(|activation| Value::Word(activation.name()));
        vary("activation", activations.to_vec());
        vary("biases", vec![Value::Flag(false), Value::Flag(true)]);
        match descriptor.name {
            "lstm" => vary("hidden", vec![Value::Count(4)]),
            "lenet" => {
                vary("channels", vec![Value::Counts(vec![3, 4])]);
                vary("kernel", vec![Value::Count(3)]);
                vary("dense", vec![Value::Counts(vec![]), Value::Counts(vec![5, 4])]);
            }
            _ => {
                let widths = [vec![], vec![4], vec![5, 4, 6]];
                vary("hidden", widths.map(Value::Counts).to_vec());
            }
        }
        let images = ImageShape { channels: 2, rows: 11, columns: 12 };
        for (name, architecture) in variants {
            let network = architecture.build(images, CLASSES).unwrap();
            all.push((format!("{descriptor:?}{name}"), network));
        }
    }
    all
}

/// Loss and gradient.
fn evaluate(network: &dyn Network<f64>, theta: &[f64]) -> (f64, Vec<f64>) {
    let inputs = network.inputs();
    let images = Array2::from_shape_fn((IMAGES, inputs), |(i, j)| {
        ((i * inputs + j) as f64 * 0.618_033_988_75).fract()
    });
    let labels: Vec<u16> = (0..IMAGES).map(|i| (i % CLASSES) as u16).collect();
    let mut gradient = vec![0.0; theta.len()];
    let batch = Batch { images: images.view().into(), labels: &labels };
    let loss = network.evaluator().at(theta).loss_and_gradient(batch, &mut gradient).loss;
    (loss, gradient)
}

/// An initialization.
pub(crate) fn theta(network: &dyn Network<f64>, number: u64) -> Vec<f64> {
    network.layout().initialize(&mut MasterSeed(3).stream("theta", &[number]))
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>())
}

#[test]
fn an_exchange_leaves_the_loss_and_exchanges_the_gradient() {
    for (name, network) in networks() {
        let (symmetry, at) = (network.symmetry(), theta(network.as_ref(), 0));
        let (loss, gradient) = evaluate(network.as_ref(), &at);
        for number in 0..3 {
            let exchange = symmetry.random(&mut MasterSeed(4).stream("exchange", &[number]));
            let (mut exchanged, mut expected) = (at.clone(), gradient.clone());
            symmetry.apply(&exchange, &mut exchanged);
            symmetry.apply(&exchange, &mut expected);
            let (again, found) = evaluate(network.as_ref(), &exchanged);
            assert!((again / loss - 1.0).abs() < 1e-13, "{name}: {again} and {loss}");
            let error = distance(&found, &expected) / norm(&gradient);
            assert!(error < 1e-12, "{name}: gradient off by {error:e}");
            let has_units = !symmetry.groups().is_empty();
            assert_eq!(distance(&exchanged, &at) > 0.1, has_units, "{name}: nothing is exchanged");
        }
    }
}

/// The test above would not notice a network that declares too little. A place that is left out
/// changes the loss, for each place of each group.
#[test]
fn every_place_is_needed() {
    for (name, network) in networks() {
        let at = theta(network.as_ref(), 0);
        let (loss, _) = evaluate(network.as_ref(), &at);
        for group in network.symmetry().groups() {
            for left_out in 0..group.places.len() {
                let mut places = group.places.clone();
                places.remove(left_out);
                let damaged = Symmetry::new(vec![UnitGroup { places, ..group.clone() }]);
                let mut cycle = SignedPermutation::identity(group.units);
                cycle.source.rotate_left(1);
                let mut exchanged = at.clone();
                damaged.apply(&Exchange { groups: vec![cycle] }, &mut exchanged);
                let change = (evaluate(network.as_ref(), &exchanged).0 / loss - 1.0).abs();
                assert!(change > 1e-9, "{name}, {}, place {left_out}: {change:e}", group.name);
            }
        }
    }
}

/// The outputs of the units of each group.
fn outputs(network: &dyn Network<f64>, theta: &[f64]) -> Vec<Array2<f64>> {
    let pixels: Vec<u8> = (0..70 * network.inputs()).map(|i| (i * 89 % 253) as u8).collect();
    let images = ImageView::new(&pixels, &[0; 70], network.inputs());
    ImageLandscape::new(network, images).unit_outputs(theta).unwrap()
}

/// Exchanged units have the exchanged outputs: every network shows the outputs of all its groups,
/// in their order.
#[test]
fn an_exchange_exchanges_the_outputs_of_the_units() {
    for (name, network) in networks() {
        let (symmetry, at) = (network.symmetry(), theta(network.as_ref(), 0));
        let exchange = symmetry.random(&mut MasterSeed(4).stream("exchange", &[7]));
        let mut exchanged = at.clone();
        symmetry.apply(&exchange, &mut exchanged);
        let (before, after) =
            (outputs(network.as_ref(), &at), outputs(network.as_ref(), &exchanged));
        assert_eq!(before.len(), symmetry.groups().len(), "{name}");
        let groups = symmetry.groups().iter().zip(&exchange.groups);
        for ((group, permutation), (before, after)) in groups.zip(before.iter().zip(&after)) {
            assert!(before.nrows() == group.units && before.ncols() % 70 == 0, "{name}");
            // A unit with ReLU may be 0 on all images, but not all of them.
            assert!(before.std(0.0) > 1e-4, "{name}, {}: nothing in it", group.name);
            for unit in 0..group.units {
                let sign = if permutation.negated[unit] { -1.0 } else { 1.0 };
                let expected = &before.row(permutation.source[unit]) * sign;
                let difference = (&after.row(unit) - &expected).mapv(f64::abs).sum();
                assert!(difference < 1e-11, "{name}, {}: {difference:e}", group.name);
            }
        }
    }
}

/// Networks with hidden layers have a group for each of them, and all hidden units are in one.
#[test]
fn every_hidden_layer_is_a_group() {
    for (name, network) in networks() {
        let groups: Vec<(String, usize)> = (network.symmetry().groups().iter())
            .map(|group| (group.name.clone(), group.units))
            .collect();
        let tensors = network.layout().tensors().iter();
        let weights: Vec<_> = tensors.filter(|tensor| tensor.shape.len() > 1).collect();
        let expected: Vec<(String, usize)> = if name.starts_with("lstm") {
            vec![("lstm".to_owned(), 4)]
        } else {
            // All but the last layer.
            (weights[..weights.len() - 1].iter())
                .map(|tensor| (tensor.name.trim_end_matches(".weight").to_owned(), tensor.shape[0]))
                .collect()
        };
        assert_eq!(groups, expected, "{name}");
    }
}

/// One unit of an LSTM changes its sign: the loss keeps its bits, because products and sums change
/// their sign at most. It is not the change of fewer weights that does it.
#[test]
fn a_cell_of_an_lstm_may_change_its_sign() {
    let network = Architecture::with_defaults(&lstm::DESCRIPTOR)
        .with("hidden", Value::Count(5))
        .build::<f64>(ImageShape::gray(6, 7), CLASSES)
        .unwrap();
    let (symmetry, at) = (network.symmetry(), theta(network.as_ref(), 0));
    let (loss, gradient) = evaluate(network.as_ref(), &at);
    let mut exchange = symmetry.identity();
    exchange.groups[0].negated[3] = true;
    let (mut exchanged, mut expected) = (at.clone(), gradient);
    symmetry.apply(&exchange, &mut exchanged);
    symmetry.apply(&exchange, &mut expected);
    let (again, found) = evaluate(network.as_ref(), &exchanged);
    assert_eq!(again.to_bits(), loss.to_bits());
    assert!(distance(&found, &expected) < 1e-14 * norm(&found));
    // A row of g with 7 weights, 5 recurrent weights and 2 biases; columns of 20 and of 3. The
    // recurrent weight of the unit to itself is in a row and in a column.
    let bits = |theta: &[f64]| theta.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let changed = bits(&at).iter().zip(bits(&exchanged)).filter(|(x, y)| *x != y).count();
    assert_eq!(changed, 7 + 5 + 2 + 20 + 3 - 2);
}

#[test]
fn activations_are_odd_or_not_as_declared() {
    for activation in Activation::ALL {
        let network = Architecture::with_defaults(&crate::network::fcp::DESCRIPTOR)
            .with("activation", Value::Word(activation.name()))
            .build::<f64>(ImageShape::gray(3, 3), CLASSES)
            .unwrap();
        let symmetry = network.symmetry();
        assert_eq!(symmetry.groups()[0].is_signed(), activation == Activation::Tanh);
    }
}

#[test]
fn exchanges_form_a_group() {
    let network = Architecture::with_defaults(&lstm::DESCRIPTOR)
        .build::<f64>(ImageShape::gray(4, 4), CLASSES)
        .unwrap();
    let symmetry = network.symmetry();
    let [first, second, third] =
        [0, 1, 2].map(|number| symmetry.random(&mut MasterSeed(5).stream("exchange", &[number])));
    assert!(first.groups.iter().all(SignedPermutation::is_valid));
    assert_eq!(first.then(&first.inverse()), symmetry.identity());
    assert_eq!(first.inverse().then(&first), symmetry.identity());
    assert_eq!(first.then(&second).then(&third), first.then(&second.then(&third)));
    let at = theta(network.as_ref(), 0);
    let (mut one, mut both) = (at.clone(), at.clone());
    symmetry.apply(&first, &mut one);
    symmetry.apply(&second, &mut one);
    symmetry.apply(&first.then(&second), &mut both);
    assert_eq!(one, both);
    symmetry.apply(&first.then(&second).inverse(), &mut both);
    assert_eq!(both, at);
    assert!(symmetry.identity().is_identity() && !first.is_identity());
    assert_eq!(symmetry.identity().changed(), 0);
    assert!(first.changed() > 40);
}

#[test]
fn a_permutation_that_is_none_is_told_apart() {
    let mut permutation = SignedPermutation::identity(4);
    assert!(permutation.is_valid());
    permutation.source[1] = 2;
    assert!(!permutation.is_valid());
    let short = SignedPermutation { source: vec![0, 1], negated: vec![false] };
    assert!(!short.is_valid());
}
