"""Checks the curvature of linear softmax models against the closed form of their Hessian.

    check_curvature.py ATLAS IMAGES.npz COUNT

With the outputs p = softmax(W x) the Hessian of the mean cross-entropy is the mean over the images
of (diag p - p p^T) x (x x^T). Prints every problem; exits with 1 if there is one.
"""

import sys

import h5py
import numpy as np

problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


class Model:
    """W, (classes, pixels), on images x, (n, pixels), with labels."""

    def __init__(self, theta, x, labels):
        self.x, self.labels = x, labels
        self.w = theta.reshape(-1, x.shape[1])
        outputs = x @ self.w.T
        outputs -= outputs.max(axis=1, keepdims=True)
        self.log_p = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
        self.p = np.exp(self.log_p)

    def loss(self):
        return -self.log_p[np.arange(len(self.labels)), self.labels].mean()

    def slope(self):
        error = self.p.copy()
        error[np.arange(len(self.labels)), self.labels] -= 1
        return np.linalg.norm(error.T @ self.x) / len(self.x)

    def product(self, v):
        u = self.x @ v.T
        u = self.p * (u - (self.p * u).sum(axis=1, keepdims=True))
        return u.T @ self.x / len(self.x)

    def trace(self):
        return ((1 - (self.p**2).sum(axis=1)) * (self.x**2).sum(axis=1)).mean()

    def filters(self):
        return np.broadcast_to(np.linalg.norm(self.w, axis=1, keepdims=True), self.w.shape)

    def largest(self, count, scales):
        """The largest eigenvalues of D H D, by iterations of a subspace from a fixed start."""
        size = count + 10
        start = np.sin(np.arange(1, size * self.w.size + 1) ** 1.1)
        basis = np.linalg.qr(start.reshape(self.w.size, size))[0]
        for _ in range(300):
            images = [scales * self.product(scales * v.reshape(self.w.shape)) for v in basis.T]
            images = np.array([image.ravel() for image in images]).T
            basis = np.linalg.qr(images)[0]
        small = basis.T @ np.array(
            [(scales * self.product(scales * v.reshape(self.w.shape))).ravel() for v in basis.T]
        ).T
        return np.linalg.eigvalsh((small + small.T) / 2)[::-1][:count]


def close(found, expected, tolerance, what):
    error = np.max(np.abs(np.asarray(found) - expected)) / np.max(np.abs(expected))
    require(error <= tolerance, f"{what}: {found}, not {expected}: off by {error:.1e}")


def check(atlas, name, on, x, labels):
    path = f"/curvature/{name}/on_{on}"
    group, solutions = atlas[path], atlas[f"/solutions/{name}"]
    numbers = list(solutions["initialization"][:])
    require(all(status == "done" for status in group["status"].asstr()[:]), f"{path}: not done")
    for row, number in enumerate(group["initialization"][:]):
        model = Model(solutions["theta"][numbers.index(number)].astype(float), x, labels)
        place = f"{path}, {number}"
        close(group["loss"][row], model.loss(), 1e-12, f"{place}: loss")
        close(group["slope"][row], model.slope(), 1e-10, f"{place}: slope")
        close(group["norm"][row], np.linalg.norm(model.w), 1e-12, f"{place}: norm")
        count = group["eigenvalues"].shape[1]
        expected = model.largest(count, np.ones_like(model.w))
        # The error of an eigenvalue is at most its residual.
        bound = group["residuals"][row].max() / expected[0] + 1e-8
        close(group["eigenvalues"][row], expected, bound, f"{place}: eigenvalues")
        require(bound < 2e-4, f"{place}: residuals {group['residuals'][row]}")
        normalized = model.largest(1, model.filters())[0]
        close(group["filter_normalized"][row], normalized, 1e-4, f"{place}: filter-normalized")
        # A softmax does not change if the same vector is added to all rows.
        lowest = group["lowest"][row][0]
        require(abs(lowest) < 1e-4 * expected[0], f"{place}: lowest {lowest}, not 0")
        doubling = np.sqrt(2 * model.loss() / expected[0])
        close(group["doubling_distance"][row], doubling, 1e-4, f"{place}: doubling distance")
        error = group["trace_error"][row]
        off = abs(group["trace"][row] - model.trace()) / error
        require(off < 4, f"{place}: trace {group['trace'][row]} +- {error}, not {model.trace()}")
        require(error < 0.2 * model.trace(), f"{place}: the error of the trace is {error}")
        nodes, weights = group["density_nodes"][row], group["density_weights"][row]
        close(weights.sum(axis=1), np.ones(len(weights)), 1e-10, f"{place}: weights")
        # The mean of lambda over the spectrum is the trace; the highest node is the largest.
        mean = (nodes * weights).sum(axis=1).mean() * model.w.size
        close(mean, group["trace"][row], 1e-8, f"{place}: mean of the density")
        close(nodes[:, -1], expected[0] * np.ones(len(nodes)), 1e-3, f"{place}: highest node")


def main():
    atlas_path, images_path, count = sys.argv[1:]
    images = np.load(images_path)
    with h5py.File(atlas_path) as atlas:
        for on in ("train", "test"):
            pixels = images[f"{on}_images"][: int(count)]
            x = pixels.reshape(len(pixels), -1) / (255.0 if pixels.dtype == np.uint8 else 1.0)
            labels = images[f"{on}_labels"][: int(count)]
            for name in ("sgd/train", "lbfgs/test"):
                check(atlas, name, on, x, labels)
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()
