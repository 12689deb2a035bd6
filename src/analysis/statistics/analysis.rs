//! The comparison of the sets of a run.

use super::{Distances, Moments, StatisticsError, distances, moments};
use crate::analysis::kernel_pca::{EmbeddingError, Kernel, KernelPcaFit, Vectors};
use crate::solutions::{SetName, SolutionSet};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::error::Error as _;
use std::fmt;
use thiserror::Error;

/// A kernel PCA to be computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelPcaRequest {
    /// Its name in the results.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    /// Whether each parameter is standardized over the vectors of the union first.
    pub standardize: bool,
    /// The sets whose union is embedded.
    pub sets: Vec<SetName>,
    /// Requested number of components; there are at most as many as vectors.
    pub components: usize,
}

/// A comparison of two sets by their distances from the common origin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceRequest {
    /// Its name in the results.
    pub name: String,
    /// The two sets.
    pub sets: [SetName; 2],
}

/// A kernel PCA of the union of sets: n vectors, k components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelPcaResult {
    /// The name of the request.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    /// Whether each parameter was standardized over the vectors of the union first.
    pub standardized: bool,
    /// `(k,)` eigenvalues of the centered kernel matrix, descending.
    pub eigenvalues: Vec<f64>,
    /// `(k,)` each eigenvalue divided by the sum of all positive eigenvalues.
    pub explained: Vec<f64>,
    /// Σ |λ < 0| / Σ |λ| of the centered kernel matrix.
    pub negative_share: f64,
    /// `(n, k)` components, scaled and signed as in [`KernelPcaFit`].
    pub projection: Array2<f64>,
    /// `(n,)` index into `sets` of the set each vector is from.
    pub set: Vec<u32>,
    /// The sets, in the order of their vectors.
    pub sets: Vec<SetName>,
    /// `(n,)` number of the initialization from which each vector was trained.
    pub initialization: Vec<u32>,
}

impl KernelPcaResult {
    /// The kernel in words: `"rbf, 2σ² = 42200, standardized"`.
    pub fn kernel_words(&self) -> String {
        self.qualified(self.kernel)
    }

    /// The given words for the kernel, followed by `", standardized"` if the parameters are.
    pub fn qualified(&self, kernel: impl fmt::Display) -> String {
        let standardized = if self.standardized { ", standardized" } else { "" };
        format!("{kernel}{standardized}")
    }
}

/// Distances of two sets from the point between their centroids; see [`Distances`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistanceResult {
    /// The name of the request.
    pub name: String,
    /// The sets X and Y.
    pub sets: [SetName; 2],
    /// `|x_i − ω̄|` and `|y_i − ω̄|`, in the order of the vectors of each set.
    pub distances: [Vec<f64>; 2],
    /// |x̄ − ω̄| = |ȳ − ω̄|.
    pub centroid_to_origin: f64,
    /// |x̄ − ȳ|.
    pub centroid_distance: f64,
}

/// Everything that is computed from whole sets of solutions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Kernel PCAs, in the order of the requests.
    pub kernel_pca: Vec<KernelPcaResult>,
    /// Moments of the components of every set.
    pub moments: Vec<(SetName, Moments)>,
    /// Distances from common origins, in the order of the requests.
    pub distances: Vec<DistanceResult>,
}

/// A part of an [`Analysis`]. Each part is computed separately: if one fails, the others are still
/// computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnalysisPart {
    /// The kernel PCA of this name.
    KernelPca(String),
    /// The moments of this set.
    Moments(SetName),
    /// The comparison of this name.
    Distances(String),
}

/// A part that could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPart {
    /// The part.
    pub part: AnalysisPart,
    /// The reason and the remedy.
    pub reason: String,
}

impl fmt::Display for AnalysisPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KernelPca(name) => write!(f, "kernel PCA {name}"),
            Self::Moments(set) => write!(f, "moments of {set}"),
            Self::Distances(name) => write!(f, "distances {name}"),
        }
    }
}

