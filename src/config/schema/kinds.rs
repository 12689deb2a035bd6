//! What keys take: how a value is read, and how that is said.

use crate::config::reader::{Choice, Notation, alternatives};
use crate::config::tree::{Node, Origin, Value};
use crate::solutions::SetName;
use std::marker::PhantomData;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mistake {
    /// Where it stands; `None`: where the key does.
    pub origin: Option<Origin>,
    /// What the value must be, and what it is.
    pub message: String,
}

/// All that is wrong with a value, at least one.
pub(crate) type Mistakes = Vec<Mistake>;

fn mistake(message: impl Into<String>) -> Mistakes {
    vec![Mistake { origin: None, message: message.into() }]
}

/// The values that a key takes.
pub(crate) trait Kind: Copy + Sync + 'static {
    /// As the reader returns it.
    type Value: Notation;
    /// As the table holds a default.
    type Constant: Copy + Sync + 'static;
    /// A default as a value.
    fn value(constant: Self::Constant) -> Self::Value;
    /// Reads a value.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn parse(&self, value: &Value) -> Result<Self::Value, Mistakes>;
    /// The values that are accepted, in Markdown.
    fn values(&self) -> String;
}

/// No count needs more than 32 bits, and sums and products of two cannot overflow.
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

impl<N> Kind for Integer<N>
where
    N: Copy + Notation + TryFrom<u64> + Sync + 'static,
{
    type Value = N;
    type Constant = N;

    fn value(constant: N) -> N {
        constant
    }

    fn parse(&self, value: &Value) -> Result<N, Mistakes> {
        let number = integer(value, self.least, self.most, "an integer").map_err(mistake)?;
        N::try_from(number).map_err(|_| mistake(format!("must be at most {}", self.most)))
    }

    fn values(&self) -> String {
        // 32 bits stand for as many as one likes; all 64, for a seed, are worth telling.
        let Self { least, most, .. } = self;
        if *most == MAX_COUNT { format!("integer, {least} or more") } else { format!("integer, {least} to {most}") }
    }
}

/// A number of things, at least 1, or `"all"` of them (`None`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountOrAll;

impl Kind for CountOrAll {
    type Value = Option<usize>;
    type Constant = Option<usize>;

    fn value(constant: Option<usize>) -> Option<usize> {
        constant
    }

    fn parse(&self, value: &Value) -> Result<Option<usize>, Mistakes> {
        match value {
            Value::String(text) if text == "all" => Ok(None),
            value => {
                let count = integer(value, 1, MAX_COUNT, "an integer or \"all\"").map_err(mistake)?;
                Ok(Some(count as usize))
            }
        }
    }

    fn values(&self) -> String {
        "integer, 1 or more, or `\"all\"`".to_owned()
    }
}

/// A list of numbers of things, each at least 1; not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts;

impl Kind for Counts {
    type Value = Vec<usize>;
    type Constant = &'static [usize];

    fn value(constant: &'static [usize]) -> Vec<usize> {
        constant.to_vec()
    }

    fn parse(&self, value: &Value) -> Result<Vec<usize>, Mistakes> {
        list(value, "a list of integers in brackets", |item| {
            integer(item, 1, MAX_COUNT, "a list of integers").map(|count| count as usize)
        })
    }

    fn values(&self) -> String {
        "list of integers, each 1 or more".to_owned()
    }
}

/// A list of finite numbers; not empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers;

impl Kind for Numbers {
    type Value = Vec<f64>;
    type Constant = &'static [f64];

    fn value(constant: &'static [f64]) -> Vec<f64> {
        constant.to_vec()
    }

    fn parse(&self, value: &Value) -> Result<Vec<f64>, Mistakes> {
        list(value, "a list of numbers in brackets", |item| number(item, "a list of finite numbers", |_| true))
    }

    fn values(&self) -> String {
        "list of numbers".to_owned()
    }
}

/// The lower end of a range of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lower {
    /// There is none.
    Open,
    /// The number itself is excluded.
    Above(f64),
    /// The number itself is included.
    From(f64),
}

/// The upper end of a range of numbers.
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

    /// Within these ends.
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

    /// "number, 0 or above, below 1", with the word that joins the two ends.
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

impl Kind for Number {
    type Value = f64;
    type Constant = f64;

    fn value(constant: f64) -> f64 {
        constant
    }

    fn parse(&self, value: &Value) -> Result<f64, Mistakes> {
        // An upper end says that the number is finite.
        let finite = if matches!(self.upper, Upper::Open) { "finite " } else { "" };
        let requirement = format!("a {finite}{}", self.range(" and"));
        number(value, &requirement, |number| self.contains(number)).map_err(mistake)
    }

