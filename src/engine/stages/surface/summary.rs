//! The table of the surfaces, and their missing parts.

use super::found::{Field, Surface, range};
use super::section::PlaneKind;
use super::wanted::WantedSurface;
use crate::config::reader::Choice;
use crate::engine::console::count;
use crate::engine::results::Results;
use crate::report::SummaryTable;
use crate::report::number::{number, percent, short};

pub(super) fn tables(surfaces: &[Surface], is_network: bool) -> Vec<SummaryTable> {
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
        about: format!(
            "{} on a grid over a plane or a line: its range on the grid, its values at the \
             solutions that determine the plane, and the range of the distances of all drawn \
             solutions from the plane. A minimum on the plane is in general no minimum of the \
             landscape.",
            if is_network { "loss" } else { "height" }
        ),
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

/// The results that the configuration asks for and that have failed.
pub(super) fn missing(results: &Results, all: &[WantedSurface]) -> Vec<String> {
    let of = |one: &WantedSurface| {
        let name = &one.config.name;
        match one.obstacle(results) {
            // It may be made when the run goes on.
            Some(obstacle) if obstacle.may_pass => return Vec::new(),
            Some(obstacle) => {
                return vec![format!("The surface {name} cannot be made: {}.", obstacle.reason)];
            }
            None => {}
        }
        let of_landscape = |&landscape| {
            let ended = |number| one.tile_ended(results, number, landscape);
            let states: Vec<_> = (0..one.tiles()).map(ended).collect();
            let failed = states.iter().flatten().filter(|state| state.is_err()).count();
            let tiles = format!("{} of {name} on {landscape}", count(states.len(), "tile"));
            (failed > 0)
                .then(|| format!("{failed} of {tiles} failed; `lossatlas status` says why."))
        };
        one.landscapes.iter().filter_map(of_landscape).collect()
    };
    all.iter().flat_map(of).collect()
}
