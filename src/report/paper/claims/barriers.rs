//! Claims about barriers.

use super::{Comparison, Finding, larger};
use crate::optimizer::Method;
use crate::path::PathResult;
use crate::report::paper::claimed;
use crate::report::paper::studies::Property;
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{LandscapeName, SetName, Split};
use crate::statistics::PairValues;

/// Claim 3: on the training landscape all four sets, on the test landscape the test sets.
pub(super) fn methods(run: &Run<'_>) -> Vec<Finding> {
    let Some(is_claimed) = claimed(run, Property::HigherWithLbfgs) else { return Vec::new() };
    let cases = [(Split::Train, LandscapeName::Train), (Split::Test, LandscapeName::Train), (Split::Test, LandscapeName::Test)];
    let finding = |(split, landscape)| {
        let not = if is_claimed { "" } else { "not " };
        let images = if landscape == LandscapeName::Train { "training" } else { "test" };
        let statement =
            format!("between {split} vectors on the {images} landscape, barriers of L-BFGS are {not}higher than those of SGD");
        let sets = [Method::Lbfgs, Method::Sgd].map(|method| SetName::of(method, split));
        judged(run, statement, sets, landscape, is_claimed)
    };
    cases.map(finding).into()
}

/// Claim 4.
pub(super) fn splits(run: &Run<'_>) -> Vec<Finding> {
    let Some(is_claimed) = claimed(run, Property::HigherBetweenTrain) else { return Vec::new() };
    let not = if is_claimed { "" } else { "not " };
    let statement =
        format!("on the training landscape, barriers between L-BFGS train vectors are {not}higher than between test vectors");
    let sets = [Split::Train, Split::Test].map(|split| SetName::of(Method::Lbfgs, split));
    vec![judged(run, statement, sets, LandscapeName::Train, is_claimed)]
}

/// Whether the barriers of the first set are higher, and how many of the paths of both have none.
fn judged(run: &Run<'_>, statement: String, sets: [SetName; 2], landscape: LandscapeName, is_claimed: bool) -> Finding {
    let found = sets.each_ref().map(|set| found(run, set, landscape));
    let heights = found.each_ref().map(|found| PairValues {
        ends: found.iter().map(|(pair, _)| *pair).collect(),
        values: found.iter().map(|(_, path)| path.height).collect(),
    });
    let compared = match sets.iter().zip(&found).find(|(_, found)| found.is_empty()) {
        Some((set, _)) => {
            Err(format!("there are no paths of {set} on the {landscape} images; paths.sets and paths.landscapes say of which"))
        }
        None => Comparison::of_pairs("barrier H", sets.each_ref().map(set_name), heights.each_ref()),
    };
    let without = found.each_ref().map(|found| found.iter().filter(|(_, path)| path.is_no_higher_than_its_ends()).count());
    let [first, second] = [0, 1].map(|of| format!("{} of {} paths of {}", without[of], found[of].len(), set_name(&sets[of])));
    Finding::judged(run, statement, compared, |comparison| {
        let (status, reason) = larger(comparison, is_claimed);
        (status, format!("{reason}; {first} and {second} are no higher than their higher end"))
    })
}

fn found<'a>(run: &'a Run<'_>, set: &SetName, landscape: LandscapeName) -> Vec<((u32, u32), &'a PathResult)> {
    let paths = run.paths.iter().filter(|paths| paths.set == *set && paths.landscape == landscape);
    let all = paths.flat_map(|paths| paths.pairs.iter().zip(&paths.results));
    all.filter_map(|(pair, result)| Some((*pair, result.as_ref().ok()?))).collect()
}
