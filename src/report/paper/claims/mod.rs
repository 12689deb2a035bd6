//! The claims of the paper, judged by the results of runs.
//!
//! Each claim is split into statements that one comparison can decide. A difference counts if a
//! rank test finds it at the level of 1 % and the interval of 99 % for its size excludes zero.
//! About thirty comparisons are made for a network; at 5 % one or two of them would be significant
//! by chance. If the claim is about size ("much lower", "alike", "steep", "close"), the threshold
//! is stated. It is ours; the paper gives none.

mod barriers;
mod comparison;
mod embedding;
mod flatness;
mod improved;
mod losses;
#[cfg(test)]
mod tests;
mod two_wells;
mod vectors;

pub use comparison::Comparison;

use crate::config::Protocol;
use crate::report::number::typeset_short;
use crate::report::run::Run;

/// The level of the tests.
pub const LEVEL: f64 = 0.01;

/// The judgment of a run on a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgment {
    /// The results support it.
    Supported,
    /// The results do not support it.
    NotSupported,
    /// The results cannot decide.
    NotTestable,
}

impl Judgment {
    /// The printed words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NotSupported => "not supported",
            Self::NotTestable => "not testable here",
        }
    }
}

/// A statement with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Label of the run, or labels of several runs if the claim is about them together.
    pub run: String,
    /// The statement.
    pub statement: String,
    /// The verdict.
    pub status: Judgment,
    /// Why.
    pub reason: String,
    /// The numbers on which the verdict is based.
    pub comparison: Option<Comparison>,
}

/// A claim of the paper with all findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its number.
    pub number: usize,
    /// The claim, in our words.
    pub text: &'static str,
    /// The verdicts of the runs.
    pub findings: Vec<Finding>,
}

/// The ten claims with the verdicts of these runs. A claim that applies to no run has no findings.
/// Empty if the paper is about none of the runs: neither a network of the paper on its data nor its
/// two-dimensional example.
pub fn claims(runs: &[Run<'_>]) -> Vec<Claim> {
    type Judge = fn(&Run<'_>) -> Vec<Finding>;
    let of_networks: [(&str, Judge); 8] = [
        (
            "L-BFGS reaches a much lower training loss than SGD; the test losses are alike.",
            losses::levels,
        ),
        (
            "The test loss of L-BFGS rises steeply after its minimum (overfitting), except for the autoencoder.",
            losses::overfitting,
        ),
        (
            "Barriers between SGD solutions are lower than between L-BFGS solutions, except for the autoencoder.",
            barriers::optimizers,
        ),
        (
            "Barriers between L-BFGS train vectors exceed those between L-BFGS test vectors for the fully connected perceptron and LSTM only.",
            barriers::splits,
        ),
        (
            "The components of L-BFGS vectors have the larger standard deviation.",
            vectors::deviations,
        ),
        (
            "L-BFGS vectors lie farther from the common origin than SGD vectors, and the two centroids are close.",
            vectors::distances,
        ),
        (
            "Kernel PCA with the RBF kernel separates L-BFGS train from SGD test vectors, mostly along PC1; other kernels do not.",
            embedding::train,
        ),
        (
            "Between test vectors of both that separation nearly vanishes for the fully connected perceptron and LeNet and stays for autoencoder and LSTM.",
            embedding::test,
        ),
    ];
    let mut claims: Vec<Claim> = (1..)
        .zip(of_networks)
        .map(|(number, (text, judge))| Claim {
            number,
            text,
            findings: runs.iter().flat_map(judge).collect(),
        })
        .collect();
    let text = "In the two-dimensional example the height of the path hardly depends on λ.";
    claims.push(Claim { number: 9, text, findings: two_wells::lambda(runs) });
    let text = "SGD solutions lie in flatter regions; the minima of L-BFGS are sharper. (The paper \
                infers it from heights.)";
    claims.push(Claim {
        number: 10,
        text,
        findings: runs.iter().flat_map(flatness::curvature).collect(),
    });
    let speaks = claims.iter().any(|claim| !claim.findings.is_empty());
    if speaks { claims } else { Vec::new() }
}

impl Finding {
    fn new(
        run: &Run<'_>,
        statement: impl Into<String>,
        verdict: JudgmentWithReason,
        comparison: Option<Comparison>,
    ) -> Self {
        let (status, reason) = verdict;
        Self { run: run.label.clone(), statement: statement.into(), status, reason, comparison }
    }

    /// The same with an addition to its reason.
    fn noting(mut self, note: Option<String>) -> Self {
        if let Some(note) = note {
            self.reason = format!("{}; {note}", self.reason);
        }
        self
    }

    /// The finding from a comparison, if there is one.
    fn judged(
        run: &Run<'_>,
        statement: impl Into<String>,
        compared: Result<Comparison, String>,
        judge: impl Fn(&Comparison) -> JudgmentWithReason,
    ) -> Self {
        match compared {
            Ok(comparison) => {
                let verdict = match comparison.too_few() {
                    Some(reason) => (Judgment::NotTestable, reason),
                    None => judge(&comparison),
                };
                Self::new(run, statement, verdict, Some(comparison))
            }
            Err(reason) => Self::new(run, statement, (Judgment::NotTestable, reason), None),
        }
    }
}

/// A verdict and why.
type JudgmentWithReason = (Judgment, String);

/// The verdict on "the first is larger", or on its opposite if the claim makes an exception.
fn larger(comparison: &Comparison, claimed: bool) -> JudgmentWithReason {
    let status =
        |so: bool| if so == claimed { Judgment::Supported } else { Judgment::NotSupported };
    let [first, second] = &comparison.names;
    if comparison.contradicts_itself() {
        let reason = format!(
            "ranks and ratio disagree on which is larger, {first} or {second}: δ = {}, but the \
             interval of the ratio lies on the other side of 1",
            typeset_short(comparison.delta)
        );
        return (Judgment::NotTestable, reason);
    }
    match (comparison.differs(), comparison.delta > 0.0) {
        (true, true) => (status(true), format!("{first} is above {second}")),
        (true, false) => (status(false), format!("{first} is below {second}")),
        (false, _) if claimed => {
            (Judgment::NotSupported, "no difference can be distinguished from chance".to_owned())
        }
        (false, _) => {
            (Judgment::NotTestable, "no difference can be told from chance, either way".to_owned())
        }
    }
}

/// The verdict, which heights of another protocol than the published one cannot give. Keys that
/// differ from the published ones are named.
fn of_published(run: &Run<'_>, (status, reason): JudgmentWithReason) -> JudgmentWithReason {
    let used = run.protocol();
    match (used.protocol, used.changed.is_empty()) {
        (Protocol::Published, true) => (status, reason),
        (Protocol::Published, false) => (status, format!("{reason} (protocol: {used})")),
        _ => {
            let reason = format!(
                "the claim is about the published protocol, these heights are of another one \
                 ({used}); there {reason}"
            );
            (Judgment::NotTestable, reason)
        }
    }
}
