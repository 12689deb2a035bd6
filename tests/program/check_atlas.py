"""Checks the atlas of the small study on IDX files against docs/format.md, and its numbers against numpy.

    check_atlas.py ATLAS IMAGES

ATLAS is the results of tiny.toml on the IDX files in the directory IMAGES. Prints every problem; exits
with 1 if there is one. Single-precision results are compared with double-precision ones to 1e-4.
"""

import gzip
import os
import sys

import h5py
import numpy as np

INITIALIZATIONS, KEEP, PAIRS, POINTS, STEPS = 4, 3, 2, 7, 3
EPOCHS = {"sgd": 2, "lbfgs": 4}
SPLITS = {"train": "train", "test": "t10k"}
SETS = ["sgd/train", "sgd/test", "lbfgs/train", "lbfgs/test"]
SINGLE = 1e-4

problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


def close(path, found, expected, tolerance=SINGLE):
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        problems.append(f"{path}: shape {found.shape}, not {expected.shape}")
    elif not np.allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max(initial=0.0)):
        problems.append(f"{path}: {found}, not {expected}")


def read_idx(directory, name):
    plain = os.path.join(directory, name)
    with open(plain, "rb") if os.path.exists(plain) else gzip.open(plain + ".gz") as file:
        data = file.read()
    axes = data[3]
    sizes = np.frombuffer(data, ">u4", axes, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def read_images(directory, prefix):
    pixels = read_idx(directory, f"{prefix}-images-idx3-ubyte")
    return pixels.reshape(len(pixels), -1) / 255.0, read_idx(directory, f"{prefix}-labels-idx1-ubyte")


def loss_and_accuracy(atlas, theta, images):
    """Cross-entropy of the fully connected network with softplus, by its definition."""
    pixels, labels = images
    shapes, offsets = atlas["network/shape"][:], atlas["network/offset"][:]
    hidden = pixels
    for layer, (shape, offset) in enumerate(zip(shapes, offsets)):
        rows, columns = shape[shape > 0]
        hidden = hidden @ theta[offset : offset + rows * columns].astype(float).reshape(rows, columns).T
        if layer < len(shapes) - 1:
            hidden = np.logaddexp(0.0, hidden)
    log_sum = np.logaddexp.reduce(hidden, axis=1)
    chosen = hidden[np.arange(len(labels)), labels]
    return np.mean(log_sum - chosen), np.mean(hidden.argmax(axis=1) == labels)


def check_network(atlas):
    shapes, offsets = atlas["network/shape"][:], atlas["network/offset"][:]
    sizes = [int(np.prod(shape[shape > 0])) for shape in shapes]
    require(list(offsets) == [sum(sizes[:i]) for i in range(len(sizes))], f"/network/offset: {offsets}")
    require(sum(sizes) == 42200, f"/network/shape: {shapes}")


def check_set(atlas, name, images):
    path, group = f"/solutions/{name}", atlas[f"solutions/{name}"]
    method, split = name.split("/")
    theta = group["theta"][:]
    require(theta.shape == (KEEP, 42200) and theta.dtype == np.float32, f"{path}/theta: {theta.dtype} {theta.shape}")
    require(np.isfinite(theta).all(), f"{path}/theta: not finite")
    for which, image in images.items():
        recomputed = np.array([loss_and_accuracy(atlas, row, image) for row in theta])
        close(f"{path}/loss_{which}", group[f"loss_{which}"], recomputed[:, 0])
        # An image between two classes may fall to either.
        close(f"{path}/accuracy_{which}", group[f"accuracy_{which}"], recomputed[:, 1], 1.0 / len(image[1]))
    initialization = group["initialization"][:]
    twin = atlas[f"solutions/{method}/train"]
    require(len(set(initialization)) == KEEP and max(initialization) < INITIALIZATIONS, f"{path}/initialization")
    require((initialization == twin["initialization"][:]).all(), f"{path}/initialization: not that of {method}/train")
    curves = atlas[f"solutions/{method}/curves"]
    curve = curves[f"{split}_loss"][:][initialization]
    require((group["epoch"][:] == curve.argmin(axis=1)).all(), f"{path}/epoch: not that of the lowest loss")
    close(f"{path}/loss_{split} against its curve", group[f"loss_{split}"], curve.min(axis=1))


def check_curves(atlas, method):
    path, group = f"/solutions/{method}/curves", atlas[f"solutions/{method}/curves"]
    train, test = group["train_loss"][:], group["test_loss"][:]
    require(list(group["status"].asstr()) == ["done"] * INITIALIZATIONS, f"{path}/status")
    require(all(group["stop_reason"].asstr()), f"{path}/stop_reason: one is empty")
    for name, curve in (("train_loss", train), ("test_loss", test)):
        require(curve.shape == (INITIALIZATIONS, EPOCHS[method] + 1), f"{path}/{name}: {curve.shape}")
        for row, epochs in zip(curve, group["epochs_run"]):
            require(np.isfinite(row[: epochs + 1]).all() and np.isnan(row[epochs + 1 :]).all(), f"{path}/{name}: {row}")
    best = np.nanmin(train, axis=1)
    kept = atlas[f"solutions/{method}/train/initialization"][:]
    require(list(kept) == list(np.argsort(best, kind="stable")[:KEEP]), f"{path}: kept {kept}, the best losses are {best}")
    if method == "lbfgs":
        require((np.diff(train, axis=1) < 0).all(), f"{path}/train_loss: a line search went uphill")


def check_paths(atlas, name, landscape, images):
    path = f"/paths/{name}/on_{landscape}"
    group, solutions = atlas[path], atlas[f"solutions/{name}"]
    get = {key: group[key][()] for key in group}
    pair, loss, straight, t = get["pair"], get["loss"], get["straight_loss"], get["t"]
    require(pair.shape == (PAIRS, 2) and (pair[:, 0] != pair[:, 1]).all(), f"{path}/pair: {pair}")
    require(len({tuple(sorted(ends)) for ends in pair}) == PAIRS, f"{path}/pair: one twice")
    require((solutions["initialization"][:][pair] == get["pair_initialization"]).all(), f"{path}/pair_initialization")
    close(f"{path}/t", t, np.linspace(0, 1, POINTS), 1e-15)
    require(loss.shape == straight.shape == (PAIRS, POINTS) and np.isfinite(loss).all(), f"{path}/loss: {loss}")
    require((get["height"] == loss.max(axis=1)).all(), f"{path}/height")
    require((get["height_straight"] == straight.max(axis=1)).all(), f"{path}/height_straight")
    require((get["height_dense"] >= get["height"]).all(), f"{path}/height_dense")
    require((loss.sum(axis=1) <= straight.sum(axis=1) * (1 + 1e-6)).all(), f"{path}/loss: above the straight line")
    require((get["steps"] == STEPS).all() and (get["best_step"] <= STEPS).all(), f"{path}/steps")
    require(list(group["status"].asstr()) == ["done"] * PAIRS, f"{path}/status")
    require(all(group["stop_reason"].asstr()), f"{path}/stop_reason: one is empty")
    require((group.attrs["set"], group.attrs["landscape"]) == (name, landscape), f"{path}: attributes")
    ends = solutions["theta"][:].astype(float)[pair]
    for row, (a, b) in enumerate(ends):
        line = [loss_and_accuracy(atlas, (1 - s) * a + s * b, images)[0] for s in t]
        close(f"{path}/straight_loss", straight[row], line)
    # All images are in the landscape, so the ends of a path are as high as the solutions.
    at_ends = solutions[f"loss_{landscape}"][:][pair]
    close(f"{path}/loss at the ends", loss[:, [0, -1]], at_ends)
    close(f"{path}/length_straight", get["length_straight"], np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1))
    require((get["length"] >= get["length_straight"] * (1 - 1e-6)).all(), f"{path}/length: below the straight line's")


