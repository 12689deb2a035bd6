//! Configuration files as a user writes them: good ones load with the values they state, bad ones
//! are refused with exactly the messages they carry.
//!
//! A file of the corpus may begin with overrides, one a line: `#--set key.path=value`. A bad file
//! ends with its problems, one a line: `#^ 12: training.keep: …`, without the name of the file.

mod kinds;
#[path = "../support/markdown.rs"]
#[expect(dead_code, reason = "shared with the tests of all pages")]
mod markdown;
mod reference;

use lossatlas::config::{
    ChosenLandscape, Config, ConfigPurpose, ImportFile, KernelConfig, KpcaConfig, LandscapeConfig,
    MinimaConfig, NetworkConfig, Subject,
};
use lossatlas::data::{ChosenFormat, ImageShape, Split, digits, idx};
use lossatlas::landscape::{BuiltIn, DoubleWell, LennardJones, TwoWells};
use lossatlas::network::{Architecture, Value, fcp, lstm};
use lossatlas::optimizer::{ChosenOptimizer, LbfgsParameters, OptimizerName};
use lossatlas::path::Objective;
use lossatlas::random::MasterSeed;
use lossatlas::solutions::{Pairs, SetName};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// What follows `mark` in the lines that begin with it.
fn marked(text: &str, mark: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.strip_prefix(mark)).map(str::to_owned).collect()
}

fn good(name: &str) -> Config {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/config/good/{name}.toml"));
    let overrides = marked(&fs::read_to_string(&file).unwrap(), "#--set ");
    Config::load(&file, &overrides).unwrap_or_else(|errors| panic!("{errors}"))
}

fn network(config: &Config) -> &NetworkConfig {
    match &config.subject {
        Subject::Network(network) => network,
        Subject::Landscape(landscape) => panic!("{landscape:?}"),
    }
}

fn landscape(config: &Config) -> &LandscapeConfig {
    match &config.subject {
        Subject::Landscape(landscape) => landscape,
        Subject::Network(network) => panic!("{network:?}"),
    }
}

fn of_built_in(landscape: BuiltIn, minima: MinimaConfig, keep: usize) -> LandscapeConfig {
    let landscape = ChosenLandscape::BuiltIn(landscape);
    LandscapeConfig { landscape, minima, keep, imports: Vec::new() }
}

fn fcp_with_relu() -> Architecture {
    Architecture::with_defaults(&fcp::DESCRIPTOR).with("activation", Value::Word("relu"))
}

fn names<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

