//! The speedup by the threads of a rank: run with `make bench-threads`.
//!
//! Loss and gradient of all images are computed in three ways, which alternate: on one thread, on
//! one thread per core, and in as many independent landscapes, each with a part of the images. The
//! last one is the most that the cores can do. The table has medians [lowest, highest].

#[path = "kernels/published.rs"]
mod published;

use lossatlas::combinations::Combinations;
use lossatlas::data::{Dataset, digits};
use lossatlas::kernels::Threads;
use lossatlas::landscape::{ImageLandscape, Landscape};
use lossatlas::network::Network;
use lossatlas::path::{Grid, Sines, equally_spaced};
use lossatlas::random::MasterSeed;
use ndarray::Array2;
use published::{Published, vectors};
use std::thread::{available_parallelism, scope};
use std::time::Instant;

const ROUNDS: usize = 9;
const POINTS: usize = 51;
const TERMS: usize = 10;
/// Images of an evaluation at one point, and of one on a path.
const IMAGES: [usize; 2] = [8192, 1024];

fn main() {
    let cores = available_parallelism().map_or(2, usize::from);
    let data = digits::draw(MasterSeed(1), IMAGES[0], 1);
    println!(
        "| network | loss and gradient | 1 thread, ms | {cores} threads, ms | efficiency | of what the cores can do |"
    );
    println!("|---|---|---|---|---|---|");
    for published in [Published::Fcp, Published::Lenet, Published::Autoencoder, Published::Lstm] {
        let network = published.network();
        for (what, images) in ["at a point", "on a path"].into_iter().zip(IMAGES) {
            let work = Work {
                data: &data,
                network: network.as_ref(),
                vectors: vectors(network.as_ref(), TERMS + 2),
                images,
                what,
            };
            work.compare(published.architecture().name(), cores);
        }
    }
}

struct Work<'a> {
    data: &'a Dataset,
    network: &'a dyn Network<f32>,
    vectors: Array2<f32>,
    images: usize,
    what: &'static str,
}

impl Work<'_> {
    /// Prints a row.
    fn compare(&self, name: &str, cores: usize) {
        let threads = Threads::new(cores).expect("the system gives threads");
        let landscape = |from, until| {
            ImageLandscape::<f32>::new(self.network, self.data.train.view().range(from..until))
        };
        let (alone, together) = (landscape(0, self.images), landscape(0, self.images).on(&threads));
        let part = self.images / cores;
        let parts: Vec<_> =
            (0..cores).map(|core| landscape(core * part, (core + 1) * part)).collect();
        let mut measured: Vec<[f64; 3]> = (0..=ROUNDS)
            .map(|_| {
                let one = seconds(|| self.evaluate(&alone));
                let several = seconds(|| self.evaluate(&together));
                let side_by_side = seconds(|| {
                    scope(|scope| {
                        parts.iter().for_each(|part| _ = scope.spawn(|| self.evaluate(part)));
                    });
                });
                [one, several, side_by_side]
            })
            .collect();
        // The first round fills buffers.
        measured.remove(0);
        let of = |ratio: fn(&[f64; 3], f64) -> f64| -> Vec<f64> {
            let mut ratios: Vec<f64> =
                measured.iter().map(|seconds| ratio(seconds, cores as f64)).collect();
            ratios.sort_by(f64::total_cmp);
            ratios
        };
        let [one, several] =
            [of(|s, _| 1e3 * s[0]), of(|s, _| 1e3 * s[1])].map(|times| times[ROUNDS / 2]);
        let [efficiency, possible] = [of(|s, cores| s[0] / (cores * s[1])), of(|s, _| s[2] / s[1])]
            .map(|ratios| {
                format!("{:.2} [{:.2}, {:.2}]", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1])
            });
        println!(
            "| {name} | {} | {one:.1} | {several:.1} | {efficiency} | {possible} |",
            self.what
        );
    }

    fn evaluate(&self, landscape: &ImageLandscape<f32>) {
        if self.what == "at a point" {
            let theta = self.vectors.row(0).to_vec();
            _ = landscape.value_and_gradient(&theta, &mut vec![0.0; theta.len()]);
        } else {
            let grid = Grid::of(&Sines(TERMS), &equally_spaced(POINTS));
            let points =
                Combinations { vectors: self.vectors.view(), coefficients: grid.coefficients() };
            let mut gradient = Array2::zeros((TERMS, self.vectors.ncols()));
            _ = landscape.gradient_at(&points, grid.weights(), gradient.view_mut());
        }
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}
