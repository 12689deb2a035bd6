//! `lossatlas export`: a set of solutions or the points of a path as a NumPy file, a graph, a surface
//! or the images, for other programs.

use crate::arguments::{path, text};
use crate::export_graph;
use crate::export_surface;
use clap::builder::TypedValueParser;
use clap::{ArgGroup, Args};
use lossatlas::config::{Config, ConfigPurpose};
use lossatlas::data::Dataset;
use lossatlas::data::write::{idx_files, write_idx, write_npz};
use lossatlas::engine::console::{self, count, print};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::path_points::{self, PathPoints, PathSelection};
use lossatlas::engine::store::{
    Contents, VectorSource, VectorsError, atlas, read_vectors_of_any_length, write_npy, write_whole,
};
use lossatlas::engine::stored::StoredRun;
use lossatlas::files::{make_directory, may_write};
use lossatlas::report::number::number;
use lossatlas::solutions::SetName;
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// What to write, and where it goes.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(KINDS)))]
pub struct Arguments {
    /// Directory of a run (its `--out`), or with `--images` a configuration
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: PathBuf,
    /// The set, for instance `lbfgs/train`
    #[arg(long, value_name = "GROUP/MEMBER")]
    #[arg(value_parser = text().try_map(|name| SetName::parse(&name)))]
    pub set: Option<SetName>,
    /// The training and test images in use, with their labels, in place of a set
    #[arg(long)]
    pub images: bool,
    /// A graph of the configuration, by its name, in place of a set
    #[arg(long, value_name = "NAME", requires = "format")]
    #[arg(value_parser = text())]
    pub graph: Option<String>,
    /// The format of a graph
    #[arg(long, value_parser = ["graphml", "newick", "min-ts"])]
    pub format: Option<String>,
    /// Points on a path, in place of a set: SET:a-b with the initialization numbers of its
    /// endpoints, for instance `lbfgs/train:0-3`; between two sets SET1~SET2:a-b
    ///
    /// Its curve must have been kept, by `paths.store` or `paths.keep_states`.
    #[arg(long, value_name = "SET:A-B")]
    #[arg(value_parser = text().try_map(|name| PathSelection::parse(&name)))]
    pub path: Option<PathSelection>,
    /// A surface of the configuration, by its name, in place of a set
    #[arg(long, value_name = "NAME")]
    #[arg(value_parser = text())]
    pub surface: Option<String>,
    /// The landscape of a path, a graph or a surface: `train`, `test` or a data set of a process.
    /// Default: for a path the first that has it, for a graph the only one, for a surface all
    #[arg(long, value_name = "NAME", value_parser = text())]
    pub landscape: Option<String>,
    /// Points on the path, at equally spaced t from 0 to 1. Default: 101
    #[arg(long, value_name = "NUMBER")]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=1_000_001))]
    pub points: Option<u32>,
    /// The file to write. For a set, FILE.npy of shape (n, P), float32. For a path, FILE.npy of shape
    /// (points, P), float32, or float64 for a `[landscape]`. For images, FILE.npz, or a folder for
    /// four IDX files. For a graph, FILE.graphml or FILE.nwk, or with min-ts a folder for min.data and
    /// ts.data. For a surface, FILE.vti for ParaView
    #[arg(short = 'o', long, value_name = "FILE", value_parser = path())]
    pub to: PathBuf,
    /// Replaces files that exist
    #[arg(long)]
    pub force: bool,
}

/// What can be written, one at a time.
const KINDS: [&str; 5] = ["set", "path", "graph", "surface", "images"];

/// Points on a path, unless the user says otherwise.
const POINTS: u32 = 101;

