//! Refined barriers with their certificates, beside the barriers of the paths.

use super::{RefinedPath, of_paths, refined, section, word};
use crate::engine::stages::paths::group_of;
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec};
use crate::network::Tensor;
use crate::path::PathSet;
use crate::path::refine::{Certificate, Condition, Destination};
use ndarray::{Array2, aview1};

/// The outcome for each path.
type Refined = Option<Result<RefinedPath, String>>;

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let Some(section) = section(atlas.results.config) else { return Ok(()) };
    let paths = root.group("paths", "low-loss paths between pairs of solutions")?;
    for path_set in atlas.paths {
        let refined = of_paths(&atlas.results, path_set);
        if refined.iter().all(Option::is_none) {
            continue;
        }
        let node = group_of(&paths, path_set)?;
        write_heights(&node, &refined, atlas.loss_unit)?;
        let node = node.group("refined", "what is known about the refined barriers")?;
        node.text("from", word(section.from))?;
        write_top(&node, &refined)?;
        write_points(&node, atlas, path_set)?;
        write_spectrum(&node, &refined)?;
        write_sides(&node, &refined, atlas.loss_unit)?;
        write_work(&node, &refined, atlas.loss_unit)?;
        write_status(&node, &refined)?;
    }
    Ok(())
}

fn certificate(refined: &Refined) -> Option<&Certificate> {
    refined.as_ref()?.as_ref().ok().map(|path| &path.certificate)
}

fn certificates(refined: &[Refined]) -> impl Iterator<Item = (usize, &Certificate)> {
    refined.iter().enumerate().filter_map(|(row, refined)| Some((row, certificate(refined)?)))
}

fn column(refined: &[Refined], number: impl Fn(&Certificate) -> f64) -> Vec<f64> {
    refined.iter().map(|path| certificate(path).map_or(f64::NAN, &number)).collect()
}

fn texts(refined: &[Refined], text: impl Fn(&Certificate) -> String) -> Vec<String> {
    refined.iter().map(|path| certificate(path).map_or_else(String::new, &text)).collect()
}

fn write_texts(
    node: &AtlasGroup,
    label: &DatasetSpec<'_>,
    texts: &[String],
) -> Result<(), AtlasError> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    node.texts(label, &texts)
}

fn write_heights(node: &AtlasGroup, refined: &[Refined], unit: &str) -> Result<(), AtlasError> {
    let words = "refined barrier: the lowest maximum that was found between the endpoints; NaN if \
                 there is none";
    let label = DatasetSpec::new("height_refined", "path", words).units(unit);
    node.numbers(&label, &column(refined, |found| found.height))?;
    let words = "what the refined barrier is: pass, upper bound or not converged; empty if there \
                 is none";
    let label = DatasetSpec::new("certificate", "path", words);
    write_texts(node, &label, &texts(refined, |found| found.verdict.to_string()))
}

/// The highest point of each path.
fn write_top(node: &AtlasGroup, refined: &[Refined]) -> Result<(), AtlasError> {
    let numbers = |name, words, number: fn(&Certificate) -> f64| {
        node.numbers(&DatasetSpec::new(name, "path", words), &column(refined, number))
    };
    let words = "where the top is, as a fraction of the length of the path";
    numbers("t_top", words, |found| found.t)?;
    numbers("slope", "length of the gradient at the top", |found| found.slope)?;
    let words = "typical length of the gradient on the path: its median along the string";
    numbers("typical_slope", words, |found| found.typical_slope)?;
    let words = "measured noise of the length of the gradient";
    numbers("slope_noise", words, |found| found.slope_noise)
}

/// θ of the highest points, one refined path at a time in memory.
fn write_points(node: &AtlasGroup, atlas: &Atlas<'_>, paths: &PathSet) -> Result<(), AtlasError> {
    let dimension = atlas.layout.iter().map(Tensor::len).sum();
    let mut theta = Array2::from_elem((paths.pairs.len(), dimension), f64::NAN);
    for (mut row, &pair) in theta.outer_iter_mut().zip(&paths.pairs) {
        let path = refined(&atlas.results, &paths.set, paths.landscape, pair);
        if let Some(Ok(path)) = path {
            row.assign(&aview1(&path.certificate.theta));
        }
    }
    let words = "the top: the highest point of the path; NaN if there is none";
    node.numbers(&DatasetSpec::new("theta_top", "path, parameter", words), &theta)
}

