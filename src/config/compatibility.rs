//! Whether results of one configuration may be continued with another.

use std::collections::{BTreeMap, BTreeSet};

/// Keys whose change leaves every stored result valid: how many, which, and what is derived.
const HARMLESS: [&str; 8] = [
    "training.initializations",
    "training.keep",
    "training.optimizers",
    "paths.pairs",
    "paths.sets",
    "paths.landscapes",
    "kpca.",
    // Compared by the checksum of what is read instead.
    "dataset.",
];

/// What a change of the first key that fits invalidates.
const INVALIDATES: [(&str, &str); 7] = [
    ("seed", "everything"),
    ("network.", "everything"),
    ("training.sgd.", "the SGD solutions and their paths"),
    ("training.lbfgs.", "the L-BFGS solutions and their paths"),
    ("paths.", "the paths"),
    ("run.blas_threads", "their equality to the last bit"),
    ("", "stored results"),
];

/// One line for each key that differs and matters: its two values and what the change invalidates.
///
/// A key that only one of the two has matters too, unless the whole table is new to the other: an
/// optimizer that was not in use has no results yet.
pub fn conflicts(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let has_table = |keys: &BTreeMap<String, String>, table: &str| keys.keys().any(|key| key.starts_with(table));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| !HARMLESS.iter().any(|harmless| key.starts_with(harmless)))
        .filter(|key| {
            let table = key.rfind('.').map_or("", |dot| &key[..=dot]);
            before.get(*key) != after.get(*key) && has_table(before, table) && has_table(after, table)
        })
        .map(|key| {
            let what = INVALIDATES.iter().find(|(prefix, _)| key.starts_with(prefix)).map_or("", |(_, what)| what);
            format!("{key}: was {}, now {}; invalidates {what}", value(before, key), value(after, key))
        })
        .collect()
}

/// What became of the images, for two configurations whose data sets have different checksums: one
/// line for each key that differs, or one that says that the files do.
pub fn image_conflicts(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).filter(|key| key.starts_with("dataset.")).collect();
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

fn value<'a>(keys: &'a BTreeMap<String, String>, key: &str) -> &'a str {
    keys.get(key).map_or("its default", String::as_str)
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
        after.insert("dataset.train".into(), "190".into());
        after.insert("dataset.seed".into(), "7".into());
        assert_eq!(
            image_conflicts(&before, &after),
            [
                "dataset.seed: was its default, now 7; invalidates everything",
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
}
