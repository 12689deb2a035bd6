//! The pages of the documentation, taken apart.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// A row of a table, and where it stands.
pub struct Row {
    /// The headings above it, the page's title first, as they are written.
    pub headings: Vec<String>,
    /// As they are written.
    pub cells: Vec<String>,
}

/// A block of code.
pub struct Block {
    /// After the fence: `toml`, `python`, `sh`; empty for an indented block.
    pub language: String,
    pub text: String,
    /// Of its beginning, from 1.
    pub line: usize,
}

/// A link, and where it stands.
pub struct Link {
    pub target: String,
    pub line: usize,
}

fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter()
}

fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Every heading with its level, as it is written.
fn headings(text: &str) -> Vec<(HeadingLevel, usize, String)> {
    let heading = |(event, range): (Event, Range<usize>)| match event {
        Event::Start(Tag::Heading { level, .. }) => {
            let written = text[range.clone()].trim().trim_start_matches('#').trim();
            Some((level, range.start, written.to_owned()))
        }
        _ => None,
    };
    events(text).filter_map(heading).collect()
}

/// The anchors of a page as GitHub makes them of its headings: letters and digits of any script in
/// lower case, hyphens for spaces, a number behind what is there already.
pub fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, _, heading) in headings(text) {
        let kept = heading
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
            .collect::<String>();
        let anchor = kept.replace(' ', "-");
        let before = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if before == 0 { anchor } else { format!("{anchor}-{before}") });
    }
    anchors
}

/// The rows of all tables but their heads.
pub fn rows(text: &str) -> Vec<Row> {
    let headings = headings(text);
    let mut rows: Vec<Row> = Vec::new();
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::TableRow) => {
                let mut above: Vec<(HeadingLevel, &String)> = Vec::new();
                for (level, _, heading) in
                    headings.iter().filter(|(_, start, _)| *start < range.start)
                {
                    above.retain(|(other, _)| other < level);
                    above.push((*level, heading));
                }
                let headings = above.into_iter().map(|(_, heading)| heading.clone()).collect();
                rows.push(Row { headings, cells: Vec::new() });
            }
            Event::Start(Tag::TableHead) => {
                rows.push(Row { headings: Vec::new(), cells: Vec::new() });
            }
            Event::Start(Tag::TableCell) => {
                let cell = text[range].trim().trim_matches('|').trim();
                rows.last_mut().expect("a cell is in a row").cells.push(cell.to_owned());
            }
            _ => {}
        }
    }
    rows.retain(|row| !row.headings.is_empty());
    rows
}

/// All blocks of code.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (event, range) in events(text) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = if let CodeBlockKind::Fenced(words) = kind {
                    words.to_string()
                } else {
                    String::new()
                };
                blocks.push(Block { language, text: String::new(), line: line(text, range.start) });
                inside = true;
            }
            Event::Text(piece) if inside => {
                blocks.last_mut().expect("begun above").text.push_str(&piece);
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            _ => {}
        }
    }
    blocks
}

/// All links and pictures.
pub fn links(text: &str) -> Vec<Link> {
    let link = |(event, range): (Event, Range<usize>)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(Link { target: dest_url.to_string(), line: line(text, range.start) })
        }
        _ => None,
    };
    events(text).filter_map(link).collect()
}

/// Code within the text, with its line.
pub fn code(text: &str) -> Vec<(usize, String)> {
    let span = |(event, range): (Event, Range<usize>)| match event {
        Event::Code(span) => Some((line(text, range.start), span.to_string())),
        _ => None,
    };
    events(text).filter_map(span).collect()
}
