//! Whether a study fits into the memory of the machine. Its sizes alone say so, before anything of
//! these sizes is allocated.

use crate::config::{Config, DatasetConfig};
use crate::data::digits;
use crate::engine::failure::Failure;
use crate::engine::memory::{self, Limit};
use crate::engine::parallel::World;
use crate::engine::plan::memory::{evaluation_bytes, kernel_pca_bytes, pair_bytes, task_bytes};
use crate::engine::plan::{path_bytes, training_bytes};
use crate::engine::problem::{Formula, Mapped, Problem, Trained};
use crate::engine::results::starts;
use crate::landscape::BuiltIn;
use crate::solutions::{Pairs, SetName};
use std::path::Path;

/// A part of the memory, in bytes.
struct Part {
    bytes: f64,
    /// What takes it.
    what: &'static str,
    /// What makes it smaller.
    keys: &'static str,
}

impl Part {
    fn new(bytes: f64, what: &'static str, keys: &'static str) -> Self {
        Self { bytes, what, keys }
    }
}

/// What a study takes at least: every rank, and rank 0 besides.
struct Need {
    rank: Vec<Part>,
    root: Vec<Part>,
}

/// Refuses a study that no rank of this machine can hold. On rank 0 returns a warning if the ranks of
/// this machine cannot hold theirs together. Collective.
pub fn check(world: &World, file: &Path, problem: &Problem) -> Result<Option<String>, Failure> {
    let need = match &problem.mapped {
        Mapped::Network(trained) => network_need(&problem.config, trained),
        Mapped::Formula(formula) => formula_need(&problem.config, formula),
    };
    let ranks = world.ranks_on_this_machine();
    let limit = world.agree(memory::limit())?;
    let root = if world.is_root() { need.root } else { Vec::new() };
    let refused = limit.as_ref().and_then(|limit| refusal(&need.rank, &root, limit));
    let refused = refused.map(|problem| format!("{}: {problem}", file.display()));
    world.agree(refused.map_or(Ok(()), Err))?;
    let bytes = sum(&root) + ranks as f64 * sum(&need.rank);
    let warning = limit.and_then(|limit| warning(bytes, ranks, &limit));
    Ok(warning.filter(|_| world.is_root()))
}

/// Refuses built-in digits that the machine cannot hold, before they are drawn.
pub fn check_dataset(config: &DatasetConfig) -> Result<(), String> {
    let DatasetConfig::Digits { train, test, .. } = config else { return Ok(()) };
    let image = (digits::SIDE * digits::SIDE + 1) as f64;
    let images = [images_part((train + test) as f64 * image)];
    memory::limit()?.and_then(|limit| refusal(&images, &[], &limit)).map_or(Ok(()), Err)
}

/// That so many ranks need more than the machine has, if they do.
pub fn warning(bytes: f64, ranks: usize, limit: &Limit) -> Option<String> {
    let Limit { bytes: there, source } = limit;
    (bytes > *there).then(|| {
        let who =
            if ranks == 1 { "1 rank needs".to_owned() } else { format!("{ranks} ranks need") };
        format!(
            "warning: memory: {who} about {} on this machine, which has {} ({source}); start fewer \
             ranks on each machine",
            size(bytes),
            size(*there)
        )
    })
}

fn refusal(rank: &[Part], root: &[Part], limit: &Limit) -> Option<String> {
    let bytes = sum(rank) + sum(root);
    if bytes <= limit.bytes {
        return None;
    }
    let largest = rank.iter().chain(root).max_by(|a, b| a.bytes.total_cmp(&b.bytes))?;
    let who = if sum(rank) > limit.bytes { "a rank" } else { "rank 0" };
    Some(format!(
        "memory: {who} needs at least {}, most of it for {}, and this machine has {} ({}); reduce {}, \
         or set {}=SIZE to check for a machine with more",
        size(bytes),
        largest.what,
        size(limit.bytes),
        limit.source,
        largest.keys,
        memory::VARIABLE
    ))
}

fn sum(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.bytes).sum()
}

fn images_part(bytes: f64) -> Part {
    Part::new(bytes, "the images", "dataset.train and dataset.test")
}

