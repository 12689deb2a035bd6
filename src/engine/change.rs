//! What a change of the configuration does to the results of a run directory.

use crate::config::Config;
use crate::config::compatibility;
use crate::config::dependencies::Dependencies;
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::overview::Overview;
use crate::engine::plan::duration;
use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::stage::{KindCounts, Stage, derived_sets};
use crate::engine::store::{ConfigurationRecord, Contents, TaskKey};
use crate::engine::stored;
use crate::solutions::{EndpointSets, LandscapeName};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Compares a configuration with all that were in force. Refuses it if finished results would have
/// to be computed anew, unless `--replace` is given. Tasks with checkpoints, `begun`, count like
/// finished results. Returns what will be computed anew, in words. `None` if nothing will be.
///
/// # Errors
/// The keys that have changed, and what would be computed anew.
pub fn check_configuration(
    directory: &Path,
    contents: &mut Contents,
    problem: &Problem,
    record: &ConfigurationRecord,
    replace: bool,
    begun: &[&TaskKey],
) -> Result<Option<String>, Failure> {
    let Some(before) = contents.configuration().filter(|before| *before != record).cloned() else {
        return Ok(None);
    };
    let (known, asked) = (known_keys(contents), &record.effective);
    let mut changes = compatibility::conflicts(&known, asked);
    changes.extend(other_images(&known, &before, record));
    let has_other_sets = compatibility::has_other_sets(&before.effective, asked);
    let Lost { anew, earlier } = computed_anew(contents, problem, record);
    let anew = anew.or_else(|| hidden(contents, record).filter(|_| has_other_sets));
    let begun = begun_in_vain(contents, &record.dependencies(), begun);
    let anew: Vec<String> = anew.into_iter().chain(of_earlier(&earlier)).chain(begun).collect();
    if anew.is_empty() {
        return Ok(None);
    }
    for (former, _) in &earlier {
        let others = other_images(&former.effective, former, record).into_iter();
        let others = compatibility::conflicts(&former.effective, asked).into_iter().chain(others);
        // A key counts once, with its latest value.
        let is_new = |line: &String| !changes.iter().any(|listed| key_of(listed) == key_of(line));
        let new: Vec<String> = others.filter(is_new).collect();
        changes.extend(new);
    }
    let anew = anew.join(", and ");
    let (list, directory) = (changes.join("\n  "), directory.display());
    if replace {
        return Ok(Some(format!("{directory}: will be computed anew: {anew}\n  {list}")));
    }
    Err(Failure::input(format_args!(
        "{directory}: has results of another configuration; choose another --out or undo these \
         changes\n  {list}\nor add --replace to compute anew: {anew}; the journal keeps the former \
         results"
    )))
}

/// The key at the beginning of a line about a change.
fn key_of(line: &str) -> &str {
    line.split_once(':').map_or(line, |(key, _)| key)
}

/// How the images have changed, if they have.
fn other_images(
    known: &BTreeMap<String, String>,
    before: &ConfigurationRecord,
    record: &ConfigurationRecord,
) -> Vec<String> {
    // Two subjects with nothing in common need a single line.
    let same_kind = compatibility::same_kind_of_subject(known, &record.effective);
    if same_kind && before.dataset_checksum != record.dataset_checksum {
        compatibility::image_conflicts(known, &record.effective)
    } else {
        Vec::new()
    }
}

/// The latest values of all keys. The latest configuration may lack a key, such as one of an
/// optimizer that was not in use.
fn known_keys(contents: &Contents) -> BTreeMap<String, String> {
    contents.configurations().iter().flat_map(|stored| stored.effective.clone()).collect()
}

/// The results that a configuration would compute anew.
struct Lost {
    /// Those of the configuration in force: `paths sgd/train on train (24), which took about 3 min
    /// on one core`. `None` if there are none.
    anew: Option<String>,
    /// Those of earlier configurations, the latest of them first: `training sgd (4)`.
    earlier: Vec<(ConfigurationRecord, Vec<String>)>,
}

