//! Completions and manual pages, made from the same definitions as the help.

use crate::start::{lossatlas, text};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use tempfile::tempdir;

/// The words of the help's lists of commands.
fn subcommands() -> BTreeSet<String> {
    let help = lossatlas(1, &["--help"]).with_code(0).stdout;
    let list = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    let names = list
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next().map(str::to_owned));
    let names: BTreeSet<_> = names.filter(|name| name != "help").collect();
    assert!(names.len() >= 12 && names.contains("run") && names.contains("man"), "{help}");
    names
}

/// The long options that the help of a command lists.
fn options(subcommand: &str) -> BTreeSet<String> {
    let help = lossatlas(1, &[subcommand, "--help"]).with_code(0).stdout;
    let listed = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = listed.flat_map(str::split_whitespace).filter(|word| word.starts_with("--"));
    // `--watch[=<SECONDS>]`
    let name = |word: &str| word.split(['[', ',']).next().unwrap_or_default().to_owned();
    let options: BTreeSet<_> = words.map(name).collect();
    assert!(options.contains("--help"), "{help}");
    options
}

fn completions(shell: &str) -> String {
    lossatlas(1, &["completions", shell]).with_code(0).stdout
}

/// What bash offers after these words, the last of which is being typed.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let quoted = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let ask = format!(
        "{}\nCOMP_WORDS=({quoted})\nCOMP_CWORD={}\n_lossatlas lossatlas '{last}' \
         '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        completions("bash"),
        words.len() - 1
    );
    let mut bash =
        Command::new("bash").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash");
    bash.stdin.take().expect("a pipe").write_all(ask.as_bytes()).expect("bash reads");
    let output = bash.wait_with_output().expect("bash ends");
    String::from_utf8(output.stdout).expect("a text").lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let checked =
        Command::new("bash").args(["-n", "-c", &completions("bash")]).output().expect("bash");
    assert!(
        checked.status.success() && checked.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let all = offered(&["lossatlas", ""]);
    for subcommand in subcommands() {
        assert!(all.contains(&subcommand), "{subcommand}: {all:?}");
    }
    assert_eq!(offered(&["lossatlas", "r"]), ["run", "report", "resume"].map(str::to_owned).into());
    assert_eq!(offered(&["lossatlas", "run", "--lo"]), ["--log-format".to_owned()].into());
    assert_eq!(
        offered(&["lossatlas", "init", "--network", "l"]),
        ["lenet", "lstm"].map(str::to_owned).into()
    );
}

#[test]
fn the_other_shells_learn_all_commands_and_options() {
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = completions(shell);
        for subcommand in subcommands() {
            assert!(script.contains(&subcommand), "{subcommand} for {shell}");
        }
        for option in options("run") {
            assert!(script.contains(option.trim_start_matches('-')), "{option} for {shell}");
        }
    }
    let refused = lossatlas(1, &["completions", "bsh"]).with_code(2);
    assert_eq!(refused.said("a similar value exists: 'bash'"), 1, "{}", refused.stderr);
}

/// The macros of man(7) that a page may use.
const MACROS: [&str; 13] =
    ["TH", "SH", "SS", "TP", "RS", "RE", "IP", "PP", "br", "ie", "el", "ds", "nh"];

#[test]
fn there_is_a_page_for_every_command_that_names_all_its_options() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("man1");
    let subcommands = subcommands();
    let said = lossatlas(1, &["man", text(&directory)]).with_code(0).stdout;
    assert_eq!(said, format!("{}: {} pages\n", directory.display(), subcommands.len() + 1));
    for subcommand in &subcommands {
        let page = fs::read_to_string(directory.join(format!("lossatlas-{subcommand}.1")))
            .expect("a page");
        for option in options(subcommand) {
            let written = option.replace('-', "\\-");
            assert!(page.contains(&written), "{option} of {subcommand}:\n{page}");
        }
        well_formed(&page);
    }
    let page = fs::read_to_string(directory.join("lossatlas.1")).expect("a page");
    well_formed(&page);
    assert_eq!(lossatlas(1, &["man"]).with_code(0).stdout, page);
    for subcommand in &subcommands {
        assert!(page.contains(&format!("lossatlas\\-{subcommand}(1)")), "{subcommand}:\n{page}");
    }
    assert!(page.contains("Exit codes: 0 success") && !page.contains("HDF5:"), "{page}");
    // A file where the directory should be.
    let refused = lossatlas(1, &["man", text(&directory.join("lossatlas.1"))]).with_code(1);
    assert_eq!(refused.said("the pages cannot be written"), 1, "{}", refused.stderr);
}

/// As far as that shows without a formatter: a title and a name, and no macro that there is not.
fn well_formed(page: &str) {
    assert_eq!(page.matches("\n.TH ").count(), 1, "{page}");
    for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
        assert_eq!(page.lines().filter(|line| *line == section).count(), 1, "{section}:\n{page}");
    }
    for line in page.lines().filter(|line| line.starts_with('.')) {
        let name = line[1..].split_whitespace().next().unwrap_or_default();
        assert!(MACROS.contains(&name), "{line}");
    }
}
