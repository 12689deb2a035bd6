//! Exchanges of two units, and changes of one sign, in a group whose units read each other.

use super::weights::similarity;
use crate::network::{Parity, SignedPermutation, UnitGroup};
use ndarray::Array2;

/// Sweeps over all pairs of units, at most.
const MAX_SWEEPS: usize = 200;

/// Improves the order of a group pair by pair. `None` if nothing brings the vectors closer by more
/// than `gain` of the inner product, and for groups of which no component belongs to two units:
/// there the assignment is the best order already.
pub(super) fn polish(
    group: &UnitGroup,
    onto: &[f64],
    moved: &[f64],
    gain: f64,
) -> Option<SignedPermutation> {
    let mut search = Search::new(group, onto, moved, gain)?;
    for _ in 0..MAX_SWEEPS {
        if !search.sweep() {
            break;
        }
    }
    (!search.step.is_identity()).then_some(search.step)
}

/// A component that belongs to two units, with its parity in the places of the first and of the
/// second.
#[derive(Clone, Copy)]
struct Coupling {
    index: usize,
    parities: [Parity; 2],
}

/// An exchange of two units, or none, and a sign for each unit.
///
/// Unit `units[i]` of the result is Mᵢⱼ times unit `units[j]` of what was there, where M is the
/// order for even components and the order with the signs for odd ones.
#[derive(Clone, Debug)]
struct Change {
    units: Vec<usize>,
    swapped: bool,
    negated: Vec<bool>,
}

impl Change {
    /// Element (i, j) of M − 1.
    fn element(&self, i: usize, j: usize, parity: Parity) -> f64 {
        let source = if self.swapped { self.units.len() - 1 - i } else { i };
        let sign = if parity == Parity::Odd && self.negated[i] { -1.0 } else { 1.0 };
        let moved = if source == j { sign } else { 0.0 };
        moved - f64::from(u8::from(i == j))
    }

    /// All exchanges of two units, with all signs if there are any, and all changes of one sign.
    fn all(units: usize, signed: bool) -> impl Iterator<Item = Self> {
        let signs: &[bool] = if signed { &[false, true] } else { &[false] };
        let swaps =
            (0..units).flat_map(move |a| (0..a).map(move |b| vec![a, b])).flat_map(|units| {
                signs
                    .iter()
                    .flat_map(|&a| signs.iter().map(move |&b| vec![a, b]))
                    .map(move |negated| Self { units: units.clone(), swapped: true, negated })
            });
        let negations = (0..if signed { units } else { 0 }).map(|unit| Self {
            units: vec![unit],
            swapped: false,
            negated: vec![true],
        });
        swaps.chain(negations)
    }
}

struct Search<'a> {
    group: &'a UnitGroup,
    /// The components of each unit, place by place.
    units: Vec<Vec<(usize, Parity)>>,
    /// The components that belong to units (u, w), at u · units + w: the same number for each pair.
    couplings: Vec<Vec<Coupling>>,
    onto: &'a [f64],
    moved: Vec<f64>,
    step: SignedPermutation,
    gain: f64,
}

impl<'a> Search<'a> {
    /// `None` if no component belongs to two units.
    fn new(group: &'a UnitGroup, onto: &'a [f64], moved: &[f64], gain: f64) -> Option<Self> {
        let units: Vec<Vec<(usize, Parity)>> =
            (0..group.units()).map(|unit| group.indices(unit).collect()).collect();
        let count = units.len();
        let mut couplings = vec![Vec::new(); count * count];
        let mut owners = vec![None; moved.len()];
        // Place by place, so that the first owner has the component in the earlier place.
        for position in 0..units.first().map_or(0, Vec::len) {
            for (unit, components) in units.iter().enumerate() {
                let (index, parity) = components[position];
                match owners[index] {
                    None => owners[index] = Some((unit, parity)),
                    Some((first, other)) => couplings[first * count + unit]
                        .push(Coupling { index, parities: [other, parity] }),
                }
            }
        }
        let step = SignedPermutation::identity(count);
        let is_coupled = couplings.iter().any(|coupling| !coupling.is_empty());
        let moved = moved.to_vec();
        is_coupled.then_some(Self { group, units, couplings, onto, moved, step, gain })
    }

    /// Makes the changes that bring the vectors closer, the best ones first, none twice to the same
    /// unit. Whether there was any.
    fn sweep(&mut self) -> bool {
        let mut better = self.better_changes();
        better.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut is_changed = vec![false; self.units.len()];
        let mut improved = false;
        for (_, change) in better {
            if change.units.iter().any(|&unit| is_changed[unit]) {
                continue;
            }
            // Changes before this one have changed what it gains.
            if self.keep_if_better(&change) {
                change.units.iter().for_each(|&unit| is_changed[unit] = true);
                improved = true;
            }
        }
        improved
    }

    /// All changes that would increase the inner product, with their increase.
    fn better_changes(&self) -> Vec<(f64, Change)> {
        let similarities = self.similarities();
        let changes = Change::all(self.units.len(), self.group.is_signed());
        let increases = changes.map(|change| (self.increase(&similarities, &change), change));
        increases.filter(|(increase, _)| *increase > self.gain).collect()
    }

    /// Of the even and of the odd components.
    fn similarities(&self) -> [Array2<f64>; 2] {
        [Parity::Even, Parity::Odd]
            .map(|parity| similarity(self.group, [self.onto, &self.moved], parity, &|_| true))
    }

