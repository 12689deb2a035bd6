//! Runs of the program on the landscape of `landscape.py`, each in a directory of its own.

use crate::support::mpirun_command;
use assert_cmd::Command;
use lossatlas::engine::store::{Contents, journal};
use lossatlas::solutions::{EndpointSets, LandscapeName, SetName};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// After which a run counts as hanging.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// A working directory with a configuration, whose process is told how to misbehave.
pub struct Study(TempDir);

const TEXT: &str = r#"
seed = 3
[landscape]
kind = "process"
command = ["python3", "landscape.py"]
time_limit = "60s"
starts = 8
keep = 4
[paths]
pairs = 3
points = 11
steps = 6
fourier_terms = 3
learning_rate = 0.01
[[kpca]]
name = "all"
sets = ["minima/relaxed"]
kernel = "linear"
"#;

/// What a run came to.
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Study {
    /// With the process behaving.
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::write(root.path().join("study.toml"), TEXT).expect("a writable directory");
        let script = include_str!("landscape.py");
        fs::write(root.path().join("landscape.py"), script).expect("a writable directory");
        Self(root)
    }

    /// With another configuration.
    pub fn with(text: &str) -> Self {
        let study = Self::new();
        study.write("study.toml", text);
        study
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn out(&self) -> PathBuf {
        self.path().join("out")
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).expect("a writable directory");
    }

    /// How processes misbehave from now on.
    pub fn mode(&self, words: &str) {
        self.write("mode", words);
    }

    /// A text that processes or the program have left.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// Number of processes that were started.
    pub fn started(&self) -> usize {
        self.read("starts").lines().count()
    }

    /// Number of processes that have ended at the end of their input.
    pub fn ended(&self) -> usize {
        self.read("ends").lines().count()
    }

    /// Whether a process that was started is still there.
    pub fn has_process(&self) -> bool {
        let starts = self.read("starts");
        let mut processes = starts.lines().filter_map(|line| line.split(' ').next());
        let command = |id: &str| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        processes.any(|id| command(id).ends_with(b"landscape.py\0"))
    }

    /// Starts the program in this directory with these arguments.
    pub fn start(&self, ranks: usize, arguments: &[&str]) -> Ended {
        let program = env!("CARGO_BIN_EXE_lossatlas");
        let mut command = if ranks == 1 {
            Command::new(program)
        } else {
            mpirun_command(ranks, program, TIMEOUT)
        };
        let command = command.args(arguments).current_dir(self.path()).timeout(TIMEOUT);
        let output = command.output().expect("the program can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended {
            code: output.status.code(),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }

    /// `lossatlas COMMAND study.toml --out out`, with overrides.
    pub fn run(&self, ranks: usize, command: &str, overrides: &[&str]) -> Ended {
        let set = overrides.iter().flat_map(|&text| ["--set", text]);
        let start = [command, "study.toml", "--out", "out"];
        self.start(ranks, &start.into_iter().chain(set).collect::<Vec<_>>())
    }

    /// `lossatlas check study.toml`, with overrides.
    pub fn check(&self, overrides: &[&str]) -> Ended {
        let set = overrides.iter().flat_map(|&text| ["--set", text]);
        self.start(1, &["check", "study.toml"].into_iter().chain(set).collect::<Vec<_>>())
    }

    /// All minima and paths with all their bits, without the times they took.
    pub fn results(&self) -> Vec<String> {
        let Ok((contents, _)) = journal::read(&self.out(), Contents::default()) else {
            return Vec::new();
        };
        let set = EndpointSets::within(SetName::parse("minima/relaxed").expect("a name"));
        let minima = (0..8).filter_map(|number| {
            let test = contents.minimum_on_test(number);
            let minimum = contents.minimum(number)?;
            Some(format!("{number}: {:?} {test:?}", minimum.result))
        });
        let on = |name| {
            let paths = contents.paths(&set, LandscapeName::named(name));
            paths.map(move |(pair, path)| format!("{name} {pair:?}: {:?}", path.result))
        };
        minima.chain(on("train")).chain(on("test")).collect()
    }
}

impl Ended {
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.output, self.errors);
        self
    }

    /// Requires words in what was printed.
    #[track_caller]
    pub fn saying(self, words: &[&str]) -> Self {
        let all = format!("{}\n{}", self.output, self.errors);
        for words in words {
            assert!(all.contains(words), "{words:?} is not in\n{all}");
        }
        self
    }
}
