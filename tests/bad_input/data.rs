//! Data sets that are wrong.

use crate::corpus::{Case, refuse};
use crate::idx::{gzip, idx};
use crate::study::{self, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, write};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What it is called, what is done to the sound study, what the program says.
type Row = (&'static str, fn(&Path), &'static str);

fn change(root: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(root.join(name)).expect("a file of the sound study");
    change(&mut bytes);
    write(root, name, &bytes);
}

fn cut(root: &Path, name: &str, length: usize) {
    change(root, name, |bytes| bytes.truncate(length));
}

fn compress(root: &Path, name: &str) {
    change(root, name, |bytes| *bytes = gzip(bytes));
}

fn remove(root: &Path, name: &str) {
    fs::remove_file(root.join(name)).expect("a file of the sound study");
}

/// Puts something that is no file in place of one.
fn replace(root: &Path, name: &str, make: impl FnOnce(&Path)) {
    remove(root, name);
    make(&root.join(name));
}

fn set(root: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(root.join(study::FILE)).expect("the configuration");
    assert!(text.contains(old));
    write(root, study::FILE, text.replacen(old, new, 1).as_bytes());
}

const CASES: &[Row] = &[
    // ---- the directory --------------------------------------------------------------------------
    (
        "a directory that is not there",
        |root| fs::rename(root.join("images"), root.join("pictures")).expect("a directory"),
        "images: no such folder in the working directory, where relative paths start; `make mnist` fetches MNIST into data/mnist; or put the four IDX files into images \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or \
         with .gz), or set dataset.dir",
    ),
    (
        "a file in place of the directory",
        |root| set(root, "\"images\"", "\"study.toml\""),
        "study.toml: a file, not a folder; `make mnist` fetches MNIST into data/mnist; or put the four IDX files into study.toml \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or \
         with .gz), or set dataset.dir",
    ),
    (
        "an archive in place of the directory",
        |root| {
            write(root, "digits.npz", b"PK");
            set(root, "\"images\"", "\"digits.npz\"");
        },
        "digits.npz: a file, not a folder; NumPy arrays need dataset.kind = \"npy\" and dataset.path; `make mnist` fetches MNIST into data/mnist; or put the four IDX files into digits.npz \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or \
         with .gz), or set dataset.dir",
    ),
    (
        "an empty directory",
        |root| {
            [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS]
                .iter()
                .for_each(|name| remove(root, name));
        },
        "images: no train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (nor \
         with .gz); `make mnist` fetches MNIST into data/mnist; or put the four IDX files into images \
         (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each plain or \
         with .gz), or set dataset.dir",
    ),
    (
        "one file is missing",
        |root| remove(root, TEST_LABELS),
        "images: no t10k-labels-idx1-ubyte (nor with .gz); `make mnist` fetches MNIST into data/mnist; or put the four IDX \
         files into images (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
         t10k-labels-idx1-ubyte, each plain or with .gz), or set dataset.dir",
    ),
    // ---- what is no file ------------------------------------------------------------------------
    (
        "a directory in place of a file",
        |root| replace(root, TRAIN_IMAGES, |file| fs::create_dir(file).expect("a new directory")),
        "images/train-images-idx3-ubyte: cannot be read: Is a directory (os error 21)",
    ),
    (
        "a file that cannot be opened",
        |root| {
            replace(root, TEST_IMAGES, |file| {
                symlink("t10k-images-idx3-ubyte", file).expect("a link to itself");
            });
        },
        "images/t10k-images-idx3-ubyte: cannot be read: Too many levels of symbolic links (os error 40)",
    ),
    (
        "a device in place of a file",
        |root| replace(root, TRAIN_LABELS, |file| symlink("/dev/zero", file).expect("a link")),
        "images/train-labels-idx1-ubyte: cannot be read: not a regular file",
    ),
    (
        "a pipe in place of a file",
        |root| {
            replace(root, TEST_LABELS, |file| {
                assert!(Command::new("mkfifo").arg(file).status().expect("coreutils").success());
            });
        },
        "images/t10k-labels-idx1-ubyte: cannot be read: not a regular file",
    ),
    // ---- the magic number -----------------------------------------------------------------------
    (
        "labels in place of images",
        |root| write(root, TRAIN_IMAGES, &idx(&[4], &[0; 4])),
        "images/train-images-idx3-ubyte: labels, not images: 1 dimension (4 bytes); are the names of two files exchanged?",
    ),
    (
        "images in place of labels",
        |root| write(root, TRAIN_LABELS, &idx(&[4, 2, 3], &[0; 24])),
        "images/train-labels-idx1-ubyte: images, not labels: 3 dimensions (4×2×3 bytes); are the names of two files exchanged?",
    ),
    (
        "bytes that claim to be numbers of 32 bits",
        |root| change(root, TEST_IMAGES, |bytes| bytes[2] = 0x0d),
        "images/t10k-images-idx3-ubyte: 34 bytes, but the header's 3 images of 2×3 pixels take 88; fetch it again",
    ),
    (
        "color images of seven channels",
        |root| write(root, TRAIN_IMAGES, &idx(&[4, 7, 9, 8], &[0; 2016])),
        "images/train-images-idx3-ubyte: 4 dimensions (4×7×9×8): color images have 1 to 4 channels, the second size or the last",
    ),
    (
        "a pointer of Git LFS",
        |root| write(root, TRAIN_IMAGES, b"version https://git-lfs.github.com/spec/v1\n"),
        "images/train-images-idx3-ubyte: a Git LFS pointer, not images in IDX format; `git lfs pull` fetches the file itself",
    ),
    (
        "a picture",
        |root| write(root, TRAIN_IMAGES, b"\x89PNG\r\n\x1a\n"),
        "images/train-images-idx3-ubyte: a PNG image, not images in IDX format; docs/your-own-data.md shows how to write arrays of \
         images",
    ),
    (
        "a page of the web",
        |root| write(root, TEST_LABELS, b"<!DOCTYPE html><html>404</html>"),
        "images/t10k-labels-idx1-ubyte: an HTML page, probably a failed download, not labels in IDX format; fetch it again",
    ),
    (
        "a zip archive",
        |root| write(root, TRAIN_IMAGES, b"PK\x03\x04 and so on"),
        "images/train-images-idx3-ubyte: a zip archive, not images in IDX format; unpack it; kind = \"npy\" reads a NumPy archive \
         (.npz)",
    ),
    (
        "the other byte order",
        |root| change(root, TRAIN_IMAGES, |bytes| bytes[..4].reverse()),
        "images/train-images-idx3-ubyte: starts with 0x03080000, but files in IDX format start with 0x0000; is this the right \
         file?",
    ),
    // ---- lengths --------------------------------------------------------------------------------
    (
        "an empty file of images",
        |root| cut(root, TRAIN_IMAGES, 0),
        "images/train-images-idx3-ubyte: 0 bytes, but the header alone takes 16; fetch it again",
    ),
    (
        "an empty file of labels",
        |root| cut(root, TEST_LABELS, 0),
        "images/t10k-labels-idx1-ubyte: 0 bytes, but the header alone takes 8; fetch it again",
    ),
    (
        "a header cut short",
        |root| cut(root, TRAIN_IMAGES, 15),
        "images/train-images-idx3-ubyte: 15 bytes, but the header alone takes 16; fetch it again",
    ),
    (
        "images cut short",
        |root| cut(root, TEST_IMAGES, 33),
        "images/t10k-images-idx3-ubyte: 33 bytes, but the header's 3 images of 2×3 pixels take 34; fetch it again",
    ),
    (
        "labels cut short",
        |root| cut(root, TRAIN_LABELS, 11),
        "images/train-labels-idx1-ubyte: 11 bytes, but the header's 4 labels take 12; fetch it again",
    ),
    (
        "something behind the images",
        |root| change(root, TRAIN_IMAGES, |bytes| bytes.push(b'\n')),
        "images/train-images-idx3-ubyte: 41 bytes, but the header's 4 images of 2×3 pixels take 40; fetch it again",
    ),
    (
        "a count that is too high",
        |root| change(root, TEST_IMAGES, |bytes| bytes[7] = 4),
        "images/t10k-images-idx3-ubyte: 34 bytes, but the header's 4 images of 2×3 pixels take 40; fetch it again",
    ),
    (
        "sizes whose product no computer can count",
        |root| change(root, TRAIN_IMAGES, |bytes| bytes[4..16].fill(0xff)),
        "images/train-images-idx3-ubyte: 40 bytes, but the header's 4294967295 images of 4294967295×4294967295 pixels take \
         79228162458924105385300197391; fetch it again",
    ),
    (
        "more labels than memory holds",
        |root| change(root, TRAIN_LABELS, |bytes| bytes[4..8].fill(0xff)),
        "images/train-labels-idx1-ubyte: 12 bytes, but the header's 4294967295 labels take 4294967303; fetch it again",
    ),
    (
        "no images at all",
        |root| {
            write(root, TRAIN_IMAGES, &idx(&[0, 2, 3], &[]));
            write(root, TRAIN_LABELS, &idx(&[0], &[]));
        },
        "images/train-images-idx3-ubyte: has 0 images of 2×3 pixels, so there is no data",
    ),
    (
        "images without pixels",
        |root| write(root, TRAIN_IMAGES, &idx(&[4, 0, 0], &[])),
        "images/train-images-idx3-ubyte: has 4 images of 0×0 pixels, so there is no data",
    ),
    // ---- compression ----------------------------------------------------------------------------
    (
        "a compressed file cut short",
        |root| {
            compress(root, TRAIN_IMAGES);
            change(root, TRAIN_IMAGES, |bytes| bytes.truncate(bytes.len() - 9));
        },
        "images/train-images-idx3-ubyte: damaged gzip file (incomplete deflate stream); fetch it again",
    ),
    (
        "only the beginning of a gzip header",
        |root| write(root, TRAIN_LABELS, &[0x1f, 0x8b]),
        "images/train-labels-idx1-ubyte: damaged gzip file (unexpected end of file); fetch it again",
    ),
    (
        "a compressed file with a wrong byte",
        |root| {
            compress(root, TEST_IMAGES);
            change(root, TEST_IMAGES, |bytes| {
                let checksum = bytes.len() - 8;
                bytes[checksum] ^= 1;
            });
        },
        "images/t10k-images-idx3-ubyte: damaged gzip file (corrupt gzip stream does not have a matching checksum); fetch it \
         again",
    ),
    (
        "garbage that begins like a compressed file",
        |root| write(root, TEST_LABELS, b"\x1f\x8b\x08 what a mess, and no end of it"),
        "images/t10k-labels-idx1-ubyte: damaged gzip file (invalid gzip header); fetch it again",
    ),
    (
        "garbage behind a compressed file",
        |root| {
            compress(root, TRAIN_LABELS);
            change(root, TRAIN_LABELS, |bytes| bytes.extend(b"garbage and more"));
        },
        "images/train-labels-idx1-ubyte: damaged gzip file (invalid gzip header); fetch it again",
    ),
    (
        "compressed and too long for its header",
        |root| {
            change(root, TRAIN_IMAGES, |bytes| bytes.extend([0; 100]));
            compress(root, TRAIN_IMAGES);
        },
        "images/train-images-idx3-ubyte: 140 bytes decompressed, but the header's 4 images of 2×3 pixels take 40; fetch it \
         again",
    ),
    (
        "compressed twice",
        |root| {
            compress(root, TRAIN_IMAGES);
            compress(root, TRAIN_IMAGES);
        },
        "images/train-images-idx3-ubyte: decompressed, a gzip file, not images in IDX format; gunzip it",
    ),
    // ---- what does not fit together -------------------------------------------------------------
    (
        "a label beyond the classes that are asked for",
        |root| {
            change(root, TEST_LABELS, |bytes| bytes[9] = 30);
            set(root, "\"images\"", "\"images\"\nclasses = 10");
        },
        "images/t10k-labels-idx1-ubyte: label 30 at image 1, counted from 0, but dataset.classes = 10 are 0 to 9; the labels \
         are 0 to 30: set dataset.classes to 31 at least, or leave it out",
    ),
    (
        "more classes than there may be",
        |root| set(root, "\"images\"", "\"images\"\nclasses = 65537"),
        "study.toml:5: dataset.classes: must be at most 65536, is 65537",
    ),
    (
        "one class for a network that tells classes apart",
        |root| {
            write(root, TRAIN_LABELS, &idx(&[4], &[0; 4]));
            write(root, TEST_LABELS, &idx(&[3], &[0; 3]));
        },
        "study.toml:6: network.kind: \"fcp\" tells classes apart, but all images are of one class; give their labels, or choose a \
         network without classes",
    ),
    (
        "fewer labels than images",
        |root| write(root, TRAIN_LABELS, &idx(&[3], &[0, 1, 2])),
        "images/train-images-idx3-ubyte: 4 images, but images/train-labels-idx1-ubyte holds 3 labels; the two files do not \
         belong together",
    ),
    (
        "images of two sizes",
        |root| write(root, TEST_IMAGES, &idx(&[3, 3, 2], &[0; 18])),
        "images/train-images-idx3-ubyte: images of 2×3 pixels, but images/t10k-images-idx3-ubyte holds images of 3×2; the \
         files do not belong together",
    ),
    (
        "images too small for the network",
        |root| set(root, "\"fcp\"\nhidden = [2]", "\"lenet\""),
        "study.toml:6: network.kind: images of 2 × 3 pixels are too small for LeNet with a kernel of 5: it needs 12 × 12; choose a \
         smaller kernel or another network",
    ),
    (
        "more images asked for than there are",
        |root| set(root, "\"images\"", "\"images\"\ntrain = 5\ntest = 4"),
        "dataset.train = 5, but images/train-images-idx3-ubyte has 4; set at most 4, or remove dataset.train to use \
         all\n\
         dataset.test = 4, but images/t10k-images-idx3-ubyte has 3; set at most 3, or remove dataset.test to use all",
    ),
    (
        "paths on more images than there are",
        |root| set(root, "[paths]", "[paths]\ntest = 4"),
        "study.toml: paths.test: must be at most 3, the test images in use, is 4",
    ),
    // ---- several at once ------------------------------------------------------------------------
    (
        "a key, the sizes of the data, the network and an import",
        |root| {
            set(root, "\"fcp\"\nhidden = [2]", "\"lenet\"");
            set(root, "[paths]", "[[import]]\nname = \"a/b\"\nfile = \"b.npy\"\n[paths]\ntest = 4");
            set(root, "steps = 1", "steps = -1");
        },
        "study.toml:19: paths.steps: must be at least 0, is -1\n\
         study.toml: paths.test: must be at most 3, the test images in use, is 4\n\
         study.toml:6: network.kind: images of 2 × 3 pixels are too small for LeNet with a kernel of 5: it needs 12 × 12; choose a \
         smaller kernel or another network\n\
         study.toml: import.a/b: cannot read b.npy: No such file or directory (os error 2)",
    ),
    (
        "the sizes of the data, the network and an import in a configuration without a mistake",
        |root| {
            set(root, "\"fcp\"\nhidden = [2]", "\"lenet\"");
            set(root, "\"images\"", "\"images\"\ntrain = 5");
            set(root, "[paths]", "[[import]]\nname = \"a/b\"\nfile = \"b.npy\"\n[paths]\ntest = 4");
        },
        "dataset.train = 5, but images/train-images-idx3-ubyte has 4; set at most 4, or remove dataset.train to use \
         all\n\
         study.toml: paths.test: must be at most 3, the test images in use, is 4\n\
         study.toml:7: network.kind: images of 2 × 3 pixels are too small for LeNet with a kernel of 5: it needs 12 × 12; choose a \
         smaller kernel or another network\n\
         study.toml: import.a/b: cannot read b.npy: No such file or directory (os error 2)",
    ),
    (
        "a folder that is not there, and an import that is neither",
        |root| {
            set(root, "\"images\"", "\"/nowhere/images\"");
            set(root, "[paths]", "[[import]]\nname = \"a/b\"\nfile = \"b.npy\"\n[paths]");
        },
        "/nowhere/images: no such folder; `make mnist` fetches MNIST into data/mnist; or put the four IDX files into \
         /nowhere/images (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, \
         each plain or with .gz), or set dataset.dir\n\
         study.toml: import.a/b: cannot read b.npy: No such file or directory (os error 2)",
    ),
    (
        "something wrong with every file",
        |root| {
            remove(root, TRAIN_IMAGES);
            cut(root, TRAIN_LABELS, 9);
            write(root, TEST_IMAGES, b"GIF89a");
            write(root, TEST_LABELS, b"\x1f\x8bx");
        },
        "images: no train-images-idx3-ubyte (nor with .gz); `make mnist` fetches MNIST into data/mnist; or put the four IDX \
         files into images (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, \
         each plain or with .gz), or set dataset.dir\n\
         images/train-labels-idx1-ubyte: 9 bytes, but the header's 4 labels take 12; fetch it again\n\
         images/t10k-images-idx3-ubyte: a GIF image, not images in IDX format; docs/your-own-data.md shows how to write \
         arrays of images\n\
         images/t10k-labels-idx1-ubyte: damaged gzip file (unexpected end of file); fetch it again",
    ),
];

#[test]
fn data() {
    let cases: Vec<_> = CASES.iter().map(case).collect();
    refuse(&cases);
}

fn case(&(name, damage, message): &Row) -> Case {
    let directory = study::sound();
    damage(directory.path());
    let arguments = ["run", study::FILE, "--out", "out"].map(str::to_owned).into();
    Case { name: name.to_owned(), directory, arguments, message: message.to_owned() }
}
