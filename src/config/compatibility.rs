//! Whether the results of one configuration may be continued with another one.
//!
//! The table of keys says what a change of each key invalidates, see `Invalidates`.

use super::dependencies::{KEPT, aligned_sets, steps_matter};
use super::schema::{DefaultSpec, Invalidates, KeySpec, Multiplicity};
use super::{dataset, sections};
use crate::data::Split;
use crate::optimizer::optimizer_kind;
use crate::solutions::SetName;
use std::collections::{BTreeMap, BTreeSet};

/// The key under which a journal stores the well-known data set to which the images belong. A
/// configuration cannot set it: it is derived from the images, which the checksum already compares.
pub const KNOWN_AS: &str = "dataset.known_as";

/// The key under which a journal has the number of classes, whether the configuration gives it or
/// the data do.
pub const CLASSES: &str = "dataset.classes";

/// The key under which a journal stores the data sets of a process.
pub const DATASETS: &str = "landscape.datasets";

/// The key under which a journal stores the shape of the images, `[channels, rows, columns]`, if the
/// symmetry of the network is used: it follows from the architecture and from this shape.
pub const IMAGE_SHAPE: &str = "dataset.image_shape";

/// The number of classes of all results of versions in which it was fixed.
pub(super) const FORMER_CLASSES: &str = "10";

/// One line for each key that differs and matters: its two values and what the change invalidates.
///
/// A key that only one of the two has matters as well, unless the other one does not have the whole
/// table: an optimizer that was not in use has no results yet. Points are an exception, because one
/// more point makes another set. A set that is trained in one configuration and imported in the
/// other is not the same set. A network and an analytic landscape have nothing in common, which
/// gives a single line.
pub fn conflicts(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    if !same_kind_of_subject(before, after) {
        return vec![format!(
            "the subject: was {}, now {}; invalidates everything",
            subject(before),
            subject(after)
        )];
    }
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys.into_iter().filter_map(|key| conflict(before, after, key));
    changed.chain(other_classes(before, after)).chain(trained_or_imported(before, after)).collect()
}

