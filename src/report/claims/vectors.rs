//! Claims about the parameter vectors as they are.

use super::{Comparison, Finding, Status, larger};
use crate::optimizer::Method;
use crate::report::number::typeset_short;
use crate::report::published::Published;
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{SetName, Split};
use crate::statistics::{DistanceResult, Summary, moments};
use ndarray::Axis;

/// "Close": the centroids lie nearer to the common origin than this share of the median distance.
const CLOSE: f64 = 0.5;

/// Claim 5, with the standard deviation of each vector's components.
pub(super) fn deviations(run: &Run<'_>) -> Vec<Finding> {
    if run.network().is_none() {
        return Vec::new();
    }
    let finding = |split: Split| {
        let methods = [Method::Lbfgs, Method::Sgd];
        let names = methods.map(|method| set_name(&SetName::of(method, split)));
        let values = methods.map(|method| deviation_of_each(run, method, split));
        let published = Published::of(run).map(|published| {
            let [lbfgs, sgd] = methods.map(|method| published.moments(method, split)[1]);
            lbfgs / sgd
        });
        let compared = Comparison::of("standard deviation of the components", names, values.each_ref().map(Vec::as_slice));
        let statement = format!("components of {split} vectors spread wider with L-BFGS");
        Finding::judged(run, statement, compared.map(|compared| compared.published(published)), |comparison| {
            larger(comparison, true)
        })
    };
    [Split::Train, Split::Test].map(finding).into()
}

fn deviation_of_each(run: &Run<'_>, method: Method, split: Split) -> Vec<f64> {
    let Some(set) = run.snapshots(method, split) else { return Vec::new() };
    let rows = set.theta.outer_iter();
    rows.filter_map(|row| moments(&row.insert_axis(Axis(0))).ok()).map(|moments| moments.standard_deviation).collect()
}

/// Claim 6.
pub(super) fn distances(run: &Run<'_>) -> Vec<Finding> {
    if run.network().is_none() {
        return Vec::new();
    }
    if run.analysis.distances.is_empty() {
        let reason = "there are no distances: they need solutions of both optimizers, and the stage kpca".to_owned();
        return vec![Finding::new(run, "L-BFGS vectors lie farther out", (Status::NotTestable, reason), None)];
    }
    run.analysis.distances.iter().flat_map(|result| [farther(run, result), close(run, result)]).collect()
}

fn farther(run: &Run<'_>, result: &DistanceResult) -> Finding {
    let names = result.sets.each_ref().map(set_name);
    let statement = format!("{} vectors lie farther from the common origin than {}", names[0], names[1]);
    let distances = result.distances.each_ref().map(Vec::as_slice);
    let compared = Comparison::of("distance from the common origin", names, distances);
    Finding::judged(run, statement, compared, |comparison| larger(comparison, true))
}

fn close(run: &Run<'_>, result: &DistanceResult) -> Finding {
    let names = result.sets.each_ref().map(set_name);
    let statement = format!("the centroids of {} and {} lie within {CLOSE} of the vectors' median distance", names[0], names[1]);
    let medians = result.distances.each_ref().map(|distances| Summary::of(distances).map_or(f64::NAN, |summary| summary.median));
    let share = result.centroid_to_origin / medians[0].min(medians[1]);
    let [centroid, shown] = [result.centroid_to_origin, share].map(typeset_short);
    let status = match share {
        _ if share < CLOSE => Status::Supported,
        _ if share.is_nan() => Status::NotTestable,
        _ => Status::NotSupported,
    };
    Finding::new(run, statement, (status, format!("they lie at {centroid}, {shown} of the smaller median distance")), None)
}
