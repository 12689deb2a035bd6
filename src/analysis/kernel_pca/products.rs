//! Inner products and squared distances of many long vectors.

use super::Vectors;
use super::routines::add_own_products;
use crate::kernels::Real;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, s};
use std::ops::Range;

/// Maximum number of `f64` in a block of columns of all vectors: 32 MiB for every P.
const BLOCK_NUMBERS: usize = 1 << 22;

/// Maximum number of columns of a block: twice the block depth of products in OpenBLAS (384 on
/// AVX-512 machines). For n = 1000, blocks of 768 to 2048 columns are equally fast, blocks of 384
/// are slower.
const BLOCK_COLUMNS: usize = 768;

/// Maximum number of rows and columns of a tile of the products. For n = 4000, tiles of 1000 are 8
/// % slower than a single `dsyrk`, and tiles of 512 are 20 % slower. But tiles are independent of
/// each other.
const TILE: usize = 1024;

/// The origin of the vectors in products.
#[derive(Clone, Copy)]
pub(super) enum ProductOrigin {
    /// 0.
    Zero,
    /// The mean of the vectors of the fit.
    Mean,
}

/// The transformation from columns of vectors to those of a block: (x − origin) · factor.
struct Frame {
    columns: Range<usize>,
    origin: Vec<f64>,
    /// `None`: all are 1.
    factors: Option<Vec<f64>>,
}

impl Frame {
    /// For these columns, from the vectors of the fit. Standardized vectors have the mean 0, so
    /// both origins are the mean.
    fn of<A: Real>(fit: &Vectors<'_, A>, origin: ProductOrigin, columns: Range<usize>) -> Self {
        let origin = match origin {
            ProductOrigin::Zero if !fit.is_standardized() => vec![0.0; columns.len()],
            ProductOrigin::Zero | ProductOrigin::Mean => fit.means(&columns),
        };
        let factors = fit.is_standardized().then(|| fit.reciprocal_deviations(&columns, &origin));
        Self { columns, origin, factors }
    }

    /// Writes the columns of all `vectors` to `block` `(n, columns)`.
    fn fill<A: Real>(&self, vectors: &Vectors<'_, A>, mut block: ArrayViewMut2<'_, f64>) {
        vectors.widen(&self.columns, &self.origin, block.view_mut());
        if let Some(factors) = &self.factors {
            block *= &ArrayView1::from(factors);
        }
    }
}

/// Products `(x_i − o)·(x_j − o)`, shape `(n, n)`, symmetric to the bit.
///
/// Only the tiles on and above the diagonal are computed, one block of columns after the other.
/// This takes n²P operations instead of 2n²P, and only one block is copied. The block is
/// standardized in place if required.
///
/// Its speed, n²P operations divided by its time, relative to that of one product of two
/// 2048 × 2048 matrices, as median [lowest, highest] (`make bench-kpca`): 0.35 [0.18, 0.44] for
/// n = 100, where conversion takes as long as the products, 0.85 [0.82, 1.01] for n = 1000, and
/// 1.03 [0.78, 1.41] for n = 4000.
pub(super) fn gram<A: Real>(vectors: &Vectors<'_, A>, origin: ProductOrigin) -> Array2<f64> {
    let count = vectors.len();
    let mut products = Array2::zeros((count, count));
    let columns = block_columns(count);
    let mut buffer = Array2::zeros((count, columns));
    for range in blocks(vectors.width(), columns) {
        let mut block = buffer.slice_mut(s![.., ..range.len()]);
        Frame::of(vectors, origin, range).fill(vectors, block.view_mut());
        for [rows, columns] in tiles(count) {
            add_tile(
                block.view(),
                &rows,
                &columns,
                products.slice_mut(s![rows.clone(), columns.clone()]),
            );
        }
    }
    mirror(&mut products);
    products
}

/// Tiles that cover the upper triangle once, as their rows and columns; those on the diagonal are
/// square.
fn tiles(count: usize) -> impl Iterator<Item = [Range<usize>; 2]> {
    let ranges = count.div_ceil(TILE);
    let range = move |index: usize| index * count / ranges..(index + 1) * count / ranges;
    (0..ranges).flat_map(move |column| (0..=column).map(move |row| [range(row), range(column)]))
}

