//! Keys that take numbers or lists of numbers.

use super::kinds::{Mistakes, ValueKind, items, mistake};
use crate::config::reader::Notation;
use crate::config::tree::TomlValue;
use crate::solutions::Pairs;
use std::marker::PhantomData;

/// A count needs at most 32 bits, and sums and products of two counts cannot overflow.
const MAX_COUNT: u64 = u32::MAX as u64;

/// An integer within a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integer<N> {
    least: u64,
    most: u64,
    type_: PhantomData<N>,
}

/// A number of things.
pub(crate) type Count = Integer<usize>;

impl<N> Integer<N> {
    /// From `least` to the largest number of 32 bits.
    pub const fn at_least(least: u64) -> Self {
        Self::between(least, MAX_COUNT)
    }

    /// From `least` to `most`.
    pub const fn between(least: u64, most: u64) -> Self {
        Self { least, most, type_: PhantomData }
    }
}

impl<N> ValueKind for Integer<N>
where
    N: Copy + Notation + TryFrom<u64> + Sync + 'static,
{
    type Value = N;
    type Constant = N;

    fn value(constant: N) -> N {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<N, Mistakes> {
        let number = integer(value, self.least, self.most, "an integer").map_err(mistake)?;
        N::try_from(number).map_err(|_| mistake(format!("must be at most {}", self.most)))
    }

    fn values(&self) -> String {
        // The page states the limit of 32 bits once. Only the larger limit of a seed is stated with
        // its key.
        let Self { least, most, .. } = self;
        if *most == MAX_COUNT {
            format!("integer, {least} or more")
        } else {
            format!("integer, {least} to {most}")
        }
    }
}

/// A number of things, at least 1, or `"all"` of them (`None`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountOrAll;

impl ValueKind for CountOrAll {
    type Value = Option<usize>;
    type Constant = Option<usize>;

    fn value(constant: Option<usize>) -> Option<usize> {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<Option<usize>, Mistakes> {
        match value {
            TomlValue::String(text) if text == "all" => Ok(None),
            value => {
                let count =
                    integer(value, 1, MAX_COUNT, "an integer or \"all\"").map_err(mistake)?;
                Ok(Some(count as usize))
            }
        }
    }

    fn values(&self) -> String {
        "integer, 1 or more, or `\"all\"`".to_owned()
    }
}

/// A number of pairs, at least 1, `"all"` of them or `"spanning"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberOfPairs;

impl ValueKind for NumberOfPairs {
    type Value = Pairs;
    type Constant = Pairs;

    fn value(constant: Pairs) -> Pairs {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<Pairs, Mistakes> {
        match value {
            TomlValue::String(text) if text == "all" => Ok(Pairs::All),
            TomlValue::String(text) if text == "spanning" => Ok(Pairs::Spanning),
            value => {
                let what = "an integer, \"all\" or \"spanning\"";
                let count = integer(value, 1, MAX_COUNT, what).map_err(mistake)?;
                Ok(Pairs::Count(count as usize))
            }
        }
    }

    fn values(&self) -> String {
        "integer, 1 or more, `\"all\"` or `\"spanning\"`".to_owned()
    }
}

impl Notation for Pairs {
    fn toml(&self) -> String {
        match self {
            Self::All => "all".toml(),
            Self::Spanning => "spanning".toml(),
            Self::Count(count) => count.toml(),
        }
    }
}

/// A list of numbers of things, each at least 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountList {
    /// Whether it may have no entry.
    pub(crate) may_be_empty: bool,
}

impl ValueKind for CountList {
    type Value = Vec<usize>;
    type Constant = &'static [usize];

    fn value(constant: &'static [usize]) -> Vec<usize> {
        constant.to_vec()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<usize>, Mistakes> {
        if self.may_be_empty && matches!(value, TomlValue::Array(items) if items.is_empty()) {
            return Ok(Vec::new());
        }
        list(value, "a list of integers in brackets", |item| {
            integer(item, 1, MAX_COUNT, "a list of integers").map(|count| count as usize)
        })
    }

    fn values(&self) -> String {
        let or_none = if self.may_be_empty { ", or `[]`" } else { "" };
        format!("list of integers, each 1 or more{or_none}")
    }
}

/// A list of finite numbers; not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers;

impl ValueKind for Numbers {
    type Value = Vec<f64>;
    type Constant = &'static [f64];

    fn value(constant: &'static [f64]) -> Vec<f64> {
        constant.to_vec()
    }

    fn parse(&self, value: &TomlValue) -> Result<Vec<f64>, Mistakes> {
        list(value, "a list of numbers in brackets", |item| {
            number(item, "a list of finite numbers", |_| true)
        })
    }

    fn values(&self) -> String {
        "list of numbers".to_owned()
    }
}

/// A number, a list of finite numbers, or `"auto"` (`None`), for which the program chooses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumbersOrAuto;

impl ValueKind for NumbersOrAuto {
    type Value = Option<Vec<f64>>;
    type Constant = Option<&'static [f64]>;

    fn value(constant: Self::Constant) -> Self::Value {
        constant.map(<[f64]>::to_vec)
    }

    fn parse(&self, value: &TomlValue) -> Result<Self::Value, Mistakes> {
        const REQUIREMENT: &str = "a finite number, a list of them or \"auto\"";
        match value {
            TomlValue::String(text) if text == "auto" => Ok(None),
            TomlValue::Array(_) => {
                list(value, REQUIREMENT, |item| number(item, REQUIREMENT, |_| true)).map(Some)
            }
            one => number(one, REQUIREMENT, |_| true).map(|one| Some(vec![one])).map_err(mistake),
        }
    }

    fn values(&self) -> String {
        "number, list of numbers, or `\"auto\"`".to_owned()
    }
}

/// The lower limit of a range of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lower {
    /// There is none.
    Open,
    /// The number itself is excluded.
    Above(f64),
    /// The number itself is included.
    From(f64),
}

/// The upper limit of a range of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upper {
    /// There is none.
    Open,
    /// The number itself is excluded.
    Below(f64),
    /// The number itself is included.
    UpTo(f64),
}

/// A finite number within a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    lower: Lower,
    upper: Upper,
}