#[test]
fn bad_files_are_refused_with_the_messages_they_carry() {
    let files = files("tests/config/bad");
    assert!(files.len() >= 90, "the corpus is not there");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let errors = Config::load(&file, &marked(&text, "#--set "))
            .err()
            .map(|errors| errors.to_string())
            .unwrap_or_default();
        let prefix = format!("{}:", file.display());
        let found: Vec<_> = errors
            .lines()
            .map(|line| line.strip_prefix(&prefix).unwrap_or(line).trim_start())
            .collect();
        if found.is_empty() || found != marked(&text, "#^ ") {
            wrong.push(format!("{} yields\n#^ {}", file.display(), found.join("\n#^ ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_files_load() {
    let files = files("tests/config/good");
    assert!(!files.is_empty());
    for file in files {
        good(file.file_stem().unwrap().to_str().unwrap());
    }
}

/// `atlas.h5` stores it, and readers parse it.
#[test]
fn the_effective_keys_are_toml() {
    let mut quoted = 0;
    for file in files("tests/config/good") {
        let config = good(file.file_stem().unwrap().to_str().unwrap());
        // This parser has no unsigned integers, which a seed needs.
        let signed = |text: &str| text.replace(&u64::MAX.to_string(), "1");
        let text = signed(&config.effective_text());
        quoted += text.lines().filter(|line| line.contains(".\"")).count();
        let table = toml::Value::Table(text.parse().unwrap_or_else(|error| {
            panic!("{}: {error}\n{text}", file.display());
        }));
        for (key, value) in &config.effective {
            let parsed = format!("value = {}", signed(value)).parse::<toml::Table>().unwrap();
            assert_eq!(found(&table, key), Some(&parsed["value"]), "{key}:\n{text}");
        }
        assert_eq!(text.lines().count(), config.effective.len());
    }
    assert!(quoted > 2, "no name that needs quotes");
}

/// The value of an effective key, whose names of entries may have dots.
fn found<'a>(value: &'a toml::Value, key: &str) -> Option<&'a toml::Value> {
    let table = value.as_table()?;
    let below = |(name, value): (&String, &'a toml::Value)| {
        found(value, key.strip_prefix(name.as_str())?.strip_prefix('.')?)
    };
    table.get(key).or_else(|| table.iter().find_map(below))
}

fn idx_files(
    directory: impl Into<PathBuf>,
    train: Option<usize>,
    test: Option<usize>,
) -> ChosenFormat {
    ChosenFormat::with_defaults(&idx::Idx)
        .with("dir", Value::Path(directory.into()))
        .with("train", Value::CountOrAll(train))
        .with("test", Value::CountOrAll(test))
}

fn drawn(seed: Option<u64>, train: usize, test: usize) -> ChosenFormat {
    ChosenFormat::with_defaults(&digits::Digits)
        .with("seed", Value::DerivedSeed(seed))
        .with("train", Value::Count(train))
        .with("test", Value::Count(test))
}

#[test]
fn the_shipped_configurations_load() {
    let files = files("configs");
    assert!(!files.is_empty());
    for file in files {
        let config = Config::load(&file, &[]).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.text, fs::read_to_string(&file).unwrap());
    }
}

#[test]
fn the_published_protocol_is_there_for_all_four_networks() {
    for (name, parameters) in
        [("fcp", 42_200), ("lenet", 61_706), ("autoencoder", 52_224), ("lstm", 15_456)]
    {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/paper-{name}.toml"));
        let config = Config::load(&file, &[]).unwrap_or_else(|errors| panic!("{errors}"));
        let NetworkConfig { dataset, architecture, training, .. } = network(&config);
        assert_eq!(architecture.name(), name);
        assert_eq!(
            architecture.build::<f32>(ImageShape::gray(28, 28), 10).unwrap().layout().parameters(),
            parameters
        );
        assert_eq!(*dataset, idx_files("data/mnist", Some(60_000), Some(10_000)));
        assert_eq!(
            (training.initializations, training.keep, &training.optimizers),
            (75, 48, &vec![OptimizerName::sgd(), OptimizerName::lbfgs()])
        );
        assert_eq!(training.chosen[0].batch_size(), Some(64));
        assert_eq!(training.chosen[1], network(&good("minimal")).training.chosen[1]);
        assert_eq!((&config.paths.pairs, config.paths.landscapes.len()), (&Pairs::Count(300), 2));
        assert_eq!(config.paths.parameters, good("minimal").paths.parameters);
        let names: Vec<_> = config.kpca.iter().map(|kpca| kpca.name.as_str()).collect();
        let literal =
            ["lbfgs-train_sgd-test", "linear", "polynomial", "sigmoid", "lbfgs-test_sgd-test"];
        assert_eq!(names[..5], literal);
        assert_eq!(names[5..], literal.map(|name| format!("{name}_standardized")));
        assert!((0..).zip(&config.kpca).all(|(place, kpca)| kpca.standardize == (place >= 5)));
        let rbf = KernelConfig::Rbf { two_sigma_squared: None };
        let kernels: Vec<_> = config.kpca.iter().map(|kpca| &kpca.kernel).collect();
        let polynomial = KernelConfig::Polynomial { scale: None, degree: 3, constant: 1.0 };
        let sigmoid = KernelConfig::Sigmoid { scale: None, constant: 1.0 };
        let expected = [&rbf, &KernelConfig::Linear, &polynomial, &sigmoid, &rbf];
        assert!(kernels[..5] == expected && kernels[5..] == expected, "{kernels:?}");
        let of = |kpca: &KpcaConfig| {
            kpca.sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
        };
        for kpca in config.kpca.chunks(5) {
            assert!(kpca[..4].iter().all(|kpca| of(kpca) == "lbfgs/train + sgd/test"));
            assert_eq!(of(&kpca[4]), "lbfgs/test + sgd/test");
        }
    }
}

#[test]
fn a_perceptron_of_any_depth_may_have_biases_and_another_activation() {
    let config = good("perceptron");
    let expected = Architecture::with_defaults(&fcp::DESCRIPTOR)
        .with("hidden", Value::Counts(vec![30, 20, 10]))
        .with("biases", Value::Flag(true))
        .with("activation", Value::Word("gelu"));
    assert_eq!(network(&config).architecture, expected);
    let network = expected.build::<f32>(ImageShape::gray(28, 28), 10).unwrap();
    let parameters = 785 * 30 + 31 * 20 + 21 * 10 + 11 * 10;
    assert_eq!(network.layout().parameters(), parameters);
}

#[test]
fn defaults_are_the_published_values() {
    let config = good("minimal");
    assert_eq!(config.seed, MasterSeed(0));
    assert_eq!(network(&config).dataset, drawn(None, 6000, 1000));
    let published = Architecture::with_defaults(&fcp::DESCRIPTOR);
    assert_eq!(network(&config).architecture, published);
    assert_eq!(
        (published.counts("hidden"), published.flag("biases"), published.word("activation")),
        (&[50, 50][..], false, "softplus")
    );
    assert_eq!(network(&config).training.keep, 2);
    let training = &network(&config).training;
    assert_eq!(training.optimizers, [OptimizerName::sgd(), OptimizerName::lbfgs()]);
    assert_eq!(training.chosen[0].batch_size(), Some(64));
    let published = LbfgsParameters {
        iterations: 1000,
        memory: 10,
        line_search_evaluations: 6,
        line_search_tolerance: 1e-4,
        target_loss: 0.0,
    };
    assert_eq!(training.chosen[1], ChosenOptimizer::lbfgs(&published));
    assert_eq!(config.paths.pairs, Pairs::Count(300));
    assert_eq!(names(&config.paths.sets), ["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test"]);
    assert_eq!(config.paths.landscapes, [Split::Train, Split::Test]);
    assert_eq!((config.paths.train, config.paths.test, config.paths.batch), (None, None, None));
    let path = &config.paths.parameters;
    assert_eq!((path.method.count("fourier_terms"), path.points, path.steps), (10, 51, 100));
    assert_eq!([path.lambda, path.learning_rate].map(f64::to_bits), [1e-4, 1e-3].map(f64::to_bits));
    assert_eq!((path.tolerance.to_bits(), path.patience), (0.0_f64.to_bits(), 10));
    assert_eq!(config.paths.objective, Objective::Sum);
    assert!(network(&config).imports.is_empty());
    assert!(config.kpca.is_empty());
    assert_eq!(config.run.threads_per_rank, 1);
}

#[test]
fn a_network_has_the_sizes_asked_for() {
    let config = good("networks");
    let lstm = Architecture::with_defaults(&lstm::DESCRIPTOR);
    let expected = lstm.with("hidden", Value::Count(24)).with("permutation_seed", Value::Seed(7));
    assert_eq!(network(&config).architecture, expected);
}

#[test]
fn the_published_study() {
    let config = good("published");
    assert_eq!(config.seed, MasterSeed(u64::MAX));
    assert_eq!(network(&config).dataset, idx_files("data/mnist", None, None));
    assert_eq!(
        (network(&config).training.initializations, network(&config).training.keep),
        (75, 48)
    );
    let kpca = &config.kpca[0];
    assert_eq!(names(&kpca.sets), ["lbfgs/train", "sgd/test"]);
    assert_eq!(kpca.kernel, KernelConfig::Rbf { two_sigma_squared: None });
    assert_eq!(kpca.components, 10);
}

#[test]
fn every_key_has_its_effect() {
    let config = good("everything");
    assert_eq!(config.seed, MasterSeed(2026));
    assert_eq!(network(&config).dataset, drawn(Some(9), 100, 2));
    assert_eq!(network(&config).architecture, fcp_with_relu());
    assert_eq!((network(&config).training.initializations, network(&config).training.keep), (8, 5));
    assert_eq!(network(&config).training.optimizers, [OptimizerName::lbfgs()]);
    let expected = LbfgsParameters {
        iterations: 7,
        memory: 3,
        line_search_evaluations: 20,
        line_search_tolerance: 0.01,
        target_loss: 0.0,
    };
    assert_eq!(network(&config).training.chosen, [ChosenOptimizer::lbfgs(&expected)]);
    assert_eq!(config.paths.pairs, Pairs::All);
    assert_eq!(names(&config.paths.sets), ["lbfgs/test"]);
    assert_eq!(config.paths.landscapes, [Split::Test]);
    assert_eq!((config.paths.train, config.paths.test), (None, Some(1)));
    let path = &config.paths.parameters;
    assert_eq!((path.method.count("fourier_terms"), path.points, path.steps), (1, 3, 0));
    assert_eq!([path.lambda, path.learning_rate].map(f64::to_bits), [0.0, 1.0].map(f64::to_bits));
    assert_eq!(config.run.threads_per_rank, 4);
    let kernels: Vec<_> = config
        .kpca
        .iter()
        .map(|kpca| (kpca.name.as_str(), &kpca.kernel, kpca.components))
        .collect();
    assert_eq!(
        kernels,
        [
            (
                "a.b_c-1",
                &KernelConfig::Polynomial { scale: Some(0.5), degree: 2, constant: 0.0 },
                3
            ),
            // Five vectors, centered, have four components.
            ("2", &KernelConfig::Sigmoid { scale: Some(1e-5), constant: -1.0 }, 4),
            ("3", &KernelConfig::Rbf { two_sigma_squared: Some(100.0) }, 4),
            ("4", &KernelConfig::Linear, 4),
        ]
    );
}

#[test]
fn overrides_win_and_the_last_one_most() {
    let config = good("overridden");
    assert_eq!(network(&config).training.keep, 2);
    assert_eq!(network(&config).architecture, fcp_with_relu());
    assert_eq!(network(&config).training.chosen[0].epochs(), 5);
    assert_eq!(config.kpca[1].components, 3);
    assert_eq!(config.paths.pairs, Pairs::All);
    assert_eq!(config.overrides.len(), 6);
    assert_eq!(config.effective["kpca.two.components"], "3");
    assert_eq!(config.effective["paths.pairs"], "\"all\"");
}

#[test]
fn effective_values_are_complete_and_have_one_notation() {
    let config = good("published");
    for (key, value) in [
        ("seed", "18446744073709551615"),
        ("dataset.dir", "\"data/mnist\""),
        ("dataset.train", "\"all\""),
        ("training.keep", "48"),
        ("training.optimizers", "[\"sgd\", \"lbfgs\"]"),
        ("training.sgd.learning_rate", "0.1"),
        ("training.sgd.epochs", "100"),
        ("training.lbfgs.line_search_tolerance", "0.0001"),
        ("training.lbfgs.target_loss", "0.0"),
        ("paths.pairs", "300"),
        ("paths.landscapes", "[\"train\", \"test\"]"),
        ("kpca.lbfgs-train_sgd-test.kernel", "\"rbf\""),
        ("kpca.lbfgs-train_sgd-test.sets", "[\"lbfgs/train\", \"sgd/test\"]"),
        ("kpca.lbfgs-train_sgd-test.components", "10"),
        ("run.threads_per_rank", "1"),
    ] {
        assert_eq!(config.effective.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert_eq!(
        good("any-order").effective["training.optimizers"],
        config.effective["training.optimizers"]
    );
    assert_eq!(
        good("any-order").effective["paths.landscapes"],
        config.effective["paths.landscapes"]
    );
}

#[test]
fn effective_values_written_out_configure_the_same() {
    // Kernel PCAs go by name there, so this holds for files without them.
    let config = good("minimal");
    let text = config
        .effective
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect::<Vec<_>>()
        .join("\n");
    let again = Config::parse("again", &text, &[]).unwrap_or_else(|errors| panic!("{errors}"));
    // Only the line of the network is another.
    let expected = Config { text, network_place: again.network_place.clone(), ..config };
    assert_eq!(again, expected);
}

#[test]
fn an_optimizer_that_is_not_used_leaves_no_trace() {
    let config = good("unused-optimizer");
    assert_eq!(network(&config).training.optimizers, [OptimizerName::lbfgs()]);
    assert!(config.effective.keys().all(|key| !key.contains("sgd")));
    assert_eq!(names(&config.paths.sets), ["lbfgs/train", "lbfgs/test"]);
}

#[test]
fn optimizers_have_names_of_their_own() {
    let config = good("optimizers");
    let training = &network(&config).training;
    let found: Vec<&str> = training.optimizers.iter().map(OptimizerName::name).collect();
    assert_eq!(found, ["sgd", "adam", "adamw", "large-batch", "full_batch"], "kinds come first");
    let kinds: Vec<&str> = training.chosen.iter().map(|chosen| chosen.kind().name()).collect();
    assert_eq!(kinds, ["sgd", "adam", "adamw", "sgd", "sgd"]);
    let epochs: Vec<usize> = training.chosen.iter().map(ChosenOptimizer::epochs).collect();
    assert_eq!(epochs, [3, 7, 8, 9, 10]);
    let sizes: Vec<_> = training.chosen.iter().map(ChosenOptimizer::batch_size).collect();
    assert_eq!(sizes, [Some(64), Some(64), Some(64), Some(512), None]);
    let decays: Vec<bool> = training.chosen.iter().map(ChosenOptimizer::decays_weights).collect();
    assert_eq!(decays, [false, false, true, true, false]);
    assert_eq!(training.chosen[3].value("step_factor"), Some(&Value::Positive(0.1)));
    let effective = |key: &str| config.effective.get(key).map(String::as_str);
    assert_eq!(effective("training.large-batch.kind"), Some("\"sgd\""));
    assert_eq!(effective("training.full_batch.batch_size"), Some("\"all\""));
    // Version 0.1.0 had no such key.
    assert_eq!((effective("training.sgd.kind"), effective("training.adam.kind")), (None, None));
    assert_eq!(effective("training.sgd.step_epochs"), None, "it has no effect");
    assert_eq!(config.paths.sets.len(), 10);
    let distances = &config.distances;
    assert_eq!((distances.len(), &distances[0].name[..]), (1, "large-batch_sgd"));
    assert_eq!(names(&distances[0].sets), ["large-batch/train", "sgd/test"]);
}

/// The section of an optimizer that an override leaves out is ignored with a note.
#[test]
fn an_override_may_leave_optimizers_out() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/good/optimizers.toml");
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("\"adamw/test\", ", "");
    let overrides = ["training.optimizers=[\"sgd\", \"large-batch\"]".to_owned()];
    let config = Config::parse("x", &text, &overrides).unwrap_or_else(|errors| panic!("{errors}"));
    let dropped: Vec<_> = config.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(dropped.len(), 3, "{dropped:?}");
    assert!(dropped[0].contains("training.adam: ignored: it is not in training.optimizers"));
    assert!(config.effective.keys().all(|key| !key.contains("adam")));
}

#[test]
fn imported_sets_stand_beside_those_of_the_training() {
    let config = good("imports");
    let (home, path) = (env::home_dir().unwrap(), env::var("PATH").unwrap());
    let imports: Vec<_> = network(&config)
        .imports
        .iter()
        .map(|import| (import.name.as_str(), &import.file))
        .collect();
    let group = "/solutions/sgd/test".to_owned();
    assert_eq!(
        imports,
        [
            ("published/train", &ImportFile::Npy(home.join("published:v2.npy"))),
            ("earlier/test", &ImportFile::Atlas { file: format!("{path}/atlas.h5").into(), group }),
        ]
    );
    assert_eq!(names(&config.paths.sets), ["earlier/test", "lbfgs/train"]);
    assert_eq!(config.paths.objective, Objective::SumOfSquares);
    assert_eq!(
        names(&config.kpca[0].sets),
        ["lbfgs/train", "lbfgs/test", "published/train", "earlier/test"]
    );
    // How many vectors an imported set holds is not known yet, so nothing bounds the components.
    assert_eq!([config.kpca[0].components, config.kpca[1].components], [5000, 10]);
    assert_eq!(config.effective["import.published/train.file"], "\"~/published:v2.npy\"");
    assert_eq!(
        config.effective["import.earlier/test.file"],
        "\"${PATH}/atlas.h5:/solutions/sgd/test\""
    );
    assert_eq!(config.effective["paths.objective"], "\"sum-of-squares\"");
}

#[test]
fn without_training_there_are_the_imported_sets() {
    let config = good("imports-alone");
    let training = &network(&config).training;
    assert_eq!((training.initializations, training.keep, training.optimizers.len()), (0, 0, 0));
    assert_eq!(names(&config.paths.sets), ["sgd/train", "lbfgs/train"]);
    assert!(config.effective.keys().all(|key| !key.starts_with("training.")));
    assert_eq!(names(&good("imports-and-one-solution").paths.sets), ["published/train"]);
}

#[test]
fn a_process_has_limits_data_sets_and_solutions_from_files() {
    let config = good("process");
    let landscape = landscape(&config);
    let process = landscape.landscape.process().unwrap();
    assert_eq!(process.command, ["python3", "model.py", "--lr", "0.1", "--lr"]);
    let limits = [process.time_limit, process.start_limit].map(|limit| limit.as_millis());
    assert_eq!(limits, [90_000, 2_500]);
    assert_eq!((process.deterministic, process.start), (false, Some([-1.0, 1.5])));
    assert_eq!(landscape.minima, MinimaConfig::Search { starts: 12 });
    assert_eq!(names(&config.paths.sets), ["minima/relaxed", "torch/final"]);
    assert_eq!(names(&config.paths.datasets), ["train", "valid.1"]);
    for (key, value) in [
        ("landscape.time_limit", "\"1m 30s\""),
        ("landscape.start", "[-1.0, 1.5]"),
        ("landscape.tolerance", "1e-6"),
        ("paths.landscapes", "[\"train\", \"valid.1\"]"),
        ("import.torch/final.file", "\"final.npy\""),
    ] {
        assert_eq!(config.effective[key], value, "{key}");
    }
    let alone = good("process-imports-alone");
    assert_eq!(self::landscape(&alone).minima, MinimaConfig::None);
    assert_eq!(names(&alone.paths.sets), ["torch/final"]);
    assert!(alone.paths.datasets.is_empty());
}

#[test]
fn minima_of_a_formula_are_searched_or_given() {
    let search = good("landscape-search");
    let minima = MinimaConfig::Search { starts: 100 };
    assert_eq!(*landscape(&search), of_built_in(BuiltIn::TwoWells, minima, 10));
    assert_eq!(names(&search.paths.sets), ["minima/relaxed"]);
    assert!(search.paths.landscapes.is_empty());
    assert_eq!(
        (names(&search.kpca[0].sets), search.kpca[0].components),
        (vec!["minima/relaxed".to_owned()], 9)
    );
    let keys: Vec<_> =
        search.effective.iter().filter(|(key, _)| key.starts_with("landscape.")).collect();
    assert_eq!(format!("{keys:?}").matches("landscape.").count(), 4, "{keys:?}");
    for key in ["paths.landscapes", "paths.train", "paths.test"] {
        assert!(!search.effective.contains_key(key), "{key}");
    }

    let cluster = BuiltIn::LennardJones(LennardJones::new(7, 2).unwrap());
    let minima = MinimaConfig::Search { starts: 4 };
    assert_eq!(*landscape(&good("landscape-cluster")), of_built_in(cluster, minima, 4));

    let relaxed = good("landscape-relaxed-points");
    let minima = MinimaConfig::Minimized(vec![vec![1.0; 3], vec![-1.0, 1.0, 0.9], vec![-1.0; 3]]);
    let wells = BuiltIn::DoubleWell(DoubleWell::new(3).unwrap());
    assert_eq!(*landscape(&relaxed), of_built_in(wells, minima, 2));
    assert_eq!(relaxed.effective["minimum.1.at"], "[-1.0, 1.0, 0.9]");

    let given = good("landscape-given-points");
    let minima = MinimaConfig::Given(vec![vec![-1.0, -1.0], vec![0.5, 2.0]]);
    assert_eq!(*landscape(&given), of_built_in(BuiltIn::ProductWell, minima, 2));
    assert_eq!(
        (names(&given.paths.sets), landscape(&given).set().as_ref().map(SetName::as_str)),
        (vec!["minima/given".to_owned()], Some("minima/given"))
    );
    assert!(
        ["landscape.starts", "landscape.keep"]
            .iter()
            .all(|key| !given.effective.contains_key(*key))
    );
}

#[test]
fn the_published_example_in_two_dimensions() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/fig3.toml");
    let config = Config::load(&file, &[]).unwrap();
    assert_eq!(landscape(&config).landscape.built_in(), Some(&BuiltIn::TwoWells));
    assert_eq!(
        landscape(&config).minima,
        MinimaConfig::Given(TwoWells::ENDPOINTS.map(Vec::from).to_vec())
    );
    assert_eq!(config.paths.objective, Objective::SumOfSquares);
    let path = &config.paths.parameters;
    assert_eq!((path.points, path.method.count("fourier_terms"), path.steps), (101, 15, 300));
    assert_eq!([path.lambda, path.learning_rate].map(f64::to_bits), [10.0, 0.01].map(f64::to_bits));
}

#[test]
fn the_directory_is_expanded_but_recorded_as_written() {
    let (home, path) = (env::home_dir().unwrap(), env::var("PATH").unwrap());
    for (written, expected) in
        [("~/mnist", home.join("mnist")), ("${PATH}/mnist", format!("{path}/mnist").into())]
    {
        let text = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/good/published.toml"),
        )
        .unwrap();
        let config = Config::parse("x", &text, &[format!("dataset.dir={written}")]).unwrap();
        assert_eq!(network(&config).dataset, idx_files(expected, None, None));
        assert_eq!(config.effective["dataset.dir"], format!("\"{written}\""));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let errors = Config::load(Path::new("tests/config/no-such-file.toml"), &[]).unwrap_err();
    assert_eq!(errors.problems().len(), 1);
    let line = errors.to_string();
    assert!(
        line.starts_with("tests/config/no-such-file.toml: cannot read the configuration: "),
        "{line}"
    );
}

/// Two keys are all that an evaluation of vectors needs; a seed, where digits are drawn from it.
#[test]
fn an_evaluation_needs_data_and_a_network_alone() {
    let text = |dataset: &str| format!("[dataset]\n{dataset}\n[network]\nkind = \"fcp\"\n");
    let evaluation = |text: &str| {
        Config::parse_for(ConfigPurpose::Evaluation, "x", text, &[])
            .map_err(|errors| errors.to_string())
    };
    for dataset in ["kind = \"idx\"\ndir = \"data/mnist\"", "kind = \"digits\"\nseed = 3"] {
        let config = evaluation(&text(dataset)).unwrap();
        assert!(
            network(&config).imports.is_empty() && network(&config).training.optimizers.is_empty()
        );
        let refused = Config::parse("x", &text(dataset), &[]).unwrap_err();
        assert_eq!(refused.problems().len(), 2, "a study needs a seed and solutions: {refused}");
    }
    assert_eq!(
        evaluation(&text("kind = \"digits\"")).unwrap_err(),
        "x: seed: missing; write for instance seed = 1"
    );
    // What is written is checked all the same.
    let refused =
        evaluation(&(text("kind = \"digits\"\nseed = 3") + "[paths]\npair = 3\n")).unwrap_err();
    assert_eq!(refused, "x:7: paths.pair: unknown key; did you mean \"pairs\"?");
}

/// What of the data can still be looked at, although the configuration is wrong.
#[test]
fn a_configuration_in_error_keeps_its_sources() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/good/everything.toml"),
    )
    .unwrap();
    let sound = Config::parse("x", &text, &[]).unwrap().sources();
    let errors = Config::parse("x", &text, &["run.retries=7".to_owned()]).unwrap_err();
    assert_eq!((errors.problems().len(), errors.sources()), (1, &sound));
}

#[test]
fn what_breaks_off_anywhere_loads_or_says_why() {
    let text = good("everything").text;
    let mut refused = 0;
    for (end, _) in text.char_indices() {
        if let Err(errors) = Config::parse("cut", &text[..end], &[]) {
            assert!(!errors.problems().is_empty(), "cut after {end} bytes");
            refused += 1;
        }
    }
    // The last section names the kind of data set in its last line.
    assert!(refused > text.len() - 20, "{refused} of {}", text.len());
}

#[test]
fn nesting_without_end_is_refused() {
    for text in
        [vec!["a"; 1_000_000].join(".") + " = 1", "a = ".to_owned() + &"[".repeat(1_000_000)]
    {
        assert!(Config::parse("deep", &text, &[]).is_err());
    }
}

#[test]
fn a_problem_is_one_line_whatever_was_typed() {
    let errors = Config::parse("x\ny.toml", "seed = 1\n\"a\\nb\" = 2", &["run.\n=1".to_owned()])
        .unwrap_err();
    assert_eq!(errors.to_string().lines().count(), errors.problems().len());
}
