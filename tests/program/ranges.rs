//! Every documented range at its ends: `check` computes with the value, or refuses it in words.
//!
//! Ranges are those of `docs/configuration.md`, which another test holds against the reader. The
//! machine is said to have little memory, so nothing large is allocated even where a prediction
//! fails.

use crate::markdown::rows;
use crate::start::{Ended, TINY, lossatlas_with};
use std::fs;
use std::thread;

const NETWORKS: [&str; 4] = ["fcp", "lenet", "autoencoder", "lstm"];

const OPTIMIZERS: [&str; 4] = ["sgd", "lbfgs", "adam", "adamw"];

const LANDSCAPES: [&str; 5] =
    ["two-wells", "mueller-brown", "product-well", "double-well", "lennard-jones"];

/// Enough for [`TINY`] with any network.
const MEMORY: [(&str, &str); 1] = [("LOSSATLAS_MEMORY", "512M")];

/// What a surface needs besides its numbers.
const SURFACE: &str = "surface=[{name=\"x\", plane=\"random\", through=[\"sgd/train:best\"]}]";

/// A numeric key with the ends of its range.
#[derive(Clone, Debug)]
struct Range {
    /// `paths.points`.
    key: String,
    /// The kind it belongs to: `["network.kind", "lenet"]`.
    chosen: Option<[String; 2]>,
    least: String,
    most: String,
    /// Whether it counts something, so that memory may depend on it.
    counts: bool,
}

fn documented() -> Vec<Range> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    let text = fs::read_to_string(page).expect("the page");
    rows(&text).iter().filter_map(|row| range(&row.headings, &row.cells)).collect()
}

fn range(headings: &[String], cells: &[String]) -> Option<Range> {
    let [name, value, _, _, _] = cells else { return None };
    let (mut section, mut chosen) = (String::new(), None);
    let code = headings.iter().filter_map(|heading| heading.strip_prefix('`')?.strip_suffix('`'));
    for heading in code {
        match heading.split_once(" = ") {
            Some((selector, word)) => {
                let word = word.replace('"', "");
                chosen = Some([format!("{section}.{selector}"), word.clone()]);
                // The section of an optimizer may have the name of its kind.
                if section == "training.NAME" {
                    section = format!("training.{word}");
                }
            }
            None if heading.starts_with("[[") => {
                section = format!("{}.0", heading.trim_matches(['[', ']']));
            }
            None => heading.trim_matches(['[', ']']).clone_into(&mut section),
        }
    }
    let name = name.trim_matches('`');
    let key = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
    let (least, most) = ends(value)?;
    Some(Range { key, chosen, least, most, counts: !value.starts_with("number") })
}

/// The ends of a range as they are documented; `None` for what is no number.
fn ends(value: &str) -> Option<(String, String)> {
    const MOST: &str = "4294967295";
    let value = value.trim_end_matches(", or `\"all\"`");
    let value = value.trim_end_matches(", `\"all\"` or `\"spanning\"`");
    if let Some(bounds) = value.strip_prefix("integer, ") {
        let (least, most) = match bounds.strip_suffix(" or more") {
            Some(least) => (least, MOST),
            None => bounds.split_once(" to ").unwrap_or_else(|| panic!("{value} is no range")),
        };
        return Some((least.to_owned(), most.to_owned()));
    }
    let (least, most) = match value {
        "list of two integers, each 1 or more" => {
            return Some(("[1, 1]".to_owned(), format!("[{MOST}, {MOST}]")));
        }
        "list of integers, each 1 or more, or `[]`" => {
            return Some(("[]".to_owned(), format!("[{MOST}, {MOST}]")));
        }
        "number" => ("-1e300", "1e300"),
        "number above 0" => ("1e-300", "1e300"),
        "number, 0 or above" => ("0.0", "1e300"),
        "number, 0 or above, below 1" => ("0.0", "0.9999999"),
        "number above 0, below 1" => ("1e-300", "0.9999999"),
        "number above 0, at most 0.1" => ("1e-300", "0.1"),
        "number above 0, at most 0.01" => ("1e-300", "0.01"),
        "number above 0, at most 525600" => ("1e-300", "525600"),
        other => {
            let known = [
                "\"",
                "true or false",
                "text",
                "list of numbers",
                "list of two numbers",
                "list of names of sets",
                "list of pairs",
            ];
            assert!(known.iter().any(|known| other.contains(known)), "{other} is no range");
            return None;
        }
    };
    Some((least.to_owned(), most.to_owned()))
}

fn check(configuration: &str, settings: &[String]) -> Ended {
    let mut arguments = vec!["check", configuration];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    lossatlas_with(1, &MEMORY, &arguments)
}

/// A plan, or a refusal that names a key of the configuration: no panic, no signal.
fn assert_checked(configuration: &str, settings: &[String]) {
    let ended = check(configuration, settings);
    let said = format!("{settings:?}\nstdout:\n{}\nstderr:\n{}", ended.stdout, ended.stderr);
    assert!(matches!(ended.code, Some(0 | 2)), "ended with {:?}: {said}", ended.code);
    assert!(!ended.stderr.contains("internal error"), "{said}");
    assert!(ended.code == Some(0) || !ended.stderr.is_empty(), "a refusal says why: {said}");
}

