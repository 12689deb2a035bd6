//! Paths on landscapes whose lowest pass is known exactly: no path is lower, and how far above it
//! the published method stays is what `docs/landscapes.md` says.

use lossatlas::data::ImageView;
use lossatlas::landscape::{
    DoubleWell, ImageLandscape, Landscape, LennardJones, MuellerBrown, ProductWell, Squared,
    TwoWells,
};
use lossatlas::network::{Activation, Fcp, Network};
use lossatlas::optimizer::{MinimizationParameters, golden_section, minimize};
use lossatlas::path::refine::{Refine, RefineParameters, Verdict};
use lossatlas::path::{
    Bent, ChosenMethod, Curve, PathParameters, PathStop, Sines, equally_spaced, find_path,
    find_path_for,
};
use lossatlas::random::MasterSeed;
use lossatlas::solver::{Solver, SolverStep};
use rand::RngExt;
use std::convert::Infallible;

/// Two points and the exact height of the lowest pass between them.
struct Case {
    objective: Box<dyn Landscape<f64>>,
    landscape: Box<dyn Landscape<f64>>,
    ends: [Vec<f64>; 2],
    pass: f64,
}

impl Case {
    fn new(
        landscape: impl Landscape<f64> + Copy + 'static,
        [a, b]: [&[f64]; 2],
        pass: f64,
    ) -> Self {
        Self {
            objective: Box::new(landscape),
            landscape: Box::new(landscape),
            ends: [a.to_vec(), b.to_vec()],
            pass,
        }
    }

    /// The case of this name in the table of `docs/landscapes.md`.
    fn named(landscape: &str, path: &str) -> Self {
        let minimum = |i: usize| &MuellerBrown::MINIMA[i][..];
        match (landscape, path) {
            ("two wells", "published ends") => {
                let [a, b] = &TwoWells::ENDPOINTS;
                Self {
                    objective: Box::new(Squared(TwoWells)),
                    ..Self::new(TwoWells, [a, b], 0.624_393_347_2)
                }
            }
            ("Müller–Brown", "1 to 2") => {
                Self::new(MuellerBrown, [minimum(0), minimum(1)], -40.664_843_509)
            }
            ("Müller–Brown", "1 to 3") => {
                Self::new(MuellerBrown, [minimum(0), minimum(2)], -40.664_843_509)
            }
            ("Müller–Brown", "3 to 2") => {
                Self::new(MuellerBrown, [minimum(2), minimum(1)], -72.248_940_112)
            }
            ("product well", "(1, 1) to (−1, −1)") => {
                Self::new(ProductWell, [&[1.0, 1.0], &[-1.0, -1.0]], 1.0)
            }
            ("product well", "(1.2, 0.8) to (−1, −1)") => {
                Self::new(ProductWell, [&[1.2, 0.8], &[-1.0, -1.0]], 1.0)
            }
            ("double well", signs) => {
                let (k, moved) = signs.strip_suffix(", moved").map_or((signs, 0.0), |k| (k, 0.03));
                let k: usize =
                    k.strip_prefix("k = ").and_then(|k| k.parse().ok()).expect("a number of signs");
                let a: Vec<f64> = (1..=6).map(|i| 1.0 - moved * f64::from(i)).collect();
                let b: Vec<f64> = (0..6).map(|i| if i < k { -1.0 } else { 1.0 }).collect();
                Self::new(DoubleWell::new(6).unwrap(), [&a, &b], 1.0)
            }
            other => panic!("no such case: {other:?}"),
        }
    }

    /// The same with ends moved at random by up to 0.05 in every component; seed 0 moves nothing.
    fn displaced(mut self, seed: u64) -> Self {
        let mut generator = MasterSeed(seed).stream("displacement", &[]);
        let reach = if seed == 0 { 0.0 } else { 0.05 };
        self.ends
            .iter_mut()
            .flatten()
            .for_each(|x| *x += reach * (2.0 * generator.random::<f64>() - 1.0));
        self
    }

    fn measure(&self, parameters: &PathParameters) -> Measured {
        let [a, b] = &self.ends;
        let found =
            find_path_for(&*self.objective, &*self.landscape, [a, b], parameters, &mut |_, _| true);
        let found = found.expect("finite everywhere").expect("not stopped");
        assert_eq!(
            found.result.loss.first(),
            Some(&self.landscape.value(a).unwrap()),
            "the path is pinned to its ends"
        );
        assert_eq!(
            found.result.loss.last(),
            Some(&self.landscape.value(b).unwrap()),
            "the path is pinned to its ends"
        );
        let result = found.result;
        let path = highest_point(&*self.landscape, &*found.curve, parameters.points);
        Measured {
            grid: result.barrier,
            dense: result.fine_barrier,
            path,
            straight: result.straight_barrier,
        }
    }
}

