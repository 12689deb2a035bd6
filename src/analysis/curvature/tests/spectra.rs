//! Eigenvalues of known spectra.

use super::*;
use serde::Serialize;

/// A few outliers above a bulk around 0, as networks have.
fn with_outliers(count: usize) -> Vec<f64> {
    let bulk = (0..count - 6).map(|i| 0.5 * (1.3 * i as f64).sin() * ((i % 7) as f64 / 7.0));
    [40.0, 21.0, 13.0, 8.0, 5.0, -2.0].into_iter().chain(bulk).collect()
}

#[test]
fn outliers_and_the_lowest_eigenvalue_with_few_products() {
    let all = with_outliers(3000);
    for repeats in [false, true] {
        let found = spectrum(&all, SpectrumParameters { repeats, ..parameters(5, 1) });
        assert_close(&values(&found.largest), &[40.0, 21.0, 13.0, 8.0, 5.0], 1e-13);
        assert_close(&values(&found.lowest), &[-2.0], 1e-13);
        assert_eq!(found.end, SpectrumEnd::Converged);
        assert!(found.products < if repeats { 110 } else { 55 }, "{} products", found.products);
    }
}

#[test]
fn residuals_are_those_of_the_vectors() {
    let all = with_outliers(500);
    let mut known = Known::new(all.clone());
    // Residuals well above rounding.
    let found = spectrum(&all, SpectrumParameters { tolerance: 1e-3, ..parameters(4, 2) });
    for pair in found.largest.iter().chain(&found.lowest) {
        let mut residual = vec![0.0; 500];
        known.multiply(&pair.vector, &mut residual);
        add_scaled(-pair.value, &pair.vector, &mut residual);
        let exact = norm(&residual);
        assert!((exact - pair.residual).abs() < 1e-9 * exact + 1e-11, "{exact} {}", pair.residual);
        assert!(pair.residual <= 1e-3 * 40.0);
        assert!((norm(&pair.vector) - 1.0).abs() < 1e-13);
        // There is an eigenvalue this close.
        assert!(all.iter().any(|value| (value - pair.value).abs() <= exact + 1e-12));
    }
    for (i, first) in found.largest.iter().enumerate() {
        for second in &found.largest[..i] {
            assert!(dot(&first.vector, &second.vector).abs() < 1e-12);
        }
    }
}

#[test]
fn multiple_eigenvalues_are_found_as_often_as_they_occur() {
    let mut all: Vec<f64> = (0..400).map(|i| f64::from(i) / 400.0).collect();
    for (count, value) in [(3, 10.0), (2, 4.0), (4, -3.0)] {
        all.extend(vec![value; count]);
    }
    let found = spectrum(&all, parameters(5, 4));
    assert_close(&values(&found.largest), &[10.0, 10.0, 10.0, 4.0, 4.0], 1e-12);
    assert_close(&values(&found.lowest), &[-3.0; 4], 1e-12);
    // Their eigenvectors are orthogonal to each other.
    assert!(dot(&found.largest[0].vector, &found.largest[2].vector).abs() < 1e-12);
    // From one start vector alone there is one of each.
    let once = spectrum(&all, SpectrumParameters { repeats: false, ..parameters(2, 1) });
    assert_close(&values(&once.largest), &[10.0, 4.0], 1e-12);
}

#[test]
fn a_cluster_is_not_accepted_before_it_is_resolved() {
    let mut all: Vec<f64> = (0..300).map(|i| f64::from(i) / 300.0).collect();
    let cluster = [7.0, 7.0 - 1e-5, 7.0 - 2e-5];
    all.extend(cluster);
    let found = spectrum(&all, parameters(3, 1));
    assert_eq!(found.end, SpectrumEnd::Converged);
    assert_close(&values(&found.largest), &cluster, 1e-12);
}

#[test]
fn small_hessians_are_solved_completely() {
    for size in 1..12 {
        let all: Vec<f64> = (0..size).map(|i| (2.1 * f64::from(i)).cos()).collect();
        let mut ascending = all.clone();
        ascending.sort_by(f64::total_cmp);
        let found = spectrum(&all, parameters(20, 20));
        assert_eq!((found.end, found.products), (SpectrumEnd::Complete, size as usize));
        assert_close(&values(&found.lowest), &ascending, 1e-13);
        ascending.reverse();
        assert_close(&values(&found.largest), &ascending, 1e-13);
    }
}

#[test]
fn multiples_of_the_identity_and_zero() {
    for value in [0.0, -3.0, 1e-120, 1e120] {
        let found = spectrum(&[value; 30], parameters(3, 2));
        assert_close(&values(&found.largest), &[value; 3], 1e-13);
        assert_close(&values(&found.lowest), &[value; 2], 1e-13);
        assert!(found.products < 30);
    }
}

