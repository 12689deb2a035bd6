//! How, when and where a run was computed.

use std::path::{Component, Path, PathBuf};

/// What a page says of the origin of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// Its directory.
    pub directory: PathBuf,
    /// The command lines, one for each start that has stored its own.
    pub commands: Vec<String>,
    /// The starts of the program.
    pub sessions: Vec<Session>,
    /// Files of its directory that the page links to.
    pub files: Vec<&'static str>,
}

/// A start of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// When, RFC 3339, UTC.
    pub started: String,
    /// Program and version.
    pub program: String,
    /// The host of rank 0.
    pub host: String,
    /// Number of ranks.
    pub ranks: u32,
}

/// The way from one absolute directory to another, as a link has it.
pub fn link(from: &Path, to: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let normal = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        normal.collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let down = to[shared..].iter().map(|name| encoded(name));
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// A name as part of a link.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_up_and_down() {
        let way = |from: &str, to: &str| link(Path::new(from), Path::new(to));
        assert_eq!(way("/runs/demo/report", "/runs/demo"), "..");
        assert_eq!(way("/runs/all", "/runs/first try/a"), "../first%20try/a");
        assert_eq!(way("/runs", "/runs/a"), "a");
    }
}
