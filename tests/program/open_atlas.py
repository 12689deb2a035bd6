"""Opens a run as its readers do: every group of the atlas with xarray, every table of the report with pandas.

    open_atlas.py ATLAS REPORT

Dimensions must have names, numbers must be those that h5py reads, the two must agree with each other, and
docs/format.md must have the columns of the tables.
Prints every problem; exits with 1 if there is one.
"""

import sys
from pathlib import Path

import h5py
import numpy as np
import pandas
import xarray

atlas, report = Path(sys.argv[1]), Path(sys.argv[2])
problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


def open_group(name):
    return xarray.open_dataset(atlas, group=name, engine="h5netcdf")


def check_group(file, name):
    with open_group(name) as opened:
        for key, item in file[name].items():
            if not isinstance(item, h5py.Dataset):
                continue
            path, found = f"{item.name}", opened[key]
            require(", ".join(found.dims) == item.attrs["dimensions"], f"{path}: dimensions {found.dims}")
            if h5py.check_string_dtype(item.dtype):
                same = np.array_equal(found.astype(str).values, item.asstr()[()])
            else:
                same = found.dtype == item.dtype and np.array_equal(found.values, item[()], equal_nan=True)
                require(found.attrs["units"] == item.attrs["units"], f"{path}: units {found.attrs.get('units')}")
            require(same, f"{path}: other values in xarray")
            require(found.attrs["description"] == item.attrs["description"], f"{path}: no description")


def check_coordinates():
    """Coordinates do what they are for: selecting by value, and telling rows apart."""
    with open_group("paths/lbfgs/train/on_train") as paths:
        require(np.array_equal(paths["loss"].max("t"), paths["height"]), "the highest loss over t is not the height")
        require(np.array_equal(paths["loss"].sel(t=1.0), paths["loss"][:, -1]), "t = 1 is not the last point")
    with open_group("solutions/sgd/train") as kept, open_group("solutions/sgd/curves") as curves:
        require({"vector", "initialization"} <= set(kept["loss_train"].coords), "coordinates of a set")
        own = curves["train_loss"].sel(initialization=kept["initialization"], epoch=kept["epoch"])
        require(np.allclose(own, kept["loss_train"], rtol=1e-6), "the losses of a set are not those of its curves")
    with open_group("kpca/rbf") as analysis:
        require({"set", "initialization"} <= set(analysis["projection"].coords), "coordinates of a kernel PCA")
        means = analysis["projection"].groupby("set").mean("vector")
        require(means.sizes["set"] == 2, "sets of a kernel PCA")


def check_tables():
    tables = {file.stem: pandas.read_csv(file, float_precision="round_trip") for file in report.glob("*.csv")}
    require(len(tables) >= 10, f"tables {sorted(tables)}")
    for name, table in tables.items():
        require(len(table) > 0 and not any(column.startswith("Unnamed") for column in table), f"{name}.csv: {table}")
    page = (Path(__file__).parents[2] / "docs" / "format.md").read_text().splitlines()
    for name, table in tables.items():
        row = "".join(line for line in page if line.startswith("| `") and f"`{name}.csv`" in line)
        missing = [column for column in table if f"`{column}`" not in row]
        require(not missing, f"docs/format.md does not have {missing} of {name}.csv")
    for column in ("height", "height_dense", "height_straight", "higher_endpoint", "length", "length_straight"):
        require(tables["barriers"][column].dtype == float, f"barriers.csv: {column} is no number")
    for (name, landscape), rows in tables["barriers"].groupby(["set", "landscape"]):
        with open_group(f"paths/{name}/on_{landscape}") as paths:
            done = paths["height"].where(paths["status"].astype(str) == "done", drop=True)
            require(np.array_equal(rows["height"], done), f"barriers.csv: heights of {name} on {landscape}")


with h5py.File(atlas, "r") as file:
    groups = [""]
    file.visititems(lambda name, item: groups.append(name) if isinstance(item, h5py.Group) else None)
    for group in groups:
        check_group(file, group or "/")
    require(len(groups) > 30, f"groups {groups}")
check_coordinates()
check_tables()
print("\n".join(problems))
sys.exit(bool(problems))