/// The ranges that hold for this word of a `kind` or `kernel`.
fn ranges_for<'r>(ranges: &'r [Range], words: &'r [&str]) -> impl Iterator<Item = &'r Range> {
    let belongs = |range: &&Range| {
        range.chosen.as_ref().is_none_or(|[_, word]| words.contains(&word.as_str()))
    };
    ranges.iter().filter(belongs)
}

fn setting(key: &str, value: &str) -> String {
    format!("{key}={value}")
}

#[test]
fn every_numeric_range_of_a_network_is_checked_at_its_ends() {
    let ranges = documented();
    assert!(ranges.len() > 40, "{} ranges", ranges.len());
    thread::scope(|scope| {
        for network in NETWORKS {
            let ranges = &ranges;
            scope.spawn(move || check_network(ranges, network));
        }
    });
}

fn check_network(ranges: &[Range], network: &str) {
    let kind = setting("network.kind", network);
    // The others do not take long.
    let size = match network {
        "lenet" => "network.channels=[1, 1]",
        "lstm" => "network.hidden=2",
        _ => "network.hidden=[3]",
    };
    let size = size.to_owned();
    let mut words = vec![network, "digits", "rbf", "sigmoid", "weights"];
    words.extend(OPTIMIZERS);
    let formula = |range: &&Range| {
        ["landscape", "minimum"].iter().any(|section| range.key.starts_with(section))
    };
    // A refinement takes a hundred vectors, too many for the largest network.
    let refined = |range: &&Range| range.key.starts_with("paths.refine.") && network != "fcp";
    let own: Vec<&Range> =
        ranges_for(ranges, &words).filter(|range| !formula(range) && !refined(range)).collect();

    // Together they are a study. Two solutions are needed for a path, and components for two
    // vectors.
    let small = own.iter().map(|range| match range.key.as_str() {
        "training.initializations" | "training.keep" => setting(&range.key, "2"),
        "kpca.0.scale" | "kpca.0.constant" => setting(&range.key.replace('0', "1"), &range.least),
        _ => setting(&range.key, &range.least),
    });
    let mut base = vec![kind, setting("training.optimizers", &format!("{OPTIMIZERS:?}"))];
    base.push(SURFACE.to_owned());
    let stochastic = OPTIMIZERS.iter().filter(|&&optimizer| optimizer != "lbfgs");
    base.extend(stochastic.clone().map(|name| format!("training.{name}.schedule=step")));
    let small: Vec<String> = base.iter().cloned().chain(small).collect();
    check(TINY, &small).with_code(0);

    let numbers = own.iter().filter(|range| !range.counts && !range.key.starts_with("kpca"));
    let numbers = numbers.map(|range| setting(&range.key, &range.most));
    base.push(size);
    base.extend(stochastic.flat_map(|name| {
        ["epochs", "learning_rate"].map(|key| format!("training.{name}.{key}=1"))
    }));
    assert_checked(TINY, &base.iter().cloned().chain(numbers).collect::<Vec<_>>());

    // What does not depend on the network is looked at with one of them.
    let depends =
        |range: &Range| ["network.", "paths."].iter().any(|section| range.key.starts_with(section));
    for range in own.iter().filter(|range| range.counts && (network == "fcp" || depends(range))) {
        let key = match range.key.as_str() {
            "kpca.0.degree" => continue,
            key => key,
        };
        let most = setting(key, &range.most);
        assert_checked(TINY, &base.iter().cloned().chain([most]).collect::<Vec<_>>());
    }
}

/// The numbers of each kernel, all at their upper ends.
#[test]
fn every_number_of_a_kernel_is_checked_at_its_upper_end() {
    let kernels: [(&str, &[&str]); 4] = [
        ("polynomial", &["degree=100", "scale=1e300", "constant=1e300"]),
        // A large constant is refused, and the scale is not looked at.
        ("polynomial", &["degree=100", "scale=1e300"]),
        ("sigmoid", &["scale=1e300", "constant=1e300"]),
        ("rbf", &["two_sigma_squared=1e300"]),
    ];
    for (kernel, numbers) in kernels {
        let settings = numbers.iter().map(|number| format!("kpca.0.{number}"));
        let all: Vec<String> =
            [setting("kpca.0.kernel", kernel)].into_iter().chain(settings).collect();
        assert_checked(TINY, &all);
    }
}

#[test]
fn every_numeric_range_of_a_formula_is_checked_at_its_ends() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for landscape in LANDSCAPES {
        let size = match landscape {
            "double-well" => "dimension = 2",
            "lennard-jones" => "atoms = 3",
            _ => "",
        };
        let file = directory.path().join(format!("{landscape}.toml"));
        let text = format!("seed = 1\n[landscape]\nkind = \"{landscape}\"\n{size}\n[paths]\n");
        fs::write(&file, text).expect("a configuration");
        let file = crate::start::text(&file);
        let ranges = documented();
        let words = [landscape];
        let own = ranges_for(&ranges, &words)
            .filter(|range| {
                ["landscape.", "paths."].iter().any(|section| range.key.starts_with(section))
            })
            .filter(|range| {
                !["paths.train", "paths.test", "paths.batch"].contains(&range.key.as_str())
            });
        for range in own {
            assert_checked(file, &[setting(&range.key, &range.least)]);
            assert_checked(file, &[setting(&range.key, &range.most)]);
        }
    }
}
