//! Mean losses and moments of every set, with the published values if there are any.

use super::noted;
use crate::data::Split;
use crate::report::figure::{Table, exact};
use crate::report::notes::Topic;
use crate::report::number::{NONE, typeset, typeset_cell};
use crate::report::paper::{self, PaperOptimizer, published};
use crate::report::run::Run;
use crate::report::style::set_name;
use crate::report::summary::RunSummary;
use crate::report::table::{SummaryTable, barrier_table};
use crate::solutions::SetName;
use maud::{Markup, html};

/// A row of either table: a set with its numbers and the published ones.
struct Row {
    run: String,
    set: SetName,
    count: usize,
    /// Number of vectors that are the initialization of their run; `None` for a set that was not
    /// trained.
    at_initialization: Option<usize>,
    numbers: Vec<(f64, Option<f64>)>,
}

/// All sets: first those of L-BFGS and SGD, by split, then the others. Sets of the optimizers of
/// the paper come with what they are there.
fn sets(run: &Run<'_>) -> Vec<(SetName, Option<(PaperOptimizer, Split)>)> {
    let of_paper = paper::optimizers(run);
    let snapshots = [Split::Train, Split::Test].map(|split| {
        PaperOptimizer::ALL.map(|optimizer| {
            let is_same = of_paper.contains(&optimizer);
            (optimizer.set(split), is_same.then_some((optimizer, split)))
        })
    });
    let mut sets: Vec<_> =
        snapshots.into_iter().flatten().filter(|(name, _)| run.set(name).is_some()).collect();
    for set in run.sets.iter().filter(|set| set.theta.nrows() > 0) {
        if !sets.iter().any(|(name, _)| *name == set.name) {
            sets.push((set.name.clone(), None));
        }
    }
    sets
}

/// How many vectors of a set are the initialization of their run; `None` for a set that was not
/// trained.
fn at_initialization(run: &Run<'_>, name: &SetName) -> Option<usize> {
    let source = name.before_alignment();
    let is_source = |known: &SetName| known == name || Some(known) == source.as_ref();
    let imported = run.network()?.imports.iter().any(|import| is_source(&import.name));
    let set = run.set(name).filter(|_| !imported)?;
    Some(set.epoch.iter().filter(|&&epoch| epoch == 0).count())
}

fn loss_rows(run: &Run<'_>) -> Vec<Row> {
    let published = published(run);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let row = |(name, snapshot): (SetName, Option<(PaperOptimizer, Split)>)| {
        let set = run.set(&name)?;
        // Published are the training loss of ω^train and the test loss of ω^test.
        let of = |split| {
            published
                .zip(snapshot)
                .filter(|(_, (_, own))| *own == split)
                .map(|(p, (optimizer, _))| p.loss(optimizer, split))
        };
        let numbers = vec![
            (mean(&set.loss_train), of(Split::Train)),
            (mean(&set.loss_test), of(Split::Test)),
        ];
        let (count, at_initialization) = (set.theta.nrows(), at_initialization(run, &name));
        Some(Row { run: run.label.clone(), count, at_initialization, set: name, numbers })
    };
    sets(run).into_iter().filter_map(row).collect()
}

fn moment_rows(run: &Run<'_>) -> Vec<Row> {
    let published = published(run);
    let row = |(name, snapshot): (SetName, Option<(PaperOptimizer, Split)>)| {
        let (moments, count) = (run.moments(&name)?, run.set(&name)?.theta.nrows());
        let of = published.zip(snapshot).map(|(p, (optimizer, split))| p.moments(optimizer, split));
        let numbers = vec![
            (moments.mean, of.map(|of| of[0])),
            (moments.standard_deviation, of.map(|of| of[1])),
        ];
        let at_initialization = at_initialization(run, &name);
        Some(Row { run: run.label.clone(), set: name, count, at_initialization, numbers })
    };
    sets(run).into_iter().filter_map(row).collect()
}

