//! What the page knows of the shapes: their sets, their solutions, their paths.
//!
//! The files of a figure are drawn without any of this.

use super::{Panel, PanelLayer};
use std::fmt;

/// Largest number of curves or points of a layer that the page can tell apart.
const MAX_MARKS: usize = 1000;

/// What one curve or one point of a layer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// For readers: `SGD train, initialization 3`.
    pub name: String,
    /// For the script, which finds the same solutions in other panels.
    pub subject: Subject,
}

/// The solutions behind a curve or a point, each by a key that is unique on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A solution, or a training run with the solutions it led to.
    Solutions(Vec<String>),
    /// A path between two solutions.
    Pair([String; 2]),
}

/// Where a layer is to be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visible {
    /// In the files and on the page.
    #[default]
    Everywhere,
    /// On the page only: short lines along the horizontal axis, whose heights mean nothing.
    OnPage,
    /// On the page, after the reader has asked for it or points at one of its solutions.
    OnDemand,
}

impl Panel {
    /// The same, whose last layer shows these sets.
    #[must_use]
    pub fn of_sets<S: fmt::Display>(self, sets: impl IntoIterator<Item = S>) -> Self {
        let sets = sets.into_iter().map(|set| set.to_string()).collect();
        self.change_last(|layer| PanelLayer { sets, ..layer })
    }

    /// The same with one mark for each curve or point of the last layer.
    #[must_use]
    pub fn marked(self, marks: Vec<Mark>) -> Self {
        self.change_last(|layer| PanelLayer { marks, ..layer })
    }

    /// The same, whose last layer is not in the files.
    #[must_use]
    pub fn shown(self, visible: Visible) -> Self {
        self.change_last(|layer| PanelLayer { visible, ..layer })
    }

    fn change_last(mut self, change: impl FnOnce(PanelLayer) -> PanelLayer) -> Self {
        let last = self.layers.pop();
        self.layers.extend(last.map(change));
        self
    }

    /// How many curves and points have marks, and how many of these the page leaves out.
    pub fn marks_left_out(&self) -> Option<(usize, usize)> {
        let counts = self.layers.iter().map(|layer| layer.marks.len());
        let all: usize = counts.clone().sum();
        let left_out: usize = counts.map(|count| count.saturating_sub(MAX_MARKS)).sum();
        (left_out > 0).then_some((left_out, all))
    }
}

impl PanelLayer {
    /// The mark of a curve or a point, if the page has it.
    pub(super) fn mark(&self, index: usize) -> Option<&Mark> {
        self.marks.get(index).filter(|_| index < MAX_MARKS)
    }

    /// The attributes of its group on the page.
    pub(super) fn attributes(&self) -> String {
        let class = match self.visible {
            Visible::OnDemand => "layer demand",
            Visible::OnPage => "layer rug",
            Visible::Everywhere => "layer",
        };
        let sets = escaped(&self.sets.join(" "));
        let name = escaped(self.label.as_deref().unwrap_or_default());
        format!("class=\"{class}\" data-sets=\"{sets}\" data-name=\"{name}\"")
    }
}

impl Mark {
    /// The attributes of its group on the page: `s` for solutions, `p` for a pair.
    pub(super) fn attributes(&self) -> String {
        match &self.subject {
            Subject::Solutions(keys) => format!("data-s=\"{}\"", escaped(&keys.join(" "))),
            Subject::Pair(keys) => format!("data-p=\"{}\"", escaped(&keys.join(" "))),
        }
    }
}

/// A text within an element or an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
