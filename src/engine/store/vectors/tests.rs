use super::*;
use ndarray::{Array1, Array3, Axis, array};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::fs;
use tempfile::{TempDir, tempdir};

fn layout() -> Layout {
    Layout::default().with("fc1.weight", &[2, 1], 1.0).with("fc1.bias", &[1], 1.0)
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempdir().expect("a temporary directory"))
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("theta.npy")
    }

    fn read(&self) -> Result<Array2<f32>, VectorsError> {
        read_vectors(&VectorSource::Npy(self.file()), &layout())
    }

    fn read_array<A: WritableElement, D: ndarray::Dimension>(
        &self,
        array: &ndarray::Array<A, D>,
    ) -> Result<Array2<f32>, VectorsError> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).expect("memory does not fail");
        self.read_bytes(&bytes)
    }

    fn read_bytes(&self, bytes: &[u8]) -> Result<Array2<f32>, VectorsError> {
        fs::write(self.file(), bytes).expect("space for a small file");
        self.read()
    }
}

/// A file with this header and these bytes after it.
fn npy(descriptor: &str, fortran: &str, shape: &str, components: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descriptor}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), components].concat()
}

#[test]
fn a_source_with_a_colon_and_a_slash_is_a_group() {
    let atlas = |file: &str, group: &str| VectorSource::Atlas {
        file: file.into(),
        group: group.to_owned(),
    };
    assert_eq!(
        VectorSource::from("a/atlas.h5:/solutions/sgd/train"),
        atlas("a/atlas.h5", "/solutions/sgd/train")
    );
    assert_eq!(VectorSource::from("a:/b.h5:/c"), atlas("a:/b.h5", "/c"));
    for file in ["theta.npy", "a:/theta.npy", "a:b", "atlas.h5"] {
        assert_eq!(VectorSource::from(file), VectorSource::Npy(file.into()));
    }
    for text in ["a/atlas.h5:/solutions/sgd/train", "theta.npy"] {
        assert_eq!(VectorSource::from(text).to_string(), text);
    }
}

#[test]
fn what_is_written_is_read_to_the_bit_whatever_its_strides() {
    let place = Folder::new();
    let vectors = array![[1.0_f32, f32::MIN_POSITIVE / 3.0, -0.0], [f32::MAX, 0.1, -1e-30]];
    let bits = |vectors: &Array2<f32>| vectors.map(|component| component.to_bits());
    let fortran = vectors.t().as_standard_layout().into_owned().reversed_axes();
    assert!(!fortran.is_standard_layout());
    for view in [vectors.view(), fortran.view()] {
        write_npy(&place.file(), view, true).expect("a directory to write to");
        assert_eq!(bits(&place.read().expect("just written")), bits(&vectors));
        let bytes = fs::read(place.file()).expect("just written");
        assert!(String::from_utf8_lossy(&bytes).contains("'fortran_order': False"));
    }
    let names: Vec<_> = fs::read_dir(place.0.path())
        .expect("a directory")
        .map(|entry| entry.expect("readable").file_name())
        .collect();
    assert_eq!(names, ["theta.npy"]);
}

#[test]
fn writing_fails_without_touching_what_is_there() {
    let place = Folder::new();
    let nowhere = place.0.path().join("nowhere/theta.npy");
    let error = write_npy(&nowhere, array![[1.0]].view(), true).expect_err("no such directory");
    assert!(matches!(error, VectorsError::Io { action: "create", .. }), "{error}");
    fs::create_dir(place.file()).expect("a temporary directory");
    let error = write_npy(&place.file(), array![[1.0]].view(), true)
        .expect_err("a directory is in the way");
    assert!(matches!(error, VectorsError::Io { action: "replace", .. }), "{error}");
    assert_eq!(
        fs::read_dir(place.0.path()).expect("a directory").count(),
        1,
        "the unfinished file is gone"
    );
}

