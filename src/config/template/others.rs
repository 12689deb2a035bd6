//! The sections that a study does without, behind a #.

use super::{EXAMPLE, comment, ruler};
use crate::config::reader::Description;
use crate::config::schema::{DefaultSpec, Derived, KeySpec, SectionSpec};
use crate::config::{landscape, optimizer, sections};

/// Every section of the table of keys that was not read: its heading and its keys as comments, each
/// with its meaning.
pub(super) fn other_sections(read: &[Description]) -> String {
    let others = others(read);
    if others.is_empty() {
        return String::new();
    }
    let words = "The other sections. To use one, remove the # of its heading and of those of its \
                 keys that are required or that you want to change. docs/configuration.md has \
                 their ranges.";
    let mut text = format!("{}{}", ruler("More"), comment("", words));
    others.into_iter().for_each(|section| text += &offered(section));
    text
}

/// Those that the text does not have yet. Optimizers are named elsewhere, and an analytic landscape
/// takes the place of data and network.
fn others(read: &[Description]) -> Vec<&'static SectionSpec> {
    let elsewhere =
        [&sections::TOP, &optimizer::OPTIMIZER, &landscape::SECTION, &landscape::POINTS];
    let is_new = |section: &&SectionSpec| {
        let name = section.name;
        !elsewhere.iter().any(|other| other.name == name)
            && !read.iter().any(|key| key.section.name == name)
    };
    sections::all().into_iter().filter(is_new).collect()
}

fn offered(section: &SectionSpec) -> String {
    let mut text = format!("{}# {}\n", ruler(section.title), section.heading());
    section.keys.iter().for_each(|key| text += &offered_key(*key, ""));
    let selector = section.choices.as_ref().map_or("", |choices| choices.selector);
    for owned in section.owned() {
        let of_choice = format!("with {selector} = \"{}\": ", owned.choice);
        owned.keys.iter().for_each(|key| text += &offered_key(*key, &of_choice));
    }
    text
}

fn offered_key(key: &dyn KeySpec, condition: &str) -> String {
    let (value, default) = match key.default() {
        DefaultSpec::Required(example) => (example.to_owned(), format!("; required; {EXAMPLE}")),
        DefaultSpec::Derived(Derived { example, words }) => {
            (example.to_owned(), format!("; default: {words}; {EXAMPLE}"))
        }
        DefaultSpec::Fixed(default) => (default, String::new()),
    };
    // Comments have no code.
    let meaning = format!("{condition}{}{default}", key.meaning()).replace('`', "");
    comment(&format!("# {} = {value}", key.name()), &meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::template::{Size, Template};
    use crate::network::NETWORKS;

    /// A new section of the table is offered without a line here.
    #[test]
    fn every_section_of_the_table_is_in_the_text() {
        let (network, data, size) = (NETWORKS[0], None, Size::Quick);
        let text = Template { network, data, size, overrides: Vec::new() }.text().expect("valid");
        let elsewhere = ["", "training.NAME", "landscape", "minimum"];
        let mut offered = 0;
        for section in sections::all() {
            if elsewhere.contains(&section.name) {
                continue;
            }
            let heading = section.heading();
            let is_written = text.lines().any(|line| line == heading);
            let is_offered = text.lines().any(|line| line == format!("# {heading}"));
            assert!(is_written != is_offered, "{heading}:\n{text}");
            offered += usize::from(is_offered);
            let own = text.split(&format!("{heading}\n")).nth(1).expect("a heading");
            for key in section.keys {
                let mut shown = own.lines().take_while(|line| !line.contains("----"));
                let named = format!("{} = ", key.name());
                let first = shown.find(|line| line.contains(&named));
                let first = first.unwrap_or_else(|| panic!("{heading} {}:\n{own}", key.name()));
                // Nobody takes an example for a default.
                let more = shown.take_while(|line| line.trim_start().starts_with("# "));
                let more = more.take_while(|line| line.starts_with(' '));
                let about = more.fold(first.to_owned(), |text, line| {
                    format!("{text} {}", line.trim_start_matches([' ', '#']))
                });
                let is_example = !matches!(key.default(), DefaultSpec::Fixed(_));
                let is_marked = about.contains(EXAMPLE);
                // A section that is written may have a value of its own.
                assert!(is_marked == is_example || (is_written && is_example), "{about}");
            }
        }
        assert!(offered > 5, "{offered} sections");
    }
}
