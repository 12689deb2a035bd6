//! From the results of a run to its `atlas.h5`.

use crate::analysis::statistics::Analysis;
use crate::engine::console::say;
use crate::engine::failure::Failure;
use crate::engine::log;
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::run_directory::{RunDirectory, now};
use crate::engine::store::{Atlas, Contents, Curves, Provenance, Record, Written, write_atlas};
use crate::engine::version::{COMMIT, VERSION};
use crate::optimizer::OptimizerName;

/// Assembles `atlas.h5` from all results so far. Collective.
///
/// # Errors
/// If results contradict each other or the file cannot be written.
pub fn assemble(world: &World, problem: &Problem, rank: &mut Rank) -> Result<(), Failure> {
    rank.on_root(world, |directory| write(world, problem, directory))
}

fn write(world: &World, problem: &Problem, directory: &mut RunDirectory) -> Result<(), String> {
    let RunDirectory { directory, contents, journal, .. } = directory;
    journal.check_place().map_err(|error| error.to_string())?;
    let results = Results { config: &problem.config, contents };
    let sets = results.sets();
    let paths = results.paths(&sets);
    let empty = Analysis::default();
    let layout = problem.layout();
    let atlas = Atlas {
        provenance: provenance(world, problem, results.contents),
        loss_unit: problem.loss_unit(),
        layout: layout.tensors(),
        curves: &curves(&results),
        minima: &results.minima(),
        tracks: &results.tracks(&paths),
        analysis: results.analysis(&sets).unwrap_or(&empty),
        failed_parts: results.failed_parts(&sets),
        sets: &sets,
        paths: &paths,
        results,
    };
    // The checksum is in the journal before the file has its name.
    let known = |checksum: &str| contents.has_made(checksum);
    let mut announced = None;
    let announce = |checksum: String| {
        announced = Some(checksum.clone());
        journal.append(&Record::Atlas { checksum })
    };
    let written = write_atlas(directory, &atlas, known, announce);
    if let Some(checksum) = announced {
        contents.insert(Record::Atlas { checksum });
    }
    let Written { file, kept } = written.map_err(|error| error.to_string())?;
    if let Some(kept) = kept {
        say(format_args!(
            "{}: was changed during the run, or is open for writing in another program: it is \
             kept as {}, and a new one with the results of the run has taken its place",
            file.display(),
            kept.display()
        ));
        log::file_kept(&file, &kept);
    }
    Ok(())
}

/// The training runs of each optimizer.
fn curves<'a>(results: &Results<'a>) -> Vec<Curves<'a>> {
    let Some(training) = results.training() else { return Vec::new() };
    let curves = |optimizer| {
        let (epochs, runs) = (training.optimizer(optimizer).epochs(), results.runs(optimizer));
        Curves { optimizer: OptimizerName::clone(optimizer), epochs, runs }
    };
    training.optimizers.iter().map(curves).collect()
}

/// Where the results come from.
fn provenance(world: &World, problem: &Problem, contents: &Contents) -> Provenance {
    let (dataset, dataset_checksum) = problem.data();
    let effective = problem.config.effective.iter();
    let started = contents.sessions().first().map(|session| session.started.clone());
    Provenance {
        program_version: VERSION.to_owned(),
        commit: COMMIT.to_owned(),
        configuration: effective.map(|(key, value)| format!("{key} = {value}\n")).collect(),
        dataset,
        dataset_checksum,
        run: contents.run_identity().unwrap_or_default(),
        ranks: world.size() as u32,
        host: world.host().to_owned(),
        started: started.unwrap_or_default(),
        finished: now(),
    }
}
