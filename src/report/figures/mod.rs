//! The figures, one a file.

mod accuracies;
mod barriers;
mod distances;
mod embedding;
mod losses;
mod plane;
mod profiles;
mod spectrum;

pub(super) use barriers::protocols;
pub(super) use embedding::kernel_name;

use super::figure::Figure;
use super::run::Run;
use crate::path::PathSet;
use crate::solutions::LandscapeName;

/// All figures that these runs can have, also those for which there are no results yet, then those
/// `of_stages`.
pub fn figures(runs: &[Run<'_>], of_stages: Vec<Figure>) -> Vec<Figure> {
    let networks = runs.iter().any(|run| run.network().is_some());
    let trained = runs.iter().any(|run| !run.curves.is_empty());
    let compared = |run: &Run<'_>| run.curves.len() > 1 || !run.config.distances.is_empty();
    let compared = runs.iter().any(compared);
    let embedded = runs.iter().any(|run| !run.config.kpca.is_empty());
    let planes = runs.iter().any(|run| run.plane.is_some());
    let wanted = [
        planes.then(|| plane::figure(runs)),
        trained.then(|| losses::figure(runs)),
        (networks || !planes).then(|| barriers::figure(runs)),
        (networks || !planes).then(|| profiles::figure(runs)),
        accuracies::are_there(runs).then(|| accuracies::figure(runs)),
        compared.then(|| distances::figure(runs)),
        embedded.then(|| embedding::figure(runs)),
        embedded.then(|| spectrum::figure(runs)),
    ];
    wanted.into_iter().flatten().chain(of_stages).collect()
}

/// The paths of a run that share a panel: solutions of one kind (`train`, `test`) on one landscape,
/// with a key and a title.
fn by_member<'a>(run: &'a Run<'_>) -> Vec<(String, String, Vec<&'a PathSet>)> {
    let mut panels: Vec<(String, String, Vec<&PathSet>)> = Vec::new();
    for paths in run.paths.iter().filter(|paths| paths.found().next().is_some()) {
        let (member, landscape) = (paths.set.member(), paths.landscape);
        let key = format!("{landscape} {member}");
        let title = match landscape {
            LandscapeName::Train => format!("between {member} vectors, training landscape"),
            LandscapeName::Test => format!("between {member} vectors, test landscape"),
            LandscapeName::Named(name) => {
                format!("between {member} vectors, data set {}", name.as_str())
            }
            LandscapeName::Analytic => format!("{member} minima"),
        };
        match panels.iter_mut().find(|(known, _, _)| *known == key) {
            Some((_, _, sets)) => sets.push(paths),
            None => panels.push((key, title, vec![paths])),
        }
    }
    panels.sort_by_key(|(_, _, sets)| sets.first().map(|paths| paths.landscape));
    panels
}
