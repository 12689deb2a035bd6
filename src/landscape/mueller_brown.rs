//! The Müller–Brown surface, the usual first test of a path finder.

use super::AnalyticLandscape;

/// f(x, y) = Σᵢ Aᵢ exp(aᵢ (x − xᵢ)² + bᵢ (x − xᵢ)(y − yᵢ) + cᵢ (y − yᵢ)²): three minima in a
/// row and the two saddles between them.
///
/// K. Müller and L. D. Brown, Theor. Chim. Acta 53, 75 (1979), doi:10.1007/BF00547608. Energies and
/// lengths have no unit. Far from the valley the last term grows without bound and overflows to
/// infinity.
#[derive(Clone, Copy, Debug, Default)]
pub struct MuellerBrown;

impl MuellerBrown {
    /// The minima, deepest first: f = −146.699517210, −108.166724117, −80.767818130.
    pub const MINIMA: [[f64; 2]; 3] = [
        [-0.558_223_635, 1.441_725_842],
        [0.623_499_405, 0.028_037_759],
        [-0.050_010_823, 0.466_694_105],
    ];

    /// The saddles, f = −40.664843509 between the first and the third minimum and −72.248940112
    /// between the third and the second.
    pub const SADDLES: [[f64; 2]; 2] =
        [[-0.822_001_559, 0.624_312_803], [0.212_486_582, 0.292_988_325]];

    const TERMS: [Term; 4] = [
        Term { amplitude: -200.0, xx: -1.0, xy: 0.0, yy: -10.0, center: [1.0, 0.0] },
        Term { amplitude: -100.0, xx: -1.0, xy: 0.0, yy: -10.0, center: [0.0, 0.5] },
        Term { amplitude: -170.0, xx: -6.5, xy: 11.0, yy: -6.5, center: [-0.5, 1.5] },
        Term { amplitude: 15.0, xx: 0.7, xy: 0.6, yy: 0.7, center: [-1.0, 1.0] },
    ];
}

/// One exponential: A, the quadratic form (a, b, c) of its exponent, and its center.
struct Term {
    amplitude: f64,
    xx: f64,
    xy: f64,
    yy: f64,
    center: [f64; 2],
}

impl AnalyticLandscape for MuellerBrown {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&self, r: &[f64]) -> f64 {
        self.value_and_gradient(r, &mut [0.0; 2])
    }

    fn value_and_gradient(&self, r: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        Self::TERMS.iter().fold(0.0, |sum, term| {
            let (x, y) = (r[0] - term.center[0], r[1] - term.center[1]);
            let height =
                term.amplitude * (term.xx * x * x + term.xy * x * y + term.yy * y * y).exp();
            gradient[0] += height * (2.0 * term.xx * x + term.xy * y);
            gradient[1] += height * (term.xy * x + 2.0 * term.yy * y);
            sum + height
        })
    }

    /// For a term A exp(q): A exp(q) (∇q (∇q · d) + ∇²q d).
    fn hessian_product(&self, r: &[f64], direction: &[f64], product: &mut [f64]) {
        product.fill(0.0);
        for term in &Self::TERMS {
            let (x, y) = (r[0] - term.center[0], r[1] - term.center[1]);
            let height =
                term.amplitude * (term.xx * x * x + term.xy * x * y + term.yy * y * y).exp();
            let slopes = [2.0 * term.xx * x + term.xy * y, term.xy * x + 2.0 * term.yy * y];
            let along = slopes[0] * direction[0] + slopes[1] * direction[1];
            let bent = [
                2.0 * term.xx * direction[0] + term.xy * direction[1],
                term.xy * direction[0] + 2.0 * term.yy * direction[1],
            ];
            for ((p, slope), bent) in product.iter_mut().zip(slopes).zip(bent) {
                *p += height * (slope * along + bent);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::checks::assert_gradient_is_the_derivative;

    #[test]
    fn minima_and_saddles_are_where_the_literature_has_them() {
        let values =
            [-146.699_517_210, -108.166_724_117, -80.767_818_130, -40.664_843_509, -72.248_940_112];
        for (point, expected) in
            MuellerBrown::MINIMA.iter().chain(&MuellerBrown::SADDLES).zip(values)
        {
            let mut gradient = [0.0; 2];
            let value = MuellerBrown.value_and_gradient(point, &mut gradient);
            assert!((value - expected).abs() < 1e-9, "{value} at {point:?}");
            // The points have nine decimals and the curvatures reach some thousands.
            assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{gradient:?} at {point:?}");
        }
    }

    #[test]
    fn minima_curve_up_and_saddles_down_in_one_direction() {
        // Signs of the Hessian's determinant and trace, from central differences of the gradient.
        let second = |at: [f64; 2]| {
            let column = |axis: usize| {
                let slope = |h: f64| {
                    let (mut r, mut gradient) = (at, [0.0; 2]);
                    r[axis] += h;
                    MuellerBrown.value_and_gradient(&r, &mut gradient);
                    gradient
                };
                let (up, down) = (slope(1e-5), slope(-1e-5));
                [(up[0] - down[0]) / 2e-5, (up[1] - down[1]) / 2e-5]
            };
            let [[xx, xy], [yx, yy]] = [column(0), column(1)];
            (xx * yy - xy * yx, xx + yy)
        };
        assert!(MuellerBrown::MINIMA.iter().all(|&r| second(r).0 > 0.0 && second(r).1 > 0.0));
        assert!(MuellerBrown::SADDLES.iter().all(|&r| second(r).0 < 0.0));
    }

    #[test]
    fn the_gradient_is_the_derivative() {
        assert_gradient_is_the_derivative(&MuellerBrown, &[-0.3, 0.8]);
        assert_gradient_is_the_derivative(&MuellerBrown, &[0.9, -0.1]);
    }
}
