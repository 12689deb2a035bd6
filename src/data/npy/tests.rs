use super::*;
use crate::data::{ImageShape, Pixels};
use ndarray::{Array, Array1, Array3, Array4, Axis, Dimension, ShapeBuilder};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpyExt, write_npy};
use std::fs::{self, File};
use std::io::{Cursor, Write};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// `n` images of 2×3 pixels, pixel j of the set has the value j.
fn images(n: usize) -> Array3<u8> {
    Array3::from_shape_fn((n, 2, 3), |(i, y, x)| (6 * i + 3 * y + x) as u8)
}

fn labels(n: usize) -> Array1<i64> {
    (0..i64::try_from(n).expect("few")).collect()
}

fn write<A: WritableElement, D: Dimension>(folder: &TempDir, name: &str, array: &Array<A, D>) {
    write_npy(folder.path().join(format!("{name}.npy")), array).expect("space for a small file");
}

fn load_with(path: &Path, wanted: WantedImages, seed: u32) -> Result<Dataset, DatasetError> {
    load(path, ChannelOrder::Auto, wanted, seed)
}

fn load_all(path: &Path) -> Dataset {
    load_with(path, WantedImages::default(), 0).expect("a sound data set")
}

fn report(folder: &TempDir, path: &Path) -> String {
    let error = load_with(path, WantedImages::default(), 0).expect_err("should be refused");
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

/// Four arrays in a folder.
fn four() -> TempDir {
    let folder = folder();
    write(&folder, "train_images", &images(4));
    write(&folder, "train_labels", &labels(4));
    write(&folder, "test_images", &images(2));
    write(&folder, "test_labels", &labels(2));
    folder
}

/// The same in an archive.
fn archive(folder: &TempDir, name: &str, compressed: bool) -> PathBuf {
    let path = folder.path().join(name);
    let file = File::create(&path).expect("a new file");
    let mut archive =
        if compressed { NpzWriter::new_compressed(file) } else { NpzWriter::new(file) };
    for (split, count) in [("train", 4), ("test", 2)] {
        archive.add_array(format!("{split}_images"), &images(count)).expect("space");
        archive.add_array(format!("{split}_labels"), &labels(count)).expect("space");
    }
    archive.finish().expect("space");
    path
}

#[test]
fn four_arrays_are_read_from_a_folder_and_from_archives() {
    let folder = four();
    let data = load_all(folder.path());
    assert_eq!((data.shape(), data.classes), (ImageShape::gray(2, 3), 4));
    assert_eq!(data.train.pixels.bytes(), Some(&(0..24).collect::<Vec<u8>>()[..]));
    assert_eq!((&data.train.labels[..], &data.test.labels[..]), (&[0, 1, 2, 3][..], &[0, 1][..]));
    assert!(data.train.pixels.are_shared());
    assert!(data.sources[0].ends_with("train_images.npy"), "{:?}", data.sources);
    let other = self::folder();
    for compressed in [true, false] {
        let path = archive(&other, "set.npz", compressed);
        // A folder with an archive alone stands for the archive.
        for path in [path.as_path(), other.path()] {
            let read = load_all(path);
            assert_eq!(read.checksum, data.checksum);
            assert_eq!(read.train.pixels.are_shared(), !compressed);
            assert!(read.sources[3].ends_with("set.npz test_labels"), "{:?}", read.sources);
        }
    }
}

#[test]
fn the_names_of_keras_are_understood() {
    let folder = folder();
    for (name, count) in [("train", 4), ("test", 2)] {
        write(&folder, &format!("X_{name}"), &images(count));
        write(&folder, &format!("y_{name}"), &labels(count));
    }
    assert_eq!(load_all(folder.path()).checksum, load_all(four().path()).checksum);
}

#[test]
fn types_and_orders_of_every_kind_are_read() {
    let expected = load_all(four().path()).checksum;
    let folder = four();
    let mut fortran = Array3::zeros((4, 2, 3).f());
    fortran.assign(&images(4));
    write(&folder, "train_images", &fortran);
    write(&folder, "train_labels", &labels(4).mapv(|label| label as u16));
    write(&folder, "test_labels", &labels(2).mapv(|label| label as i8).insert_axis(Axis(1)));
    assert_eq!(load_all(folder.path()).checksum, expected);
    let few = WantedImages { train: Some(2), ..WantedImages::default() };
    let data = load_with(folder.path(), few, 0).unwrap();
    assert_eq!(data.train.pixels.bytes(), Some(&(0..12).collect::<Vec<u8>>()[..]));
    let truth = Array1::from(vec![true, false, true, true]);
    write(&folder, "train_labels", &truth);
    write(&folder, "test_labels", &Array1::from(vec![true, false]));
    assert_eq!(load_all(folder.path()).classes, 2);
}

#[test]
fn numbers_of_both_precisions_are_used_as_they_are() {
    let folder = four();
    let numbers = images(4).mapv(|pixel| f64::from(pixel) / 16.0 - 0.5);
    write(&folder, "train_images", &numbers);
    write(&folder, "test_images", &images(2).mapv(|pixel| f32::from(pixel) / 16.0 - 0.5));
    let data = load_all(folder.path());
    let expected: Vec<f32> = (0..24).map(|pixel| pixel as f32 / 16.0 - 0.5).collect();
    assert_eq!(data.train.pixels, Pixels::Numbers(expected));
    let mut large = numbers;
    large[[3, 0, 0]] = 1e300;
    write(&folder, "train_images", &large);
    assert_eq!(
        report(&folder, folder.path()),
        "DIR/train_images.npy: a pixel of image 3 (from 0) is infinite in single precision; pixels \
         must be finite numbers"
    );
}

#[test]
fn color_images_have_their_channels_first_or_last() {
    let folder = four();
    let color = |n: usize| {
        Array4::from_shape_fn((n, 3, 5, 6), |(i, c, y, x)| (90 * i + 30 * c + 6 * y + x) as u8)
    };
    for (name, count) in [("train", 4), ("test", 2)] {
        write(&folder, &format!("{name}_images"), &color(count));
    }
    let first = load_all(folder.path());
    assert_eq!(first.shape(), ImageShape { channels: 3, rows: 5, columns: 6 });
    for (name, count) in [("train", 4), ("test", 2)] {
        let last = color(count).permuted_axes([0, 2, 3, 1]).as_standard_layout().into_owned();
        write(&folder, &format!("{name}_images"), &last);
    }
    assert_eq!(load_all(folder.path()).checksum, first.checksum);
}

#[test]
fn one_set_is_split_at_random_and_the_same_way_each_time() {
    let folder = folder();
    write(&folder, "images", &images(20));
    write(&folder, "labels", &labels(20));
    let split = |train, test, seed| {
        let data =
            load_with(folder.path(), WantedImages { train, test, classes: None }, seed).unwrap();
        assert_eq!(data.classes, 20, "of all labels, also those that are not used");
        for images in [&data.train, &data.test] {
            for (label, image) in images.labels.iter().zip(images.view().blocks(1)) {
                assert_eq!(image.pixels().bytes().unwrap()[0], 6 * *label as u8, "its own label");
            }
        }
        [data.train.labels, data.test.labels]
    };
    let [train, test] = split(None, None, 0);
    assert_eq!((train.len(), test.len()), (16, 4), "one in five");
    let mut all = [train.clone(), test.clone()].concat();
    assert!(!all.is_sorted(), "in a random order");
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>(), "each once");
    assert_eq!(split(None, None, 0), [train.clone(), test.clone()]);
    assert_ne!(split(None, None, 1)[1], test);
    // Fewer training images leave the test images as they are.
    assert_eq!(split(Some(5), Some(4), 0), [train[..5].to_vec(), test.clone()]);
    assert_eq!(split(None, Some(4), 0), [train, test]);
    assert_eq!(split(Some(17), None, 0)[1].len(), 3);
}

