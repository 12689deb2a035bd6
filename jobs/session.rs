//! What every stage starts from: the checked configuration, the data, the results so far.

use crate::cli;
use crate::failure::Failure;
use crate::version::{COMMIT, VERSION, set_blas_threads};
use lossatlas::config::{Config, DatasetSource};
use lossatlas::dataset::{self, Dataset, ImageView};
use lossatlas::landscape::ImageLandscape;
use lossatlas::network::Network;
use lossatlas::optimizer::{Method, Training};
use lossatlas::parallel::World;
use lossatlas::random::MasterSeed;
use lossatlas::solutions::{SolutionSet, Split, select};
use lossatlas::store::{ConfigurationRecord, Contents, Journal, Record, SessionRecord};
use std::path::{Path, PathBuf};

/// A configuration with its data and its network, the same on every rank.
pub struct Problem {
    pub config: Config,
    pub dataset: Dataset,
    pub network: Box<dyn Network<f32>>,
}

impl Problem {
    /// Reads and checks everything that can be wrong before any work starts. Collective.
    pub fn load(world: &World, input: &cli::Input) -> Result<Self, Failure> {
        // Rank 0 reads the file, so that an edit in the meantime cannot tear the ranks apart.
        let config = Config::load(&input.configuration, &input.overrides);
        let text = world.broadcast(|| config.as_ref().map(|config| config.text.clone()))?;
        let name = input.configuration.display().to_string();
        let config = world.agree(Config::parse(&name, &text, &input.overrides))?;
        set_blas_threads(config.run.blas_threads);
        let dataset = world.agree(load_dataset(&config))?;
        let expected = world.broadcast(|| Ok::<_, String>(dataset.checksum.clone()))?;
        world.agree(same_data(&expected, &dataset))?;
        let problems = config.check_against(&dataset);
        if !problems.is_empty() {
            return Err(Failure::input(problems.iter().map(|problem| format!("{name}: {problem}")).collect::<Vec<_>>().join("\n")));
        }
        let network = config.network.build(dataset.train.rows, dataset.train.columns, dataset.classes);
        Ok(Self { config, dataset, network: network.map_err(|problem| Failure::input(format!("{name}: network: {problem}")))? })
    }

    /// The images of one half that training uses: all.
    pub fn images(&self, split: Split) -> ImageView<'_> {
        match split {
            Split::Train => self.dataset.train.view(),
            Split::Test => self.dataset.test.view(),
        }
    }

    /// The images of one half that path landscapes use.
    pub fn path_images(&self, split: Split) -> ImageView<'_> {
        let images = self.images(split);
        let wanted = match split {
            Split::Train => self.config.paths.train,
            Split::Test => self.config.paths.test,
        };
        images.first(wanted.unwrap_or(images.len()))
    }

    /// The network's loss on these images.
    pub fn landscape<'a>(&'a self, images: ImageView<'a>) -> ImageLandscape<'a, f32> {
        ImageLandscape::new(self.network.as_ref(), images)
    }
}

fn load_dataset(config: &Config) -> Result<Dataset, dataset::DatasetError> {
    let DatasetSource { .. } = config.dataset.source;
    todo!()
}

fn same_data(expected: &str, dataset: &Dataset) -> Result<(), String> {
    if expected == dataset.checksum {
        return Ok(());
    }
    Err(format!("{}: the data differ from those that rank 0 has read; give all nodes the same files", dataset.name))
}

/// The directory of a run, open on rank 0.
pub struct Archive {
    pub directory: PathBuf,
    pub journal: Journal,
    pub contents: Contents,
}
