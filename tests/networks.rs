//! Losses and gradients of the networks: against PyTorch, against central differences, and the
//! whole-path evaluation against the plain one.

#[path = "support/pictures.rs"]
mod pictures;

use lossatlas::combinations::Combinations;
use lossatlas::data::{ImageShape, ImageView, Images};
use lossatlas::kernels::Threads;
use lossatlas::kernels::{Real, dot, norm};
use lossatlas::landscape::{ImageLandscape, Interrupted, Landscape};
use lossatlas::network::{
    Activation, Architecture, Lstm, Network, Precision, Value, autoencoder, fcp, lenet, lstm,
};
use lossatlas::path::{Grid, Sines, equally_spaced};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use ndarray_npy::NpzReader;
use pictures::{Pictures, theta};
use std::fs::File;

const IMAGES: usize = 24;

/// A published network.
struct Case {
    name: &'static str,
    architecture: Architecture,
    parameters: usize,
    /// Of the parameters in `generate.py`: as initialized, and saturated.
    scales: [f64; 2],
}

fn published() -> Vec<Case> {
    let case = |name, architecture, parameters, saturated| Case {
        name,
        architecture,
        parameters,
        scales: [1.0, saturated],
    };
    vec![
        case("fcp-softplus", fcp(&[50, 50], Activation::Softplus), 42_200, 20.0),
        case("fcp-relu", fcp(&[50, 50], Activation::Relu), 42_200, 20.0),
        case("lenet-softplus", published_lenet(Activation::Softplus), 61_706, 8.0),
        case("lenet-relu", published_lenet(Activation::Relu), 61_706, 8.0),
        case("autoencoder", autoencoder(&[32, 32, 32]), 52_224, 8.0),
        case("lstm", lstm(48), 15_456, 300.0),
    ]
}

/// Others of the same images: with biases, and with the other activations.
fn with_other_activations() -> Vec<Case> {
    let case = |name, architecture, parameters| Case {
        name,
        architecture,
        parameters,
        scales: [1.0, 8.0],
    };
    vec![
        case("fcp-gelu-biases", biased(fcp(&[50, 50], Activation::Gelu)), 42_310),
        case("fcp-tanh", fcp(&[30], Activation::Tanh), 23_820),
        case("fcp-biases", biased(fcp(&[], Activation::Softplus)), 7850),
        case("lenet-silu", published_lenet(Activation::Silu), 61_706),
        case(
            "autoencoder-silu-biases",
            biased(autoencoder(&[32, 32, 32]).with("activation", Value::Word("silu"))),
            53_104,
        ),
        case(
            "autoencoder-sigmoid",
            autoencoder(&[32, 32]).with("activation", Value::Word("sigmoid")),
            51_200,
        ),
    ]
}

fn all() -> impl Iterator<Item = Case> {
    published().into_iter().chain(with_other_activations())
}

/// Small networks in 3 classes with the shapes of their images, none of a convenient size.
fn small() -> Vec<(String, Architecture, ImageShape)> {
    let lenet = |kernel, activation| small_lenet([7, 8], kernel, activation);
    let lenet_of_one_layer = lenet(3, Activation::Tanh).with("dense", Value::Counts(Vec::new()));
    let small = [
        ("fcp without hidden layers", fcp(&[], Activation::Relu), [1, 2, 3]),
        ("fcp of one hidden layer", biased(fcp(&[4], Activation::Tanh)), [4, 2, 3]),
        ("fcp of four hidden layers", biased(fcp(&[4, 5, 3, 6], Activation::Silu)), [1, 2, 3]),
        ("lenet with an even kernel", lenet(2, Activation::Softplus), [1, 9, 10]),
        ("lenet with a kernel of one pixel", lenet(1, Activation::Gelu), [2, 4, 5]),
        ("lenet of one layer", lenet_of_one_layer, [2, 9, 9]),
        ("lenet of wide images", lenet(3, Activation::Softplus), [1, 8, 11]),
        ("autoencoder without hidden layers", biased(autoencoder(&[])), [1, 2, 2]),
        ("lstm", lstm(3), [1, 5, 4]),
        ("lstm of three channels", lstm(3), [3, 5, 4]),
    ];
    let mut all: Vec<_> = small
        .into_iter()
        .map(|(name, architecture, shape)| (name.to_owned(), architecture, image_shape(shape)))
        .collect();
    for activation in Activation::ALL {
        for biases in [false, true] {
            let with = |architecture: Architecture| {
                architecture
                    .with("activation", Value::Word(activation.name()))
                    .with("biases", Value::Flag(biases))
            };
            let name = |of| format!("{of}-{activation}, biases: {biases}");
            let fcp = with(fcp(&[5, 4], activation));
            all.push((name("fcp"), fcp, image_shape([1, 2, 3])));
            all.push((name("autoencoder"), with(autoencoder(&[3, 2])), image_shape([3, 3, 1])));
        }
        all.push((format!("lenet-{activation}"), lenet(3, activation), image_shape([3, 11, 8])));
    }
    all
}

