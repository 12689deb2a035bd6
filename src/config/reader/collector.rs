//! Collects problems and effective values while a configuration is read.

use crate::config::error::{ConfigPlace, ConfigProblem};
use crate::config::schema::{KeySpec, SectionSpec};
use crate::config::tree::{TomlNode, TomlValue, ValueOrigin};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Stands for a value that could not be read. The reason has already been collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A value as far as it could be read.
pub(crate) type Read<T> = Result<T, Reported>;

/// Problems and effective values, gathered while the sections are read.
///
/// Keys and subsections of all sections write here at the same time, hence the cells.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    findings: RefCell<Vec<CollectedProblem>>,
    effective: RefCell<BTreeMap<String, String>>,
    descriptions: RefCell<Vec<Description>>,
    /// The file before the overrides, if there are any.
    written: Option<TomlNode>,
    /// The keys of the file that are ignored because of an override.
    dropped: RefCell<Vec<CollectedProblem>>,
}

/// A key that was read, for the configurations that `init` writes; values in TOML notation.
#[derive(Clone)]
pub(crate) struct Description {
    /// With its sections, entries of a list by their index: `kpca.0.kernel`.
    pub key: String,
    /// Its section in the table of keys.
    pub section: &'static SectionSpec,
    /// Its row in the table of keys.
    pub spec: &'static dyn KeySpec,
    /// Its default; `None` if the key is required, or if the default is known only later.
    pub default: Option<String>,
    /// Its value; `None` if it is not written and has no default.
    pub value: Option<String>,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}, default {:?}", self.key, self.value, self.default)
    }
}

#[derive(Debug)]
struct CollectedProblem {
    origin: ValueOrigin,
    key: Option<String>,
    message: String,
}

impl Collector {
    /// Keeps the file as written, to compare overrides with.
    pub fn keep_written(&mut self, root: &TomlNode) {
        self.written = Some(root.clone());
    }

    /// The value of a key before the overrides.
    pub fn written(&self, path: &str) -> Option<&TomlValue> {
        let root = self.written.as_ref().map(|root| &root.value);
        path.split('.').fold(root, |value, part| match value? {
            TomlValue::Table(table) => table.get(part).map(|node| &node.value),
            TomlValue::Array(items) => {
                items.get(part.parse::<usize>().ok()?).map(|node| &node.value)
            }
            _ => None,
        })
    }

    /// Records a key of the file that is ignored because of an override.
    pub fn dropped(&self, origin: ValueOrigin, key: String, message: impl Into<String>) {
        let (key, message) = (Some(key), message.into());
        self.dropped.borrow_mut().push(CollectedProblem { origin, key, message });
    }

    /// Records a problem.
    pub fn problem(&self, origin: ValueOrigin, key: Option<String>, message: impl Into<String>) {
        self.findings.borrow_mut().push(CollectedProblem { origin, key, message: message.into() });
    }

    /// Records a value, in TOML notation, that takes effect.
    pub fn effective(&self, key: String, toml: String) {
        self.effective.borrow_mut().insert(key, toml);
    }

    /// Records a key, once.
    pub fn describe(&self, key: String, section: &'static SectionSpec, spec: &'static dyn KeySpec) {
        let mut descriptions = self.descriptions.borrow_mut();
        if !descriptions.iter().any(|known| known.key == key) {
            descriptions.push(Description { key, section, spec, default: None, value: None });
        }
    }

    /// Records the default of a key that has been described.
    pub fn describe_default(&self, key: &str, toml: String) {
        self.change_description(key, |description| description.default = Some(toml));
    }

    /// Records the value of a key that has been described.
    pub fn describe_value(&self, key: &str, toml: String) {
        self.change_description(key, |description| description.value = Some(toml));
    }

    fn change_description(&self, key: &str, change: impl FnOnce(&mut Description)) {
        if let Some(known) =
            self.descriptions.borrow_mut().iter_mut().find(|known| known.key == key)
        {
            change(known);
        }
    }

    /// The keys that were read, in the order of reading.
    pub fn descriptions(&self) -> Vec<Description> {
        self.descriptions.borrow().clone()
    }

    /// Everything that was collected.
    pub fn finish(self, file: &str, overrides: &[String]) -> Collected {
        let place = |origin| ConfigPlace::of(origin, file, overrides);
        let in_order = |mut findings: Vec<CollectedProblem>| -> Vec<ConfigProblem> {
            findings.sort_by_key(|finding| finding.origin);
            let problem = |CollectedProblem { origin, key, message }| ConfigProblem {
                place: place(origin),
                key,
                message,
            };
            findings.into_iter().map(problem).collect()
        };
        Collected {
            problems: in_order(self.findings.into_inner()),
            dropped: in_order(self.dropped.into_inner()),
            effective: self.effective.into_inner(),
        }
    }
}

/// Everything that reading has collected, each list in the order of the file, overrides last.
pub(crate) struct Collected {
    /// The problems.
    pub problems: Vec<ConfigProblem>,
    /// The keys of the file that are ignored because of an override.
    pub dropped: Vec<ConfigProblem>,
    /// The values in effect.
    pub effective: BTreeMap<String, String>,
}
