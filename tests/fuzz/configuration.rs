//! Configurations.

use crate::memory::measured;
use crate::settings;
use lossatlas::config::Config;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// The corpora of `tests/config/main.rs` and the configurations that are shipped.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directories = ["configs", "tests/config/good", "tests/config/bad"]
        .map(|name| fs::read_dir(root.join(name)).unwrap());
    let mut files: Vec<_> =
        directories.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
});

/// What stands to the right of an equals sign, somewhere in them, and what does not.
static VALUES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let written = TEXTS
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| Some(line.split_once('=')?.1.trim().to_owned()));
    let others = [
        "",
        "0",
        "-1",
        "1",
        "2",
        "3.5",
        "-0.0",
        "1e308",
        "1e999",
        "nan",
        "-inf",
        "true",
        "18446744073709551615",
        "\"\"",
        "\"a/b\"",
        "9999999999999999999999999999999999999999999",
        "[]",
        "[[]]",
        "[1, 2",
        "[0, 0]",
        "[1000000, 1000000]",
        "{}",
        "{a = 1}",
        "\"all\"",
        "\"\\u0000\"",
        "\"~\"",
        "\"$X\"",
        "\"${\"",
        "1979-05-27",
        "0xff",
        "'''",
        "\"\"\"",
        "# nothing",
        "1_000_000_000",
    ];
    let mut values: Vec<_> = written.chain(others.map(str::to_owned)).collect();
    values.sort();
    values.dedup();
    values
});

static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let sections = TEXTS
        .iter()
        .filter_map(|text| Config::parse("x", text, &[]).ok())
        .flat_map(|config| config.effective.into_keys());
    let others = [
        "",
        ".",
        "a.b",
        "kpca",
        "kpca.0.sets",
        "kpca.7.name",
        "import.0.file",
        "minimum.1.at",
        "paths",
        "x.y.z.u.v.w.a.b.c",
        "ä",
    ];
    let mut keys: Vec<_> = sections.chain(others.map(str::to_owned)).collect();
    keys.sort();
    keys.dedup();
    keys
});

/// What is done to a line.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Repeat(usize),
    Value(Index),
    Move(Index),
    Take(Index, Index),
    Insert(Index, char),
    Cut(Index),
}

fn change() -> impl Strategy<Value = (Index, Change)> {
    let punctuation =
        select("[]{}=\"'.,#\n\\ \t\0\u{7f}ä\u{202e}0-+_eE".chars().collect::<Vec<_>>());
    let letter = prop_oneof![3 => punctuation, 1 => any::<char>()];
    let change = prop_oneof![
        Just(Change::Remove),
        prop_oneof![9 => 1..3_usize, 1 => 1..2000_usize].prop_map(Change::Repeat),
        any::<Index>().prop_map(Change::Value),
        any::<Index>().prop_map(Change::Value),
        any::<Index>().prop_map(Change::Move),
        any::<(Index, Index)>().prop_map(|(text, line)| Change::Take(text, line)),
        (any::<Index>(), letter).prop_map(|(at, letter)| Change::Insert(at, letter)),
        any::<Index>().prop_map(Change::Cut),
    ];
    (any::<Index>(), change)
}

fn apply(text: &str, changes: &[(Index, Change)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, change) in changes {
        let place = at.index(lines.len().max(1));
        let Some(line) = lines.get(place).cloned() else { continue };
        let inside = |at: &Index| line.floor_char_boundary(at.index(line.len() + 1));
        match change {
            Change::Remove => _ = lines.remove(place),
            Change::Repeat(times) => _ = lines.splice(place..place, vec![line.clone(); *times]),
            Change::Value(index) => {
                let key = line.split('=').next().unwrap_or_default();
                lines[place] = format!("{key}= {}", index.get(&VALUES));
            }
            Change::Move(to) => {
                let line = lines.remove(place);
                lines.insert(to.index(lines.len() + 1), line);
            }
            Change::Take(text, from) => {
                let other: Vec<_> = text.get(&TEXTS).lines().collect();
                lines.insert(place, (*from.get(&other)).to_owned());
            }
            Change::Insert(at, letter) => lines[place].insert(inside(at), *letter),
            Change::Cut(at) => lines[place].truncate(inside(at)),
        }
    }
    lines.join("\n")
}

fn override_() -> impl Strategy<Value = String> {
    let written = (any::<Index>(), any::<Index>())
        .prop_map(|(key, value)| format!("{}={}", key.get(&KEYS), value.get(&VALUES)));
    prop_oneof![4 => written, 1 => any::<String>()]
}

/// The tree of a file, twice, and the words of its problems, of which a line may cause several.
const MULTIPLE: usize = 500;
const OVERHEAD: usize = 1 << 20;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn changed_configurations_are_read_or_refused(
        text in any::<Index>(),
        changes in vec(change(), 0..6),
        overrides in vec(override_(), 0..3),
    ) {
        let text = apply(text.get::<String>(&TEXTS), &changes);
        let length = text.len() + overrides.iter().map(String::len).sum::<usize>();
        let (read, most) = measured(|| Config::parse("run.toml", &text, &overrides));
        prop_assert!(most <= MULTIPLE * length + OVERHEAD, "{} bytes of memory for {}", most, length);
        match read {
            Ok(config) => {
                prop_assert_eq!(&config.text, &text);
                reads_the_same(&config)?;
            }
            Err(errors) => {
                let text = errors.to_string();
                prop_assert!(!errors.problems().is_empty());
                prop_assert_eq!(text.lines().count(), errors.problems().len());
                prop_assert!(text.lines().all(|line| line.starts_with("run.toml:") || line.starts_with("--set ")), "{}", text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text: String, overrides: Vec<String>) {
        let read = Config::parse("run.toml", &text, &overrides);
        prop_assert!(read.is_err());
    }
}

/// What is recorded of a configuration, read as one, says the same. Lists of sections are recorded
/// by name and cannot be written so.
fn reads_the_same(config: &Config) -> Result<(), TestCaseError> {
    let lists = config
        .effective
        .keys()
        .any(|key| ["kpca.", "import.", "minimum."].iter().any(|list| key.starts_with(list)));
    // Of one solution there are no paths, and to ask for some, as the record does, is an error.
    let one = ["training.keep", "landscape.keep"]
        .iter()
        .any(|key| config.effective.get(*key).is_some_and(|keep| keep == "1"));
    if lists || one {
        return Ok(());
    }
    let text: String =
        config.effective.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let again = Config::parse("recorded", &text, &[])
        .map_err(|errors| TestCaseError::fail(format!("{text}\n{errors}")))?;
    prop_assert_eq!(&again.effective, &config.effective);
    prop_assert_eq!(
        (again.seed, &again.subject, &again.paths),
        (config.seed, &config.subject, &config.paths)
    );
    Ok(())
}
