//! Claims about the parameter vectors as they are.

use super::{Comparison, Finding, Judgment, improved, larger};
use crate::analysis::statistics::{
    DistanceResult, Distances, Summary, distances as centroid_distances, moments,
};
use crate::data::Split;
use crate::report::number::typeset_short;
use crate::report::paper::{PaperOptimizer, published, study};
use crate::report::run::Run;
use crate::report::style::set_name;
use ndarray::{Array2, Axis};

/// "Close": after subtracting chance, the distance of the centroids from the common origin is below
/// this fraction of the median distance. At about half of it, two sets of this width begin to
/// separate.
const CLOSE: f64 = 0.5;

/// Claim 5, with the standard deviation of each vector's components.
pub(super) fn deviations(run: &Run<'_>) -> Vec<Finding> {
    if study(run).is_none() {
        return Vec::new();
    }
    let finding = |split: Split| {
        let optimizers = PaperOptimizer::ALL;
        let names = optimizers.map(|optimizer| set_name(&optimizer.set(split)));
        let values = optimizers.map(|optimizer| deviation_of_each(run, optimizer, split));
        let ratio = published(run).map(|published| {
            let [lbfgs, sgd] = optimizers.map(|optimizer| published.moments(optimizer, split)[1]);
            lbfgs / sgd
        });
        let compared = Comparison::of(
            "standard deviation of the components",
            names,
            values.each_ref().map(Vec::as_slice),
        );
        let statement = format!("components of {split} vectors spread wider with L-BFGS");
        let compared = compared.map(|compared| compared.published(ratio));
        let sets = optimizers.map(|optimizer| optimizer.set(split));
        Finding::judged(run, statement, compared, |comparison| larger(comparison, true))
            .noting(improved::left_out(run, &sets))
    };
    [Split::Train, Split::Test].map(finding).into()
}

fn deviation_of_each(run: &Run<'_>, optimizer: PaperOptimizer, split: Split) -> Vec<f64> {
    let Some(set) = run.snapshots(&optimizer.name(), split) else { return Vec::new() };
    let rows = improved::rows(run, set).into_iter().map(|row| set.theta.row(row));
    rows.filter_map(|row| moments(&row.insert_axis(Axis(0))).ok())
        .map(|moments| moments.standard_deviation)
        .collect()
}

/// Claim 6.
pub(super) fn distances(run: &Run<'_>) -> Vec<Finding> {
    if study(run).is_none() {
        return Vec::new();
    }
    let of_paper = [Split::Train, Split::Test]
        .map(|split| [PaperOptimizer::Lbfgs.set(split), PaperOptimizer::Sgd.set(Split::Test)]);
    let published = |result: &&DistanceResult| of_paper.contains(&result.sets);
    let results: Vec<&DistanceResult> = run.analysis.distances.iter().filter(published).collect();
    if results.is_empty() {
        let reason =
            "there are no distances: they need solutions of both optimizers, and the stage kpca"
                .to_owned();
        return vec![Finding::new(
            run,
            "L-BFGS vectors lie farther out",
            (Judgment::NotTestable, reason),
            None,
        )];
    }
    let findings = |result: &&DistanceResult| {
        let result: &DistanceResult = result;
        let left_out = improved::left_out(run, &result.sets);
        let improved = left_out.as_ref().map(|_| of_improved(run, result));
        let result = improved.as_ref().unwrap_or(result);
        [farther(run, result), close(run, result)].map(|finding| finding.noting(left_out.clone()))
    };
    results.iter().flat_map(findings).collect()
}

/// The same distances without the vectors that are their initialization; these move the centroids,
/// so the distances are computed anew.
fn of_improved(run: &Run<'_>, result: &DistanceResult) -> DistanceResult {
    let [x, y] = result.sets.each_ref().map(|name| {
        run.set(name).map_or_else(
            || Array2::zeros((0, 0)),
            |set| set.theta.select(Axis(0), &improved::rows(run, set)),
        )
    });
    // Where a set has no vector left there is no centroid; the counts say which set it is.
    let nothing = || Distances {
        to_origin: [&x, &y].map(|set| vec![f64::NAN; set.nrows()]),
        centroid_to_origin: f64::NAN,
        centroid_distance: f64::NAN,
    };
    let found = centroid_distances(&x.view(), &y.view()).unwrap_or_else(|_| nothing());
    DistanceResult {
        distances: found.to_origin,
        centroid_to_origin: found.centroid_to_origin,
        centroid_distance: found.centroid_distance,
        ..result.clone()
    }
}

fn farther(run: &Run<'_>, result: &DistanceResult) -> Finding {
    let names = result.sets.each_ref().map(set_name);
    let statement =
        format!("{} vectors lie farther from the common origin than {}", names[0], names[1]);
    let distances = result.distances.each_ref().map(Vec::as_slice);
    let compared = Comparison::of("distance from the common origin", names, distances);
    Finding::judged(run, statement, compared, |comparison| larger(comparison, true))
}

