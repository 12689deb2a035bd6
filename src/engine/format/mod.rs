//! `docs/format.md`: the files of a run directory, with what each stage says of its groups of
//! `atlas.h5`.
//!
//! The prose is in `page.md`; the line `@stages` stands for the pages of the stages, each in its
//! folder. `make reference` writes the page.

use super::stages::STAGES;

/// The page.
pub fn page() -> String {
    let stages: Vec<&str> = STAGES.iter().map(|stage| stage.format().trim_end()).collect();
    let stages: Vec<&str> = stages.into_iter().filter(|page| !page.is_empty()).collect();
    include_str!("page.md").replace("@stages", &stages.join("\n\n"))
}