/// The lowest eigenvalues of the Hessian at the top.
fn write_spectrum(node: &AtlasGroup, refined: &[Refined]) -> Result<(), AtlasError> {
    let count = certificates(refined).map(|(_, found)| found.eigenvalues.len()).max();
    let count = count.unwrap_or(0);
    let words = "number of each eigenvalue, from 1, the lowest first";
    node.axis_from_1("eigenvalue_number", words, count)?;
    let mut values = Array2::from_elem((refined.len(), count), f64::NAN);
    let mut residuals = values.clone();
    for (row, found) in certificates(refined) {
        for (index, eigenvalue) in found.eigenvalues.iter().enumerate() {
            values[(row, index)] = eigenvalue.value;
            residuals[(row, index)] = eigenvalue.residual;
        }
    }
    let words = "lowest eigenvalues of the Hessian at the top";
    node.numbers(&DatasetSpec::new("eigenvalue", "path, eigenvalue_number", words), &values)?;
    let words = "|H v - lambda v| of each";
    node.numbers(&DatasetSpec::new("residual", "path, eigenvalue_number", words), &residuals)?;
    let count = |found: Option<&Certificate>| found.map_or(0, |found| found.descending as u32);
    let descending: Vec<u32> = refined.iter().map(|path| count(certificate(path))).collect();
    let words = "how many of these eigenvalues are negative; 0 if there is no refined barrier";
    node.numbers(&DatasetSpec::new("negative", "path", words), &descending)
}

/// The places to which the descents on both sides of the top lead.
fn write_sides(node: &AtlasGroup, refined: &[Refined], unit: &str) -> Result<(), AtlasError> {
    let place = |place: Destination| match place {
        Destination::Endpoint(0) => "first endpoint",
        Destination::Endpoint(_) => "second endpoint",
        Destination::Minimum => "minimum",
        Destination::Point => "point",
    };
    for (side, name) in ["side_a", "side_b"].into_iter().enumerate() {
        let words = "what lies below the top on this side: first endpoint, second endpoint, \
                     minimum (another one), or point (no minimum); empty if there is none";
        let places = texts(refined, |found| place(found.sides[side].place).to_owned());
        write_texts(node, &DatasetSpec::new(name, "path", words), &places)?;
    }
    let words = "height there; NaN if there is none";
    let mut heights = Array2::from_elem((refined.len(), 2), f64::NAN);
    for (row, found) in certificates(refined) {
        heights.row_mut(row).assign(&aview1(&found.sides.map(|side| side.value)));
    }
    node.numbers(&DatasetSpec::new("side_height", "path, end", words).units(unit), &heights)?;
    let words = "1 if the refined barrier is the height of the higher endpoint, so that no path is \
                 lower; 0 otherwise";
    let at_endpoint = |path| certificate(path).map_or(0, |found| u32::from(found.is_at_endpoint));
    let at_endpoint: Vec<u32> = refined.iter().map(at_endpoint).collect();
    node.numbers(&DatasetSpec::new("at_endpoint", "path", words), &at_endpoint)?;
    let words = "number of saddles that the path leads over; 0 if there is no refined barrier";
    let saddles = |path| certificate(path).map_or(0, |found| found.saddles.len() as u32);
    let saddles: Vec<u32> = refined.iter().map(saddles).collect();
    node.numbers(&DatasetSpec::new("saddles", "path", words), &saddles)
}

/// The evaluations, and the height as a function of them.
fn write_work(node: &AtlasGroup, refined: &[Refined], unit: &str) -> Result<(), AtlasError> {
    let words = "evaluations in units of one gradient; NaN if there is no refined barrier";
    let spent = column(refined, |found| found.work.in_gradients());
    node.numbers(&DatasetSpec::new("evaluations", "path", words), &spent)?;
    let count = certificates(refined).map(|(_, found)| found.heights.len()).max();
    let count = count.unwrap_or(0);
    let words = "number of each improvement of the height; number 0 is the start";
    node.axis("improvement", words, count)?;
    let mut work = Array2::from_elem((refined.len(), count), f64::NAN);
    let mut heights = work.clone();
    for (row, found) in certificates(refined) {
        for (index, after) in found.heights.iter().enumerate() {
            work[(row, index)] = after.work.in_gradients();
            heights[(row, index)] = after.height;
        }
    }
    let words = "evaluations spent when the height had fallen to height_after; NaN after the last";
    node.numbers(&DatasetSpec::new("evaluations_after", "path, improvement", words), &work)?;
    let words = "the lowest height known after these evaluations; NaN after the last";
    let label = DatasetSpec::new("height_after", "path, improvement", words).units(unit);
    node.numbers(&label, &heights)
}

fn write_status(node: &AtlasGroup, refined: &[Refined]) -> Result<(), AtlasError> {
    let words = "conditions of a pass that do not hold, in words; empty if all hold";
    let failed = |found: &Certificate| {
        let words: Vec<String> = found.failed.iter().map(Condition::to_string).collect();
        words.join("; ")
    };
    write_texts(
        node,
        &DatasetSpec::new("failed_conditions", "path", words),
        &texts(refined, failed),
    )?;
    let status = |path: &Refined| match path {
        None => "missing".to_owned(),
        Some(Ok(_)) => "done".to_owned(),
        Some(Err(reason)) => format!("failed: {reason}"),
    };
    let words = "done, missing (not refined), or failed with the reason";
    let status: Vec<String> = refined.iter().map(status).collect();
    write_texts(node, &DatasetSpec::new("status", "path", words), &status)
}
