//! What results depend on: digests of the keys that matter.
//!
//! The table of keys says what a change of each key invalidates, see `Invalidates`. So it also says
//! on which keys a result depends. Two configurations with the same digest for a result give the
//! same result, to the bit.

use super::compatibility::{
    CLASSES, DATASETS, FORMER_CLASSES, is_analytic, is_checked_by_sum, setting, table_of,
};
use super::reader::Notation;
use super::schema::{DefaultSpec, Invalidates, KeySpec};
use super::sections;
use crate::data::Split;
use crate::path::RateSchedule;
use crate::solutions::SetName;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The effective keys of a configuration with their values.
type Keys = BTreeMap<String, String>;

/// A digest of keys and values, the beginning of their SHA-256.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct KeyDigest([u8; 16]);

impl KeyDigest {
    fn of(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            let part = part.as_ref();
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Self(digest)
    }

    /// One digest of several digests.
    #[must_use]
    pub fn join(digests: &[Self]) -> Self {
        Self::of(digests.iter().map(|digest| digest.0))
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What the results of a configuration depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// The images, the network or the landscape, and the seed.
    everything: KeyDigest,
    /// The keys of each table that makes solutions, by its prefix: `training.sgd.`.
    solutions: BTreeMap<String, KeyDigest>,
    /// All keys that make solutions.
    all_solutions: KeyDigest,
    /// The keys of the search for paths: those for every landscape, those for the training images,
    /// those for the test images.
    paths: KeyDigest,
    paths_on: [KeyDigest; 2],
    /// The keys of each section of a stage, by its name.
    tasks: BTreeMap<String, KeyDigest>,
    /// The names of the imported sets.
    imported: Vec<String>,
    is_analytic: bool,
    /// `paths.steps`.
    steps: usize,
    /// Whether the second endpoint of a path is aligned to the first.
    aligns_endpoints: bool,
    /// The sets that are aligned.
    aligned: Vec<SetName>,
    /// How many vectors each set keeps. An alignment depends on all of them.
    kept: KeyDigest,
}

/// The prefix of the minima of an analytic landscape, which come from two tables.
const MINIMA: &str = "landscape.";

impl Dependencies {
    /// What the results of a configuration depend on, by its effective keys and the checksum of its
    /// images.
    pub fn of(keys: &Keys, dataset_checksum: &str) -> Self {
        let mut classes: BTreeMap<Class, Vec<String>> = BTreeMap::new();
        let steps = keys.get(STEPS).and_then(|steps| steps.parse().ok());
        if steps_matter(keys) {
            let line = format!("{STEPS} = {}", keys.get(STEPS).map_or("", String::as_str));
            classes.entry(Class::Paths).or_default().push(line);
        }
        for key in keys.keys() {
            if let Some((class, line)) = line(keys, key) {
                classes.entry(class).or_default().push(line);
            }
        }
        let of = |class: &Class, before: &[KeyDigest]| {
            let lines = classes.get(class).into_iter().flatten();
            let before = before.iter().map(|digest| digest.0.to_vec());
            KeyDigest::of(before.chain(lines.map(|line| line.clone().into_bytes())))
        };
        let number = keys.get(CLASSES).map_or(FORMER_CLASSES, String::as_str);
        let data = KeyDigest::of([dataset_checksum, number]);
        let everything = of(&Class::Everything, &[data]);
        let tables = classes.keys().filter_map(|class| match class {
            Class::Solutions(table) => Some((table.clone(), of(class, &[everything]))),
            _ => None,
        });
        let solutions: BTreeMap<_, _> = tables.collect();
        let all = solutions
            .iter()
            .flat_map(|(table, digest)| [table.clone().into_bytes(), digest.0.to_vec()]);
        let all_solutions = KeyDigest::of(std::iter::once(everything.0.to_vec()).chain(all));
        let tasks = classes.keys().filter_map(|class| match class {
            Class::Tasks(section) => Some((section.clone(), of(class, &[]))),
            _ => None,
        });
        let imported = keys.keys().filter_map(|key| {
            key.strip_prefix("import.")?.strip_suffix(".file").map(str::to_owned)
        });
        Self {
            everything,
            tasks: tasks.collect(),
            solutions,
            all_solutions,
            paths: of(&Class::Paths, &[]),
            paths_on: [Split::Train, Split::Test].map(|split| of(&Class::PathsOn(split), &[])),
            imported: imported.collect(),
            is_analytic: is_analytic(keys),
            steps: steps.unwrap_or_default(),
            aligns_endpoints: keys.get("paths.align").is_some_and(|align| align == "true"),
            aligned: aligned_sets(keys),
            kept: KeyDigest::of(KEPT.iter().map(|key| keys.get(*key).map_or("", String::as_str))),
        }
    }