/// Mean losses of every set, with the published ones.
pub fn losses_table(runs: &[Run<'_>]) -> Table {
    let header = [
        "run",
        "set",
        "vectors",
        "train_loss",
        "train_loss_published",
        "test_loss",
        "test_loss_published",
        "at_initialization",
    ];
    table("mean-losses", &header, runs.iter().flat_map(loss_rows))
}

/// Moments of every set, with the published ones.
pub fn moments_table(runs: &[Run<'_>]) -> Table {
    let header = [
        "run",
        "set",
        "vectors",
        "mean",
        "mean_published",
        "standard_deviation",
        "standard_deviation_published",
        "at_initialization",
    ];
    table("moments", &header, runs.iter().flat_map(moment_rows))
}

fn table(name: &str, header: &[&'static str], rows: impl Iterator<Item = Row>) -> Table {
    let mut table = Table::new(name, header);
    table.rows = rows
        .map(|row| {
            let numbers = row.numbers.iter().flat_map(|(here, published)| {
                [exact(*here), published.map_or_else(String::new, exact)]
            });
            let at_initialization =
                row.at_initialization.map_or_else(String::new, |count| count.to_string());
            let first = [row.run, row.set.to_string(), row.count.to_string()];
            first.into_iter().chain(numbers).chain([at_initialization]).collect()
        })
        .collect();
    table
}

/// Whether there is a table.
pub(super) fn any(runs: &[Run<'_>]) -> bool {
    runs.iter().any(|run| run.network().is_some() || has_paths(run) || !run.tables.is_empty())
}

fn has_paths(run: &Run<'_>) -> bool {
    run.paths.iter().any(|paths| !paths.pairs.is_empty())
}

/// The barriers of a run, as at the terminal.
fn barriers(run: &Run<'_>, several: bool) -> Markup {
    let summary = RunSummary {
        analytic: run.network().is_none(),
        protocol: Some(run.protocol().to_string()),
        ..RunSummary::of(&run.sets, &run.analysis, &run.paths)
    };
    summary_table(&barrier_table(&summary), several.then_some(&run.label))
}

/// A table that is printed at the terminal, too; of several runs with the label of its run.
fn summary_table(table: &SummaryTable, label: Option<&String>) -> Markup {
    let SummaryTable { title, about, header, texts, rows, remarks } = table;
    html! {
        div.scroll {
            table.cards {
                caption {
                    (title) @if let Some(label) = label { ", " (label) }
                    p.note { (sentence(about)) }
                }
                thead { tr {
                    @for (column, name) in header.iter().enumerate() {
                        th.number[column >= *texts] scope="col" data-column=(column) { (name) }
                    }
                } }
                tbody { @for row in rows { tr {
                    @for (column, (name, cell)) in header.iter().zip(row).enumerate() {
                        @let value = Some(cell).filter(|_| column >= *texts).and_then(|cell| first_number(cell));
                        @let text = if column >= *texts { typeset_cell(cell) } else { cell.clone() };
                        td.number[column >= *texts] data-name=(name) data-value=[value] { (text) }
                    }
                } } }
            }
            @if !remarks.is_empty() { ul.note { @for remark in remarks { li { (remark) } } } }
        }
    }
}

/// The number with which a cell begins, by which its column is sorted: the median of
/// `0.5 [0.1, 2e-3]`.
fn first_number(cell: &str) -> Option<f64> {
    let first = cell.trim_start_matches('≤').trim_start();
    let end = first.find(|letter: char| !"0123456789.+-e".contains(letter)).unwrap_or(first.len());
    first[..end].parse().ok()
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// All tables; empty if there is none.
pub(super) fn section(runs: &[Run<'_>]) -> Markup {
    let networks: Vec<&Run<'_>> = runs.iter().filter(|run| run.network().is_some()).collect();
    let is_published = networks.iter().any(|run| published(run).is_some());
    let [losses_caption, moments_caption] = if is_published {
        [paper::LOSSES_CAPTION, paper::MOMENTS_CAPTION]
    } else {
        ["Mean losses", "Components of all vectors of a set"]
    };
    let losses: Vec<Row> = networks.iter().flat_map(|run| loss_rows(run)).collect();
    let moments: Vec<Row> = networks.iter().flat_map(|run| moment_rows(run)).collect();
    html! {
        @if any(runs) {
            section #tables {
                h2 { "Tables" }
                @if !networks.is_empty() { p {
                    "The first two tables are about the solutions of each set. "
                    @if is_published {
                        "Published values are given for the published networks on the published \
                         images. If the protocol differs (see the top of the page), the numbers \
                         may differ as well. "
                    }
                    "In full precision: " a href="mean-losses.csv" { "mean-losses.csv" } ", " a href="moments.csv" { "moments.csv" } "."
                }
                (noted(runs, Topic::Solutions))
                (rendered(losses_caption, ["training loss", "test loss"], &losses, runs.len() > 1, is_published))
                (rendered(moments_caption, ["mean μ", "standard deviation σ"], &moments, runs.len() > 1, is_published)) }
                @for run in runs.iter().filter(|run| has_paths(run)) { (barriers(run, runs.len() > 1)) }
                @for run in runs {
                    @for table in &run.tables {
                        (summary_table(table, (runs.len() > 1).then_some(&run.label)))
                    }
                }
            }
        }
    }
}

fn rendered(
    caption: &str,
    names: [&str; 2],
    rows: &[Row],
    several: bool,
    published: bool,
) -> Markup {
    let texts = 1 + usize::from(several);
    html! {
        @if rows.is_empty() {
            p.missing { (caption) ": not computed yet." }
        } @else {
            div.scroll {
                table.cards {
                    caption { (caption) }
                    thead {
                        tr {
                            @if several { th scope="col" data-column="0" { "run" } }
                            th scope="col" data-column=(texts - 1) { "set" }
                            th.number scope="col" data-column=(texts) { "vectors" }
                            @for (place, name) in names.into_iter().enumerate() {
                                @let column = texts + 1 + place * (1 + usize::from(published));
                                th.number scope="col" data-column=(column) { (name) }
                                @if published {
                                    th.number scope="col" data-column=(column + 1) { "published" }
                                }
                            }
                        }
                    }
                    tbody {
                        @for row in rows {
                            tr {
                                @if several { td { (row.run) } }
                                td { (set_name(&row.set)) }
                                td.number data-name="vectors" data-value=(row.count) { (row.count) }
                                @for (name, (here, there)) in names.iter().zip(&row.numbers) {
                                    td.number data-name=(name) data-value=[sorted_by(Some(*here))] { (typeset(*here)) }
                                    @if published {
                                        td.number data-name="published" data-value=[sorted_by(*there)] { (there.map_or_else(|| NONE.to_owned(), typeset)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The number by which a column is sorted; `None` for NaN, which comes last.
fn sorted_by(number: Option<f64>) -> Option<String> {
    number.filter(|number| !number.is_nan()).map(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_sorted_by_the_number_with_which_they_begin() {
        let found = [
            "0.5 [0.1, 2e-3]",
            "-1.5e-3",
            "\u{2264}\u{a0}7",
            "31.25 [25.00, 37.50] %",
            "3, 2 failed",
        ];
        assert_eq!(found.map(first_number), [0.5, -1.5e-3, 7.0, 31.25, 3.0].map(Some));
        assert_eq!(["–", "", "SGD"].map(first_number), [None; 3]);
    }
}
