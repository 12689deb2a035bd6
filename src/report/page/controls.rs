//! The switches of the page. The script shows them; without it and in print they stay hidden.

use crate::report::run::Run;
use crate::report::style::{Color, set_name};
use crate::solutions::SetName;
use maud::{Markup, html};

/// A switch for every set, and what is highlighted.
pub(super) fn controls(runs: &[Run<'_>]) -> Markup {
    let sets = sets(runs);
    html! {
        p.hint.control hidden {
            "Point at a curve or a marker, or step through a figure with the arrow keys: it is \
             highlighted in all figures. A click or Enter holds it, Escape releases it."
        }
        div #controls.control hidden {
            @if sets.len() > 1 {
                fieldset {
                    legend { "Sets in the figures" }
                    @for (name, color) in &sets { (switch(name, *color)) }
                }
            }
            p #pinned hidden { "Highlighted: " span {} " " button type="button" { "clear" } }
        }
    }
}

fn switch(name: &SetName, Color(r, g, b): Color) -> Markup {
    html! {
        label {
            input.set type="checkbox" value=(name) checked autocomplete="off";
            span.swatch style={ "background:rgb(" (r) "," (g) "," (b) ")" } {}
            (set_name(name))
        }
    }
}

/// The sets of all runs, each name once.
fn sets(runs: &[Run<'_>]) -> Vec<(SetName, Color)> {
    let mut sets: Vec<(SetName, Color)> = Vec::new();
    for run in runs {
        for set in run.sets.iter().filter(|set| set.theta.nrows() > 0) {
            if !sets.iter().any(|(known, _)| *known == set.name) {
                sets.push((set.name.clone(), run.look(&set.name).color));
            }
        }
    }
    sets
}
