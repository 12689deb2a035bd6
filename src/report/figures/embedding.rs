//! Kernel PCA.

use crate::analysis::kernel_pca::{Kernel, shortest};
use crate::analysis::statistics::KernelPcaResult;
use crate::report::figure::{Figure, Table, exact, gather};
use crate::report::number::percent;
use crate::report::panel::{Axis, Ink, Panel, Shape};
use crate::report::run::Run;
use crate::report::style::set_name;

pub(super) fn figure(runs: &[Run<'_>]) -> Figure {
    Figure {
        key: "kernel-pca",
        title: "Kernel PCA",
        about: "Each parameter vector is a point. The axes are the two directions of the feature \
                space of the kernel in which the vectors differ most; the percentage is the share \
                of the variance along that direction. Kernel PCA does not use the sets of the \
                vectors: two separate clouds of different markers show that the sets have different \
                kinds of solutions. \"Standardized\": each parameter is shifted and scaled to the \
                mean 0 and the standard deviation 1 over all vectors."
            .to_owned(),
        notes: Vec::new(),
        panels: gather(runs, |run| {
            run.analysis
                .kernel_pca
                .iter()
                .map(|result| (result.name.clone(), panel(run, result)))
                .collect()
        }),
        tables: vec![table(runs)],
    }
}

/// `"RBF"`, …
pub(in crate::report) fn kernel_name(kernel: Kernel) -> String {
    match kernel {
        Kernel::Linear => "linear".to_owned(),
        Kernel::Polynomial { degree, .. } => format!("polynomial (degree {degree})"),
        Kernel::Sigmoid { .. } => "sigmoid".to_owned(),
        Kernel::Rbf { .. } => "RBF".to_owned(),
    }
}

fn panel(run: &Run<'_>, result: &KernelPcaResult) -> Panel {
    let axis = |component: usize| {
        let share = result
            .explained
            .get(component)
            .map_or_else(String::new, |share| format!(" ({} of the variance)", percent(*share)));
        Axis::linear(format!("PC{}{share}", component + 1))
    };
    let width = match result.kernel {
        Kernel::Rbf { two_sigma_squared } => format!(", 2σ² = {}", shortest(two_sigma_squared)),
        _ => String::new(),
    };
    let title = result.qualified(format_args!("{} kernel{width}", kernel_name(result.kernel)));
    let mut panel = Panel::new(title, axis(0), axis(1));
    if result.projection.ncols() < 2 {
        return panel;
    }
    for (index, name) in (0..).zip(&result.sets) {
        let rows = (result.projection.outer_iter().zip(&result.set).zip(&result.initialization))
            .filter(|((_, set), _)| **set == index);
        let (points, marks): (Vec<[f64; 2]>, Vec<_>) =
            rows.map(|((row, _), &number)| ([row[0], row[1]], run.solution(name, number))).unzip();
        let look = run.look(name);
        let label = format!("{} ({})", set_name(name), points.len());
        panel = panel
            .with(Shape::Points(points, look.marker), Ink::marker(look.color), Some(label))
            .of_sets([name])
            .marked(marks);
    }
    panel
}

fn table(runs: &[Run<'_>]) -> Table {
    let mut table = Table::new(
        "kernel-pca",
        &["run", "kernel_pca", "set", "initialization", "component", "score"],
    );
    for run in runs {
        for result in &run.analysis.kernel_pca {
            for (row, scores) in result.projection.outer_iter().enumerate() {
                let Some(set) = result.sets.get(result.set[row] as usize) else { continue };
                for (component, score) in scores.iter().enumerate() {
                    let (number, component) =
                        (result.initialization[row].to_string(), (component + 1).to_string());
                    table.push([
                        run.label.clone(),
                        result.name.clone(),
                        set.to_string(),
                        number,
                        component,
                        exact(*score),
                    ]);
                }
            }
        }
    }
    table
}
