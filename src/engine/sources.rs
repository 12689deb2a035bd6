//! Loads the files that a configuration names, and reports all problems at once.

use crate::config::{ConfigPlace, ImportConfig, ImportFile, NetworkConfig, Sources};
use crate::data::{ChosenFormat, Dataset, DatasetError};
use crate::engine::store::{VectorSource, read_vectors, read_vectors_of_any_length};
use crate::network::{Architecture, Layout, Network};
use crate::random::MasterSeed;
use crate::solutions::SetName;
use ndarray::Array2;

/// The data and its network, as far as they are valid.
pub struct Loaded {
    dataset: Option<Dataset>,
    /// The network, if it can be built.
    pub network: Option<Box<dyn Network<f32>>>,
    /// The problems, one a line.
    pub problems: Vec<String>,
}

impl Loaded {
    /// # Errors
    /// All problems.
    pub fn into_parts(self) -> Result<(Dataset, Box<dyn Network<f32>>), String> {
        match (self.dataset, self.network) {
            (Some(dataset), Some(network)) if self.problems.is_empty() => Ok((dataset, network)),
            _ => Err(self.problems.join("\n")),
        }
    }
}

/// Loads the data of a valid configuration and builds its network.
pub fn load(name: &str, seed: MasterSeed, network: &NetworkConfig, sources: &Sources) -> Loaded {
    let dataset = network.dataset.load(seed);
    let (problems, built) = examine(name, seed, sources, Some(&dataset));
    Loaded { dataset: dataset.ok(), network: built, problems }
}

/// The problems of the files of an invalid configuration.
pub fn problems(name: &str, sources: &Sources) -> Vec<String> {
    // Only files are checked: drawn images are always valid and take time. No file depends on the
    // seed.
    let seed = MasterSeed(0);
    let reads_files = |dataset: &&ChosenFormat| !dataset.files().is_empty();
    let dataset = sources.dataset.as_ref().filter(reads_files).map(|dataset| dataset.load(seed));
    let (mut problems, network) = examine(name, seed, sources, dataset.as_ref());
    let layout = network.as_ref().map(|network| network.layout());
    problems.extend(import(name, &sources.imports, layout).1);
    problems
}

/// The data, the network for images of their size, and all problems.
fn examine(
    name: &str,
    seed: MasterSeed,
    sources: &Sources,
    dataset: Option<&Result<Dataset, DatasetError>>,
) -> (Vec<String>, Option<Box<dyn Network<f32>>>) {
    let mut problems = Vec::new();
    let mut whole = None;
    if let Some(Err(error)) = dataset {
        problems.push(error.to_string());
        // Too large numbers of images must not hide other problems.
        let all = sources.dataset.clone().map(ChosenFormat::with_all_images);
        whole = all.and_then(|all| all.load(seed).ok());
    }
    let known = dataset.and_then(|dataset| dataset.as_ref().ok()).or(whole.as_ref());
    let of_paths = known.map_or_else(Vec::new, |dataset| sources.problems_with(dataset));
    problems.extend(of_paths.iter().map(|problem| format!("{name}: {problem}")));
    let outline = || sources.dataset.as_ref()?.outline();
    let data = known
        .map(|dataset| (dataset.shape(), dataset.classes))
        .or_else(|| outline().map(|outline| (outline.shape, outline.classes)));
    let build = |architecture: &Architecture| {
        let (shape, classes) = data?;
        Some(architecture.build(shape, classes))
    };
    let built = sources.architecture.as_ref().and_then(build);
    let unfit = match (&built, known) {
        (Some(Err(problem)), _) => Some(problem.clone()),
        (Some(Ok(network)), Some(dataset)) => out_of_reach(network.as_ref(), dataset),
        _ => None,
    };
    if let Some(problem) = unfit {
        let place = sources.network_place.as_ref().map_or(name.to_owned(), ConfigPlace::to_string);
        problems.push(format!("{place}: network.kind: {problem}"));
    }
    let network = built.and_then(Result::ok);
    (problems, network)
}

/// Root mean square of pixels above which a warning is due. That of standardized images is 1,
/// whatever their range; that of MNIST with numbers from 0 to 255 is 85.
const MAX_ROOT_MEAN_SQUARE: f64 = 10.0;

/// A warning if the pixels are numbers that seem not to have been scaled. The curvature of the loss
/// grows with the square of the pixels, so that SGD diverges at learning rates that are otherwise
/// sound.
pub fn unscaled(dataset: &Dataset) -> Option<String> {
    let pixels = &dataset.train.pixels;
    let size = pixels.root_mean_square().filter(|&size| size > MAX_ROOT_MEAN_SQUARE)?;
    let (low, high) = pixels.range();
    let remedy = if low >= 0.0 && high <= 255.0 {
        "divide them by 255, or write them as bytes (uint8), which are scaled to 0 to 1"
    } else {
        "subtract their mean and divide them by their standard deviation"
    };
    Some(format!(
        "{}: warning: the pixels are numbers from {low} to {high} with a root mean square of \
         {size:.0}. They are used as they are, and training may diverge, because they are far \
         above 1. Write scaled images: {remedy}",
        dataset.name
    ))
}

