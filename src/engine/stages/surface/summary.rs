//! The table of the surfaces, and their missing parts.

use super::found::{Field, Surface, range};
use super::section::PlaneKind;
use super::wanted::WantedSurface;
use crate::config::reader::Choice;
use crate::engine::console::{count, has};
use crate::engine::results::Results;
use crate::report::SummaryTable;
use crate::report::number::{number, percent, short};

pub(super) fn tables(surfaces: &[Surface]) -> Vec<SummaryTable> {
    if surfaces.is_empty() {
        return Vec::new();
    }
    let has_accuracy =
        surfaces.iter().flat_map(|one| &one.fields).any(|of| !of.accuracy.is_empty());
    let mut header =
        vec!["surface", "plane", "on", "points", "lowest", "highest", "at its solutions"];
    if has_accuracy {
        header.push("accuracy");
    }
    header.push("solutions off it");
    let rows = surfaces
        .iter()
        .flat_map(|one| one.fields.iter().map(move |field| row(one, field, has_accuracy)));
    vec![SummaryTable {
        title: "Surfaces",
        about: "loss on a grid over a plane or a line: its range on the grid, its values at the \
                solutions that determine the plane, and the range of the distances of all drawn \
                solutions from the plane. A minimum on the plane is in general no minimum of the \
                landscape."
            .to_owned(),
        header,
        texts: 3,
        rows: rows.collect(),
        remarks: surfaces.iter().filter_map(remark).collect(),
    }]
}

fn row(one: &Surface, field: &Field, has_accuracy: bool) -> Vec<String> {
    let (all, known) = (field.loss.len(), field.known());
    let points = if known == all { all.to_string() } else { format!("{known} of {all}") };
    let [low, high] = field.range().unwrap_or([f64::NAN; 2]);
    let at: Vec<String> = field.anchor_loss.iter().map(|&loss| short(loss)).collect();
    let mut row = vec![
        one.config.name.clone(),
        one.config.plane.word().to_owned(),
        field.landscape.to_string(),
        points,
        number(low),
        number(high),
        at.join(", "),
    ];
    if has_accuracy {
        let text = |[low, high]: [f64; 2]| format!("{} to {}", percent(low), percent(high));
        row.push(range(&field.accuracy).map_or_else(String::new, text));
    }
    let distances: Vec<f64> = one.solutions.iter().map(|solution| solution.place[2]).collect();
    let text = |[low, high]: [f64; 2]| format!("{} to {}", short(low), short(high));
    row.push(range(&distances).map_or_else(String::new, text));
    row
}

/// Eigenvalues or fractions of the variance along the directions of a plane, in words.
pub(super) fn remark(one: &Surface) -> Option<String> {
    let name = &one.config.name;
    let shares = || {
        let shares: Vec<String> = one.numbers.iter().map(|&share| percent(share)).collect();
        shares.join(" and ")
    };
    match one.config.plane {
        PlaneKind::Solutions | PlaneKind::Random => None,
        PlaneKind::Hessian => {
            let values: Vec<String> = one.numbers.iter().map(|&value| short(value)).collect();
            let words = if values.len() == 1 {
                "the leading eigenvalue of the Hessian"
            } else {
                "the leading eigenvalues of the Hessian"
            };
            Some(format!("{name}: {words} at {}: {}.", one.through, values.join(" and ")))
        }
        PlaneKind::Path | PlaneKind::Trajectory => Some(format!(
            "{name}: the directions have {} of the variance of the points of {}.",
            shares(),
            one.through
        )),
    }
}

/// The missing results that the configuration asks for.
pub(super) fn missing(results: &Results, all: &[WantedSurface]) -> Vec<String> {
    let of = |one: &WantedSurface| {
        let name = &one.config.name;
        if let Some(obstacle) = one.obstacle(results) {
            let not = if obstacle.may_pass { "has not been" } else { "cannot be" };
            return vec![format!("The surface {name} {not} made: {}.", obstacle.reason)];
        }
        if one.directions_ended(results).is_none() {
            return vec![format!("The directions of {name} have not been computed yet.")];
        }
        let of_landscape = |&landscape| {
            let ended = |number| one.tile_ended(results, number, landscape);
            let states: Vec<_> = (0..one.tiles()).map(ended).collect();
            let left = states.iter().filter(|state| state.is_none()).count();
            let failed = states.iter().flatten().filter(|state| state.is_err()).count();
            let tiles = format!("{} of {name} on {landscape}", count(states.len(), "tile"));
            let left = (left > 0)
                .then(|| format!("{left} of {tiles} {} not been computed yet.", has(left)));
            let failed = (failed > 0)
                .then(|| format!("{failed} of {tiles} failed; `lossatlas status` says why."));
            left.into_iter().chain(failed).collect::<Vec<_>>()
        };
        one.landscapes.iter().flat_map(of_landscape).collect()
    };
    all.iter().flat_map(of).collect()
}
