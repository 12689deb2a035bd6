//! Claims about kernel PCA.

use super::{Comparison, Finding, Judgment, LEVEL, improved};
use crate::analysis::kernel_pca::Kernel;
use crate::analysis::statistics::{KernelPcaResult, silhouette};
use crate::data::Split;
use crate::report::figures::kernel_name;
use crate::report::number::typeset_short;
use crate::report::paper::studies::Property;
use crate::report::paper::{PaperOptimizer, claimed, study};
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::solutions::SetName;
use ndarray::{Axis, s};

/// "Separates": |Cliff's δ| of the scores of the two sets along a component is at least this …
///
/// |δ| does not depend on scale. It is also near 1 if a few vectors determine a component and all others are
/// close together, one set just above the other. So the silhouette, which depends on scale, must
/// agree.
const SEPARATE: f64 = 0.9;
/// … and their silhouette in the plane of PC1 and PC2 at least this: on average, a vector is twice
/// as far from the other set as from its own. L. Kaufman and P. J. Rousseeuw, *Finding Groups in
/// Data* (1990), p. 88, call it a reasonable structure from 0.51 on.
const APART: f64 = 0.5;
/// "Nearly vanishes": |δ| is below this along PC1 and PC2 …
const MIXED: f64 = 0.5;
/// … and the silhouette below this: "no substantial structure" in the same book.
const TOGETHER: f64 = 0.25;

/// How two sets lie in a kernel PCA.
struct Separation {
    /// |Cliff's δ| along PC1 and PC2.
    deltas: [f64; 2],
    /// In the plane of both; NaN if there is none.
    silhouette: f64,
}

impl Separation {
    fn of(result: &KernelPcaResult, sets: &[SetName; 2]) -> Self {
        let deltas = [0, 1].map(|component| delta(result, sets, component).abs());
        Self { deltas, silhouette: silhouette_of(result, sets).unwrap_or(f64::NAN) }
    }

    fn largest_delta(&self) -> f64 {
        self.deltas[0].max(self.deltas[1])
    }

    /// Whether the sets are separate; `None` if the two numbers disagree and neither is low.
    fn is_separate(&self) -> Option<bool> {
        if self.largest_delta() >= SEPARATE && self.silhouette >= APART {
            return Some(true);
        }
        (self.largest_delta() < SEPARATE || self.silhouette < TOGETHER).then_some(false)
    }

    fn words(&self) -> String {
        let [first, second] = self.deltas.map(typeset_short);
        let silhouette = typeset_short(self.silhouette);
        format!(
            "|δ| is {first} along PC1, {second} along PC2, the silhouette in their plane {silhouette}"
        )
    }
}

/// Claim 7.
pub(super) fn train(run: &Run<'_>) -> Vec<Finding> {
    if study(run).is_none() {
        return Vec::new();
    }
    let sets = [PaperOptimizer::Lbfgs.set(Split::Train), PaperOptimizer::Sgd.set(Split::Test)];
    let results = of_sets(run, &sets);
    let results: Vec<&KernelPcaResult> = results.iter().collect();
    let decisive = decisive(&results);
    let mut findings: Vec<Finding> = decisive
        .iter()
        .map(|result| by_kernel(run, result, &results, &sets).noting(left_out(run, &sets)))
        .collect();
    if !results.iter().any(|result| is_rbf(result)) {
        findings.insert(
            0,
            absent(
                run,
                "the RBF kernel separates L-BFGS train from SGD test vectors along PC1",
                "RBF",
                &sets,
            ),
        );
    }
    if results.iter().all(|result| is_rbf(result)) {
        findings.push(absent(run, "other kernels do not separate them", "another", &sets));
    }
    findings
}

/// How many vectors the scores leave out.
fn left_out(run: &Run<'_>, sets: &[SetName; 2]) -> Option<String> {
    improved::left_out(run, sets).map(|words| format!("{words}; the components still contain them"))
}

/// For each kind of kernel the standardized results, which reproduce the published figures, or all
/// if there is none.
fn decisive<'a>(results: &[&'a KernelPcaResult]) -> Vec<&'a KernelPcaResult> {
    let standardized =
        |kind: &str| results.iter().any(|other| other.standardized && other.kernel.name() == kind);
    let decides =
        |result: &&KernelPcaResult| result.standardized || !standardized(result.kernel.name());
    results.iter().copied().filter(decides).collect()
}

