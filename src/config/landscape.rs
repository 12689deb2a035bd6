//! `[landscape]` and `[[minimum]]`: an analytic landscape or a process in place of a network, and
//! its minima.

use super::available::Available;
use super::import::{self, ImportConfig, ImportFile};
use super::process::{self, ProcessConfig};
use super::reader::{Choice, Read, Reported, Section};
use super::schema::{
    Choices, Count, Derived, Flag, Integer, Invalidates, Key, Multiplicity, Numbers, OneOf, Owned,
    Required, SectionSpec,
};
use super::{dataset, network, training};
use crate::landscape::{BuiltIn, DoubleWell, LennardJones, SizeError};
use crate::solutions::SetName;

/// A landscape that is not that of a network, and the minima between which paths are searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct LandscapeConfig {
    /// The landscape.
    pub landscape: ChosenLandscape,
    /// Where the minima come from.
    pub minima: MinimaConfig,
    /// Maximum number of minima in the set, ≥ 1: the lowest ones. `usize::MAX`: all points.
    pub keep: usize,
    /// The sets of solutions that are read from files, for a process.
    pub imports: Vec<ImportConfig>,
}

/// A landscape that a configuration can name.
#[derive(Clone, Debug, PartialEq)]
pub enum ChosenLandscape {
    /// An analytic landscape.
    BuiltIn(BuiltIn),
    /// A landscape that another program computes.
    Process(ProcessConfig),
}

impl ChosenLandscape {
    /// As in configurations.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BuiltIn(landscape) => landscape.name(),
            Self::Process(_) => PROCESS,
        }
    }

    /// The analytic landscape, if it is one.
    pub fn built_in(&self) -> Option<&BuiltIn> {
        match self {
            Self::BuiltIn(landscape) => Some(landscape),
            Self::Process(_) => None,
        }
    }

    /// The process, if it is one.
    pub fn process(&self) -> Option<&ProcessConfig> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Process(process) => Some(process),
        }
    }

    /// Numbers that are equal for equal solutions: [`BuiltIn::identify`]. For a process, θ itself.
    pub fn identify(&self, theta: &[f64]) -> Option<Vec<f64>> {
        match self {
            Self::BuiltIn(landscape) => landscape.identify(theta),
            Self::Process(_) => Some(theta.to_vec()),
        }
    }
}

impl LandscapeConfig {
    /// The set of the minima: `"minima/given"` for points that are used as given, otherwise
    /// `"minima/relaxed"`. `None` if all solutions are imported.
    pub fn set(&self) -> Option<SetName> {
        let exists = self.minima != MinimaConfig::None;
        exists.then(|| set_name(!self.set_is_given()))
    }

    /// Whether points are used as given.
    pub fn set_is_given(&self) -> bool {
        matches!(self.minima, MinimaConfig::Given(_) | MinimaConfig::File { minimized: false, .. })
    }

    /// Points from which minima are searched; `None` if only their file says how many there are.
    pub fn starts(&self) -> Option<u32> {
        match &self.minima {
            MinimaConfig::None => Some(0),
            MinimaConfig::Search { starts } => Some(*starts),
            MinimaConfig::Minimized(points) | MinimaConfig::Given(points) => {
                Some(points.len() as u32)
            }
            MinimaConfig::File { .. } => None,
        }
    }
}

/// Where the minima of a landscape come from.
#[derive(Clone, Debug, PartialEq)]
pub enum MinimaConfig {
    /// There are none: all solutions are imported.
    None,
    /// Minimization from random starts.
    Search {
        /// Number of starts, ≥ 1.
        starts: u32,
    },
    /// Minimization from these points: at least two, none twice, each `(P,)` and of finite height.
    Minimized(Vec<Vec<f64>>),
    /// These points, used as given, under the same conditions.
    Given(Vec<Vec<f64>>),
    /// The points of a file.
    File {
        /// The file.
        file: ImportFile,
        /// Whether they are minimized, or used as given.
        minimized: bool,
    },
}

/// The word for a landscape that another program computes.
const PROCESS: &str = "process";

#[derive(Clone, Copy, Debug, PartialEq)]
enum LandscapeKind {
    TwoWells,
    MuellerBrown,
    DoubleWell,
    ProductWell,
    LennardJones,
    Process,
}

