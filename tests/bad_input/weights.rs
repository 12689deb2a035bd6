//! Files of parameter vectors that are wrong, given to `evaluate` and as an `[[import]]`.

use crate::corpus::{Case, refuse};
use crate::study::{self, PARAMETERS, vectors, write};
use ndarray::{Array, Array0, Array2, Array3, Dimension};
use ndarray_npy::{WritableElement, WriteNpyExt};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What it is called, the weights as they are named to the program, what is done to the sound
/// study, what the program says.
type Row = (&'static str, &'static str, fn(&Path), &'static str);

const NPY: &str = "theta.npy";
const ATLAS: &str = "atlas.h5";

fn npy<A: WritableElement, D: Dimension>(array: &Array<A, D>) -> Vec<u8> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).expect("memory does not fail");
    bytes
}

fn array<A: WritableElement, D: Dimension>(root: &Path, array: &Array<A, D>) {
    write(root, NPY, &npy(array));
}

/// The sound vectors after a change to the bytes of their file.
fn bytes(root: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = npy(&vectors());
    change(&mut bytes);
    write(root, NPY, &bytes);
}

/// The sound vectors below another header, as NumPy lays it out: version 1.0, padded to 128 bytes.
fn header(root: &Path, dictionary: &str) {
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{dictionary:<117}\n").bytes());
    bytes.extend(vectors().iter().flat_map(|component| component.to_le_bytes()));
    write(root, NPY, &bytes);
}

/// An HDF5 file with a dataset at `path`.
fn atlas<A: hdf5::H5Type, D: Dimension>(root: &Path, path: &str, array: &Array<A, D>) {
    let file = hdf5::File::create(root.join(ATLAS)).expect("space for a small file");
    let (group, name) = path.rsplit_once('/').expect("a path");
    let group = file.create_group(group).expect("a new group");
    group.new_dataset_builder().with_data(array).create(name).expect("a new dataset");
}

/// The sound vectors as `solutions/sgd/train`, after a change to the bytes of the file.
fn atlas_bytes(root: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    atlas(root, "solutions/sgd/train/theta", &vectors());
    let mut bytes = fs::read(root.join(ATLAS)).expect("just written");
    change(&mut bytes);
    write(root, ATLAS, &bytes);
}

