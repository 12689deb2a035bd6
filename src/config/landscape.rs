//! `[landscape]` and `[[minimum]]`: an analytic landscape in place of a network, and its minima.

use super::available::Available;
use super::reader::{Choice, Read, Reported, Section};
use super::schema::{
    Choices, Count, Derived, Flag, Integer, Invalidates, Key, Multiplicity, Numbers, OneOf, Owned,
    Required, SectionSpec,
};
use crate::landscape::{BuiltIn, DoubleWell, LennardJones, SizeError};
use crate::solutions::SetName;

/// An analytic landscape and the minima between which paths are searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct LandscapeConfig {
    /// The landscape.
    pub landscape: BuiltIn,
    /// Where the minima come from.
    pub minima: MinimaConfig,
    /// Maximum number of minima in the set, ≥ 1: the lowest ones. All points of
    /// [`MinimaConfig::Given`].
    pub keep: usize,
}

impl LandscapeConfig {
    /// The only set of solutions: `"minima/given"` for points that are used as given, otherwise
    /// `"minima/relaxed"`.
    pub fn set(&self) -> SetName {
        set_name(!matches!(self.minima, MinimaConfig::Given(_)))
    }
}

impl LandscapeConfig {
    /// Points from which minima are searched.
    pub fn starts(&self) -> u32 {
        match &self.minima {
            MinimaConfig::Search { starts } => *starts,
            MinimaConfig::Minimized(points) | MinimaConfig::Given(points) => points.len() as u32,
        }
    }

    /// Minima in its set, at most: several starts may lead to one.
    pub fn max_minima(&self) -> usize {
        self.keep.min(self.starts() as usize)
    }
}

/// Where the minima of an analytic landscape come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MinimaConfig {
    /// Minimization from random starts.
    Search {
        /// Number of starts, ≥ 1.
        starts: u32,
    },
    /// Minimization from these points: at least two, none twice, each `(P,)` and of finite height.
    Minimized(Vec<Vec<f64>>),
    /// These points, used as given; the same conditions hold.
    Given(Vec<Vec<f64>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum LandscapeKind {
    TwoWells,
    MuellerBrown,
    DoubleWell,
    ProductWell,
    LennardJones,
}

impl Choice for LandscapeKind {
    const ALL: &'static [Self] = &[
        Self::TwoWells,
        Self::MuellerBrown,
        Self::DoubleWell,
        Self::ProductWell,
        Self::LennardJones,
    ];
    fn word(self) -> &'static str {
        match self {
            Self::TwoWells => "two-wells",
            Self::MuellerBrown => "mueller-brown",
            Self::DoubleWell => "double-well",
            Self::ProductWell => "product-well",
            Self::LennardJones => "lennard-jones",
        }
    }
}

static KIND: Key<OneOf<LandscapeKind>, Required> =
    Key::new("kind", OneOf::NEW).meaning("the analytic landscape").required("\"two-wells\"");

static RELAX: Key<Flag> = Key::new("relax", Flag)
    .meaning(
        "whether to minimize from the points of `[[minimum]]` (the set `minima/relaxed`) or to use \
         them as given (`minima/given`)",
    )
    .invalidates(MINIMA)
    .default(true);

static STARTS: Key<Integer<u32>> = Key::new("starts", Integer::at_least(1))
    .unit("starts")
    .meaning("random starts for minimization, if there are no points")
    .invalidates(MINIMA)
    .default(100);

static KEEP: Key<Count, Derived> = Key::new("keep", Count::at_least(1))
    .unit("minima")
    .meaning("maximum number of minima in the set: the lowest")
    .note("not with `relax = false`")
    .invalidates(Invalidates::Nothing)
    .derived("the lowest 10 of the starts, or all points", "10");

static DIMENSION: Key<Count, Required> = Key::new("dimension", Count::between(1, MAX_DIMENSION))
    .meaning("components of a point")
    .required("6");

static ATOMS: Key<Count, Required> = Key::new("atoms", Count::at_least(2))
    .unit("atoms")
    .meaning("atoms of the cluster")
    .note("at most 1000000 coordinates in all")
    .required("7");

static SPACE_DIMENSIONS: Key<Count> =
    Key::new("space_dimensions", Count::between(2, 3)).meaning("dimensions of space").default(3);

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "landscape",
    title: "Analytic landscape",
    shape: Multiplicity::Single,
    keys: &[&KIND, &RELAX, &STARTS, &KEEP],
    choices: Some(Choices {
        selector: "kind",
        keys: || {
            vec![
                Owned { choice: "double-well", keys: vec![&DIMENSION] },
                Owned { choice: "lennard-jones", keys: vec![&ATOMS, &SPACE_DIMENSIONS] },
            ]
        },
    }),
    invalidates: Invalidates::Everything,
};

static AT: Key<Numbers, Required> = Key::new("at", Numbers)
    .meaning("coordinates of the point, one for each dimension of the landscape")
    .note("its height is finite; no point twice")
    .required("[-0.62, -0.54]");

pub(super) static POINTS: SectionSpec = SectionSpec {
    name: "minimum",
    title: "Points of the analytic landscape: none, or at least two",
    shape: Multiplicity::Numbered,
    keys: &[&AT],
    choices: None,
    invalidates: MINIMA,
};

const MINIMA: Invalidates = Invalidates::Results("the minima and their paths");

/// Maximum number of components of a point.
const MAX_DIMENSION: u64 = 1_000_000;

