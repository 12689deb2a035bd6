//! The landscape of a `[landscape]` section, ready to be evaluated: an analytic one, or a process.

mod errors;
mod inputs;
mod process;

pub use errors::send as send_errors;
pub use inputs::read_points;

use crate::config::{ChosenLandscape, Config, ConfigPurpose, LandscapeConfig, MinimaConfig};
use crate::engine::capacity::MemoryUse;
use crate::engine::failure::Failure;
use crate::engine::parallel::World;
use crate::landscape::{AnalyticLandscape, Interrupt, Interruptible, Landscape, Process};
use crate::network::Layout;
use crate::solutions::{LandscapeName, SetName};
use ndarray::Array2;
use std::time::Duration;

/// A landscape that is not that of a network on images, the same on every rank.
pub struct MappedLandscape {
    /// Its section of the configuration.
    pub config: LandscapeConfig,
    /// What computes it.
    pub source: LandscapeSource,
    /// The imported vectors, on rank 0 only. The other ranks receive the vectors that they
    /// evaluate.
    pub imports: Vec<(SetName, Array2<f64>)>,
    /// On rank 0, the points of a file from which minima are searched.
    pub points: Option<Array2<f64>>,
    /// Points from which minima are searched.
    pub starts: u32,
    /// [low, high] of every component of random starts; empty if there are none.
    pub region: Vec<[f64; 2]>,
    /// On rank 0: how long a process takes for value and gradient at a point.
    pub evaluation: Option<Duration>,
}

/// How a landscape is loaded.
pub struct Loading<'a> {
    /// The ranks.
    pub world: &'a World,
    /// The purpose: an evaluation of vectors needs only the process.
    pub purpose: ConfigPurpose,
    /// The name of the configuration in messages.
    pub name: &'a str,
    /// Returns whether to give up.
    pub interrupt: &'a Interrupt<'a>,
}

/// What computes a landscape.
pub enum LandscapeSource {
    /// This program.
    Analytic(Box<dyn AnalyticLandscape>),
    /// Another program.
    Process(Box<Process>),
}

impl MappedLandscape {
    /// Builds an analytic landscape, or starts a process on rank 0 and reads its files. Adds the
    /// declarations of the process to the effective configuration. Collective.
    ///
    /// # Errors
    /// All problems with the process and the files.
    pub fn load(
        loading: &Loading<'_>,
        config: &mut Config,
        landscape: LandscapeConfig,
    ) -> Result<Self, Failure> {
        match &landscape.landscape {
            ChosenLandscape::BuiltIn(built_in) => Ok(Self {
                source: LandscapeSource::Analytic(built_in.build()),
                starts: landscape.starts().unwrap_or(0),
                region: built_in.start_region(),
                config: landscape,
                imports: Vec::new(),
                points: None,
                evaluation: None,
            }),
            ChosenLandscape::Process(_) => process::load(loading, config, landscape),
        }
    }

    /// P, the number of components of a point.
    pub fn dimension(&self) -> usize {
        match &self.source {
            LandscapeSource::Analytic(landscape) => AnalyticLandscape::dimension(landscape),
            LandscapeSource::Process(process) => process.handshake().dimension,
        }
    }

    /// As in print.
    pub fn name(&self) -> &str {
        match &self.source {
            LandscapeSource::Analytic(_) => self.config.landscape.kind(),
            LandscapeSource::Process(process) => &process.handshake().name,
        }
    }

    /// Unit of the values.
    pub fn unit(&self) -> &str {
        match &self.source {
            LandscapeSource::Analytic(_) => "1",
            LandscapeSource::Process(process) => &process.handshake().unit,
        }
    }

    /// The tensors of θ.
    pub fn layout(&self) -> Layout {
        match &self.source {
            LandscapeSource::Analytic(_) => Layout::default().with("x", &[self.dimension()], 0.0),
            LandscapeSource::Process(process) => process.handshake().layout(),
        }
    }

    /// The process, if there is one.
    pub fn process(&self) -> Option<&Process> {
        match &self.source {
            LandscapeSource::Analytic(_) => None,
            LandscapeSource::Process(process) => Some(process.as_ref()),
        }
    }

    /// The analytic landscape, if it is one.
    pub fn analytic(&self) -> Option<&dyn AnalyticLandscape> {
        match &self.source {
            LandscapeSource::Analytic(landscape) => Some(landscape.as_ref()),
            LandscapeSource::Process(_) => None,
        }
    }

    /// All landscapes, the one on which minima are searched first.
    pub fn names(&self) -> Vec<LandscapeName> {
        match &self.source {
            LandscapeSource::Analytic(_) => vec![LandscapeName::Analytic],
            LandscapeSource::Process(process) => {
                let datasets = process.handshake().datasets.iter();
                datasets.map(|name| LandscapeName::named(name)).collect()
            }
        }
    }

    /// The landscape of this name; evaluations end early once `interrupt` returns `true`. `None` if
    /// there is none.
    ///
    /// If a process fails, evaluations are interrupted too, and the failure becomes that of the
    /// task, whatever it returns.
    pub fn landscape<'a>(
        &'a self,
        name: LandscapeName,
        interrupt: &'a Interrupt<'a>,
    ) -> Option<Box<dyn Landscape<f64> + 'a>> {
        let index = self.names().iter().position(|known| *known == name)?;
        Some(self.landscape_number(index, interrupt))
    }

    /// The landscape on which minima are searched, as [`Self::landscape`].
    pub fn first<'a>(&'a self, interrupt: &'a Interrupt<'a>) -> Box<dyn Landscape<f64> + 'a> {
        self.landscape_number(0, interrupt)
    }

    fn landscape_number<'a>(
        &'a self,
        index: usize,
        interrupt: &'a Interrupt<'a>,
    ) -> Box<dyn Landscape<f64> + 'a> {
        match &self.source {
            LandscapeSource::Analytic(landscape) => Box::new(Interruptible(landscape, interrupt)),
            LandscapeSource::Process(process) => Box::new(process.landscape(index, interrupt)),
        }
    }

    /// The points of [`MinimaConfig::File`] are there on rank 0 only.
    pub fn start(&self, number: u32) -> Option<Vec<f64>> {
        let row = |points: &Array2<f64>| points.row(number as usize).to_vec();
        match &self.config.minima {
            MinimaConfig::Minimized(points) | MinimaConfig::Given(points) => {
                points.get(number as usize).cloned()
            }
            MinimaConfig::File { .. } => self.points.as_ref().map(row),
            MinimaConfig::None | MinimaConfig::Search { .. } => None,
        }
    }

    /// Maximum number of solutions in a set: several starts may lead to one minimum.
    pub fn solutions_in(&self, set: &SetName) -> usize {
        let import = self.imports.iter().find(|(name, _)| name == set);
        let minima = self.config.keep.min(self.starts as usize);
        import.map_or(minima, |(_, rows)| rows.nrows())
    }

    /// The memory that a rank uses in addition to its task: a request and its answer.
    pub fn memory(&self) -> Vec<MemoryUse> {
        let Some(process) = self.process() else { return Vec::new() };
        let point = self.dimension() as f64 * process.handshake().precision.size() as f64;
        // The fine grid of a path is the largest known request.
        let bytes = 2.0 * point * process.handshake().chunk().min(MAX_POINTS) as f64;
        let what = "a request to the process and its answer";
        vec![MemoryUse::new(bytes, what, "max_points in the handshake of the process")]
    }
}

/// Maximum number of points in one request, for the prediction of memory.
const MAX_POINTS: usize = 501;
