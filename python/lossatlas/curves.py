"""Where the curve of a path is kept."""

from __future__ import annotations

from pathlib import Path as FilePath
from shlex import quote
from typing import Union

import h5py
import numpy as np

from . import datasets
from .datasets import text
from .errors import FileError, MissingResult, listed
from .files import open_curves
from .path import SHAPES, Path

Pair = Union[int, str, "tuple[int, int]"]


class Curves:
    """The curves of a run: in its `atlas.h5`, or in a file beside it."""

    def __init__(self, file: FilePath, atlas: h5py.File):
        self._file, self._atlas = file, atlas
        self._beside: h5py.File | None = None

    def path(self, set: str, pair: Pair, on: str, group: h5py.Group) -> Path:
        """The path of a pair; `group` is that of the set and landscape."""
        row, (a, b) = self._row(group, pair)
        curve = self._curve(group)
        kept = [] if curve is None else curve["path"][:].tolist()
        if curve is None or row not in kept:
            others = f" Stored are those of the rows {listed(kept)}." if kept else ""
            raise MissingResult(
                f"{self._file}: the curve of {set}:{a}-{b} on {on} is not stored.{others} "
                + self._remedy(f"{set}:{a}-{b}", on, group, (a, b))
            )
        method = text(curve.attrs["method"])
        if method not in SHAPES:
            raise FileError(f"{curve.file.filename}:{curve.name}: the method {method!r} is unknown")
        index = kept.index(row)
        return Path(
            set=set,
            landscape=on,
            row=row,
            initializations=(a, b),
            method=method,
            endpoints=curve["endpoint"][index],
            coefficients=curve["coefficient"][index],
            profile=datasets.dataset(group).isel(path=row),
        )

    def _remedy(self, name: str, on: str, group: h5py.Group, pair: tuple[int, int]) -> str:
        """The commands that give a curve which is not stored. They depend on whether the last state
        of its search was kept (`paths.keep_states`)."""
        directory = self._file.parent
        store = f"lossatlas resume {quote(str(directory))} --set paths.store=all"
        if not self._has_state(group, pair):
            return (
                "Nor is the last state of its search (paths.keep_states). This command finds the "
                f"paths again, to the same bits, and stores all curves:\n  {store} --replace"
            )
        return (
            "But the last state of its search was kept (paths.keep_states). This command stores "
            f"all curves, without a new search:\n  {store}\nThis one writes points of this path "
            f"alone:\n  lossatlas export {quote(str(directory))} --path {quote(name)} --landscape "
            f"{quote(on)} --to path.npy\nIf the state is one of another configuration, they say "
            "so; then add --replace to the first command, which finds the paths again."
        )

    def _has_state(self, group: h5py.Group, pair: tuple[int, int]) -> bool:
        """Whether `path-states` has a file for a path, of this configuration or another."""
        sets, landscape = group.name.removeprefix("/paths/").rsplit("/on_", 1)
        name = f"{sets.replace('/', '_')}.{landscape}.{pair[0]}-{pair[1]}."
        folder = self._file.parent / "path-states"
        return folder.is_dir() and any(file.name.startswith(name) for file in folder.iterdir())

    def _row(self, group: h5py.Group, pair: Pair) -> tuple[int, tuple[int, int]]:
        """The row of a path, and the initialization numbers of its endpoints."""
        pairs = [tuple(ends) for ends in group["pair_initialization"][:].tolist()]
        have = listed(f"{a}-{b}" for a, b in pairs)
        if isinstance(pair, (int, np.integer)):
            if not 0 <= pair < len(pairs):
                what = f"row {pair} among {len(pairs)} paths"
                raise MissingResult(f"{self._file}:{group.name}: there is no {what}, but {have}")
            return int(pair), pairs[pair]
        words = pair.split("-") if isinstance(pair, str) else pair
        a, b = (int(number) for number in words)
        if (a, b) not in pairs:
            raise MissingResult(f"{self._file}:{group.name}: there is no path {a}-{b}, but {have}")
        return pairs.index((a, b)), (a, b)

    def _curve(self, group: h5py.Group) -> h5py.Group | None:
        if "curve" in group or "curve_file" not in group.attrs:
            return group.get("curve")
        if self._beside is None:
            file = self._file.parent / text(group.attrs["curve_file"])
            self._beside = open_curves(file, self._file, self._atlas)
        return self._beside.get(f"{group.name}/curve")

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()
