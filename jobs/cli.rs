//! The command line.

use crate::init::BUILT_IN;
use crate::status;
use clap::builder::{
    NonEmptyStringValueParser, OsStringValueParser, PathBufValueParser, PossibleValue,
    PossibleValuesParser, StringValueParser, TypedValueParser,
};
use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use lossatlas::config::template::Size;
use lossatlas::engine::log;
use lossatlas::engine::store::VectorSource;
use lossatlas::network::{Descriptor, NETWORKS};
use lossatlas::solutions::SetName;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

/// Maps the loss landscapes of neural networks: trains many initializations, finds low-loss paths
/// between the solutions, and compares them by barriers, spread and kernel PCA.
#[derive(Debug, Parser)]
#[command(name = "lossatlas", version = env!("CARGO_PKG_VERSION"), long_version = lossatlas::engine::version::LONG.as_str(), max_term_width = 100)]
// Open MPI gives rank 0 a terminal of its own, so colors would end up in redirected output.
#[command(color = clap::ColorChoice::Never)]
#[command(
    after_help = "Run it alone, under `mpirun -n N`, or under `srun`: the results do not depend on the number of ranks.\n\
    Exit codes: 0 all done, 1 a file or the system failed, 2 bad input, 3 done but some tasks failed\n\
    or all results of a set are worth nothing (the last lines and `lossatlas status` say which),\n\
    75 told to stop by a signal or a time limit, what is left is continued by the same command.\n\
    After Ctrl-C the mpirun of Open MPI returns 1 in place of 75; the same command continues all the same.\n\
    LOSSATLAS_INSTRUCTIONS=amx|vbmi2|avx512|avx2|none limits the instructions of the processor that are\n\
    used, LOSSATLAS_MEMORY=SIZE is the memory that a study is checked against (see docs/hpc.md)."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every stage in order, continuing what the directory already holds
    ///
    /// Trains all initializations, computes the paths, runs kernel PCA and statistics, and prints a
    /// summary. Results are stored as soon as they are finished; the same command continues an
    /// interrupted run.
    #[command(
        after_help = "Example: mpirun -n 8 lossatlas run configs/mnist-quick.toml --out results/quick"
    )]
    Run(Job),
    /// Seeds → solutions: trains all initializations with every optimizer
    Train(Job),
    /// Pairs of solutions → low-loss paths and barriers
    ///
    /// Needs the solutions that `train` leaves in the directory.
    Paths(Job),
    /// Kernel PCA and statistics of the solutions, on rank 0
    ///
    /// Needs the solutions that `train` leaves in the directory.
    Kpca(Job),
    /// Validates a configuration and prints the plan: tasks, memory per rank, amount of work
    Check(Input),
    /// Writes a first configuration, every key with its meaning, range and default
    ///
    /// Sizes fit the images of the folder. Keys at their defaults are comments.
    #[command(
        after_help = "Example: lossatlas init study.toml --network lenet --data data/mnist --size quick"
    )]
    Init(Init),
    /// Figures, tables and the paper's claims judged, as one page
    ///
    /// Writes DIR/report/: `index.html`, which needs no network, every figure as SVG and PNG, and the
    /// numbers behind them as CSV. Several directories are put side by side. Only reads the results, also
    /// those of a run that is going on.
    #[command(
        after_help = "Example: lossatlas report results/fcp results/lenet --to results/networks"
    )]
    Report(Report),
    /// What a directory holds: done, running, failed, left
    ///
    /// Only reads, so it may be used while a run is going on.
    Status(Status),
    /// Losses and accuracies of parameter vectors, from this program or another
    ///
    /// Both data sets are those of the configuration, of which `[dataset]` and `[network]` are enough;
    /// nothing is stored. docs/weights.md shows how vectors come from PyTorch and get there.
    #[command(
        after_help = "Example: lossatlas evaluate configs/mnist-quick.toml --weights results/quick/atlas.h5:/solutions/lbfgs/train"
    )]
    Evaluate(Evaluate),
    /// Writes a set of solutions as a NumPy file
    #[command(
        after_help = "Example: lossatlas export results/quick --set lbfgs/train --to theta.npy"
    )]
    Export(Export),
    /// Prints what completes lossatlas at the command line of a shell
    #[command(
        after_help = "Example: lossatlas completions bash > ~/.local/share/bash-completion/completions/lossatlas"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Manual pages: prints that of lossatlas, or writes those of all commands
    #[command(after_help = "Example: lossatlas man ~/.local/share/man/man1 && man lossatlas-run")]
    Man {
        /// Directory for the pages of all commands; made if need be
        #[arg(value_name = "DIR", value_parser = path())]
        directory: Option<PathBuf>,
    },
}

