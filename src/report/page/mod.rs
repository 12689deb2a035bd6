//! The page: a single file that loads nothing from elsewhere.

mod tables;

pub use tables::{losses_table, moments_table};

use super::figure::Figure;
use super::notes::{Note, Topic};
use super::panel::DrawError;
use super::paper::{self, Claim};
use super::run::Run;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Everything that is on the page of a report.
pub struct Page<'a, 'r> {
    /// The runs, side by side.
    pub runs: &'a [Run<'r>],
    /// The figures with their panels as SVG, or why they could not be drawn.
    pub figures: &'a [(&'a Figure, Result<Vec<String>, DrawError>)],
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
            .map(|(number, (figure, panels))| section(self.runs, number, figure, panels))
            .collect();
        let title = format!(
            "Loss landscape: {}",
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
                        @for run in self.runs { (about(run)) }
                        (self.contents())
                    }
                    main {
                        (paper::section::summary(self.claims))
                        @for figure in &figures { (figure) }
                        (tables::section(self.runs))
                        (paper::section::section(self.claims, self.runs))
                        (self.configurations())
                    }
                    footer {
                        p {
                            "Made by " (self.made_by) ". " (paper::method())
                        }
                    }
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
            }
        }
    }

    fn configurations(&self) -> Markup {
        html! {
            section #configuration {
                h2 { "Configuration" }
                @for run in self.runs {
                    details {
                        summary { "Every key in force" @if self.runs.len() > 1 { ", " (run.label) } }
                        pre { @for (key, value) in &run.effective { (key) " = " (value) "\n" } }
                    }
                }
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
        @if !run.missing.is_empty() {
            div.missing {
                p { b { "Some results are missing." } }
                ul { @for line in &run.missing { li { (line) } } }
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

/// What the notes beside a figure are about.
fn topic_of(figure: &Figure) -> Option<Topic> {
    match figure.key {
        "losses" => Some(Topic::Solutions),
        "barriers" | "profiles" | "landscape" => Some(Topic::Paths),
        _ => None,
    }
}

fn section(
    runs: &[Run<'_>],
    number: usize,
    figure: &Figure,
    panels: &Result<Vec<String>, DrawError>,
) -> Markup {
    let key = figure.key;
    html! {
        section.figure id=(key) {
            h2 { "Figure " (number) ". " (figure.title) }
            p { (PreEscaped(marked_up(figure.about))) }
            @if let Some(topic) = topic_of(figure) { (noted(runs, topic)) }
            @match panels {
                Err(error) => {
                    p.missing { (error.to_string()) ". The numbers: " (links(figure)) "." }
                }
                Ok(panels) if panels.is_empty() => p.missing { "There is nothing to show yet." },
                Ok(panels) => figure {
                    div.panels { @for panel in panels { div.panel { (PreEscaped(panel)) } } }
                    figcaption {
                        "For print: " a href={ (key) ".svg" } { "SVG" } ", " a href={ (key) ".png" } { "PNG" }
                        ". The numbers: " (links(figure)) "."
                    }
                }
            }
            @if !figure.notes.is_empty() {
                ul { @for note in &figure.notes { li { (note) } } }
            }
        }
    }
}

/// Links to the tables of a figure.
fn links(figure: &Figure) -> Markup {
    html! {
        @for (index, table) in figure.tables.iter().enumerate() {
            @if index > 0 { ", " }
            a href={ (table.name) ".csv" } { (table.name) ".csv" }
        }
    }
}

/// Typesets the names of the snapshots; the text is already HTML.
fn marked_up(text: &str) -> String {
    text.replace("ω^train", "ω<sup>train</sup>").replace("ω^test", "ω<sup>test</sup>")
}
