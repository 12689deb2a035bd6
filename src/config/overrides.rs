//! Overrides from the command line, `--set key.path=value`.

use super::tree::{TomlNode, TomlTable, TomlValue, ValueOrigin, parse_value};

/// More parts than any key has. Without a limit, the length of an argument would determine the
/// depth of the tree.
const MAX_DEPTH: usize = 8;

/// Sets one value in the tree. Missing sections are created. Entries of a list are addressed by
/// their index, from 0.
///
/// # Errors
/// The key, if there is one, and a sentence saying what is wrong with the override.
pub(super) fn apply(
    root: &mut TomlNode,
    text: &str,
    origin: ValueOrigin,
) -> Result<(), (Option<String>, String)> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| (None, "has no \"=\"; write key.path=value".to_owned()))?;
    let key = key.trim();
    let path: Vec<&str> = key.split('.').collect();
    if path.len() > MAX_DEPTH || !path.iter().all(|part| is_bare_key(part)) {
        return Err((None, format!("{key:?} is not a key; write for instance training.keep=4")));
    }
    let at_key = |message| (Some(key.to_owned()), message);
    let node = parse(value.trim(), origin).map_err(at_key)?;
    put(root, &path, node).map_err(at_key)
}

fn is_bare_key(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Text that is not a TOML value is a string whose quotes the shell has removed. Text that starts
/// like a list, a table or a string but is not complete is an error.
fn parse(value: &str, origin: ValueOrigin) -> Result<TomlNode, String> {
    parse_value(value, origin).or_else(|message| match value.chars().next() {
        None => Err("has no value after the \"=\"".to_owned()),
        Some('[' | '{' | '"' | '\'') => Err(format!("the value is not valid TOML: {message}")),
        Some(_) => Ok(TomlNode { value: TomlValue::String(value.to_owned()), origin }),
    })
}

fn put(node: &mut TomlNode, path: &[&str], value: TomlNode) -> Result<(), String> {
    let Some((&key, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    match &mut node.value {
        TomlValue::Table(table) => {
            let empty =
                TomlNode { value: TomlValue::Table(TomlTable::new()), origin: value.origin };
            put(table.entry(key.to_owned()).or_insert(empty), rest, value)
        }
        TomlValue::Array(items) => {
            let length = items.len();
            match key.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                Some(item) => put(item, rest, value),
                None => Err(format!(
                    "there is no entry \"{key}\"; the list has {length}, counted from 0"
                )),
            }
        }
        scalar => Err(format!(
            "\"{key}\" cannot be set, because what would contain it is {}, not a \
                         section",
            scalar.kind()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::parse_file;
    use super::*;

    fn set(file: &str, text: &str) -> Result<TomlNode, (Option<String>, String)> {
        let mut root = parse_file(file).unwrap();
        apply(&mut root, text, ValueOrigin::Override(0)).map(|()| root)
    }

    fn at<'a>(node: &'a TomlNode, path: &str) -> &'a TomlNode {
        path.split('.').fold(node, |node, key| match &node.value {
            TomlValue::Table(table) => &table[key],
            TomlValue::Array(items) => &items[key.parse::<usize>().unwrap()],
            other => panic!("{key}: {}", other.kind()),
        })
    }

    #[test]
    fn replaces_one_value_and_remembers_where_each_comes_from() {
        let root = set("a = 1\n[b]\nc = 2\nd = 3\n", " b.c = 5 ").unwrap();
        assert!(matches!(
            at(&root, "b.c"),
            TomlNode { value: TomlValue::Integer(5), origin: ValueOrigin::Override(0) }
        ));
        assert!(matches!(
            at(&root, "b.d"),
            TomlNode { value: TomlValue::Integer(3), origin: ValueOrigin::Line(4) }
        ));
        assert_eq!(at(&root, "b").origin, ValueOrigin::Line(2));
    }

    #[test]
    fn creates_sections_and_reaches_into_lists() {
        let root = set("a = 1\n", "b.c.d=0.5").unwrap();
        assert!(matches!(at(&root, "b.c.d").value, TomlValue::Float(0.5)));
        let root = set("[[k]]\nn = 1\n[[k]]\nn = 2\n", "k.1.n=7").unwrap();
        assert!(matches!(at(&root, "k.0.n").value, TomlValue::Integer(1)));
        assert!(matches!(at(&root, "k.1.n").value, TomlValue::Integer(7)));
        assert_eq!(at(&root, "k.1").origin, ValueOrigin::Line(3));
    }

    #[test]
    fn bare_words_are_strings_and_toml_is_toml() {
        for (text, expected) in [
            ("a=relu", "relu"),
            ("a=\"relu\"", "relu"),
            ("a='relu'", "relu"),
            ("a=~/data/mnist", "~/data/mnist"),
            ("a=$DATA/a=b", "$DATA/a=b"),
            ("a=1e-", "1e-"),
        ] {
            let root = set("", text).unwrap();
            assert!(
                matches!(&at(&root, "a").value, TomlValue::String(value) if value == expected),
                "{text}"
            );
        }
        assert!(matches!(
            at(&set("", "a=[\"x\", \"y\"]").unwrap(), "a.1").value,
            TomlValue::String(_)
        ));
        assert!(matches!(
            at(&set("", "a={b = 1_000}").unwrap(), "a.b").value,
            TomlValue::Integer(1000)
        ));
    }

    #[test]
    fn refuses_what_it_cannot_place() {
        let file = "a = 1\n[[k]]\nn = 1\n";
        for (text, key, part) in [
            ("a", None, "has no \"=\""),
            ("=1", None, "is not a key"),
            ("a..b=1", None, "is not a key"),
            ("a b=1", None, "is not a key"),
            ("a.a.a.a.a.a.a.a.a=1", None, "is not a key"),
            ("a=", Some("a"), "no value"),
            ("a=[1, 2", Some("a"), "not valid TOML"),
            ("a=\"x", Some("a"), "not valid TOML"),
            ("a.b=1", Some("a.b"), "is an integer, not a section"),
            ("k.1.n=2", Some("k.1.n"), "there is no entry \"1\"; the list has 1"),
            ("k.n=2", Some("k.n"), "there is no entry \"n\""),
        ] {
            let (found, message) = set(file, text).unwrap_err();
            assert_eq!(found.as_deref(), key, "{text}");
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
