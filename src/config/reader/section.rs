//! One section of the file.

use super::collector::{Collector, Read, Reported};
use super::notation::{Notation, alternatives, quoted};
use crate::config::schema::{KeySpec, SectionSpec};
use crate::config::tree::{TomlNode, TomlTable, TomlValue, ValueOrigin};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A section being read. A section that is not written reads as an empty one.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(super) report: &'a Collector,
    spec: &'static SectionSpec,
    table: Option<&'a TomlTable>,
    pub(super) origin: ValueOrigin,
    path: String,
    /// The path under which values are recorded as effective; `None` if they have no effect.
    record: Option<String>,
    /// The keys that were read: all others are unknown.
    known: RefCell<BTreeSet<String>>,
    /// The choices of this section that an override has changed, so that keys of the file may not
    /// fit.
    switched: RefCell<Vec<Switched>>,
}

/// A choice that an override has changed.
#[derive(Debug)]
struct Switched {
    /// `kind = "lenet"`.
    now: String,
    /// The keys that depend on the choice.
    keys: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// Reads the whole file; `top` has the keys outside of all sections.
    pub fn read_root<T>(
        report: &'a Collector,
        root: &'a TomlNode,
        top: &'static SectionSpec,
        read: impl FnOnce(&mut Self) -> Read<T>,
    ) -> Read<T> {
        Self::read(
            report,
            top,
            Some(root),
            ValueOrigin::File,
            String::new(),
            Some(String::new()),
            read,
        )
    }

    fn read<T>(
        report: &'a Collector,
        spec: &'static SectionSpec,
        node: Option<&'a TomlNode>,
        parent: ValueOrigin,
        path: String,
        record: Option<String>,
        read: impl FnOnce(&mut Self) -> Read<T>,
    ) -> Read<T> {
        let table = match node.map(|node| (&node.value, node.origin)) {
            None => None,
            Some((TomlValue::Table(table), _)) => Some(table),
            Some((other, origin)) => {
                report.problem(
                    origin,
                    Some(path),
                    format!("must be a section, not {}", other.kind()),
                );
                return Err(Reported);
            }
        };
        let origin = node.map_or(parent, |node| node.origin);
        let mut section = Self {
            report,
            spec,
            table,
            origin,
            path,
            record,
            known: RefCell::default(),
            switched: RefCell::default(),
        };
        let result = read(&mut section);
        section.refuse_unknown();
        result
    }

    /// Whether the section is written at all.
    pub fn is_written(&self) -> bool {
        self.table.is_some()
    }

    /// Whether a key or a section within this one is written.
    pub fn has(&self, name: &'static str) -> bool {
        self.known.borrow_mut().insert(name.to_owned());
        self.node(name).is_some()
    }

    /// Refuses a key or a section that does not belong here, if it is written.
    pub fn refuse(&self, name: &'static str, message: impl Into<String>) {
        if self.has(name) {
            self.problem(name, message);
        }
    }

    /// Refuses a key that does not fit this value of `selector`, in TOML notation. If an override
    /// has chosen the value, the key of the file is ignored instead, with a note.
    pub fn refuse_for(&self, selector: &str, chosen: &str, name: &'static str, message: &str) {
        if self.choice_of_the_file(selector, chosen).is_some() {
            self.switch(selector, chosen, vec![name]);
        }
        if self.has(name) && !self.drop_key(name) {
            self.problem(name, message);
        }
    }

    /// Leaves out these keys of the file if an override has made a choice that has defaults of its
    /// own for them; see [`FoundValue::value_or`](super::found::FoundValue::value_or).
    pub fn prefer_defaults_of<C: Notation>(
        &self,
        selector: &str,
        chosen: &C,
        keys: &[&'static str],
    ) {
        let chosen = chosen.toml();
        if self.choice_of_the_file(selector, &chosen).is_some() {
            self.switch(selector, &chosen, keys.to_vec());
        }
    }

    /// The names of the sections written within this one.
    pub fn written_sections(&self) -> Vec<&'a str> {
        let tables = self.table.into_iter().flatten();
        let is_table = |node: &TomlNode| matches!(node.value, TomlValue::Table(_));
        tables.filter(|(_, node)| is_table(node)).map(|(name, _)| name.as_str()).collect()
    }

    /// Ignores a section of the file, with a note: it has no effect because of an override.
    pub fn drop_section(&self, name: &str, message: impl Into<String>) {
        self.known.borrow_mut().insert(name.to_owned());
        if let Some(node) = self.node(name) {
            self.report.dropped(node.origin, self.path_of(name), message);
        }
    }

