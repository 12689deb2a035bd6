//! Keys that take texts, times and intervals.

use super::kinds::{Mistakes, ValueKind, items, mistake};
use crate::config::reader::Notation;
use crate::config::tree::TomlValue;
use std::time::Duration;

/// A list of texts, not empty; some may be equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts;

impl ValueKind for Texts {
    type Value = Vec<String>;
    type Constant = &'static [&'static str];

    fn value(constant: Self::Constant) -> Vec<String> {
        constant.iter().map(|text| (*text).to_owned()).collect()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<String>, Mistakes> {
        let text = |value: &TomlValue| match value {
            TomlValue::String(text) if !text.contains('\0') => Ok(text.clone()),
            TomlValue::String(_) => Err(mistake("must not hold a zero byte")),
            other => Err(mistake(format!("must be a list of strings, holds {}", other.kind()))),
        };
        items(value, "a list of strings in brackets")?
            .iter()
            .map(|node| text(&node.value))
            .collect()
    }

    fn values(&self) -> String {
        "list of texts".to_owned()
    }
}

/// A time: seconds, or a text such as `"1h 30m"`. Above 0, at most a year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeSpan;

/// A year is as good as never, and sums of times cannot overflow.
const MAX_TIME: Duration = Duration::from_hours(365 * 24);

impl ValueKind for TimeSpan {
    type Value = Duration;
    type Constant = &'static str;

    fn value(constant: &'static str) -> Duration {
        humantime::parse_duration(constant).expect("a default that can be read")
    }

    fn parse(&self, value: &TomlValue) -> Result<Duration, Mistakes> {
        let example = "such as 90 (seconds) or \"1h 30m\"";
        let time = match value {
            TomlValue::Integer(seconds) => u64::try_from(*seconds).ok().map(Duration::from_secs),
            TomlValue::Float(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
            TomlValue::String(text) => humantime::parse_duration(text).ok(),
            other => {
                return Err(mistake(format!("must be a time, {example}, not {}", other.kind())));
            }
        };
        time.filter(|time| !time.is_zero() && *time <= MAX_TIME)
            .ok_or_else(|| mistake(format!("must be a time above 0 and at most a year, {example}")))
    }

    fn values(&self) -> String {
        "seconds, or a text such as `\"1h 30m\"`; above 0, at most a year".to_owned()
    }
}

impl Notation for Duration {
    fn toml(&self) -> String {
        humantime::format_duration(*self).to_string().toml()
    }
}

/// `[low, high]`, finite, low ≤ high.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberInterval;

impl ValueKind for NumberInterval {
    type Value = [f64; 2];
    type Constant = [f64; 2];

    fn value(constant: [f64; 2]) -> [f64; 2] {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<[f64; 2], Mistakes> {
        match super::Numbers.parse(value)?[..] {
            [low, high] if low <= high && (high - low).is_finite() => Ok([low, high]),
            _ => Err(mistake("must be [low, high], two numbers in this order")),
        }
    }

    fn values(&self) -> String {
        "list of two numbers".to_owned()
    }
}

impl Notation for [f64; 2] {
    fn toml(&self) -> String {
        self.to_vec().toml()
    }
}
