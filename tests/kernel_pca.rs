//! Kernel PCA against scikit-learn, and against what is true of it in general.
//!
//! The reference results are those of `fixtures/kernel_pca/generate.py`.

use lossatlas::analysis::kernel_pca::{Centering, EmbeddingError, Kernel, KernelPcaFit, Vectors};
use lossatlas::random::MasterSeed;
use ndarray::{Array1, Array2, ArrayView1, Axis, array, concatenate, s};
use ndarray_linalg::{Eigh, SVD, UPLO};
use rand::RngExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Case {
    kernel: Kernel,
    eigenvalues: Vec<f64>,
    explained: Vec<f64>,
    projection: Vec<Vec<f64>>,
    transform: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Indefinite {
    kernel: Kernel,
    eigenvalues: Vec<f64>,
    negative: f64,
}

#[derive(Deserialize)]
struct Small {
    fit: Vec<Vec<f64>>,
    new: Vec<Vec<f64>>,
    cases: Vec<Case>,
    indefinite: Indefinite,
}

#[derive(Deserialize)]
struct Standardized {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Wide {
    case: Case,
}

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/kernel_pca/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

/// The fixtures hold numbers of single precision.
fn single(rows: &[Vec<f64>]) -> Array2<f32> {
    matrix(rows).mapv(|value| value as f32)
}

fn assert_close(what: &str, found: &Array2<f64>, expected: &Array2<f64>, relative: f64) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    let scale = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    for ((index, a), b) in found.indexed_iter().zip(expected) {
        assert!((a - b).abs() <= relative * scale, "{what} {index:?}: {a} instead of {b}");
    }
}

fn column(values: &[f64]) -> Array2<f64> {
    Array1::from(values.to_vec()).insert_axis(Axis(1))
}

fn assert_agrees(fit: &Array2<f32>, new: &Array2<f32>, case: &Case) {
    agrees(Vectors::check([fit.view()]).unwrap(), new, case);
}

fn agrees(fit: Vectors<'_, f32>, new: &Array2<f32>, case: &Case) {
    let pca = KernelPcaFit::fit_union(fit, case.kernel, case.eigenvalues.len()).unwrap();
    let name = case.kernel.to_string();
    assert_close(
        &name,
        &pca.eigenvalues().clone().insert_axis(Axis(1)),
        &column(&case.eigenvalues),
        1e-10,
    );
    assert_close(
        &name,
        &pca.explained().clone().insert_axis(Axis(1)),
        &column(&case.explained),
        1e-8,
    );
    assert_close(&name, &pca.projection(), &matrix(&case.projection), 1e-8);
    assert_close(&name, &pca.transform(new.view()).unwrap(), &matrix(&case.transform), 1e-8);
}

#[test]
fn every_kernel_agrees_with_scikit_learn() {
    let small: Small = fixture("small");
    let (fit, new) = (single(&small.fit), single(&small.new));
    assert_eq!(small.cases.len(), 4);
    for case in &small.cases {
        assert_agrees(&fit, &new, case);
    }
}

#[test]
fn vectors_longer_than_their_number_agree_with_scikit_learn() {
    let wide: Wide = fixture("wide");
    let vectors = Array2::from_shape_fn((45, 300), |(i, j)| {
        let residue = (i * i * 17 + j * j * 29 + i * j * 7 + i * 3) % 1009;
        (residue as f64 / 1009.0 - 0.5) as f32
    });
    assert_agrees(
        &vectors.slice(s![..40, ..]).to_owned(),
        &vectors.slice(s![40.., ..]).to_owned(),
        &wide.case,
    );
}

/// `make_pipeline(StandardScaler(), KernelPCA(kernel=…))`, all else at its default.
#[test]
fn standardized_vectors_agree_with_scikit_learns_pipeline() {
    let Standardized { cases } = fixture("standardized");
    let vectors = Array2::from_shape_fn((35, 60), |(i, j)| {
        let residue = (i * i * 17 + j * j * 29 + i * j * 7 + i * 3) % 1009;
        let value =
            (residue as f64 / 1009.0 - 0.5) * (1.0 + (j % 5) as f64) + ((j % 7) as f64 - 3.0) * 0.3;
        if j == 11 { 0.1 } else { value as f32 }
    });
    let (fit, new) = vectors.view().split_at(Axis(0), 30);
    assert_eq!(cases.len(), 4);
    for case in &cases {
        // Over a union of sets, of which none alone has the mean and the spread of all.
        let (first, second) = fit.split_at(Axis(0), 11);
        agrees(Vectors::check([first, second]).unwrap().standardized(), &new.to_owned(), case);
    }
}

#[test]
fn negative_eigenvalues_are_reported_and_never_used() {
    let Small { fit, indefinite, .. } = fixture("small");
    let fit = single(&fit);
    let pca = KernelPcaFit::fit(fit.view(), indefinite.kernel, fit.nrows()).unwrap();
    assert_close(
        "sigmoid",
        &pca.eigenvalues().clone().insert_axis(Axis(1)),
        &column(&indefinite.eigenvalues),
        1e-10,
    );
    assert!(indefinite.negative > 0.01, "the case is meant to be indefinite");
    assert!((pca.negative() - indefinite.negative).abs() < 1e-10);
    assert!((pca.explained().sum() - 1.0).abs() < 1e-12);
    assert!(
        pca.projection()
            .iter()
            .chain(&pca.transform(fit.view()).unwrap())
            .all(|value| value.is_finite())
    );
}

/// 12 vectors and a kernel of each kind.
fn vectors_and_kernels() -> (Array2<f32>, Vec<Kernel>) {
    let small: Small = fixture("small");
    (single(&small.fit), small.cases.iter().map(|case| case.kernel).collect())
}

#[test]
fn eigenpairs_solve_the_centered_problem() {
    let (fit, kernels) = vectors_and_kernels();
    for kernel in kernels {
        let pca = KernelPcaFit::fit(fit.view(), kernel, 12).unwrap();
        let mut centered = kernel.matrix(&Vectors::check([fit.view()]).unwrap()).unwrap();
        let centering = Centering::of(&centered);
        centering.center(&mut centered);
        let (values, vectors) = (pca.eigenvalues(), pca.eigenvectors());
        let scale = values[0];
        assert!(values.windows(2).into_iter().all(|pair| pair[0] >= pair[1]));
        assert_close("orthonormal", &vectors.t().dot(vectors), &Array2::eye(12), 1e-13);
        let negative_total = pca.negative() / (1.0 - pca.negative()) * values.sum();
        assert!(
            (values.sum() - negative_total - centered.diag().sum()).abs() < 1e-12 * scale,
            "trace of {kernel}"
        );
        for (value, vector) in
            values.iter().zip(vectors.columns()).filter(|(value, _)| **value > 0.0)
        {
            let residual = centered.dot(&vector) - &vector * *value;
            assert!(
                residual.iter().all(|entry| entry.abs() < 1e-13 * scale),
                "{kernel}: {residual}"
            );
        }
        assert!(
            pca.projection().sum_axis(Axis(0)).iter().all(|sum| sum.abs() < 1e-10 * scale.sqrt())
        );
    }
}

#[test]
fn linear_kernel_pca_is_pca() {
    let (fit, _) = vectors_and_kernels();
    let pca = KernelPcaFit::fit(fit.view(), Kernel::Linear, 12).unwrap();
    let wide = fit.mapv(f64::from);
    let centered = &wide - &wide.mean_axis(Axis(0)).unwrap();
    let (_, singular, axes) = centered.svd(false, true).unwrap();
    let scores = centered.dot(&axes.unwrap().t());
    for (c, value) in singular.iter().enumerate() {
        assert!((pca.eigenvalues()[c] - value * value).abs() < 1e-12 * singular[0].powi(2));
        let column = pca.projection().column(c).to_owned();
        let sign = column.dot(&scores.column(c)).signum();
        assert!(
            (column - &scores.column(c) * sign)
                .iter()
                .all(|difference| difference.abs() < 1e-12 * singular[0])
        );
    }
    // 7 components of a vector leave 7 components of a projection.
    assert!(pca.eigenvalues().slice(s![7..]).iter().all(|&value| value == 0.0));
    assert!(pca.projection().slice(s![.., 7..]).iter().all(|&value| value == 0.0));
    assert!(
        pca.transform(fit.view()).unwrap().slice(s![.., 7..]).iter().all(|&value| value == 0.0)
    );
}

#[test]
fn vectors_of_the_fit_are_transformed_to_their_projection() {
    let (fit, kernels) = vectors_and_kernels();
    for kernel in kernels {
        let pca = KernelPcaFit::fit(fit.view(), kernel, 5).unwrap();
        assert_close(
            &kernel.to_string(),
            &pca.transform(fit.view()).unwrap(),
            &pca.projection(),
            1e-10,
        );
    }
}

/// 24 vectors along a few directions, and of each a twin that differs in the last digit of some
/// components.
fn twins(width: usize) -> Array2<f32> {
    let mut stream = MasterSeed(23).stream("twins", &[]);
    let mut random =
        |shape| Array2::from_shape_simple_fn(shape, || stream.random_range(-1.0_f32..1.0));
    let (coordinates, directions, noise) =
        (random((24, 4)), random((4, width)), random((24, width)));
    let first = (coordinates * array![2.0, 1.4, 1.0, 0.7]).dot(&directions) + noise * 0.3;
    let mut second = first.clone();
    second.iter_mut().step_by(7).for_each(|value| *value = value.next_up());
    concatenate![Axis(0), first, second]
}

fn direct_distance(x: ArrayView1<f32>, y: ArrayView1<f32>) -> f64 {
    x.iter().zip(y).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

#[test]
fn nearly_identical_vectors_are_embedded_as_by_direct_distances() {
    let width = 3000;
    let fit = twins(width);
    let (count, two_sigma_squared) = (fit.nrows(), width as f64);
    let kernel = Kernel::Rbf { two_sigma_squared };
    let mut direct = Array2::from_shape_fn((count, count), |(i, j)| {
        (-direct_distance(fit.row(i), fit.row(j)) / two_sigma_squared).exp()
    });
    let mean = fit.mean_axis(Axis(0)).unwrap();
    let widest = fit.outer_iter().map(|row| direct_distance(row, mean.view())).fold(0.0, f64::max);

    // The error of a squared distance is some ε max |x − x̄|², and |dk| ≤ |d(d²)| / 2σ².
    let kernel_limit = 50.0 * f64::EPSILON * widest / two_sigma_squared;
    assert!(kernel_limit < 1e-13, "the vectors are meant to be about σ wide");
    let matrix = kernel.matrix(&Vectors::check([fit.view()]).unwrap()).unwrap();
    assert!((&matrix - &direct).iter().all(|difference| difference.abs() <= kernel_limit));

    // H. Weyl: no eigenvalue is off by more than the norm of the error.
    let norm = count as f64 * (kernel_limit + 10.0 * f64::EPSILON);
    let centering = Centering::of(&direct);
    centering.center(&mut direct);
    let (ascending, columns) = direct.eigh(UPLO::Lower).unwrap();
    let (values, columns) = (ascending.slice(s![..;-1]), columns.slice(s![.., ..;-1]));
    let pca = KernelPcaFit::fit(fit.view(), kernel, count).unwrap();
    assert!((pca.eigenvalues() - &values).iter().all(|difference| difference.abs() <= norm));

    // C. Davis and W. Kahan: an eigenvector turns by the norm over the gap.
    let projection = pca.projection();
    for c in 0..4 {
        let gap = values
            .windows(2)
            .into_iter()
            .map(|pair| pair[0] - pair[1])
            .skip(c.max(1) - 1)
            .take(2)
            .fold(1.0, f64::min);
        let limit = norm * (2.0 * values[c].sqrt() / gap + values[c].sqrt().recip());
        assert!(limit < 1e-10, "the first eigenvalues are meant to be far apart: {limit:e}");
        let vector =
            &columns.column(c) * columns.column(c).dot(&pca.eigenvectors().column(c)).signum();
        let difference = &projection.column(c) - &(vector * values[c].sqrt());
        assert!(
            difference.iter().all(|difference| difference.abs() <= limit),
            "component {c}: {difference}"
        );
        let (first, second) = projection.column(c).split_at(Axis(0), count / 2);
        assert!(
            (&first - &second).iter().all(|apart| apart.abs() < 1e-7),
            "twins in component {c}"
        );
    }
}

#[test]
fn a_permutation_of_the_vectors_permutes_the_rows() {
    let (fit, kernels) = vectors_and_kernels();
    let order = [7, 2, 11, 0, 5, 9, 1, 3, 10, 4, 8, 6];
    let permuted = fit.select(Axis(0), &order);
    for kernel in kernels {
        let pca = KernelPcaFit::fit(fit.view(), kernel, 5).unwrap();
        let other = KernelPcaFit::fit(permuted.view(), kernel, 5).unwrap();
        assert_close(
            &kernel.to_string(),
            &other.projection(),
            &pca.projection().select(Axis(0), &order),
            1e-9,
        );
    }
}

#[test]
fn a_union_of_sets_equals_one_set() {
    let (fit, kernels) = vectors_and_kernels();
    let (first, second) = fit.view().split_at(Axis(0), 5);
    for kernel in kernels {
        let union =
            KernelPcaFit::fit_union(Vectors::check([first, second]).unwrap(), kernel, 3).unwrap();
        assert_eq!(
            union.projection(),
            KernelPcaFit::fit(fit.view(), kernel, 3).unwrap().projection()
        );
    }
}

#[test]
fn components_are_clipped_to_the_number_of_vectors() {
    let (fit, _) = vectors_and_kernels();
    let pca = KernelPcaFit::fit(fit.view(), Kernel::Rbf { two_sigma_squared: 7.0 }, 1000).unwrap();
    assert_eq!(pca.projection().dim(), (12, 12));
    assert!((pca.explained().sum() - 1.0).abs() < 1e-12);
    // The constant vector spans the kernel of the centered matrix.
    assert!(pca.eigenvalues()[10] > 0.0 && pca.eigenvalues()[11] <= 0.0);
}

#[test]
fn equal_vectors_have_no_components_however_long_they_are() {
    // Of a length and number for which products and means are rounded.
    let fit = Array2::from_shape_fn((11, 1001), |(_, j)| 100.0 / (j as f32 + 3.0));
    for kernel in [
        Kernel::Linear,
        Kernel::Rbf { two_sigma_squared: 1.0 },
        Kernel::Polynomial { scale: 1.0, degree: 3, constant: 1.0 },
    ] {
        let pca = KernelPcaFit::fit(fit.view(), kernel, 11).unwrap();
        assert_eq!(pca.projection(), Array2::<f64>::zeros((11, 11)), "{kernel}");
        assert_eq!((pca.explained().sum(), pca.negative()), (0.0, 0.0), "{kernel}");
    }
}

#[test]
fn two_vectors_lie_half_their_distance_from_the_middle() {
    // |x − x'| = 5, and the tie of ±1/√2 goes to the first.
    let pca = KernelPcaFit::fit(array![[4.0_f32, 0.0], [0.0, 3.0]].view(), Kernel::Linear, 1)
        .map(|pca| pca.projection());
    assert_close("two", &pca.unwrap(), &array![[2.5], [-2.5]], 1e-14);
}

#[test]
fn what_cannot_be_embedded_is_refused_with_its_place() {
    let one = array![[1.0_f32, 2.0]];
    let error = KernelPcaFit::fit(one.view(), Kernel::Linear, 1).unwrap_err();
    assert!(matches!(error, EmbeddingError::TooFew { count: 1 }), "{error}");
    let diverged = array![[1.0_f32, 2.0], [3.0, f32::NAN]];
    let error = KernelPcaFit::fit(diverged.view(), Kernel::Linear, 1).unwrap_err();
    assert!(matches!(error, EmbeddingError::NotFinite { row: 1, column: 1, .. }), "{error}");
    let fine = array![[1.0_f32, 2.0], [3.0, 5.0]];
    let error =
        KernelPcaFit::fit(fine.view(), Kernel::Rbf { two_sigma_squared: -1.0 }, 1).unwrap_err();
    assert!(
        matches!(error, EmbeddingError::Parameter { parameter: "two_sigma_squared", .. }),
        "{error}"
    );
    let pca = KernelPcaFit::fit(fine.view(), Kernel::Linear, 1).unwrap();
    let error = pca.transform(array![[1.0_f32, 2.0, 3.0]].view()).unwrap_err();
    assert!(matches!(error, EmbeddingError::Width { expected: 2, found: 3, .. }), "{error}");
    assert!(matches!(
        pca.transform(diverged.view()),
        Err(EmbeddingError::NotFinite { row: 1, .. })
    ));
}