/// The results of earlier configurations, in words. `None` if there are none.
fn of_earlier(earlier: &[(ConfigurationRecord, Vec<String>)]) -> Option<String> {
    let words = earlier.iter().flat_map(|(_, words)| words).cloned().collect::<Vec<_>>().join(", ");
    match earlier {
        [] => None,
        [_] => Some(format!("{words} of an earlier configuration")),
        _ => Some(format!("{words} of earlier configurations")),
    }
}

/// The results that this configuration asks for, and that former configurations have under their own
/// keys only.
///
/// The configuration in force may hide results of earlier ones, because it lacks their section, set
/// or optimizer. For each kind of task, the latest configuration that asked for it counts: to replace
/// the results of those before was decided when that one was adopted. The same holds for all
/// configurations before one with the keys of the new one.
fn computed_anew(contents: &mut Contents, problem: &Problem, record: &ConfigurationRecord) -> Lost {
    let (in_force, after) = (contents.dependencies().clone(), record.dependencies());
    let mut lost = Lost { anew: None, earlier: Vec::new() };
    if in_force == after {
        return lost;
    }
    // With what is derived from the files, as the number of imported vectors.
    let config = &Config { effective: record.effective.clone(), ..problem.config.clone() };
    contents.show(after.clone());
    let kept = with_largest(ended(contents, config), paths_of_derived_sets(contents, config));
    let asked: BTreeSet<String> = kept.iter().map(|(name, _)| name.clone()).collect();
    let mut settled = BTreeSet::new();
    let formers: Vec<ConfigurationRecord> = contents.configurations().to_vec();
    for (age, former) in formers.into_iter().rev().enumerate() {
        let before = former.dependencies();
        if before == after || (age > 0 && asked.is_subset(&settled)) {
            break;
        }
        let own = stored::parse(&former).ok();
        let own = own.map(|own| Config { effective: former.effective.clone(), ..own });
        let counted = counted_before(contents, config, (&before, &after), own.as_ref());
        let counted = counted.into_iter().filter(|(name, _)| !settled.contains(name));
        let former_lost: Vec<(String, String)> = counted
            .filter_map(|(name, ended)| Some((in_words(&name, ended, &kept)?, name)))
            .collect();
        let (words, names): (Vec<String>, Vec<String>) = former_lost.into_iter().unzip();
        // Configurations with the same keys for a kind of task share its results.
        settled.extend(names);
        if !words.is_empty() && age == 0 {
            let seconds = contents.seconds_hidden(&continued(&before, &after), &after);
            lost.anew = Some(with_time(words.join(", "), seconds));
        } else if !words.is_empty() {
            lost.earlier.push((former.clone(), words));
        }
        contents.show(before);
        let names = own.iter().flat_map(|config| counts_of(config, contents));
        settled.extend(names.map(|(_, count)| count.name));
    }
    contents.show(in_force);
    lost
}

/// More tasks of this name have ended than the new configuration keeps: how many, in words.
fn in_words(name: &str, ended: usize, kept: &[(String, usize)]) -> Option<String> {
    let there = kept.iter().find(|(known, _)| known == name).map_or(0, |(_, ended)| *ended);
    let lost = ended.saturating_sub(there);
    (lost > 0).then(|| format!("{name} ({lost})"))
}

fn with_time(words: String, seconds: f64) -> String {
    if seconds > 0.0 {
        format!("{words}, which took about {} on one core", duration(seconds))
    } else {
        words
    }
}

/// Former dependencies as the new configuration continues them: more steps continue the paths that
/// exist.
fn continued(before: &Dependencies, after: &Dependencies) -> Dependencies {
    let steps = before.steps().max(after.steps());
    let same = before.same_search(after);
    if same { before.clone().with_steps(steps) } else { before.clone() }
}

