//! The files of a report.

use super::figure::{Figure, Table};
use super::figures::figures;
use super::files;
use super::page::{Page, losses_table, moments_table};
use super::panel::{DrawError, PagePanel, figure_svg, page_panels, png};
use super::paper::{claims, claims_table};
use super::run::Run;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Name of the page.
pub const PAGE: &str = "index.html";

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file.
    #[error("{}: the report cannot be written: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A table could not be written, which is a defect of this program.
    #[error("{name}.csv: {source}")]
    Csv {
        /// The table.
        name: String,
        /// Why.
        source: csv::Error,
    },
}

/// A report that was written.
#[derive(Debug)]
pub struct WrittenReport {
    /// Its page.
    pub page: PathBuf,
    /// New names of files that were in the way and that were not written by a report.
    pub kept: Vec<PathBuf>,
    /// Figures that could not be drawn, each with the reason. The page has the reason in their
    /// places.
    pub undrawn: Vec<String>,
}

/// Writes the page, every figure (those `of_stages` last) as SVG and PNG, and all numbers as CSV
/// into a directory, which is made if it does not exist. Equal runs give equal bytes. Everything is
/// computed before anything is written, and the page is written last. A figure that cannot be drawn
/// does not affect the others. An existing file that no report has written, or that was edited
/// since, is kept under another name.
///
/// # Errors
/// [`ReportError`].
pub fn write(
    directory: &Path,
    runs: &[Run<'_>],
    of_stages: Vec<Figure>,
    made_by: &str,
) -> Result<WrittenReport, ReportError> {
    let (figures, claims) = (figures(runs, of_stages), claims(runs));
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut drawn = Vec::new();
    for figure in &figures {
        let panels = attempt(|| draw(figure)).map(|Drawn { panels, pictures }| {
            files.extend(pictures);
            panels
        });
        drawn.push((figure, panels));
    }
    let mut more = vec![losses_table(runs), moments_table(runs)];
    if !claims.is_empty() {
        more.push(claims_table(&claims));
    }
    for table in figures
        .iter()
        .filter(|figure| !figure.panels.is_empty())
        .flat_map(Figure::filled_tables)
        .chain(&more)
    {
        files.push((format!("{}.csv", table.name), comma_separated(table)?));
    }
    let absolute = absolute(directory);
    let page =
        Page { directory: &absolute, runs, figures: &drawn, claims: &claims, made_by }.html();
    files.push((PAGE.to_owned(), page.into_bytes()));

    let kept = files::write(directory, &files)
        .map_err(|(path, source)| ReportError::Io { path, source })?;
    let undrawn = drawn.iter().filter_map(|(figure, panels)| {
        let error = panels.as_ref().err()?;
        Some(format!("figure \"{}\": {error}", figure.title))
    });
    let undrawn = undrawn.collect();
    Ok(WrittenReport { page: directory.join(PAGE), kept, undrawn })
}

/// The directory without links, as far as it exists; links on the page begin there.
fn absolute(directory: &Path) -> PathBuf {
    let full = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let existing = full.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    existing.map_or_else(
        || full.clone(),
        |(part, real)| {
            full.strip_prefix(part).map_or_else(|_| full.clone(), |rest| real.join(rest))
        },
    )
}

/// A drawn figure: its panels for the page, and its own files.
struct Drawn {
    panels: Vec<PagePanel>,
    pictures: Vec<(String, Vec<u8>)>,
}

fn draw(figure: &Figure) -> Result<Drawn, DrawError> {
    if figure.panels.is_empty() {
        return Ok(Drawn { panels: Vec::new(), pictures: Vec::new() });
    }
    let svg = figure_svg(&figure.panels, figure.title)?;
    let picture = (format!("{}.png", figure.key), png(&svg)?);
    let pictures = vec![picture, (format!("{}.svg", figure.key), svg.into_bytes())];
    Ok(Drawn { panels: page_panels(&figure.panels)?, pictures })
}

/// The result of `draw`; a panic becomes an error. The drawing libraries can panic, and one figure
/// must not make the whole report fail.
fn attempt<T>(draw: impl FnOnce() -> Result<T, DrawError>) -> Result<T, DrawError> {
    catch_unwind(AssertUnwindSafe(draw)).unwrap_or_else(|_| Err(DrawError::panic()))
}

fn comma_separated(table: &Table) -> Result<Vec<u8>, ReportError> {
    let failed = |source| ReportError::Csv { name: table.name.clone(), source };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.header).map_err(failed)?;
    table.rows.iter().try_for_each(|row| writer.write_record(row)).map_err(failed)?;
    writer.into_inner().map_err(|error| failed(error.into_error().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_panics_is_one_that_cannot_be_drawn() {
        let error = attempt(|| -> Result<(), _> { panic!("a defect of a library") }).unwrap_err();
        assert_eq!(error.to_string(), "this figure could not be drawn: a defect of the program");
        assert!(attempt(|| Ok(1)).is_ok());
    }
}