#[test]
fn a_file_that_has_appeared_is_left_and_a_link_stays_one() {
    let place = Folder::new();
    fs::write(place.file(), "precious").expect("space for a small file");
    let vectors = array![[1.0_f32, 2.0, 3.0]];
    let Err(VectorsError::Appeared { kept, .. }) = write_npy(&place.file(), vectors.view(), false)
    else {
        panic!("the file is there")
    };
    assert_eq!(fs::read_to_string(place.file()).expect("still there"), "precious");
    assert_eq!(
        read_vectors(&VectorSource::Npy(kept), &layout()).expect("what was computed"),
        vectors
    );
    let link = place.0.path().join("link.npy");
    std::os::unix::fs::symlink("theta.npy", &link).expect("a link");
    write_npy(&link, vectors.view(), true).expect("a file to replace");
    assert!(link.is_symlink());
    assert_eq!(place.read().expect("where the link leads"), vectors);
}

#[test]
fn both_byte_orders_and_both_memory_orders_are_understood() {
    let place = Folder::new();
    let expected = array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.5]];
    let bytes = |values: [f32; 6], encode: fn(f32) -> Vec<u8>| {
        values.into_iter().flat_map(encode).collect::<Vec<_>>()
    };
    let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.5];
    let columns = [1.0, 4.0, 2.0, 5.0, 3.0, 6.5];
    for file in [
        npy("<f4", "False", "(2, 3)", &bytes(rows, |x| x.to_le_bytes().to_vec())),
        npy(">f4", "False", "(2, 3)", &bytes(rows, |x| x.to_be_bytes().to_vec())),
        npy("<f4", "True", "(2, 3)", &bytes(columns, |x| x.to_le_bytes().to_vec())),
        npy("<f8", "True", "(2, 3)", &bytes(columns, |x| f64::from(x).to_le_bytes().to_vec())),
        npy(">f8", "False", "(2, 3)", &bytes(rows, |x| f64::from(x).to_be_bytes().to_vec())),
    ] {
        let vectors = place.read_bytes(&file).expect("a valid file");
        assert_eq!(vectors, expected);
        assert!(vectors.is_standard_layout());
    }
}

#[test]
fn one_vector_is_one_row_and_double_precision_is_rounded_to_nearest() {
    let place = Folder::new();
    let vector =
        Array1::from_vec(vec![0.1_f64, 1.0 + 2.0_f64.powi(-24), 1.0 + 1.5 * 2.0_f64.powi(-23)]);
    let rounded = place.read_array(&vector).expect("finite");
    // Halfway between two neighbors the even one counts: 1, and 1 + 2·2⁻²³.
    assert_eq!(rounded, array![[0.1_f32, 1.0, 1.0 + 2.0 * f32::EPSILON]]);
}

#[test]
fn components_that_are_no_finite_f32_are_counted_and_the_first_is_named() {
    let place = Folder::new();
    let error = place.read_array(&array![
        [1.0, 2.0, 3.0],
        [4.0, 1e39, f64::NAN],
        [f64::INFINITY, 1.0, -1e39]
    ]);
    match error.expect_err("four of them") {
        VectorsError::NotFinite { row: 1, column: 1, value, count: 4, .. } => {
            assert_eq!(value.to_bits(), 1e39_f64.to_bits());
        }
        other => panic!("{other}"),
    }
    assert!(place.read_array(&array![[f64::from(f32::MAX), 1e-300, 0.0]]).is_ok());
}

#[test]
fn arrays_of_other_shapes_are_refused() {
    let place = Folder::new();
    let refused = |error: Result<Array2<f32>, VectorsError>| error.expect_err("another shape");
    assert!(matches!(
        refused(place.read_array(&Array3::<f32>::zeros((1, 1, 3)))),
        VectorsError::Dimensions { .. }
    ));
    assert!(matches!(
        refused(place.read_array(&ndarray::arr0(1.0_f32))),
        VectorsError::Dimensions { .. }
    ));
    assert!(matches!(
        refused(place.read_array(&Array2::<f32>::zeros((0, 3)))),
        VectorsError::NoVectors { .. }
    ));
    assert!(matches!(
        refused(place.read_array(&Array2::<f64>::zeros((3, 0)))),
        VectorsError::NoVectors { .. }
    ));
    assert!(matches!(
        refused(place.read_array(&Array2::<f32>::zeros((3, 2)))),
        VectorsError::Width { found: 2, .. }
    ));
    let any_length =
        read_vectors_of_any_length(&VectorSource::Npy(place.file())).expect("any length will do");
    assert_eq!(any_length.len_of(Axis(1)), 2);
}

