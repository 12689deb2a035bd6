//! What the solutions and paths of a run are called on a page, and how they look.

use super::panel::{Mark, Panel, Subject};
use super::run::Run;
use super::style::{
    DrawingStyle, endpoint_sets, group_name, look, look_between, set_look, set_name,
};
use crate::data::Split;
use crate::optimizer::OptimizerName;
use crate::solutions::{EndpointSets, SetName};

impl Run<'_> {
    /// The look of a set: one color and one marker in every figure.
    pub fn look(&self, set: &SetName) -> DrawingStyle {
        let sets: Vec<&SetName> = self.sets.iter().map(|known| &known.name).collect();
        set_look(set, &sets)
    }

    /// The look of paths: that of the set of their endpoints; between two sets one of its own.
    pub fn look_of(&self, sets: &EndpointSets) -> DrawingStyle {
        match sets.single() {
            Some(set) => self.look(set),
            None => look_between(sets, &self.groups()),
        }
    }

    /// The look of an optimizer, whatever set its solutions are in.
    pub fn look_of_optimizer(&self, optimizer: &str) -> DrawingStyle {
        look(optimizer, &self.groups())
    }

    /// The mark of a solution.
    pub fn solution(&self, set: &SetName, number: u32) -> Mark {
        let word = if self.network().is_some() { "initialization" } else { "number" };
        let name = format!("{}, {word} {number}", set_name(set));
        Mark { name, subject: Subject::Solutions(vec![self.key(set, number)]) }
    }

    /// The mark of a training run, which leads to a solution in each set of its optimizer.
    pub fn training(&self, optimizer: &OptimizerName, number: u32) -> Mark {
        let name = format!("{}, initialization {number}", group_name(optimizer.name()));
        let keys = snapshots(optimizer).map(|set| self.key(&set, number));
        Mark { name, subject: Subject::Solutions(keys.into()) }
    }

    /// The mark of a path.
    pub fn pair(&self, sets: &EndpointSets, (a, b): (u32, u32)) -> Mark {
        let name = format!("{}, from {a} to {b}", endpoint_sets(sets));
        let keys = [self.key(&sets.a, a), self.key(&sets.b, b)];
        Mark { name, subject: Subject::Pair(keys) }
    }

    /// A key that no other solution on the page has.
    fn key(&self, set: &SetName, number: u32) -> String {
        format!("{}:{set}:{number}", self.number)
    }
}

/// The sets of an optimizer.
fn snapshots(optimizer: &OptimizerName) -> [SetName; 2] {
    [Split::Train, Split::Test].map(|split| SetName::of(optimizer, split))
}

impl Panel {
    /// The same, whose last layer shows paths between these sets: both must be switched on.
    #[must_use]
    pub fn of_paths(self, sets: &EndpointSets) -> Self {
        match sets.single() {
            Some(set) => self.of_sets([set]),
            None => self.of_sets([format!("{}+{}", sets.a, sets.b)]),
        }
    }

    /// The same, whose last layer shows training runs: one of their sets must be switched on.
    #[must_use]
    pub fn of_optimizer(self, optimizer: &OptimizerName) -> Self {
        self.of_sets(snapshots(optimizer))
    }
}
