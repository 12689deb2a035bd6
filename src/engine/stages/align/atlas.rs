//! `/align`: the exchanges of the aligned sets.

use super::{AlignedSet, Alignment, STAGE, alignment, section, stored};
use crate::engine::store::atlas::{Atlas, AtlasError, AtlasGroup, DatasetSpec, require};
use crate::network::Symmetry;
use ndarray::Array2;

/// Checks that there is an exchange for each vector.
pub(super) fn check(atlas: &Atlas<'_>) -> Result<Vec<String>, AtlasError> {
    let Some(found) = alignment(&atlas.results, atlas.sets) else { return Ok(Vec::new()) };
    let mut groups = Vec::new();
    for set in found.sets {
        let path = format!("/align/{}", set.source);
        let vectors = set.initialization.len();
        let pairs = vectors * vectors.saturating_sub(1) / 2;
        let fits = set.exchanges.len() == vectors
            && set.distances.iter().all(|distances| distances.len() == pairs);
        require(fits, &path, || format!("its parts do not have {vectors} vectors"))?;
        groups.push(path);
    }
    Ok(groups)
}

pub(super) fn write(root: &AtlasGroup, atlas: &Atlas<'_>) -> Result<(), AtlasError> {
    let Some(config) = section(atlas.results.config) else { return Ok(()) };
    let node = root.group("align", "exchanges of hidden units that bring solutions together")?;
    let key = stored(config, atlas.sets);
    let failed = atlas.results.contents.task_ended(STAGE, &key).and_then(Result::err);
    node.text("failed", failed.unwrap_or_default())?;
    let found = alignment(&atlas.results, atlas.sets).zip(atlas.results.symmetry());
    let Some((found, symmetry)) = found else { return Ok(()) };
    write_spreads(&node, &found)?;
    for set in &found.sets {
        let group = node.group(set.source.group(), "sets with one origin")?;
        let words = "the exchanges that make the aligned set of the set of this name";
        let group = group.group(set.source.member(), words)?;
        group.text("aligned_set", set.source.aligned().as_str())?;
        write_set(&group, set, &symmetry)?;
    }
    Ok(())
}

fn write_spreads(node: &AtlasGroup, found: &Alignment) -> Result<(), AtlasError> {
    node.number("converged", u8::from(found.converged))?;
    let words = "number of each state of the vectors: 0 before the first round";
    node.axis("round", words, found.spreads.len())?;
    let words = "root mean square distance of the vectors of all sets from their mean";
    node.numbers(&DatasetSpec::new("spread", "round", words), &found.spreads)
}

fn write_set(node: &AtlasGroup, set: &AlignedSet, symmetry: &Symmetry) -> Result<(), AtlasError> {
    let vectors = set.initialization.len();
    node.axis("vector", "row of each vector in its set", vectors)?;
    let words = "number of the random initialization the vector grew from";
    node.numbers(&DatasetSpec::new("initialization", "vector", words), &set.initialization)?;
    for (number, group) in symmetry.groups().iter().enumerate() {
        let layer = node.group(group.name(), "the exchange of the units of this layer")?;
        let words = "number of each unit of the aligned vector";
        layer.axis("unit", words, group.units())?;
        let mut source = Array2::<u32>::zeros((vectors, group.units()));
        let mut negated = Array2::<u32>::zeros((vectors, group.units()));
        for (row, exchange) in set.exchanges.iter().enumerate() {
            let permutation = &exchange.groups[number];
            for (unit, &from) in permutation.source.iter().enumerate() {
                source[[row, unit]] = from as u32;
                negated[[row, unit]] = u32::from(permutation.negated[unit]);
            }
        }
        let words = "the unit of the vector as it was found that becomes this unit";
        layer.numbers(&DatasetSpec::new("source", "vector, unit", words), &source)?;
        let words = "1 where the unit has changed its sign";
        layer.numbers(&DatasetSpec::new("negated", "vector, unit", words), &negated)?;
    }
    write_distances(node, set)
}

fn write_distances(node: &AtlasGroup, set: &AlignedSet) -> Result<(), AtlasError> {
    let vectors = set.initialization.len() as u32;
    let pairs = (0..vectors).flat_map(|a| (a + 1..vectors).map(move |b| (a, b)));
    let (first, second): (Vec<u32>, Vec<u32>) = pairs.unzip();
    node.axis("pair", "number of each pair of vectors", first.len())?;
    node.numbers(&DatasetSpec::new("first", "pair", "row of the first vector"), &first)?;
    node.numbers(&DatasetSpec::new("second", "pair", "row of the second vector"), &second)?;
    let [before, after] = &set.distances;
    let words = "distance between the vectors as they were found";
    node.numbers(&DatasetSpec::new("distance_before", "pair", words), before)?;
    let words = "distance between the aligned vectors";
    node.numbers(&DatasetSpec::new("distance_after", "pair", words), after)
}
