//! The table of the main numbers at the top of the page.

use crate::report::figures::protocols;
use crate::report::index::{BOUND, FALLING, IndexColumn, IndexRow, columns, rows};
use crate::report::number::{NONE, exact};
use crate::report::run::Run;
use crate::report::words::Words;
use crate::solutions::LandscapeName;
use maud::{Markup, html};

/// The table; empty without solutions.
pub(super) fn section(runs: &[Run<'_>]) -> Markup {
    let of_runs: Vec<Vec<IndexColumn>> = runs.iter().map(columns).collect();
    let columns = united(&of_runs);
    let several = runs.len() > 1;
    let has_landscapes = runs.iter().flat_map(rows).any(|row| row.landscape.is_some());
    let texts = 1 + usize::from(several) + usize::from(has_landscapes);
    html! {
        @if runs.iter().any(|run| !rows(run).is_empty()) && !columns.is_empty() {
            section #index {
                h2 { "Main numbers" }
                div.scroll tabindex="0" {
                    table.sortable.several[several] {
                        thead {
                            tr {
                                th colspan=(texts) {}
                                @for group in columns.chunk_by(|a, b| a.group == b.group) {
                                    th.group colspan=(group.len()) scope="colgroup" { (group[0].group) }
                                }
                            }
                            tr {
                                @if several { th scope="col" data-column="0" { "run" } }
                                th scope="col" data-column=(usize::from(several)) { "set" }
                                @if has_landscapes { th scope="col" data-column=(texts - 1) { "on" } }
                                @for (place, column) in columns.iter().enumerate() {
                                    th.number scope="col" data-column=(texts + place) title=(column.about) { (column.name) }
                                }
                            }
                        }
                        tbody {
                            @for (run, own) in runs.iter().zip(&of_runs) {
                                @for row in rows(run) {
                                    tr {
                                        @if several { th scope="row" { (run.label) } }
                                        @if several { td { (row.name()) } } @else { th scope="row" { (row.name()) } }
                                        @if has_landscapes { td { (row.landscape.map_or_else(|| NONE.to_owned(), |on| on.to_string())) } }
                                        @for column in &columns { (cell(&row, column, own)) }
                                    }
                                }
                            }
                        }
                    }
                }
                (explained(runs, &columns))
            }
        }
    }
}

/// The columns of all runs, each once, without their cells.
fn united(of_runs: &[Vec<IndexColumn>]) -> Vec<IndexColumn> {
    let mut united: Vec<IndexColumn> = Vec::new();
    for column in of_runs.iter().flatten() {
        if united.iter().any(|known| is_same(known, column)) {
            continue;
        }
        // Columns of one group stay together.
        let last = united.iter().rposition(|known| known.group == column.group);
        let place = last.map_or(united.len(), |last| last + 1);
        united.insert(place, column.clone());
    }
    united
}

fn is_same(a: &IndexColumn, b: &IndexColumn) -> bool {
    (a.group, a.name) == (b.group, b.name)
}

fn cell(row: &IndexRow, column: &IndexColumn, own: &[IndexColumn]) -> Markup {
    let found = own.iter().find(|known| is_same(known, column));
    html! {
        @match found.and_then(|column| row.cell(column)) {
            Some(cell) => td.number data-value=(exact(cell.value)) { (cell.text) },
            None => td.number { (NONE) },
        }
    }
}

/// What marks and columns mean.
fn explained(runs: &[Run<'_>], columns: &[IndexColumn]) -> Markup {
    let has =
        |mark: &str| columns.iter().flat_map(|of| &of.cells).any(|cell| cell.text.contains(mark));
    let is_analytic = runs
        .iter()
        .flat_map(rows)
        .any(|row| row.landscape.is_some_and(|on| on == LandscapeName::Analytic));
    html! {
        ul.note {
            @if is_analytic { li { "on formula: the landscape is given by a formula." } }
            @for protocol in protocols(runs) { li { (protocol) } }
            @if has(BOUND) { li { (BOUND) "An upper bound: not every refined barrier of the set is certified." } }
            @if has(FALLING) {
                li {
                    "↓ Some of these paths were still improving at the last step. "
                    @if runs.iter().any(Run::has_open_falling_paths) { "More steps can lower the number." }
                    @else { "No more steps are needed: their refined barriers are certified passes." }
                }
            }
            @if has("*") { li { "* Without the eigenvalues that did not converge." } }
        }
        details.note {
            summary { "What the columns mean" }
            dl {
                @if Words::of(runs).has_networks() {
                    dt { "set" }
                    dd { "The optimizer, and train: its solutions of the lowest training loss, or test: those of the lowest test loss." }
                    dt { "on" }
                    dd { "The landscape: train, the loss on the training images, or test, the loss on the test images." }
                }
                @for column in columns.iter().filter(|column| !column.about.is_empty()) {
                    dt { (column.group) ": " (column.name) }
                    dd { (column.about) }
                }
            }
        }
    }
}