/// Reads the section and the points, and adds the set to `available`.
pub(super) fn read(root: &Section<'_>, available: &mut Available) -> Read<LandscapeConfig> {
    available.analytic = true;
    available.imported = Some(Vec::new());
    let given = root.has(POINTS.name);
    root.section(&SECTION, |section| {
        let landscape = read_landscape(section);
        let relax = section.key(&RELAX).value();
        available.made = relax.ok().map(|relax| vec![set_name(relax)]);
        let minima = if given {
            let points = read_points(root, landscape.ok());
            read_given(section, relax, points)
        } else {
            read_search(section, relax)
        };
        available.keep = minima.as_ref().ok().map(|&(_, keep)| keep);
        let (landscape, (minima, keep)) = (landscape?, minima?);
        Ok(LandscapeConfig { landscape, minima, keep })
    })
}

fn read_landscape(section: &Section<'_>) -> Read<BuiltIn> {
    let kind = section.key(&KIND).value();
    section.refuse_other_choices(&kind);
    let refuse = |error: SizeError| {
        let name = match error {
            SizeError::SpaceDimensions { .. } => SPACE_DIMENSIONS.name,
            SizeError::Dimension { .. } if matches!(kind, Ok(LandscapeKind::DoubleWell)) => {
                DIMENSION.name
            }
            SizeError::Dimension { .. } | SizeError::Atoms { .. } => ATOMS.name,
        };
        section.problem(name, error.to_string());
        Reported
    };
    match kind? {
        LandscapeKind::TwoWells => Ok(BuiltIn::TwoWells),
        LandscapeKind::MuellerBrown => Ok(BuiltIn::MuellerBrown),
        LandscapeKind::ProductWell => Ok(BuiltIn::ProductWell),
        LandscapeKind::DoubleWell => {
            let dimension = section.key(&DIMENSION).value()?;
            DoubleWell::new(dimension).map(BuiltIn::DoubleWell).map_err(refuse)
        }
        LandscapeKind::LennardJones => {
            let atoms = section.key(&ATOMS).value();
            let space_dimensions = section.key(&SPACE_DIMENSIONS).value();
            LennardJones::new(atoms?, space_dimensions?).map(BuiltIn::LennardJones).map_err(refuse)
        }
    }
}

/// Reads the search from random starts, if there are no points.
fn read_search(section: &Section<'_>, relax: Read<bool>) -> Read<(MinimaConfig, usize)> {
    let starts = section.key(&STARTS).value();
    let most = starts.map_or(usize::MAX, |starts| starts as usize);
    let within = |&keep: &usize| {
        if keep > most {
            Err(format!("must be at most {most}, the number of landscape.starts, is {keep}"))
        } else {
            Ok(())
        }
    };
    let keep = section.key(&KEEP).check(within).or(most.min(10));
    if !relax? {
        section
            .problem(RELAX.name, "must be true without [[minimum]]: random starts are not minima; give the points or remove it");
        return Err(Reported);
    }
    Ok((MinimaConfig::Search { starts: starts? }, keep?))
}

/// Reads how the given points are used.
fn read_given(
    section: &Section<'_>,
    relax: Read<bool>,
    points: Read<Vec<Vec<f64>>>,
) -> Read<(MinimaConfig, usize)> {
    section.refuse(
        STARTS.name,
        "belongs to a search for minima; with [[minimum]] there is none; remove one of the two",
    );
    if let Ok(false) = relax {
        section.refuse_for(
            RELAX.name,
            "false",
            KEEP.name,
            "belongs to relax = true; without it every [[minimum]] is used; remove it",
        );
        let points = points?;
        let keep = points.len();
        return Ok((MinimaConfig::Given(points), keep));
    }
    let most = points.as_ref().map_or(usize::MAX, Vec::len);
    let within = |&keep: &usize| {
        if keep > most {
            Err(format!("must be at most {most}, the number of [[minimum]] points, is {keep}"))
        } else {
            Ok(())
        }
    };
    let keep = section.key(&KEEP).check(within).or(most);
    relax?;
    Ok((MinimaConfig::Minimized(points?), keep?))
}

fn read_points(root: &Section<'_>, landscape: Option<BuiltIn>) -> Read<Vec<Vec<f64>>> {
    let mut before: Vec<Option<Vec<f64>>> = Vec::new();
    let points = root.sections(&POINTS, |section| {
        section.record_as(format!("minimum.{}", before.len()));
        let new = |at: &Vec<f64>| match before.iter().position(|other| other.as_ref() == Some(at)) {
            Some(index) => Err(format!("is the same point as minimum.{index}; give each once")),
            None => Ok(()),
        };
        let fits = |at: &Vec<f64>| landscape.map_or(Ok(()), |landscape| check_point(landscape, at));
        let at = section.key(&AT).check(fits).check(new).value();
        before.push(at.clone().ok());
        at
    })?;
    if points.len() < 2 {
        root.problem(
            POINTS.name,
            format!("must be at least 2 points, the endpoints of a path, is {}", points.len()),
        );
        return Err(Reported);
    }
    Ok(points)
}

fn check_point(landscape: BuiltIn, at: &[f64]) -> Result<(), String> {
    let (name, dimension) = (landscape.name(), landscape.dimension());
    if at.len() != dimension {
        return Err(format!(
            "must have {dimension} coordinates, the dimension of {name}, has {}",
            at.len()
        ));
    }
    let height = landscape.build().value(at);
    if height.is_finite() {
        Ok(())
    } else {
        Err(format!("{name} has no finite height at this point, it is {height}"))
    }
}

fn set_name(relaxed: bool) -> SetName {
    let name = if relaxed { "minima/relaxed" } else { "minima/given" };
    SetName::parse(name).expect("a well-formed name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_landscape_can_be_named() {
        assert_eq!(
            BuiltIn::NAMES.to_vec(),
            LandscapeKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>()
        );
    }
}
