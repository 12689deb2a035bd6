//! Colors and measures that all figures share.
//!
//! The colors are those of M. Okabe and K. Ito, "Color universal design" (2008), which readers with
//! any kind of color vision can tell apart; markers and dashes say the same once more.

use super::panel::Marker;
use crate::optimizer::optimizer_kind;
use crate::solutions::{EndpointSets, SetName};

/// Red, green and blue, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

/// SGD.
const VERMILION: Color = Color(213, 94, 0);
/// L-BFGS.
const BLUE: Color = Color(0, 114, 178);
/// The groups with a look of their own.
const FIXED: [&str; 2] = ["sgd", "lbfgs"];
/// For everything that does not belong to an optimizer.
const OTHERS: [Color; 6] = [
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(230, 159, 0),
    Color(86, 180, 233),
    BLACK,
    GRAY,
];
/// Text, frames and marks.
pub const BLACK: Color = Color(0, 0, 0);
/// For lines that serve as a comparison.
pub const GRAY: Color = Color(110, 110, 110);

/// How sets of one group, or curves of one kind, are drawn in every figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawingStyle {
    /// Their color.
    pub color: Color,
    /// Their marker.
    pub marker: Marker,
}

/// The look of a group. It is fixed for the optimizers and depends on the place among `groups` for
/// others.
pub fn look(group: &str, groups: &[&str]) -> DrawingStyle {
    match group {
        "sgd" => DrawingStyle { color: VERMILION, marker: Marker::Disk },
        "lbfgs" => DrawingStyle { color: BLUE, marker: Marker::Square },
        _ => numbered(
            groups
                .iter()
                .filter(|known| !FIXED.contains(known))
                .position(|known| *known == group)
                .unwrap_or(0),
        ),
    }
}

/// The look number `index`, for groups and curves without a fixed look.
pub fn numbered(index: usize) -> DrawingStyle {
    let markers = [Marker::Diamond, Marker::Triangle, Marker::Cross, Marker::Square, Marker::Disk];
    DrawingStyle { color: OTHERS[index % OTHERS.len()], marker: markers[index % markers.len()] }
}

/// The printed name of a group.
pub fn group_name(group: &str) -> &str {
    optimizer_kind(group).map_or(group, |kind| kind.title())
}

/// The printed name of a set: `"SGD train"`, `"SGD aligned train"`.
pub fn set_name(set: &SetName) -> String {
    let aligned = set.before_alignment().and_then(|source| {
        let kind = optimizer_kind(source.group())?;
        Some(format!("{} aligned", kind.title()))
    });
    let group = aligned.unwrap_or_else(|| group_name(set.group()).to_owned());
    format!("{group} {}", set.member())
}

/// The printed names of the sets of the ends of paths: `"SGD train"`, `"SGD train – L-BFGS train"`.
pub fn endpoint_sets(sets: &EndpointSets) -> String {
    match sets.single() {
        Some(set) => set_name(set),
        None => format!("{} – {}", set_name(&sets.a), set_name(&sets.b)),
    }
}

