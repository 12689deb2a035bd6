//! The files of a report.

use super::claims::claims;
use super::figure::Table;
use super::figures::figures;
use super::files;
use super::page::{Page, claims_table, losses_table, moments_table};
use super::panel::{DrawError, figure_svg, png};
use super::run::Run;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Name of the page.
pub const PAGE: &str = "index.html";

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A figure.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// A file.
    #[error("{}: the report cannot be written: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Numbers that are no table, a defect of this program.
    #[error("{name}.csv: {source}")]
    Csv {
        /// The table.
        name: String,
        /// Why.
        source: csv::Error,
    },
}

/// A report that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its page.
    pub page: PathBuf,
    /// Where files are now that were in its place and that no report had written so.
    pub kept: Vec<PathBuf>,
}

/// Writes the page, every figure as SVG and PNG, and all numbers as CSV into a directory that is made
/// if need be. Equal runs give equal bytes. Everything is made before anything is written, and the page comes last.
/// A file there that no report has written, or that was edited since, is kept under another name.
///
/// # Errors
/// [`ReportError`].
pub fn write(directory: &Path, runs: &[Run<'_>], made_by: &str) -> Result<Written, ReportError> {
    let (figures, claims) = (figures(runs), claims(runs));
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for figure in figures.iter().filter(|figure| !figure.panels.is_empty()) {
        let svg = figure_svg(&figure.panels, figure.title)?;
        files.push((format!("{}.png", figure.key), png(&svg)?));
        files.push((format!("{}.svg", figure.key), svg.into_bytes()));
    }
    let more = [losses_table(runs), moments_table(runs), claims_table(&claims)];
    for table in figures.iter().filter(|figure| !figure.panels.is_empty()).flat_map(|figure| &figure.tables).chain(&more) {
        files.push((format!("{}.csv", table.name), comma_separated(table)?));
    }
    let page = Page { runs, figures: &figures, claims: &claims, made_by }.html()?;
    files.push((PAGE.to_owned(), page.into_bytes()));

    let kept = files::write(directory, &files, PAGE).map_err(|(path, source)| ReportError::Io { path, source })?;
    Ok(Written { page: directory.join(PAGE), kept })
}

fn comma_separated(table: &Table) -> Result<Vec<u8>, ReportError> {
    let failed = |source| ReportError::Csv { name: table.name.clone(), source };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&table.header).map_err(failed)?;
    table.rows.iter().try_for_each(|row| writer.write_record(row)).map_err(failed)?;
    writer.into_inner().map_err(|error| failed(error.into_error().into()))
}
