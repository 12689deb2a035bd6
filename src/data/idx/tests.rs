use super::*;
use crate::data::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use tempfile::TempDir;

const TRAIN_IMAGES: &str = FILES[0];
const TRAIN_LABELS: &str = FILES[1];
const TEST_IMAGES: &str = FILES[2];
const TEST_LABELS: &str = FILES[3];

const SHAPE: ImageShape = ImageShape::gray(2, 3);

/// Magic number and sizes as in the format's description, then the bytes.
fn idx(magic: u32, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let header = std::iter::once(&magic).chain(sizes).flat_map(|number| number.to_be_bytes());
    header.chain(bytes.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `n` images of 2×3 pixels, pixel j of the set has the value j.
fn images(n: u8) -> Vec<u8> {
    idx(0x803, &[n.into(), 2, 3], &(0..6 * n).collect::<Vec<_>>())
}

fn pixels(values: std::ops::Range<u8>) -> Bytes {
    values.collect::<Vec<_>>().into()
}

/// A good folder: four training images labeled 0, 1, 9, 3 and two test images labeled 5, 6.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, TRAIN_IMAGES, &images(4));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0, 1, 9, 3]));
    write(&folder, TEST_IMAGES, &images(2));
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[5, 6]));
    folder
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).unwrap();
}

/// What loading the folder reports, with the folder's random name replaced by `DIR`.
fn report(folder: &TempDir, train: Option<usize>, test: Option<usize>) -> String {
    let error = load(folder.path(), train, test, None).expect_err("should be refused");
    error.to_string().replace(&folder.path().display().to_string(), "DIR")
}

/// What is reported when one file of a good folder is replaced.
fn report_with(name: &str, bytes: &[u8]) -> String {
    let folder = folder();
    write(&folder, name, bytes);
    report(&folder, None, None)
}

const REMEDY: &str = "`make mnist` fetches MNIST into data/mnist; or put the four IDX files into \
     DIR (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
     t10k-labels-idx1-ubyte, each plain or with .gz), or set dataset.dir";

#[test]
fn reads_pixels_labels_and_sizes() {
    let folder = folder();
    let data = load(folder.path(), None, None, None).unwrap();
    assert_eq!(data.name, format!("idx {}", folder.path().display()));
    assert_eq!(data.classes, 10);
    assert_eq!(
        data.train,
        Images { pixels: pixels(0..24), labels: vec![0, 1, 9, 3], shape: SHAPE }
    );
    assert_eq!(data.test, Images { pixels: pixels(0..12), labels: vec![5, 6], shape: SHAPE });
}

#[test]
fn a_limit_takes_images_from_the_front() {
    let folder = folder();
    let data = load(folder.path(), Some(3), Some(1), None).unwrap();
    assert_eq!(data.train, Images { pixels: pixels(0..18), labels: vec![0, 1, 9], shape: SHAPE });
    assert_eq!(data.test, Images { pixels: pixels(0..6), labels: vec![5], shape: SHAPE });
    assert_ne!(data.checksum, load(folder.path(), None, None, None).unwrap().checksum);
}

#[test]
fn compressed_files_are_recognized_by_their_bytes() {
    let plain = folder();
    let expected = load(plain.path(), None, None, None).unwrap();
    let other = tempfile::tempdir().unwrap();
    let bytes = |name: &str| fs::read(plain.path().join(name)).unwrap();
    write(&other, &format!("{TRAIN_IMAGES}.gz"), &gzip(&bytes(TRAIN_IMAGES)));
    write(&other, &format!("{TRAIN_LABELS}.gz"), &bytes(TRAIN_LABELS));
    write(&other, TEST_IMAGES, &gzip(&bytes(TEST_IMAGES)));
    // Several gzip members in a row are one file, as for gunzip.
    let (first, second) = (gzip(&bytes(TEST_LABELS)[..9]), gzip(&bytes(TEST_LABELS)[9..]));
    write(&other, &format!("{TEST_LABELS}.gz"), &[first, second].concat());
    let data = load(other.path(), None, None, None).unwrap();
    assert_eq!(
        (data.train, data.test, data.checksum),
        (expected.train, expected.test, expected.checksum)
    );
}

