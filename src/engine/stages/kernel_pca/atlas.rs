//! `/kpca` and `/statistics`: kernel PCA and statistics of the sets.

use crate::analysis::statistics::{AnalysisPart, DistanceResult, KernelPcaResult, Moments};
use crate::engine::store::atlas::{
    Atlas, AtlasError, AtlasGroup, DatasetSpec, group_name, require,
};

/// Checks names and lengths. Returns the group of each result.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
    for part in &atlas.analysis.kernel_pca {
        kernel_pca(part)?;
    }
    for part in &atlas.analysis.distances {
        group_name("/statistics/distances", &part.name)?;
    }
    let analysis = atlas.analysis;
    let embeddings = analysis.kernel_pca.iter().map(|result| format!("/kpca/{}", result.name));
    let moments = analysis.moments.iter().map(|(set, _)| format!("/statistics/moments/{set}"));
    let distances =
        analysis.distances.iter().map(|pair| format!("/statistics/distances/{}", pair.name));
    Ok(embeddings.chain(moments).chain(distances).collect())
}

fn kernel_pca(analysis: &KernelPcaResult) -> Result<(), AtlasError> {
    group_name("/kpca", &analysis.name)?;
    let path = format!("/kpca/{}", analysis.name);
    let (eigenvalues, explained) = (analysis.eigenvalues.len(), analysis.explained.len());
    require(eigenvalues == explained, &path, || {
        format!("{explained} explained fractions for {eigenvalues} eigenvalues")
    })?;
    let vectors = analysis.projection.nrows();
    for (name, length) in
        [("set", analysis.set.len()), ("initialization", analysis.initialization.len())]
    {
        require(length == vectors, &format!("{path}/{name}"), || {
            format!("{length} values for {vectors} vectors")
        })?;
    }
    let known = analysis.set.iter().all(|&set| (set as usize) < analysis.sets.len());
    require(known, &format!("{path}/set"), || {
        format!("an index beyond the {} sets", analysis.sets.len())
    })
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let kpca = root.group("kpca", "kernel principal component analyses of unions of sets")?;
    kpca.text("failed", &failed(atlas, |part| matches!(part, AnalysisPart::KernelPca(_))))?;
    for analysis in &atlas.analysis.kernel_pca {
        write_kernel_pca(
            &kpca.group(&analysis.name, "a kernel principal component analysis")?,
            analysis,
        )?;
    }
    let statistics = root.group("statistics", "summaries of the sets")?;
    statistics
        .text("failed", &failed(atlas, |part| !matches!(part, AnalysisPart::KernelPca(_))))?;
    let moments =
        statistics.group("moments", "moments of all components of all vectors of a set")?;
    for (set, of_set) in &atlas.analysis.moments {
        let group = moments.group(set.group(), "sets with one origin")?;
        write_moments(&group.group(set.member(), "moments of one set")?, of_set)?;
    }
    let distances = statistics
        .group("distances", "distances of the vectors of two sets from their common origin")?;
    for pair in &atlas.analysis.distances {
        let description = "two sets; their common origin is the midpoint of their centroids";
        write_distances(&distances.group(&pair.name, description)?, pair)?;
    }
    Ok(())
}

/// A line for each of these parts that could not be computed; empty if all were.
fn failed(atlas: &Atlas<'_>, of: fn(&AnalysisPart) -> bool) -> String {
    let parts = atlas.failed_parts.iter().filter(|failed| of(&failed.part));
    parts.map(|failed| format!("{}: {}", failed.part, failed.reason)).collect::<Vec<_>>().join("\n")
}

fn write_kernel_pca(node: &AtlasGroup, analysis: &KernelPcaResult) -> Result<(), AtlasError> {
    node.text("kernel", analysis.kernel.name())?;
    for (name, value) in analysis.kernel.parameters() {
        node.number(name, value)?;
    }
    node.number("standardized", u8::from(analysis.standardized))?;
    node.number("negative_share", analysis.negative_share)?;
    node.axis(
        "vector",
        "number of each vector, in the order of the sets",
        analysis.projection.nrows(),
    )?;
    let words =
        "number of each component, from 1: component 1 is PC1, that of the largest eigenvalue";
    node.axis_from_1("component", words, analysis.projection.ncols())?;
    node.axis_from_1(
        "eigenvalue",
        "number of each eigenvalue, from 1, the largest first",
        analysis.eigenvalues.len(),
    )?;
    let words = "eigenvalues of the centered kernel matrix, the largest first";
    node.numbers(&DatasetSpec::new("eigenvalues", "eigenvalue", words), &analysis.eigenvalues)?;
    let words = "fraction of the sum of all positive eigenvalues of the centered kernel matrix";
    node.numbers(&DatasetSpec::new("explained", "eigenvalue", words), &analysis.explained)?;
    let words = "coordinates of the vectors along the leading components";
    let label = DatasetSpec::new("projection", "vector, component", words)
        .told_apart_by("set initialization");
    node.numbers(&label, &analysis.projection)?;
    let sets: Vec<&str> =
        analysis.set.iter().map(|&set| analysis.sets[set as usize].as_str()).collect();
    node.texts(&DatasetSpec::new("set", "vector", "set of each vector, group/member"), &sets)?;
    let words = "number of the random initialization the vector grew from";
    node.numbers(&DatasetSpec::new("initialization", "vector", words), &analysis.initialization)
}

fn write_moments(node: &AtlasGroup, moments: &Moments) -> Result<(), AtlasError> {
    node.number_scalar(
        &DatasetSpec::new("mean", "", "mean of all components of all vectors"),
        moments.mean,
    )?;
    let words = "standard deviation of all components of all vectors";
    node.number_scalar(
        &DatasetSpec::new("standard_deviation", "", words),
        moments.standard_deviation,
    )
}

fn write_distances(node: &AtlasGroup, pair: &DistanceResult) -> Result<(), AtlasError> {
    let [first, second] = &pair.distances;
    node.axis("member", "number of each of the two sets", 2)?;
    node.axis("first_vector", "row of each vector in the first set", first.len())?;
    node.axis("second_vector", "row of each vector in the second set", second.len())?;
    let [first, second] = &pair.sets;
    node.texts(
        &DatasetSpec::new("set", "member", "the two sets, group/member"),
        &[first.as_str(), second.as_str()],
    )?;
    let [first, second] = &pair.distances;
    let words = "distance of each vector of the first set from the common origin";
    node.numbers(&DatasetSpec::new("distance_first", "first_vector", words), first)?;
    let words = "distance of each vector of the second set from the common origin";
    node.numbers(&DatasetSpec::new("distance_second", "second_vector", words), second)?;
    let words = "distance of either centroid from the common origin";
    node.number_scalar(
        &DatasetSpec::new("centroid_to_origin", "", words),
        pair.centroid_to_origin,
    )?;
    let words = "distance between the two centroids";
    node.number_scalar(&DatasetSpec::new("centroid_distance", "", words), pair.centroid_distance)
}