    fn values(&self) -> String {
        self.range(",")
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag;

impl Kind for Flag {
    type Value = bool;
    type Constant = bool;

    fn value(constant: bool) -> bool {
        constant
    }

    fn parse(&self, value: &Value) -> Result<bool, Mistakes> {
        match value {
            Value::Boolean(boolean) => Ok(*boolean),
            other => Err(mistake(format!("must be true or false, not {}", other.kind()))),
        }
    }

    fn values(&self) -> String {
        "true or false".to_owned()
    }
}

/// Any string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;

impl Kind for Text {
    type Value = String;
    type Constant = &'static str;

    fn value(constant: &'static str) -> String {
        constant.to_owned()
    }

    fn parse(&self, value: &Value) -> Result<String, Mistakes> {
        match value {
            Value::String(text) => Ok(text.clone()),
            other => Err(mistake(format!("must be a string, not {}", other.kind()))),
        }
    }

    fn values(&self) -> String {
        "text".to_owned()
    }
}

/// One of the words of a registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word(pub &'static [&'static str]);

impl Kind for Word {
    type Value = &'static str;
    type Constant = &'static str;

    fn value(constant: &'static str) -> &'static str {
        constant
    }

    fn parse(&self, value: &Value) -> Result<&'static str, Mistakes> {
        one_of(value, self.0, |word| word)
    }

    fn values(&self) -> String {
        in_code(self.0)
    }
}

/// One of the words of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneOf<C>(PhantomData<C>);

impl<C> OneOf<C> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Choice> Kind for OneOf<C> {
    type Value = C;
    type Constant = C;

    fn value(constant: C) -> C {
        constant
    }

    fn parse(&self, value: &Value) -> Result<C, Mistakes> {
        one_of(value, C::ALL, C::word)
    }

    fn values(&self) -> String {
        in_code(C::ALL)
    }
}

/// Some of the words of a type, none twice, in their own order whatever the order of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnyOf<C>(PhantomData<C>);

impl<C> AnyOf<C> {
    pub const NEW: Self = Self(PhantomData);
}

impl<C: Choice> Kind for AnyOf<C> {
    type Value = Vec<C>;
    type Constant = &'static [C];

    fn value(constant: &'static [C]) -> Vec<C> {
        constant.to_vec()
    }

    fn parse(&self, value: &Value) -> Result<Vec<C>, Mistakes> {
        let given = each(value, |text| chosen(text, C::ALL, C::word))?;
        Ok(C::ALL.iter().copied().filter(|word| given.contains(word)).collect())
    }

    fn values(&self) -> String {
        format!("list of {}", in_code(C::ALL))
    }
}

/// A list of names of sets. Which sets there are, the other sections say: see [`each`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetNames;

impl Kind for SetNames {
    type Value = Vec<SetName>;
    type Constant = &'static [SetName];

    fn value(constant: &'static [SetName]) -> Vec<SetName> {
        constant.to_vec()
    }

    fn parse(&self, value: &Value) -> Result<Vec<SetName>, Mistakes> {
        each(value, SetName::parse)
    }

    fn values(&self) -> String {
        "list of names of sets".to_owned()
    }
}

/// Reads a list of strings, not empty, none twice, each by `item`.
///
/// # Errors
/// All that is wrong, each where it stands.
pub(crate) fn each<T>(value: &Value, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, Mistakes>
where
    T: PartialEq,
{
    let items = items(value, "a list in brackets")?;
    let (mut values, mut mistakes) = (Vec::with_capacity(items.len()), Vec::new());
    for node in items {
        match list_item(&node.value, &item, &values) {
            Ok(value) => values.push(value),
            Err(message) => mistakes.push(Mistake { origin: Some(node.origin), message }),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}

fn list_item<T: PartialEq>(value: &Value, item: impl Fn(&str) -> Result<T, String>, before: &[T]) -> Result<T, String> {
    let Value::String(text) = value else {
        return Err(format!("must be a list of strings, holds {}", value.kind()));
    };
    let value = item(text)?;
    if before.contains(&value) {
        return Err(format!("{text:?} is listed twice"));
    }
    Ok(value)
}

/// The items of a list that is not empty.
fn items<'v>(value: &'v Value, requirement: &str) -> Result<&'v [Node], Mistakes> {
    match value {
        Value::Array(items) if !items.is_empty() => Ok(items),
        Value::Array(_) => Err(mistake("must not be empty")),
        other => Err(mistake(format!("must be {requirement}, not {}", other.kind()))),
    }
}

/// A list, up to the first item in error.
fn list<T>(value: &Value, requirement: &str, item: impl Fn(&Value) -> Result<T, String>) -> Result<Vec<T>, Mistakes> {
    items(value, requirement)?.iter().map(|node| item(&node.value).map_err(mistake)).collect()
}

fn integer(value: &Value, least: u64, most: u64, requirement: &str) -> Result<u64, String> {
    match value {
        Value::Integer(integer) if *integer < i128::from(least) => Err(format!("must be at least {least}, is {integer}")),
        Value::Integer(integer) => match u64::try_from(*integer) {
            Ok(integer) if integer <= most => Ok(integer),
            Ok(integer) => Err(format!("must be at most {most}, is {integer}")),
            Err(_) => Err(format!("must be at most {most}")),
        },
        other => Err(format!("must be {requirement}, not {}", other.kind())),
    }
}

fn number(value: &Value, requirement: &str, accept: impl FnOnce(f64) -> bool) -> Result<f64, String> {
    let number = match value {
        Value::Float(number) => *number,
        Value::Integer(integer) => *integer as f64,
        other => return Err(format!("must be {requirement}, not {}", other.kind())),
    };
    if number.is_finite() && accept(number) { Ok(number) } else { Err(format!("must be {requirement}, is {}", number.toml())) }
}

fn one_of<C: Notation + Copy>(value: &Value, all: &[C], word: impl Fn(C) -> &'static str) -> Result<C, Mistakes> {
    match value {
        Value::String(text) => chosen(text, all, word).map_err(mistake),
        other => Err(mistake(format!("must be {}, not {}", alternatives(all), other.kind()))),
    }
}

fn chosen<C: Notation + Copy>(text: &str, all: &[C], word: impl Fn(C) -> &'static str) -> Result<C, String> {
    let found = all.iter().copied().find(|choice| word(*choice) == text);
    found.ok_or_else(|| format!("must be {}, is {text:?}", alternatives(all)))
}

/// `` `"sum"`, `"sum-of-squares"` ``.
fn in_code<C: Notation>(words: &[C]) -> String {
    words.iter().map(|word| format!("`{}`", word.toml())).collect::<Vec<_>>().join(", ")
}
