//! Arrays of images and labels from files of any format: a header with sizes and type, and the
//! items.

mod dimensions;
mod element;

pub use dimensions::{ChannelOrder, sizes};
pub use element::{ByteOrder, Element};

use super::problem::FileProblem;
use super::{Bytes, ImageShape, Pixels};
use dimensions::{image_shape, label_count};
use element::{read_floats, read_integers, read_items};
use ndarray::{Array4, ArrayD, ShapeBuilder};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The container of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// An uncompressed file.
    Plain,
    /// A file compressed with gzip.
    Gzip,
    /// An entry of a zip archive, compressed or not.
    Zip,
}

/// An array whose header has been read.
pub struct ArrayReader<'f> {
    /// The file, and the name of the array if it holds several.
    pub place: String,
    /// Sizes, the slowest first.
    pub dimensions: Vec<usize>,
    /// Type of the items.
    pub element: Element,
    /// Their bytes.
    pub order: ByteOrder,
    /// Whether the first index is the fastest, as in Fortran.
    pub fortran: bool,
    /// The bytes after the header.
    pub items: Box<dyn Read + 'f>,
    /// Bytes of the header.
    pub header: u64,
    /// Bytes of header and items. `None`: known only after reading.
    pub length: Option<u64>,
    /// Its container.
    pub container: Container,
    /// The file with the uncompressed items, and the offset of the first.
    pub plain: Option<(&'f File, u64)>,
}

/// The images of an array, without labels.
#[derive(Debug)]
pub struct ImageArray {
    /// Where they come from.
    pub place: String,
    /// Images in the file.
    pub held: usize,
    /// Shape of an image.
    pub shape: ImageShape,
    /// The requested images, `(n, channels, rows, columns)`.
    pub pixels: Pixels,
}

/// All labels of an array.
#[derive(Debug)]
pub struct LabelArray {
    /// Where they come from.
    pub place: String,
    /// The labels of the file.
    pub labels: Vec<i64>,
}

impl ArrayReader<'_> {
    /// The first `limit` images. The rest is read only to check the length, and the checksum if it
    /// is compressed. Bytes that a file stores in the needed form are mapped instead.
    pub fn images(
        mut self,
        channels: ChannelOrder,
        limit: Option<usize>,
    ) -> Result<ImageArray, FileProblem> {
        let shape = image_shape(&self.dimensions, &self.element, channels);
        let (shape, channels) = shape.map_err(|problem| self.problem(problem))?;
        if !matches!(self.element, Element::Unsigned(8) | Element::Float(32 | 64)) {
            return Err(self.problem(format!(
                "{}, but pixels are bytes (0 to 255) or floating-point numbers of 32 or 64 bits; \
                 scale them to 0 to 255 and convert them, in NumPy with images.astype(\"uint8\"), or \
                 scale them to 0 to 1, with images.astype(\"float32\")",
                self.element
            )));
        }
        self.check_known_length("images")?;
        let held = self.dimensions[0];
        let kept = limit.map_or(held, |limit| limit.min(held));
        if shape.pixels() == 0 || held == 0 {
            return Err(FileProblem::Empty { place: self.place, count: held, shape });
        }
        let reordered = self.fortran || (channels == ChannelOrder::Last && shape.channels > 1);
        if !reordered && let Some(bytes) = self.map(kept.saturating_mul(shape.pixels())) {
            if self.container == Container::Zip {
                // Only this reads the whole entry and checks its checksum. The archive may be
                // shorter than it states, and reading a map beyond the end of its file would end
                // the process.
                let whole = io::copy(&mut self.items, &mut io::sink());
                let whole =
                    whole.map_err(|source| unreadable(&self.place, Container::Zip, source))?;
                self.check_length(self.header + whole, "images")?;
            }
            let Self { place, .. } = self;
            return Ok(ImageArray { place, held, shape, pixels: Pixels::Bytes(bytes) });
        }
        // In Fortran order the first images are not the first numbers.
        let count = if self.fortran { held } else { kept } as u128 * shape.pixels() as u128;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let pixels = if self.element == Element::Unsigned(8) {
            let bytes: Vec<u8> = self.read(count, "images", |reader, element, order, count| {
                debug_assert_eq!(element, &Element::Unsigned(8));
                read_items(reader, order, count, |[byte]| byte)
            })?;
            reorder(bytes, &self.dimensions, self.fortran, reordered, channels, kept).into()
        } else {
            let numbers = self.read(count, "images", read_floats)?;
            reorder(numbers, &self.dimensions, self.fortran, reordered, channels, kept).into()
        };
        let array = ImageArray { place: self.place, held, shape, pixels };
        array.check_finite()?;
        Ok(array)
    }

    /// All labels: a wrong label near the end shows, too, that this is not the right file.
    pub fn labels(mut self) -> Result<LabelArray, FileProblem> {
        let count = label_count(&self.dimensions, &self.element);
        let count = count.map_err(|problem| self.problem(problem))?;
        if !matches!(self.element, Element::Unsigned(_) | Element::Signed(_) | Element::Truth) {
            return Err(self.problem(format!(
                "{}, but labels are integers, the numbers of classes; convert them, in NumPy with \
                 labels.astype(int)",
                self.element
            )));
        }
        self.check_known_length("labels")?;
        let read = self.read(count, "labels", read_integers)?;
        let labels = read.into_iter().collect::<Option<Vec<i64>>>().ok_or_else(|| {
            self.problem("a label above 9223372036854775807; number the classes from 0".to_owned())
        })?;
        Ok(LabelArray { place: self.place, labels })
    }

    fn problem(&self, problem: String) -> FileProblem {
        FileProblem::Place { place: self.place.clone(), problem }
    }

    /// Maps the first `count` bytes. `None` if the items are not bytes or are compressed, or if the
    /// file system cannot map files.
    fn map(&self, count: usize) -> Option<Bytes> {
        let (file, start) = self.plain.filter(|_| self.element == Element::Unsigned(8))?;
        Bytes::map(file, start, count).ok()
    }

    /// Reads the first `count` items, and checks the length.
    fn read<T>(
        &mut self,
        count: usize,
        content: &'static str,
        read: impl FnOnce(&mut dyn Read, &Element, ByteOrder, usize) -> io::Result<Vec<T>>,
    ) -> Result<Vec<T>, FileProblem> {
        let mut counted = Counted { reader: &mut self.items, bytes: 0 };
        let mut result = read(&mut counted, &self.element, self.order, count);
        // Compressed data end with a checksum.
        if result.is_ok() && self.container != Container::Plain {
            result = io::copy(&mut counted, &mut io::sink()).and(result);
        }
        let bytes = counted.bytes;
        let items = result.map_err(|source| unreadable(&self.place, self.container, source))?;
        if self.container != Container::Plain || items.len() < count {
            self.check_length(self.header + bytes, content)?;
        }
        Ok(items)
    }

    fn check_known_length(&self, content: &'static str) -> Result<(), FileProblem> {
        self.length.map_or(Ok(()), |length| self.check_length(length, content))
    }

    /// Compares the number of bytes with the sizes.
    fn check_length(&self, found: u64, content: &'static str) -> Result<(), FileProblem> {
        let size = self.element.size().unwrap_or(1) as u128;
        let items = self.dimensions.iter().map(|&size| size as u128);
        // Saturated, it still differs from the length of every file.
        let expected =
            items.fold(size, u128::saturating_mul).saturating_add(u128::from(self.header));
        if u128::from(found) == expected {
            return Ok(());
        }
        let (count, rest) =
            self.dimensions.split_first().map_or((1, &[][..]), |(n, rest)| (*n, rest));
        let shape =
            if rest.is_empty() { String::new() } else { format!(" of {} pixels", sizes(rest)) };
        Err(FileProblem::Length {
            place: self.place.clone(),
            decompressed: self.container == Container::Gzip,
            claim: format!("the header's {count} {content}{shape} take"),
            expected,
            found,
        })
    }
}

