//! Exchanges of hidden units that do not change the function of a network.
//!
//! A network declares its symmetry once, in its own file, as groups of units. For each group it
//! lists every place of θ that belongs to a unit: a block of indices of one axis of one tensor.
//! Everything else follows from this list: random exchanges, weight matching, activation matching.
//!
//! | network | groups | places of a unit |
//! |---|---|---|
//! | FCP, autoencoder | each hidden layer | its row of W and its bias; its column of the next W |
//! | LeNet | channels of each convolution | its kernel and bias; its input of the next convolution, or its columns of fc1, one for each pixel |
//! | LeNet | each hidden fully connected layer | as for FCP |
//! | LSTM | the hidden units | its four rows of Wᵢₕ, Wₕₕ, bᵢₕ and bₕₕ; its columns of Wₕₕ and of the last layer |
//!
//! # Signs
//! If the output of a unit is an odd function of some of its weights, these and the weights that
//! read the unit may change their sign together: a [`Parity::Odd`] place.
//!
//! - With tanh, every hidden unit of FCP, LeNet and autoencoder has this symmetry. Its mean over
//!   2 × 2 pixels is linear, so pooling keeps it.
//! - An LSTM always has it, although its gates are not odd. The cell is c' = f c + i g with
//!   g = tanh(…), and h = o tanh(c). Let the weights of g change their sign. Then g changes its
//!   sign, c does because c₀ = 0, and h does. The gates i, f and o of all units read h, and so do
//!   g and the last layer: their columns change their sign too, and their sums stay as they were.
//!   The element of Wₕₕ from a unit to its own g changes its sign twice. All these are changes of
//!   sign only, so the loss keeps its bits.
//! - Softplus, sigmoid, GELU and SiLU have none: φ(−x) = φ(x) − x for three of them, and
//!   σ(−x) = 1 − σ(x). ReLU has positive factors instead of signs, a continuous family that is not
//!   declared here.
//!
//! So H units have H! exchanges, and 2^H H! with signs.

use super::Tensor;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::ops::Neg;

/// Whether components of θ change their sign with their unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// They keep it.
    Even,
    /// They change it.
    Odd,
}

/// One place of the units of a group: in each of `repeats` blocks of θ, `stride` components apart,
/// `width` neighboring components for each unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    offset: usize,
    repeats: usize,
    stride: usize,
    width: usize,
    parity: Parity,
}

/// Hidden units that can be exchanged with each other.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitGroup {
    name: String,
    units: usize,
    places: Vec<Place>,
}

impl UnitGroup {
    /// A group of units in no place yet. Its name is that of the layer, such as `"fc1"`.
    pub fn new(name: &str, units: usize) -> Self {
        Self { name: name.to_owned(), units, places: Vec::new() }
    }

    /// Adds a whole axis of a tensor. If it is longer than the number of units, neighboring
    /// indices belong to one unit: the pixels of a channel.
    ///
    /// # Panics
    /// If the length of the axis is not a multiple of the number of units.
    #[must_use]
    pub fn along(self, tensor: &Tensor, axis: usize, parity: Parity) -> Self {
        self.along_block(tensor, axis, (0, 1), parity)
    }

    /// Adds one of several equal blocks of an axis: `(block, blocks)` with block < blocks. The
    /// gates of an LSTM are four blocks.
    ///
    /// # Panics
    /// If the length of a block is not a multiple of the number of units.
    #[must_use]
    pub fn along_block(
        mut self,
        tensor: &Tensor,
        axis: usize,
        (block, blocks): (usize, usize),
        parity: Parity,
    ) -> Self {
        let length = tensor.shape[axis];
        assert!(
            block < blocks && length.is_multiple_of(blocks * self.units),
            "{} of {:?} has no block {block} of {blocks} for {} units",
            tensor.name,
            tensor.shape,
            self.units
        );
        let inner: usize = tensor.shape[axis + 1..].iter().product();
        self.places.push(Place {
            offset: tensor.offset + block * (length / blocks) * inner,
            repeats: tensor.shape[..axis].iter().product(),
            stride: length * inner,
            width: length / (blocks * self.units) * inner,
            parity,
        });
        self
    }

    /// Name of the layer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.units
    }

    /// Whether the sign of a unit can change.
    pub fn is_signed(&self) -> bool {
        self.places.iter().any(|place| place.parity == Parity::Odd)
    }

    /// Indices in θ of what belongs to `unit` in all places, with their parities. An index that is
    /// in two places comes twice. The order is the same for all units.
    pub fn indices(&self, unit: usize) -> impl Iterator<Item = (usize, Parity)> + '_ {
        self.places.iter().flat_map(move |place| {
            (0..place.repeats).flat_map(move |repeat| {
                let start = place.offset + repeat * place.stride + unit * place.width;
                (start..start + place.width).map(|index| (index, place.parity))
            })
        })
    }

    fn apply<A: Copy + Neg<Output = A>>(&self, permutation: &SignedPermutation, theta: &mut [A]) {
        assert_eq!(
            permutation.source.len(),
            self.units,
            "one source for each unit of {}",
            self.name
        );
        let mut block = Vec::new();
        for place in &self.places {
            let length = self.units * place.width;
            for repeat in 0..place.repeats {
                let start = place.offset + repeat * place.stride;
                block.clear();
                block.extend_from_slice(&theta[start..start + length]);
                let chunks = theta[start..start + length].chunks_mut(place.width);
                for (unit, chunk) in chunks.enumerate() {
                    let source = permutation.source[unit] * place.width;
                    chunk.copy_from_slice(&block[source..source + place.width]);
                    if place.parity == Parity::Odd && permutation.negated[unit] {
                        chunk.iter_mut().for_each(|x| *x = -*x);
                    }
                }
            }
        }
    }
}

