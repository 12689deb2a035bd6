//! Losses, accuracies and gradients of given vectors, for `lossatlas evaluate`.

use crate::data::Split;
use crate::engine::failure::Failure;
use crate::engine::landscape::MappedLandscape;
use crate::engine::parallel::{Control, Event, FarmError, World, farm};
use crate::engine::problem::Trained;
use crate::engine::terminal;
use crate::landscape::{ImageLandscape, Interrupted, Landscape, Process};
use indicatif::ProgressBar;
use ndarray::Array2;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What is computed of one vector.
#[derive(Debug, Serialize, Deserialize)]
pub struct VectorEvaluation {
    /// Mean loss over the training images.
    pub loss_train: f64,
    /// Mean loss over the test images.
    pub loss_test: f64,
    /// Fraction of the training images classified correctly; NaN for networks without classes.
    pub accuracy_train: f64,
    /// Fraction of the test images classified correctly; NaN for networks without classes.
    pub accuracy_test: f64,
    /// Gradient of `loss_train`, `(P,)`; empty unless it is asked for.
    gradient: Vec<f32>,
}

/// Evaluates each vector, a row of `vectors`, on all ranks. Collective.
///
/// `vectors` are those of rank 0, `None` on the other ranks. Returns the evaluations in the order
/// of the rows on rank 0, and none on the other ranks.
///
/// # Errors
/// If a rank or the communication fails.
///
/// # Panics
/// Never: nothing interrupts these evaluations.
pub fn evaluate(
    world: &World,
    problem: &Trained,
    vectors: Option<&Array2<f32>>,
    with_gradient: bool,
) -> Result<Vec<VectorEvaluation>, Failure> {
    let evaluator = VectorEvaluator::new(problem, with_gradient);
    each_row(world, vectors, |theta: &Vec<f32>| {
        Ok(evaluator.evaluate(theta).expect("without an interrupt none comes"))
    })
}

/// What is computed of one vector on the landscape of a process.
#[derive(Debug, Serialize, Deserialize)]
pub struct PointEvaluation {
    /// The value on each data set, in the order of the process.
    pub values: Vec<f64>,
    /// Gradient on the first data set, `(P,)`; empty unless it is asked for.
    pub gradient: Vec<f64>,
}

/// Like [`evaluate`], on all data sets of a process. Collective.
///
/// # Errors
/// If a rank, the communication or the process fails.
pub fn evaluate_points(
    world: &World,
    landscape: &MappedLandscape,
    vectors: Option<&Array2<f64>>,
    with_gradient: bool,
) -> Result<Vec<PointEvaluation>, Failure> {
    each_row(world, vectors, |theta: &Vec<f64>| {
        evaluate_point(landscape, theta, with_gradient).map_err(|Interrupted| {
            let failure = landscape.process().and_then(Process::take_failure);
            failure.map_or_else(|| "interrupted".to_owned(), |failure| failure.message)
        })
    })
}

fn evaluate_point(
    mapped: &MappedLandscape,
    theta: &[f64],
    with_gradient: bool,
) -> Result<PointEvaluation, Interrupted> {
    let (mut values, mut gradient) = (Vec::new(), Vec::new());
    for (index, name) in mapped.names().into_iter().enumerate() {
        let Some(landscape) = mapped.landscape(name, &|| false) else { continue };
        if with_gradient && index == 0 {
            gradient.resize(theta.len(), 0.0);
            values.push(landscape.value_and_gradient(theta, &mut gradient)?);
        } else {
            values.push(landscape.value(theta)?);
        }
    }
    Ok(PointEvaluation { values, gradient })
}

