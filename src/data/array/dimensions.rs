//! The meaning of the dimensions of an array of images or labels.

use super::Element;
use crate::data::{ImageShape, MAX_CHANNELS};

/// Where the channels of an array of four dimensions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
    /// The size that is 1 to 4; an error if both are.
    Auto,
    /// `(n, channels, height, width)`, as PyTorch.
    First,
    /// `(n, height, width, channels)`, as TensorFlow, matplotlib and PIL.
    Last,
}

impl ChannelOrder {
    /// The values of `dataset.channels`.
    pub const WORDS: &[&str] = &["auto", "first", "last"];

    /// The order of a word.
    pub fn of(word: &str) -> Self {
        match word {
            "first" => Self::First,
            "last" => Self::Last,
            _ => Self::Auto,
        }
    }
}

/// Sizes as in `60000×28×28`.
pub fn sizes(dimensions: &[usize]) -> String {
    dimensions.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

/// The shape of images in an array of these dimensions, and where their channels are.
///
/// # Errors
/// What the array is instead, with the remedy.
pub fn image_shape(
    dimensions: &[usize],
    element: &Element,
    order: ChannelOrder,
) -> Result<(ImageShape, ChannelOrder), String> {
    let sizes = sizes(dimensions);
    match *dimensions {
        [_, rows, columns] => Ok((ImageShape::gray(rows, columns), ChannelOrder::First)),
        [_, first, second, third] => {
            let order = channel_order([first, third], order, &sizes)?;
            let shape = match order {
                ChannelOrder::Last => ImageShape { channels: third, rows: first, columns: second },
                _ => ImageShape { channels: first, rows: second, columns: third },
            };
            Ok((shape, order))
        }
        [count] => Err(format!(
            "labels, not images: 1 dimension ({count} {element}); are the names of two files \
             exchanged?"
        )),
        [_, length] => Err(format!(
            "2 dimensions ({sizes}): a row of {length} numbers for each image; write the images as \
             (n, height, width), in NumPy for instance images.reshape(-1, height, width)"
        )),
        _ => Err(format!(
            "{} dimensions ({sizes}), but images have 3 (n, height, width), or 4 with channels",
            dimensions.len()
        )),
    }
}

/// Decides which size is that of the channels.
fn channel_order(
    ends: [usize; 2],
    order: ChannelOrder,
    sizes: &str,
) -> Result<ChannelOrder, String> {
    let [first, last] = ends.map(|size| (1..=MAX_CHANNELS).contains(&size));
    let color = format!("4 dimensions ({sizes}): color images");
    match (order, first, last) {
        (ChannelOrder::First | ChannelOrder::Auto, true, false)
        | (ChannelOrder::First, true, _) => Ok(ChannelOrder::First),
        (ChannelOrder::Last | ChannelOrder::Auto, false, true) | (ChannelOrder::Last, _, true) => {
            Ok(ChannelOrder::Last)
        }
        (ChannelOrder::Auto, true, true) => Err(format!(
            "{color}, whose channels may be the second size or the last; set dataset.channels = \
             \"first\" or \"last\""
        )),
        (ChannelOrder::Auto, false, false) => {
            Err(format!("{color} have 1 to {MAX_CHANNELS} channels, the second size or the last"))
        }
        (ChannelOrder::First, false, _) => Err(format!(
            "{color} with dataset.channels = \"first\" have 1 to {MAX_CHANNELS} channels, the \
             second size{}",
            if last { "; these have them last: leave dataset.channels out" } else { "" }
        )),
        (ChannelOrder::Last, _, false) => Err(format!(
            "{color} with dataset.channels = \"last\" have 1 to {MAX_CHANNELS} channels, the last \
             size{}",
            if first { "; these have them first: leave dataset.channels out" } else { "" }
        )),
    }
}

/// The number of labels in an array of these dimensions.
///
/// # Errors
/// What the array is instead, with the remedy.
pub fn label_count(dimensions: &[usize], element: &Element) -> Result<usize, String> {
    let sizes = sizes(dimensions);
    match *dimensions {
        [count] | [count, 1] => Ok(count),
        [_, width] => Err(format!(
            "2 dimensions ({sizes}): {width} numbers for each image, but a label is the number of \
             a class; in NumPy, labels.argmax(axis=1) turns one column for each class into that"
        )),
        [_, _, _] | [_, _, _, _] => Err(format!(
            "images, not labels: {} dimensions ({sizes} {element}); are the names of two files \
             exchanged?",
            dimensions.len()
        )),
        _ => Err(format!("{} dimensions ({sizes}), but labels have 1", dimensions.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(
        dimensions: &[usize],
        order: ChannelOrder,
    ) -> Result<(ImageShape, ChannelOrder), String> {
        image_shape(dimensions, &Element::Unsigned(8), order)
    }

    #[test]
    fn channels_are_found_where_only_one_place_fits() {
        let color = ImageShape { channels: 3, rows: 32, columns: 30 };
        for order in [ChannelOrder::Auto, ChannelOrder::First] {
            assert_eq!(shape(&[9, 3, 32, 30], order), Ok((color, ChannelOrder::First)));
        }
        for order in [ChannelOrder::Auto, ChannelOrder::Last] {
            assert_eq!(shape(&[9, 32, 30, 3], order), Ok((color, ChannelOrder::Last)));
        }
        let gray = Ok((ImageShape::gray(3, 4), ChannelOrder::First));
        assert_eq!(shape(&[2, 3, 4], ChannelOrder::Last), gray);
        assert_eq!(shape(&[2, 1, 3, 4], ChannelOrder::First), gray);
    }

    #[test]
    fn where_both_fit_the_key_decides() {
        let asked = shape(&[9, 3, 8, 4], ChannelOrder::Auto).unwrap_err();
        assert!(asked.contains("set dataset.channels = \"first\" or \"last\""), "{asked}");
        let first = ImageShape { channels: 3, rows: 8, columns: 4 };
        assert_eq!(shape(&[9, 3, 8, 4], ChannelOrder::First), Ok((first, ChannelOrder::First)));
        let last = ImageShape { channels: 4, rows: 3, columns: 8 };
        assert_eq!(shape(&[9, 3, 8, 4], ChannelOrder::Last), Ok((last, ChannelOrder::Last)));
    }

    #[test]
    fn what_is_no_image_is_named() {
        for (dimensions, order, part) in [
            (&[7][..], ChannelOrder::Auto, "labels, not images: 1 dimension (7 bytes)"),
            (
                &[7, 64],
                ChannelOrder::Auto,
                "2 dimensions (7×64): a row of 64 numbers for each image",
            ),
            (
                &[7, 28, 28, 9],
                ChannelOrder::Auto,
                "4 dimensions (7×28×28×9): color images have 1 to 4",
            ),
            (
                &[7, 28, 28, 3],
                ChannelOrder::First,
                "these have them last: leave dataset.channels out",
            ),
            (
                &[7, 3, 28, 28],
                ChannelOrder::Last,
                "these have them first: leave dataset.channels out",
            ),
            (&[7, 1, 2, 3, 4], ChannelOrder::Auto, "5 dimensions (7×1×2×3×4), but images have 3"),
        ] {
            let problem = shape(dimensions, order).unwrap_err();
            assert!(problem.starts_with(part) || problem.ends_with(part), "{problem}");
        }
    }

    #[test]
    fn what_is_no_label_is_named() {
        let bytes = Element::Unsigned(8);
        assert_eq!(label_count(&[5], &bytes), Ok(5));
        assert_eq!(label_count(&[5, 1], &bytes), Ok(5));
        for (dimensions, part) in [
            (&[5, 10][..], "labels.argmax(axis=1)"),
            (&[5, 28, 28], "images, not labels: 3 dimensions (5×28×28 bytes)"),
            (&[], "0 dimensions (), but labels have 1"),
        ] {
            let problem = label_count(dimensions, &bytes).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
