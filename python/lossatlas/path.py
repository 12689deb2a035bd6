"""A path between two solutions, as a function of t."""

from __future__ import annotations

from typing import Callable

import numpy as np
import xarray


def _sines(t: np.ndarray, terms: int) -> np.ndarray:
    """φ_n(t) = sin(nπt), (points, terms)."""
    return np.sin(np.pi * t[:, None] * np.arange(1, terms + 1))


def _hats(t: np.ndarray, terms: int) -> np.ndarray:
    """φ_n(t) = max(0, 1 − |(N + 1) t − n|), (points, terms)."""
    return np.maximum(0.0, 1.0 - abs((terms + 1) * t[:, None] - np.arange(1, terms + 1)))


SHAPES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {"fourier": _sines, "polyline": _hats}


class Path:
    """θ(t) = (1 − t) ω^a + t ω^b + Σ_n φ_n(t) b_n for t from 0 to 1.

    The shapes φ_n are sin(nπt) with the method `fourier`, and hats with `polyline`.

    Attributes:
        set: `GROUP/MEMBER` of the endpoints; `A~B` for a path between two sets.
        landscape: name of the landscape on which the path was found.
        row: row of the path in `run.paths[set][landscape]`.
        initializations: numbers (a, b) of the endpoints, as in `lossatlas export --path`.
        method: `fourier` or `polyline`.
        endpoints: ω^a and ω^b, (2, parameters), in the precision of the search.
        coefficients: b_n, (terms, parameters), in the same precision.
        profile: row `row` of `run.paths[set][landscape]`: losses, barriers, why the search ended.
    """

    def __init__(
        self,
        *,
        set: str,
        landscape: str,
        row: int,
        initializations: tuple[int, int],
        method: str,
        endpoints: np.ndarray,
        coefficients: np.ndarray,
        profile: xarray.Dataset,
    ):
        self.set, self.landscape, self.row = set, landscape, row
        self.initializations, self.method = initializations, method
        self.endpoints, self.coefficients, self.profile = endpoints, coefficients, profile

    def __call__(self, t: float | np.ndarray) -> np.ndarray:
        """θ(t): an array (parameters,) for a number t, (…, parameters) for an array t (…).

        Computed in double precision and rounded once to the precision of the search: `float32` for
        networks, `float64` for a `[landscape]`. θ(0) and θ(1) are the endpoints to the bit.
        """
        where = np.asarray(t, dtype=np.float64)
        if not np.all((where >= 0.0) & (where <= 1.0)):
            raise ValueError(f"t of a path is from 0 to 1, not {t}")
        flat = where.ravel()
        weights = np.column_stack([1.0 - flat, flat, self._shapes(flat)])
        vectors = np.concatenate([self.endpoints, self.coefficients]).astype(np.float64)
        theta = (weights @ vectors).astype(self.endpoints.dtype)
        # Whatever the matrix product makes of zeros.
        theta[flat == 0.0], theta[flat == 1.0] = self.endpoints
        return theta.reshape(*where.shape, self.dimension)

    def _shapes(self, t: np.ndarray) -> np.ndarray:
        shapes = SHAPES[self.method](t, len(self.coefficients))
        shapes[(t == 0.0) | (t == 1.0)] = 0.0
        return shapes

    @property
    def dimension(self) -> int:
        """Number of parameters."""
        return self.endpoints.shape[1]

    def __repr__(self) -> str:
        a, b = self.initializations
        terms = len(self.coefficients)
        return (
            f"<path {self.set}:{a}-{b} on {self.landscape}: {self.method}, {terms} terms, "
            f"{self.dimension} parameters>"
        )
