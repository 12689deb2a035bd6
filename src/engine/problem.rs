//! What every stage starts from: the checked configuration and its subject, ready to be evaluated.

use crate::config::{Config, ConfigPurpose, LandscapeConfig, NetworkConfig, Sources, Subject};
use crate::data::Split;
use crate::data::{Dataset, ImageView};
use crate::engine::capacity::{self, Part, images_part};
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::parallel::World;
use crate::engine::plan::memory::evaluation_bytes;
use crate::engine::sources;
use crate::engine::version::keep_blas_on_one_thread;
use crate::kernels::Threads;
use crate::landscape::{self, ImageLandscape};
use crate::network::{Layout, Network};
use crate::solutions::SetName;
use ndarray::Array2;
use std::path::Path;

/// A configuration and its subject, the same on every rank.
pub struct Problem {
    /// The checked configuration.
    pub config: Config,
    /// A network on images, or an analytic landscape.
    pub subject: Subject<Box<Trained>, Analytic>,
}

/// A network with its images and the sets of vectors read from files.
pub struct Trained {
    /// Its part of the configuration.
    pub config: NetworkConfig,
    /// The images, with their labels.
    pub dataset: Dataset,
    /// The network.
    pub network: Box<dyn Network<f32>>,
    /// On rank 0; the other ranks are sent the vectors that they evaluate.
    pub imports: Vec<(SetName, Array2<f32>)>,
    /// Images of the path landscapes, training and test.
    path_images: [Option<usize>; 2],
    /// What evaluates the landscapes: one thread, until there are [more](Self::start_threads).
    threads: Threads,
}

/// An analytic landscape.
pub struct Analytic {
    /// Its part of the configuration.
    pub config: LandscapeConfig,
    /// The landscape.
    pub landscape: Box<dyn landscape::AnalyticLandscape>,
}

impl Problem {
    /// Reads and checks everything that can be wrong before any work starts. Collective.
    pub fn load(
        world: &World,
        configuration: &Path,
        overrides: &[String],
    ) -> Result<Self, Failure> {
        Self::load_for(world, ConfigPurpose::Study, configuration, overrides)
    }

    fn load_for(
        world: &World,
        purpose: ConfigPurpose,
        configuration: &Path,
        overrides: &[String],
    ) -> Result<Self, Failure> {
        let name = configuration.display().to_string();
        // Rank 0 reads the file, so that an edit in the meantime cannot tear the ranks apart.
        let text = world.broadcast(|| {
            let config = Config::load_for(purpose, configuration, overrides);
            config.map(|config| config.text).map_err(|errors| {
                let sources = needed(purpose, errors.sources().clone());
                [vec![errors.to_string()], sources::problems(&name, &sources)].concat().join("\n")
            })
        })?;
        let config = world.agree(Config::parse_for(purpose, &name, &text, overrides))?;
        if world.is_root() {
            config.dropped.iter().for_each(say);
        }
        keep_blas_on_one_thread();
        let sources = needed(purpose, config.sources());
        let subject = config.subject.clone().try_map(
            |network| Trained::load(world, &name, &config, network, &sources).map(Box::new),
            |config| Ok(Analytic { landscape: config.landscape.build(), config }),
        )?;
        Ok(Self { config, subject })
    }

    /// Starts the threads of a rank, where images are shared among them. Collective.
    pub fn start_threads(&mut self, world: &World) -> Result<(), Failure> {
        let count = self.config.run.threads_per_rank;
        self.subject.network_mut().map_or(Ok(()), |trained| trained.start_threads(world, count))
    }

    /// As [`Self::load`], for the evaluation of vectors, with its threads: data and a network are
    /// enough.
    pub fn load_network(
        world: &World,
        configuration: &Path,
        overrides: &[String],
    ) -> Result<Trained, Failure> {
        let mut problem =
            Self::load_for(world, ConfigPurpose::Evaluation, configuration, overrides)?;
        problem.start_threads(world)?;
        problem.subject.into_network().map(|network| *network).ok_or_else(|| {
            Failure::input(format_args!(
                "{}: landscape: an analytic landscape has no weights; name a network with \
                 [dataset] and [network]",
                configuration.display()
            ))
        })
    }

    /// The network with its images, unless the landscape is analytic.
    pub fn trained(&self) -> Option<&Trained> {
        self.subject.network().map(AsRef::as_ref)
    }

    /// The analytic landscape, unless it is that of a network.
    pub fn analytic(&self) -> Option<&Analytic> {
        self.subject.landscape()
    }

    /// Whether the landscape is analytic.
    pub fn is_analytic(&self) -> bool {
        self.analytic().is_some()
    }

    /// Solutions in a set, at most: training runs may fail, and local minima may be fewer.
    pub fn solutions_in(&self, set: &SetName) -> usize {
        let minima = |analytic: &Analytic| analytic.config.max_minima();
        self.subject.either(|trained| trained.solutions_in(set), minima)
    }

