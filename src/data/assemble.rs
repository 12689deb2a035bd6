//! From arrays of images and labels to a data set: checks that they fit together, and determines
//! the classes.

use super::array::{ImageArray, LabelArray};
use super::problem::FileProblem;
use super::{Classes, Dataset, DatasetError, Images, Label, MAX_CLASSES, Pixels};

/// The requested part of a data set.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedImages {
    /// `dataset.train`; `None`: all.
    pub train: Option<usize>,
    /// `dataset.test`; `None`: all.
    pub test: Option<usize>,
    /// `dataset.classes`; `None`: those of the labels.
    pub classes: Option<usize>,
}

/// Images and labels of a split, each `None` where it is missing or wrong.
#[derive(Debug)]
pub(super) struct RawSet {
    pub images: Option<ImageArray>,
    pub labels: Option<LabelArray>,
}

impl RawSet {
    /// Collects the problems of this set alone. `key` is the key with the requested number of
    /// images.
    fn check(&self, key: &'static str, asked: Option<usize>, problems: &mut Vec<FileProblem>) {
        if let (Some(images), Some(labels)) = (&self.images, &self.labels)
            && images.held != labels.labels.len()
        {
            problems.push(FileProblem::Counts {
                images_place: images.place.clone(),
                images: images.held,
                labels_place: labels.place.clone(),
                labels: labels.labels.len(),
            });
        }
        if let (Some(asked), Some(images)) = (asked, &self.images) {
            if asked == 0 {
                problems.push(FileProblem::NoneAsked { key });
            } else if asked > images.held {
                let (place, held) = (images.place.clone(), images.held);
                problems.push(FileProblem::TooMany { key, asked, place, held });
            }
        }
    }

    fn into_images(self, classes: Classes) -> Option<Images> {
        let images = self.images?;
        let labels = self.labels?.labels.into_iter().take(images.kept());
        // The classes were checked to hold all labels.
        let class = |label: i64| label.wrapping_sub(classes.first_label) as Label;
        Some(Images {
            labels: labels.map(class).collect(),
            shape: images.shape,
            pixels: images.pixels,
        })
    }
}

/// Joins both sets under a name.
///
/// # Errors
/// All problems, including those found before.
pub(super) fn assemble(
    name: String,
    wanted: WantedImages,
    train: RawSet,
    test: RawSet,
    mut problems: Vec<FileProblem>,
) -> Result<Dataset, DatasetError> {
    train.check("dataset.train", wanted.train, &mut problems);
    test.check("dataset.test", wanted.test, &mut problems);
    if let (Some(train), Some(test)) = (&train.images, &test.images) {
        problems.extend(differ(train, test));
    }
    let labels: Vec<&LabelArray> =
        [&train, &test].into_iter().filter_map(|set| set.labels.as_ref()).collect();
    let classes = classes(&labels, wanted.classes).unwrap_or_else(|problem| {
        problems.push(problem);
        Classes::from(1)
    });
    if !problems.is_empty() {
        return Err(refused(&problems));
    }
    let (train, test) = (train.into_images(classes), test.into_images(classes));
    let (train, test) = train.zip(test).expect("what is missing is a problem");
    Ok(Dataset::new(name, classes, train, test))
}

/// Converts the problems to the public error.
pub(super) fn refused(problems: &[FileProblem]) -> DatasetError {
    DatasetError { problems: problems.iter().map(ToString::to_string).collect() }
}

fn differ(train: &ImageArray, test: &ImageArray) -> Option<FileProblem> {
    let (train_place, test_place) = (train.place.clone(), test.place.clone());
    if train.shape != test.shape {
        let (train, test) = (train.shape, test.shape);
        return Some(FileProblem::Shapes { train_place, train, test_place, test });
    }
    match (&train.pixels, &test.pixels) {
        (Pixels::Bytes(_), Pixels::Numbers(_)) => {
            Some(FileProblem::Kinds { bytes_place: train_place, numbers_place: test_place })
        }
        (Pixels::Numbers(_), Pixels::Bytes(_)) => {
            Some(FileProblem::Kinds { bytes_place: test_place, numbers_place: train_place })
        }
        _ => None,
    }
}

