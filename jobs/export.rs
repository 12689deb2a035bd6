//! `lossatlas export`: a set of solutions as a NumPy file.

use crate::arguments::{path, text};
use clap::Args;
use clap::builder::TypedValueParser;
use lossatlas::engine::console::{self, count, print};
use lossatlas::engine::failure::{self, Failure, Plain};
use lossatlas::engine::parallel::World;
use lossatlas::engine::store::{
    VectorSource, VectorsError, atlas, read_vectors_of_any_length, write_npy,
};
use lossatlas::files::may_write;
use lossatlas::solutions::SetName;
use std::path::PathBuf;

/// A set of solutions, and where it goes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of a run (its `--out`)
    #[arg(value_name = "DIR", value_parser = path())]
    pub directory: PathBuf,
    /// The set, for instance `lbfgs/train`
    #[arg(long, value_name = "GROUP/MEMBER")]
    #[arg(value_parser = text().try_map(|name| SetName::parse(&name)))]
    pub set: SetName,
    /// The file to write: one vector a row, (n, P), float32
    #[arg(long, value_name = "FILE.npy", value_parser = path())]
    pub to: PathBuf,
    /// Replaces the file if it exists
    #[arg(long)]
    pub force: bool,
}

pub fn run(world: &World, arguments: &Arguments) -> Result<u8, Failure> {
    // One copy of one file: there is nothing to share out.
    let vectors = world.is_root().then(|| read(arguments)).transpose();
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
    console::complete(failure::SUCCESS, format_args!("; {} is complete", arguments.to.display()))
}

fn read(arguments: &Arguments) -> Result<ndarray::Array2<f32>, String> {
    may_write(&arguments.to, arguments.force)?;
    let source = VectorSource::Atlas {
        file: arguments.directory.join(atlas::FILE_NAME),
        group: format!("/solutions/{}", arguments.set),
    };
    read_vectors_of_any_length(&source).map_err(|error: VectorsError| error.to_string())
}