/// Adds the products of these rows of a block with those of its rows that are `columns` of the
/// tile; on the diagonal to the upper triangle only.
fn add_tile(
    block: ArrayView2<'_, f64>,
    rows: &Range<usize>,
    columns: &Range<usize>,
    mut tile: ArrayViewMut2<'_, f64>,
) {
    let (left, right) = (block.slice(s![rows.clone(), ..]), block.slice(s![columns.clone(), ..]));
    if rows == columns {
        add_own_products(left, &mut tile);
    } else {
        general_mat_mul(1.0, &left, &right.t(), 1.0, &mut tile);
    }
}

/// Copies the upper triangle to the lower one.
fn mirror(matrix: &mut Array2<f64>) {
    for row in 0..matrix.nrows() {
        for column in 0..row {
            matrix[[row, column]] = matrix[[column, row]];
        }
    }
}

/// Squared distances `|x_i − x_j|²`, shape `(n, n)`, symmetric to the bit, 0 on the diagonal, never
/// negative.
///
/// `|x_i|² + |x_j|² − 2 x_i·x_j` about the mean x̄ of the vectors: one matrix product instead of
/// n²/2 passes over the vectors. The subtraction loses digits. The absolute error is about ε max |x
/// − x̄|², so a pair that is much closer than the width of the set has a large *relative* error.
/// About the origin the error would be ε |x|², which is unbounded for a set far from 0. A kernel
/// uses d² / 2σ² with 2σ² of the order of max |x − x̄|² or more (P in the published analysis).
/// Therefore the absolute error matters: the error of k = exp(−d²/2σ²) ≤ 1 is at most |δd²| / 2σ².
/// The error of the eigenvalues of K is at most n times as large, and that of an eigenvector is
/// this error divided by the gap to the next eigenvalue. Tests check these bounds with pairs that
/// differ in the last digit only.
pub(super) fn squared_distances<A: Real>(vectors: &Vectors<'_, A>) -> Array2<f64> {
    let mut distances = gram(vectors, ProductOrigin::Mean);
    let squares = distances.diag().to_owned();
    to_distances(&mut distances, &squares, &squares);
    distances.diag_mut().fill(0.0);
    distances
}

/// Products `x'_i·x_j`, shape `(m, n)`, of new vectors with those of the fit.
pub(super) fn cross<A: Real>(new: &Vectors<'_, A>, fit: &Vectors<'_, A>) -> Array2<f64> {
    cross_about(new, fit, ProductOrigin::Zero).0
}

/// Squared distances `|x'_i − x_j|²`, shape `(m, n)`, as accurate as [`squared_distances`], with
/// the mean that of the fit.
pub(super) fn cross_squared_distances<A: Real>(
    new: &Vectors<'_, A>,
    fit: &Vectors<'_, A>,
) -> Array2<f64> {
    let (mut distances, new_squares, fit_squares) = cross_about(new, fit, ProductOrigin::Mean);
    to_distances(&mut distances, &new_squares, &fit_squares);
    distances
}

/// Products `(m, n)` and the squared lengths `(m,)` and `(n,)` of the vectors about the origin.
fn cross_about<A: Real>(
    new: &Vectors<'_, A>,
    fit: &Vectors<'_, A>,
    origin: ProductOrigin,
) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let (rows, count) = (new.len(), fit.len());
    let mut products = Array2::zeros((rows, count));
    let (mut new_squares, mut fit_squares) = (Array1::zeros(rows), Array1::zeros(count));
    let columns = block_columns(rows + count);
    let mut buffer = Array2::zeros((rows + count, columns));
    for range in blocks(fit.width(), columns) {
        let (mut new_block, mut fit_block) =
            buffer.slice_mut(s![.., ..range.len()]).split_at(Axis(0), rows);
        let frame = Frame::of(fit, origin, range);
        frame.fill(new, new_block.view_mut());
        frame.fill(fit, fit_block.view_mut());
        general_mat_mul(1.0, &new_block, &fit_block.t(), 1.0, &mut products);
        new_squares += &new_block.map_axis(Axis(1), |part| part.dot(&part));
        fit_squares += &fit_block.map_axis(Axis(1), |part| part.dot(&part));
    }
    (products, new_squares, fit_squares)
}

