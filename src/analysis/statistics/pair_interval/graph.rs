//! Solutions and the pairs between them, with the moments of the numbers on the pairs.

use super::PairValues;
use std::collections::BTreeMap;

/// One list: nodes are solutions, edges are pairs.
pub(super) struct PairGraph {
    /// Number of each node, ascending.
    numbers: Vec<u32>,
    edges: Vec<[usize; 2]>,
    /// Whether pairs join vectors of two sets, so that their order matters.
    joins_two_sets: bool,
    degrees: Vec<f64>,
    /// For each node, its edges to itself.
    loops: Vec<f64>,
    /// `g_i`: for each node, the sum of x − x̄ over its edges, divided by the number of all edges.
    sums: Vec<f64>,
    /// Residuals of the least-squares fit x_ij = a_i + a_j.
    residuals: Vec<f64>,
    /// Degrees of freedom after the fit.
    residual_freedom: usize,
    /// x̄.
    pub mean: f64,
    /// Variance of one edge about its two nodes; 0 if the fit has no degrees of freedom left.
    pub pair_variance: f64,
    /// Σ g_i².
    pub square: f64,
    /// E Σ g_i² = `node_weight` σ²_a + `pair_weight` σ²_e.
    pub node_weight: f64,
    pair_weight: f64,
}

impl PairGraph {
    pub fn of(pairs: &PairValues, joins_two_sets: bool) -> Self {
        let ends = pairs.ends.iter().flat_map(|&(a, b)| [a, b]);
        let mut places: BTreeMap<u32, usize> = ends.map(|number| (number, 0)).collect();
        (0..).zip(places.values_mut()).for_each(|(place, node)| *node = place);
        let edges: Vec<_> = pairs.ends.iter().map(|(a, b)| [places[a], places[b]]).collect();
        let count = edges.len() as f64;
        let mean = pairs.values.iter().sum::<f64>() / count;
        let centered: Vec<f64> = pairs.values.iter().map(|value| value - mean).collect();
        let degrees = gather(&edges, places.len(), &vec![1.0; edges.len()]);
        let own: Vec<[usize; 2]> = edges.iter().copied().filter(|[a, b]| a == b).collect();
        let loops = gather(&own, places.len(), &vec![0.5; own.len()]);
        let sums = gather(&edges, places.len(), &centered);
        let fit = least_squares(&edges, &sums);
        let residuals: Vec<f64> =
            edges.iter().zip(&centered).map(|([a, b], value)| value - fit[*a] - fit[*b]).collect();
        let residual_freedom = edges.len().saturating_sub(rank(&edges, places.len()));
        let squares: f64 = residuals.iter().map(|residual| residual * residual).sum();
        let sums: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
        let square = sums.iter().map(|sum| sum * sum).sum();
        let mut graph = Self {
            numbers: places.into_keys().collect(),
            edges,
            joins_two_sets,
            degrees,
            loops,
            sums,
            residuals,
            residual_freedom,
            mean,
            pair_variance: if residual_freedom > 0 {
                squares / residual_freedom as f64
            } else {
                0.0
            },
            square,
            node_weight: 0.0,
            pair_weight: 0.0,
        };
        let own = Overlap::of([&graph, &graph]);
        (graph.node_weight, graph.pair_weight) = (own.node_weight, own.pair_weight);
        graph
    }

    /// The number of edges.
    pub fn pairs(&self) -> f64 {
        self.edges.len() as f64
    }

    /// Independent contributions to the mean, less the mean itself.
    pub fn freedom(&self) -> usize {
        self.numbers.len().min(self.edges.len()) - 1
    }

    /// σ²_a, unbiased, so that it can be negative.
    pub fn node_variance(&self) -> f64 {
        (self.square - self.pair_weight * self.pair_variance) / self.node_weight
    }

    /// The variance of x̄ that comes from nodes of this variance: x̄ = Σ (degree / edges) a_i.
    pub fn mean_from_nodes(&self, node_variance: f64) -> f64 {
        let leverage: f64 = self.degrees.iter().map(|degree| (degree / self.pairs()).powi(2)).sum();
        leverage * node_variance
    }
}

/// The common nodes and edges of two lists.
pub(super) struct SharedGraph {
    overlap: Overlap,
    /// Σ g_i h_i over the nodes in both.
    product: f64,
    /// The number of edges in both.
    pub pairs: f64,
    /// Whether both lists are of the same pairs.
    pub has_same_pairs: bool,
    /// Σ (degree / edges)_x (degree / edges)_y over the nodes in both.
    pub leverage: f64,
    /// Number of nodes in both, divided by the geometric mean of their numbers.
    pub share: f64,
    /// Whether the nodes in both are enough to estimate a covariance.
    telling: bool,
}

