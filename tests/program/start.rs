//! Starting the program and looking at what it said.

use crate::support::mpirun_command;
use assert_cmd::Command;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// The configuration of the tests.
pub const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/program/tiny.toml");

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_lossatlas");

/// Ends what hangs. No start takes this long, on whatever machine.
pub const TIMEOUT: Duration = Duration::from_mins(5);

/// What a start of the program came to.
pub struct Ended {
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The same, if the exit code is this one.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// How often standard error says so.
    pub fn said(&self, text: &str) -> usize {
        self.stderr.matches(text).count()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}

/// Starts the program: alone on one rank, under `mpirun` on more.
pub fn lossatlas(ranks: usize, arguments: &[&str]) -> Ended {
    lossatlas_with(ranks, &[], arguments)
}

/// The same with environment variables.
pub fn lossatlas_with(ranks: usize, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = match ranks {
        1 => Command::new(PROGRAM),
        _ => mpirun_command(ranks, PROGRAM, TIMEOUT),
    };
    // A user who has set this wants the traces of defects, and should still get none for bad input.
    command.args(arguments).env("RUST_BACKTRACE", "1").timeout(TIMEOUT);
    command.envs(variables.iter().copied());
    command.output().expect("mpirun is installed").into()
}

/// Starts a subcommand that takes [`TINY`], with these overrides, on this directory.
pub fn on_tiny(ranks: usize, subcommand: &str, directory: &Path, overrides: &[&str]) -> Ended {
    let mut arguments = vec![subcommand, TINY, "--out", text(directory)];
    arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
    lossatlas(ranks, &arguments)
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary directories have ordinary names")
}
