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
    after_help = "Runs alone, under `mpirun -n N`, or under `srun`. Results do not depend on the \
    number of ranks.\n\
    Exit codes: 0 success; 1 a file or the system failed; 2 bad input; 3 finished, but some tasks \
    failed\n\
    or a set has no usable result (the last lines and `lossatlas status` give the reasons); 75 \
    stopped\n\
    by a signal or a time limit: rerun the command, or `lossatlas resume DIR`, to resume.\n\
    After Ctrl-C the mpirun of Open MPI returns 1 instead of 75; rerun the command to resume.\n\
    LOSSATLAS_INSTRUCTIONS=amx|vbmi2|avx512|avx2|none limits the processor instructions in use.\n\
    LOSSATLAS_MEMORY=SIZE replaces the memory of this machine when a study is checked (see \
    docs/hpc.md)."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs all stages in order, or resumes the run in the directory
    ///
    /// Trains all initializations, finds the paths, computes kernel PCA, statistics and all other
    /// analyses of the configuration, and prints a summary. Each result is stored when it is
    /// finished. Rerun the command to resume an interrupted run.
    #[command(after_help = "Example: mpirun -n 8 lossatlas run configs/mnist-quick.toml \
        --out results/quick")]
    Run(run::Job),
    /// Trains all initializations with every optimizer
    ///
    /// Also searches for the minima of a `[landscape]`, reads the sets of `[[import]]`, and computes
    /// `[trajectory]` and `[align]`.
    Train(run::Job),
    /// Finds low-loss paths and barriers between pairs of solutions
    ///
    /// Also computes `[paths.refine]`, `[[graph]]` and `[[surface]]`. Needs the solutions of `train`
    /// in the directory.
    Paths(run::Job),
    /// Computes kernel PCA and statistics of the solutions
    ///
    /// Needs the solutions of `train` in the directory. Only rank 0 computes.
    Kpca(run::Job),
    /// Computes curvature at solutions and along paths
    ///
    /// Computes what the section `[curvature]` asks for. Needs the solutions of `train` in the
    /// directory, and for curvature along paths the paths of `paths`.
    Analyze(run::Job),
    /// Resumes a run directory with its stored configuration and its last command
    ///
    /// The journal has the configuration and its `--set`s, so neither has to be given. The images
    /// must be where they were.
    #[command(after_help = "Example: mpirun -n 8 lossatlas resume results/quick")]
    Resume(resume::Arguments),
    /// Validates a configuration and prints the plan: tasks, memory per rank, amount of work
    Check(Input),
    /// Writes a first configuration that explains every key: meaning, range, default
    ///
    /// The numbers of images and the sizes of the network fit the data. Keys at their defaults are
    /// comments.
    #[command(after_help = "Example: lossatlas init study.toml --network lenet --data data/mnist \
        --size quick")]
    Init(init::Arguments),
    /// Writes a page with figures, tables and verdicts on the paper's claims
    ///
    /// Writes DIR/report/: `index.html`, which can be read offline, every figure as SVG and PNG,
    /// and the numbers of the figures as CSV. Several directories are compared side by side. It only
    /// reads the results, so it can be used during a run.
    #[command(
        after_help = "Example: lossatlas report results/fcp results/lenet --to results/networks"
    )]
    Report(report::Arguments),
    /// Shows what is done, running, failed and left in a run directory
    ///
    /// It only reads, so it can be used during a run. `--watch` follows the run.
    #[command(after_help = "Example: lossatlas status results/quick --watch")]
    Status(status::Arguments),
    /// Computes losses and accuracies of parameter vectors, from this program or another
    ///
    /// The configuration names the images and the network: `[dataset]` and `[network]` are enough,
    /// or the `[landscape]` of a process. Nothing is stored in a run directory. docs/weights.md shows
    /// how to exchange vectors with PyTorch.
    #[command(after_help = "Example: lossatlas evaluate configs/mnist-quick.toml \
        --weights results/quick/atlas.h5:/solutions/lbfgs/train")]
    Evaluate(evaluate::Arguments),
    /// Writes solutions, points of a path, a graph, a surface or the images to a file
    #[command(
        after_help = "Examples: lossatlas export results/quick --set lbfgs/train --to theta.npy\n          \
        lossatlas export results/quick --path lbfgs/train:0-3 --points 101 -o path.npy\n          \
        lossatlas export results/demo --images --to digits.npz\n          \
        lossatlas export results/quick --graph all --format newick --to tree.nwk"
    )]
    Export(export::Arguments),
    /// Prints the completion script for a shell
    #[command(after_help = "Example: lossatlas completions bash > \
        ~/.local/share/bash-completion/completions/lossatlas")]
    Completions(manual::Completions),
    /// Prints the manual page of lossatlas, or writes those of all commands
    #[command(after_help = "Example: lossatlas man ~/.local/share/man/man1 && man lossatlas-run")]
    Man(manual::Man),
}
