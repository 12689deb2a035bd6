//! `/paths/…/curve`: the curves of paths, in `atlas.h5` or in `curves.h5` beside it.

use super::atlas::{group, path_axes};
use crate::engine::console::say;
use crate::engine::curve_forecast::CURVE_FILE;
use crate::engine::curves::{KeptCurves, PathPlace};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec};
use crate::engine::store::{CurveNumbers, KeptPrecision};
use crate::network::Tensor;
use crate::path::{ChosenMethod, PathSet, equally_spaced};
use ndarray::{Array1, Array2, s};
use sha2::{Digest, Sha256};

/// Writes the curves of these paths, or the name of the file that has them. Writes nothing if none
/// is kept.
pub(super) fn write(
    node: &AtlasGroup,
    paths: &PathSet,
    atlas: &Atlas<'_>,
) -> Result<(), AtlasError> {
    let rows = kept_rows(atlas, paths);
    if rows.is_empty() {
        Ok(())
    } else if atlas.curves_are_apart {
        node.text("curve_file", CURVE_FILE)
    } else {
        write_group(node, paths, &rows, atlas)
    }
}

/// Fills the file of curves. Each group has the same name as in `atlas.h5`.
///
/// # Errors
/// [`AtlasError::Hdf5`] with what could not be written.
pub fn write_file(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let all =
        root.group("paths", "low-loss paths between pairs of solutions, by set and landscape")?;
    for paths in atlas.paths {
        let rows = kept_rows(atlas, paths);
        if !rows.is_empty() {
            let node = group(&all, paths)?;
            node.text("landscape", paths.landscape.name())?;
            path_axes(&node, paths)?;
            write_group(&node, paths, &rows, atlas)?;
        }
    }
    Ok(())
}

/// Identifies the content of that file. `None` if there are no curves.
pub fn content(atlas: &Atlas<'_>) -> Option<String> {
    let kept = atlas.kept_curves?;
    let mut hash = Sha256::new();
    let mut is_empty = true;
    for paths in atlas.paths {
        for row in kept_rows(atlas, paths) {
            is_empty = false;
            if let Ok((name, steps)) = kept.place(PathPlace::of(paths, row)) {
                hash.update(format!("{row} {name} {steps};"));
            }
        }
    }
    (!is_empty).then(|| format!("{:x}", hash.finalize()))
}

fn kept_rows(atlas: &Atlas<'_>, paths: &PathSet) -> Vec<usize> {
    atlas.kept_curves.map_or_else(Vec::new, |kept| kept.wanted_and_there(paths))
}

fn write_group(
    parent: &AtlasGroup,
    paths: &PathSet,
    rows: &[usize],
    atlas: &Atlas<'_>,
) -> Result<(), AtlasError> {
    let Some(kept) = atlas.kept_curves else { return Ok(()) };
    let parameters = &kept.paths.parameters;
    let method = &parameters.method;
    let about = "the paths themselves: ω(t) = (1 − t) endpoint_0 + t endpoint_1 + Σ_n shape_n(t) coefficient_n";
    let node = parent.group("curve", about)?;
    node.text("method", method.name())?;
    let numbers = Array1::from_iter(rows.iter().map(|&row| row as u32));
    node.coordinates(
        &DatasetSpec::new("path", "path", "number of the path of each curve"),
        &numbers,
    )?;
    node.axis_from_1("term", "number n of each term", method.free())?;
    write_shapes(&node, method, parameters.points)?;
    let dimension = atlas.layout.iter().map(Tensor::len).sum();
    let writer = CurveWriter { node: &node, kept: &kept, paths, rows, dimension };
    if atlas.results.config.subject.network().is_some() {
        writer.write::<f32>()
    } else {
        writer.write::<f64>()
    }
}

/// The values of the shapes at the points of the profiles.
fn write_shapes(node: &AtlasGroup, method: &ChosenMethod, points: usize) -> Result<(), AtlasError> {
    let t = equally_spaced(points);
    let label = DatasetSpec::new(
        "t",
        "t",
        "path parameter t_m = m / (M - 1) of the points of the profiles",
    );
    node.coordinates(&label, &Array1::from(t.clone()))?;
    let grid = method.straight::<f64>([&[0.0], &[1.0]]).grid(&t);
    let shapes = grid.coefficients().slice(s![.., 2..]).to_owned();
    node.numbers(
        &DatasetSpec::new("shape", "t, term", "value of the shape of each term at each t"),
        &shapes,
    )
}

/// Writes the curves of some rows, with one curve in memory at a time.
struct CurveWriter<'a> {
    node: &'a AtlasGroup,
    kept: &'a KeptCurves<'a>,
    paths: &'a PathSet,
    rows: &'a [usize],
    /// P.
    dimension: usize,
}

impl CurveWriter<'_> {
    fn write<A: KeptPrecision>(&self) -> Result<(), AtlasError> {
        self.endpoints::<A>()?;
        self.coefficients::<A>()
    }

    fn coefficients<A: KeptPrecision>(&self) -> Result<(), AtlasError> {
        let free = self.kept.paths.parameters.method.free();
        let shape = [self.rows.len(), free, self.dimension];
        let words = "coefficients b_n of each curve: vectors of the space of theta";
        let label = DatasetSpec::new("coefficient", "path, term, parameter", words);
        self.node.blocks(&label, shape, |index| {
            let Some(CurveNumbers { free, .. }) = self.numbers::<A>(index) else {
                self.say_problem(index);
                return None;
            };
            Array2::from_shape_vec((shape[1], shape[2]), free).ok()
        })
    }

    fn endpoints<A: KeptPrecision>(&self) -> Result<(), AtlasError> {
        let shape = [self.rows.len(), 2, self.dimension];
        let words = "the endpoints ω^a and ω^b of each curve, as the search had them";
        let label = DatasetSpec::new("endpoint", "path, end, parameter", words);
        self.node.blocks(&label, shape, |index| {
            let ends = self.numbers::<A>(index)?.endpoints.concat();
            Array2::from_shape_vec((shape[1], shape[2]), ends).ok()
        })
    }

    /// If a file cannot be used, only its curve becomes NaN.
    fn numbers<A: KeptPrecision>(&self, index: usize) -> Option<CurveNumbers<A>> {
        let file = self.kept.file(PathPlace::of(self.paths, self.rows[index]));
        file.ok().flatten().and_then(A::numbers)
    }

    fn say_problem(&self, index: usize) {
        if let Err(problem) = self.kept.file(PathPlace::of(self.paths, self.rows[index])) {
            say(format_args!("a curve is not written: {problem}"));
        }
    }
}