    /// `paths.steps`.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The same dependencies with another number of steps.
    #[must_use]
    pub fn with_steps(self, steps: usize) -> Self {
        Self { steps, ..self }
    }

    /// Whether paths are searched for in the same way, apart from the number of steps.
    pub fn same_search(&self, other: &Self) -> bool {
        (self.paths, self.paths_on) == (other.paths, other.paths_on)
    }

    /// Whether the images, the network or the landscape, and the seed are the same.
    pub fn same_subject(&self, other: &Self) -> bool {
        self.everything == other.everything
    }

    /// The digest of the search for paths without its endpoints and without the number of steps.
    pub fn search_of_any_length(&self) -> KeyDigest {
        KeyDigest::join(&[self.everything, self.paths, self.paths_on[0], self.paths_on[1]])
    }

    /// The digest of the search for paths without its endpoints.
    pub fn search(&self) -> KeyDigest {
        let steps = KeyDigest::of([self.steps.to_string()]);
        KeyDigest::join(&[self.search_of_any_length(), steps])
    }

    /// The digest of the training runs of an optimizer.
    pub fn training(&self, optimizer: &str) -> KeyDigest {
        self.table(&format!("training.{optimizer}."))
    }

    /// The digest of the vectors of an imported set.
    pub fn import(&self, set: &SetName) -> KeyDigest {
        self.table(&format!("import.{set}."))
    }

    /// The digest of the minima of an analytic landscape.
    pub fn minima(&self) -> KeyDigest {
        self.table(MINIMA)
    }

    /// The digest of all solutions together.
    pub fn all_solutions(&self) -> KeyDigest {
        self.all_solutions
    }

    /// The digest of the solutions of a set of any origin.
    pub fn solutions(&self, set: &SetName) -> KeyDigest {
        let is_aligned = |source: &SetName| source.aligned() == *set;
        if self.aligned.iter().any(is_aligned) { self.aligned() } else { self.found(set) }
    }

    /// The digest of the vectors of all aligned sets, which share one reference.
    fn aligned(&self) -> KeyDigest {
        let sources: Vec<KeyDigest> = self.aligned.iter().map(|set| self.found(set)).collect();
        let counts = if self.aligned.iter().all(|set| self.is_imported(set)) {
            KeyDigest::default()
        } else {
            self.kept
        };
        self.task(KeyDigest::join(&[KeyDigest::join(&sources), counts]), Some(ALIGN))
    }

    fn is_imported(&self, set: &SetName) -> bool {
        self.imported.iter().any(|name| name == set.as_str())
    }

    /// The digest of the solutions of a set that is not an aligned set.
    fn found(&self, set: &SetName) -> KeyDigest {
        if self.is_imported(set) {
            self.import(set)
        } else if self.is_analytic {
            self.minima()
        } else {
            self.training(set.group())
        }
    }

    /// The digest of the paths between the solutions of two sets, on the landscape of this name. It
    /// leaves out the number of steps, because a path can be continued, unless the learning rate
    /// depends on that number.
    pub fn paths(&self, sets: [&SetName; 2], landscape: &str) -> KeyDigest {
        let [a, b] = sets.map(|set| self.solutions(set));
        KeyDigest::join(&[a, b, self.paths, self.on(landscape)])
    }

    /// The digest of the images of the landscape of this name.
    fn on(&self, landscape: &str) -> KeyDigest {
        let on = [Split::Train, Split::Test].into_iter().find(|split| split.name() == landscape);
        on.map_or(KeyDigest::default(), |split| self.paths_on[split as usize])
    }

    /// The digest of results that start from such a path. It includes the number of steps.
    pub fn found_paths(&self, sets: [&SetName; 2], landscape: &str) -> KeyDigest {
        let steps = KeyDigest::of([self.steps.to_string()]);
        KeyDigest::join(&[self.paths(sets, landscape), steps])
    }

