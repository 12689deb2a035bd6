//! The report: tables at the terminal, and a page of figures.
//!
//! ```text
//! results ─▶ Run ─┬─ figures ─▶ panels ─▶ SVG ─▶ PNG ─┐
//!                 │          └▶ tables of numbers     ├─▶ write ─▶ index.html, *.svg, *.png, *.csv
//!                 └─ paper: published numbers, claims ┘
//! ```

pub mod captured;
mod certified;
pub mod contours;
pub mod figure;
pub mod figures;
mod files;
mod identity;
pub mod index;
pub mod label;
pub mod notes;
pub mod number;
pub mod page;
pub mod panel;
pub mod paper;
pub mod plane;
pub mod run;
pub mod style;
pub mod summary;
mod table;
mod unfinished;
pub mod words;
mod write;

pub use captured::Captured;
pub use certified::CertifiedPaths;
pub use index::{IndexCell, IndexColumn};
pub use notes::{Note, Topic};
pub use run::Run;
pub use summary::{
    AccuracySummaries, BarrierRow, KernelPcaRow, LossRow, RunSummary, ShiftRow, SpreadRow,
};
pub use table::{SummaryTable, table};
pub use unfinished::{LeftStage, Unfinished};
pub use write::{PAGE, ReportError, WrittenReport, write};
