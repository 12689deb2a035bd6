//! Claims about losses.

use super::{Comparison, Finding, Judgment, JudgmentWithReason, LEVEL, improved, larger};
use crate::analysis::statistics::median_interval;
use crate::data::Split;
use crate::report::number::{typeset, typeset_short};
use crate::report::paper::studies::Property;
use crate::report::paper::{PaperOptimizer, claimed, published, study};
use crate::report::run::Run;
use crate::report::style::set_name;

/// "Much lower": at most half. The smallest published factor is 2.7, of the autoencoder.
const MUCH: f64 = 2.0;
/// "Alike": within this factor of each other.
const ALIKE: f64 = 2.0;
/// "Steeply": to at least this multiple of the minimum.
const STEEP: f64 = 1.5;

/// Claim 1.
pub(super) fn levels(run: &Run<'_>) -> Vec<Finding> {
    if study(run).is_none() {
        return Vec::new();
    }
    let much = format!(
        "the training loss of L-BFGS is lower than that of SGD by a factor of {MUCH} or more"
    );
    let alike = format!("the test losses are within a factor of {ALIKE} of each other");
    let left_out = |split| improved::left_out(run, &PaperOptimizer::ALL.map(|of| of.set(split)));
    vec![
        Finding::judged(run, much, compare(run, Split::Train), |comparison| {
            match comparison.ratio {
                Some(ratio) if ratio.high * MUCH < 1.0 => (
                    Judgment::Supported,
                    format!("by a factor of {}", typeset(1.0 / ratio.estimate)),
                ),
                _ => (Judgment::NotSupported, larger(comparison, false).1),
            }
        })
        .noting(left_out(Split::Train)),
        Finding::judged(run, alike, compare(run, Split::Test), |comparison| {
            match comparison.ratio {
                Some(ratio) if ratio.low * ALIKE > 1.0 && ratio.high < ALIKE => {
                    (Judgment::Supported, "the whole interval is within".to_owned())
                }
                Some(ratio) if ratio.low > ALIKE || ratio.high * ALIKE < 1.0 => {
                    (Judgment::NotSupported, "the whole interval is outside".to_owned())
                }
                _ => (Judgment::NotTestable, "the interval reaches across the factor".to_owned()),
            }
        })
        .noting(left_out(Split::Test)),
    ]
}

/// The losses on the images on which the snapshots of this split are best.
fn compare(run: &Run<'_>, split: Split) -> Result<Comparison, String> {
    let optimizers = PaperOptimizer::ALL;
    let names = optimizers.map(|optimizer| set_name(&optimizer.set(split)));
    let losses = optimizers.map(|optimizer| {
        let Some(set) = run.snapshots(&optimizer.name(), split) else { return Vec::new() };
        let losses = if split == Split::Train { &set.loss_train } else { &set.loss_test };
        improved::rows(run, set).into_iter().map(|row| losses[row]).collect()
    });
    let ratio = published(run).map(|numbers| {
        numbers.loss(PaperOptimizer::Lbfgs, split) / numbers.loss(PaperOptimizer::Sgd, split)
    });
    let quantity = if split == Split::Train { "training loss" } else { "test loss" };
    let losses = losses.each_ref().map(Vec::as_slice);
    Ok(Comparison::of(quantity, names, losses)?.published(ratio))
}

/// Claim 2.
pub(super) fn overfitting(run: &Run<'_>) -> Vec<Finding> {
    let lbfgs = [PaperOptimizer::Lbfgs];
    let Some(expected) = claimed(run, Property::Overfits, &lbfgs) else { return Vec::new() };
    let rises = if expected { "rises" } else { "does not rise" };
    let statement = format!("the test loss of L-BFGS {rises} to {STEEP} times its minimum or more");
    let initial = run.at_initialization(&PaperOptimizer::Lbfgs.set(Split::Train)).len();
    let left_out = (initial > 0).then(|| {
        format!(
            "left out are {initial} runs that never came below the loss of their initialization"
        )
    });
    vec![Finding::new(run, statement, rise(run, expected), None).noting(left_out)]
}

fn rise(run: &Run<'_>, expected: bool) -> JudgmentWithReason {
    let runs = run
        .curves
        .iter()
        .filter(|(optimizer, _)| *optimizer == PaperOptimizer::Lbfgs.name())
        .flat_map(|(_, runs)| runs);
    // A run that never left its initialization shows neither overfitting nor its absence.
    let initial = run.at_initialization(&PaperOptimizer::Lbfgs.set(Split::Train));
    let runs = runs.filter(|(number, _)| !initial.contains(number));
    let ratio =
        |curve: &[f64]| Some(curve.last()? / curve.iter().copied().fold(f64::INFINITY, f64::min));
    let ratios: Vec<f64> = runs
        .filter_map(|(_, run)| ratio(&run.curve_test))
        .filter(|ratio| ratio.is_finite())
        .collect();
    match median_interval(&ratios, 1.0 - LEVEL) {
        Ok(Some(interval)) => {
            let [median, low, high] =
                [interval.estimate, interval.low, interval.high].map(typeset_short);
            let reason = format!(
                "final over lowest test loss of {} runs: median {median}, 99 % [{low}, {high}]",
                ratios.len()
            );
            let status = |so: bool| {
                if so == expected { Judgment::Supported } else { Judgment::NotSupported }
            };
            match interval {
                _ if interval.low > STEEP => (status(true), reason),
                _ if interval.high < STEEP => (status(false), reason),
                _ => (Judgment::NotTestable, format!("{reason}, which holds {STEEP}")),
            }
        }
        Ok(None) => (
            Judgment::NotTestable,
            format!("{} runs do not bound their median with 99 % confidence; 8 do", ratios.len()),
        ),
        Err(_) => (Judgment::NotTestable, "there are no runs of L-BFGS".to_owned()),
    }
}
