//! `[curvature]`.

use crate::analysis::curvature::SpectrumParameters;
use crate::config::available::Available;
use crate::config::reader::{Choice, Read, Section};
use crate::config::schema::{
    AnyOf, Count, CountOrAll, Derived, Invalidates, Key, Lower, Number, SectionSpec, SetNames,
    Texts, Upper, each,
};
use crate::config::stages::OfStage;
use crate::data::Split;
use crate::solutions::{LandscapeName, SetName};

/// Where curvature is computed, and which parts of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvatureConfig {
    /// The chosen sets of solutions.
    pub sets: Vec<SetName>,
    /// Solutions of each set, the first ones; `None`: all.
    pub solutions: Option<usize>,
    /// The landscapes of a network.
    pub landscapes: Vec<Split>,
    /// The chosen data sets of a process; empty: all.
    pub datasets: Vec<LandscapeName>,
    /// Images of each landscape, the first ones; `None`: all.
    pub images: Option<usize>,
    /// What is computed at each point.
    pub asked: RequestedQuantities,
    /// Paths of each set on each landscape along which curvature is computed, the first ones.
    pub paths: usize,
    /// Equally spaced points on each of them.
    pub path_points: usize,
}

/// What is computed at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestedQuantities {
    /// How many of the largest eigenvalues.
    pub largest: usize,
    /// How many of the lowest.
    pub lowest: usize,
    /// The residual with which an eigenvalue is accepted, as a fraction of the largest one.
    pub tolerance: f64,
    /// Maximum number of products, for the eigenvalues and again for the filter-normalized one.
    pub products: usize,
    /// Random probes.
    pub probes: usize,
    /// Products of each probe, the nodes of its quadrature.
    pub steps: usize,
    /// Whether eigenvalues may be multiple, see [`SpectrumParameters::repeats`].
    pub repeats: bool,
}

impl RequestedQuantities {
    /// For the eigenvalues.
    pub fn spectrum(self) -> SpectrumParameters {
        let Self { largest, lowest, tolerance, products, repeats, .. } = self;
        SpectrumParameters { largest, lowest, tolerance, products, repeats }
    }

    /// For the filter-normalized one.
    pub fn normalized(self) -> SpectrumParameters {
        SpectrumParameters { largest: 1, lowest: 0, repeats: false, ..self.spectrum() }
    }
}

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning("the sets of solutions whose curvature is computed")
    .derived("all sets there are", "[\"sgd/train\", \"lbfgs/train\"]");

static SOLUTIONS: Key<CountOrAll> = Key::new("solutions", CountOrAll)
    .unit("solutions")
    .meaning("solutions of each set: those of the lowest training loss")
    .note("a rank test needs 5 or more of each set to distinguish two sets at a level of 1 %")
    .default(Some(6));

static LANDSCAPES: Key<AnyOf<Split>> = Key::new("landscapes", AnyOf::NEW)
    .meaning("the landscapes: the mean loss over the training images, the test images, or both")
    .note(
        "for a process, the names of its data sets, by default all; not with an analytic landscape",
    )
    .default(<Split as Choice>::ALL);

/// The same key for a process.
static DATASETS: Key<Texts, Derived> = Key::new("landscapes", Texts)
    .meaning("on which data sets of the process")
    .derived("all that it names", "[\"train\"]");

static IMAGES: Key<CountOrAll> = Key::new("images", CountOrAll)
    .unit("images")
    .meaning("images of each landscape, from the front of those in use; if there are fewer, all")
    .note("time grows in proportion; not with `[landscape]`")
    .default(Some(5000));

static EIGENVALUES: Key<Count> = Key::new("eigenvalues", Count::between(1, 1000))
    .unit("eigenvalues")
    .meaning("how many of the largest eigenvalues")
    .default(5);

static LOWEST: Key<Count> = Key::new("lowest", Count::between(0, 1000))
    .unit("eigenvalues")
    .meaning("how many of the lowest eigenvalues")
    .default(1);

static TOLERANCE: Key<Number> = Key::new(
    "tolerance",
    Number::between(Lower::Above(0.0), Upper::UpTo(0.1)),
)
.meaning(
    "an eigenvalue λ with the vector x is accepted if |H x − λ x| is at most this fraction of \
             the largest |λ|",
)
.default(1e-4);

