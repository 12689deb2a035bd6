//! `[[kpca]]`: kernel principal component analyses of unions of sets.

use super::available::Available;
use super::named::read_name;
use super::reader::{Choice, Read, Section};
use super::schema::{
    Choices, Count, Derived, Flag, Integer, Invalidates, Key, Multiplicity, Number, OneOf, Owned,
    Required, SectionSpec, SetNames, Text,
};
use crate::analysis::kernel_pca::{self, MAX_KERNEL_VALUE};
use crate::solutions::SetName;

/// One kernel PCA.
#[derive(Clone, Debug, PartialEq)]
pub struct KpcaConfig {
    /// Its name in the results: letters, digits, `-`, `_`, `.`; no two are the same.
    pub name: String,
    /// The sets whose union is analyzed, at least one.
    pub sets: Vec<SetName>,
    /// Whether each parameter is standardized over the vectors of all sets before the kernel.
    pub standardize: bool,
    /// The kernel.
    pub kernel: KernelConfig,
    /// Components to keep, ≥ 1, those of the largest eigenvalues. If the sets have fewer vectors
    /// than this, as imported sets may, there are as many components as vectors.
    pub components: usize,
}

/// The kernel k(x, x') of two parameter vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum KernelConfig {
    /// x·x'.
    Linear,
    /// (scale x·x' + constant)^degree.
    Polynomial {
        /// > 0; `None`: 1, of standardized vectors 1/P.
        scale: Option<f64>,
        /// 1 to 100.
        degree: u32,
        /// ≥ 0: below, the kernel is not positive semidefinite.
        constant: f64,
    },
    /// tanh(scale x·x' + constant).
    Sigmoid {
        /// > 0; `None`: 1/P, P the number of parameters.
        scale: Option<f64>,
        /// Any finite number.
        constant: f64,
    },
    /// exp(−|x − x'|² / 2σ²).
    Rbf {
        /// 2σ² > 0; `None`: P, the number of parameters.
        two_sigma_squared: Option<f64>,
    },
}

impl KpcaConfig {
    /// The kernel for vectors of P = `parameters` components. For standardized vectors all defaults
    /// are those of scikit-learn.
    pub fn kernel_of(&self, parameters: usize) -> kernel_pca::Kernel {
        self.kernel.with_defaults(parameters, self.standardize)
    }

    /// The text that identifies this analysis: all keys in use. Keys that version 0.1.0 did not
    /// have appear only if they differ from the value it implied, so that its results stay valid.
    pub fn identity(&self) -> String {
        let kernel = match &self.kernel {
            KernelConfig::Polynomial { scale, degree, constant } => {
                let scale = scale.map_or_else(String::new, |scale| format!(", scale: {scale:?}"));
                format!("Polynomial {{ degree: {degree:?}, constant: {constant:?}{scale} }}")
            }
            kernel => format!("{kernel:?}"),
        };
        let Self { name, sets, components, standardize, .. } = self;
        let standardize = if *standardize { ", standardize: true" } else { "" };
        format!(
            "KpcaConfig {{ name: {name:?}, sets: {sets:?}, kernel: {kernel}, \
             components: {components:?}{standardize} }}"
        )
    }
}

