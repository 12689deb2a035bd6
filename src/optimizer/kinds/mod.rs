//! The optimizers, one a file.

pub mod adam;
pub mod adamw;
pub mod lbfgs;
pub mod sgd;