const fn image_shape([channels, rows, columns]: [usize; 3]) -> ImageShape {
    ImageShape { channels, rows, columns }
}

fn small_lenet(channels: [usize; 2], kernel: usize, activation: Activation) -> Architecture {
    published_lenet(activation)
        .with("channels", Value::Counts(channels.to_vec()))
        .with("kernel", Value::Count(kernel))
        .with("dense", Value::Counts(vec![5]))
}

fn biased(architecture: Architecture) -> Architecture {
    architecture.with("biases", Value::Flag(true))
}

fn fcp(hidden: &[usize], activation: Activation) -> Architecture {
    Architecture::with_defaults(&fcp::DESCRIPTOR)
        .with("hidden", Value::Counts(hidden.to_vec()))
        .with("activation", Value::Word(activation.name()))
}

fn published_lenet(activation: Activation) -> Architecture {
    Architecture::with_defaults(&lenet::DESCRIPTOR)
        .with("activation", Value::Word(activation.name()))
}

fn autoencoder(hidden: &[usize]) -> Architecture {
    Architecture::with_defaults(&autoencoder::DESCRIPTOR)
        .with("hidden", Value::Counts(hidden.to_vec()))
}

fn lstm(hidden: usize) -> Architecture {
    Architecture::with_defaults(&lstm::DESCRIPTOR).with("hidden", Value::Count(hidden))
}

fn build<A: Precision>(architecture: &Architecture) -> Box<dyn Network<A>> {
    architecture.build(ImageShape::gray(28, 28), 10).unwrap()
}

fn fixture(name: &str) -> NpzReader<File> {
    NpzReader::new(File::open(format!("tests/fixtures/networks/{name}.npz")).unwrap()).unwrap()
}

#[test]
fn parameters_have_the_published_number_and_the_names_of_pytorch() {
    for Case { name, architecture, parameters, .. } in published() {
        let network = build::<f32>(&architecture);
        let layout = network.layout();
        assert_eq!(layout.parameters(), parameters, "{name}");
        let names: Vec<&str> = layout.tensors().iter().map(|tensor| tensor.name.as_str()).collect();
        let expected = match architecture.name() {
            "fcp" => "fc1.weight fc2.weight fc3.weight",
            "lenet" => {
                "conv1.weight conv1.bias conv2.weight conv2.bias \
                 fc1.weight fc1.bias fc2.weight fc2.bias fc3.weight fc3.bias"
            }
            "autoencoder" => "fc1.weight fc2.weight fc3.weight fc4.weight",
            _ => "lstm.weight_ih_l0 lstm.weight_hh_l0 lstm.bias_ih_l0 lstm.bias_hh_l0 fc.weight",
        };
        assert_eq!(names.join(" "), expected);
        assert_eq!(network.has_classes(), name != "autoencoder");
    }
}

fn compare_with_pytorch<A: Precision>(tolerance: f64) {
    let pictures = Pictures::new(IMAGES, 784, 10.0);
    for Case { name, architecture, scales, .. } in published() {
        let mut fixture = fixture(name);
        let losses: Array1<f64> = fixture.by_name("losses").unwrap();
        let gradients: Array2<f32> = fixture.by_name("gradients").unwrap();
        let gradients = gradients.mapv(f64::from);
        let network = build::<A>(&architecture);
        for (case, scale) in scales.into_iter().enumerate() {
            let expected = (losses[case], gradients.row(case));
            compare(name, network.as_ref(), pictures.view(), scale, expected, tolerance);
        }
    }
}

/// Loss and gradient of a network whose parameters have that scale.
fn compare<A: Precision>(
    name: &str,
    network: &dyn Network<A>,
    images: ImageView<'_>,
    scale: f64,
    (exact, expected): (f64, ArrayView1<f64>),
    tolerance: f64,
) {
    let landscape = ImageLandscape::new(network, images);
    assert_eq!(landscape.dimension(), expected.len(), "{name}");
    let theta = theta(network, 3, scale);
    let mut gradient = vec![A::zero(); theta.len()];
    let loss = landscape.value_and_gradient(&theta, &mut gradient).unwrap();
    let relative = (loss / exact - 1.0).abs();
    assert!(relative < tolerance, "{name}, scale {scale}: loss {loss}, off by {relative:e}");
    assert!(
        (landscape.value(&theta).unwrap() - loss).abs() <= 1e-12 * loss,
        "{name}, scale {scale}"
    );
    let expected: Vec<A> = expected.iter().map(|&g| A::of(g)).collect();
    let difference: Vec<A> = gradient.iter().zip(&expected).map(|(&g, &e)| g - e).collect();
    let relative = norm(&difference) / norm(&expected);
    assert!(relative < tolerance, "{name}, scale {scale}: gradient off by {relative:e}");
}

