//! The steps that choose gaps and move strings across them.

use super::graph::RouteNode;
use super::lowering::Lowering;
use super::profile::equally_spaced;
use super::search::{Advance, Gap, Phase, RefineError};
use super::string::StringPath;
use super::vectors::{between, distance};
use crate::landscape::Interrupted;

/// A string is too coarse if its height above the endpoints is this multiple of that of the curve.
const TOO_HIGH: f64 = 2.0;
/// Where values are sampled on the segments beside the highest one.
const NEAR_THE_TOP: [f64; 2] = [0.25, 0.75];
/// Sections of an interval in which a maximum lies: each leaves 0.62 of it.
const GOLDEN_SECTIONS: usize = 10;
/// The shorter part of an interval, 2 − φ.
const GOLDEN: f64 = 0.381_966_011_250_105_1;

impl Advance<'_, '_> {
    /// Evaluates the endpoints and the height of the given path.
    pub(super) fn begin(&mut self) -> Result<Result<(), RefineError>, Interrupted> {
        let curve = self.curve;
        for (end, theta) in [&curve[0], &curve[curve.len() - 1]].into_iter().enumerate() {
            let point = self.probe.point(theta.clone())?;
            if !point.is_finite() {
                return Ok(Err(RefineError::NotFinite { end }));
            }
            let (slope, value, theta) = (point.slope(), point.value, point.theta);
            self.state.graph.nodes.push(RouteNode { theta, value, slope, is_minimum: false });
        }
        if curve[0] == curve[curve.len() - 1] {
            return Ok(Err(RefineError::SameEndpoints));
        }
        let path = match curve.len() {
            2 => equally_spaced(curve, self.parameters.points),
            _ => curve.to_vec(),
        };
        let height = self.sampled_height(&path, true)?;
        self.state.graph.record([0, 1], height, path, false, 0);
        Ok(Ok(()))
    }

    /// Chooses the next gap, and joins it if the straight line across it is low enough.
    pub(super) fn choose(&mut self) -> Result<Phase, Interrupted> {
        let is_complete = self.state.below.is_finite();
        // To lower a complete route no pair is tried twice.
        let tries = if is_complete { 1 } else { self.parameters.tries };
        let Some(route) = self.state.graph.route(self.state.below, tries) else {
            return Ok(Phase::Certify);
        };
        if route.gaps.is_empty() {
            return Ok(self.complete());
        }
        if is_complete && self.state.failures >= self.parameters.detours {
            return Ok(Phase::Certify);
        }
        let nodes = &self.state.graph.nodes;
        let length = |pair: &[usize; 2]| distance(&nodes[pair[0]].theta, &nodes[pair[1]].theta);
        // The longest gap comes first: if it cannot be closed, the others need not be.
        let longest = route.gaps.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
        let pair = *longest.expect("there is a gap");
        let ends = nodes[pair[0]].value.max(nodes[pair[1]].value);
        let target = route.target.max(ends);
        self.cross(pair, target + self.tolerance(target))
    }

    /// All gaps of a route are closed. From now on only lower routes are looked for.
    fn complete(&mut self) -> Phase {
        let chain = self.state.graph.minimax(true).expect("the links of the route");
        let (height, tolerance) = (chain.height, self.tolerance(chain.height));
        let links: Vec<usize> = chain.links.iter().map(|&(link, _)| link).collect();
        let all = &self.state.graph.links;
        let saddles = links.iter().filter(|&&link| all[link].saddle.is_some());
        let highest_saddle =
            saddles.map(|&link| all[link].height).fold(self.higher_endpoint(), f64::max);
        if highest_saddle < height - tolerance {
            // The highest link has no saddle. It was low enough on another route with a higher
            // saddle.
            let top = links.into_iter().max_by(|&a, &b| all[a].height.total_cmp(&all[b].height));
            let top = &mut self.state.graph.links[top.expect("a chain has links")];
            top.is_joined = false;
            // Each time counts as a try, so that this ends.
            top.tries += 1;
            self.state.below = f64::INFINITY;
            return Phase::Choose;
        }
        if height < self.state.below {
            self.state.failures = 0;
        }
        self.state.below = height - tolerance;
        if height <= self.higher_endpoint() + tolerance { Phase::Certify } else { Phase::Choose }
    }

