//! `[paths]`: between which solutions, on which landscapes, and how they are found.

use super::network::{read_value, refuse_keys_of_others};
use super::reader::{Choice, Read, Reported, Section};
use super::yields::Yields;
use crate::path::{ChosenMethod, METHODS, Objective, PathParameters};
use crate::solutions::{Pairs, SetName, Split};

/// The paths to find.
#[derive(Clone, Debug, PartialEq)]
pub struct PathsConfig {
    /// How many pairs of each set.
    pub pairs: Pairs,
    /// The sets, at least one.
    pub sets: Vec<SetName>,
    /// The landscapes, at least one: mean loss over the training or over the test images. None for a
    /// closed formula, which is the one landscape there is.
    pub landscapes: Vec<Split>,
    /// Images of the training landscape, from the front; `None`: all in use.
    pub train: Option<usize>,
    /// Images of the test landscape, from the front; `None`: all in use.
    pub test: Option<usize>,
    /// Images of each step of a path's descent, drawn at random; `None`: all of the landscape. A landscape of no
    /// more images is taken whole.
    pub batch: Option<usize>,
    /// What is minimized along a path; its heights are those of the landscape in either case.
    pub objective: Objective,
    /// Settings of the path finder.
    pub parameters: PathParameters,
}

impl PathsConfig {
    /// The number of images of a landscape; `None`: all in use.
    pub fn images(&self, landscape: Split) -> Option<usize> {
        match landscape {
            Split::Train => self.train,
            Split::Test => self.test,
        }
    }
}

/// Points at most: with a thousand shapes of a curve, their coefficients on the dense grid take 800 MB.
const MOST_POINTS: usize = 10_000;

impl Choice for Objective {
    const ALL: &'static [Self] = &Self::ALL;
    fn word(self) -> &'static str {
        self.name()
    }
}

pub(super) fn read(section: &Section<'_>, yields: &mut Yields) -> Read<PathsConfig> {
    let pairs = section.key("pairs").count_or_all().map(|pairs| pairs.map_or(Pairs::All, Pairs::Count)).or(Pairs::Count(300));
    let sets = section.key("sets").list(|text| yields.set(text)).or(yields.sets().unwrap_or_default());
    // Without the section nobody asked for paths, and one solution alone has none.
    if section.is_written() && sets.as_ref().is_ok_and(|sets| yields.has_lone_solution(sets)) {
        let key = yields.keep_key();
        section.own_problem(format!("a path needs two solutions but only one of each set is kept; raise {key}"));
    }
    let on = read_landscapes(section, yields);
    let objective = section.key("objective").choice().or(Objective::Sum);
    let parameters = read_parameters(section);
    let On { landscapes, train, test, batch } = on?;
    Ok(PathsConfig { pairs: pairs?, sets: sets?, landscapes, train, test, batch, objective: objective?, parameters: parameters? })
}

/// The landscapes, and the images of each and of a step.
struct On {
    landscapes: Vec<Split>,
    train: Option<usize>,
    test: Option<usize>,
    batch: Option<usize>,
}

fn read_landscapes(section: &Section<'_>, yields: &mut Yields) -> Read<On> {
    if yields.formula {
        for name in ["landscapes", "train", "test", "batch"] {
            section.refuse(name, "belongs to a network, not to [landscape], which has no images; remove it");
        }
        return Ok(On { landscapes: Vec::new(), train: None, test: None, batch: None });
    }
    let landscapes = section.key("landscapes").choices::<Split>().or(Split::ALL.to_vec());
    let [train, test] = [Split::Train, Split::Test].map(|split| read_images(section, split, yields));
    yields.sources.path_images = [&train, &test].map(|images| images.as_ref().ok().copied().flatten());
    let batch = section.key("batch").count_or_all().or(None);
    Ok(On { landscapes: landscapes?, train: train?, test: test?, batch: batch? })
}

fn read_images(section: &Section<'_>, split: Split, yields: &Yields) -> Read<Option<usize>> {
    let in_use = yields.sources.dataset.as_ref().and_then(|dataset| dataset.images(split));
    let within = |count: &Option<usize>| match (*count, in_use) {
        (Some(count), Some(most)) if count > most => {
            Err(format!("must be at most {most}, the number of dataset.{split} images, is {count}"))
        }
        _ => Ok(()),
    };
    section.key(split.name()).count_or_all().check(within).or(None)
}

fn read_parameters(section: &Section<'_>) -> Read<PathParameters> {
    let method = read_method(section);
    let points = section.key("points").count_up_to(3, MOST_POINTS).or(51);
    let lambda = section.key("lambda").not_negative().or(1e-4);
    let steps = section.key("steps").count(0).or(100);
    let learning_rate = section.key("learning_rate").positive().or(1e-3);
    let tolerance =
        section.key("tolerance").number("a finite number, 0 or above and below 1", |number| (0.0..1.0).contains(&number)).or(0.0);
    let patience = section.key("patience").count(1).or(10);
    Ok(PathParameters {
        method: method?,
        points: points?,
        lambda: lambda?,
        steps: steps?,
        learning_rate: learning_rate?,
        tolerance: tolerance?,
        patience: patience?,
    })
}

/// The method, with the keys that its file names.
fn read_method(section: &Section<'_>) -> Read<ChosenMethod> {
    let names: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
    let name = section.key("method").word(&names).or(METHODS[0].name);
    refuse_keys_of_others(section, "method", name, METHODS.iter().map(|method| (method.name, method.keys)));
    let name = name?;
    let method = METHODS.iter().find(|method| method.name == name).ok_or(Reported)?;
    let values: Vec<_> = method.keys.iter().map(|key| (key.name, read_value(section, key))).collect();
    values.into_iter().try_fold(ChosenMethod::with_defaults(method), |with, (key, value)| Ok(with.with(key, value?)))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::network::Value;
    use crate::path::{ChosenMethod, METHODS};

    fn config(paths: &str) -> Result<Config, String> {
        let text = format!("seed = 1\n[landscape]\nkind = \"two-wells\"\n[paths]\n{paths}");
        Config::parse("x", &text, &[]).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_method_that_is_listed_can_be_configured() {
        for method in METHODS {
            let config = config(&format!("method = \"{}\"", method.name)).unwrap();
            assert_eq!(config.paths.parameters.method, ChosenMethod::with_defaults(method));
            for key in method.keys {
                assert!(config.effective.contains_key(&format!("paths.{}", key.name)), "{} of {method:?}", key.name);
            }
        }
        let method = |paths| config(paths).unwrap().paths.parameters.method;
        assert_eq!(method(""), ChosenMethod::fourier(10));
        assert_eq!(method("fourier_terms = 3"), ChosenMethod::fourier(3));
        let polyline = ChosenMethod::polyline(10).with("knots", Value::Count(4));
        assert_eq!(method("method = \"polyline\"\nknots = 4"), polyline);
    }
}