/// Whether the sets have another origin: the subject is of another kind, or a set that was trained
/// is now imported. The sets of the new configuration then say nothing about the former results.
pub fn has_other_sets(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> bool {
    is_analytic(before) != is_analytic(after) || !trained_or_imported(before, after).is_empty()
}

/// Whether both are about networks, or both about landscapes of `[landscape]`.
pub fn same_kind_of_subject(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> bool {
    is_analytic(before) == is_analytic(after)
}

/// What a change of this key invalidates. `None` if it has not changed or does not matter.
fn conflict(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    key: &str,
) -> Option<String> {
    // The same vectors in another file are the same set.
    if is_checked_by_sum(before, key) && is_checked_by_sum(after, key) {
        return None;
    }
    let (section, spec) = sections::find(key);
    let invalidates = spec.and_then(KeySpec::invalidates).unwrap_or(section.invalidates);
    let what = match invalidates {
        Invalidates::SolutionsOfOptimizer => {
            format!("the {} solutions and their paths", title(optimizer_of(key).unwrap_or(key)))
        }
        Invalidates::LongerPaths if [before, after].into_iter().any(steps_matter) => {
            "the paths, because their learning rate depends on it".to_owned()
        }
        Invalidates::Nothing if KEPT.contains(&key) => {
            let aligns = |keys| !aligned_sets(keys).is_empty();
            let both = aligns(before) && aligns(after);
            both.then(|| "the aligned sets, because their reference depends on it".to_owned())?
        }
        _ => invalidates.words()?.to_owned(),
    };
    // Numbered entries count together: one more entry is a change.
    let matters = |keys| section.shape == Multiplicity::Numbered || has_table(keys, table_of(key));
    // Results are identified by the name of their data set, so a longer list invalidates nothing.
    // The first data set has its own key.
    if key == DATASETS {
        return None;
    }
    let differs = setting(before, key, spec) != setting(after, key, spec);
    (differs && matters(before) && matters(after)).then(|| {
        format!("{key}: was {}, now {}; invalidates {what}", value(before, key), value(after, key))
    })
}

/// Whether two configurations have the same value of a key, written or default.
pub fn same_setting(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>, key: &str) -> bool {
    let spec = sections::find(key).1;
    setting(a, key, spec) == setting(b, key, spec)
}

/// Another number of classes means another network.
fn other_classes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Option<String> {
    let classes = |keys: &BTreeMap<String, String>| {
        keys.get(CLASSES).map_or_else(|| FORMER_CLASSES.to_owned(), Clone::clone)
    };
    let (was, now) = (classes(before), classes(after));
    (was != now).then(|| format!("{CLASSES}: was {was}, now {now}; invalidates everything"))
}

/// The value of a key, written or default. Results that are older than the key were made with its
/// default.
pub(super) fn setting(
    keys: &BTreeMap<String, String>,
    key: &str,
    spec: Option<&dyn KeySpec>,
) -> Option<String> {
    let default = |spec: &dyn KeySpec| match spec.default() {
        DefaultSpec::Fixed(default) if spec.came_later() => Some(default),
        _ => None,
    };
    keys.get(key).cloned().or_else(|| spec.and_then(default))
}

/// One line for each set that is trained in one configuration and imported in the other.
fn trained_or_imported(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    let imported = |keys: &BTreeMap<String, String>, name: &SetName| {
        keys.contains_key(&format!("import.{name}.file"))
    };
    let origins =
        [(before, after, "imported, now trained"), (after, before, "trained, now imported")];
    let mut lines = Vec::new();
    for (importing, training, what) in origins {
        let optimizers: BTreeSet<&str> =
            training.keys().filter_map(|key| optimizer_of(key)).collect();
        for optimizer in optimizers {
            let names = [Split::Train, Split::Test].map(|split| format!("{optimizer}/{split}"));
            for name in names.iter().filter_map(|name| SetName::parse(name).ok()) {
                if imported(importing, &name) {
                    lines.push(format!("the set {name}: was {what}; invalidates its paths"));
                }
            }
        }
    }
    lines
}

/// The optimizer that a key `training.NAME.epochs` is about.
fn optimizer_of(key: &str) -> Option<&str> {
    key.strip_prefix("training.")?.split_once('.').map(|(name, _)| name)
}

/// The printed name of an optimizer.
fn title(optimizer: &str) -> &str {
    optimizer_kind(optimizer).map_or(optimizer, |kind| kind.title())
}

/// Whether the key is the file of an imported set whose vectors are compared by their checksum.
pub(super) fn is_checked_by_sum(keys: &BTreeMap<String, String>, key: &str) -> bool {
    let set = key.strip_prefix("import.").and_then(|key| key.strip_suffix(".file"));
    set.is_some_and(|set| keys.contains_key(&format!("import.{set}.checksum")))
}

/// The table of the key with its dot, `training.sgd.`; empty for a key outside of all tables.
pub(super) fn table_of(key: &str) -> &str {
    key.rfind('.').map_or("", |dot| &key[..=dot])
}

fn has_table(keys: &BTreeMap<String, String>, table: &str) -> bool {
    keys.keys().any(|key| table_of(key) == table)
}

pub(super) fn is_analytic(keys: &BTreeMap<String, String>) -> bool {
    keys.contains_key("landscape.kind")
}

fn subject(keys: &BTreeMap<String, String>) -> String {
    let (what, kind) = if is_analytic(keys) {
        ("the landscape", "landscape.kind")
    } else {
        ("the network", "network.kind")
    };
    format!("{what} {}", value(keys, kind))
}

fn of_dataset(key: &str) -> bool {
    sections::find(key).0.name == dataset::SECTION.name
}

/// How the images have changed, for two configurations whose data sets have different checksums:
/// one line for each key that differs, or one line about the files.
pub fn image_conflicts(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    let keys: BTreeSet<&String> = before
        .keys()
        .chain(after.keys())
        .filter(|key| of_dataset(key) && ![KNOWN_AS, CLASSES, IMAGE_SHAPE].contains(&key.as_str()))
        .collect();
    let changed: Vec<_> = keys
        .into_iter()
        .filter(|key| or_default(before, key) != or_default(after, key))
        .map(|key| {
            format!(
                "{key}: was {}, now {}; invalidates everything",
                value(before, key),
                value(after, key)
            )
        })
        .collect();
    // Drawn digits depend on the seed, which has its own line.
    if changed.is_empty() && before.get("seed") == after.get("seed") {
        return vec![
            "the image files have changed: their checksum differs; invalidates everything"
                .to_owned(),
        ];
    }
    changed
}

/// The value of a key, or its default: results may be older than the key.
fn or_default(keys: &BTreeMap<String, String>, key: &str) -> Option<String> {
    let default = |spec: &dyn KeySpec| match spec.default() {
        DefaultSpec::Fixed(default) => Some(default),
        _ => None,
    };
    keys.get(key).cloned().or_else(|| sections::find(key).1.and_then(default))
}

/// The value of a key. A key without a value belongs to another kind, or its default depends on the
/// data.
fn value<'a>(keys: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    keys.get(key).map_or("not given", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn other_images_are_explained_by_what_changed() {
        let before = keys(&[("seed", "1"), ("dataset.train", "200"), ("dataset.test", "100")]);
        let mut after = before.clone();
        assert_eq!(
            image_conflicts(&before, &after),
            ["the image files have changed: their checksum differs; invalidates everything"]
        );
        after.insert("seed".into(), "2".into());
        assert!(image_conflicts(&before, &after).is_empty(), "the seed is a conflict of its own");
        after.insert(KNOWN_AS.into(), "\"MNIST\"".into());
        assert!(image_conflicts(&before, &after).is_empty(), "what is derived is no cause");
        assert!(!conflicts(&before, &after).iter().any(|line| line.contains(KNOWN_AS)));
        after.insert("dataset.train".into(), "190".into());
        after.insert("dataset.seed".into(), "7".into());
        assert_eq!(
            image_conflicts(&before, &after),
            [
                "dataset.seed: was not given, now 7; invalidates everything",
                "dataset.train: was 200, now 190; invalidates everything",
            ]
        );
    }

    /// Journals from before a key of the data existed do not have it.
    #[test]
    fn a_key_that_came_later_is_no_reason_for_other_images() {
        let before = keys(&[("dataset.dir", "\"a\"")]);
        let mut after = before.clone();
        after.insert("dataset.channels".into(), "\"auto\"".into());
        assert!(image_conflicts(&before, &after)[0].starts_with("the image files have changed"));
        after.insert("dataset.channels".into(), "\"last\"".into());
        assert!(image_conflicts(&before, &after)[0].starts_with("dataset.channels: was not given"));
    }

    #[test]
    fn only_what_invalidates_results_is_a_conflict() {
        let before = keys(&[
            ("seed", "1"),
            ("paths.pairs", "3"),
            ("paths.lambda", "1e-4"),
            ("training.sgd.epochs", "5"),
        ]);
        let mut after = before.clone();
        assert!(conflicts(&before, &after).is_empty());
        after.insert("paths.pairs".into(), "300".into());
        after.insert("kpca.a.kernel".into(), "\"rbf\"".into());
        after.insert("training.lbfgs.memory".into(), "10".into());
        assert!(
            conflicts(&before, &after).is_empty(),
            "more pairs, an analysis, another optimizer"
        );
        after.insert("paths.lambda".into(), "0.1".into());
        after.insert("training.sgd.epochs".into(), "6".into());
        after.insert("seed".into(), "2".into());
        assert_eq!(
            conflicts(&before, &after),
            [
                "paths.lambda: was 1e-4, now 0.1; invalidates the paths",
                "seed: was 1, now 2; invalidates everything",
                "training.sgd.epochs: was 5, now 6; invalidates the SGD solutions and their paths",
            ]
        );
    }

    #[test]
    fn another_number_of_classes_is_another_network() {
        let ten = keys(&[("network.kind", "\"fcp\""), (CLASSES, "10")]);
        let letters = keys(&[("network.kind", "\"fcp\""), (CLASSES, "27")]);
        let former = keys(&[("network.kind", "\"fcp\"")]);
        assert!(conflicts(&former, &ten).is_empty() && conflicts(&letters, &letters).is_empty());
        let expected = ["dataset.classes: was 10, now 27; invalidates everything"];
        assert_eq!(conflicts(&former, &letters), expected);
        assert_eq!(conflicts(&ten, &letters), expected);
    }

    #[test]
    fn what_was_made_before_a_key_existed_was_made_with_its_first_value() {
        let before = keys(&[("paths.pairs", "3"), ("paths.steps", "100")]);
        let mut after = before.clone();
        after.extend(keys(&[
            ("paths.batch", "\"all\""),
            ("paths.tolerance", "0.0"),
            ("paths.patience", "10"),
            ("paths.method", "\"fourier\""),
        ]));
        assert!(conflicts(&before, &after).is_empty(), "{:?}", conflicts(&before, &after));
        assert!(conflicts(&after, &before).is_empty());
        after.insert("paths.batch".into(), "250".into());
        assert_eq!(
            conflicts(&before, &after),
            ["paths.batch: was not given, now 250; invalidates the paths"]
        );
        after.insert("paths.batch".into(), "\"all\"".into());
        after.insert("paths.method".into(), "\"polyline\"".into());
        let other_method = conflicts(&before, &after);
        assert_eq!(
            other_method,
            ["paths.method: was not given, now \"polyline\"; invalidates the paths"]
        );
    }

    #[test]
    fn optimizers_stand_for_themselves() {
        let before = keys(&[("training.sgd.epochs", "5"), ("training.sgd.learning_rate", "0.1")]);
        let mut after = before.clone();
        // What version 0.1.0 did not write, at its default, and two more optimizers.
        after.extend(keys(&[
            ("training.sgd.momentum", "0.0"),
            ("training.sgd.nesterov", "false"),
            ("training.sgd.weight_decay", "0.0"),
            ("training.sgd.schedule", "\"constant\""),
            ("training.sgd.warmup", "0"),
            ("training.adam.epochs", "7"),
            ("training.large-batch.kind", "\"sgd\""),
            ("training.large-batch.epochs", "9"),
        ]));
        assert_eq!(conflicts(&before, &after), [""; 0]);
        assert_eq!(conflicts(&after, &before), [""; 0], "one less");
        let mut changed = after.clone();
        changed.extend(keys(&[
            ("training.adam.epochs", "8"),
            ("training.large-batch.momentum", "0.9"),
            ("training.sgd.momentum", "0.9"),
        ]));
        assert_eq!(
            conflicts(&after, &changed),
            [
                "training.adam.epochs: was 7, now 8; invalidates the Adam solutions and their paths",
                "training.large-batch.momentum: was not given, now 0.9; invalidates the \
                 large-batch solutions and their paths",
                "training.sgd.momentum: was 0.0, now 0.9; invalidates the SGD solutions and their \
                 paths",
            ]
        );
        let imported = keys(&[("import.large-batch/train.file", "\"x.npy\"")]);
        assert_eq!(
            conflicts(&imported, &after),
            ["the set large-batch/train: was imported, now trained; invalidates its paths"]
        );
    }

    /// Keys that the table does not have, and keys that only resemble one of the table.
    #[test]
    fn keys_that_the_table_does_not_have() {
        let before =
            keys(&[("run.retries", "0"), ("training.sgd.epochs", "5"), ("kpca.x.name", "\"x\"")]);
        for (key, expected) in [
            ("run.old", Some("everything")),
            ("training.sgd.momentum", Some("the SGD solutions and their paths")),
            ("kpca.x.old", None),
            ("dataset.old", None),
        ] {
            let mut after = before.clone();
            after.insert(key.into(), "1".into());
            let expected =
                expected.map(|what| format!("{key}: was not given, now 1; invalidates {what}"));
            assert_eq!(conflicts(&before, &after), Vec::from_iter(expected));
        }
    }

    #[test]
    fn imports_are_compared_one_by_one() {
        let before = keys(&[("network.kind", "\"fcp\""), ("import.a/b.c.file", "\"b.npy\"")]);
        let mut after = before.clone();
        after.insert("import.a/b.file".into(), "\"new.npy\"".into());
        assert!(conflicts(&before, &after).is_empty(), "one more import");
        after.remove("import.a/b.c.file");
        assert!(
            conflicts(&before, &after).is_empty(),
            "one less, and none that only looks like it"
        );
        let mut moved = before.clone();
        moved.insert("import.a/b.c.file".into(), "\"c.npy\"".into());
        assert_eq!(
            conflicts(&before, &moved),
            [
                "import.a/b.c.file: was \"b.npy\", now \"c.npy\"; invalidates the imported set and its paths"
            ]
        );
    }

    #[test]
    fn a_trained_set_is_not_the_imported_one_of_its_name() {
        let imported = keys(&[("seed", "1"), ("import.sgd/train.file", "\"x.npy\"")]);
        let trained = keys(&[("seed", "1"), ("training.sgd.epochs", "5")]);
        let other = keys(&[("seed", "1"), ("training.lbfgs.memory", "5")]);
        assert_eq!(
            conflicts(&imported, &trained),
            ["the set sgd/train: was imported, now trained; invalidates its paths"]
        );
        assert_eq!(
            conflicts(&trained, &imported),
            ["the set sgd/train: was trained, now imported; invalidates its paths"]
        );
        assert!(conflicts(&imported, &other).is_empty());
    }

    #[test]
    fn analytic_landscapes_and_their_minima() {
        let search = keys(&[
            ("landscape.keep", "10"),
            ("landscape.kind", "\"two-wells\""),
            ("landscape.relax", "true"),
            ("landscape.starts", "100"),
            ("paths.objective", "\"sum\""),
        ]);
        let changed = |changes: &[(&str, &str)]| {
            let mut after = search.clone();
            after.extend(keys(changes));
            conflicts(&search, &after)
        };
        assert!(changed(&[("landscape.keep", "3")]).is_empty());
        assert_eq!(
            changed(&[
                ("landscape.kind", "\"mueller-brown\""),
                ("landscape.starts", "7"),
                ("paths.objective", "\"sum-of-squares\"")
            ]),
            [
                "landscape.kind: was \"two-wells\", now \"mueller-brown\"; invalidates everything",
                "landscape.starts: was 100, now 7; invalidates the minima and their paths",
                "paths.objective: was \"sum\", now \"sum-of-squares\"; invalidates the paths",
            ]
        );
        assert_eq!(
            changed(&[("minimum.0.at", "[1.0, 2.0]")]),
            ["minimum.0.at: was not given, now [1.0, 2.0]; invalidates the minima and their paths"]
        );
        let network = keys(&[("network.kind", "\"fcp\""), ("training.sgd.epochs", "5")]);
        assert_eq!(
            conflicts(&search, &network),
            ["the subject: was the landscape \"two-wells\", now the network \"fcp\"; \
                 invalidates everything"]
        );
    }
}