#[test]
fn scales_do_not_matter() {
    let all = with_outliers(300);
    let plain = spectrum(&all, parameters(3, 1));
    for factor in [2.0_f64.powi(400), 2.0_f64.powi(-400)] {
        let scaled: Vec<f64> = all.iter().map(|value| value * factor).collect();
        let found = spectrum(&scaled, parameters(3, 1));
        assert_eq!(found.products, plain.products);
        let back: Vec<f64> = found.largest.iter().map(|pair| pair.value / factor).collect();
        assert_close(&back, &values(&plain.largest), 1e-13);
    }
}

/// With too few products there are fewer eigenvalues, and all of them are correct.
#[test]
fn only_what_has_converged_is_returned() {
    let all = with_outliers(2000);
    let mut counts = Vec::new();
    for products in 3..13 {
        let parameters = SpectrumParameters { products, repeats: false, ..parameters(5, 1) };
        let found = spectrum(&all, parameters);
        assert_eq!((found.end, found.products), (SpectrumEnd::Products, products));
        let expected = [40.0, 21.0, 13.0, 8.0, 5.0];
        let count = found.largest.len();
        assert_close(&values(&found.largest), &expected[..count], 1e-8);
        counts.push(count);
    }
    assert!(counts.is_sorted() && counts[0] == 0, "{counts:?}");
    assert!(counts.iter().any(|&count| 0 < count && count < 5), "{counts:?}");
}

#[test]
fn what_is_not_finite_ends_the_computation() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut calls = 0;
        let mut hessian = |x: &[f64], product: &mut [f64]| {
            calls += 1;
            product.iter_mut().enumerate().for_each(|(i, p)| *p = i as f64 * x[i]);
            product[3] = if calls == 4 { bad } else { product[3] };
            Ok(())
        };
        let solver = Eigenvalues::new(&mut hessian, 50, parameters(2, 1), SEED, &[], None);
        assert_eq!(run(solver), Ok(Err(CurvatureError::NotFinite { product: 4 })));
    }
}

fn stored(state: Option<impl Serialize>) -> Option<Vec<u8>> {
    state.map(|state| postcard::to_allocvec(&state).unwrap())
}

/// Interrupted inside each product once, and resumed from the bytes of its state by a new solver.
#[test]
fn interrupted_and_resumed_is_uninterrupted() {
    let mut all = with_outliers(200);
    all[1] = 40.0;
    let parameters = parameters(4, 2);
    let whole = spectrum(&all, parameters);
    let mut known = Known::new(all);
    let mut bytes: Option<Vec<u8>> = None;
    let mut products = 0;
    let found = loop {
        let mut attempt = 0;
        let mut hessian = |x: &[f64], product: &mut [f64]| {
            attempt += 1;
            if attempt == 1 {
                // An interrupted product leaves invalid numbers.
                product.fill(f64::NAN);
                return Err(Interrupted);
            }
            known.multiply(x, product);
            Ok(())
        };
        let state = bytes.as_ref().map(|bytes| postcard::from_bytes(bytes).unwrap());
        let mut solver = Eigenvalues::new(&mut hessian, 200, parameters, SEED, &[], state);
        assert_eq!(solver.step(), Err(Interrupted));
        assert_eq!(stored(solver.state()).is_some(), products > 0);
        match solver.step().unwrap() {
            SolverStep::Finished(found) => break found.unwrap(),
            SolverStep::Continue => bytes = stored(solver.state()),
        }
        products += 1;
        let predicted = state_bytes(200, products);
        let size = bytes.as_ref().unwrap().len() as f64;
        assert!(size < 1.1 * predicted + 1000.0 && size > 0.8 * predicted, "{size} {predicted}");
    };
    assert_eq!(found, whole);
    assert_eq!(found.products, products + 1);
}

#[test]
fn a_state_of_another_dimension_is_not_used() {
    let all = with_outliers(100);
    let mut known = Known::new(all.clone());
    let mut hessian = known.hessian();
    let mut solver = Eigenvalues::new(&mut hessian, 100, parameters(2, 1), SEED, &[], None);
    solver.step().unwrap();
    let bytes = stored(solver.state()).unwrap();
    let state = postcard::from_bytes(&bytes).unwrap();
    let mut other = Known::new(all[..50].to_vec());
    let mut hessian = other.hessian();
    let found =
        run(Eigenvalues::new(&mut hessian, 50, parameters(2, 1), SEED, &[], Some(state))).unwrap();
    assert_eq!(found.unwrap(), spectrum(&all[..50], parameters(2, 1)));
}
