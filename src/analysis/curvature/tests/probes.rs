//! Trace and density of known spectra.

use super::*;

fn probe(known: &mut Known, steps: usize, number: u64) -> Quadrature {
    let size = known.values.len();
    let mut hessian = known.hessian();
    run(Probe::new(&mut hessian, size, steps, (SEED, &[number]), None)).unwrap().unwrap()
}

fn probes(known: &mut Known, steps: usize, count: u64) -> Vec<Quadrature> {
    (0..count).map(|number| probe(known, steps, number)).collect()
}

/// A broad bulk and an outlier.
fn mixed(count: usize) -> Vec<f64> {
    (0..count).map(|i| if i == 0 { 30.0 } else { (0.37 * i as f64).sin() + 0.5 }).collect()
}

#[test]
fn the_trace_is_the_sum_of_all_eigenvalues_within_its_standard_error() {
    let mut known = Known::new(mixed(300));
    let exact: f64 = known.values.iter().sum();
    let found = trace(&probes(&mut known, 1, 400), 300).unwrap();
    let error = found.standard_error.unwrap();
    assert!((found.estimate - exact).abs() < 4.0 * error, "{found:?}, exact {exact}");
    assert_eq!((found.probes, known.products), (400, 400));
    // The variance of random signs is 2 Σᵢ≠ⱼ Hᵢⱼ²; that of 400 probes is known within 7 %.
    let matrix = known.matrix();
    let off_diagonal = matrix.mapv(|x| x * x).sum() - matrix.diag().mapv(|x| x * x).sum();
    let expected = (2.0 * off_diagonal / 400.0).sqrt();
    assert!((error / expected - 1.0).abs() < 0.2, "{error} and {expected}");
}

#[test]
fn the_error_of_the_trace_covers_as_often_as_it_says() {
    let mut known = Known::new(mixed(60));
    let exact: f64 = known.values.iter().sum();
    let all = probes(&mut known, 1, 2000);
    let covered = all
        .chunks(20)
        .filter(|probes| {
            let found = trace(probes, 60).unwrap();
            (found.estimate - exact).abs() < 2.0 * found.standard_error.unwrap()
        })
        .count();
    // 94 % of 100 for 20 probes; a standard deviation is 2.4.
    assert!((86..=100).contains(&covered), "{covered} of 100");
}

#[test]
fn the_trace_of_a_diagonal_hessian_is_exact() {
    let mut hessian = |x: &[f64], product: &mut [f64]| {
        product.iter_mut().zip(x).enumerate().for_each(|(i, (p, x))| *p = i as f64 * x);
        Ok(())
    };
    let probe = run(Probe::new(&mut hessian, 40, 1, (SEED, &[0]), None)).unwrap().unwrap();
    let found = trace(&[probe], 40).unwrap();
    assert!((found.estimate - 780.0).abs() < 1e-11 && found.standard_error.is_none());
    assert_eq!(trace(&[], 40), None);
}

/// The trace does not depend on the steps: a probe for the density is one for the trace too.
#[test]
fn a_probe_of_many_steps_has_the_trace_of_one_step() {
    let mut known = Known::new(mixed(200));
    for number in 0..3 {
        let one = probe(&mut known, 1, number).trace(200);
        let many = probe(&mut known, 30, number).trace(200);
        assert!((one / many - 1.0).abs() < 1e-12, "{one} and {many}");
    }
}

/// m nodes give the moments z · Hᵏ z exactly for k < 2m, and not for k = 2m.
#[test]
fn a_quadrature_has_the_moments_of_its_vector() {
    let mut known = Known::new(mixed(100));
    let found = probe(&mut known, 4, 5);
    assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    assert!(found.nodes.is_sorted());
    let mut signs = SEED.stream("curvature: probe", &[5]);
    let start: Vec<f64> = (0..100)
        .map(|_| if rand::RngExt::random::<bool>(&mut signs) { 0.1 } else { -0.1 })
        .collect();
    let (mut power, mut product) = (start.clone(), vec![0.0; 100]);
    for k in 0..=8 {
        let exact = dot(&start, &power);
        let error = (found.mean(|node| node.powi(k)) / exact - 1.0).abs();
        if k < 8 {
            assert!(error < 1e-11, "moment {k}: {error:e}");
        } else {
            assert!(error > 1e-9, "moment {k} should need another node: {error:e}");
        }
        known.multiply(&power, &mut product);
        power.copy_from_slice(&product);
    }
}

#[test]
fn the_density_is_that_of_the_spectrum() {
    // Two bands of different weights, and one outlier.
    let all: Vec<f64> = (0..400_u16)
        .map(|i| match i {
            0 => 9.0,
            1..=100 => 2.0 + f64::from(i) / 100.0,
            _ => -f64::from(i) / 400.0,
        })
        .collect();
    let width = 0.3;
    let grid: Vec<f64> = (0..=260).map(|i| -3.0 + 0.05 * f64::from(i)).collect();
    let exact: Vec<f64> = (grid.iter())
        .map(|x| {
            let sum: f64 =
                all.iter().map(|value| (-0.5 * ((x - value) / width).powi(2)).exp()).sum();
            sum / (400.0 * width * std::f64::consts::TAU.sqrt())
        })
        .collect();
    let mut known = Known::new(all);
    let found = density(&probes(&mut known, 30, 40), &grid, width).unwrap();
    let errors = found.error.unwrap();
    let highest = exact.iter().fold(0.0_f64, |most, x| most.max(*x));
    for i in 0..grid.len() {
        let difference = (found.density[i] - exact[i]).abs();
        // 30 nodes resolve the width up to a thousandth of the peak.
        let allowed = 4.5 * errors[i] + 1e-3 * highest;
        assert!(difference < allowed, "at {}: {difference} and {allowed}", grid[i]);
        assert!(errors[i] < 0.05 * highest);
    }
    let integral: f64 = found.density.iter().map(|density| 0.05 * density).sum();
    assert!((integral - 1.0).abs() < 1e-3, "{integral}");
    assert_eq!(density(&[], &grid, width), None);
}

#[test]
fn a_probe_ends_where_its_subspace_is_invariant() {
    let mut known = Known::new(vec![1.0, 1.0, 5.0, 5.0, 5.0, 7.0]);
    let found = probe(&mut known, 50, 0);
    assert_close(&found.nodes, &[1.0, 5.0, 7.0], 1e-12);
    assert_eq!(known.products, 3);
    // The weights are squared parts of a vector of signs in the eigenspaces.
    assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    let mut zero = Known::new(vec![0.0; 8]);
    assert_eq!(probe(&mut zero, 5, 0), Quadrature { nodes: vec![0.0], weights: vec![1.0] });
}

#[test]
fn interrupted_and_resumed_is_uninterrupted() {
    let mut known = Known::new(mixed(80));
    let whole = probe(&mut known, 12, 3);
    let mut bytes: Option<Vec<u8>> = None;
    let mut resumed = 0;
    let found = loop {
        let mut hessian = known.hessian();
        let state = bytes.as_ref().map(|bytes| postcard::from_bytes(bytes).unwrap());
        let mut solver = Probe::new(&mut hessian, 80, 12, (SEED, &[3]), state);
        match solver.step().unwrap() {
            SolverStep::Finished(found) => break found.unwrap(),
            SolverStep::Continue => {
                bytes = solver.state().map(|state| postcard::to_allocvec(&state).unwrap());
            }
        }
        resumed += 1;
    };
    assert_eq!((found, resumed), (whole, 11));
}
