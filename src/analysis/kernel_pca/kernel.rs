//! Kernels: inner products in feature spaces that are not computed explicitly.

use super::{EmbeddingError, Vectors, products};
use crate::kernels::Real;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Larger kernel values are refused: their squares, and sums of n² of them, must not overflow.
pub const MAX_KERNEL_VALUE: f64 = 1e150;

/// A kernel k(x, x').
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    /// x·x': kernel PCA is then PCA.
    Linear,
    /// (s x·x' + C)ⁿ.
    Polynomial {
        /// s, ≠ 0; below 0 the kernel is indefinite.
        scale: f64,
        /// n, ≥ 1.
        degree: u32,
        /// C; below 0 the kernel is indefinite.
        constant: f64,
    },
    /// tanh(s x·x' + C); indefinite for most vectors, so some eigenvalues are negative.
    Sigmoid {
        /// s, ≠ 0.
        scale: f64,
        /// C.
        constant: f64,
    },
    /// exp(−|x − x'|² / 2σ²), positive definite. The published analysis takes 2σ² = P.
    Rbf {
        /// 2σ², > 0.
        two_sigma_squared: f64,
    },
}

impl Kernel {
    /// As in configurations: `"linear"`, `"polynomial"`, `"sigmoid"`, `"rbf"`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Polynomial { .. } => "polynomial",
            Self::Sigmoid { .. } => "sigmoid",
            Self::Rbf { .. } => "rbf",
        }
    }

    /// Its parameters by their names in configurations.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Linear => Vec::new(),
            Self::Polynomial { scale, degree, constant } => {
                vec![("scale", scale), ("degree", degree.into()), ("constant", constant)]
            }
            Self::Sigmoid { scale, constant } => vec![("scale", scale), ("constant", constant)],
            Self::Rbf { two_sigma_squared } => vec![("two_sigma_squared", two_sigma_squared)],
        }
    }

    /// Refuses parameters that are out of range.
    ///
    /// # Errors
    /// [`EmbeddingError::Parameter`] with what the parameter must be.
    pub fn check(&self) -> Result<(), EmbeddingError> {
        let refuse = |parameter, value, requirement| {
            Err(EmbeddingError::Parameter { parameter, value, requirement })
        };
        match *self {
            Self::Polynomial { degree: 0, .. } => refuse("degree", 0.0, "at least 1"),
            Self::Polynomial { constant, .. } | Self::Sigmoid { constant, .. }
                if !constant.is_finite() =>
            {
                refuse("constant", constant, "a finite number")
            }
            Self::Polynomial { degree, constant, .. } if power_overflows(degree, constant) => {
                refuse("constant", constant, "so small that constant^degree is at most 1e150")
            }
            Self::Polynomial { scale, .. } | Self::Sigmoid { scale, .. }
                if !scale.is_finite() || scale == 0.0 =>
            {
                refuse("scale", scale, "a finite number other than 0")
            }
            Self::Rbf { two_sigma_squared }
                if !(two_sigma_squared.is_finite() && two_sigma_squared > 0.0) =>
            {
                refuse("two_sigma_squared", two_sigma_squared, "a finite number above 0")
            }
            _ => Ok(()),
        }
    }

    /// `K_ij = k(x_i, x_j)`, shape `(n, n)`, symmetric to the bit, not centered.
    ///
    /// # Errors
    /// [`EmbeddingError::Parameter`], [`EmbeddingError::KernelValue`].
    pub fn matrix<A: Real>(&self, vectors: &Vectors<'_, A>) -> Result<Array2<f64>, EmbeddingError> {
        self.check()?;
        let matrix = match self {
            Self::Rbf { .. } => products::squared_distances(vectors),
            _ => products::gram(vectors, products::ProductOrigin::Zero),
        };
        self.map(matrix)
    }

    /// `k(x'_i, x_j)`, shape `(m, n)`, between new vectors and those of a fit, not centered.
    ///
    /// # Errors
    /// [`EmbeddingError::Width`] if the new vectors differ in length from those of the fit,
    /// [`EmbeddingError::Parameter`], [`EmbeddingError::KernelValue`].
    pub fn matrix_between<A: Real>(
        &self,
        new: &Vectors<'_, A>,
        fit: &Vectors<'_, A>,
    ) -> Result<Array2<f64>, EmbeddingError> {
        self.check()?;
        if !new.is_empty() && new.width() != fit.width() {
            return Err(EmbeddingError::Width {
                row: 0,
                expected: fit.width(),
                found: new.width(),
            });
        }
        let matrix = match self {
            Self::Rbf { .. } => products::cross_squared_distances(new, fit),
            _ => products::cross(new, fit),
        };
        self.map(matrix)
    }

    /// The remedy if a value of the kernel is too large.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Polynomial { scale, .. } if scale.abs() > 1.0 => {
                "choose a smaller scale, a lower degree, or another kernel for vectors this long"
            }
            Self::Polynomial { .. } => {
                "choose a lower degree, a smaller constant, or another kernel for vectors this long"
            }
            Self::Sigmoid { .. } => "choose a smaller scale, or leave out vectors this long",
            Self::Linear | Self::Rbf { .. } => {
                "the vectors are too long for double precision: leave out those of runs that diverged"
            }
        }
    }

    /// Squared distances (RBF) or products (all others) to kernel values.
    fn map(&self, mut matrix: Array2<f64>) -> Result<Array2<f64>, EmbeddingError> {
        match *self {
            Self::Linear => {}
            Self::Polynomial { scale, degree, constant } => {
                matrix.mapv_inplace(|product| (scale * product + constant).powf(f64::from(degree)));
            }
            Self::Sigmoid { scale, constant } => {
                matrix.mapv_inplace(|product| (scale * product + constant).tanh());
            }
            Self::Rbf { two_sigma_squared } => {
                matrix.mapv_inplace(|distance| (-distance / two_sigma_squared).exp());
            }
        }
        // NaN must fail this comparison.
        let fits = |value: &f64| value.abs() <= MAX_KERNEL_VALUE;
        match matrix.indexed_iter().find(|(_, value)| !fits(value)) {
            Some(((row, column), &value)) => {
                Err(EmbeddingError::KernelValue { row, column, value, remedy: self.remedy() })
            }
            None => Ok(matrix),
        }
    }
}

