//! Slips that no checker of spelling sees: what has run together, and sentences that begin in the
//! middle.

use crate::markdown::blocks;
use crate::pages;

/// Words that have a capital letter wherever they stand.
const NAMES: [&str; 8] =
    ["Adam", "Fourier", "Julia", "Octave", "Python", "Slurm", "Wilcoxon", "Zen"];

/// The text without its blocks of code and what stands between back-quotes, line by line.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut of_code = Vec::new();
    for block in blocks(text) {
        of_code.extend(block.line..=block.line + 1 + block.text.lines().count());
    }
    let lines = (1..).zip(text.lines()).filter(|(number, _)| !of_code.contains(number));
    lines
        .map(|(number, line)| (number, line.split('`').step_by(2).collect::<Vec<_>>().join("`")))
        .collect()
}

/// What is wrong with a line, and with how the next one goes on.
fn slip(line: &str, next: &str) -> Option<&'static str> {
    let letters: Vec<char> = line.chars().collect();
    let run_together =
        letters.windows(3).any(|three| ".;:!?".contains(three[0]) && three[1..] == ['-', ' ']);
    let no_space = letters.windows(4).any(|four| {
        let ends = four[0].is_lowercase() && four[1] == '.';
        ends && four[2].is_ascii_uppercase() && four[3].is_lowercase()
    });
    let whole = format!("{line} {}", next.trim_start());
    let after_semicolon = whole.match_indices("; ").filter(|(at, _)| *at < line.len());
    let capital = after_semicolon
        .filter_map(|(at, _)| whole[at + 2..].split(|c: char| !c.is_alphanumeric()).next());
    let sentence = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase)
            && word.len() > 1
            && letters.all(char::is_lowercase)
            && !NAMES.contains(&word)
    };
    if run_together {
        Some("an item of a list begins within the line")
    } else if no_space {
        Some("no space between two sentences")
    } else if capital.into_iter().any(sentence) {
        Some("a capital letter after a semicolon")
    } else {
        None
    }
}

#[test]
fn sentences_and_lists_do_not_run_together() {
    let mut wrong = Vec::new();
    for page in pages() {
        let lines = lines(&page.text);
        for (index, (number, line)) in lines.iter().enumerate() {
            let next = lines.get(index + 1).filter(|(next, _)| *next == number + 1);
            let next = next.map_or("", |(_, next)| next.as_str());
            wrong.extend(
                slip(line, next).map(|slip| format!("{}: {slip}: {line}", page.place(*number))),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    for (line, next) in [
        ("height stays the same.- **LSTM** says", ""),
        ("several configurations at once;", "Where there are more"),
        ("falls; Where it does not", ""),
        ("of the path.The next", ""),
    ] {
        assert!(slip(line, next).is_some(), "{line}");
    }
    for (line, next) in [
        ("- an item; one more", ""),
        ("requeued; Slurm does", ""),
        ("see docs;", "L-BFGS does"),
        ("0.1 - 0.2", ""),
    ] {
        assert_eq!(slip(line, next), None, "{line}");
    }
}
