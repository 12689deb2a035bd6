//! Histograms.

use super::summary::quantile;

/// Bins of equal width for all groups together, so that their counts can be compared.
///
/// The width is the smallest that the rule of D. Freedman and P. Diaconis gives for a group of n
/// numbers, 2 IQR / n^⅓ (Z. Wahrscheinlichkeitstheorie 57, 453 (1981),
/// <https://doi.org/10.1007/BF01025868>; numpy's `"fd"`). Groups without a spread are ignored.
/// There are at most `most` bins. If all numbers are equal, there is one bin; without numbers there
/// are no edges. Numbers that are not finite are left out.
pub fn bin_edges(groups: &[&[f64]], most: usize) -> Vec<f64> {
    let groups: Vec<Vec<f64>> =
        groups.iter().map(|group| sorted_finite(group)).filter(|group| !group.is_empty()).collect();
    let low = groups.iter().map(|group| group[0]).fold(f64::INFINITY, f64::min);
    let high = groups.iter().map(|group| group[group.len() - 1]).fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Vec::new();
    }
    if low >= high {
        return vec![low - 0.5, high + 0.5];
    }
    let width = groups
        .iter()
        .map(|group| freedman_diaconis(group))
        .filter(|&width| width > 0.0)
        .fold(f64::INFINITY, f64::min);
    let bins = ((high - low) / width).ceil().clamp(1.0, most.max(1) as f64) as usize;
    (0..=bins)
        .map(|k| if k == bins { high } else { low + (high - low) * k as f64 / bins as f64 })
        .collect()
}

fn freedman_diaconis(sorted: &[f64]) -> f64 {
    2.0 * (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / (sorted.len() as f64).cbrt()
}

fn sorted_finite(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The counts of the bins between ascending `edges`. The lower edge belongs to its bin, and the
/// last bin also contains its upper edge. Numbers outside and NaN are in no bin.
pub fn bin_counts(values: &[f64], edges: &[f64]) -> Vec<usize> {
    let mut counts = vec![0; edges.len().saturating_sub(1)];
    let Some(&last) = edges.last() else { return counts };
    for &value in values.iter().filter(|&&value| value >= edges[0] && value <= last) {
        let bin = edges.partition_point(|&edge| edge <= value).min(counts.len());
        if let Some(count) = bin.checked_sub(1).and_then(|bin| counts.get_mut(bin)) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // 0, …, 26: IQR 13, width 26/3, three bins.
        let values: Vec<f64> = (0..27).map(f64::from).collect();
        let edges = bin_edges(&[&values], 100);
        assert_eq!(edges.len(), 4);
        assert_eq!(bin_counts(&values, &edges), [9, 9, 9]);
        assert_eq!(bin_counts(&[0.0, 26.0, 26.1, -0.1, f64::NAN], &edges), [1, 0, 1]);
        assert_eq!(bin_edges(&[&values], 2).len(), 3);
    }

    #[test]
    fn groups_share_their_bins_and_every_number_is_in_one() {
        let (narrow, wide) = ([1.0, 1.1, 1.2, 1.3], [0.0, 40.0, 50.0, 100.0]);
        let edges = bin_edges(&[&narrow, &wide, &[f64::NAN], &[]], 30);
        assert_eq!((edges.len(), edges[0], edges[30]), (31, 0.0, 100.0));
        assert_eq!(bin_counts(&narrow, &edges).iter().sum::<usize>(), 4);
        assert_eq!(bin_counts(&wide, &edges).iter().sum::<usize>(), 4);
    }

    #[test]
    fn nothing_has_no_bins_and_one_number_has_one() {
        assert!(bin_edges(&[], 9).is_empty() && bin_edges(&[&[], &[f64::INFINITY]], 9).is_empty());
        assert!(bin_counts(&[1.0], &[]).is_empty());
        let edges = bin_edges(&[&[2.0, 2.0]], 9);
        assert_eq!((edges.clone(), bin_counts(&[2.0, 2.0], &edges)), (vec![1.5, 2.5], vec![2]));
    }
}
