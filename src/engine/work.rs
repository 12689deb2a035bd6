//! The work of a task of each kind, for plans, the time left and the order of the tasks.

use crate::config::PathsConfig;
use crate::data::Split;
use crate::engine::plan::{Work, path_work, training_work};
use crate::engine::problem::Trained;
use crate::optimizer::Method;

/// Of a training run, at most.
pub fn training(trained: &Trained, method: Method) -> Work {
    let [train, test] = images(trained);
    training_work(&trained.config.training.method(method), train, test)
}

/// Of the evaluation of an imported vector.
pub fn import(trained: &Trained) -> Work {
    Work { losses: images(trained).iter().sum::<usize>() as f64, ..Work::default() }
}

/// Of a path on the landscape of these images, at most.
pub fn path(trained: &Trained, paths: &PathsConfig, landscape: Split) -> Work {
    path_work(&paths.parameters, trained.path_images(landscape).len(), paths.batch)
}

fn images(trained: &Trained) -> [usize; 2] {
    [Split::Train, Split::Test].map(|split| trained.images(split).len())
}
