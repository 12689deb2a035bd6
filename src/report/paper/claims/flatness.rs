//! The claim about curvature, which the paper infers from heights.

use super::{Comparison, Finding, Judgment, improved, larger};
use crate::analysis::curvature::Sharpness;
use crate::analysis::statistics::Summary;
use crate::data::Split;
use crate::report::number::typeset_short;
use crate::report::paper::{PaperOptimizer, study};
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{LandscapeName, SetName};

/// A measure of sharpness.
struct Measure {
    /// What it is.
    quantity: &'static str,
    /// In a statement, after "L-BFGS is sharper".
    words: &'static str,
    /// NaN where it is not known.
    of: fn(&Sharpness) -> f64,
}

const MEASURES: [Measure; 2] = [
    Measure {
        quantity: "largest eigenvalue",
        words: "by the largest eigenvalue of the Hessian",
        of: |sharpness| sharpness.largest,
    },
    Measure {
        quantity: "filter-normalized eigenvalue",
        words: "by the filter-normalized one",
        of: |sharpness| sharpness.filter_normalized.unwrap_or(f64::NAN),
    },
];

/// Claim 10, on the training images: by both measures, for the solutions of lowest training loss and
/// for those of lowest test loss. One of these comparisons alone decides nothing: where the training
/// loss goes to 0, so does all curvature. The verdict is that on which all four agree.
pub(super) fn curvature(run: &Run<'_>) -> Vec<Finding> {
    if study(run).is_none() {
        return Vec::new();
    }
    let statement = "SGD solutions lie in flatter regions than those of L-BFGS";
    if run.sharpness.is_empty() {
        let reason = "no curvature was computed: it needs a section [curvature] and the stage \
                      curvature";
        let verdict = (Judgment::NotTestable, reason.to_owned());
        return vec![Finding::new(run, statement, verdict, None)];
    }
    let cases = [Split::Train, Split::Test]
        .into_iter()
        .flat_map(|split| MEASURES.iter().map(move |measure| (split, measure)));
    let parts: Vec<Finding> = cases.map(|(split, measure)| part(run, split, measure)).collect();
    let (status, reason) = agreement(&parts);
    let reason = format!("{reason}. Median losses there: {}", losses(run).join(", "));
    let whole = Finding::new(run, statement, (status, reason), None);
    // Each alone is no verdict, so it has the common one.
    let common = |finding: Finding| Finding { status, reason: alone(&finding), ..finding };
    std::iter::once(whole).chain(parts.into_iter().map(common)).collect()
}

/// The median loss of each set at the solutions that are compared, to which their curvature belongs.
fn losses(run: &Run<'_>) -> Vec<String> {
    let sets = [Split::Train, Split::Test]
        .into_iter()
        .flat_map(|split| PaperOptimizer::ALL.map(|optimizer| optimizer.set(split)));
    let loss = |set: SetName| {
        let (losses, _) = values(run, &set, |sharpness| sharpness.loss);
        let median = Summary::of(&losses).map_or(f64::NAN, |summary| summary.median);
        format!("{} {}", set_name(&set), typeset_short(median))
    };
    sets.map(loss).collect()
}

/// What a comparison says by itself.
fn alone(finding: &Finding) -> String {
    let for_itself = match finding.status {
        Judgment::Supported => "for the claim",
        Judgment::NotSupported => "against the claim, or no difference",
        Judgment::NotTestable => "open",
    };
    format!("by itself {for_itself}: {}", finding.reason)
}

/// The verdict, if all comparisons find a difference in the same direction. That no difference is
/// found is no agreement with anything.
fn agreement(parts: &[Finding]) -> (Judgment, String) {
    let list: Vec<String> = parts.iter().map(summary).collect();
    let list = list.join("; ");
    let direction = |finding: &Finding| {
        let compared = finding.comparison.as_ref()?;
        let decides = compared.too_few().is_none()
            && compared.differs()
            && finding.status != Judgment::NotTestable;
        decides.then_some(compared.delta > 0.0)
    };
    let directions: Option<Vec<bool>> = parts.iter().map(direction).collect();
    match directions {
        Some(all) if all.iter().all(|&sharper| sharper) => {
            (Judgment::Supported, format!("all four comparisons agree: {list}"))
        }
        Some(all) if all.iter().all(|&sharper| !sharper) => {
            (Judgment::NotSupported, format!("all four comparisons agree on the opposite: {list}"))
        }
        _ => (Judgment::NotTestable, format!("the four comparisons do not agree: {list}")),
    }
}

/// The ratio of a comparison with its interval, in words.
fn summary(finding: &Finding) -> String {
    let Some(compared) = &finding.comparison else {
        return format!("{}: {}", finding.statement, finding.reason);
    };
    let [first, second] = &compared.names;
    let what = format!("{}, {first} over {second}", compared.quantity);
    let Some(ratio) = compared.ratio else {
        let reason = compared.too_few().unwrap_or_else(|| "no ratio".to_owned());
        return format!("{what}: {reason}");
    };
    let [estimate, low, high] = [ratio.estimate, ratio.low, ratio.high].map(typeset_short);
    format!("{what}: {estimate}, 99 % [{low}, {high}]")
}

fn part(run: &Run<'_>, split: Split, measure: &Measure) -> Finding {
    let sets = PaperOptimizer::ALL.map(|optimizer| optimizer.set(split));
    let names = sets.each_ref().map(set_name);
    let statement = format!("L-BFGS {split} vectors are sharper {}", measure.words);
    let values = sets.each_ref().map(|set| values(run, set, measure.of));
    let open: usize = values.iter().map(|(_, open)| open).sum();
    let values = values.each_ref().map(|(values, _)| values.as_slice());
    let compared = Comparison::of(measure.quantity, names, values);
    let not_converged = (open > 0).then(|| format!("{open} did not converge and are left out"));
    Finding::judged(run, statement, compared, |comparison| larger(comparison, true))
        .noting(not_converged)
        .noting(improved::left_out(run, &sets))
}

/// The measure at the solutions of a set on the training images, and at how many it is not known.
fn values(run: &Run<'_>, set: &SetName, of: fn(&Sharpness) -> f64) -> (Vec<f64>, usize) {
    let initial = run.at_initialization(set);
    let known = run.sharpness.iter();
    let mut known = known.filter(|of| of.set == *set && of.landscape == LandscapeName::Train);
    let Some(found) = known.next() else { return (Vec::new(), 0) };
    let points = found.numbers.iter().zip(&found.points);
    let solutions = points.filter(|(number, _)| !initial.contains(number));
    let all: Vec<f64> = solutions.map(|(_, sharpness)| of(sharpness)).collect();
    let (finite, open): (Vec<f64>, Vec<f64>) = all.into_iter().partition(|value| value.is_finite());
    (finite, open.len())
}
