//! Notes on results that need a remark: how many there are, and the remedy.
//!
//! A path that is still the straight line has a barrier like any other path, and a set of runs that
//! never improved has a mean loss. Wherever such numbers are shown, these notes are shown with
//! them.

use super::certified::CertifiedPaths;
use super::number::short;
use crate::config::{LandscapeConfig, MinimaConfig};
use crate::data::Split;
use crate::optimizer::minimize::{DistinctMinimum, MinimizationResult, MinimizationStop, merge};
use crate::optimizer::{ChosenOptimizer, OptimizerName, Remedy, TrainingRun, TrainingStop};
use crate::path::{PathResult, PathSet, PathStop};
use serde::{Deserialize, Serialize};

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topic {
    /// Losses or heights of solutions.
    Solutions,
    /// Paths and their barriers.
    Paths,
}

/// A few sentences about results of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its topic.
    pub topic: Topic,
    /// How many results, of how many, the reason, and the remedy.
    pub text: String,
    /// Whether it concerns every result of a set, so that the set is worthless.
    pub concerns_all: bool,
}

/// The results that are checked for notes.
#[derive(Clone, Debug, Default)]
pub struct NotedResults<'a> {
    /// Training runs that ended with a solution.
    pub training: Vec<NotedTraining<'a>>,
    /// Of an analytic landscape.
    pub minima: Option<NotedMinima<'a>>,
    /// The paths.
    pub paths: &'a [PathSet],
    /// Whether equal atoms of their second endpoints are exchanged (`paths.align`).
    pub exchanges: bool,
    /// Those of the paths whose refined barrier is certified.
    pub certified: CertifiedPaths,
    /// Learning rate of the searches for paths; `None` if it is unknown.
    pub path_learning_rate: Option<f64>,
}

/// The training runs of an optimizer.
#[derive(Clone, Debug)]
pub struct NotedTraining<'a> {
    /// Its name.
    pub name: &'a OptimizerName,
    /// Its kind and the values of its keys.
    pub optimizer: &'a ChosenOptimizer,
    /// The runs that ended with a solution.
    pub runs: Vec<&'a TrainingRun>,
}

/// The default of `paths.learning_rate`. A failed search with a lower rate may need a higher one.
const DEFAULT_PATH_RATE: f64 = 1e-3;

/// The starts on an analytic landscape, and where their minimizations ended.
#[derive(Clone, Debug)]
pub struct NotedMinima<'a> {
    /// The landscape.
    pub config: &'a LandscapeConfig,
    /// The results, with the numbers of their starts.
    pub found: Vec<(u32, &'a MinimizationResult)>,
    /// Two minima that differ by less are the same.
    pub distinct: f64,
}

impl NotedResults<'_> {
    /// All notes, those on solutions first.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = self.training.iter().flat_map(NotedTraining::notes).collect();
        notes.extend(decayed(&self.training));
        if let Some(minima) = &self.minima {
            notes.extend(minima.notes());
        }
        notes.extend(self.of_paths());
        let built_in =
            |minima: &NotedMinima<'_>| minima.config.landscape.built_in()?.caveat(self.exchanges);
        let exchange = self.minima.as_ref().and_then(built_in);
        if self.paths.iter().any(|paths| !paths.pairs.is_empty()) {
            notes.extend(exchange.map(|text| note(Topic::Paths, text.to_owned(), false)));
        }
        notes
    }
}

fn note(topic: Topic, text: String, concerns_all: bool) -> Note {
    Note { topic, text, concerns_all }
}

impl NotedTraining<'_> {
    /// Runs that never improved on their initialization.
    fn notes(&self) -> Vec<Note> {
        let Self { name, runs, .. } = self;
        let best = |split: Split, remedy: &str| {
            let images = if split == Split::Train { "training" } else { "test" };
            let never = runs.iter().filter(|run| is_initialization(run, split)).count();
            let text = format!(
                "{never} of {} {name} runs never came below the {images} loss of their \
                 initialization: their ω^{split} is the initialization.{remedy}",
                runs.len()
            );
            (never > 0)
                .then(|| note(Topic::Solutions, text, split == Split::Train && never == runs.len()))
        };
        let train = best(Split::Train, &format!(" {}", self.remedy()));
        train.into_iter().chain(best(Split::Test, "")).collect()
    }

    fn remedy(&self) -> String {
        let mut initial = self.runs.iter().filter(|run| run.train.epoch == 0);
        let unmoved = initial.all(|run| is_unmoved(run));
        let Remedy { raise, key } = self.optimizer.kind().remedy(unmoved);
        // An L-BFGS that found no step has not moved either, but that is no matter of a rate.
        let said = unmoved && self.optimizer.kind().remedy(false).raise != raise;
        match (said, raise) {
            (true, true) => {
                format!("The loss did not change: raise `training.{}.{key}`.", self.name)
            }
            (_, true) => format!("Raise `training.{}.{key}`.", self.name),
            (_, false) => format!("Lower `training.{}.{key}`.", self.name),
        }
    }
}

