"""Groups of an HDF5 file as datasets of xarray.

xarray can open a group itself, with h5netcdf or netCDF4. Here h5py is enough, texts are `str`, and
axes that are named in a group above have their coordinates.
"""

from __future__ import annotations

import re
from typing import Any

import h5py
import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

_OF_HDF5 = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid"}
# Arrays with more numbers are read when they are needed.
_MAX_READ_AT_ONCE = 100_000
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})")


class _Lazy(BackendArray):
    """Numbers of a dataset of HDF5 that are read when they are needed, and only those."""

    def __init__(self, dataset: h5py.Dataset):
        self._dataset = dataset
        self._place = f"{dataset.file.filename}:{dataset.name}"
        self.shape, self.dtype = dataset.shape, dataset.dtype

    def __getitem__(self, key: Any) -> np.ndarray:
        support = indexing.IndexingSupport.OUTER_1VECTOR
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: Any) -> np.ndarray:
        if not self._dataset:
            raise ValueError(f"{self._place}: the run was closed before these numbers were read")
        return self._dataset[key]

    def __deepcopy__(self, _: Any) -> _Lazy:
        # xarray copies arrays that it has not read. These never change.
        return self


def text(value: Any) -> str:
    """A text of a file. Characters that are not ASCII are written as in TOML: `\\u03c9`."""
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), str(value))


def texts(dataset: h5py.Dataset) -> np.ndarray:
    """The texts of a dataset, of the type `str`."""
    values = dataset[()]
    if dataset.shape == ():
        return np.array(text(values))
    decoded = [text(value) for value in values.ravel()]
    return np.array(decoded, dtype=str).reshape(dataset.shape)


def is_text(dataset: h5py.Dataset) -> bool:
    return h5py.check_string_dtype(dataset.dtype) is not None


def dimensions(dataset: h5py.Dataset) -> tuple[str, ...]:
    """The names of the axes of a dataset."""
    names = text(dataset.attrs.get("dimensions", ""))
    return tuple(name.strip() for name in names.split(",") if name.strip())


def attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """The attributes, texts as `str`, numbers as those of Python."""
    left_out = _OF_HDF5 | {"dimensions", "coordinates"}
    kept = {name: value for name, value in item.attrs.items() if name not in left_out}
    plain = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in kept.items()
    }
    return {
        name: text(value) if isinstance(value, (str, bytes)) else value
        for name, value in plain.items()
    }


def variable(dataset: h5py.Dataset) -> xarray.Variable:
    """A dataset with the names of its axes. Many numbers are read later."""
    data: Any
    if is_text(dataset):
        data = texts(dataset)
    elif dataset.size <= _MAX_READ_AT_ONCE:
        data = dataset[()]
    else:
        data = indexing.LazilyIndexedArray(_Lazy(dataset))
    return xarray.Variable(dimensions(dataset), data, attributes(dataset))


def _above(group: h5py.Group, name: str) -> h5py.Dataset | None:
    """The coordinates of an axis from the nearest group above."""
    while group.name != "/":
        group = group.parent
        # The components of θ have no other coordinates than their numbers.
        if name in group and name != "parameter" and isinstance(group[name], h5py.Dataset):
            return group[name]
    return None


def dataset(group: h5py.Group) -> xarray.Dataset:
    """The datasets of a group, without those of the groups in it."""
    items = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset)}
    variables = {name: variable(item) for name, item in items.items()}
    axes = {axis for item in items.values() for axis in dimensions(item)}
    for axis in axes - variables.keys():
        coordinates = _above(group, axis)
        if coordinates is not None and coordinates.shape == (_length(variables, axis),):
            variables[axis] = variable(coordinates)
    named = {
        name for item in items.values() for name in text(item.attrs.get("coordinates", "")).split()
    }
    coordinates = {name: value for name, value in variables.items() if name in axes | named}
    others = {name: value for name, value in variables.items() if name not in coordinates}
    return xarray.Dataset(others, coordinates, attributes(group))


def _length(variables: dict[str, xarray.Variable], axis: str) -> int:
    return next(one.sizes[axis] for one in variables.values() if axis in one.dims)
