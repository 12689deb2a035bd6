//! The key of a task: where, and which part of the curvature.

use super::section::{CurvatureConfig, RequestedQuantities};
use crate::engine::stage::TaskSolutions;
use crate::solutions::{EndpointSets, LandscapeName, SetName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the stored results.
const VERSION: &str = "v1";

/// Where curvature is computed: at a solution or along a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CurvaturePlace {
    /// At a solution.
    Solution { set: SetName, number: u32 },
    /// Along a path.
    Path {
        sets: EndpointSets,
        pair: (u32, u32),
        /// The bits of the height of its refined top, which identify this top.
        refined: Option<u64>,
    },
}

/// The part of the curvature that a task computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CurvaturePart {
    /// Everything, along a path.
    Path,
    /// The largest and the lowest eigenvalues.
    Eigenvalues,
    /// The largest filter-normalized one.
    Normalized,
    /// The random probe of this number.
    Probe(usize),
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CurvatureKey {
    pub place: CurvaturePlace,
    pub landscape: LandscapeName,
    pub part: CurvaturePart,
}

impl CurvaturePart {
    /// The name of tasks of this part in tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::Path => "curvature along paths",
            Self::Eigenvalues => "eigenvalues",
            Self::Normalized => "filter-normalized eigenvalues",
            Self::Probe(_) => "random probes",
        }
    }

    /// The name of one of them.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Path => "path curvature",
            Self::Eigenvalues => "eigenvalue computation",
            Self::Normalized => "filter-normalized eigenvalue",
            Self::Probe(_) => "random probe",
        }
    }

    /// A number for each part; all probes have the same.
    fn number(self) -> usize {
        match self {
            Self::Path => 0,
            Self::Eigenvalues => 1,
            Self::Normalized => 2,
            Self::Probe(_) => 3,
        }
    }

    /// The kind of its tasks on a landscape: they cost the same.
    pub fn kind(self, landscape: LandscapeName) -> usize {
        4 * landscape.number() + self.number()
    }

    /// Part and number of the landscape of a kind.
    pub fn of_kind(kind: usize) -> (Self, usize) {
        let parts = [Self::Path, Self::Eigenvalues, Self::Normalized, Self::Probe(0)];
        (parts[kind % 4], kind / 4)
    }

    /// The settings that its result depends on, without spaces.
    fn settings(self, section: &CurvatureConfig) -> String {
        let RequestedQuantities { largest, lowest, tolerance, products, probes, steps, repeats: _ } =
            section.asked;
        let spectrum = format!("{largest}:{lowest}:{tolerance:e}:{products}");
        match self {
            Self::Eigenvalues => format!("eigenvalues:{spectrum}"),
            Self::Normalized => format!("normalized:{tolerance:e}:{products}"),
            Self::Probe(number) => format!("probe:{number}:{steps}"),
            Self::Path => {
                let points = section.path_points;
                format!("path:{points}:{spectrum}:{probes}:{steps}")
            }
        }
    }
}

impl CurvatureKey {
    /// Its name in messages and in the log.
    pub fn name(&self) -> String {
        match (&self.place, self.part) {
            (CurvaturePlace::Solution { .. }, CurvaturePart::Probe(number)) => {
                format!("{self}, probe {number}")
            }
            (CurvaturePlace::Solution { .. }, CurvaturePart::Normalized) => {
                format!("{self}, filter-normalized")
            }
            _ => self.to_string(),
        }
    }

    /// Its key in the journal. The name of the landscape may have spaces.
    pub fn stored(&self, section: &CurvatureConfig) -> String {
        let settings = self.part.settings(section);
        let images = section.images.map_or_else(|| "all".to_owned(), |count| count.to_string());
        let on = self.landscape;
        match &self.place {
            CurvaturePlace::Solution { set, number } => {
                format!("{VERSION} {settings} {set} {number} {images} {on}")
            }
            CurvaturePlace::Path {
                sets: EndpointSets { a, b },
                pair: (first, second),
                refined,
            } => {
                let top = refined.map_or_else(|| "grid".to_owned(), |bits| format!("{bits:016x}"));
                format!("{VERSION} {settings} {a} {b} {first} {second} {top} {images} {on}")
            }
        }
    }

    /// The indices of its random streams: those of the place. Solutions of one initialization have
    /// the same random vectors, so that they are compared without the noise between these.
    pub fn indices(&self) -> Vec<u64> {
        match self.place {
            CurvaturePlace::Solution { number, .. } => vec![u64::from(number)],
            CurvaturePlace::Path { pair: (a, b), .. } => vec![u64::from(a), u64::from(b)],
        }
    }
}