/// Distributes the rows of `vectors` over the ranks. Returns the results in the order of the rows,
/// on rank 0.
fn each_row<A, R>(
    world: &World,
    vectors: Option<&Array2<A>>,
    evaluate: impl Fn(&Vec<A>) -> Result<R, String> + Sync,
) -> Result<Vec<R>, Failure>
where
    A: Clone + Serialize + DeserializeOwned + Send,
    R: Serialize + DeserializeOwned + Send,
{
    let rows = vectors.map_or(0, Array2::nrows);
    let bar =
        if rows > 0 { terminal::bar(rows, "evaluate [{wide_bar}] {pos}/{len}") } else { None };
    let bar = bar.unwrap_or_else(ProgressBar::hidden);
    let mut evaluations: Vec<Option<R>> = (0..rows).map(|_| None).collect();
    let on_event = |event: Event<Result<R, String>>| {
        if let Event::Finished { task, outcome, .. } = event {
            let outcome = outcome.map_err(|failure| failure.to_string()).flatten();
            evaluations[task] = Some(outcome.map_err(|reason| format!("row {task}: {reason}"))?);
            bar.inc(1);
        }
        Ok::<_, String>(())
    };
    let row = |row| vectors.map_or_else(Vec::new, |vectors| vectors.row(row).to_vec());
    let work = |theta: &Vec<A>, _: &Control| evaluate(theta);
    let ended = farm(world, rows, row, work, on_event, &|| false, None);
    bar.finish_and_clear();
    match ended {
        Ok(_) => Ok(evaluations.into_iter().flatten().collect()),
        // The other ranks stay silent: rank 0 reports the reason.
        Err(error @ (FarmError::Stopped | FarmError::Thread(_))) => Err(Failure::system(error)),
        Err(error) => Err(Failure::system(format!("evaluate: {error}"))),
    }
}

/// The two landscapes of a network, and whether gradients are computed.
struct VectorEvaluator<'a> {
    train: ImageLandscape<'a, f32>,
    test: ImageLandscape<'a, f32>,
    with_gradient: bool,
}

impl<'a> VectorEvaluator<'a> {
    fn new(problem: &'a Trained, with_gradient: bool) -> Self {
        let landscape = |split| problem.landscape(problem.images(split));
        Self { train: landscape(Split::Train), test: landscape(Split::Test), with_gradient }
    }

    fn evaluate(&self, theta: &[f32]) -> Result<VectorEvaluation, Interrupted> {
        let (loss_train, accuracy_train) = self.train.loss_and_accuracy(theta)?;
        let (loss_test, accuracy_test) = self.test.loss_and_accuracy(theta)?;
        let mut gradient = Vec::new();
        if self.with_gradient {
            gradient.resize(theta.len(), 0.0);
            self.train.value_and_gradient(theta, &mut gradient)?;
        }
        Ok(VectorEvaluation { loss_train, loss_test, accuracy_train, accuracy_test, gradient })
    }
}

/// The gradients of these evaluations, one in a row.
///
/// # Panics
/// If they were evaluated without their gradients.
pub fn gradients(problem: &Trained, evaluations: &[VectorEvaluation]) -> Array2<f32> {
    let shape = (evaluations.len(), problem.network.layout().parameters());
    let components = evaluations.iter().flat_map(|evaluation| &evaluation.gradient);
    Array2::from_shape_vec(shape, components.copied().collect())
        .expect("each gradient has a component for each parameter")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::problem::Problem;
    use std::fs;

    /// The rows come back in their order, each with the numbers of the landscape itself.
    #[test]
    fn evaluations_are_those_of_the_landscape_in_the_order_of_the_rows() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let file = root.path().join("study.toml");
        let text = "seed = 3\n[dataset]\nkind = \"digits\"\ntrain = 30\ntest = 20\n\
                    [network]\nkind = \"fcp\"\nhidden = [5]\n";
        fs::write(&file, text).expect("a writable directory");
        let world = World::alone();
        let problem =
            Problem::load_for_evaluation(&world, &file, &[]).expect("a sound configuration");
        let problem = problem.trained().expect("a network");
        let parameters = problem.network.layout().parameters();
        let vectors = Array2::from_shape_fn((3, parameters), |(row, i)| {
            (0.1 * (row + 1) as f64 * (1.7 * i as f64).sin()) as f32
        });
        let with_gradient = evaluate(&world, problem, Some(&vectors), true).expect("finite");
        let without = evaluate(&world, problem, Some(&vectors), false).expect("finite");
        let train = problem.landscape(problem.images(Split::Train));
        let gradients = gradients(problem, &with_gradient);
        for (row, theta) in vectors.outer_iter().enumerate() {
            let mut gradient = vec![0.0; parameters];
            let theta = theta.to_vec();
            train.value_and_gradient(&theta, &mut gradient).expect("nobody interrupts");
            let (loss, accuracy) = train.loss_and_accuracy(&theta).expect("nobody interrupts");
            for evaluation in [&with_gradient[row], &without[row]] {
                assert_eq!((evaluation.loss_train, evaluation.accuracy_train), (loss, accuracy));
            }
            assert_eq!(gradients.row(row).to_vec(), gradient);
            assert!(without[row].gradient.is_empty());
        }
        assert!(evaluate(&world, problem, None, true).expect("nothing to do").is_empty());
    }
}
