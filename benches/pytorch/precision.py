"""The lowest loss that L-BFGS-GSS reaches in single and in double precision: `make bench-precision`.

    python precision.py PRECISION [--mnist DIR] [--images N] [--iterations N]

PRECISION is the program of benches/precision.rs. lossatlas and PyTorch run the same algorithm from the same start. Only
the arithmetic differs: lossatlas computes the cross-entropy always in double precision, PyTorch in that of the network.
"""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from networks import assign, build
from torch.nn import functional
from work import two_loops

GOLDEN = (3 - math.sqrt(5)) / 2
DECADES = [1, 2, 4, 6, 7, 8, 9, 10, 12, 16, 20, 30]


class Lbfgs:
    """src/optimizer/lbfgs.rs and golden_section.rs in PyTorch."""

    def __init__(self, images, labels, theta):
        self.module = build("fcp").to(theta.dtype)
        self.parameters = list(self.module.parameters())
        self.images, self.labels, self.theta = images.to(theta.dtype), labels, theta
        self.loss, self.gradient = self.value(theta, True)
        self.memory, self.scale = [], self.first_scale()

    def first_scale(self):
        return min(1.0, 1 / self.gradient.norm().item())

    def value(self, theta, gradient=False):
        assign(self.parameters, theta)
        with torch.set_grad_enabled(gradient):
            loss = functional.cross_entropy(self.module(self.images), self.labels)
        if not gradient:
            return loss.item()
        parts = torch.autograd.grad(loss, self.parameters)
        return loss.item(), torch.cat([part.reshape(-1) for part in parts])

    def iterate(self):
        """Why it ends, if it does."""
        if not self.gradient.any():
            return "zero gradient"
        directions = []
        if self.memory:
            direction = -two_loops(self.gradient, self.memory, self.scale)
            slope = (direction.double() @ self.gradient.double()).item()
            if math.isfinite(slope) and slope < 0:
                directions.append((direction, None))
        directions += [(-scale * self.gradient, scale) for scale in dict.fromkeys([self.scale, self.first_scale()])]
        for direction, steepest in directions:
            step = search(self.loss, 6, 1e-4, lambda u: self.value(self.theta + u * direction))
            if step is not None:
                self.advance(self.theta + step * direction, steepest)
                return None
        return "nothing lower"

    def advance(self, theta, steepest):
        if steepest is not None:
            self.memory, self.scale = [], steepest
        loss, gradient = self.value(theta, True)
        s, y = theta - self.theta, gradient - self.gradient
        self.theta, self.loss, self.gradient = theta, loss, gradient
        curvature, lengths = (s.double() @ y.double()).item(), (s.double().norm() * y.double().norm()).item()
        if lengths > 0 and curvature / lengths >= 1e-4:
            self.scale = curvature / (y.double() @ y.double()).item()
            self.memory = [*self.memory, (s, y)][-10:]
        else:
            self.memory = []


def search(at_zero, evaluations, tolerance, f):
    """The length of a step that goes down, or nothing."""
    values = iter(range(evaluations))

    def trial(length):
        if next(values, None) is None:
            return None
        value = f(length)
        return length, value if math.isfinite(value) else math.inf

    low, middle, high, growth = (0.0, at_zero), trial(0.2), None, 4.0
    if middle[1] < at_zero:
        while high is None:
            further = trial(middle[0] * growth)
            if further is None:
                return middle[0]
            if further[1] >= middle[1]:
                high = further
            else:
                low, middle, growth = middle, further, 2.0
    else:
        while middle[1] >= at_zero:
            high, middle = middle, trial(middle[0] * GOLDEN)
            if middle is None:
                return None
    while high[0] - low[0] > tolerance * middle[0]:
        above = high[0] - middle[0] > middle[0] - low[0]
        end = high if above else low
        inner = trial(middle[0] + GOLDEN * (end[0] - middle[0]))
        if inner is None:
            break
        if inner[1] < middle[1]:
            low, middle, high = (middle, inner, high) if above else (low, inner, middle)
        else:
            low, high = (low, inner) if above else (inner, high)
    return middle[0]


def descend(directory, precision, iterations):
    load = lambda name: torch.from_numpy(np.load(directory / f"{name}.npy"))
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    images, labels = (load("images").to(dtype) / 255), load("labels").long()
    lbfgs = Lbfgs(images, labels, load("theta").to(dtype))
    losses, end = [lbfgs.loss], "completed"
    for iteration in range(iterations):
        reason = lbfgs.iterate()
        if reason:
            end = f"{reason} in iteration {iteration + 1}"
            break
        losses.append(lbfgs.loss)
    return {"precision": precision, "losses": losses, "end": end, "norm": lbfgs.theta.norm().item(),
            "gradient": lbfgs.gradient.norm().item()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--mnist")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--iterations", type=int, default=400)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as directory:
        command = [arguments.program, directory, str(arguments.images), str(arguments.iterations)]
        command += [arguments.mnist] if arguments.mnist else []
        done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        runs = {f"lossatlas, {run['precision']}": run for run in map(json.loads, done.splitlines())}
        for precision in ("f32", "f64"):
            runs[f"PyTorch, {precision}"] = descend(Path(directory), precision, arguments.iterations)
    print(f"| iterations to a training loss of | {' | '.join(runs)} |")
    print("|---" * (len(runs) + 1) + "|")
    for decade in DECADES:
        reached = [next((i for i, loss in enumerate(run["losses"]) if loss <= 10**-decade), None) for run in runs.values()]
        print(f"| 1e-{decade} | {' | '.join('never' if i is None else str(i) for i in reached)} |")
    show = {"last loss": lambda run: f"{run['losses'][-1]:.3g}", "ends": lambda run: run["end"],
            "norm of θ there": lambda run: f"{run['norm']:.1f}", "norm of the gradient there": lambda run: f"{run['gradient']:.2g}"}
    for name, of in show.items():
        print(f"| {name} | {' | '.join(of(run) for run in runs.values())} |")


if __name__ == "__main__":
    main()
