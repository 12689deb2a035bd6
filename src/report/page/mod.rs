//! The page: a single file that loads nothing from elsewhere.

mod captured;
mod controls;
mod figures;
mod index;
mod tables;

pub use tables::{losses_table, moments_table};

use super::figure::Figure;
use super::notes::{Note, Topic};
use super::panel::{DrawError, PagePanel};
use super::paper::{self, Claim};
use super::run::Run;
use super::unfinished::Unfinished;
use super::words::Words;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::path::Path;

/// Everything that is on the page of a report.
pub struct Page<'a, 'r> {
    /// The directory it is written to, absolute.
    pub directory: &'a Path,
    /// The runs, side by side.
    pub runs: &'a [Run<'r>],
    /// The figures with their panels, or why they could not be drawn.
    pub figures: &'a [(&'a Figure, Result<Vec<PagePanel>, DrawError>)],
    /// The claims with their findings; empty if none applies.
    pub claims: &'a [Claim],
    /// Program and version.
    pub made_by: &'a str,
}

impl Page<'_, '_> {
    /// The page as HTML.
    pub fn html(&self) -> String {
        let numbered = (1..).zip(self.figures);
        let figures: Vec<Markup> = numbered
            .map(|(number, (figure, panels))| figures::section(self.runs, number, figure, panels))
            .collect();
        let is_loss = !Words::of(self.runs).has_only_heights();
        let what = if is_loss { "Loss landscape" } else { "Landscape" };
        let title = format!(
            "{what}: {}",
            self.runs.iter().map(|run| run.label.as_str()).collect::<Vec<_>>().join(", ")
        );
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // Without this, browsers request an icon from the server.
                    link rel="icon" href="data:,";
                    title { (title) }
                    style { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    header {
                        h1 { (title) }
                        div.runs { @for run in self.runs { div { (about(run)) } } }
                        (self.contents())
                    }
                    main {
                        (index::section(self.runs))
                        (controls::controls(self.runs))
                        @for figure in &figures { (figure) }
                        (tables::section(self.runs))
                        (paper::section::section(self.claims, self.runs))
                        (captured::section(self.runs, self.directory))
                    }
                    footer {
                        p {
                            "Made by " (self.made_by) ". " (paper::method())
                        }
                    }
                    script { (PreEscaped(include_str!("script.js"))) }
                }
            }
        };
        page.into_string()
    }

    fn contents(&self) -> Markup {
        html! {
            nav {
                @for (figure, _) in self.figures { a href={ "#" (figure.key) } { (figure.title) } " " }
                @if tables::any(self.runs) { a href="#tables" { "Tables" } " " }
                (paper::section::contents(self.claims))
                a href="#captured" { "How it was computed" }
            }
        }
    }
}

/// The network and the data of the run, its notes, and its missing results.
fn about(run: &Run<'_>) -> Markup {
    html! {
        p {
            b { (run.label) }
            @if run.network().is_some() { " on " (run.data) ". " }
            @else if run.is_process() { ", the landscape of a process. " }
            @else { ", an analytic landscape. " }
            @if let Some(relation) = paper::relation(run) { (relation) " " }
        }
        @if !run.notes.is_empty() {
            div.missing.notes {
                p { b { "Some numbers need a remark." } }
                ul { @for note in &run.notes { li { (note_text(note)) } } }
            }
        }
        @if let Some(unfinished) = &run.unfinished { (what_is_left(unfinished)) }
        @if !run.missing.is_empty() {
            div.missing {
                p { b { "Some results are missing." } }
                ul { @for line in &run.missing { li { (line) } } }
            }
        }
    }
}

/// How far a run is: the kinds of its tasks of which some are left.
fn what_is_left(unfinished: &Unfinished) -> Markup {
    html! {
        div.missing.left {
            p { b { (unfinished.state()) } }
            @if unfinished.is_running {
                p { "The numbers are those of the results so far. Make the report again when the run has ended." }
            } @else {
                p { code { "lossatlas resume DIR" } ", with the directory of the run for DIR, resumes it." }
            }
            p { "What is left:" }
            ul {
                @for stage in &unfinished.left {
                    li {
                        (stage.words())
                        @if stage.kinds.len() > 1 { ul { @for kind in &stage.kinds { li { (kind) } } } }
                    }
                }
            }
        }
    }
}

/// The notes on a topic, which are shown next to the numbers they are about.
pub(super) fn noted(runs: &[Run<'_>], topic: Topic) -> Markup {
    let of = |run: &'_ Run<'_>| {
        run.notes.iter().filter(|note| note.topic == topic).cloned().collect::<Vec<Note>>()
    };
    let notes: Vec<(&str, Note)> = runs
        .iter()
        .flat_map(|run| of(run).into_iter().map(|note| (run.label.as_str(), note)))
        .collect();
    html! {
        @if !notes.is_empty() {
            ul.missing.notes {
                @for (label, note) in &notes {
                    li { @if runs.len() > 1 { b { (label) } ": " } (note_text(note)) }
                }
            }
        }
    }
}

/// A note; a line that begins with a space is a command.
fn note_text(note: &Note) -> Markup {
    html! {
        @for line in note.text.lines() {
            @if line.starts_with(' ') { code { (line.trim()) } }
            @else { (PreEscaped(marked_up(&escaped(line)))) " " }
        }
    }
}

fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}

/// Typesets the names of the snapshots; the text is already HTML.
fn marked_up(text: &str) -> String {
    text.replace("ω^train", "ω<sup>train</sup>").replace("ω^test", "ω<sup>test</sup>")
}
