//! `command-lines.txt`.

use crate::corpus::{Case, refuse};
use crate::study;

const CORPUS: &str = include_str!("command-lines.txt");

/// A case begins with `$ lossatlas` and arguments, none of which holds a space; `""` is an empty
/// one. Lines before the first case are comments.
#[test]
fn command_lines() {
    let cases: Vec<_> = CORPUS.split("\n$ lossatlas").skip(1).map(case).collect();
    assert!(cases.len() >= 20, "the corpus is not there");
    refuse(&cases);
}

fn case(text: &str) -> Case {
    let (line, message) = text.split_once('\n').unwrap_or((text, ""));
    let arguments = line.split_whitespace().map(|argument| argument.replace("\"\"", "")).collect();
    Case {
        name: "command-lines.txt".to_owned(),
        directory: study::sound(),
        arguments,
        message: message.trim_end().to_owned(),
    }
}
