//! Alignment of a set of vectors to a common reference.

use super::weights::{distance, match_weights};
use crate::landscape::Interrupted;
use crate::network::{Exchange, Symmetry};
use crate::random::MasterSeed;
use crate::solver::{Solver, SolverStep, complete};
use serde::{Deserialize, Serialize};

/// How a set is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetParameters {
    /// Random orders of the groups for each match, as in [`match_weights`].
    pub orders: usize,
    /// Rounds at most. In each, every vector is matched with the mean.
    pub rounds: usize,
}

/// Exchanges that bring the vectors of a set together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetAlignment {
    /// One for each vector.
    pub exchanges: Vec<Exchange>,
    /// √(Σᵢ |θᵢ − mean|² / n) of the vectors as they were, and after each round. The last is never
    /// above the first.
    pub spreads: Vec<f64>,
    /// Whether the last round changed nothing.
    pub converged: bool,
}

/// Brings the vectors of a set close to a common reference, their mean, as [`SetAligner`] does.
///
/// `None` if a component is not finite.
///
/// # Panics
/// If the lengths differ, or the symmetry is of a longer vector.
pub fn align_set(
    symmetry: &Symmetry,
    vectors: &[&[f64]],
    parameters: SetParameters,
    seed: MasterSeed,
) -> Option<SetAlignment> {
    complete(SetAligner::new(symmetry, vectors, parameters, seed, None), &mut |_, _| true)?
}

/// Brings the vectors of a set close to a common reference, their mean. A step matches one vector.
///
/// Each round matches every vector with the mean of all, and takes the mean of the results. Neither
/// increases Σᵢ |θᵢ − mean|². The mean of vectors that are not aligned has little structure, so
/// there are two starts: that mean, and the first vector, with which all others are matched at
/// first. The closer result is kept. Put a vector first that you would take as the reference.
///
/// Vector i draws its random orders from its own stream in each round, so that a resumed alignment
/// gives the same exchanges. The output is `None` if a component is not finite.
pub struct SetAligner<'a> {
    symmetry: &'a Symmetry,
    vectors: &'a [&'a [f64]],
    parameters: SetParameters,
    seed: MasterSeed,
    /// The result of the first start, if it has ended.
    by_mean: Option<SetAlignment>,
    rounds: Rounds,
}

/// What an alignment is resumed from: the beginning of its present round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetState {
    by_mean: Option<SetAlignment>,
    rounds: SetAlignment,
}

impl<'a> SetAligner<'a> {
    /// The alignment of these vectors, from a state if there is one.
    ///
    /// # Panics
    /// If the lengths differ, or the symmetry is of a longer vector.
    pub fn new(
        symmetry: &'a Symmetry,
        vectors: &'a [&'a [f64]],
        parameters: SetParameters,
        seed: MasterSeed,
        state: Option<SetState>,
    ) -> Self {
        let state = state.filter(|state| state.rounds.exchanges.len() == vectors.len());
        let (by_mean, begun) = state.map_or((None, None), |it| (it.by_mean, Some(it.rounds)));
        let rounds = Rounds::new(symmetry, vectors, begun);
        Self { symmetry, vectors, parameters, seed, by_mean, rounds }
    }

    /// Whether the rounds of the present start have ended.
    fn has_ended(&self) -> bool {
        let SetAlignment { spreads, converged, .. } = &self.rounds.begun;
        *converged || spreads.len() > self.parameters.rounds
    }

    /// The vector with which the others are matched first, in the second start.
    fn first_reference(&self) -> Option<&'a [f64]> {
        let is_first_round = self.rounds.begun.spreads.len() == 1;
        self.by_mean.as_ref().filter(|_| is_first_round)?;
        self.vectors.first().copied()
    }

    /// Matches the next vector of the round with the reference. `None` if one is not finite.
    fn match_next(&mut self) -> Option<()> {
        let first = self.first_reference();
        let rounds = &mut self.rounds;
        if rounds.next == 0 {
            rounds.reference = first.map_or_else(|| mean(&rounds.moved), <[f64]>::to_vec);
            rounds.exchanges = rounds.begun.exchanges.clone();
            rounds.is_changed = false;
        }
        if let Some(moved) = rounds.moved.get_mut(rounds.next) {
            let (round, number) = (rounds.begun.spreads.len() as u64, rounds.next as u64);
            let mut generator = self.seed.stream("alignment", &[round, number]);
            let (symmetry, orders) = (self.symmetry, self.parameters.orders);
            let found = match_weights(symmetry, &rounds.reference, moved, orders, &mut generator)?;
            if !found.exchange.is_identity() {
                symmetry.apply(&found.exchange, moved);
                let exchange = &mut rounds.exchanges[rounds.next];
                *exchange = exchange.then(&found.exchange);
                rounds.is_changed = true;
            }
            rounds.next += 1;
        }
        if rounds.next == rounds.moved.len() {
            rounds.end_round();
        }
        Some(())
    }
}

