//! Training and test images out of one set.

use crate::data::array::{ImageArray, LabelArray};
use crate::data::assemble::{RawSet, WantedImages};
use crate::data::problem::FileProblem;
use crate::data::{ImageShape, Pixels};
use crate::random::MasterSeed;
use rand::seq::SliceRandom;

/// Without counts, one image in five is held out.
const ONE_IN: usize = 5;

/// Splits a set as documented for the format.
///
/// The test images come first in a random order, so they do not depend on the number of training
/// images.
pub(super) fn split(
    all: RawSet,
    wanted: WantedImages,
    seed: u32,
    problems: &mut Vec<FileProblem>,
) -> (RawSet, RawSet) {
    let nothing = || RawSet { images: None, labels: None };
    let (images, labels) = match all {
        RawSet { images: Some(images), labels: Some(labels) }
            if images.held == labels.labels.len() =>
        {
            (images, labels)
        }
        // The caller reports the problem.
        incomplete => return (incomplete, nothing()),
    };
    let [train, test] = match counts(&images, wanted) {
        Ok(counts) => counts,
        Err(problem) => {
            problems.push(problem);
            return (nothing(), nothing());
        }
    };
    let mut order: Vec<usize> = (0..images.held).collect();
    order.shuffle(&mut MasterSeed(seed.into()).stream("split", &[]));
    let (for_test, for_train) = order.split_at(test);
    // All labels count for the number of classes, so those that are not used stay behind the others.
    let sets = [(&for_train[..train], for_train), (for_test, for_test)];
    let [train, test] = sets.map(|(used, all)| RawSet {
        images: Some(ImageArray {
            place: images.place.clone(),
            held: all.len(),
            shape: images.shape,
            pixels: gather(&images.pixels, images.shape, used),
        }),
        labels: Some(LabelArray {
            place: labels.place.clone(),
            labels: all.iter().map(|&index| labels.labels[index]).collect(),
        }),
    });
    (train, test)
}

/// Numbers of training and test images.
fn counts(images: &ImageArray, wanted: WantedImages) -> Result<[usize; 2], FileProblem> {
    let (held, place) = (images.held, images.place.clone());
    let rest = |used: usize| held.saturating_sub(used);
    let [train, test] = match (wanted.train, wanted.test) {
        (None, None) => {
            let test = (held / ONE_IN).max(1);
            [rest(test), test]
        }
        (Some(train), None) => [train, rest(train)],
        (None, Some(test)) => [rest(test), test],
        (Some(train), Some(test)) => [train, test],
    };
    for (key, asked) in [("dataset.train", wanted.train), ("dataset.test", wanted.test)] {
        if asked == Some(0) {
            return Err(FileProblem::NoneAsked { key });
        }
    }
    if train == 0 || test == 0 || train.saturating_add(test) > held {
        let counts = match (wanted.train, wanted.test) {
            (Some(train), Some(test)) => {
                format!("dataset.train = {train} and dataset.test = {test}")
            }
            (Some(train), None) => format!("dataset.train = {train}"),
            (None, Some(test)) => format!("dataset.test = {test}"),
            (None, None) => "a split".to_owned(),
        };
        let problem = format!(
            "{held} images, which are split into training and test images: too few for {counts}; \
             each part needs one at least, both together {held} at most"
        );
        return Err(FileProblem::Place { place, problem });
    }
    Ok([train, test])
}

fn gather(pixels: &Pixels, shape: ImageShape, indices: &[usize]) -> Pixels {
    fn of<T: Copy>(pixels: &[T], size: usize, indices: &[usize]) -> Vec<T> {
        let images = indices.iter().map(|&index| &pixels[index * size..(index + 1) * size]);
        images.flatten().copied().collect()
    }
    match pixels {
        Pixels::Bytes(bytes) => of(bytes, shape.pixels(), indices).into(),
        Pixels::Numbers(numbers) => of(numbers, shape.pixels(), indices).into(),
    }
}
