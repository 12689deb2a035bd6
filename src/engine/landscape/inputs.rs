//! Other inputs of a process: vectors in files, points, data sets.

use crate::config::{
    ChosenLandscape, Config, ImportFile, LandscapeConfig, MinimaConfig, StageSection,
};
use crate::engine::stages::STAGES;
use crate::engine::store::{VectorSource, VectorsError, read_double_vectors};
use crate::landscape::process::Handshake;
use crate::network::Layout;
use crate::solutions::SetName;
use ndarray::Array2;

/// Vectors and points that rank 0 has read.
#[derive(Default)]
pub(super) struct Inputs {
    pub imports: Vec<(SetName, Array2<f64>)>,
    pub points: Option<Array2<f64>>,
}

impl Inputs {
    /// Number of the points of the file.
    pub fn starts(&self) -> u32 {
        self.points.as_ref().map_or(0, |points| points.nrows() as u32)
    }
}

/// Vectors in double precision, so that a process that takes `float64` gets every bit.
pub fn read_points(file: &ImportFile, layout: &Layout) -> Result<Array2<f64>, VectorsError> {
    let source = match file {
        ImportFile::Npy(file) => VectorSource::Npy(file.clone()),
        ImportFile::Atlas { file, group } => {
            VectorSource::Atlas { file: file.clone(), group: group.clone() }
        }
    };
    read_double_vectors(&source, layout)
}

/// Reads all files. Also returns all problems, each with its key.
pub(super) fn read(
    config: &Config,
    landscape: &LandscapeConfig,
    handshake: &Handshake,
) -> (Inputs, Vec<String>) {
    let (mut inputs, mut problems) = (Inputs::default(), Vec::new());
    let layout = handshake.layout();
    for import in &landscape.imports {
        match read_points(&import.file, &layout) {
            Ok(vectors) => inputs.imports.push((import.name.clone(), vectors)),
            Err(error) => problems.push(format!("import.{}: {error}", import.name)),
        }
    }
    match &landscape.minima {
        MinimaConfig::File { file, .. } => match read_points(file, &layout) {
            Ok(points) => {
                problems.extend(problem_with_points(&points, landscape));
                inputs.points = Some(points);
            }
            Err(error) => problems.push(format!("landscape.points: {error}")),
        },
        MinimaConfig::Minimized(points) | MinimaConfig::Given(points) => {
            problems.extend(points.iter().enumerate().filter_map(|(index, point)| {
                let (found, dimension) = (point.len(), handshake.dimension);
                (found != dimension).then(|| {
                    format!(
                        "minimum.{index}.at: must have {dimension} coordinates, the dimension of \
                         {}, has {found}",
                        handshake.name
                    )
                })
            }));
        }
        MinimaConfig::Search { .. } => problems.extend(missing_region(landscape, handshake)),
        MinimaConfig::None => {}
    }
    problems.extend(unknown_datasets(config, handshake));
    (inputs, problems)
}

fn problem_with_points(points: &Array2<f64>, landscape: &LandscapeConfig) -> Option<String> {
    let (rows, keep) = (points.nrows(), landscape.keep);
    if rows < 2 {
        return Some("landscape.points: must be at least 2 points, the endpoints of a path".into());
    }
    (keep < usize::MAX && keep > rows).then(|| {
        format!("landscape.keep: must be at most {rows}, the number of landscape.points, is {keep}")
    })
}

fn missing_region(landscape: &LandscapeConfig, handshake: &Handshake) -> Option<String> {
    let ChosenLandscape::Process(process) = &landscape.landscape else { return None };
    (process.start.is_none() && handshake.start_region.is_empty()).then(|| {
        "landscape: there are no starts: give solutions with [[import]], points with \
         landscape.points or [[minimum]], or the box of random starts with landscape.start = [low, \
         high]"
            .to_owned()
    })
}

/// Names of data sets in the configuration that the process does not have.
fn unknown_datasets(config: &Config, handshake: &Handshake) -> Vec<String> {
    let known = |name: &str| handshake.datasets.iter().any(|dataset| dataset == name);
    let of_paths = config.paths.datasets.iter().map(|&landscape| ("paths", landscape));
    let of_stages = STAGES.iter().flat_map(|stage| {
        let section = stage.section().map_or("", StageSection::name);
        stage.datasets(config).into_iter().map(move |landscape| (section, landscape))
    });
    let chosen = of_paths.chain(of_stages);
    let unknown = chosen.filter(|(_, landscape)| !known(landscape.name()));
    let message = |(section, landscape)| {
        let names: Vec<_> = handshake.datasets.iter().map(|name| format!("{name:?}")).collect();
        format!(
            "{section}.landscapes: the process has no data set \"{landscape}\"; it has {}",
            names.join(", ")
        )
    };
    unknown.map(message).collect()
}
