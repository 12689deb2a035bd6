//! Two lists of numbers compared.

use super::LEVEL;
use crate::analysis::statistics::{
    Interval, PairValues, Summary, mann_whitney, pair_shift_interval, shift_interval, smallest_p,
};
use crate::report::number::typeset_short;

/// Two lists compared by their medians, by rank, and by the ratio between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub quantity: String,
    /// The names of the two lists.
    pub names: [String; 2],
    /// The numbers of values in them.
    pub counts: [usize; 2],
    /// Their medians.
    pub medians: [f64; 2],
    /// The factor by which the first exceeds the second, with the interval of 99 %. `None` if the
    /// numbers are not all positive or too few.
    pub ratio: Option<Interval>,
    /// p of the test of Mann and Whitney, two-sided.
    pub p: f64,
    /// Cliff's δ.
    pub delta: f64,
    /// The published ratio of the means, where there is one.
    pub published: Option<f64>,
    /// The smallest p that lists of this length can have. If it is above the level, there are too
    /// few numbers.
    smallest_p: f64,
    /// Whether the ratio has a meaning: scores of a kernel PCA have none.
    positive: bool,
}

impl Comparison {
    /// Compares independent numbers.
    ///
    /// # Errors
    /// A sentence that names an empty list or a value that is not finite.
    pub fn of(quantity: &str, names: [String; 2], [x, y]: [&[f64]; 2]) -> Result<Self, String> {
        let mut comparison = Self::by_rank(quantity, names, [x, y])?;
        if comparison.positive {
            let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
            let shift = shift_interval(&logs(x), &logs(y), 1.0 - LEVEL)
                .map_err(|error| error.to_string())?;
            comparison.ratio = shift.map(exponential);
        }
        Ok(comparison)
    }

    /// Compares numbers that belong to pairs of solutions. Pairs that share a solution are not
    /// independent. The interval accounts for this, p does not. The ratio is that of the geometric
    /// means.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_pairs(
        quantity: &str,
        names: [String; 2],
        [x, y]: [&PairValues; 2],
    ) -> Result<Self, String> {
        let mut comparison = Self::by_rank(quantity, names, [&x.values, &y.values])?;
        if comparison.positive {
            let logs = |pairs: &PairValues| PairValues {
                ends: pairs.ends.clone(),
                values: pairs.values.iter().map(|value| value.ln()).collect(),
            };
            let shift = pair_shift_interval(&logs(x), &logs(y), 1.0 - LEVEL)
                .map_err(|error| error.to_string())?;
            comparison.ratio = shift.map(exponential);
        }
        Ok(comparison)
    }

    fn by_rank(quantity: &str, names: [String; 2], [x, y]: [&[f64]; 2]) -> Result<Self, String> {
        for (name, values) in names.iter().zip([x, y]) {
            if values.is_empty() {
                return Err(format!("there are no values of {name}"));
            }
        }
        let test = mann_whitney(x, y).map_err(|error| error.to_string())?;
        let median =
            |values: &[f64]| Summary::of(values).map_or(f64::NAN, |summary| summary.median);
        Ok(Self {
            quantity: quantity.to_owned(),
            names,
            counts: [x.len(), y.len()],
            medians: [median(x), median(y)],
            ratio: None,
            p: test.p,
            delta: test.delta,
            published: None,
            smallest_p: smallest_p(x.len(), y.len()),
            positive: x.iter().chain(y).all(|&value| value > 0.0),
        })
    }

    /// The reason if there are too few numbers for a result.
    pub fn too_few(&self) -> Option<String> {
        let [n, m] = self.counts;
        (self.smallest_p > LEVEL).then(|| {
            let least = typeset_short(self.smallest_p);
            format!(
                "too few numbers: of {n} against {m}, all different, the clearest order has \
                 p = {least}, above {LEVEL}"
            )
        })
    }

    /// Whether the lists differ: by the test, and by the interval if there is one, in the same
    /// direction. The test compares ranks, and δ has its sign. The interval of pairs is that of the
    /// geometric means, which a few outliers can move to the other side.
    pub fn differs(&self) -> bool {
        let agrees = |ratio: Interval| {
            (ratio.low > 1.0 && self.delta > 0.0) || (ratio.high < 1.0 && self.delta < 0.0)
        };
        self.p < LEVEL && self.ratio.is_none_or(agrees)
    }

    /// Whether the test and the interval have opposite directions.
    pub fn contradicts_itself(&self) -> bool {
        let opposite = |ratio: Interval| {
            (ratio.low > 1.0 && self.delta < 0.0) || (ratio.high < 1.0 && self.delta > 0.0)
        };
        self.p < LEVEL && self.ratio.is_some_and(opposite)
    }

    /// The same with the published ratio of the means.
    #[must_use]
    pub fn published(mut self, ratio: Option<f64>) -> Self {
        self.published = ratio;
        self
    }
}

fn exponential(log: Interval) -> Interval {
    Interval { estimate: log.estimate.exp(), low: log.low.exp(), high: log.high.exp() }
}