impl Solver for SetAligner<'_> {
    type Output = Option<SetAlignment>;

    fn step(&mut self) -> Result<SolverStep<Self::Output>, Interrupted> {
        if !self.has_ended() {
            let matched = self.match_next();
            return Ok(matched.map_or(SolverStep::Finished(None), |()| SolverStep::Continue));
        }
        let found = self.rounds.begun.clone();
        match self.by_mean.take() {
            None => {
                self.by_mean = Some(found);
                self.rounds = Rounds::new(self.symmetry, self.vectors, None);
                Ok(SolverStep::Continue)
            }
            Some(by_mean) => {
                let closer = by_mean.spread() < found.spread();
                Ok(SolverStep::Finished(Some(if closer { by_mean } else { found })))
            }
        }
    }

    fn state(&self) -> Option<impl Serialize + '_> {
        let rounds = self.rounds.begun.clone();
        Some(SetState { by_mean: self.by_mean.clone(), rounds })
    }

    /// As if all rounds were needed. There is no loss: NaN.
    fn progress(&self) -> (f64, f64) {
        let Rounds { begun, next, .. } = &self.rounds;
        let part = *next as f64 / self.vectors.len().max(1) as f64;
        let rounds = begun.spreads.len() as f64 - 1.0 + part;
        let of_start = (rounds / self.parameters.rounds.max(1) as f64).min(1.0);
        let starts = f64::from(u8::from(self.by_mean.is_some()));
        ((0.5 * (starts + of_start)).min(1.0), f64::NAN)
    }
}

/// The rounds from one start.
struct Rounds {
    /// At the beginning of the present round.
    begun: SetAlignment,
    /// What the round matches the vectors with.
    reference: Vec<f64>,
    /// The vectors after their exchanges.
    moved: Vec<Vec<f64>>,
    exchanges: Vec<Exchange>,
    /// The next vector of the round.
    next: usize,
    /// Whether the round has changed an exchange so far.
    is_changed: bool,
}

impl Rounds {
    fn new(symmetry: &Symmetry, vectors: &[&[f64]], begun: Option<SetAlignment>) -> Self {
        let mut moved: Vec<Vec<f64>> = vectors.iter().map(|vector| vector.to_vec()).collect();
        let begun = begun.unwrap_or_else(|| SetAlignment {
            exchanges: vec![symmetry.identity(); vectors.len()],
            spreads: vec![spread(&moved)],
            converged: false,
        });
        for (vector, exchange) in moved.iter_mut().zip(&begun.exchanges) {
            symmetry.apply(exchange, vector);
        }
        let (reference, exchanges) = (Vec::new(), Vec::new());
        Self { begun, reference, moved, exchanges, next: 0, is_changed: false }
    }

    fn end_round(&mut self) {
        self.begun.exchanges = std::mem::take(&mut self.exchanges);
        self.begun.spreads.push(spread(&self.moved));
        self.begun.converged = !self.is_changed;
        self.next = 0;
    }
}

impl SetAlignment {
    /// The last spread.
    pub fn spread(&self) -> f64 {
        self.spreads.last().copied().unwrap_or(f64::NAN)
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
pub fn spread(vectors: &[Vec<f64>]) -> f64 {
    let mean = mean(vectors);
    let squares: f64 = vectors.iter().map(|vector| distance(vector, &mean).powi(2)).sum();
    (squares / vectors.len().max(1) as f64).sqrt()
}