def check_kernel_pca(atlas, name, sets, kernel):
    path, group = f"/kpca/{name}", atlas[f"kpca/{name}"]
    vectors = np.concatenate([atlas[f"solutions/{name}/theta"][:] for name in sets]).astype(float)
    numbers = np.concatenate([atlas[f"solutions/{name}/initialization"][:] for name in sets])
    require(list(group["set"].asstr()) == np.repeat(sets, KEEP).tolist(), f"{path}/set")
    require(list(group["initialization"]) == list(numbers), f"{path}/initialization")
    center = np.eye(len(vectors)) - 1.0 / len(vectors)
    expected = np.linalg.eigvalsh(center @ kernel(vectors) @ center)[::-1]
    values, projection, explained = (group[key][:] for key in ("eigenvalues", "projection", "explained"))
    kept = len(values)
    require(kept == len(vectors) - 1, f"{path}/eigenvalues: {kept}")
    require((np.diff(values) <= 0).all() and (values >= 0).all(), f"{path}/eigenvalues: {values}")
    close(f"{path}/eigenvalues", values, np.maximum(expected[:kept], 0), 1e-9)
    close(f"{path}/explained", explained, values / expected[expected > 0].sum(), 1e-9)
    close(f"{path}/projection, squares of a component", (projection**2).sum(axis=0), values, 1e-9)
    require(np.abs(projection.sum(axis=0)).max() < 1e-9 * np.abs(projection).max() * kept, f"{path}/projection: off center")
    close(f"{path}/projection, inner products", projection @ projection.T, center @ kernel(vectors) @ center, 1e-9)