    /// How much a change increases the inner product.
    ///
    /// With E = M − 1 the inner product of coupled weights A and B changes by
    /// ⟨A, E B⟩ + ⟨A, B Eᵀ⟩ + ⟨A, E B Eᵀ⟩. The first two terms, and those of all other weights, are elements of the
    /// similarities. The last one has only the weights between the changed units. So a change costs
    /// a few operations, however many units there are.
    fn increase(&self, similarities: &[Array2<f64>; 2], change: &Change) -> f64 {
        let Change { units, .. } = change;
        let range = || 0..units.len();
        let mut sum = 0.0;
        for (i, j) in range().flat_map(|i| range().map(move |j| (i, j))) {
            for (similarity, parity) in similarities.iter().zip([Parity::Even, Parity::Odd]) {
                sum += change.element(i, j, parity) * similarity[[units[i], units[j]]];
            }
            for (k, l) in range().flat_map(|k| range().map(move |l| (k, l))) {
                let between =
                    |i: usize, k: usize| &self.couplings[units[i] * self.units.len() + units[k]];
                for (a, b) in between(i, k).iter().zip(between(j, l)) {
                    sum += change.element(i, j, a.parities[0])
                        * change.element(k, l, a.parities[1])
                        * self.onto[a.index]
                        * self.moved[b.index];
                }
            }
        }
        sum
    }

    /// Makes a change, and undoes it if the inner product is not larger for it.
    fn keep_if_better(&mut self, change: &Change) -> bool {
        let mut indices: Vec<usize> = change
            .units
            .iter()
            .flat_map(|&unit| &self.units[unit])
            .map(|&(index, _)| index)
            .collect();
        indices.sort_unstable();
        indices.dedup();
        let before = self.product(&indices);
        let (values, step): (Vec<f64>, _) =
            (indices.iter().map(|&index| self.moved[index]).collect(), self.step.clone());
        self.make(change);
        let better = self.product(&indices) > before + self.gain;
        if !better {
            indices.iter().zip(values).for_each(|(&index, value)| self.moved[index] = value);
            self.step = step;
        }
        better
    }

    /// The part of the inner product that these components have.
    fn product(&self, indices: &[usize]) -> f64 {
        indices.iter().map(|&index| self.onto[index] * self.moved[index]).sum()
    }

    fn make(&mut self, change: &Change) {
        if let (true, &[first, second]) = (change.swapped, &change.units[..]) {
            // Place by place: a component of both units is first in a row and then in a column.
            for (&(of_first, _), &(of_second, _)) in
                self.units[first].iter().zip(&self.units[second])
            {
                self.moved.swap(of_first, of_second);
            }
            self.step.source.swap(first, second);
            self.step.negated.swap(first, second);
        }
        for (&unit, _) in change.units.iter().zip(&change.negated).filter(|(_, negated)| **negated)
        {
            for &(index, parity) in &self.units[unit] {
                if parity == Parity::Odd {
                    self.moved[index] = -self.moved[index];
                }
            }
            self.step.negated[unit] ^= true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;
    use crate::kernels::dot;
    use crate::network::symmetry::tests::theta;
    use crate::network::{Architecture, Value, lstm};

    /// Every exchange and every sign, against the inner product before and after.
    #[test]
    fn the_increase_of_a_change_is_that_of_the_inner_product() {
        let network = Architecture::with_defaults(&lstm::DESCRIPTOR)
            .with("hidden", Value::Count(5))
            .build::<f64>(ImageShape::gray(3, 4), 3)
            .unwrap();
        let symmetry = network.symmetry();
        let [onto, moved] = [0, 1].map(|number| theta(network.as_ref(), number));
        let search = Search::new(&symmetry.groups()[0], &onto, &moved, 0.0).unwrap();
        let changes: Vec<Change> = Change::all(5, true).collect();
        assert_eq!(changes.len(), 4 * 10 + 5);
        for change in changes {
            let expected = search.increase(&search.similarities(), &change);
            let mut after = Search::new(&symmetry.groups()[0], &onto, &moved, 0.0).unwrap();
            after.make(&change);
            let exact = dot(&onto, &after.moved) - dot(&onto, &moved);
            assert!((expected - exact).abs() < 1e-13, "{change:?}: {expected} and {exact}");
            // The recorded step is what was done.
            let mut again = moved.clone();
            symmetry.apply_to_group(0, &after.step, &mut again);
            assert_eq!(again, after.moved);
        }
    }

    #[test]
    fn nothing_is_left_to_exchange() {
        let network = Architecture::with_defaults(&lstm::DESCRIPTOR)
            .with("hidden", Value::Count(12))
            .build::<f64>(ImageShape::gray(3, 4), 3)
            .unwrap();
        let symmetry = network.symmetry();
        let group = &symmetry.groups()[0];
        let [onto, mut moved] = [0, 1].map(|number| theta(network.as_ref(), number));
        let step = polish(group, &onto, &moved, 1e-9).unwrap();
        symmetry.apply_to_group(0, &step, &mut moved);
        let search = Search::new(group, &onto, &moved, 1e-9).unwrap();
        assert!(search.better_changes().is_empty());
        assert_eq!(polish(group, &onto, &moved, 1e-9), None);
    }
}