/// The small networks of `generate.py`, which have the same names there.
fn small_of_pytorch() -> Vec<(String, Architecture, ImageShape)> {
    let stacked = ImageShape { channels: 3, rows: 2, columns: 3 };
    let mut all = Vec::new();
    for (number, activation) in Activation::ALL.into_iter().enumerate() {
        let with = |architecture: Architecture| {
            architecture.with("activation", Value::Word(activation.name()))
        };
        let (fcp, autoencoder) = (with(fcp(&[5, 4], activation)), with(autoencoder(&[4, 3])));
        for (of, architecture) in [("fcp", fcp), ("autoencoder", autoencoder)] {
            all.push((format!("{of}-{activation}"), architecture.clone(), stacked));
            all.push((format!("{of}-{activation}-biases"), biased(architecture), stacked));
        }
        let images = ImageShape { channels: 2 + number % 3, rows: 9, columns: 10 };
        all.push((format!("lenet-{activation}"), small_lenet([7, 4], 3, activation), images));
    }
    for depth in [0, 1, 4] {
        let architecture = biased(fcp(&[4, 5, 3, 6][..depth], Activation::Gelu));
        all.push((format!("fcp-{depth}-hidden-biases"), architecture, stacked));
    }
    all.push(("autoencoder-0-hidden-biases".to_owned(), biased(autoencoder(&[])), stacked));
    for channels in 1..=4 {
        let images = ImageShape { channels, rows: 5, columns: 4 };
        all.push((format!("lstm-{channels}-channels"), lstm(3), images));
    }
    all
}

fn compare_small_with_pytorch<A: Precision>(tolerance: f64) {
    let mut fixture = fixture("small");
    let all = small_of_pytorch();
    assert_eq!(fixture.len(), 2 * all.len(), "every network of generate.py, and no other");
    for (name, architecture, shape) in all {
        let losses: Array1<f64> = fixture.by_name(&format!("{name}_losses")).unwrap();
        let gradients: Array2<f64> = fixture.by_name(&format!("{name}_gradients")).unwrap();
        let network = architecture.build::<A>(shape, 3).unwrap();
        for (case, (scale, black)) in [(1.0, 0.8), (3.0, 0.1)].into_iter().enumerate() {
            let pictures = Pictures::with_black(IMAGES, shape.pixels(), 3.0, black);
            let expected = (losses[case], gradients.row(case));
            compare(&name, network.as_ref(), pictures.view(), scale, expected, tolerance);
        }
    }
}

#[test]
fn activations_biases_depths_and_channels_match_pytorch_in_f32() {
    compare_small_with_pytorch::<f32>(1e-6);
}

#[test]
fn activations_biases_depths_and_channels_match_pytorch_in_f64() {
    compare_small_with_pytorch::<f64>(1e-13);
}

#[test]
fn the_other_networks_have_their_numbers_of_parameters() {
    for Case { name, architecture, parameters, .. } in with_other_activations() {
        assert_eq!(build::<f32>(&architecture).layout().parameters(), parameters, "{name}");
    }
    let network = build::<f32>(&biased(fcp(&[4], Activation::Gelu)));
    let tensors = network.layout().tensors();
    let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
}

#[test]
fn losses_and_gradients_match_pytorch_in_f32() {
    compare_with_pytorch::<f32>(1e-5);
}

#[test]
fn losses_and_gradients_match_pytorch_in_f64() {
    // The stored gradients are rounded to single precision.
    compare_with_pytorch::<f64>(1e-7);
}

#[test]
fn the_order_of_the_pixels_is_the_one_pytorch_draws() {
    let mut fixture = fixture("permutations");
    for ([rows, columns], seed) in [([28, 28], 1234), ([28, 28], 7), ([4, 25], 1234)] {
        let expected: Array1<i64> = fixture.by_name(&format!("{}_{seed}", rows * columns)).unwrap();
        let network = Lstm::new(ImageShape::gray(rows, columns), 10, 1, seed);
        assert!(
            network.permutation().iter().copied().eq(expected.iter().map(|&pixel| pixel as usize)),
            "seed {seed}"
        );
    }
    let network = Lstm::new(ImageShape::gray(28, 28), 10, 48, lstm::PERMUTATION_SEED);
    assert_eq!(network.permutation()[..10], [111, 112, 772, 475, 120, 209, 418, 25, 311, 38]);
}

