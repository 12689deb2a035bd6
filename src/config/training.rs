//! `[training]`: how many runs of which optimizers, and which of them are kept.

use super::reader::{Choice, Read, Section};
use super::yields::Yields;
use crate::optimizer::{LbfgsParameters, Method, SgdParameters, Training};
use crate::solutions::{SetName, Split};

/// The training runs; none at all if every solution is imported.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// Runs of each optimizer, ≥ 1, numbered from 0; equal numbers start from equal θ₀. 0 without
    /// `[training]`.
    pub initializations: u32,
    /// Runs kept of each optimizer, those with the lowest training loss; 1 to `initializations`,
    /// or 0 without `[training]`.
    pub keep: usize,
    /// The optimizers, at least one, in the order of [`Method::ALL`]; none without `[training]`.
    pub methods: Vec<Method>,
    /// Present exactly if `methods` has [`Method::Sgd`].
    pub sgd: Option<SgdParameters>,
    /// Present exactly if `methods` has [`Method::Lbfgs`].
    pub lbfgs: Option<LbfgsParameters>,
}

impl TrainingConfig {
    /// No runs.
    pub(super) fn none() -> Self {
        Self { initializations: 0, keep: 0, methods: Vec::new(), sgd: None, lbfgs: None }
    }

    /// A method with its parameters.
    ///
    /// # Panics
    /// If the method is not one of `methods`.
    pub fn method(&self, method: Method) -> Training {
        let configured = match method {
            Method::Sgd => self.sgd.clone().map(Training::Sgd),
            Method::Lbfgs => self.lbfgs.clone().map(Training::Lbfgs),
        };
        configured.expect("every method in use has its parameters")
    }
}

impl Choice for Method {
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

/// Reads the section; what it yields is left in `yields` even where the section is in error.
pub(super) fn read(section: &Section<'_>, yields: &mut Yields) -> Read<TrainingConfig> {
    let initializations =
        section.key("initializations").integer(1, u32::MAX.into()).map(|count| count as u32).required("initializations = 75");
    let keep = section
        .key("keep")
        .count(1)
        .check(|&keep| match initializations {
            Ok(most) if keep > most as usize => {
                Err(format!("must be at most {most}, the number of training.initializations, is {keep}"))
            }
            _ => Ok(()),
        })
        .or(initializations.map_or(1, |count| count as usize));
    let methods = section.key("optimizers").choices::<Method>().or(Method::ALL.to_vec());
    yields.made = methods.as_deref().ok().map(sets_of);
    yields.keep = initializations.and(keep).ok();

    let uses = |method| methods.as_ref().is_ok_and(|methods| methods.contains(&method));
    let sgd = section.section_if(uses(Method::Sgd), "sgd", |section| read_sgd(section));
    let lbfgs = section.section_if(uses(Method::Lbfgs), "lbfgs", |section| read_lbfgs(section));
    Ok(TrainingConfig { initializations: initializations?, keep: keep?, methods: methods?, sgd: sgd?, lbfgs: lbfgs? })
}

/// Both snapshots of every optimizer.
fn sets_of(methods: &[Method]) -> Vec<SetName> {
    let names = methods.iter().flat_map(|method| [Split::Train, Split::Test].map(|split| format!("{method}/{split}")));
    names.filter_map(|name| SetName::parse(&name).ok()).collect()
}

/// Learning rate and epochs were not published, so there is nothing a default could stand on.
fn read_sgd(section: &Section<'_>) -> Read<SgdParameters> {
    let learning_rate = section.key("learning_rate").positive().required("learning_rate = 0.1");
    let batch_size = section.key("batch_size").count(1).or(64);
    let epochs = section.key("epochs").count(1).required("epochs = 100");
    Ok(SgdParameters { learning_rate: learning_rate?, batch_size: batch_size?, epochs: epochs? })
}

fn read_lbfgs(section: &Section<'_>) -> Read<LbfgsParameters> {
    let iterations = section.key("iterations").count(1).or(1000);
    let memory = section.key("memory").count(1).or(10);
    let evaluations = section.key("line_search_evaluations").count(1).or(6);
    // Relative to the step: at 1 the first bracket would already be narrow enough.
    let tolerance = section
        .key("line_search_tolerance")
        .number("a number above 0 and below 1", |tolerance| tolerance > 0.0 && tolerance < 1.0)
        .or(1e-4);
    let target_loss = section.key("target_loss").not_negative().or(0.0);
    Ok(LbfgsParameters {
        iterations: iterations?,
        memory: memory?,
        line_search_evaluations: evaluations?,
        line_search_tolerance: tolerance?,
        target_loss: target_loss?,
    })
}
