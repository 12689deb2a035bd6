//! `lossatlas init`: a first configuration.

use crate::arguments::{overrides, path, text};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueHint};
use lossatlas::config::template::{Files, Size, Template};
use lossatlas::config::{Config, ConfigPurpose};
use lossatlas::data::{ChosenFormat, DataFormat, Dataset, FORMATS, check_place, place_key};
use lossatlas::engine::console::{self, print, print_text, say};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::sources::{out_of_reach, unscaled};
use lossatlas::files::{may_write, resolve};
use lossatlas::keys::{ChoiceKey, Value};
use lossatlas::network::{Architecture, Descriptor, NETWORKS, Network};
use lossatlas::random::MasterSeed;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::Builder;

/// The file name for standard output.
const STDOUT: &str = "-";

/// The name of the digits that the program draws, in place of a folder of data.
const BUILT_IN: &str = "built-in";

/// The key that chooses among sets of IDX files.
const PREFIX: &str = "prefix";

/// The key of networks whose kernels may be too large for the images.
const KERNEL: &str = "kernel";

/// The study of the new configuration, and its file.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file to write; `-` is standard output
    #[arg(value_name = "FILE", value_parser = path())]
    pub file: PathBuf,
    /// The network
    #[arg(long, value_name = "NETWORK", default_value = NETWORKS[0].name, value_parser = network())]
    pub network: &'static Descriptor,
    /// The images: a folder of IDX files or of `.npy` files, or an `.npz` file; or `built-in` for
    /// digits that the program draws
    #[arg(long, value_name = "IMAGES", default_value = BUILT_IN)]
    #[arg(value_parser = text(), value_hint = ValueHint::AnyPath)]
    pub data: String,
    /// Prefix of the names of the IDX files, if there are several groups (`emnist-letters`)
    #[arg(long, value_name = "PREFIX", value_parser = text(), requires = "data")]
    pub prefix: Option<String>,
    /// How much to compute
    #[arg(long, value_name = "SIZE", default_value = Size::Demo.name(), value_parser = size())]
    pub size: Size,
    /// Sets the value of a key; repeatable. The value is TOML; a bare word is a string
    ///
    /// For instance `--set paths.protocol=quick --set training.keep=4`.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    #[arg(value_parser = overrides())]
    pub overrides: Vec<String>,
    /// Replaces the file if it exists
    #[arg(long)]
    pub force: bool,
}

/// Parses the name of a network.
fn network() -> impl TypedValueParser<Value = &'static Descriptor> {
    let names = NETWORKS.iter().map(|network| PossibleValue::new(network.name).help(network.title));
    PossibleValuesParser::new(names).map(|name| {
        *NETWORKS.iter().find(|network| network.name == name).expect("one of the names")
    })
}

fn size() -> impl TypedValueParser<Value = Size> {
    let names = Size::ALL.map(|size| PossibleValue::new(size.name()).help(size.about()));
    PossibleValuesParser::new(names).map(|name| {
        Size::ALL.into_iter().find(|size| size.name() == name).expect("one of the names")
    })
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    let text = world.is_root().then(|| configuration(arguments)).transpose();
    let text = world.agree(text)?;
    let written = text.as_ref().map(|text| deliver(arguments, text)).transpose();
    world.agree(written).map_err(|error| Failure::system(Plain(&error)))?;
    if arguments.file == Path::new(STDOUT) {
        return Ok(failure::SUCCESS);
    }
    console::complete(failure::SUCCESS, format_args!("; {} is complete", arguments.file.display()))
}

fn configuration(arguments: &Arguments) -> Result<String, String> {
    if arguments.file != Path::new(STDOUT) {
        may_write(&arguments.file, arguments.force)?;
    }
    let data = if arguments.data == BUILT_IN { None } else { Some(look_at(arguments)?) };
    let overrides = arguments.overrides.clone();
    Template { network: arguments.network, data, size: arguments.size, overrides }
        .text()
        .map_err(|errors| errors.to_string())
}

/// Reads the folder, so that the configuration fits its images.
fn look_at(arguments: &Arguments) -> Result<Files, String> {
    let place = Files::expand(&arguments.data)?;
    check_place(&place)?;
    let (format, found) = chosen_format(&place);
    let mut settings = Vec::new();
    if let Some(prefix) = &arguments.prefix {
        if !format.keys().iter().any(|key| key.name == PREFIX) {
            let title = format.title();
            return Err(format!("--prefix: {title} have none; leave it out"));
        }
        settings.push((format!("dataset.{PREFIX}"), prefix.clone()));
    }
    let chosen = with_overrides(arguments, format, &settings)?;
    // Images from files do not depend on a seed.
    let dataset = chosen.load(MasterSeed(0)).map_err(|error| {
        let others = if found {
            ""
        } else {
            "; if the images are NumPy arrays, give the .npz file or the folder of the .npy files"
        };
        format!("{error}{others}")
    })?;
    let network = fitting_network(arguments, &dataset)?;
    unscaled(&dataset).iter().for_each(say);
    let images = [dataset.train.len(), dataset.test.len()];
    let directory = arguments.data.clone();
    Ok(Files { format: chosen.format(), directory, images, settings, network })
}

