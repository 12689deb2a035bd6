//! The step that checks the result and makes the certificate.

use super::certificate::{Certificate, Condition, Eigenvalue, HeightAfter, Side, Verdict};
use super::graph::{Chain, Link};
use super::known::{KnownGraph, MAX_KEPT_DIMENSION};
use super::probe::EvaluatedPoint;
use super::profile::{arcs, top};
use super::search::Advance;
use super::spectrum::{is_descending, is_known, lowest};
use super::subspace::{RitzPair, Subspace};
use super::vectors::{arbitrary, distance};
use crate::landscape::Interrupted;

/// Number of reported eigenvalues.
const EIGENVALUES: usize = 3;
/// |∇f| at the top that counts as zero, as a fraction of its typical size on the path.
const STATIONARY: f64 = 1e-3;

/// The properties of the top.
struct Examined {
    is_at_endpoint: bool,
    pairs: Vec<RitzPair>,
    failed: Vec<Condition>,
}

impl Advance<'_, '_> {
    /// The certificate. `None` if a path is higher between its points, so that the refinement
    /// continues.
    pub(super) fn certify(&mut self) -> Result<Option<Certificate>, Interrupted> {
        let graph = &self.state.graph;
        let joined = graph.minimax(true);
        let is_joined = joined.is_some();
        let chain = joined.or_else(|| graph.minimax(false)).expect("the given path is a link");
        if !self.check(&chain)? {
            self.state.below = f64::INFINITY;
            self.state.failures = 0;
            return Ok(None);
        }
        let place = self.place_of_top(&chain);
        let link = self.state.graph.links[chain.links[place].0].clone();
        let point = self.top_of(&link)?;
        let height = self.height_between_points(&chain)?;
        // No path is lower than its higher endpoint.
        let is_at_endpoint =
            height.is_finite() && height <= self.higher_endpoint() + self.tolerance(height);
        let top = if is_at_endpoint {
            Examined { is_at_endpoint, pairs: Vec::new(), failed: Vec::new() }
        } else {
            let pairs = self.eigenpairs(&link, &point)?;
            let mut failed = self.failed(&point, &pairs);
            if !is_joined {
                failed.push(Condition::Connected);
            }
            if height > point.value + self.tolerance(height) {
                failed.push(Condition::HighestPoint);
            }
            Examined { is_at_endpoint, pairs, failed }
        };
        Ok(Some(self.certificate(top, &chain, place, point)))
    }

