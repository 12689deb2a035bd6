//! `lossatlas status --watch`: looks at a run directory again and again, until the run is finished.
//!
//! Nothing is written to the directory and nothing is locked, so a run does not notice it. Of the
//! journal each look reads only what is new.

mod followed;
mod frame;
mod keyboard;

use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::log_tail;
use crate::engine::parallel::Signals;
use crate::engine::status::Status;
use crate::engine::terminal;
use console::Term;
use followed::FollowedRun;
use frame::{FrameSize, frame};
use keyboard::Keyboard;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Lines of the log that are shown.
const LOG_LINES: usize = 5;

/// How long a signal may have to wait.
const ATTENTION: Duration = Duration::from_millis(100);

const END: &str = "q or Ctrl-C ends this view, not the run";

/// What each look writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchFormat {
    /// A block of lines; on a terminal in place of the one before.
    Lines,
    /// A JSON object in a line.
    Json,
}

/// Looks at a directory every so often, until the run is finished, the user presses `q`, or a
/// signal comes.
///
/// # Errors
/// If the directory cannot be read at the beginning, or standard output cannot be written.
pub fn watch(
    directory: &Path,
    every: Duration,
    format: WatchFormat,
    signals: &Signals,
) -> Result<(), Failure> {
    let mut followed = Some(FollowedRun::open(directory)?);
    let mut view = View::new(format);
    loop {
        match look(&mut followed, directory) {
            Ok(status) => {
                let log = log_tail::warnings(directory, LOG_LINES);
                match view.show(&status, &log) {
                    Ok(()) => {}
                    // The reader has what it wanted.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                    Err(error) => {
                        let problem = format!("standard output cannot be written: {error}");
                        return Err(Failure::system(problem));
                    }
                }
                if status.finished {
                    return Ok(());
                }
            }
            // Perhaps the file system hangs for a while, or the directory is being replaced.
            Err(failure) => view.complain(&failure),
        }
        if view.wait(every, signals) {
            return Ok(());
        }
    }
}

/// Reads what is new; after an error everything.
fn look(followed: &mut Option<FollowedRun>, directory: &Path) -> Result<Status, Failure> {
    let mut run = match followed.take() {
        Some(run) => run,
        None => FollowedRun::open(directory)?,
    };
    let status = run.status()?;
    *followed = Some(run);
    Ok(status)
}

/// Where the looks go.
struct View {
    format: WatchFormat,
    screen: Option<Screen>,
    keyboard: Option<Keyboard>,
}

impl View {
    fn new(format: WatchFormat) -> Self {
        let screen = (format == WatchFormat::Lines).then(Screen::open).flatten();
        let keyboard = screen.as_ref().and_then(|_| Keyboard::open());
        Self { format, screen, keyboard }
    }

    fn show(&mut self, status: &Status, log: &[String]) -> io::Result<()> {
        if let Some(screen) = &mut self.screen {
            return screen.draw(status, log);
        }
        let mut text = match self.format {
            WatchFormat::Json => serde_json::to_string(status).map_err(io::Error::other)?,
            WatchFormat::Lines => {
                let now = format!("{:.0}", jiff::Timestamp::now());
                let size = FrameSize { rows: None, columns: None };
                frame(status, log, &now, size).join("\n") + "\n"
            }
        };
        text.push('\n');
        let mut output = io::stdout().lock();
        output.write_all(text.as_bytes()).and_then(|()| output.flush())
    }

    /// That a look has failed.
    fn complain(&mut self, failure: &Failure) {
        if let Some(screen) = &mut self.screen {
            screen.drawn = 0;
        }
        say(format_args!("{failure}; trying again"));
    }

    /// Waits for the next look. Whether there should be none.
    fn wait(&self, every: Duration, signals: &Signals) -> bool {
        let ends = self.wait_with_keys(every, signals);
        if let Some(keyboard) = &self.keyboard {
            keyboard.give_back();
        }
        ends
    }

    fn wait_with_keys(&self, every: Duration, signals: &Signals) -> bool {
        let start = Instant::now();
        loop {
            if signals.received().is_some() {
                return true;
            }
            let Some(left) = every.checked_sub(start.elapsed()).filter(|left| !left.is_zero())
            else {
                return false;
            };
            let left = left.min(ATTENTION);
            match &self.keyboard {
                Some(keyboard) if keyboard.wait_for_quit(left) => return true,
                Some(_) => {}
                None => std::thread::sleep(left),
            }
        }
    }
}

/// A terminal on which each frame takes the place of the one before.
struct Screen {
    term: Term,
    /// Lines of the last frame.
    drawn: usize,
    /// Rows and columns then.
    size: (u16, u16),
}

impl Screen {
    /// That of standard output; `None` if it is none, or cannot move its cursor.
    fn open() -> Option<Self> {
        if !terminal::is_screen(&io::stdout()) {
            return None;
        }
        let term = Term::buffered_stdout();
        term.hide_cursor().ok()?;
        let size = term.size();
        Some(Self { term, drawn: 0, size })
    }

    fn draw(&mut self, status: &Status, log: &[String]) -> io::Result<()> {
        let size = self.term.size();
        if size == self.size {
            self.term.clear_last_lines(self.drawn)?;
        } else {
            // The terminal may have broken the lines of the last frame anew.
            self.term.clear_screen()?;
        }
        let (rows, columns) = (usize::from(size.0), usize::from(size.1));
        // The cursor stands below the last line, and the last column breaks the line.
        let limit = FrameSize {
            rows: Some(rows.saturating_sub(1).max(1)),
            columns: Some(columns.saturating_sub(1).max(1)),
        };
        let end = if status.finished { "" } else { END };
        let lines = frame(status, log, end, limit);
        lines.iter().try_for_each(|line| self.term.write_line(line))?;
        self.term.flush()?;
        (self.drawn, self.size) = (lines.len(), size);
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.term.show_cursor().and_then(|()| self.term.flush()).ok();
    }
}
