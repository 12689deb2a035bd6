//! The parsed TOML: a tree in which every value has its origin.

use super::schema::{Multiplicity, SectionSpec};
use super::sections;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value comes from. Problems are reported in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ValueOrigin {
    /// The file as a whole.
    File,
    /// This line of the file, from 1.
    Line(usize),
    /// The override with this index.
    Override(usize),
}

/// A value and the place of its key.
#[derive(Clone, Debug)]
pub(crate) struct TomlNode {
    pub value: TomlValue,
    pub origin: ValueOrigin,
}

pub(crate) type TomlTable = BTreeMap<String, TomlNode>;

/// A TOML value. No key takes a date, so for dates the type is enough.
#[derive(Clone, Debug)]
pub(crate) enum TomlValue {
    String(String),
    /// 128 bits, so that every `u64` seed can be written.
    Integer(i128),
    Float(f64),
    Boolean(bool),
    Datetime,
    Array(Vec<TomlNode>),
    Table(TomlTable),
}

impl TomlValue {
    /// The type with its article, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a Boolean",
            Self::Datetime => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Reads a whole file. The error says in which line it is not valid TOML.
pub(super) fn parse_file(text: &str) -> Result<TomlNode, (ValueOrigin, String)> {
    let breaks = |offset: usize| text.bytes().take(offset).filter(|&byte| byte == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(0, |span| breaks(span.start));
        let written: String =
            text.lines().nth(line).unwrap_or_default().trim().chars().take(60).collect();
        let written = if written.is_empty() {
            "at the end of the file".to_owned()
        } else {
            format!("in `{written}`")
        };
        let hint = repeated_list(text, line).unwrap_or_default();
        let message = format!("not valid TOML {written}: {}{hint}", error.message());
        (ValueOrigin::Line(line + 1), message)
    })?;
    let line = |offset| ValueOrigin::Line(breaks(offset) + 1);
    Ok(TomlNode {
        value: TomlValue::Table(read_table(table.get_ref(), &line)),
        origin: ValueOrigin::File,
    })
}

/// A hint if this line heads an entry of a list that also has another entry, and one of the headings
/// lacks the second brackets.
fn repeated_list(text: &str, line: usize) -> Option<String> {
    let name = |line: &str| {
        let heading = line.split('#').next().unwrap_or_default().trim();
        let name = heading.trim_start_matches('[').trim_end_matches(']').trim();
        (heading.starts_with('[') && heading.ends_with(']')).then(|| name.to_owned())
    };
    let written = name(text.lines().nth(line)?)?;
    let above = text.lines().take(line).filter_map(name).filter(|name| *name == written).count();
    let is_list = |section: &&SectionSpec| {
        section.name == written
            && matches!(section.shape, Multiplicity::Named | Multiplicity::Numbered)
    };
    let section = sections::all().into_iter().find(is_list).filter(|_| above > 0)?;
    Some(format!("; several entries make a list, each headed {}", section.heading()))
}

/// Reads one value, as after the equals sign.
pub(super) fn parse_value(text: &str, origin: ValueOrigin) -> Result<TomlNode, String> {
    let value = DeValue::parse(text).map_err(|error| error.message().to_owned())?;
    Ok(read_node(value.get_ref(), origin, &|_| origin))
}

fn read_table(table: &DeTable<'_>, line: &dyn Fn(usize) -> ValueOrigin) -> TomlTable {
    table
        .iter()
        .map(|(key, value)| {
            (key.get_ref().to_string(), read_node(value.get_ref(), line(key.span().start), line))
        })
        .collect()
}

fn read_node(
    value: &DeValue<'_>,
    origin: ValueOrigin,
    line: &dyn Fn(usize) -> ValueOrigin,
) -> TomlNode {
    let value = match value {
        DeValue::String(text) => TomlValue::String(text.to_string()),
        DeValue::Integer(integer) => {
            TomlValue::Integer(saturating(integer.as_str(), integer.radix()))
        }
        // The parser accepts numbers only. NaN is later refused as not finite.
        DeValue::Float(float) => TomlValue::Float(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(boolean) => TomlValue::Boolean(*boolean),
        DeValue::Datetime(_) => TomlValue::Datetime,
        DeValue::Array(array) => {
            TomlValue::Array(array.iter().map(|item| read_item(item, line)).collect())
        }
        DeValue::Table(table) => TomlValue::Table(read_table(table, line)),
    };
    TomlNode { value, origin }
}

fn read_item(item: &Spanned<DeValue<'_>>, line: &dyn Fn(usize) -> ValueOrigin) -> TomlNode {
    read_node(item.get_ref(), line(item.span().start), line)
}

/// Integers beyond 128 bits saturate: they are out of range anyway.
fn saturating(digits: &str, radix: u32) -> i128 {
    i128::from_str_radix(digits, radix).unwrap_or(if digits.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    })
}
