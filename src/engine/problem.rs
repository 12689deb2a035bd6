//! The input of every stage: the checked configuration and its subject, ready to be evaluated.

use crate::config::{Config, ConfigErrors, ConfigPurpose, NetworkConfig, Sources, Subject};
use crate::data::Split;
use crate::data::{Dataset, ImageView};
use crate::engine::capacity::{self, MemoryUse, images_part};
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::initial_curves;
use crate::engine::landscape::{Loading, MappedLandscape, send_errors};
use crate::engine::listed_pairs;
use crate::engine::parallel::World;
use crate::engine::plan::memory::evaluation_bytes;
use crate::engine::sources;
use crate::engine::stage::source_of;
use crate::engine::version::keep_blas_on_one_thread;
use crate::kernels::Threads;
use crate::landscape::{ImageLandscape, Interrupt, Process};
use crate::network::{Layout, Network};
use crate::solutions::SetName;
use ndarray::Array2;
use std::path::Path;

/// A configuration and its subject, the same on every rank.
pub struct Problem {
    /// The checked configuration.
    pub config: Config,
    /// A network on images, or the landscape of a `[landscape]` section.
    pub subject: Subject<Box<Trained>, Box<MappedLandscape>>,
}

/// A network with its images and the sets of vectors read from files.
pub struct Trained {
    /// Its section of the configuration.
    pub config: NetworkConfig,
    /// The images, with their labels.
    pub dataset: Dataset,
    /// The network.
    pub network: Box<dyn Network<f32>>,
    /// The imported vectors, on rank 0 only. The other ranks receive the vectors that they
    /// evaluate.
    pub imports: Vec<(SetName, Array2<f32>)>,
    /// Images of the path landscapes, training and test.
    path_images: [Option<usize>; 2],
    /// The threads that evaluate the landscapes: one, until [`Self::start_threads`] starts more.
    threads: Threads,
}

impl Problem {
    /// Reads and checks the configuration and its files before any work starts. Collective.
    pub fn load(
        world: &World,
        configuration: &Path,
        overrides: &[String],
    ) -> Result<Self, Failure> {
        Self::load_unless(world, configuration, overrides, &|| false)
    }

    /// Like [`Self::load`], but gives up if `interrupt` says so: a process may take minutes to
    /// start.
    pub fn load_unless(
        world: &World,
        configuration: &Path,
        overrides: &[String],
        interrupt: &Interrupt<'_>,
    ) -> Result<Self, Failure> {
        Self::load_for(world, ConfigPurpose::Study, configuration, overrides, interrupt)
    }

    fn load_for(
        world: &World,
        purpose: ConfigPurpose,
        configuration: &Path,
        overrides: &[String],
        interrupt: &Interrupt<'_>,
    ) -> Result<Self, Failure> {
        let name = configuration.display().to_string();
        // Only rank 0 reads the file, so that all ranks see the same text even if it is edited.
        let text = world.broadcast(|| {
            let config = Config::load_for(purpose, configuration, overrides);
            config.map(|config| config.text).map_err(|errors| explain(purpose, &name, &errors))
        })?;
        Self::of_text(world, purpose, (&name, &text), overrides, interrupt)
    }

    /// Like [`Self::load`], for the text of a configuration; `name` is its name in messages.
    /// Collective.
    pub fn load_text(
        world: &World,
        name: &str,
        text: &str,
        overrides: &[String],
        interrupt: &Interrupt<'_>,
    ) -> Result<Self, Failure> {
        let purpose = ConfigPurpose::Study;
        world.broadcast(|| {
            let config = Config::parse_for(purpose, name, text, overrides);
            config.map(|_| ()).map_err(|errors| explain(purpose, name, &errors))
        })?;
        Self::of_text(world, purpose, (name, text), overrides, interrupt)
    }

