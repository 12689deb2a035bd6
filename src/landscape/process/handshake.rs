//! The first line of a process, which describes its landscape.

use crate::network::Layout;
use serde::{Deserialize, Serialize};

/// Version of the protocol.
pub const VERSION: u64 = 1;

/// Maximum length of the line in bytes.
pub(super) const MAX_LINE: usize = 16 << 20;

/// Maximum size of the points of a request, and of the gradients of its answer, unless a single
/// point is larger. The number of points depends only on the size of a point, so that the chunks of
/// a path are the same on any number of ranks.
const MAX_REQUEST: usize = 256 << 20;

/// The description of its landscape that a process sends before the first request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handshake {
    /// P, the number of components of a point, ≥ 1.
    pub dimension: usize,
    /// The type of the numbers of points and gradients in messages. Values are always `f64`.
    pub precision: ProcessPrecision,
    /// The printed name of the landscape.
    pub name: String,
    /// Unit of the values.
    pub unit: String,
    /// Names of its data sets, at least one, none twice. Minima are searched on the first.
    pub datasets: Vec<String>,
    /// Name and shape of the tensors in θ, in their order; empty if it names none.
    pub tensors: Vec<(String, Vec<usize>)>,
    /// [low, high] of every component of random starts: none, one for all, or `(P,)`.
    pub start_region: Vec<[f64; 2]>,
    /// Maximum number of points of a request, ≥ 1; `None` if there is no limit.
    pub max_points: Option<usize>,
}

/// The numbers of points and gradients between the program and a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcessPrecision {
    /// 4 bytes each.
    Float32,
    /// 8 bytes each.
    Float64,
}

impl ProcessPrecision {
    /// As in the handshake.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float64 => "float64",
        }
    }

    /// Bytes of a number.
    pub fn size(self) -> usize {
        match self {
            Self::Float32 => size_of::<f32>(),
            Self::Float64 => size_of::<f64>(),
        }
    }
}

/// The keys of the line. Unknown keys are ignored, so that later versions can add some.
#[derive(Deserialize)]
struct HandshakeLine {
    dimension: u64,
    precision: ProcessPrecision,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    datasets: Option<Vec<String>>,
    #[serde(default)]
    tensors: Option<Vec<HandshakeTensor>>,
    #[serde(default)]
    start_region: Option<Region>,
    #[serde(default)]
    max_points: Option<u64>,
}

#[derive(Deserialize)]
struct HandshakeTensor {
    name: String,
    shape: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Region {
    All([f64; 2]),
    Each(Vec<[f64; 2]>),
}

impl Handshake {
    /// Parses and checks the line, without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_slice(line).map_err(|_| not_a_landscape(line))?;
        match value.get("lossatlas").map(serde_json::Value::as_u64) {
            Some(Some(VERSION)) => {}
            Some(_) => {
                return Err(format!(
                    "it speaks version {} of the protocol, this program speaks version {VERSION}; \
                     use the Python file of this version",
                    value["lossatlas"]
                ));
            }
            None => return Err(not_a_landscape(line)),
        }
        let line: HandshakeLine =
            serde_json::from_value(value).map_err(|error| format!("its handshake: {error}"))?;
        let handshake = line.handshake()?;
        handshake.check().map_err(|problem| format!("its handshake: {problem}"))?;
        Ok(handshake)
    }

