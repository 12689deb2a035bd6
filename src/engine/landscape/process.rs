//! Starts the process of a landscape and checks it before any work starts.

use super::inputs::{self, Inputs};
use super::{LandscapeSource, Loading, MappedLandscape};
use crate::config::compatibility::DATASETS;
use crate::config::{
    ChosenLandscape, Config, ConfigPurpose, LandscapeConfig, MinimaConfig, ProcessConfig,
};
use crate::engine::failure::{self, Failure};
use crate::engine::parallel::World;
use crate::engine::results::{POINTS_CHECKSUM, POINTS_VECTORS, START_REGION, vectors_key};
use crate::engine::run_directory::checksum;
use crate::landscape::process::{Handshake, ProcessSettings};
use crate::landscape::{Interrupt, Landscape, Process};
use crate::optimizer::minimize::random_start;
use ndarray::Array2;
use std::time::{Duration, Instant};

pub(super) fn load(
    loading: &Loading<'_>,
    config: &mut Config,
    landscape: LandscapeConfig,
) -> Result<MappedLandscape, Failure> {
    let Loading { world, purpose, name, .. } = *loading;
    let ChosenLandscape::Process(process) = &landscape.landscape else {
        return Err(Failure::system("the landscape is no process"));
    };
    let settings = settings(world, process);
    let (started, handshake) = start(loading, &settings)?;
    let mut inputs = Inputs::default();
    let (starts, effective) = world.broadcast(|| {
        if purpose == ConfigPurpose::Evaluation {
            return Ok((0, Vec::new()));
        }
        let (read, problems) = inputs::read(config, &landscape, &handshake);
        inputs = read;
        let problems: Vec<_> =
            problems.into_iter().map(|problem| format!("{name}: {problem}")).collect();
        if problems.is_empty() {
            let effective = effective(&landscape, &handshake, &inputs);
            Ok((landscape.starts().unwrap_or_else(|| inputs.starts()), effective))
        } else {
            Err(problems.join("\n"))
        }
    })?;
    config.effective.extend(effective);
    let region = region(process, &handshake);
    let evaluation = if purpose == ConfigPurpose::Study {
        let point = || trial_point(config, &landscape, &inputs, &region, &handshake);
        try_on_root(loading, started.as_ref(), process.deterministic, point)?
    } else {
        None
    };
    let process = started.unwrap_or_else(|| Process::later(settings, handshake));
    let Inputs { imports, points } = inputs;
    let source = LandscapeSource::Process(Box::new(process));
    Ok(MappedLandscape { config: landscape, source, imports, points, starts, region, evaluation })
}

/// Rank 0 starts its process and broadcasts its handshake. The other ranks start theirs with their
/// first task. Collective.
fn start(
    loading: &Loading<'_>,
    settings: &ProcessSettings,
) -> Result<(Option<Process>, Handshake), Failure> {
    let mut started = None;
    let handshake = loading.world.broadcast(|| {
        let process = Process::start(settings.clone(), loading.interrupt);
        let process =
            process.map_err(|error| format!("{}: landscape.command: {error}", loading.name))?;
        let handshake = process.as_ref().map(|process| process.handshake().clone());
        started = process;
        Ok::<_, String>(handshake)
    })?;
    Ok((started, handshake.ok_or_else(stopped)?))
}

/// The failure after a signal before any work.
fn stopped() -> Failure {
    let message = "stopped before the process of the landscape was ready; rerun the command to \
                   resume";
    Failure { code: failure::TRY_AGAIN, message: message.to_owned() }
}

/// Tries the process of rank 0, see [`try_process`]. Collective.
fn try_on_root(
    loading: &Loading<'_>,
    process: Option<&Process>,
    deterministic: bool,
    point: impl FnOnce() -> Vec<f64>,
) -> Result<Option<Duration>, Failure> {
    let tried = loading.world.broadcast(|| match process {
        None => Ok(None),
        Some(process) => match try_process(process, &point(), deterministic, loading.interrupt) {
            Ok(time) => Ok(Some(time)),
            Err(NotTried::Interrupted) => Ok(None),
            Err(NotTried::Problem(problem)) => Err(format!("{}: {problem}", loading.name)),
        },
    })?;
    // Rank 0 has a process, and its time unless the trial was interrupted.
    tried.ok_or_else(stopped).map(Some)
}

/// The command, and the settings that a rank passes to its process.
fn settings(world: &World, process: &ProcessConfig) -> ProcessSettings {
    let local = world.rank_on_this_machine();
    let variables = [
        ("LOSSATLAS_RANK", world.rank()),
        ("LOSSATLAS_RANKS", world.size()),
        ("LOSSATLAS_LOCAL_RANK", local),
    ];
    ProcessSettings {
        command: process.command.clone(),
        environment: variables.map(|(name, value)| (name.to_owned(), value.to_string())).into(),
        start_limit: process.start_limit,
        time_limit: process.time_limit,
    }
}

