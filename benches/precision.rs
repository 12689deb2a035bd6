//! The lowest loss that L-BFGS-GSS reaches in single and in double precision.
//!
//! This is the side of lossatlas in `make bench-precision`, which compares it with PyTorch.
//! `precision DIRECTORY IMAGES ITERATIONS [MNIST]` trains FCP in both precisions from the same
//! start. It writes this start and the images into the directory, as NumPy files. It prints the
//! losses of each run as one line of JSON.

use lossatlas::data::{ChannelOrder, Dataset, ImageShape, WantedImages, digits, idx};
use lossatlas::kernels::{Real, norm};
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::{Architecture, Network, fcp};
use lossatlas::optimizer::LbfgsParameters;
use lossatlas::optimizer::lbfgs::Lbfgs;
use lossatlas::random::MasterSeed;
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let arguments: Vec<PathBuf> =
        env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let [directory, images, iterations, mnist @ ..] = arguments.as_slice() else {
        return println!("see `make bench-precision`");
    };
    let number = |path: &Path| path.to_str().and_then(|text| text.parse().ok()).expect("a number");
    let (images, iterations): (usize, usize) = (number(images), number(iterations));
    let data = match mnist.first() {
        Some(mnist) => {
            let wanted = WantedImages { train: Some(images), test: Some(1), classes: None };
            idx::load(mnist, None, ChannelOrder::Auto, wanted).expect("four IDX files")
        }
        None => digits::draw(MasterSeed(1), images, 1),
    };
    let architecture = Architecture::with_defaults(&fcp::DESCRIPTOR);
    let single = architecture
        .build::<f32>(ImageShape::gray(28, 28), 10)
        .expect("a network for these images");
    let double = architecture
        .build::<f64>(ImageShape::gray(28, 28), 10)
        .expect("a network for these images");
    let start = single.layout().initialize::<f32>(&mut MasterSeed(1).stream("precision", &[]));
    fs::create_dir_all(directory).expect("a directory to write to");
    let pixels =
        Array2::from_shape_vec((images, 784), data.train.pixels.bytes().expect("bytes").to_vec())
            .expect("as many pixels");
    write_npy(directory.join("images.npy"), &pixels).expect("space");
    write_npy(
        directory.join("labels.npy"),
        &data.train.labels.iter().map(|&label| label as u8).collect::<Array1<_>>(),
    )
    .expect("space");
    write_npy(directory.join("theta.npy"), &Array1::from(start.clone())).expect("space");
    descend("f32", single.as_ref(), &data, start.clone(), iterations);
    descend("f64", double.as_ref(), &data, start.into_iter().map(f64::from).collect(), iterations);
}

/// Prints how a run went.
fn descend<A: Real>(
    precision: &str,
    network: &dyn Network<A>,
    data: &Dataset,
    start: Vec<A>,
    iterations: usize,
) {
    let landscape = ImageLandscape::new(network, data.train.view());
    let parameters = LbfgsParameters {
        iterations,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss: 0.0,
    };
    let mut lbfgs = Lbfgs::new(parameters, &landscape, start).expect("nothing interrupts it");
    let mut losses = vec![lbfgs.loss()];
    let mut end = "completed".to_owned();
    for iteration in 1..=iterations {
        if let ControlFlow::Break(reason) =
            lbfgs.iterate(&landscape, iteration as u32).expect("nothing interrupts it")
        {
            end = reason.to_string();
            break;
        }
        losses.push(lbfgs.loss());
    }
    let (length, gradient) = (norm(lbfgs.theta()), norm(lbfgs.gradient()));
    println!(
        "{}",
        json!({"precision": precision, "losses": losses, "end": end, "norm": length, "gradient": gradient})
    );
}
