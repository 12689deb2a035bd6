//! Parameter vectors θ in files: NumPy files, and the sets in `atlas.h5`.
//!
//! A row is θ in the order of the [`Layout`], which is that of PyTorch's `parameters_to_vector`;
//! `docs/weights.md` shows both directions.

mod atlas;
mod error;
mod npy;
#[cfg(test)]
mod tests;

pub use error::VectorsError;
pub use npy::{write_npy, write_whole};

use crate::network::Layout;
use ndarray::{Array2, ArrayD, Axis, Ix2};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where vectors are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VectorSource {
    /// A NumPy file of one vector, `(P,)`, or of one vector a row, `(n, P)`.
    Npy(PathBuf),
    /// The dataset `theta`, `(n, P)`, of a group in an HDF5 file such as `atlas.h5`.
    Atlas {
        /// The file.
        file: PathBuf,
        /// The group, from the root: `"/solutions/lbfgs/train"`.
        group: String,
    },
}

/// `atlas.h5:/solutions/lbfgs/train` is a group in an HDF5 file. Everything else, and every name
/// that ends in `.npy`, is a NumPy file.
impl From<&str> for VectorSource {
    fn from(text: &str) -> Self {
        let is_npy = Path::new(text)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
        match text.rsplit_once(":/") {
            Some((file, group)) if !is_npy => {
                Self::Atlas { file: file.into(), group: format!("/{group}") }
            }
            _ => Self::Npy(text.into()),
        }
    }
}

impl fmt::Display for VectorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npy(file) => write!(f, "{}", file.display()),
            Self::Atlas { file, group } => write!(f, "{}:{group}", file.display()),
        }
    }
}

/// Components as they are stored.
enum Components {
    Single(ArrayD<f32>),
    Double(ArrayD<f64>),
}

/// Reads the vectors of a network, `(n, P)`, n ≥ 1, one a row.
///
/// `float32` is read bit by bit, `float64` is rounded to the nearest `float32`. Both byte orders,
/// and in NumPy files both C and Fortran order, are supported. HDF5 files are opened for reading
/// without a lock, so a file that a run is about to replace can be read.
///
/// # Errors
/// [`VectorsError`] if the file is missing or of another kind, if its rows do not have the P
/// components of the layout, or if a component is not a finite `float32`.
pub fn read_vectors(source: &VectorSource, layout: &Layout) -> Result<Array2<f32>, VectorsError> {
    read(source, Some(layout))
}

/// Reads vectors of any length P like [`read_vectors`]: an atlas describes its own vectors.
///
/// # Errors
/// As for [`read_vectors`], without the number of components.
pub fn read_vectors_of_any_length(source: &VectorSource) -> Result<Array2<f32>, VectorsError> {
    read(source, None)
}

/// Reads vectors like [`read_vectors`], in double precision: no stored component is rounded.
///
/// # Errors
/// As for [`read_vectors`].
pub fn read_double_vectors(
    source: &VectorSource,
    layout: &Layout,
) -> Result<Array2<f64>, VectorsError> {
    let layout = Some(layout);
    match components(source)? {
        Components::Single(single) => {
            finite_as(source, rows(source, layout, single)?, f64::is_finite, |x| x)
        }
        Components::Double(double) => {
            finite_as(source, rows(source, layout, double)?, f64::is_finite, |x| x)
        }
    }
}

fn components(source: &VectorSource) -> Result<Components, VectorsError> {
    match source {
        VectorSource::Npy(file) => npy::read(file),
        VectorSource::Atlas { file, group } => atlas::read(file, group),
    }
}

fn read(source: &VectorSource, layout: Option<&Layout>) -> Result<Array2<f32>, VectorsError> {
    match components(source)? {
        Components::Single(components) => finite(source, rows(source, layout, components)?),
        Components::Double(components) => finite(source, rows(source, layout, components)?),
    }
}

/// Converts to one vector a row, and checks their length against the layout.
fn rows<A>(
    source: &VectorSource,
    layout: Option<&Layout>,
    array: ArrayD<A>,
) -> Result<Array2<A>, VectorsError> {
    let shape = array.shape().to_vec();
    let array = if shape.len() == 1 { array.insert_axis(Axis(0)) } else { array };
    let Ok(rows) = array.into_dimensionality::<Ix2>() else {
        return Err(VectorsError::Dimensions { place: source.clone(), shape });
    };
    if rows.is_empty() {
        return Err(VectorsError::NoVectors { place: source.clone(), shape });
    }
    match layout {
        Some(layout) if layout.parameters() != rows.ncols() => Err(VectorsError::Width {
            place: source.clone(),
            found: rows.ncols(),
            layout: layout.clone(),
        }),
        _ => Ok(rows),
    }
}

/// The vectors in C order and single precision.
fn finite<A: Copy + Into<f64>>(
    source: &VectorSource,
    rows: Array2<A>,
) -> Result<Array2<f32>, VectorsError> {
    // Widening and rounding back leaves every finite f32 as it is.
    finite_as(source, rows, f32::is_finite, |component| component as f32)
}

/// The vectors in C order and another precision.
fn finite_as<A: Copy + Into<f64>, B: Copy>(
    source: &VectorSource,
    rows: Array2<A>,
    is_finite: fn(B) -> bool,
    convert: fn(f64) -> B,
) -> Result<Array2<B>, VectorsError> {
    let converted = rows.as_standard_layout().mapv(|component| convert(component.into()));
    let mut unusable = converted
        .indexed_iter()
        .filter(|(_, component)| !is_finite(**component))
        .map(|(place, _)| place);
    match unusable.next() {
        None => Ok(converted),
        Some((row, column)) => {
            let (value, count) = (rows[[row, column]].into(), 1 + unusable.count());
            Err(VectorsError::NotFinite { place: source.clone(), row, column, value, count })
        }
    }
}
