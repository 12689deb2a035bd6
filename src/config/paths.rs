//! `[paths]`: the pairs of solutions, the landscapes, and the search for paths.

use super::available::Available;
use super::chosen::{read_value, read_value_or};
use super::expand::expand_path;
use super::protocol::{KEYS, Preset, Protocol, ProtocolInUse, ProtocolSubject};
use super::reader::{Choice, Notation, Read, Reported, Section};
use super::schema::{
    AnyOf, Choices, Count, CountOrAll, Derived, Flag, Invalidates, Key, KeySpec, Lower,
    Multiplicity, Number, NumberOfPairs, OneOf, Owned, PairList, PairsOrFile, SectionSpec,
    SetNames, SetPairs, Text, Texts, Upper, Word, each,
};
use super::stages;
use crate::data::Split;
use crate::keys::{ChoiceKey, Value};
use crate::path::{ChosenMethod, METHODS, Objective, PathMethod, PathParameters, RateSchedule};
use crate::solutions::{EndpointSets, LandscapeName, Pairs, SetName};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Which curves are kept with the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoredCurves {
    /// None of them: a result has losses only.
    #[default]
    None,
    /// For each set, on each landscape, that of the path with the lowest barrier.
    Best,
    /// Those of all paths.
    All,
}

impl Choice for StoredCurves {
    const ALL: &'static [Self] = &[Self::None, Self::Best, Self::All];
    fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Best => "best",
            Self::All => "all",
        }
    }
}

/// The paths to find.
#[derive(Clone, Debug, PartialEq)]
pub struct PathsConfig {
    /// How many pairs of each set.
    pub pairs: Pairs,
    /// The sets within which paths are found. At least one, unless `between` has an entry.
    pub sets: Vec<SetName>,
    /// The pairs of sets between which paths are found.
    pub between: Vec<EndpointSets>,
    /// These pairs instead of a random draw.
    pub list: Option<PairList>,
    /// The run directory whose paths are the initial curves; `None`: straight lines.
    pub start: Option<PathBuf>,
    /// Whether the last states of the searches are kept; `None`: if they are small.
    pub keep_states: Option<bool>,
    /// Which curves are kept with the results.
    pub store: StoredCurves,
    /// The landscapes, at least one: mean loss over the training or over the test images. Empty for
    /// an analytic landscape, which is the only one, and for a process.
    pub landscapes: Vec<Split>,
    /// The data sets of a process; empty: all that it names.
    pub datasets: Vec<LandscapeName>,
    /// Images of the training landscape, from the front; `None`: all in use.
    pub train: Option<usize>,
    /// Images of the test landscape, from the front; `None`: all in use.
    pub test: Option<usize>,
    /// Images in each step of a descent, drawn at random; `None`: all images of the landscape. If
    /// the landscape has no more images than this, all are used.
    pub batch: Option<usize>,
    /// What is minimized along a path. Reported barriers are those of the landscape in either case.
    pub objective: Objective,
    /// Settings of the path finder.
    pub parameters: PathParameters,
    /// Whether the hidden units of the second endpoint are exchanged, so that it comes close to
    /// the first.
    pub align: bool,
    /// The name of these settings.
    pub protocol: ProtocolInUse,
}

impl PathsConfig {
    /// The sets of the endpoints of all paths.
    pub fn endpoint_sets(&self) -> Vec<EndpointSets> {
        let within = self.sets.iter().cloned().map(EndpointSets::within);
        within.chain(self.between.iter().cloned()).collect()
    }

    /// The number of paths between this many `vectors` of two sets, or of one set. An upper bound
    /// if the pairs are listed.
    pub fn count(&self, sets: &EndpointSets, vectors: [usize; 2]) -> usize {
        match (&self.list, sets.single()) {
            (Some(list), _) => list.pairs().len(),
            (None, Some(_)) => self.pairs.of(vectors[0]),
            (None, None) => self.pairs.between(vectors),
        }
    }