impl Choice for LandscapeKind {
    const ALL: &'static [Self] = &[
        Self::TwoWells,
        Self::MuellerBrown,
        Self::DoubleWell,
        Self::ProductWell,
        Self::LennardJones,
        Self::Process,
    ];
    fn word(self) -> &'static str {
        match self {
            Self::TwoWells => "two-wells",
            Self::MuellerBrown => "mueller-brown",
            Self::DoubleWell => "double-well",
            Self::ProductWell => "product-well",
            Self::LennardJones => "lennard-jones",
            Self::Process => PROCESS,
        }
    }
}

static KIND: Key<OneOf<LandscapeKind>, Required> = Key::new("kind", OneOf::NEW)
    .meaning("the analytic landscape, or `\"process\"` for a program of your own")
    .required("\"two-wells\"");

static RELAX: Key<Flag> = Key::new("relax", Flag)
    .meaning(
        "`true`: minimize from the given points, which makes the set `minima/relaxed`; `false`: \
         use the points as given, as the set `minima/given`",
    )
    .invalidates(MINIMA)
    .default(true);

static STARTS: Key<Integer<u32>> = Key::new("starts", Integer::at_least(1))
    .unit("starts")
    .meaning("random starts of minimizations, if no points are given")
    .note("a process with sets of `[[import]]` has no random starts unless this key is written")
    .invalidates(MINIMA)
    .default(100);

static KEEP: Key<Count, Derived> = Key::new("keep", Count::at_least(1))
    .unit("minima")
    .meaning("maximum number of minima in the set; the lowest are kept")
    .note("not with `relax = false`")
    .invalidates(Invalidates::Nothing)
    .derived("10 with random starts (or `starts`, if fewer), all with given points", "10");

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
    title: "Analytic landscape, or a process",
    shape: Multiplicity::Single,
    keys: &[&KIND, &RELAX, &STARTS, &KEEP],
    choices: Some(Choices {
        selector: "kind",
        keys: || {
            vec![
                Owned { choice: "double-well", keys: vec![&DIMENSION] },
                Owned { choice: "lennard-jones", keys: vec![&ATOMS, &SPACE_DIMENSIONS] },
                Owned { choice: PROCESS, keys: process::keys() },
            ]
        },
    }),
    invalidates: Invalidates::Everything,
};

static AT: Key<Numbers, Required> = Key::new("at", Numbers)
    .meaning("coordinates of the point, one for each dimension of the landscape")
    .note("the height must be finite, and no point may occur twice")
    .required("[-0.62, -0.54]");

pub(super) static POINTS: SectionSpec = SectionSpec {
    name: "minimum",
    title: "Points of the landscape: none, or at least two",
    shape: Multiplicity::Numbered,
    keys: &[&AT],
    choices: None,
    invalidates: MINIMA,
};

pub(super) const MINIMA: Invalidates = Invalidates::Solutions("the minima and their paths");

/// Maximum number of components of a point.
const MAX_DIMENSION: u64 = 1_000_000;

/// Reads the section, the points and the imports, and adds the sets to `available`.
pub(super) fn read(root: &Section<'_>, available: &mut Available) -> Read<LandscapeConfig> {
    available.analytic = true;
    let given = root.has(POINTS.name);
    root.section(&SECTION, |section| {
        let kind = section.key(&KIND).value();
        let is_process = kind.as_ref().ok().map(|&kind| kind == LandscapeKind::Process);
        let landscape = read_landscape(section, kind);
        available.process = is_process == Some(true);
        available.built_in = landscape.as_ref().ok().and_then(ChosenLandscape::built_in).copied();
        refuse_sections_of_networks(root, is_process);
        let relax = section.key(&RELAX).value();
        let file = available.process.then(|| read_file(section)).flatten();
        let imports_only = is_process.unwrap_or(true)
            && root.has(import::SECTION.name)
            && !(given || file.is_some() || section.has(STARTS.name));
        let minima = if imports_only {
            refuse_keys_of_minima(section);
            Ok((MinimaConfig::None, 0))
        } else if let Some(file) = file {
            if given {
                section.problem(
                    process::POINTS.name,
                    "is a file of points, but there are also [[minimum]] points; remove one of the \
                     two",
                );
            }
            read_points_of_file(section, relax, file)
        } else if given {
            let points = read_points(root, landscape.as_ref().ok());
            read_given(section, relax, points)
        } else {
            read_search(section, relax)
        };
        let made =
            if imports_only { Ok(Vec::new()) } else { relax.map(|relax| vec![set_name(relax)]) };
        available.made = made.ok();
        available.keep =
            minima.as_ref().ok().map(|&(_, keep)| keep).filter(|&keep| keep < usize::MAX);
        let imports = if is_process == Some(false) {
            available.imported = Some(Vec::new());
            Ok(Vec::new())
        } else {
            import::read_all(root, available)
        };
        let (landscape, (minima, keep)) = (landscape?, minima?);
        let config = LandscapeConfig { landscape, minima, keep, imports: imports? };
        available.runs = config.starts();
        Ok(config)
    })
}