/// The format with its keys: those that `--set` changes, and `settings`.
fn with_overrides(
    arguments: &Arguments,
    format: &'static dyn DataFormat,
    settings: &[(String, String)],
) -> Result<ChosenFormat, String> {
    let text = |text: &str| toml::Value::from(text).to_string();
    let place = place_key(format)
        .map_or_else(String::new, |key| format!("{key} = {}\n", text(&arguments.data)));
    let (format, network) = (text(format.name()), text(arguments.network.name));
    let written = format!("[dataset]\nkind = {format}\n{place}[network]\nkind = {network}\n");
    let given =
        arguments.overrides.iter().filter(|change| change.trim_start().starts_with("dataset."));
    let settings = settings.iter().map(|(key, value)| format!("{key}={}", text(value)));
    let overrides: Vec<String> = settings.chain(given.cloned()).collect();
    let purpose = ConfigPurpose::Evaluation;
    let config = Config::parse_for(purpose, "the configuration", &written, &overrides);
    let config = config.map_err(|errors| errors.to_string())?;
    let network = config.subject.network().expect("the text has one");
    Ok(network.dataset.clone())
}

/// The keys of the network that must differ from their defaults for these images: smaller kernels for
/// small images.
fn fitting_network(
    arguments: &Arguments,
    dataset: &Dataset,
) -> Result<Vec<(String, usize)>, String> {
    let build = |architecture: Architecture| -> Result<Box<dyn Network<f32>>, String> {
        architecture.build(dataset.shape(), dataset.classes)
    };
    let default = Architecture::with_defaults(arguments.network);
    let problem = match build(default.clone()) {
        Err(problem) => problem,
        Ok(network) => match out_of_reach(network.as_ref(), dataset) {
            Some(problem) => return Err(format!("{}: network: {problem}", arguments.data)),
            None => return Ok(Vec::new()),
        },
    };
    let refused = || format!("{}: network: {problem}", arguments.data);
    let kernel = arguments.network.keys.iter().find(|key| key.name == KERNEL);
    let Some(Value::Count(edge)) = kernel.map(ChoiceKey::default) else { return Err(refused()) };
    // Odd kernels keep the size of the images.
    let smaller = (3..edge).rev().filter(|edge| edge % 2 == 1);
    let fits = |edge: &usize| build(default.clone().with(KERNEL, Value::Count(*edge))).is_ok();
    let edge = smaller.into_iter().find(fits).ok_or_else(refused)?;
    Ok(vec![(format!("network.{KERNEL}"), edge)])
}

/// The first format with a file in this folder, and whether there is one. If there is none, the
/// first format that reads files, which reports what is missing.
fn chosen_format(directory: &Path) -> (&'static dyn DataFormat, bool) {
    let of_files = |&format: &&'static dyn DataFormat| Some((format, place_key(format)?));
    let formats: Vec<_> = FORMATS.iter().filter_map(of_files).collect();
    let has_a_file = |&&(format, key): &&(&'static dyn DataFormat, &'static str)| {
        let chosen = ChosenFormat::with_defaults(format).with(key, Value::Path(directory.into()));
        chosen.files().iter().any(|file| file.exists())
    };
    let found = formats.iter().find(has_a_file);
    (found.unwrap_or(&formats[0]).0, found.is_some())
}

/// Writes the whole text, or leaves the former file unchanged.
///
/// A symbolic link is kept. A new file has the permissions of the user's mask; a replaced file
/// keeps its own.
fn place(file: &Path, text: &str, force: bool) -> io::Result<()> {
    let file = resolve(file)?;
    let directory =
        file.parent().filter(|directory| *directory != Path::new("")).unwrap_or(Path::new("."));
    let mut temporary =
        Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(directory)?;
    temporary.write_all(text.as_bytes())?;
    if !force {
        // The file may have appeared meanwhile.
        temporary.persist_noclobber(&file)?;
        return Ok(());
    }
    if let Ok(there) = file.metadata() {
        temporary.as_file().set_permissions(there.permissions())?;
    }
    temporary.persist(&file)?;
    Ok(())
}

fn deliver(arguments: &Arguments, text: &str) -> Result<(), String> {
    let file = arguments.file.as_path();
    if file == Path::new(STDOUT) {
        print_text(text);
        return Ok(());
    }
    let shown = file.display();
    place(file, text, arguments.force)
        .map_err(|error| format!("{shown}: cannot be written: {error}"))?;
    print(format_args!("{shown}: written; `lossatlas check {shown}` says what it comes to"));
    Ok(())
}