    /// Whether pairs are chosen in rounds. They are then no random sample.
    pub fn is_spanning(&self) -> bool {
        self.list.is_none() && self.pairs == Pairs::Spanning
    }

    /// The maximum number of paths on a landscape, for sets with these numbers of vectors.
    pub fn most(&self, vectors: impl Fn(&SetName) -> usize) -> usize {
        let of_sets = self.endpoint_sets();
        let pairs = of_sets.iter().map(|sets| self.count(sets, sets.both().map(&vectors)));
        let all = pairs.fold(0, usize::saturating_add);
        if !self.is_spanning() {
            return all;
        }
        let sets: BTreeSet<&SetName> = of_sets.iter().flat_map(EndpointSets::both).collect();
        all.min(2 * sets.into_iter().map(&vectors).sum::<usize>())
    }

    /// The number of images of a landscape; `None`: all in use.
    pub fn images(&self, landscape: Split) -> Option<usize> {
        match landscape {
            Split::Train => self.train,
            Split::Test => self.test,
        }
    }
}

impl Choice for Objective {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

static PROTOCOL: Key<OneOf<Protocol>> = Key::new("protocol", OneOf::NEW)
    .meaning(
        "a named set of defaults for `points`, `fourier_terms`, `lambda`, `steps`, `batch`, \
         `learning_rate`, `schedule` and `stop_at_endpoint`",
    )
    .note(
        "the defaults below are those of `\"published\"`, [protocols](methods.md#protocols) has \
         the others; a key that is written takes precedence",
    )
    .invalidates(Invalidates::Nothing)
    .default(Protocol::Published)
    .came_later();

static PAIRS: Key<NumberOfPairs> = Key::new("pairs", NumberOfPairs)
    .unit("pairs")
    .meaning("pairs of each set, drawn at random without repetition; all pairs if a set has fewer")
    .note(
        "`\"spanning\"`: for n solutions of all sets together at most 2n pairs, \
         [chosen](methods.md#pairs-of-a-spanning-tree) for a `[[graph]]`; they are not a random \
         sample, so do not use them for statistics of barriers",
    )
    .invalidates(Invalidates::Nothing)
    .default(Pairs::Count(300));

static SETS: Key<SetNames, Derived> = Key::new("sets", SetNames)
    .meaning(
        "the sets within which paths are found: `\"optimizer/train\"` has the parameters of lowest \
         training loss, `\"optimizer/test\"` those of lowest test loss",
    )
    .note(
        "sets of `[[import]]` have their own names; an analytic landscape has \
         `\"minima/relaxed\"` or `\"minima/given\"`",
    )
    .invalidates(Invalidates::Nothing)
    .derived("all sets there are", "[\"lbfgs/train\"]");

static BETWEEN: Key<SetPairs> = Key::new("between", SetPairs)
    .meaning(
        "pairs of sets: `[[\"sgd/train\", \"lbfgs/train\"]]` joins vectors of the first set with \
         vectors of the second, `pairs` of them",
    )
    .note("both endpoints may come from the same initialization")
    .invalidates(Invalidates::Nothing)
    .default(&[])
    .came_later();

static LIST: Key<PairsOrFile, Derived> = Key::new("list", PairsOrFile)
    .meaning(
        "the pairs of every set and of every entry of `between`, by the initialization numbers of \
         solutions: `[[0, 3], [2, 5]]`, or a CSV file with one pair on each line, `0,3`",
    )
    .note(
        "a run that `training.keep` drops has no solution: its number is an error; the file may \
         begin with a line of headings; with a list, `pairs` has no effect",
    )
    .invalidates(Invalidates::Nothing)
    .derived("a random draw of `pairs`", "[[0, 3], [2, 5]]");

static START: Key<Text, Derived> = Key::new("start", Text)
    .meaning(
        "a run directory: each search starts from the path of the same pair on the same landscape \
         there, which `keep_states` of that run must have kept",
    )
    .note("the directory of this run gives its paths from before the last change of the keys")
    .invalidates(Invalidates::Nothing)
    .derived("the straight line", "\"results/fcp\"");

static KEEP_STATES: Key<Flag, Derived> = Key::new("keep_states", Flag)
    .meaning(
        "whether the last state of each search is kept in `path-states/` of the run directory: \
         more `steps` then continue it, and other searches can `start` from it",
    )
    .note("without it, a longer search starts again at its first step, with the same result")
    .invalidates(Invalidates::Nothing)
    .derived("`true` if all states together have at most 1 GB; `check` prints the size", "true");

static STORE: Key<OneOf<StoredCurves>> = Key::new("store", OneOf::NEW)
    .meaning(
        "which paths are stored as curves, not only as losses: `\"all\"`, or the `\"best\"` of \
         each set on each landscape, which has the lowest barrier",
    )
    .note("`check` prints their place and size; `export --path` writes points of them")
    .invalidates(Invalidates::Nothing)
    .default(StoredCurves::None)
    .came_later();

static LANDSCAPES: Key<AnyOf<Split>> = Key::new("landscapes", AnyOf::NEW)
    .meaning("the landscapes: the mean loss over the training images, the test images, or both")
    .note(
        "for a process, the names of its data sets, by default all; not with an analytic landscape",
    )
    .invalidates(Invalidates::Nothing)
    .default(Split::ALL);

/// The same key for a process.
static DATASETS: Key<Texts, Derived> = Key::new("landscapes", Texts)
    .meaning("on which data sets of the process")
    .invalidates(Invalidates::Nothing)
    .derived("all that it names", "[\"train\"]");

static TRAIN: Key<CountOrAll> = Key::new("train", CountOrAll)
    .unit("images")
    .meaning("images of the training landscape, from the front of those in use")
    .note("not with `[landscape]`")
    .invalidates(Invalidates::PathsOn(Split::Train))
    .default(None);

static TEST: Key<CountOrAll> = Key::new("test", CountOrAll)
    .unit("images")
    .meaning("images of the test landscape, from the front of those in use")
    .note("not with `[landscape]`")
    .invalidates(Invalidates::PathsOn(Split::Test))
    .default(None);

static BATCH: Key<CountOrAll> = Key::new("batch", CountOrAll)
    .unit("images")
    .meaning("images in each step of a search, drawn at random; reported losses use all images")
    .note("a landscape with no more images than this uses all of them; not with `[landscape]`")
    .default(None)
    .came_later();

static ALIGN: Key<Flag> = Key::new("align", Flag)
    .meaning(
        "whether the hidden units (or the atoms) of the second endpoint are exchanged before the \
         search, so that it comes close to the first; its loss stays the same",
    )
    .note(
        "see [alignment](methods.md#alignment); with a `[landscape]`, only for `\"lennard-jones\"`",
    )
    .default(false)
    .came_later();

static OBJECTIVE: Key<OneOf<Objective>> = Key::new("objective", OneOf::NEW)
    .meaning("what is minimized along the path: the sum of the losses, or the sum of their squares")
    .note("reported barriers are always losses")
    .default(Objective::Sum);

static NAMES: [&str; METHODS.len()] = {
    let mut names = [""; METHODS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = METHODS[index].name;
        index += 1;
    }
    names
};

static METHOD: Key<Word> = Key::new("method", Word(&NAMES))
    .meaning("the kind of curve")
    .note("each kind has keys of its own, below")
    .default(NAMES[0])
    .came_later();

fn of_methods() -> Vec<Owned> {
    let keys =
        |method: &'static PathMethod| method.keys.iter().map(|key| key as &dyn KeySpec).collect();
    METHODS.iter().map(|&method| Owned { choice: method.name, keys: keys(method) }).collect()
}

static POINTS: Key<Count> =
    // The coefficients of a thousand shapes on the fine grid take 800 MB.
    Key::new("points", Count::between(3, 10_000))
        .unit("points")
        .meaning("M, points on the path, both endpoints included")
        .default(51);

static LAMBDA: Key<Number> = Key::new("lambda", Number::NOT_NEGATIVE)
    .unit("loss")
    .meaning("λ, the weight of the squared distances between the points")
    .note("a larger one makes paths shorter and their points more evenly spaced")
    .default(1e-4);

static STEPS: Key<Count> = Key::new("steps", Count::at_least(0))
    .unit("steps")
    .meaning("steps of the Adam optimizer; 0: the path is the straight line")
    .note("with a constant `schedule`, more steps continue existing paths")
    .invalidates(Invalidates::LongerPaths)
    .default(100);

static LEARNING_RATE: Key<Number> = Key::new("learning_rate", Number::POSITIVE)
    .meaning("learning rate of the Adam optimizer")
    .default(1e-3);

static SCHEDULE: Key<OneOf<RateSchedule>> = Key::new("schedule", OneOf::NEW)
    .meaning(
        "how the learning rate changes from step to step: `\"cosine\"` falls toward 0 at the last \
         step, `\"cooldown\"` does so during the last third of the steps",
    )
    .note(
        "unless it is constant, more `steps` are a new search, from the straight line or from \
         `start`",
    )
    .default(RateSchedule::Constant)
    .came_later();

static STOP_AT_ENDPOINT: Key<Flag> = Key::new("stop_at_endpoint", Flag)
    .meaning(
        "whether a search ends when its path does not rise above the higher endpoint, on all \
         images and on the fine grid: no path can be lower",
    )
    .note("checked every 20 steps; with `batch`, at the end of an epoch")
    .default(false)
    .came_later();

static TOLERANCE: Key<Number> =
    Key::new("tolerance", Number::between(Lower::From(0.0), Upper::Below(1.0)))
        .meaning(
            "the search ends when the lowest objective has fallen by less than this fraction over \
             `patience` evaluations; 0: all steps are taken",
        )
        .default(0.0)
        .came_later();

static PATIENCE: Key<Count> = Key::new("patience", Count::at_least(1))
    .unit("evaluations")
    .meaning("the evaluations over which `tolerance` measures the fall")
    .note(
        "the objective is evaluated on all images once in each step; with `batch`, once in each \
         epoch",
    )
    .default(10)
    .came_later();

pub(super) static SECTION: SectionSpec = SectionSpec {
    name: "paths",
    title: "Paths",
    shape: Multiplicity::Single,
    keys: &[
        &PROTOCOL,
        &PAIRS,
        &SETS,
        &BETWEEN,
        &LIST,
        &START,
        &KEEP_STATES,
        &STORE,
        &LANDSCAPES,
        &TRAIN,
        &TEST,
        &BATCH,
        &ALIGN,
        &OBJECTIVE,
        &METHOD,
        &POINTS,
        &LAMBDA,
        &STEPS,
        &LEARNING_RATE,
        &SCHEDULE,
        &STOP_AT_ENDPOINT,
        &TOLERANCE,
        &PATIENCE,
    ],
    choices: Some(Choices { selector: "method", keys: of_methods }),
    invalidates: Invalidates::Paths,
};

pub(super) fn read(section: &Section<'_>, available: &mut Available) -> Read<PathsConfig> {
    ask_for_stages(section);
    let (protocol, preset) = read_protocol(section, available);
    let pairs = section.key(&PAIRS).value();
    let between = read_between(section, available);
    let joins = between.as_ref().map_or(true, |between| !between.is_empty());
    let sets = available.read_sets_or_none(section, &SETS, joins);
    let list = read_list(section, available, sets.as_deref().is_ok_and(|sets| !sets.is_empty()));
    let start = read_start(section);
    let keep_states = section.key(&KEEP_STATES).or_unset();
    let store = section.key(&STORE).value();
    // Without the section no paths were requested, so a single solution is no error.
    if section.is_written() && sets.as_ref().is_ok_and(|sets| available.has_lone_solution(sets)) {
        let key = available.keep_key();
        section.own_problem(format!(
            "a path needs two solutions but only one of each set is kept; increase {key}"
        ));
    }
    let on = read_landscapes(section, available, &preset);
    let align = section.key(&ALIGN).check(|align| {
        match (align, available.has_symmetry()) {
            (true, false) if available.process => Err("a process declares no symmetry; remove it"),
            (true, false) => Err("this landscape has neither hidden units nor atoms; remove it"),
            _ => Ok(()),
        }
        .map_err(str::to_owned)
    });
    let align = align.value();
    let objective = section.key(&OBJECTIVE).value();
    let parameters = read_parameters(section, &preset);
    let PathLandscapes { landscapes, datasets, train, test, batch } = on?;
    let (objective, parameters, start, align) = (objective?, parameters?, start?, align?);
    let mut protocol = ProtocolInUse { protocol: protocol?, changed: Vec::new() };
    compare(&mut protocol, &preset, &parameters, batch);
    protocol.compare(OBJECTIVE.name, &objective, &Objective::Sum);
    protocol.changed.extend(start.as_ref().map(|_| "start".to_owned()));
    protocol.compare(ALIGN.name, &align, &false);
    Ok(PathsConfig {
        pairs: pairs?,
        sets: sets?,
        between: between?,
        list: list?,
        start,
        keep_states: keep_states?,
        store: store?,
        landscapes,
        datasets,
        train,
        test,
        batch,
        objective,
        parameters,
        align,
        protocol,
    })
}

/// The protocol and its preset. If its name could not be read, the preset is the published one.
fn read_protocol(section: &Section<'_>, available: &Available) -> (Read<Protocol>, Preset) {
    let protocol = section.key(&PROTOCOL).value();
    if let Ok(protocol) = &protocol {
        section.prefer_defaults_of(PROTOCOL.name, protocol, &KEYS);
    }
    let subject = match (available.analytic, available.process) {
        (false, _) => ProtocolSubject::Images,
        (true, false) => ProtocolSubject::Analytic,
        (true, true) => ProtocolSubject::Process,
    };
    let preset = protocol.unwrap_or_default().preset(subject);
    (protocol, preset)
}

/// Names the keys that differ from those of the protocol.
fn compare(
    protocol: &mut ProtocolInUse,
    preset: &Preset,
    parameters: &PathParameters,
    batch: Option<usize>,
) {
    let published = PathParameters::default();
    match parameters.method.name() {
        "fourier" => {
            let terms = parameters.method.count("fourier_terms");
            protocol.compare("fourier_terms", &terms, &preset.fourier_terms);
        }
        other => protocol.changed.push(format!("method = {}", other.to_owned().toml())),
    }
    protocol.compare(POINTS.name, &parameters.points, &preset.points);
    protocol.compare(LAMBDA.name, &parameters.lambda, &preset.lambda);
    protocol.compare(STEPS.name, &parameters.steps, &preset.steps);
    protocol.compare(BATCH.name, &batch, &preset.batch);
    protocol.compare(LEARNING_RATE.name, &parameters.learning_rate, &preset.learning_rate);
    protocol.compare(SCHEDULE.name, &parameters.schedule, &preset.schedule);
    let stops = parameters.stop_at_endpoint;
    protocol.compare(STOP_AT_ENDPOINT.name, &stops, &preset.stop_at_endpoint);
    protocol.compare(TOLERANCE.name, &parameters.tolerance, &published.tolerance);
}

/// Sections of stages below this one are read by their stages.
fn ask_for_stages(section: &Section<'_>) {
    let names = stages::sections().map(|stage| stage.spec().name);
    names.filter_map(|name| name.strip_prefix("paths.")).for_each(|name| {
        section.ask_for(name);
    });
}

/// Each pair names two different sets. No pair occurs twice, in either order: a path and its
/// reverse have the same barrier.
fn read_between(section: &Section<'_>, available: &Available) -> Read<Vec<EndpointSets>> {
    let check = |pairs: &Vec<[SetName; 2]>| {
        for (index, [a, b]) in pairs.iter().enumerate() {
            available.set(a.as_str())?;
            available.set(b.as_str())?;
            if a == b {
                return Err(format!("{:?} is joined with itself; use sets", a.as_str()));
            }
            let same = |pair: &&[SetName; 2]| pair.contains(a) && pair.contains(b);
            if pairs[..index].iter().any(|pair| same(&pair)) {
                return Err(format!("{:?} and {:?} are joined twice", a.as_str(), b.as_str()));
            }
            let path = |[a, b]: &[SetName; 2]| EndpointSets { a: a.clone(), b: b.clone() }.path();
            let place = path(&pairs[index]);
            if let Some([c, d]) = pairs[..index].iter().find(|pair| path(pair) == place) {
                return Err(format!(
                    "[{:?}, {:?}] and [{:?}, {:?}] would have the same group in atlas.h5, {place}; \
                     rename a set",
                    c.as_str(),
                    d.as_str(),
                    a.as_str(),
                    b.as_str()
                ));
            }
        }
        Ok(())
    };
    let pairs = section.key(&BETWEEN).check(check).value()?;
    Ok(pairs.into_iter().map(|[a, b]| EndpointSets { a, b }).collect())
}

/// The pairs of a file are read later, see `engine::listed_pairs`.
fn read_list(section: &Section<'_>, available: &Available, within: bool) -> Read<Option<PairList>> {
    let list = section.key(&LIST).check(|list| check_list(list.pairs(), within)).or_unset()?;
    available.check_numbers(list.as_ref().map_or(&[], PairList::pairs)).map_err(|message| {
        section.problem(LIST.name, message);
        Reported
    })?;
    Ok(list)
}

/// Checks a list of pairs from any source. `within` one set, no vector is joined with itself, and
/// no pair occurs in both orders.
///
/// # Errors
/// A sentence that names the pairs.
pub fn check_list(pairs: &[(u32, u32)], within: bool) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for &(a, b) in pairs {
        if within && a == b {
            return Err(format!("the pair {a}–{b} joins a vector of a set with itself"));
        }
        if !seen.insert((a, b)) || within && seen.contains(&(b, a)) {
            return Err(format!("the pair {a}–{b} is listed twice"));
        }
    }
    Ok(())
}