#[test]
fn images_that_are_not_compressed_are_shared() {
    let folder = folder();
    let bytes = fs::read(folder.path().join(TEST_IMAGES)).unwrap();
    write(&folder, TEST_IMAGES, &gzip(&bytes));
    let data = load(folder.path(), Some(3), None, None).unwrap();
    assert!(data.train.pixels.are_shared() && !data.test.pixels.are_shared());
    assert_eq!((&*data.train.pixels, &*data.test.pixels), (&*pixels(0..18), &*pixels(0..12)));
    // A file that is replaced or removed leaves the pixels as they were.
    fs::rename(folder.path().join(TEST_IMAGES), folder.path().join(TRAIN_IMAGES)).unwrap();
    assert_eq!(data.train.pixels, pixels(0..18));
    drop(folder);
    assert_eq!(data.train.pixels, pixels(0..18));
}

#[test]
fn missing_folder_and_files_name_the_remedy() {
    let nowhere = tempfile::tempdir().unwrap();
    let below = nowhere.path().join("mnist");
    let message = load(&below, None, None, None)
        .unwrap_err()
        .to_string()
        .replace(&below.display().to_string(), "DIR");
    assert_eq!(message, format!("DIR: no such folder; {REMEDY}"));

    let folder = folder();
    fs::remove_file(folder.path().join(TRAIN_LABELS)).unwrap();
    fs::remove_file(folder.path().join(TEST_IMAGES)).unwrap();
    let files = "train-labels-idx1-ubyte, t10k-images-idx3-ubyte";
    assert_eq!(report(&folder, None, None), format!("DIR: no {files} (nor with .gz); {REMEDY}"));
}

#[test]
fn unreadable_file() {
    let folder = folder();
    fs::remove_file(folder.path().join(TEST_LABELS)).unwrap();
    fs::create_dir(folder.path().join(TEST_LABELS)).unwrap();
    assert_eq!(
        report(&folder, None, None),
        "DIR/t10k-labels-idx1-ubyte: cannot be read: Is a directory (os error 21)"
    );
}

#[test]
fn wrong_magic_number() {
    assert_eq!(
        report_with(TRAIN_IMAGES, &idx(0x801, &[4], &[0, 1, 9, 3])),
        "DIR/train-images-idx3-ubyte: starts with 0x00000801, but images in IDX format start with \
         0x00000803; is this the right file?"
    );
    assert_eq!(
        report_with(TEST_LABELS, b"<html>moved</html>"),
        "DIR/t10k-labels-idx1-ubyte: starts with 0x3c68746d, but labels in IDX format start with \
         0x00000801; is this the right file?"
    );
}

#[test]
fn truncated_and_too_long_files_give_both_lengths() {
    let good = images(4);
    let length = |found: &str, claim: &str| {
        format!("DIR/train-images-idx3-ubyte: {found}, but {claim}; fetch it again")
    };
    let header_claims = "the header's 4 images of 2×3 pixels take 40";
    for cut in 0..good.len() {
        let claim = if cut < 16 { "the header alone takes 16" } else { header_claims };
        assert_eq!(report_with(TRAIN_IMAGES, &good[..cut]), length(&format!("{cut} bytes"), claim));
    }
    let longer = [&good[..], &[0, 0]].concat();
    assert_eq!(report_with(TRAIN_IMAGES, &longer), length("42 bytes", header_claims));
    assert_eq!(
        report_with(TRAIN_IMAGES, &gzip(&longer)),
        length("42 bytes decompressed", header_claims)
    );
    assert_eq!(
        report_with(TRAIN_LABELS, &idx(0x801, &[4], &[0; 3])),
        "DIR/train-labels-idx1-ubyte: 11 bytes, but the header's 4 labels take 12; fetch it again"
    );
}

#[test]
fn a_length_is_checked_beyond_the_images_asked_for() {
    let folder = folder();
    write(&folder, TRAIN_IMAGES, &images(4)[..39]);
    assert!(report(&folder, Some(1), None).contains("39 bytes"));
}

#[test]
fn a_header_that_claims_more_than_fits_in_memory_is_refused() {
    let vast = idx(0x803, &[u32::MAX; 3], &[1, 2, 3]);
    assert!(
        report_with(TRAIN_IMAGES, &vast).contains("79228162458924105385300197391"),
        "16 + (2^32 - 1)^3 bytes"
    );
}

#[test]
fn damaged_gzip() {
    let good = gzip(&images(4));
    let mut wrong_checksum = good.clone();
    let last = good.len() - 5;
    wrong_checksum[last] ^= 1;
    for bytes in [&good[..good.len() - 9], &wrong_checksum, &[&good[..], b"tail"].concat()] {
        let message = report_with(TRAIN_IMAGES, bytes);
        assert!(
            message.starts_with("DIR/train-images-idx3-ubyte: damaged gzip file ("),
            "{message}"
        );
        assert!(message.ends_with("); fetch it again"), "{message}");
    }
}