impl Number {
    /// Any finite number.
    pub const FINITE: Self = Self::between(Lower::Open, Upper::Open);
    /// Above 0.
    pub const POSITIVE: Self = Self::between(Lower::Above(0.0), Upper::Open);
    /// 0 or above.
    pub const NOT_NEGATIVE: Self = Self::between(Lower::From(0.0), Upper::Open);

    /// Within these limits.
    pub const fn between(lower: Lower, upper: Upper) -> Self {
        Self { lower, upper }
    }

    fn contains(self, number: f64) -> bool {
        let above = match self.lower {
            Lower::Open => true,
            Lower::Above(least) => number > least,
            Lower::From(least) => number >= least,
        };
        let below = match self.upper {
            Upper::Open => true,
            Upper::Below(most) => number < most,
            Upper::UpTo(most) => number <= most,
        };
        above && below
    }

    /// "number, 0 or above, below 1", with the word that joins the two limits.
    fn range(self, joint: &str) -> String {
        let lower = match self.lower {
            Lower::Open => String::new(),
            Lower::Above(least) => format!(" above {least}"),
            Lower::From(least) => format!(", {least} or above"),
        };
        let upper = match self.upper {
            Upper::Open => String::new(),
            Upper::Below(most) => format!("{joint} below {most}"),
            Upper::UpTo(most) => format!("{joint} at most {most}"),
        };
        format!("number{lower}{upper}")
    }
}

impl ValueKind for Number {
    type Value = f64;
    type Constant = f64;

    fn value(constant: f64) -> f64 {
        constant
    }

    fn parse(&self, value: &TomlValue) -> Result<f64, Mistakes> {
        // With an upper limit, it is clear that the number is finite.
        let finite = if matches!(self.upper, Upper::Open) { "finite " } else { "" };
        let requirement = format!("a {finite}{}", self.range(" and"));
        number(value, &requirement, |number| self.contains(number)).map_err(mistake)
    }

    fn values(&self) -> String {
        self.range(",")
    }
}

/// A list, up to the first item in error.
fn list<T>(
    value: &TomlValue,
    requirement: &str,
    item: impl Fn(&TomlValue) -> Result<T, String>,
) -> Result<Vec<T>, Mistakes> {
    items(value, requirement)?.iter().map(|node| item(&node.value).map_err(mistake)).collect()
}

fn integer(value: &TomlValue, least: u64, most: u64, requirement: &str) -> Result<u64, String> {
    match value {
        TomlValue::Integer(integer) if *integer < i128::from(least) => {
            Err(format!("must be at least {least}, is {integer}"))
        }
        TomlValue::Integer(integer) => match u64::try_from(*integer) {
            Ok(integer) if integer <= most => Ok(integer),
            Ok(integer) => Err(format!("must be at most {most}, is {integer}")),
            Err(_) => Err(format!("must be at most {most}")),
        },
        other => Err(format!("must be {requirement}, not {}", other.kind())),
    }
}

fn number(
    value: &TomlValue,
    requirement: &str,
    accept: impl FnOnce(f64) -> bool,
) -> Result<f64, String> {
    let number = match value {
        TomlValue::Float(number) => *number,
        TomlValue::Integer(integer) => *integer as f64,
        other => return Err(format!("must be {requirement}, not {}", other.kind())),
    };
    if number.is_finite() && accept(number) {
        Ok(number)
    } else {
        Err(format!("must be {requirement}, is {}", number.toml()))
    }
}