def check_statistics(atlas):
    for name in SETS:
        theta = atlas[f"solutions/{name}/theta"][:].astype(float)
        group = atlas[f"statistics/moments/{name}"]
        close(f"/statistics/moments/{name}/mean", group["mean"][()], theta.mean(), 1e-9)
        close(f"/statistics/moments/{name}/standard_deviation", group["standard_deviation"][()], theta.std(), 1e-9)
    for first in ("lbfgs/train", "lbfgs/test"):
        path = f"/statistics/distances/{first.replace('/', '-')}_sgd-test"
        group = atlas[path]
        require(list(group["set"].asstr()) == [first, "sgd/test"], f"{path}/set")
        x, y = (atlas[f"solutions/{name}/theta"][:].astype(float) for name in (first, "sgd/test"))
        origin = (x.mean(axis=0) + y.mean(axis=0)) / 2
        close(f"{path}/distance_first", group["distance_first"], np.linalg.norm(x - origin, axis=1), 1e-9)
        close(f"{path}/distance_second", group["distance_second"], np.linalg.norm(y - origin, axis=1), 1e-9)
        apart = np.linalg.norm(x.mean(axis=0) - y.mean(axis=0))
        close(f"{path}/centroid_distance", group["centroid_distance"][()], apart, 1e-9)
        close(f"{path}/centroid_to_origin", group["centroid_to_origin"][()], apart / 2, 1e-9)


def squared_distances(x):
    return ((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)


def main():
    images = {split: read_images(sys.argv[2], prefix) for split, prefix in SPLITS.items()}
    with h5py.File(sys.argv[1], "r") as atlas:
        require(set(atlas) == {"configuration", "parameter", "network", "solutions", "paths", "kpca", "statistics", "trajectory"}, f"groups {set(atlas)}")
        require("training.keep = 3\n" in atlas.attrs["configuration"], "/@configuration: keep is not there")
        require(atlas["configuration"].asstr()[()] == atlas.attrs["configuration"], "/configuration: not the attribute")
        require(atlas.attrs["ranks"] == 2, f"/@ranks: {atlas.attrs['ranks']}")
        require("" < atlas.attrs["started"] <= atlas.attrs["finished"], "/@started: after @finished")
        check_network(atlas)
        for method in EPOCHS:
            check_curves(atlas, method)
        for name in SETS:
            check_set(atlas, name, images)
            for landscape in SPLITS:
                check_paths(atlas, name, landscape, images[landscape])
        size = 42200
        check_kernel_pca(atlas, "rbf", ["lbfgs/train", "sgd/test"], lambda x: np.exp(-squared_distances(x) / size))
        check_kernel_pca(atlas, "sigmoid", ["lbfgs/test", "sgd/test"], lambda x: np.tanh(x @ x.T / size + 1.0))
        check_statistics(atlas)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
