//! Groups, datasets and attributes, each with its description.

use super::AtlasError;
use super::scale::DimensionScales;
use super::text;
use crate::engine::store::hdf5_error::reason;
use hdf5::{Dataset, Group, H5Type};
use ndarray::{Array1, Array2, ArrayView, Dimension, arr0, s};
use num_traits::Float;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Approximate size of a chunk of compressed blocks, which a reader decompresses even for one
/// number.
const CHUNK_BYTES: usize = 4 << 20;

/// A group of the file being written.
pub struct AtlasGroup {
    group: Group,
    path: String,
    file: PathBuf,
    scales: Rc<DimensionScales>,
}

/// The name of a dataset, and its attributes.
pub struct DatasetSpec<'a> {
    name: &'a str,
    dimensions: &'a str,
    description: &'a str,
    units: &'a str,
    coordinates: Option<&'a str>,
}

impl<'a> DatasetSpec<'a> {
    /// `dimensions` are the names of the axes, separated by commas; empty for a single value. Each
    /// is the name of an [axis](AtlasGroup::axis) of the group, or of one above.
    pub fn new(name: &'a str, dimensions: &'a str, description: &'a str) -> Self {
        Self { name, dimensions, description, units: "1", coordinates: None }
    }

    /// The same with a unit other than 1. Texts have none.
    #[must_use]
    pub fn units(self, units: &'a str) -> Self {
        Self { units, ..self }
    }

    /// The same with the names of datasets beside it, separated by spaces, that identify its rows.
    #[must_use]
    pub fn told_apart_by(self, coordinates: &'a str) -> Self {
        Self { coordinates: Some(coordinates), ..self }
    }
}

impl AtlasGroup {
    /// The root group.
    pub(super) fn root(group: Group, file: &Path) -> Self {
        Self { group, path: String::new(), file: file.to_owned(), scales: Rc::default() }
    }

    /// Writes the attributes that must come last.
    pub(super) fn finish(&self) -> Result<(), AtlasError> {
        self.scales.finish().map_err(|error| self.error("/", &error))
    }

    /// A group in this one, created and described unless it exists.
    pub fn group(&self, name: &str, description: &str) -> Result<Self, AtlasError> {
        let path = format!("{}/{name}", self.path);
        let exists = self.group.link_exists(name);
        let group = if exists { self.group.group(name) } else { self.group.create_group(name) };
        let group = group.map_err(|error| self.error(&path, &error))?;
        let node = Self { group, path, file: self.file.clone(), scales: Rc::clone(&self.scales) };
        if !exists {
            node.text("description", description)?;
        }
        Ok(node)
    }

    /// An axis of the datasets in this group and below: its name and, as the dataset of that name,
    /// its coordinates, which count from 0.
    pub fn axis(&self, name: &str, description: &str, length: usize) -> Result<(), AtlasError> {
        self.coordinates(
            &DatasetSpec::new(name, name, description),
            &Array1::from_iter(0..length as u32),
        )
    }

    /// The same with coordinates that count from 1, for items that are named by their number: PC1,
    /// PC2.
    pub fn axis_from_1(
        &self,
        name: &str,
        description: &str,
        length: usize,
    ) -> Result<(), AtlasError> {
        self.coordinates(
            &DatasetSpec::new(name, name, description),
            &Array1::from_iter(1..=length as u32),
        )
    }

    /// The same with coordinates of any kind.
    pub fn coordinates<T: H5Type + Clone>(
        &self,
        label: &DatasetSpec<'_>,
        coordinates: &Array1<T>,
    ) -> Result<(), AtlasError> {
        let path = format!("{}/{}", self.path, label.name);
        let dataset =
            self.group.new_dataset_builder().with_data(coordinates).no_chunk().create(label.name);
        let dataset = dataset.map_err(|error| self.error(&path, &error))?;
        let reference =
            self.group.reference(label.name).map_err(|error| self.error(&path, &error))?;
        let added = self.scales.add(path.clone(), label.name, dataset.clone(), reference);
        added.map_err(|error| self.error(&path, &error))?;
        self.describe(&dataset, label, false)
    }