#[test]
fn counts_that_cannot_be_split_are_refused() {
    let folder = folder();
    write(&folder, "images", &images(3));
    write(&folder, "labels", &labels(3));
    for (train, test, part) in [
        (Some(2), Some(2), "too few for dataset.train = 2 and dataset.test = 2"),
        (Some(3), None, "too few for dataset.train = 3"),
        (None, Some(9), "too few for dataset.test = 9"),
        (Some(0), None, "dataset.train = 0: at least one image is needed"),
    ] {
        let wanted = WantedImages { train, test, classes: None };
        let said = load_with(folder.path(), wanted, 0).unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
    }
    write(&folder, "labels", &labels(4));
    let said = report(&folder, folder.path());
    assert_eq!(
        said,
        "DIR/images.npy: 3 images, but DIR/labels.npy holds 4 labels; the two files do not belong \
         together"
    );
}

#[test]
fn arrays_that_make_no_data_set_are_listed() {
    let folder = four();
    write(&folder, "images", &images(4));
    write(&folder, "labels", &labels(4));
    assert_eq!(
        report(&folder, folder.path()),
        "DIR: arrays images, labels, test_images, test_labels, train_images, train_labels: two data \
         sets; remove or rename the arrays of one of them"
    );
    fs::remove_file(folder.path().join("images.npy")).unwrap();
    assert_eq!(load_all(folder.path()).train.len(), 4, "labels alone are no second data set");
    fs::remove_file(folder.path().join("labels.npy")).unwrap();
    write(&folder, "x_train", &images(4));
    assert_eq!(
        report(&folder, folder.path()),
        "DIR: arrays train_images and x_train both fit; remove or rename one of them"
    );
    fs::remove_file(folder.path().join("x_train.npy")).unwrap();
    archive(&folder, "set.npz", false);
    assert_eq!(
        report(&folder, folder.path()),
        "DIR: \"DIR/set.npz\" and the .npy files in it fit; choose one with dataset.path"
    );
}

