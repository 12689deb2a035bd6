"""A run that is opened for reading."""

from __future__ import annotations

import functools
import os
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Mapping

import h5py
import numpy as np
import pandas
import xarray

from . import configuration, datasets, tables, weights
from .curves import Curves, Pair
from .datasets import text
from .errors import MissingResult, listed
from .files import open_atlas
from .path import Path
from .results import Results, groups, landscapes, sets

if TYPE_CHECKING:
    import networkx
    import torch


def open(place: str | os.PathLike[str]) -> Run:
    """Opens the results of a run: its directory, or its `atlas.h5`."""
    return Run(place)


class Run:
    """The results of a run, as they were when it was opened.

    lossatlas replaces `atlas.h5` as a whole, also while it is open here: open it again to see
    later results. Large arrays, such as θ, are read when they are needed. So the file stays open
    until `close()`, or until the end of `with lossatlas.open(…) as run`.

    Losses are in nats for the cross-entropy, in units of the loss otherwise: each array has
    `attrs["units"]` and `attrs["description"]`. Rows, initializations and paths count from 0.

    Attributes:
        file: path of `atlas.h5`.
        directory: the directory that it is in.
        h5: the file as an `h5py.File`.
    """

    def __init__(self, place: str | os.PathLike[str]):
        self.file, self.h5 = open_atlas(FilePath(place))
        self.directory = self.file.parent
        self._curves = Curves(self.file, self.h5)

    # ---- The run ----------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """The version of lossatlas that wrote the file: `1.0.0`."""
        return text(self.h5.attrs["program_version"])

    @property
    def attributes(self) -> dict[str, Any]:
        """Date, host, data set, and all else that docs/format.md lists for the file."""
        return datasets.attributes(self.h5)

    @property
    def configuration_text(self) -> str:
        """The effective configuration: a line `key = value` for each key, defaults included."""
        return text(self.h5["configuration"][()])

    @functools.cached_property
    def configuration(self) -> dict[str, Any]:
        """The effective configuration: `run.configuration["paths"]["steps"]`.

        What is `[[kpca]]` or another list with names in a configuration file is here a dictionary
        by name.
        """
        return configuration.parse(self.configuration_text)

    @property
    def missing(self) -> pandas.DataFrame:
        """What the run does not have, a row each: `group`, `row`, `status` and `reason`.

        It covers training runs, minimizations, paths, refinements, curvature, kernel PCA, surfaces
        and graphs, and what the file says to have failed. `status` is `missing` for what has not
        been computed, `failed` or `diverged` for what could not be. The table of a finished run
        without failures is empty. `row` counts in the group; it is empty if the row concerns all
        of the group.
        """
        return tables.missing(self.h5, self.configuration)

    # ---- Results ----------------------------------------------------------------------------

    @property
    def solutions(self) -> Results[xarray.Dataset]:
        """Sets of solutions by name, `GROUP/MEMBER`.

        `theta` (vector, parameter) is read lazily. The vector of the lowest training loss is the
        first; imported vectors have the order of their file.
        """
        found = {
            f"{group}/{member}": inside
            for group, members in groups(self.h5.get("solutions")).items()
            for member, inside in groups(members).items()
            if "theta" in inside
        }
        return self._results("set of solutions", found)

    @property
    def training(self) -> Results[xarray.Dataset]:
        """Loss curves of the training runs by optimizer, (initialization, epoch)."""
        found = {
            name: members["curves"]
            for name, members in groups(self.h5.get("solutions")).items()
            if "curves" in members
        }
        return self._results("optimizer", found)

    @property
    def paths(self) -> Results[Results[xarray.Dataset]]:
        """Profiles and barriers: `run.paths[SET][LANDSCAPE]`, a row for each path.

        The name of paths between two sets is `sgd/train~lbfgs/train`.
        """
        return self._by_landscape("set with paths", sets(self.h5.get("paths")))

    @property
    def refined(self) -> Results[Results[xarray.Dataset]]:
        """Refinements: `run.refined[SET][LANDSCAPE]`, a row for each path."""
        found = sets(self.h5.get("paths"))
        with_refined = {
            name: group
            for name, group in found.items()
            if any("refined" in inside for inside in groups(group).values())
        }
        return self._by_landscape("set with refined paths", with_refined, "refined")

    @property
    def curvature(self) -> Results[Results[xarray.Dataset]]:
        """Eigenvalues of the Hessian and more: `run.curvature[SET][LANDSCAPE]`."""
        return self._by_landscape("set with curvature", sets(self.h5.get("curvature")))

    @property
    def kpca(self) -> Results[xarray.Dataset]:
        """Kernel PCA by name. `projection` (vector, component) has the sets as coordinates."""
        return self._results("kernel PCA", groups(self.h5.get("kpca")))

    @property
    def surface(self) -> Results[Results[xarray.Dataset]]:
        """Surfaces: `run.surface[NAME][LANDSCAPE]`: `loss` (y, x), `origin` and `directions`."""
        found = groups(self.h5.get("surface"))
        makers = {name: functools.partial(self._landscapes_of_surface, name) for name in found}
        return Results("surface", str(self.file), makers)

    @property
    def graph(self) -> Results[Results[xarray.Dataset]]:
        """Graphs: `run.graph[NAME][LANDSCAPE]`. `run.network` makes a networkx graph of one."""
        return self._by_landscape("graph", groups(self.h5.get("graph")))

    def dataset(self, group: str) -> xarray.Dataset:
        """Any group of the file, such as `"trajectory/initial"`. docs/format.md lists them all."""
        found = self.h5.get(group)
        if isinstance(found, h5py.Group):
            return datasets.dataset(found)
        known: list[str] = []
        self.h5.visititems(
            lambda name, item: known.append(name) if isinstance(item, h5py.Group) else None
        )
        first = group.strip("/").split("/")[0]
        near = [name for name in known if name.startswith(first)] or list(groups(self.h5))
        raise MissingResult(f"{self.file}: there is no group {group!r}, but {listed(near)}")

    def barriers(self) -> pandas.DataFrame:
        """One table with a row for each path of each set on each landscape. Its columns:

        set, on             the set (`A~B` between two) and the landscape
        path, a, b          row in `run.paths[set][on]`, initialization numbers of the endpoints
        protocol            of the search, with the keys that differ from it
        endpoint            loss of the higher endpoint: no barrier of this pair can be lower
        barrier             maximum of the loss over the points of the search
        barrier_fine        maximum along the same path on the fine grid
        refined             refined barrier; NaN if there is none
        certificate         of the refinement: `pass`, `upper bound`, `not converged`, or empty
        straight            maximum along the straight line
        excess              refined (or else barrier_fine) − endpoint
        converged           whether the search ended before its last step
        improving           whether it took all its steps and the last one was the best: more steps
                            lower the path further
        steps, best_step    Adam steps taken, and the one after which the path was found
        status, stop_reason `done` or `failed`, and why the search ended

        The unit is that of the loss. Numbers of failed paths are NaN.
        """
        return tables.barriers(self.h5, self._order)

    # ---- Paths as functions -----------------------------------------------------------------

    def path(self, set: str, pair: Pair, on: str | None = None) -> Path:
        """The path between two solutions, as a function: `path(t)` is θ(t).

        set     `lbfgs/train`, or `sgd/train~lbfgs/train` between two sets.
        pair    initialization numbers of the endpoints, `(0, 3)` or `"0-3"`, as in `barriers()`
                and in `lossatlas export --path`; or a number, the row in `run.paths[set][on]`.
        on      the landscape. Default: the first that has the path, in the order of the
                configuration.

        The curve must have been kept (`paths.store`).
        """
        # Raises what says which sets and landscapes there are.
        by_landscape = self.paths[set]
        if on is not None:
            by_landscape[on]
        found = landscapes(sets(self.h5["paths"])[set], self._order)
        first = None
        for landscape in [on] if on is not None else found:
            try:
                return self._curves.path(set, pair, landscape, found[landscape])
            except MissingResult as error:
                first = first or error
        raise first or MissingResult(f"{self.file}: there are no paths of {set}")

    # ---- Weights ----------------------------------------------------------------------------

    def tensors(self, source: str | np.ndarray, row: int = 0) -> dict[str, np.ndarray]:
        """The tensors of a parameter vector by name, in the order of θ.

        source  a set of solutions, `"sgd/train"`, or a vector (parameters,), such as `path(0.5)`.
        row     of the set; of trained solutions 0 is the one of the lowest training loss.
        """
        return weights.tensors(self.h5["network"], self._theta(source, row))

    def state_dict(self, source: str | np.ndarray, row: int = 0) -> dict[str, torch.Tensor]:
        """The same for `module.load_state_dict`: names and shapes are those of PyTorch."""
        from .pytorch import tensors

        return tensors(self.tensors(source, row))

    def module(
        self,
        source: str | np.ndarray,
        row: int = 0,
        image_shape: tuple[int, int, int] | None = None,
    ) -> torch.nn.Module:
        """One of the built-in networks as a PyTorch module with these weights.

        Inputs are gray values or channels from 0 to 1, (n, channels · height · width). Outputs are
        those before the softmax, or before the sigmoid of an autoencoder.

        image_shape     (channels, height, width). Needed for `lenet` and `lstm` unless the images
                        are the drawn digits, (1, 28, 28).
        """
        from .pytorch import module

        return module(self.configuration, self.state_dict(source, row), image_shape)

    def _theta(self, source: str | np.ndarray, row: int) -> np.ndarray:
        parameters = len(self.h5["parameter"])
        if isinstance(source, str):
            vectors = self.solutions[source]["theta"]
            if not 0 <= row < len(vectors):
                raise MissingResult(f"{self.file}: {source} has {len(vectors)} vectors, no {row}")
            return vectors[row].values
        theta = np.asarray(source)
        if theta.shape != (parameters,):
            raise ValueError(
                f"a vector of this run has the shape ({parameters},), not {theta.shape}"
            )
        return theta

    # ---- Graphs -----------------------------------------------------------------------------

    def network(self, name: str, on: str | None = None) -> networkx.MultiGraph:
        """A graph of solutions and paths for networkx.

        Nodes have `set`, `initialization`, `height` and `component`; edges have `height`, `kind`
        (`path` or `pass`), `above_minimax` and `in_tree`. Use `weight="height"`. Two nodes may
        have a path and a pass between them, so it is a `MultiGraph`.
        """
        from .network import multigraph

        return multigraph(self.graph[name][self._only(self.graph[name], on)])

    def _only(self, by_landscape: Mapping[str, Any], on: str | None) -> str:
        if on is None and len(by_landscape) != 1:
            raise ValueError(f"on which landscape? There are {listed(by_landscape)}")
        return next(iter(by_landscape)) if on is None else on

    # ---- The file ---------------------------------------------------------------------------

    @functools.cached_property
    def _order(self) -> list[str]:
        return list(self.configuration.get("paths", {}).get("landscapes", []))

    def _results(self, kind: str, found: dict[str, h5py.Group]) -> Results[xarray.Dataset]:
        makers = {name: functools.partial(datasets.dataset, group) for name, group in found.items()}
        return Results(kind, str(self.file), makers)

    def _by_landscape(
        self, kind: str, found: dict[str, h5py.Group], inside: str = ""
    ) -> Results[Results[xarray.Dataset]]:
        def of_one(name: str) -> Results[xarray.Dataset]:
            members = landscapes(found[name], self._order)
            if inside:
                members = {on: group[inside] for on, group in members.items() if inside in group}
            return self._results(f"landscape of {name},", members)

        makers = {name: functools.partial(of_one, name) for name in found}
        return Results(kind, str(self.file), makers)

    def _landscapes_of_surface(self, name: str) -> Results[xarray.Dataset]:
        plane = datasets.dataset(self.h5["surface"][name])

        def on(group: h5py.Group) -> xarray.Dataset:
            surface = datasets.dataset(group)
            whole = surface.assign(plane.data_vars)
            return whole.assign_attrs({**plane.attrs, **surface.attrs})

        found = landscapes(self.h5["surface"][name], self._order)
        makers = {landscape: functools.partial(on, group) for landscape, group in found.items()}
        return Results(f"landscape of {name},", str(self.file), makers)

    def close(self) -> None:
        """Closes the files. What was read before stays."""
        self.h5.close()
        self._curves.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if not self.h5:
            return f"<lossatlas run {self.file}, closed>"
        lines = [f"<lossatlas run {self.file}, version {self.version}"]
        solutions = [f"{name} ({one.sizes['vector']})" for name, one in self.solutions.items()]
        paths = [
            f"{name} ({sum(one.sizes['path'] for one in on.values())})"
            for name, on in self.paths.items()
        ]
        others = ["curvature", "kpca", "surface", "graph"]
        found = {"solutions": solutions, "paths": paths} | {
            name: list(getattr(self, name)) for name in others
        }
        lines += [f"  {name + ':':<11}{listed(names)}" for name, names in found.items() if names]
        absent = len(self.missing)
        lines.append(f"  not there: {absent}, see run.missing" if absent else "  complete")
        return "\n".join(lines) + ">"