/// The classes of all labels, including images that are not used: one for each number from the
/// smallest label to the largest, or the requested number.
///
/// With a requested number, classes count from 0 if this includes all labels; otherwise from the
/// smallest label.
fn classes(arrays: &[&LabelArray], wanted: Option<usize>) -> Result<Classes, FileProblem> {
    let all = || arrays.iter().flat_map(|array| &array.labels).copied();
    let (Some(smallest), Some(largest)) = (all().min(), all().max()) else {
        return Ok(Classes::from(wanted.unwrap_or(1)));
    };
    let span = largest.abs_diff(smallest);
    if span >= MAX_CLASSES as u64 {
        let array = arrays.iter().find(|array| array.labels.contains(&largest));
        return Err(FileProblem::Place {
            place: array.map_or_else(String::new, |array| array.place.clone()),
            problem: format!(
                "labels from {smallest} to {largest}, but there are {MAX_CLASSES} classes at most; \
                 number the classes from 0"
            ),
        });
    }
    let Some(count) = wanted else {
        return Ok(Classes { count: span as usize + 1, first_label: smallest });
    };
    if smallest >= 0 && (largest as u64) < count as u64 {
        return Ok(Classes::from(count));
    }
    if span < count as u64 {
        return Ok(Classes { count, first_label: smallest });
    }
    Err(unknown_label(arrays, count, [smallest, largest]))
}

/// The first label that is not below `classes`, or negative.
fn unknown_label(arrays: &[&LabelArray], classes: usize, ends: [i64; 2]) -> FileProblem {
    let unknown = |label: &i64| *label < 0 || *label as u64 >= classes as u64;
    let found = arrays.iter().find_map(|array| {
        let image = array.labels.iter().position(unknown)?;
        Some((array.place.clone(), image, array.labels[image]))
    });
    let (place, image, label) = found.expect("some label is too large or negative");
    let [smallest, largest] = ends;
    FileProblem::Label { place, image, label, classes, smallest, largest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes_of(labels: &[i64], wanted: Option<usize>) -> Result<(usize, i64), String> {
        let array = LabelArray { place: "labels".to_owned(), labels: labels.to_vec() };
        classes(&[&array], wanted)
            .map(|classes| (classes.count, classes.first_label))
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn classes_are_those_from_the_smallest_label_to_the_largest() {
        for (labels, count, first) in [
            (&[0, 9, 3][..], 10, 0),
            (&[1, 26, 7], 26, 1),
            (&[-1, 1], 3, -1),
            (&[7, 7], 1, 7),
            (&[100, 65_635], 65_536, 100),
            (&[i64::MAX, i64::MAX - 1], 2, i64::MAX - 1),
        ] {
            assert_eq!(classes_of(labels, None), Ok((count, first)), "{labels:?}");
        }
        for labels in [&[0, 65_536][..], &[i64::MIN, i64::MAX]] {
            let refused = classes_of(labels, None).unwrap_err();
            assert!(refused.contains("65536 classes at most"), "{refused}");
        }
    }

    #[test]
    fn classes_that_are_asked_for_count_from_0_where_the_labels_do() {
        assert_eq!(classes_of(&[1, 9], Some(10)), Ok((10, 0)));
        assert_eq!(classes_of(&[1, 26], Some(27)), Ok((27, 0)));
        assert_eq!(classes_of(&[1, 26], Some(26)), Ok((26, 1)));
        assert_eq!(classes_of(&[-1, 1], Some(3)), Ok((3, -1)));
        let refused = classes_of(&[2, 1, 30], Some(10)).unwrap_err();
        assert_eq!(
            refused,
            "labels: label 30 at image 2, counted from 0, but dataset.classes = 10 are 0 to 9; the \
             labels are 1 to 30: set dataset.classes to 30 at least, or leave it out"
        );
    }
}