fn read_start(section: &Section<'_>) -> Read<Option<PathBuf>> {
    let Some(written) = section.key(&START).or_unset()? else { return Ok(None) };
    expand_path(&written).map(Some).map_err(|message| {
        section.problem(START.name, message);
        Reported
    })
}

/// The landscapes, the number of images of each, and the images of one step.
struct PathLandscapes {
    landscapes: Vec<Split>,
    datasets: Vec<LandscapeName>,
    train: Option<usize>,
    test: Option<usize>,
    batch: Option<usize>,
}

fn read_landscapes(
    section: &Section<'_>,
    available: &mut Available,
    preset: &Preset,
) -> Read<PathLandscapes> {
    if available.analytic {
        let datasets = read_datasets(section, available);
        for name in [TRAIN.name, TEST.name, BATCH.name] {
            section.refuse(
                name,
                "belongs to a network, not to [landscape], which has no images; remove it",
            );
        }
        return Ok(PathLandscapes {
            landscapes: Vec::new(),
            datasets: datasets?,
            train: None,
            test: None,
            batch: None,
        });
    }
    let landscapes = section.key(&LANDSCAPES).value();
    let [train, test] =
        [Split::Train, Split::Test].map(|split| read_images(section, split, available));
    available.sources.path_images =
        [&train, &test].map(|images| images.as_ref().ok().copied().flatten());
    let batch = section.key(&BATCH).value_or(preset.batch);
    let datasets = Vec::new();
    Ok(PathLandscapes {
        landscapes: landscapes?,
        datasets,
        train: train?,
        test: test?,
        batch: batch?,
    })
}