impl SharedGraph {
    pub fn of([x, y]: &[PairGraph; 2]) -> Self {
        let overlap = Overlap::of([x, y]);
        let sum = |term: &dyn Fn(usize, usize) -> f64| {
            overlap.nodes.iter().map(|&(i, j)| term(i, j)).sum()
        };
        let product = sum(&|i, j| x.sums[i] * y.sums[j]);
        let leverage: f64 = sum(&|i, j| x.degrees[i] * y.degrees[j]);
        let telling = overlap.node_weight > 0.1 * (x.node_weight * y.node_weight).sqrt();
        Self {
            product,
            pairs: overlap.edges.len() as f64,
            has_same_pairs: [x, y].iter().all(|side| side.edges.len() == overlap.edges.len()),
            leverage: leverage / (x.pairs() * y.pairs()),
            share: overlap.nodes.len() as f64 / ((x.numbers.len() * y.numbers.len()) as f64).sqrt(),
            telling,
            overlap,
        }
    }

    /// `cov_ef`, corrected for the degrees of freedom that the fit removes from the residuals.
    pub fn pair_covariance(&self, [x, y]: &[PairGraph; 2]) -> f64 {
        let product: f64 =
            self.overlap.edges.iter().map(|&(p, q)| x.residuals[p] * y.residuals[q]).sum();
        let kept = [x, y].map(|side| side.residual_freedom as f64 / side.pairs());
        let scale = self.pairs * (kept[0] * kept[1]).sqrt();
        let most = (x.pair_variance * y.pair_variance).sqrt();
        if scale > 0.0 { (product / scale).clamp(-most, most) } else { 0.0 }
    }

    /// `cov_ab`; 0 if the lists have too few nodes in common.
    ///
    /// For lists with the same pairs it is unbiased, so that the variance of their differences is,
    /// too. For other lists it is bounded by the variances, like any covariance. It is not positive
    /// if a fit has no degrees of freedom left: the contribution of pairs then counts as one of
    /// solutions, so that chance in the pairs would appear as a covariance and make the interval
    /// too narrow.
    pub fn node_covariance(&self, [x, y]: &[PairGraph; 2], pair_covariance: f64) -> f64 {
        let overlap = &self.overlap;
        if !self.telling {
            return 0.0;
        }
        let unbiased = (self.product - overlap.pair_weight * pair_covariance) / overlap.node_weight;
        if self.has_same_pairs {
            return unbiased;
        }
        let [x_variance, y_variance] = [x, y].map(|side| side.node_variance().max(0.0));
        let bound = (x_variance * y_variance).sqrt();
        let is_separable = x.residual_freedom.min(y.residual_freedom) > 0;
        unbiased.clamp(-bound, if is_separable { bound } else { 0.0 })
    }
}

/// The common nodes and edges of two lists, with the expectation of Σ g_i h_i over these nodes:
/// `node_weight` `cov_ab` + `pair_weight` `cov_ef`.
///
/// With Z the incidence of edges and nodes, N the number of edges and C the centering of the
/// values, g = Zᵀ C x / N. The weights are ⟨M_x, M_y⟩ over the nodes in both, M = Zᵀ C Z / N, and
/// the trace of `Z_xᵀ C_x P C_y Z_y / N_x N_y`, P the matrix that says which edges are the same.
struct Overlap {
    nodes: Vec<(usize, usize)>,
    edges: Vec<(usize, usize)>,
    node_weight: f64,
    pair_weight: f64,
}

impl Overlap {
    fn of([x, y]: [&PairGraph; 2]) -> Self {
        let nodes: Vec<(usize, usize)> = (0..)
            .zip(&x.numbers)
            .filter_map(|(i, number)| Some((i, y.numbers.binary_search(number).ok()?)))
            .collect();
        let edges = same_edges([x, y]);
        let [mut x_edges_within, mut y_edges_within] = [0.0, 0.0];
        // Of the nodes in both: Σ over edges of products of the degrees of the other list.
        let in_y: BTreeMap<usize, usize> = nodes.iter().copied().collect();
        let in_x: BTreeMap<usize, usize> = nodes.iter().map(|&(i, j)| (j, i)).collect();
        for [a, b] in &x.edges {
            if let (Some(a), Some(b)) = (in_y.get(a), in_y.get(b)) {
                x_edges_within += 2.0 * y.degrees[*a] * y.degrees[*b];
            }
        }
        for [a, b] in &y.edges {
            if let (Some(a), Some(b)) = (in_x.get(a), in_x.get(b)) {
                y_edges_within += 2.0 * x.degrees[*a] * x.degrees[*b];
            }
        }
        let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
            nodes.iter().map(|&(i, j)| term(x.degrees[i], y.degrees[j])).sum()
        };
        let (n, m) = (x.pairs(), y.pairs());
        let is_loop = |&&(p, _): &&(usize, usize)| x.edges[p][0] == x.edges[p][1];
        // Z Zᵀ of an edge with itself is 2, of an edge from a node to itself 4.
        let same = edges.len() as f64 + edges.iter().filter(is_loop).count() as f64;
        let products = sum(&|d, e| d * e);
        // An edge from a node to itself counts 4 on the diagonal of ZᵀZ and 2 in the degree.
        let of_loops: f64 = nodes
            .iter()
            .map(|&(i, j)| {
                let [l, k] = [2.0 * x.loops[i], 2.0 * y.loops[j]];
                l * y.degrees[j] + k * x.degrees[i] + l * k
            })
            .sum();
        let coincident = coincident_edges([x, y]);
        // ⟨K − u uᵀ, L − w wᵀ⟩ with K = ZᵀZ / N and u the degrees over N.
        let node_weight = (products + of_loops + 2.0 * coincident) / (n * m)
            - (sum(&|d, e| d * e * e) + x_edges_within) / (n * m * m)
            - (sum(&|d, e| d * d * e) + y_edges_within) / (n * n * m)
            + (products / (n * m)).powi(2);
        let mut of_same = vec![0.0; x.numbers.len()];
        for &(p, _) in &edges {
            x.edges[p].iter().for_each(|&node| of_same[node] += 1.0);
        }
        let [with_x, with_y] = nodes.iter().fold([0.0, 0.0], |[a, b], &(i, j)| {
            [a + of_same[i] * x.degrees[i], b + of_same[i] * y.degrees[j]]
        });
        let pair_weight =
            (2.0 * same - with_x / n - with_y / m + same * products / (n * m)) / (n * m);
        Self { nodes, edges, node_weight, pair_weight }
    }
}