#[test]
fn gradients_are_the_limit_of_central_differences_with_second_order() {
    let pictures = Pictures::new(IMAGES, 784, 10.0);
    // ReLU has kinks, so that differences across one converge with first order only.
    for Case { name, architecture, .. } in all().filter(|case| !case.name.contains("relu")) {
        let network = build::<f64>(&architecture);
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        for scale in [1.0, 5.0] {
            let at = theta(network.as_ref(), 5, scale);
            let direction = theta(network.as_ref(), 7, 1.0);
            let mut gradient = vec![0.0; at.len()];
            landscape.value_and_gradient(&at, &mut gradient).unwrap();
            let slope = dot(&gradient, &direction);
            let error = |h: f64| {
                let shifted = |h: f64| -> Vec<f64> {
                    at.iter().zip(&direction).map(|(x, d)| x + h * d).collect()
                };
                let difference = (landscape.value(&shifted(h)).unwrap()
                    - landscape.value(&shifted(-h)).unwrap())
                    / (2.0 * h);
                (difference - slope).abs()
            };
            let order = (error(2e-2) / error(1e-2)).log2();
            assert!((order - 2.0).abs() < 0.1, "{name}, scale {scale}: order {order}");
            assert!(
                error(1e-4) < 1e-7 * norm(&gradient),
                "{name}, scale {scale}: {:e} of {slope}",
                error(1e-4)
            );
        }
    }
}

