"""Prints every dataset and attribute of an HDF5 file as JSON: path -> [type, shape, bytes or texts].

    dump_atlas.py ATLAS

What belongs to the session and not to the results is left out.
"""

import json
import sys

import h5py

SESSION = {"started", "finished", "host", "ranks", "run"}
# Addresses of other datasets: what the axes are called stands in the attribute `dimensions` too.
SCALES = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}

dump = {}


def attributes(path, item):
    for name, value in item.attrs.items():
        if (path != "/" or name not in SESSION) and name not in SCALES:
            dump[f"{path}@{name}"] = value if isinstance(value, str) else [str(value.dtype), value.tobytes().hex()]


def visit(name, item):
    path = "/" + name
    attributes(path, item)
    if isinstance(item, h5py.Group):
        dump[path] = "group"
    elif h5py.check_string_dtype(item.dtype):
        dump[path] = ["text", item.shape, item.asstr()[()].tolist() if item.shape else item.asstr()[()]]
    else:
        dump[path] = [str(item.dtype), item.shape, item[()].tobytes().hex()]


with h5py.File(sys.argv[1], "r") as atlas:
    attributes("/", atlas)
    atlas.visititems(visit)
json.dump(dump, sys.stdout)
