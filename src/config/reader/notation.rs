//! Values as TOML writes them.

use crate::config::schema::PairList;
use crate::optimizer::OptimizerName;
use crate::solutions::SetName;

/// A value that is written as one of a few words.
pub(crate) trait Choice: Copy + PartialEq + Sync + 'static {
    /// All of them, in the order in which messages list them.
    const ALL: &'static [Self];
    /// The word.
    fn word(self) -> &'static str;
}

/// A value that TOML can write. Equal values have one notation, however they were typed.
pub(crate) trait Notation {
    fn toml(&self) -> String;
}

impl<C: Choice> Notation for C {
    fn toml(&self) -> String {
        quoted(self.word())
    }
}

impl Notation for u32 {
    fn toml(&self) -> String {
        self.to_string()
    }
}

impl Notation for u64 {
    fn toml(&self) -> String {
        self.to_string()
    }
}

impl Notation for usize {
    fn toml(&self) -> String {
        self.to_string()
    }
}

impl Notation for f64 {
    fn toml(&self) -> String {
        // The shortest digits that read back as the same number, with an exponent instead of many
        // zeros. For finite numbers, and only those are accepted, TOML writes the same.
        format!("{self:?}")
    }
}

impl Notation for bool {
    fn toml(&self) -> String {
        self.to_string()
    }
}

impl Notation for String {
    fn toml(&self) -> String {
        quoted(self)
    }
}

impl Notation for &'static str {
    fn toml(&self) -> String {
        quoted(self)
    }
}

impl Notation for SetName {
    fn toml(&self) -> String {
        quoted(self.as_str())
    }
}

impl Notation for OptimizerName {
    fn toml(&self) -> String {
        quoted(self.name())
    }
}

impl Notation for [SetName; 2] {
    fn toml(&self) -> String {
        format!("[{}, {}]", self[0].toml(), self[1].toml())
    }
}

/// A list of pairs, or the name of a file.
impl Notation for PairList {
    fn toml(&self) -> String {
        let pair = |(a, b): &(u32, u32)| format!("[{a}, {b}]");
        match self {
            Self::Pairs(pairs) => {
                format!("[{}]", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
            Self::File(name) => quoted(name),
        }
    }
}

/// A number, or all.
impl Notation for Option<usize> {
    fn toml(&self) -> String {
        self.map_or_else(|| quoted("all"), |count| count.to_string())
    }
}

/// Numbers, or `"auto"`. A single number is written without brackets.
impl Notation for Option<Vec<f64>> {
    fn toml(&self) -> String {
        match self.as_deref() {
            None => quoted("auto"),
            Some([one]) => one.toml(),
            Some(numbers) => numbers.to_vec().toml(),
        }
    }
}

impl<T: Notation> Notation for Vec<T> {
    fn toml(&self) -> String {
        format!("[{}]", self.iter().map(Notation::toml).collect::<Vec<_>>().join(", "))
    }
}

/// A string.
pub(in crate::config) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// `"a", "b" or "c"`.
pub(in crate::config) fn alternatives<C: Notation>(choices: &[C]) -> String {
    let words: Vec<_> = choices.iter().map(Notation::toml).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_reads_back_what_is_written() {
        for value in [0.1, 1e-4, 1e-12, -2.5, 1e300, 3.0, f64::MIN_POSITIVE] {
            assert_eq!(
                toml::de::ValueDeserializer::parse(&value.toml()).map(back::<f64>),
                Ok(value)
            );
        }
        for value in ["data/mnist", "", "a \"quoted\" one", "C:\\data", "it's", "two\nlines", "μ"]
        {
            let written = value.to_owned().toml();
            assert_eq!(
                toml::de::ValueDeserializer::parse(&written).map(back::<String>),
                Ok(value.to_owned())
            );
        }
    }

    fn back<T: serde::de::DeserializeOwned>(value: toml::de::ValueDeserializer<'_>) -> T {
        T::deserialize(value).unwrap()
    }
}
