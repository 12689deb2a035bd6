//! `[training]`: the optimizers, the number of runs, and which runs are kept.

use super::available::Available;
use super::reader::{Choice, Read, Section};
use super::schema::{
    AnyOf, Count, Derived, Integer, Invalidates, Key, Lower, Number, Required, SectionSpec, Upper,
};
use crate::data::Split;
use crate::optimizer::{LbfgsParameters, OptimizerName, OptimizerParameters, SgdParameters};
use crate::solutions::SetName;

/// The training runs; no runs if every solution is imported.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// Runs of each optimizer, ≥ 1, numbered from 0. Runs of all optimizers with the same number
    /// start from the same θ₀. 0 without `[training]`.
    pub initializations: u32,
    /// Runs kept of each optimizer, those with the lowest training loss; 1 to `initializations`,
    /// or 0 without `[training]`.
    pub keep: usize,
    /// The optimizers, at least one, in the order of [`OptimizerName::ALL`]; none without
    /// `[training]`.
    pub optimizers: Vec<OptimizerName>,
    /// Present exactly if `optimizers` has [`OptimizerName::Sgd`].
    pub sgd: Option<SgdParameters>,
    /// Present exactly if `optimizers` has [`OptimizerName::Lbfgs`].
    pub lbfgs: Option<LbfgsParameters>,
}

impl TrainingConfig {
    /// No runs.
    pub(super) fn none() -> Self {
        Self { initializations: 0, keep: 0, optimizers: Vec::new(), sgd: None, lbfgs: None }
    }

    /// The parameters of an optimizer.
    ///
    /// # Panics
    /// If the optimizer is not one of `optimizers`.
    pub fn optimizer(&self, optimizer: OptimizerName) -> OptimizerParameters {
        let configured = match optimizer {
            OptimizerName::Sgd => self.sgd.clone().map(OptimizerParameters::Sgd),
            OptimizerName::Lbfgs => self.lbfgs.clone().map(OptimizerParameters::Lbfgs),
        };
        configured.expect("every optimizer in use has its parameters")
    }
}

impl Choice for OptimizerName {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

impl Choice for Split {
    const ALL: &'static [Self] = &[Self::Train, Self::Test];
    fn word(self) -> &'static str {
        self.name()
    }
}

static INITIALIZATIONS: Key<Integer<u32>, Required> =
    Key::new("initializations", Integer::at_least(1))
        .unit("runs")
        .meaning("runs of each optimizer; runs with the same number start from the same parameters")
        .invalidates(Invalidates::Nothing)
        .required("75");

static KEEP: Key<Count, Derived> = Key::new("keep", Count::at_least(1))
    .unit("runs")
    .meaning("runs of each optimizer that are kept: those of the lowest training loss")
    .note("at most `initializations`")
    .invalidates(Invalidates::Nothing)
    .derived("all of `initializations`", "48");

static OPTIMIZERS: Key<AnyOf<OptimizerName>> = Key::new("optimizers", AnyOf::NEW)
    .meaning("which optimizers train")
    .invalidates(Invalidates::Nothing)
    .default(&OptimizerName::ALL);

pub(super) static SECTION: SectionSpec = SectionSpec::single(
    "training",
    "Training",
    Invalidates::Results("stored results"),
    &[&INITIALIZATIONS, &KEEP, &OPTIMIZERS],
);

// Learning rate and epochs were not published, so there is no basis for a default.
static LEARNING_RATE: Key<Number, Required> = Key::new("learning_rate", Number::POSITIVE)
    .meaning("η in θ ← θ − η∇; no value was published: try a few with one initialization")
    .required("0.1");

static BATCH_SIZE: Key<Count> = Key::new("batch_size", Count::at_least(1))
    .unit("images")
    .meaning("images of a mini-batch")
    .default(64);

static EPOCHS: Key<Count, Required> = Key::new("epochs", Count::at_least(1))
    .unit("epochs")
    .meaning("passes over the training images")
    .required("100");

pub(super) static SGD: SectionSpec = SectionSpec::single(
    "training.sgd",
    "SGD, mini-batches without momentum",
    Invalidates::Results("the SGD solutions and their paths"),
    &[&LEARNING_RATE, &BATCH_SIZE, &EPOCHS],
);

