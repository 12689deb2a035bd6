//! Distances from the common origin.

use super::barriers::{edges, highest_count, outline, rug};
use crate::analysis::statistics::DistanceResult;
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::panel::{Axis, AxisScale, Ink, Panel, Shape, Visible};
use crate::report::run::Run;
use crate::report::style::{BLACK, set_name};

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "distances",
        title: "Distances from the common origin",
        about: "The distances of the parameter vectors of two sets from their common origin, the \
                midpoint between the centroids of the sets. The dashed line is the distance of \
                the centroids from the same point. If it is left of the histograms, both sets \
                surround the common origin. A short line at the bottom is one vector. The centroids \
                of few vectors are apart by chance alone: the centroid of n independent vectors \
                deviates by about 1/√n of their distance from the origin."
            .to_owned(),
        notes: Vec::new(),
        panels: gather(runs, |run| {
            run.analysis
                .distances
                .iter()
                .map(|result| (result.name.clone(), panel(run, result)))
                .collect()
        }),
        tables: vec![table(runs), centroid_table(runs)],
    }
}

fn panel(run: &Run<'_>, result: &DistanceResult) -> Panel {
    let title = result.sets.each_ref().map(set_name).join(" and ");
    let x = Axis::linear("Euclidean distance from the common origin").including(&[0.0]);
    let mut panel =
        Panel::new(title, x, Axis::linear("number of vectors").including(&[0.0]).whole());
    let all = result.distances.each_ref().map(Vec::as_slice);
    let edges = edges(&all, AxisScale::Linear);
    let highest = highest_count(&all, &edges);
    for (set, distances) in result.sets.iter().zip(&result.distances) {
        let color = run.look(set).color;
        let outline = outline(distances, &edges);
        let label = Some(format!("{} ({})", set_name(set), distances.len()));
        panel = panel
            .with(Shape::Areas(vec![outline.clone()]), Ink::fill(color), label)
            .of_sets([set])
            .with(Shape::Lines(vec![outline]), Ink::line(color).width(22), None)
            .of_sets([set]);
        let Some(solutions) = run.set(set) else { continue };
        let numbers = solutions.initialization.iter();
        panel = panel
            .with(rug(distances, highest), Ink::line(color), None)
            .of_sets([set])
            .marked(numbers.map(|&number| run.solution(set, number)).collect())
            .shown(Visible::OnPage);
    }
    panel.with(
        Shape::Upright(result.centroid_to_origin),
        Ink::line(BLACK).dashed(),
        Some("centroids".to_owned()),
    )
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table =
        Table::new("distances", &["run", "comparison", "set", "initialization", "distance"]);
    for run in runs {
        for result in &run.analysis.distances {
            for (name, distances) in result.sets.iter().zip(&result.distances) {
                let Some(set) = run.set(name) else { continue };
                for (number, distance) in set.initialization.iter().zip(distances) {
                    let (comparison, set) = (result.name.clone(), name.to_string());
                    table.push([
                        run.label.clone(),
                        comparison,
                        set,
                        number.to_string(),
                        exact(*distance),
                    ]);
                }
            }
        }
    }
    table
}

fn centroid_table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new(
        "distances-centroids",
        &["run", "comparison", "centroid_to_origin", "centroid_distance"],
    );
    for run in runs {
        for result in &run.analysis.distances {
            let [half, whole] = [result.centroid_to_origin, result.centroid_distance].map(exact);
            table.push([run.label.clone(), result.name.clone(), half, whole]);
        }
    }
    table
}