/// Takes what `P` takes, if it is UTF-8.
///
/// Other names are refused before any work starts: the HDF5 library is given names as texts, and names go into
/// texts in the journal and in `--format json`.
#[derive(Clone)]
struct Utf8<P>(P);

impl<P: TypedValueParser> TypedValueParser for Utf8<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let bytes = value.as_encoded_bytes();
        let Err(error) = std::str::from_utf8(bytes) else {
            return self.0.parse_ref(command, argument, value);
        };
        let at = error.valid_up_to();
        let problem = format!(
            "byte {at} (0x{:02x}) is not UTF-8; rename the file or directory, or reach it by a symbolic link with \
             another name",
            bytes[at]
        );
        // This parser only words the error, with the name of the argument.
        let refuse = OsStringValueParser::new()
            .try_map(move |_| Err::<Self::Value, String>(problem.clone()));
        refuse.parse_ref(command, argument, value)
    }
}

/// A name of a file or a directory.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    Utf8(PathBufValueParser::new())
}

/// A text that is not empty.
fn text() -> impl TypedValueParser<Value = String> {
    Utf8(NonEmptyStringValueParser::new())
}

/// What to write a configuration for, and where it goes.
#[derive(Debug, Args)]
pub struct Init {
    /// The file to write; `-` is standard output
    #[arg(value_name = "FILE", value_parser = path())]
    pub file: PathBuf,
    /// The network
    #[arg(long, value_name = "NETWORK", default_value = NETWORKS[0].name, value_parser = network())]
    pub network: &'static Descriptor,
    /// The folder of four IDX files, which are read; or `built-in`: digits that the program draws
    #[arg(long, value_name = "DIR", default_value = BUILT_IN, value_parser = text(), value_hint = ValueHint::DirPath)]
    pub data: String,
    /// How much to compute
    #[arg(long, value_name = "SIZE", default_value = Size::Demo.name(), value_parser = size())]
    pub size: Size,
    /// Replaces the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// The networks there are, by name.
fn network() -> impl TypedValueParser<Value = &'static Descriptor> {
    let names = NETWORKS.iter().map(|network| PossibleValue::new(network.name).help(network.title));
    PossibleValuesParser::new(names).map(|name| {
        *NETWORKS.iter().find(|network| network.name == name).expect("one of the names")
    })
}

fn size() -> impl TypedValueParser<Value = Size> {
    let names = Size::ALL.map(|size| PossibleValue::new(size.name()).help(size.about()));
    PossibleValuesParser::new(names).map(|name| {
        Size::ALL.into_iter().find(|size| size.name() == name).expect("one of the names")
    })
}

/// A directory to look at.
#[derive(Debug, Args)]
pub struct Status {
    /// Directory of a run (its `--out`)
    #[arg(value_parser = path())]
    pub directory: PathBuf,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: status::Format,
}

/// A configuration, and where the results go.
#[derive(Debug, Args)]
pub struct Job {
    #[command(flatten)]
    pub input: Input,
    /// Directory of the results; made if need be. `atlas.h5` and the journal are in it
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub out: PathBuf,
    /// Puts the work down in time to end after so long, as in 3h50m; the same command continues it
    ///
    /// Tasks under way store their state, and the exit code is 75. This begins a twentieth of the time
    /// before its end, at most a minute, and 10 ms for each rank. Default: the end of the Slurm job, where there is one. The signals
    /// SIGUSR1, SIGTERM and Ctrl-C do the same at once; after a second SIGTERM or Ctrl-C nothing is stored.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time_limit: Option<Duration>,
    /// Says what would be done with what the directory holds, and ends; nothing is written
    #[arg(long)]
    pub dry_run: bool,
    /// How the lines of DIR/run.log are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub log_format: log::Format,
}

