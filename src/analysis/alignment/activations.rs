//! Activation matching: the exchange of the units whose outputs are most similar.

use super::assignment::assign;
use crate::network::{Exchange, Symmetry};
use ndarray::{Array2, ArrayView2, Axis};

/// Outputs of the units of one group on the same inputs, `(units, samples)`: one sample for each
/// image, for each image and pixel (channels), or for each image and step (LSTM).
pub type UnitOutputs<'a> = ArrayView2<'a, f64>;

/// The exchange of `moving` whose units correlate most with those of `onto`, group by group. Each
/// group is an assignment problem of its own, solved exactly. Units that may change their sign are
/// matched by the magnitude of the correlation.
///
/// Correlations, not distances: units of softplus networks differ much in their means and scales.
/// A unit whose output is constant correlates with none. The weights may be farther apart
/// afterwards; [`match_weights`](super::match_weights) does not allow this.
///
/// `None` if an output is not finite.
///
/// # Panics
/// If there are not as many matrices as groups, or their shapes do not match.
pub fn match_activations(
    symmetry: &Symmetry,
    onto: &[UnitOutputs],
    moving: &[UnitOutputs],
) -> Option<Exchange> {
    let count = symmetry.groups().len();
    assert!(onto.len() == count && moving.len() == count, "outputs of the units of each group");
    let [onto, moving] = [onto, moving].map(|all| all.iter().map(standardized).collect::<Vec<_>>());
    match_standardized(symmetry, &onto, &moving)
}

/// The same of standardized outputs, or of a mean of such outputs.
pub(super) fn match_standardized(
    symmetry: &Symmetry,
    onto: &[Array2<f64>],
    moving: &[Array2<f64>],
) -> Option<Exchange> {
    let groups = symmetry.groups().iter().zip(onto.iter().zip(moving));
    let permutations = groups.map(|(group, (onto, moving))| {
        assert_eq!(onto.dim(), moving.dim(), "{}: outputs on the same inputs", group.name());
        assert_eq!(onto.nrows(), group.units(), "{}: a row for each unit", group.name());
        let correlations = onto.dot(&moving.t());
        if group.is_signed() {
            assign(&Array2::zeros(correlations.dim()), Some(&correlations))
        } else {
            assign(&correlations, None)
        }
    });
    Some(Exchange { groups: permutations.collect::<Option<_>>()? })
}

/// Rows of mean 0 and length 1; of constant rows, 0.
pub(super) fn standardized(outputs: &UnitOutputs) -> Array2<f64> {
    let mut rows = outputs.to_owned();
    let samples = rows.ncols() as f64;
    for mut row in rows.axis_iter_mut(Axis(0)) {
        let largest = row.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let mean = row.sum() / samples;
        row.mapv_inplace(|x| x - mean);
        let length = row.dot(&row).sqrt();
        // What rounding leaves of a constant row is no signal.
        let constant = length <= 10.0 * f64::EPSILON * largest * samples.sqrt();
        row.mapv_inplace(|x| if constant { 0.0 } else { x / length });
    }
    rows
}
