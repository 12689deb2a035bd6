//! Claims about barriers.

use super::{Comparison, Finding, larger};
use crate::network::descriptor::Claim;
use crate::optimizer::Method;
use crate::report::published::claims;
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{LandscapeName, SetName, Split};
use crate::statistics::PairValues;

/// Claim 3: on the training landscape all four sets, on the test landscape the test sets.
pub(super) fn methods(run: &Run<'_>) -> Vec<Finding> {
    let Some(claimed) = claims(run, Claim::HigherWithLbfgs) else { return Vec::new() };
    let cases = [(Split::Train, LandscapeName::Train), (Split::Test, LandscapeName::Train), (Split::Test, LandscapeName::Test)];
    let finding = |(split, landscape)| {
        let not = if claimed { "" } else { "not " };
        let images = if landscape == LandscapeName::Train { "training" } else { "test" };
        let statement =
            format!("between {split} vectors on the {images} landscape, barriers of L-BFGS are {not}higher than those of SGD");
        let sets = [Method::Lbfgs, Method::Sgd].map(|method| SetName::of(method, split));
        Finding::judged(run, statement, compare(run, sets, landscape), |comparison| larger(comparison, claimed))
    };
    cases.map(finding).into()
}

/// Claim 4.
pub(super) fn splits(run: &Run<'_>) -> Vec<Finding> {
    let Some(claimed) = claims(run, Claim::HigherBetweenTrain) else { return Vec::new() };
    let not = if claimed { "" } else { "not " };
    let statement =
        format!("on the training landscape, barriers between L-BFGS train vectors are {not}higher than between test vectors");
    let sets = [Split::Train, Split::Test].map(|split| SetName::of(Method::Lbfgs, split));
    vec![Finding::judged(run, statement, compare(run, sets, LandscapeName::Train), |comparison| larger(comparison, claimed))]
}

fn compare(run: &Run<'_>, sets: [SetName; 2], landscape: LandscapeName) -> Result<Comparison, String> {
    let heights = sets.each_ref().map(|set| heights(run, set, landscape));
    Comparison::of_pairs("barrier H", sets.each_ref().map(set_name), heights.each_ref())
}

fn heights(run: &Run<'_>, set: &SetName, landscape: LandscapeName) -> PairValues {
    let paths = run.paths.iter().filter(|paths| paths.set == *set && paths.landscape == landscape);
    let found = paths.flat_map(|paths| paths.pairs.iter().zip(&paths.results));
    let (ends, values) = found.filter_map(|(pair, result)| Some((*pair, result.as_ref().ok()?.height))).unzip();
    PairValues { ends, values }
}
