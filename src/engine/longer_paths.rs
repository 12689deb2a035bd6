//! The command that continues paths which were still improving.

use crate::engine::parallel::{Launcher, Start};
use crate::engine::stage::RUN;
use crate::path::{PathParameters, PathSet, RateSchedule};
use crate::report::{Note, Topic};
use std::env;
use std::path::Path;

/// States how many paths were still improving at their last step, with the command that continues
/// them. `None` if no path was.
///
/// If the learning rate falls toward 0 at the last step, nearly all paths still improve there, but
/// only slowly. A longer search then starts anew.
pub fn note(paths: &[PathSet], schedule: RateSchedule, command: &str) -> Option<Note> {
    note_with(paths, schedule, ":", command)
}

/// The same for the report page, which may be read elsewhere and so names no directory.
pub fn note_without_directory(paths: &[PathSet], search: &PathParameters) -> Option<Note> {
    let command = written("lossatlas", None, Path::new("DIR"), "paths", search);
    let place = ", with the directory of the run for DIR:";
    note_with(paths, search.schedule, place, &command)
}

fn note_with(
    paths: &[PathSet],
    schedule: RateSchedule,
    place: &str,
    command: &str,
) -> Option<Note> {
    let found = || paths.iter().flat_map(PathSet::found);
    let improving = found().filter(|path| path.was_improving()).count();
    let all = found().count();
    let remark = if schedule.depends_on_steps() {
        "were lowest after the last step, to which the learning rate falls. This command shows how \
         much lower they get with twice the steps"
    } else {
        "were still improving at the last step. This command continues them"
    };
    (improving > 0).then(|| Note {
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
