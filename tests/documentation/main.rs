//! The pages of the documentation: links lead somewhere, commands exist, configurations are valid,
//! recipes run.
//!
//! What a block of code is, the word after its fence says: `sh` is commands, `toml` a
//! configuration, `python` a script that reads a run, and `text` what a program printed. A second
//! word exempts: `python torch` needs PyTorch (`make test-pytorch` runs it), `python sklearn` and
//! others write a data set with a package of that name (`data.rs` runs some of them), `python
//! landscape` is a program that lossatlas starts and `python networkx` reads a graph
//! (`tests/outside.rs` runs both), `toml cargo` is no configuration.

mod commands;
mod data;
#[path = "../support/markdown.rs"]
mod markdown;
mod numbers;
mod prose;
#[path = "../support/python.rs"]
#[expect(dead_code, reason = "shared with tests that need h5py alone")]
mod python;
mod recipes;

use lossatlas::config::Config;
use markdown::{anchors, blocks, links, rows};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A page and where it is.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// `docs/hpc.md:17`.
    fn place(&self, line: usize) -> String {
        let name = self.path.strip_prefix(ROOT).unwrap_or(&self.path);
        format!("{}:{line}", name.display())
    }
}

/// README, the changelog, the page of the examples and all of `docs/`.
fn pages() -> Vec<Page> {
    let entries = fs::read_dir(Path::new(ROOT).join("docs")).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.extend(
        ["README.md", "CHANGELOG.md", "examples/README.md"].map(|name| Path::new(ROOT).join(name)),
    );
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths.into_iter().map(Page::read).collect()
}

/// What is wrong with a link; nothing if it leads to another site.
fn problem_with(target: &str, page: &Page) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { page.path.clone() } else { page.path.parent()?.join(path) };
    if !file.exists() {
        return Some(format!("{target} leads to no file"));
    }
    let missing =
        !anchor.is_empty() && !anchors(&Page::read(file).text).iter().any(|other| other == anchor);
    missing.then(|| format!("{target} leads to no heading"))
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in pages() {
        for link in links(&page.text) {
            checked += 1;
            wrong.extend(
                problem_with(&link.target, &page)
                    .map(|problem| format!("{}: {problem}", page.place(link.line))),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 60, "{checked} links");

    let page = Page { path: Path::new(ROOT).join("docs/x.md"), text: String::new() };
    for broken in ["nowhere.md", "hpc.md#nowhere", "#nowhere", "../README.md#nowhere"] {
        assert!(problem_with(broken, &page).is_some(), "{broken}");
    }
    assert_eq!(problem_with("hpc.md#time-limits-warnings-requeueing", &page), None);
}

#[test]
fn every_page_is_in_the_index() {
    let readme = Page::read(Path::new(ROOT).join("README.md"));
    let linked: Vec<String> = links(&readme.text).into_iter().map(|link| link.target).collect();
    for page in pages()
        .iter()
        .filter(|page| page.path.parent().is_some_and(|folder| folder.ends_with("docs")))
    {
        let name = format!("docs/{}", page.path.file_name().expect("a file").to_string_lossy());
        assert!(linked.contains(&name), "README.md has no link to {name}");
    }
    let pictures = fs::read_dir(Path::new(ROOT).join("docs"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    for picture in
        pictures.filter(|path| path.extension().is_some_and(|extension| extension == "png"))
    {
        let name = picture.file_name().expect("a file").to_string_lossy().into_owned();
        let shown = pages()
            .iter()
            .any(|page| links(&page.text).iter().any(|link| link.target.ends_with(&name)));
        assert!(shown, "no page shows docs/{name}");
    }
}

#[test]
fn configurations_are_valid() {
    let mut checked = 0;
    for page in pages() {
        for block in blocks(&page.text).into_iter().filter(|block| block.language == "toml") {
            let place = page.place(block.line);
            assert!(
                Config::parse(&place, &block.text, &[]).is_ok(),
                "{place}: {:?}",
                Config::parse(&place, &block.text, &[])
            );
            checked += 1;
        }
    }
    let examples = fs::read_dir(Path::new(ROOT).join("examples")).expect("a folder");
    let mut paths: Vec<PathBuf> = examples.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    assert!(paths.len() > 4, "{paths:?}");
    for page in paths.into_iter().map(Page::read) {
        let parsed = Config::parse(&page.place(1), &page.text, &[]);
        assert!(parsed.is_ok(), "{parsed:?}");
    }
    assert!(checked > 0);
}

#[test]
fn every_block_of_code_says_what_it_is() {
    const KNOWN: [&str; 17] = [
        "sh",
        "text",
        "toml",
        "toml cargo",
        "python",
        "python torch",
        "python sklearn",
        "python torchvision",
        "python datasets",
        "python pillow",
        "python landscape",
        "python networkx",
        "r",
        "rust",
        "julia",
        "matlab",
        "octave",
    ];
    for page in pages() {
        for block in blocks(&page.text) {
            assert!(
                KNOWN.contains(&&*block.language),
                "{}: a block of {:?}",
                page.place(block.line),
                block.language
            );
        }
    }
}

#[test]
fn tables_are_complete() {
    for page in pages() {
        let mut rows = rows(&page.text);
        rows.retain(|row| row.cells.iter().all(String::is_empty));
        assert_eq!(rows.len(), 0, "{}: an empty row", page.place(1));
    }
}