    /// Numbers of any shape, contiguous as they are: floating-point parameters do not compress, and
    /// readers can map a contiguous block into memory.
    pub fn numbers<'d, T, D, A>(&self, label: &DatasetSpec<'_>, data: A) -> Result<(), AtlasError>
    where
        T: H5Type + Clone,
        D: Dimension,
        A: Into<ArrayView<'d, T, D>>,
    {
        let data = data.into();
        let data = data.as_standard_layout();
        let dataset =
            self.group.new_dataset_builder().with_data(data.view()).no_chunk().create(label.name);
        self.label(dataset, label, false)
    }

    /// A single number.
    pub fn number_scalar<T: H5Type + Clone>(
        &self,
        label: &DatasetSpec<'_>,
        value: T,
    ) -> Result<(), AtlasError> {
        self.numbers(label, &arr0(value))
    }

    /// Smooth rows, or rows with a tail of NaN, compressed: their shuffled bytes compress well.
    pub fn profiles(&self, label: &DatasetSpec<'_>, data: &Array2<f64>) -> Result<(), AtlasError> {
        let dataset = self
            .group
            .new_dataset_builder()
            .with_data(data)
            .shuffle()
            .deflate(4)
            .create(label.name);
        self.label(dataset, label, false)
    }

    /// Compressed blocks of one shape, `(blocks, rows, columns)`. Each is built when it is written,
    /// so that one is in memory at a time. A block that cannot be built is NaN. A reader can read a
    /// single block.
    pub fn blocks<T: H5Type + Float>(
        &self,
        label: &DatasetSpec<'_>,
        shape: [usize; 3],
        mut block: impl FnMut(usize) -> Option<Array2<T>>,
    ) -> Result<(), AtlasError> {
        let path = format!("{}/{}", self.path, label.name);
        let [blocks, rows, columns] = shape;
        let rows_in_chunk = CHUNK_BYTES / (columns * size_of::<T>()).max(1);
        let chunk = (1, rows_in_chunk.clamp(1, rows.max(1)), columns.max(1));
        let builder = self.group.new_dataset_builder().empty::<T>().shape(shape);
        let dataset = builder.chunk(chunk).shuffle().deflate(4).create(label.name);
        let dataset = dataset.map_err(|error| self.error(&path, &error))?;
        for index in 0..blocks {
            let nothing = || Array2::from_elem((rows, columns), T::nan());
            let numbers = block(index).unwrap_or_else(nothing);
            let written = dataset.write_slice(numbers.view(), s![index, .., ..]);
            written.map_err(|error| self.error(&path, &error))?;
        }
        self.label(Ok(dataset), label, false)
    }

    /// A row of texts.
    pub fn texts(&self, label: &DatasetSpec<'_>, texts: &[&str]) -> Result<(), AtlasError> {
        self.label(text::dataset(&self.group, label.name, texts, &[texts.len()]), label, true)
    }

    /// A single text.
    pub fn text_scalar(&self, label: &DatasetSpec<'_>, value: &str) -> Result<(), AtlasError> {
        self.label(text::dataset(&self.group, label.name, &[value], &[]), label, true)
    }

    /// A text as an attribute of the group.
    pub fn text(&self, name: &str, value: &str) -> Result<(), AtlasError> {
        text::attribute(&self.group, name, value)
            .map_err(|error| self.attribute_error(&self.path, name, &error))
    }

    /// A number as an attribute of the group.
    pub fn number<T: H5Type>(&self, name: &str, value: T) -> Result<(), AtlasError> {
        let attribute = self.group.new_attr_builder().with_data(&arr0(value)).create(name);
        attribute.map_err(|error| self.attribute_error(&self.path, name, &error))?;
        Ok(())
    }

    /// Writes the axes and the attributes of a dataset.
    fn label(
        &self,
        dataset: hdf5::Result<Dataset>,
        label: &DatasetSpec<'_>,
        is_text: bool,
    ) -> Result<(), AtlasError> {
        let path = format!("{}/{}", self.path, label.name);
        let dataset = dataset.map_err(|error| self.error(&path, &error))?;
        if dataset.ndim() > 0 {
            let axes: Vec<&str> = label.dimensions.split(", ").collect();
            let reference =
                self.group.reference(label.name).map_err(|error| self.error(&path, &error))?;
            let attached = self.scales.attach(&self.path, &dataset, reference, &axes);
            attached.map_err(|error| self.attribute_error(&path, "DIMENSION_LIST", &error))?;
        }
        self.describe(&dataset, label, is_text)
    }

    fn describe(
        &self,
        dataset: &Dataset,
        label: &DatasetSpec<'_>,
        is_text: bool,
    ) -> Result<(), AtlasError> {
        let path = format!("{}/{}", self.path, label.name);
        let attributes = [
            ("description", Some(label.description)),
            ("dimensions", Some(label.dimensions)),
            ("units", Some(label.units).filter(|_| !is_text)),
            ("coordinates", label.coordinates),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                text::attribute(dataset, name, value)
                    .map_err(|error| self.attribute_error(&path, name, &error))?;
            }
        }
        Ok(())
    }

    fn attribute_error(&self, path: &str, name: &str, error: &hdf5::Error) -> AtlasError {
        self.error(&format!("{path}@{name}"), error)
    }

    fn error(&self, path: &str, error: &hdf5::Error) -> AtlasError {
        AtlasError::Hdf5 { file: self.file.clone(), path: path.to_owned(), message: reason(error) }
    }
}