/// A problem if the network reconstructs pixels but these are outside the range of its outputs, 0
/// to 1.
pub fn out_of_reach(network: &dyn Network<f32>, dataset: &Dataset) -> Option<String> {
    if !network.compares_with_images() {
        return None;
    }
    let [train, test] = [&dataset.train, &dataset.test].map(|images| images.pixels.range());
    let (low, high) = (train.0.min(test.0), train.1.max(test.1));
    (low < 0.0 || high > 1.0).then(|| {
        format!(
            "its outputs, which are compared with the pixels, are between 0 and 1, but the pixels are \
             numbers from {low} to {high}; scale the images to 0 to 1, or choose another network"
        )
    })
}

/// The sets of vectors that could be read, and the problems of the others. Without a layout, the
/// lengths of the vectors are not checked.
pub fn import(
    name: &str,
    imports: &[ImportConfig],
    layout: Option<&Layout>,
) -> (Vec<(SetName, Array2<f32>)>, Vec<String>) {
    let (mut sets, mut problems) = (Vec::new(), Vec::new());
    for import in imports {
        let source = match &import.file {
            ImportFile::Npy(file) => VectorSource::Npy(file.clone()),
            ImportFile::Atlas { file, group } => {
                VectorSource::Atlas { file: file.clone(), group: group.clone() }
            }
        };
        let read = layout.map_or_else(
            || read_vectors_of_any_length(&source),
            |layout| read_vectors(&source, layout),
        );
        match read {
            Ok(vectors) => sets.push((import.name.clone(), vectors)),
            Err(error) => problems.push(format!("{name}: import.{}: {error}", import.name)),
        }
    }
    (sets, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::data::{ImageShape, Images};
    use std::fs;

    fn of_pixels(pixels: Vec<f32>) -> Dataset {
        let labels = vec![0; pixels.len() / 4];
        let images = Images { pixels: pixels.into(), labels, shape: ImageShape::gray(2, 2) };
        Dataset::new("npy x.npz".to_owned(), 1, images.clone(), images)
    }

    #[test]
    fn only_pixels_that_are_not_scaled_are_warned_of() {
        let gray: Vec<f32> = (0..400).map(|index| (index * 7 % 256) as f32).collect();
        let warning = unscaled(&of_pixels(gray.clone())).expect("a warning");
        assert!(warning.contains("from 0 to 255 with a root mean square of 147."), "{warning}");
        let remedy =
            "divide them by 255, or write them as bytes (uint8), which are scaled to 0 to 1";
        assert!(warning.ends_with(remedy), "{warning}");
        let centered = gray.iter().map(|x| x - 127.5).collect();
        let warning = unscaled(&of_pixels(centered)).expect("a warning");
        assert!(warning.ends_with("divide them by their standard deviation"), "{warning}");
        assert_eq!(unscaled(&of_pixels(gray.iter().map(|x| x / 255.0).collect())), None);
        // Standardized: the pixels are 0 in all images but a few.
        let mut rare = vec![-0.05; 400];
        rare[7] = 20.0;
        assert_eq!(unscaled(&of_pixels(rare)), None);
        let mut bytes = of_pixels(vec![0.0; 4]);
        bytes.train.pixels = vec![255_u8; 4].into();
        assert_eq!(unscaled(&bytes), None);
    }

    /// Images of three channels and 26 classes, in a format that the engine has never heard of.
    fn loaded(kind: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let numbers = vec!["7"; 3 * 16 * 16].join(",");
        let lines: String = (0..26).map(|label| format!("{label},{numbers}\n")).collect();
        for name in ["train.csv", "test.csv"] {
            fs::write(folder.path().join(name), &lines).unwrap();
        }
        let text = format!(
            "seed = 1\n[dataset]\nkind = \"csv\"\ndir = \"{}\"\nshape = [3, 16, 16]\n[network]\n\
             kind = {kind}\n[training]\ninitializations = 2\noptimizers = [\"lbfgs\"]\n",
            folder.path().display()
        );
        let config = Config::parse("x.toml", &text, &[]).unwrap();
        let network = config.subject.network().expect("a network");
        load("x.toml", config.seed, network, &config.sources())
    }

    #[test]
    fn a_network_is_built_for_the_shape_and_the_classes_of_the_data() {
        let convolutions = 6 * (3 * 25 + 1) + 16 * (6 * 25 + 1);
        let layers = 120 * (64 + 1) + 84 * (120 + 1) + 26 * (84 + 1);
        let gates = 4 * 48 * (3 * 16 + 48 + 2);
        for (kind, parameters) in [
            ("\"fcp\"", 50 * (768 + 50 + 26)),
            ("\"fcp\"\nbiases = true", 50 * (768 + 50 + 26) + 126),
            ("\"lenet\"", convolutions + layers),
            ("\"autoencoder\"", 32 * (768 + 32 + 32 + 768)),
            ("\"lstm\"", gates + 26 * 48),
        ] {
            let (dataset, network) = loaded(kind).into_parts().unwrap();
            let shape = ImageShape { channels: 3, rows: 16, columns: 16 };
            assert_eq!((dataset.shape(), dataset.classes), (shape, 26));
            assert_eq!((network.inputs(), network.layout().parameters()), (768, parameters));
        }
    }

    #[test]
    fn a_network_that_cannot_read_the_images_says_where_why_and_what_to_do() {
        assert_eq!(
            loaded("\"lenet\"\nkernel = 9").problems,
            ["x.toml:7: network.kind: images of 16 × 16 pixels are too small for LeNet with a \
              kernel of 9: it needs 20 × 20; choose a smaller kernel or another network"]
        );
    }
}
