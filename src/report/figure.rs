//! A figure: panels, the numbers behind them, and an explanation.

pub use super::number::exact;
use super::panel::Panel;
use super::run::Run;

/// A figure of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of its files and its anchor on the page.
    pub key: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What is plotted and how to read it.
    pub about: String,
    /// Remarks about these results.
    pub notes: Vec<String>,
    /// The panels; none where there are no results yet.
    pub panels: Vec<Panel>,
    /// The numbers behind them, the first table under the figure's own name.
    pub tables: Vec<Table>,
}

/// Numbers as a file of comma-separated values.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the file, without extension.
    pub name: String,
    /// Names of the columns.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Figure {
    /// The tables that have rows. Without any the first one, so that its columns are known.
    pub fn filled_tables(&self) -> impl Iterator<Item = &Table> {
        let is_any = self.tables.iter().any(|table| !table.rows.is_empty());
        let tables = self.tables.iter().enumerate();
        let shown =
            tables.filter(move |(place, table)| !table.rows.is_empty() || (!is_any && *place == 0));
        shown.map(|(_, table)| table)
    }
}

impl Table {
    /// A table without rows.
    pub fn new(name: &str, header: &[&'static str]) -> Self {
        Self { name: name.to_owned(), header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.into());
    }
}

/// The panels of all runs. `panels` returns each with its kind, and panels of one kind are side by
/// side. With several runs, titles begin with the label of the run.
pub fn gather(runs: &[Run<'_>], panels: impl Fn(&Run<'_>) -> Vec<(String, Panel)>) -> Vec<Panel> {
    let mut kinds: Vec<(String, Vec<Panel>)> = Vec::new();
    for run in runs {
        for (kind, mut panel) in panels(run) {
            if panel.is_empty() {
                continue;
            }
            if runs.len() > 1 {
                panel.title = format!("{}: {}", run.label, panel.title);
            }
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, group)) => group.push(panel),
                None => kinds.push((kind, vec![panel])),
            }
        }
    }
    kinds.into_iter().flat_map(|(_, panels)| panels).collect()
}
