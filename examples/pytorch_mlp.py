"""A multilayer perceptron with biases and tanh on three spirals: nothing to download.

    pip install ./python torch                       # once, in a clone of the repository
    python3 examples/pytorch_mlp.py train            # Adam and SGD, 8 times each: adam.npy, sgd.npy
    mpirun -n 2 lossatlas run examples/pytorch_mlp.toml --out results/mlp

Without an argument this program answers lossatlas. Started by hand in a terminal, it checks its
gradients.
docs/your-own-model.md goes through it step by step.
"""

import math
import sys

import torch
from torch import nn

from lossatlas_landscape import torch_landscape


def spirals(per_arm, seed):
    """Points on three spiral arms with noise: inputs (3 per_arm, 2), classes (3 per_arm,)."""
    generator = torch.Generator().manual_seed(seed)
    classes = torch.arange(3).repeat(per_arm)
    radius = torch.rand(len(classes), generator=generator).sqrt()
    angle = 4.0 * radius + classes * (2.0 * math.pi / 3.0)
    inputs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    return inputs + 0.04 * torch.randn(inputs.shape, generator=generator), classes


def network():
    return nn.Sequential(
        nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 3)
    )


data = {"train": spirals(200, seed=1), "test": spirals(200, seed=2)}
landscape = torch_landscape(network(), nn.functional.cross_entropy, data, name="spirals")


def trained(optimizer, epochs, seed):
    """A network, trained on batches of 50 points."""
    torch.manual_seed(seed)
    module = network()
    step = optimizer(module.parameters())
    inputs, classes = data["train"]
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(50):
            step.zero_grad()
            nn.functional.cross_entropy(module(inputs[batch]), classes[batch]).backward()
            step.step()
    return module


if sys.argv[1:] == ["train"]:
    torch.set_num_threads(1)
    adam = lambda parameters: torch.optim.Adam(parameters, lr=0.01)
    sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    landscape.save("adam.npy", [trained(adam, 150, seed) for seed in range(8)])
    landscape.save("sgd.npy", [trained(sgd, 150, seed) for seed in range(8)])
else:
    landscape.serve()