/// Why a part could not be computed.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// A request names a set that does not exist.
    #[error("\"{request}\" names the set {set}, but the sets are {known}")]
    UnknownSet {
        /// The request.
        request: String,
        /// The set it names.
        set: SetName,
        /// The existing sets, separated by commas.
        known: String,
    },
    /// A vector is not finite.
    #[error(
        "the vector of initialization {initialization} in the set {set} is not finite; leave out runs that diverged"
    )]
    NotFinite {
        /// The set.
        set: SetName,
        /// Number of the initialization.
        initialization: u32,
    },
    /// A kernel PCA failed.
    #[error("kernel PCA \"{request}\"")]
    KernelPca {
        /// The request.
        request: String,
        /// Why.
        source: EmbeddingError,
    },
    /// The distances could not be computed.
    #[error("distances \"{request}\"")]
    Distances {
        /// The request.
        request: String,
        /// Why.
        source: StatisticsError,
    },
    /// The moments of a set could not be computed.
    #[error("moments of the set {set}")]
    Moments {
        /// The set.
        set: SetName,
        /// Why.
        source: StatisticsError,
    },
}

impl AnalysisError {
    /// The reason without the name of the part.
    pub fn reason(&self) -> String {
        let wrapped = match self {
            Self::KernelPca { .. } | Self::Distances { .. } | Self::Moments { .. } => self.source(),
            Self::UnknownSet { .. } | Self::NotFinite { .. } => None,
        };
        let first: &dyn std::error::Error = wrapped.unwrap_or(self);
        let mut words = first.to_string();
        let mut next = first.source();
        while let Some(error) = next {
            words += ": ";
            words += &error.to_string();
            next = error.source();
        }
        words
    }
}

impl Analysis {
    /// The moments of every set, and the results of the requests.
    ///
    /// # Errors
    /// The first [`AnalysisError`].
    pub fn of(
        sets: &[SolutionSet],
        kernel_pca: &[KernelPcaRequest],
        distances: &[DistanceRequest],
    ) -> Result<Self, AnalysisError> {
        let (analysis, failures) = Self::parts(sets, kernel_pca, distances);
        failures.into_iter().next().map_or(Ok(analysis), |(_, error)| Err(error))
    }

    /// Like [`Self::of`], but continues after a failure. Also returns the failed parts with their
    /// reasons.
    pub fn parts(
        sets: &[SolutionSet],
        kernel_pca: &[KernelPcaRequest],
        distances: &[DistanceRequest],
    ) -> (Self, Vec<(AnalysisPart, AnalysisError)>) {
        let mut failures = Vec::new();
        let mut analysis = Self::default();
        for request in kernel_pca {
            match embed(sets, request) {
                Ok(result) => analysis.kernel_pca.push(result),
                Err(error) => failures.push((AnalysisPart::KernelPca(request.name.clone()), error)),
            }
        }
        for set in sets {
            match moments_of(set) {
                Ok(result) => analysis.moments.push(result),
                Err(error) => failures.push((AnalysisPart::Moments(set.name.clone()), error)),
            }
        }
        for request in distances {
            match compare(sets, request) {
                Ok(result) => analysis.distances.push(result),
                Err(error) => failures.push((AnalysisPart::Distances(request.name.clone()), error)),
            }
        }
        (analysis, failures)
    }
}

fn check_finite(set: &SolutionSet) -> Result<(), AnalysisError> {
    let broken =
        |vector: ndarray::ArrayView1<'_, f32>| vector.iter().any(|value| !value.is_finite());
    match set.theta.outer_iter().position(broken) {
        Some(row) => Err(AnalysisError::NotFinite {
            set: set.name.clone(),
            initialization: set.initialization[row],
        }),
        None => Ok(()),
    }
}

/// The set of this name, if all of its vectors are finite.
fn find<'a>(
    sets: &'a [SolutionSet],
    name: &SetName,
    request: &str,
) -> Result<&'a SolutionSet, AnalysisError> {
    let set =
        sets.iter().find(|set| set.name == *name).ok_or_else(|| AnalysisError::UnknownSet {
            request: request.to_owned(),
            set: name.clone(),
            known: sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>().join(", "),
        })?;
    check_finite(set)?;
    Ok(set)
}

fn moments_of(set: &SolutionSet) -> Result<(SetName, Moments), AnalysisError> {
    check_finite(set)?;
    match moments(&set.theta.view()) {
        Ok(moments) => Ok((set.name.clone(), moments)),
        Err(source) => Err(AnalysisError::Moments { set: set.name.clone(), source }),
    }
}