/// Every component of a small network, not one direction of a large one. The images are one group
/// of sixteen and a part of another.
#[test]
fn every_component_of_the_gradient_is_a_difference_quotient() {
    for (name, architecture, images) in small() {
        let network = architecture.build::<f64>(images, 3).unwrap();
        let pictures = Pictures::new(19, images.pixels(), 3.0);
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        let at = theta(network.as_ref(), 11, 3.0);
        let mut gradient = vec![0.0; at.len()];
        landscape.value_and_gradient(&at, &mut gradient).unwrap();
        for (i, g) in gradient.iter().enumerate() {
            let shifted = |h: f64| {
                let mut theta = at.clone();
                theta[i] += h;
                landscape.value(&theta).unwrap()
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            assert!((difference - g).abs() < 1e-8, "{name}, component {i}: {difference} and {g}");
        }
    }
}

/// Class counts besides ten: one more than a letter each, and all that labels of one byte tell
/// apart.
#[test]
fn any_number_of_classes_has_the_right_gradient() {
    for classes in [2_u16, 27, 700] {
        for (name, architecture, images) in small() {
            let network = architecture.build::<f64>(images, classes.into()).unwrap();
            let pictures = Pictures::new(19, images.pixels(), f64::from(classes));
            assert!(pictures.labels.iter().any(|&label| 2 * label >= classes));
            let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
            let at = theta(network.as_ref(), 11, 3.0);
            let direction = theta(network.as_ref(), 7, 1.0);
            let mut gradient = vec![0.0; at.len()];
            landscape.value_and_gradient(&at, &mut gradient).unwrap();
            let shifted = |h: f64| {
                let theta: Vec<f64> = at.iter().zip(&direction).map(|(x, d)| x + h * d).collect();
                landscape.value(&theta).unwrap()
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            let slope = dot(&gradient, &direction);
            assert!(
                (difference - slope).abs() < 1e-7 * norm(&gradient).max(1.0),
                "{name}, {classes} classes: {difference} and {slope}"
            );
        }
    }
}

/// Where all logits are equal, each of n classes has the probability 1/n.
#[test]
fn without_knowledge_the_loss_is_the_logarithm_of_the_number_of_classes() {
    for (name, architecture) in [
        ("fcp", fcp(&[5], Activation::Relu)),
        ("lenet", published_lenet(Activation::Relu)),
        ("lstm", lstm(3)),
    ] {
        for classes in [10_u16, 26, 700] {
            let images = ImageShape::gray(12, 12);
            let network = architecture.build::<f32>(images, classes.into()).unwrap();
            let pictures = Pictures::new(30, images.pixels(), f64::from(classes));
            let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
            let loss = landscape.value(&vec![0.0; landscape.dimension()]).unwrap();
            let expected = f64::from(classes).ln();
            assert!((loss - expected).abs() < 1e-6, "{name}: {loss}, not {expected}");
        }
    }
}

/// Numbers in place of bytes: the same loss and gradient at a point, on a line and along a path.
/// Bytes take the sparse kernels, numbers the dense ones, so the last bits differ.
#[test]
fn numbers_from_0_to_1_are_the_same_images_as_bytes_from_0_to_255() {
    for Case { name, architecture, .. } in published() {
        let network = build::<f64>(&architecture);
        let pictures = Pictures::new(300, 784, 10.0);
        let numbers: Vec<f32> =
            pictures.pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let sets = [pictures.view(), ImageView::new(&numbers, &pictures.labels, 784)];
        let at = theta::<f64>(network.as_ref(), 3, 2.0);
        let mut results = sets.map(|images| {
            let landscape = ImageLandscape::new(network.as_ref(), images);
            let (mut gradient, mut step) = (vec![0.0; at.len()], vec![0.0; at.len()]);
            let loss = landscape.value_and_gradient(&at, &mut gradient).unwrap();
            let of_step = landscape.batch_gradient(&at, &[7, 0, 299, 3], &mut step).unwrap();
            let along = landscape.line(&at, &gradient).unwrap().value(-0.01).unwrap();
            let (_, accuracy) = landscape.loss_and_accuracy(&at).unwrap();
            (vec![loss, of_step, along, accuracy], [gradient, step].concat())
        });
        let [of_bytes, of_numbers] = &mut results;
        if of_bytes.0[3].is_nan() {
            // There are no classes.
            (of_bytes.0[3], of_numbers.0[3]) = (0.0, 0.0);
        }
        for (values, others) in [(&of_bytes.0, &of_numbers.0), (&of_bytes.1, &of_numbers.1)] {
            let scale = values.iter().fold(0.0, |scale: f64, x| scale.max(x.abs()));
            let difference =
                values.iter().zip(others).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(scale > 0.0 && difference < 1e-6 * scale, "{name}: {difference} of {scale}");
        }
    }
}

/// All channels are one vector, channel after channel: the same numbers as one gray image of as
/// many pixels.
#[test]
fn channels_are_read_one_after_the_other() {
    let deep = ImageShape { channels: 3, rows: 2, columns: 4 };
    for architecture in [fcp(&[5, 4], Activation::Softplus), autoencoder(&[3])] {
        let build = |shape| architecture.build::<f32>(shape, 7).unwrap();
        let (of_three, of_one) = (build(deep), build(ImageShape::gray(6, 4)));
        assert_eq!((of_three.layout(), of_three.inputs()), (of_one.layout(), 24));
        let pictures = Pictures::new(40, deep.pixels(), 7.0);
        let images = Images {
            pixels: pictures.pixels.clone().into(),
            labels: pictures.labels.clone(),
            shape: deep,
        };
        let at = theta::<f32>(of_three.as_ref(), 3, 2.0);
        let [loss, expected] =
            [(&of_three, images.view()), (&of_one, pictures.view())].map(|(network, images)| {
                ImageLandscape::new(network.as_ref(), images).value(&at).unwrap()
            });
        assert_eq!(loss.to_bits(), expected.to_bits());
    }
}

/// A pixel's channels stay together: in an image of equal channels, the weights of the channels of a
/// pixel add up to the weight of the gray pixel.
#[test]
fn an_lstm_reads_the_channels_of_a_pixel_together() {
    let (gray, color) = (ImageShape::gray(3, 4), ImageShape { channels: 2, rows: 3, columns: 4 });
    let build = |shape| lstm(3).build::<f64>(shape, 7).unwrap();
    let (of_one, of_two) = (build(gray), build(color));
    let pictures = Pictures::new(20, gray.pixels(), 7.0);
    let twice = pictures.pixels.chunks(gray.pixels()).flat_map(|image| [image, image].concat());
    let twice = Pictures {
        pixels: twice.collect(),
        labels: pictures.labels.clone(),
        pixels_per_image: color.pixels(),
    };
    let wide = theta::<f64>(of_two.as_ref(), 3, 2.0);
    let weights = of_two.layout().tensors()[0].len();
    let summed = wide[..weights].as_chunks::<2>().0.iter().map(|[one, other]| one + other);
    let narrow: Vec<f64> = summed.chain(wide[weights..].iter().copied()).collect();
    let loss = ImageLandscape::new(of_one.as_ref(), pictures.view()).value(&narrow).unwrap();
    let expected = ImageLandscape::new(of_two.as_ref(), twice.view()).value(&wide).unwrap();
    assert!((loss / expected - 1.0).abs() < 1e-14, "{loss} and {expected}");
}

/// The same landscape without its own whole-path evaluation: the trait's point-by-point default.
struct PointByPoint<'a, 'b, A>(&'a ImageLandscape<'b, A>);

impl<A: Real> Landscape<A> for PointByPoint<'_, '_, A> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }
    fn value(&self, theta: &[A]) -> Result<f64, Interrupted> {
        self.0.value(theta)
    }
    fn value_and_gradient(&self, theta: &[A], gradient: &mut [A]) -> Result<f64, Interrupted> {
        self.0.value_and_gradient(theta, gradient)
    }
}

