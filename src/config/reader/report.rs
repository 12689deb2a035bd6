//! What reading a configuration turns up.

use crate::config::error::{Place, Problem};
use crate::config::tree::Origin;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Stands for a value that could not be read. Why is in the report already.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Reported;

/// A value as far as it could be read.
pub(in crate::config) type Read<T> = Result<T, Reported>;

/// Problems and effective values, gathered while the sections are read.
///
/// Sections hand out keys and subsections that all write here, hence the cells.
#[derive(Debug, Default)]
pub(in crate::config) struct Report {
    findings: RefCell<Vec<Finding>>,
    effective: RefCell<BTreeMap<String, String>>,
    descriptions: RefCell<Vec<Description>>,
}

/// A key that was read, as whoever writes a configuration wants to know it; values in TOML notation.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Description {
    /// With its sections, entries of a list by their index: `kpca.0.kernel`.
    pub key: String,
    /// The values that it takes, in words.
    pub takes: String,
    /// What holds if it is not written; `None` if it must be written, or if that is known only later.
    pub default: Option<String>,
    /// What it is; `None` if it is not written and has no default.
    pub value: Option<String>,
}

#[derive(Debug)]
struct Finding {
    origin: Origin,
    key: Option<String>,
    message: String,
}

impl Report {
    /// Notes down a problem.
    pub fn problem(&self, origin: Origin, key: Option<String>, message: impl Into<String>) {
        self.findings.borrow_mut().push(Finding { origin, key, message: message.into() });
    }

    /// Notes down a value, in TOML notation, that takes effect.
    pub fn effective(&self, key: String, toml: String) {
        self.effective.borrow_mut().insert(key, toml);
    }

    /// Notes down a key and what it takes, once.
    pub fn describe(&self, key: String, takes: impl Into<String>) {
        let mut descriptions = self.descriptions.borrow_mut();
        if !descriptions.iter().any(|known| known.key == key) {
            descriptions.push(Description { key, takes: takes.into(), default: None, value: None });
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
        if let Some(known) = self.descriptions.borrow_mut().iter_mut().find(|known| known.key == key) {
            change(known);
        }
    }

    /// The keys that were read, in the order of reading.
    pub fn descriptions(&self) -> Vec<Description> {
        self.descriptions.borrow().clone()
    }

    /// The problems in the order of the file, those of the overrides last, and the effective values.
    pub fn finish(self, file: &str, overrides: &[String]) -> (Vec<Problem>, BTreeMap<String, String>) {
        let mut findings = self.findings.into_inner();
        findings.sort_by_key(|finding| finding.origin);
        let place = |origin| match origin {
            Origin::File => Place::File { name: file.to_owned(), line: None },
            Origin::Line(line) => Place::File { name: file.to_owned(), line: Some(line) },
            Origin::Override(index) => Place::Override(overrides.get(index).cloned().unwrap_or_default()),
        };
        let problems =
            findings.into_iter().map(|Finding { origin, key, message }| Problem { place: place(origin), key, message }).collect();
        (problems, self.effective.into_inner())
    }
}
