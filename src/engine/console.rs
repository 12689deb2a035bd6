//! What the user reads: results on standard output, all else on standard error.

use crate::engine::failure::{self, Failure};
use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Mutex;

/// Why something for standard output was not written, the first time.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line of results.
///
/// Unlike `println!` it does not panic where standard output cannot be written: the results of a
/// run are on disk, and it must not end because nobody watches it any more. What was lost
/// [`complete`] knows.
pub fn print(line: impl Display) {
    print_text(format_args!("{line}\n"));
}

/// Prints a text as it is.
pub fn print_text(text: impl Display) {
    let mut output = io::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        // The reader has what it wanted: `lossatlas status DIR | head -1`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => {
            LOST.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
        }
        Ok(()) => {}
    }
}

/// The exit code of a command that came to an end with this one, if all that it printed was
/// written.
///
/// # Errors
/// Why it was not, followed by `safe`: what the command has left all the same. A code that already
/// says that something failed stays.
pub fn complete(code: u8, safe: impl Display) -> Result<u8, Failure> {
    let lost = LOST.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    let Some(error) = lost else { return Ok(code) };
    let code = if code == failure::SUCCESS { failure::SYSTEM } else { code };
    Err(Failure { code, message: format!("standard output cannot be written: {error}{safe}") })
}

/// Says how things go, or what is wrong. Where that cannot be written there is nobody left to tell.
pub fn say(line: impl Display) {
    // At once: `mpirun --tag-output` marks every piece that arrives by itself.
    io::stderr().lock().write_all(format!("{line}\n").as_bytes()).ok();
}

/// A text without characters that a terminal would obey.
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A number of things: `1 rank`, `3 ranks`.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 {
        return format!("1 {thing}");
    }
    match thing.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {thing}s"),
    }
}

/// `has` for one thing, `have` for several.
pub fn has(number: usize) -> &'static str {
    if number == 1 { "has" } else { "have" }
}

/// `is` for one thing, `are` for several.
pub fn is(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_thing_and_several() {
        assert_eq!(count(1, "trajectory"), "1 trajectory");
        assert_eq!(count(2, "trajectory"), "2 trajectories");
        assert_eq!(count(0, "day"), "0 days");
        assert_eq!(count(3, "rank"), "3 ranks");
    }
}
