//! The role of a rank in a run: the root, which owns the run directory, or a worker.

use crate::engine::failure::{self, Failure, Plain};
use crate::engine::parallel::World;
use crate::engine::problem::Problem;
use crate::engine::run_directory::RunDirectory;
use std::path::Path;

/// A rank of a run.
///
/// The methods are collective: every rank calls them, the root acts, and an error there is the
/// error of all.
pub enum Rank {
    /// Rank 0: reads and writes the run directory, prints, and computes.
    Root(Box<RunDirectory>),
    /// Any other rank: computes the tasks that it receives.
    Worker,
}

impl Rank {
    /// Opens the run directory on the root, or makes it.
    ///
    /// # Errors
    /// As for [`RunDirectory::open`].
    pub fn open(
        world: &World,
        problem: &Problem,
        directory: &Path,
        replace: bool,
    ) -> Result<Self, Failure> {
        let open = || RunDirectory::open(world, problem, directory, replace);
        let opened = world.is_root().then(open).transpose();
        let opened = failure::agree(world, opened)?;
        Ok(opened.map_or(Self::Worker, |directory| Self::Root(Box::new(directory))))
    }

    /// The run directory, on the root.
    pub fn root(&self) -> Option<&RunDirectory> {
        match self {
            Self::Root(directory) => Some(directory),
            Self::Worker => None,
        }
    }

    /// Calls a function with the run directory on the root.
    ///
    /// # Errors
    /// On all ranks, the error of the root, as a failure of the system.
    pub fn on_root(
        &mut self,
        world: &World,
        act: impl FnOnce(&mut RunDirectory) -> Result<(), String>,
    ) -> Result<(), Failure> {
        let acted = match self {
            Self::Root(directory) => act(directory),
            Self::Worker => Ok(()),
        };
        world.agree(acted).map_err(|error| Failure::system(Plain(&error)))
    }

    /// Calls a function with the run directory on the root, and returns its value on all ranks.
    ///
    /// # Errors
    /// If the value cannot be sent.
    pub fn ask_root(
        &self,
        world: &World,
        ask: impl FnOnce(&RunDirectory) -> bool,
    ) -> Result<bool, Failure> {
        let answer = self.root().is_some_and(ask);
        Ok(world.broadcast(|| Ok::<_, String>(answer))?)
    }

    /// Makes sure that the directory is still the one that the run has started in.
    ///
    /// # Errors
    /// If it was moved or removed.
    pub fn check_place(&mut self, world: &World) -> Result<(), Failure> {
        self.on_root(world, |directory| directory.check_place().map_err(|error| error.to_string()))
    }
}