const CASES: &[Row] = &[
    // ---- what is no file ------------------------------------------------------------------------
    (
        "a file that is not there",
        NPY,
        |_| {},
        "cannot read theta.npy: No such file or directory (os error 2)",
    ),
    (
        "an empty name",
        "",
        |_| {},
        "error: a value is required for '--weights <FILE>' but none was supplied\n\
         \n\
         For more information, try '--help'.",
    ),
    ("a directory", "images", |_| {}, "cannot read images: is a directory"),
    (
        "a file that cannot be opened",
        NPY,
        |root| symlink(NPY, root.join(NPY)).expect("a link to itself"),
        "cannot read theta.npy: Too many levels of symbolic links (os error 40)",
    ),
    ("a device", "/dev/zero", |_| {}, "cannot read /dev/zero: not a regular file"),
    (
        "a pipe",
        NPY,
        |root| {
            assert!(
                Command::new("mkfifo").arg(root.join(NPY)).status().expect("coreutils").success()
            );
        },
        "cannot read theta.npy: not a regular file",
    ),
    // ---- headers of NumPy files -----------------------------------------------------------------
    (
        "an empty file",
        NPY,
        |root| write(root, NPY, b""),
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a text",
        NPY,
        |root| write(root, NPY, b"0.1 0.2 0.3\n"),
        "theta.npy is not an .npy file (start does not match magic string); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "an archive of arrays, .npz",
        NPY,
        |root| write(root, NPY, b"PK\x03\x04 and so on"),
        "theta.npy is not an .npy file (start does not match magic string); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a pickled object",
        NPY,
        |root| write(root, NPY, b"\x80\x04\x95\x17\x00\x00\x00\x00"),
        "theta.npy is not an .npy file (start does not match magic string); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "cut short within the magic string",
        NPY,
        |root| bytes(root, |bytes| bytes.truncate(5)),
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "cut short before the length of the header",
        NPY,
        |root| bytes(root, |bytes| bytes.truncate(8)),
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "cut short within the header",
        NPY,
        |root| bytes(root, |bytes| bytes.truncate(40)),
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a format version from the future",
        NPY,
        |root| bytes(root, |bytes| bytes[6] = 9),
        "theta.npy is not an .npy file (unknown version number: 9.0); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a minor version from the future",
        NPY,
        |root| bytes(root, |bytes| bytes[7] = 7),
        "theta.npy is not an .npy file (unknown version number: 1.7); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header as long as 64 KiB",
        NPY,
        |root| bytes(root, |bytes| bytes[8..10].fill(0xff)),
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header as long as 4 GiB",
        NPY,
        |root| {
            bytes(root, |bytes| {
                bytes[6] = 2;
                bytes[8..12].fill(0xff);
            });
        },
        "theta.npy is not an .npy file (it ends within the header); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header longer than NumPy reads",
        NPY,
        |root| {
            let mut bytes = b"\x93NUMPY\x01\x00\x60\xea".to_vec();
            bytes.resize(10 + 60_000, b'(');
            write(root, NPY, &bytes);
        },
        "theta.npy is not an .npy file (its header has 60000 bytes, more than the 10000 that NumPy reads); write one with \
         numpy.save, or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header of brackets",
        NPY,
        |root| header(root, &"(".repeat(100)),
        "theta.npy is not an .npy file (its header is nested too deeply); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header that is no dictionary",
        NPY,
        |root| header(root, "theta"),
        "theta.npy is not an .npy file (error parsing metadata dict: syntax error: --> 1:1 | 1 | theta | ^--- | = expected \
         value); write one with numpy.save, or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header without a shape",
        NPY,
        |root| header(root, "{'descr': '<f4', 'fortran_order': False}"),
        "theta.npy is not an .npy file (missing key: shaper); write one with numpy.save, or name a group of an HDF5 file as \
         in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header without an order",
        NPY,
        |root| header(root, "{'descr': '<f4', 'shape': (2, 32)}"),
        "theta.npy is not an .npy file (missing key: fortran_order); write one with numpy.save, or name a group of an HDF5 \
         file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a header with one key more",
        NPY,
        |root| header(root, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 32), 'x': 1}"),
        "theta.npy is not an .npy file (unknown key: 'x'); write one with numpy.save, or name a group of an HDF5 file as in \
         atlas.h5:/solutions/sgd/train",
    ),
    (
        "a negative size",
        NPY,
        |root| header(root, "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 32)}"),
        "theta.npy is not an .npy file (illegal value for key shape: (-2, 32)); write one with numpy.save, or name a group of \
         an HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a size that is no integer",
        NPY,
        |root| header(root, "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 32)}"),
        "theta.npy is not an .npy file (illegal value for key shape: (2e0, 32)); write one with numpy.save, or name a group \
         of an HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "a size beyond 64 bits",
        NPY,
        |root| {
            header(
                root,
                "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551616, 32)}",
            );
        },
        "theta.npy is not an .npy file (illegal value for key shape: (18446744073709551616, 32)); write one with numpy.save, \
         or name a group of an HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "sizes that no memory holds",
        NPY,
        |root| {
            header(root, "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 32)}");
        },
        "theta.npy: 256 bytes of components, but an array of shape (1000000000000, 32) takes 128000000000000; write or copy it \
         again",
    ),
    (
        "sizes whose product overflows",
        NPY,
        |root| {
            header(
                root,
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807)}",
            );
        },
        "theta.npy: 256 bytes of components, but an array of shape (9223372036854775807, 9223372036854775807) takes \
         340282366920938463389587631136930004996; write or copy it again",
    ),
    (
        "sizes whose product overflows to the right one",
        NPY,
        |root| {
            header(
                root,
                "{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775810, 32)}",
            );
        },
        "theta.npy: 256 bytes of components, but an array of shape (9223372036854775810, 32) takes 1180591620717411303680; \
         write or copy it again",
    ),
    // ---- components -----------------------------------------------------------------------------
    (
        "components cut short",
        NPY,
        |root| bytes(root, |bytes| bytes.truncate(bytes.len() - 1)),
        "theta.npy: 255 bytes of components, but an array of shape (2, 32) takes 256; write or copy it again",
    ),
    (
        "something behind the components",
        NPY,
        |root| bytes(root, |bytes| bytes.push(b'\n')),
        "theta.npy: 257 bytes of components, but an array of shape (2, 32) takes 256; write or copy it again",
    ),
    (
        "integers",
        NPY,
        |root| array(root, &vectors().mapv(|component| component as i64)),
        "theta.npy: components of type int64; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "half precision",
        NPY,
        |root| header(root, "{'descr': '<f2', 'fortran_order': False, 'shape': (4, 32)}"),
        "theta.npy: components of type float16; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "complex numbers",
        NPY,
        |root| header(root, "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 32)}"),
        "theta.npy: components of type complex64; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "Python objects",
        NPY,
        |root| header(root, "{'descr': '|O', 'fortran_order': False, 'shape': (2, 32)}"),
        "theta.npy: components of type object; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "truth values",
        NPY,
        |root| header(root, "{'descr': '|b1', 'fortran_order': False, 'shape': (8, 32)}"),
        "theta.npy: components of type bool; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "records",
        NPY,
        |root| {
            header(
                root,
                "{'descr': [('w', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (32,)}",
            );
        },
        "theta.npy: components of type [('w', '<f4'), ('b', '<f4')]; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "a type that is not ASCII",
        NPY,
        |root| header(root, "{'descr': 'äöü', 'fortran_order': False, 'shape': (2, 32)}"),
        "theta.npy is not an .npy file (newline missing at end of header); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    // ---- shapes ---------------------------------------------------------------------------------
    (
        "a single number",
        NPY,
        |root| array(root, &Array0::<f32>::zeros(())),
        "theta.npy: an array of shape (); vectors are the rows of an array (n, P), or one array (P,)",
    ),
    (
        "three dimensions",
        NPY,
        |root| array(root, &Array3::<f32>::zeros((2, 1, PARAMETERS))),
        "theta.npy: an array of shape (2, 1, 32); vectors are the rows of an array (n, P), or one array (P,)",
    ),
    (
        "no rows",
        NPY,
        |root| array(root, &Array2::<f32>::zeros((0, PARAMETERS))),
        "theta.npy: there are no vectors in an array of shape (0, 32)",
    ),
    (
        "empty rows",
        NPY,
        |root| array(root, &Array2::<f32>::zeros((5, 0))),
        "theta.npy: there are no vectors in an array of shape (5, 0)",
    ),
    (
        "one component too many",
        NPY,
        |root| array(root, &Array2::<f32>::zeros((2, PARAMETERS + 1))),
        "theta.npy: rows have 33 components, the network has 32: fc1.weight (2, 6), fc2.weight (10, 2); choose the network \
         they belong to",
    ),
    (
        "columns in place of rows",
        NPY,
        |root| array(root, &Array2::<f64>::zeros((PARAMETERS, 2))),
        "theta.npy: rows have 2 components, the network has 32: fc1.weight (2, 6), fc2.weight (10, 2); choose the network \
         they belong to",
    ),
    // ---- values ---------------------------------------------------------------------------------
    (
        "not a number, and infinite",
        NPY,
        |root| {
            let mut vectors = vectors();
            vectors[[1, 17]] = f32::NAN;
            vectors[[1, 18]] = f32::NEG_INFINITY;
            array(root, &vectors);
        },
        "theta.npy: component 17 of row 1 (counted from 0) is NaN, not a finite float32; 2 such components in total: leave out vectors that \
         diverged",
    ),
    (
        "beyond single precision",
        NPY,
        |root| array(root, &Array2::from_elem((1, PARAMETERS), 1e300_f64)),
        "theta.npy: component 0 of row 0 (counted from 0) is 1e300, not a finite float32; 32 such components in total: leave out vectors that \
         diverged",
    ),
    // ---- HDF5 -----------------------------------------------------------------------------------
    (
        "an atlas that is not there",
        "atlas.h5:/solutions/sgd/train",
        |_| {},
        "cannot read atlas.h5: No such file or directory (os error 2)",
    ),
    (
        "an atlas without a group",
        "atlas.h5",
        |root| atlas(root, "solutions/sgd/train/theta", &vectors()),
        "atlas.h5 is not an .npy file (start does not match magic string); write one with numpy.save, or name a group of an \
         HDF5 file as in atlas.h5:/solutions/sgd/train",
    ),
    (
        "no HDF5 file",
        "study.toml:/solutions/sgd/train",
        |_| {},
        "cannot read / of study.toml: H5Fopen(): unable to open file: file signature not found; the file is damaged or not an \
         HDF5 file. If it is the atlas.h5 of a run, move it away and rerun the command of that run, which makes it \
         again from its journal",
    ),
    (
        "an empty atlas",
        "atlas.h5:/solutions/sgd/train",
        |root| atlas_bytes(root, Vec::clear),
        "cannot read / of atlas.h5: H5Fopen(): unable to open file: file signature not found; the file is damaged or not an \
         HDF5 file. If it is the atlas.h5 of a run, move it away and rerun the command of that run, which makes it \
         again from its journal",
    ),
    (
        "an atlas cut short",
        "atlas.h5:/solutions/sgd/train",
        |root| atlas_bytes(root, |bytes| bytes.truncate(bytes.len() / 2)),
        "cannot read / of atlas.h5: H5Fopen(): unable to open file: truncated file: eof = 2376, sblock->base_addr = 0, \
         stored_eof = 4752; the file is damaged or not an HDF5 file. \
         If it is the atlas.h5 of a run, move it away and rerun the command of that run, which makes it again from \
         its journal",
    ),
    (
        "a mistyped set",
        "atlas.h5:/solutions/sgd/tran",
        |root| atlas(root, "solutions/sgd/train/theta", &vectors()),
        "atlas.h5: /solutions/sgd/tran has no dataset theta; there are /solutions/sgd/train",
    ),
    (
        "a dataset in place of its group",
        "atlas.h5:/solutions/sgd/train/theta",
        |root| atlas(root, "solutions/sgd/train/theta", &vectors()),
        "atlas.h5: /solutions/sgd/train/theta has no dataset theta; there are /solutions/sgd/train",
    ),
    (
        "an atlas without any set",
        "atlas.h5:/solutions/sgd/train",
        |root| atlas(root, "other/theta", &vectors()),
        "atlas.h5: /solutions/sgd/train has no dataset theta; there are no sets of vectors in this file",
    ),
    (
        "integers in an atlas",
        "atlas.h5:/solutions/sgd/train",
        |root| {
            atlas(root, "solutions/sgd/train/theta", &vectors().mapv(|component| component as i32));
        },
        "atlas.h5:/solutions/sgd/train: components of type int32; convert them, in Python with theta.astype(numpy.float32)",
    ),
    (
        "three dimensions in an atlas",
        "atlas.h5:/solutions/sgd/train",
        |root| atlas(root, "solutions/sgd/train/theta", &Array3::<f32>::zeros((2, 1, PARAMETERS))),
        "atlas.h5:/solutions/sgd/train: an array of shape (2, 1, 32); vectors are the rows of an array (n, P), or one array \
         (P,)",
    ),
    (
        "vectors of another network in an atlas",
        "atlas.h5:/solutions/sgd/train",
        |root| atlas(root, "solutions/sgd/train/theta", &Array2::<f32>::zeros((2, 31))),
        "atlas.h5:/solutions/sgd/train: rows have 31 components, the network has 32: fc1.weight (2, 6), fc2.weight (10, 2); \
         choose the network they belong to",
    ),
    (
        "not a number in an atlas",
        "atlas.h5:/solutions/sgd/train",
        |root| {
            atlas(root, "solutions/sgd/train/theta", &Array2::from_elem((1, PARAMETERS), f32::NAN));
        },
        "atlas.h5:/solutions/sgd/train: component 0 of row 0 (counted from 0) is NaN, not a finite float32; 32 such components in total: \
         leave out vectors that diverged",
    ),
];