    fn of_text(
        world: &World,
        purpose: ConfigPurpose,
        (name, text): (&str, &str),
        overrides: &[String],
        interrupt: &Interrupt<'_>,
    ) -> Result<Self, Failure> {
        let mut config = world.agree(Config::parse_for(purpose, name, text, overrides))?;
        if purpose == ConfigPurpose::Study {
            config.list_pairs(world.broadcast(|| {
                initial_curves::check(&config.paths)
                    .and_then(|()| listed_pairs::read(&config.paths))
                    .map_err(|problem| format!("{name}: {problem}"))
            })?);
        }
        if world.is_root() {
            config.dropped.iter().for_each(say);
        }
        keep_blas_on_one_thread();
        let sources = needed(purpose, config.sources());
        let subject = match config.subject.clone() {
            Subject::Network(network) => {
                Subject::Network(Box::new(Trained::load(world, name, &config, network, &sources)?))
            }
            Subject::Landscape(landscape) => {
                let loading = Loading { world, purpose, name, interrupt };
                let landscape = MappedLandscape::load(&loading, &mut config, landscape)?;
                Subject::Landscape(Box::new(landscape))
            }
        };
        let problem = Self { config, subject };
        // An evaluation has neither solutions nor paths.
        if purpose == ConfigPurpose::Study {
            let dataset = problem.trained().map(|trained| &trained.dataset);
            if let Some(warning) = dataset.filter(|_| world.is_root()).and_then(sources::unscaled) {
                say(warning);
            }
            // Only rank 0 has the imported vectors.
            let listed = world.broadcast(|| listed_pairs::check(&problem));
            listed.map_err(|error| Failure::input(format_args!("{name}: {error}")))?;
        }
        Ok(problem)
    }

    /// Starts the threads of a rank, which share the images of an evaluation. Collective.
    pub fn start_threads(&mut self, world: &World) -> Result<(), Failure> {
        let count = self.config.run.threads_per_rank;
        self.subject.network_mut().map_or(Ok(()), |trained| trained.start_threads(world, count))
    }

    /// Like [`Self::load`], for the evaluation of vectors, with its threads. Data and a network, or
    /// a process, are enough.
    pub fn load_for_evaluation(
        world: &World,
        configuration: &Path,
        overrides: &[String],
    ) -> Result<Self, Failure> {
        let mut problem =
            Self::load_for(world, ConfigPurpose::Evaluation, configuration, overrides, &|| false)?;
        problem.start_threads(world)?;
        if problem.landscape().is_some_and(|landscape| landscape.process().is_none()) {
            return Err(Failure::input(format_args!(
                "{}: landscape: an analytic landscape has no weights; name a network with \
                 [dataset] and [network], or a process",
                configuration.display()
            )));
        }
        Ok(problem)
    }

    /// The network with its images, if it is one.
    pub fn trained(&self) -> Option<&Trained> {
        self.subject.network().map(AsRef::as_ref)
    }

    /// The landscape, analytic or a process, unless it is that of a network on images.
    pub fn landscape(&self) -> Option<&MappedLandscape> {
        self.subject.landscape().map(AsRef::as_ref)
    }

    /// Sends the standard error of a process to a file of the run directory, or to the terminal.
    pub fn send_errors(&self, world: &World, directory: Option<&Path>) {
        if let Some(process) = self.process() {
            send_errors(process, directory, world.rank());
        }
    }

    /// The process that computes the landscape, if one does.
    pub fn process(&self) -> Option<&Process> {
        self.landscape()?.process()
    }

    /// Maximum number of solutions in a set: training runs may fail, and there may be fewer local
    /// minima.
    pub fn solutions_in(&self, set: &SetName) -> usize {
        let set = source_of(&self.config, set);
        self.subject
            .either(|trained| trained.solutions_in(&set), |landscape| landscape.solutions_in(&set))
    }

    /// An upper bound of the initialization numbers of a set, exclusive.
    pub fn numbers_in(&self, set: &SetName) -> u32 {
        let set = source_of(&self.config, set);
        let of_network = |trained: &Trained| {
            let import = trained.imports.iter().find(|(name, _)| *name == set);
            import.map_or(trained.config.training.initializations, |(_, rows)| rows.nrows() as u32)
        };
        let of_landscape = |landscape: &MappedLandscape| {
            let import = landscape.imports.iter().find(|(name, _)| *name == set);
            import.map_or(landscape.starts, |(_, rows)| rows.nrows() as u32)
        };
        self.subject.either(|trained| of_network(trained), |landscape| of_landscape(landscape))
    }