/// A process has solutions from elsewhere, an analytic landscape has none.
fn refuse_sections_of_networks(root: &Section<'_>, is_process: Option<bool>) {
    let what = if is_process == Some(true) { "a process" } else { "an analytic landscape" };
    let imports = (is_process == Some(false)).then_some(&import::SECTION);
    let sections = [&dataset::SECTION, &network::SECTION, &training::SECTION];
    for section in sections.into_iter().chain(imports) {
        let heading = section.heading();
        let message = format!(
            "{heading} belongs to a network, but [landscape] is {what}; remove one of the two"
        );
        root.refuse(section.name, message);
    }
}

/// Without a search there is nothing to keep.
fn refuse_keys_of_minima(section: &Section<'_>) {
    section.refuse(
        KEEP.name,
        "applies to minima, but all solutions are imported; add landscape.starts, or remove it",
    );
}

/// The file of points, if there is one.
fn read_file(section: &Section<'_>) -> Option<Read<ImportFile>> {
    let written = section.key(&process::POINTS).or_unset().transpose()?;
    Some(written.and_then(|written| {
        ImportFile::read(&written).map_err(|message| {
            section.problem(process::POINTS.name, message);
            Reported
        })
    }))
}

/// Reads how the points of a file are used. Their number is known only when the file is read.
fn read_points_of_file(
    section: &Section<'_>,
    relax: Read<bool>,
    file: Read<ImportFile>,
) -> Read<(MinimaConfig, usize)> {
    section.refuse(
        STARTS.name,
        "applies to random starts, but landscape.points replaces them; remove one of the two",
    );
    if let Ok(false) = relax {
        section.refuse_for(
            RELAX.name,
            "false",
            KEEP.name,
            "applies to relax = true; with relax = false every point is used; remove it",
        );
        return Ok((MinimaConfig::File { file: file?, minimized: false }, usize::MAX));
    }
    let keep = section.key(&KEEP).or_unset();
    relax?;
    Ok((MinimaConfig::File { file: file?, minimized: true }, keep?.unwrap_or(usize::MAX)))
}

fn read_landscape(section: &Section<'_>, kind: Read<LandscapeKind>) -> Read<ChosenLandscape> {
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
    let built_in = match kind? {
        LandscapeKind::Process => return process::read(section).map(ChosenLandscape::Process),
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
    };
    built_in.map(ChosenLandscape::BuiltIn)
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
        "applies to random starts, but [[minimum]] replaces them; remove one of the two",
    );
    if let Ok(false) = relax {
        section.refuse_for(
            RELAX.name,
            "false",
            KEEP.name,
            "applies to relax = true; with relax = false every [[minimum]] is used; remove it",
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

fn read_points(root: &Section<'_>, landscape: Option<&ChosenLandscape>) -> Read<Vec<Vec<f64>>> {
    let mut before: Vec<Option<Vec<f64>>> = Vec::new();
    let points = root.sections(&POINTS, |section| {
        section.record_as(format!("minimum.{}", before.len()));
        let new = |at: &Vec<f64>| match before.iter().position(|other| other.as_ref() == Some(at)) {
            Some(index) => Err(format!("is the same point as minimum.{index}; give each once")),
            None => Ok(()),
        };
        let fits = |at: &Vec<f64>| match landscape {
            Some(ChosenLandscape::BuiltIn(landscape)) => check_point(*landscape, at),
            // Its dimension is known only after its start.
            Some(ChosenLandscape::Process(_)) | None => Ok(()),
        };
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
        Err(format!("the height of {name} at this point is not finite, it is {height}"))
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
            [&BuiltIn::NAMES[..], &[PROCESS]].concat(),
            LandscapeKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>()
        );
    }
}