fn close(run: &Run<'_>, result: &DistanceResult) -> Finding {
    let names = result.sets.each_ref().map(set_name);
    let statement = format!(
        "the centroids of {} and {} lie within {CLOSE} of the vectors' median distance",
        names[0], names[1]
    );
    let medians = result
        .distances
        .each_ref()
        .map(|distances| Summary::of(distances).map_or(f64::NAN, |summary| summary.median));
    let (median, [found, chance]) =
        (medians[0].min(medians[1]), [result.centroid_to_origin, by_chance(result)]);
    // Squares add up, because a random displacement has no preferred direction.
    // `clamp` keeps NaN where `max` would make it 0.
    let beyond = (found * found - chance * chance).clamp(0.0, f64::INFINITY).sqrt() / median;
    let status = match beyond {
        _ if beyond < CLOSE => Judgment::Supported,
        _ if beyond.is_nan() => Judgment::NotTestable,
        _ => Judgment::NotSupported,
    };
    let counts = result.distances.each_ref().map(Vec::len);
    if counts.iter().any(|&count| count < 2) {
        let reason = format!(
            "too few vectors, {} and {}: a set of fewer than 2 does not tell how far apart the \
             centroids are by chance",
            counts[0], counts[1]
        );
        return Finding::new(run, statement, (Judgment::NotTestable, reason), None);
    }
    let [centroid, share, by_chance, beyond] =
        [found, found / median, chance / median, beyond].map(typeset_short);
    let reason = format!(
        "they lie at {centroid}, {share} of the smaller median distance; by chance alone, {} and \
         {} vectors about one center come to {by_chance}; beyond chance it is {beyond}",
        counts[0], counts[1]
    );
    Finding::new(run, statement, (status, reason), None)
}

/// What |x̄ − ω̄| is expected to be if both sets are drawn about one center: E|x̄ − ȳ|² = σ²_x/n +
/// σ²_y/m with σ² the mean squared distance of a vector from its center, and |x̄ − ω̄| is half of
/// |x̄ − ȳ|. For equal n, m and σ it is 1/√(2n − 1) of the vectors' distance; where one set is
/// wider, more of the other's. NaN if a set has fewer than 2 vectors: one vector has no spread.
fn by_chance(result: &DistanceResult) -> f64 {
    let of_set = |distances: &Vec<f64>| {
        if distances.len() < 2 {
            return f64::NAN;
        }
        let count = distances.len() as f64;
        let mean_square = distances.iter().map(|distance| distance * distance).sum::<f64>() / count;
        // Pythagoras: Σ |x_i − ω̄|² = Σ |x_i − x̄|² + n |x̄ − ω̄|². σ² divides by n − 1, its mean
        // by n.
        (mean_square - result.centroid_to_origin.powi(2)).max(0.0) / (count - 1.0)
    };
    let [x, y] = result.distances.each_ref().map(of_set);
    (x + y).sqrt() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::MasterSeed;
    use crate::solutions::SetName;
    use rand::RngExt;

    /// n vectors of each set about one center, the first set so many times as wide: the share found
    /// and that by chance.
    fn shares(n: usize, ratio: f64) -> [f64; 2] {
        let mut random = MasterSeed(6).stream("centroids", &[n as u64]);
        let mut set = |width: f64| {
            Array2::from_shape_simple_fn((n, 20_000), || width * (random.random::<f64>() - 0.5))
        };
        let found = centroid_distances(&set(ratio).view(), &set(1.0).view()).unwrap();
        let result = DistanceResult {
            name: String::new(),
            sets: ["lbfgs/train", "sgd/test"].map(|name| SetName::parse(name).unwrap()),
            distances: found.to_origin,
            centroid_to_origin: found.centroid_to_origin,
            centroid_distance: found.centroid_distance,
        };
        let median = Summary::of(&result.distances[1]).unwrap().median;
        [result.centroid_to_origin / median, by_chance(&result) / median]
    }

    #[test]
    fn chance_alone_gives_the_share_it_is_expected_to() {
        for n in [6, 48] {
            for ratio in [1.0, 2.46, 4.2] {
                let [found, expected] = shares(n, ratio);
                assert!((found / expected - 1.0).abs() < 0.05, "{n} {ratio}: {found} {expected}");
            }
            let [_, expected] = shares(n, 1.0);
            assert!((expected * (2.0 * n as f64 - 1.0).sqrt() - 1.0).abs() < 0.01, "{expected}");
        }
        // Six vectors of which one set is 3.5 times as wide: no sign of centers that are apart.
        assert!((shares(6, 3.5)[1] - 0.63).abs() < 0.02);
        assert!((shares(48, 2.9)[1] - 0.22).abs() < 0.02);
    }
}