/// Where it is.
impl fmt::Display for CurvatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = self.landscape;
        match &self.place {
            CurvaturePlace::Solution { set, number } => write!(f, "{set} {number} on {on}"),
            CurvaturePlace::Path { sets, pair: (a, b), .. } => write!(f, "{sets} {a}–{b} on {on}"),
        }
    }
}

/// The dependencies of the task with this key.
pub(super) fn origin(key: &str) -> Option<TaskSolutions> {
    let mut parts = key.splitn(9, ' ');
    let settings = parts.nth(1)?;
    let set = SetName::parse(parts.next()?).ok()?;
    if !settings.starts_with("path:") {
        return Some(TaskSolutions::Sets(vec![set]));
    }
    let sets = EndpointSets { a: set, b: SetName::parse(parts.next()?).ok()? };
    Some(TaskSolutions::Paths(sets, parts.nth(4)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> CurvatureConfig {
        let asked = RequestedQuantities {
            largest: 5,
            lowest: 1,
            tolerance: 1e-4,
            products: 200,
            probes: 10,
            steps: 1,
            repeats: false,
        };
        CurvatureConfig {
            sets: Vec::new(),
            solutions: Some(6),
            landscapes: Vec::new(),
            datasets: Vec::new(),
            images: Some(5000),
            asked,
            paths: 2,
            path_points: 11,
        }
    }

    #[test]
    fn a_key_says_what_its_result_depends_on() {
        let set = |name: &str| SetName::parse(name).unwrap();
        let landscape = LandscapeName::named("a test set");
        let place = CurvaturePlace::Solution { set: set("sgd/train"), number: 12 };
        for part in [CurvaturePart::Eigenvalues, CurvaturePart::Normalized, CurvaturePart::Probe(3)]
        {
            let key = CurvatureKey { place: place.clone(), landscape, part }.stored(&section());
            assert_eq!(origin(&key), Some(TaskSolutions::Sets(vec![set("sgd/train")])), "{key}");
        }
        let sets = EndpointSets { a: set("sgd/train"), b: set("lbfgs/train") };
        for refined in [None, Some(1.5_f64.to_bits())] {
            let place = CurvaturePlace::Path { sets: sets.clone(), pair: (0, 12), refined };
            let key =
                CurvatureKey { place, landscape, part: CurvaturePart::Path }.stored(&section());
            let expected = TaskSolutions::Paths(sets.clone(), "a test set".to_owned());
            assert_eq!(origin(&key), Some(expected), "{key}");
        }
        assert_eq!(origin("v1 path:11 sgd/train"), None);
    }

    /// Other settings are other results, and settings of another part are not.
    #[test]
    fn results_are_stored_under_the_settings_of_their_part() {
        let place =
            CurvaturePlace::Solution { set: SetName::parse("sgd/train").unwrap(), number: 0 };
        let landscape = LandscapeName::Train;
        let keys = |section: &CurvatureConfig| {
            [CurvaturePart::Eigenvalues, CurvaturePart::Normalized, CurvaturePart::Probe(0)]
                .map(|part| CurvatureKey { place: place.clone(), landscape, part }.stored(section))
        };
        let former = keys(&section());
        let changed = |change: &dyn Fn(&mut CurvatureConfig)| {
            let mut section = section();
            change(&mut section);
            let keys = keys(&section);
            [0, 1, 2].map(|part| keys[part] != former[part])
        };
        assert_eq!(changed(&|section| section.asked.largest = 6), [true, false, false]);
        assert_eq!(changed(&|section| section.asked.lowest = 0), [true, false, false]);
        assert_eq!(changed(&|section| section.asked.tolerance = 1e-5), [true, true, false]);
        assert_eq!(changed(&|section| section.asked.products = 9), [true, true, false]);
        assert_eq!(changed(&|section| section.asked.steps = 30), [false, false, true]);
        assert_eq!(changed(&|section| section.images = None), [true; 3]);
        let more = |section: &mut CurvatureConfig| {
            section.asked.probes = 99;
            section.solutions = None;
            section.paths = 0;
            section.path_points = 5;
        };
        assert_eq!(changed(&more), [false; 3]);
    }

    #[test]
    fn kinds_of_tasks_are_distinct() {
        for landscape in [LandscapeName::Train, LandscapeName::Test, LandscapeName::Analytic] {
            for part in [
                CurvaturePart::Path,
                CurvaturePart::Eigenvalues,
                CurvaturePart::Normalized,
                CurvaturePart::Probe(0),
            ] {
                assert_eq!(
                    CurvaturePart::of_kind(part.kind(landscape)),
                    (part, landscape.number())
                );
            }
        }
    }
}
