//! Dimension scales: names and coordinates of the axes of a dataset.
//!
//! They are four attributes, defined in the HDF5 Dimension Scale Specification, which netCDF-4 and
//! xarray read as dimensions. The HDF5 functions for them are in `libhdf5_hl`, which some clusters
//! do not install. Writing the attributes here needs only the main library.

use hdf5::types::{FixedAscii, VarLenArray};
use hdf5::{Dataset, Dataspace, Datatype, H5Type, ObjectReference1, h5check};
use hdf5_sys::LOCK;
use hdf5_sys::h5a::{H5Aclose, H5Acreate2, H5Awrite};
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5t::{H5T_str_t, H5Tset_strpad};
use ndarray::Array1;
use std::cell::RefCell;
use std::ffi::CStr;

/// The scales of a file. An attribute of a scale lists its uses, so it is written at the end.
#[derive(Default)]
pub(super) struct DimensionScales(RefCell<Vec<DimensionScale>>);

struct DimensionScale {
    /// The path from the root: `/paths/sgd/train/on_train/t`.
    path: String,
    dataset: Dataset,
    reference: ObjectReference1,
    uses: Vec<ScaledDataset>,
}

/// An axis of a dataset that a scale belongs to.
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct ScaledDataset {
    dataset: ObjectReference1,
    dimension: i32,
}

impl DimensionScales {
    /// Makes a dataset with one axis a scale.
    pub fn add(
        &self,
        path: String,
        name: &str,
        dataset: Dataset,
        reference: ObjectReference1,
    ) -> hdf5::Result<()> {
        // The size is part of the specification: 15 letters and the NUL after them.
        attribute::<16>(&dataset, c"CLASS", "DIMENSION_SCALE")?;
        attribute::<32>(&dataset, c"NAME", name)?;
        self.0.borrow_mut().push(DimensionScale { path, dataset, reference, uses: Vec::new() });
        Ok(())
    }

    /// Attaches to each axis of a dataset in `group` the scale of its name there, or in the nearest
    /// group above.
    ///
    /// # Panics
    /// If there is no such scale: a scale must be written before the datasets that use it.
    pub fn attach(
        &self,
        group: &str,
        dataset: &Dataset,
        reference: ObjectReference1,
        axes: &[&str],
    ) -> hdf5::Result<()> {
        let mut scales = self.0.borrow_mut();
        let mut list: Vec<VarLenArray<ObjectReference1>> = Vec::new();
        for (dimension, axis) in (0..).zip(axes) {
            let above = ancestors(group).find_map(|above| {
                let path = format!("{above}/{axis}");
                scales.iter().position(|scale| scale.path == path)
            });
            let scale = &mut scales
                [above.unwrap_or_else(|| panic!("no scale {axis} for a dataset in {group}"))];
            scale.uses.push(ScaledDataset { dataset: reference, dimension });
            list.push([scale.reference].into());
        }
        dataset.new_attr_builder().with_data(&Array1::from(list)).create("DIMENSION_LIST")?;
        Ok(())
    }

    /// Writes the uses, after all datasets.
    pub fn finish(&self) -> hdf5::Result<()> {
        for scale in self.0.borrow().iter().filter(|scale| !scale.uses.is_empty()) {
            scale.dataset.new_attr_builder().with_data(&scale.uses).create("REFERENCE_LIST")?;
        }
        Ok(())
    }
}

/// `/a/b`, `/a` and the root, which is empty.
fn ancestors(group: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(group), |path| path.rfind('/').map(|end| &path[..end]))
}

/// A text attribute of the fixed size N with a NUL at its end, as the specification requires. The
/// safe interface of the library pads texts with NULs, and readers do not recognize such a scale.
fn attribute<const N: usize>(dataset: &Dataset, name: &CStr, value: &str) -> hdf5::Result<()> {
    let value = FixedAscii::<N>::from_ascii(value).expect("names of axes are short and ASCII");
    let type_ = Datatype::from_type::<FixedAscii<N>>()?;
    let space = Dataspace::try_new(())?;
    let _lock = LOCK.lock();
    // SAFETY: the lock is held, the type is a copy of our own, the ids live until the end of the
    // block, and `value` has the N bytes that its type says.
    unsafe {
        h5check(H5Tset_strpad(type_.id(), H5T_str_t::H5T_STR_NULLTERM))?;
        let attribute = h5check(H5Acreate2(
            dataset.id(),
            name.as_ptr(),
            type_.id(),
            space.id(),
            H5P_DEFAULT,
            H5P_DEFAULT,
        ))?;
        let written = h5check(H5Awrite(attribute, type_.id(), (&raw const value).cast()));
        h5check(H5Aclose(attribute))?;
        written.map(drop)
    }
}