    /// The landscapes that paths are on.
    pub fn path_landscapes(&self) -> usize {
        if self.is_analytic() { 1 } else { self.config.paths.landscapes.len() }
    }

    /// The key that says how many solutions a set has.
    pub fn keep_key(&self) -> &'static str {
        if self.is_analytic() { "landscape.keep" } else { "training.keep" }
    }

    /// The memory that a rank takes besides its task, at least.
    pub fn memory(&self) -> Vec<Part> {
        self.trained().map_or_else(Vec::new, |trained| trained.memory(&self.config))
    }

    /// What the components of a vector mean.
    pub fn layout(&self) -> Layout {
        self.subject.either(
            |trained| trained.network.layout().clone(),
            |analytic| Layout::default().with("x", &[analytic.config.landscape.dimension()], 0.0),
        )
    }

    /// Unit of losses and heights.
    pub fn loss_unit(&self) -> &'static str {
        self.trained().map_or("1", |trained| trained.network.loss_unit())
    }

    /// The data in words, and their checksum; of an analytic landscape its name alone.
    pub fn data(&self) -> (String, String) {
        self.subject.either(
            |trained| (trained.dataset.name.clone(), trained.dataset.checksum.clone()),
            |analytic| (format!("landscape {}", analytic.config.landscape.name()), String::new()),
        )
    }
}

impl Trained {
    fn load(
        world: &World,
        name: &str,
        config: &Config,
        network: NetworkConfig,
        sources: &Sources,
    ) -> Result<Self, Failure> {
        let fits = capacity::check_dataset(&network.dataset);
        world.agree(fits.map_err(|problem| format!("{name}: {problem}")))?;
        let mut loaded = sources::load(name, config.seed, &network, sources);
        let layout = loaded.network.as_ref().map(|network| network.layout().clone());
        let mut imports = Vec::new();
        // Rank 0 alone reads the imports, but all ranks must say the same.
        let of_imports = world.broadcast(|| {
            let (sets, problems) = sources::import(name, &sources.imports, layout.as_ref());
            imports = sets;
            Ok::<_, String>(problems)
        })?;
        loaded.problems.extend(of_imports);
        let (dataset, built) = world.agree(loaded.into_parts())?;
        let expected = world.broadcast(|| Ok::<_, String>(dataset.checksum.clone()))?;
        world.agree(same_data(&expected, &dataset))?;
        let path_images = [Split::Train, Split::Test].map(|split| config.paths.images(split));
        Ok(Self {
            config: network,
            dataset,
            network: built,
            imports,
            path_images,
            threads: Threads::default(),
        })
    }

    /// Solutions in a set, at most.
    fn solutions_in(&self, set: &SetName) -> usize {
        let import = self.imports.iter().find(|(name, _)| name == set);
        import.map_or(self.config.training.keep, |(_, rows)| rows.nrows())
    }

    /// The evaluation of the network and the images that the ranks of a node do not share.
    fn memory(&self, config: &Config) -> Vec<Part> {
        let batches = 1.0 + f64::from(u8::from(config.paths.batch.is_some()));
        let threads = config.run.threads_per_rank as f64;
        let bytes = evaluation_bytes(self.network.as_ref(), &config.paths.parameters);
        let evaluation = Part::new(
            threads * batches * bytes,
            "the evaluation of the network",
            "the sizes in [network], paths.points or run.threads_per_rank",
        );
        let images = [&self.dataset.train.pixels, &self.dataset.test.pixels];
        let images = images.into_iter().filter(|pixels| !pixels.are_shared());
        vec![evaluation, images_part(images.map(|pixels| pixels.memory() as f64).sum())]
    }

    /// Starts the threads that evaluate the landscapes, for those commands that compute.
    /// Collective.
    pub fn start_threads(&mut self, world: &World, count: usize) -> Result<(), Failure> {
        self.threads = world.agree(start_threads(count))?;
        Ok(())
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

    /// How many threads evaluate the landscapes.
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// The network's loss on these images.
    pub fn landscape<'a>(&'a self, images: ImageView<'a>) -> ImageLandscape<'a, f32> {
        ImageLandscape::new(self.network.as_ref(), images).on(&self.threads)
    }
}

fn start_threads(count: usize) -> Result<Threads, String> {
    Threads::new(count).map_err(|error| {
        format!("run.threads_per_rank: the system refuses {count} threads: {error}")
    })
}

/// What of the sources this purpose reads.
fn needed(purpose: ConfigPurpose, sources: Sources) -> Sources {
    match purpose {
        ConfigPurpose::Study => sources,
        ConfigPurpose::Evaluation => {
            Sources { imports: Vec::new(), path_images: [None, None], ..sources }
        }
    }
}

fn same_data(expected: &str, dataset: &Dataset) -> Result<(), String> {
    if expected == dataset.checksum {
        return Ok(());
    }
    Err(format!(
        "{}: the data differ from those that rank 0 has read; give all nodes the same files",
        dataset.name
    ))
}