/// Converts products to squared distances, given the squared lengths of rows and columns.
fn to_distances(
    products: &mut Array2<f64>,
    row_squares: &Array1<f64>,
    column_squares: &Array1<f64>,
) {
    for ((row, column), product) in products.indexed_iter_mut() {
        let distance = row_squares[row] + column_squares[column] - 2.0 * *product;
        // Not f64::max, which would replace NaN by 0.
        *product = if distance < 0.0 { 0.0 } else { distance };
    }
}

fn block_columns(rows: usize) -> usize {
    (BLOCK_NUMBERS / rows.max(1)).clamp(1, BLOCK_COLUMNS)
}

fn blocks(width: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
    (0..width).step_by(columns).map(move |start| start..(start + columns).min(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use ndarray::ArrayView1;
    use rand::RngExt;

    fn random(rows: usize, columns: usize, center: f32, spread: f32) -> Array2<f32> {
        let mut stream = MasterSeed(3).stream("products", &[rows as u64, columns as u64]);
        Array2::from_shape_simple_fn((rows, columns), || {
            center + spread * stream.random_range(-1.0_f32..1.0)
        })
    }

    fn direct(x: &ArrayView1<'_, f32>, y: &ArrayView1<'_, f32>) -> f64 {
        x.iter().zip(y).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
    }

    #[test]
    fn products_over_several_blocks_equal_direct_sums() {
        let columns = 2 * BLOCK_COLUMNS + 17;
        let (fit, new) = (random(5, columns, 0.1, 1.0), random(3, columns, 0.2, 1.0));
        let fit_vectors = Vectors::check([fit.view()]).unwrap();
        let products = cross(&Vectors::check([new.view()]).unwrap(), &fit_vectors);
        assert_eq!(products.dim(), (3, 5));
        for ((i, j), product) in products.indexed_iter() {
            let sum: f64 =
                new.row(i).iter().zip(fit.row(j)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((product - sum).abs() < 1e-10, "{product} {sum}");
        }
        let gram = gram(&fit_vectors, ProductOrigin::Zero);
        assert_eq!(gram, gram.t());
        for ((i, j), product) in gram.indexed_iter() {
            let sum: f64 =
                fit.row(i).iter().zip(fit.row(j)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((product - sum).abs() < 1e-10, "{product} {sum}");
        }
    }

    #[test]
    fn products_over_several_tiles_equal_those_of_one_product() {
        let vectors = random(2 * TILE + 5, 11, 0.1, 1.0);
        let wide = vectors.mapv(f64::from);
        let gram = gram(&Vectors::check([vectors.view()]).unwrap(), ProductOrigin::Zero);
        assert_eq!(gram, gram.t());
        assert!((gram - wide.dot(&wide.t())).iter().all(|difference| difference.abs() < 1e-13));
    }

    #[test]
    fn tiles_cover_the_upper_triangle_once() {
        assert_eq!(tiles(0).count(), 0);
        for count in [1, 5, TILE, TILE + 1, 4000] {
            assert!(tiles(count).flatten().all(|range| (1..=TILE).contains(&range.len())));
            let some = || (0..count).step_by(61).chain([count - 1]);
            for (i, j) in some().flat_map(|i| some().map(move |j| (i, j))).filter(|(i, j)| i <= j) {
                let there = tiles(count)
                    .filter(|[rows, columns]| rows.contains(&i) && columns.contains(&j));
                assert_eq!(there.count(), 1, "{i} {j} of {count}");
            }
        }
    }

    #[test]
    fn distances_far_from_the_origin_keep_their_digits() {
        // |x|² is 10¹⁰, |x − x'|² near 1: taken about 0, only six digits would remain.
        let (fit, new) = (random(12, 10_000, 1000.0, 0.01), random(4, 10_000, 1000.0, 0.01));
        let fit_vectors = Vectors::check([fit.view()]).unwrap();
        for ((i, j), distance) in squared_distances(&fit_vectors).indexed_iter() {
            let exact = direct(&fit.row(i), &fit.row(j));
            assert!((distance - exact).abs() <= 1e-12 * exact, "{distance} {exact}");
        }
        let distances =
            cross_squared_distances(&Vectors::check([new.view()]).unwrap(), &fit_vectors);
        for ((i, j), distance) in distances.indexed_iter() {
            let exact = direct(&new.row(i), &fit.row(j));
            assert!((distance - exact).abs() <= 1e-12 * exact, "{distance} {exact}");
        }
    }

    #[test]
    fn a_close_pair_has_the_argued_absolute_error() {
        let mut fit = random(9, 5000, 0.0, 1.0);
        let mut twin = fit.row(0).to_owned();
        twin[7] += 1e-4;
        fit.row_mut(1).assign(&twin);
        let copy = fit.row(2).to_owned();
        fit.row_mut(3).assign(&copy);
        let distances = squared_distances(&Vectors::check([fit.view()]).unwrap());
        let widest = fit
            .outer_iter()
            .map(|row| row.iter().map(|&a| f64::from(a).powi(2)).sum::<f64>())
            .fold(0.0, f64::max);
        let limit = 50.0 * f64::EPSILON * widest;
        assert!((distances[[0, 1]] - direct(&fit.row(0), &fit.row(1))).abs() < limit);
        assert!(distances[[2, 3]] < limit);
        assert!(distances.iter().all(|&distance| distance >= 0.0));
        assert!(distances.diag().iter().all(|&distance| distance == 0.0));
        assert_eq!(distances, distances.t());
    }

    #[test]
    fn standardized_products_over_several_blocks_equal_those_of_standardized_vectors() {
        let columns = BLOCK_COLUMNS + 17;
        let (mut fit, new) = (random(7, columns, 0.4, 1.0), random(3, columns, 0.2, 1.0));
        fit.column_mut(5).fill(0.7);
        let wide = fit.mapv(f64::from);
        let means = wide.mean_axis(Axis(0)).unwrap();
        let deviations = wide.std_axis(Axis(0), 0.0).mapv(|s| if s < 1e-12 { 1.0 } else { s });
        let standardize = |vectors: &Array2<f32>| (vectors.mapv(f64::from) - &means) / &deviations;
        let (wide_fit, wide_new) = (standardize(&fit), standardize(&new));
        let fit = Vectors::check([fit.view()]).unwrap().standardized();
        let new = Vectors::check([new.view()]).unwrap();
        let close = |a: Array2<f64>, b: Array2<f64>| {
            (a - b).iter().all(|difference| difference.abs() < 1e-10)
        };
        assert!(close(gram(&fit, ProductOrigin::Zero), wide_fit.dot(&wide_fit.t())));
        assert!(close(cross(&new, &fit), wide_new.dot(&wide_fit.t())));
        let distances = |a: &Array2<f64>, b: &Array2<f64>| {
            Array2::from_shape_fn((a.nrows(), b.nrows()), |(i, j)| {
                (&a.row(i) - &b.row(j)).mapv(|difference| difference * difference).sum()
            })
        };
        assert!(close(squared_distances(&fit), distances(&wide_fit, &wide_fit)));
        assert!(close(cross_squared_distances(&new, &fit), distances(&wide_new, &wide_fit)));
    }

    #[test]
    fn blocks_cover_every_column_once_within_the_budget() {
        for (width, rows) in [(0, 3), (1, 1), (42_200, 96), (42_200, 5000), (10, 10_000_000)] {
            let columns = block_columns(rows);
            assert!(columns == 1 || columns * rows <= BLOCK_NUMBERS);
            let mut next = 0;
            for range in blocks(width, columns) {
                assert_eq!(range.start, next);
                assert!(range.len() <= columns);
                next = range.end;
            }
            assert_eq!(next, width);
        }
    }
}
