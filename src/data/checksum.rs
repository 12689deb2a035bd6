//! The checksum that identifies a data set.

use super::{ImageShape, Images};
use crate::kernels::PixelSlice;
use sha2::{Digest, Sha256};

/// Precedes pixels that are numbers. Bytes, whose checksums are older, have no such mark.
const NUMBERS: &[u8] = b"float32";

/// Precedes labels that are wider than a byte.
const WIDE_LABELS: &[u8] = b"int64";

/// SHA-256, hexadecimal, over, for the training set and then the test set: the number of images,
/// rows and columns (64-bit little-endian), of more than one channel their number too, the pixels,
/// the labels.
///
/// Pixels are bytes; or `float32` and numbers (32-bit little-endian). Labels are those of the files.
/// They are a byte each, if both sets have only labels from 0 to 255; otherwise `int64` and 64-bit
/// little-endian integers.
///
/// The same images have the same checksum in any place and format, compressed or not.
pub(super) fn of(first_label: i64, sets: [&Images; 2]) -> String {
    let mut hash = Sha256::new();
    let labels =
        sets.map(|images| images.labels.iter().map(|&class| i64::from(class) + first_label));
    let narrow = labels.iter().cloned().flatten().all(|label| u8::try_from(label).is_ok());
    for (images, labels) in sets.into_iter().zip(labels) {
        let ImageShape { channels, rows, columns } = images.shape;
        for size in [images.len(), rows, columns] {
            hash.update((size as u64).to_le_bytes());
        }
        // Omitted for gray images, whose checksums are older than channels.
        if channels != 1 {
            hash.update((channels as u64).to_le_bytes());
        }
        update_pixels(&mut hash, images.pixels.as_slice());
        if narrow {
            hash.update(labels.map(|label| label as u8).collect::<Vec<_>>());
        } else {
            hash.update(WIDE_LABELS);
            labels.for_each(|label| hash.update(label.to_le_bytes()));
        }
    }
    format!("{:x}", hash.finalize())
}

fn update_pixels(hash: &mut Sha256, pixels: PixelSlice<'_>) {
    match pixels {
        PixelSlice::Bytes(bytes) => hash.update(bytes),
        PixelSlice::Numbers(numbers) => {
            hash.update(NUMBERS);
            for some in numbers.chunks(1 << 14) {
                let bytes: Vec<u8> = some.iter().flat_map(|number| number.to_le_bytes()).collect();
                hash.update(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Classes, Dataset, Label, Pixels};

    fn images(pixels: impl Into<Pixels>, labels: &[Label], rows: usize) -> Images {
        let pixels = pixels.into();
        let columns = pixels.len() / labels.len() / rows;
        Images { pixels, labels: labels.to_vec(), shape: ImageShape::gray(rows, columns) }
    }

    fn bytes(pixels: &[u8], labels: &[Label], rows: usize) -> Images {
        images(pixels.to_vec(), labels, rows)
    }

    fn checksum_of(classes: impl Into<Classes>, train: &Images, test: &Images) -> String {
        Dataset::new(String::new(), classes, train.clone(), test.clone()).checksum
    }

    fn checksum(train: &Images, test: &Images) -> String {
        checksum_of(10, train, test)
    }

    // Computed independently from the description with Python's hashlib and struct.
    #[test]
    fn checksum_is_the_documented_one() {
        let (train, test) = (bytes(&[1, 2, 3, 4], &[7, 9], 1), bytes(&[5, 6], &[0], 1));
        // sha256(pack("<3Q", 2, 1, 2) + bytes([1, 2, 3, 4, 7, 9]) + pack("<3Q", 1, 1, 2) +
        // bytes([5, 6, 0])).
        assert_eq!(
            checksum(&train, &test),
            "01ea887070d58d575e014309ca5441cf8f37435711c099b838a5f7116933ce5a"
        );
    }

    /// sha256(pack("<3Q", 1, 1, 2) + b"float32" + pack("<2f", 0.5, -1) + b"int64" + pack("<q", 300) +
    /// pack("<3Q", 1, 1, 2) + b"float32" + pack("<2f", 2, 3) + b"int64" + pack("<q", 7)).
    #[test]
    fn checksum_of_numbers_and_wide_labels_is_the_documented_one() {
        let train = images(vec![0.5_f32, -1.0], &[300], 1);
        let test = images(vec![2.0_f32, 3.0], &[7], 1);
        assert_eq!(checksum_of(301, &train, &test), NUMBERS_CHECKSUM);
        // Class 293 of those that begin with 7.
        let shifted = |set: &Images, class| Images { labels: vec![class], ..set.clone() };
        let classes = Classes { count: 294, first_label: 7 };
        let again = checksum_of(classes, &shifted(&train, 293), &shifted(&test, 0));
        assert_eq!(again, NUMBERS_CHECKSUM);
    }

    const NUMBERS_CHECKSUM: &str =
        "80dc0130fe8ae16baa100939428bb82c78513c8ca3ddb27da52538bb571d1e91";

    #[test]
    fn checksum_sees_every_part_and_not_the_name() {
        let (train, test) = (bytes(&[1, 2, 3, 4], &[7, 9], 1), bytes(&[5, 6], &[0], 1));
        let original = checksum(&train, &test);
        assert_eq!(
            Dataset::new("elsewhere".into(), 26, train.clone(), test.clone()).checksum,
            original
        );
        let shaped = |shape: ImageShape| move |images: &Images| Images { shape, ..images.clone() };
        let tall = shaped(ImageShape::gray(2, 1));
        let deep = shaped(ImageShape { channels: 2, rows: 1, columns: 1 });
        let numbers = |images: &Images| Images {
            pixels: vec![0.0_f32; images.pixels.len()].into(),
            ..images.clone()
        };
        let changed = [
            checksum(&bytes(&[1, 2, 3, 5], &[7, 9], 1), &test),
            checksum(&bytes(&[1, 2, 3, 4], &[7, 8], 1), &test),
            checksum(&train, &bytes(&[5, 6], &[1], 1)),
            checksum(&tall(&train), &tall(&test)),
            checksum(&deep(&train), &deep(&test)),
            checksum(&test, &train),
            checksum(&numbers(&train), &numbers(&test)),
            checksum_of(Classes { count: 10, first_label: 1 }, &train, &test),
        ];
        assert!(changed.iter().all(|other| *other != original));
    }
}
