//! Axes: where values lie, which of them are marked, and how those are written.

use crate::report::number::superscript;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm.
    Log,
}

/// An axis as wanted; where it begins and ends follows from what is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// Its scale.
    pub scale: Scale,
    /// Values it reaches at least.
    pub include: Vec<f64>,
    /// Whether a margin is left beyond the outermost values.
    pub margin: bool,
    /// Whether only whole numbers are marked.
    pub whole: bool,
}

/// An axis with its ends, in places: the values, or their decadic logarithms.
pub(super) struct Ruler {
    scale: Scale,
    /// The places at its ends.
    pub range: [f64; 2],
    /// Places that are marked and written.
    pub ticks: Vec<f64>,
    /// Places that are marked by a shorter line.
    pub minor: Vec<f64>,
    step: f64,
}

/// Marks an axis of a panel has about.
const TICKS: f64 = 6.0;

impl Axis {
    /// An evenly spread axis.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: Scale::Linear, include: Vec::new(), margin: true, whole: false }
    }

    /// A logarithmic axis.
    pub fn log(label: impl Into<String>) -> Self {
        Self { scale: Scale::Log, ..Self::linear(label) }
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
        let place = |value: f64| if self.scale == Scale::Log { value.log10() } else { value };
        let places = values.chain(self.include.iter().copied()).map(place).filter(|place| place.is_finite());
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        // Values that are all the same still need an axis.
        let spread = if high - low > 1e-9 * low.abs().max(high.abs()) { high - low } else { low.abs().max(1.0) * 0.2 };
        let margin = if self.margin { 0.04 * spread } else { 0.0 };
        let widen = if high - low < spread { spread / 2.0 } else { 0.0 };
        // An axis from 0 or to a bound that is wanted begins there.
        let stops = |end: f64| self.include.iter().any(|&value| (place(value) - end).abs() < 1e-12);
        let start = if stops(low) { low } else { low - margin - widen };
        let end = if stops(high) { high } else { high + margin + widen };
        match self.scale {
            Scale::Log => Ruler::log([start, end]),
            Scale::Linear => Ruler::linear([start, end], self.whole),
        }
    }
}

impl Ruler {
    fn linear(range: [f64; 2], whole: bool) -> Self {
        let rough = (range[1] - range[0]) / TICKS;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|&step| step >= 0.999 * rough);
        let step = step.unwrap_or(10.0 * power).max(if whole { 1.0 } else { 0.0 });
        let first = (range[0] / step - 1e-9).ceil() as i64;
        let last = (range[1] / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|k| k as f64 * step).collect();
        Self { scale: Scale::Linear, range, ticks, minor: Vec::new(), step }
    }

    /// Powers of ten; their doubles and halves too where there are few of them.
    fn log(range: [f64; 2]) -> Self {
        let inside = |place: &f64| *place >= range[0] - 1e-9 && *place <= range[1] + 1e-9;
        let decades = range[0].floor() as i64..=range[1].ceil() as i64;
        let of = |digits: &[f64]| -> Vec<f64> {
            let place = |decade: i64, digit: f64| decade as f64 + digit.log10();
            decades.clone().flat_map(|decade| digits.iter().map(move |&d| place(decade, d))).filter(inside).collect()
        };
        let powers = of(&[1.0]);
        let every = (powers.len() as f64 / TICKS).ceil().max(1.0) as i64;
        let ticks: Vec<f64> = powers.iter().copied().filter(|power| (power.round() as i64).rem_euclid(every) == 0).collect();
        let digits: Vec<f64> = (1..10).map(f64::from).collect();
        let ticks = match ticks.len() {
            3.. => ticks,
            _ if of(&[1.0, 2.0, 5.0]).len() >= 3 => of(&[1.0, 2.0, 5.0]),
            _ if of(&digits).len() >= 2 => of(&digits),
            // Less than a factor of two from end to end: evenly spread values in uneven places.
            _ => {
                let values = Self::linear(range.map(|place| 10_f64.powf(place)), false);
                let ticks = values.ticks.iter().map(|value| value.log10()).collect();
                return Self { scale: Scale::Log, range, ticks, minor: Vec::new(), step: values.step };
            }
        };
        let minor = if every == 1 { of(&digits) } else { powers };
        Self { scale: Scale::Log, range, ticks, minor, step: 0.0 }
    }

    /// Where a value lies; nothing if nowhere.
    pub fn place(&self, value: f64) -> Option<f64> {
        let place = if self.scale == Scale::Log { value.log10() } else { value };
        place.is_finite().then_some(place)
    }

    /// What is written at a marked place.
    pub fn write(&self, place: f64) -> String {
        match self.scale {
            Scale::Log if self.step <= 0.0 => {
                let exponent = (place + 1e-9).floor();
                let digit = 10_f64.powf(place - exponent).round();
                match exponent as i32 {
                    exponent @ -2..=3 => minus(&format!("{:.*}", (-exponent).max(0) as usize, digit * 10_f64.powi(exponent))),
                    exponent if digit > 1.0 => format!("{digit}×10{}", superscript(exponent)),
                    exponent => format!("10{}", superscript(exponent)),
                }
            }
            Scale::Log => written(10_f64.powf(place), self.step),
            Scale::Linear => written(place, self.step),
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
    minus(&format!("{:.digits$}×10{}", value / 10_f64.powi(power), superscript(power)))
}

/// With a minus sign in place of a hyphen.
fn minus(text: &str) -> String {
    text.replacen('-', "−", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ruler = axis.ruler(values.iter().copied());
        ruler.ticks.iter().map(|&tick| ruler.write(tick)).collect()
    }

    #[test]
    fn even_steps_of_one_two_or_five() {
        assert_eq!(written(&Axis::linear(""), &[0.03, 0.97]), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
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