static ITERATIONS: Key<Count> = Key::new("iterations", Count::at_least(1))
    .unit("iterations")
    .meaning("maximum number of iterations")
    .note("an iteration counts as an epoch in curves and snapshots")
    .default(1000);

static MEMORY: Key<Count> = Key::new("memory", Count::at_least(1))
    .unit("steps")
    .meaning("steps remembered for the quasi-Newton direction")
    .default(10);

static LINE_SEARCH_EVALUATIONS: Key<Count> =
    Key::new("line_search_evaluations", Count::at_least(1))
        .unit("evaluations")
        .meaning("maximum number of evaluations of the loss in each line search")
        .default(6);

static LINE_SEARCH_TOLERANCE: Key<Number> =
    // Relative to the step: with 1 the first bracket would already be narrow enough.
    Key::new("line_search_tolerance", Number::between(Lower::Above(0.0), Upper::Below(1.0)))
            .meaning(
                "a line search ends when its bracket is narrower than this times the best step",
            )
            .default(1e-4);

static TARGET_LOSS: Key<Number> = Key::new("target_loss", Number::NOT_NEGATIVE)
    .unit("loss")
    .meaning(
        "a run ends at this training loss; 0: never; once every image is classified correctly, the \
         loss falls toward 0 without end",
    )
    .default(0.0);

pub(super) static LBFGS: SectionSpec = SectionSpec::single(
    "training.lbfgs",
    "L-BFGS, full batch, with golden section search",
    Invalidates::Results("the L-BFGS solutions and their paths"),
    &[&ITERATIONS, &MEMORY, &LINE_SEARCH_EVALUATIONS, &LINE_SEARCH_TOLERANCE, &TARGET_LOSS],
);

/// Reads the section. `available` gets what could be read, even if there are errors.
pub(super) fn read(section: &Section<'_>, available: &mut Available) -> Read<TrainingConfig> {
    let initializations = section.key(&INITIALIZATIONS).value();
    let keep = section
        .key(&KEEP)
        .check(|&keep| match initializations {
            Ok(most) if keep > most as usize => Err(format!(
                "must be at most {most}, the number of training.initializations, is {keep}"
            )),
            _ => Ok(()),
        })
        .or(initializations.map_or(1, |count| count as usize));
    let optimizers = section.key(&OPTIMIZERS).value();
    available.made = optimizers.as_deref().ok().map(sets_of);
    available.keep = initializations.and(keep).ok();

    let uses =
        |optimizer| optimizers.as_ref().is_ok_and(|optimizers| optimizers.contains(&optimizer));
    let sgd = section.section_if(uses(OptimizerName::Sgd), &SGD, |section| read_sgd(section));
    let lbfgs =
        section.section_if(uses(OptimizerName::Lbfgs), &LBFGS, |section| read_lbfgs(section));
    Ok(TrainingConfig {
        initializations: initializations?,
        keep: keep?,
        optimizers: optimizers?,
        sgd: sgd?,
        lbfgs: lbfgs?,
    })
}

/// Both snapshots of every optimizer.
fn sets_of(optimizers: &[OptimizerName]) -> Vec<SetName> {
    let names = optimizers.iter().flat_map(|optimizer| {
        [Split::Train, Split::Test].map(|split| format!("{optimizer}/{split}"))
    });
    names.filter_map(|name| SetName::parse(&name).ok()).collect()
}

fn read_sgd(section: &Section<'_>) -> Read<SgdParameters> {
    let learning_rate = section.key(&LEARNING_RATE).value();
    let batch_size = section.key(&BATCH_SIZE).value();
    let epochs = section.key(&EPOCHS).value();
    Ok(SgdParameters { learning_rate: learning_rate?, batch_size: batch_size?, epochs: epochs? })
}

fn read_lbfgs(section: &Section<'_>) -> Read<LbfgsParameters> {
    let iterations = section.key(&ITERATIONS).value();
    let memory = section.key(&MEMORY).value();
    let evaluations = section.key(&LINE_SEARCH_EVALUATIONS).value();
    let tolerance = section.key(&LINE_SEARCH_TOLERANCE).value();
    let target_loss = section.key(&TARGET_LOSS).value();
    Ok(LbfgsParameters {
        iterations: iterations?,
        memory: memory?,
        line_search_evaluations: evaluations?,
        line_search_tolerance: tolerance?,
        target_loss: target_loss?,
    })
}
