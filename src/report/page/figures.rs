//! The figures of the page, each with its caption below.

use super::{marked_up, noted};
use crate::report::figure::Figure;
use crate::report::notes::Topic;
use crate::report::panel::{DrawError, MAX_BYTES, PagePanel};
use crate::report::run::Run;
use maud::{Markup, PreEscaped, html};

/// What the notes beside a figure are about.
fn topic_of(figure: &Figure) -> Option<Topic> {
    match figure.key {
        "losses" => Some(Topic::Solutions),
        // The figure after the barriers has the same paths.
        "barriers" | "landscape" => Some(Topic::Paths),
        _ => None,
    }
}

/// A figure with its number.
pub(super) fn section(
    runs: &[Run<'_>],
    number: usize,
    figure: &Figure,
    panels: &Result<Vec<PagePanel>, DrawError>,
) -> Markup {
    html! {
        section.figure id=(figure.key) {
            h2 { "Figure " (number) ". " (figure.title) }
            @match panels {
                Err(error) => {
                    p.missing { (error.to_string()) ". The numbers: " (links(figure)) "." }
                }
                Ok(panels) if panels.is_empty() => p.missing { "There is nothing to show yet." },
                Ok(panels) => figure.one[panels.len() == 1] {
                    div.panels.few[[1, 2, 4].contains(&panels.len())] { @for shown in panels { (panel(shown)) } }
                    @if panels.iter().any(has_single_paths) { (single_paths()) }
                    (caption(runs, figure, panels))
                }
            }
        }
    }
}

fn panel(PagePanel { svg, other, left_out, .. }: &PagePanel) -> Markup {
    html! {
        div.panel {
            (PreEscaped(svg))
            @if let Some(other) = other {
                template { (PreEscaped(&other.svg)) }
                label.control hidden {
                    input.scale type="checkbox" checked[other.is_log_first] autocomplete="off";
                    " logarithmic " (other.axis)
                }
            }
            @if let Some((left_out, all)) = left_out {
                p.note { (left_out) " of " (all) " curves and points do not answer to the pointer." }
            }
        }
    }
}

/// Whether a panel has curves that are shown on demand.
fn has_single_paths(panel: &PagePanel) -> bool {
    panel.svg.contains("class=\"layer demand\"")
}

fn single_paths() -> Markup {
    html! {
        label.control hidden {
            input.single type="checkbox" autocomplete="off"; " every single path"
        }
    }
}

/// What is to be seen, what has to be said, and the files.
fn caption(runs: &[Run<'_>], figure: &Figure, panels: &[PagePanel]) -> Markup {
    let large = panels.iter().filter(|panel| panel.is_large).count();
    html! {
        figcaption {
            p { (PreEscaped(marked_up(&figure.about))) }
            @if !figure.notes.is_empty() || large > 0 {
                ul {
                    @for note in &figure.notes { li { (note) } }
                    @if large > 0 {
                        li {
                            (large) " of " (panels.len()) " panels have more than "
                            (MAX_BYTES / 1000) " kB of curves and points. The page has them on one \
                             scale only, to stay small; the tables have the numbers for another one."
                        }
                    }
                }
            }
            @if let Some(topic) = topic_of(figure) { (noted(runs, topic)) }
            p {
                "For print: " a href={ (figure.key) ".svg" } { "SVG" } ", "
                a href={ (figure.key) ".png" } { "PNG" } ". The numbers: " (links(figure)) "."
            }
        }
    }
}

/// Links to the tables of a figure.
fn links(figure: &Figure) -> Markup {
    html! {
        @for (index, table) in figure.filled_tables().enumerate() {
            @if index > 0 { ", " }
            a href={ (table.name) ".csv" } { (table.name) ".csv" }
        }
    }
}
