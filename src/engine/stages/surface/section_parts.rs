//! The keys of `[[surface]]` that depend on each other: `through` and `extent`.

use super::section::{PlaneKind, PlanePoints, SolutionChoice, THROUGH};
use crate::config::available::Available;
use crate::config::reader::{Read, Reported, Section};
use crate::engine::path_points::PathSelection;
use crate::optimizer::OptimizerName;
use crate::solutions::{SelectedNumbers, Selection, SetName};
use std::collections::BTreeSet;

/// Reads `through` for a kind of plane and its dimensions, if these could be read.
pub(super) fn read_through(
    section: &Section<'_>,
    available: &Available,
    choice: Option<(PlaneKind, usize)>,
    trajectories: i128,
) -> Read<PlanePoints> {
    let mut found = None;
    let value = section.key(&THROUGH).check(|texts| {
        let Some((plane, dimensions)) = choice else { return Ok(()) };
        found = Some(match plane {
            PlaneKind::Solutions => solutions(texts, available, dimensions + 1)?,
            PlaneKind::Random | PlaneKind::Hessian => solutions(texts, available, 1)?,
            PlaneKind::Path => path(texts, available)?,
            PlaneKind::Trajectory => trajectory(texts, available, trajectories)?,
        });
        Ok(())
    });
    value.value()?;
    found.ok_or(Reported)
}

fn solutions(
    texts: &[String],
    available: &Available,
    wanted: usize,
) -> Result<PlanePoints, String> {
    if texts.len() != wanted {
        let words = match wanted {
            1 => "must be one solution",
            2 => "a line goes through 2 solutions",
            _ => "a plane goes through 3 solutions; with dimensions = 1, a line through 2",
        };
        return Err(format!("{words}; there are {}", texts.len()));
    }
    let choices: Vec<SolutionChoice> =
        texts.iter().map(|text| solution(text, available)).collect::<Result<_, _>>()?;
    for (index, choice) in choices.iter().enumerate() {
        if choices[..index].contains(choice) {
            return Err(format!("{:?} is listed twice", texts[index]));
        }
    }
    Ok(PlanePoints::Solutions(choices))
}

fn solution(text: &str, available: &Available) -> Result<SolutionChoice, String> {
    let parts = Selection::parse(text).and_then(|Selection { name, numbers }| match numbers {
        SelectedNumbers::Best => Some((name, None)),
        SelectedNumbers::One(number) => Some((name, Some(number))),
        SelectedNumbers::Pair(..) => None,
    });
    let Some((set, number)) = parts else {
        return Err(format!(
            "{text:?} is not a solution; write SET:INITIALIZATION, for instance \"sgd/train:0\", \
             or SET:best for the one with the lowest loss"
        ));
    };
    let set = available.set(set)?;
    check_number(available, &set, number)?;
    Ok(SolutionChoice { set, number })
}

fn check_number(available: &Available, set: &SetName, number: Option<u32>) -> Result<(), String> {
    let is_made = available.made.as_ref().is_some_and(|made| made.contains(set));
    match (number, available.runs.filter(|_| is_made)) {
        (Some(number), Some(runs)) if number >= runs => Err(format!(
            "there is no initialization {number} of {set}: the numbers go from 0 to {}",
            runs.saturating_sub(1)
        )),
        _ => Ok(()),
    }
}

fn one(texts: &[String], what: &str) -> Result<String, String> {
    match texts {
        [text] => Ok(text.clone()),
        _ => Err(format!("must be one {what}; there are {}", texts.len())),
    }
}

fn path(texts: &[String], available: &Available) -> Result<PlanePoints, String> {
    let text = one(texts, "path")?;
    let selection = PathSelection::parse(&text)?;
    let sets: Vec<SetName> =
        selection.sets().split('~').map(|set| available.set(set)).collect::<Result<_, _>>()?;
    let (a, b) = selection.pair();
    let [first, last] = match &sets[..] {
        [set] => [set, set],
        [first, last] => [first, last],
        _ => return Err(format!("{text:?} is between more than two sets")),
    };
    check_number(available, first, Some(a))?;
    check_number(available, last, Some(b))?;
    Ok(PlanePoints::Path(selection))
}

fn trajectory(texts: &[String], available: &Available, kept: i128) -> Result<PlanePoints, String> {
    let text = one(texts, "trajectory")?;
    if available.analytic {
        return Err("an analytic landscape has no training runs and no trajectories".to_owned());
    }
    let parts = Selection::parse(&text).and_then(|Selection { name, numbers }| match numbers {
        SelectedNumbers::One(number) => Some((OptimizerName::parse(name).ok()?, number)),
        _ => None,
    });
    let Some((optimizer, number)) = parts else {
        return Err(format!(
            "{text:?} is not a trajectory; write OPTIMIZER:INITIALIZATION, for instance \"sgd:0\""
        ));
    };
    let optimizers: Option<BTreeSet<&str>> =
        available.made.as_ref().map(|made| made.iter().map(SetName::group).collect());
    if let Some(known) = optimizers.filter(|known| !known.contains(optimizer.name())) {
        let known: Vec<&str> = known.into_iter().collect();
        return Err(format!(
            "there is no optimizer {:?}; those of this configuration are {}",
            optimizer.name(),
            known.join(", ")
        ));
    }
    if i128::from(number) >= kept {
        return Err(format!(
            "[trajectory] keeps {kept} trajectories of each optimizer; this one needs \
             trajectory.runs = {}",
            u64::from(number) + 1
        ));
    }
    Ok(PlanePoints::Trajectory(optimizer, number))
}

/// Whether an extent fits the number of dimensions.
pub(super) fn check_extent(numbers: Option<&[f64]>, dimensions: usize) -> Result<(), String> {
    const REQUIREMENT: &str = "must be a number above 0, [low, high] or, for a plane, [x_low, \
                               x_high, y_low, y_high], each low below its high";
    let is_range = |range: &[f64]| range[0] < range[1] && (range[1] - range[0]).is_finite();
    let fits = match numbers {
        None => true,
        Some([radius]) => *radius > 0.0 && (2.0 * radius).is_finite(),
        Some(range @ [_, _]) => is_range(range),
        Some(ranges @ [_, _, _, _]) => dimensions == 2 && ranges.chunks(2).all(is_range),
        Some(_) => false,
    };
    if fits { Ok(()) } else { Err(REQUIREMENT.to_owned()) }
}

/// [low, high] of each coordinate, from numbers that have been checked.
pub(super) fn extents(numbers: &[f64], dimensions: usize) -> Vec<[f64; 2]> {
    match *numbers {
        [radius] => vec![[-radius, radius]; dimensions],
        [low, high] => vec![[low, high]; dimensions],
        _ => numbers.chunks_exact(2).take(dimensions).map(|pair| [pair[0], pair[1]]).collect(),
    }
}
