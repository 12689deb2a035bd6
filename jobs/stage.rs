//! A stage: tasks on all ranks, each result stored as it arrives.

use crate::archive::Archive;
use crate::failure::Failure;
use crate::progress::Progress;
use lossatlas::parallel::{Control, Event, FarmError, World, farm};
use lossatlas::store::{JournalError, Record};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::AtomicBool;

/// The tasks of a stage, as rank 0 knows them; empty on the other ranks.
#[derive(Default)]
pub struct Tasks {
    /// What to call each.
    pub names: Vec<String>,
    /// What each costs, in any unit.
    pub work: Vec<f64>,
}

/// Runs tasks on all ranks. Collective.
///
/// `make` and `record` matter on rank 0: the one builds a task when it is handed out, the other turns
/// its outcome and its duration into what is stored. `work` returns nothing when it was asked to stop.
pub fn run<T, R>(
    world: &World,
    stage: &'static str,
    archive: &mut Option<Archive>,
    tasks: Tasks,
    make: impl FnMut(usize) -> T,
    work: impl Fn(&T, &Control) -> Option<R> + Sync,
    record: impl Fn(usize, f64, Result<R, String>) -> Record,
) -> Result<(), Failure>
where
    T: Serialize + DeserializeOwned + Send,
    R: Serialize + DeserializeOwned + Send,
{
    if world.broadcast(|| Ok::<_, String>(tasks.names.is_empty()))? {
        return Ok(());
    }
    let count = tasks.names.len();
    let mut progress = archive.as_ref().map(|archive| Progress::new(stage, tasks.names, tasks.work, &archive.directory));
    let on_event = |event| match (archive.as_mut(), progress.as_mut()) {
        (Some(archive), Some(progress)) => handle(event, archive, progress, &record),
        _ => Ok(()),
    };
    let ended = farm(world, count, make, work, on_event, &AtomicBool::new(false));
    if let Some(progress) = progress {
        progress.end();
    }
    match ended {
        Ok(_) => Ok(()),
        // The other ranks keep silent: rank 0 has the error that says why.
        Err(error @ (FarmError::Stopped | FarmError::Thread(_))) => Err(Failure::system(error)),
        Err(error) => {
            Err(Failure::system(format!("{stage}: {error}; what was finished is stored, and the same command continues")))
        }
    }
}

fn handle<R>(
    event: Event<Option<R>>,
    archive: &mut Archive,
    progress: &mut Progress,
    record: impl Fn(usize, f64, Result<R, String>) -> Record,
) -> Result<(), JournalError> {
    match event {
        Event::Started { task, rank } => progress.start(task, rank),
        Event::Progress { task, fraction, loss, .. } => progress.report(task, fraction, loss),
        Event::Idle => progress.show(),
        Event::Finished { task, seconds, outcome, .. } => {
            let result = match outcome {
                Ok(Some(result)) => Ok(result),
                // Asked to stop: there is nothing to store, the next run computes it.
                Ok(None) => return Ok(()),
                Err(failure) => Err(failure.to_string()),
            };
            let record = record(task, seconds, result);
            let failure = record.failure();
            archive.store(record)?;
            progress.finish(task, failure.as_deref());
        }
    }
    Ok(())
}