static PRODUCTS: Key<Count> = Key::new("products", Count::at_least(1))
    .unit("products")
    .meaning(
        "maximum number of products of the Hessian with a vector, for the eigenvalues at a point \
         and again for the filter-normalized sharpness",
    )
    .note("a product takes two gradients; an eigenvalue that has not converged is NaN")
    .default(200);

static PROBES: Key<Count> = Key::new("probes", Count::between(0, 10_000))
    .unit("probes")
    .meaning("random vectors for the trace, and for the density of the spectrum")
    .default(10);

static PROBE_STEPS: Key<Count> = Key::new("probe_steps", Count::between(1, 1000))
    .unit("products")
    .meaning("products of each probe: 1 is enough for the trace, the density needs 30 or more")
    .default(1);

static PATHS: Key<Count> = Key::new("paths", Count::at_least(0))
    .unit("paths")
    .meaning(
        "paths of each set on each landscape along which curvature is computed, in the order of \
         `atlas.h5`",
    )
    .default(0);

static PATH_POINTS: Key<Count> = Key::new("path_points", Count::between(2, 1000))
    .unit("points")
    .meaning(
        "equally spaced points on each of these paths, both endpoints included; its highest \
              point, the top, is added",
    )
    .note("for a refined path, the top is that of the refined path")
    .default(11);

// Each result is stored under the settings that it depends on, so a change loses none.
static SPEC: SectionSpec = SectionSpec::single(
    "curvature",
    "Curvature of the landscape",
    Invalidates::Nothing,
    &[
        &SETS,
        &SOLUTIONS,
        &LANDSCAPES,
        &IMAGES,
        &EIGENVALUES,
        &LOWEST,
        &TOLERANCE,
        &PRODUCTS,
        &PROBES,
        &PROBE_STEPS,
        &PATHS,
        &PATH_POINTS,
    ],
);

/// The section; `None` if it is not written, so that nothing is computed.
pub static SECTION: OfStage<Option<CurvatureConfig>> =
    OfStage { spec: &SPEC, documentation: include_str!("section.md"), read };

fn read(root: &Section<'_>, available: &Available) -> Read<Option<CurvatureConfig>> {
    root.section(&SPEC, |section| {
        if !section.is_written() {
            return Ok(None);
        }
        let sets = available.read_sets(section, &SETS);
        let solutions = section.key(&SOLUTIONS).value();
        let on = read_landscapes(section, available);
        let largest = section.key(&EIGENVALUES).value();
        let lowest = section.key(&LOWEST).value();
        let tolerance = section.key(&TOLERANCE).value();
        let products = section.key(&PRODUCTS).value();
        let probes = section.key(&PROBES).value();
        let steps = section.key(&PROBE_STEPS).value();
        let paths = section.key(&PATHS).value();
        let path_points = section.key(&PATH_POINTS).value();
        let (landscapes, datasets, images) = on?;
        let asked = RequestedQuantities {
            largest: largest?,
            lowest: lowest?,
            tolerance: tolerance?,
            products: products?,
            probes: probes?,
            steps: steps?,
            // The largest eigenvalues of networks are simple; those of symmetric landscapes may
            // not be.
            repeats: available.analytic,
        };
        Ok(Some(CurvatureConfig {
            sets: sets?,
            solutions: solutions?,
            landscapes,
            datasets,
            images,
            asked,
            paths: paths?,
            path_points: path_points?,
        }))
    })
}

type On = (Vec<Split>, Vec<LandscapeName>, Option<usize>);

fn read_landscapes(section: &Section<'_>, available: &Available) -> Read<On> {
    if !available.analytic {
        let (landscapes, images) = (section.key(&LANDSCAPES).value(), section.key(&IMAGES).value());
        return Ok((landscapes?, Vec::new(), images?));
    }
    let foreign = "belongs to a network, not to [landscape], which has no images; remove it";
    section.refuse(IMAGES.name, foreign);
    if !available.process {
        section.refuse(LANDSCAPES.name, foreign);
        return Ok((Vec::new(), Vec::new(), None));
    }
    let parse = |value: &_| each(value, |text| Ok(text.to_owned()));
    let names = section.key_with(&DATASETS, parse).or_unset()?.unwrap_or_default();
    Ok((Vec::new(), names.iter().map(|name| LandscapeName::named(name)).collect(), None))
}