/// None of these may take memory for what the header promises.
#[test]
fn headers_that_promise_too_much_are_refused() {
    let place = Folder::new();
    for shape in [
        "(18446744073709551615, 3)",
        "(18446744073709551615, 18446744073709551615)",
        "(1000000000000, 3)",
        "(3, 3)",
    ] {
        let error = place
            .read_bytes(&npy("<f4", "False", shape, &[0; 24]))
            .expect_err("24 bytes are two rows");
        assert!(matches!(error, VectorsError::Length { found: 24, .. }), "{error}");
    }
    let error = place
        .read_bytes(&npy("<f4", "False", "(1, 3)", &[0; 24]))
        .expect_err("two rows are not one");
    assert!(matches!(error, VectorsError::Length { expected: 12, .. }), "{error}");
}

#[test]
fn files_that_are_no_numpy_files_are_refused_wherever_they_end() {
    let place = Folder::new();
    let whole = npy("<f4", "False", "(1, 3)", &[0; 12]);
    assert!(place.read_bytes(&whole).is_ok());
    for end in 0..whole.len() {
        let error = place.read_bytes(&whole[..end]).expect_err("cut short");
        assert!(
            matches!(error, VectorsError::NotNpy { .. } | VectorsError::Length { .. }),
            "{end}: {error}"
        );
    }
    for wrong in [
        &b"PK\x03\x04 an archive"[..],
        b"\x93NUMPY\x09\x00....",
        &npy("<f4", "Maybe", "(1, 3)", &[0; 12]),
    ] {
        let error = place.read_bytes(wrong).expect_err("no .npy file");
        assert!(matches!(error, VectorsError::NotNpy { .. }), "{error}");
    }
}

#[test]
fn types_are_named_as_numpy_names_them() {
    let place = Folder::new();
    for (descriptor, name) in [
        ("<i8", "int64"),
        ("<f2", "float16"),
        ("|b1", "bool"),
        ("|O", "object"),
        ("<c16", "complex128"),
        ("<M8[s]", "<M8[s]"),
    ] {
        match place
            .read_bytes(&npy(descriptor, "False", "(1, 3)", &[0; 48]))
            .expect_err("another type")
        {
            VectorsError::Type { found, .. } => assert_eq!(found, name),
            other => panic!("{other}"),
        }
    }
}

/// Everywhere the same error, and never a crash: bytes all over an HDF5 file are changed.
#[test]
fn a_damaged_atlas_is_an_error_or_gives_vectors_of_the_right_shape() {
    let place = Folder::new();
    let file = place.0.path().join("atlas.h5");
    let expected = array![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]];
    write_theta(&file, &expected);
    let source =
        VectorSource::Atlas { file: file.clone(), group: "/solutions/sgd/train".to_owned() };
    assert_eq!(read_vectors(&source, &layout()).expect("undamaged"), expected);
    let whole = fs::read(&file).expect("just written");
    let mut errors = 0;
    for index in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[index] ^= 0xff;
        fs::write(&file, &damaged).expect("space for a small file");
        match read_vectors(&source, &layout()) {
            Ok(vectors) => assert_eq!(vectors.ncols(), 3),
            Err(error) => {
                errors += 1;
                assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
    assert!(errors > 20, "{errors} changes were noticed in {} bytes", whole.len());
    for end in (0..whole.len()).step_by(397) {
        fs::write(&file, &whole[..end]).expect("space for a small file");
        assert!(read_vectors(&source, &layout()).is_err());
    }
}

fn write_theta(file: &Path, theta: &Array2<f32>) {
    let write = || -> hdf5::Result<()> {
        let created = hdf5::File::with_options()
            .with_fapl(|access| access.file_locking(false))
            .create(file)?;
        let group =
            created.create_group("solutions")?.create_group("sgd")?.create_group("train")?;
        group.new_dataset_builder().with_data(theta).no_chunk().create("theta")?;
        created.close()
    };
    write().expect("a small file");
}
