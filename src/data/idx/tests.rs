use super::*;
use crate::data::{ImageShape, Images, Pixels};
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

fn pixels(values: std::ops::Range<u8>) -> Pixels {
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

/// All files of a folder, whatever they begin with.
fn load(
    folder: &Path,
    train: Option<usize>,
    test: Option<usize>,
    classes: Option<usize>,
) -> Result<Dataset, DatasetError> {
    super::load(folder, None, ChannelOrder::Auto, WantedImages { train, test, classes })
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
    assert_eq!((&data.train.pixels, &data.test.pixels), (&pixels(0..18), &pixels(0..12)));
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
fn what_is_no_idx_file_of_this_kind_is_named() {
    for (name, bytes, said) in [
        (
            TRAIN_IMAGES,
            idx(0x801, &[4], &[0, 1, 9, 3]),
            "labels, not images: 1 dimension (4 bytes); are the names of two files exchanged?",
        ),
        (
            TRAIN_LABELS,
            images(4),
            "images, not labels: 3 dimensions (4×2×3 bytes); are the names of two files exchanged?",
        ),
        (
            TEST_LABELS,
            b"<html>moved</html>".to_vec(),
            "an HTML page, probably a failed download, not labels in IDX format; fetch it again",
        ),
        (
            TRAIN_IMAGES,
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(),
            "a Git LFS pointer, not images in IDX format; `git lfs pull` fetches the file itself",
        ),
        (
            TRAIN_IMAGES,
            gzip(&gzip(&images(4))),
            "decompressed, a gzip file, not images in IDX format; gunzip it",
        ),
        (
            TRAIN_IMAGES,
            0x803_u32.to_le_bytes().to_vec(),
            "starts with 0x03080000, but files in IDX format start with 0x0000; is this the right \
             file?",
        ),
        (
            TRAIN_IMAGES,
            idx(0xb03, &[4, 2, 3], &[0; 48]),
            "16-bit integers, but pixels are bytes (0 to 255) or floating-point numbers of 32 or 64 \
             bits; scale them to 0 to 255 and convert them, in NumPy with images.astype(\"uint8\"), or \
             scale them to 0 to 1, with images.astype(\"float32\")",
        ),
        (
            TRAIN_LABELS,
            idx(0xd01, &[4], &[0; 16]),
            "32-bit floating-point numbers, but labels are integers, the numbers of classes; convert \
             them, in NumPy with labels.astype(int)",
        ),
    ] {
        assert_eq!(report_with(name, &bytes), format!("DIR/{name}: {said}"));
    }
}

/// A label as a type of IDX has it.
type Encode = fn(i64) -> Vec<u8>;

#[test]
fn labels_of_every_width_are_read() {
    let expected = load(folder().path(), None, None, None).unwrap();
    let wide: [(u32, Encode); 4] = [
        (0x901, |label| (label as i8).to_be_bytes().to_vec()),
        (0xb01, |label| (label as i16).to_be_bytes().to_vec()),
        (0xc01, |label| (label as i32).to_be_bytes().to_vec()),
        (0x801, |label| vec![label as u8]),
    ];
    for (magic, bytes) in wide {
        for compress in [false, true] {
            let folder = folder();
            let labels = idx(magic, &[4], &[0, 1, 9, 3].map(bytes).concat());
            write(&folder, TRAIN_LABELS, &if compress { gzip(&labels) } else { labels });
            let data = load(folder.path(), None, None, None).unwrap();
            assert_eq!(
                (data.train, data.checksum),
                (expected.train.clone(), expected.checksum.clone())
            );
        }
    }
    let folder = folder();
    write(
        &folder,
        TRAIN_LABELS,
        &idx(0xc01, &[4], &[7, 65_000, 300, -5].map(i32::to_be_bytes).concat()),
    );
    let data = load(folder.path(), None, None, None).unwrap();
    assert_eq!((data.classes, data.first_label), (65_006, -5));
    assert_eq!(
        (&data.train.labels[..], &data.test.labels[..]),
        (&[12, 65_005, 305, 0][..], &[10, 11][..])
    );
}

/// Two images of 5 × 6 pixels in three channels, channel after channel and pixel after pixel.
#[test]
fn color_images_are_read_with_their_channels_first_or_last() {
    let shape = ImageShape { channels: 3, rows: 5, columns: 6 };
    let first: Vec<u8> = (0..180).collect();
    let last: Vec<u8> = (0..2)
        .flat_map(|n| (0..30).flat_map(move |pixel| (0..3).map(move |c| 90 * n + 30 * c + pixel)))
        .collect();
    let mut checksums = Vec::new();
    for (sizes, bytes) in [([2, 3, 5, 6], &first), ([2, 5, 6, 3], &last)] {
        let folder = folder();
        for (images, labels) in [(TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)] {
            write(&folder, images, &idx(0x804, &sizes, bytes));
            write(&folder, labels, &idx(0x801, &[2], &[0, 4]));
        }
        let data = load(folder.path(), None, Some(1), None).unwrap();
        assert_eq!((data.shape(), data.train.pixels.bytes()), (shape, Some(&first[..])));
        assert_eq!(data.test.pixels.bytes(), Some(&first[..90]));
        // Only what lies as it is needed can be shared.
        assert_eq!(data.train.pixels.are_shared(), sizes[1] == 3);
        checksums.push(data.checksum);
    }
    assert_eq!(checksums[0], checksums[1]);
}

#[test]
fn floating_point_images_are_used_as_they_are() {
    let folder = folder();
    let numbers: Vec<f32> = (0..24).map(|i| 0.25 * i as f32 - 1.5).collect();
    let single = numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>();
    let double = numbers.iter().flat_map(|&number| f64::from(number).to_be_bytes());
    write(&folder, TRAIN_IMAGES, &idx(0xd03, &[4, 2, 3], &single));
    write(&folder, TEST_IMAGES, &idx(0xe03, &[2, 2, 3], &double.take(96).collect::<Vec<_>>()));
    let data = load(folder.path(), Some(3), None, None).unwrap();
    assert_eq!(data.train.pixels, Pixels::Numbers(numbers[..18].to_vec()));
    assert_eq!(data.test.pixels, Pixels::Numbers(numbers[..12].to_vec()));
    assert_eq!(data.train.pixels.range(), (-1.5, 2.75));

    write(&folder, TEST_IMAGES, &images(2));
    assert_eq!(
        report(&folder, None, None),
        "DIR/t10k-images-idx3-ubyte: images of bytes, but DIR/train-images-idx3-ubyte holds images of \
         floating-point numbers; store both the same way"
    );
    let mut broken = numbers;
    (broken[13], broken[20]) = (f32::NAN, f32::INFINITY);
    let broken = broken.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>();
    assert_eq!(
        report_with(TRAIN_IMAGES, &idx(0xd03, &[4, 2, 3], &broken)).lines().next().unwrap(),
        "DIR/train-images-idx3-ubyte: a pixel of image 2 (from 0) is NaN; pixels must be finite numbers"
    );
}

/// A good folder under other names.
fn renamed(folder: &TempDir, names: [&str; 4]) -> TempDir {
    let other = tempfile::tempdir().unwrap();
    for (old, new) in FILES.into_iter().zip(names) {
        let new = other.path().join(new);
        fs::create_dir_all(new.parent().unwrap()).unwrap();
        fs::copy(folder.path().join(old), new).unwrap();
    }
    other
}

#[test]
fn files_are_found_under_the_names_they_come_with() {
    let plain = folder();
    let expected = load(plain.path(), None, None, None).unwrap().checksum;
    for names in [
        // Dots.
        [
            "train-images.idx3-ubyte",
            "train-labels.idx1-ubyte",
            "t10k-images.idx3-ubyte",
            "t10k-labels.idx1-ubyte",
        ],
        // Kaggle.
        [
            "train-images-idx3-ubyte/train-images-idx3-ubyte",
            "train-labels-idx1-ubyte/train-labels-idx1-ubyte",
            "t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte",
        ],
        // torchvision.
        [
            "MNIST/raw/train-images-idx3-ubyte",
            "MNIST/raw/train-labels-idx1-ubyte",
            "MNIST/raw/t10k-images-idx3-ubyte",
            "MNIST/raw/t10k-labels-idx1-ubyte",
        ],
        // EMNIST.
        [
            "gzip/emnist-letters-train-images-idx3-ubyte",
            "gzip/emnist-letters-train-labels-idx1-ubyte",
            "gzip/emnist-letters-test-images-idx3-ubyte",
            "gzip/emnist-letters-test-labels-idx1-ubyte",
        ],
    ] {
        let other = renamed(&plain, names);
        let data = load(other.path(), None, None, None).unwrap();
        assert_eq!(data.checksum, expected, "{names:?}");
        let sources = names.map(|name| other.path().join(name).display().to_string());
        assert_eq!(data.sources, sources);
    }
    // Kaggle has each file twice.
    for (name, twice) in FILES.into_iter().zip(FILES.map(|name| name.replacen("-idx", ".idx", 1))) {
        fs::copy(plain.path().join(name), plain.path().join(twice)).unwrap();
        fs::rename(plain.path().join(name), plain.path().join("moved")).unwrap();
        fs::create_dir(plain.path().join(name)).unwrap();
        fs::rename(plain.path().join("moved"), plain.path().join(name).join(name)).unwrap();
    }
    assert_eq!(load(plain.path(), None, None, None).unwrap().checksum, expected);
}

#[test]
fn where_several_sets_fit_the_keys_are_asked_for() {
    let plain = folder();
    let letters = ["letters", "digits"].map(|set| {
        ["train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"]
            .map(|name| format!("emnist-{set}-{name}-ubyte"))
    });
    let both = renamed(&plain, letters[0].each_ref().map(String::as_str));
    for (old, new) in FILES.into_iter().zip(&letters[1]) {
        fs::copy(plain.path().join(old), both.path().join(new)).unwrap();
    }
    let place = both.path().display();
    let asked = load(both.path(), None, None, None).unwrap_err().to_string();
    assert_eq!(
        asked,
        format!(
            "{place}: 2 sets of IDX files fit; choose one with dataset.dir = \"{place}\" and \
             dataset.prefix = \"emnist-digits\"; or dataset.dir = \"{place}\" and dataset.prefix = \
             \"emnist-letters\""
        )
    );
    let with = |prefix| {
        super::load(both.path(), Some(prefix), ChannelOrder::Auto, WantedImages::default())
    };
    for prefix in ["emnist-letters", "emnist-letters-"] {
        let data = with(prefix).unwrap();
        assert!(
            data.sources.iter().all(|file| file.contains("emnist-letters-")),
            "{:?}",
            data.sources
        );
    }
    let unknown = with("emnist-leters").unwrap_err().to_string();
    assert!(
        unknown.contains("no set of files with dataset.prefix = \"emnist-leters\"; there is"),
        "{unknown}"
    );
    assert!(unknown.contains("dataset.prefix = \"emnist-digits\";"), "{unknown}");

    // A file of a set is missing: the set is a candidate all the same.
    fs::remove_file(both.path().join("emnist-digits-test-labels-idx1-ubyte")).unwrap();
    let asked = load(both.path(), None, None, None).unwrap_err().to_string();
    assert!(asked.contains("(incomplete: no emnist-digits-test-labels-idx1-ubyte)"), "{asked}");
    let missing = with("emnist-digits").unwrap_err().to_string();
    assert!(
        missing.contains(": no emnist-digits-test-labels-idx1-ubyte (nor with .gz)"),
        "{missing}"
    );

    // The names of MNIST in the folder itself are what they always were.
    for name in FILES {
        fs::copy(plain.path().join(name), both.path().join(name)).unwrap();
    }
    let data = load(both.path(), None, None, None).unwrap();
    assert_eq!(data.sources, FILES.map(|name| both.path().join(name).display().to_string()));
    // And with an empty prefix, whatever else is there.
    fs::rename(both.path().join(TRAIN_IMAGES), both.path().join("train-images.idx3-ubyte"))
        .unwrap();
    assert!(load(both.path(), None, None, None).is_err());
    assert!(with("").is_ok());
}

#[test]
fn two_files_for_one_purpose_must_be_the_same() {
    let folder = folder();
    fs::rename(folder.path().join(TRAIN_IMAGES), folder.path().join("train-images.idx3-ubyte"))
        .unwrap();
    fs::write(folder.path().join("train_images-idx3-ubyte"), images(4)).unwrap();
    assert!(load(folder.path(), None, None, None).is_ok());
    fs::write(folder.path().join("train_images-idx3-ubyte"), images(3)).unwrap();
    assert_eq!(
        report(&folder, None, None),
        "DIR/train-images.idx3-ubyte: DIR/train_images-idx3-ubyte fits as well, but its content \
         differs; remove or rename one of them"
    );
}

#[test]
fn a_folder_with_something_else_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "digits.npz", b"PK");
    let said = report(&folder, None, None);
    assert_eq!(
        said,
        "DIR: no IDX files (train-images-idx3-ubyte, …); DIR/digits.npz is a NumPy file: use kind = \
         \"npy\""
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
    // 2^64 pixels: a wrapped product would be 0.
    let vast = gzip(&idx(0x804, &[1, 4, 1 << 31, 1 << 31], &[1, 2, 3]));
    assert!(report_with(TRAIN_IMAGES, &vast).contains("18446744073709551636"), "20 + 2^64 bytes");
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
        "DIR/train-images-idx3-ubyte: has 0 images of 28×28 pixels, so there is no data",
        "DIR/t10k-images-idx3-ubyte: has 2 images of 28×0 pixels, so there is no data",
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

/// From the smallest label to the largest of both files, whether their images are in use or not.
#[test]
fn labels_say_how_many_classes_there_are() {
    let folder = folder();
    let classes = |train| {
        let data = load(folder.path(), train, None, None).unwrap();
        (data.classes, data.first_label)
    };
    assert_eq!(classes(None), (10, 0));
    let subset = load(folder.path(), Some(2), None, None).unwrap();
    assert_eq!((&subset.train.labels[..], subset.classes), (&[0, 1][..], 10));
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[26, 1]));
    assert_eq!((classes(None), classes(Some(1))), ((27, 0), (27, 0)));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[1, 5, 2, 3]));
    assert_eq!(classes(None), (26, 1), "the letters of EMNIST");
    assert_eq!(load(folder.path(), None, None, None).unwrap().train.labels, [0, 4, 1, 2]);
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0, 255, 2, 3]));
    assert_eq!(classes(None), (256, 0));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0; 4]));
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[0; 2]));
    assert_eq!(classes(None), (1, 0));
}