    /// Compares the known path across a gap with the straight line, and takes the lower one.
    fn cross(&mut self, pair: [usize; 2], target: f64) -> Result<Phase, Interrupted> {
        let known = self.state.graph.open(pair);
        let tries = known.map_or(0, |link| link.tries);
        let known = known.map(|link| (link.height, link.path_from(pair[0])));
        let count = ((self.parameters.points - 1) << tries) + 1;
        // After a try, the known path is a string that started from the lower one.
        let lowest = match known {
            Some((_, path)) if tries > 0 => path,
            known => {
                let ends = pair.map(|node| self.state.graph.nodes[node].theta.clone());
                let straight = equally_spaced(&ends, count);
                let (height, path) = match known {
                    Some(known) if known.1 == straight => known,
                    known => {
                        let height = self.sampled_height(&straight, true)?;
                        known.filter(|known| known.0 < height).unwrap_or((height, straight))
                    }
                };
                if height <= target {
                    self.state.graph.record(pair, height, path, true, 0);
                    return Ok(Phase::Choose);
                }
                path
            }
        };
        if pair == [0, 1] {
            let nodes = &self.state.graph.nodes;
            let floor = nodes[pair[0]].value.max(nodes[pair[1]].value);
            // Between saddles strings are better than curves. With curves there as well, paths
            // between minima of seven atoms end 0.13 higher, with 1.5 times the evaluations.
            let lowering = Lowering::new(&lowest, floor, tries, &mut self.probe)?;
            return Ok(Phase::Lower { pair, lowering, target });
        }
        let string = StringPath::new(&lowest, count, &mut self.probe)?;
        Ok(Phase::Move { gap: Gap { pair, string }, target })
    }

    /// One iteration of a lowered curve. If the curve is low enough, its nodes are joined. Once it
    /// has settled, the string starts from it.
    pub(super) fn lower(
        &mut self,
        pair: [usize; 2],
        mut lowering: Lowering,
        target: f64,
    ) -> Result<Phase, Interrupted> {
        let (is_low, is_over) = (lowering.height() <= target, lowering.is_settled());
        if (is_low || is_over || lowering.is_due()) && self.keep_curve(pair, &lowering, target)? {
            return Ok(Phase::Choose);
        }
        // A curve that is low only at its samples needs more samples.
        if is_low && lowering.refine(&mut self.probe)? {
            return Ok(Phase::Lower { pair, lowering, target });
        }
        if is_low || is_over {
            return self.start_string(pair, &lowering, target);
        }
        lowering.step(&mut self.probe)?;
        Ok(Phase::Lower { pair, lowering, target })
    }

    /// Records a lowered curve. Returns whether it is low enough.
    pub(super) fn keep_curve(
        &mut self,
        pair: [usize; 2],
        lowering: &Lowering,
        target: f64,
    ) -> Result<bool, Interrupted> {
        let path = lowering.path();
        let height = self.sampled_height(&path, true)?;
        self.state.graph.record(pair, height, path, height <= target, 0);
        Ok(height <= target)
    }

    /// The string from a lowered curve. If few straight segments are much higher than the curve, as
    /// on the losses of networks, the saddle search starts from the curve itself.
    fn start_string(
        &mut self,
        pair: [usize; 2],
        lowering: &Lowering,
        target: f64,
    ) -> Result<Phase, Interrupted> {
        let (path, floor) = (lowering.path(), lowering.floor());
        let string = StringPath::new(&path, self.parameters.points, &mut self.probe)?;
        let is_coarse = string.height() - floor > TOO_HIGH * (lowering.height() - floor);
        let gap = Gap { pair, string };
        if !is_coarse {
            return Ok(Phase::Move { gap, target });
        }
        let string = StringPath::new(&path, path.len(), &mut self.probe)?;
        self.start_climb(Gap { string, ..gap })
    }