/// At initial weights, and at `saturated` times as large ones.
fn compare_whole_path<A: Precision>(tolerance: f64, black: f64, saturated: f64) {
    // More than one block of images, the last one partial.
    let pictures = Pictures::with_black(300, 784, 10.0, black);
    let others = with_other_activations().into_iter();
    // LeNet shares nothing between points, so that one activation is enough.
    let others = others.filter(|case| case.architecture.name() != "lenet");
    let all = published()
        .into_iter()
        .chain(others)
        .map(|case| (case.name, case.architecture, saturated.min(case.scales[1])));
    let without = [
        ("fcp without hidden layers", fcp(&[], Activation::Relu), saturated),
        ("fcp with one hidden layer", fcp(&[30], Activation::Softplus), saturated),
    ];
    for (name, architecture, saturated) in all.chain(without) {
        let network = build::<A>(&architecture);
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        for scale in [1.0, saturated] {
            let size = |k| if k < 2 { scale } else { 0.3 * scale };
            let rows: Vec<A> =
                (0..6).flat_map(|k| theta(network.as_ref(), 20 + k, size(k))).collect();
            let vectors = ArrayView2::from_shape((6, landscape.dimension()), &rows).unwrap();
            let grid = Grid::<A>::of(&Sines(4), &equally_spaced(19));
            let points = Combinations { vectors, coefficients: grid.coefficients() };
            let mut fast = Array2::zeros((4, landscape.dimension()));
            let mut plain = fast.clone();
            let losses = landscape.gradient_at(&points, grid.weights(), fast.view_mut()).unwrap();
            let expected = PointByPoint(&landscape)
                .gradient_at(&points, grid.weights(), plain.view_mut())
                .unwrap();
            for (loss, expected) in losses
                .iter()
                .chain(&landscape.values_at(&points).unwrap())
                .zip(expected.iter().cycle())
            {
                assert!(
                    (loss / expected - 1.0).abs() < tolerance,
                    "{name}: loss {loss}, expected {expected}"
                );
            }
            // Nothing of one set of points is taken for that of the next.
            let (grid, fresh) = (
                Grid::<A>::of(&Sines(4), &equally_spaced(7)),
                ImageLandscape::new(network.as_ref(), pictures.view()),
            );
            let coarse = Combinations { vectors, coefficients: grid.coefficients() };
            assert_eq!(landscape.values_at(&coarse), fresh.values_at(&coarse), "{name}");
            compare_line(
                &landscape,
                [&rows[..landscape.dimension()], vectors.row(3).as_slice().unwrap()],
                tolerance,
                name,
            );
            for (n, (fast, plain)) in fast.outer_iter().zip(plain.outer_iter()).enumerate() {
                let difference = (&fast - &plain).to_vec();
                let relative = norm(&difference) / norm(plain.as_slice().unwrap());
                assert!(
                    relative < tolerance,
                    "{name}, scale {scale}: row {n} of the gradient off by {relative:e}"
                );
            }
        }
    }
}

/// Along a line the losses are asked for one after another, the gradient last, as a line search
/// does.
fn compare_line<A: Real>(
    landscape: &ImageLandscape<A>,
    [start, direction]: [&[A]; 2],
    tolerance: f64,
    name: &str,
) {
    let plain = PointByPoint(landscape);
    let (mut fast, mut expected) =
        (landscape.line(start, direction).unwrap(), plain.line(start, direction).unwrap());
    for u in [0.0, 0.2, -1.5] {
        let (loss, expected) = (fast.value(u).unwrap(), expected.value(u).unwrap());
        assert!(
            (loss / expected - 1.0).abs() < tolerance,
            "{name}, u = {u}: loss {loss}, expected {expected}"
        );
    }
    // Whatever the gradient held before is overwritten.
    let mut gradients = [vec![A::one(); start.len()], vec![A::zero(); start.len()]];
    let [loss, exact] = [
        fast.value_and_gradient(0.7, &mut gradients[0]),
        expected.value_and_gradient(0.7, &mut gradients[1]),
    ]
    .map(Result::unwrap);
    let difference: Vec<A> =
        gradients[0].iter().zip(&gradients[1]).map(|(&fast, &plain)| fast - plain).collect();
    let relative = norm(&difference) / norm(&gradients[1]);
    assert!(
        (loss / exact - 1.0).abs() < tolerance && relative < tolerance,
        "{name}: gradient on a line off by {relative:e}"
    );
    assert_eq!(
        loss.to_bits(),
        fast.value(0.7).unwrap().to_bits(),
        "{name}: the loss of a step is the loss that comes with its gradient"
    );
}

#[test]
fn the_whole_path_evaluation_agrees_with_the_plain_one() {
    compare_whole_path::<f32>(1e-5, 0.8, 8.0);
    compare_whole_path::<f64>(1e-12, 0.8, 8.0);
}

/// Those go into the products as they are, mostly black ones as lists. Five times as bright, they
/// need smaller weights for activations as large.
#[test]
fn the_whole_path_evaluation_agrees_on_images_with_few_black_pixels() {
    compare_whole_path::<f32>(1e-5, 0.1, 3.0);
    compare_whole_path::<f64>(1e-12, 0.1, 3.0);
}

