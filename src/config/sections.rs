//! The list of all sections.

use super::schema::{Integer, Invalidates, Key, KeySpec, Required, SectionSpec};
use super::stages::{self, SectionReader};
use super::{dataset, distance, import, kpca, landscape, network, optimizer, paths, run, training};

pub(super) static SEED: Key<Integer<u64>, Required> =
    Key::new("seed", Integer::between(0, u64::MAX))
        .meaning(
            "the master seed of all random numbers: the same seed gives the same results on any \
             number of ranks",
        )
        .note("it determines initializations, order of the images, pairs and built-in digits")
        .invalidates(Invalidates::Everything)
        .required("1");

/// The keys outside of all sections.
pub(super) static TOP: SectionSpec = SectionSpec::single("", "", Invalidates::Everything, &[&SEED]);

/// Every section, in the order of the documentation, those of the stages last.
pub(super) fn all() -> Vec<&'static SectionSpec> {
    let own: [&SectionSpec; 12] = [
        &TOP,
        &dataset::SECTION,
        &network::SECTION,
        &training::SECTION,
        &optimizer::OPTIMIZER,
        &import::SECTION,
        &landscape::SECTION,
        &landscape::POINTS,
        &paths::SECTION,
        &kpca::SECTION,
        &distance::SECTION,
        &run::SECTION,
    ];
    own.into_iter().chain(stages::sections().map(SectionReader::spec)).collect()
}

/// The section of an effective key, `training.sgd.epochs` or `kpca.NAME.kernel`, and its row in the
/// table; `None` for a key that the table does not have, which may occur in older results.
pub(super) fn find(key: &str) -> (&'static SectionSpec, Option<&'static dyn KeySpec>) {
    let sections = all().into_iter().filter(|section| section.contains(key));
    let section = sections.max_by_key(|section| section.name.len()).unwrap_or(&TOP);
    let name = key.rsplit('.').next().unwrap_or(key);
    // A key outside of all sections has no dot.
    let known =
        if section.name.is_empty() && name != key { Vec::new() } else { section.all_keys() };
    (section, known.into_iter().find(|spec| spec.name() == name))
}
