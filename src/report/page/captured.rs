//! Where the runs of the page come from, and their configurations.

use crate::report::captured::link;
use crate::report::run::Run;
use maud::{Markup, html};
use std::path::Path;

/// Directory, date, host, version, command lines and files of every run.
pub(super) fn section(runs: &[Run<'_>], page: &Path) -> Markup {
    html! {
        section #captured {
            h2 { "How it was computed" }
            div.runs { @for run in runs { (of_run(run, page, runs.len() > 1)) } }
            @for run in runs {
                details {
                    summary { "Configuration: all values in effect" @if runs.len() > 1 { ", " (run.label) } }
                    pre { @for (key, value) in &run.effective { (key) " = " (value) "\n" } }
                }
            }
        }
    }
}

fn of_run(run: &Run<'_>, page: &Path, several: bool) -> Markup {
    let captured = &run.captured;
    let (first, last) = (captured.sessions.first(), captured.sessions.last());
    html! {
        dl {
            @if several { dt { "run" } dd { b { (run.label) } } }
            dt { "directory" } dd { code { (captured.directory.display()) } }
            @if let (Some(first), Some(last)) = (first, last) {
                dt { "started" }
                dd {
                    time datetime=(first.started) { (shown(&first.started)) }
                    @if captured.sessions.len() > 1 {
                        ", last of " (captured.sessions.len()) " starts "
                        time datetime=(last.started) { (shown(&last.started)) }
                    }
                }
                dt { "host" }
                dd { (last.host) ", " (last.ranks) @if last.ranks == 1 { " rank" } @else { " ranks" } }
                dt { "version" } dd { (last.program) }
            }
            @if !captured.commands.is_empty() {
                dt { "command" }
                dd { @for command in &captured.commands { code { (command) } br; } }
            }
            @if !captured.files.is_empty() {
                dt { "files" }
                dd {
                    @for (index, name) in captured.files.iter().enumerate() {
                        @if index > 0 { ", " }
                        a href={ (link(page, &captured.directory)) "/" (name) } { (name) }
                    }
                }
            }
        }
    }
}

/// A time without fractions of seconds: `2026-11-29 14:31:17 UTC`.
fn shown(time: &str) -> String {
    let seconds = time.split(['.', 'Z', '+']).next().unwrap_or(time);
    format!("{} UTC", seconds.replacen('T', " ", 1))
}
