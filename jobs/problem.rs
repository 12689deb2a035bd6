//! What every stage starts from: the checked configuration and what it maps.

use crate::cli;
use crate::failure::Failure;
use crate::version::keep_blas_on_one_thread;
use lossatlas::config::{Config, DatasetConfig, ImportConfig, ImportFile, LandscapeConfig, NetworkConfig, Subject};
use lossatlas::dataset::{self, Dataset, DatasetError, ImageView};
use lossatlas::landscape::{self, ImageLandscape};
use lossatlas::network::{Layout, Network};
use lossatlas::parallel::World;
use lossatlas::random::MasterSeed;
use lossatlas::solutions::{SetName, Split};
use lossatlas::store::{VectorSource, read_vectors};
use lossatlas::threads::Threads;
use ndarray::Array2;

/// A configuration and what it maps, the same on every rank.
pub struct Problem {
    pub config: Config,
    pub mapped: Mapped,
}

/// A network on images, or a closed formula.
pub enum Mapped {
    Network(Box<Trained>),
    Formula(Formula),
}

/// A network with its images and the sets of vectors read from files.
pub struct Trained {
    pub config: NetworkConfig,
    pub dataset: Dataset,
    pub network: Box<dyn Network<f32>>,
    /// On rank 0; the other ranks are sent the vectors that they evaluate.
    pub imports: Vec<(SetName, Array2<f32>)>,
    /// Images of the path landscapes, training and test.
    path_images: [Option<usize>; 2],
    /// What evaluates the landscapes.
    threads: Threads,
}

/// A closed formula.
pub struct Formula {
    pub config: LandscapeConfig,
    pub landscape: Box<dyn landscape::Formula>,
}

impl Problem {
    /// Reads and checks everything that can be wrong before any work starts. Collective.
    pub fn load(world: &World, input: &cli::Input) -> Result<Self, Failure> {
        let name = input.configuration.display().to_string();
        // Rank 0 reads the file, so that an edit in the meantime cannot tear the ranks apart.
        let text = world.broadcast(|| Config::load(&input.configuration, &input.overrides).map(|config| config.text))?;
        let config = world.agree(Config::parse(&name, &text, &input.overrides))?;
        keep_blas_on_one_thread();
        let mapped = match config.subject.clone() {
            Subject::Network(network) => Mapped::Network(Box::new(Trained::load(world, &name, &config, network)?)),
            Subject::Landscape(formula) => {
                let landscape = formula.landscape.build();
                Mapped::Formula(Formula { config: formula, landscape })
            }
        };
        Ok(Self { config, mapped })
    }

    /// As [`Self::load`], for what only a network can do.
    pub fn load_network(world: &World, input: &cli::Input) -> Result<Trained, Failure> {
        match Self::load(world, input)?.mapped {
            Mapped::Network(network) => Ok(*network),
            Mapped::Formula(_) => Err(Failure::input(format_args!(
                "{}: landscape: a formula has no weights; name a network with [dataset] and [network]",
                input.configuration.display()
            ))),
        }
    }

    /// What the components of a vector mean.
    pub fn layout(&self) -> Layout {
        match &self.mapped {
            Mapped::Network(network) => network.network.layout().clone(),
            Mapped::Formula(formula) => Layout::default().with("x", &[formula.config.landscape.dimension()], 0.0),
        }
    }

    /// Unit of the heights.
    pub fn loss_unit(&self) -> &'static str {
        match &self.mapped {
            Mapped::Network(network) => network.network.loss_unit(),
            Mapped::Formula(_) => "1",
        }
    }

    /// The data in words, and their checksum; of a formula its name alone.
    pub fn data(&self) -> (String, String) {
        match &self.mapped {
            Mapped::Network(network) => (network.dataset.name.clone(), network.dataset.checksum.clone()),
            Mapped::Formula(formula) => (format!("landscape {}", formula.config.landscape.name()), String::new()),
        }
    }
}

impl Trained {
    fn load(world: &World, name: &str, config: &Config, network: NetworkConfig) -> Result<Self, Failure> {
        let dataset = world.agree(load_dataset(config.seed, &network.dataset))?;
        let expected = world.broadcast(|| Ok::<_, String>(dataset.checksum.clone()))?;
        world.agree(same_data(&expected, &dataset))?;
        let problems = config.problems_with(&dataset);
        if !problems.is_empty() {
            let lines: Vec<_> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
            return Err(Failure::input(lines.join("\n")));
        }
        let built = network.architecture.build(dataset.train.rows, dataset.train.columns, dataset.classes);
        let built: Box<dyn Network<f32>> = built.map_err(|problem| Failure::input(format!("{name}: network: {problem}")))?;
        let imports =
            world.agree(if world.is_root() { import(name, &network.imports, built.layout()) } else { Ok(Vec::new()) })?;
        let path_images = [Split::Train, Split::Test].map(|split| config.paths.images(split));
        let threads = world.agree(start_threads(config.run.threads_per_rank))?;
        Ok(Self { config: network, dataset, network: built, imports, path_images, threads })
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
        images.first(self.path_images[split as usize].unwrap_or(images.len()))
    }

    /// The network's loss on these images.
    pub fn landscape<'a>(&'a self, images: ImageView<'a>) -> ImageLandscape<'a, f32> {
        ImageLandscape::new(self.network.as_ref(), images).on(&self.threads)
    }
}

fn start_threads(count: usize) -> Result<Threads, String> {
    Threads::new(count).map_err(|error| format!("run.threads_per_rank: the system refuses {count} threads: {error}"))
}

/// All sets of vectors that the configuration reads from files, or everything wrong with them.
fn import(name: &str, imports: &[ImportConfig], layout: &Layout) -> Result<Vec<(SetName, Array2<f32>)>, String> {
    let read = |import: &ImportConfig| {
        let source = match &import.file {
            ImportFile::Npy(file) => VectorSource::Npy(file.clone()),
            ImportFile::Atlas { file, group } => VectorSource::Atlas { file: file.clone(), group: group.clone() },
        };
        let vectors = read_vectors(&source, layout);
        vectors.map(|vectors| (import.name.clone(), vectors)).map_err(|error| format!("{name}: import.{}: {error}", import.name))
    };
    let (sets, problems): (Vec<_>, Vec<_>) = imports.iter().map(read).partition(Result::is_ok);
    if problems.is_empty() {
        return Ok(sets.into_iter().flatten().collect());
    }
    Err(problems.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("\n"))
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