/// That reported losses leave out the weight decay of some optimizers.
fn decayed(training: &[NotedTraining<'_>]) -> Option<Note> {
    let decayed = training.iter().filter(|of| of.optimizer.decays_weights() && !of.runs.is_empty());
    let names: Vec<&str> = decayed.map(|of| of.name.name()).collect();
    let text = format!(
        "The losses are those of the images alone: they do not include the weight decay of {}.",
        names.join(", ")
    );
    (!names.is_empty()).then(|| note(Topic::Solutions, text, false))
}

/// Whether the snapshot of a split is the initialization, though the run should have left it.
pub(super) fn is_initialization(run: &TrainingRun, split: Split) -> bool {
    let snapshot = match split {
        Split::Train => &run.train,
        Split::Test => &run.test,
    };
    tried(run) && snapshot.epoch == 0
}

/// Whether the training loss did not change, except for rounding: the steps are too short.
fn is_unmoved(run: &TrainingRun) -> bool {
    const ROUNDING: f64 = 1e-6;
    let Some(&first) = run.curve_train.first() else { return false };
    run.curve_train.iter().all(|loss| (loss - first).abs() <= ROUNDING * first.abs())
}

/// Whether the run should have left its initialization.
fn tried(run: &TrainingRun) -> bool {
    let no_epochs_asked_for = run.stop == TrainingStop::Completed && run.curve_train.len() <= 1;
    !no_epochs_asked_for && !matches!(run.stop, TrainingStop::TargetLoss { .. })
}

/// Of a set: the paths of which something holds, those of these whose refined barrier is not
/// certified, and all paths.
struct Counted<'a> {
    set: &'a PathSet,
    count: usize,
    open: usize,
    of: usize,
}

/// In place of a remedy.
const CERTIFIED: &str = "Their refined barriers are certified passes.";

impl NotedResults<'_> {
    /// The paths of each set for which `is` holds, if there are any.
    fn counted(&self, is: &dyn Fn(&PathResult) -> bool) -> Vec<Counted<'_>> {
        let counted = self.paths.iter().enumerate().map(|(place, set)| {
            let counted = || self.certified.found(place, set).filter(|(path, _)| is(path));
            let open = counted().filter(|(_, is_certified)| !is_certified).count();
            Counted { set, count: counted().count(), open, of: set.found().count() }
        });
        counted.filter(|of| of.count > 0).collect()
    }

    fn of_paths(&self) -> Vec<Note> {
        let sets = self.paths;
        let loss = if self.minima.is_some() { "height" } else { "loss" };
        let all: usize = sets.iter().map(|set| set.found().count()).sum();
        let say = |counts: &[Counted<'_>], what: &str| {
            let count: usize = counts.iter().map(|of| of.count).sum();
            let list = counts.iter().map(|Counted { set, count, of, .. }| {
                format!("{} on {} {count} of {of}", set.set, set.landscape)
            });
            format!("{count} of {all} paths {what} ({}).", list.collect::<Vec<_>>().join(", "))
        };
        // What a refinement has settled needs no other search.
        let remedied = |counts: &[Counted<'_>], remedy: &'static str| {
            if counts.iter().all(|of| of.open == 0) { CERTIFIED } else { remedy }
        };
        let mut notes = Vec::new();
        let straight = self.counted(&PathResult::is_unimproved);
        if !straight.is_empty() {
            let what = format!(
                "are the straight line, because no step of the search lowered the {loss}: H is not \
                 the barrier of a path that was found"
            );
            let not_finite = |path: &PathResult| matches!(path.stop, PathStop::NotFinite { .. });
            let unimproved =
                || sets.iter().flat_map(PathSet::found).filter(|path| path.is_unimproved());
            let remedy = if unimproved().any(not_finite) {
                "Lower `paths.learning_rate`, or `paths.lambda` if it is large."
            } else if self.path_learning_rate.is_some_and(|rate| rate < DEFAULT_PATH_RATE) {
                "Raise `paths.learning_rate`, which is below its default, or `paths.steps`."
            } else {
                "Lower `paths.learning_rate`, or raise `paths.steps`."
            };
            let text = format!("{} {}", say(&straight, &what), remedied(&straight, remedy));
            notes.push(note(Topic::Paths, text, straight.iter().any(|of| of.count == of.of)));
        }
        let early = self.counted(&|path| {
            matches!(path.stop, PathStop::NotFinite { .. }) && !path.is_unimproved()
        });
        if !early.is_empty() {
            let what = "ended early, because the objective was not finite in a step: the result is the \
                        best path before it";
            let remedy = "Lower `paths.learning_rate`, or `paths.lambda` if it is large.";
            let text = format!("{} {}", say(&early, what), remedied(&early, remedy));
            notes.push(note(Topic::Paths, text, false));
        }
        let worse = self.counted(&is_higher_than_straight);
        if !worse.is_empty() {
            let what = "rise higher than the straight line does at the points of the grid, so that the \
                        straight line may be the lower path";
            let remedy = "Lower `paths.learning_rate`, or raise `paths.points`.";
            let text = format!("{} {}", say(&worse, what), remedied(&worse, remedy));
            notes.push(note(Topic::Paths, text, false));
        }
        let asked_for = self.counted(&PathResult::took_no_step);
        if !asked_for.is_empty() {
            let what = "are the straight line, as `paths.steps = 0` asks for";
            notes.push(note(Topic::Paths, say(&asked_for, what), false));
        }
        notes
    }
}

