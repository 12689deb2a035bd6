"""Prints every dataset and attribute of HDF5 files as JSON, a line for each file: path -> [type, shape, bytes or texts].

    dump_atlas.py ATLAS...

What belongs to the session and not to the results is left out.
"""

import json
import sys

import h5py

SESSION = {"started", "finished", "host", "ranks", "run"}
# Addresses of other datasets: what the axes are called stands in the attribute `dimensions` too.
SCALES = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"}


def dump(atlas):
    found = {}

    def attributes(path, item):
        for name, value in item.attrs.items():
            if (path != "/" or name not in SESSION) and name not in SCALES:
                text = isinstance(value, str)
                found[f"{path}@{name}"] = value if text else [str(value.dtype), value.tobytes().hex()]

    def visit(name, item):
        path = "/" + name
        attributes(path, item)
        if isinstance(item, h5py.Group):
            found[path] = "group"
        elif h5py.check_string_dtype(item.dtype):
            text = item.asstr()[()]
            found[path] = ["text", item.shape, text.tolist() if item.shape else text]
        else:
            found[path] = [str(item.dtype), item.shape, item[()].tobytes().hex()]

    attributes("/", atlas)
    atlas.visititems(visit)
    return found


for name in sys.argv[1:]:
    with h5py.File(name, "r") as atlas:
        print(json.dumps(dump(atlas)))