/// The chosen data sets of a process. Whether the process has them is known only after its start.
fn read_datasets(section: &Section<'_>, available: &Available) -> Read<Vec<LandscapeName>> {
    if !available.process {
        section.refuse(
            LANDSCAPES.name,
            "belongs to a network, not to [landscape], which has no images; remove it",
        );
        return Ok(Vec::new());
    }
    let parse = |value: &_| each(value, |text| Ok(text.to_owned()));
    let names = section.key_with(&DATASETS, parse).or_unset()?.unwrap_or_default();
    Ok(names.iter().map(|name| LandscapeName::named(name)).collect())
}

fn read_images(section: &Section<'_>, split: Split, available: &Available) -> Read<Option<usize>> {
    let in_use = available.sources.dataset.as_ref().and_then(|dataset| dataset.images(split));
    let within = |count: &Option<usize>| match (*count, in_use) {
        (Some(count), Some(most)) if count > most => {
            Err(format!("must be at most {most}, the number of dataset.{split} images, is {count}"))
        }
        _ => Ok(()),
    };
    let key = match split {
        Split::Train => &TRAIN,
        Split::Test => &TEST,
    };
    section.key(key).check(within).value()
}

fn read_parameters(section: &Section<'_>, preset: &Preset) -> Read<PathParameters> {
    let method = read_method(section, preset);
    let points = section.key(&POINTS).value_or(preset.points);
    let lambda = section.key(&LAMBDA).value_or(preset.lambda);
    let steps = section.key(&STEPS).value_or(preset.steps);
    let learning_rate = section.key(&LEARNING_RATE).value_or(preset.learning_rate);
    let schedule = section.key(&SCHEDULE).value_or(preset.schedule);
    let stop_at_endpoint = section.key(&STOP_AT_ENDPOINT).value_or(preset.stop_at_endpoint);
    let tolerance = section.key(&TOLERANCE).value();
    let patience = section.key(&PATIENCE).value();
    Ok(PathParameters {
        method: method?,
        points: points?,
        lambda: lambda?,
        steps: steps?,
        learning_rate: learning_rate?,
        schedule: schedule?,
        stop_at_endpoint: stop_at_endpoint?,
        tolerance: tolerance?,
        patience: patience?,
    })
}