impl Arguments {
    /// The option that says what is written.
    fn kind(&self) -> &'static str {
        let Self { set, path, graph, surface, .. } = self;
        match (set, path, graph, surface) {
            (Some(_), ..) => "--set",
            (None, Some(_), ..) => "--path",
            (None, None, Some(_), _) => "--graph",
            (None, None, None, Some(_)) => "--surface",
            (None, None, None, None) => "--images",
        }
    }

    /// Refuses options that belong to another kind of export. The parser cannot: it drops what an
    /// option requires if that is in conflict with another one.
    fn check_options(&self) -> Result<(), Failure> {
        let kind = self.kind();
        let options: [(&str, bool, &[&str]); 3] = [
            ("--format", self.format.is_some(), &["--graph"]),
            ("--points", self.points.is_some(), &["--path"]),
            ("--landscape", self.landscape.is_some(), &["--path", "--graph", "--surface"]),
        ];
        let foreign = options.iter().filter(|(_, given, of)| *given && !of.contains(&kind));
        let lines: Vec<String> = foreign
            .map(|(option, _, of)| {
                let of = of.join(", ");
                format!("{option} belongs to {of}; leave it out with {kind}")
            })
            .collect();
        if lines.is_empty() { Ok(()) } else { Err(Failure::input(lines.join("\n"))) }
    }

    /// Refuses a file whose name promises another format than the one that is written.
    fn check_extension(&self) -> Result<(), Failure> {
        let kind = self.kind();
        let (what, extensions): (&str, &[&str]) = match (kind, self.format.as_deref()) {
            ("--set" | "--path", _) => ("a NumPy file", &["npy"]),
            ("--surface", _) => ("a file for ParaView", &["vti"]),
            ("--graph", Some("graphml")) => ("a GraphML file", &["graphml", "xml"]),
            ("--graph", Some("newick")) => {
                ("a Newick file", &["nwk", "newick", "nw", "tree", "tre", "txt"])
            }
            // Folders, for which the file system is asked.
            _ => return Ok(()),
        };
        let Some(extension) = self.to.extension() else { return Ok(()) };
        if extensions.iter().any(|known| extension.eq_ignore_ascii_case(known)) {
            return Ok(());
        }
        Err(Failure::input(format_args!(
            "{}: {kind} writes {what}; name it FILE.{}",
            self.to.display(),
            extensions[0]
        )))
    }

    /// Refuses the name of a file for a folder.
    ///
    /// # Errors
    /// A sentence with the name; `what` is what is written.
    pub fn check_folder(&self, what: &str) -> Result<(), String> {
        let extension = self.to.extension().and_then(|extension| extension.to_str());
        let is_file = extension.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphabetic()));
        if is_file && !self.to.is_dir() {
            let shown = self.to.display();
            return Err(format!("{shown}: {what}; the name of a new folder has no extension"));
        }
        Ok(())
    }
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    arguments.check_options()?;
    arguments.check_extension()?;
    // One copy of one file: there is nothing to share out.
    let Arguments { set, path, graph, surface, .. } = arguments;
    match (set, path, graph, surface) {
        (Some(set), ..) => export_set(world, arguments, set)?,
        (None, Some(path), ..) => export_path(world, arguments, path)?,
        (None, None, Some(name), _) => export_graph::run(world, arguments, name)?,
        (None, None, None, Some(name)) => export_surface::run(world, arguments, name)?,
        (None, None, None, None) => export_images(world, arguments)?,
    }
    console::complete(failure::SUCCESS, format_args!("; {} is complete", arguments.to.display()))
}

fn export_set(world: &World, arguments: &Arguments, set: &SetName) -> Result<(), Failure> {
    let vectors = world.is_root().then(|| read(arguments, set)).transpose();
    let vectors = world.agree(vectors)?;
    let written = vectors
        .as_ref()
        .map(|vectors| write_npy(&arguments.to, vectors.view(), arguments.force))
        .transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if let Some(vectors) = vectors {
        let (rows, components) = vectors.dim();
        print(format_args!(
            "{}: {} of {components} components",
            arguments.to.display(),
            count(rows, "vector")
        ));
    }
    Ok(())
}

fn read(arguments: &Arguments, set: &SetName) -> Result<Array2<f32>, String> {
    may_write(&arguments.to, arguments.force)?;
    let source = VectorSource::Atlas {
        file: arguments.directory.join(atlas::FILE_NAME),
        group: format!("/solutions/{set}"),
    };
    read_vectors_of_any_length(&source).map_err(|error: VectorsError| error.to_string())
}