/// How many tasks have ended under former dependencies, by the names of their counts. `own` is the
/// configuration with these dependencies.
///
/// A section may be part of the keys under which the tasks of a stage are stored. The new
/// configuration does not know the former keys if that section has changed, but `own` does.
fn counted_before(
    contents: &mut Contents,
    config: &Config,
    (before, after): (&Dependencies, &Dependencies),
    own: Option<&Config>,
) -> Vec<(String, usize)> {
    contents.show(continued(before, after));
    let counted = with_largest(ended(contents, config), paths_of_derived_sets(contents, config));
    contents.show(before.clone());
    let changed = |stage: &dyn Stage| {
        stage.section().is_some_and(|section| before.differs_in(after, section.name()))
    };
    let own = own.iter().flat_map(|config| counts_of(config, contents));
    let own = own.filter(|(stage, _)| changed(*stage));
    let own = own.map(|(_, count)| (count.name, count.done + count.failed)).collect();
    with_largest(counted, own)
}

/// How many paths of derived sets have ended, by the names of their counts. If the vectors of a set
/// change, the derived set changes, and its former paths no longer count.
fn paths_of_derived_sets(contents: &Contents, config: &Config) -> Vec<(String, usize)> {
    let derived = derived_sets(config);
    let landscapes = Results { config, contents }.landscapes();
    let is_derived = |sets: &EndpointSets| sets.both().iter().any(|set| derived.contains(set));
    let sets = config.paths.endpoint_sets().into_iter().filter(is_derived);
    let counts = sets.flat_map(|sets| {
        let on = |&landscape: &LandscapeName| {
            let ended = contents.paths(&sets, landscape).count();
            (format!("paths {sets} on {landscape}"), ended)
        };
        landscapes.iter().map(on).collect::<Vec<_>>()
    });
    counts.collect()
}

/// Merges counts. Of two counts with the same name, keeps the larger.
fn with_largest(
    mut counts: Vec<(String, usize)>,
    others: Vec<(String, usize)>,
) -> Vec<(String, usize)> {
    for (name, ended) in others {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = ended.max(*known),
            None => counts.push((name, ended)),
        }
    }
    counts
}

/// How many of these checkpoints are valid with the present keys and not with the new ones, in
/// words. `None` if there are none.
fn begun_in_vain(
    contents: &mut Contents,
    after: &Dependencies,
    begun: &[&TaskKey],
) -> Option<String> {
    let is_current = |contents: &Contents, key: &TaskKey| match key {
        TaskKey::Under { digest, task } => *digest == contents.digest_of(task),
        _ => false,
    };
    let mut begun = begun.to_vec();
    begun.retain(|key| is_current(contents, key));
    let before = contents.dependencies().clone();
    contents.show(after.clone());
    begun.retain(|key| !is_current(contents, key));
    contents.show(before);
    (!begun.is_empty()).then(|| count(begun.len(), "begun task"))
}

/// A sentence if there are results that this configuration does not ask for.
fn hidden(contents: &Contents, record: &ConfigurationRecord) -> Option<String> {
    let seconds = contents.seconds_hidden(contents.dependencies(), &record.dependencies());
    let took = duration(seconds);
    (seconds > 0.0).then(|| format!("everything; the former results took about {took} on one core"))
}

/// How many tasks of each kind have ended.
fn ended(contents: &Contents, config: &Config) -> Vec<(String, usize)> {
    let counts = counts_of(config, contents).into_iter();
    counts.map(|(_, count)| (count.name, count.done + count.failed)).collect()
}

/// The counts of all kinds of tasks, each with its stage.
fn counts_of(config: &Config, contents: &Contents) -> Vec<(&'static dyn Stage, KindCounts)> {
    let stages = Overview::of(&Results { config, contents }).stages.into_iter();
    let kinds =
        stages.flat_map(|(stage, counts)| counts.kinds.into_iter().map(move |kind| (stage, kind)));
    kinds.collect()
}