/// Heights of a found path: the three reported ones, and the maximum over all t.
struct Measured {
    grid: f64,
    dense: f64,
    path: f64,
    straight: f64,
}

/// max over t ∈ [0, 1] of f(ω(t)): every local maximum of dense samples, refined between its
/// neighbors.
fn highest_point(landscape: &dyn Landscape<f64>, path: &dyn Curve<f64>, points: usize) -> f64 {
    let samples = landscape
        .values_at(&path.points(&path.grid(&equally_spaced((points - 1) * 10 + 1))))
        .unwrap();
    let spacing = 1.0 / (samples.len() - 1) as f64;
    let height = |t: f64| landscape.values_at(&path.points(&path.grid(&[t]))).unwrap()[0];
    let ends = samples[0].max(samples[samples.len() - 1]);
    (1..samples.len() - 1)
        .filter(|&m| samples[m] >= samples[m - 1] && samples[m] >= samples[m + 1])
        .fold(ends, |highest, m| {
            // The search's first trial, a fifth of its unit step, is the sample itself; t beyond
            // the end is no path.
            let at = |u: f64| (m - 1) as f64 * spacing + 5.0 * spacing * u;
            let on_path =
                |u| Ok::<_, Infallible>(if at(u) > 1.0 { f64::NAN } else { -height(at(u)) });
            let Ok(refined) = golden_section::search(-samples[m - 1], 80, 1e-9, on_path);
            highest.max(samples[m]).max(refined.map_or(f64::NEG_INFINITY, |step| -step.value))
        })
}

const CASES: [(&str, &str); 8] = [
    ("two wells", "published ends"),
    ("Müller–Brown", "1 to 2"),
    ("Müller–Brown", "1 to 3"),
    ("Müller–Brown", "3 to 2"),
    ("double well", "k = 1"),
    ("double well", "k = 2"),
    ("double well", "k = 5"),
    ("product well", "(1, 1) to (−1, −1)"),
];

#[test]
fn no_path_is_lower_than_the_lowest_pass() {
    // (N_F, points, λ, steps, learning rate)
    let settings = [
        (10, 51, 0.0, 300, 0.01),
        (10, 51, 1e-4, 300, 0.1),
        (15, 101, 100.0, 300, 0.01),
        (4, 30, 1.0, 500, 0.001),
    ];
    for (landscape, path) in CASES {
        for seed in 0..4 {
            let case = Case::named(landscape, path).displaced(seed);
            let ends = case
                .ends
                .iter()
                .map(|end| case.landscape.value(end).unwrap())
                .fold(f64::NEG_INFINITY, f64::max);
            assert!(ends < case.pass, "the displaced ends lie in their wells");
            for (fourier_terms, points, lambda, steps, learning_rate) in settings {
                let parameters = PathParameters {
                    method: ChosenMethod::fourier(fourier_terms),
                    points,
                    lambda,
                    steps,
                    learning_rate,
                    ..PathParameters::default()
                };
                let measured = case.measure(&parameters);
                let about = format!(
                    "{landscape}, {path}, seed {seed}, {parameters:?}: {:.9}",
                    measured.path
                );
                assert!(
                    measured.path >= case.pass - 1e-9 * (1.0 + case.pass.abs()),
                    "below the pass: {about}"
                );
                assert!(
                    measured.dense >= case.pass - 1e-9 * (1.0 + case.pass.abs()),
                    "below the pass: {about}"
                );
                assert!(
                    measured.grid <= measured.dense && measured.dense <= measured.path + 1e-12,
                    "{about}"
                );
                let missed = (measured.path - measured.dense) / (measured.path - ends);
                assert!(missed < 1e-6, "{about}: the top is missed by {missed:e} of the climb");
            }
        }
    }
}

/// Rows of the table of measured distances: case, parameters, heights.
fn documented() -> Vec<Vec<String>> {
    let page =
        std::fs::read_to_string("docs/landscapes.md").expect("the page is part of the project");
    let rows = page
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
    // Header and rule of the table have as many cells; the rows are those with a number of terms.
    rows.filter(|cells: &Vec<String>| cells.len() == 13 && cells[2].parse::<usize>().is_ok())
        .collect()
}