fn export_path(world: &World, arguments: &Arguments, path: &PathSelection) -> Result<(), Failure> {
    let Arguments { directory, to, force, landscape, points, .. } = arguments;
    let read = || {
        may_write(to, *force)?;
        let points = points.unwrap_or(POINTS) as usize;
        path_points::of_path(directory, path, landscape.as_deref(), points)
    };
    let found = world.agree(world.is_root().then(read).transpose())?;
    let write = |found: &PathPoints| {
        found.points.either(
            |points| write_npy(to, points.view(), *force),
            |points| write_npy(to, points.view(), *force),
        )
    };
    let written = world.agree(found.as_ref().map(write).transpose());
    written.map_err(|error| Failure::system(Plain(&error)))?;
    if let Some(PathPoints { points, landscape, path: result }) = found {
        let (rows, components) = points.either(Array2::dim, Array2::dim);
        print(format_args!(
            "{}: {} of {components} components on the path {path} on {landscape}; its barrier is {}",
            to.display(),
            count(rows, "point"),
            number(result.barrier)
        ));
    }
    Ok(())
}

fn export_images(world: &World, arguments: &Arguments) -> Result<(), Failure> {
    let dataset = world.is_root().then(|| load(arguments)).transpose();
    let dataset = world.agree(dataset)?;
    let written = dataset.as_ref().map(|dataset| write(dataset, arguments)).transpose();
    let written = world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if let (Some(dataset), Some(files)) = (dataset, written) {
        let (train, test) = (dataset.train.len(), dataset.test.len());
        print(format_args!(
            "{}: {train} training, {test} test images of {}; classes: {}; SHA-256 {}",
            files.join(", "),
            dataset.shape(),
            dataset.classes,
            dataset.checksum
        ));
    }
    Ok(())
}

/// The images of a run or of a configuration.
fn load(arguments: &Arguments) -> Result<Dataset, String> {
    let Arguments { directory: source, to, force, .. } = arguments;
    if has_extension(to, "npz") {
        may_write(to, *force)?;
    } else {
        arguments
            .check_folder("--images writes an archive (FILE.npz) or a folder of four IDX files")?;
    }
    let (config, checksum) = if source.is_file() {
        let config = Config::load_for(ConfigPurpose::Evaluation, source, &[]);
        (config.map_err(|errors| errors.to_string())?, None)
    } else {
        let run = StoredRun::read(source, Contents::default());
        let record = run.map_err(|failure| failure.to_string())?.record;
        let name = format!("the configuration of {}", source.display());
        let config = Config::parse(&name, &record.text, &record.overrides);
        (config.map_err(|errors| errors.to_string())?, Some(record.dataset_checksum))
    };
    let Some(network) = config.subject.network() else {
        return Err(format!(
            "{}: an analytic landscape has no images; name a run of a network",
            source.display()
        ));
    };
    let dataset = network.dataset.load(config.seed).map_err(|error| error.to_string())?;
    if !has_extension(to, "npz") {
        let files = idx_files(&dataset).map_err(|error| format!("{}: {error}", to.display()))?;
        // A new folder has no files that could be in the way.
        let in_the_way = files.iter().map(|(name, ..)| to.join(name)).filter(|_| to.is_dir());
        in_the_way.into_iter().try_for_each(|file| may_write(&file, *force))?;
    }
    match checksum {
        Some(checksum) if checksum != dataset.checksum => Err(format!(
            "{}: the images are not those of the run any more: its checksum is {checksum}, theirs \
             is {}; bring back the files that it has read",
            source.display(),
            dataset.checksum
        )),
        _ => Ok(dataset),
    }
}

fn has_extension(file: &Path, name: &str) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(name))
}

/// Writes an archive, or four files into a folder; returns their names.
fn write(dataset: &Dataset, arguments: &Arguments) -> Result<Vec<String>, String> {
    let Arguments { to, force, .. } = arguments;
    let shown = |problem: &dyn std::fmt::Display| format!("{}: {problem}", to.display());
    if has_extension(to, "npz") {
        write_whole(to, *force, |file| write_npz(dataset, file))
            .map_err(|error| error.to_string())?;
        return Ok(vec![to.display().to_string()]);
    }
    let files = idx_files(dataset).map_err(|error| shown(&error))?;
    make_directory(to).map_err(|error| shown(&error))?;
    let paths: Vec<PathBuf> = files.iter().map(|(name, ..)| to.join(name)).collect();
    for (path, (_, images, part)) in paths.iter().zip(files) {
        write_whole(path, *force, |file| write_idx(dataset, images, part, file))
            .map_err(|error| error.to_string())?;
    }
    Ok(paths.iter().map(|path| path.display().to_string()).collect())
}
