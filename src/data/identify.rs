//! Identifies files of a wrong kind.

use std::path::Path;

/// Bytes from the beginning that [`by_content`] looks at.
pub const BEGINNING: usize = 512;

/// The kind of a file, and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The kind with its article.
    pub what: &'static str,
    /// An imperative.
    pub remedy: &'static str,
}

const fn is(what: &'static str, remedy: &'static str) -> Identity {
    Identity { what, remedy }
}

const CONVERT: &str = "docs/your-own-data.md shows how to write arrays of images";

/// The first bytes of files of these kinds.
const BEGINNINGS: &[(&[u8], Identity)] = &[
    (b"\x1f\x8b", is("a gzip file", "gunzip it")),
    (b"PK\x03\x04", is("a zip archive", "unpack it; kind = \"npy\" reads a NumPy archive (.npz)")),
    (b"\x93NUMPY", is("a NumPy array", "use kind = \"npy\"")),
    (b"version https://git-lfs", is("a Git LFS pointer", "`git lfs pull` fetches the file itself")),
    (b"\x89PNG\r\n", is("a PNG image", CONVERT)),
    (b"\xff\xd8\xff", is("a JPEG image", CONVERT)),
    (b"GIF8", is("a GIF image", CONVERT)),
    (b"BM", is("a BMP image", CONVERT)),
    (b"II*\0", is("a TIFF image", CONVERT)),
    (b"MM\0*", is("a TIFF image", CONVERT)),
    (b"\x89HDF\r\n", is("an HDF5 file", CONVERT)),
    (b"PAR1", is("a Parquet file", CONVERT)),
    (b"MATLAB 5.0", is("a MATLAB file", CONVERT)),
    (b"%PDF", is("a PDF document", "fetch the file of the data")),
    (b"BZh", is("a bzip2 file", "bunzip2 it")),
    (b"\xfd7zXZ\0", is("an xz file", "unxz it")),
    (b"\x28\xb5\x2f\xfd", is("a Zstandard file", "unzstd it")),
    (b"7z\xbc\xaf", is("a 7-Zip archive", "unpack it")),
    (b"\x80\x02", is("a Python pickle", CONVERT)),
    (b"\x80\x03", is("a Python pickle", CONVERT)),
    (b"\x80\x04", is("a Python pickle", CONVERT)),
    (b"\x80\x05", is("a Python pickle", CONVERT)),
];

/// The kind of a file with this beginning. `None` if it is unknown.
pub fn by_content(beginning: &[u8]) -> Option<Identity> {
    if let Some((_, identity)) = BEGINNINGS.iter().find(|(start, _)| beginning.starts_with(start)) {
        return Some(*identity);
    }
    if beginning.get(257..262) == Some(b"ustar") {
        return Some(is("a tar archive", "unpack it"));
    }
    if beginning.starts_with(&[0, 0]) && matches!(beginning.get(2..4), Some([8..=14, 1..=8])) {
        return Some(is("an IDX file", "use kind = \"idx\""));
    }
    let text = text(beginning)?;
    let start = text.trim_start().to_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return Some(is("an HTML page, probably a failed download", "fetch it again"));
    }
    if start.starts_with("<?xml") || start.starts_with("<error") {
        return Some(is("an XML text, probably a failed download", "fetch it again"));
    }
    Some(is("a text", CONVERT))
}

/// The beginning as text, if it is text. Its last character may be incomplete.
fn text(beginning: &[u8]) -> Option<&str> {
    let text = match str::from_utf8(beginning) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&beginning[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let printed = |letter: char| !letter.is_control() || letter.is_whitespace();
    (!text.is_empty() && text.chars().all(printed)).then_some(text)
}

/// A hint for a folder without the right files, from the name of one of its files.
pub fn by_names<'p>(files: impl IntoIterator<Item = &'p Path>) -> Option<String> {
    let hint = |file: &Path| {
        let extension = file.extension()?.to_str()?.to_lowercase();
        let name = file.display();
        match extension.as_str() {
            "npz" | "npy" => Some(format!("{name} is a NumPy file: use kind = \"npy\"")),
            "png" | "jpg" | "jpeg" | "bmp" | "gif" | "tif" | "tiff" | "h5" | "hdf5" | "parquet"
            | "mat" | "pkl" | "pickle" | "csv" | "pt" => {
                Some(format!("{name} is not an IDX file: {CONVERT}"))
            }
            "zip" | "tar" | "tgz" | "7z" => Some(format!("unpack {name}")),
            _ => None,
        }
    };
    files.into_iter().find_map(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_beginnings() {
        let mut tar = vec![0; 512];
        tar[..4].copy_from_slice(b"data");
        tar[257..262].copy_from_slice(b"ustar");
        for (beginning, what) in [
            (&b"\x1f\x8b\x08\0"[..], "a gzip file"),
            (b"PK\x03\x04\x14\0", "a zip archive"),
            (b"\x93NUMPY\x01\0v\0", "a NumPy array"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
            (b"\x89PNG\r\n\x1a\n", "a PNG image"),
            (b"\n <!DOCTYPE HTML><head>", "an HTML page, probably a failed download"),
            (b"<?xml version=\"1.0\"?><Error>", "an XML text, probably a failed download"),
            (b"label,pixel0,pixel1\n1,0,0", "a text"),
            (b"\0\0\x08\x03\0\0\0\x01", "an IDX file"),
            (b"\x80\x04\x95\0\0", "a Python pickle"),
            (&tar, "a tar archive"),
        ] {
            assert_eq!(by_content(beginning).map(|identity| identity.what), Some(what));
        }
        for unknown in [&b""[..], b"\x03\x08\0\0", b"\0\0\x10\0", b"\xfe\xff"] {
            assert_eq!(by_content(unknown), None, "{unknown:?}");
        }
        // Cut within a character.
        assert_eq!(
            by_content(&"ääää".as_bytes()[..7]).map(|identity| identity.what),
            Some("a text")
        );
    }
}
