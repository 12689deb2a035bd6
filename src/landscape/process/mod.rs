//! A landscape that another program computes, such as a model of the user.
//!
//! lossatlas starts a command, one process for each rank, and communicates with it over its
//! standard input and output. `docs/protocol.md` specifies every byte. One request has many points,
//! so that the process can compute them together.
//!
//! # Why pipes and no socket
//! A pipe belongs to the two processes that share it: it needs no address, no other process can
//! connect, and the end of either process is an end of file on the other side, even after `kill
//! -9`. Both run on one machine, so a network connection has no advantage.
//!
//! # Failures
//! An evaluation returns numbers or [`Interrupted`]. The [`Process`] keeps the reason of the
//! interruption for the stage. After the stage has taken the failure of a dead process, the next
//! request starts a new one.
//!
//! # Under MPI
//! Processes are started by `posix_spawn`, which copies no memory and runs no `fork` handlers. So
//! it is safe with the network hardware of an MPI library. The variables of the launcher (`OMPI_…`,
//! `PMIX_…`, `PMI_…`) are not passed on.

mod child;
mod handshake;
mod log;
mod session;
mod wire;

pub use handshake::{Handshake, ProcessPrecision, VERSION};
pub use log::ErrorSink;
pub use session::{Process, ProcessFailure, ProcessSettings};

use super::curvature::difference_of_gradients;
use super::{Interrupt, Interrupted, Landscape};
use crate::combinations::Combinations;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use session::Question;
use wire::WantedNumbers;

/// The landscape of one data set of a process.
pub struct ProcessLandscape<'a> {
    process: &'a Process,
    dataset: usize,
    interrupt: &'a Interrupt<'a>,
}

impl Process {
    /// The landscape of a data set, by its index in the handshake. Evaluations end early once
    /// `interrupt` returns `true`.
    pub fn landscape<'a>(
        &'a self,
        dataset: usize,
        interrupt: &'a Interrupt<'a>,
    ) -> ProcessLandscape<'a> {
        ProcessLandscape { process: self, dataset, interrupt }
    }
}

impl ProcessLandscape<'_> {
    fn ask(&self, wanted: WantedNumbers) -> Question<'_> {
        Question { wanted, dataset: self.dataset, interrupt: self.interrupt }
    }

    fn read(&self, bytes: &[u8], gradient: &mut [f64]) {
        wire::read(bytes, self.process.handshake().precision, gradient);
    }
}

impl Landscape<f64> for ProcessLandscape<'_> {
    fn dimension(&self) -> usize {
        self.process.handshake().dimension
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        let mut found = f64::NAN;
        self.process.ask(
            &self.ask(WantedNumbers::Values),
            1,
            &mut |_, point| point.copy_from_slice(theta),
            &mut |_, value, _| found = value,
        )?;
        Ok(found)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        let mut found = f64::NAN;
        self.process.ask(
            &self.ask(WantedNumbers::ValuesAndGradients),
            1,
            &mut |_, point| point.copy_from_slice(theta),
            &mut |_, value, bytes| {
                found = value;
                self.read(bytes, gradient);
            },
        )?;
        Ok(found)
    }

    /// Central differences with a step that suits the precision of the process.
    fn hessian_product(
        &self,
        theta: &[f64],
        direction: &[f64],
        product: &mut [f64],
    ) -> Result<(), Interrupted> {
        let gradient = |theta: &[f64], gradient: &mut [f64]| {
            self.value_and_gradient(theta, gradient).map(|_| ())
        };
        match self.process.handshake().precision {
            ProcessPrecision::Float64 => {
                difference_of_gradients(gradient, theta, direction, product)
            }
            ProcessPrecision::Float32 => in_single_precision(gradient, theta, direction, product),
        }
    }

    /// Sends all points in one request, or in as few as the process accepts.
    fn values_at(&self, points: &Combinations<f64>) -> Result<Vec<f64>, Interrupted> {
        let mut values = vec![0.0; points.points()];
        self.process.ask(
            &self.ask(WantedNumbers::Values),
            points.points(),
            &mut |m, theta| points.point(m, theta),
            &mut |m, value, _| values[m] = value,
        )?;
        Ok(values)
    }

    /// Sends the points with a gradient of nonzero weight in one request, and the others, such as
    /// the fixed endpoints of a path, in a second one.
    fn gradient_at(
        &self,
        points: &Combinations<f64>,
        weights: ArrayView2<f64>,
        mut gradient: ArrayViewMut2<f64>,
    ) -> Result<Vec<f64>, Interrupted> {
        gradient.fill(0.0);
        let mut values = vec![0.0; points.points()];
        let counts = |m: &usize| weights.row(*m).iter().any(|&weight| weight != 0.0);
        let (with, without): (Vec<usize>, Vec<usize>) = (0..points.points()).partition(counts);
        let mut at_point = vec![0.0; points.dimension()];
        self.process.ask(
            &self.ask(WantedNumbers::ValuesAndGradients),
            with.len(),
            &mut |index, theta| points.point(with[index], theta),
            &mut |index, value, bytes| {
                let m = with[index];
                values[m] = value;
                self.read(bytes, &mut at_point);
                for (mut row, &weight) in gradient.outer_iter_mut().zip(weights.row(m)) {
                    row.scaled_add(weight, &ArrayView1::from(&at_point));
                }
            },
        )?;
        self.process.ask(
            &self.ask(WantedNumbers::Values),
            without.len(),
            &mut |index, theta| points.point(without[index], theta),
            &mut |index, value, _| values[without[index]] = value,
        )?;
        Ok(values)
    }
}

/// The product of the Hessian with a direction from gradients in single precision. The step for
/// double precision would be too small for their rounding errors.
fn in_single_precision(
    mut gradient: impl FnMut(&[f64], &mut [f64]) -> Result<(), Interrupted>,
    theta: &[f64],
    direction: &[f64],
    product: &mut [f64],
) -> Result<(), Interrupted> {
    let single = |vector: &[f64]| vector.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let double = |vector: &[f32]| vector.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let gradient_at = |theta: &[f32], found: &mut [f32]| {
        let mut in_double = vec![0.0; found.len()];
        gradient(&double(theta), &mut in_double)?;
        found.copy_from_slice(&single(&in_double));
        Ok::<_, Interrupted>(())
    };
    let mut found = vec![0.0; product.len()];
    difference_of_gradients(gradient_at, &single(theta), &single(direction), &mut found)?;
    product.copy_from_slice(&double(&found));
    Ok(())
}
