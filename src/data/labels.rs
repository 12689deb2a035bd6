//! Labels that do not count ten classes from 0.

use super::CLASSES;
use std::fmt;

/// The labels of a file some of which are above 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLabels {
    /// The first image with a label above 9, from 0.
    pub image: usize,
    /// Its label.
    pub label: u8,
    /// The lowest label of the file.
    pub lowest: u8,
    /// The highest one.
    pub highest: u8,
    /// How many different ones there are.
    pub distinct: usize,
}

impl WrongLabels {
    /// `None` if all are 0 to 9.
    pub fn of(labels: &[u8]) -> Option<Self> {
        let image = labels.iter().position(|&label| usize::from(label) >= CLASSES)?;
        let mut seen = [false; 256];
        labels.iter().for_each(|&label| seen[usize::from(label)] = true);
        let values = || (0..=u8::MAX).filter(|&label| seen[usize::from(label)]);
        Some(Self {
            image,
            label: labels[image],
            lowest: values().next()?,
            highest: values().next_back()?,
            distinct: values().count(),
        })
    }

    fn remedy(&self) -> &'static str {
        match *self {
            Self { distinct: 11.., lowest: 1.., .. } => {
                "keep the images of ten of these classes, subtract 1 from labels that count from 1, and \
                 number the ten from 0 to 9 in both files of labels"
            }
            Self { distinct: 11.., .. } => {
                "keep the images of ten of these classes, numbered from 0 to 9 in both files of labels"
            }
            Self { lowest: 1.., highest: 10, .. } => {
                "these count from 1: subtract 1 from every label, in both files of labels"
            }
            Self { lowest: b'0'.., highest: ..=b'9', .. } => {
                "these are the characters 0 to 9: subtract 48 from every label, in both files of labels"
            }
            _ => "number the classes from 0 to 9, in both files of labels alike",
        }
    }
}

impl fmt::Display for WrongLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, label, lowest, highest, distinct } = self;
        write!(f, "labels must be 0 to 9, but this file has ")?;
        match distinct {
            1 => write!(f, "only {lowest}")?,
            _ => write!(f, "{distinct} different ones, from {lowest} to {highest}")?,
        }
        write!(
            f,
            " (the first above 9: {label} at image {image}, counted from 0); {}",
            self.remedy()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_classes_from_0_are_right() {
        assert_eq!(WrongLabels::of(&[]), None);
        assert_eq!(WrongLabels::of(&[9, 0, 5]), None);
    }

    #[test]
    fn says_what_the_labels_are_and_what_to_do() {
        let letters: Vec<u8> = (1..=26).collect();
        let bytes: Vec<u8> = (0..=46).collect();
        for (labels, found, remedy) in [
            (
                &[1, 2, 10, 10, 3][..],
                "4 different ones, from 1 to 10 (the first above 9: 10 at image 2,",
                "subtract 1 from",
            ),
            (
                &letters,
                "26 different ones, from 1 to 26 (the first above 9: 10 at image 9,",
                "ten of these classes, subtract 1",
            ),
            (
                &bytes,
                "47 different ones, from 0 to 46",
                "ten of these classes, numbered from 0 to 9",
            ),
            (b"3141", "3 different ones, from 49 to 52", "subtract 48"),
            (&[0, 10, 20], "3 different ones, from 0 to 20", "number the classes from 0 to 9"),
            (&[200, 200], "only 200 (the first", "number the classes from 0 to 9"),
        ] {
            let message = WrongLabels::of(labels).unwrap().to_string();
            assert!(message.contains(found) && message.contains(remedy), "{message}");
        }
    }
}
