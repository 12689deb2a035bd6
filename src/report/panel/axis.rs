//! Axes: the positions of values, the tick marks and their labels.

use crate::report::number::superscript;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisScale {
    /// Evenly.
    Linear,
    /// By their logarithm.
    Log,
}

/// The properties of an axis. Its range follows from what is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// Its scale.
    pub scale: AxisScale,
    /// Values that are within its range.
    pub include: Vec<f64>,
    /// Whether there is a margin beyond the outermost values.
    pub margin: bool,
    /// Whether ticks are at whole numbers only.
    pub whole: bool,
}

/// An axis with its range, in places: the values, or their decadic logarithms.
pub(super) struct Ruler {
    scale: AxisScale,
    /// The first and the last place.
    pub range: [f64; 2],
    /// Places of the ticks with a label.
    pub ticks: Vec<f64>,
    /// Places of the shorter ticks without a label.
    pub minor: Vec<f64>,
    step: f64,
}

/// About the number of ticks of an axis.
const TICKS: f64 = 6.0;

/// Values above this, and on a logarithmic axis those below its inverse, are not drawn: margins,
/// steps and powers of ten must stay within double precision.
const MAX_VALUE: f64 = 1e300;

/// Smaller differences count as zero: a sixth of them, the step, would be subnormal.
const MIN_SPREAD: f64 = 1e-300;

/// The place of a value on an axis of this scale; `None` if it cannot be drawn.
fn place(scale: AxisScale, value: f64) -> Option<f64> {
    match scale {
        AxisScale::Linear => (value.abs() <= MAX_VALUE).then_some(value),
        AxisScale::Log => (MAX_VALUE.recip()..=MAX_VALUE).contains(&value).then(|| value.log10()),
    }
}

impl Axis {
    /// An evenly spread axis.
    pub fn linear(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            scale: AxisScale::Linear,
            include: Vec::new(),
            margin: true,
            whole: false,
        }
    }

    /// A logarithmic axis.
    pub fn log(label: impl Into<String>) -> Self {
        Self { scale: AxisScale::Log, ..Self::linear(label) }
    }

    /// The same, reaching these values.
    #[must_use]
    pub fn including(mut self, values: &[f64]) -> Self {
        self.include.extend(values);
        self
    }

    /// The same, ending exactly where the values do.
    #[must_use]
    pub fn tight(self) -> Self {
        Self { margin: false, ..self }
    }

    /// The same, marked at whole numbers only.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Fits the axis to values.
    pub(super) fn ruler(&self, values: impl Iterator<Item = f64>) -> Ruler {
        let place = |value: f64| place(self.scale, value);
        let places = values.chain(self.include.iter().copied()).filter_map(place);
        let (low, high) = places
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        // If all values are equal, there still must be an axis.
        let one_value = high - low <= MIN_SPREAD.max(1e-9 * low.abs().max(high.abs()));
        let spread = if one_value { low.abs().max(1.0) * 0.2 } else { high - low };
        let margin = if self.margin { 0.04 * spread } else { 0.0 };
        let widen = if one_value { spread / 2.0 } else { 0.0 };
        // If a limit is one of the included values, the axis begins or ends exactly there.
        let wanted = |end: f64| {
            self.include
                .iter()
                .filter_map(|&value| place(value))
                .any(|value| (value - end).abs() < 1e-12 * spread)
        };
        let start = if wanted(low) { low } else { low - margin - widen };
        // With a single value, the axis begins there but does not end there.
        let end = if wanted(high) && !one_value { high } else { high + margin + widen };
        match self.scale {
            AxisScale::Log => Ruler::log([start, end]),
            AxisScale::Linear => Ruler::linear([start, end], self.whole),
        }
    }
}

