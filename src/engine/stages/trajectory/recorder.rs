//! A training run whose points are recorded.

use crate::analysis::kernel_pca::{Kernel, KernelPcaFit};
use crate::landscape::Interrupted;
use crate::optimizer::{Trainer, TrainingState, Visited};
use crate::solver::{Solver, SolverStep};
use ndarray::{Array2, ArrayView1};
use serde::{Deserialize, Serialize};

/// Principal components that the points are projected on.
const COMPONENTS: usize = 2;

/// n points of a training run. Small fields come first: see [`TrajectoryHead`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trajectory {
    /// `(n,)` epochs done, ascending from 0; the last one is where the run ended.
    pub epoch: Vec<u32>,
    /// `(n,)` mean losses on the training images.
    pub loss_train: Vec<f64>,
    /// `(n,)` mean losses on the test images.
    pub loss_test: Vec<f64>,
    /// Why the run ended, in words.
    pub stop: String,
    /// `(n, 2)` coordinates along the two leading principal components of these points, each of
    /// which counts equally.
    pub projection: Array2<f64>,
    /// `(2,)` share of each component in the variance of the points.
    pub explained: Vec<f64>,
    /// `(n, P)` the parameters.
    pub theta: Array2<f32>,
}

/// The first fields of a [`Trajectory`], as they are encoded.
#[derive(Debug, Deserialize)]
pub struct TrajectoryHead {
    /// As in the trajectory.
    pub epoch: Vec<u32>,
    /// As in the trajectory.
    pub loss_train: Vec<f64>,
    /// As in the trajectory.
    pub loss_test: Vec<f64>,
    /// As in the trajectory.
    pub stop: String,
}

impl Trajectory {
    /// Sum of the distances between successive points.
    pub fn length(&self) -> f64 {
        let rows: Vec<_> = self.theta.outer_iter().collect();
        rows.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
    }

    /// Distance between the first and the last point.
    pub fn distance(&self) -> f64 {
        let rows = (self.theta.outer_iter().next(), self.theta.outer_iter().next_back());
        rows.0.zip(rows.1).map_or(0.0, |(first, last)| distance(first, last))
    }
}

fn distance(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    squares.sum::<f64>().sqrt()
}

/// The points so far. The last one is the current point, which is kept only if it is due or the run
/// ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Points {
    epoch: Vec<u32>,
    theta: Vec<f32>,
    loss_train: Vec<f64>,
    loss_test: Vec<f64>,
}

impl Points {
    fn visit(&mut self, visited: Visited<'_>, every: u32) {
        let Visited { epoch, theta, loss_train, loss_test } = visited;
        // Points that are not finite cannot be projected.
        let last = self.epoch.last().copied();
        if last == Some(epoch) || !theta.iter().all(|component| component.is_finite()) {
            return;
        }
        if last.is_some_and(|last| !last.is_multiple_of(every)) {
            self.epoch.pop();
            self.loss_train.pop();
            self.loss_test.pop();
            self.theta.truncate(self.theta.len() - theta.len());
        }
        self.epoch.push(epoch);
        self.theta.extend_from_slice(theta);
        self.loss_train.push(loss_train);
        self.loss_test.push(loss_test);
    }

    fn project(self, stop: String) -> Result<Trajectory, String> {
        let Self { epoch, theta, loss_train, loss_test } = self;
        if epoch.len() < 2 {
            return Err(format!("the run never left its initialization: {stop}"));
        }
        let parameters = theta.len() / epoch.len();
        let theta = Array2::from_shape_vec((epoch.len(), parameters), theta)
            .expect("every point has all parameters");
        // With the linear kernel, kernel PCA is PCA.
        let components = KernelPcaFit::fit(theta.view(), Kernel::Linear, COMPONENTS)
            .map_err(|error| error.to_string())?;
        let (projection, explained) = (components.projection(), components.explained().to_vec());
        Ok(Trajectory { epoch, loss_train, loss_test, stop, projection, explained, theta })
    }
}

/// A training run together with its recorded points.
pub struct Recorder<'a, 'd> {
    trainer: Trainer<'a, 'd>,
    every: u32,
    points: Points,
}

/// The checkpoint of a suspended run.
#[derive(Debug, Deserialize)]
pub struct RecorderState {
    training: TrainingState,
    points: Points,
}

impl<'a, 'd> Recorder<'a, 'd> {
    /// Records a point every `every` epochs of a run. A `state` resumes a suspended one.
    pub fn new(trainer: Trainer<'a, 'd>, every: usize, state: Option<RecorderState>) -> Self {
        let every = u32::try_from(every).unwrap_or(u32::MAX);
        let (training, points) =
            state.map_or((None, Points::default()), |state| (Some(state.training), state.points));
        Self { trainer: Trainer { state: training, ..trainer }, every, points }
    }
}