/// Vectors, and what to compute of them.
#[derive(Debug, Args)]
pub struct Evaluate {
    #[command(flatten)]
    pub input: Input,
    /// The vectors: a NumPy file of shape (n, P) or (P,), or a group of an HDF5 file, written as
    /// FILE:/solutions/GROUP/MEMBER
    #[arg(long, value_name = "FILE", value_parser = text().map(|text| VectorSource::from(&*text)))]
    pub weights: VectorSource,
    /// Also writes the gradient of the mean training loss at each vector, a NumPy file of shape
    /// (n, P), float32
    #[arg(long, value_name = "OUT.npy", value_parser = path())]
    pub gradient: Option<PathBuf>,
    /// Replaces the file of the gradients if it exists
    #[arg(long, requires = "gradient")]
    pub force: bool,
    /// Prints comma-separated values in full precision instead of a table
    #[arg(long)]
    pub csv: bool,
}

/// A set of solutions, and where it goes.
#[derive(Debug, Args)]
pub struct Export {
    /// Directory of a run (its `--out`)
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: PathBuf,
    /// The set, for instance `lbfgs/train`
    #[arg(long, value_name = "GROUP/MEMBER", value_parser = text().try_map(|name| SetName::parse(&name)))]
    pub set: SetName,
    /// The file to write: one vector a row, (n, P), float32
    #[arg(long, value_name = "FILE.npy", value_parser = path())]
    pub to: PathBuf,
    /// Replaces the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// Runs, and where the report on them goes.
#[derive(Debug, Args)]
pub struct Report {
    /// Directories of runs (their `--out`)
    #[arg(value_name = "DIR", required = true, value_parser = path())]
    pub directories: Vec<PathBuf>,
    /// Directory of the report; made if need be. Default for one run: DIR/report
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
}

/// A configuration file and changes to it.
#[derive(Debug, Args)]
pub struct Input {
    /// Configuration file (TOML); see configs/ for commented examples
    ///
    /// Relative paths in it start at the working directory, not at the folder of the file.
    #[arg(value_name = "CONFIG", value_parser = path())]
    pub configuration: PathBuf,
    /// Overrides a key of the configuration; repeatable. The value is TOML; a bare word is a string
    ///
    /// For instance `--set training.keep=12 --set network.activation=relu`. Where it changes a kind, as
    /// `--set network.kind=lenet` does, keys of the file that do not fit the new kind are left out, and
    /// standard error names them.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE", value_parser = Utf8(StringValueParser::new()))]
    pub overrides: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{ArgAction, CommandFactory};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    /// A command line with every argument that is needed, and a value that is not UTF-8 for this one.
    fn line(command: &clap::Command, target: &clap::Arg) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["lossatlas".into(), command.get_name().into()];
        let takes_value =
            |arg: &&clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        for arg in command.get_arguments().filter(takes_value) {
            let is_target = arg.get_id() == target.get_id();
            if !is_target && !arg.is_required_set() {
                continue;
            }
            line.extend(arg.get_long().map(|long| format!("--{long}").into()));
            line.push(if is_target {
                OsString::from_vec(b"caf\xe9".to_vec())
            } else {
                "group/member".into()
            });
        }
        line
    }

    #[test]
    fn no_argument_of_any_command_takes_what_is_not_utf_8() {
        let mut tried = 0;
        for command in Cli::command().get_subcommands() {
            let takes_value =
                |arg: &&clap::Arg| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
            for arg in command.get_arguments().filter(takes_value) {
                let line = line(command, arg);
                let refused = Cli::try_parse_from(&line).expect_err("not UTF-8").to_string();
                assert!(
                    refused.contains("UTF-8") || refused.contains("[possible values: "),
                    "{line:?}: {refused}"
                );
                if arg.get_value_parser().type_id() == std::any::TypeId::of::<PathBuf>() {
                    assert!(
                        refused.contains("byte 3 (0xe9) is not UTF-8; rename"),
                        "{line:?}: {refused}"
                    );
                }
                tried += 1;
            }
        }
        assert!(tried > 20, "{tried} arguments");
    }
}