/// Whether the path rises higher than the straight line, at the points of the grid or between them.
///
/// The search minimizes the sum over the points, so its best path may have a higher maximum.
/// Differences within rounding do not count.
fn is_higher_than_straight(path: &PathResult) -> bool {
    /// For single precision, in which losses may be summed.
    const ROUNDING: f64 = 1e-6;
    let limit = path.straight_barrier + ROUNDING * path.straight_barrier.abs();
    !path.is_straight_line() && path.barrier.max(path.fine_barrier) > limit
}

impl NotedMinima<'_> {
    fn notes(&self) -> Vec<Note> {
        let mut of_process = self.not_deterministic();
        of_process.extend(self.of_starts());
        of_process
    }

    /// That the same run may give other bits.
    fn not_deterministic(&self) -> Vec<Note> {
        let process = self.config.landscape.process();
        let text = "The process is declared not to be deterministic (`landscape.deterministic = \
                    false`): the same configuration may give other results, and so may a run that \
                    was interrupted and resumed.";
        let varies = process.filter(|process| !process.deterministic);
        varies.map(|_| note(Topic::Solutions, text.to_owned(), false)).into_iter().collect()
    }

    fn of_starts(&self) -> Vec<Note> {
        let (mut notes, remedy) = match &self.config.minima {
            MinimaConfig::None => return Vec::new(),
            MinimaConfig::Given(_) => return self.given("minimum."),
            MinimaConfig::File { minimized: false, .. } => return self.given("point "),
            MinimaConfig::File { minimized: true, .. } => {
                let merged = self.merged("point ");
                let notes = self.left_out("point ").into_iter().chain(merged).collect::<Vec<_>>();
                (notes, "Start from other points.")
            }
            MinimaConfig::Minimized(_) => {
                let merged = self.merged("minimum.");
                let notes = self.left_out("minimum.").into_iter().chain(merged).collect::<Vec<_>>();
                (notes, "Start from other points.")
            }
            MinimaConfig::Search { .. } => {
                let notes = self.left_out("start ").into_iter().chain(self.alone()).collect();
                (notes, "Raise `landscape.starts`.")
            }
        };
        // Each reason to leave out a start may apply to some starts only.
        let is_said = notes.iter().any(|note| note.concerns_all);
        if !is_said && !self.found.is_empty() && self.solutions().is_empty() {
            let all = self.found.len();
            let text =
                format!("None of {all} starts led to a minimum: there is no solution. {remedy}");
            notes.push(note(Topic::Solutions, text, true));
        }
        notes
    }

    /// Names of the starts for which `is` holds: `of` followed by the number.
    fn names(&self, of: &str, is: impl Fn(&MinimizationResult) -> bool) -> Vec<String> {
        self.found
            .iter()
            .filter(|(_, relaxed)| is(relaxed))
            .map(|(number, _)| format!("{of}{number}"))
            .collect()
    }

    /// Notes on points that are used as given.
    fn given(&self, of: &str) -> Vec<Note> {
        let all = self.found.len();
        let kinds =
            [(MinimizationStop::Saddle, "a saddle"), (MinimizationStop::Maximum, "a maximum")].map(
                |(stop, what)| {
                    let names = self.names(of, |relaxed| relaxed.stop == stop);
                    let text = format!(
                        "{} of {all} points are no minimum but {what}, and are used as given: {}.",
                        names.len(),
                        shortened(&names)
                    );
                    (!names.is_empty()).then(|| note(Topic::Solutions, text, false))
                },
            );
        let slope = |relaxed: &MinimizationResult| {
            relaxed.stop == MinimizationStop::NotMinimized && relaxed.gradient_norm > SLOPE
        };
        let names = self.names(of, slope);
        let steepest = self.found.iter().filter(|(_, relaxed)| slope(relaxed));
        let steepest = steepest.map(|(_, relaxed)| relaxed.gradient_norm).fold(0.0, f64::max);
        let text = format!(
            "{} of {all} points are used as given though the gradient is not zero there, |∇f| up \
             to {}: {}. `landscape.relax = true` minimizes them.",
            names.len(),
            short(steepest),
            shortened(&names)
        );
        let sloping = (!names.is_empty()).then(|| note(Topic::Solutions, text, false));
        kinds.into_iter().flatten().chain(sloping).collect()
    }

    /// Notes on starts that did not lead to a minimum.
    fn left_out(&self, of: &str) -> Vec<Note> {
        let all = self.found.len();
        let unbound = |relaxed: &MinimizationResult| {
            relaxed.stop.is_minimum() && self.config.landscape.identify(&relaxed.theta).is_none()
        };
        let reasons: [(Condition<'_>, &str); 4] = [
            (
                &|relaxed| relaxed.stop == MinimizationStop::Saddle,
                "ended on a saddle from which no step led down",
            ),
            (
                &|relaxed| relaxed.stop == MinimizationStop::Maximum,
                "ended on a maximum from which no step led down",
            ),
            (
                &|relaxed| relaxed.stop == MinimizationStop::IterationsSpent,
                "took all iterations without reaching a minimum",
            ),
            (&unbound, "ended in clusters that fell apart"),
        ];
        let notes = reasons.iter().filter_map(|(is, what)| {
            let names = self.names(of, is);
            let text = format!(
                "{} of {all} starts {what} and are left out: {}.",
                names.len(),
                shortened(&names)
            );
            (!names.is_empty()).then(|| note(Topic::Solutions, text, names.len() == all))
        });
        notes.collect()
    }

    fn solutions(&self) -> Vec<DistinctMinimum> {
        let found: Vec<MinimizationResult> =
            self.found.iter().map(|(_, relaxed)| (*relaxed).clone()).collect();
        merge(&found, self.distinct, &|theta| self.config.landscape.identify(theta))
    }

    /// Notes on points that led to the same minimum, and on the pairs that are lost by this.
    fn merged(&self, of: &str) -> Vec<Note> {
        let solutions = self.solutions();
        let name = |index: &usize| format!("{of}{}", self.found[*index].0);
        let mut notes: Vec<Note> = Vec::new();
        for solution in solutions.iter().filter(|solution| !solution.same.is_empty()) {
            let mut members: Vec<usize> =
                solution.same.iter().copied().chain([solution.index]).collect();
            members.sort_unstable();
            let (names, kept) =
                (members.iter().map(name).collect::<Vec<_>>(), name(&solution.index));
            let text = format!("{} became one minimum; {kept} stands for it.", shortened(&names));
            notes.push(note(Topic::Solutions, text, false));
        }
        let pairs = |points: usize| {
            let kept = points.min(self.config.keep);
            kept * kept.saturating_sub(1) / 2
        };
        let (before, after) = (pairs(self.found.len()), pairs(solutions.len()));
        if after < before {
            let text = format!(
                "{} points led to {} distinct minima: {} of {before} pairs have vanished.",
                self.found.len(),
                solutions.len(),
                before - after
            );
            notes.push(note(Topic::Solutions, text, after == 0));
        }
        notes
    }

    /// A note on a search that found one minimum although more were wanted.
    fn alone(&self) -> Option<Note> {
        let wanted = self.config.keep > 1 && self.found.len() > 1;
        let text = format!(
            "{} starts led to a single minimum: there is no pair for a path. Raise `landscape.starts`.",
            self.found.len()
        );
        (wanted && self.solutions().len() == 1).then(|| note(Topic::Solutions, text, true))
    }
}

