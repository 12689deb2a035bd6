//! Golden section line search with a budget of evaluations.
//!
//! Finds a step u > 0 with f(u) < f(0): it brackets a minimum, then narrows the bracket by golden
//! section. As published, the bracket grows by a factor 4 and then by 2.
//!
//! It differs from the published search in four points:
//! - The first trial is a fifth of the *unit step*, u = 0.2. The published first trial is 0.2 ·
//!   |p|. A quasi-Newton direction has a natural length: its natural step is u = 1. Near the
//!   minimum, where |p| is small, 0.2 · |p| would be far too short.
//! - If the first trial is uphill, the bracket shrinks toward 0 by the golden ratio until a trial
//!   is lower than the start. No rule for this case is published.
//! - It never returns an uphill step. Without a lower point there is no step, and the caller
//!   decides.
//! - It evaluates no gradients.

/// (3 − √5) / 2: where golden section places a trial inside the longer part of a bracket.
const GOLDEN: f64 = 0.381_966_011_250_105_1;

/// First trial, as a fraction of the unit step.
const FIRST: f64 = 0.2;

/// A step along the line, with the value there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineStep {
    /// u > 0.
    pub length: f64,
    /// f(u) < f(0).
    pub value: f64,
}

/// The lowest f(u) found with at most `evaluations` calls of `f`, if it lies below `at_zero` =
/// f(0).
///
/// Ends early when the bracket is narrower than `tolerance` times the best step. Values that are
/// not finite count as infinitely high.
///
/// # Errors
/// The first error of `f`.
pub fn search<E>(
    at_zero: f64,
    evaluations: usize,
    tolerance: f64,
    f: impl FnMut(f64) -> Result<f64, E>,
) -> Result<Option<LineStep>, E> {
    let mut trials = Trials { f, left: evaluations };
    let Some(first) = trials.at(FIRST)? else { return Ok(None) };
    let Bracket { mut low, mut middle, mut high } = if first.value < at_zero {
        match outward(&mut trials, LineStep { length: 0.0, value: at_zero }, first)? {
            Ok(bracket) => bracket,
            Err(lowest) => return Ok(Some(lowest)),
        }
    } else {
        match inward(&mut trials, LineStep { length: 0.0, value: at_zero }, first)? {
            Some(bracket) => bracket,
            None => return Ok(None),
        }
    };
    while high.length - low.length > tolerance * middle.length {
        let above = high.length - middle.length > middle.length - low.length;
        let end = if above { high } else { low };
        let Some(trial) = trials.at(middle.length + GOLDEN * (end.length - middle.length))? else {
            break;
        };
        match (trial.value < middle.value, above) {
            (true, true) => (low, middle) = (middle, trial),
            (true, false) => (high, middle) = (middle, trial),
            (false, true) => high = trial,
            (false, false) => low = trial,
        }
    }
    Ok(Some(middle))
}

/// Three steps, of which the one in the middle is lowest.
struct Bracket {
    low: LineStep,
    middle: LineStep,
    high: LineStep,
}

/// Starts downhill at `middle` and goes farther until the value rises. If the budget ends before,
/// the error is the lowest step.
fn outward<E, F: FnMut(f64) -> Result<f64, E>>(
    trials: &mut Trials<F>,
    mut low: LineStep,
    mut middle: LineStep,
) -> Result<Result<Bracket, LineStep>, E> {
    let mut growth = 4.0;
    loop {
        let Some(trial) = trials.at(middle.length * growth)? else { return Ok(Err(middle)) };
        if trial.value >= middle.value {
            return Ok(Ok(Bracket { low, middle, high: trial }));
        }
        (low, middle, growth) = (middle, trial, 2.0);
    }
}

/// Starts uphill at `high` and comes closer until the value is below that of the origin. `None` if
/// the budget ends before.
fn inward<E, F: FnMut(f64) -> Result<f64, E>>(
    trials: &mut Trials<F>,
    low: LineStep,
    mut high: LineStep,
) -> Result<Option<Bracket>, E> {
    loop {
        let Some(trial) = trials.at(high.length * GOLDEN)? else { return Ok(None) };
        if trial.value < low.value {
            return Ok(Some(Bracket { low, middle: trial, high }));
        }
        high = trial;
    }
}

struct Trials<F> {
    f: F,
    left: usize,
}

impl<E, F: FnMut(f64) -> Result<f64, E>> Trials<F> {
    /// The trial at `length`; `None` when the budget is spent.
    fn at(&mut self, length: f64) -> Result<Option<LineStep>, E> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let value = (self.f)(length)?;
        Ok(Some(LineStep { length, value: if value.is_finite() { value } else { f64::INFINITY } }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// For a function without errors.
    fn search(
        at_zero: f64,
        evaluations: usize,
        tolerance: f64,
        mut f: impl FnMut(f64) -> f64,
    ) -> Option<LineStep> {
        let Ok(step) =
            super::search(at_zero, evaluations, tolerance, |u| Ok::<_, Infallible>(f(u)));
        step
    }

    #[test]
    fn an_error_of_any_evaluation_ends_the_search() {
        for valley in [0.003, 0.9, 30.0] {
            let all = (0..=40).find(|&left| {
                let mut left = left;
                let interrupted = super::search(valley * valley, 40, 1e-4, |u: f64| {
                    left -= 1;
                    if left < 0 { Err("interrupted") } else { Ok((u - valley).powi(2)) }
                });
                interrupted.is_ok()
            });
            assert!((10..=40).contains(&all.unwrap()), "{all:?}");
        }
    }

    #[test]
    fn finds_the_minimum_of_a_parabola_wherever_it_is() {
        for minimum in [0.003, 0.05, 0.2, 0.9, 1.0, 30.0] {
            let step = search(minimum * minimum, 60, 1e-6, |u| (u - minimum).powi(2)).unwrap();
            assert!((step.length / minimum - 1.0).abs() < 1e-5, "{} for {minimum}", step.length);
        }
    }

    #[test]
    fn keeps_to_its_budget_and_never_goes_uphill() {
        for budget in 0..9 {
            let mut calls = 0;
            let step = search(1.0, budget, 1e-4, |u| {
                calls += 1;
                // Down only for 0 < u < 0.01, with a narrow deep hole: the bracket comes from
                // above.
                1.0 - 50.0 * u + 5000.0 * u * u
            });
            assert!(calls <= budget);
            assert!(step.is_none_or(|step| step.value < 1.0), "budget {budget}");
            assert_eq!(step.is_some(), budget >= 5, "0.2 · 0.382⁴ is the first trial below 0.01");
        }
        assert_eq!(search(0.0, 40, 1e-4, |u| u), None);
    }

    #[test]
    fn a_function_that_overflows_is_bracketed_from_below() {
        let step = search(1.0, 12, 1e-4, |u| if u > 0.5 { f64::NAN } else { 1.0 - u }).unwrap();
        assert!(step.length > 0.4 && step.value < 0.6);
    }

    #[test]
    fn each_section_shrinks_the_bracket_by_the_golden_ratio() {
        // 1.618… per evaluation, once the trials stand in golden ratio: measured over 20 more.
        let error = |evaluations| {
            (search(4.0, evaluations, 0.0, |u| (u - 2.0).powi(2)).unwrap().length - 2.0_f64).abs()
        };
        let rate = (error(10) / error(30)).powf(1.0 / 20.0);
        assert!((1.4..1.9).contains(&rate), "rate {rate}");
    }
}
