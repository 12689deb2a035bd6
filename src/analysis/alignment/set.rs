//! Alignment of a set of vectors to a common reference.

use super::weights::{distance, match_weights};
use crate::network::{Exchange, Symmetry};
use crate::random::MasterSeed;

/// How a set is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetParameters {
    /// Random orders of the groups for each match, as in [`match_weights`].
    pub orders: usize,
    /// Rounds at most. In each, every vector is matched with the mean.
    pub rounds: usize,
}

/// Exchanges that bring the vectors of a set together.
#[derive(Clone, Debug, PartialEq)]
pub struct SetAlignment {
    /// One for each vector.
    pub exchanges: Vec<Exchange>,
    /// √(Σᵢ |θᵢ − mean|² / n) of the vectors as they were, and after each round. The last is never
    /// above the first.
    pub spreads: Vec<f64>,
    /// Whether the last round changed nothing.
    pub converged: bool,
}

/// Brings the vectors of a set close to a common reference, their mean.
///
/// Each round matches every vector with the mean of all, and takes the mean of the results. Neither
/// increases Σᵢ |θᵢ − mean|². The mean of vectors that are not aligned has little structure, so
/// there are two starts: that mean, and the first vector, with which all others are matched at
/// first. The closer result is kept. Put a vector first that you would take as the reference.
///
/// Vector i draws its random orders from its own stream, so that a set gives the same exchanges
/// however its matches are distributed. `None` if a component is not finite.
///
/// # Panics
/// If the lengths differ, or the symmetry is of a longer vector.
pub fn align_set(
    symmetry: &Symmetry,
    vectors: &[&[f64]],
    parameters: SetParameters,
    seed: MasterSeed,
) -> Option<SetAlignment> {
    let mut by_mean = Rounds::new(symmetry, vectors, parameters, seed);
    by_mean.run()?;
    let Some(first) = vectors.first() else { return Some(by_mean.result()) };
    let mut by_first = Rounds::new(symmetry, vectors, parameters, seed);
    by_first.round(first)?;
    by_first.run()?;
    let closer = by_mean.spread() < by_first.spread();
    Some(if closer { by_mean.result() } else { by_first.result() })
}

/// The rounds from one start.
struct Rounds<'a> {
    symmetry: &'a Symmetry,
    parameters: SetParameters,
    seed: MasterSeed,
    /// The vectors after their exchanges.
    moved: Vec<Vec<f64>>,
    exchanges: Vec<Exchange>,
    spreads: Vec<f64>,
    converged: bool,
}

impl<'a> Rounds<'a> {
    fn new(
        symmetry: &'a Symmetry,
        vectors: &[&[f64]],
        parameters: SetParameters,
        seed: MasterSeed,
    ) -> Self {
        let moved: Vec<Vec<f64>> = vectors.iter().map(|vector| vector.to_vec()).collect();
        let exchanges = vec![symmetry.identity(); vectors.len()];
        let spreads = vec![spread(&moved)];
        Self { symmetry, parameters, seed, moved, exchanges, spreads, converged: false }
    }

    fn run(&mut self) -> Option<()> {
        while !self.converged && self.spreads.len() <= self.parameters.rounds {
            self.round(&mean(&self.moved))?;
        }
        Some(())
    }

    /// Matches every vector with the reference.
    fn round(&mut self, reference: &[f64]) -> Option<()> {
        let round = self.spreads.len() as u64;
        self.converged = true;
        for (number, moved) in self.moved.iter_mut().enumerate() {
            let mut generator = self.seed.stream("alignment", &[round, number as u64]);
            let found = match_weights(
                self.symmetry,
                reference,
                moved,
                self.parameters.orders,
                &mut generator,
            )?;
            if !found.exchange.is_identity() {
                self.symmetry.apply(&found.exchange, moved);
                self.exchanges[number] = self.exchanges[number].then(&found.exchange);
                self.converged = false;
            }
        }
        self.spreads.push(spread(&self.moved));
        Some(())
    }

    fn spread(&self) -> f64 {
        self.spreads[self.spreads.len() - 1]
    }

    fn result(self) -> SetAlignment {
        let Self { exchanges, spreads, converged, .. } = self;
        SetAlignment { exchanges, spreads, converged }
    }
}

/// The mean, `(P,)`.
fn mean(vectors: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        mean.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
    }
    mean.iter_mut().for_each(|sum| *sum /= vectors.len() as f64);
    mean
}

/// √(Σᵢ |θᵢ − mean|² / n); 0 without vectors.
fn spread(vectors: &[Vec<f64>]) -> f64 {
    let mean = mean(vectors);
    let squares: f64 = vectors.iter().map(|vector| distance(vector, &mean).powi(2)).sum();
    (squares / vectors.len().max(1) as f64).sqrt()
}
