//! `[paths.refine]`.

use crate::config::available::Available;
use crate::config::reader::{Choice, Read, Section};
use crate::config::schema::{
    Count, CountOrAll, Invalidates, Key, Lower, Number, OneOf, SectionSpec, Upper,
};
use crate::config::stages::OfStage;
use crate::path::refine::RefineParameters;
use serde::{Deserialize, Serialize};

/// How paths are refined.
#[derive(Clone, Debug, PartialEq)]
pub struct RefineConfig {
    /// Where a refinement starts.
    pub from: RefineFrom,
    /// Paths of each set on each landscape that are refined, the first ones; `None`: all.
    pub pairs: Option<usize>,
    /// The settings of a refinement.
    pub parameters: RefineParameters,
}

/// Where a refinement starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefineFrom {
    /// From the path that was found.
    Path,
    /// From the straight line between its endpoints.
    Straight,
}

impl Choice for RefineFrom {
    const ALL: &'static [Self] = &[Self::Path, Self::Straight];
    fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Straight => "straight",
        }
    }
}

static FROM: Key<OneOf<RefineFrom>> = Key::new("from", OneOf::NEW)
    .meaning("the start of a refinement: the path that was found, or the straight line")
    .note(
        "a path is searched for again if neither its curve (`paths.store`) nor its last state \
           (`paths.keep_states`) was kept",
    )
    .default(RefineFrom::Path);

static PAIRS: Key<CountOrAll> = Key::new("pairs", CountOrAll)
    .unit("paths")
    .meaning("paths of each set on each landscape that are refined, in the order of `atlas.h5`")
    .invalidates(Invalidates::Nothing)
    .default(None);

static MAX_GRADIENTS: Key<Count> = Key::new("max_gradients", Count::at_least(1))
    .unit("gradients")
    .meaning(
        "budget of a refinement, in gradients; when it is spent, the refinement ends with its \
         current result",
    )
    .note(
        "a value without its gradient counts as a third, a product of the Hessian with a vector as \
         two; the current step and the certificate are always finished",
    )
    .default(10_000);

static POINTS: Key<Count> = Key::new("points", Count::between(5, 1000))
    .unit("points")
    .meaning(
        "points of the string, the curve that is lowered to the saddle, both endpoints included",
    )
    .note("if an attempt fails, the next one has twice as many intervals")
    .default(9);

static ACCURACY: Key<Number> =
    Key::new("accuracy", Number::between(Lower::Above(0.0), Upper::UpTo(0.01)))
        .meaning(
            "accuracy of heights, as a fraction of the height of the saddle above the lower \
             endpoint; smaller differences are ignored",
        )
        .note(
            "differences within rounding errors and the noise of the gradients are always ignored",
        )
        .default(1e-7);

static DETOURS: Key<Count> = Key::new("detours", Count::at_least(0))
    .unit("searches")
    .meaning(
        "once the endpoints are connected, searches for a lower path go on until this number of \
         them in a row has failed",
    )
    .default(1);

static SPEC: SectionSpec = SectionSpec::single(
    "paths.refine",
    "Refinement of paths",
    Invalidates::Tasks("the refined paths"),
    &[&FROM, &PAIRS, &MAX_GRADIENTS, &POINTS, &ACCURACY, &DETOURS],
);

/// The section; `None` if it is not written, so that nothing is refined.
pub static SECTION: OfStage<Option<RefineConfig>> =
    OfStage { spec: &SPEC, documentation: include_str!("section.md"), read };

fn read(root: &Section<'_>, _: &Available) -> Read<Option<RefineConfig>> {
    root.section_below("paths", &SPEC, |section| {
        if !section.is_written() {
            return Ok(None);
        }
        let from = section.key(&FROM).value();
        let pairs = section.key(&PAIRS).value();
        let gradients = section.key(&MAX_GRADIENTS).value();
        let points = section.key(&POINTS).value();
        let accuracy = section.key(&ACCURACY).value();
        let detours = section.key(&DETOURS).value();
        let parameters = RefineParameters {
            points: points?,
            accuracy: accuracy?,
            detours: u32::try_from(detours?).unwrap_or(u32::MAX),
            max_gradients: gradients? as f64,
            ..RefineParameters::default()
        };
        Ok(Some(RefineConfig { from: from?, pairs: pairs?, parameters }))
    })
}
