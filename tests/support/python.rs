//! A Python to read results with, as users do.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The first Python that has h5py.
///
/// # Panics
/// If there is none; the message says how to get one.
pub fn python() -> &'static str {
    python_with("h5py")
}

/// The first Python that has these modules, separated by commas. Each is looked for once.
///
/// # Panics
/// If there is none; the message says how to get one.
pub fn python_with(modules: &'static str) -> &'static str {
    static FOUND: Mutex<BTreeMap<&str, &str>> = Mutex::new(BTreeMap::new());
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.entry(modules).or_insert_with(|| look_for(modules))
}

fn look_for(modules: &str) -> &'static str {
    let import = format!("import {modules}");
    let works = |python: &&str| {
        Command::new(python)
            .args(["-c", &import])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    ["python3", "/usr/bin/python3"].into_iter().find(works).unwrap_or_else(|| {
        panic!(
            "no python3 can import {modules}: `make test` installs what is missing \
             (python3-h5py and others)"
        )
    })
}
