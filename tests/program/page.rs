//! The page of a report in a browser, where one is installed: `make test-report`.

use crate::start::{lossatlas, text};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether a command can be run with these arguments.
fn works(command: &str, arguments: &[&str]) -> bool {
    Command::new(command).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Chromium, its driver, and a Python that can use them.
fn tools() -> Option<[&'static str; 3]> {
    let mut browsers = ["chromium", "chromium-browser", "google-chrome"].into_iter();
    let browser = browsers.find(|name| works(name, &["--version"]))?;
    let driver = works("chromedriver", &["--version"]).then_some("chromedriver")?;
    let mut pythons = ["python3", "/usr/bin/python3"].into_iter();
    let python = pythons.find(|name| works(name, &["-c", "import selenium"]))?;
    Some([browser, driver, python])
}

/// The full path of a command.
fn full_path(command: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(command));
    places.find(|place| place.is_file()).expect("it was run before")
}

#[test]
fn the_page_answers_to_pointer_and_keyboard_and_is_complete_without_scripts_and_in_print() {
    let Some([browser, driver, python]) = tools() else {
        eprintln!(
            "skipped: no chromium, chromedriver and selenium; `make test-report` installs them"
        );
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report");
    let run = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    if run.exists() {
        fs::remove_dir_all(&run).expect("a directory of this test");
    }
    let configuration = folder.join("page.toml");
    lossatlas(1, &["run", text(&configuration), "--out", text(&run)]).with_code(0);
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../report-page");
    let output = Command::new(python)
        .arg("-B")
        .arg(folder.join("check_page.py"))
        .args([&run.join("report"), &pictures, &full_path(browser), &full_path(driver)])
        .output()
        .expect("a Python to run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
}