/// The look of a set among all `sets` of a run: that of its group; further sets of a group in other
/// shades with other markers.
pub fn set_look(set: &SetName, sets: &[&SetName]) -> DrawingStyle {
    let mut groups = Vec::new();
    for group in sets.iter().map(|known| known.group()) {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    let own = look(set.group(), &groups);
    let mut of_group = sets.iter().filter(|known| known.group() == set.group());
    match of_group.position(|known| *known == set).unwrap_or(0) {
        0 => own,
        place => {
            DrawingStyle { color: shade(own.color, place), marker: variant(own.marker, place) }
        }
    }
}

/// A color in another shade: darker, lighter, and so on.
fn shade(Color(r, g, b): Color, place: usize) -> Color {
    // Black has no darker shade.
    let is_dark = [r, g, b].iter().all(|&part| part < 60);
    let (share, toward) = if place % 2 == 1 && !is_dark { (0.42, 0.0) } else { (0.45, 255.0) };
    let mix = |part: u8| (f64::from(part) * (1.0 - share) + toward * share).round() as u8;
    Color(mix(r), mix(g), mix(b))
}

/// Another marker.
fn variant(marker: Marker, place: usize) -> Marker {
    let others = match marker {
        Marker::Disk => [Marker::Triangle, Marker::Cross],
        Marker::Square => [Marker::Diamond, Marker::Cross],
        Marker::Diamond => [Marker::Square, Marker::Cross],
        Marker::Triangle => [Marker::Disk, Marker::Cross],
        Marker::Cross => [Marker::Disk, Marker::Square],
    };
    others[(place - 1) % others.len()]
}

/// The look of paths between two sets.
pub fn look_between(sets: &EndpointSets, groups: &[&str]) -> DrawingStyle {
    // The pairs of groups come after all groups without a fixed look, each with its own number.
    let others = groups.iter().filter(|group| !FIXED.contains(group)).count();
    let place = |set: &SetName| {
        groups.iter().position(|known| *known == set.group()).unwrap_or(groups.len())
    };
    let (a, b) = (place(&sets.a), place(&sets.b));
    let (low, high) = (a.min(b), a.max(b));
    let pairs = |count: usize| count * count.saturating_sub(1) / 2;
    let number = if low == high { pairs(groups.len()) + low } else { pairs(high) + low };
    numbered(others + number)
}

/// A color of a sequence from white (0) to blue (1): the lighter part of Blues of C. Brewer,
/// <https://colorbrewer2.org> (Apache 2.0), linear between its colors. Lines in any color of the
/// other figures stand out on it, and in black and white the heights stay in order.
pub fn height_color(share: f64) -> Color {
    const BLUES: [Color; 7] = [
        Color(255, 255, 255),
        Color(240, 246, 252),
        Color(222, 235, 247),
        Color(198, 219, 239),
        Color(158, 202, 225),
        Color(107, 174, 214),
        Color(66, 146, 198),
    ];
    let place = share.clamp(0.0, 1.0) * (BLUES.len() - 1) as f64;
    let below = (place as usize).min(BLUES.len() - 2);
    let (low, high, part) = (BLUES[below], BLUES[below + 1], place - below as f64);
    let mix = |low: u8, high: u8| {
        (f64::from(low) + (f64::from(high) - f64::from(low)) * part).round() as u8
    };
    Color(mix(low.0, high.0), mix(low.1, high.1), mix(low.2, high.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_look_different() {
        let groups = ["sgd", "torch", "lbfgs", "other"];
        let looks = groups.map(|group| look(group, &groups));
        for (i, a) in looks.iter().enumerate() {
            assert!(looks[i + 1..].iter().all(|b| a.color != b.color && a.marker != b.marker));
        }
    }

    #[test]
    fn an_aligned_set_is_named_after_its_optimizer() {
        let name = |set: &str| set_name(&SetName::parse(set).unwrap());
        assert_eq!(name("lbfgs/train"), "L-BFGS train");
        assert_eq!(name("lbfgs-aligned/train"), "L-BFGS aligned train");
        assert_eq!(name("torch-aligned/a"), "torch-aligned a");
    }

    #[test]
    fn paths_between_groups_look_like_no_group() {
        let groups = ["adam", "slow", "fast"];
        let set = |group: &str| SetName::parse(&format!("{group}/train")).unwrap();
        let between = [(0, 1), (0, 2), (1, 2)]
            .map(|(a, b)| EndpointSets { a: set(groups[a]), b: set(groups[b]) })
            .map(|sets| look_between(&sets, &groups));
        let own = groups.map(|group| look(group, &groups));
        let all = [own, between].concat();
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{all:?}");
        }
        assert!(between.iter().all(|look| own.iter().all(|group| look.color != group.color)));
    }

    #[test]
    fn sets_of_one_group_look_different_and_the_first_like_its_group() {
        let sets = ["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test", "torch/a", "torch/b"]
            .map(|name| SetName::parse(name).unwrap());
        let all: Vec<&SetName> = sets.iter().collect();
        let looks: Vec<DrawingStyle> = all.iter().map(|set| set_look(set, &all)).collect();
        for (i, a) in looks.iter().enumerate() {
            assert!(looks[i + 1..].iter().all(|b| a.color != b.color), "{looks:?}");
        }
        assert_eq!(looks[0], look("sgd", &["sgd", "lbfgs", "torch"]));
        assert!(looks.chunks(2).all(|pair| pair[0].marker != pair[1].marker));
    }

    #[test]
    fn heights_get_darker() {
        let light = |share| {
            let Color(r, g, b) = height_color(share);
            0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
        };
        assert!((0..20).all(|k| light(f64::from(k) / 20.0) > light(f64::from(k + 1) / 20.0)));
    }
}