    /// Samples the paths over the saddles between their points. `false` if one is higher than its
    /// saddle, which is then no longer joined.
    fn check(&mut self, chain: &Chain) -> Result<bool, Interrupted> {
        for &(index, _) in &chain.links {
            if self.state.graph.links[index].is_sampled {
                continue;
            }
            let path = self.state.graph.links[index].path.clone();
            let sampled = self.sampled_height(&path, false)?;
            let tolerance = self.tolerance(chain.height);
            let link = &mut self.state.graph.links[index];
            link.is_sampled = true;
            if sampled > link.height + tolerance {
                link.height = sampled;
                link.is_joined = sampled <= chain.height + tolerance;
                // Its saddle is not the highest point of this path.
                link.saddle = None;
            }
            if !link.is_joined {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The height of the chain. If its highest link has no saddle, the link is evaluated between
    /// its points, because its known height comes from few samples.
    fn height_between_points(&mut self, chain: &Chain) -> Result<f64, Interrupted> {
        let (top, _) = chain.links[self.place_of_top(chain)];
        let link = &self.state.graph.links[top];
        if link.saddle.is_some() {
            return Ok(chain.height);
        }
        let path = link.path.clone();
        Ok(chain.height.max(self.fine_height(&path)?))
    }

    /// The index of the highest link in the chain. A link with a saddle is preferred to one that is
    /// higher within the accuracy.
    fn place_of_top(&self, chain: &Chain) -> usize {
        let tolerance = self.tolerance(chain.height);
        let worth = |place: usize| {
            let link = &self.state.graph.links[chain.links[place].0];
            if link.saddle.is_some() { link.height + tolerance } else { link.height }
        };
        let places = 0..chain.links.len();
        places.max_by(|&a, &b| worth(a).total_cmp(&worth(b))).expect("a chain has links")
    }

    /// The highest point of a link.
    fn top_of(&mut self, link: &Link) -> Result<EvaluatedPoint, Interrupted> {
        if let Some(saddle) = &link.saddle {
            return Ok(saddle.point.clone());
        }
        let mut points = Vec::new();
        for theta in &link.path {
            points.push(self.probe.point(theta.clone())?);
        }
        if self.state.typical_slope == 0.0 {
            // No string was needed.
            let mut slopes: Vec<f64> = points.iter().map(EvaluatedPoint::slope).collect();
            slopes.sort_by(f64::total_cmp);
            self.state.typical_slope = slopes[slopes.len() / 2];
        }
        let highest = points.iter().max_by(|a, b| a.value.total_cmp(&b.value));
        let highest = highest.expect("a path has points").clone();
        match top(&points) {
            Some(top) => {
                let between = self.probe.point(top.theta)?;
                Ok(if between.value > highest.value { between } else { highest })
            }
            None => Ok(highest),
        }
    }

    /// The lowest eigenpairs of the Hessian at the top.
    fn eigenpairs(
        &mut self,
        link: &Link,
        point: &EvaluatedPoint,
    ) -> Result<Vec<RitzPair>, Interrupted> {
        if self.probe.noise.length == 0.0 {
            // The products need the noise, which no saddle search has measured.
            let direction = arbitrary(point.theta.len(), 0);
            let [a, b] = [0, 1].map(|end| &self.state.graph.nodes[end].theta);
            let length = distance(a, b) / (self.parameters.points - 1) as f64;
            self.probe.measure_noise(point, &direction, point.slope(), length)?;
        }
        let mut space = Subspace::orthogonal_to(self.probe.null_basis(&point.theta));
        if let Some(saddle) = &link.saddle {
            space.add(&mut self.probe, &point.theta, saddle.mode.clone())?;
        }
        let products = self.parameters.spectrum;
        lowest(&mut self.probe, &mut space, &point.theta, EIGENVALUES, products)
    }

    /// The conditions on the top that do not hold.
    fn failed(&self, point: &EvaluatedPoint, pairs: &[RitzPair]) -> Vec<Condition> {
        let mut failed = Vec::new();
        let zero = STATIONARY * self.state.typical_slope;
        if point.slope() > zero.max(4.0 * self.probe.noise.slope) {
            failed.push(Condition::Stationary);
        }
        let lowest = pairs.first().map_or(0.0, |pair| pair.value);
        let descending = pairs.iter().filter(|pair| is_descending(pair, lowest)).count();
        let are_known = pairs.iter().take(2).all(|pair| is_known(pair, lowest));
        if descending != 1 || !are_known {
            failed.push(Condition::OneDescendingDirection);
        }
        failed
    }

    fn certificate(
        &self,
        Examined { is_at_endpoint, pairs, failed }: Examined,
        chain: &Chain,
        place: usize,
        point: EvaluatedPoint,
    ) -> Certificate {
        let verdict = match self.state.is_spent {
            _ if failed.is_empty() => Verdict::Pass,
            true => Verdict::NotConverged,
            false => Verdict::UpperBound,
        };
        let links = chain.links.iter().map(|&(index, _)| &self.state.graph.links[index]);
        let saddles =
            links.filter_map(|link| link.saddle.as_ref()).map(|saddle| saddle.point.value);
        let lowest = pairs.first().map_or(0.0, |pair| pair.value);
        let (mut path, t) = self.path(chain, place, &point);
        if point.theta.len() > MAX_KEPT_DIMENSION {
            path.clear();
        }
        Certificate {
            verdict,
            is_at_endpoint,
            failed,
            height: chain.height,
            t,
            slope: point.slope(),
            theta: point.theta,
            typical_slope: self.state.typical_slope,
            slope_noise: self.probe.noise.slope,
            eigenvalues: pairs
                .iter()
                .map(|pair| Eigenvalue { value: pair.value, residual: pair.error() })
                .collect(),
            descending: pairs.iter().filter(|pair| is_descending(pair, lowest)).count(),
            sides: self.sides(chain, place),
            saddles: saddles.collect(),
            work: self.probe.work,
            heights: self.heights(chain.height),
            path,
            known: KnownGraph::of(&self.state.graph),
        }
    }

    /// The heights as a function of the evaluations. A path that was only sampled may have been
    /// higher between its samples, but no lower than the result.
    fn heights(&self, result: f64) -> Vec<HeightAfter> {
        let raise =
            |after: &HeightAfter| HeightAfter { height: after.height.max(result), ..*after };
        let mut heights: Vec<HeightAfter> = self.state.heights.iter().map(raise).collect();
        heights.dedup_by_key(|after| after.height);
        heights
    }

    /// The points of a chain, and where its top is.
    fn path(&self, chain: &Chain, place: usize, point: &EvaluatedPoint) -> (Vec<Vec<f64>>, f64) {
        let (mut path, mut top_link) = (Vec::new(), 0..0);
        for (number, &(index, node)) in chain.links.iter().enumerate() {
            // The node at which the link is entered is already there.
            let already = usize::from(number > 0);
            let part = self.state.graph.links[index].path_from(node);
            let from = path.len() - already;
            path.extend(part.into_iter().skip(already));
            if number == place {
                top_link = from..path.len();
            }
        }
        let away = |m: usize| distance(&path[m], &point.theta);
        let nearest = top_link.min_by(|&a, &b| away(a).total_cmp(&away(b))).unwrap_or(0);
        let arcs = arcs(&path);
        let t = arcs[nearest] / arcs[arcs.len() - 1];
        (path, t)
    }

    /// What is on both sides of the link with the top.
    fn sides(&self, chain: &Chain, place: usize) -> [Side; 2] {
        let (index, entered) = chain.links[place];
        let [a, b] = self.state.graph.links[index].ends;
        let nodes = if a == entered { [a, b] } else { [b, a] };
        nodes.map(|index| {
            let node = &self.state.graph.nodes[index];
            Side { place: node.place(index), value: node.value, slope: node.slope }
        })
    }
}