impl KernelConfig {
    fn with_defaults(&self, parameters: usize, standardize: bool) -> kernel_pca::Kernel {
        match *self {
            Self::Linear => kernel_pca::Kernel::Linear,
            Self::Polynomial { scale, degree, constant } => {
                let default = if standardize { 1.0 / parameters as f64 } else { 1.0 };
                kernel_pca::Kernel::Polynomial { scale: scale.unwrap_or(default), degree, constant }
            }
            Self::Sigmoid { scale, constant } => kernel_pca::Kernel::Sigmoid {
                scale: scale.unwrap_or(1.0 / parameters as f64),
                constant,
            },
            Self::Rbf { two_sigma_squared } => kernel_pca::Kernel::Rbf {
                two_sigma_squared: two_sigma_squared.unwrap_or(parameters as f64),
            },
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum KernelName {
    Linear,
    Polynomial,
    Sigmoid,
    Rbf,
}

impl Choice for KernelName {
    const ALL: &'static [Self] = &[Self::Linear, Self::Polynomial, Self::Sigmoid, Self::Rbf];
    fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Polynomial => "polynomial",
            Self::Sigmoid => "sigmoid",
            Self::Rbf => "rbf",
        }
    }
}

static NAME: Key<Text, Required> = Key::new("name", Text)
    .meaning("name of the group in `atlas.h5`: letters, digits, `-`, `_`, `.`")
    .note("no two are the same")
    .required("\"lbfgs-train_sgd-test\"");

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning("the sets whose union is analyzed")
    .derived("all sets there are", "[\"lbfgs/train\", \"sgd/test\"]");

static STANDARDIZE: Key<Flag> = Key::new("standardize", Flag)
    .meaning(
        "whether each parameter is standardized over the vectors of all `sets`, before the kernel: \
         its mean is subtracted, and it is divided by its standard deviation",
    )
    .note("a constant parameter becomes 0")
    .default(false);

static KERNEL: Key<OneOf<KernelName>> = Key::new("kernel", OneOf::NEW)
    .meaning(
        "k(x, x'): `\"linear\"` x·x', `\"polynomial\"` (scale x·x' + constant)^degree, \
         `\"sigmoid\"` tanh(scale x·x' + constant), `\"rbf\"` exp(−|x − x'|² / two_sigma_squared)",
    )
    .default(KernelName::Rbf);

static COMPONENTS: Key<Count, Derived> = Key::new("components", Count::at_least(1))
    .unit("components")
    .meaning("components to keep: those of the largest eigenvalues")
    .note("at most one less than the number of vectors")
    .derived("10, or one less than the number of vectors if that is smaller", "10");

static POLYNOMIAL_SCALE: Key<Number, Derived> = Key::new("scale", Number::POSITIVE)
    .meaning("factor of the product")
    .derived("1; 1/P with `standardize`, P the number of parameters", "2.4e-5");

static DEGREE: Key<Integer<u32>> =
    // x·x' is of the order of 10³ here: a degree above 100 overflows.
    Key::new("degree", Integer::between(1, 100)).meaning("power of the polynomial").default(3);

static POLYNOMIAL_CONSTANT: Key<Number> = Key::new("constant", Number::NOT_NEGATIVE)
    .meaning("added to the product")
    .note("below 0 the kernel would be indefinite; constant^degree is at most 1e150")
    .default(1.0);

static SIGMOID_SCALE: Key<Number, Derived> = Key::new("scale", Number::POSITIVE)
    .meaning("factor of the product")
    .derived("1/P, P the number of parameters", "2.4e-5");

static SIGMOID_CONSTANT: Key<Number> =
    Key::new("constant", Number::FINITE).meaning("added to the product").default(1.0);

static TWO_SIGMA_SQUARED: Key<Number, Derived> = Key::new("two_sigma_squared", Number::POSITIVE)
    .meaning("2σ², the width of the kernel")
    .derived("P, the number of parameters", "42200.0");

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "kpca",
    title: "Kernel PCA: any number of entries, each of the union of some sets",
    shape: Multiplicity::Named,
    keys: &[&NAME, &SETS, &STANDARDIZE, &KERNEL, &COMPONENTS],
    choices: Some(Choices {
        selector: "kernel",
        keys: || {
            vec![
                Owned {
                    choice: "polynomial",
                    keys: vec![&POLYNOMIAL_SCALE, &DEGREE, &POLYNOMIAL_CONSTANT],
                },
                Owned { choice: "sigmoid", keys: vec![&SIGMOID_SCALE, &SIGMOID_CONSTANT] },
                Owned { choice: "rbf", keys: vec![&TWO_SIGMA_SQUARED] },
            ]
        },
    }),
    // Each analysis is computed anew from all of its keys.
    invalidates: Invalidates::Nothing,
};

/// Reads all entries of the file.
pub(super) fn read_all(root: &Section<'_>, available: &Available) -> Read<Vec<KpcaConfig>> {
    let mut names = Vec::new();
    root.sections(&SECTION, |section| {
        let name = read_name(section, &NAME, &names, "kpca", "kernel PCA");
        names.push(name.clone().ok());
        if let Ok(name) = &name {
            section.record_as(format!("kpca.{name}"));
        }
        let sets = available.read_sets(section, &SETS);
        let standardize = section.key(&STANDARDIZE).value();
        let kernel = read_kernel(section);
        let vectors = sets.as_ref().ok().and_then(|sets| available.vectors_in(sets));
        let components = read_components(section, vectors, available.keep_key());
        let (name, sets, standardize) = (name?, sets?, standardize?);
        Ok(KpcaConfig { name, sets, standardize, kernel: kernel?, components: components? })
    })
}