    /// The digest of results that start from the endpoints of such a path only.
    pub fn endpoints(&self, sets: [&SetName; 2], landscape: &str) -> KeyDigest {
        let [a, b] = sets.map(|set| self.solutions(set));
        let endpoints = KeyDigest::join(&[a, b, self.on(landscape)]);
        if self.aligns_endpoints {
            KeyDigest::join(&[endpoints, KeyDigest::of(["aligned"])])
        } else {
            endpoints
        }
    }

    /// The digest of a task: of its solutions and, if the stage has a section, of that section.
    pub fn task(&self, solutions: KeyDigest, section: Option<&str>) -> KeyDigest {
        let own = section.and_then(|section| self.tasks.get(section));
        own.map_or(solutions, |&own| KeyDigest::join(&[solutions, own]))
    }

    /// Whether both have this section, with other keys that matter to its tasks.
    pub fn differs_in(&self, other: &Self, section: &str) -> bool {
        let [own, others] = [self, other].map(|these| these.tasks.get(section));
        own.zip(others).is_some_and(|(own, other)| own != other)
    }

    fn table(&self, table: &str) -> KeyDigest {
        self.solutions.get(table).copied().unwrap_or(self.everything)
    }
}

const STEPS: &str = "paths.steps";

/// The section of the alignment.
const ALIGN: &str = "align";

/// The keys that set how many solutions each set keeps.
pub(super) const KEPT: [&str; 2] = ["training.initializations", "training.keep"];

/// The sets that are aligned.
pub(super) fn aligned_sets(keys: &Keys) -> Vec<SetName> {
    let table = keys.get("align.sets").and_then(|sets| format!("sets = {sets}").parse().ok());
    let sets = table.and_then(|mut table: toml::Table| table.remove("sets")?.try_into().ok());
    let names: Vec<String> = sets.unwrap_or_default();
    names.iter().filter_map(|name| SetName::parse(name).ok()).collect()
}

/// Whether the first step of a search depends on the number of all its steps.
pub(super) fn steps_matter(keys: &Keys) -> bool {
    let constant = RateSchedule::Constant.name().to_owned().toml();
    keys.get("paths.schedule").is_some_and(|schedule| *schedule != constant)
}

/// What depends on a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Everything,
    /// The solutions of a table.
    Solutions(String),
    Paths,
    PathsOn(Split),
    /// The tasks of a section.
    Tasks(String),
}

/// A key with its value, and what depends on it. `None` if nothing depends on it. A key that a
/// later version added is left out at its default, so that older results stay valid.
fn line(keys: &Keys, key: &str) -> Option<(Class, String)> {
    // Results are identified by the name of their data set.
    if is_checked_by_sum(keys, key) || key == DATASETS {
        return None;
    }
    let (section, spec) = sections::find(key);
    let invalidates = spec.and_then(KeySpec::invalidates).unwrap_or(section.invalidates);
    let class = match invalidates {
        Invalidates::Nothing | Invalidates::LongerPaths => return None,
        Invalidates::Everything => Class::Everything,
        Invalidates::Solutions(_) if key.starts_with("minimum.") => {
            Class::Solutions(MINIMA.to_owned())
        }
        Invalidates::Solutions(_) | Invalidates::SolutionsOfOptimizer => {
            Class::Solutions(table_of(key).to_owned())
        }
        Invalidates::Paths => Class::Paths,
        Invalidates::PathsOn(split) => Class::PathsOn(split),
        Invalidates::Tasks(_) => Class::Tasks(section.name.to_owned()),
    };
    if spec.is_some_and(|spec| spec.came_later() && is_default(keys, key, spec)) {
        return None;
    }
    Some((class, format!("{key} = {}", keys[key])))
}

