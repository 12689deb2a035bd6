//! The errors of all ranks as one.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One or more ranks failed; the same on every rank.
///
/// Shown as the plain message where all ranks say the same, otherwise as one line for each distinct
/// message with the ranks it came from: `rank 3: …`, `ranks 0–2, 7: …`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The distinct messages, that of the lowest rank first.
    pub reports: Vec<RankMessage>,
    /// Number of ranks in the world, those without an error included.
    pub size: usize,
}

/// A message and the ranks it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankMessage {
    /// The error in words.
    pub message: String,
    /// In ascending order.
    pub ranks: Vec<usize>,
}

impl Disagreement {
    /// Merges the messages of the ranks, rank 0 first.
    pub(super) fn merge(messages: impl IntoIterator<Item = Option<String>>) -> Self {
        let mut reports: Vec<RankMessage> = Vec::new();
        let mut size = 0;
        for (rank, message) in messages.into_iter().enumerate() {
            size = rank + 1;
            let Some(message) = message else { continue };
            match reports.iter_mut().find(|report| report.message == message) {
                Some(report) => report.ranks.push(rank),
                None => reports.push(RankMessage { message, ranks: vec![rank] }),
            }
        }
        Self { reports, size }
    }
}

impl std::error::Error for Disagreement {}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, RankMessage { message, ranks }) in self.reports.iter().enumerate() {
            if line > 0 {
                writeln!(f)?;
            }
            if ranks.len() == self.size {
                f.write_str(message)?;
            } else {
                write!(f, "{}: {message}", Ranks(ranks))?;
            }
        }
        Ok(())
    }
}

/// `rank 3`, `ranks 0–2, 7`.
struct Ranks<'a>(&'a [usize]);

impl fmt::Display for Ranks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 { "rank" } else { "ranks" })?;
        for (index, run) in self.0.chunk_by(|a, b| a + 1 == *b).enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            match run {
                [first, .., last] => write!(f, "{first}–{last}")?,
                run => write!(f, "{}", run[0])?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(messages: &[Option<&str>]) -> String {
        Disagreement::merge(messages.iter().map(|message| message.map(str::to_owned))).to_string()
    }

    #[test]
    fn what_all_ranks_say_is_said_once_and_without_ranks() {
        assert_eq!(shown(&[Some("no such file"); 4]), "no such file");
        assert_eq!(shown(&[Some("no such file")]), "no such file");
    }

    #[test]
    fn one_failing_rank_is_named() {
        assert_eq!(shown(&[None, None, None, Some("disk full")]), "rank 3: disk full");
    }

    #[test]
    fn each_distinct_message_has_a_line_with_its_ranks() {
        let messages =
            [Some("a"), Some("a"), Some("a"), Some("b"), None, Some("b"), Some("b"), Some("a")];
        assert_eq!(shown(&messages), "ranks 0–2, 7: a\nranks 3, 5–6: b");
    }
}