    /// Whether an override has set this key.
    pub fn is_overridden(&self, name: &str) -> bool {
        self.node(name).is_some_and(|node| is_override(node.origin))
    }

    /// The node of a key or a section, which is known from here on.
    pub(in crate::config) fn ask_for(&self, name: &str) -> Option<&'a TomlNode> {
        self.known.borrow_mut().insert(name.to_owned());
        self.node(name)
    }

    /// The integer that another section below this one has for a key, if it is written there. That
    /// section checks it.
    pub fn integer_in(&self, section: &str, key: &str) -> Option<i128> {
        let TomlValue::Table(table) = &self.node(section)?.value else { return None };
        match table.get(key)?.value {
            TomlValue::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// Records that this key was read.
    pub(in crate::config) fn describe(&self, key: &'static dyn KeySpec) {
        self.report.describe(self.path_of(key.name()), self.spec, key);
    }

    /// A section within this one.
    pub fn section<T>(
        &self,
        spec: &'static SectionSpec,
        read: impl FnOnce(&mut Section<'a>) -> Read<T>,
    ) -> Read<T> {
        self.section_named(spec.own_name(), true, spec, read)
    }

    /// A section of a stage within another section, `[paths.refine]` in `[paths]`. The reader of
    /// the other one [asks for](Self::ask_for) it, so that it is known there.
    pub fn section_below<T>(
        &self,
        parent: &str,
        spec: &'static SectionSpec,
        read: impl FnOnce(&mut Section<'a>) -> Read<T>,
    ) -> Read<T> {
        let node = self.node(parent).and_then(|node| match &node.value {
            TomlValue::Table(table) => table.get(spec.own_name()),
            _ => None,
        });
        let path = join(&self.path_of(parent), spec.own_name());
        let record = self.record_of(parent).map(|parent| join(&parent, spec.own_name()));
        Section::read(self.report, spec, node, self.origin, path, record, read)
    }

    /// A section within this one whose name is that of an entry. If it is not `used`, its values
    /// are not recorded as effective.
    pub fn section_named<T>(
        &self,
        name: &str,
        used: bool,
        spec: &'static SectionSpec,
        read: impl FnOnce(&mut Section<'a>) -> Read<T>,
    ) -> Read<T> {
        let (node, record) = (self.ask_for(name), self.record_of(name).filter(|_| used));
        Section::read(self.report, spec, node, self.origin, self.path_of(name), record, read)
    }

    /// The entries of a list of sections, `[[name]]`, which may be empty. Entries are identified by
    /// a name and not by their index, so their values are recorded as effective only after
    /// [`Self::record_as`].
    pub fn sections<T>(
        &self,
        spec: &'static SectionSpec,
        mut read: impl FnMut(&mut Section<'a>) -> Read<T>,
    ) -> Read<Vec<T>> {
        let name = spec.own_name();
        let items = match self.ask_for(name).map(|node| (&node.value, node.origin)) {
            None => return Ok(Vec::new()),
            Some((TomlValue::Array(items), _)) => items,
            Some((other, origin)) => {
                let message = format!(
                    "must be a list of sections, each headed [[{name}]], not {}",
                    other.kind()
                );
                self.report.problem(origin, Some(self.path_of(name)), message);
                return Err(Reported);
            }
        };
        let path = self.path_of(name);
        let entries: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let path = format!("{path}.{index}");
                Section::read(self.report, spec, Some(item), item.origin, path, None, &mut read)
            })
            .collect();
        entries.into_iter().collect()
    }

    /// Records the effective values of this section under this path from here on.
    pub fn record_as(&mut self, path: String) {
        self.record = Some(path);
    }

    /// Refuses the keys that belong to another choice than the chosen one. If nothing was chosen,
    /// these keys are known but not checked.
    ///
    /// If an override has made the choice, keys that belong to the choice of the file are ignored
    /// instead, with a note.
    pub fn refuse_other_choices<C: Notation>(&self, chosen: &Read<C>) {
        let Some(choices) = &self.spec.choices else { return };
        let (selector, keys) = (choices.selector, self.spec.owners());
        for &(name, _) in &keys {
            self.has(name);
        }
        let Ok(chosen) = chosen.as_ref().map(Notation::toml) else { return };
        let before = self.choice_of_the_file(selector, &chosen);
        if before.is_some() {
            self.switch(selector, &chosen, keys.iter().map(|&(name, _)| name).collect());
        }
        for (name, owners) in keys {
            let is_owner = |word: &str| owners.iter().any(|owner| owner.toml() == word);
            if is_owner(&chosen) {
                continue;
            }
            // A key that does not even fit the choice of the file is a mistake in the file.
            let fitted =
                before.as_ref().is_some_and(|before| before.as_deref().is_none_or(is_owner));
            if !self.has(name) || fitted && self.drop_key(name) {
                continue;
            }
            let message = format!(
                "belongs to {selector} = {}, not to {selector} = {chosen}; remove it",
                alternatives(&owners)
            );
            self.problem(name, message);
        }
    }

    /// The value in the file of a key that an override has changed, in TOML notation; `Some(None)`
    /// if the file does not have the key; `None` if no override has changed it.
    #[expect(
        clippy::option_option,
        reason = "no change, a change, and a change of a key that the file does not have"
    )]
    fn choice_of_the_file(&self, selector: &str, chosen: &str) -> Option<Option<String>> {
        let overridden = self.node(selector).is_some_and(|node| is_override(node.origin));
        let before = match self.report.written(&self.path_of(selector)) {
            Some(TomlValue::String(text)) => Some(quoted(text)),
            Some(TomlValue::Boolean(boolean)) => Some(boolean.to_string()),
            _ => None,
        };
        (overridden && before.as_deref() != Some(chosen)).then_some(before)
    }

    /// Records that an override has changed a choice on which these keys depend.
    fn switch(&self, selector: &str, chosen: &str, keys: Vec<&'static str>) {
        self.switched.borrow_mut().push(Switched { now: format!("{selector} = {chosen}"), keys });
    }

    /// Ignores a key of the file because an override has changed the kind of the section, and
    /// records this. `false` if no kind was changed, or if the key itself comes from an override.
    pub(super) fn drop_key(&self, name: &'static str) -> bool {
        let switched = self.switched.borrow();
        let Some(switched) = switched.iter().find(|switched| switched.keys.contains(&name)) else {
            return false;
        };
        match self.node(name).map(|node| node.origin).filter(|&origin| !is_override(origin)) {
            Some(origin) => {
                let message = format!("ignored: it does not fit {} of --set", switched.now);
                self.report.dropped(origin, self.path_of(name), message);
                true
            }
            None => false,
        }
    }

    /// Records a problem with a key. If the key is not written, its place is the section.
    pub fn problem(&self, name: &str, message: impl Into<String>) {
        let origin = self.node(name).map_or(self.origin, |node| node.origin);
        self.report.problem(origin, Some(self.path_of(name)), message);
    }

    /// Records a problem with the section as a whole.
    pub fn own_problem(&self, message: impl Into<String>) {
        self.report.problem(self.origin, Some(self.path.clone()), message);
    }

    fn node(&self, name: &str) -> Option<&'a TomlNode> {
        self.table.and_then(|table| table.get(name))
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    pub(super) fn record_of(&self, name: &str) -> Option<String> {
        self.record.as_ref().map(|path| join(path, name))
    }

    fn refuse_unknown(&self) {
        let known = self.known.borrow();
        for name in self
            .table
            .into_iter()
            .flat_map(TomlTable::keys)
            .filter(|name| !known.contains(name.as_str()))
        {
            self.problem(name, format!("unknown key; {}", suggestion(name, &known)));
        }
    }
}

fn is_override(origin: ValueOrigin) -> bool {
    matches!(origin, ValueOrigin::Override(_))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Below this similarity a suggestion would be a guess: `epoch` and `epochs` have 0.83, `lambda`
/// and `landscapes` 0.4.
const MIN_SIMILARITY: f64 = 0.6;

/// The candidate that was probably meant: the most similar one, if its similarity is at least
/// `minimum`. Equal words have similarity 1.
pub(in crate::config) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
    minimum: f64,
) -> Option<&'c str> {
    let similarity = |candidate: &str| strsim::normalized_damerau_levenshtein(name, candidate);
    candidates
        .filter(|candidate| similarity(candidate) >= minimum)
        .max_by(|a, b| similarity(a).total_cmp(&similarity(b)))
}

fn suggestion(name: &str, known: &BTreeSet<String>) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match nearest(name, known.iter().copied(), MIN_SIMILARITY) {
        Some(candidate) => format!("did you mean \"{candidate}\"?"),
        None => format!("the keys here are {}", known.join(", ")),
    }
}