impl Solver for Recorder<'_, '_> {
    type Output = Result<Trajectory, String>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        let step = self.trainer.step()?;
        if let SolverStep::Finished(run) = step {
            let points = std::mem::take(&mut self.points);
            return Ok(SolverStep::Finished(points.project(run.stop.to_string())));
        }
        if let Some(visited) = self.trainer.state.as_ref().and_then(TrainingState::visited) {
            self.points.visit(visited, self.every);
        }
        Ok(SolverStep::Continue)
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        // In the order of the fields of `RecorderState`.
        self.trainer.state.as_ref().map(|training| (training, &self.points))
    }

    fn progress(&self) -> (f64, f64) {
        self.trainer.progress()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::digits;
    use crate::landscape::ImageLandscape;
    use crate::network::{Activation, Fcp};
    use crate::optimizer::ChosenOptimizer;
    use crate::random::MasterSeed;
    use crate::solver::complete;

    fn points(visits: &[(u32, [f32; 2])], every: u32) -> Points {
        let mut points = Points::default();
        for (epoch, theta) in visits {
            let loss = f64::from(*epoch);
            let visited = Visited { epoch: *epoch, theta, loss_train: loss, loss_test: 2.0 * loss };
            // Several steps within an epoch show the same point.
            points.visit(visited, every);
            points.visit(visited, every);
        }
        points
    }

    #[test]
    fn every_third_epoch_and_the_last_one_are_kept() {
        let visits: Vec<_> = (0..=7).map(|epoch| (epoch, [epoch as f32, 0.0])).collect();
        let kept = points(&visits, 3);
        assert_eq!(kept.epoch, [0, 3, 6, 7]);
        assert_eq!(kept.theta, [0.0, 0.0, 3.0, 0.0, 6.0, 0.0, 7.0, 0.0]);
        assert_eq!(kept.loss_train, [0.0, 3.0, 6.0, 7.0]);
        assert_eq!(kept.loss_test, [0.0, 6.0, 12.0, 14.0]);
        assert_eq!(points(&visits[..7], 3).epoch, [0, 3, 6]);
        assert_eq!(points(&visits, 100).epoch, [0, 7]);
    }

    #[test]
    fn the_head_is_what_a_trajectory_begins_with() {
        let visits = [(0, [0.0, 0.0]), (1, [3.0, 4.0])];
        let trajectory = points(&visits, 1).project("done".to_owned()).expect("two points");
        let bytes = postcard::to_allocvec(&trajectory).expect("plain data");
        let (head, _) = postcard::take_from_bytes::<TrajectoryHead>(&bytes).expect("its head");
        assert_eq!((head.epoch, head.stop), (trajectory.epoch, trajectory.stop));
        assert_eq!(head.loss_train, trajectory.loss_train);
        assert_eq!(head.loss_test, trajectory.loss_test);
    }

    #[test]
    fn a_point_that_is_not_finite_is_left_out() {
        let kept = points(&[(0, [0.0, 0.0]), (1, [1.0, 0.0]), (2, [f32::NAN, 0.0])], 1);
        assert_eq!(kept.epoch, [0, 1]);
    }

    /// On a line all variance lies along one component, and the coordinates are the distances from
    /// the mean.
    #[test]
    fn points_on_a_line_have_one_component() {
        let visits = [(0, [0.0, 0.0]), (1, [3.0, 4.0]), (2, [6.0, 8.0])];
        let trajectory = points(&visits, 1).project("done".to_owned()).expect("three points");
        assert!((trajectory.length() - 10.0).abs() < 1e-12);
        assert!((trajectory.distance() - 10.0).abs() < 1e-12);
        assert!((trajectory.explained[0] - 1.0).abs() < 1e-12, "{:?}", trajectory.explained);
        assert!(trajectory.explained[1].abs() < 1e-12);
        let along: Vec<f64> = trajectory.projection.column(0).to_vec();
        let expected = [-5.0, 0.0, 5.0];
        let sign = along[2].signum();
        for (found, expected) in along.iter().zip(expected) {
            assert!((sign * found - expected).abs() < 1e-12, "{along:?}");
        }
    }

    /// The state goes to disk and back after every step.
    #[test]
    fn a_run_in_pieces_leaves_the_same_trajectory() {
        let data = digits::draw(MasterSeed(5), 60, 20);
        let network = Fcp::new(&[784, 4, 10], Activation::Softplus);
        let [train, test] =
            [&data.train, &data.test].map(|images| ImageLandscape::new(&network, images.view()));
        let training = ChosenOptimizer::sgd(0.1, 16, 5);
        let trainer = || Trainer {
            training: &training,
            seed: MasterSeed(5),
            initialization: 3,
            train: &train,
            test: &test,
            state: None,
        };
        let whole = complete(Recorder::new(trainer(), 2, None), &mut |_, _| true);
        let whole = whole.expect("not interrupted").expect("three points or more");
        assert_eq!(whole.epoch, [0, 2, 4, 5]);

        let mut state: Option<Vec<u8>> = None;
        let in_pieces = loop {
            let stored = state.as_ref().map(|bytes| postcard::from_bytes(bytes).expect("a state"));
            let mut recorder = Recorder::new(trainer(), 2, stored);
            match recorder.step().expect("not interrupted") {
                SolverStep::Finished(trajectory) => break trajectory,
                SolverStep::Continue => {
                    let encode = |state| postcard::to_allocvec(&state).expect("plain data");
                    state = recorder.state().map(encode);
                }
            }
        };
        assert_eq!(in_pieces.expect("three points or more"), whole);
    }

    #[test]
    fn a_run_without_a_second_point_has_no_trajectory() {
        let one = points(&[(0, [0.0, 0.0]), (1, [f32::INFINITY, 0.0])], 1);
        let refused = one.project("the loss was not finite".to_owned()).expect_err("one point");
        assert!(refused.ends_with("initialization: the loss was not finite"), "{refused}");
    }
}
