//! Weight matching: the exchange of units that brings one vector close to another.

use super::assignment::assign;
use super::polish::polish;
use crate::kernels::{dot, norm};
use crate::network::{Exchange, Parity, SignedPermutation, Symmetry, UnitGroup};
use ndarray::Array2;
use rand::seq::SliceRandom;

/// A step must bring the vectors closer by this fraction of |θ|²: more than rounding does.
const GAIN: f64 = 1e-12;
/// Sweeps over all groups, at most. Ten are seldom needed.
const MAX_SWEEPS: usize = 100;

/// The result of weight matching.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightMatch {
    /// The exchange of the second vector.
    pub exchange: Exchange,
    /// |θ_a − θ_b|.
    pub before: f64,
    /// The same after the exchange of θ_b; never larger.
    pub after: f64,
}

/// The exchange of `moving` that brings it close to `onto`.
///
/// Exchanges keep |θ|, so the distance is smallest where the inner product is largest. Coordinate
/// descent: of one group after the other the best order is an assignment problem, solved exactly
/// while all other groups keep theirs, until no group changes. If the units of a group read each
/// other (the recurrent weights of an LSTM), the inner product is quadratic in the order. Then the
/// assignment problem is its linear part, taken only if it brings the vectors closer, and exchanges
/// of two units and changes of one sign follow (`polish`).
///
/// The descent starts from the order that is there, and from `orders` + 1 others. These come from a
/// pass over the groups in an order of its own, which compares only weights that no later group
/// exchanges: first from the input to the output, then in random orders. An exchange of all groups
/// of equal vectors is undone by the first such pass. A single group has no other order; it starts
/// from random exchanges instead. The best result is kept.
///
/// `None` if a component is not finite.
///
/// # Panics
/// If the lengths differ, or the symmetry is of a longer vector.
pub fn match_weights(
    symmetry: &Symmetry,
    onto: &[f64],
    moving: &[f64],
    orders: usize,
    generator: &mut impl rand::Rng,
) -> Option<WeightMatch> {
    assert_eq!(onto.len(), moving.len(), "vectors of one network");
    if !onto.iter().chain(moving).all(|x| x.is_finite()) {
        return None;
    }
    let forward: Vec<usize> = (0..symmetry.groups().len()).collect();
    let mut best = CoordinateDescent::new(symmetry, onto, moving);
    best.descend(&forward);
    for number in 0..=orders {
        let mut order = forward.clone();
        let mut descent = CoordinateDescent::new(symmetry, onto, moving);
        if number > 0 && order.len() == 1 {
            descent.begin_at(symmetry.random(generator));
        } else {
            if number > 0 {
                order.shuffle(generator);
            }
            descent.begin(&order);
        }
        descent.descend(&order);
        if descent.product() > best.product() + best.gain {
            best = descent;
        }
    }
    let before = distance(onto, moving);
    // Rounding alone may make a distance larger that should be equal.
    let after = distance(onto, &best.moved);
    let exchange = if after < before { best.exchange } else { symmetry.identity() };
    Some(WeightMatch { exchange, before, after: after.min(before) })
}

/// |x − y|.
pub(super) fn distance(x: &[f64], y: &[f64]) -> f64 {
    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>())
}

/// Coordinate descent from one start.
struct CoordinateDescent<'a> {
    symmetry: &'a Symmetry,
    onto: &'a [f64],
    /// `moving` after `exchange`.
    moved: Vec<f64>,
    exchange: Exchange,
    /// The smallest increase of the inner product that counts.
    gain: f64,
}

impl<'a> CoordinateDescent<'a> {
    fn new(symmetry: &'a Symmetry, onto: &'a [f64], moving: &[f64]) -> Self {
        let gain = GAIN * norm(onto) * norm(moving);
        let (moved, exchange) = (moving.to_vec(), symmetry.identity());
        Self { symmetry, onto, moved, exchange, gain }
    }

    /// θ_a · θ_b.
    fn product(&self) -> f64 {
        dot(self.onto, &self.moved)
    }

    fn exchange_group(&mut self, group: usize, step: &SignedPermutation) {
        self.symmetry.apply_to_group(group, step, &mut self.moved);
        self.exchange.groups[group] = self.exchange.groups[group].then(step);
    }

    fn begin_at(&mut self, exchange: Exchange) {
        self.symmetry.apply(&exchange, &mut self.moved);
        self.exchange = exchange;
    }

    /// One pass over the groups in this order, each by the components that no group exchanges whose
    /// turn is still to come. The result may be farther away than the start.
    fn begin(&mut self, order: &[usize]) {
        let groups = self.symmetry.groups();
        // How many places of groups that are not settled yet hold a component.
        let mut open = vec![0_u8; self.moved.len()];
        for group in groups {
            for_all_indices(group, |index| open[index] += 1);
        }
        for &number in order {
            let group = &groups[number];
            let counts = |index: usize| open[index] == 1;
            if let Some(step) = self.assignment(group, counts) {
                self.exchange_group(number, &step);
            }
            for_all_indices(group, |index| open[index] -= 1);
        }
    }

    /// Sweeps over the groups in this order, until none of them changes.
    fn descend(&mut self, order: &[usize]) {
        for _ in 0..MAX_SWEEPS {
            let before = self.product();
            for &number in order {
                self.improve(number);
            }
            if self.product() <= before + self.gain {
                break;
            }
        }
    }

    /// The best order of one group; never farther away than before.
    fn improve(&mut self, number: usize) {
        let group = &self.symmetry.groups()[number];
        if let Some(step) = self.assignment(group, |_| true).filter(|step| !step.is_identity()) {
            let before = self.product();
            self.exchange_group(number, &step);
            if self.product() <= before + self.gain {
                self.exchange_group(number, &step.inverse());
            }
        }
        if let Some(step) = polish(group, self.onto, &self.moved, self.gain) {
            self.exchange_group(number, &step);
        }
    }

    /// The assignment problem of a group, on the components that count.
    fn assignment(
        &self,
        group: &UnitGroup,
        counts: impl Fn(usize) -> bool,
    ) -> Option<SignedPermutation> {
        let of = |parity| similarity(group, [self.onto, &self.moved], parity, &counts);
        let odd = group.is_signed().then(|| of(Parity::Odd));
        assign(&of(Parity::Even), odd.as_ref())
    }
}

fn for_all_indices(group: &UnitGroup, mut f: impl FnMut(usize)) {
    (0..group.units()).flat_map(|unit| group.indices(unit)).for_each(|(index, _)| f(index));
}

/// For unit i of the first vector and unit j of the second the sum of the products of their
/// components with this parity, `(units, units)`. Components that do not count are left out.
pub(super) fn similarity(
    group: &UnitGroup,
    [onto, moved]: [&[f64]; 2],
    parity: Parity,
    counts: &impl Fn(usize) -> bool,
) -> Array2<f64> {
    let of = |theta| components(group, theta, parity, counts);
    of(onto).dot(&of(moved).t())
}

/// The components of the units of a group with this parity, `(units, components)`. Components that
/// do not count are 0.
fn components(
    group: &UnitGroup,
    theta: &[f64],
    parity: Parity,
    counts: &impl Fn(usize) -> bool,
) -> Array2<f64> {
    let mut all = Vec::new();
    for unit in 0..group.units() {
        let indices = group.indices(unit).filter(|&(_, of)| of == parity);
        all.extend(indices.map(|(index, _)| if counts(index) { theta[index] } else { 0.0 }));
    }
    let columns = all.len() / group.units().max(1);
    Array2::from_shape_vec((group.units(), columns), all).expect("all units have equal places")
}