#[test]
fn weights() {
    let cases: Vec<_> = CASES.iter().map(case).collect();
    refuse(&cases);
}

fn case(&(name, weights, prepare, message): &Row) -> Case {
    let directory = study::sound();
    prepare(directory.path());
    let arguments = ["evaluate", study::FILE, "--weights", weights].map(str::to_owned).into();
    Case { name: name.to_owned(), directory, arguments, message: message.to_owned() }
}

/// The same readers, met from a configuration: three sets, all wrong, all named.
#[test]
fn imports() {
    let directory = study::sound();
    let root = directory.path();
    array(root, &Array2::<f32>::zeros((2, 7)));
    atlas(root, "solutions/sgd/train/theta", &Array2::from_elem((1, PARAMETERS), f32::NAN));
    let text = fs::read_to_string(root.join(study::FILE)).expect("the configuration");
    let files =
        [("one", "theta.npy"), ("two", "nowhere.npy"), ("three", "atlas.h5:/solutions/sgd/train")];
    let imports = files
        .map(|(name, file)| format!("[[import]]\nname = \"a/{name}\"\nfile = \"{file}\"\n"))
        .concat();
    write(root, study::FILE, (text + &imports).as_bytes());
    let arguments = ["run", study::FILE, "--out", "out"].map(str::to_owned).into();
    let message = "study.toml: import.a/one: theta.npy: rows have 7 components, the network has 32: fc1.weight (2, 6), fc2.weight (10, \
         2); choose the network they belong to\n\
         study.toml: import.a/two: cannot read nowhere.npy: No such file or directory (os error 2)\n\
         study.toml: import.a/three: atlas.h5:/solutions/sgd/train: component 0 of row 0 (counted from 0) is NaN, not a finite float32; 32 such components in total: leave out vectors that diverged";
    refuse(&[Case {
        name: "three imports".to_owned(),
        directory,
        arguments,
        message: message.to_owned(),
    }]);
}
