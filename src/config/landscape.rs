//! `[landscape]` and `[[minimum]]`: a closed formula in place of a network, and which of its minima.

use super::reader::{Choice, Read, Reported, Section};
use super::yields::Yields;
use crate::landscape::{BuiltIn, DoubleWell, LennardJones, SizeError};
use crate::solutions::SetName;

/// A closed formula and the minima between which paths are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct LandscapeConfig {
    /// The formula.
    pub landscape: BuiltIn,
    /// Where the minima come from.
    pub minima: MinimaConfig,
    /// Minima in the set at most, the lowest, ≥ 1; of [`MinimaConfig::Given`] points all.
    pub keep: usize,
}

impl LandscapeConfig {
    /// The one set of solutions: `"minima/given"` for points that are used as they are, otherwise
    /// `"minima/relaxed"`.
    pub fn set(&self) -> SetName {
        set_name(!matches!(self.minima, MinimaConfig::Given(_)))
    }
}

/// Where the minima of a formula come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MinimaConfig {
    /// Random starts are relaxed.
    Search {
        /// Number of starts, ≥ 1.
        starts: u32,
    },
    /// These points are relaxed: at least two, none twice, each `(P,)` and of finite height.
    Relaxed(Vec<Vec<f64>>),
    /// These points are used as they are; otherwise as above.
    Given(Vec<Vec<f64>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    TwoWells,
    MuellerBrown,
    DoubleWell,
    ProductWell,
    LennardJones,
}

impl Choice for Kind {
    const ALL: &'static [Self] = &[Self::TwoWells, Self::MuellerBrown, Self::DoubleWell, Self::ProductWell, Self::LennardJones];
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

/// Reads the section and the points; the set they yield is left in `yields`.
pub(super) fn read(root: &Section<'_>, yields: &mut Yields) -> Read<LandscapeConfig> {
    yields.formula = true;
    yields.imported = Some(Vec::new());
    let given = root.has("minimum");
    root.section("landscape", |section| {
        let landscape = read_formula(section);
        let relax = section.key("relax").boolean().or(true);
        yields.made = relax.ok().map(|relax| vec![set_name(relax)]);
        let minima = if given {
            let points = read_points(root, landscape.ok());
            read_given(section, relax, points)
        } else {
            read_search(section, relax)
        };
        yields.keep = minima.as_ref().ok().map(|&(_, keep)| keep);
        let (landscape, (minima, keep)) = (landscape?, minima?);
        Ok(LandscapeConfig { landscape, minima, keep })
    })
}

fn read_formula(section: &Section<'_>) -> Read<BuiltIn> {
    let kind = section.key("kind").choice().required("kind = \"two-wells\"");
    section.keys_of_choices(
        "kind",
        kind,
        &[("dimension", &[Kind::DoubleWell]), ("atoms", &[Kind::LennardJones]), ("space_dimensions", &[Kind::LennardJones])],
    );
    let refuse = |error: SizeError| {
        let name = match error {
            SizeError::SpaceDimensions { .. } => "space_dimensions",
            SizeError::Dimension { .. } if matches!(kind, Ok(Kind::DoubleWell)) => "dimension",
            SizeError::Dimension { .. } | SizeError::Atoms { .. } => "atoms",
        };
        section.problem(name, error.to_string());
        Reported
    };
    match kind? {
        Kind::TwoWells => Ok(BuiltIn::TwoWells),
        Kind::MuellerBrown => Ok(BuiltIn::MuellerBrown),
        Kind::ProductWell => Ok(BuiltIn::ProductWell),
        Kind::DoubleWell => {
            let dimension = section.key("dimension").count(0).required("dimension = 6")?;
            DoubleWell::new(dimension).map(BuiltIn::DoubleWell).map_err(refuse)
        }
        Kind::LennardJones => {
            let atoms = section.key("atoms").count(0).required("atoms = 7");
            let space_dimensions = section.key("space_dimensions").count(0).or(3);
            LennardJones::new(atoms?, space_dimensions?).map(BuiltIn::LennardJones).map_err(refuse)
        }
    }
}

/// Without points, random starts.
fn read_search(section: &Section<'_>, relax: Read<bool>) -> Read<(MinimaConfig, usize)> {
    let starts = section.key("starts").integer(1, u32::MAX.into()).map(|starts| starts as u32).or(100);
    let most = starts.map_or(usize::MAX, |starts| starts as usize);
    let within = |&keep: &usize| {
        if keep > most { Err(format!("must be at most {most}, the number of landscape.starts, is {keep}")) } else { Ok(()) }
    };
    let keep = section.key("keep").count(1).check(within).or(most.min(10));
    if !relax? {
        section.problem("relax", "must be true without [[minimum]]: random starts are no minima; give the points or remove it");
        return Err(Reported);
    }
    Ok((MinimaConfig::Search { starts: starts? }, keep?))
}

/// With points, those.
fn read_given(section: &Section<'_>, relax: Read<bool>, points: Read<Vec<Vec<f64>>>) -> Read<(MinimaConfig, usize)> {
    section.refuse("starts", "belongs to a search for minima; with [[minimum]] there is none; remove one of the two");
    if let Ok(false) = relax {
        section.refuse_for("relax", "false", "keep", "belongs to relax = true; without it every [[minimum]] is used; remove it");
        let points = points?;
        let keep = points.len();
        return Ok((MinimaConfig::Given(points), keep));
    }
    let most = points.as_ref().map_or(usize::MAX, Vec::len);
    let within = |&keep: &usize| {
        if keep > most { Err(format!("must be at most {most}, the number of [[minimum]] points, is {keep}")) } else { Ok(()) }
    };
    let keep = section.key("keep").count(1).check(within).or(most);
    relax?;
    Ok((MinimaConfig::Relaxed(points?), keep?))
}

fn read_points(root: &Section<'_>, landscape: Option<BuiltIn>) -> Read<Vec<Vec<f64>>> {
    let mut before: Vec<Option<Vec<f64>>> = Vec::new();
    let points = root.sections("minimum", |section| {
        section.record_as(format!("minimum.{}", before.len()));
        let new = |at: &Vec<f64>| match before.iter().position(|other| other.as_ref() == Some(at)) {
            Some(index) => Err(format!("is the same point as minimum.{index}; give each once")),
            None => Ok(()),
        };
        let fits = |at: &Vec<f64>| landscape.map_or(Ok(()), |landscape| check_point(landscape, at));
        let at = section.key("at").numbers().check(fits).check(new).required("at = [-0.62, -0.54]");
        before.push(at.clone().ok());
        at
    })?;
    if points.len() < 2 {
        root.problem("minimum", format!("must be at least 2 points, the ends of a path, is {}", points.len()));
        return Err(Reported);
    }
    Ok(points)
}

fn check_point(landscape: BuiltIn, at: &[f64]) -> Result<(), String> {
    let (name, dimension) = (landscape.name(), landscape.dimension());
    if at.len() != dimension {
        return Err(format!("must have {dimension} coordinates, the dimension of {name}, has {}", at.len()));
    }
    let height = landscape.build().value(at);
    if height.is_finite() { Ok(()) } else { Err(format!("{name} has no finite height at this point, it is {height}")) }
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
        assert_eq!(BuiltIn::NAMES.to_vec(), Kind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>());
    }
}