/// `" of standardized parameters"`, if they are standardized.
fn of_what(result: &KernelPcaResult) -> &'static str {
    if result.standardized { " of standardized parameters" } else { "" }
}

/// If the verdict uses standardized vectors, the result of the same kernels without
/// standardization.
fn beside(result: &KernelPcaResult, results: &[&KernelPcaResult], sets: &[SetName; 2]) -> String {
    let raw = |other: &&&KernelPcaResult| {
        !other.standardized && other.kernel.name() == result.kernel.name()
    };
    let others = results.iter().filter(raw).filter(|_| result.standardized);
    others
        .map(|other| {
            format!(
                "; not standardized ({}): {}",
                other.kernel,
                Separation::of(other, sets).words()
            )
        })
        .collect()
}

fn by_kernel(
    run: &Run<'_>,
    result: &KernelPcaResult,
    results: &[&KernelPcaResult],
    sets: &[SetName; 2],
) -> Finding {
    let separation = Separation::of(result, sets);
    let reason = format!(
        "{}; {SEPARATE} and {APART} count as separate{}",
        separation.words(),
        beside(result, results, sets)
    );
    let compared = compare(result, sets, 0);
    if is_rbf(result) {
        let (kernel, what) = (result.kernel, of_what(result));
        let statement = format!(
            "the kernel {kernel}{what} separates L-BFGS train from SGD test vectors along PC1"
        );
        return Finding::judged(run, statement, compared, |comparison| {
            let along_first = comparison.p < LEVEL && separation.deltas[0] >= separation.deltas[1];
            let status = match separation.is_separate() {
                Some(true) if along_first => Judgment::Supported,
                Some(_) => Judgment::NotSupported,
                None => Judgment::NotTestable,
            };
            (status, reason.clone())
        });
    }
    let (kernel, what) = (kernel_name(result.kernel), of_what(result));
    let statement = format!("the {kernel} kernel{what} does not separate them along PC1 or PC2");
    Finding::judged(run, statement, compared, |_| {
        let status = match separation.is_separate() {
            Some(true) => Judgment::NotSupported,
            Some(false) => Judgment::Supported,
            None => Judgment::NotTestable,
        };
        (status, reason.clone())
    })
}

/// Claim 8, for every decisive RBF kernel.
pub(super) fn test(run: &Run<'_>) -> Vec<Finding> {
    let Some(stays) = claimed(run, Property::SeparateTest, &PaperOptimizer::ALL) else {
        return Vec::new();
    };
    let sets = PaperOptimizer::ALL.map(|optimizer| optimizer.set(Split::Test));
    let how = if stays { "separates" } else { "hardly separates" };
    let results = of_sets(run, &sets);
    let results: Vec<&KernelPcaResult> = results.iter().filter(|result| is_rbf(result)).collect();
    if results.is_empty() {
        let statement = format!("the RBF kernel {how} L-BFGS test from SGD test vectors");
        return vec![absent(run, &statement, "RBF", &sets)];
    }
    let finding = |result: &&KernelPcaResult| {
        let (kernel, what) = (result.kernel, of_what(result));
        let statement =
            format!("the kernel {kernel}{what} {how} L-BFGS test from SGD test vectors");
        of_test(run, statement, result, &results, stays).noting(left_out(run, &sets))
    };
    decisive(&results).iter().map(finding).collect()
}

/// Whether the separation of test vectors `stays` or vanishes, by the component with the larger
/// |δ|.
fn of_test(
    run: &Run<'_>,
    statement: String,
    result: &KernelPcaResult,
    results: &[&KernelPcaResult],
    stays: bool,
) -> Finding {
    let sets = PaperOptimizer::ALL.map(|optimizer| optimizer.set(Split::Test));
    let separation = Separation::of(result, &sets);
    let best = usize::from(separation.deltas[1] > separation.deltas[0]);
    Finding::judged(run, statement, compare(result, &sets, best), |comparison| {
        let reason = format!(
            "{}; {SEPARATE} and {APART} count as separate, below {MIXED} and {TOGETHER} as mixed{}",
            separation.words(),
            beside(result, results, &sets)
        );
        let separate = separation.is_separate().map(|separate| separate && comparison.p < LEVEL);
        let mixed = separation.largest_delta() < MIXED && separation.silhouette < TOGETHER;
        let status = match (stays, separate) {
            (true, Some(true)) => Judgment::Supported,
            (true, Some(false)) | (false, Some(true)) => Judgment::NotSupported,
            (false, Some(false)) if mixed => Judgment::Supported,
            _ => Judgment::NotTestable,
        };
        (status, reason)
    })
}

