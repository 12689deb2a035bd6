//! Image files that are wrong.

use crate::bad_input::refused;
use crate::images::{idx, write, write_digits};
use crate::start::{TINY, lossatlas, text};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

struct Data {
    root: TempDir,
}

impl Data {
    fn new() -> Self {
        let root = tempdir().expect("a temporary directory");
        write_digits(&root.path().join("images"));
        Self { root }
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("images")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory().join(name)
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.file(name)).expect("written before");
        change(&mut bytes);
        write(&self.file(name), &bytes);
    }

    #[track_caller]
    fn refused(&self, overrides: &[&str], parts: &[&str]) {
        self.refused_from(&self.directory(), overrides, parts);
    }

    #[track_caller]
    fn refused_from(&self, directory: &Path, overrides: &[&str], parts: &[&str]) {
        let (place, out) = (format!("dataset.dir={}", text(directory)), self.root.path().join("out"));
        let mut arguments = vec!["run", TINY, "--out", text(&out), "--set", "dataset.kind=idx", "--set", &place];
        arguments.extend(overrides.iter().flat_map(|change| ["--set", change]));
        refused(&arguments, parts);
        assert!(!out.exists());
    }
}

#[test]
fn files_that_are_not_there() {
    let data = Data::new();
    let nowhere = data.root.path().join("nowhere");
    data.refused_from(&nowhere, &[], &["nowhere: no such folder; `make mnist` fetches MNIST"]);
    fs::remove_file(data.file("t10k-labels-idx1-ubyte")).expect("written before");
    data.refused(&[], &["images: no t10k-labels-idx1-ubyte (nor with .gz); `make mnist` fetches MNIST"]);
}

#[test]
fn files_that_are_damaged() {
    let data = Data::new();
    data.change("t10k-images-idx3-ubyte", |bytes| bytes.truncate(78_000));
    data.change("train-images-idx3-ubyte.gz", |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
    });
    data.change("t10k-labels-idx1-ubyte", |bytes| bytes[8 + 42] = 17);
    data.refused(
        &[],
        &[
            "t10k-images-idx3-ubyte: 78000 bytes, but the header's 100 images of 28×28 pixels take 78416; fetch it again",
            "train-images-idx3-ubyte.gz: damaged gzip file (",
            "t10k-labels-idx1-ubyte: label 17 at image 42 (counted from 0); labels are 0 to 9",
        ],
    );
}

#[test]
fn more_images_than_there_are() {
    let data = Data::new();
    let held = "dataset.train = 201, but ";
    data.refused(&["dataset.train=201"], &[held, "ask for 200 at most, or leave dataset.train out to use all"]);
    // How many "all" are is known only now.
    let all = ["dataset.train=all", "dataset.test=all"];
    data.refused(
        &[&all[..], &["paths.test=101"]].concat(),
        &["tiny.toml: paths.test: must be at most 100, the test images in use, is 101"],
    );
}

/// A network of fully connected layers takes images of any size.
#[test]
fn images_of_another_size_are_fine_if_all_have_it() {
    let data = Data::new();
    let small = |count: usize| idx(&[count, 4, 3], &(0..count * 12).map(|i| (i * 37 % 256) as u8).collect::<Vec<_>>());
    write(&data.file("t10k-images-idx3-ubyte"), &small(100));
    data.refused(&[], &["images of 28×28 pixels, but ", " holds images of 4×3; the files do not belong together"]);
    fs::remove_file(data.file("train-images-idx3-ubyte.gz")).expect("written before");
    write(&data.file("train-images-idx3-ubyte"), &small(200));
    let place = format!("dataset.dir={}", text(&data.directory()));
    let out = data.root.path().join("out");
    let arguments = ["run", TINY, "--out", text(&out), "--set", "dataset.kind=idx", "--set", &place];
    lossatlas(1, &arguments).with_code(0);
}
