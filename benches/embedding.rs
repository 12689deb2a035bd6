//! Kernel PCA of parameter vectors of LeNet on one thread: the kernel matrix, and the eigenproblem.
//!
//! `make bench-kpca` runs it, and then compares it with scikit-learn. Counters give floating-point
//! operations per second. A large matrix product shows the rate that the machine can reach.
//!
//! `embedding DIRECTORY` is the side of lossatlas in that comparison
//! (`benches/pytorch/kernel_pca.py`). It reads one task per line from standard input, and answers
//! each with the seconds that it took.

use divan::Bencher;
use divan::counter::ItemsCount;
use lossatlas::analysis::kernel_pca::{Kernel, KernelPcaFit, Vectors};
use lossatlas::random::MasterSeed;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, s};
use ndarray_npy::write_npy;
use rand::RngExt;
use std::env;
use std::hint::black_box;
use std::io::{BufRead, stdin};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

/// Parameters of LeNet.
const PARAMETERS: usize = 61_706;
const LARGEST: usize = 4000;
const COMPONENTS: usize = 10;
const KERNEL: Kernel = Kernel::Rbf { two_sigma_squared: PARAMETERS as f64 };

/// Random vectors (0.99 GB). They vary most in a dozen directions, in each less than in the one
/// before.
static VECTORS: LazyLock<Array2<f32>> = LazyLock::new(|| {
    let mut stream = MasterSeed(1).stream("bench", &[]);
    let mut random =
        |shape| Array2::from_shape_simple_fn(shape, || stream.random_range(-1.0_f32..1.0));
    let (directions, coordinates) = (random((12, PARAMETERS)), random((LARGEST, 12)));
    let mut vectors = random((LARGEST, PARAMETERS));
    let scales = Array1::from_iter((0..12).map(|index| 0.8_f32.powi(index)));
    general_mat_mul(1.0, &(coordinates * scales), &directions, 1.0, &mut vectors);
    vectors
});

fn vectors(count: usize) -> ArrayView2<'static, f32> {
    VECTORS.slice(s![..count, ..])
}

fn main() {
    let directory = env::args().skip(1).find(|word| !word.starts_with("--"));
    match directory.filter(|word| Path::new(word).is_dir()) {
        Some(directory) => answer(Path::new(&directory)),
        None => divan::main(),
    }
}

/// Writes the vectors. Then performs the task of each line.
fn answer(directory: &Path) {
    write_npy(directory.join("vectors.npy"), &*VECTORS).expect("space");
    println!("written");
    for line in stdin().lock().lines() {
        let line = line.expect("text");
        let (work, count) = line.split_once(' ').expect("what and for how many vectors");
        let vectors = vectors(count.parse().expect("a number"));
        let seconds = match work {
            "fit" => seconds(|| fit(vectors).projection()),
            "kernel" => seconds(|| kernel_matrix(vectors)),
            "check" => seconds(|| write_results(directory, &fit(vectors))),
            _ => panic!("unknown: {work}"),
        };
        println!("{seconds:e}");
    }
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64()
}

fn fit(vectors: ArrayView2<'_, f32>) -> KernelPcaFit<'_, f32> {
    KernelPcaFit::fit(vectors, KERNEL, COMPONENTS).expect("finite vectors")
}

fn kernel_matrix(vectors: ArrayView2<'_, f32>) -> Array2<f64> {
    KERNEL.matrix(&Vectors::check([vectors]).expect("finite vectors")).expect("finite values")
}

fn write_results(directory: &Path, pca: &KernelPcaFit<'_, f32>) {
    write_npy(directory.join("eigenvalues.npy"), pca.eigenvalues()).expect("space");
    write_npy(directory.join("projection.npy"), &pca.projection()).expect("space");
}

/// For comparison: a large square matrix product in double precision.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn product_2048(bencher: Bencher) {
    let (a, b) = (Array2::<f64>::ones((2048, 2048)), Array2::<f64>::ones((2048, 2048)));
    bencher.counter(ItemsCount::new(2_u64 * 2048 * 2048 * 2048)).bench(|| a.dot(&b));
}

#[divan::bench(args = [100, 1000], max_time = 20)]
fn kernel_matrix_of(bencher: Bencher, count: usize) {
    measure_kernel_matrix(bencher, count);
}

#[divan::bench(args = [LARGEST], sample_count = 1, sample_size = 1)]
fn kernel_matrix_of_many(bencher: Bencher, count: usize) {
    measure_kernel_matrix(bencher, count);
}

#[divan::bench(args = [100, 1000], max_time = 20)]
fn eigenproblem_of(bencher: Bencher, count: usize) {
    measure_eigenproblem(bencher, count);
}

#[divan::bench(args = [LARGEST], sample_count = 1, sample_size = 1)]
fn eigenproblem_of_many(bencher: Bencher, count: usize) {
    measure_eigenproblem(bencher, count);
}

/// n² P operations: each product of two vectors once.
fn measure_kernel_matrix(bencher: Bencher, count: usize) {
    let vectors = vectors(count);
    bencher.counter(ItemsCount::new(count * count * PARAMETERS)).bench(|| kernel_matrix(vectors));
}

/// Kernel PCA of vectors with 64 components only. Their products cost next to nothing, so this
/// measures the eigenproblem: 4n³/3 operations.
fn measure_eigenproblem(bencher: Bencher, count: usize) {
    let (vectors, kernel) = (vectors(count), Kernel::Rbf { two_sigma_squared: 64.0 });
    let vectors = vectors.slice_move(s![.., ..64]);
    let fit = || KernelPcaFit::fit(vectors, kernel, COMPONENTS).expect("finite vectors");
    bencher.counter(ItemsCount::new(4 * count.pow(3) / 3)).bench(fit);
}
