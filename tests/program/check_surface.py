"""Checks the surfaces of an atlas with numpy alone: directions, heights, projections.

    check_surface.py ATLAS IMAGES.npz

The network is fully connected with softplus and biases. Prints every problem; exits with 1 if there is one.
"""

import sys

import h5py
import numpy as np

problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


def close(path, found, expected, rtol=2e-5, atol=0.0):
    require(np.shape(found) == np.shape(expected), f"{path}: shape {np.shape(found)}, not {np.shape(expected)}")
    if np.shape(found) == np.shape(expected):
        worst = np.max(np.abs(found - expected) - rtol * np.abs(expected), initial=0.0)
        require(worst <= atol, f"{path}: off by {worst}")


def tensors(atlas):
    """Name, shape and slice of every tensor."""
    group = atlas["network"]
    for name, shape, offset in zip(group["name"].asstr()[:], group["shape"][:], group["offset"][:]):
        shape = [int(size) for size in shape if size > 0]
        yield name, shape, slice(int(offset), int(offset) + int(np.prod(shape)))


def loss_and_accuracy(atlas, theta, pixels, labels):
    """Cross-entropy by its definition."""
    hidden, layers = pixels, list(tensors(atlas))
    weights = [layer for layer in layers if len(layer[1]) == 2]
    biases = [layer for layer in layers if len(layer[1]) == 1]
    for k, (_, shape, place) in enumerate(weights):
        hidden = hidden @ theta[place].reshape(shape).T + theta[biases[k][2]]
        if k < len(weights) - 1:
            hidden = np.logaddexp(0.0, hidden)
    log_sum = np.logaddexp.reduce(hidden, axis=1)
    return np.mean(log_sum - hidden[np.arange(len(labels)), labels]), np.mean(hidden.argmax(axis=1) == labels)


def plane(group):
    return group["origin"][:], group["directions"][:]


def check_heights(atlas, name, images):
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)
    axes = [group[axis][:] for axis in ("x", "y")[: len(directions)]]
    places = np.stack([axis.ravel() for axis in np.meshgrid(*axes)], axis=1)
    for on, (pixels, labels) in images.items():
        if f"on_{on}" not in group:
            continue
        heights = group[f"on_{on}"]
        expected = [loss_and_accuracy(atlas, origin + place @ directions, pixels, labels) for place in places]
        loss, accuracy = np.array(expected).T
        close(f"{name} on {on}/loss", heights["loss"][:].ravel(), loss)
        # An image at the boundary of two classes may fall to either side in single precision.
        close(f"{name} on {on}/accuracy", heights["accuracy"][:].ravel(), accuracy, 0.0, 1.01 / len(labels))


def solution(atlas, name):
    name, number = name.rsplit(":", 1)
    group = atlas[f"solutions/{name}"]
    row = list(group["initialization"][:]).index(int(number))
    return group["theta"][row].astype(float), {on: group[f"loss_{on}"][row] for on in ("train", "test")}


def check_anchors(atlas, name):
    """The solutions are in the plane, and have there the losses that training has stored."""
    group = atlas[f"surface/{name}"]
    for index, anchor in enumerate(group.attrs["through"].split(", ")):
        _, losses = solution(atlas, anchor)
        for on, loss in losses.items():
            if f"on_{on}" in group:
                close(f"{name} on {on}/anchor_loss", group[f"on_{on}/anchor_loss"][index], loss, 1e-6)


def check_orthonormal(atlas, name):
    group = atlas[f"surface/{name}"]
    _, directions = plane(group)
    close(f"{name}/directions", directions @ directions.T, np.eye(len(directions)), 0.0, 1e-9)


def check_three(atlas, name):
    """Gram and Schmidt, as Garipov et al. write it."""
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)
    first, second, third = (solution(atlas, one)[0] for one in group.attrs["through"].split(", "))
    u = second - first
    v = third - first - (third - first) @ u / (u @ u) * u
    close(f"{name}/origin", origin, first, 0.0)
    close(f"{name}/directions", directions, np.array([u / np.linalg.norm(u), v / np.linalg.norm(v)]), 0.0, 1e-12)


def check_random(atlas, name):
    """Filter normalization, as Li et al. write it: rows of matrices; biases have no direction."""
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)
    for number, direction in enumerate(directions):
        for tensor, shape, place in tensors(atlas):
            theta, part = origin[place].reshape(shape), direction[place].reshape(shape)
            if len(shape) == 1:
                require(not part.any() and theta.any(), f"{name}: direction {number} of {tensor} is not 0")
                continue
            norms = np.linalg.norm(theta, axis=1)
            close(f"{name}: direction {number} of {tensor}", np.linalg.norm(part, axis=1), norms, 1e-12)
            # Normal random numbers have no direction in common with the weights.
            cosine = np.sum(theta * part) / (np.linalg.norm(theta) * np.linalg.norm(part))
            require(abs(cosine) < 6 / np.sqrt(theta.size), f"{name}: direction {number} is not random: {cosine}")


