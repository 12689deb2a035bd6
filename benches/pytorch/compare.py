"""lossatlas against PyTorch: the same work on the same data, one thread each, in turn.

    python compare.py PEERS_PROGRAM [--before PEERS_PROGRAM] [--only-before] [--mnist DIR] [--rounds N] [--networks NAME...]

Every variant of the PyTorch side is tried once. Then the fastest one and the published one alternate with lossatlas.
The table has medians, and the lowest and the highest ratio of a round. Times are processor time, so that other
programs on the machine matter little.

The column "of the product rate" compares lossatlas with the hardware. Its rate is the number of multiplications and
additions of the plain computation, divided by the time of lossatlas. lossatlas needs fewer of them. The column divides
this rate by that of a product of two square matrices in the same round.

With --before, the peers program of another version takes part in every round. The last column is its time divided by
the time of this version. With --only-before it is compared with this version alone, which needs neither PyTorch nor
NumPy.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from program import PATH_IMAGES, Lossatlas, cell, compare_programs

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


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


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
        start = time.process_time()
        found = [x.detach().double().numpy() for x in work()]
        tried[label] = time.process_time() - start
        for wanted, got in zip((losses, gradient), found):
            error = numpy.linalg.norm(got - wanted) / numpy.linalg.norm(wanted)
            assert error < 1e-4, f"{name}, {label}: relative difference {error:.1e}"
    return tried


def operations(name, losses, gradients):
    """Of so many forward passes, and of forward and backward passes; no gradient with respect to pixels."""
    first, later = PRODUCTS[name]
    return 2 * (losses * (first + later) + gradients * (2 * first + 3 * later))


def compare(programs, work, what, name, variants, unit, scale, rounds, operations, repeat=1, tried=None):
    """Prints a row: our time, the two of PyTorch, the ratios, the fraction of the product rate, and the ratio to before.

    `repeat` is how often PyTorch does what lossatlas reports once.
    """
    tried = tried or {label: seconds(variant) for label, variant in variants.items()}
    tuned = min(tried, key=tried.get)
    rows = []
    for _ in range(rounds):
        ours = [program.seconds(work, name) * repeat for program in programs]
        theirs = [seconds(variants[label]) for label in ("published", tuned)]
        rows.append((ours, theirs, programs[0].seconds("product", SQUARE)))
    mine = statistics.median(ours[0] for ours, _, _ in rows) * scale
    published, fastest = (statistics.median(theirs[i] for _, theirs, _ in rows) * scale for i in (0, 1))
    fraction = statistics.median(operations / ours[0] * product / (2 * SQUARE**3) for ours, _, product in rows)
    cells = [cell([theirs[i] / ours[0] for ours, theirs, _ in rows], 1) for i in (0, 1)] + [f"{fraction:.0%}"]
    cells += [cell([ours[1] / ours[0] for ours, _, _ in rows], 3)] if len(programs) > 1 else []
    times = f"{mine:.3g} | {published:.3g} | {fastest:.3g} ({tuned})"
    print(f"| {name} | {what}, {unit} | {times} | {' | '.join(cells)} |", flush=True)


def compare_network(programs, name, rounds):
    atlas = programs[0]
    atlas.ask("check", name)
    images = torch.from_numpy(numpy.load(atlas.directory / "images.npy")).float() / 255
    labels = torch.from_numpy(numpy.load(atlas.directory / "labels.npy")).long()
    vectors = torch.from_numpy(numpy.load(atlas.directory / f"{name}-vectors.npy"))
    coefficients = torch.from_numpy(numpy.load(atlas.directory / "coefficients.npy"))
    peer = Peer(name, images, labels)
    paths = path_variants(peer, vectors, coefficients)
    tried = check(atlas.directory, name, vectors, coefficients, paths)
    points = PATH_IMAGES * len(coefficients)
    unit, scale = "us per image and point", 1e6 / points
    work = operations(name, 0, points)
    compare(programs, "path", "path", name, paths, unit, scale, rounds, work, tried=tried)
    steps, work = sgd_variants(peer, vectors[0]), operations(name, 0, BATCH * STEPS)
    compare(programs, "sgd", "SGD step of 64", name, steps, "us", 1e6 / STEPS, rounds, work, STEPS)
    trials = int(atlas.ask("lbfgs", name)[1])
    iterations = lbfgs_variants(peer, vectors[0], trials)
    what, work = f"L-BFGS iteration with {trials} trials", operations(name, LBFGS_IMAGES * trials, LBFGS_IMAGES)
    compare(programs, "lbfgs", what, name, iterations, "ms", 1e3, rounds, work)


def compare_with_pytorch(options):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    titles = ["network", "work, unit", "lossatlas", "PyTorch, published", "PyTorch, fastest"]
    titles += ["published / lossatlas", "fastest / lossatlas", "of the product rate"]
    titles += ["before / now"] if options.before else []
    print(f"| {' | '.join(titles)} |\n{'|---' * len(titles)}|")
    with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as other:
        programs = [Lossatlas(options.program, mine, options.mnist)]
        programs += [Lossatlas(options.before, other, options.mnist)] if options.before else []
        for name in options.networks:
            compare_network(programs, name, options.rounds)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--before", help="the peers program of another version")
    parser.add_argument("--only-before", action="store_true", help="leave PyTorch out")
    parser.add_argument("--mnist")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--networks", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    if options.only_before and not options.before:
        parser.error("--only-before needs --before")
    return options


if __name__ == "__main__":
    chosen = arguments()
    if chosen.only_before:
        compare_programs(chosen.program, chosen.before, chosen.mnist, chosen.networks, chosen.rounds)
        sys.exit()
    import numpy
    import torch
    from work import STEPS, Peer

    compare_with_pytorch(chosen)
