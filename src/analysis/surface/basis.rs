//! A plane or a line: origin and directions.

use crate::kernels::{add_scaled, dot, norm, scale};
use thiserror::Error;

/// Two directions are independent if the part of the second one that is orthogonal to the first is
/// longer than this fraction of it. Solutions have a relative accuracy of 1e-7.
const MIN_ANGLE: f64 = 1e-6;

/// Why there is no such plane.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PlaneError {
    /// A direction is 0 or not finite.
    #[error("direction {number} of the plane has no length")]
    NoLength {
        /// Its number, from 1.
        number: usize,
    },
    /// Two directions are the same line.
    #[error("the directions of the plane are parallel; a line (dimensions = 1) has one")]
    Parallel,
}

/// The position of a vector relative to a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanePlace {
    /// x and y of the nearest point of the plane; y is 0 for a line.
    pub coordinates: [f64; 2],
    /// Distance from that point.
    pub distance: f64,
}

/// The points θ(x, y) = origin + x e₁ + y e₂, or θ(x) = origin + x e₁.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneBasis {
    origin: Vec<f64>,
    directions: Vec<Vec<f64>>,
    /// The solutions through which it goes: its points are combinations of these.
    corners: Option<Vec<Vec<f64>>>,
}

impl PlaneBasis {
    /// A plane of two directions, or a line of one, `(P,)` each.
    ///
    /// # Errors
    /// If a direction has no length, or the two are parallel.
    ///
    /// # Panics
    /// If there are none or more than two directions.
    pub fn new(origin: Vec<f64>, directions: Vec<Vec<f64>>) -> Result<Self, PlaneError> {
        assert!(matches!(directions.len(), 1 | 2), "a line or a plane");
        let basis = Self { origin, directions, corners: None };
        for (number, direction) in (1..).zip(&basis.directions) {
            let length = norm(direction);
            if !(length.is_finite() && length > 0.0) {
                return Err(PlaneError::NoLength { number });
            }
        }
        if let [first, second] = &basis.directions[..] {
            let cosine = dot(first, second) / (norm(first) * norm(second));
            if (1.0 - cosine * cosine).max(0.0).sqrt() <= MIN_ANGLE {
                return Err(PlaneError::Parallel);
            }
        }
        Ok(basis)
    }

    /// The plane through three solutions, or the line through two, as in T. Garipov et al., "Loss
    /// surfaces, mode connectivity, and fast ensembling of DNNs", NeurIPS 2018, arXiv:1802.10026:
    /// the origin is the first one, e₁ points to the second one, and e₂ is the part of the third
    /// one that is orthogonal to e₁, normalized. Coordinates are distances.
    ///
    /// # Errors
    /// If two solutions are equal, or all lie on one line.
    ///
    /// # Panics
    /// If there are fewer than two solutions or more than three.
    pub fn through(solutions: &[Vec<f64>]) -> Result<Self, PlaneError> {
        let (origin, others) = solutions.split_first().expect("a plane has solutions");
        let mut directions: Vec<Vec<f64>> = Vec::new();
        for (number, other) in (1..).zip(others) {
            let mut direction: Vec<f64> = other.iter().zip(origin).map(|(b, a)| b - a).collect();
            let length = norm(&direction);
            if !(length.is_finite() && length > 0.0) {
                return Err(PlaneError::NoLength { number });
            }
            // Twice, so that the result is orthogonal to rounding.
            for _ in 0..2 {
                for known in &directions {
                    add_scaled(-dot(&direction, known), known, &mut direction);
                }
            }
            let left = norm(&direction);
            if left <= MIN_ANGLE * length {
                return Err(PlaneError::Parallel);
            }
            scale(1.0 / left, &mut direction);
            directions.push(direction);
        }
        let basis = Self::new(origin.clone(), directions)?;
        Ok(Self { corners: Some(solutions.to_vec()), ..basis })
    }

    /// 1 for a line, 2 for a plane.
    pub fn dimensions(&self) -> usize {
        self.directions.len()
    }

    /// θ(0, 0), `(P,)`.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// e₁ and e₂, `(P,)` each; for a line e₁ only.
    pub fn directions(&self) -> &[Vec<f64>] {
        &self.directions
    }

    /// The nearest point of the plane.
    ///
    /// # Panics
    /// If the vector has another length.
    pub fn place_of(&self, theta: &[f64]) -> PlanePlace {
        let mut rest: Vec<f64> = theta.iter().zip(&self.origin).map(|(a, b)| a - b).collect();
        let along: Vec<f64> = self.directions.iter().map(|e| dot(&rest, e)).collect();
        let [first, second] = match &self.directions[..] {
            [first, second] => [first, second],
            [first] => [first, first],
            _ => unreachable!("a line or a plane"),
        };
        let coordinates = if self.dimensions() == 1 {
            [along[0] / dot(first, first), 0.0]
        } else {
            // Directions need not be orthogonal: the normal equations of two unknowns.
            let [a, b, c] = [dot(first, first), dot(first, second), dot(second, second)];
            let determinant = a * c - b * b;
            [
                (c * along[0] - b * along[1]) / determinant,
                (a * along[1] - b * along[0]) / determinant,
            ]
        };
        for (direction, x) in self.directions.iter().zip(coordinates) {
            add_scaled(-x, direction, &mut rest);
        }
        PlanePlace { coordinates, distance: norm(&rest) }
    }

    /// The vectors, `(P,)` each, whose [combinations](Self::coefficients) are the points: the
    /// solutions, or origin and directions.
    pub fn vectors(&self) -> Vec<&[f64]> {
        match &self.corners {
            Some(corners) => corners.iter().map(Vec::as_slice).collect(),
            None => {
                std::iter::once(&self.origin).chain(&self.directions).map(Vec::as_slice).collect()
            }
        }
    }

    /// The coefficients of θ(x, y) with respect to [`Self::vectors`].
    ///
    /// A plane through solutions is a combination of these, with coefficients that add up to 1. So
    /// the solutions themselves are points of the plane to rounding, whatever the precision.
    pub fn coefficients(&self, [x, y]: [f64; 2]) -> Vec<f64> {
        let Some(corners) = &self.corners else {
            return [1.0, x, y][..=self.dimensions()].to_vec();
        };
        let places: Vec<[f64; 2]> =
            corners[1..].iter().map(|corner| self.place_of(corner).coordinates).collect();
        let others = match places[..] {
            [[length, _]] => vec![x / length],
            // The second corner is at (length, 0), the third one at (shift, height).
            [[length, _], [shift, height]] => {
                let last = y / height;
                vec![(x - shift * last) / length, last]
            }
            _ => unreachable!("two or three solutions"),
        };
        std::iter::once(1.0 - others.iter().sum::<f64>()).chain(others).collect()
    }
}
