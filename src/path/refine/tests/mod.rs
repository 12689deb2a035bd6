//! Refinements with known results, restarts, and verdicts without a pass.

mod clusters;
mod networks;

use super::{
    Certificate, Condition, Destination, Refine, RefineError, RefineParameters, RefineState,
    Verdict, Widened,
};
use crate::landscape::{
    AnalyticLandscape, DoubleWell, Interrupted, Landscape, MuellerBrown, ProductWell, TwoWells,
};
use crate::solver::{Solver, SolverStep};
use std::sync::atomic::{AtomicU64, Ordering};

fn certificate_of(mut refine: Refine) -> Certificate {
    loop {
        if let SolverStep::Finished(result) = refine.step().unwrap() {
            return result.unwrap();
        }
    }
}

fn certificate(landscape: &dyn Landscape<f64>, curve: &[&[f64]]) -> Certificate {
    let curve = curve.iter().map(|point| point.to_vec()).collect();
    certificate_of(Refine::new(landscape, curve, &RefineParameters::default(), None))
}

/// A pass at this height to a millionth of the climb from `low`.
fn is_close(found: &Certificate, exact: f64, low: f64) {
    let error = (found.height - exact).abs() / (exact - low);
    assert!(error < 1e-6, "{} instead of {exact}", found.height);
    assert_eq!(found.verdict, Verdict::Pass, "{:?}", found.failed);
    assert!(found.failed.is_empty() && found.descending == 1, "{found:?}");
    assert!(found.slope <= 1e-3 * found.typical_slope.max(found.slope_noise / 1e-3));
    let heights: Vec<f64> = found.heights.iter().map(|after| after.height).collect();
    assert!(heights.is_sorted_by(|a, b| a > b), "{heights:?}");
}

/// Corners that differ in k of 12 signs.
fn corners(k: usize) -> [Vec<f64>; 2] {
    [vec![1.0; 12], (0..12).map(|i| if i < k { -1.0 } else { 1.0 }).collect()]
}

const PAPER: [[f64; 2]; 2] = TwoWells::ENDPOINTS;
const TWO_WELLS: f64 = 0.624_393_347_2;

#[test]
fn two_wells() {
    let found = certificate(&TwoWells, &[&PAPER[0], &PAPER[1]]);
    is_close(&found, TWO_WELLS, Landscape::value(&TwoWells, &PAPER[1]).unwrap());
    let away = (found.theta[0] + 0.164_726_55).hypot(found.theta[1] + 0.069_917_18);
    assert!(away < 1e-6, "{:?}", found.theta);
    // The endpoints are no minima, but the minima are so close that they count as the same.
    assert_eq!(
        found.sides.map(|side| side.place),
        [Destination::Endpoint(0), Destination::Endpoint(1)]
    );
    assert!(found.t > 0.3 && found.t < 0.7, "{}", found.t);
}

#[test]
fn mueller_brown() {
    let [one, two, three] = MuellerBrown::MINIMA;
    let (high, low) = (-40.664_843_509, -72.248_940_112);
    let through_three = certificate(&MuellerBrown, &[&one, &two]);
    is_close(&through_three, high, -146.7);
    is_close(&certificate(&MuellerBrown, &[&one, &three]), high, -146.7);
    is_close(&certificate(&MuellerBrown, &[&three, &two]), low, -108.2);
    // The path from 1 to 2 leads over minimum 3, which is on the far side of the top.
    let far = through_three.sides[1];
    assert_eq!(far.place, Destination::Minimum);
    assert!((far.value + 80.767_818_130).abs() < 1e-3, "{far:?}");
}

#[test]
fn double_wells_are_crossed_one_sign_after_the_other() {
    for k in [1, 2, 5, 10] {
        let [a, b] = corners(k);
        let found = certificate(&DoubleWell::new(12).unwrap(), &[&a, &b]);
        is_close(&found, 1.0, 0.0);
    }
}

#[test]
fn product_well() {
    let found = certificate(&ProductWell, &[&[1.0, 1.0], &[-1.0, -1.0]]);
    is_close(&found, 1.0, 0.0);
    assert_eq!(
        found.sides.map(|side| side.place),
        [Destination::Endpoint(0), Destination::Endpoint(1)]
    );
}

#[test]
fn no_point_of_the_path_is_higher_than_the_certificate_says() {
    let [one, two, _] = MuellerBrown::MINIMA;
    let found = certificate(&MuellerBrown, &[&one, &two]);
    assert_eq!((&found.path[0][..], &found.path[found.path.len() - 1][..]), (&one[..], &two[..]));
    for pair in found.path.windows(2) {
        for part in 0..=40 {
            let theta = super::vectors::between(&pair[0], &pair[1], f64::from(part) / 40.0);
            let value = Landscape::value(&MuellerBrown, &theta).unwrap();
            assert!(value <= found.height + 1e-5, "{value} at {theta:?}");
        }
    }
}