/// All groups of a network. Exchanges within different groups are independent of each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Symmetry {
    groups: Vec<UnitGroup>,
}

impl Symmetry {
    /// The symmetry with these groups, from the input to the output.
    pub fn new(groups: Vec<UnitGroup>) -> Self {
        Self { groups }
    }

    /// The groups.
    pub fn groups(&self) -> &[UnitGroup] {
        &self.groups
    }

    /// The exchange that changes nothing.
    pub fn identity(&self) -> Exchange {
        let identity = |group: &UnitGroup| SignedPermutation::identity(group.units);
        Exchange { groups: self.groups.iter().map(identity).collect() }
    }

    /// A random exchange, all equally likely, with random signs where these may change.
    pub fn random(&self, generator: &mut impl rand::Rng) -> Exchange {
        let mut random = |group: &UnitGroup| {
            let mut source: Vec<usize> = (0..group.units).collect();
            source.shuffle(generator);
            let mut sign = || group.is_signed() && generator.random::<bool>();
            let negated = (0..group.units).map(|_| sign()).collect();
            SignedPermutation { source, negated }
        };
        Exchange { groups: self.groups.iter().map(&mut random).collect() }
    }

    /// Exchanges the units of θ: unit j of the result is unit `source[j]` of what was there.
    ///
    /// # Panics
    /// If the exchange is of another network, or θ is too short.
    pub fn apply<A: Copy + Neg<Output = A>>(&self, exchange: &Exchange, theta: &mut [A]) {
        assert_eq!(exchange.groups.len(), self.groups.len(), "one permutation for each group");
        for (group, permutation) in self.groups.iter().zip(&exchange.groups) {
            group.apply(permutation, theta);
        }
    }

    /// Exchanges the units of one group.
    ///
    /// # Panics
    /// If there is no such group, its number of units differs, or θ is too short.
    pub fn apply_to_group<A: Copy + Neg<Output = A>>(
        &self,
        group: usize,
        permutation: &SignedPermutation,
        theta: &mut [A],
    ) {
        self.groups[group].apply(permutation, theta);
    }
}

/// An order of the units of a group, with their signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPermutation {
    /// `(units,)`: unit j of the result is this unit of what is exchanged.
    pub source: Vec<usize>,
    /// `(units,)`: whether unit j of the result has changed its sign.
    pub negated: Vec<bool>,
}

impl SignedPermutation {
    /// The order that changes nothing.
    pub fn identity(units: usize) -> Self {
        Self { source: (0..units).collect(), negated: vec![false; units] }
    }

    /// Whether it changes nothing.
    pub fn is_identity(&self) -> bool {
        self.source.iter().copied().eq(0..self.source.len()) && !self.negated.contains(&true)
    }

    /// Whether every unit occurs once, and there is a sign for each.
    pub fn is_valid(&self) -> bool {
        let mut sorted = self.source.clone();
        sorted.sort_unstable();
        sorted.into_iter().eq(0..self.source.len()) && self.negated.len() == self.source.len()
    }

    /// This order, and then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self {
            source: next.source.iter().map(|&unit| self.source[unit]).collect(),
            negated: (next.source.iter().zip(&next.negated))
                .map(|(&unit, &negated)| self.negated[unit] != negated)
                .collect(),
        }
    }

    /// The order that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut inverse = Self::identity(self.source.len());
        for (unit, (&source, &negated)) in self.source.iter().zip(&self.negated).enumerate() {
            inverse.source[source] = unit;
            inverse.negated[source] = negated;
        }
        inverse
    }
}

/// An order of the units of every group of a [`Symmetry`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// One for each group.
    pub groups: Vec<SignedPermutation>,
}

impl Exchange {
    /// Whether it changes nothing.
    pub fn is_identity(&self) -> bool {
        self.groups.iter().all(SignedPermutation::is_identity)
    }

    /// Number of units that are not in their place or have another sign.
    pub fn changed(&self) -> usize {
        let changed = |group: &SignedPermutation| {
            let units = group.source.iter().zip(&group.negated).enumerate();
            units.filter(|&(unit, (&source, &negated))| source != unit || negated).count()
        };
        self.groups.iter().map(changed).sum()
    }

    /// This exchange, and then `next`.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        let pairs = self.groups.iter().zip(&next.groups);
        Self { groups: pairs.map(|(first, second)| first.then(second)).collect() }
    }

    /// The exchange that undoes this one.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { groups: self.groups.iter().map(SignedPermutation::inverse).collect() }
    }
}

#[cfg(test)]
pub(crate) mod tests;
