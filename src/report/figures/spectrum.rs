//! The eigenvalues behind the kernel PCAs.

use super::embedding::kernel_name;
use crate::analysis::statistics::KernelPcaResult;
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::number::percent;
use crate::report::panel::{Axis, Ink, Panel, Shape};
use crate::report::run::Run;
use crate::report::style::{numbered, set_name};

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "spectrum",
        title: "Eigenvalue spectrum of the kernel PCAs",
        about: "The share of the variance along each component. If the first component is far \
                above the others, the vectors differ mostly in one direction. If the shares hardly \
                decrease, they differ equally in all directions, as random vectors do. Negative \
                eigenvalues do not contribute to the shares; the larger they are, the less the \
                kernel is an inner product. The file spectrum.csv has the eigenvalues."
            .to_owned(),
        notes: notes(runs),
        panels: gather(runs, |run| vec![(String::new(), panel(run))]),
        tables: vec![table(runs)],
    }
}

/// Notes on the negative eigenvalues.
fn notes(runs: &[Run<'_>]) -> Vec<String> {
    let of_run = |run: &Run<'_>| -> Vec<String> {
        let label = if runs.len() > 1 { format!("{}: ", run.label) } else { String::new() };
        run.analysis.kernel_pca.iter().map(|result| format!("{label}{}", note(result))).collect()
    };
    runs.iter().flat_map(of_run).collect()
}

fn note(result: &KernelPcaResult) -> String {
    let (name, kernel) = (&result.name, result.kernel_words());
    let share = percent(result.negative_share);
    let mut note = format!(
        "{name} ({kernel}): negative eigenvalues make up {share} of the sum of all magnitudes"
    );
    if result.eigenvalues.iter().all(|&value| value == 0.0) {
        note +=
            "; all eigenvalues are 0: the vectors are equal in the feature space of this kernel";
    }
    note + "."
}

fn panel(run: &Run<'_>) -> Panel {
    let y = Axis::linear("share of the variance (%)").including(&[0.0]);
    let mut panel = Panel::new("eigenvalues", Axis::linear("component").whole(), y);
    for (index, result) in run.analysis.kernel_pca.iter().enumerate() {
        let points: Vec<[f64; 2]> =
            (1..).zip(&result.explained).map(|(k, share)| [f64::from(k), 100.0 * share]).collect();
        let look = numbered(index);
        panel = panel
            .with(Shape::Lines(vec![points.clone()]), Ink::line(look.color).width(16), None)
            .with(
                Shape::Points(points, look.marker),
                Ink::marker(look.color).opacity(1.0),
                Some(name(result)),
            );
    }
    panel
}

fn name(result: &KernelPcaResult) -> String {
    let sets: Vec<_> = result.sets.iter().map(set_name).collect();
    format!("{}: {}", result.qualified(kernel_name(result.kernel)), sets.join(" + "))
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table =
        Table::new("spectrum", &["run", "kernel_pca", "component", "eigenvalue", "explained"]);
    for run in runs {
        for result in &run.analysis.kernel_pca {
            for (component, (eigenvalue, share)) in
                result.eigenvalues.iter().zip(&result.explained).enumerate()
            {
                let component = (component + 1).to_string();
                table.push([
                    run.label.clone(),
                    result.name.clone(),
                    component,
                    exact(*eigenvalue),
                    exact(*share),
                ]);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::kernel_pca::Kernel;
    use crate::solutions::SetName;
    use ndarray::Array2;

    #[test]
    fn notes_and_names_tell_a_standardized_kernel_pca_from_one_that_is_not() {
        let raw = KernelPcaResult {
            name: "train".to_owned(),
            kernel: Kernel::Linear,
            standardized: false,
            eigenvalues: vec![1.0],
            explained: vec![1.0],
            negative_share: 0.0,
            projection: Array2::zeros((1, 1)),
            set: vec![0],
            sets: vec![SetName::parse("torch/best").unwrap()],
            initialization: vec![0],
        };
        let standardized = KernelPcaResult { standardized: true, ..raw.clone() };
        assert!(note(&raw).starts_with("train (linear): negative"), "{}", note(&raw));
        let said = note(&standardized);
        assert!(said.starts_with("train (linear, standardized): negative"), "{said}");
        assert!(name(&raw).starts_with("linear: "), "{}", name(&raw));
        assert!(name(&standardized).starts_with("linear, standardized: "));
    }
}
