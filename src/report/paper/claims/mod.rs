//! What the paper claims, and what a run says to it.
//!
//! Each claim is split into statements that one comparison can decide. A difference counts if a rank test
//! finds it at the level of 1 % and the interval of 99 % for its size leaves out "none": about thirty
//! comparisons are made for a network, and at 5 % one or two of them would come out by chance. Where
//! the claim is about size ("much lower", "alike", "steep", "close"), the size that counts is stated;
//! it is ours, the paper gives none.

mod barriers;
mod comparison;
mod embedding;
mod improved;
mod losses;
#[cfg(test)]
mod tests;
mod two_wells;
mod vectors;

pub use comparison::Comparison;

use crate::report::number::typeset_short;
use crate::report::run::Run;

/// The level of the tests.
pub const LEVEL: f64 = 0.01;

/// What a run says to a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgment {
    /// It is so here.
    Supported,
    /// It is not so here.
    NotSupported,
    /// The run cannot tell.
    NotTestable,
}

impl Judgment {
    /// In print.
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
    /// Label of the run; those of several, where the claim is about them together.
    pub run: String,
    /// What is claimed of it.
    pub statement: String,
    /// The verdict.
    pub status: Judgment,
    /// Why.
    pub reason: String,
    /// The numbers it rests on.
    pub comparison: Option<Comparison>,
}

/// A claim of the paper with all findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its number.
    pub number: usize,
    /// The claim, in our words.
    pub text: &'static str,
    /// What the runs say to it.
    pub findings: Vec<Finding>,
}

/// The nine claims with what these runs say to them; a claim about which no run is has no findings.
/// Empty if no run is one of which the paper speaks: a network of the paper on its data, or its
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
            "Barriers between L-BFGS train vectors exceed those between L-BFGS test vectors for FCP and LSTM only.",
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
            "Between test vectors of both that separation nearly vanishes for FCP and LeNet and stays for autoencoder and LSTM.",
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
    let speaks = claims.iter().any(|claim| !claim.findings.is_empty());
    if speaks { claims } else { Vec::new() }
}

impl Finding {
    fn new(
        run: &Run<'_>,
        statement: impl Into<String>,
        verdict: Verdict,
        comparison: Option<Comparison>,
    ) -> Self {
        let (status, reason) = verdict;
        Self { run: run.label.clone(), statement: statement.into(), status, reason, comparison }
    }

    /// The same with more to its reason.
    fn noting(mut self, note: Option<String>) -> Self {
        if let Some(note) = note {
            self.reason = format!("{}; {note}", self.reason);
        }
        self
    }

    /// A comparison, if there is one, judged.
    fn judged(
        run: &Run<'_>,
        statement: impl Into<String>,
        compared: Result<Comparison, String>,
        judge: impl Fn(&Comparison) -> Verdict,
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
type Verdict = (Judgment, String);

/// For "the first is larger", or where the claim makes an exception, "it is not so".
fn larger(comparison: &Comparison, claimed: bool) -> Verdict {
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
            (Judgment::NotSupported, "no difference can be told from chance".to_owned())
        }
        (false, _) => {
            (Judgment::NotTestable, "no difference can be told from chance, either way".to_owned())
        }
    }
}