def check_hessian(atlas, name, images):
    """The second differences of the loss along the directions are the eigenvalues, mixed ones are 0."""
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)
    loss = lambda place: loss_and_accuracy(atlas, origin + np.array(place) @ directions, *images["train"])[0]
    step = 1e-3
    middle = loss((0, 0))
    for k, unit in enumerate(np.eye(2) * step):
        curvature = (loss(unit) + loss(-unit) - 2 * middle) / step**2
        close(f"{name}/eigenvalue {k}", group["eigenvalue"][k], curvature, 1e-4)
    mixed = loss((step, step)) - loss((step, -step)) - loss((-step, step)) + loss((-step, -step))
    close(f"{name}: mixed", mixed / (4 * step**2), 0.0, 0.0, 1e-3 * group["eigenvalue"][0])
    eigenvalues = group["eigenvalue"][:]
    require(eigenvalues[0] >= eigenvalues[1] > 0, f"{name}/eigenvalue: {eigenvalues}")


def check_principal(atlas, name, points):
    """The singular value decomposition of the points."""
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)
    centered = points - points.mean(axis=0)
    _, sizes, rows = np.linalg.svd(centered, full_matrices=False)
    close(f"{name}/origin", origin, points.mean(axis=0), 0.0, 1e-12)
    close(f"{name}/explained", group["explained"][:], sizes[:2] ** 2 / np.sum(sizes**2), 1e-9)
    close(f"{name}/directions", np.abs(np.sum(directions * rows[:2], axis=1)), np.ones(2), 0.0, 1e-9)


def check_places(atlas, name, curves):
    """Coordinates and distances of solutions and curves by least squares."""
    group = atlas[f"surface/{name}"]
    origin, directions = plane(group)

    def places(points):
        coordinates = np.linalg.lstsq(directions.T, (points - origin).T, rcond=None)[0].T
        return coordinates, np.linalg.norm(points - origin - coordinates @ directions, axis=1)

    sets = group["solutions/set"].asstr()[:]
    require(len(sets) == 12, f"{name}: {len(sets)} solutions")
    numbers = group["solutions/initialization"][:]
    points = np.array([solution(atlas, f"{one}:{number}")[0] for one, number in zip(sets, numbers)])
    coordinates, distance = places(points)
    close(f"{name}/solutions/coordinates", group["solutions/coordinates"][:], coordinates, 0.0, 1e-9)
    close(f"{name}/solutions/distance", group["solutions/distance"][:], distance, 0.0, 1e-9)
    names = list(group["curves/name"].asstr()[:])
    on = list(group["curves/landscape"].asstr()[:])
    for (curve, landscape), points in curves.items():
        require((curve, landscape) in zip(names, on), f"{name}: no curve {curve} on {landscape}: {names}")
        index = list(zip(names, on)).index((curve, landscape))
        coordinates, distance = places(points)
        count = len(points)
        # Points of paths are computed in single precision.
        close(f"{name}: {curve}", group["curves/coordinates"][index][:count], coordinates, 0.0, 2e-6)
        close(f"{name}: off {curve}", group["curves/distance"][index][:count], distance, 0.0, 2e-6)
        require(np.isnan(group["curves/distance"][index][count:]).all(), f"{name}: {curve} goes on")


def main():
    atlas_path, images_path, path_name, path_points = sys.argv[1:]
    with np.load(images_path) as archive:
        images = {
            on: (archive[f"{on}_images"].reshape(len(archive[f"{on}_labels"]), -1) / 255.0, archive[f"{on}_labels"].astype(int))
            for on in ("train", "test")
        }
    with h5py.File(atlas_path) as atlas:
        trajectory = atlas["trajectory/lbfgs/0/theta"][:].astype(float)
        path = np.load(path_points).astype(float)
        curves = {(path_name, "train"): path, ("lbfgs:0", ""): trajectory}
        for name in atlas["surface"]:
            check_heights(atlas, name, images)
            check_places(atlas, name, curves)
        for name in ("three", "line", "random", "hessian"):
            check_anchors(atlas, name)
        for name in ("three", "line", "hessian", "path", "trajectory"):
            check_orthonormal(atlas, name)
        check_three(atlas, "three")
        check_random(atlas, "random")
        check_hessian(atlas, "hessian", images)
        check_principal(atlas, "path", path)
        check_principal(atlas, "trajectory", trajectory)


main()
print("\n".join(problems))
sys.exit(bool(problems))