#[test]
fn the_documented_distances_from_the_pass_are_those_measured() {
    // Four decimals are given. Changing the ends by 1e-11 changes these heights by less than 1e-7,
    // so rounding differences between machines do not reach the decimals either.
    const TOLERANCE: f64 = 2e-4;
    let rows = documented();
    let number = |cell: &String| {
        cell.replace('−', "-").parse::<f64>().unwrap_or_else(|_| panic!("no number: {cell}"))
    };
    let mut wrong = Vec::new();
    for cells in &rows {
        let case = Case::named(&cells[0], &cells[1]);
        let count =
            |i: usize| cells[i].parse().unwrap_or_else(|_| panic!("no count: {}", cells[i]));
        let (fourier_terms, points, steps) = (count(2), count(3), count(5));
        let parameters = PathParameters {
            method: ChosenMethod::fourier(fourier_terms),
            points,
            lambda: number(&cells[4]),
            steps,
            learning_rate: number(&cells[6]),
            ..PathParameters::default()
        };
        let Measured { grid, dense, path, straight } = case.measure(&parameters);
        let fresh = [grid, dense, path, straight, case.pass, path - case.pass];
        if fresh
            .iter()
            .zip(&cells[7..])
            .any(|(height, cell)| (height - number(cell)).abs() > TOLERANCE)
        {
            let heights = fresh.map(|height| format!("{height:.4}").replace('-', "−"));
            wrong.push(format!("| {} | {} |", cells[..7].join(" | "), heights.join(" | ")));
        }
    }
    assert!(wrong.is_empty(), "measured instead:\n{}", wrong.join("\n"));
    for landscape in ["two wells", "Müller–Brown", "double well", "product well"] {
        assert!(rows.iter().any(|cells| cells[0] == landscape), "{landscape} is missing");
    }
}

/// Rows of the table of refined barriers: landscape, path, pass, published, refined, word,
/// evaluations. Those of other landscapes are computed by tests of the refinement.
fn refined_rows() -> Vec<Vec<String>> {
    let page =
        std::fs::read_to_string("docs/landscapes.md").expect("the page is part of the project");
    let rows = page
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
    let known = ["two wells", "Müller–Brown", "double well", "product well"];
    rows.filter(|cells: &Vec<String>| cells.len() == 7 && known.contains(&cells[0].as_str()))
        .collect()
}

#[test]
fn the_documented_refined_barriers_are_those_measured() {
    let rows = refined_rows();
    assert!(rows.len() >= 8, "{} rows", rows.len());
    for cells in rows {
        let case = Case::named(&cells[0], &cells[1]);
        let parameters = RefineParameters::default();
        let curve = case.ends.to_vec();
        let mut refine = Refine::new(&*case.landscape, curve, &parameters, None);
        let found = loop {
            if let SolverStep::Finished(found) = refine.step().unwrap() {
                break found.unwrap();
            }
        };
        let lower_end = case.ends.each_ref().map(|end| case.landscape.value(end).unwrap());
        let climb = case.pass - lower_end[0].min(lower_end[1]);
        let about = format!("{cells:?}: {found:?}");
        assert!((found.height - case.pass).abs() < 1e-6 * climb, "{about}");
        let documented: f64 = cells[4].replace('−', "-").parse().expect("a number");
        assert!((documented - case.pass).abs() < 1e-6 * climb, "{about}");
        assert_eq!(found.verdict.to_string(), cells[5], "{about}");
        // Rounding may cost or save a step.
        let evaluations: f64 = cells[6].parse().expect("a number");
        let ratio = found.work.in_gradients() / evaluations;
        assert!((0.5..2.0).contains(&ratio), "{about}");
    }
}