fn network_need(config: &Config, trained: &Trained) -> Need {
    let (network, paths) = (trained.network.as_ref(), &config.paths);
    let dimension = network.layout().parameters();
    let threads = config.run.threads_per_rank as f64;
    let batches = 1.0 + f64::from(u8::from(paths.batch.is_some()));
    let training = &trained.config.training;
    let runs = training.methods.iter().map(|&method| {
        let bytes = training_bytes(&training.method(method), dimension, 0);
        Part::new(bytes, "a training run", "the sizes in [network] or training.lbfgs.memory")
    });
    let path = Part::new(
        path_bytes(&paths.parameters, dimension, size_of::<f32>()),
        "a path",
        "the sizes in [network], paths.points, or paths.fourier_terms (paths.knots)",
    );
    let task = runs.chain([path]).max_by(|a, b| a.bytes.total_cmp(&b.bytes));
    let evaluation = Part::new(
        threads * batches * evaluation_bytes(network, &paths.parameters),
        "the evaluation of the network",
        "the sizes in [network], paths.points or run.threads_per_rank",
    );
    let images = [&trained.dataset.train.pixels, &trained.dataset.test.pixels];
    let images = images.into_iter().filter(|pixels| !pixels.are_shared());
    let images = images_part(images.map(|pixels| pixels.len() as f64).sum());

    let runs = training.methods.len() as f64 * f64::from(training.initializations);
    let vectors = |set: &SetName| {
        let import = trained.imports.iter().find(|(name, _)| name == set);
        import.map_or(training.keep, |(_, rows)| rows.nrows()) as f64
    };
    let solutions = 2.0 * runs * dimension as f64 * size_of::<f32>() as f64;
    Need {
        rank: task.into_iter().chain([evaluation, images]).collect(),
        root: vec![
            Part::new(solutions + task_bytes(runs), "the solutions", "training.initializations"),
            pairs_part(
                config,
                vectors,
                paths.landscapes.len() as f64,
                "training.keep or paths.pairs",
            ),
            analysis_part(config, vectors, "training.keep"),
        ],
    }
}

fn formula_need(config: &Config, formula: &Formula) -> Need {
    let (dimension, starts) = (formula.landscape.dimension(), f64::from(starts(&formula.config)));
    let numbers = |count: f64| count * size_of::<f64>() as f64;
    let path = path_bytes(&config.paths.parameters, dimension, size_of::<f64>());
    let path =
        Part::new(path, "a path", "the size in [landscape], or paths.fourier_terms (paths.knots)");
    let distances = match formula.config.landscape {
        BuiltIn::LennardJones(cluster) => numbers(0.5 * (cluster.atoms() as f64).powi(2)),
        _ => 0.0,
    };
    let minima = starts * numbers(dimension as f64) + task_bytes(starts);
    let vectors = |_: &SetName| starts.min(formula.config.keep as f64);
    let keys = "landscape.keep or paths.pairs";
    Need {
        rank: vec![path],
        root: vec![
            Part::new(minima, "the minima", "landscape.starts"),
            Part::new(distances, "the distances between atoms", "landscape.atoms"),
            pairs_part(config, vectors, 1.0, keys),
            analysis_part(config, vectors, "landscape.keep"),
        ],
    }
}

/// Pairs of every set are drawn, one set after the other, and those that get a path are tasks.
fn pairs_part(
    config: &Config,
    vectors: impl Fn(&SetName) -> f64,
    landscapes: f64,
    keys: &'static str,
) -> Part {
    let counts: Vec<f64> = config.paths.sets.iter().map(vectors).collect();
    let drawn = counts.iter().copied().fold(0.0, f64::max);
    let pairs = counts.iter().map(|count| {
        let all = 0.5 * count * (count - 1.0).max(0.0);
        if let Pairs::Count(most) = config.paths.pairs { all.min(most as f64) } else { all }
    });
    let tasks = landscapes * pairs.sum::<f64>();
    Part::new(pair_bytes(drawn) + task_bytes(tasks), "the pairs of solutions", keys)
}

fn analysis_part(config: &Config, vectors: impl Fn(&SetName) -> f64, keys: &'static str) -> Part {
    let each = config.kpca.iter().map(|kpca| kpca.sets.iter().map(&vectors).sum());
    Part::new(each.map(kernel_pca_bytes).fold(0.0, f64::max), "a kernel PCA", keys)
}

/// Bytes in words, to two digits or more.
pub fn size(bytes: f64) -> String {
    let units = [(1e18, "EB"), (1e15, "PB"), (1e12, "TB"), (1e10, "GB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let number = bytes / if name == "GB" { 1e9 } else { unit };
            if number < 10.0 {
                format!("{number:.1} {name}")
            } else {
                format!("{number:.0} {name}")
            }
        }
        None if bytes < 1e7 => format!("{:.1} MB", bytes / 1e6),
        None => format!("{:.0} MB", bytes / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Limit = Limit { bytes: 8e9, source: "physical memory" };

    #[test]
    fn what_does_not_fit_is_refused_with_what_takes_most_and_the_keys_that_change_it() {
        let (small, large) = (Part::new(1e9, "the images", "a"), Part::new(9e9, "a path", "b"));
        assert_eq!(refusal(&[small], &[], &LIMIT), None);
        let refused = refusal(&[large], &[Part::new(1e6, "c", "c")], &LIMIT).expect("too much");
        for words in
            ["a rank needs at least 9001 MB", "a path", "has 8000 MB (physical", "reduce b"]
        {
            assert!(refused.contains(words), "{refused}");
        }
        let refused = refusal(&[], &[Part::new(f64::MAX, "c", "d")], &LIMIT).expect("too much");
        assert!(refused.contains("rank 0 needs") && refused.contains("reduce d"), "{refused}");
    }

    #[test]
    fn ranks_that_do_not_fit_together_are_warned_of() {
        assert_eq!(warning(8e9, 2, &LIMIT), None);
        let warning = warning(9.5e10, 12, &LIMIT).expect("too much");
        assert!(warning.contains("12 ranks need about 95 GB"), "{warning}");
    }
}
