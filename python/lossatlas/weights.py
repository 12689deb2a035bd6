"""Parameter vectors and their tensors."""

from __future__ import annotations

import h5py
import numpy as np

from . import datasets


def tensors(network: h5py.Group, theta: np.ndarray) -> dict[str, np.ndarray]:
    """The tensors of θ by name, in its order. `network` is the group of that name."""
    parts = {}
    rows = zip(datasets.texts(network["name"]), network["shape"][:], network["offset"][:])
    for name, shape, offset in rows:
        sizes = [int(size) for size in shape if size]
        start = int(offset)
        parts[str(name)] = theta[start : start + int(np.prod(sizes))].reshape(sizes)
    return parts