    /// One sweep of a string. If it is low enough, its nodes are joined. If it has settled, a
    /// saddle is searched for.
    pub(super) fn move_string(&mut self, mut gap: Gap, target: f64) -> Result<Phase, Interrupted> {
        if gap.string.height() <= target {
            let path = gap.string.path();
            let height = self.sampled_height(&path, false)?.max(gap.string.height());
            if height <= target {
                self.state.graph.record(gap.pair, height, path, true, 0);
                return Ok(Phase::Choose);
            }
        }
        let tries = self.state.graph.open(gap.pair).map_or(0, |link| link.tries);
        let is_last = gap.string.sweeps() >= self.parameters.sweeps << tries;
        if is_last || gap.string.is_settled(self.parameters.settled) {
            return self.start_climb(gap);
        }
        gap.string.sweep(&mut self.probe)?;
        Ok(Phase::Move { gap, target })
    }

    /// Records the string of a gap after a saddle search.
    pub(super) fn keep(&mut self, gap: &Gap) -> Result<(), Interrupted> {
        let path = gap.string.path();
        let height = self.sampled_height(&path, false)?.max(gap.string.height());
        self.state.graph.record(gap.pair, height, path, false, 1);
        Ok(())
    }

    /// The highest value in the middle of the segments of a path and around the highest of them,
    /// and also at its points if they have not been evaluated.
    pub(super) fn sampled_height(
        &mut self,
        path: &[Vec<f64>],
        at_points: bool,
    ) -> Result<f64, Interrupted> {
        let (mut highest, mut top) = (f64::NEG_INFINITY, 0);
        for m in 0..path.len() - 1 {
            if at_points {
                self.raise(&path[m], &mut highest)?;
            }
            let mut middle = f64::NEG_INFINITY;
            self.raise(&between(&path[m], &path[m + 1], 0.5), &mut middle)?;
            if middle > highest {
                (highest, top) = (middle, m);
            }
        }
        if at_points {
            self.raise(&path[path.len() - 1], &mut highest)?;
        }
        for m in top.saturating_sub(1)..(top + 2).min(path.len() - 1) {
            for part in NEAR_THE_TOP {
                self.raise(&between(&path[m], &path[m + 1], part), &mut highest)?;
            }
        }
        Ok(highest)
    }

    /// The highest value on a path: at quarters of its segments, then by golden section around the
    /// highest of them.
    pub(super) fn fine_height(&mut self, path: &[Vec<f64>]) -> Result<f64, Interrupted> {
        let quarters = 4 * (path.len() - 1);
        let at = |quarter: f64| {
            let segment = ((quarter / 4.0) as usize).min(path.len() - 2);
            between(&path[segment], &path[segment + 1], quarter / 4.0 - segment as f64)
        };
        let (mut highest, mut top) = (f64::NEG_INFINITY, 0.0);
        for quarter in 0..=quarters {
            let before = highest;
            self.raise(&at(quarter as f64), &mut highest)?;
            if highest > before {
                top = quarter as f64;
            }
        }
        let (mut low, mut high) = ((top - 1.0).max(0.0), (top + 1.0).min(quarters as f64));
        for _ in 0..GOLDEN_SECTIONS {
            let [left, right] = [low + GOLDEN * (high - low), high - GOLDEN * (high - low)];
            let [mut first, mut second] = [f64::NEG_INFINITY; 2];
            self.raise(&at(left), &mut first)?;
            self.raise(&at(right), &mut second)?;
            if first >= second {
                high = right;
            } else {
                low = left;
            }
            highest = highest.max(first).max(second);
        }
        Ok(highest)
    }

    /// Raises `highest` to f(θ), and to infinity where f is not defined.
    fn raise(&mut self, theta: &[f64], highest: &mut f64) -> Result<(), Interrupted> {
        let value = self.probe.value(theta)?;
        *highest = if value.is_nan() { f64::INFINITY } else { highest.max(value) };
        Ok(())
    }
}