/// A condition on the result of a start.
type Condition<'a> = &'a dyn Fn(&MinimizationResult) -> bool;

/// |∇f| above which a point that is used as given counts as lying on a slope. A smaller gradient is
/// explained by the nine decimals of a published point.
const SLOPE: f64 = 1e-4;

/// Maximum number of names in a list.
const MAX_NAMES: usize = 8;

/// A list of names, not all of them if they are many.
fn shortened(names: &[String]) -> String {
    match names.len().saturating_sub(MAX_NAMES) {
        0 | 1 => names.join(", "),
        more => format!("{} and {} more", names[..names.len() - more].join(", "), more),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::ChosenLandscape;
    use crate::landscape::{BuiltIn, DoubleWell, LennardJones};
    use crate::optimizer::minimize::{MinimizationParameters, minimize};
    use crate::optimizer::{Snapshot, optimizer_kind};
    use crate::solutions::{LandscapeName, SetName};

    pub fn path(loss: &[f64], best_step: u32, stop: PathStop) -> PathResult {
        let height = loss.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        PathResult {
            loss: loss.to_vec(),
            straight_loss: loss.to_vec(),
            barrier: height,
            fine_barrier: height,
            straight_barrier: height,
            length: 1.0,
            length_straight: 1.0,
            steps: 9,
            best_step,
            stop,
            accuracy: None,
        }
    }

    pub fn path_set(set: &str, paths: Vec<PathResult>) -> PathSet {
        PathSet {
            set: SetName::parse(set).unwrap().into(),
            landscape: LandscapeName::Train,
            pairs: (0..paths.len() as u32).map(|number| (number, number + 1)).collect(),
            results: paths.into_iter().map(Ok).collect(),
        }
    }

    fn texts(notes: &[Note]) -> Vec<&str> {
        notes.iter().map(|note| note.text.as_str()).collect()
    }

    #[test]
    fn paths_that_are_the_straight_line_are_counted_by_set() {
        let (rising, flat) = ([0.0, 2.0, 1.0], [0.0, 0.5, 1.0]);
        let found = || path(&rising, 4, PathStop::Completed);
        let straight = || path(&rising, 0, PathStop::Completed);
        let sets = [
            path_set("a/b", vec![found(), straight(), path(&flat, 0, PathStop::Completed)]),
            path_set("c/d", vec![found()]),
        ];
        let notes = NotedResults { paths: &sets, ..NotedResults::default() }.notes();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].text.starts_with("1 of 4 paths are the straight line"),
            "{}",
            notes[0].text
        );
        assert!(
            notes[0].text.contains("(a/b on train 1 of 3)")
                && notes[0].text.contains("`paths.learning_rate`")
        );
        assert!(!notes[0].concerns_all);
        let sets = [path_set("a/b", vec![straight(), straight()]), path_set("c/d", vec![found()])];
        assert!(NotedResults { paths: &sets, ..NotedResults::default() }.notes()[0].concerns_all);
        let early = [path_set("a/b", vec![path(&rising, 3, PathStop::NotFinite { step: 5 })])];
        let notes = NotedResults { paths: &early, ..NotedResults::default() }.notes();
        assert!(notes[0].text.contains("ended early") && !notes[0].concerns_all, "{notes:?}");
        assert_eq!(
            NotedResults { paths: &[path_set("a/b", vec![found()])], ..NotedResults::default() }
                .notes(),
            []
        );
    }

    #[test]
    fn paths_that_rise_higher_than_the_straight_line_are_counted() {
        let found = path(&[0.0, 2.0, 1.0], 4, PathStop::Completed);
        let on_the_grid = PathResult { straight_barrier: 1.5, ..found.clone() };
        let between = PathResult { fine_barrier: 2.5, ..found.clone() };
        let rounding = PathResult { fine_barrier: 2.000_000_1, ..found.clone() };
        let straight =
            PathResult { fine_barrier: 2.5, ..path(&[0.0, 1.0], 0, PathStop::Completed) };
        let sets = [path_set("a/b", vec![found, on_the_grid, between, rounding, straight])];
        let notes = NotedResults { paths: &sets, ..NotedResults::default() }.notes();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(
            notes[0].text.starts_with("2 of 5 paths rise higher than the straight line"),
            "{notes:?}"
        );
        assert!(notes[0].text.contains("`paths.points`") && !notes[0].concerns_all, "{notes:?}");
    }

    #[test]
    fn paths_with_certified_barriers_need_no_other_search() {
        let found = path(&[0.0, 2.0, 1.0], 4, PathStop::Completed);
        let worse = PathResult { straight_barrier: 1.5, ..found.clone() };
        let sets = [path_set("a/b", vec![found, worse.clone(), worse])];
        let text = |certified: Vec<Vec<bool>>| {
            let certified = CertifiedPaths::new(certified);
            let noted = NotedResults { paths: &sets, certified, ..NotedResults::default() };
            let notes = noted.notes();
            assert!(notes[0].text.starts_with("2 of 3 paths rise higher"), "{notes:?}");
            notes[0].text.clone()
        };
        assert!(text(vec![vec![false, true, true]]).ends_with(CERTIFIED));
        for open in [Vec::new(), vec![vec![true, true, false]]] {
            let text = text(open);
            assert!(text.contains("`paths.points`") && !text.contains(CERTIFIED), "{text}");
        }
    }

    #[test]
    fn the_remedy_for_paths_depends_on_what_went_wrong() {
        let remedy = |best_step: u32, stop: PathStop, rate: f64| {
            let sets = [path_set("a/b", vec![path(&[0.0, 2.0, 1.0], best_step, stop)])];
            let notes = NotedResults {
                paths: &sets,
                path_learning_rate: Some(rate),
                ..NotedResults::default()
            }
            .notes();
            notes[0].text.rsplit_once("). ").expect("a remedy").1.to_owned()
        };
        assert!(remedy(0, PathStop::Completed, 1e-12).starts_with("Raise `paths.learning_rate`"));
        for rate in [DEFAULT_PATH_RATE, 1e30] {
            assert!(
                remedy(0, PathStop::Completed, rate).starts_with("Lower `paths.learning_rate`")
            );
        }
        for best_step in [0, 3] {
            let said = remedy(best_step, PathStop::NotFinite { step: 5 }, 1e-12);
            assert!(said.starts_with("Lower") && said.contains("`paths.lambda`"), "{said}");
        }
    }

    #[test]
    fn the_remedy_for_training_depends_on_whether_the_loss_changed() {
        let said = |curve: [f64; 3]| {
            let run =
                TrainingRun { curve_train: curve.into(), ..run(0, 3, 2, TrainingStop::Completed) };
            NotedResults {
                training: vec![NotedTraining {
                    name: &OptimizerName::sgd(),
                    optimizer: &ChosenOptimizer::sgd(0.1, 64, 2),
                    runs: vec![&run],
                }],
                ..NotedResults::default()
            }
            .notes()[0]
                .text
                .clone()
        };
        assert!(said([2.0, 2.0, 2.000_000_1]).ends_with("raise `training.sgd.learning_rate`."));
        assert!(said([2.0, 3.0, 9.0]).ends_with("Lower `training.sgd.learning_rate`."));
        assert!(said([2.0, f64::NAN, f64::NAN]).ends_with("Lower `training.sgd.learning_rate`."));
    }

    #[test]
    fn losses_without_the_weight_decay_are_said_to_be_so() {
        let run = run(5, 3, 9, TrainingStop::Completed);
        let names = ["a", "b", "c"].map(|name| OptimizerName::parse(name).unwrap());
        let plain = ChosenOptimizer::with_defaults(optimizer_kind("adam").unwrap());
        let decayed = ChosenOptimizer::with_defaults(optimizer_kind("adamw").unwrap());
        let training = |optimizers: [&ChosenOptimizer; 3]| {
            let each = names.iter().zip(optimizers);
            let each =
                each.map(|(name, optimizer)| NotedTraining { name, optimizer, runs: vec![&run] });
            NotedResults { training: each.collect(), ..NotedResults::default() }.notes()
        };
        assert_eq!(training([&plain, &plain, &plain]), []);
        let said = training([&decayed, &plain, &decayed]);
        assert_eq!(
            texts(&said),
            [
                "The losses are those of the images alone: they do not include the weight decay of a, c."
            ]
        );
        assert!(said[0].topic == Topic::Solutions && !said[0].concerns_all);
    }

    fn run(train: u32, test: u32, epochs: usize, stop: TrainingStop) -> TrainingRun {
        let snapshot = |epoch| Snapshot {
            epoch,
            theta: vec![0.0],
            loss_train: 1.0,
            loss_test: 1.0,
            accuracy_train: 0.5,
            accuracy_test: 0.5,
        };
        TrainingRun {
            train: snapshot(train),
            test: snapshot(test),
            curve_train: vec![1.0; epochs + 1],
            curve_test: vec![1.0; epochs + 1],
            memory_dropped: 0,
            stop,
        }
    }

    #[test]
    fn runs_that_are_still_their_initialization_are_counted() {
        let notes = |name: OptimizerName, runs: &[TrainingRun]| {
            let kind = optimizer_kind(name.name()).unwrap();
            let optimizer = &ChosenOptimizer::with_defaults(kind);
            let training = NotedTraining { name: &name, optimizer, runs: runs.iter().collect() };
            NotedResults { training: vec![training], ..NotedResults::default() }.notes()
        };
        let good = run(5, 3, 9, TrainingStop::Completed);
        assert_eq!(notes(OptimizerName::sgd(), std::slice::from_ref(&good)), []);
        let stuck = run(0, 3, 9, TrainingStop::Completed);
        let said = notes(OptimizerName::sgd(), &[good.clone(), stuck.clone()]);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].text.starts_with("1 of 2 sgd runs")
                && said[0].text.contains("`training.sgd.learning_rate`")
        );
        assert!(!said[0].concerns_all && notes(OptimizerName::sgd(), &[stuck])[0].concerns_all);
        // L-BFGS that ended in its first iteration. The test loss may rise from the start: that is
        // no failure.
        let first = run(0, 0, 0, TrainingStop::NoDescent { iteration: 1 });
        let said = notes(OptimizerName::lbfgs(), &[good, first]);
        assert!(
            said[0].text.contains("the training loss") && said[0].text.contains("ω^train"),
            "{said:?}"
        );
        assert!(said[1].text.contains("ω^test") && !said[1].concerns_all, "{said:?}");
        let only_test = run(4, 0, 9, TrainingStop::Completed);
        assert!(!notes(OptimizerName::sgd(), &[only_test])[0].concerns_all);
        assert_eq!(
            notes(OptimizerName::sgd(), &[run(0, 0, 0, TrainingStop::Completed)]),
            [],
            "no epoch was asked for"
        );
        assert_eq!(
            notes(
                OptimizerName::lbfgs(),
                &[run(0, 0, 0, TrainingStop::TargetLoss { iteration: 0 })]
            ),
            []
        );
    }

    fn double_well() -> BuiltIn {
        BuiltIn::DoubleWell(DoubleWell::new(2).unwrap())
    }

    fn well(minima: MinimaConfig, keep: usize) -> LandscapeConfig {
        config(double_well(), minima, keep)
    }

    fn config(landscape: BuiltIn, minima: MinimaConfig, keep: usize) -> LandscapeConfig {
        let landscape = ChosenLandscape::BuiltIn(landscape);
        LandscapeConfig { landscape, minima, keep, imports: Vec::new() }
    }

    fn notes_of(config: &LandscapeConfig, found: &[MinimizationResult]) -> Vec<Note> {
        let found = (0..).zip(found).collect();
        NotedResults {
            minima: Some(NotedMinima { config, found, distinct: 1e-4 }),
            ..NotedResults::default()
        }
        .notes()
    }

    #[test]
    fn points_that_became_one_and_the_pairs_that_vanish_are_named() {
        let points = vec![vec![0.0, 0.0], vec![0.9, 1.1], vec![-1.0, 1.0]];
        let config = well(MinimaConfig::Minimized(points.clone()), 3);
        let landscape = double_well().build();
        let found: Vec<MinimizationResult> = points
            .iter()
            .map(|at| minimize(&landscape, at, &MinimizationParameters::default()).unwrap())
            .collect();
        let notes = notes_of(&config, &found);
        assert!(
            notes[0].text.starts_with("minimum.0, minimum.1 became one minimum; minimum."),
            "{notes:?}"
        );
        assert_eq!(notes[1].text, "3 points led to 2 distinct minima: 2 of 3 pairs have vanished.");
        assert!(notes.iter().all(|note| !note.concerns_all));
        let alone = notes_of(&config, &found[..2]);
        assert!(alone.last().unwrap().concerns_all, "{alone:?}");
    }

    #[test]
    fn pairs_beyond_those_that_are_kept_do_not_count_as_lost() {
        let points = vec![vec![1.0, 1.0], vec![0.9, 1.1], vec![-1.0, 1.0], vec![1.0, -1.0]];
        let lost = |keep| {
            let config = well(MinimaConfig::Minimized(points.clone()), keep);
            let landscape = double_well().build();
            let relaxed = |at: &Vec<f64>| {
                minimize(&landscape, at, &MinimizationParameters::default()).unwrap()
            };
            let found: Vec<MinimizationResult> = points.iter().map(relaxed).collect();
            let notes = notes_of(&config, &found);
            notes.into_iter().map(|note| note.text).find(|text| text.contains("vanished"))
        };
        assert!(lost(4).unwrap().ends_with("3 of 6 pairs have vanished."));
        assert_eq!(lost(3), None, "three were asked for, and three are there");
        assert_eq!(lost(2), None);
    }

    #[test]
    fn a_search_without_a_solution_says_so_whatever_the_reasons() {
        let points = vec![vec![0.4, 0.3], vec![1.0, 0.0]];
        let searches =
            [MinimaConfig::Search { starts: 2 }, MinimaConfig::Minimized(points.clone())];
        for (minima, keep) in
            searches.into_iter().flat_map(|minima| [(minima.clone(), 1), (minima, 2)])
        {
            let config = well(minima, keep);
            let landscape = double_well().build();
            let mut found: Vec<MinimizationResult> = points
                .iter()
                .map(|at| MinimizationResult::given(&landscape, at).unwrap())
                .collect();
            found[0].stop = MinimizationStop::IterationsSpent;
            found[1].stop = MinimizationStop::Saddle;
            let notes = notes_of(&config, &found);
            let concerned: Vec<&Note> = notes.iter().filter(|note| note.concerns_all).collect();
            assert_eq!(concerned.len(), 1, "{notes:?}");
            // One reason for all of them is enough said.
            found[0].stop = MinimizationStop::Saddle;
            let notes = notes_of(&config, &found);
            assert!(notes[0].concerns_all && notes[0].text.contains("saddle"), "{notes:?}");
            assert!(!notes.iter().any(|note| note.text.contains("None of")), "{notes:?}");
        }
    }

    #[test]
    fn points_that_are_used_as_given_are_called_what_they_are() {
        let points = vec![vec![0.0, 0.0], vec![1.0, 0.0], vec![1.0, 1.0], vec![0.3, 1.0]];
        let config = well(MinimaConfig::Given(points.clone()), 4);
        let landscape = double_well().build();
        let found: Vec<MinimizationResult> =
            points.iter().map(|at| MinimizationResult::given(&landscape, at).unwrap()).collect();
        let notes = notes_of(&config, &found);
        let texts = texts(&notes);
        assert_eq!(texts.len(), 3, "{texts:?}");
        assert!(texts[0].contains("but a saddle") && texts[0].ends_with("minimum.1."), "{texts:?}");
        assert!(
            texts[1].contains("but a maximum") && texts[1].ends_with("minimum.0."),
            "{texts:?}"
        );
        assert!(texts[2].contains("|∇f| up to 1.09: minimum.3."), "{texts:?}");
    }

    #[test]
    fn starts_without_a_minimum_are_counted() {
        let config = well(MinimaConfig::Search { starts: 3 }, 3);
        let landscape = double_well().build();
        let mut few = MinimizationParameters::default();
        few.lbfgs.iterations = 0;
        let found = [[0.4, 0.3], [1.0, -1.0], [1.0, 1.0]]
            .map(|at| minimize(&landscape, &at, &few).unwrap());
        let notes = notes_of(&config, &found);
        assert_eq!(notes.len(), 1);
        assert!(
            notes[0].text.starts_with("1 of 3 starts took all iterations")
                && notes[0].text.ends_with("start 0.")
        );
        let single = notes_of(&config, &[found[1].clone(), found[1].clone()]);
        assert!(
            single[0].concerns_all && single[0].text.contains("a single minimum"),
            "{single:?}"
        );
    }

    #[test]
    fn clusters_say_that_their_atoms_were_not_exchanged() {
        let landscape = BuiltIn::LennardJones(LennardJones::new(7, 3).unwrap());
        let config = config(landscape, MinimaConfig::Search { starts: 9 }, 4);
        let paths =
            [path_set("minima/relaxed", vec![path(&[0.0, 2.0, 1.0], 4, PathStop::Completed)])];
        let minima = Some(NotedMinima { config: &config, found: Vec::new(), distinct: 1e-4 });
        let notes =
            NotedResults { minima: minima.clone(), paths: &paths, ..NotedResults::default() }
                .notes();
        assert!(
            notes.iter().any(|note| note.topic == Topic::Paths && note.text.contains("exchange")),
            "{notes:?}"
        );
        assert_eq!(
            NotedResults { minima, ..NotedResults::default() }.notes(),
            [],
            "no path, no barrier"
        );
    }

    #[test]
    fn long_lists_are_shortened() {
        let names: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        assert_eq!(shortened(&names[..9]), "0, 1, 2, 3, 4, 5, 6, 7, 8");
        assert_eq!(shortened(&names), "0, 1, 2, 3, 4, 5, 6, 7 and 12 more");
    }
}
