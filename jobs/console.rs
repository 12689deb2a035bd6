//! What the user reads: results on standard output, all else on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line of results.
///
/// Unlike `println!` it does not panic when the reader has gone (`lossatlas status DIR | head -1`):
/// the results are on disk, and a run must not end because nobody watches it any more.
pub fn print(line: impl Display) {
    writeln!(io::stdout().lock(), "{line}").ok();
}

/// Prints a text that is all that was asked for, and may be redirected to a file: that there is no space for it must
/// not pass for success. A reader that has gone is none the worse.
pub fn write(text: impl Display) -> Result<(), String> {
    let mut output = io::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output cannot be written: {error}")),
        _ => Ok(()),
    }
}

/// Says how things go, or what is wrong; as careful as [`print`].
pub fn say(line: impl Display) {
    // At once: `mpirun --tag-output` marks every piece that arrives by itself.
    io::stderr().lock().write_all(format!("{line}\n").as_bytes()).ok();
}

/// A number of things: `1 rank`, `3 ranks`.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
