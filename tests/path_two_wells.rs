//! The two-dimensional example of the paper (Fig. 3), through the path code the networks use.

use lossatlas::landscape::{Squared, TwoWells};
use lossatlas::path::{ChosenMethod, PathParameters, PathResult, find_path_for};

const SADDLE: f64 = 0.624_393_347_2;

fn published(lambda: f64) -> PathResult {
    let parameters = PathParameters {
        method: ChosenMethod::fourier(15),
        points: 101,
        lambda,
        steps: 300,
        learning_rate: 0.01,
        ..PathParameters::default()
    };
    let [a, b] = TwoWells::ENDPOINTS;
    let found =
        find_path_for(&Squared(TwoWells), &TwoWells, [&a, &b], &parameters, &mut |_, _| true);
    found.expect("finite everywhere").expect("not stopped").result
}

#[test]
fn heights_are_within_0_02_of_the_published_ones() {
    for (lambda, height) in [(10.0, 0.646), (100.0, 0.640), (1000.0, 0.652)] {
        let path = published(lambda);
        println!(
            "λ = {lambda}: grid {:.4}, dense {:.4}, straight {:.4}",
            path.barrier, path.fine_barrier, path.straight_barrier
        );
        assert!((path.straight_barrier - 1.102).abs() < 1e-3, "straight {}", path.straight_barrier);
        assert!(
            (path.barrier - height).abs() < 0.02,
            "λ = {lambda}: {} is not near {height}",
            path.barrier
        );
        assert!(
            path.fine_barrier >= SADDLE,
            "λ = {lambda}: {} is below the saddle",
            path.fine_barrier
        );
    }
}