fn read_kernel(section: &Section<'_>) -> Read<KernelConfig> {
    let kernel = section.key(&KERNEL).value();
    section.refuse_other_choices(&kernel);
    match kernel? {
        KernelName::Linear => Ok(KernelConfig::Linear),
        KernelName::Polynomial => {
            let scale = section.key(&POLYNOMIAL_SCALE).or_unset();
            let degree = section.key(&DEGREE).value();
            let power = |constant: &f64| match degree {
                Ok(degree) if kernel_pca::power_overflows(degree, *constant) => Err(format!(
                    "{constant:?} to the power of {degree} is above {MAX_KERNEL_VALUE:e}, where \
                     the kernel overflows; lower the constant or the degree"
                )),
                _ => Ok(()),
            };
            let constant = section.key(&POLYNOMIAL_CONSTANT).check(power).value();
            Ok(KernelConfig::Polynomial { scale: scale?, degree: degree?, constant: constant? })
        }
        KernelName::Sigmoid => {
            let scale = section.key(&SIGMOID_SCALE).or_unset();
            let constant = section.key(&SIGMOID_CONSTANT).value();
            Ok(KernelConfig::Sigmoid { scale: scale?, constant: constant? })
        }
        KernelName::Rbf => {
            let two_sigma_squared = section.key(&TWO_SIGMA_SQUARED).or_unset()?;
            Ok(KernelConfig::Rbf { two_sigma_squared })
        }
    }
}

/// Centering removes one dimension: n vectors have at most n − 1 components.
fn read_components(section: &Section<'_>, vectors: Option<usize>, keep_key: &str) -> Read<usize> {
    let most = vectors.map(|vectors| vectors - 1);
    if most == Some(0) {
        section.own_problem(format!(
            "needs two vectors, but its set keeps only one; add a set or increase {keep_key}"
        ));
    }
    let within = |components: &usize| match most {
        Some(most) if most > 0 && *components > most => Err(format!(
            "must be at most {most}, one less than the vectors in the sets, is {components}"
        )),
        _ => Ok(()),
    };
    section.key(&COMPONENTS).check(within).or(most.unwrap_or(10).clamp(1, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(kernel: KernelConfig, standardize: bool) -> KpcaConfig {
        let sets = vec![SetName::parse("lbfgs/train").unwrap()];
        KpcaConfig { name: "x".to_owned(), sets, standardize, kernel, components: 10 }
    }

    /// The text that version 0.1.0 wrote for such a configuration. It identifies the results in its
    /// run directories.
    #[test]
    fn identities_of_older_configurations_stay() {
        let polynomial = |scale| KernelConfig::Polynomial { scale, degree: 3, constant: 1.0 };
        let sets = format!("{:?}", config(KernelConfig::Linear, false).sets);
        let expected = |kernel: &str, more: &str| {
            format!(
                "KpcaConfig {{ name: \"x\", sets: {sets}, kernel: {kernel}, components: 10{more} }}"
            )
        };
        let rbf = KernelConfig::Rbf { two_sigma_squared: None };
        assert_eq!(
            config(rbf.clone(), false).identity(),
            expected("Rbf { two_sigma_squared: None }", "")
        );
        let old = expected("Polynomial { degree: 3, constant: 1.0 }", "");
        assert_eq!(config(polynomial(None), false).identity(), old);
        let others = [config(polynomial(None), true), config(polynomial(Some(0.5)), false)];
        assert!(
            others.iter().all(|other| other.identity() != old)
                && others[0].identity() != others[1].identity()
        );
        assert_ne!(config(rbf.clone(), true).identity(), config(rbf, false).identity());
    }

    #[test]
    fn defaults_of_standardized_vectors_are_those_of_scikit_learn() {
        use kernel_pca::Kernel::{Polynomial, Rbf, Sigmoid};
        let polynomial = KernelConfig::Polynomial { scale: None, degree: 3, constant: 1.0 };
        let sigmoid = KernelConfig::Sigmoid { scale: None, constant: 1.0 };
        let rbf = KernelConfig::Rbf { two_sigma_squared: None };
        let of =
            |kernel: &KernelConfig, standardize| config(kernel.clone(), standardize).kernel_of(8);
        assert_eq!(of(&polynomial, true), Polynomial { scale: 0.125, degree: 3, constant: 1.0 });
        assert_eq!(of(&sigmoid, true), Sigmoid { scale: 0.125, constant: 1.0 });
        assert_eq!(of(&rbf, true), Rbf { two_sigma_squared: 8.0 });
        assert_eq!(of(&polynomial, false), Polynomial { scale: 1.0, degree: 3, constant: 1.0 });
    }
}
