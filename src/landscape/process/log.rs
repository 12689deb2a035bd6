//! The standard error of a process.

use std::io::Write;

/// Bytes of the end that are kept for quotes in messages.
const TAIL: usize = 8 << 10;

/// Bytes that are kept until their destination is known.
const PENDING: usize = 1 << 20;

/// Lines and characters of the end that a message quotes.
const QUOTED_LINES: usize = 12;
const QUOTED_CHARACTERS: usize = 1500;

/// Where the standard error of a process goes.
#[derive(Default)]
pub(super) struct ErrorLog {
    tail: Vec<u8>,
    pending: Vec<u8>,
    sink: Option<ErrorSink>,
}

/// A file, or the terminal, for what a process writes to standard error.
pub struct ErrorSink {
    /// Its name in messages; `None` for the terminal.
    pub name: Option<String>,
    /// Where bytes go.
    pub write: Box<dyn Write + Send>,
}

impl ErrorLog {
    /// Passes on all bytes so far, and all that follow.
    pub fn pass_to(&mut self, mut sink: ErrorSink) {
        let pending = std::mem::take(&mut self.pending);
        // An error of the log must not cost a result.
        if !pending.is_empty() {
            sink.write.write_all(&pending).ok();
        }
        self.sink = Some(sink);
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        match &mut self.sink {
            Some(sink) => {
                sink.write.write_all(bytes).and_then(|()| sink.write.flush()).ok();
            }
            None if self.pending.len() + bytes.len() <= PENDING => {
                self.pending.extend_from_slice(bytes);
            }
            None => {}
        }
    }

    /// A new process begins: drops the end of the output of the former one.
    pub fn begin(&mut self) {
        self.tail.clear();
    }

    /// The end of standard error for a message, on one line, and the name of the file with all of
    /// it.
    pub fn quote(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        let lines: Vec<&str> =
            text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
        if lines.is_empty() {
            return "; it wrote nothing to standard error".to_owned();
        }
        let name = self.sink.as_ref().and_then(|sink| sink.name.as_ref());
        let place = name.map_or_else(String::new, |name| format!(" ({name})"));
        let last = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
        format!("; the end of its standard error{place}: {}", shortened(&last.join(" | ")))
    }
}

/// The end of a text.
fn shortened(text: &str) -> String {
    let surplus = text.chars().count().saturating_sub(QUOTED_CHARACTERS);
    let cut: String = text.chars().skip(surplus).collect();
    if surplus > 0 { format!("… {cut}") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_came_before_the_place_was_known_goes_there_too() {
        let (mut log, shared) = (ErrorLog::default(), Shared::default());
        log.write(b"early\n");
        let sink = ErrorSink { name: Some("a.log".into()), write: Box::new(shared.clone()) };
        log.pass_to(sink);
        log.write(b"late\n");
        assert_eq!(&*shared.0.lock().unwrap(), b"early\nlate\n");
        assert_eq!(log.quote(), "; the end of its standard error (a.log): early | late");
        log.begin();
        assert_eq!(log.quote(), "; it wrote nothing to standard error");
    }

    #[test]
    fn a_message_quotes_the_end() {
        let mut log = ErrorLog::default();
        (0..10_000).for_each(|line| log.write(format!("line {line}\n").as_bytes()));
        let quote = log.quote();
        assert!(quote.ends_with("line 9998 | line 9999"), "{quote}");
        assert!(quote.len() < 300 && quote.contains("line 9988 ") && !quote.contains("line 9987"));
    }
}
