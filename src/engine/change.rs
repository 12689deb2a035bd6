//! What a change of the configuration does to the results of a run directory.

use crate::config::compatibility;
use crate::config::dependencies::Dependencies;
use crate::engine::console::count;
use crate::engine::failure::Failure;
use crate::engine::overview::Overview;
use crate::engine::plan::duration;
use crate::engine::problem::Problem;
use crate::engine::results::Results;
use crate::engine::stage::derived_sets;
use crate::engine::store::{ConfigurationRecord, Contents, TaskKey};
use crate::solutions::{EndSets, LandscapeName};
use std::path::Path;

/// Compares a configuration with the one in force. Refuses it if finished results would have to be
/// computed anew, unless `--replace` is given. Tasks with checkpoints, `begun`, count like finished
/// results. Returns what will be computed anew, in words. `None` if nothing will be.
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
    let Some(before) = contents.configuration().filter(|before| *before != record) else {
        return Ok(None);
    };
    let (known, asked) = (known_keys(contents), &record.effective);
    let mut changes = compatibility::conflicts(&known, asked);
    // Two subjects with nothing in common need a single line.
    let same_kind = compatibility::same_kind_of_subject(&known, asked);
    if same_kind && before.dataset_checksum != record.dataset_checksum {
        changes.extend(compatibility::image_conflicts(&known, asked));
    }
    let has_other_sets = compatibility::has_other_sets(&before.effective, asked);
    let anew = computed_anew(contents, problem, record)
        .or_else(|| hidden(contents, record).filter(|_| has_other_sets));
    let begun = begun_in_vain(contents, &record.dependencies(), begun);
    let anew: Vec<String> = anew.into_iter().chain(begun).collect();
    if anew.is_empty() {
        return Ok(None);
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

/// The latest values of all keys. The latest configuration may lack a key, such as one of an
/// optimizer that was not in use.
fn known_keys(contents: &Contents) -> std::collections::BTreeMap<String, String> {
    contents.configurations().iter().flat_map(|stored| stored.effective.clone()).collect()
}

/// The results that this configuration asks for and the one in force has under its own keys only:
/// `paths sgd/train on train (24), which took about 3 min on one core`. `None` if there
/// are none.
fn computed_anew(
    contents: &mut Contents,
    problem: &Problem,
    record: &ConfigurationRecord,
) -> Option<String> {
    let (before, after) = (contents.dependencies().clone(), record.dependencies());
    if before == after {
        return None;
    }
    // More steps continue the paths that exist.
    let steps = before.steps().max(after.steps());
    let continued = before.same_search(&after);
    let shown = if continued { before.clone().with_steps(steps) } else { before.clone() };
    contents.show(shown.clone());
    let (former, former_aligned) = (ended(contents, problem), aligned_paths(contents, problem));
    let unseen = unseen_tasks(contents, problem, (&before, &after));
    contents.show(after.clone());
    let (kept, kept_aligned) = (ended(contents, problem), aligned_paths(contents, problem));
    let kept_unseen = unseen.iter().map(|(stage, _)| (stage.clone(), contents.ended_tasks(stage)));
    let kept_unseen: Vec<_> = kept_unseen.collect();
    contents.show(before);
    let former = [with_largest(former, former_aligned), unseen].concat();
    let kept = [with_largest(kept, kept_aligned), kept_unseen].concat();
    let lost = former.into_iter().filter_map(|(name, ended)| {
        let there = kept.iter().find(|(known, _)| *known == name).map_or(0, |(_, ended)| *ended);
        let lost = ended.saturating_sub(there);
        (lost > 0).then(|| format!("{name} ({lost})"))
    });
    let lost: Vec<String> = lost.collect();
    if lost.is_empty() {
        return None;
    }
    let seconds = contents.seconds_hidden(&shown, &after);
    let took = if seconds > 0.0 {
        format!(", which took about {} on one core", duration(seconds))
    } else {
        String::new()
    };
    Some(format!("{}{took}", lost.join(", ")))
}

/// How many tasks have ended of the stages whose section has changed, by the names of the stages. A
/// section may be part of the keys under which tasks are stored, and then the new configuration
/// does not find the former ones. Those that it finds are counted already.
fn unseen_tasks(
    contents: &Contents,
    problem: &Problem,
    (before, after): (&Dependencies, &Dependencies),
) -> Vec<(String, usize)> {
    let overview = Overview::of(&Results { config: &problem.config, contents });
    let changed = overview.stages.iter().filter(|(stage, _)| {
        stage.section().is_some_and(|section| before.differs_in(after, section.name()))
    });
    let unseen =
        changed.filter(|(_, counts)| counts.kinds.iter().all(|kind| kind.done + kind.failed == 0));
    unseen.map(|(stage, _)| (stage.name().to_owned(), contents.ended_tasks(stage.name()))).collect()
}

/// How many paths of aligned sets have ended, by the names of their counts. If the vectors of a set
/// change, its alignment changes, and its former paths no longer count.
fn aligned_paths(contents: &Contents, problem: &Problem) -> Vec<(String, usize)> {
    let config = &problem.config;
    let aligned = derived_sets(config);
    let landscapes = Results { config, contents }.landscapes();
    let is_aligned = |sets: &EndSets| sets.both().iter().any(|set| aligned.contains(set));
    let sets = config.paths.end_sets().into_iter().filter(is_aligned);
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
fn ended(contents: &Contents, problem: &Problem) -> Vec<(String, usize)> {
    let overview = Overview::of(&Results { config: &problem.config, contents });
    overview.kinds().map(|kind| (kind.name.clone(), kind.done + kind.failed)).collect()
}
