//! The side of lossatlas in `make bench-peers`, which compares it with PyTorch.
//!
//! `benches/pytorch/compare.py` starts this program, and alternates between it and PyTorch.
//! `peers DIRECTORY [MNIST]` writes the data of both sides into the directory, as NumPy files. Then
//! it reads one task per line from standard input, and answers each with the seconds of processor
//! time that it took.

#[path = "kernels/published.rs"]
mod published;

use lossatlas::combinations::Combinations;
use lossatlas::data::{ChannelOrder, Dataset, WantedImages, digits, idx};
use lossatlas::landscape::{ImageLandscape, Interrupted, Landscape, Line};
use lossatlas::network::Network;
use lossatlas::optimizer::LbfgsParameters;
use lossatlas::optimizer::lbfgs::Lbfgs;
use lossatlas::path::{Grid, Sines, equally_spaced};
use lossatlas::random::MasterSeed;
use ndarray::{Array1, Array2};
use ndarray_npy::write_npy;
use published::{Published, vectors};
use std::hint::black_box;
use std::io::{BufRead, stdin};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

const NETWORKS: [Published; 4] =
    [Published::Fcp, Published::Lenet, Published::Autoencoder, Published::Lstm];
const PATH_IMAGES: usize = 2000;
const LBFGS_IMAGES: usize = 6400;
const BATCH: usize = 64;
const POINTS: usize = 51;
const TERMS: usize = 10;
/// Steps of SGD that are timed together, because one is too short.
const STEPS: usize = 20;

fn main() {
    let arguments: Vec<PathBuf> =
        env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let Some(directory) = arguments.first() else { return println!("see `make bench-peers`") };
    let data = match arguments.get(1) {
        Some(mnist) => {
            let wanted = WantedImages { train: Some(LBFGS_IMAGES), test: Some(1), classes: None };
            idx::load(mnist, None, ChannelOrder::Auto, wanted).expect("four IDX files")
        }
        None => digits::draw(MasterSeed(1), LBFGS_IMAGES, 1),
    };
    fs::create_dir_all(directory).expect("a directory to write to");
    write(
        directory,
        "images",
        &Array2::from_shape_vec(
            (LBFGS_IMAGES, 784),
            data.train.pixels.bytes().expect("bytes").to_vec(),
        )
        .expect("as many pixels"),
    );
    write(
        directory,
        "labels",
        &data.train.labels.iter().map(|&label| label as u8).collect::<Array1<_>>(),
    );
    write(
        directory,
        "coefficients",
        &Grid::<f32>::of(&Sines(TERMS), &equally_spaced(POINTS)).coefficients().to_owned(),
    );
    for line in stdin().lock().lines() {
        let line = line.expect("text");
        let (work, name) = line.split_once(' ').expect("what and for which network");
        if work == "product" {
            println!("{:e}", product(name.parse().expect("rows")));
            continue;
        }
        let published = NETWORKS
            .into_iter()
            .find(|published| published.architecture().name() == name)
            .expect("a network");
        let network = published.network();
        let side = Side { directory, network: network.as_ref(), data: &data, name };
        match work {
            "check" => side.check(),
            "path" => println!("{:e}", side.path()),
            "sgd" => println!("{:e}", side.sgd()),
            "lbfgs" => side.lbfgs(),
            _ => panic!("unknown: {work}"),
        }
    }
}

fn write<A: ndarray_npy::WritableElement, D: ndarray::Dimension>(
    directory: &Path,
    name: &str,
    array: &ndarray::Array<A, D>,
) {
    write_npy(directory.join(format!("{name}.npy")), array).expect("space");
}

/// A network on the images.
struct Side<'a> {
    directory: &'a Path,
    network: &'a dyn Network<f32>,
    data: &'a Dataset,
    name: &'a str,
}

