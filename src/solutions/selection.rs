//! Solutions and pairs by number, as users write them and keys of results hold them.

/// A name and numbers behind a colon: `sgd/train:3`, `sgd/train:best`, `sgd/train:0-3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection<'t> {
    /// What the numbers belong to: a set, two sets, or an optimizer.
    pub name: &'t str,
    /// The numbers.
    pub numbers: SelectedNumbers,
}

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectedNumbers {
    /// `3`.
    One(u32),
    /// `best`.
    Best,
    /// `0-3`.
    Pair(u32, u32),
}

impl<'t> Selection<'t> {
    /// Reads one; `None` if the text is none. Whether the name is one is not looked at.
    pub fn parse(text: &'t str) -> Option<Self> {
        let (name, numbers) = text.rsplit_once(':')?;
        let numbers = match numbers {
            "best" => SelectedNumbers::Best,
            // The tables and messages of the program join the numbers by a dash.
            numbers => match numbers.split_once(['-', '–']) {
                Some((a, b)) => SelectedNumbers::Pair(a.parse().ok()?, b.parse().ok()?),
                None => SelectedNumbers::One(numbers.parse().ok()?),
            },
        };
        Some(Self { name, numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_the_best_and_a_pair_are_read_and_all_else_is_none() {
        let read = |text| Selection::parse(text).map(|found| (found.name, found.numbers));
        assert_eq!(read("sgd/train:3"), Some(("sgd/train", SelectedNumbers::One(3))));
        assert_eq!(read("a/b:best"), Some(("a/b", SelectedNumbers::Best)));
        for pair in ["a/b~c/d:12-3", "a/b~c/d:12–3"] {
            assert_eq!(read(pair), Some(("a/b~c/d", SelectedNumbers::Pair(12, 3))));
        }
        for none in ["", "a/b", "a/b:", "a/b:x", "a/b:-1", "a/b:1-", "a/b:1-2-3", "a/b:4294967296"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
