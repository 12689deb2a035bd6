//! Claims about barriers.

use super::{Comparison, Finding, larger, of_published};
use crate::analysis::statistics::PairValues;
use crate::data::Split;
use crate::path::PathResult;
use crate::report::paper::studies::Property;
use crate::report::paper::{PaperOptimizer, claimed};
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{LandscapeName, SetName};

/// Claim 3: on the training landscape all four sets, on the test landscape the test sets.
pub(super) fn optimizers(run: &Run<'_>) -> Vec<Finding> {
    let Some(is_claimed) = claimed(run, Property::HigherWithLbfgs, &PaperOptimizer::ALL) else {
        return Vec::new();
    };
    let cases = [
        (Split::Train, LandscapeName::Train),
        (Split::Test, LandscapeName::Train),
        (Split::Test, LandscapeName::Test),
    ];
    let finding = |(split, landscape)| {
        let not = if is_claimed { "" } else { "not " };
        let images = if landscape == LandscapeName::Train { "training" } else { "test" };
        let statement = format!(
            "between {split} vectors on the {images} landscape, barriers of L-BFGS are {not}higher than those of SGD"
        );
        let sets = PaperOptimizer::ALL.map(|optimizer| optimizer.set(split));
        judged(run, statement, sets, landscape, is_claimed)
    };
    cases.map(finding).into()
}

/// Claim 4.
pub(super) fn splits(run: &Run<'_>) -> Vec<Finding> {
    let lbfgs = [PaperOptimizer::Lbfgs];
    let Some(is_claimed) = claimed(run, Property::HigherBetweenTrain, &lbfgs) else {
        return Vec::new();
    };
    let not = if is_claimed { "" } else { "not " };
    let statement = format!(
        "on the training landscape, barriers between L-BFGS train vectors are {not}higher than between test vectors"
    );
    let sets = [Split::Train, Split::Test].map(|split| PaperOptimizer::Lbfgs.set(split));
    vec![judged(run, statement, sets, LandscapeName::Train, is_claimed)]
}

/// Whether the barriers of the first set are higher, and how many paths of both sets have no
/// barrier.
fn judged(
    run: &Run<'_>,
    statement: String,
    sets: [SetName; 2],
    landscape: LandscapeName,
    is_claimed: bool,
) -> Finding {
    let all = sets.each_ref().map(|set| SetBarriers::of(run, set, landscape));
    let found = all.each_ref().map(|found| &found.paths);
    let heights = found.map(|found| PairValues {
        ends: found.iter().map(|(pair, _)| *pair).collect(),
        values: found.iter().map(|(_, path)| path.barrier).collect(),
    });
    let compared = match sets.iter().zip(&all).find(|(_, found)| found.paths.is_empty()) {
        Some((set, found)) if found.all > 0 => {
            Err(format!("no path of {} on the {landscape} images remains", set_name(set)))
        }
        Some((set, _)) => Err(format!(
            "there are no paths of {set} on the {landscape} images; paths.sets and \
             paths.landscapes choose the paths"
        )),
        None if run.config.paths.is_spanning() => {
            Err("the pairs of paths.pairs = \"spanning\" are no random sample".to_owned())
        }
        None => {
            Comparison::of_pairs("barrier H", sets.each_ref().map(set_name), heights.each_ref())
        }
    };
    let without = found.map(|found| {
        found.iter().filter(|(_, path)| path.is_no_higher_than_its_endpoints()).count()
    });
    let [first, second] = [0, 1].map(|of| {
        format!("{} of {} paths of {}", without[of], found[of].len(), set_name(&sets[of]))
    });
    Finding::judged(run, statement, compared, |comparison| {
        let (status, reason) = of_published(run, larger(comparison, is_claimed));
        (status, format!("{reason}; {first} and {second} do not rise above their higher endpoint"))
    })
    .noting(left_out(&sets, &all))
}

/// The paths of a set whose maxima are barriers between solutions, and how many are not.
struct SetBarriers<'a> {
    paths: Vec<((u32, u32), &'a PathResult)>,
    all: usize,
    /// Number of straight lines that no step of the search improved.
    straight: usize,
    /// Number of other paths with an endpoint that is the initialization of its run.
    initial: usize,
}

impl<'a> SetBarriers<'a> {
    fn of(run: &'a Run<'_>, set: &SetName, landscape: LandscapeName) -> Self {
        let initial = run.at_initialization(set);
        let mut found = Self { paths: Vec::new(), all: 0, straight: 0, initial: 0 };
        let paths = run.paths.iter().filter(|of| of.set == *set && of.landscape == landscape);
        for (pair, result) in paths.flat_map(|of| of.pairs.iter().zip(&of.results)) {
            let Ok(path) = result else { continue };
            found.all += 1;
            if path.is_unimproved() {
                found.straight += 1;
            } else if initial.contains(&pair.0) || initial.contains(&pair.1) {
                found.initial += 1;
            } else {
                found.paths.push((*pair, path));
            }
        }
        found
    }
}

/// How many paths are left out and why; `None` if none is left out.
fn left_out(sets: &[SetName; 2], found: &[SetBarriers<'_>; 2]) -> Option<String> {
    type Count = fn(&SetBarriers<'_>) -> usize;
    let kinds: [(Count, &str); 2] = [
        (
            |found| found.straight,
            "are the straight line, because no step of the search lowered the loss",
        ),
        (|found| found.initial, "end at a vector that is the initialization of its run"),
    ];
    let mut words = Vec::new();
    for (count, why) in kinds {
        for (set, found) in sets.iter().zip(found).filter(|(_, found)| count(found) > 0) {
            let (count, all) = (count(found), found.all);
            words.push(format!("{count} of {all} paths of {} that {why}", set_name(set)));
        }
    }
    (!words.is_empty()).then(|| format!("left out are {}", words.join(" and ")))
}