/// The declarations of the process that results depend on, as keys of the effective configuration.
fn effective(
    landscape: &LandscapeConfig,
    handshake: &Handshake,
    inputs: &Inputs,
) -> Vec<(String, String)> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let names = handshake.datasets.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let mut keys = vec![
        ("landscape.name".to_owned(), quoted(&handshake.name)),
        ("landscape.dimension".to_owned(), handshake.dimension.to_string()),
        ("landscape.precision".to_owned(), quoted(handshake.precision.name())),
        ("landscape.unit".to_owned(), quoted(&handshake.unit)),
        ("landscape.first_dataset".to_owned(), quoted(&handshake.datasets[0])),
        (DATASETS.to_owned(), format!("[{names}]")),
    ];
    for (name, vectors) in &inputs.imports {
        keys.push((vectors_key(name), vectors.nrows().to_string()));
        keys.push((format!("import.{name}.checksum"), checksum(vectors)));
    }
    if let Some(points) = &inputs.points {
        keys.push((POINTS_VECTORS.to_owned(), points.nrows().to_string()));
        keys.push((POINTS_CHECKSUM.to_owned(), checksum(points)));
    }
    let start = landscape.landscape.process().and_then(|process| process.start);
    if matches!(landscape.minima, MinimaConfig::Search { .. }) && start.is_none() {
        keys.push((START_REGION.to_owned(), quoted(&region_in_words(&handshake.start_region))));
    }
    keys
}

/// The box of random starts as it is stored: in numbers if it is the same for all components,
/// otherwise as a checksum.
fn region_in_words(region: &[[f64; 2]]) -> String {
    match region {
        [[low, high]] => format!("{low:?} to {high:?}"),
        each => checksum(&Array2::from(each.to_vec())),
    }
}

/// The box of random starts, `(P,)`; empty if neither the configuration nor the process gives one.
fn region(process: &ProcessConfig, handshake: &Handshake) -> Vec<[f64; 2]> {
    match (process.start, handshake.start_region.as_slice()) {
        (Some(all), _) | (None, &[all]) => vec![all; handshake.dimension],
        (None, each) => each.to_vec(),
    }
}

/// A point for the trial of the process: one that the run will evaluate.
fn trial_point(
    config: &Config,
    landscape: &LandscapeConfig,
    inputs: &Inputs,
    region: &[[f64; 2]],
    handshake: &Handshake,
) -> Vec<f64> {
    let given = match &landscape.minima {
        MinimaConfig::Minimized(points) | MinimaConfig::Given(points) => points.first().cloned(),
        MinimaConfig::Search { .. } => Some(random_start(config.seed, region, 0)),
        MinimaConfig::File { .. } | MinimaConfig::None => None,
    };
    let arrays = inputs.points.iter().chain(inputs.imports.iter().map(|(_, vectors)| vectors));
    let row = arrays.map(|vectors| vectors.row(0).to_vec()).next();
    given.or(row).unwrap_or_else(|| vec![0.0; handshake.dimension])
}

/// Why a process could not be tried.
enum NotTried {
    Interrupted,
    Problem(String),
}

/// Requests value and gradient on every data set, twice if the answers must be equal. Returns the
/// time for the first data set.
fn try_process(
    process: &Process,
    point: &[f64],
    deterministic: bool,
    interrupt: &Interrupt<'_>,
) -> Result<Duration, NotTried> {
    let mut first = None;
    for (index, name) in process.handshake().datasets.iter().enumerate() {
        let landscape = process.landscape(index, interrupt);
        let ask = || {
            let (start, mut gradient) = (Instant::now(), vec![0.0; point.len()]);
            let value = landscape.value_and_gradient(point, &mut gradient).map_err(|_| {
                process.take_failure().map_or(NotTried::Interrupted, |failure| {
                    NotTried::Problem(format!(
                        "landscape.command: a first evaluation on data set {name:?}: {failure}"
                    ))
                })
            })?;
            Ok((start.elapsed(), value, gradient))
        };
        let (time, value, gradient) = ask()?;
        let mut fastest = time;
        if deterministic {
            let (time, again, gradient_again) = ask()?;
            fastest = fastest.min(time);
            if let Some(difference) = difference((value, &gradient), (again, &gradient_again)) {
                return Err(NotTried::Problem(format!(
                    "landscape.deterministic: the process gives two answers for one point on data \
                     set {name:?}: {difference}; make it deterministic (batch norm and dropout in \
                     evaluation mode, all data in one order, one thread or a library that sums in \
                     a fixed order), or set landscape.deterministic = false"
                )));
            }
        }
        first.get_or_insert(fastest);
    }
    Ok(first.unwrap_or_default())
}

/// The first number of two answers that differs.
fn difference(
    (value, gradient): (f64, &[f64]),
    (value_again, gradient_again): (f64, &[f64]),
) -> Option<String> {
    let differ = |a: f64, b: f64| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
    if differ(value, value_again) {
        return Some(format!("the value is {value:e}, then {value_again:e}"));
    }
    let mut pairs = gradient.iter().zip(gradient_again).enumerate();
    let (i, (a, b)) = pairs.find(|(_, (a, b))| differ(**a, **b))?;
    Some(format!("component {i} of the gradient is {a:e}, then {b:e}"))
}
