"""What a path costs and how low it comes: all images in every step, or a random batch.

    python sweep.py LOSSATLAS MNIST NETWORK [--directory DIR] [--learning-rates RATE...]

NETWORK names the configuration beside this file. Trains once, then finds the same paths with each kind of descent,
and prints a table of median dense heights against evaluations of an image at a point with its gradient (one without
counts as a third), medians with the lowest and the highest.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import tempfile
import tomllib
from pathlib import Path

import h5py

HERE = Path(__file__).parent
# Steps by images a step.
STEPS = {
    "fcp": {"all": [25, 50, 100], 1000: [50, 100, 200], 250: [100, 200, 400]},
    "lstm": {"all": [25, 50, 100], 200: [50, 100, 200], 100: [100, 200, 400]},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda name: str(Path(name).resolve()))
    parser.add_argument("mnist", type=lambda name: str(Path(name).resolve()))
    parser.add_argument("network", choices=STEPS)
    parser.add_argument("--directory", default=tempfile.gettempdir())
    parser.add_argument("--learning-rates", nargs="+", default=["1e-3"])
    parser.add_argument("--ranks", default="2")
    arguments = parser.parse_args()
    root = Path(arguments.directory) / f"batches-{arguments.network}"
    configuration = HERE / f"{arguments.network}.toml"
    images = tomllib.loads(configuration.read_text())["paths"]["train"]
    os.environ["SOLUTIONS"] = str(root / "solutions")

    def lossatlas(stage, configuration, out, changes=()):
        changes = itertools.chain.from_iterable(("--set", change) for change in [f"dataset.dir={arguments.mnist}", *changes])
        command = ["mpirun", "-n", arguments.ranks, arguments.program, stage, str(configuration), *changes, "--out", str(out)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)

    lossatlas("train", HERE / f"{arguments.network}-solutions.toml", root / "solutions")
    print("| images a step | learning rate | steps | evaluations, 10⁶ | ω^train of SGD | of L-BFGS |")
    print("|---|---|---|---|---|---|")
    for (batch, counts), rate in itertools.product(STEPS[arguments.network].items(), arguments.learning_rates):
        for steps in counts:
            out = root / f"{batch}-{rate}-{steps}"
            lossatlas("run", configuration, out, [f"paths.batch={batch}", f"paths.steps={steps}", f"paths.learning_rate={rate}"])
            with h5py.File(out / "atlas.h5") as atlas:
                groups = [atlas[f"paths/{method}/train/on_train"] for method in ("sgd", "lbfgs")]
                cost = evaluations(batch, steps, images, groups[0]["loss"].shape[1])
                heights = [spread(group["height_dense"][:]) for group in groups]
            print(f"| {batch} | {rate} | {steps} | {cost / 1e6:.1f} | {heights[0]} | {heights[1]} |", flush=True)


def spread(heights):
    """The median with the lowest and the highest."""
    return f"{statistics.median(heights):.2g} [{min(heights):.2g}, {max(heights):.2g}]"


def evaluations(batch, steps, images, points):
    """Of images at points with gradients; the descent alone, the profiles are the same for all."""
    if batch == "all":
        return steps * images * points
    looks = -(-steps // -(-images // batch))
    return (steps * batch + looks * images / 3) * points


if __name__ == "__main__":
    os.environ |= {"OMPI_MCA_rmaps_base_oversubscribe": "1"}
    main()