#[test]
fn what_is_no_data_set_is_named() {
    let folder = folder();
    let path = folder.path().join("set.npz");
    assert!(report(&folder, &path).starts_with("DIR/set.npz: no such file or folder; give"));
    for (bytes, said) in [
        (
            &b"<html>404</html>"[..],
            "an HTML page, probably a failed download, not a NumPy archive (.npz); fetch it again",
        ),
        (b"", "an empty file; fetch or write it again"),
        (
            b"\x93NUMPY\x01\0",
            "a single array; give dataset.path the folder that holds images.npy and labels.npy",
        ),
        (b"\0\0\x08\x03\0\0", "an IDX file, not a NumPy archive (.npz); use kind = \"idx\""),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(report(&folder, &path), format!("DIR/set.npz: {said}"));
    }
    fs::write(&path, b"PK\x03\x04 and so on").unwrap();
    assert!(report(&folder, &path).starts_with("DIR/set.npz: damaged zip file ("));
    fs::remove_file(&path).unwrap();
    assert_eq!(report(&folder, folder.path()), "DIR: no .npz file and no images.npy, labels.npy");
    fs::write(folder.path().join("7.png"), b"\x89PNG").unwrap();
    assert_eq!(
        report(&folder, folder.path()),
        "DIR: no .npz file and no images.npy, labels.npy; DIR/7.png is not an IDX file: \
         docs/your-own-data.md shows how to write arrays of images"
    );
}

#[test]
fn arrays_of_other_types_and_shapes_are_named() {
    let folder = four();
    let rows = Array::from_shape_vec((4, 6), images(4).iter().copied().collect()).unwrap();
    write(&folder, "train_images", &rows);
    write(&folder, "train_labels", &labels(4).mapv(|label| label as f32));
    write(&folder, "test_images", &images(2).mapv(i64::from));
    write(&folder, "test_labels", &images(2));
    assert_eq!(
        report(&folder, folder.path()).lines().collect::<Vec<_>>(),
        [
            "DIR/train_images.npy: 2 dimensions (4×6): a row of 6 numbers for each image; write the \
             images as (n, height, width), in NumPy for instance images.reshape(-1, height, width)",
            "DIR/train_labels.npy: 32-bit floating-point numbers, but labels are integers, the \
             numbers of classes; convert them, in NumPy with labels.astype(int)",
            "DIR/test_images.npy: 64-bit integers, but pixels are bytes (0 to 255) or floating-point \
             numbers of 32 or 64 bits; scale them to 0 to 255 and convert them, in NumPy with \
             images.astype(\"uint8\"), or scale them to 0 to 1, with images.astype(\"float32\")",
            "DIR/test_labels.npy: images, not labels: 3 dimensions (2×2×3 bytes); are the names of \
             two files exchanged?",
        ]
    );
}

/// A wrong byte in an archive is seen by its checksum, whether it is compressed, mapped or copied.
#[test]
fn a_damaged_archive_is_refused() {
    for compressed in [false, true] {
        let folder = folder();
        let path = archive(&folder, "set.npz", compressed);
        let sound = fs::read(&path).unwrap();
        // The first array begins behind the names of the first entry and its header.
        let at = if compressed { 60 } else { 30 + 20 + 140 };
        let mut bytes = sound;
        bytes[at] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        let said = report(&folder, &path);
        assert!(said.contains("train_images"), "{compressed}: {said}");
    }
}

/// The checksum is that of the bytes that there are, so only their number tells: a map of all that
/// is promised would reach beyond the end of the file.
#[test]
fn an_archive_that_holds_less_than_it_promises_is_refused() {
    let folder = folder();
    let mut array = Vec::new();
    images(4).write_npy(&mut array).unwrap();
    let shape = array.windows(3).position(|text| text == b"(4,").unwrap();
    array[shape + 1] = b'9';
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in ["train_images", "test_images"] {
        archive.start_file(format!("{name}.npy"), stored).unwrap();
        archive.write_all(&array).unwrap();
    }
    for name in ["train_labels", "test_labels"] {
        archive.start_file(format!("{name}.npy"), stored).unwrap();
        labels(9).write_npy(&mut archive).unwrap();
    }
    let mut bytes = archive.finish().unwrap().into_inner();
    let promised = u32::try_from(array.len() + 5 * 6).unwrap().to_le_bytes();
    // The size of an entry is 24 bytes behind the beginning of its record in the directory.
    let records = bytes.windows(4).enumerate().filter(|(_, text)| *text == b"PK\x01\x02");
    let records: Vec<usize> = records.map(|(at, _)| at).take(2).collect();
    for at in records {
        bytes[at + 24..at + 28].copy_from_slice(&promised);
    }
    let path = folder.path().join("short.npz");
    fs::write(&path, bytes).unwrap();
    let said = report(&folder, &path);
    assert!(said.contains("train_images") && said.contains("9 images of 2×3 pixels"), "{said}");
}

#[test]
fn files_of_another_length_are_refused() {
    let folder = four();
    let file = folder.path().join("train_images.npy");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let said = report(&folder, folder.path());
    assert!(said.contains("151 bytes, but the header's 4 images of 2×3 pixels take 152"), "{said}");
    fs::write(&file, &bytes[..20]).unwrap();
    let said = report(&folder, folder.path());
    assert!(said.contains("not a NumPy array (it ends within the header)"), "{said}");
}