/// The number of pairs of edges, one of each list, that join the same two different numbers.
fn coincident_edges([x, y]: [&PairGraph; 2]) -> f64 {
    let ends = |graph: &PairGraph, [a, b]: [usize; 2]| {
        let (a, b) = (graph.numbers[a], graph.numbers[b]);
        (a.min(b), a.max(b))
    };
    let mut of_y: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    y.edges.iter().for_each(|&edge| *of_y.entry(ends(y, edge)).or_default() += 1.0);
    let edges = x.edges.iter().filter(|[a, b]| a != b);
    edges.filter_map(|&edge| of_y.get(&ends(x, edge))).sum()
}

/// The indices of the edges that are the same pair in both lists: they join the same two numbers,
/// between two sets in the same order. A pair within a set is never equal to one between two sets.
fn same_edges([x, y]: [&PairGraph; 2]) -> Vec<(usize, usize)> {
    if x.joins_two_sets != y.joins_two_sets {
        return Vec::new();
    }
    let key = |graph: &PairGraph, [a, b]: [usize; 2]| {
        let (a, b) = (graph.numbers[a], graph.numbers[b]);
        if graph.joins_two_sets { (a, b) } else { (a.min(b), a.max(b)) }
    };
    let places: BTreeMap<_, _> =
        y.edges.iter().enumerate().map(|(place, &edge)| (key(y, edge), place)).collect();
    let found = x.edges.iter().enumerate();
    found.filter_map(|(place, &edge)| Some((place, *places.get(&key(x, edge))?))).collect()
}

/// For each node, the sum of the numbers on its edges.
fn gather(edges: &[[usize; 2]], nodes: usize, values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; nodes];
    for ([a, b], value) in edges.iter().zip(values) {
        sums[*a] += value;
        sums[*b] += value;
    }
    sums
}

/// a with ZᵀZ a = `right` = Zᵀ x, by conjugate gradients. They also solve the singular system of a
/// graph without odd cycles, because it is consistent. The fit does not depend on the choice of the
/// solution.
fn least_squares(edges: &[[usize; 2]], right: &[f64]) -> Vec<f64> {
    let apply = |a: &[f64]| {
        let on_edges: Vec<f64> = edges.iter().map(|[i, j]| a[*i] + a[*j]).collect();
        gather(edges, right.len(), &on_edges)
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut solution = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    let mut direction = residual.clone();
    let mut square = dot(&residual, &residual);
    let enough = 1e-24 * square;
    // Without rounding, as many steps as nodes would be enough.
    for _ in 0..10 * right.len() {
        if square <= enough {
            break;
        }
        let applied = apply(&direction);
        let step = square / dot(&direction, &applied);
        for (node, (along, across)) in direction.iter().zip(&applied).enumerate() {
            solution[node] += step * along;
            residual[node] -= step * across;
        }
        let next = dot(&residual, &residual);
        let kept = next / square;
        direction
            .iter_mut()
            .zip(&residual)
            .for_each(|(along, residual)| *along = residual + kept * *along);
        square = next;
    }
    solution
}

/// The rank of the incidence matrix: the number of nodes, less one for each component of the graph
/// without an odd cycle.
fn rank(edges: &[[usize; 2]], nodes: usize) -> usize {
    let mut neighbors = vec![Vec::new(); nodes];
    for &[a, b] in edges {
        neighbors[a].push(b);
        neighbors[b].push(a);
    }
    let mut side: Vec<Option<bool>> = vec![None; nodes];
    let mut rank = nodes;
    for start in 0..nodes {
        if side[start].is_some() {
            continue;
        }
        side[start] = Some(false);
        let (mut two_sided, mut waiting) = (true, vec![start]);
        while let Some(node) = waiting.pop() {
            let opposite = side[node].map(|side| !side);
            for &neighbor in &neighbors[node] {
                match side[neighbor] {
                    None => {
                        side[neighbor] = opposite;
                        waiting.push(neighbor);
                    }
                    found => two_sided &= found == opposite,
                }
            }
        }
        rank -= usize::from(two_sided);
    }
    rank
}