    fn check(&self) -> Result<(), String> {
        if self.dimension == 0 {
            return Err("dimension: must be at least 1, is 0".to_owned());
        }
        self.check_datasets()?;
        let sizes = self.tensors.iter().map(|(_, shape)| {
            shape.iter().fold(1, |product: usize, &size| product.saturating_mul(size))
        });
        let sum = sizes.fold(0, usize::saturating_add);
        if !self.tensors.is_empty() && sum != self.dimension {
            return Err(format!(
                "tensors: their sizes sum to {sum}, but dimension is {}",
                self.dimension
            ));
        }
        let regions = self.start_region.len();
        if regions > 1 && regions != self.dimension {
            return Err(format!(
                "start_region: has {regions} pairs, but dimension is {}",
                self.dimension
            ));
        }
        let sound = |[low, high]: &[f64; 2]| low <= high && (high - low).is_finite();
        if !self.start_region.iter().all(sound) {
            return Err("start_region: every pair must be [low, high], finite".to_owned());
        }
        if self.max_points == Some(0) {
            return Err("max_points: must be at least 1, is 0".to_owned());
        }
        Ok(())
    }

    fn check_datasets(&self) -> Result<(), String> {
        if self.datasets.is_empty() {
            return Err("datasets: must not be empty; omit it for a single landscape".to_owned());
        }
        for (index, name) in self.datasets.iter().enumerate() {
            let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || !name.chars().all(letters) || [".", ".."].contains(&&**name) {
                return Err(format!(
                    "datasets: {name:?} is not a name; use letters, digits, \"-\", \"_\" and \".\""
                ));
            }
            if self.datasets[..index].contains(name) {
                return Err(format!("datasets: {name:?} is listed twice"));
            }
        }
        Ok(())
    }

    /// Maximum number of points of a request.
    pub fn chunk(&self) -> usize {
        let bytes = self.dimension.saturating_mul(self.precision.size());
        let fitting = (MAX_REQUEST / bytes.max(1)).max(1);
        self.max_points.map_or(fitting, |most| most.min(fitting))
    }

    /// The tensors of θ; a single one, `x`, if the process names none.
    pub fn layout(&self) -> Layout {
        if self.tensors.is_empty() {
            return Layout::default().with("x", &[self.dimension], 0.0);
        }
        let tensors = self.tensors.iter();
        tensors.fold(Layout::default(), |layout, (name, shape)| layout.with(name, shape, 0.0))
    }

    /// The first difference from another handshake, in words.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pairs = [
            ("dimension", format!("{}", self.dimension), format!("{}", other.dimension)),
            ("precision", self.precision.name().into(), other.precision.name().into()),
            ("name", format!("{:?}", self.name), format!("{:?}", other.name)),
            ("unit", format!("{:?}", self.unit), format!("{:?}", other.unit)),
            ("datasets", format!("{:?}", self.datasets), format!("{:?}", other.datasets)),
            ("max_points", format!("{:?}", self.max_points), format!("{:?}", other.max_points)),
        ];
        let differing = pairs.into_iter().find(|(_, here, there)| here != there);
        let words = differing.map(|(key, here, there)| format!("{key} is {here}, was {there}"));
        words.or_else(|| (self != other).then(|| "tensors or start_region differ".to_owned()))
    }
}

impl HandshakeLine {
    fn handshake(self) -> Result<Handshake, String> {
        let count = |number: u64, key: &str| {
            usize::try_from(number).map_err(|_| format!("{key}: {number} is too large"))
        };
        let tensors = self.tensors.unwrap_or_default();
        Ok(Handshake {
            dimension: count(self.dimension, "dimension")?,
            precision: self.precision,
            name: self.name.unwrap_or_else(|| "process".to_owned()),
            unit: self.unit.unwrap_or_else(|| "1".to_owned()),
            datasets: self.datasets.unwrap_or_else(|| vec!["value".to_owned()]),
            tensors: tensors.into_iter().map(|tensor| (tensor.name, tensor.shape)).collect(),
            start_region: match self.start_region {
                None => Vec::new(),
                Some(Region::All(all)) => vec![all],
                Some(Region::Each(each)) => each,
            },
            max_points: self.max_points.map(|most| count(most, "max_points")).transpose()?,
        })
    }
}

