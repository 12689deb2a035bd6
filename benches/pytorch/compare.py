"""lossatlas against PyTorch: the same work on the same data, one thread each, in turn.

    python compare.py PEERS_PROGRAM [--mnist DIR] [--rounds N] [--networks NAME...]

Every variant of the PyTorch side is tried once; the fastest one and the published one then alternate
with lossatlas. Printed are medians and the lowest and highest ratio of a round.

The last column compares with the hardware: the multiplications and additions of the plain computation, without
what lossatlas saves of them, in the time that lossatlas takes, as a fraction of the rate of a product of two
square matrices in the same round.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy
import torch
from work import STEPS, Peer

PATH_IMAGES = 2000
NAMES = ["fcp", "lenet", "autoencoder", "lstm"]
LBFGS_IMAGES = 6400
BATCH = 64
SQUARE = 2048
# Multiplications of a forward pass of an image: with the pixels, and in the later layers.
PRODUCTS = {
    "fcp": (784 * 50, 50 * 50 + 50 * 10),
    "lenet": (784 * 25 * 6, 100 * 150 * 16 + 400 * 120 + 120 * 84 + 84 * 10),
    "autoencoder": (784 * 32, 32 * 32 + 32 * 32 + 32 * 784),
    "lstm": (28 * 28 * 4 * 48, 28 * 48 * 4 * 48 + 48 * 10),
}


class Lossatlas:
    def __init__(self, program, directory, mnist):
        arguments = [program, directory] + ([mnist] if mnist else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, work, name):
        self.process.stdin.write(f"{work} {name}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def path_variants(peer, vectors, coefficients):
    images, labels = peer.images[:PATH_IMAGES], peer.labels[:PATH_IMAGES]
    data = (vectors, coefficients, images, labels)
    variants = {"published": lambda: peer.path_published(*data)}
    for size in (100, 250, 500):
        variants[f"chunks of {size}"] = lambda size=size: peer.path_chunked(*data, size)
    for size, together in [(100, 51), (250, 51), (100, 17), (250, 17), (500, 5)]:
        label = f"{together} points at once, chunks of {size}"
        variants[label] = lambda size=size, together=together: peer.path_stacked(*data, size, together)
    return variants


def sgd_variants(peer, theta):
    steps = {"published": peer.sgd_published, "tuned": peer.sgd_tuned}
    return {label: lambda make=make: peer.sgd(make(theta.clone())) for label, make in steps.items()}


def lbfgs_variants(peer, theta, trials):
    memory = [(torch.randn_like(theta), torch.randn_like(theta)) for _ in range(10)]
    variants = {"published": lambda: peer.lbfgs_published(theta, memory, trials)}
    for size in (200, 400, 1600, 6400):
        variants[f"chunks of {size}"] = lambda size=size: peer.lbfgs_tuned(theta, memory, trials, size)
    return variants


def check(directory, name, vectors, coefficients, variants):
    """All variants compute what lossatlas computes; returns the seconds that each took."""
    losses = numpy.load(directory / f"{name}-losses.npy")
    gradient = numpy.load(directory / f"{name}-gradient.npy")
    tried = {}
    for label, work in variants.items():
        start = time.perf_counter()
        found = [x.detach().double().numpy() for x in work()]
        tried[label] = time.perf_counter() - start
        for wanted, got in zip((losses, gradient), found):
            error = numpy.linalg.norm(got - wanted) / numpy.linalg.norm(wanted)
            assert error < 1e-4, f"{name}, {label}: relative difference {error:.1e}"
    return tried


def operations(name, losses, gradients):
    """Of so many forward passes, and of forward and backward passes; no gradient with respect to pixels."""
    first, later = PRODUCTS[name]
    return 2 * (losses * (first + later) + gradients * (2 * first + 3 * later))


def compare(what, name, ours, variants, unit, scale, rounds, work, product, tried=None):
    """Prints a row: our time, the two of PyTorch, the ratios, and the fraction of the product rate."""
    tried = tried or {label: seconds(work) for label, work in variants.items()}
    tuned = min(tried, key=tried.get)
    rows = [[ours(), seconds(variants["published"]), seconds(variants[tuned]), product()] for _ in range(rounds)]
    mine, published, fastest, _ = (statistics.median(column) * scale for column in zip(*rows))
    fraction = statistics.median(work / row[0] * row[3] / (2 * SQUARE**3) for row in rows)
    ratios = [[row[i] / row[0] for row in rows] for i in (1, 2)]
    cells = [f"{statistics.median(r):.1f} [{min(r):.1f}, {max(r):.1f}]" for r in ratios]
    print(f"| {name} | {what}, {unit} | {mine:.3g} | {published:.3g} | {fastest:.3g} ({tuned}) | {cells[0]} | {cells[1]} | {fraction:.0%} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mnist")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    print("| network | work, unit | lossatlas | PyTorch, published | PyTorch, fastest | published / lossatlas | fastest / lossatlas | of the product rate |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        atlas = Lossatlas(options.program, folder, options.mnist)
        for name in options.networks:
            atlas.ask("check", name)
            images = torch.from_numpy(numpy.load(directory / "images.npy")).float() / 255
            labels = torch.from_numpy(numpy.load(directory / "labels.npy")).long()
            vectors = torch.from_numpy(numpy.load(directory / f"{name}-vectors.npy"))
            coefficients = torch.from_numpy(numpy.load(directory / "coefficients.npy"))
            peer = Peer(name, images, labels)
            paths = path_variants(peer, vectors, coefficients)
            tried = check(directory, name, vectors, coefficients, paths)
            points = PATH_IMAGES * len(coefficients)
            ours = lambda work, name=name: float(atlas.ask(work, name)[0])
            product = lambda: float(atlas.ask("product", SQUARE)[0])
            end = (options.rounds, operations(name, 0, points), product)
            compare("path", name, lambda: ours("path"), paths, "us per image and point", 1e6 / points, *end, tried)
            mine = lambda: ours("sgd") * STEPS
            end = (options.rounds, operations(name, 0, BATCH * STEPS), product)
            compare("SGD step of 64", name, mine, sgd_variants(peer, vectors[0]), "us", 1e6 / STEPS, *end)
            trials = int(atlas.ask("lbfgs", name)[1])
            iterations = lbfgs_variants(peer, vectors[0], trials)
            what = f"L-BFGS iteration with {trials} trials"
            end = (options.rounds, operations(name, LBFGS_IMAGES * trials, LBFGS_IMAGES), product)
            compare(what, name, lambda: ours("lbfgs"), iterations, "ms", 1e3, *end)


main()