#[test]
fn flipping_k_signs_at_once_costs_k_and_one_by_one_costs_1() {
    let landscape = DoubleWell::new(6).unwrap();
    let straight_only = PathParameters {
        method: ChosenMethod::fourier(1),
        points: 51,
        lambda: 0.0,
        steps: 0,
        learning_rate: 0.01,
        ..PathParameters::default()
    };
    for seed in 0..5 {
        let mut generator = MasterSeed(seed).stream("signs", &[]);
        for k in 0..=6 {
            let a: Vec<f64> =
                (0..6).map(|_| if generator.random::<bool>() { 1.0 } else { -1.0 }).collect();
            let flipped = |n: usize| -> Vec<f64> {
                a.iter().enumerate().map(|(i, x)| if i < n { -x } else { *x }).collect()
            };
            let straight = |a: &[f64], b: &[f64]| {
                let found = find_path(&landscape, [a, b], &straight_only, &mut |_, _| true);
                found.expect("finite everywhere").expect("not stopped").straight_barrier
            };
            assert!((straight(&a, &flipped(k)) - k as f64).abs() < 1e-14, "k = {k}");
            for n in 0..k {
                assert!(
                    (straight(&flipped(n), &flipped(n + 1)) - 1.0).abs() < 1e-14,
                    "sign {n} of {k}"
                );
            }
        }
    }
}

/// A trained network of 6 pixels, 5 hidden units and 3 classes: the weights into each unit, then
/// out to each class. The last unit is dead: no weights in, none out.
///
/// These are numbers and not the end of a training run, because where that ends depends on the last
/// bits of a processor, and with it how high the straight lines are.
const WITH_A_DEAD_UNIT: [f64; 45] = [
    8.3, 5.9, -0.99, 0.53, -6.86, -7.34, //
    -8.72, -9.21, 16.89, 19.27, -13.62, -10.33, //
    -5.53, -9.07, 15.91, 11.67, -14.79, -4.83, //
    -6.0, -5.72, -5.3, -7.39, -0.56, 1.01, //
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, //
    10.22, -4.54, -4.35, -0.57, 0.0, //
    -8.59, 7.77, 15.02, 9.01, 0.0, //
    -0.83, -3.52, -10.72, -8.32, 0.0,
];

/// From a network with a dead unit d to the same with units i and j swapped, through the stations
/// between which the loss cannot change: copy the weights into a dead unit (nothing comes out of
/// it), then hand over its weights out (both units say the same), then clear the weights into the
/// unit that is dead now. Three such moves: i to d, j to i, d to j.
fn swap_through_dead_unit(theta: &[f64], network: &Fcp, [i, j, d]: [usize; 3]) -> Vec<Vec<f64>> {
    let tensors = Network::<f64>::layout(network).tensors();
    let mut stations = vec![theta.to_vec()];
    for (from, to) in [(i, d), (j, i), (d, j)] {
        let mut next = stations[stations.len() - 1].clone();
        let into = tensors[0].matrix(&next).row(from).to_owned();
        tensors[0].matrix_mut(&mut next).row_mut(to).assign(&into);
        stations.push(next.clone());
        let out = tensors[1].matrix(&next).column(from).to_owned();
        tensors[1].matrix_mut(&mut next).column_mut(to).assign(&out);
        tensors[1].matrix_mut(&mut next).column_mut(from).fill(0.0);
        stations.push(next.clone());
        tensors[0].matrix_mut(&mut next).row_mut(from).fill(0.0);
        stations.push(next);
    }
    stations
}

/// Images of six pixels. The class is the brightest of three pairs of them: something to learn.
fn brightest_of_three_pairs() -> (Vec<u8>, Vec<u16>) {
    let mut generator = MasterSeed(8).stream("images", &[]);
    let pixels: Vec<u8> = (0..60 * 6).map(|_| generator.random()).collect();
    let brightest = |image: &[u8]| {
        (0..3).max_by_key(|&c| u16::from(image[2 * c]) + u16::from(image[2 * c + 1]))
    };
    let labels = pixels.chunks(6).filter_map(brightest).map(|class| class as u16).collect();
    (pixels, labels)
}