impl Ruler {
    fn linear(range: [f64; 2], whole: bool) -> Self {
        let rough = (range[1] - range[0]) / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|&step| step >= 0.999 * rough);
        let step = step.unwrap_or(10.0 * power).max(if whole { 1.0 } else { 0.0 });
        let first = (range[0] / step - 1e-9).ceil() as i64;
        let last = (range[1] / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|k| k as f64 * step).collect();
        Self { scale: AxisScale::Linear, range, ticks, minor: Vec::new(), step }
    }

    /// Ticks at powers of ten; if these are few, also at 2 and 5 times them.
    fn log(range: [f64; 2]) -> Self {
        let inside = |place: &f64| *place >= range[0] - 1e-9 && *place <= range[1] + 1e-9;
        let decades = range[0].floor() as i64..=range[1].ceil() as i64;
        let of = |digits: &[f64]| -> Vec<f64> {
            let place = |decade: i64, digit: f64| decade as f64 + digit.log10();
            decades
                .clone()
                .flat_map(|decade| digits.iter().map(move |&d| place(decade, d)))
                .filter(inside)
                .collect()
        };
        let powers = of(&[1.0]);
        let every = (powers.len() as f64 / TICKS).ceil().max(1.0) as i64;
        let ticks: Vec<f64> = powers
            .iter()
            .copied()
            .filter(|power| (power.round() as i64).rem_euclid(every) == 0)
            .collect();
        let digits: Vec<f64> = (1..10).map(f64::from).collect();
        let ticks = match ticks.len() {
            3.. => ticks,
            _ if of(&[1.0, 2.0, 5.0]).len() >= 3 => of(&[1.0, 2.0, 5.0]),
            _ if of(&digits).len() >= 2 => of(&digits),
            // Less than a factor of two in total: equally spaced values at unequal places.
            _ => {
                let values = Self::linear(range.map(|place| 10_f64.powf(place)), false);
                let ticks = values.ticks.iter().map(|value| value.log10()).collect();
                return Self {
                    scale: AxisScale::Log,
                    range,
                    ticks,
                    minor: Vec::new(),
                    step: values.step,
                };
            }
        };
        let minor = if every == 1 { of(&digits) } else { powers };
        Self { scale: AxisScale::Log, range, ticks, minor, step: 0.0 }
    }

    /// The place of a value; `None` if it cannot be drawn.
    pub fn place(&self, value: f64) -> Option<f64> {
        place(self.scale, value)
    }

    /// The label of a tick.
    pub fn write(&self, place: f64) -> String {
        match self.scale {
            AxisScale::Log if self.step <= 0.0 => {
                let exponent = (place + 1e-9).floor();
                let digit = 10_f64.powf(place - exponent).round();
                // 9.7 is nearer to 10 than to 9.
                let (digit, exponent) =
                    if digit < 10.0 { (digit, exponent) } else { (1.0, exponent + 1.0) };
                match exponent as i32 {
                    exponent @ -2..=3 => minus(&format!(
                        "{:.*}",
                        (-exponent).max(0) as usize,
                        digit * 10_f64.powi(exponent)
                    )),
                    exponent if digit > 1.0 => format!("{digit}×10{}", superscript(exponent)),
                    exponent => format!("10{}", superscript(exponent)),
                }
            }
            AxisScale::Log => written(10_f64.powf(place), self.step),
            AxisScale::Linear => written(place, self.step),
        }
    }
}

/// A multiple of `step` with the decimals it needs.
fn written(value: f64, step: f64) -> String {
    let exponent = step.log10().floor() as i32;
    if value.abs() < step / 2.0 {
        return "0".to_owned();
    }
    if (-4..=4).contains(&exponent) {
        return minus(&format!("{value:.*}", (-exponent).max(0) as usize));
    }
    let power = value.abs().log10().floor() as i32;
    let digits = (power - exponent).max(0) as usize;
    // The exponent after rounding: 9.9999 has the digits of 10.
    let text = format!("{value:.digits$e}");
    let (number, power) = text.split_once('e').unwrap_or((&text, "0"));
    minus(&format!("{number}×10{}", superscript(power.parse().unwrap_or(0))))
}

