//! Texts, as datasets and as attributes.
//!
//! GNU Octave reads only datasets of ASCII texts with one fixed length. With a text of variable
//! length or in UTF-8 it refuses the whole file. All other readers accept such texts, too. Octave
//! ignores attributes, so these stay UTF-8 of variable length, which Python reads as `str`.

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, Dataspace, Group, Location, h5check};
use hdf5_sys::LOCK;
use hdf5_sys::h5d::{H5Dclose, H5Dcreate2, H5Dwrite};
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::H5S_ALL;
use hdf5_sys::h5t::{H5T_C_S1, H5T_str_t, H5Tclose, H5Tcopy, H5Tset_size, H5Tset_strpad};
use std::ffi::CString;

/// netCDF reads texts of one byte as characters, and would join a whole column to one text.
const MIN_LENGTH: usize = 2;

/// Writes texts with the length of the longest, padded with NUL.
pub(super) fn dataset(
    group: &Group,
    name: &str,
    texts: &[&str],
    shape: &[usize],
) -> hdf5::Result<Dataset> {
    let texts: Vec<String> = texts.iter().map(|text| ascii(text)).collect();
    let length = texts.iter().map(String::len).max().unwrap_or(0).max(MIN_LENGTH);
    let mut bytes = vec![0_u8; length * texts.len()];
    for (field, text) in bytes.chunks_exact_mut(length).zip(&texts) {
        field[..text.len()].copy_from_slice(text.as_bytes());
    }
    let c_name = CString::new(name).map_err(|error| hdf5::Error::Internal(error.to_string()))?;
    let space = if shape.is_empty() { Dataspace::try_new(())? } else { Dataspace::try_new(shape)? };
    {
        let _lock = LOCK.lock();
        // SAFETY: the lock is held. The group and the space outlive the block, every id that is
        // made here is closed in it, and `bytes` holds one text of `length` bytes for each element
        // of the space.
        unsafe {
            let type_ = h5check(H5Tcopy(*H5T_C_S1))?;
            let written = h5check(H5Tset_size(type_, length))
                .and_then(|_| h5check(H5Tset_strpad(type_, H5T_str_t::H5T_STR_NULLPAD)))
                .and_then(|_| {
                    let (group, space) = (group.id(), space.id());
                    h5check(H5Dcreate2(
                        group,
                        c_name.as_ptr(),
                        type_,
                        space,
                        H5P_DEFAULT,
                        H5P_DEFAULT,
                        H5P_DEFAULT,
                    ))
                })
                .and_then(|dataset| {
                    let written = h5check(H5Dwrite(
                        dataset,
                        type_,
                        H5S_ALL,
                        H5S_ALL,
                        H5P_DEFAULT,
                        bytes.as_ptr().cast(),
                    ));
                    h5check(H5Dclose(dataset)).and(written)
                });
            h5check(H5Tclose(type_))?;
            written?;
        }
    }
    group.dataset(name)
}

/// A text attribute of variable length. Such texts lie in the heap of the file, where the limit of
/// 64 KiB for attributes does not apply. HDF5 ends texts at the first NUL, so every NUL becomes
/// U+FFFD.
pub(super) fn attribute(location: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    let value: VarLenUnicode = value.replace('\0', "\u{fffd}").parse().unwrap_or_default();
    location.new_attr_builder().with_data(&ndarray::arr0(value)).create(name)?;
    Ok(())
}

/// The text in ASCII. All other characters, and NUL, are escaped as in TOML: `\u03c9`,
/// `\U0001f600`.
fn ascii(text: &str) -> String {
    let write = |character: char| match u32::from(character) {
        0 => "\\ufffd".to_owned(),
        1..=0x7f => character.to_string(),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    text.chars().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_characters_become_ascii() {
        assert_eq!(ascii("a = 1 # \u{b5}m\n"), "a = 1 # \\u00b5m\n");
        assert_eq!(ascii("no\0\u{1f600}"), "no\\ufffd\\U0001f600");
    }
}
