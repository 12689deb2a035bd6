//! From the results of a run to its `atlas.h5`.

use crate::analysis::statistics::Analysis;
use crate::engine::console::say;
use crate::engine::curve_forecast::{CURVE_FILE, CurveForecast};
use crate::engine::curves::KeptCurves;
use crate::engine::failure::Failure;
use crate::engine::log;
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::rank::Rank;
use crate::engine::results::Results;
use crate::engine::run_directory::{RunDirectory, now};
use crate::engine::stages::paths::{curve_content, write_curve_file};
use crate::engine::store::atlas::{AtlasGroup, content_of, write_beside, write_parameters};
use crate::engine::store::{
    Atlas, AtlasError, Contents, Curves, JournalError, Provenance, Record, Written, write_atlas,
};
use crate::engine::version::{COMMIT, VERSION};
use crate::optimizer::OptimizerName;
use std::path::Path;

/// Assembles `atlas.h5` from all results so far. Collective.
///
/// # Errors
/// If results contradict each other or the file cannot be written.
pub fn assemble(world: &World, problem: &Problem, rank: &mut Rank) -> Result<(), Failure> {
    rank.on_root(world, |directory| write(world, problem, directory))
}

fn write(world: &World, problem: &Problem, directory: &mut RunDirectory) -> Result<(), String> {
    let RunDirectory { directory, contents, path_states, curve_files, journal, .. } = directory;
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
        kept_curves: Some(KeptCurves {
            paths: &problem.config.paths,
            contents,
            files: curve_files,
            states: path_states,
        }),
        curves_are_apart: CurveForecast::of(problem).is_some_and(|curves| curves.is_apart()),
        tracks: &results.tracks(&paths),
        analysis: results.analysis(&sets).unwrap_or(&empty),
        failed_parts: results.failed_parts(&sets),
        sets: &sets,
        paths: &paths,
        results,
    };
    // The checksums are in the journal before the files have their names.
    let mut announced = Vec::new();
    let mut announce = |checksum: String| {
        announced.push(checksum.clone());
        journal.append(&Record::Atlas { checksum })
    };
    let known = |checksum: &str| contents.has_made(checksum);
    let curves = write_curves(directory, &atlas, known, &mut announce);
    let written = curves
        .and_then(|curves| Ok([curves, Some(write_atlas(directory, &atlas, known, announce)?)]));
    for checksum in announced {
        contents.insert(Record::Atlas { checksum });
    }
    let written = written.map_err(|error| error.to_string())?;
    for Written { file, kept } in written.into_iter().flatten() {
        let Some(kept) = kept else { continue };
        say(format_args!(
            "{}: was changed during the run, or is open for writing in another program: it is kept \
             as {}, and a new file has the results of the run",
            file.display(),
            kept.display()
        ));
        log::file_kept(&file, &kept);
    }
    Ok(())
}

/// Writes the curves into a file of their own, unless they belong in `atlas.h5` or the existing
/// file already has them.
fn write_curves(
    directory: &Path,
    atlas: &Atlas<'_>,
    known: impl FnOnce(&str) -> bool,
    announce: impl FnOnce(String) -> Result<(), JournalError>,
) -> Result<Option<Written>, AtlasError> {
    let Some(content) = curve_content(atlas).filter(|_| atlas.curves_are_apart) else {
        return Ok(None);
    };
    if content_of(&directory.join(CURVE_FILE)).as_ref() == Some(&content) {
        return Ok(None);
    }
    let fill = |root: &AtlasGroup| {
        root.text("description", "Paths between solutions: the curves of the atlas.h5 beside it")?;
        root.text("run", &atlas.provenance.run)?;
        write_parameters(root, atlas)?;
        write_curve_file(root, atlas)
    };
    write_beside((directory, CURVE_FILE), &content, fill, known, announce).map(Some)
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
    let started = contents.sessions().first().map(|session| session.started.clone());
    Provenance {
        program_version: VERSION.to_owned(),
        commit: COMMIT.to_owned(),
        configuration: problem.config.effective_text(),
        dataset,
        dataset_checksum,
        run: contents.run_identity().unwrap_or_default(),
        ranks: world.size() as u32,
        host: world.host().to_owned(),
        started: started.unwrap_or_default(),
        finished: now(),
    }
}