/// With a minus sign in place of a hyphen.
fn minus(text: &str) -> String {
    text.replacen('-', "−", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ruler = axis.ruler(values.iter().copied());
        ruler.ticks.iter().map(|&tick| ruler.write(tick)).collect()
    }

    #[test]
    fn even_steps_of_one_two_or_five() {
        assert_eq!(
            written(&Axis::linear(""), &[0.03, 0.97]),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(written(&Axis::linear(""), &[-0.9, 0.9]), ["−0.5", "0", "0.5"]);
        assert_eq!(written(&Axis::linear("").whole(), &[1.0, 3.0]), ["1", "2", "3"]);
        assert_eq!(written(&Axis::linear(""), &[-147.0, 20.0]), ["−150", "−100", "−50", "0"]);
        assert_eq!(written(&Axis::linear("").tight(), &[0.0, 2e-6])[1], "5×10⁻⁷");
    }

    #[test]
    fn powers_of_ten_and_what_is_between_where_they_are_few() {
        assert_eq!(written(&Axis::log(""), &[1e-8, 2.3]), ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]);
        assert_eq!(written(&Axis::log(""), &[0.013, 0.3]), ["0.02", "0.05", "0.1", "0.2"]);
        let digits: Vec<String> = (2..=8).map(|digit| format!("{digit}×10⁻⁵")).collect();
        assert_eq!(written(&Axis::log(""), &[2e-5, 8e-5]), digits);
        assert!(written(&Axis::log(""), &[101.0, 104.0]).len() >= 3);
    }

    #[test]
    fn an_axis_from_zero_on_which_all_values_are_zero_has_marks() {
        let axis = Axis::linear("share").including(&[0.0]);
        let ruler = axis.ruler([0.0, 0.0].into_iter());
        assert!(ruler.range[0].abs() < 1e-15 && ruler.range[1] > 0.05, "{:?}", ruler.range);
        assert_eq!(written(&axis, &[0.0]), ["0", "0.02", "0.04", "0.06", "0.08", "0.10"]);
    }

    /// Every number there is, also those in which formatting goes wrong.
    fn any_number() -> impl Strategy<Value = f64> {
        let special = [
            0.0,
            -0.0,
            1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            1e300,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            1e-300,
        ];
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            prop::sample::select(special.to_vec()),
            -1e3..1e3_f64,
        ]
    }

    fn any_axis() -> impl Strategy<Value = Axis> {
        let include = prop::collection::vec(any_number(), 0..3);
        (any::<bool>(), any::<bool>(), any::<bool>(), include).prop_map(
            |(log, margin, whole, include)| {
                let scale = if log { AxisScale::Log } else { AxisScale::Linear };
                Axis { label: String::new(), scale, include, margin, whole: whole && !log }
            },
        )
    }

    /// Whether a label is a number: a sign, digits, a power of ten.
    fn is_number(label: &str) -> bool {
        let digits =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let raised = |text: &str| {
            let text = text.strip_prefix('⁻').unwrap_or(text);
            (1..=3).contains(&text.chars().count())
                && text.chars().all(|c| "⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c))
        };
        let label = label.strip_prefix('−').unwrap_or(label);
        match label.split_once("×10").or_else(|| label.strip_prefix("10").map(|power| ("1", power)))
        {
            Some((number, power)) if !digits(power) && !power.is_empty() => {
                digits(number) && raised(power)
            }
            _ => digits(label),
        }
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_an_axis_has_a_range_and_few_marks_with_numbers(
            axis in any_axis(),
            values in prop::collection::vec(any_number(), 0..5),
        ) {
            let ruler = axis.ruler(values.iter().copied());
            let [start, end] = ruler.range;
            prop_assert!(start.is_finite() && end.is_finite() && start < end, "{start:e} to {end:e}");
            // Between two whole numbers there is none to mark.
            prop_assert!(ruler.ticks.len() <= 20, "{:?}", ruler.ticks);
            prop_assert!(axis.whole || !ruler.ticks.is_empty(), "no marks from {start:e} to {end:e}");
            prop_assert!(ruler.minor.len() <= 700, "{} minor marks", ruler.minor.len());
            for &tick in &ruler.ticks {
                let label = ruler.write(tick);
                prop_assert!(is_number(&label) && label.chars().count() <= 22, "{tick:e}: {label}");
            }
            for value in values {
                prop_assert!(ruler.place(value).is_none_or(f64::is_finite), "{value:e}");
            }
        }
    }

    #[test]
    fn no_value_one_value_and_what_has_no_place() {
        assert!(!Axis::linear("").ruler(std::iter::empty()).ticks.is_empty());
        let one = Axis::linear("").ruler([5.0].into_iter());
        assert!(one.range[0] < 5.0 && 5.0 < one.range[1] && !one.ticks.is_empty());
        let log = Axis::log("").ruler([0.0, -1.0, f64::NAN, 10.0].into_iter());
        assert!(log.range[0] < 1.0 && 1.0 < log.range[1]);
        assert_eq!([log.place(0.0), log.place(-3.0), log.place(100.0)], [None, None, Some(2.0)]);
        assert!(Axis::linear("").including(&[0.0]).ruler([3.0].into_iter()).range[0].abs() < 1e-15);
    }
}
