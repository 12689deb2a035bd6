"""Opening the files of a run, and what is wrong with one that is none."""

from __future__ import annotations

from pathlib import Path

import h5py

from .datasets import text
from .errors import FileError, listed

ATLAS, CURVES, JOURNAL = "atlas.h5", "curves.h5", "results.journal"
# The newest version of the format that is known here.
FORMAT_VERSION = 2


def open_atlas(place: Path) -> tuple[Path, h5py.File]:
    """The path of an `atlas.h5` and the open file. `place` is the file, or the directory of a run.

    Raises `FileNotFoundError` or `FileError` with what is there instead.
    """
    file = place / ATLAS if place.is_dir() else place
    if not file.exists():
        raise FileNotFoundError(_instead(place, file))
    opened = _opened(file)
    try:
        _check(file, opened)
    except FileError:
        opened.close()
        raise
    return file, opened


def open_curves(file: Path, atlas: Path, opened_atlas: h5py.File) -> h5py.File:
    """The `curves.h5` beside an atlas."""
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there, in which {atlas} has its curves")
    opened = _opened(file)
    runs = [text(one.attrs.get("run", "")) for one in (opened, opened_atlas)]
    if runs[0] != runs[1]:
        opened.close()
        raise FileError(f"{file} is of another run than {atlas}")
    return opened


def _instead(place: Path, file: Path) -> str:
    """What is there instead of an atlas."""
    if not place.exists():
        return f"{place}: there is no such file or directory"
    inside = sorted(path.name for path in place.iterdir())
    if JOURNAL in inside:
        return (
            f"{place} has no {ATLAS} yet: the run has not come to the end of its first stage. "
            f"`lossatlas status {place}` says what is left, `lossatlas resume {place}` continues it"
        )
    below = sorted(path.parent.name for path in place.glob(f"*/{ATLAS}"))
    if below:
        return f"{place} has no {ATLAS}, but its directories {listed(below)} have one"
    return f"{place} is not the directory of a run: it has no {ATLAS}, but {listed(inside)}"


def _opened(file: Path) -> h5py.File:
    try:
        return h5py.File(file, "r")
    except OSError as error:
        if not h5py.is_hdf5(file):
            raise FileError(f"{file} is not an HDF5 file") from error
        raise FileError(f"{file} cannot be opened: {error}") from error


def _check(file: Path, opened: h5py.File) -> None:
    attributes = opened.attrs
    if "format_version" not in attributes or "run" not in attributes:
        inside = listed(opened) if len(opened) else "nothing"
        raise FileError(f"{file} was not written by lossatlas: it has {inside}")
    if "program_version" not in attributes:
        raise FileError(f"{file} has curves only: open the {ATLAS} beside it")
    version = int(attributes["format_version"])
    if version > FORMAT_VERSION:
        raise FileError(
            f"{file} has format version {version}, written by lossatlas "
            f"{text(attributes['program_version'])}; this package reads up to {FORMAT_VERSION}: "
            "install the package of that version"
        )
