//! What reading a configuration turns up.

use crate::config::error::{Place, Problem};
use crate::config::schema::{KeySpec, SectionSpec};
use crate::config::tree::{Node, Origin, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Stands for a value that could not be read. Why is in the report already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A value as far as it could be read.
pub(crate) type Read<T> = Result<T, Reported>;

/// Problems and effective values, gathered while the sections are read.
///
/// Sections hand out keys and subsections that all write here, hence the cells.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: RefCell<Vec<Finding>>,
    effective: RefCell<BTreeMap<String, String>>,
    descriptions: RefCell<Vec<Description>>,
    /// The file before the overrides, if there are any.
    written: Option<Node>,
    /// What of the file was left out because of an override.
    dropped: RefCell<Vec<Finding>>,
}

/// A key that was read, as whoever writes a configuration wants to know it; values in TOML notation.
#[derive(Clone)]
pub(crate) struct Description {
    /// With its sections, entries of a list by their index: `kpca.0.kernel`.
    pub key: String,
    /// Its section in the table of keys.
    pub section: &'static SectionSpec,
    /// Its row in the table of keys.
    pub spec: &'static dyn KeySpec,
    /// What holds if it is not written; `None` if it must be written, or if that is known only later.
    pub default: Option<String>,
    /// What it is; `None` if it is not written and has no default.
    pub value: Option<String>,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?}, default {:?}", self.key, self.value, self.default)
    }
}

#[derive(Debug)]
struct Finding {
    origin: Origin,
    key: Option<String>,
    message: String,
}

impl Report {
    /// Keeps the file as written, to compare overrides with.
    pub fn keep_written(&mut self, root: &Node) {
        self.written = Some(root.clone());
    }

    /// The value of a key before the overrides.
    pub fn written(&self, path: &str) -> Option<&Value> {
        let root = self.written.as_ref().map(|root| &root.value);
        path.split('.').fold(root, |value, part| match value? {
            Value::Table(table) => table.get(part).map(|node| &node.value),
            Value::Array(items) => items.get(part.parse::<usize>().ok()?).map(|node| &node.value),
            _ => None,
        })
    }

    /// Notes down a key of the file that an override has made meaningless.
    pub fn dropped(&self, origin: Origin, key: String, message: impl Into<String>) {
        let (key, message) = (Some(key), message.into());
        self.dropped.borrow_mut().push(Finding { origin, key, message });
    }

    /// Notes down a problem.
    pub fn problem(&self, origin: Origin, key: Option<String>, message: impl Into<String>) {
        self.findings.borrow_mut().push(Finding { origin, key, message: message.into() });
    }

    /// Notes down a value, in TOML notation, that takes effect.
    pub fn effective(&self, key: String, toml: String) {
        self.effective.borrow_mut().insert(key, toml);
    }

    /// Notes down a key, once.
    pub fn describe(&self, key: String, section: &'static SectionSpec, spec: &'static dyn KeySpec) {
        let mut descriptions = self.descriptions.borrow_mut();
        if !descriptions.iter().any(|known| known.key == key) {
            descriptions.push(Description { key, section, spec, default: None, value: None });
        }
    }

    /// Notes down the default of a key that has been described.
    pub fn describe_default(&self, key: &str, toml: String) {
        self.change_description(key, |description| description.default = Some(toml));
    }

    /// Notes down the value of a key that has been described.
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

    /// Everything that was noted down.
    pub fn finish(self, file: &str, overrides: &[String]) -> Outcome {
        let place = |origin| Place::of(origin, file, overrides);
        let in_order = |mut findings: Vec<Finding>| -> Vec<Problem> {
            findings.sort_by_key(|finding| finding.origin);
            let problem =
                |Finding { origin, key, message }| Problem { place: place(origin), key, message };
            findings.into_iter().map(problem).collect()
        };
        Outcome {
            problems: in_order(self.findings.into_inner()),
            dropped: in_order(self.dropped.into_inner()),
            effective: self.effective.into_inner(),
        }
    }
}

/// What reading has turned up, each list in the order of the file, overrides last.
pub(crate) struct Outcome {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The keys of the file that were left out because of an override.
    pub dropped: Vec<Problem>,
    /// The values in effect.
    pub effective: BTreeMap<String, String>,
}