    /// Number of landscapes with paths.
    pub fn path_landscapes(&self) -> usize {
        let paths = &self.config.paths;
        match self.landscape() {
            None => paths.landscapes.len(),
            Some(landscape) if paths.datasets.is_empty() => landscape.names().len(),
            Some(_) => paths.datasets.len(),
        }
    }

    /// The key that sets how many solutions a set has.
    pub fn keep_key(&self) -> &'static str {
        if self.landscape().is_some() { "landscape.keep" } else { "training.keep" }
    }

    /// A lower bound of the memory that a rank uses in addition to its task.
    pub fn memory(&self) -> Vec<MemoryUse> {
        match &self.subject {
            Subject::Network(trained) => trained.memory(&self.config),
            Subject::Landscape(landscape) => landscape.memory(),
        }
    }

    /// The meaning of the components of a vector.
    pub fn layout(&self) -> Layout {
        self.subject
            .either(|trained| trained.network.layout().clone(), |landscape| landscape.layout())
    }

    /// Unit of losses and heights.
    pub fn loss_unit(&self) -> &str {
        self.subject.either(|trained| trained.network.loss_unit(), |landscape| landscape.unit())
    }

    /// The data in words, and their checksum. For another landscape, its name and an empty
    /// checksum.
    pub fn data(&self) -> (String, String) {
        self.subject.either(
            |trained| (trained.dataset.name.clone(), trained.dataset.checksum.clone()),
            |landscape| {
                let what = if landscape.process().is_some() { "process" } else { "landscape" };
                (format!("{what} {}", landscape.name()), String::new())
            },
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
        // Only rank 0 reads the imports, but all ranks must report the same.
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

    /// Maximum number of solutions in a set.
    fn solutions_in(&self, set: &SetName) -> usize {
        let import = self.imports.iter().find(|(name, _)| name == set);
        import.map_or(self.config.training.keep, |(_, rows)| rows.nrows())
    }

    /// The memory of evaluations, and of the images that the ranks of a node do not share.
    fn memory(&self, config: &Config) -> Vec<MemoryUse> {
        let batches = 1.0 + f64::from(u8::from(config.paths.batch.is_some()));
        let threads = config.run.threads_per_rank as f64;
        let bytes = evaluation_bytes(self.network.as_ref(), &config.paths.parameters);
        let evaluation = MemoryUse::new(
            threads * batches * bytes,
            "the evaluation of the network",
            "the sizes in [network], paths.points or run.threads_per_rank",
        );
        let images = [&self.dataset.train.pixels, &self.dataset.test.pixels];
        let images = images.into_iter().filter(|pixels| !pixels.are_shared());
        vec![evaluation, images_part(images.map(|pixels| pixels.memory() as f64).sum())]
    }

    /// Starts the threads that evaluate the landscapes. Collective.
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

    /// Number of threads that evaluate the landscapes.
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// The network in double precision.
    ///
    /// # Errors
    /// As for the network in single precision, which exists.
    pub fn in_double_precision(&self) -> Result<Box<dyn Network<f64>>, String> {
        self.config.architecture.build(self.dataset.shape(), self.dataset.classes)
    }

    /// The loss of such a network on these images, computed by the threads of the rank.
    pub fn landscape_of<'a>(
        &'a self,
        network: &'a dyn Network<f64>,
        images: ImageView<'a>,
    ) -> ImageLandscape<'a, f64> {
        ImageLandscape::new(network, images).on(&self.threads)
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

/// All problems of a configuration and of the files that it names.
fn explain(purpose: ConfigPurpose, name: &str, errors: &ConfigErrors) -> String {
    let sources = needed(purpose, errors.sources().clone());
    [vec![errors.to_string()], sources::problems(name, &sources)].concat().join("\n")
}

/// The sources that this purpose reads.
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
        "{}: the data differ from those of rank 0; give all nodes the same files",
        dataset.name
    ))
}
