//! Exchanges of two units, and changes of one sign, in a group whose units read each other.

use crate::network::{Parity, SignedPermutation, UnitGroup};

/// Sweeps over all pairs of units, at most.
const MAX_SWEEPS: usize = 50;

/// Improves the order of a group pair by pair. `None` if nothing brings the vectors closer by more
/// than `gain` of the inner product, and for groups of which no component belongs to two units:
/// there the assignment is the best order already.
///
/// A pair costs as many operations as its units have components.
pub(super) fn polish(
    group: &UnitGroup,
    onto: &[f64],
    moved: &[f64],
    gain: f64,
) -> Option<SignedPermutation> {
    let units: Vec<Vec<(usize, Parity)>> =
        (0..group.units()).map(|unit| group.indices(unit).collect()).collect();
    if !is_coupled(&units, moved.len()) {
        return None;
    }
    let mut search = Search {
        units,
        onto,
        moved: moved.to_vec(),
        step: SignedPermutation::identity(group.units()),
        gain,
    };
    for _ in 0..MAX_SWEEPS {
        if !search.sweep(group.is_signed()) {
            break;
        }
    }
    (!search.step.is_identity()).then_some(search.step)
}

/// Whether a component belongs to two units.
fn is_coupled(units: &[Vec<(usize, Parity)>], length: usize) -> bool {
    let mut seen = vec![false; length];
    let mut again = |&(index, _): &(usize, Parity)| std::mem::replace(&mut seen[index], true);
    units.iter().flatten().any(&mut again)
}

struct Search<'a> {
    /// The components of each unit.
    units: Vec<Vec<(usize, Parity)>>,
    onto: &'a [f64],
    moved: Vec<f64>,
    step: SignedPermutation,
    gain: f64,
}

impl Search<'_> {
    /// Tries every pair, and every sign. Whether anything was better.
    fn sweep(&mut self, signed: bool) -> bool {
        let mut improved = false;
        for first in 0..self.units.len() {
            if signed {
                improved |= self.keep_if_better(&[first], |search| search.negate(first));
            }
            for second in 0..first {
                let pair = [first, second];
                improved |= self.keep_if_better(&pair, |search| search.swap(first, second));
                // The pair with one of its signs changed: neither half of it may be better alone.
                for unit in pair.into_iter().filter(|_| signed) {
                    improved |= self.keep_if_better(&pair, |search| {
                        search.swap(first, second);
                        search.negate(unit);
                    });
                }
            }
        }
        improved
    }

    /// Makes a change, and undoes it if the inner product is not larger for it.
    fn keep_if_better(&mut self, changed: &[usize], change: impl Fn(&mut Self)) -> bool {
        let mut indices: Vec<usize> =
            changed.iter().flat_map(|&unit| &self.units[unit]).map(|&(index, _)| index).collect();
        indices.sort_unstable();
        indices.dedup();
        let before = self.product(&indices);
        let (values, step): (Vec<f64>, _) =
            (indices.iter().map(|&index| self.moved[index]).collect(), self.step.clone());
        change(self);
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

    fn swap(&mut self, first: usize, second: usize) {
        // Place by place: a component of both units is first in a row and then in a column.
        let pairs: Vec<_> = self.units[first].iter().zip(&self.units[second]).collect();
        for (&(of_first, _), &(of_second, _)) in pairs {
            self.moved.swap(of_first, of_second);
        }
        self.step.source.swap(first, second);
        self.step.negated.swap(first, second);
    }

    fn negate(&mut self, unit: usize) {
        for &(index, parity) in &self.units[unit] {
            if parity == Parity::Odd {
                self.moved[index] = -self.moved[index];
            }
        }
        self.step.negated[unit] ^= true;
    }
}