fn compare(
    sets: &[SolutionSet],
    request: &DistanceRequest,
) -> Result<DistanceResult, AnalysisError> {
    let [x, y] = &request.sets;
    let (x, y) = (find(sets, x, &request.name)?, find(sets, y, &request.name)?);
    let Distances { to_origin, centroid_to_origin, centroid_distance } =
        distances(&x.theta.view(), &y.theta.view())
            .map_err(|source| AnalysisError::Distances { request: request.name.clone(), source })?;
    Ok(DistanceResult {
        name: request.name.clone(),
        sets: request.sets.clone(),
        distances: to_origin,
        centroid_to_origin,
        centroid_distance,
    })
}

fn embed(
    sets: &[SolutionSet],
    request: &KernelPcaRequest,
) -> Result<KernelPcaResult, AnalysisError> {
    let sets = request
        .sets
        .iter()
        .map(|name| find(sets, name, &request.name))
        .collect::<Result<Vec<_>, _>>()?;
    let pca = Vectors::check(sets.iter().map(|set| set.theta.view()))
        .map(|vectors| if request.standardize { vectors.standardized() } else { vectors })
        .and_then(|vectors| KernelPcaFit::fit_union(vectors, request.kernel, request.components))
        .map_err(|source| AnalysisError::KernelPca { request: request.name.clone(), source })?;
    Ok(KernelPcaResult {
        name: request.name.clone(),
        kernel: request.kernel,
        standardized: request.standardize,
        eigenvalues: pca.eigenvalues().to_vec(),
        explained: pca.explained().to_vec(),
        negative_share: pca.negative(),
        projection: pca.projection(),
        set: (0..).zip(&sets).flat_map(|(index, set)| vec![index; set.theta.nrows()]).collect(),
        sets: request.sets.clone(),
        initialization: sets.iter().flat_map(|set| set.initialization.iter().copied()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn set(name: &str, initialization: Vec<u32>, theta: Array2<f32>) -> SolutionSet {
        let count = initialization.len();
        SolutionSet {
            name: SetName::parse(name).unwrap(),
            theta,
            initialization,
            epoch: vec![1; count],
            loss_train: vec![0.1; count],
            loss_test: vec![0.2; count],
            accuracy_train: vec![1.0; count],
            accuracy_test: vec![0.9; count],
        }
    }

    fn two_sets() -> [SolutionSet; 2] {
        [
            set(
                "sgd/test",
                vec![7, 3, 5],
                array![[1.0, 0.1, 0.0], [1.0, -0.1, 0.0], [1.0, 0.0, 0.1]],
            ),
            set("lbfgs/train", vec![9, 2], array![[-4.0, 0.1, 0.0], [-4.0, 0.0, -0.1]]),
        ]
    }

    fn request(kernel: Kernel, names: &[&str]) -> KernelPcaRequest {
        let sets = names.iter().map(|name| SetName::parse(name).unwrap()).collect();
        KernelPcaRequest {
            name: "both".to_owned(),
            kernel,
            standardize: false,
            sets,
            components: 2,
        }
    }

    #[test]
    fn rows_of_a_kernel_pca_know_where_they_are_from() {
        let sets = two_sets();
        let request = request(Kernel::Rbf { two_sigma_squared: 3.0 }, &["lbfgs/train", "sgd/test"]);
        let analysis = Analysis::of(&sets, &[request], &[]).unwrap();
        let result = &analysis.kernel_pca[0];
        assert_eq!(result.projection.dim(), (5, 2));
        assert_eq!(result.set, [0, 0, 1, 1, 1]);
        assert_eq!(result.initialization, [9, 2, 7, 3, 5]);
        // The sets are five times farther apart than wide: the first component tells them apart.
        let side = result.projection.column(0).mapv(f64::signum);
        assert!(
            side.iter().zip(&result.set).all(|(side, &set)| (*side > 0.0) == (set == 0)),
            "{side}"
        );
        assert!(result.explained[0] > 0.9);
    }

    #[test]
    fn a_kernel_pca_is_standardized_over_the_union() {
        let sets = two_sets();
        let raw = request(Kernel::Rbf { two_sigma_squared: 3.0 }, &["lbfgs/train", "sgd/test"]);
        let request = KernelPcaRequest { standardize: true, ..raw };
        let analysis = Analysis::of(&sets, &[request], &[]).unwrap();
        let result = &analysis.kernel_pca[0];
        let all =
            ndarray::concatenate![ndarray::Axis(0), sets[1].theta, sets[0].theta].mapv(f64::from);
        let mean = all.mean_axis(ndarray::Axis(0)).unwrap();
        let standardized = (&all - &mean) / &all.std_axis(ndarray::Axis(0), 0.0);
        let expected =
            KernelPcaFit::fit(standardized.view(), result.kernel, 2).unwrap().projection();
        assert!(result.standardized);
        assert!((&result.projection - &expected).iter().all(|difference| difference.abs() < 1e-12));
    }

    #[test]
    fn moments_and_distances_are_of_the_sets_named() {
        let sets = two_sets();
        let names = ["lbfgs/train", "sgd/test"].map(|name| SetName::parse(name).unwrap());
        let request = DistanceRequest { name: "spread".to_owned(), sets: names };
        let analysis = Analysis::of(&sets, &[], &[request]).unwrap();
        let result = &analysis.distances[0];
        assert_eq!([result.distances[0].len(), result.distances[1].len()], [2, 3]);
        assert!((result.centroid_to_origin * 2.0 - result.centroid_distance).abs() < 1e-15);
        assert!((result.centroid_distance - 5.0).abs() < 0.01);
        let (name, moments) = &analysis.moments[1];
        assert_eq!((name.as_str(), moments.count), ("lbfgs/train", 6));
        assert!((moments.mean + 8.0 / 6.0).abs() < 1e-7);
    }

    #[test]
    fn a_part_that_cannot_be_computed_leaves_the_others() {
        let mut sets = two_sets();
        let steep = Kernel::Polynomial { scale: 1.0, degree: 100, constant: 1.0 };
        let named = |name: &str, kernel, sets: &[&str]| KernelPcaRequest {
            name: name.to_owned(),
            ..request(kernel, sets)
        };
        sets[0].theta.mapv_inplace(|value| value * 1e3);
        let requests = [
            named("steep", steep, &["sgd/test"]),
            named("linear", Kernel::Linear, &["sgd/test", "lbfgs/train"]),
            named("few", Kernel::Linear, &["sgd/train"]),
        ];
        let (analysis, failures) = Analysis::parts(&sets, &requests, &[]);
        assert_eq!(analysis, Analysis::of(&sets, &requests[1..2], &[]).unwrap());
        let failed: Vec<String> = failures.iter().map(|(part, _)| part.to_string()).collect();
        assert_eq!(failed, ["kernel PCA steep", "kernel PCA few"]);
        let reason = failures[0].1.reason();
        assert!(
            reason.starts_with("the kernel of rows 0 and 0 is inf; choose a lower degree"),
            "{reason}"
        );

        // One vector with NaN: only the parts that need its set fail.
        sets[0].theta[[1, 2]] = f32::NAN;
        let names = ["lbfgs/train", "sgd/test"].map(|name| SetName::parse(name).unwrap());
        let spread = DistanceRequest { name: "spread".to_owned(), sets: names };
        let alone = named("alone", Kernel::Linear, &["lbfgs/train"]);
        let (analysis, failures) = Analysis::parts(&sets, &[requests[1].clone(), alone], &[spread]);
        let failed: Vec<String> = failures.iter().map(|(part, _)| part.to_string()).collect();
        assert_eq!(failed, ["kernel PCA linear", "moments of sgd/test", "distances spread"]);
        assert!(
            failures.iter().all(|(_, error)| matches!(
                error,
                AnalysisError::NotFinite { initialization: 3, .. }
            ))
        );
        assert_eq!((analysis.kernel_pca.len(), analysis.moments.len()), (1, 1));
    }

    #[test]
    fn errors_name_the_request_the_set_and_the_initialization() {
        let mut sets = two_sets();
        let unknown = request(Kernel::Linear, &["sgd/train"]);
        let message = Analysis::of(&sets, &[unknown], &[]).unwrap_err().to_string();
        assert_eq!(
            message,
            "\"both\" names the set sgd/train, but the sets are sgd/test, lbfgs/train"
        );
        let wrong = request(Kernel::Rbf { two_sigma_squared: 0.0 }, &["sgd/test"]);
        let error = Analysis::of(&sets, &[wrong], &[]).unwrap_err();
        assert!(matches!(error, AnalysisError::KernelPca { request, .. } if request == "both"));
        sets[0].theta[[1, 2]] = f32::NAN;
        let error = Analysis::of(&sets, &[], &[]).unwrap_err();
        assert!(
            matches!(error, AnalysisError::NotFinite { set, initialization: 3 } if set.as_str() == "sgd/test")
        );
    }
}