#[test]
fn any_number_of_threads_comes_to_the_same_bits() {
    // Blocks and parts that do not come out even.
    let pictures = Pictures::new(1100, 784, 10.0);
    for Case { name, architecture, .. } in all().filter(|case| !case.name.contains("relu")) {
        let network = build::<f32>(&architecture);
        let rows: Vec<f32> = (0..4).flat_map(|k| theta(network.as_ref(), 20 + k, 1.0)).collect();
        let vectors = ArrayView2::from_shape((4, network.layout().parameters()), &rows).unwrap();
        let grid = Grid::<f32>::of(&Sines(2), &equally_spaced(5));
        let points = Combinations { vectors, coefficients: grid.coefficients() };
        let evaluate = |threads| {
            let threads = Threads::new(threads).unwrap();
            let landscape = ImageLandscape::new(network.as_ref(), pictures.view()).on(&threads);
            let theta = vectors.row(0).to_vec();
            let (mut gradient, mut on_path) =
                (vec![0.0; theta.len()], Array2::zeros((2, theta.len())));
            let loss = landscape.value_and_gradient(&theta, &mut gradient).unwrap();
            let losses =
                landscape.gradient_at(&points, grid.weights(), on_path.view_mut()).unwrap();
            let (mut line, mut on_line) = (
                landscape.line(&theta, vectors.row(3).as_slice().unwrap()).unwrap(),
                vec![0.0; theta.len()],
            );
            let on_line = (
                line.value(0.3).unwrap(),
                line.value_and_gradient(0.6, &mut on_line).unwrap(),
                on_line,
            );
            drop(line);
            (
                on_line,
                loss,
                landscape.value(&theta).unwrap(),
                landscape.values_at(&points).unwrap(),
                gradient,
                losses,
                on_path,
            )
        };
        let one = evaluate(1);
        for threads in [2, 3, 8] {
            assert!(evaluate(threads) == one, "{name} on {threads} threads");
        }
    }
}

/// Buffers are kept between batches: what a larger one left behind must not be seen.
#[test]
fn the_loss_of_a_small_batch_does_not_depend_on_the_larger_one_before() {
    let pictures = Pictures::new(130, 784, 10.0);
    let few: Vec<u32> = (0..21).map(|i| i * 6).collect();
    for Case { name, architecture, .. } in all() {
        let network = build::<f64>(&architecture);
        let theta = theta(network.as_ref(), 31, 1.0);
        let evaluate = |landscape: &ImageLandscape<f64>| {
            let mut gradient = vec![0.0; theta.len()];
            (landscape.batch_gradient(&theta, &few, &mut gradient).unwrap(), gradient)
        };
        let used = ImageLandscape::new(network.as_ref(), pictures.view());
        let mut gradient = vec![0.0; theta.len()];
        used.value_and_gradient(&theta, &mut gradient).unwrap();
        assert_eq!(
            evaluate(&used),
            evaluate(&ImageLandscape::new(network.as_ref(), pictures.view())),
            "{name}"
        );
        assert!(evaluate(&used).1 != gradient, "{name}");
    }
}

/// Images with black edges, none of them the same.
fn pictures_with_black_edges(images: usize) -> Pictures {
    let mut pictures = Pictures::with_black(images, 784, 10.0, 0.5);
    for (i, pixel) in pictures.pixels.iter_mut().enumerate() {
        let (image, row, column) = (i / 784, i / 28 % 28, i % 28);
        let counts = (7..20).contains(&row) && (9..17 + image % 3).contains(&column) && row != 15;
        *pixel = if counts { *pixel } else { 0 };
    }
    pictures
}

/// Bright images take others into another form for products: those are no longer mostly black, nor
/// black along their edges in all that are worked on at a time. And all forms come after each
/// other.
#[test]
fn the_loss_of_images_is_the_same_beside_brighter_ones() {
    let (dark, bright) = (pictures_with_black_edges(65), Pictures::with_black(128, 784, 10.0, 0.0));
    let mixed = (0..64)
        .flat_map(|i| [(&bright, 2 * i), (&dark, i), (&bright, 2 * i + 1)])
        .chain([(&dark, 64)]);
    let strips = [(&bright, 0..64), (&dark, 0..64), (&bright, 64..128), (&dark, 64..65)];
    let apart =
        strips.into_iter().flat_map(|(from, images)| images.map(move |image| (from, image)));
    let orders: [Vec<_>; 2] = [mixed.collect(), apart.collect()];
    let all = orders.map(|order| Pictures {
        pixels: order
            .iter()
            .flat_map(|(from, image)| &from.pixels[784 * image..784 * (image + 1)])
            .copied()
            .collect(),
        labels: order.iter().map(|&(from, image)| from.labels[image]).collect(),
        pixels_per_image: 784,
    });
    for Case { name, architecture, .. } in published() {
        let network = build::<f64>(&architecture);
        let theta = theta(network.as_ref(), 33, 1.0);
        let evaluate = |pictures: &Pictures| {
            let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
            let mut gradient = vec![0.0; theta.len()];
            let loss = landscape.value_and_gradient(&theta, &mut gradient).unwrap();
            gradient.push(loss);
            gradient
        };
        let (dark, bright) = (evaluate(&dark), evaluate(&bright));
        for all in all.each_ref().map(evaluate) {
            let difference: Vec<f64> = (0..all.len())
                .map(|i| (65.0 * dark[i] + 128.0 * bright[i]) / 193.0 - all[i])
                .collect();
            assert!(
                norm(&difference) < 1e-12 * norm(&all),
                "{name}: {:e}",
                norm(&difference) / norm(&all)
            );
        }
    }
}