#[test]
fn a_given_path_is_where_the_refinement_starts() {
    let [one, _, three] = MuellerBrown::MINIMA;
    let straight = certificate(&MuellerBrown, &[&one, &three]);
    let bent = certificate(&MuellerBrown, &[&one, &[-0.9, 0.7], &three]);
    is_close(&bent, straight.height, -146.7);
    assert!(bent.heights[0].height < straight.heights[0].height - 10.0);
}

/// Errors of a relative size on values and gradients, always the same at the same point.
struct Noisy<'a>(&'a dyn Landscape<f64>, f64);

impl Noisy<'_> {
    /// Between −1 and 1.
    fn error(theta: &[f64], number: usize) -> f64 {
        let mix = |hash: u64, bits: u64| {
            let mixed = (hash ^ bits).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 29)
        };
        let bits = theta.iter().map(|x| x.to_bits()).chain([number as u64, 7]);
        (bits.fold(1, mix) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

impl Landscape<f64> for Noisy<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        Ok(self.0.value(theta)? * (1.0 + self.1 * Self::error(theta, 0)))
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        self.0.value_and_gradient(theta, gradient)?;
        let size = self.1 * crate::kernels::norm(gradient).max(1.0);
        for (number, g) in gradient.iter_mut().enumerate() {
            *g += size * Self::error(theta, number + 1);
        }
        self.value(theta)
    }
}

#[test]
fn gradients_with_errors_of_1e_8_are_good_enough() {
    let [one, two, _] = MuellerBrown::MINIMA;
    let [a, b] = corners(5);
    is_close(&certificate(&Noisy(&MuellerBrown, 1e-8), &[&one, &two]), -40.664_843_509, -146.7);
    is_close(&certificate(&Noisy(&DoubleWell::new(12).unwrap(), 1e-8), &[&a, &b]), 1.0, 0.0);
    let found = certificate(&Noisy(&TwoWells, 1e-8), &[&PAPER[0], &PAPER[1]]);
    is_close(&found, TWO_WELLS, 0.0);
    assert!(found.slope_noise > 1e-10 && found.slope_noise < 1e-6, "{}", found.slope_noise);
}

/// The two wells in single precision.
struct Single;

impl Landscape<f32> for Single {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&self, theta: &[f32]) -> Result<f64, Interrupted> {
        let wide: Vec<f64> = theta.iter().map(|&x| f64::from(x)).collect();
        Ok(f64::from(Landscape::value(&TwoWells, &wide)? as f32))
    }

    fn value_and_gradient(&self, theta: &[f32], gradient: &mut [f32]) -> Result<f64, Interrupted> {
        let wide: Vec<f64> = theta.iter().map(|&x| f64::from(x)).collect();
        let mut exact = [0.0; 2];
        Landscape::value_and_gradient(&TwoWells, &wide, &mut exact)?;
        gradient.iter_mut().zip(exact).for_each(|(g, exact)| *g = exact as f32);
        self.value(theta)
    }
}

#[test]
fn single_precision_is_good_enough() {
    let found = certificate(&Widened(&Single), &[&PAPER[0], &PAPER[1]]);
    is_close(&found, TWO_WELLS, 0.0);
}

/// Interrupts every seventh evaluation.
struct Interrupting<'a>(&'a dyn Landscape<f64>, AtomicU64);

impl Interrupting<'_> {
    fn count(&self) -> Result<(), Interrupted> {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        if number % 7 == 6 { Err(Interrupted) } else { Ok(()) }
    }
}

impl Landscape<f64> for Interrupting<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&self, theta: &[f64]) -> Result<f64, Interrupted> {
        self.0.value(theta)
    }

    fn value_and_gradient(&self, theta: &[f64], gradient: &mut [f64]) -> Result<f64, Interrupted> {
        self.0.value_and_gradient(theta, gradient)
    }

    fn hessian_product(
        &self,
        theta: &[f64],
        direction: &[f64],
        product: &mut [f64],
    ) -> Result<(), Interrupted> {
        self.count()?;
        self.0.hessian_product(theta, direction, product)
    }
}

