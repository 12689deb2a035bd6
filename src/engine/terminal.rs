//! Progress bars: on the terminal of the program, and through `mpirun` on that of `mpirun`.

use crate::engine::parallel::{Launcher, Start};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::{env, mem};
use terminal_size::{Width, terminal_size_of};

/// Maximum rate at which a bar is redrawn.
const FRAMES_PER_SECOND: u8 = 10;

/// Columns of a terminal that does not tell.
const DEFAULT_COLUMNS: u16 = 80;

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressDisplay {
    /// A bar on a terminal, lines elsewhere
    #[default]
    Auto,
    /// A bar, wherever standard error goes
    Bar,
    /// A line every 15 seconds
    Lines,
    /// No progress, only the end of each stage and failures
    None,
}

/// What the user has chosen.
static CHOSEN: OnceLock<ProgressDisplay> = OnceLock::new();

/// Chooses how progress is shown from now on. Only the first choice counts.
pub fn choose(style: ProgressDisplay) {
    CHOSEN.set(style).ok();
}

fn chosen() -> ProgressDisplay {
    CHOSEN.get().copied().unwrap_or_default()
}

/// Whether progress that has no bar is told in lines.
pub fn tells_lines() -> bool {
    chosen() != ProgressDisplay::None
}

/// A bar for so many things; `None` where none is wanted, or a bar would not look like one, as in a
/// file.
///
/// # Panics
/// If the template is not valid.
pub fn bar(length: usize, template: &str) -> Option<ProgressBar> {
    let style =
        ProgressStyle::with_template(template).expect("a valid template").progress_chars("=> ");
    let relayed = match chosen() {
        ProgressDisplay::Lines | ProgressDisplay::None => return None,
        ProgressDisplay::Auto | ProgressDisplay::Bar if io::stderr().is_terminal() => None,
        ProgressDisplay::Auto => Some(Relayed::find()?),
        ProgressDisplay::Bar => Some(Relayed::find().unwrap_or_else(Relayed::to_somewhere)),
    };
    let target = match relayed {
        None => ProgressDrawTarget::stderr(),
        Some(relayed) => {
            ProgressDrawTarget::term_like_with_hz(Box::new(relayed), FRAMES_PER_SECOND)
        }
    };
    let bar = ProgressBar::with_draw_target(Some(length as u64), target).with_style(style);
    // A terminal that cannot move its cursor (`TERM=dumb`).
    Some(bar).filter(|bar| !bar.is_hidden())
}

/// Whether what this process writes there may move the cursor of a terminal. The ranks of Open MPI
/// have a terminal of their own, whose output may go to a file.
pub fn is_screen(output: &impl IsTerminal) -> bool {
    output.is_terminal() && moves_its_cursor() && Start::here().launcher.is_none()
}

/// Whether the terminal can move its cursor, as far as the environment tells.
fn moves_its_cursor() -> bool {
    env::var("TERM").is_ok_and(|term| term != "dumb" && !term.is_empty())
}

/// Standard error that goes through a pipe to `mpirun` of Open MPI, and from there to a terminal as
/// it is.
#[derive(Debug)]
struct Relayed {
    /// The terminal, if it is known.
    terminal: Option<File>,
    frame: Mutex<String>,
}

/// Maximum number of processes between a rank and `mpirun`, such as scripts that set up the
/// environment.
const MAX_SCRIPTS: usize = 4;

impl Relayed {
    fn find() -> Option<Self> {
        let of_open_mpi = Start::here().launcher == Some(Launcher::OpenMpi);
        if !of_open_mpi
            || !moves_its_cursor()
            || env::vars_os().any(|(name, _)| changes_lines(&name.to_string_lossy()))
        {
            return None;
        }
        let here = fs::read_link("/proc/self/fd/2").ok()?;
        let ancestors = std::iter::successors(Some(parent_id()), |&process| parent_of(process));
        let mpirun = ancestors.take(MAX_SCRIPTS).map(folder).find(|process| is_mpirun(process))?;
        let terminal = File::open(mpirun.join("fd/2")).ok().filter(File::is_terminal)?;
        // The output of a script around this program may go elsewhere.
        let descriptors = fs::read_dir(mpirun.join("fd")).ok()?.flatten();
        let mut ends = descriptors.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
        let terminal = Some(terminal);
        ends.any(|end| end == here).then(|| Self { terminal, frame: Mutex::default() })
    }

    /// A terminal that only the user knows of. It has the size of the one that the process belongs
    /// to, if any.
    fn to_somewhere() -> Self {
        Self { terminal: File::open("/dev/tty").ok(), frame: Mutex::default() }
    }

    fn frame(&self) -> MutexGuard<'_, String> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_cursor(&self, steps: usize, direction: char) -> io::Result<()> {
        // A terminal takes 0 for 1.
        if steps > 0 { self.write_str(&format!("\u{1b}[{steps}{direction}")) } else { Ok(()) }
    }
}

/// The folder of a process below `/proc`.
fn folder(process: u32) -> PathBuf {
    Path::new("/proc").join(process.to_string())
}

fn parent_of(process: u32) -> Option<u32> {
    let status = fs::read_to_string(folder(process).join("status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// Whether a process is an `mpirun` that passes on the output of ranks unchanged.
fn is_mpirun(process: &Path) -> bool {
    let command = fs::read(process.join("cmdline")).unwrap_or_default();
    let arguments: Vec<_> = command.split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
    let name = arguments[0].rsplit('/').next().unwrap_or_default();
    let changes = |argument: &str| argument.starts_with('-') && changes_output(argument);
    ["mpirun", "mpiexec", "orterun", "prterun"].iter().any(|known| name.starts_with(known))
        && !arguments.iter().any(|argument| changes(argument))
}

/// Options of `mpirun` that mark each line with its rank, or write it to a file as well.
fn changes_output(option: &str) -> bool {
    option.contains("output") || option.contains("xml")
}

/// The environment variables for the same settings.
fn changes_lines(variable: &str) -> bool {
    ["OMPI_MCA_", "PRTE_MCA_"].iter().any(|start| variable.starts_with(start))
        && changes_output(variable)
}

impl TermLike for Relayed {
    fn width(&self) -> u16 {
        let size = self.terminal.as_ref().and_then(terminal_size_of);
        size.map_or(DEFAULT_COLUMNS, |(Width(columns), _)| columns)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.frame().extend([text, "\n"]);
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.frame().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\u{1b}[2K")
    }

    fn flush(&self) -> io::Result<()> {
        let frame = mem::take(&mut *self.frame());
        io::stderr().lock().write_all(frame.as_bytes())
    }
}
