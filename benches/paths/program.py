"""Shared by batches.py and parameters.py: runs lossatlas on the solutions of a network."""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py

HERE = Path(__file__).parent
SETS = {"SGD": "sgd/train", "L-BFGS": "lbfgs/train"}


def parser(description, networks):
    words = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("program", type=lambda name: str(Path(name).resolve()))
    words.add_argument("mnist", type=lambda name: str(Path(name).resolve()))
    words.add_argument("network", choices=networks)
    words.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "lossatlas-paths")
    words.add_argument("--ranks", default="2")
    return words


class Program:
    """The program with the solutions of one network, trained when it is made."""

    def __init__(self, arguments, changes=()):
        self.arguments = arguments
        # Each sweep trains in its own way.
        self.root = arguments.directory / Path(sys.argv[0]).stem / arguments.network
        os.environ |= {"OMPI_MCA_rmaps_base_oversubscribe": "1", "SOLUTIONS": str(self.root / "solutions")}
        self._run("train", HERE / f"{arguments.network}-solutions.toml", self.root / "solutions", changes)

    def heights(self, out, changes):
        """Dense heights of the paths found with these settings, by optimizer, and the number of points."""
        self._run("run", HERE / f"{self.arguments.network}.toml", self.root / out, changes)
        with h5py.File(self.root / out / "atlas.h5") as atlas:
            groups = {optimizer: atlas[f"paths/{name}/on_train"] for optimizer, name in SETS.items()}
            points = groups["SGD"]["loss"].shape[1]
            return {optimizer: group["height_dense"][:] for optimizer, group in groups.items()}, points

    def _run(self, stage, configuration, out, changes=()):
        changes = [f"dataset.dir={self.arguments.mnist}", *changes]
        changes = itertools.chain.from_iterable(("--set", change) for change in changes)
        command = ["mpirun", "-n", self.arguments.ranks, self.arguments.program]
        done = subprocess.run(
            [*command, stage, str(configuration), *changes, "--out", str(out)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise SystemExit(done.stderr)


def spread(heights):
    """The median with the lowest and the highest."""
    return f"{statistics.median(heights):.2g} [{min(heights):.2g}, {max(heights):.2g}]"