fn is_default(keys: &Keys, key: &str, spec: &dyn KeySpec) -> bool {
    match spec.default() {
        DefaultSpec::Fixed(default) => setting(keys, key, Some(spec)) == Some(default),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const STUDY: &str = "seed = 1\n[dataset]\nkind = \"digits\"\ntrain = 100\ntest = 50\n\
                         [network]\nkind = \"fcp\"\n[training]\ninitializations = 3\n\
                         [training.sgd]\nlearning_rate = 0.1\nepochs = 2\n";

    fn with(overrides: &[&str]) -> Dependencies {
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        let config = Config::parse("x", STUDY, &overrides).unwrap();
        Dependencies::of(&config.effective, "images")
    }

    fn set(name: &str) -> SetName {
        SetName::parse(name).unwrap()
    }

    /// Which of these differ: SGD and L-BFGS solutions, the paths of each on the training images,
    /// those of SGD on the test images, and those between the two.
    fn changed(change: &str) -> [bool; 6] {
        let (before, after) = (with(&[]), with(&[change]));
        let (sgd, lbfgs) = (set("sgd/train"), set("lbfgs/train"));
        let digests = |of: &Dependencies| {
            [
                of.training("sgd"),
                of.training("lbfgs"),
                of.paths([&sgd, &sgd], "train"),
                of.paths([&lbfgs, &lbfgs], "train"),
                of.paths([&sgd, &sgd], "test"),
                of.paths([&sgd, &lbfgs], "train"),
            ]
        };
        let (before, after) = (digests(&before), digests(&after));
        std::array::from_fn(|index| before[index] != after[index])
    }

    #[test]
    fn results_depend_on_their_keys_and_on_nothing_else() {
        for (change, expected) in [
            ("seed=2", [true; 6]),
            ("network.activation=relu", [true; 6]),
            ("training.sgd.epochs=3", [true, false, true, false, true, true]),
            ("training.lbfgs.memory=3", [false, true, false, true, false, true]),
            ("paths.lambda=0.5", [false, false, true, true, true, true]),
            ("paths.train=50", [false, false, true, true, false, true]),
            ("paths.test=40", [false, false, false, false, true, false]),
            ("paths.steps=500", [false; 6]),
            ("paths.pairs=2", [false; 6]),
            ("paths.batch=10", [false, false, true, true, true, true]),
            ("paths.schedule=\"cosine\"", [false, false, true, true, true, true]),
            ("paths.stop_at_endpoint=true", [false, false, true, true, true, true]),
            // The name of the keys that it stands for is none of them.
            ("paths.protocol=\"quick\"", [false, false, true, true, true, true]),
            ("training.initializations=9", [false; 6]),
            ("kpca=[]", [false; 6]),
            ("run.retries=1", [false; 6]),
            ("paths.between=[[\"sgd/train\", \"lbfgs/train\"]]", [false; 6]),
        ] {
            assert_eq!(changed(change), expected, "{change}");
        }
        assert_eq!(with(&["paths.steps=500"]).steps(), 500);
        let sgd = set("sgd/train");
        for (change, path_changes, endpoints_change) in [
            ("paths.steps=500", true, false),
            ("paths.lambda=0.5", true, false),
            ("paths.train=50", true, true),
            ("training.sgd.epochs=3", true, true),
            ("paths.test=40", false, false),
            ("paths.refine.max_gradients=9", false, false),
        ] {
            let (before, after) = (with(&[]), with(&[change]));
            let path = |of: &Dependencies| of.found_paths([&sgd, &sgd], "train");
            assert_eq!(path(&before) != path(&after), path_changes, "{change}");
            let endpoints = |of: &Dependencies| of.endpoints([&sgd, &sgd], "train");
            assert_eq!(endpoints(&before) != endpoints(&after), endpoints_change, "{change}");
        }
        let paths = |overrides: &[&str]| with(overrides).paths([&sgd, &sgd], "train");
        let schedule = "paths.schedule=\"cooldown\"";
        assert_ne!(paths(&[schedule]), paths(&[schedule, "paths.steps=500"]));
        let quick = with(&["paths.protocol=\"quick\""]);
        let mut keys = Config::parse("x", STUDY, &["paths.protocol=\"quick\"".to_owned()]);
        let keys = keys.as_mut().map(|config| std::mem::take(&mut config.effective)).unwrap();
        let written: Vec<String> = super::super::protocol::KEYS
            .iter()
            .map(|key| format!("paths.{key}={}", keys[&format!("paths.{key}")]))
            .collect();
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        assert_eq!(quick.paths([&sgd, &sgd], "train"), paths(&written));
        assert_ne!(with(&[]), with(&["paths.steps=500"]));
    }

    /// Results from before a key was there were made with its default.
    #[test]
    fn a_key_that_came_later_is_left_out_at_its_default() {
        let keys = Config::parse("x", STUDY, &[]).unwrap().effective;
        let mut former = keys.clone();
        for later in [
            "paths.batch",
            "paths.method",
            "paths.tolerance",
            "paths.between",
            "paths.protocol",
            "paths.schedule",
            "paths.stop_at_endpoint",
            "paths.align",
        ] {
            assert!(former.remove(later).is_some(), "{later}");
        }
        assert_eq!(Dependencies::of(&former, "images"), Dependencies::of(&keys, "images"));
        assert_ne!(Dependencies::of(&keys, "others"), Dependencies::of(&keys, "images"));
    }

    #[test]
    fn an_imported_set_is_not_the_trained_one_of_its_name_and_may_move() {
        let keys = |file: &str, checksum: &str| -> Keys {
            let pairs = [("seed", "1"), ("import.sgd/train.file", file)];
            let checksum = ("import.sgd/train.checksum", checksum);
            pairs.iter().chain([&checksum]).map(|(k, v)| ((*k).into(), (*v).into())).collect()
        };
        let digest = |keys: &Keys| Dependencies::of(keys, "").solutions(&set("sgd/train"));
        let here = digest(&keys("\"a.npy\"", "12"));
        assert_eq!(here, digest(&keys("\"b.npy\"", "12")));
        assert_ne!(here, digest(&keys("\"a.npy\"", "13")));
        let trained = [("seed", "1"), ("training.sgd.epochs", "5")];
        let trained: Keys = trained.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        assert_ne!(here, digest(&trained));
    }

    #[test]
    fn aligned_sets_depend_on_all_vectors_of_their_reference() {
        let align = "align.sets=[\"sgd/train\", \"lbfgs/train\"]";
        let of = |changes: &[&str]| with(&[&[align], changes].concat());
        let (sgd, aligned) = (set("sgd/train"), set("sgd-aligned/train"));
        let before = of(&[]);
        for (change, expected) in [
            ("align.orders=9", true),
            ("align.method=\"activations\"", true),
            ("align.sets=[\"sgd/train\"]", true),
            ("training.initializations=4", true),
            ("training.keep=2", true),
            ("training.lbfgs.memory=3", true),
            ("paths.lambda=0.5", false),
            ("paths.align=true", false),
        ] {
            let after = of(&[change]);
            let changes = before.solutions(&aligned) != after.solutions(&aligned);
            assert_eq!(changes, expected, "{change}");
            let source = [&before, &after].map(|of| of.solutions(&sgd));
            assert_eq!(source[0], source[1], "{change}");
        }
        assert_ne!(before.solutions(&sgd), before.solutions(&aligned));
        // Nothing but the new sets depends on the section.
        let without = with(&[]);
        assert_eq!(without.paths([&sgd, &sgd], "train"), before.paths([&sgd, &sgd], "train"));
        assert_eq!(without.all_solutions(), before.all_solutions());
    }

    #[test]
    fn aligned_endpoints_are_others() {
        let sgd = set("sgd/train");
        let [before, after] = [with(&[]), with(&["paths.align=true"])];
        assert_eq!(before.solutions(&sgd), after.solutions(&sgd));
        for digest in [Dependencies::paths, Dependencies::endpoints] {
            let [before, after] = [&before, &after].map(|of| digest(of, [&sgd, &sgd], "train"));
            assert_ne!(before, after);
        }
        let off = with(&["paths.align=false"]);
        assert_eq!(before.paths([&sgd, &sgd], "train"), off.paths([&sgd, &sgd], "train"));
    }

    #[test]
    fn minima_depend_on_their_points_and_their_search() {
        let minima = |text: &str| {
            let text = format!("seed = 1\n[landscape]\nkind = \"two-wells\"\n{text}");
            let config = Config::parse("x", &text, &[]).unwrap();
            Dependencies::of(&config.effective, "").minima()
        };
        assert_eq!(minima("keep = 2\n"), minima("keep = 3\n"));
        assert_ne!(minima("starts = 20\n"), minima("starts = 30\n"));
        let points = |x: f64| {
            minima(&format!("[[minimum]]\nat = [{x:?}, 0.0]\n[[minimum]]\nat = [1.0, 0.0]\n"))
        };
        assert_ne!(points(0.5), points(0.6));
    }
}
