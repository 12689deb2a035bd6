//! The tables that are printed at the terminal.

use super::notes::{Note, Topic};
use super::number::{NONE, height, maybe, number, percent, short};
use super::{
    AccuracySummaries, BarrierRow, KernelPcaRow, LossRow, RunSummary, ShiftRow, SpreadRow,
};
use crate::analysis::statistics::Summary;
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width,
};

/// Maximum width of a line. Names are wrapped. A table of many numbers is wider, because a number
/// is never wrapped.
const WIDTH: u16 = 100;

/// Words of at most this number of characters are never broken.
const MAX_UNBROKEN: usize = 24;

/// Only a line under the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Spaces before and after a cell.
const PADDING: u16 = 1;

/// Components of a kernel PCA in the table; figures show no more.
const COMPONENTS: usize = 3;

/// The tables of a run, each under its caption, without color. Tables without rows are left out.
pub fn table(summary: &RunSummary) -> String {
    let noted = |table: String, topic| table + &noted(&summary.notes, topic);
    let solutions =
        || if summary.analytic { heights(&summary.losses) } else { losses(&summary.losses) };
    let tables = [
        (!summary.losses.is_empty()).then(|| noted(solutions(), Topic::Solutions)),
        (!summary.barriers.is_empty()).then(|| noted(barrier_table(summary).text(), Topic::Paths)),
        accuracies(&summary.barriers),
        (!summary.shifts.is_empty()).then(|| shifts(&summary.shifts)),
        (!summary.spreads.is_empty()).then(|| spreads(&summary.spreads)),
        (!summary.kernel_pca.is_empty()).then(|| kernel_pca(&summary.kernel_pca)),
    ];
    tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The notes on a table, wrapped.
fn noted(notes: &[Note], topic: Topic) -> String {
    let about = notes.iter().filter(|note| note.topic == topic);
    about.map(|note| wrapped(&note.text)).collect()
}

/// Each line as lines of at most [`WIDTH`] columns, without the last line break.
fn wrapped_lines(text: &str) -> String {
    text.lines().map(wrapped).collect::<String>().trim_end().to_owned()
}

/// Paragraphs in lines of at most [`WIDTH`] columns. A line that begins with a space is a command,
/// which stays as it is.
fn wrapped(text: &str) -> String {
    let paragraph = |line: &str| {
        if line.starts_with(' ') { format!("{line}\n") } else { wrapped_paragraph(line) }
    };
    text.lines().map(paragraph).collect()
}

fn wrapped_paragraph(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= usize::from(WIDTH) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn losses(rows: &[LossRow]) -> String {
    let header =
        ["set", "solutions", "training loss", "test loss", "training accuracy", "test accuracy"];
    let cells = rows.iter().map(|row| {
        vec![
            row.set.to_string(),
            row.count.to_string(),
            number(row.loss_train),
            number(row.loss_test),
            percent(row.accuracy_train),
            percent(row.accuracy_test),
        ]
    });
    render("Losses and accuracies: means over the solutions of each set", &header, 1, cells)
}

/// The table of an analytic landscape or a process. A process may have a data set `test`.
fn heights(rows: &[LossRow]) -> String {
    let all_minima = rows.iter().all(|row| row.set.group() == "minima");
    let what = if all_minima { "minima" } else { "solutions" };
    let tested = rows.iter().any(|row| !row.loss_test.is_nan());
    let cells = rows.iter().map(|row| {
        let mut cells = vec![row.set.to_string(), row.count.to_string(), number(row.loss_train)];
        cells.extend(tested.then(|| number(row.loss_test)));
        cells
    });
    let header = ["set", what, "height", "height on test"];
    let header = if tested { &header[..] } else { &header[..3] };
    render(&format!("Heights: means over the {what} of each set"), header, 1, cells)
}

/// A table of a run, for the terminal and for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryTable {
    /// What it is about, in a few words: `Barriers`.
    pub title: &'static str,
    /// What the columns are, in sentences; on the terminal after the title and a colon.
    pub about: String,
    /// The names of the columns.
    pub header: Vec<&'static str>,
    /// How many columns hold texts. They come first; the others hold numbers.
    pub texts: usize,
    /// The cells of each row, a column each.
    pub rows: Vec<Vec<String>>,
    /// What has to be said below it, a line each.
    pub remarks: Vec<String>,
}

impl SummaryTable {
    /// As it is printed, without color.
    pub fn text(&self) -> String {
        let Self { title, about, header, texts, rows, remarks } = self;
        let caption = wrapped_lines(&format!("{title}: {about}"));
        let table = render(&caption, header, *texts, rows.iter().cloned());
        remarks.iter().fold(table, |table, remark| table + &wrapped(remark))
    }
}

/// A column of barriers: its name, what it means, and its cell in a row.
struct BarrierColumn {
    name: &'static str,
    meaning: &'static str,
    cell: fn(&BarrierRow) -> String,
}

/// The barriers in the table, from the straight line down to the endpoint. Another kind of barrier
/// is one more entry.
const BARRIERS: &[BarrierColumn] = &[
    BarrierColumn { name: "straight line", meaning: "", cell: |row| range(row.straight.as_ref()) },
    BarrierColumn {
        name: "path H",
        meaning: "H: on the grid of the search",
        cell: |row| range(row.grid.as_ref()),
    },
    BarrierColumn {
        name: "fine grid",
        meaning: "fine grid: median of the maximum along the same path, also between the points \
                  of the grid",
        cell: |row| median(row.fine.as_ref()),
    },
    BarrierColumn {
        name: "endpoint",
        meaning: "endpoint: median of the higher endpoint",
        cell: |row| median(row.higher_endpoint.as_ref()),
    },
];

fn median(summary: Option<&Summary>) -> String {
    summary.map_or_else(|| NONE.to_owned(), |barriers| height(barriers.median))
}

fn range(summary: Option<&Summary>) -> String {
    summary.map_or_else(
        || NONE.to_owned(),
        |barriers| {
            let [median, min, max] = [barriers.median, barriers.min, barriers.max].map(height);
            format!("{median} [{min}, {max}]")
        },
    )
}

/// The table of all barriers of a run.
pub(super) fn barrier_table(summary: &RunSummary) -> SummaryTable {
    let what = if summary.analytic { "greatest height" } else { "highest loss" };
    let meanings = BARRIERS.iter().map(|column| column.meaning).filter(|text| !text.is_empty());
    let meanings = meanings.collect::<Vec<_>>().join("; ");
    let protocol = summary.protocol.as_ref();
    let protocol = protocol.map_or_else(String::new, |words| format!("\nProtocol: {words}."));
    let about = format!(
        "the {what} on a path, median [lowest, highest]. {meanings}. No barrier is lower than the \
         higher endpoint of its own path.{protocol}"
    );
    let names = BARRIERS.iter().map(|column| column.name);
    let cells = |row: &BarrierRow| {
        let first = [row.set.to_string(), row.landscape.to_string(), path_count(row)];
        first.into_iter().chain(BARRIERS.iter().map(|column| (column.cell)(row))).collect()
    };
    SummaryTable {
        title: "Barriers",
        about,
        header: ["set", "on", "paths"].into_iter().chain(names).collect(),
        texts: 2,
        rows: summary.barriers.iter().map(cells).collect(),
        remarks: Vec::new(),
    }
}

/// The lowest accuracy on each path. Empty if no path has any.
fn accuracies(rows: &[BarrierRow]) -> Option<String> {
    let range = |summary: &Summary| {
        // The sign once, so that three of these fit into a line.
        let numbers = [summary.median, summary.min, summary.max].map(percent);
        let [median, low, high] = numbers.each_ref().map(|text| text.trim_end_matches(" %"));
        format!("{median} [{low}, {high}] %")
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .filter_map(|row| {
            let AccuracySummaries { path, straight, endpoint } = row.accuracies.as_ref()?;
            let (set, landscape) = (row.set.to_string(), row.landscape.to_string());
            Some(vec![set, landscape, range(straight), range(path), percent(endpoint.median)])
        })
        .collect();
    let caption = "Accuracies, the lowest on a path: median [lowest, highest] over the paths;\n\
                   endpoint: median of the worse endpoint";
    let header = ["set", "on", "straight line", "path", "endpoint"];
    (!cells.is_empty()).then(|| render(caption, &header, 2, cells.into_iter()))
}

/// The number of paths, with the numbers of failed paths and of unimproved straight lines.
fn path_count(row: &BarrierRow) -> String {
    let parts = [(row.failed, "failed"), (row.unimproved, "straight")];
    let parts = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"));
    row.count.to_string() + &parts.collect::<String>()
}

fn shifts(rows: &[ShiftRow]) -> String {
    let cells = rows.iter().map(|row| {
        let ShiftRow { between, within, landscape, estimate, ends: [low, high] } = row;
        let interval = format!("{} [{}, {}]", short(*estimate), short(*low), short(*high));
        vec![between.to_string(), within.to_string(), landscape.to_string(), interval]
    });
    let caption = "Barriers between two sets less those within one of them: difference of the means \
                   of H,\nwith its 90 % interval; pairs share solutions, and solutions initializations";
    render(caption, &["between", "within", "on", "difference"], 3, cells)
}

fn spreads(rows: &[SpreadRow]) -> String {
    let header = ["set", "comparison", "mean", "deviation", "median distance", "centroid"];
    let cells = rows.iter().map(|row| {
        vec![
            row.set.to_string(),
            row.comparison.clone().unwrap_or_else(|| NONE.to_owned()),
            number(row.moments.mean),
            number(row.moments.standard_deviation),
            maybe(row.median_distance),
            maybe(row.centroid_to_origin),
        ]
    });
    render(
        "Spread: all components of a set; distances from the common origin of the two sets compared",
        &header,
        2,
        cells,
    )
}

fn kernel_pca(rows: &[KernelPcaRow]) -> String {
    let header = ["kernel PCA", "kernel", "sets", "PC1", "PC2", "PC3", "negative"];
    let cells = rows.iter().map(|row| {
        let sets = row.sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
        let shares = (0..COMPONENTS).map(|component| {
            row.explained.get(component).copied().map_or(NONE.to_owned(), percent)
        });
        [row.name.clone(), row.kernel.clone(), sets]
            .into_iter()
            .chain(shares)
            .chain([percent(row.negative_share)])
            .collect()
    });
    let caption =
        "Kernel PCA: shares of the variance; of negative eigenvalues, the share in all eigenvalues";
    let flat = rows.iter().filter(|row| row.explained.iter().all(|&share| share == 0.0));
    let flat: Vec<&str> = flat.map(|row| row.name.as_str()).collect();
    let note = format!(
        "{}: no eigenvalue is above 0, so no component has a share of the variance. The vectors \
         may be equal in the feature space of this kernel. Choose another kernel or other \
         parameters.",
        flat.join(", ")
    );
    render(caption, &header, 3, cells)
        + &(if flat.is_empty() { String::new() } else { wrapped(&note) })
}

/// A caption and a table. Its first `texts` columns are text, the others are numbers, which are
/// never wrapped. The names of columns are wrapped only if the table is too wide otherwise.
fn render(
    caption: &str,
    header: &[&str],
    texts: usize,
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let rows: Vec<Vec<String>> = rows.collect();
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.to_vec());
    let narrow = widths(header, texts, &rows, true);
    let unwrapped = widths(header, texts, &rows, false);
    let chosen = if line_width(&unwrapped) <= WIDTH { &unwrapped } else { &narrow };
    for (place, &width) in chosen.iter().enumerate() {
        let column = table.column_mut(place).expect("a column for each name");
        column.set_padding((PADDING, PADDING));
        if place < texts {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        } else {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    table.set_width(WIDTH.max(line_width(&narrow)));
    table.add_rows(rows);
    format!("{caption}\n{}\n", table.trim_fmt())
}

/// The width of each column with its padding. `wrapped`: the least one, with names and texts broken
/// between words.
fn widths(header: &[&str], texts: usize, rows: &[Vec<String>], wrapped: bool) -> Vec<u16> {
    let width = |(place, title): (usize, &&str)| {
        let cells = || rows.iter().map(|row| row[place].as_str());
        let title = if wrapped { longest(title.split_whitespace()) } else { title.chars().count() };
        let content = if wrapped && place < texts {
            let words = longest(cells().flat_map(str::split_whitespace));
            // A longer word is broken in any case, so its column need not be wide.
            if words > MAX_UNBROKEN { MAX_UNBROKEN / 2 } else { words }
        } else {
            longest(cells())
        };
        let width = u16::try_from(title.max(content)).unwrap_or(u16::MAX);
        width.saturating_add(2 * PADDING)
    };
    header.iter().enumerate().map(width).collect()
}

/// The width of a line of columns, with a space between two columns.
fn line_width(columns: &[u16]) -> u16 {
    let width =
        columns.iter().fold(0_u16, |sum, &width| sum.saturating_add(width).saturating_add(1));
    width.saturating_sub(1)
}

/// The number of characters of the longest text.
fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::statistics::Moments;
    use crate::solutions::{LandscapeName, SetName};

    fn set(name: &str) -> SetName {
        SetName::parse(name).unwrap()
    }

    fn summary() -> RunSummary {
        RunSummary {
            analytic: false,
            protocol: Some("converged, with steps = 800".to_owned()),
            losses: vec![LossRow {
                set: set("sgd/train"),
                count: 48,
                loss_train: 6.21e-4,
                loss_test: 0.0825,
                accuracy_train: f64::NAN,
                accuracy_test: 0.98,
            }],
            barriers: vec![BarrierRow {
                set: set("lbfgs/test").into(),
                landscape: LandscapeName::Train,
                count: 3,
                failed: 2,
                straight: Summary::of(&[1.5, 2.5]).ok(),
                grid: Summary::of(&[0.25, 0.5, 1.0]).ok(),
                fine: None,
                higher_endpoint: Summary::of(&[0.125]).ok(),
                unimproved: 0,
                accuracies: Some(AccuracySummaries {
                    straight: Summary::of(&[0.25, 0.375]).unwrap(),
                    path: Summary::of(&[0.9, 0.95, 0.96]).unwrap(),
                    endpoint: Summary::of(&[0.97]).unwrap(),
                }),
            }],
            shifts: Vec::new(),
            spreads: vec![SpreadRow {
                set: set("sgd/test"),
                moments: Moments { mean: -3.17e-3, standard_deviation: 0.103, count: 7 },
                comparison: None,
                median_distance: None,
                centroid_to_origin: None,
            }],
            kernel_pca: vec![KernelPcaRow {
                name: "rbf".to_owned(),
                kernel: "rbf, 2σ² = 42200".to_owned(),
                sets: vec![set("lbfgs/train"), set("sgd/test")],
                explained: vec![0.5, 0.125],
                negative_share: 0.0,
            }],
            notes: Vec::new(),
        }
    }

    /// The cells of the lines after the one that starts with `first`.
    fn lines_from<'a>(text: &'a str, first: &str, count: usize) -> Vec<Vec<&'a str>> {
        let split = |line: &'a str| {
            line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
        };
        text.lines()
            .skip_while(|line| !line.trim_start().starts_with(first))
            .take(count)
            .map(split)
            .collect()
    }

    #[test]
    fn every_number_is_in_its_column() {
        let text = table(&summary());
        assert_eq!(
            lines_from(&text, "sgd/train", 1)[0],
            ["sgd/train", "48", "6.21e-4", "0.08250", "–", "98.00 %"]
        );
        let heights = [
            "lbfgs/test",
            "train",
            "3, 2 failed",
            "2.00 [1.50, 2.50]",
            "0.500 [0.250, 1.00]",
            "–",
            "0.125",
        ];
        assert_eq!(lines_from(&text, "lbfgs/test", 1)[0], heights);
        assert_eq!(
            lines_from(&text, "sgd/test", 1)[0],
            ["sgd/test", "–", "-0.003170", "0.1030", "–", "–"]
        );
        let accuracies =
            ["lbfgs/test", "train", "31.25 [25.00, 37.50] %", "95.00 [90.00, 96.00] %", "97.00 %"];
        let below = &text[text.find("Accuracies, the lowest").expect("a caption")..];
        assert_eq!(lines_from(below, "lbfgs/test", 1)[0], accuracies);
        let embedding = [
            "rbf",
            "rbf, 2σ² = 42200",
            "lbfgs/train + sgd/test",
            "50.00 %",
            "12.50 %",
            "–",
            "0.00 %",
        ];
        assert_eq!(lines_from(&text, "rbf", 1)[0], embedding);
    }

    #[test]
    fn notes_stand_below_the_table_they_are_about() {
        let mut noted = summary();
        (noted.barriers[0].failed, noted.barriers[0].unimproved) = (0, 1);
        let note = |topic, text: &str| Note { topic, text: text.to_owned(), concerns_all: false };
        let long = "word ".repeat(40);
        let command = format!("  resume {}", "--set a=1 ".repeat(20));
        noted.notes = vec![
            note(Topic::Paths, &format!("{long}\n{command}")),
            note(Topic::Solutions, "2 of 3 runs never improved."),
        ];
        let text = table(&noted);
        assert_eq!(lines_from(&text, "lbfgs/test", 1)[0][2], "3, 1 straight");
        let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in\n{text}"));
        assert!(place("2 of 3 runs never improved.\n") < place("Barriers"));
        assert!(place("word word") > place("lbfgs/test") && place("word word") < place("Spread"));
        assert!(text.contains(&format!("\n{command}\n")), "a command stays in one line: {text}");
        let is_narrow = |line: &str| line.chars().count() <= usize::from(WIDTH);
        assert!(text.lines().all(|line| is_narrow(line) || line == command), "{text}");
    }

    #[test]
    fn an_analytic_landscape_has_heights_and_no_losses() {
        let row = LossRow {
            loss_train: -72.25,
            loss_test: f64::NAN,
            set: set("minima/relaxed"),
            ..summary().losses.remove(0)
        };
        let text = table(&RunSummary { analytic: true, losses: vec![row], ..summary() });
        assert!(
            text.starts_with("Heights: ") && text.contains("the greatest height on a path"),
            "{text}"
        );
        assert!(!text.to_lowercase().contains("loss") && !text.contains("accuracy"), "{text}");
        assert_eq!(lines_from(&text, "minima/relaxed", 1)[0], ["minima/relaxed", "48", "-72.25"]);
    }

    #[test]
    fn tables_fit_100_columns_even_with_long_names() {
        let mut long = summary();
        long.losses[0].set = set(&format!("{}/{}", "group".repeat(20), "member".repeat(20)));
        long.barriers[0].set = long.losses[0].set.clone().into();
        long.spreads[0].comparison =
            Some("a comparison with a name as long as a sentence ".repeat(4));
        long.kernel_pca[0].kernel = "polynomial, degree 3, constant 0.30000000000000004".to_owned();
        for text in [table(&summary()), table(&long)] {
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(WIDTH)), "{text}");
            assert!(!text.contains('\u{1b}'), "no colors");
        }
    }

    #[test]
    fn no_number_and_no_usual_name_is_broken() {
        let mut wide = summary();
        let name = "lbfgs-with-a-name/train";
        wide.barriers[0].set = set(name).into();
        let wide_range = Summary::of(&[1.234e-15, 5.678e-10, 9.876e-5]).ok();
        let row = &mut wide.barriers[0];
        (row.straight, row.grid) = (wide_range, wide_range);
        (row.fine, row.higher_endpoint) = (wide_range, wide_range);
        let text = table(&wide);
        let cells = &lines_from(&text, name, 1)[0];
        assert_eq!(cells[3], "5.68e-10 [1.23e-15, 9.88e-5]", "{text}");
        assert_eq!(cells.len(), 7, "{text}");
        assert!(!text.contains("fine grid  "), "too wide for names in one line: {text}");
    }

    #[test]
    fn names_of_columns_are_wrapped_only_if_they_do_not_fit() {
        let text = table(&summary());
        let names = ["set", "solutions", "training loss", "test loss"];
        assert_eq!(lines_from(&text, "set  ", 1)[0][..4], names, "{text}");
        let below = &text[text.find("Barriers").expect("a caption")..];
        let names = ["set", "on", "paths", "straight line", "path H", "fine grid", "endpoint"];
        assert_eq!(lines_from(below, "set  ", 1)[0], names, "{text}");
    }

    #[test]
    fn a_kernel_pca_without_an_eigenvalue_above_0_is_noted() {
        let mut flat = summary();
        assert!(!table(&flat).contains("no eigenvalue is above 0"));
        flat.kernel_pca[0].explained = vec![0.0, 0.0];
        assert!(table(&flat).contains("\nrbf: no eigenvalue is above 0"), "{}", table(&flat));
    }

    #[test]
    fn what_has_no_rows_is_left_out() {
        assert_eq!(table(&RunSummary::default()), "");
        let losses_only = RunSummary { losses: summary().losses, ..RunSummary::default() };
        let text = table(&losses_only);
        assert!(
            text.starts_with("Losses") && !text.contains("Barriers") && !text.contains("Kernel")
        );
    }
}
