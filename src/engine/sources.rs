//! The files that a configuration names: everything that is wrong with any of them, at once.

use crate::config::{DatasetConfig, ImportConfig, ImportFile, NetworkConfig, Sources};
use crate::data::{CLASSES, Dataset, DatasetError, digits, idx};
use crate::engine::store::{VectorSource, read_vectors, read_vectors_of_any_length};
use crate::network::{Architecture, Layout, Network};
use crate::random::MasterSeed;
use crate::solutions::SetName;
use ndarray::Array2;

/// The data and the network built for it, as far as nothing is wrong with them.
pub struct Loaded {
    dataset: Option<Dataset>,
    /// The network, if it can be built.
    pub network: Option<Box<dyn Network<f32>>>,
    /// One a line.
    pub problems: Vec<String>,
}

impl Loaded {
    /// # Errors
    /// All problems.
    pub fn into_parts(self) -> Result<(Dataset, Box<dyn Network<f32>>), String> {
        match (self.dataset, self.network) {
            (Some(dataset), Some(network)) if self.problems.is_empty() => Ok((dataset, network)),
            _ => Err(self.problems.join("\n")),
        }
    }
}

/// Loads the data of a valid configuration and builds its network.
pub fn load(name: &str, seed: MasterSeed, network: &NetworkConfig, sources: &Sources) -> Loaded {
    let dataset = load_dataset(seed, &network.dataset);
    let (problems, built) = examine(name, sources, Some(&dataset));
    Loaded { dataset: dataset.ok(), network: built, problems }
}

/// What is wrong with the files of a configuration that is in error itself.
pub fn problems(name: &str, sources: &Sources) -> Vec<String> {
    let dataset = match &sources.dataset {
        Some(DatasetConfig::Idx { dir, train, test }) => Some(idx::load(dir, *train, *test)),
        _ => None,
    };
    let (mut problems, network) = examine(name, sources, dataset.as_ref());
    let layout = network.as_ref().map(|network| network.layout());
    problems.extend(import(name, &sources.imports, layout).1);
    problems
}

fn load_dataset(master: MasterSeed, config: &DatasetConfig) -> Result<Dataset, DatasetError> {
    match config {
        DatasetConfig::Idx { dir, train, test } => idx::load(dir, *train, *test),
        DatasetConfig::Digits { seed, train, test } => {
            Ok(digits::draw(seed.map_or(master, MasterSeed), *train, *test))
        }
    }
}

/// What is wrong with the data and with the network on images of their size, and that network.
fn examine(
    name: &str,
    sources: &Sources,
    dataset: Option<&Result<Dataset, DatasetError>>,
) -> (Vec<String>, Option<Box<dyn Network<f32>>>) {
    let mut problems = Vec::new();
    let mut whole = None;
    if let Some(Err(error)) = dataset {
        problems.push(error.to_string());
        // Asking for more images than there are hides nothing else.
        if let Some(DatasetConfig::Idx { dir, .. }) = &sources.dataset {
            whole = idx::load(dir, None, None).ok();
        }
    }
    let known = dataset.and_then(|dataset| dataset.as_ref().ok()).or(whole.as_ref());
    let of_paths = known.map_or_else(Vec::new, |dataset| sources.problems_with(dataset));
    problems.extend(of_paths.iter().map(|problem| format!("{name}: {problem}")));
    let drawn = matches!(sources.dataset, Some(DatasetConfig::Digits { .. }));
    let size = known
        .map(|dataset| [dataset.train.rows, dataset.train.columns])
        .or(drawn.then_some([digits::SIDE, digits::SIDE]));
    let build = |architecture: &Architecture| {
        let [rows, columns] = size?;
        Some(architecture.build(rows, columns, CLASSES))
    };
    let network = match sources.architecture.as_ref().and_then(build) {
        Some(Ok(network)) => Some(network),
        Some(Err(problem)) => {
            problems.push(format!("{name}: network: {problem}"));
            None
        }
        None => None,
    };
    (problems, network)
}

/// The sets of vectors that are read from files, and what is wrong with the others. Without a layout, the
/// lengths of the vectors are not checked.
pub fn import(
    name: &str,
    imports: &[ImportConfig],
    layout: Option<&Layout>,
) -> (Vec<(SetName, Array2<f32>)>, Vec<String>) {
    let (mut sets, mut problems) = (Vec::new(), Vec::new());
    for import in imports {
        let source = match &import.file {
            ImportFile::Npy(file) => VectorSource::Npy(file.clone()),
            ImportFile::Atlas { file, group } => {
                VectorSource::Atlas { file: file.clone(), group: group.clone() }
            }
        };
        let read = layout.map_or_else(
            || read_vectors_of_any_length(&source),
            |layout| read_vectors(&source, layout),
        );
        match read {
            Ok(vectors) => sets.push((import.name.clone(), vectors)),
            Err(error) => problems.push(format!("{name}: import.{}: {error}", import.name)),
        }
    }
    (sets, problems)
}
