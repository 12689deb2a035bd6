//! Claims about kernel PCA.

use super::{Comparison, Finding, LEVEL, Status};
use crate::embedding::Kernel;
use crate::network::descriptor::Claim;
use crate::optimizer::Method;
use crate::report::figures::kernel_name;
use crate::report::number::typeset_short;
use crate::report::published::claims;
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::{SetName, Split};
use crate::statistics::{KernelPcaResult, silhouette};
use ndarray::{Axis, s};

/// "Separates": |Cliff's δ| of the scores of the two sets along a component is at least this.
const SEPARATE: f64 = 0.9;
/// "Nearly vanishes": it is below this along PC1 and PC2.
const MIXED: f64 = 0.5;

/// Claim 7.
pub(super) fn train(run: &Run<'_>) -> Vec<Finding> {
    if run.network().is_none() {
        return Vec::new();
    }
    let sets = [SetName::of(Method::Lbfgs, Split::Train), SetName::of(Method::Sgd, Split::Test)];
    let results = of_sets(run, &sets);
    let mut findings: Vec<Finding> = results.iter().map(|result| by_kernel(run, result, &sets)).collect();
    if !results.iter().any(|result| is_rbf(result)) {
        findings.insert(0, absent(run, "the RBF kernel separates L-BFGS train from SGD test vectors along PC1", "RBF", &sets));
    }
    if results.iter().all(|result| is_rbf(result)) {
        findings.push(absent(run, "other kernels do not separate them", "another", &sets));
    }
    findings
}

fn by_kernel(run: &Run<'_>, result: &KernelPcaResult, sets: &[SetName; 2]) -> Finding {
    let second = delta(result, sets, 1).abs();
    let shown = |first: f64| {
        let [first, second] = [first, second].map(typeset_short);
        let apart = apart(result, sets);
        format!("|δ| is {first} along PC1, {second} along PC2; {SEPARATE} counts as separate; {apart}")
    };
    if is_rbf(result) {
        let statement = format!("the kernel {} separates L-BFGS train from SGD test vectors along PC1", result.kernel);
        return Finding::judged(run, statement, compare(result, sets, 0), |comparison| {
            let first = comparison.delta.abs();
            let separate = first >= SEPARATE && comparison.p < LEVEL && first >= second;
            (if separate { Status::Supported } else { Status::NotSupported }, shown(first))
        });
    }
    let statement = format!("the {} kernel does not separate them along PC1 or PC2", kernel_name(result.kernel));
    Finding::judged(run, statement, compare(result, sets, 0), |comparison| {
        let first = comparison.delta.abs();
        (if first.max(second) >= SEPARATE { Status::NotSupported } else { Status::Supported }, shown(first))
    })
}

/// Claim 8: of every RBF kernel.
pub(super) fn test(run: &Run<'_>) -> Vec<Finding> {
    let Some(stays) = claims(run, Claim::SeparateTest) else { return Vec::new() };
    let sets = [Method::Lbfgs, Method::Sgd].map(|method| SetName::of(method, Split::Test));
    let how = if stays { "separates" } else { "hardly separates" };
    let results: Vec<_> = of_sets(run, &sets).into_iter().filter(|result| is_rbf(result)).collect();
    if results.is_empty() {
        let statement = format!("the RBF kernel {how} L-BFGS test from SGD test vectors");
        return vec![absent(run, &statement, "RBF", &sets)];
    }
    let statement = |kernel| format!("the kernel {kernel} {how} L-BFGS test from SGD test vectors");
    results.into_iter().map(|result| of_test(run, statement(result.kernel), result, &sets, stays)).collect()
}

/// Whether the separation of test vectors `stays` or vanishes, by the component that tells more of the two.
fn of_test(run: &Run<'_>, statement: String, result: &KernelPcaResult, sets: &[SetName; 2], stays: bool) -> Finding {
    let best = usize::from(delta(result, sets, 1).abs() > delta(result, sets, 0).abs());
    Finding::judged(run, statement, compare(result, sets, best), |comparison| {
        let separation = comparison.delta.abs();
        let reason = format!(
            "|δ| is at most {} (PC{}); {SEPARATE} counts as separate, less than {MIXED} as mixed; {}",
            typeset_short(separation),
            best + 1,
            apart(result, sets)
        );
        let separate = separation >= SEPARATE && comparison.p < LEVEL;
        let status = match (stays, separate) {
            (true, true) => Status::Supported,
            (true, false) | (false, true) => Status::NotSupported,
            (false, false) if separation < MIXED => Status::Supported,
            (false, false) => Status::NotTestable,
        };
        (status, reason)
    })
}

fn is_rbf(result: &KernelPcaResult) -> bool {
    matches!(result.kernel, Kernel::Rbf { .. })
}

/// The kernel PCAs of the union of these two sets and of no other.
fn of_sets<'a>(run: &'a Run<'_>, sets: &[SetName; 2]) -> Vec<&'a KernelPcaResult> {
    let both = |result: &&KernelPcaResult| result.sets.len() == 2 && sets.iter().all(|set| result.sets.contains(set));
    run.analysis.kernel_pca.iter().filter(both).collect()
}

fn absent(run: &Run<'_>, statement: &str, kernel: &str, sets: &[SetName; 2]) -> Finding {
    let reason = format!("there is no kernel PCA of {} and {} with {kernel} kernel; [[kpca]] adds it", sets[0], sets[1]);
    Finding::new(run, statement, (Status::NotTestable, reason), None)
}

/// The silhouette of the two sets in the plane of PC1 and PC2, in words.
fn apart(result: &KernelPcaResult, sets: &[SetName; 2]) -> String {
    let plane = sets.each_ref().map(|name| {
        let rows: Vec<usize> = rows_of(result, name).collect();
        result.projection.select(Axis(0), &rows).slice_move(s![.., ..2.min(result.projection.ncols())])
    });
    match silhouette(&plane[0].view(), &plane[1].view()) {
        Ok(silhouette) => format!("their silhouette in the plane of both is {}", typeset_short(silhouette)),
        Err(error) => format!("they have no silhouette: {error}"),
    }
}

/// The rows of the projection that are of a set.
fn rows_of<'a>(result: &'a KernelPcaResult, name: &'a SetName) -> impl Iterator<Item = usize> + 'a {
    let of_set = |set: u32| result.sets.get(set as usize) == Some(name);
    result.set.iter().enumerate().filter(move |(_, set)| of_set(**set)).map(|(row, _)| row)
}

/// The scores along a component. The kernel PCA has not been told of the sets, so if they were of one
/// kind every assignment of its scores to them would be as likely: what the rank test assumes.
fn compare(result: &KernelPcaResult, sets: &[SetName; 2], component: usize) -> Result<Comparison, String> {
    let scores = |name: &SetName| -> Vec<f64> {
        rows_of(result, name).filter_map(|row| result.projection.get((row, component)).copied()).collect()
    };
    let [x, y] = sets.each_ref().map(scores);
    Comparison::of(&format!("score along PC{}", component + 1), sets.each_ref().map(set_name), [&x, &y])
}

/// Cliff's δ along a component; 0 if there is none.
fn delta(result: &KernelPcaResult, sets: &[SetName; 2], component: usize) -> f64 {
    compare(result, sets, component).map_or(0.0, |comparison| comparison.delta)
}
