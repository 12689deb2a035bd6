//! The limit on the instructions of the processor, `LOSSATLAS_INSTRUCTIONS`.

use crate::start::{TINY, lossatlas_with, text};
use ndarray::Array2;
use std::path::Path;
use tempfile::tempdir;

/// Every level, from that which allows most.
const LEVELS: [&str; 5] = ["amx", "vbmi2", "avx512", "avx2", "none"];

/// A network of each kind, small enough to be evaluated in a second without vector instructions.
const NETWORKS: [(&str, &str); 4] = [
    ("fcp", "network.hidden=[20, 20]"),
    ("lenet", "network.channels=[3, 4]"),
    ("autoencoder", "network.hidden=[16, 8, 16]"),
    ("lstm", "network.hidden=12"),
];

fn with_limit(level: &str, arguments: &[&str]) -> crate::start::Ended {
    lossatlas_with(1, &[("LOSSATLAS_INSTRUCTIONS", level)], arguments)
}

#[test]
fn a_word_that_is_no_level_is_refused_before_any_work() {
    for ranks in [1, 2] {
        let variables = [("LOSSATLAS_INSTRUCTIONS", "sse4")];
        let ended = lossatlas_with(ranks, &variables, &["check", TINY]).with_code(2);
        let expected = "LOSSATLAS_INSTRUCTIONS is \"sse4\": write \"amx\", \"vbmi2\", \"avx512\", \
                        \"avx2\" or \"none\", or unset it to use all instructions of the processor";
        assert_eq!(ended.said(expected), 1, "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn the_version_names_the_instructions_in_use_and_the_limit() {
    let line = |level: &str| {
        let said = with_limit(level, &["--version"]).with_code(0).stdout;
        let line =
            said.lines().find(|line| line.starts_with("CPU:")).expect("a line on the processor");
        line.to_owned()
    };
    assert!(line("none").contains("no vectors (LOSSATLAS_INSTRUCTIONS=none)"), "{}", line("none"));
    for level in LEVELS {
        let line = line(level);
        assert!(line.ends_with(&format!("(LOSSATLAS_INSTRUCTIONS={level})")), "{line}");
        // A limit is no promise: what the processor lacks is not used.
        let forbidden: &[&str] = match level {
            "none" => &["AVX", "NEON", "VBMI2", "AMX"],
            "avx2" => &["AVX-512", "VBMI2", "AMX"],
            "avx512" => &["VBMI2", "AMX"],
            "vbmi2" => &["AMX"],
            _ => &[],
        };
        let in_use = line.split('(').next().expect("the part before the limit");
        assert!(forbidden.iter().all(|word| !in_use.contains(word)), "{level}: {line}");
    }
    assert!(!line("").contains('('), "an empty variable is no limit: {}", line(""));
}

/// Losses and gradient at one point of one network, by one set of instructions.
struct Evaluated {
    losses: Vec<f64>,
    gradient: Vec<f32>,
}

fn evaluate(level: &str, weights: &Path, network: (&str, &str), directory: &Path) -> Evaluated {
    let (kind, size) = (format!("network.kind={}", network.0), network.1);
    let file = directory.join(format!("gradient-{}-{level}.npy", network.0));
    let common = ["evaluate", EVALUATED, "--set", &kind, "--set", size];
    let files = ["--weights", text(weights), "--gradient", text(&file), "--force", "--csv"];
    let said = with_limit(level, &[&common[..], &files[..]].concat()).with_code(0).stdout;
    let row = said.lines().nth(1).expect("a row of numbers");
    let losses = row.split(',').skip(1).take(2).map(|loss| loss.parse().expect("a loss")).collect();
    let gradient: Array2<f32> = ndarray_npy::read_npy(&file).expect("a gradient");
    Evaluated { losses, gradient: gradient.into_raw_vec_and_offset().0 }
}

/// Digits that the program draws, and a network that the command line names.
const EVALUATED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/evaluated.toml");

/// Components of a vector of a network of [`NETWORKS`], as `check` counts them.
fn parameters((kind, size): (&str, &str)) -> usize {
    let kind = format!("network.kind={kind}");
    // `check` measures the speed of paths, which matters nothing here.
    let short = ["--set", "paths.points=3", "--set", "paths.fourier_terms=1"];
    let study = ["check", EVALUATED, "--set", &kind, "--set", size];
    let said = with_limit("", &[&study[..], &short].concat()).with_code(0);
    let line = said.stdout.lines().find(|line| line.starts_with("network")).expect("a line on it");
    let words: Vec<&str> = line.split_whitespace().collect();
    words[words.len() - 2].parse().expect("a number of parameters")
}

/// Every set of instructions rounds in its own way, to the precision of `f32`: 6e-8 a step. Sums
/// over 784 pixels and 300 images of either sign stay within a hundred times that of their largest
/// terms. A wrong kernel is off by far more.
#[test]
fn every_set_of_instructions_computes_the_same_losses_and_gradients() {
    let directory = tempdir().expect("a temporary directory");
    for network in NETWORKS {
        let weights = directory.path().join(format!("{}.npy", network.0));
        // Of the size of an initialization, and of either sign.
        let theta = Array2::from_shape_fn((1, parameters(network)), |(_, i)| {
            (0.15 * (1.7 * i as f64 + 0.3 * (i as f64).sqrt()).sin()) as f32
        });
        ndarray_npy::write_npy(&weights, &theta).expect("a file of weights");
        let plain = evaluate("none", &weights, network, directory.path());
        let largest = plain.gradient.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
        assert!(largest > 1e-4, "{}: the gradient says something: {largest:e}", network.0);
        for level in LEVELS {
            let about = format!("{} with {level}", network.0);
            let other = evaluate(level, &weights, network, directory.path());
            for (loss, expected) in other.losses.iter().zip(&plain.losses) {
                assert!((loss / expected - 1.0).abs() < 1e-5, "{about}: {loss} and {expected}");
            }
            let off = other.gradient.iter().zip(&plain.gradient).map(|(g, e)| (g - e).abs());
            let off = off.fold(0.0_f32, f32::max);
            assert!(off < 1e-5 * largest, "{about}: {off:e} of {largest:e}");
        }
    }
}