#[test]
fn a_resumed_refinement_gives_the_same_bits() {
    let ([a, b], landscape) = (corners(5), DoubleWell::new(12).unwrap());
    let uninterrupted = certificate(&landscape, &[&a, &b]);
    let interrupting = Interrupting(&landscape, AtomicU64::new(0));
    let (parameters, mut checkpoint) = (RefineParameters::default(), Vec::new());
    let (mut interruptions, mut finished) = (0, None);
    while finished.is_none() {
        // Resume every step from a checkpoint, as in a new process.
        let state: Option<RefineState> = postcard::from_bytes(&checkpoint).ok();
        let curve = vec![a.clone(), b.clone()];
        let mut refine = Refine::new(&interrupting, curve, &parameters, state);
        match refine.step() {
            Ok(SolverStep::Finished(result)) => finished = Some(result.unwrap()),
            Ok(SolverStep::Continue) => {}
            Err(Interrupted) => interruptions += 1,
        }
        if let Some(state) = refine.state() {
            checkpoint = postcard::to_allocvec(&state).unwrap();
        }
    }
    assert!(interruptions > 10, "{interruptions}");
    assert_eq!(finished.unwrap(), uninterrupted);
}

#[test]
fn few_evaluations_give_a_bound_and_say_so() {
    let [one, two, _] = MuellerBrown::MINIMA;
    let curve = || vec![one.to_vec(), two.to_vec()];
    let mut before = f64::INFINITY;
    for max_gradients in [1.0, 60.0, 250.0] {
        let parameters = RefineParameters { max_gradients, ..RefineParameters::default() };
        let found = certificate_of(Refine::new(&MuellerBrown, curve(), &parameters, None));
        assert_eq!(found.verdict, Verdict::NotConverged);
        assert!(found.failed.contains(&Condition::Connected), "{:?}", found.failed);
        assert!(found.height >= -40.664_85 && found.height <= before, "{}", found.height);
        before = found.height;
    }
    assert!(before < 0.0, "{before}: far below the straight line, 12.6");
    let [a, b] = corners(10);
    for max_gradients in [1.0, 100.0, 300.0] {
        let parameters = RefineParameters { max_gradients, ..RefineParameters::default() };
        let landscape = DoubleWell::new(12).unwrap();
        let curve = vec![a.clone(), b.clone()];
        let found = certificate_of(Refine::new(&landscape, curve, &parameters, None));
        assert_eq!(found.verdict, Verdict::NotConverged);
        assert!(found.height >= 1.0 && found.height <= 10.0 + 1e-9, "{}", found.height);
    }
}

#[test]
fn a_flat_valley_has_no_barrier_but_that_of_its_ends() {
    // Both endpoints lie on the hyperbola of minima, and the straight line between them is above
    // it.
    let parameters = RefineParameters { max_gradients: 2000.0, ..RefineParameters::default() };
    let curve = vec![vec![1.0, 1.0], vec![2.0, 0.5]];
    let found = certificate_of(Refine::new(&ProductWell, curve, &parameters, None));
    let straight = (1.5_f64 * 0.75 - 1.0).powi(2);
    assert!(found.height < 1e-3 * straight, "{} of {straight}", found.height);
    // A straight line that only falls has its maximum at an endpoint.
    let found = certificate(&DoubleWell::new(1).unwrap(), &[&[0.5], &[1.0]]);
    assert_eq!((found.verdict, found.height), (Verdict::Pass, 0.5625));
}

/// The two wells, not defined in a disk on the straight line between the endpoints.
struct Hole;

impl AnalyticLandscape for Hole {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&self, r: &[f64]) -> f64 {
        AnalyticLandscape::value_and_gradient(self, r, &mut [0.0; 2])
    }

    fn value_and_gradient(&self, r: &[f64], gradient: &mut [f64]) -> f64 {
        let value = AnalyticLandscape::value_and_gradient(&TwoWells, r, gradient);
        if (r[0] + 0.1).hypot(r[1] + 0.3) < 0.1 { f64::NAN } else { value }
    }
}

#[test]
fn a_path_goes_around_where_the_landscape_is_not_defined() {
    // On either side of it: over the lowest saddle or over the next one.
    let found = certificate(&Hole, &[&PAPER[0], &PAPER[1]]);
    let over_the_lowest = found.height < 0.63;
    is_close(&found, if over_the_lowest { TWO_WELLS } else { 0.637_257_237_7 }, 0.0);
}

#[test]
fn ends_without_a_path_are_refused() {
    let result = |curve: Vec<Vec<f64>>| match Refine::new(
        &TwoWells,
        curve,
        &RefineParameters::default(),
        None,
    )
    .step()
    .unwrap()
    {
        SolverStep::Finished(result) => result.unwrap_err(),
        SolverStep::Continue => panic!("it began"),
    };
    let nan = vec![f64::NAN, 0.0];
    assert_eq!(result(vec![vec![0.0, 0.0], nan]), RefineError::NotFinite { end: 1 });
    assert_eq!(result(vec![vec![0.0, 0.0]; 2]), RefineError::SameEndpoints);
}
