//! The command that continues paths which were still improving.

use crate::engine::parallel::{Launcher, Start};
use crate::engine::stage::RUN;
use crate::path::{PathParameters, PathSet, RateSchedule};
use crate::report::{CertifiedPaths, Note, Topic};
use std::env;
use std::path::Path;

/// States how many paths were still improving at their last step, with the command that continues
/// them. `None` if no path was.
///
/// If the learning rate falls toward 0 at the last step, nearly all paths still improve there, but
/// only slowly. A longer search then starts anew. Paths with a
/// [certified](crate::engine::stages::refinement::certified) refined barrier need no longer search
/// and are left out.
pub fn note(
    paths: &[PathSet],
    certified: &CertifiedPaths,
    schedule: RateSchedule,
    command: &str,
) -> Option<Note> {
    note_with(paths, certified, schedule, ":", command)
}

/// The same for the report page, which may be read elsewhere and so names no directory.
pub fn note_without_directory(
    paths: &[PathSet],
    certified: &CertifiedPaths,
    search: &PathParameters,
) -> Option<Note> {
    let command = written("lossatlas", None, Path::new("DIR"), "paths", search);
    let place = ", with the directory of the run for DIR:";
    note_with(paths, certified, search.schedule, place, &command)
}

fn note_with(
    paths: &[PathSet],
    certified: &CertifiedPaths,
    schedule: RateSchedule,
    place: &str,
    command: &str,
) -> Option<Note> {
    let improving = || certified.all_found(paths).filter(|(path, _)| path.was_improving());
    let settled = improving().filter(|(_, is_certified)| *is_certified).count();
    let (improving, all) = (improving().count() - settled, certified.all_found(paths).count());
    if improving == 0 {
        return None;
    }
    let (was, them) = if improving == 1 { ("was", "it") } else { ("were", "them") };
    let settled = match settled {
        0 => String::new(),
        1 => " (1 more has a certified refined barrier)".to_owned(),
        more => format!(" ({more} more have certified refined barriers)"),
    };
    let remark = if schedule.depends_on_steps() {
        let they = if improving == 1 { "it gets" } else { "they get" };
        format!(
            "{was} lowest after the last step, to which the learning rate falls{settled}. This \
             command shows how much lower {they} with twice the steps"
        )
    } else {
        format!("{was} still improving at the last step{settled}. This command continues {them}")
    };
    Some(Note {
        topic: Topic::Paths,
        text: format!("{improving} of {all} paths {remark}{place}\n  {command}"),
        concerns_all: false,
    })
}

/// The command for twice as many steps. `last` is the last command that ran in the directory;
/// `start` says how the program was started.
pub fn command(directory: &Path, last: &str, search: &PathParameters, start: &Start) -> String {
    let program = env::args_os().next().unwrap_or_default().to_string_lossy().into_owned();
    let ranks = start.ranks.filter(|&ranks| ranks > 1);
    let ranks =
        ranks.filter(|_| matches!(start.launcher, Some(Launcher::OpenMpi | Launcher::Hydra)));
    written(&program, ranks, directory, last, search)
}

fn written(
    program: &str,
    ranks: Option<usize>,
    directory: &Path,
    last: &str,
    search: &PathParameters,
) -> String {
    // A name without a slash was found in the search path of the shell.
    let program = if program.contains('/') { program } else { "lossatlas" };
    let ranks = ranks.map_or_else(String::new, |ranks| format!("mpirun -n {ranks} "));
    let (program, directory) = (shell_word(program), shell_word(&directory.to_string_lossy()));
    // `resume` repeats the last command, which may be one without paths.
    let finds_paths = [RUN, "paths"].contains(&last);
    let command = if finds_paths { "" } else { " --command paths" };
    let steps = 2 * search.steps.max(1);
    // Another number of steps is another schedule, so these searches start anew.
    let replace = if search.schedule.depends_on_steps() { " --replace" } else { "" };
    format!("{ranks}{program} resume {directory}{command} --set paths.steps={steps}{replace}")
}

/// A program or a directory as a shell reads it: in quotes if need be, and never as an option.
fn shell_word(word: &str) -> String {
    if word.starts_with('-') { quoted(&format!("./{word}")) } else { quoted(word) }
}

/// A word as a shell reads it: in quotes if need be.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::PathStop;
    use crate::report::notes::tests::{path, path_set};

    #[test]
    fn paths_with_certified_barriers_need_no_more_steps() {
        let falling = || path(&[0.0, 2.0, 1.0], 9, PathStop::Completed);
        let sets = [path_set("a/b", vec![falling(), falling(), falling()])];
        let text = |certified: &[Vec<bool>]| {
            let certified = CertifiedPaths::new(certified.to_vec());
            note(&sets, &certified, RateSchedule::Constant, "resume").map(|note| note.text)
        };
        let of_all = "3 of 3 paths were still improving at the last step. This command continues \
                      them:\n  resume";
        assert_eq!(text(&[]).as_deref(), Some(of_all));
        let of_one = text(&[vec![true, false, true]]).expect("one is open");
        assert!(of_one.starts_with("1 of 3 paths was still improving"), "{of_one}");
        assert!(of_one.contains("2 more have certified refined barriers"), "{of_one}");
        assert_eq!(text(&[vec![true; 3]]), None);
    }

    #[test]
    fn the_command_can_be_pasted_into_a_shell() {
        let directory = Path::new("results/it's mine");
        let steps = |steps| PathParameters { steps, ..PathParameters::default() };
        assert_eq!(
            written("target/release/lossatlas", Some(4), directory, "run", &steps(100)),
            r"mpirun -n 4 target/release/lossatlas resume 'results/it'\''s mine' --set paths.steps=200"
        );
        assert_eq!(
            written("lossatlas", None, Path::new("results/α_1"), "kpca", &steps(30)),
            "lossatlas resume results/α_1 --command paths --set paths.steps=60"
        );
        let falling = PathParameters { schedule: RateSchedule::Cooldown, ..steps(400) };
        assert_eq!(
            written("lossatlas", None, Path::new("d"), "paths", &falling),
            "lossatlas resume d --set paths.steps=800 --replace"
        );
        assert_eq!(shell_word("-d"), "./-d");
        assert_eq!(shell_word("$HOME *"), "'$HOME *'");
    }
}