#[test]
fn gradients_in_single_precision_are_those_in_double() {
    let pictures = [0.8, 0.1].map(|black| Pictures::with_black(300, 784, 10.0, black));
    for pictures in pictures.iter().chain([&pictures_with_black_edges(300)]) {
        // The sum before a ReLU may be on the one side of 0 in single precision, and on the other
        // in double.
        for Case { name, architecture, .. } in all().filter(|case| !case.name.contains("relu")) {
            let (single, double) = (build::<f32>(&architecture), build::<f64>(&architecture));
            let theta = theta::<f32>(single.as_ref(), 35, 1.0);
            let wide: Vec<f64> = theta.iter().map(|&x| x.into()).collect();
            let (mut gradient, mut exact) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
            let loss = ImageLandscape::new(single.as_ref(), pictures.view())
                .value_and_gradient(&theta, &mut gradient)
                .unwrap();
            let expected = ImageLandscape::new(double.as_ref(), pictures.view())
                .value_and_gradient(&wide, &mut exact)
                .unwrap();
            let difference: Vec<f64> =
                gradient.iter().zip(&exact).map(|(&g, e)| f64::from(g) - e).collect();
            let error = norm(&difference) / norm(&exact);
            assert!(
                (loss / expected - 1.0).abs() < 1e-6 && error < 1e-5,
                "{name}: loss {loss}, {expected}, gradient {error:e}"
            );
        }
    }
}

#[test]
fn saturated_networks_have_finite_losses_and_gradients() {
    let pictures = Pictures::new(IMAGES, 784, 10.0);
    for Case { name, architecture, .. } in all() {
        let network = build::<f32>(&architecture);
        let landscape = ImageLandscape::new(network.as_ref(), pictures.view());
        for scale in [10.0, 100.0, 1000.0] {
            let theta = theta(network.as_ref(), 3, scale);
            let mut gradient = vec![0.0; theta.len()];
            let loss = landscape.value_and_gradient(&theta, &mut gradient).unwrap();
            assert!(
                loss.is_finite() && gradient.iter().all(|g| g.is_finite()),
                "{name}, scale {scale}: loss {loss}"
            );
        }
    }
}

#[test]
fn a_loss_of_1e_8_survives_single_precision() {
    // Weights that put every image of class 0 far on the right side: ln(1 + 9 e^−g) for gap g.
    let network = fcp(&[], Activation::Relu).build::<f32>(ImageShape::gray(1, 1), 10).unwrap();
    let white = Pictures { pixels: vec![255], labels: vec![0], pixels_per_image: 1 };
    let landscape = ImageLandscape::new(network.as_ref(), white.view());
    for gap in [5.0_f32, 20.0, 60.0, 500.0] {
        let theta: Vec<f32> = (0..10).map(|class| if class == 0 { gap } else { 0.0 }).collect();
        let mut gradient = vec![0.0; 10];
        let loss = landscape.value_and_gradient(&theta, &mut gradient).unwrap();
        let exact = (9.0 * f64::from(-gap).exp()).ln_1p();
        assert!(gradient.iter().all(|g| g.is_finite()));
        assert!((loss - exact).abs() <= 1e-6 * exact + 1e-36, "gap {gap}: {loss:e} and {exact:e}");
    }
}

#[test]
fn what_cannot_be_built_says_why() {
    let message = |architecture: Architecture, rows, columns| {
        architecture.build::<f32>(ImageShape::gray(rows, columns), 10).err().unwrap()
    };
    let lenet = || published_lenet(Activation::Relu);
    assert_eq!(
        message(lenet(), 11, 28),
        "images of 11 × 28 pixels are too small for LeNet with a kernel of 5: it needs 12 × 12; \
         choose a smaller kernel or another network"
    );
    assert!(lenet().build::<f32>(ImageShape::gray(12, 12), 10).is_ok());
    let flat = lenet().with("kernel", Value::Count(0));
    assert_eq!(message(flat, 28, 28), "kernel of lenet must be at least 1, is 0");
    assert_eq!(
        message(fcp(&[50, 0], Activation::Relu), 28, 28),
        "hidden of fcp must be numbers of at least 1, is [50, 0]"
    );
    assert_eq!(
        message(lstm(48), 0, 28),
        "there is no network for images of 0×28 pixels in 10 classes"
    );
}