impl<'a> Side<'a> {
    fn landscape(&self, images: usize) -> ImageLandscape<'a, f32> {
        ImageLandscape::new(self.network, self.data.train.view().first(images))
    }

    /// Writes the vectors of the path, its losses and coefficient gradients, and those of one
    /// vector.
    fn check(&self) {
        let vectors = vectors(self.network, TERMS + 2);
        let (landscape, grid) =
            (self.landscape(PATH_IMAGES), Grid::of(&Sines(TERMS), &equally_spaced(POINTS)));
        let points = Combinations { vectors: vectors.view(), coefficients: grid.coefficients() };
        let mut gradient = Array2::zeros((TERMS, vectors.ncols()));
        let losses = landscape
            .gradient_at(&points, grid.weights(), gradient.view_mut())
            .expect("nothing interrupts it");
        let name = self.name;
        write(self.directory, &format!("{name}-vectors"), &vectors);
        write(self.directory, &format!("{name}-losses"), &Array1::from(losses));
        write(self.directory, &format!("{name}-gradient"), &gradient);
        println!("written");
    }

    fn path(&self) -> f64 {
        let vectors = vectors(self.network, TERMS + 2);
        let (landscape, grid) =
            (self.landscape(PATH_IMAGES), Grid::of(&Sines(TERMS), &equally_spaced(POINTS)));
        let points = Combinations { vectors: vectors.view(), coefficients: grid.coefficients() };
        let mut gradient = Array2::zeros((TERMS, vectors.ncols()));
        // The buffers of a landscape last for the whole search.
        _ = landscape.gradient_at(&points, grid.weights(), gradient.view_mut());
        seconds(|| landscape.gradient_at(&points, grid.weights(), gradient.view_mut()))
    }

    fn sgd(&self) -> f64 {
        let landscape = self.landscape(LBFGS_IMAGES);
        let mut theta = vectors(self.network, 1).into_raw_vec_and_offset().0;
        let mut gradient = vec![0.0; theta.len()];
        let mut step = |number: usize| {
            let batch: Vec<u32> =
                (0..BATCH).map(|i| ((number * BATCH + i) * 31 % LBFGS_IMAGES) as u32).collect();
            landscape.batch_gradient(&theta, &batch, &mut gradient).expect("nothing interrupts it");
            theta.iter_mut().zip(&gradient).for_each(|(theta, g)| *theta -= 1e-3 * g);
        };
        step(0);
        seconds(|| (0..STEPS).for_each(&mut step)) / STEPS as f64
    }

    /// Prints the seconds of the second iteration, the first one with a memory, and the evaluations
    /// of its line search.
    fn lbfgs(&self) {
        let landscape =
            Counted { landscape: self.landscape(LBFGS_IMAGES), values: AtomicUsize::new(0) };
        let parameters = LbfgsParameters {
            iterations: 1000,
            memory: 10,
            line_search_evaluations: 6,
            line_search_tolerance: 1e-4,
            target_loss: 0.0,
        };
        let start = vectors(self.network, 1).into_raw_vec_and_offset().0;
        let mut lbfgs = Lbfgs::new(parameters, &landscape, start).expect("nothing interrupts it");
        _ = lbfgs.iterate(&landscape, 1);
        landscape.values.store(0, Ordering::Relaxed);
        let seconds = seconds(|| lbfgs.iterate(&landscape, 2));
        println!("{seconds:e} {}", landscape.values.load(Ordering::Relaxed));
    }
}

/// For comparison: seconds of a square matrix product of that size.
fn product(size: usize) -> f64 {
    let (a, b) = (Array2::<f32>::ones((size, size)), Array2::<f32>::ones((size, size)));
    seconds(|| a.dot(&b))
}

/// Processor time of this process, in s. Other programs on the machine do not change it.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = processor_time();
    black_box(work());
    processor_time() - start
}

/// Counts the evaluations of the loss in line searches.
struct Counted<L> {
    landscape: L,
    values: AtomicUsize,
}

impl<L: Landscape<f32>> Landscape<f32> for Counted<L> {
    fn dimension(&self) -> usize {
        self.landscape.dimension()
    }

    fn value(&self, theta: &[f32]) -> Result<f64, Interrupted> {
        self.landscape.value(theta)
    }

    fn value_and_gradient(&self, theta: &[f32], gradient: &mut [f32]) -> Result<f64, Interrupted> {
        self.landscape.value_and_gradient(theta, gradient)
    }

    fn line(
        &self,
        start: &[f32],
        direction: &[f32],
    ) -> Result<Box<dyn Line<f32> + '_>, Interrupted> {
        Ok(Box::new(CountedLine {
            line: self.landscape.line(start, direction)?,
            values: &self.values,
        }))
    }
}

struct CountedLine<'c> {
    line: Box<dyn Line<f32> + 'c>,
    values: &'c AtomicUsize,
}

impl Line<f32> for CountedLine<'_> {
    fn value(&mut self, u: f64) -> Result<f64, Interrupted> {
        self.values.fetch_add(1, Ordering::Relaxed);
        self.line.value(u)
    }

    fn value_and_gradient(&mut self, u: f64, gradient: &mut [f32]) -> Result<f64, Interrupted> {
        self.line.value_and_gradient(u, gradient)
    }
}
