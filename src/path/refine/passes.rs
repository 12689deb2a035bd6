//! The steps that search for a saddle and descend from it.

use super::descent::Descent;
use super::graph::{Link, RouteNode};
use super::probe::EvaluatedPoint;
use super::saddle::{Saddle, SaddleLimits, SaddleSearch, SaddleStep};
use super::search::{Advance, Gap, GapScale, Phase};
use super::vectors::{distance, moved};
use crate::landscape::Interrupted;

/// The longest step of saddle searches and descents, in distances between the points of the string.
const MAX_STEP: f64 = 2.0;
/// The share of all evaluations that one saddle search may take. On the losses of networks it finds
/// nothing.
const SEARCH_SHARE: f64 = 0.1;
/// Error of the height of a saddle, as a fraction of the accuracy. The relative error of its
/// position is the root of that.
const HEIGHT_ERROR: f64 = 1e-6;
/// Two nodes are the same if they are closer than this fraction of the string's length, and their
/// values closer than the second fraction of the climb.
const SAME_PLACE: f64 = 0.02;
const SAME_VALUE: f64 = 1e-3;
/// Minimum distance of nodes, as a fraction of the distance between the endpoints. Without it a
/// flat valley would be divided into ever smaller gaps.
const MIN_NODE_DISTANCE: f64 = 2e-3;
/// Halvings of the step off a saddle.
const MAX_HALVINGS: u32 = 20;

impl Advance<'_, '_> {
    /// Starts a saddle search at the top of a string.
    pub(super) fn start_climb(&mut self, gap: Gap) -> Result<Phase, Interrupted> {
        let Some(top) = gap.string.top() else {
            self.keep(&gap)?;
            return Ok(Phase::Choose);
        };
        if gap.pair == [0, 1] || self.state.typical_slope == 0.0 {
            self.state.typical_slope = gap.string.typical_slope();
        }
        let (spacing, typical) = (gap.string.spacing(), self.state.typical_slope);
        let point = self.probe.point(top.theta)?;
        self.probe.measure_noise(&point, &top.tangent, typical, spacing)?;
        let climb = (top.height - self.lower_endpoint()).abs();
        let rounding = 8.0 * f64::EPSILON * top.height.abs();
        let highest = gap.string.height().max(point.value) + 1e-3 * climb;
        let limits = SaddleLimits {
            height_error: (HEIGHT_ERROR * self.parameters.accuracy * climb).max(rounding),
            max_step: MAX_STEP * spacing,
            max_distance: gap.string.length(),
            ceiling: highest.min(self.state.below),
            products: self.parameters.products,
            spectrum: self.parameters.spectrum,
            steps: self.parameters.saddle_steps,
            gradients: self.probe.work.in_gradients()
                + SEARCH_SHARE * self.parameters.max_gradients,
        };
        Ok(Phase::Climb { gap, search: SaddleSearch::new(point, top.tangent, limits) })
    }

    /// One step of a saddle search.
    pub(super) fn climb(
        &mut self,
        gap: Gap,
        mut search: SaddleSearch,
    ) -> Result<Phase, Interrupted> {
        match search.step(&mut self.probe)? {
            SaddleStep::Continue => Ok(Phase::Climb { gap, search }),
            SaddleStep::Found(saddle) => self.start_fall(gap, saddle),
            SaddleStep::Lost => {
                self.keep(&gap)?;
                if self.state.below.is_finite() {
                    self.state.failures += 1;
                    return Ok(Phase::Choose);
                }
                Ok(self.start_sink(&gap, search.point()))
            }
        }
    }

    /// Handles the point where a saddle search ended.
    ///
    /// If it is in the lower half of the string's height, it becomes a node. Often it is a minimum
    /// between the endpoints, or, on the losses of networks, a low point on a flat valley floor.
    /// From a higher point a descent leads to the node. The gaps on both sides of the node are
    /// shorter.
    fn start_sink(&mut self, gap: &Gap, point: &EvaluatedPoint) -> Phase {
        let (floor, height) = (gap.string.higher_endpoint(), gap.string.height());
        if !point.is_finite() || height <= floor {
            return Phase::Choose;
        }
        let scale = GapScale { length: gap.string.length(), climb: height - floor };
        if point.value < f64::midpoint(floor, height) {
            self.node(point, false, scale);
            return Phase::Choose;
        }
        let (max_step, steps) = (MAX_STEP * gap.string.spacing(), self.parameters.descent_steps);
        Phase::Sink { descent: Descent::new(point, point.clone(), max_step, steps), scale }
    }

