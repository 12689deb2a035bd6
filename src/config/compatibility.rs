//! Whether results of one configuration may be continued with another.

use crate::optimizer::Method;
use crate::solutions::{SetName, Split};
use std::collections::{BTreeMap, BTreeSet};

/// The key under which a journal has the well-known data set that the images are from. No configuration
/// can give it: it is derived from what was read, which the checksum compares already.
pub const KNOWN_AS: &str = "dataset.known_as";

/// Keys whose change leaves every stored result valid: how many, which, and what is derived.
const HARMLESS: [&str; 12] = [
    "training.initializations",
    "training.keep",
    "training.optimizers",
    "landscape.keep",
    "paths.pairs",
    "paths.sets",
    "paths.landscapes",
    "kpca.",
    "run.checkpoint_minutes",
    "run.retries",
    "run.threads_per_rank",
    // Compared by the checksum of what is read instead.
    "dataset.",
];

/// Keys that came later, with the value that results without them were made with.
const CAME_LATER: [(&str, &str); 4] =
    [("paths.batch", "\"all\""), ("paths.tolerance", "0.0"), ("paths.patience", "10"), ("paths.method", "\"fourier\"")];

/// What a change of the first key that fits invalidates.
const INVALIDATES: [(&str, &str); 11] = [
    ("seed", "everything"),
    ("network.", "everything"),
    ("training.sgd.", "the SGD solutions and their paths"),
    ("training.lbfgs.", "the L-BFGS solutions and their paths"),
    ("import.", "the imported set and its paths"),
    ("landscape.starts", "the minima and their paths"),
    ("landscape.relax", "the minima and their paths"),
    ("minimum.", "the minima and their paths"),
    ("landscape.", "everything"),
    ("paths.", "the paths"),
    ("", "stored results"),
];

/// One line for each key that differs and matters: its two values and what the change invalidates.
///
/// A key that only one of the two has matters too, unless the whole table is new to the other: an
/// optimizer that was not in use has no results yet. Points are the exception, one more of them makes
/// another set; and a set that is trained here and imported there is not the same set. Between a
/// network and a formula nothing is comparable, which is one line.
pub fn conflicts(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    if is_formula(before) != is_formula(after) {
        return vec![format!("what is mapped: was {}, now {}; invalidates everything", subject(before), subject(after))];
    }
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = keys
        .into_iter()
        .filter(|key| !HARMLESS.iter().any(|harmless| key.starts_with(harmless)))
        .filter(|key| {
            let matters = |keys| key.starts_with("minimum.") || has_table(keys, table_of(key));
            setting(before, key) != setting(after, key) && matters(before) && matters(after)
        })
        .map(|key| {
            let what = INVALIDATES.iter().find(|(prefix, _)| key.starts_with(prefix)).map_or("", |(_, what)| what);
            format!("{key}: was {}, now {}; invalidates {what}", value(before, key), value(after, key))
        });
    changed.chain(trained_or_imported(before, after)).collect()
}

/// The value of a key, written or not.
fn setting<'a>(keys: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    let later = CAME_LATER.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    keys.get(key).map(String::as_str).or(later)
}

/// One line for each set that is trained in one configuration and imported in the other.
fn trained_or_imported(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let imported = |keys: &BTreeMap<String, String>, name: &SetName| keys.contains_key(&format!("import.{name}.file"));
    let origins = [(before, after, "imported, now trained"), (after, before, "trained, now imported")];
    let mut lines = Vec::new();
    for (importing, training, what) in origins {
        for method in Method::ALL.into_iter().filter(|method| has_table(training, &format!("training.{method}."))) {
            for name in [Split::Train, Split::Test].map(|split| SetName::of(method, split)) {
                if imported(importing, &name) {
                    lines.push(format!("the set {name}: was {what}; invalidates its paths"));
                }
            }
        }
    }
    lines
}

/// The key's table with its dot, `training.sgd.`; empty for a key outside of all.
fn table_of(key: &str) -> &str {
    key.rfind('.').map_or("", |dot| &key[..=dot])
}

fn has_table(keys: &BTreeMap<String, String>, table: &str) -> bool {
    keys.keys().any(|key| table_of(key) == table)
}