/// Reads the path method with its keys.
fn read_method(section: &Section<'_>, preset: &Preset) -> Read<ChosenMethod> {
    let name = section.key(&METHOD).value();
    section.refuse_other_choices(&name);
    let name = name?;
    let method = METHODS.iter().find(|method| method.name == name).ok_or(Reported)?;
    let terms = Value::Count(preset.fourier_terms);
    let read = |key: &'static ChoiceKey| match key.name {
        "fourier_terms" => read_value_or(section, key, &terms),
        _ => read_value(section, key),
    };
    let values: Vec<_> = method.keys.iter().map(|key| (key.name, read(key))).collect();
    values.into_iter().try_fold(ChosenMethod::with_defaults(method), |with, (key, value)| {
        Ok(with.with(key, value?))
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::keys::Value;
    use crate::path::{ChosenMethod, METHODS};

    fn config(paths: &str) -> Result<Config, String> {
        let text = format!("seed = 1\n[landscape]\nkind = \"two-wells\"\n[paths]\n{paths}");
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_method_that_is_listed_can_be_configured() {
        for method in METHODS {
            let config = config(&format!("method = \"{}\"", method.name)).unwrap();
            assert_eq!(config.paths.parameters.method, ChosenMethod::with_defaults(method));
            for key in method.keys {
                assert!(
                    config.effective.contains_key(&format!("paths.{}", key.name)),
                    "{} of {method:?}",
                    key.name
                );
            }
        }
        let method = |paths| config(paths).unwrap().paths.parameters.method;
        assert_eq!(method(""), ChosenMethod::fourier(10));
        assert_eq!(method("fourier_terms = 3"), ChosenMethod::fourier(3));
        let polyline = ChosenMethod::polyline(10).with("knots", Value::Count(4));
        assert_eq!(method("method = \"polyline\"\nknots = 4"), polyline);
    }

    #[test]
    fn a_protocol_sets_the_defaults_of_its_keys_and_names_those_that_differ() {
        use crate::config::{Protocol, ProtocolSubject};
        use crate::path::PathParameters;
        let network = "seed = 1\n[dataset]\nkind = \"digits\"\n[network]\nkind = \"fcp\"\n\
                       [training]\ninitializations = 2\n[training.sgd]\nlearning_rate = 0.1\n\
                       epochs = 1\n";
        let read = |paths: &str, overrides: &[&str]| {
            let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
            let text = format!("{network}[paths]\n{paths}");
            Config::parse("x", &text, &overrides).unwrap()
        };
        let unnamed = read("", &[]);
        assert_eq!(unnamed.paths.parameters, PathParameters::default());
        assert_eq!(unnamed.paths.batch, None);
        assert_eq!(unnamed.paths.protocol.to_string(), "published");
        for protocol in Protocol::ALL {
            let preset = protocol.preset(ProtocolSubject::Images);
            let config = read(&format!("protocol = \"{}\"", protocol.name()), &[]);
            let parameters = PathParameters {
                method: ChosenMethod::fourier(preset.fourier_terms),
                points: preset.points,
                lambda: preset.lambda,
                steps: preset.steps,
                learning_rate: preset.learning_rate,
                schedule: preset.schedule,
                stop_at_endpoint: preset.stop_at_endpoint,
                ..PathParameters::default()
            };
            assert_eq!(config.paths.parameters, parameters);
            assert_eq!(config.paths.batch, preset.batch);
            assert_eq!(config.paths.protocol.to_string(), protocol.name());
            assert_eq!(config.effective["paths.steps"], preset.steps.to_string());
        }
        let changed = read("protocol = \"quick\"\nsteps = 800\nbatch = \"all\"", &[]);
        assert_eq!(changed.paths.protocol.to_string(), "quick, with steps = 800, batch = \"all\"");
        assert_eq!((changed.paths.parameters.steps, changed.paths.batch), (800, None));
        // An override of the protocol ignores the keys that the file sets for another protocol.
        let file = "points = 51\nfourier_terms = 10\nsteps = 100\ntolerance = 0.01";
        let quick = read(file, &["paths.protocol=\"quick\"", "paths.steps=50"]);
        assert_eq!(quick.paths.parameters.points, 21);
        assert_eq!(quick.paths.parameters.method.count("fourier_terms"), 5);
        let words = "quick, with steps = 50, tolerance = 0.01";
        assert_eq!(quick.paths.protocol.to_string(), words);
        assert_eq!(quick.dropped.len(), 2, "{:?}", quick.dropped);
        assert_eq!(read(file, &["paths.steps=50"]).dropped.len(), 0);
    }

    #[test]
    fn protocols_of_landscapes_without_images_have_no_batches() {
        let words = |paths: &str| config(paths).unwrap().paths.protocol.to_string();
        assert_eq!(words("protocol = \"converged\""), "converged");
        let other = "protocol = \"quick\"\nmethod = \"polyline\"\nobjective = \"sum-of-squares\"";
        assert_eq!(
            words(other),
            "quick, with method = \"polyline\", objective = \"sum-of-squares\""
        );
        assert!(config("protocol = \"quick\"\nbatch = 10").unwrap_err().contains("paths.batch"));
    }

    #[test]
    fn two_pairs_of_sets_with_one_place_in_atlas_h5_are_refused() {
        let text = "seed = 1\n[dataset]\nkind = \"digits\"\ntrain = 100\ntest = 50\n\
                    [network]\nkind = \"fcp\"\n\
                    [[import]]\nname = \"a-b/c\"\nfile = \"x.npy\"\n\
                    [[import]]\nname = \"a/b-c\"\nfile = \"y.npy\"\n\
                    [[import]]\nname = \"d/e\"\nfile = \"z.npy\"\n\
                    [paths]\nbetween = [[\"a-b/c\", \"d/e\"], [\"a/b-c\", \"d/e\"]]\n";
        let errors = Config::parse("x", text, &[]).unwrap_err().to_string();
        assert!(errors.contains("the same group in atlas.h5, between/a-b-c_d-e;"), "{errors}");
    }
}
