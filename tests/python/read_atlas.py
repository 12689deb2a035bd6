"""Reads an atlas as a user would, with h5py, and holds it against its contract.

    read_atlas.py ATLAS FORMAT EXPECTED

ATLAS is the file, FORMAT the Markdown page that documents it, EXPECTED a JSON file with what every
dataset must hold: {"loss_unit": ..., "attributes": {path: {name: value}}, "datasets": {path:
{"type", "shape", "bytes" (little-endian) or "texts"}}}. Exits with 1 and a list of all
differences if there are any.
"""

import json
import re
import sys

import h5py

# The names that the documentation leaves open, and what may stand in their place.
OPEN_NAMES = {"METHOD": "(?:sgd|lbfgs)", "LANDSCAPE": "(?:train|test)", "GROUP": "[^/]+", "MEMBER": "(?!curves/|starts/)[^/]+", "A_B": "[^/]+_[^/]+", "NAME": "[^/]+", "NUMBER": "[0-9]+", "LAYER": "[^/]+"}
NUMPY_TYPES = {"float32": "<f4", "float64": "<f8", "uint32": "<u4", "uint64": "<u8"}

problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


def table_rows(text, columns):
    """Cells of the rows of Markdown tables with so many columns whose first cell is code."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == columns and re.fullmatch("`[^`]+`", cells[0]):
            yield [cells[0].strip("`"), *cells[1:]]


def pattern(path):
    """The regular expression of a documented path."""
    parts = re.split("(%s)" % "|".join(OPEN_NAMES), path)
    return re.compile("".join(OPEN_NAMES.get(part, re.escape(part)) for part in parts))


def type_name(dataset):
    text = h5py.check_string_dtype(dataset.dtype)
    if text:
        # Of other texts Octave reads none, and netCDF takes single bytes for characters.
        fixed = text.length is not None and text.length >= 2
        return "text" if fixed and text.encoding == "ascii" else f"text of length {text.length} in {text.encoding}"
    names = [name for name, code in NUMPY_TYPES.items() if dataset.dtype.str == code]
    return names[0] if names else dataset.dtype.str


def texts(dataset):
    values = dataset.asstr()[()]
    return [values] if dataset.shape == () else list(values)


def check_contents(path, dataset, expected):
    require(type_name(dataset) == expected["type"], f"{path}: type {type_name(dataset)}, not {expected['type']}")
    require(list(dataset.shape) == expected["shape"], f"{path}: shape {dataset.shape}, not {expected['shape']}")
    if "texts" in expected:
        require(texts(dataset) == expected["texts"], f"{path}: {texts(dataset)}, not {expected['texts']}")
    else:
        found, wanted = dataset[()].tobytes(), bytes(expected["bytes"])
        require(found == wanted, f"{path}: bytes {found.hex()}, not {wanted.hex()}")


def check_storage(path, dataset):
    profile = dataset.ndim == 2 and path.rsplit("/", 1)[1] in (
        "train_loss", "test_loss", "loss", "straight_loss", "height", "straight_height", "accuracy", "straight_accuracy",
    )
    profile = profile and not path.startswith("/curvature/")
    profile = profile or path.rsplit("/", 1)[1] in ("coefficient", "endpoint")
    stored = (dataset.compression, dataset.shuffle, dataset.chunks is not None)
    require(stored == (("gzip", True, True) if profile else (None, False, False)), f"{path}: stored as {stored}")


def check_description(path, dataset, row, loss_unit):
    _, shape, kind, unit, _ = row
    attributes = dict(dataset.attrs)
    require(len(attributes.get("description", "")) > 10, f"{path}: no description")
    require(f"({attributes.get('dimensions')})" == shape, f"{path}: dimensions {attributes.get('dimensions')}, not {shape}")
    require(len([name for name in shape.strip("()").split(",") if name]) == dataset.ndim, f"{path}: {dataset.ndim} axes")
    require(type_name(dataset) == kind, f"{path}: documented as {kind}, is {type_name(dataset)}")
    unit = {"LOSS": loss_unit, "–": None}.get(unit, unit)
    require(attributes.get("units") == unit, f"{path}: units {attributes.get('units')}, documented as {unit}")
    require((unit is None) == (kind == "text"), f"{path}: {kind} in units of {unit}")
    for name in attributes.get("coordinates", "").split():
        require(name in dataset.parent, f"{path}: told apart by {name}, which is not there")


def check_scales(path, dataset):
    """Each axis has one scale: a dataset of its name and length in the group or one above."""
    names = [name for name in dataset.attrs["dimensions"].split(", ") if name]
    own = h5py.h5ds.is_scale(dataset.id)
    require(own == (names == [path.rsplit("/", 1)[1]]), f"{path}: a scale: {own}, with the axes {names}")
    if own:
        return
    for axis, (name, dimension) in enumerate(zip(names, dataset.dims)):
        scales = dimension.items()
        require([found for found, _ in scales] == [name], f"{path}: the scales of axis {axis} are {scales}, not {name}")
        for _, scale in scales:
            group, found = scale.name.rsplit("/", 1)
            require(path.startswith(group + "/") and found == name, f"{path}: axis {name} is {scale.name}")
            require(scale.shape == dataset.shape[axis : axis + 1], f"{path}: axis {name} of another length than its scale")


def check_attributes(atlas, expected, documentation):
    for path, attributes in expected.items():
        for name, value in attributes.items():
            found = atlas[path].attrs.get(name)
            require(found == value, f"{path}@{name}: {found!r}, not {value!r}")
    documented = {name for name, *_ in table_rows(documentation, 3)}
    require(set(atlas.attrs) == documented, f"attributes of the file {set(atlas.attrs)}, documented {documented}")


def main():
    atlas_path, documentation_path, expected_path = sys.argv[1:]
    with open(documentation_path, encoding="utf-8") as file:
        documentation = file.read()
    with open(expected_path, encoding="utf-8") as file:
        expected = json.load(file)
    rows = [(pattern(row[0]), row) for row in table_rows(documentation, 5)]
    datasets, used = {}, set()

    def visit(name, item):
        path = "/" + name
        if isinstance(item, h5py.Group):
            require(len(item.attrs.get("description", "")) > 10, f"{path}: no description")
            return
        datasets[path] = item
        matching = [row for regular, row in rows if regular.fullmatch(path)]
        require(len(matching) == 1, f"{path}: documented {len(matching)} times")
        for row in matching:
            used.add(row[0])
            check_description(path, item, row, expected["loss_unit"])
        check_scales(path, item)
        check_storage(path, item)
        if path in expected["datasets"]:
            check_contents(path, item, expected["datasets"][path])

    with h5py.File(atlas_path, "r") as atlas:
        atlas.visititems(visit)
        check_attributes(atlas, expected["attributes"], documentation)
        for path in set(datasets) ^ set(expected["datasets"]):
            require(False, f"{path}: " + ("not expected" if path in datasets else "missing"))
        for path in {row[0] for _, row in rows} - used:
            require(False, f"{path}: documented, not in the file")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
