//! The claim about the two-dimensional example.

use super::{Finding, Judgment, of_published};
use crate::config::Protocol;
use crate::report::number::typeset;
use crate::report::paper::studies::{EXAMPLE, EXAMPLE_HEIGHTS};
use crate::report::run::Run;

/// "Hardly": by less than this fraction. The published barriers differ by 1.9 %.
const HARDLY: f64 = 0.05;

/// The first path of a run of the example.
struct Path<'a> {
    run: &'a Run<'a>,
    pair: (u32, u32),
    barrier: f64,
}

/// Claim 9. A run has one λ, so the claim is about all runs of the example on the page together.
pub(super) fn lambda(runs: &[Run<'_>]) -> Vec<Finding> {
    let examples: Vec<&Run<'_>> = runs.iter().filter(|run| is_example(run)).collect();
    if examples.is_empty() {
        return Vec::new();
    }
    let lambdas = EXAMPLE_HEIGHTS.map(|(lambda, _)| lambda.to_string()).join(", ");
    let statement =
        format!("for λ = {lambdas} the barrier H differs by less than {} %", 100.0 * HARDLY);
    let run = examples.iter().map(|run| run.label.as_str()).collect::<Vec<_>>().join(", ");
    let (status, reason) = judge(&examples, &lambdas);
    vec![Finding { run, statement, status, reason, comparison: None }]
}

fn is_example(run: &Run<'_>) -> bool {
    run.config.subject.landscape().is_some_and(|analytic| analytic.landscape.kind() == EXAMPLE)
}

fn judge(examples: &[&Run<'_>], lambdas: &str) -> (Judgment, String) {
    let paths: Vec<Path<'_>> = examples.iter().filter_map(|run| first_path(run)).collect();
    let of_weight =
        |lambda: f64| paths.iter().find(|path| path.lambda().total_cmp(&lambda).is_eq());
    let found = EXAMPLE_HEIGHTS
        .iter()
        .filter_map(|&(lambda, published)| Some((of_weight(lambda)?, published)));
    let found: Vec<(&Path<'_>, f64)> = found.collect();
    let listed: Vec<String> =
        found.iter().map(|(path, published)| path.words(*published)).collect();
    let listed = listed.join(", ");
    if found.len() < EXAMPLE_HEIGHTS.len() {
        return (Judgment::NotTestable, needs(lambdas, &listed));
    }
    if let Some(reason) = found.windows(2).find_map(|pair| differ_otherwise(pair[0].0, pair[1].0)) {
        return (Judgment::NotTestable, reason);
    }
    let heights = || found.iter().map(|(path, _)| path.barrier);
    let (low, high) =
        (heights().fold(f64::INFINITY, f64::min), heights().fold(f64::NEG_INFINITY, f64::max));
    let change = (high - low) / low;
    let status = if change < HARDLY { Judgment::Supported } else { Judgment::NotSupported };
    let verdict = (status, format!("{listed}; a change of {} %", typeset(100.0 * change)));
    // The example has settings of its own, which belong to the published protocol.
    if examples[0].protocol().protocol == Protocol::Published {
        return verdict;
    }
    of_published(examples[0], verdict)
}

fn needs(lambdas: &str, listed: &str) -> String {
    let here = if listed.is_empty() { String::new() } else { format!("; here {listed}") };
    format!(
        "this needs a run for each published λ ({lambdas}) on one page: `lossatlas run \
         configs/fig3.toml --set paths.lambda=…`, then `lossatlas report` with all of their \
         directories{here}"
    )
}

/// How two runs differ besides λ, if they do: then λ alone does not explain their barriers.
fn differ_otherwise(first: &Path<'_>, second: &Path<'_>) -> Option<String> {
    let keys = first.run.differing_keys(second.run);
    let keys: Vec<&str> = keys.into_iter().filter(|key| *key != "paths.lambda").collect();
    let (a, b) = (&first.run.label, &second.run.label);
    if !keys.is_empty() {
        return Some(format!("the runs {a} and {b} differ in more than λ: {}", keys.join(", ")));
    }
    (first.pair != second.pair).then(|| format!("a path of {a} or of {b} was not found"))
}

fn first_path<'a>(run: &'a Run<'a>) -> Option<Path<'a>> {
    let results = run.paths.iter().flat_map(|paths| paths.pairs.iter().zip(&paths.results));
    let mut found = results.filter_map(|(pair, result)| Some((*pair, result.as_ref().ok()?)));
    let (pair, result) = found.next()?;
    Some(Path { run, pair, barrier: result.barrier })
}

impl Path<'_> {
    fn lambda(&self) -> f64 {
        self.run.config.paths.parameters.lambda
    }

    fn words(&self, published: f64) -> String {
        format!("λ = {}: {} (published {published:.3})", self.lambda(), typeset(self.barrier))
    }
}
