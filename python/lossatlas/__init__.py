"""Reads the results of lossatlas: solutions, paths, barriers, and all else that `atlas.h5` holds.

    import lossatlas

    run = lossatlas.open("results/demo")
    run.solutions["sgd/train"]                    # xarray.Dataset; θ is read when it is needed
    run.paths["sgd/train"]["train"]               # profiles and barriers on the training landscape
    run.barriers()                                # one table, a row for each path
    path = run.path("sgd/train", (3, 1))          # a curve that was kept (paths.store)
    path(0.5)                                     # θ in its middle, an array (parameters,)
    run.module("sgd/train", 0)                    # the best solution as a PyTorch module

It needs h5py, numpy and xarray. `run.state_dict` and `run.module` need PyTorch, `run.network`
needs networkx. docs/python.md explains all of it, docs/format.md the file.
"""

from __future__ import annotations

from .errors import FileError, MissingResult
from .path import Path
from .run import Run, open

__version__ = "1.0.0"
__all__ = ["FileError", "MissingResult", "Path", "Run", "open"]
