//! The commands that the pages tell readers to type: subcommands, options, keys, targets and files
//! exist.

use crate::markdown::{blocks, code, rows};
use crate::{Page, ROOT, pages};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{fs, iter};

/// What there is to be named in a command.
struct Known {
    /// The options of each subcommand, as its help lists them; under the empty name those of the
    /// program.
    options: BTreeMap<String, BTreeSet<String>>,
    /// Keys of configurations.
    keys: BTreeSet<String>,
    targets: BTreeSet<String>,
}

impl Known {
    fn new() -> Self {
        let program = help(&[]);
        let commands = program
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty());
        let names = commands.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names: Vec<String> =
            names.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect();
        assert!(names.len() > 8, "{program}");
        let all = iter::once(String::new()).chain(names.into_iter().filter(|name| name != "help"));
        let options = all.map(|name| {
            (name.clone(), options(&help(&if name.is_empty() { vec![] } else { vec![&*name] })))
        });
        let makefile = fs::read_to_string(Path::new(ROOT).join("Makefile")).expect("a file");
        let targets = makefile
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(target, _)| target.to_owned());
        Self { options: options.collect(), keys: keys(), targets: targets.collect() }
    }

    /// What is wrong with a line of a shell.
    fn problems_with(&self, line: &str) -> Vec<String> {
        let words: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
        let mut problems = Vec::new();
        for (i, word) in words.iter().enumerate() {
            if *word == "lossatlas" || word.ends_with("/release/lossatlas") {
                problems.extend(self.problems_with_arguments(&words[i + 1..]));
            }
            if i == 0 && *word == "make" {
                let targets = words[1..]
                    .iter()
                    .filter(|word| !word.contains(['=', '.', '…']) && !word.starts_with('-'));
                problems.extend(
                    targets
                        .filter(|word| !self.targets.contains(**word))
                        .map(|word| format!("make has no {word}")),
                );
            }
            if *word == "--test" {
                let missing =
                    |name: &&&str| !Path::new(ROOT).join(format!("tests/{name}.rs")).exists();
                problems.extend(
                    words.get(i + 1).filter(missing).map(|name| format!("there is no test {name}")),
                );
            }
            let of_the_project =
                ["configs/", "slurm/"].iter().any(|folder| word.starts_with(folder))
                    && !word.contains(['*', '…']);
            // The names a, b and c stand for files of the reader's.
            let readers = Path::new(word).file_stem().is_some_and(|stem| stem.len() == 1);
            if of_the_project && !readers && !Path::new(ROOT).join(word).exists() {
                problems.push(format!("there is no file {word}"));
            }
        }
        problems
    }

    fn problems_with_arguments(&self, arguments: &[&str]) -> Vec<String> {
        let Some(&first) = arguments.first() else { return Vec::new() };
        let name = if first.starts_with('-') { "" } else { first };
        let Some(options) = self.options.get(name) else {
            return vec![format!("lossatlas has no {name}")];
        };
        let mut problems = Vec::new();
        for (i, word) in
            arguments.iter().enumerate().take_while(|(_, word)| !["|", ">", "&&"].contains(*word))
        {
            let option = word.split('=').next().unwrap_or("");
            if option.starts_with("--") && !options.contains(option) {
                problems.push(format!("lossatlas {name} has no {option}"));
            }
            if *word == "--set" && name != "export" {
                let setting = arguments.get(i + 1).copied().unwrap_or("");
                let key = setting.split('=').next().unwrap_or("");
                if !self.keys.contains(key) && key != "key.path" {
                    problems.push(format!("{key} is no key"));
                }
            }
        }
        problems
    }
}

fn help(command: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lossatlas"))
        .args(command)
        .arg("--help")
        .output()
        .expect("the program");
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).expect("the program writes UTF-8")
}

/// Each option stands at the beginning of a line of the help, perhaps behind its letter.
fn options(help: &str) -> BTreeSet<String> {
    let name = |line: &str| {
        let line = line.trim_start();
        // `-h, --help`
        let long =
            line.get(2..4).filter(|between| *between == ", ").and(line.get(4..)).unwrap_or(line);
        let option = long.split([' ', '=', '[']).next()?;
        option.starts_with("--").then(|| option.to_owned())
    };
    help.lines().filter_map(name).collect()
}

/// Every key of the reference, as `--set` takes it; that those are all, another test makes sure of.
fn keys() -> BTreeSet<String> {
    let page = Page::read(Path::new(ROOT).join("docs/configuration.md"));
    let mut keys = BTreeSet::new();
    for row in rows(&page.text).into_iter().filter(|row| row.cells.len() == 5) {
        let headings = row.headings.iter().filter_map(|heading| heading.strip_prefix('`'));
        let section = headings.rev().find(|heading| heading.starts_with('[')).unwrap_or("");
        let name = section.trim_matches(['[', ']', '`']);
        let index = if section.starts_with("[[") { ".0" } else { "" };
        keys.insert(
            format!("{name}{index}.{}", row.cells[0].trim_matches('`'))
                .trim_start_matches('.')
                .to_owned(),
        );
    }
    assert!(keys.len() > 50, "{keys:?}");
    keys
}

#[test]
fn commands_name_what_there_is() {
    let known = Known::new();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in pages() {
        let shell = blocks(&page.text).into_iter().filter(|block| block.language == "sh");
        let lines = shell.flat_map(|block| {
            block
                .text
                .replace("\\\n", " ")
                .lines()
                .map(|line| (block.line, line.to_owned()))
                .collect::<Vec<_>>()
        });
        let spans = code(&page.text).into_iter().filter(|(_, span)| {
            ["lossatlas ", "make ", "--set "].iter().any(|word| span.starts_with(word))
        });
        for (line, command) in lines.chain(spans) {
            let command = if command.starts_with("--set") {
                format!("lossatlas run {command}")
            } else {
                command
            };
            checked += 1;
            wrong.extend(
                known
                    .problems_with(&command)
                    .into_iter()
                    .map(|problem| format!("{}: {problem}", page.place(line))),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 60, "{checked} commands");

    for (command, problem) in [
        ("mpirun -n 2 target/release/lossatlas fly configs/demo.toml", "lossatlas has no fly"),
        ("lossatlas run configs/demo.toml --into DIR", "lossatlas run has no --into"),
        ("lossatlas run configs/demo.toml --set paths.pair=3", "paths.pair is no key"),
        ("lossatlas run configs/nowhere.toml", "there is no file configs/nowhere.toml"),
        ("make coffee", "make has no coffee"),
        ("cargo test --test nothing", "there is no test nothing"),
    ] {
        assert_eq!(known.problems_with(command), [problem], "{command}");
    }
}