fn is_rbf(result: &KernelPcaResult) -> bool {
    matches!(result.kernel, Kernel::Rbf { .. })
}

/// The kernel PCAs of the union of exactly these two sets, without the scores of vectors that are
/// their initialization.
fn of_sets(run: &Run<'_>, sets: &[SetName; 2]) -> Vec<KernelPcaResult> {
    let both = |result: &&KernelPcaResult| {
        result.sets.len() == 2 && sets.iter().all(|set| result.sets.contains(set))
    };
    run.analysis.kernel_pca.iter().filter(both).map(|result| of_improved(run, result)).collect()
}

fn of_improved(run: &Run<'_>, result: &KernelPcaResult) -> KernelPcaResult {
    let initial: Vec<_> = result.sets.iter().map(|set| run.at_initialization(set)).collect();
    let numbers = result.set.iter().zip(&result.initialization).enumerate();
    let is_solution = |set: &u32, number: &u32| {
        initial.get(*set as usize).is_none_or(|numbers| !numbers.contains(number))
    };
    let kept = numbers.filter(|(_, (set, number))| is_solution(set, number));
    let rows: Vec<usize> = kept.map(|(row, _)| row).collect();
    KernelPcaResult {
        projection: result.projection.select(Axis(0), &rows),
        set: rows.iter().map(|&row| result.set[row]).collect(),
        initialization: rows.iter().map(|&row| result.initialization[row]).collect(),
        ..result.clone()
    }
}

fn absent(run: &Run<'_>, statement: &str, kernel: &str, sets: &[SetName; 2]) -> Finding {
    let reason = format!(
        "there is no kernel PCA of {} and {} with {kernel} kernel; [[kpca]] adds it",
        sets[0], sets[1]
    );
    Finding::new(run, statement, (Judgment::NotTestable, reason), None)
}

/// The silhouette of the two sets in the plane of PC1 and PC2.
fn silhouette_of(result: &KernelPcaResult, sets: &[SetName; 2]) -> Option<f64> {
    let plane = sets.each_ref().map(|name| {
        let rows: Vec<usize> = rows_of(result, name).collect();
        result
            .projection
            .select(Axis(0), &rows)
            .slice_move(s![.., ..2.min(result.projection.ncols())])
    });
    silhouette(&plane[0].view(), &plane[1].view()).ok()
}

/// The rows of the projection that are of a set.
fn rows_of<'a>(result: &'a KernelPcaResult, name: &'a SetName) -> impl Iterator<Item = usize> + 'a {
    let of_set = |set: u32| result.sets.get(set as usize) == Some(name);
    result.set.iter().enumerate().filter(move |(_, set)| of_set(**set)).map(|(row, _)| row)
}

/// The comparison of the scores along a component. Kernel PCA does not use the sets. If the sets
/// were of one kind, every assignment of scores to sets would be equally likely, as the rank test
/// assumes.
fn compare(
    result: &KernelPcaResult,
    sets: &[SetName; 2],
    component: usize,
) -> Result<Comparison, String> {
    let scores = |name: &SetName| -> Vec<f64> {
        rows_of(result, name)
            .filter_map(|row| result.projection.get((row, component)).copied())
            .collect()
    };
    let [x, y] = sets.each_ref().map(scores);
    Comparison::of(
        &format!("score along PC{}", component + 1),
        sets.each_ref().map(set_name),
        [&x, &y],
    )
}

/// Cliff's δ along a component; 0 if there is none.
fn delta(result: &KernelPcaResult, sets: &[SetName; 2], component: usize) -> f64 {
    compare(result, sets, component).map_or(0.0, |comparison| comparison.delta)
}