    /// One iteration of the descent from the point where a saddle search ended.
    pub(super) fn sink(
        &mut self,
        mut descent: Descent,
        scale: GapScale,
    ) -> Result<Phase, Interrupted> {
        if !descent.step(&mut self.probe)? {
            return Ok(Phase::Sink { descent, scale });
        }
        self.node(descent.point(), descent.is_minimum(), scale);
        Ok(Phase::Choose)
    }

    /// The node at a point.
    fn node(&mut self, point: &EvaluatedPoint, is_minimum: bool, scale: GapScale) -> usize {
        let (theta, value, slope) = (point.theta.clone(), point.value, point.slope());
        let node = RouteNode { theta, value, slope, is_minimum };
        let nodes = &self.state.graph.nodes;
        let smallest = MIN_NODE_DISTANCE * distance(&nodes[0].theta, &nodes[1].theta);
        let near = (SAME_PLACE * scale.length).max(smallest);
        self.state.graph.node(node, near, SAME_VALUE * scale.climb)
    }

    /// Steps off a saddle on both sides.
    fn start_fall(&mut self, gap: Gap, saddle: Saddle) -> Result<Phase, Interrupted> {
        let max_step = MAX_STEP * gap.string.spacing();
        let steps = self.parameters.descent_steps;
        let first = self.off_the_saddle(&saddle, -max_step / 4.0)?;
        let second = self.off_the_saddle(&saddle, max_step / 4.0)?;
        let descents =
            [first, second].map(|beside| Descent::new(&saddle.point, beside, max_step, steps));
        Ok(Phase::Fall { gap, saddle, descents })
    }

    /// A point beside the saddle where the value has fallen by half to twice the prediction of the
    /// curvature. So it lies within the range of the quadratic model, and on the intended side.
    fn off_the_saddle(
        &mut self,
        saddle: &Saddle,
        mut step: f64,
    ) -> Result<EvaluatedPoint, Interrupted> {
        let mut beside = saddle.point.clone();
        for _ in 0..MAX_HALVINGS {
            beside = self.probe.point(moved(&saddle.point.theta, step, &saddle.mode))?;
            let predicted = -0.5 * saddle.curvature * step * step;
            let fall = saddle.point.value - beside.value;
            if (0.5 * predicted..=2.0 * predicted).contains(&fall) {
                break;
            }
            step *= 0.5;
        }
        Ok(beside)
    }

    /// One iteration of the descents.
    pub(super) fn fall(
        &mut self,
        gap: Gap,
        saddle: Saddle,
        mut descents: [Descent; 2],
    ) -> Result<Phase, Interrupted> {
        let mut all_done = true;
        for descent in &mut descents {
            all_done &= descent.is_done() || descent.step(&mut self.probe)?;
        }
        if !all_done {
            return Ok(Phase::Fall { gap, saddle, descents });
        }
        self.join(&gap, saddle, &descents);
        self.keep(&gap)?;
        Ok(Phase::Choose)
    }

    /// Records a saddle and the two nodes that it joins.
    fn join(&mut self, gap: &Gap, saddle: Saddle, descents: &[Descent; 2]) {
        let climb = (saddle.point.value - self.lower_endpoint()).abs();
        let scale = GapScale { length: gap.string.length(), climb };
        let ends = descents
            .each_ref()
            .map(|descent| self.node(descent.point(), descent.is_minimum(), scale));
        let [first, second] = descents.each_ref().map(Descent::path);
        let mut path: Vec<Vec<f64>> = first.iter().rev().chain(&second[1..]).cloned().collect();
        let last = path.len() - 1;
        for (end, node) in [0, last].into_iter().zip(ends) {
            path[end].clone_from(&self.state.graph.nodes[node].theta);
        }
        let height = saddle.point.value;
        let (saddle, is_joined, is_sampled) = (Some(saddle), true, false);
        let link = Link { ends, height, path, saddle, is_joined, is_sampled, tries: 0 };
        self.state.graph.links.push(link);
    }
}
