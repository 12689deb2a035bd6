//! `/curvature`: eigenvalues, traces and spectra at solutions and along paths.

use super::known::{PathsCurvature, SetCurvature, of_paths, of_sets, section};
use super::outcome::{AlongPath, Eigenvalue, Eigenvalues, PointCurvature};
use super::section::{CurvatureConfig, RequestedQuantities};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec};
use crate::network::Tensor;
use ndarray::{Array1, ArrayD, IxDyn};

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let Some(section) = section(&atlas.results) else { return Ok(()) };
    let (sets, paths) = (of_sets(&atlas.results, atlas.sets), of_paths(&atlas.results, atlas.sets));
    if sets.is_empty() && paths.is_empty() {
        return Ok(());
    }
    let root = root.group("curvature", "second derivatives of the landscape, by set")?;
    let dimension: usize = atlas.layout.iter().map(Tensor::len).sum();
    let writer = PointWriter { section, dimension, unit: atlas.loss_unit };
    sets.iter().try_for_each(|of_set| writer.write_set(&root, of_set))?;
    paths.iter().try_for_each(|of_set| writer.write_paths(&root, of_set))
}

/// The axis of the largest eigenvalues.
const NUMBER: &str = "eigenvalue_number";

/// The axis of the lowest ones.
const LOWEST_NUMBER: &str = "lowest_number";

struct PointWriter<'a> {
    section: &'a CurvatureConfig,
    dimension: usize,
    unit: &'a str,
}

/// The points of a group: an array of points of some axes.
struct PointArray<'p> {
    /// The axes of a point: `vector`, or `path, point`.
    axes: &'static str,
    shape: Vec<usize>,
    /// `None` for a point that was not computed.
    points: Vec<Option<&'p PointCurvature>>,
    coordinates: &'static str,
}

impl PointArray<'_> {
    /// A number of each point.
    fn each(&self, number: impl Fn(&PointCurvature) -> f64) -> ArrayD<f64> {
        let numbers = self.points.iter().map(|point| point.map_or(f64::NAN, &number)).collect();
        ArrayD::from_shape_vec(IxDyn(&self.shape), numbers).expect("a number for each point")
    }

    /// Numbers of each point, NaN beyond their end.
    fn rows(
        &self,
        shape: &[usize],
        numbers: impl Fn(&PointCurvature, &mut dyn FnMut(usize, f64)),
    ) -> ArrayD<f64> {
        let length: usize = shape.iter().product();
        let mut all = vec![f64::NAN; self.points.len() * length];
        for (place, point) in self.points.iter().enumerate() {
            if let Some(point) = point {
                numbers(point, &mut |index, number| {
                    if index < length {
                        all[place * length + index] = number;
                    }
                });
            }
        }
        let shape = [&self.shape[..], shape].concat();
        ArrayD::from_shape_vec(IxDyn(&shape), all).expect("as many numbers as places")
    }
}

