//! `docs/configuration.md` is what the table of keys generates. Against the reader: its keys, their
//! ranges, words and defaults, no more and no fewer.

use crate::markdown::rows;
use lossatlas::config::{Config, reference};
use lossatlas::engine::format;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// A documented key.
#[derive(Debug)]
struct Documented {
    /// As in messages: `training.sgd.epochs`, `kpca.0.kernel`.
    path: String,
    /// Its section, `training.sgd`; empty for the top of the file.
    section: String,
    name: String,
    /// The choice it belongs to: `["network.kind", "fcp"]`.
    chosen: Option<[String; 2]>,
    /// What it takes, and its default, as they are written.
    value: String,
    default: String,
}

/// Defaults that depend on something else, with what that comes to in [`entries`]; none where the
/// value is not known before the data is.
const DEPENDENT: [(&str, Option<&str>); 20] = [
    ("dataset.seed", None),
    ("dataset.classes", None),
    ("dataset.prefix", None),
    ("training.keep", Some("20")),
    ("landscape.keep", Some("10")),
    ("landscape.start", None),
    ("landscape.points", None),
    ("paths.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("paths.list", None),
    ("paths.start", None),
    ("paths.keep_states", None),
    ("align.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("curvature.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("graph.0.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("surface.0.landscapes", None),
    ("surface.0.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("kpca.0.sets", Some(r#"["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "a/b"]"#)),
    ("kpca.0.components", Some("10")),
    ("kpca.0.scale", None),
    ("kpca.0.two_sigma_squared", None),
];

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
const FORMAT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");

#[test]
fn the_reference_is_what_the_table_of_keys_generates() {
    let remedy = "write it with `make reference`; its prose is in src/config/reference/page.md";
    assert!(
        fs::read_to_string(PAGE).expect("the page") == reference::page(),
        "docs/configuration.md is out of date: {remedy}"
    );
    let remedy = "write it with `make reference`; its prose is in src/engine/format/page.md and in \
                  the folders of the stages";
    assert!(
        fs::read_to_string(FORMAT).expect("the page") == format::page(),
        "docs/format.md is out of date: {remedy}"
    );
}

#[test]
#[ignore = "writes docs/configuration.md and docs/format.md"]
fn write_the_reference() {
    fs::write(PAGE, reference::page()).expect("the page can be written");
    fs::write(FORMAT, format::page()).expect("the page can be written");
}

fn documented() -> Vec<Documented> {
    let text = fs::read_to_string(PAGE).expect("the page");
    rows(&text).into_iter().filter_map(|row| key(&row.headings, &row.cells)).collect()
}

fn key(headings: &[String], cells: &[String]) -> Option<Documented> {
    let [name, value, default, unit, meaning] = cells else { return None };
    assert!(
        !unit.is_empty() && !meaning.is_empty(),
        "{name} of {headings:?} has no unit or no meaning"
    );
    let (mut section, mut chosen) = (String::new(), None);
    for heading in
        headings.iter().filter_map(|heading| heading.strip_prefix('`')?.strip_suffix('`'))
    {
        match heading.split_once(" = ") {
            Some((selector, word)) => {
                chosen = Some([format!("{section}.{selector}"), word.replace('"', "")]);
            }
            None if heading.starts_with("[[") => {
                section = format!("{}.0", heading.trim_matches(['[', ']']));
            }
            None => heading.trim_matches(['[', ']']).clone_into(&mut section),
        }
    }
    let name = name.trim_matches('`').to_owned();
    let path = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
    Some(Documented { path, section, name, chosen, value: value.clone(), default: default.clone() })
}

/// The keys and values of a configuration that is valid and in which this key has an effect.
fn entries(key: &Documented) -> BTreeMap<String, String> {
    let formula = key.section == "landscape" || key.section == "minimum.0";
    let mut entries = vec![("seed", "1")];
    if formula {
        // More than one key, so that the section is there without any of them.
        entries.extend([("landscape.kind", "\"two-wells\""), ("landscape.relax", "true")]);
    } else {
        entries.extend([
            ("dataset.kind", "\"digits\""),
            ("network.kind", "\"fcp\""),
            ("training.initializations", "20"),
        ]);
        entries.extend([
            ("training.sgd.learning_rate", "0.1"),
            ("training.sgd.epochs", "3"),
            ("kpca.0.name", "\"x\""),
            ("graph.0.name", "\"x\""),
            ("surface.0.name", "\"x\""),
            ("surface.0.through", "[\"a/b:0\", \"a/b:1\", \"a/b:2\"]"),
        ]);
        entries.extend([("import.0.name", "\"a/b\""), ("import.0.file", "\"a.npy\"")]);
        entries.extend([
            ("distance.0.name", "\"d\""),
            ("distance.0.sets", "[\"sgd/train\", \"a/b\"]"),
        ]);
    }
    if key.section == "paths.refine" {
        // More than one key, so that the section is there without any of them.
        entries.extend([("paths.refine.points", "9"), ("paths.refine.detours", "1")]);
    }
    if key.section == "align" {
        entries.extend([("align.method", "\"weights\""), ("align.rounds", "9")]);
    }
    if key.section == "curvature" {
        entries.extend([("curvature.paths", "1"), ("curvature.probes", "3")]);
    }
    if key.section == "minimum.0" {
        entries.extend([("minimum.0.at", "[0.1, 0.2]"), ("minimum.1.at", "[0.5, 0.0]")]);
    }
    let mut entries: BTreeMap<_, _> =
        entries.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect();
    if key.section == "training.NAME" {
        entries.extend(optimizer(&key.name));
        // SGD's sets are not there.
        entries.retain(|path, _| !path.starts_with("distance."));
        if key.chosen.as_ref().is_some_and(|[_, kind]| kind == "lbfgs") {
            entries.remove("training.NAME.learning_rate");
            entries.remove("training.NAME.epochs");
        }
    }
    if let Some([selector, word]) = &key.chosen {
        entries.insert(selector.clone(), format!("{word:?}"));
        let needed = match &word[..] {
            "idx" => Some(("dataset.dir", "\"data\"")),
            "npy" => Some(("dataset.path", "\"data\"")),
            "double-well" => Some(("landscape.dimension", "2")),
            "lennard-jones" => Some(("landscape.atoms", "3")),
            "process" => Some(("landscape.command", "[\"a\"]")),
            _ => None,
        };
        entries.extend(needed.map(|(path, value)| (path.to_owned(), value.to_owned())));
    }
    entries
}

/// An optimizer that is called NAME, with what this key of it needs.
fn optimizer(key: &str) -> Vec<(String, String)> {
    let mut entries = vec![
        ("training.optimizers", "[\"NAME\"]"),
        ("training.NAME.kind", "\"sgd\""),
        ("training.NAME.learning_rate", "0.1"),
        ("training.NAME.epochs", "3"),
    ];
    if key.starts_with("step_") {
        entries.push(("training.NAME.schedule", "\"step\""));
    }
    entries.into_iter().map(|(path, value)| (path.to_owned(), value.to_owned())).collect()
}

/// The configuration, or all that is wrong with it.
fn parse(entries: &BTreeMap<String, String>) -> Result<Config, String> {
    let (mut plain, mut lists) = (Vec::new(), Vec::new());
    let mut last = "";
    for (path, value) in entries {
        match path.split('.').collect::<Vec<_>>()[..] {
            [list, index, name] if index.parse::<usize>().is_ok() => {
                let entry = &path[..path.len() - name.len()];
                if entry != last {
                    lists.push(format!("[[{list}]]"));
                    last = entry;
                }
                lists.push(format!("{name} = {value}"));
            }
            _ => plain.push(format!("{path} = {value}")),
        }
    }
    Config::parse("x", &[plain, lists].concat().join("\n"), &[])
        .map_err(|errors| errors.to_string())
}

/// What is said of this key if it has this value.
fn said_of(key: &Documented, value: &str) -> Option<String> {
    let mut entries = entries(key);
    entries.insert(key.path.clone(), value.to_owned());
    let said = parse(&entries).err()?;
    said.lines().find_map(|line| Some(line.split_once(&format!(" {}: ", key.path))?.1.to_owned()))
}

/// The words in double quotes.
fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[test]
fn the_reference_has_every_key_and_no_other() {
    let documented = documented();
    let mut sections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for key in &documented {
        sections.entry(&key.section).or_default().insert(&key.name);
    }
    let names: Vec<&str> = sections.keys().copied().filter(|section| !section.is_empty()).collect();
    for section in names {
        let (above, name) = section
            .trim_end_matches(".0")
            .rsplit_once('.')
            .unwrap_or(("", section.trim_end_matches(".0")));
        sections.get_mut(above).expect("a section within another one").insert(name);
    }
    assert!(sections.len() >= 12, "{:?}", sections.keys());
    for (section, names) in sections {
        let key = documented.iter().find(|key| key.section == section).expect("a section has keys");
        let mut entries = entries(key);
        if section == "training" {
            entries.retain(|path, _| !path.starts_with("training.sgd."));
            entries.extend(optimizer("kind"));
        }
        let unknown =
            if section.is_empty() { "zzzzzzzz".to_owned() } else { format!("{section}.zzzzzzzz") };
        entries.insert(unknown.clone(), "1".to_owned());
        let said = parse(&entries).expect_err("there is no such key");
        let (_, known) = said
            .split_once("unknown key; the keys here are ")
            .unwrap_or_else(|| panic!("{unknown}: {said}"));
        assert_eq!(
            known.lines().next().unwrap_or("").split(", ").collect::<BTreeSet<_>>(),
            names,
            "[{section}]"
        );
    }
}

#[test]
fn the_defaults_of_the_reference_are_those_in_effect() {
    let toml = |text: &str| -> toml::Value {
        let mut table: toml::Table =
            format!("x = {text}").parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        table.remove("x").expect("written above")
    };
    for key in documented() {
        let mut entries = entries(&key);
        entries.remove(&key.path);
        if key.section.ends_with(".0") {
            // A comment, so that the entry of the list is there without any key.
            entries.insert(format!("{}.#", key.section), String::new());
        }
        let parsed = parse(&entries);
        if key.default == "required" {
            let said = parsed.expect_err(&key.path);
            assert!(
                said.contains(&format!(
                    "{}: missing; write for instance {} = ",
                    key.path, key.name
                )),
                "{said}"
            );
            continue;
        }
        let effective =
            parsed.unwrap_or_else(|said| panic!("without {}: {said}", key.path)).effective;
        let found = effective.get(
            &["kpca", "graph", "surface"].iter().fold(key.path.clone(), |path, list| {
                path.replace(&format!("{list}.0"), &format!("{list}.x"))
            }),
        );
        if let Some(literal) = key.default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'))
        {
            let found =
                found.unwrap_or_else(|| panic!("{key:?} has no value in effect: {effective:?}"));
            assert_eq!(toml(found), toml(literal), "{key:?}");
        } else {
            // Stages test what theirs come to.
            let Some((_, expected)) = DEPENDENT.iter().find(|(path, _)| *path == key.path) else {
                continue;
            };
            assert_eq!(found.map(String::as_str), *expected, "{key:?}");
        }
    }
}

#[test]
fn the_ranges_of_the_reference_are_those_that_are_accepted() {
    let mut checked = 0;
    for key in documented() {
        let [accepted, refused] = bounds(&key.name, &key.value);
        for value in &accepted {
            let said = said_of(&key, value);
            assert!(
                !said
                    .as_ref()
                    .is_some_and(|said| said.starts_with("must ") || said.contains(": give ")),
                "{key:?} = {value}: {said:?}"
            );
        }
        for value in &refused {
            let said =
                said_of(&key, value).unwrap_or_else(|| panic!("{key:?} = {value} is accepted"));
            assert!(
                said.contains(": give ") || said.starts_with("must "),
                "{key:?} = {value}: {said}"
            );
        }
        let words = quoted(&key.value);
        if !words.is_empty() && !key.value.contains("all") {
            let said =
                said_of(&key, if key.value.starts_with("list") { "[\"zzz\"]" } else { "\"zzz\"" });
            let said = said.unwrap_or_else(|| panic!("{key:?} takes any word"));
            assert_eq!(quoted(said.split(", is ").next().unwrap_or("")), words, "{key:?}");
        }
        checked += usize::from(!refused.is_empty() || !words.is_empty());
    }
    assert!(checked > 40, "{checked} keys have a range or words");
}

/// Values that a documented range includes, and values that it does not.
fn bounds(name: &str, range: &str) -> [Vec<String>; 2] {
    let number = |text: &str| -> i128 {
        text.parse().unwrap_or_else(|_| panic!("{range}: {text} is no bound"))
    };
    let integers = |least: i128, most: i128| {
        let below = Some(least - 1).filter(|below| *below >= 0).map(|below| below.to_string());
        let refused = below.into_iter().chain([(most + 1).to_string(), "1.5".to_owned()]).collect();
        [vec![least.to_string(), most.to_string()], refused]
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let range = range.trim_end_matches(", or `\"all\"`");
    let range = range.trim_end_matches(", `\"all\"` or `\"spanning\"`");
    if let Some(bounds) = range.strip_prefix("integer, ") {
        return match (bounds.split_once(" to "), bounds.strip_suffix(" or more")) {
            (Some((least, most)), _) => integers(number(least), number(most)),
            // The largest ones are more than other keys allow.
            (_, Some(least)) => {
                let [accepted, refused] = integers(number(least), u32::MAX.into());
                [accepted[..1].to_vec(), refused]
            }
            _ => panic!("{range} is no range"),
        };
    }
    match range {
        "number" => [texts(&["-1e300", "0.0"]), texts(&["inf", "nan", "\"1\""])],
        "number above 0" => [texts(&["1e-300", "1e300"]), texts(&["0.0", "-1.0", "inf"])],
        "number, 0 or above" => [texts(&["0.0", "1e300"]), texts(&["-1e-300", "inf"])],
        "number, 0 or above, below 1" => [texts(&["0.0", "0.99"]), texts(&["-1e-300", "1.0"])],
        "number above 0, below 1" => [texts(&["1e-300", "0.99"]), texts(&["0.0", "1.0"])],
        "number above 0, at most 0.1" => [texts(&["1e-300", "0.1"]), texts(&["0.0", "0.101"])],
        "number above 0, at most 0.01" => [texts(&["1e-300", "0.01"]), texts(&["0.0", "0.0101"])],
        "number above 0, at most 525600" => {
            [texts(&["1e-300", "525600"]), texts(&["0.0", "525600.1"])]
        }
        // What takes false only together with other keys is in the corpus.
        "true or false" => [texts(&["true"]), texts(&["1", "\"yes\""])],
        "text" => [Vec::new(), texts(&["1"])],
        "list of numbers" => [Vec::new(), texts(&["1.0", "[]", "[\"1\"]"])],
        "list of two integers, each 1 or more" => {
            [texts(&["[1, 1]"]), texts(&["[]", "[1, 0]", "3"])]
        }
        "list of pairs of names of sets" => {
            [texts(&["[]"]), texts(&["1", "\"sgd/train\"", "[\"sgd/train\"]"])]
        }
        "list of pairs of integers, or file" => {
            [texts(&["[[0, 1]]"]), texts(&["1", "[[0]]", "[[0, -1]]", "\"\""])]
        }
        "list of integers, each 1 or more, or `[]`" => {
            [texts(&["[1, 1]", "[]"]), texts(&["[1, 0]", "3"])]
        }
        "seconds, or a text such as `\"1h 30m\"`; above 0, at most a year" => {
            [texts(&["1", "0.5", "\"1h 30m\""]), texts(&["0", "\"soon\"", "true", "31536001"])]
        }
        "number, list of numbers, or `\"auto\"`" => {
            [texts(&["0.5", "[0.0, 1.0]", "\"auto\""]), texts(&["true", "[]", "inf", "[0.0, nan]"])]
        }
        "list of texts" if name == "through" => [Vec::new(), texts(&["[]", "\"a\"", "[1]"])],
        "list of texts" if name == "landscapes" => {
            [texts(&["[\"train\"]"]), texts(&["[]", "\"train\"", "[1]"])]
        }
        "list of texts" => [texts(&["[\"a\", \"a\"]"]), texts(&["[]", "\"a\"", "[1]"])],
        "list of two numbers" => [texts(&["[0.0, 1]"]), texts(&["1.0", "[]", "[1.0, 0.0]"])],
        "list of names of sets" => [Vec::new(), texts(&["[]", "\"sgd/train\""])],
        words if words.contains('"') => [Vec::new(), texts(&["1"])],
        _ => panic!("{range} is no range"),
    }
}
