"""Tables over all sets and landscapes: barriers, and what a run does not have."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pandas

from .datasets import is_text, text, texts
from .results import groups, landscapes, sets

COLUMNS = [
    "set", "on", "path", "a", "b", "protocol", "endpoint", "barrier", "barrier_fine", "refined",
    "certificate", "straight", "excess", "converged", "improving", "steps", "best_step", "status",
    "stop_reason",
]  # fmt: skip


def barriers(file: h5py.File, order: list[str]) -> pandas.DataFrame:
    """A row for each path; see `Run.barriers`."""
    tables = [
        _of_group(name, landscape, group)
        for name, inside in sets(file.get("paths")).items()
        for landscape, group in landscapes(inside, order).items()
        if "height" in group
    ]
    tables = [table for table in tables if len(table)]
    if not tables:
        return pandas.DataFrame(columns=COLUMNS)
    return pandas.concat(tables, ignore_index=True)[COLUMNS]


def _of_group(name: str, landscape: str, group: h5py.Group) -> pandas.DataFrame:
    count = len(group["height"])
    column = lambda dataset: group[dataset][:] if dataset in group else np.full(count, np.nan)
    words = lambda dataset: texts(group[dataset]) if dataset in group else np.full(count, "")
    loss, stop = group["loss"], words("stop_reason")
    endpoint = np.maximum(loss[:, 0], loss[:, -1]) if loss.shape[1] else np.full(count, np.nan)
    height, refined = column("height"), column("height_refined")
    steps, best, done = column("steps"), column("best_step"), words("status") == "done"
    # In the words of the program: the loss no longer fell, or the path came down to its endpoint.
    ended = np.char.startswith(stop, "converged") | np.char.startswith(stop, "ended at step")
    # Between the points of the grid a path may be far above its barrier on them.
    highest = np.fmax(height, column("height_dense"))
    pair = group["pair_initialization"][:].reshape(count, 2)
    return pandas.DataFrame(
        {
            "set": name,
            "on": landscape,
            "path": np.arange(count),
            "a": pair[:, 0],
            "b": pair[:, 1],
            "protocol": text(group.attrs.get("protocol", "")),
            "endpoint": endpoint,
            "barrier": height,
            "barrier_fine": column("height_dense"),
            "refined": refined,
            "certificate": words("certificate"),
            "straight": column("height_straight"),
            "excess": np.where(np.isnan(refined), highest, refined) - endpoint,
            "converged": done & ended,
            "improving": done & ~ended & (steps > 0) & (best == steps),
            "steps": steps,
            "best_step": best,
            "status": words("status"),
            "stop_reason": stop,
        }
    )


def missing(file: h5py.File, configuration: dict[str, Any]) -> pandas.DataFrame:
    """What is not there; see `Run.missing`."""
    rows: list[tuple[str, Any, str, str]] = []
    asked = configuration.get("paths", {}).get("refine", {}).get("pairs")
    file.visititems(lambda name, item: rows.extend(_not_done(name, item, asked)))
    rows += _open_points(file)
    for name, item in groups(file).items():
        lines = text(item.attrs.get("failed", "")).splitlines()
        rows += [(name, "", "failed", line) for line in lines if line]
    rows += _not_begun(file, configuration)
    return pandas.DataFrame(rows, columns=["group", "row", "status", "reason"])


def _not_done(
    name: str, item: h5py.Group | h5py.Dataset, refined_pairs: Any
) -> list[tuple[str, Any, str, str]]:
    """The rows of a dataset `status` that are not `done`.

    Of the paths of a set, the first `refined_pairs` that were found are refined.
    """
    if not name.endswith("/status") or not isinstance(item, h5py.Dataset) or not is_text(item):
        return []
    group, status = item.parent, texts(item)
    reasons = texts(group["stop_reason"]) if "stop_reason" in group else np.full(status.shape, "")
    is_asked = np.ones(status.shape, dtype=bool)
    if name.endswith("/refined/status") and isinstance(refined_pairs, int):
        paths = texts(group.parent["status"])
        is_asked = np.cumsum(paths == "done") <= refined_pairs
    rows = []
    for row in np.argwhere((status != "done") & is_asked):
        word, _, reason = status[tuple(row)].partition(": ")
        where = ", ".join(str(number) for number in row)
        rows.append((group.name.strip("/"), where, word, reason or reasons[tuple(row)]))
    return rows


def _open_points(file: h5py.File) -> list[tuple[str, Any, str, str]]:
    """Surfaces with points that have no loss."""
    rows = []
    for surface in groups(file.get("surface")).values():
        for group in landscapes(surface, []).values():
            loss = group["loss"][:]
            absent = int(np.isnan(loss).sum())
            if absent:
                reason = f"{absent} of {loss.size} points have no loss"
                rows.append((group.name.strip("/"), "", "missing", reason))
    return rows


def _not_begun(file: h5py.File, configuration: dict[str, Any]) -> list[tuple[str, Any, str, str]]:
    """What the configuration asks for and the file has no group for."""
    rows = []
    failed = text(file["kpca"].attrs.get("failed", "")) if "kpca" in file else ""
    for section in ["kpca", "surface", "graph"]:
        for name in configuration.get(section, {}):
            if f"{section}/{name}" not in file and not failed.startswith(name):
                rows.append((f"{section}/{name}", "", "missing", ""))
    for name in configuration.get("curvature", {}).get("sets", []):
        theta = file.get(f"solutions/{name}/theta")
        if f"curvature/{name}" not in file and (theta is None or len(theta)):
            rows.append((f"curvature/{name}", "", "missing", ""))
    # A built-in landscape has one, and no key for it. A process names its data sets.
    all_landscapes = configuration.get("landscape", {}).get("datasets", ["formula"])
    paths = configuration.get("paths", {})
    return rows + _paths_not_found(file, paths, all_landscapes) + _not_refined(file, paths)


def _not_refined(file: h5py.File, paths: dict[str, Any]) -> list[tuple[str, Any, str, str]]:
    """Sets of paths of which none has been refined yet."""
    if "refine" not in paths:
        return []
    rows = []
    for of_set in sets(file.get("paths")).values():
        for group in landscapes(of_set, []).values():
            if "refined" not in group and (texts(group["status"]) == "done").any():
                rows.append((f"{group.name.strip('/')}/refined", "", "missing", ""))
    return rows


def _paths_not_found(
    file: h5py.File, paths: dict[str, Any], all_landscapes: list[str]
) -> list[tuple[str, Any, str, str]]:
    """Sets that paths need, and pairs without a path."""
    if "list" in paths:  # Pairs that a file names.
        return []
    ends = [(name,) for name in paths.get("sets", [])]
    ends += [tuple(pair) for pair in paths.get("between", [])]
    found = sets(file.get("paths"))
    rows = []
    for names in ends:
        thetas = [file.get(f"solutions/{name}/theta") for name in names]
        absent = [name for name, theta in zip(names, thetas) if theta is None]
        rows += [(f"solutions/{name}", "", "missing", "") for name in absent]
        if absent:
            continue
        counts = [len(theta) for theta in thetas]
        pairs = counts[0] * (counts[0] - 1) // 2 if len(counts) == 1 else counts[0] * counts[1]
        asked = paths.get("pairs")
        if asked == "spanning":  # Pairs that the run chooses, as many as it needs.
            continue
        asked = min(asked, pairs) if isinstance(asked, int) else pairs
        name = "~".join(names)
        inside = landscapes(found[name], []) if name in found else {}
        for landscape in paths.get("landscapes", all_landscapes):
            have = len(inside[landscape]["height"]) if landscape in inside else 0
            if have < asked:
                reason = f"{asked - have} of {asked} paths"
                rows.append((f"paths/{name}/on_{landscape}", "", "missing", reason))
    return rows