impl PointWriter<'_> {
    fn write_set(&self, root: &AtlasGroup, of: &SetCurvature) -> Result<(), AtlasError> {
        let member = root
            .group(of.set.group(), "curvature at solutions with one origin")?
            .group(of.set.member(), "curvature at the solutions of a set")?;
        let node =
            member.group(&format!("on_{}", of.landscape), "curvature on the landscape of these")?;
        node.text("landscape", of.landscape.name())?;
        self.write_settings(&node)?;
        node.axis("vector", "row of each solution in its set", of.numbers.len())?;
        self.axes(&node)?;
        let words = "number of the random initialization the vector grew from";
        node.numbers(&DatasetSpec::new("initialization", "vector", words), &of.numbers)?;
        let points = PointArray {
            axes: "vector",
            shape: vec![of.points.len()],
            points: of.points.iter().map(Some).collect(),
            coordinates: "initialization",
        };
        self.write_points(&node, &points)?;
        let status: Vec<&str> = of.status.iter().map(String::as_str).collect();
        let words = "done, missing (a part is not computed yet), or failed with the reason";
        node.texts(&DatasetSpec::new("status", "vector", words), &status)
    }

    fn write_settings(&self, node: &AtlasGroup) -> Result<(), AtlasError> {
        let images = self.section.images;
        node.text("images", &images.map_or_else(|| "all".to_owned(), |count| count.to_string()))?;
        node.number("tolerance", self.section.asked.tolerance)
    }

    /// The axes of eigenvalues and probes.
    fn axes(&self, node: &AtlasGroup) -> Result<(), AtlasError> {
        let RequestedQuantities { largest, lowest, probes, steps, .. } = self.section.asked;
        node.axis_from_1(NUMBER, "number of each of the largest eigenvalues, from 1", largest)?;
        node.axis_from_1(
            LOWEST_NUMBER,
            "number of each of the lowest eigenvalues, from 1",
            lowest,
        )?;
        node.axis("probe", "number of each random probe", probes)?;
        let words = "number of each node of the quadrature of a probe";
        node.axis("node", words, steps.min(self.dimension))
    }

    fn write_points(&self, node: &AtlasGroup, of: &PointArray) -> Result<(), AtlasError> {
        self.write_measures(node, of)?;
        self.write_eigenvalues(node, of)?;
        write_sharpness(node, of)?;
        self.write_trace(node, of)
    }

    fn write_measures(&self, node: &AtlasGroup, of: &PointArray) -> Result<(), AtlasError> {
        let eigenvalues = |number: fn(&Eigenvalues) -> f64| {
            move |point: &PointCurvature| point.eigenvalues.as_ref().map_or(f64::NAN, number)
        };
        let of_point =
            |name, words, unit, value| number(node, of, (name, words, unit), eigenvalues(value));
        let words = "loss at each point, on these images in double precision";
        of_point("loss", words, self.unit, |found| found.loss)?;
        of_point("slope", "length of the gradient at each point", "1", |found| found.slope)?;
        of_point("norm", "length of theta", "1", |found| found.norm)
    }

    fn write_eigenvalues(&self, node: &AtlasGroup, of: &PointArray) -> Result<(), AtlasError> {
        let RequestedQuantities { largest, lowest, .. } = self.section.asked;
        let list = |name: &str, axis: &str, words: &str, length, number: EigenvaluesOf| {
            let axes = format!("{}, {axis}", of.axes);
            let label = DatasetSpec::new(name, &axes, words).told_apart_by(of.coordinates);
            let rows = of.rows(&[length], |point, put| {
                let found = point.eigenvalues.as_ref();
                let values = found.map(number).unwrap_or_default();
                values.into_iter().enumerate().for_each(|(index, value)| put(index, value));
            });
            node.numbers(&label, &rows)
        };
        let words = "the largest eigenvalues of the Hessian, descending; NaN if not converged";
        list("eigenvalues", NUMBER, words, largest, |found| values(&found.largest))?;
        let words = "|H x - lambda x| of each of them";
        list("residuals", NUMBER, words, largest, |found| residuals(&found.largest))?;
        let words = "the lowest eigenvalues of the Hessian, ascending; NaN if not converged";
        list("lowest", LOWEST_NUMBER, words, lowest, |found| values(&found.lowest))?;
        let words = "|H x - lambda x| of each of them";
        list("lowest_residuals", LOWEST_NUMBER, words, lowest, |found| residuals(&found.lowest))?;
        let words = "how many eigenvalues did not converge, the filter-normalized one included";
        number(node, of, ("not_converged", words, "1"), |point| point.open() as f64)?;
        let words = "products of the Hessian with a vector that all this took";
        number(node, of, ("products", words, "1"), |point| point.products() as f64)
    }

    fn write_trace(&self, node: &AtlasGroup, of: &PointArray) -> Result<(), AtlasError> {
        let words = "trace of the Hessian: mean over the random probes";
        number(node, of, ("trace", words, "1"), PointCurvature::trace_estimate)?;
        let error = |point: &PointCurvature| {
            point.trace().and_then(|trace| trace.standard_error).unwrap_or(f64::NAN)
        };
        let words = "standard error of the trace; NaN with less than two probes";
        number(node, of, ("trace_error", words, "1"), error)?;
        let RequestedQuantities { probes, steps, .. } = self.section.asked;
        let shape = [probes, steps.min(self.dimension)];
        let axes = format!("{}, probe, node", of.axes);
        let quadratures = |name: &str, words: &str, numbers: QuadratureOf| {
            let rows = of.rows(&shape, |point, put| {
                for (probe, quadrature) in point.probes.iter().enumerate() {
                    for (index, &number) in numbers(quadrature).iter().enumerate() {
                        put(probe * shape[1] + index, number);
                    }
                }
            });
            let label = DatasetSpec::new(name, &axes, words).told_apart_by(of.coordinates);
            node.numbers(&label, &rows)
        };
        let words = "nodes of each probe, ascending: the density of the spectrum is the mean over \
                     the probes of delta functions there, with the weights";
        quadratures("density_nodes", words, |found| &found.nodes)?;
        let words = "weights of the nodes, of sum 1 for each probe";
        quadratures("density_weights", words, |found| &found.weights)
    }

    fn write_paths(&self, root: &AtlasGroup, of: &PathsCurvature) -> Result<(), AtlasError> {
        let name = of.sets.path();
        let (parent, child) = name.split_once('/').unwrap_or((&name, ""));
        let on = format!("on_{}", of.landscape);
        let about = "curvature along paths";
        let on = root.group(parent, about)?.group(child, about)?.group(&on, about)?;
        let node = on.group("paths", "curvature along paths between pairs of solutions")?;
        node.text("landscape", of.landscape.name())?;
        self.write_settings(&node)?;
        let (paths, points) = (of.pairs.len(), self.section.path_points + 1);
        node.axis("path", "number of each path", paths)?;
        node.axis("end", "the ends of a path: 0 at t = 0, 1 at t = 1", 2)?;
        node.axis("point", "number of each point of a path; the last one is its top", points)?;
        self.axes(&node)?;
        let ends: Vec<[u32; 2]> = of.pairs.iter().map(|&(a, b)| [a, b]).collect();
        let words = "initialization numbers of the endpoints";
        let label = DatasetSpec::new("pair_initialization", "path, end", words);
        node.numbers(&label, &ndarray::Array2::from(ends))?;
        let found: Vec<Option<&AlongPath>> =
            of.paths.iter().map(|path| path.as_ref()?.as_ref().ok()).collect();
        let t = found.iter().flat_map(|path| {
            (0..points).map(|m| path.and_then(|path| path.t.get(m)).copied().unwrap_or(f64::NAN))
        });
        let t = Array1::from_iter(t).into_shape_with_order((paths, points));
        let words = "where each point is: t of the curve; of the top of a refined path the \
                     fraction of its length";
        node.numbers(
            &DatasetSpec::new("t", "path, point", words),
            &t.expect("a number for each point of each path"),
        )?;
        let refined: Vec<u32> =
            found.iter().map(|path| path.map_or(0, |path| u32::from(path.is_refined))).collect();
        let words = "1 if the top is that of the refined path, 0 if it is that of the fine grid";
        node.numbers(&DatasetSpec::new("top_is_refined", "path", words), &refined)?;
        let array = PointArray {
            axes: "path, point",
            shape: vec![paths, points],
            points: found
                .iter()
                .flat_map(|path| (0..points).map(|m| path.and_then(|path| path.points.get(m))))
                .collect(),
            coordinates: "t",
        };
        self.write_points(&node, &array)?;
        let status = |path: &Option<Result<AlongPath, String>>| match path {
            None => "missing".to_owned(),
            Some(Ok(_)) => "done".to_owned(),
            Some(Err(reason)) => format!("failed: {reason}"),
        };
        let status: Vec<String> = of.paths.iter().map(status).collect();
        let status: Vec<&str> = status.iter().map(String::as_str).collect();
        let words = "done, missing (not computed yet), or failed with the reason";
        node.texts(&DatasetSpec::new("status", "path", words), &status)
    }
}