/// Whether the kernel is too large even for two orthogonal vectors of any length.
pub(crate) fn power_overflows(degree: u32, constant: f64) -> bool {
    constant.abs().powf(f64::from(degree)) > MAX_KERNEL_VALUE
}

/// The shortest digits that read back as the same number, with an exponent instead of many zeros.
pub(crate) fn shortest(value: f64) -> String {
    let mut text = format!("{value:?}");
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    text
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => write!(f, "linear"),
            Self::Polynomial { scale: 1.0, degree, constant } => {
                write!(f, "polynomial, degree {degree}, constant {}", shortest(*constant))
            }
            Self::Polynomial { scale, degree, constant } => {
                let (scale, constant) = (shortest(*scale), shortest(*constant));
                write!(f, "polynomial, degree {degree}, scale {scale}, constant {constant}")
            }
            Self::Sigmoid { scale, constant } => {
                write!(f, "sigmoid, scale {}, constant {}", shortest(*scale), shortest(*constant))
            }
            Self::Rbf { two_sigma_squared } => {
                write!(f, "rbf, 2σ² = {}", shortest(*two_sigma_squared))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use ndarray::array;

    #[test]
    fn values_by_hand() {
        // x·x' = 1, |x − x'|² = 5 + 2 − 2 = 5.
        let (x, y) = (array![[1.0_f32, 2.0]], array![[-1.0_f32, 1.0]]);
        let (x, y) = (Vectors::check([x.view()]).unwrap(), Vectors::check([y.view()]).unwrap());
        let value = |kernel: Kernel| kernel.matrix_between(&x, &y).unwrap()[[0, 0]];
        assert_relative_eq!(value(Kernel::Linear), 1.0);
        assert_relative_eq!(
            value(Kernel::Polynomial { scale: 1.0, degree: 3, constant: -3.0 }),
            -8.0
        );
        assert_relative_eq!(
            value(Kernel::Polynomial { scale: 0.5, degree: 2, constant: 1.0 }),
            2.25
        );
        assert_relative_eq!(value(Kernel::Sigmoid { scale: 0.5, constant: 0.25 }), 0.75_f64.tanh());
        assert_relative_eq!(value(Kernel::Rbf { two_sigma_squared: 10.0 }), (-0.5_f64).exp());
    }

    #[test]
    fn the_remedy_for_a_value_that_is_too_large_names_the_scale_where_it_is_large() {
        let vectors = ndarray::array![[1.0, 0.0], [0.0, 1.0]];
        let vectors = Vectors::check([vectors.view()]).expect("finite");
        let said = |scale| {
            let kernel = Kernel::Polynomial { scale, degree: 3, constant: 1.0 };
            kernel.matrix(&vectors).expect_err("too large").to_string()
        };
        assert!(said(1e60).contains("choose a smaller scale, a lower degree"));
        assert!(said(-1e60).contains("choose a smaller scale, a lower degree"));
    }

    #[test]
    fn meaningless_parameters_are_refused_by_name() {
        let cases = [
            (Kernel::Polynomial { scale: 1.0, degree: 0, constant: 1.0 }, "degree"),
            (Kernel::Polynomial { scale: 0.0, degree: 2, constant: 1.0 }, "scale"),
            (Kernel::Polynomial { scale: 1.0, degree: 2, constant: f64::NAN }, "constant"),
            (Kernel::Polynomial { scale: 1.0, degree: 100, constant: 1e300 }, "constant"),
            (Kernel::Polynomial { scale: 1.0, degree: 2, constant: -1e76 }, "constant"),
            (Kernel::Sigmoid { scale: 1.0, constant: f64::INFINITY }, "constant"),
            (Kernel::Sigmoid { scale: 0.0, constant: 1.0 }, "scale"),
            (Kernel::Rbf { two_sigma_squared: 0.0 }, "two_sigma_squared"),
            (Kernel::Rbf { two_sigma_squared: f64::NAN }, "two_sigma_squared"),
        ];
        for (kernel, name) in cases {
            let error = kernel.check().unwrap_err();
            assert!(
                matches!(error, EmbeddingError::Parameter { parameter, .. } if parameter == name),
                "{error}"
            );
        }
    }

    #[test]
    fn a_kernel_that_overflows_is_refused_with_its_rows() {
        let vectors = array![[1.0_f32, 0.0], [0.0, 1e20]];
        let vectors = Vectors::check([vectors.view()]).unwrap();
        let error = Kernel::Polynomial { scale: 1.0, degree: 9, constant: 0.0 }
            .matrix(&vectors)
            .unwrap_err();
        assert!(matches!(error, EmbeddingError::KernelValue { row: 1, column: 1, .. }), "{error}");
        // Two far vectors close to each other: ∞ − ∞ must not pass as a distance of 0.
        let vectors = array![[1.0_f64, 0.0], [0.0, 1e200], [1.0, 1e200]];
        let vectors = Vectors::check([vectors.view()]).unwrap();
        let error = Kernel::Rbf { two_sigma_squared: 1.0 }.matrix(&vectors).unwrap_err();
        assert!(matches!(error, EmbeddingError::KernelValue { row: 1, column: 2, .. }), "{error}");
    }

    #[test]
    fn constants_take_few_characters_in_words() {
        let words = [
            Kernel::Polynomial { scale: 1.0, degree: 3, constant: 1e30 }.to_string(),
            Kernel::Sigmoid { scale: 1e-9, constant: 1e308 }.to_string(),
            Kernel::Rbf { two_sigma_squared: 42_200.0 }.to_string(),
        ];
        let expected = [
            "polynomial, degree 3, constant 1e30",
            "sigmoid, scale 1e-9, constant 1e308",
            "rbf, 2σ² = 42200",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn new_vectors_of_another_length_are_refused() {
        let (new, fit) = (array![[1.0_f32]], array![[1.0_f32, 2.0]]);
        let (new, fit) =
            (Vectors::check([new.view()]).unwrap(), Vectors::check([fit.view()]).unwrap());
        let error = Kernel::Linear.matrix_between(&new, &fit).unwrap_err();
        assert!(matches!(error, EmbeddingError::Width { expected: 2, found: 1, .. }), "{error}");
    }
}
