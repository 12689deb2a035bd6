//! The command line: all subcommands. The file of each has its arguments.

use crate::arguments::Input;
use crate::{evaluate, export, init, manual, report, resume, run, status};
use clap::{Parser, Subcommand};
use lossatlas::engine::version::LONG;

/// Maps the loss landscapes of neural networks: trains many initializations, finds low-loss paths
/// between the solutions, and compares them by barriers, spread and kernel PCA.
#[derive(Debug, Parser)]
#[command(name = "lossatlas", version = env!("CARGO_PKG_VERSION"), long_version = LONG.as_str())]
#[command(max_term_width = 100)]
// Open MPI gives rank 0 a terminal of its own, so colors would end up in redirected output.
#[command(color = clap::ColorChoice::Never)]
#[command(
    after_help = "Run it alone, under `mpirun -n N`, or under `srun`: the results do not depend on \
    the number of ranks.\n\
    Exit codes: 0 all done, 1 a file or the system failed, 2 bad input, 3 done but some tasks \
    failed\n\
    or all results of a set are worth nothing (the last lines and `lossatlas status` say which),\n\
    75 stopped by a signal or a time limit; run the same command again to resume, or \
    `lossatlas resume DIR`.\n\
    After Ctrl-C the mpirun of Open MPI returns 1 in place of 75; the same command \
    continues all the same.\n\
    LOSSATLAS_INSTRUCTIONS=amx|vbmi2|avx512|avx2|none limits the instructions of the processor \
    that are\n\
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
    #[command(after_help = "Example: mpirun -n 8 lossatlas run configs/mnist-quick.toml \
        --out results/quick")]
    Run(run::Job),
    /// Seeds → solutions: trains all initializations with every optimizer
    Train(run::Job),
    /// Pairs of solutions → low-loss paths and barriers
    ///
    /// Needs the solutions that `train` leaves in the directory.
    Paths(run::Job),
    /// Kernel PCA and statistics of the solutions, on rank 0
    ///
    /// Needs the solutions that `train` leaves in the directory.
    Kpca(run::Job),
    /// Curvature at solutions and along paths
    ///
    /// Computes what the section `[curvature]` asks for. Needs the solutions that `train` leaves in
    /// the directory; curvature along paths needs those of `paths`.
    Analyze(run::Job),
    /// Continues a directory with the configuration and the command of its last start
    ///
    /// Neither the configuration file nor its `--set`s are needed: the journal has both. The files
    /// of the images must be where they were.
    #[command(after_help = "Example: mpirun -n 8 lossatlas resume results/quick")]
    Resume(resume::Arguments),
    /// Validates a configuration and prints the plan: tasks, memory per rank, amount of work
    Check(Input),
    /// Writes a first configuration, every key with its meaning, range and default
    ///
    /// Sizes fit the images of the folder. Keys at their defaults are comments.
    #[command(after_help = "Example: lossatlas init study.toml --network lenet --data data/mnist \
        --size quick")]
    Init(init::Arguments),
    /// Figures, tables and the paper's claims judged, as one page
    ///
    /// Writes DIR/report/: `index.html`, which needs no network, every figure as SVG and PNG, and
    /// the numbers behind them as CSV. Several directories are put side by side. Only reads the
    /// results, also those of a run that is going on.
    #[command(
        after_help = "Example: lossatlas report results/fcp results/lenet --to results/networks"
    )]
    Report(report::Arguments),
    /// What a directory holds: done, running, failed, left
    ///
    /// Only reads, so it may be used while a run is going on. `--watch` follows the run.
    #[command(after_help = "Example: lossatlas status results/quick --watch")]
    Status(status::Arguments),
    /// Losses and accuracies of parameter vectors, from this program or another
    ///
    /// Both data sets are those of the configuration, of which `[dataset]` and `[network]` are
    /// enough; nothing is stored. docs/weights.md shows how vectors come from PyTorch and get
    /// there.
    #[command(after_help = "Example: lossatlas evaluate configs/mnist-quick.toml \
        --weights results/quick/atlas.h5:/solutions/lbfgs/train")]
    Evaluate(evaluate::Arguments),
    /// Writes solutions, the points of a path, a graph or the images for other programs
    #[command(
        after_help = "Examples: lossatlas export results/quick --set lbfgs/train --to theta.npy\n          \
        lossatlas export results/quick --path lbfgs/train:0-3 --points 101 -o path.npy\n          \
        lossatlas export results/demo --images --to digits.npz\n          \
        lossatlas export results/quick --graph all --format newick --to tree.nwk"
    )]
    Export(export::Arguments),
    /// Prints what completes lossatlas at the command line of a shell
    #[command(after_help = "Example: lossatlas completions bash > \
        ~/.local/share/bash-completion/completions/lossatlas")]
    Completions(manual::Completions),
    /// Manual pages: prints that of lossatlas, or writes those of all commands
    #[command(after_help = "Example: lossatlas man ~/.local/share/man/man1 && man lossatlas-run")]
    Man(manual::Man),
}
