//! Names of the entries of a list.

use super::reader::{Read, Section};
use super::schema::{Key, Required, Text};

/// Reads the name of an entry and compares it with the `names` of the entries before it; `None` is
/// an entry with an error. `what` is what an entry is called.
pub(crate) fn read_name(
    section: &Section<'_>,
    key: &'static Key<Text, Required>,
    names: &[Option<String>],
    list: &str,
    what: &str,
) -> Read<String> {
    let well_formed = |name: &String| {
        let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if valid && !["", ".", ".."].contains(&name.as_str()) {
            Ok(())
        } else {
            Err(format!("{name:?} is not a name; write letters, digits, \"-\", \"_\" and \".\""))
        }
    };
    let new = |name: &String| match names.iter().position(|other| other.as_ref() == Some(name)) {
        Some(index) => Err(format!(
            "{name:?} is already the name of {list}.{index}; give each {what} its own name"
        )),
        None => Ok(()),
    };
    section.key(key).check(well_formed).check(new).value()
}
