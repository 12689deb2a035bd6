//! Alignment of a set of vectors by the outputs of their hidden units.

use super::activations::{match_standardized, standardized};
use crate::network::{Exchange, SignedPermutation, Symmetry};
use ndarray::{Array2, Axis};

/// Exchanges that make the outputs of the hidden units of a set similar.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputAlignment {
    /// One for each vector.
    pub exchanges: Vec<Exchange>,
    /// Rounds that were needed.
    pub rounds: usize,
    /// Whether the last round changed nothing.
    pub converged: bool,
}

/// Makes the outputs of the hidden units of several vectors similar to a common reference, the mean
/// of the standardized outputs of all.
///
/// `outputs` returns those of a vector as it is, on the same images for all vectors; it is called
/// once for each vector in each round, so that one of them is in memory at a time. The first round
/// matches all vectors with the first one, each further round with the mean of the round before.
/// Neither step increases Σᵢ |oᵢ − mean|², where oᵢ are the standardized outputs after the exchange,
/// so the rounds end. The output is `None` if an output is not finite.
///
/// # Errors
/// Those of `outputs`.
pub fn align_outputs<E>(
    symmetry: &Symmetry,
    vectors: usize,
    rounds: usize,
    outputs: &mut dyn FnMut(usize) -> Result<Vec<Array2<f64>>, E>,
) -> Result<Option<OutputAlignment>, E> {
    let mut exchanges = vec![symmetry.identity(); vectors];
    if vectors == 0 {
        return Ok(Some(OutputAlignment { exchanges, rounds: 0, converged: true }));
    }
    let mut of = |number: usize| -> Result<Vec<Array2<f64>>, E> {
        Ok(outputs(number)?.iter().map(|outputs| standardized(&outputs.view())).collect())
    };
    let mut reference = of(0)?;
    for round in 1..=rounds {
        let mut sum: Vec<Array2<f64>> =
            reference.iter().map(|rows| Array2::zeros(rows.dim())).collect();
        let before = exchanges.clone();
        for (number, exchange) in exchanges.iter_mut().enumerate() {
            let moving = of(number)?;
            let Some(found) = match_standardized(symmetry, &reference, &moving) else {
                return Ok(None);
            };
            let groups = sum.iter_mut().zip(moving.iter().zip(&found.groups));
            groups.for_each(|(sum, (rows, group))| *sum += &exchanged(rows, group));
            *exchange = found;
        }
        if exchanges == before {
            return Ok(Some(OutputAlignment { exchanges, rounds: round, converged: true }));
        }
        sum.iter_mut().for_each(|rows| rows.mapv_inplace(|x| x / vectors as f64));
        reference = sum;
    }
    Ok(Some(OutputAlignment { exchanges, rounds, converged: false }))
}

/// The outputs of exchanged units.
fn exchanged(rows: &Array2<f64>, group: &SignedPermutation) -> Array2<f64> {
    let mut rows = rows.select(Axis(0), &group.source);
    for (mut row, _) in rows.outer_iter_mut().zip(&group.negated).filter(|(_, negated)| **negated) {
        row.mapv_inplace(|x| -x);
    }
    rows
}
