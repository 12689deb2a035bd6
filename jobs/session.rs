//! What every stage starts from: the checked configuration, the data, the network.

use crate::cli;
use crate::failure::Failure;
use crate::version::set_blas_threads;
use lossatlas::config::{Config, DatasetConfig, NetworkConfig, Subject};
use lossatlas::dataset::{self, Dataset, DatasetError, ImageView};
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::Network;
use lossatlas::parallel::World;
use lossatlas::random::MasterSeed;
use lossatlas::solutions::Split;

/// A configuration with its data and its network, the same on every rank.
pub struct Problem {
    pub config: Config,
    pub subject: NetworkConfig,
    pub dataset: Dataset,
    pub network: Box<dyn Network<f32>>,
}

impl Problem {
    /// Reads and checks everything that can be wrong before any work starts. Collective.
    pub fn load(world: &World, input: &cli::Input) -> Result<Self, Failure> {
        let name = input.configuration.display().to_string();
        // Rank 0 reads the file, so that an edit in the meantime cannot tear the ranks apart.
        let text = world.broadcast(|| Config::load(&input.configuration, &input.overrides).map(|config| config.text))?;
        let config = world.agree(Config::parse(&name, &text, &input.overrides))?;
        set_blas_threads(config.run.blas_threads);
        let subject = world.agree(trained_network(&name, &config))?;
        let dataset = world.agree(load_dataset(config.seed, &subject.dataset))?;
        let expected = world.broadcast(|| Ok::<_, String>(dataset.checksum.clone()))?;
        world.agree(same_data(&expected, &dataset))?;
        let problems = config.problems_with(&dataset);
        if !problems.is_empty() {
            let lines: Vec<_> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
            return Err(Failure::input(lines.join("\n")));
        }
        let network = subject.architecture.build(dataset.train.rows, dataset.train.columns, dataset.classes);
        let network = network.map_err(|problem| Failure::input(format!("{name}: network: {problem}")))?;
        Ok(Self { config, subject, dataset, network })
    }

    /// The images that training uses.
    pub fn images(&self, split: Split) -> ImageView<'_> {
        match split {
            Split::Train => self.dataset.train.view(),
            Split::Test => self.dataset.test.view(),
        }
    }

    /// The images that the landscape of the paths uses.
    pub fn path_images(&self, split: Split) -> ImageView<'_> {
        let images = self.images(split);
        images.first(self.config.paths.images(split).unwrap_or(images.len()))
    }

    /// The network's loss on these images.
    pub fn landscape<'a>(&'a self, images: ImageView<'a>) -> ImageLandscape<'a, f32> {
        ImageLandscape::new(self.network.as_ref(), images)
    }
}

/// The network of a configuration that trains all its solutions.
pub fn trained_network(name: &str, config: &Config) -> Result<NetworkConfig, String> {
    match &config.subject {
        Subject::Network(network) if network.imports.is_empty() => Ok(network.clone()),
        Subject::Network(_) => Err(format!("{name}: import: this version of the program cannot read sets of solutions")),
        Subject::Landscape(_) => Err(format!("{name}: landscape: this version of the program maps networks only")),
    }
}

fn load_dataset(master: MasterSeed, config: &DatasetConfig) -> Result<Dataset, DatasetError> {
    match config {
        DatasetConfig::Idx { dir, train, test } => dataset::idx::load(dir, *train, *test),
        DatasetConfig::Digits { seed, train, test } => Ok(dataset::digits::draw(seed.map_or(master, MasterSeed), *train, *test)),
    }
}

fn same_data(expected: &str, dataset: &Dataset) -> Result<(), String> {
    if expected == dataset.checksum {
        return Ok(());
    }
    Err(format!("{}: the data differ from those that rank 0 has read; give all nodes the same files", dataset.name))
}