fn is_formula(keys: &BTreeMap<String, String>) -> bool {
    keys.contains_key("landscape.kind")
}

fn subject(keys: &BTreeMap<String, String>) -> String {
    let (what, kind) = if is_formula(keys) { ("the landscape", "landscape.kind") } else { ("the network", "network.kind") };
    format!("{what} {}", value(keys, kind))
}

/// What became of the images, for two configurations whose data sets have different checksums: one
/// line for each key that differs, or one that says that the files do.
pub fn image_conflicts(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> =
        before.keys().chain(after.keys()).filter(|key| key.starts_with("dataset.") && *key != KNOWN_AS).collect();
    let changed: Vec<_> = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| format!("{key}: was {}, now {}; invalidates everything", value(before, key), value(after, key)))
        .collect();
    // Drawn digits follow the seed, and that has its own line.
    if changed.is_empty() && before.get("seed") == after.get("seed") {
        return vec!["the image files have changed: their checksum differs; invalidates everything".to_owned()];
    }
    changed
}

/// Such a key belongs to another kind, or has a default that only the data tell.
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

    #[test]
    fn only_what_invalidates_results_is_a_conflict() {
        let before = keys(&[("seed", "1"), ("paths.pairs", "3"), ("paths.lambda", "1e-4"), ("training.sgd.epochs", "5")]);
        let mut after = before.clone();
        assert!(conflicts(&before, &after).is_empty());
        after.insert("paths.pairs".into(), "300".into());
        after.insert("kpca.a.kernel".into(), "\"rbf\"".into());
        after.insert("training.lbfgs.memory".into(), "10".into());
        assert!(conflicts(&before, &after).is_empty(), "more pairs, an analysis, another optimizer");
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
    fn what_was_made_before_a_key_existed_was_made_with_its_first_value() {
        let before = keys(&[("paths.pairs", "3"), ("paths.steps", "100")]);
        let mut after = before.clone();
        after.extend(keys(&CAME_LATER));
        assert!(conflicts(&before, &after).is_empty(), "{:?}", conflicts(&before, &after));
        assert!(conflicts(&after, &before).is_empty());
        after.insert("paths.batch".into(), "250".into());
        assert_eq!(conflicts(&before, &after), ["paths.batch: was not given, now 250; invalidates the paths"]);
        after.insert("paths.batch".into(), "\"all\"".into());
        after.insert("paths.method".into(), "\"polyline\"".into());
        let other_method = conflicts(&before, &after);
        assert_eq!(other_method, ["paths.method: was not given, now \"polyline\"; invalidates the paths"]);
    }

    #[test]
    fn imports_are_compared_one_by_one() {
        let before = keys(&[("network.kind", "\"fcp\""), ("import.a/b.c.file", "\"b.npy\"")]);
        let mut after = before.clone();
        after.insert("import.a/b.file".into(), "\"new.npy\"".into());
        assert!(conflicts(&before, &after).is_empty(), "one more import");
        after.remove("import.a/b.c.file");
        assert!(conflicts(&before, &after).is_empty(), "one less, and none that only looks like it");
        let mut moved = before.clone();
        moved.insert("import.a/b.c.file".into(), "\"c.npy\"".into());
        assert_eq!(
            conflicts(&before, &moved),
            ["import.a/b.c.file: was \"b.npy\", now \"c.npy\"; invalidates the imported set and its paths"]
        );
    }

    #[test]
    fn a_trained_set_is_not_the_imported_one_of_its_name() {
        let imported = keys(&[("seed", "1"), ("import.sgd/train.file", "\"x.npy\"")]);
        let trained = keys(&[("seed", "1"), ("training.sgd.epochs", "5")]);
        let other = keys(&[("seed", "1"), ("training.lbfgs.memory", "5")]);
        assert_eq!(conflicts(&imported, &trained), ["the set sgd/train: was imported, now trained; invalidates its paths"]);
        assert_eq!(conflicts(&trained, &imported), ["the set sgd/train: was trained, now imported; invalidates its paths"]);
        assert!(conflicts(&imported, &other).is_empty());
    }

    #[test]
    fn formulas_and_their_minima() {
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
            ["what is mapped: was the landscape \"two-wells\", now the network \"fcp\"; invalidates everything"]
        );
    }
}
