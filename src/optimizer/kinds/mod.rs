//! The optimizers, one a file; Adam and AdamW share one.

pub mod adam;
pub mod lbfgs;
pub mod sgd;
