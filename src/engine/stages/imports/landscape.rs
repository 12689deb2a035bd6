//! Imported vectors on the landscape of a process: their values on all data sets.

use crate::engine::landscape::MappedLandscape;
use crate::engine::parallel::Control;
use crate::engine::resume::Ended;
use crate::engine::run_directory::RunDirectory;
use crate::engine::store::Record;
use crate::engine::task::{Computation, Pending};
use crate::landscape::{Interrupt, Interrupted};
use crate::optimizer::Snapshot;
use crate::solutions::{LandscapeName, SetName};

/// The vectors of all files, on the root only.
///
/// They are evaluated in double precision, and paths start from the same values. The journal keeps
/// them in single precision for kernel PCA and distances. Their file has full precision; its
/// checksum shows any change.
pub(super) struct ImportedPoints<'a>(pub &'a MappedLandscape);

impl Computation for ImportedPoints<'_> {
    /// The set, and the row in it.
    type Key = (SetName, u32);
    type Source = ();
    type Task = Vec<f64>;
    type Outcome = Snapshot;

    fn pending(&self, directory: &RunDirectory) -> Result<Pending<Self::Key>, String> {
        let sets = self.0.imports.iter().map(|(set, vectors)| (set, vectors.nrows()));
        Ok(super::pending(sets, directory))
    }

    fn task(&self, key: &Self::Key, (): &()) -> Vec<f64> {
        super::vector(&self.0.imports, key)
    }

    fn perform(&self, theta: &Vec<f64>, _: Option<&[u8]>, control: &Control) -> Ended<Snapshot> {
        Ended::of(evaluate(self.0, theta, &|| control.stop_requested()))
    }

    fn record(&self, key: &Self::Key, seconds: f64, outcome: Result<Snapshot, String>) -> Record {
        let outcome = outcome.and_then(|found| {
            let finite = found.loss_train.is_finite();
            if finite {
                Ok(found)
            } else {
                Err("the value is not finite at this vector".to_owned())
            }
        });
        super::imported(key, seconds, outcome)
    }
}

/// The value on the first data set stands for the training loss, that on the data set `test` for
/// the test loss.
fn evaluate(
    landscape: &MappedLandscape,
    theta: &[f64],
    interrupt: &Interrupt<'_>,
) -> Result<Snapshot, Interrupted> {
    let loss_train = landscape.first(interrupt).value(theta)?;
    let test = landscape.landscape(LandscapeName::named("test"), interrupt);
    let loss_test = test.map_or(Ok(f64::NAN), |test| test.value(theta))?;
    Ok(Snapshot {
        epoch: 0,
        theta: theta.iter().map(|&x| x as f32).collect(),
        loss_train,
        loss_test,
        accuracy_train: f64::NAN,
        accuracy_test: f64::NAN,
    })
}