/// A number of each point.
fn number(
    node: &AtlasGroup,
    of: &PointArray,
    (name, words, unit): (&str, &str, &str),
    number: impl Fn(&PointCurvature) -> f64,
) -> Result<(), AtlasError> {
    let label = DatasetSpec::new(name, of.axes, words).units(unit).told_apart_by(of.coordinates);
    node.numbers(&label, &of.each(number))
}

fn write_sharpness(node: &AtlasGroup, of: &PointArray) -> Result<(), AtlasError> {
    let words = "the largest eigenvalue of D H D, where D multiplies each weight with the norm \
                 of its filter; NaN if not converged";
    let label = ("filter_normalized", words, "1");
    number(node, of, label, PointCurvature::normalized)?;
    let residual = |point: &PointCurvature| {
        let largest = point.normalized.as_ref().and_then(|found| found.largest);
        largest.map_or(f64::NAN, |found| found.residual)
    };
    let words = "its residual";
    number(node, of, ("filter_normalized_residual", words, "1"), residual)?;
    let scaled = |point: &PointCurvature| {
        point.sharpness().map_or(f64::NAN, |found| found.times_squared_norm())
    };
    let words = "the largest eigenvalue times |theta|^2";
    number(node, of, ("scaled_by_norm", words, "1"), scaled)?;
    let words = "distance along the leading eigenvector at which the loss doubles, \
                 sqrt(2 loss / eigenvalue)";
    number(node, of, ("doubling_distance", words, "1"), PointCurvature::doubling_distance)
}

type EigenvaluesOf = fn(&Eigenvalues) -> Vec<f64>;

type QuadratureOf = fn(&crate::analysis::curvature::Quadrature) -> &Vec<f64>;

fn values(list: &[Eigenvalue]) -> Vec<f64> {
    list.iter().map(|eigenvalue| eigenvalue.value).collect()
}

fn residuals(list: &[Eigenvalue]) -> Vec<f64> {
    list.iter().map(|eigenvalue| eigenvalue.residual).collect()
}