#[test]
fn two_units_swap_around_a_dead_one_at_no_height_and_the_straight_line_has_one() {
    let network = Fcp::new(&[6, 5, 3], Activation::Relu);
    let (pixels, labels) = brightest_of_three_pairs();
    let images = ImageView::new(&pixels, &labels, 6);
    let landscape = ImageLandscape::new(&network, images);
    let theta = WITH_A_DEAD_UNIT.to_vec();
    let loss = landscape.value(&theta).unwrap();

    for [i, j] in [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] {
        let stations = swap_through_dead_unit(&theta, &network, [i, j, 4]);
        let swapped = &stations[stations.len() - 1];
        assert!(
            (landscape.value(swapped).unwrap() - loss).abs() < 1e-12,
            "the ends are of one height"
        );
        for pair in stations.windows(2) {
            let leg = Bent::straight([&pair[0], &pair[1]], Sines(1));
            let losses = landscape.values_at(&leg.points(&leg.grid(&equally_spaced(11)))).unwrap();
            assert!(
                losses.iter().all(|height| (height - loss).abs() < 1e-12),
                "flat at {loss}: {losses:?}"
            );
            let parameters = PathParameters { stop_at_endpoint: true, ..PathParameters::default() };
            let ends = [&pair[0][..], &pair[1][..]];
            let path = find_path(&landscape, ends, &parameters, &mut |_, _| true);
            let path = path.expect("finite everywhere").expect("not stopped");
            assert_eq!(path.stop, PathStop::AtEndpoint { step: 0 }, "no excess, no search");
            assert!((path.fine_barrier - loss).abs() < 1e-12, "{path:?}");
        }
        for (lambda, learning_rate) in [(0.0, 0.01), (1e-4, 0.03)] {
            let parameters = PathParameters {
                method: ChosenMethod::fourier(10),
                points: 51,
                lambda,
                steps: 100,
                learning_rate,
                ..PathParameters::default()
            };
            let path = find_path(&landscape, [&theta, swapped], &parameters, &mut |_, _| true);
            let path = path.expect("finite everywhere").expect("not stopped");
            let about = format!(
                "units {i} and {j}: {} and {} from {loss}",
                path.fine_barrier, path.straight_barrier
            );
            assert!(path.fine_barrier >= loss - 1e-12, "{about}");
            // The lowest straight line is 0.018 above the ends; the paths are lower by 0.018 and
            // more.
            assert!(path.straight_barrier > loss + 0.01, "{about}");
            assert!(path.fine_barrier < path.straight_barrier - 0.01, "{about}");
        }
    }
}

/// The refinement finds by itself what [`swap_through_dead_unit`] knows: no path is lower. The
/// gradient of a dead unit is zero, so only a step aside of the straight line can wake it up. With
/// rectified linear units, whose gradient has jumps, this succeeds for some of the pairs only.
#[test]
fn the_refined_barrier_of_two_swapped_units_is_the_loss_of_the_ends() {
    let (pixels, labels) = brightest_of_three_pairs();
    let network = Fcp::new(&[6, 5, 3], Activation::Tanh);
    let landscape = ImageLandscape::new(&network, ImageView::new(&pixels, &labels, 6));
    let theta = WITH_A_DEAD_UNIT.to_vec();
    let loss = landscape.value(&theta).unwrap();
    for [i, j] in [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]] {
        let swapped = swap_through_dead_unit(&theta, &network, [i, j, 4]).pop().expect("stations");
        let parameters = RefineParameters::default();
        let mut refine = Refine::new(&landscape, vec![theta.clone(), swapped], &parameters, None);
        let found = loop {
            if let SolverStep::Finished(found) = refine.step().unwrap() {
                break found.unwrap();
            }
        };
        let above = found.height - loss;
        assert!(above < 1e-9, "units {i} and {j}: {above} above {loss}");
        assert!(found.is_at_endpoint && found.verdict == Verdict::Pass, "units {i} and {j}");
    }
}

#[test]
fn aligning_a_cluster_onto_its_turned_copy_leaves_nothing_to_climb() {
    let cluster = LennardJones::new(4, 3).unwrap();
    let start: Vec<f64> = (0..12).map(|i| 1.2 * f64::sin(f64::from(i * i))).collect();
    let minimum = minimize(&cluster, &start, &MinimizationParameters::default()).unwrap();
    assert!((minimum.value + 6.0).abs() < 1e-9, "{minimum:?}");
    // A third of a turn about the diagonal (x → y → z → x), and a shift.
    let turned: Vec<f64> =
        minimum.theta.chunks(3).flat_map(|r| [r[2] + 1.0, r[0], r[1] - 2.0]).collect();
    let straight = |end: &[f64]| {
        let parameters = PathParameters {
            method: ChosenMethod::fourier(1),
            points: 51,
            lambda: 0.0,
            steps: 0,
            learning_rate: 0.01,
            ..PathParameters::default()
        };
        let found = find_path(&cluster, [&minimum.theta, end], &parameters, &mut |_, _| true);
        found.expect("no two atoms meet").expect("not stopped").straight_barrier
    };
    assert!(straight(&turned) > minimum.value + 0.5, "{}", straight(&turned));
    let aligned = cluster.align(&turned, &minimum.theta).unwrap();
    assert!((straight(&aligned.theta) - minimum.value).abs() < 1e-9);
}