#[test]
fn nothing_to_learn_from() {
    let folder = folder();
    write(&folder, TRAIN_IMAGES, &idx(0x803, &[0, 28, 28], &[]));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[0], &[]));
    write(&folder, TEST_IMAGES, &idx(0x803, &[2, 28, 0], &[]));
    let lines = [
        "DIR/train-images-idx3-ubyte: holds 0 images of 28×28 pixels: nothing to learn from",
        "DIR/t10k-images-idx3-ubyte: holds 2 images of 28×0 pixels: nothing to learn from",
        "DIR/train-images-idx3-ubyte: images of 28×28 pixels, but DIR/t10k-images-idx3-ubyte holds \
         images of 28×0; the files do not belong together",
    ];
    assert_eq!(report(&folder, Some(5), None), lines.join("\n"));
}

#[test]
fn files_that_do_not_belong_together() {
    assert_eq!(
        report_with(TRAIN_LABELS, &idx(0x801, &[3], &[0, 1, 9])),
        "DIR/train-images-idx3-ubyte: 4 images, but DIR/train-labels-idx1-ubyte holds 3 labels; \
         the two files do not belong together"
    );
    assert_eq!(
        report_with(TEST_IMAGES, &idx(0x803, &[2, 3, 2], &[0; 12])),
        "DIR/train-images-idx3-ubyte: images of 2×3 pixels, but DIR/t10k-images-idx3-ubyte holds \
         images of 3×2; the files do not belong together"
    );
}

/// As many as the largest label + 1, of either file, whether its image is in use or not.
#[test]
fn labels_say_how_many_classes_there_are() {
    let folder = folder();
    let classes = |train| load(folder.path(), train, None, None).unwrap().classes;
    assert_eq!(classes(None), 10);
    let subset = load(folder.path(), Some(2), None, None).unwrap();
    assert_eq!((&subset.train.labels[..], subset.classes), (&[0, 1][..], 10));
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[26, 1]));
    assert_eq!((classes(None), classes(Some(1))), (27, 27));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[1, 255, 2, 3]));
    assert_eq!(classes(None), 256);
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0; 4]));
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[0; 2]));
    assert_eq!(classes(None), 1);
}

#[test]
fn more_classes_than_labels_can_be_asked_for_and_fewer_are_refused() {
    let folder = folder();
    let load = |classes| load(folder.path(), None, None, Some(classes));
    let ten = load(10).unwrap();
    let more = load(47).unwrap();
    assert_eq!((more.classes, more.checksum), (47, ten.checksum));
    let message = load(9).unwrap_err().to_string();
    assert_eq!(
        message.replace(&folder.path().display().to_string(), "DIR"),
        "DIR/train-labels-idx1-ubyte: label 9 at image 2, counted from 0, but dataset.classes = 9 \
         are 0 to 8; the largest label is 9: set dataset.classes to 10 at least, or leave it out"
    );
}

#[test]
fn more_or_fewer_images_than_there_are() {
    assert_eq!(
        report(&folder(), Some(5), Some(0)),
        "dataset.train = 5, but DIR/train-images-idx3-ubyte holds 4; ask for 4 at most, or leave \
         dataset.train out to use all\n\
         dataset.test = 0: at least one image is needed; leave dataset.test out to use all"
    );
}

#[test]
fn problems_of_all_files_are_reported_at_once() {
    let folder = folder();
    fs::remove_file(folder.path().join(TRAIN_IMAGES)).unwrap();
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0, 1, 9]));
    write(&folder, TEST_IMAGES, b"PK\x03\x04");
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[5]));
    let error = report(&folder, None, None);
    let starts = [
        "DIR: no train-images-idx3-ubyte (nor with .gz)",
        "DIR/t10k-images-idx3-ubyte: starts with 0x504b0304",
        "DIR/t10k-labels-idx1-ubyte: 9 bytes",
        "DIR/train-labels-idx1-ubyte: 11 bytes",
    ];
    assert_eq!(error.lines().count(), starts.len(), "{error}");
    for start in starts {
        assert!(error.lines().any(|line| line.starts_with(start)), "{start} in\n{error}");
    }
}
