"""Kernel PCA of lossatlas against that of scikit-learn: the same vectors, one thread each, in turn.

    python kernel_pca.py EMBEDDING_PROGRAM [--counts N...] [--rounds N]

scikit-learn gets the vectors in single precision, as they are, and in double precision. Its kernel matrix has the
precision of the vectors. That of lossatlas always has double precision. The conversion of the vectors is not timed.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import threadpoolctl
from sklearn.decomposition import KernelPCA

COMPONENTS = 10


class Lossatlas:
    def __init__(self, program, directory):
        pipes = {"env": os.environ | {"OPENBLAS_NUM_THREADS": "1"}, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([program, directory], **pipes)
        assert self.process.stdout.readline() == "written\n"

    def ask(self, work, count):
        self.process.stdin.write(f"{work} {count}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def fit(vectors):
    """Seconds, eigenvalues and projection."""
    pca = KernelPCA(kernel="rbf", gamma=1 / vectors.shape[1], eigen_solver="dense", n_components=COMPONENTS)
    start = time.perf_counter()
    projection = pca.fit_transform(vectors)
    return time.perf_counter() - start, pca.eigenvalues_, projection


def product_rate():
    """Gigaflops of a large square product of doubles."""
    matrix = numpy.ones((2048, 2048))
    start = time.perf_counter()
    matrix @ matrix
    return 2 * 2048**3 / (time.perf_counter() - start) / 1e9


def differences(directory, eigenvalues, projection):
    """The largest one of eigenvalues and that of coordinates, up to signs, relative to the first component."""
    ours = numpy.load(directory / "eigenvalues.npy"), numpy.load(directory / "projection.npy")
    signs = numpy.sign((ours[1] * projection).sum(axis=0))
    values = numpy.abs(ours[0] - eigenvalues).max() / ours[0][0]
    return values, numpy.abs(ours[1] - signs * projection).max() / numpy.abs(ours[1]).max()


def spread(numbers, digits):
    low, middle, high = (f"{f(numbers):.{digits}f}" for f in (min, statistics.median, max))
    return f"{middle} [{low}, {high}]"


def compare(atlas, directory, vectors, rounds):
    """Prints a row for each precision: times, ratios, our kernel matrix against the rate of products."""
    count, width = vectors.shape
    kinds = {"single": (vectors, 1e-5, 1e-4), "double": (vectors.astype(float), 1e-12, 1e-10)}
    atlas.ask("check", count)
    for kind, (data, value_limit, projection_limit) in kinds.items():
        values, coordinates = differences(directory, *fit(data)[1:])
        assert values < value_limit and coordinates < projection_limit, (count, kind, values, coordinates)
    rows = []
    for _ in range(rounds):
        times = [atlas.ask("fit", count)] + [fit(data)[0] for data, _, _ in kinds.values()]
        rate = statistics.median(product_rate() for _ in range(3))
        rows.append([*times, count**2 * width / atlas.ask("kernel", count) / 1e9 / rate])
    ours, single, double, fraction = zip(*rows)
    cells = [spread(times, 3 if max(times) < 1 else 2) for times in (ours, single, double)]
    cells += [spread([row[i] / row[0] for row in rows], 2) for i in (1, 2)] + [spread(fraction, 2)]
    print(f"| {count} | " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 1000, 4000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| n | lossatlas, s | scikit-learn, single, s | double, s | single / lossatlas | double / lossatlas | kernel matrix / dgemm rate |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, threadpoolctl.threadpool_limits(1):
        atlas = Lossatlas(options.program, folder)
        vectors = numpy.load(Path(folder) / "vectors.npy", mmap_mode="r")
        for count in options.counts:
            compare(atlas, Path(folder), numpy.array(vectors[:count]), options.rounds)


main()