/// Opens a file. A pipe would block until another program writes to it, and a device may be
/// endless.
pub fn open(path: &Path) -> io::Result<File> {
    let kind = path.metadata()?.file_type();
    // Reading a directory fails with the message of the system.
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}

/// An error with a number comes from the operating system, any other from the decompressor.
pub fn unreadable(place: &str, container: Container, source: io::Error) -> FileProblem {
    let place = place.to_owned();
    let container = match container {
        Container::Gzip if source.raw_os_error().is_none() => "gzip",
        Container::Zip if source.raw_os_error().is_none() => "zip",
        _ => return FileProblem::Unreadable { place, source },
    };
    FileProblem::Damaged { place, container, source }
}

struct Counted<'r, R> {
    reader: &'r mut R,
    bytes: u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The first `kept` images as `(n, channels, rows, columns)`, row-major.
fn reorder<T: Copy>(
    items: Vec<T>,
    dimensions: &[usize],
    fortran: bool,
    reordered: bool,
    channels: ChannelOrder,
    kept: usize,
) -> Vec<T> {
    if !reordered {
        return items;
    }
    let mut dimensions = dimensions.to_vec();
    if !fortran {
        dimensions[0] = kept;
    }
    if dimensions.len() == 3 {
        dimensions.insert(1, 1);
    }
    let array = ArrayD::from_shape_vec(dimensions.set_f(fortran), items).expect("as many items");
    let array: Array4<T> = array.into_dimensionality().expect("four dimensions");
    let images = array.slice_move(ndarray::s![..kept, .., .., ..]);
    let images = match channels {
        ChannelOrder::Last => images.permuted_axes([0, 3, 1, 2]),
        _ => images,
    };
    images.iter().copied().collect()
}

impl ImageArray {
    /// Number of images kept.
    pub fn kept(&self) -> usize {
        self.pixels.len() / self.shape.pixels().max(1)
    }

    fn check_finite(&self) -> Result<(), FileProblem> {
        let Pixels::Numbers(numbers) = &self.pixels else { return Ok(()) };
        let Some(index) = numbers.iter().position(|number| !number.is_finite()) else {
            return Ok(());
        };
        let what = if numbers[index].is_nan() { "NaN" } else { "infinite in single precision" };
        let image = index / self.shape.pixels();
        Err(FileProblem::NotFinite { place: self.place.clone(), image, what })
    }
}
