//! A kind that an override changes: the keys of the old kind no longer count, and that is said.

use super::{drawn, landscape, network};
use lossatlas::config::{Config, KernelConfig};
use lossatlas::network::{Architecture, NETWORKS, Value};
use std::fs;
use std::path::Path;

const STUDY: &str = "seed = 1
[dataset]
kind = \"idx\"
dir = \"data/mnist\"
train = \"all\"
test = 100
[network]
kind = \"fcp\"
hidden = [20]
activation = \"relu\"
[training]
initializations = 4
optimizers = [\"lbfgs\"]
[[kpca]]
name = \"a\"
kernel = \"polynomial\"
degree = 2
constant = 3.0
[[kpca]]
name = \"b\"
two_sigma_squared = 7.0
";

fn read(text: &str, overrides: &[&str]) -> Result<Config, String> {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Config::parse("x", text, &overrides).map_err(|errors| errors.to_string())
}

fn dropped(config: &Config) -> Vec<String> {
    config.dropped.iter().map(ToString::to_string).collect()
}

fn architecture(name: &str) -> Architecture {
    Architecture::with_defaults(NETWORKS.iter().find(|network| network.name == name).unwrap())
}

#[test]
fn the_network() {
    let config = read(STUDY, &["network.kind=lenet"]).unwrap();
    let lenet = architecture("lenet").with("activation", Value::Word("relu"));
    assert_eq!(network(&config).architecture, lenet);
    assert_eq!(
        dropped(&config),
        ["x:9: network.hidden: ignored: it does not fit kind = \"lenet\" of --set"]
    );
    assert!(!config.effective.contains_key("network.hidden"));
    // One number in place of a list.
    let config = read(STUDY, &["network.kind=lstm"]).unwrap();
    assert_eq!(network(&config).architecture, architecture("lstm"));
    assert_eq!(
        dropped(&config),
        [
            "x:9: network.hidden: ignored: it does not fit kind = \"lstm\" of --set",
            "x:10: network.activation: ignored: it does not fit kind = \"lstm\" of --set",
        ]
    );
    // The same kind changes nothing, and what fits both stays.
    assert!(dropped(&read(STUDY, &["network.kind=fcp"]).unwrap()).is_empty());
    let config = read(STUDY, &["network.kind=lenet", "network.kind=fcp"]).unwrap();
    assert_eq!(config.effective["network.hidden"], "[20]");
}

#[test]
fn the_data() {
    let config = read(STUDY, &["dataset.kind=digits"]).unwrap();
    assert_eq!(network(&config).dataset, drawn(None, 6000, 100));
    let said = dropped(&config);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].starts_with("x:4: dataset.dir: ignored")
            && said[1].starts_with("x:5: dataset.train: ignored")
    );
}

#[test]
fn a_kernel_whose_old_kind_was_the_default() {
    let config = read(STUDY, &["kpca.0.kernel=sigmoid", "kpca.1.kernel=linear"]).unwrap();
    assert_eq!(config.kpca[0].kernel, KernelConfig::Sigmoid { scale: None, constant: 3.0 });
    assert_eq!(config.kpca[1].kernel, KernelConfig::Linear);
    assert_eq!(
        dropped(&config),
        [
            "x:17: kpca.0.degree: ignored: it does not fit kernel = \"sigmoid\" of --set",
            "x:21: kpca.1.two_sigma_squared: ignored: it does not fit kernel = \"linear\" of --set",
        ]
    );
}

#[test]
fn the_landscape_and_whether_points_are_minimized() {
    let points = "seed = 1\n[landscape]\nkind = \"double-well\"\ndimension = 2\nkeep = 2\n\
        [[minimum]]\nat = [1.0, 0.0]\n[[minimum]]\nat = [-1.0, 0.0]\n";
    let config = read(points, &["landscape.kind=two-wells"]).unwrap();
    assert_eq!(landscape(&config).keep, 2);
    assert_eq!(
        dropped(&config),
        ["x:4: landscape.dimension: ignored: it does not fit kind = \"two-wells\" of --set"]
    );
    let config = read(points, &["landscape.relax=false"]).unwrap();
    assert_eq!(
        dropped(&config),
        ["x:5: landscape.keep: ignored: it does not fit relax = false of --set"]
    );
}

#[test]
fn mistakes_stay_mistakes() {
    for (overrides, problem) in [
        // What the user sets for the wrong kind.
        (
            &["network.kind=lenet", "network.hidden=[5]"][..],
            "--set network.hidden=[5]: network.hidden: belongs to",
        ),
        (
            &["network.channels=[3, 4]"][..],
            "--set network.channels=[3, 4]: network.channels: belongs to",
        ),
        (
            &["network.kind=lstm", "network.hidden=[5]"][..],
            "network.hidden: must be an integer, not a list",
        ),
    ] {
        let said = read(STUDY, overrides).unwrap_err();
        assert!(said.lines().count() == 1 && said.contains(problem), "{said}");
    }
    // A key that did not fit the kind of the file either.
    let said =
        read(&STUDY.replace("hidden = [20]", "kernel = 3"), &["network.kind=lstm"]).unwrap_err();
    assert!(said.starts_with("x:9: network.kernel: belongs to kind = \"lenet\""), "{said}");
}

/// Every network on every file of `configs/` that has one, as the pages show it.
#[test]
fn any_network_on_any_file() {
    let mut read_files = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")).unwrap() {
        let file = entry.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        for network in NETWORKS.iter().filter(|_| text.lines().any(|line| line == "[network]")) {
            let config = read(&text, &[&format!("network.kind={}", network.name)]);
            assert!(config.is_ok(), "{}: {config:?}", file.display());
            read_files += 1;
        }
    }
    assert!(read_files >= 40);
}