#[test]
fn more_classes_than_labels_can_be_asked_for_and_fewer_are_refused() {
    let folder = folder();
    let load = |classes| load(folder.path(), None, None, Some(classes));
    let ten = load(10).unwrap();
    let more = load(47).unwrap();
    assert_eq!((more.classes, more.checksum), (47, ten.checksum.clone()));
    let message = load(9).unwrap_err().to_string();
    assert_eq!(
        message.replace(&folder.path().display().to_string(), "DIR"),
        "DIR/train-labels-idx1-ubyte: label 9 at image 2, counted from 0, but dataset.classes = 9 \
         are 0 to 8; the labels are 0 to 9: set dataset.classes to 10 at least, or leave it out"
    );
    // The same images with the same labels, whatever class each of these is.
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[2, 1, 9, 3]));
    let (shifted, from_0) = (load(9).unwrap(), load(10).unwrap());
    assert_eq!(
        (&shifted.train.labels[..], &from_0.train.labels[..]),
        (&[1, 0, 8, 2][..], &[2, 1, 9, 3][..])
    );
    assert_eq!(shifted.checksum, from_0.checksum);
}

#[test]
fn more_or_fewer_images_than_there_are() {
    assert_eq!(
        report(&folder(), Some(5), Some(0)),
        "dataset.train = 5, but DIR/train-images-idx3-ubyte has 4; set at most 4, or remove \
         dataset.train to use all\n\
         dataset.test = 0: at least one image is needed; remove dataset.test to use all"
    );
}

#[test]
fn problems_of_all_files_are_reported_at_once() {
    let folder = folder();
    write(&folder, TRAIN_IMAGES, &idx(0x801, &[4], &[0; 4]));
    write(&folder, TRAIN_LABELS, &idx(0x801, &[4], &[0, 1, 9]));
    write(&folder, TEST_IMAGES, b"PK\x03\x04");
    write(&folder, TEST_LABELS, &idx(0x801, &[2], &[5]));
    let error = report(&folder, None, None);
    let starts = [
        "DIR/train-images-idx3-ubyte: labels, not images",
        "DIR/t10k-images-idx3-ubyte: a zip archive",
        "DIR/t10k-labels-idx1-ubyte: 9 bytes",
        "DIR/train-labels-idx1-ubyte: 11 bytes",
    ];
    assert_eq!(error.lines().count(), starts.len(), "{error}");
    for start in starts {
        assert!(error.lines().any(|line| line.starts_with(start)), "{start} in\n{error}");
    }
}
