//! Types of records as version 0.1.0 wrote them, for journals that hold such records.
//!
//! postcard knows fields by their position. What these types hold must never change.

use crate::analysis::kernel_pca;
use crate::analysis::statistics::{self, DistanceResult, Moments};
use crate::solutions::SetName;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// The former [`statistics::Analysis`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstAnalysis {
    kernel_pca: Vec<FirstKernelPcaResult>,
    moments: Vec<(SetName, Moments)>,
    distances: Vec<DistanceResult>,
}

/// The former [`statistics::KernelPcaResult`]; vectors were never standardized.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FirstKernelPcaResult {
    name: String,
    kernel: FirstKernel,
    eigenvalues: Vec<f64>,
    explained: Vec<f64>,
    negative_share: f64,
    projection: Array2<f64>,
    set: Vec<u32>,
    sets: Vec<SetName>,
    initialization: Vec<u32>,
}

/// The former [`kernel_pca::Kernel`]; the polynomial kernel had no scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum FirstKernel {
    Linear,
    Polynomial { degree: u32, constant: f64 },
    Sigmoid { scale: f64, constant: f64 },
    Rbf { two_sigma_squared: f64 },
}

impl From<FirstAnalysis> for statistics::Analysis {
    fn from(first: FirstAnalysis) -> Self {
        let kernel_pca = first.kernel_pca.into_iter().map(Into::into).collect();
        Self { kernel_pca, moments: first.moments, distances: first.distances }
    }
}

impl From<FirstKernelPcaResult> for statistics::KernelPcaResult {
    fn from(first: FirstKernelPcaResult) -> Self {
        Self {
            name: first.name,
            kernel: first.kernel.into(),
            standardized: false,
            eigenvalues: first.eigenvalues,
            explained: first.explained,
            negative_share: first.negative_share,
            projection: first.projection,
            set: first.set,
            sets: first.sets,
            initialization: first.initialization,
        }
    }
}

impl From<FirstKernel> for kernel_pca::Kernel {
    fn from(first: FirstKernel) -> Self {
        match first {
            FirstKernel::Linear => Self::Linear,
            FirstKernel::Polynomial { degree, constant } => {
                Self::Polynomial { scale: 1.0, degree, constant }
            }
            FirstKernel::Sigmoid { scale, constant } => Self::Sigmoid { scale, constant },
            FirstKernel::Rbf { two_sigma_squared } => Self::Rbf { two_sigma_squared },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::kernel_pca::Kernel;
    use crate::engine::store::{Contents, Record, StoredAnalysis};
    use ndarray::array;

    /// Little-endian doubles.
    fn doubles(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// An analysis with a polynomial kernel, byte by byte as version 0.1.0 wrote it.
    #[test]
    fn an_analysis_of_the_first_version_is_read() {
        // The variant, then `digest` and `analysis.kernel_pca` with its one entry.
        let mut bytes = vec![4, 1, b'd', 1, 1, b'p'];
        bytes.extend([1, 3]);
        bytes.extend(doubles(&[1.5]));
        bytes.push(1);
        bytes.extend(doubles(&[2.0]));
        bytes.push(1);
        bytes.extend(doubles(&[1.0, 0.0]));
        // The projection: the version of ndarray's format, its shape, its elements.
        bytes.extend([1, 2, 1, 2]);
        bytes.extend(doubles(&[1.0, -1.0]));
        bytes.extend([2, 0, 0, 1, 3]);
        bytes.extend(b"a/b");
        bytes.extend([2, 7, 3]);
        // No moments, no distances.
        bytes.extend([0, 0]);
        let record: Record = postcard::from_bytes(&bytes).unwrap();
        let mut contents = Contents::default();
        assert!(contents.insert(record));
        let StoredAnalysis { digest, analysis, .. } = contents.analysis().unwrap();
        let result = &analysis.kernel_pca[0];
        assert_eq!((digest.as_str(), result.name.as_str(), result.standardized), ("d", "p", false));
        assert_eq!(result.kernel, Kernel::Polynomial { scale: 1.0, degree: 3, constant: 1.5 });
        assert_eq!(result.projection, array![[1.0], [-1.0]]);
        assert_eq!(
            (result.set.as_slice(), result.initialization.as_slice()),
            (&[0, 0][..], &[7, 3][..])
        );
    }
}