/// The message for a first line that is no handshake. It quotes the line, which often explains the
/// problem.
pub(super) fn not_a_landscape(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let shown: String = text.trim().chars().take(200).collect();
    let more = if text.trim().chars().count() > 200 { " …" } else { "" };
    format!(
        "its first line is not the handshake of a landscape: {shown:?}{more}; it must write the \
         handshake first, and print to standard error only (see docs/protocol.md)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Handshake, String> {
        Handshake::parse(line.as_bytes())
    }

    #[test]
    fn what_is_left_out_has_its_default_and_what_is_unknown_is_ignored() {
        let line = r#"{"lossatlas": 1, "dimension": 3, "precision": "float64", "color": "red"}"#;
        let handshake = parsed(line).unwrap();
        assert_eq!((handshake.name.as_str(), handshake.unit.as_str()), ("process", "1"));
        assert_eq!(handshake.datasets, ["value"]);
        assert_eq!(handshake.layout().tensors()[0].name, "x");
        assert_eq!(handshake.chunk(), (256 << 20) / 24);
        let line = r#"{"lossatlas": 1, "dimension": 6, "precision": "float32", "name": "net",
            "unit": "nat", "datasets": ["train", "test"], "max_points": 5,
            "tensors": [{"name": "w", "shape": [2, 2]}, {"name": "b", "shape": [2]}],
            "start_region": [-1, 1.5]}"#;
        let handshake = parsed(line).unwrap();
        assert_eq!(handshake.layout().tensors()[1].offset, 4);
        assert_eq!((handshake.chunk(), handshake.start_region.as_slice()), (5, &[[-1.0, 1.5]][..]));
    }

    #[test]
    fn a_scalar_tensor_is_one_number() {
        let line = r#"{"lossatlas": 1, "dimension": 2, "precision": "float32",
            "tensors": [{"name": "a", "shape": []}, {"name": "b", "shape": [1]}]}"#;
        assert_eq!(parsed(line).unwrap().layout().parameters(), 2);
    }

    #[test]
    fn mistakes_are_named() {
        let with = |rest: &str| {
            parsed(&format!(r#"{{"lossatlas": 1, "precision": "float64", {rest}}}"#)).unwrap_err()
        };
        for (rest, expected) in [
            (r#""dimension": 0"#, "dimension: must be at least 1"),
            (r#""dimension": -1"#, "-1"),
            (r#""name": "a""#, "missing field `dimension`"),
            (r#""dimension": 2, "datasets": []"#, "must not be empty"),
            (r#""dimension": 2, "datasets": ["a/b"]"#, "\"a/b\" is not a name"),
            (r#""dimension": 2, "datasets": ["a", "a"]"#, "listed twice"),
            (r#""dimension": 2, "tensors": [{"name": "w", "shape": [3]}]"#, "sum to 3"),
            (r#""dimension": 2, "start_region": [[0, 1], [0, 1], [0, 1]]"#, "has 3 pairs"),
            (r#""dimension": 2, "start_region": [1, 0]"#, "[low, high]"),
            (r#""dimension": 2, "max_points": 0"#, "max_points"),
        ] {
            let message = with(rest);
            assert!(message.contains(expected), "{rest}: {message}");
        }
        let version = parsed(r#"{"lossatlas": 2}"#).unwrap_err();
        assert!(version.contains("version 2") && version.contains("version 1"), "{version}");
        for other in ["Hello", "{}", "[1]", "\u{1b}[0m"] {
            assert!(parsed(other).unwrap_err().contains("first line is not"), "{other}");
        }
    }

    #[test]
    fn handshakes_are_compared_key_by_key() {
        let line = |dimension: usize| {
            parsed(&format!(
                r#"{{"lossatlas": 1, "dimension": {dimension}, "precision": "float64"}}"#
            ))
        };
        let (two, three) = (line(2).unwrap(), line(3).unwrap());
        assert_eq!(two.difference(&two), None);
        assert_eq!(three.difference(&two).unwrap(), "dimension is 3, was 2");
    }
}
