"""A small residual network with batch norm on color images: nothing to download.

    pip install ./python torch                       # once, in a clone of the repository
    python3 examples/pytorch_cnn.py train            # Adam, 6 times: cnn.npy
    mpirun -n 2 lossatlas run examples/pytorch_cnn.toml --out results/cnn

The images are drawn: a disk, a ring or a cross, in a warm or a cold color, on a noisy ground.

Batch norm: a landscape needs fixed running statistics, but each training ends with its own.
`landscape.save` moves them into weights and biases (see its documentation). The imported vectors
then have the losses of the trained networks in evaluation mode. It prints both losses.
"""

import sys

import torch
from torch import nn

from lossatlas_landscape import torch_landscape


def drawings(count, seed, size=12):
    """Images (count, 3, size, size) and their classes, 0 to 5: shape + 3 * (warm or cold)."""
    generator = torch.Generator().manual_seed(seed)
    random = lambda *shape: torch.rand(*shape, generator=generator)
    shapes, colors = (random(count) * 3).long(), (random(count) * 2).long()
    axis = torch.arange(size) - (size - 1) / 2
    center = 3.0 * random(2, count, 1, 1) - 1.5
    y, x = axis[:, None] - center[0], axis[None, :] - center[1]
    radius, outer = (x**2 + y**2).sqrt(), 2.5 + 2.0 * random(count, 1, 1)
    disk = radius < outer
    ring = disk & (radius > outer - 1.5)
    cross = (torch.minimum(x.abs(), y.abs()) < 0.9) & disk
    drawn = torch.stack([disk, ring, cross])[shapes, torch.arange(count)]
    warm, cold = torch.tensor([0.8, 0.4, 0.2]), torch.tensor([0.2, 0.4, 0.8])
    color = torch.where(colors[:, None] == 0, warm, cold) + 0.3 * random(count, 3) - 0.15
    noise = 0.25 * torch.randn(count, 3, size, size, generator=generator)
    return drawn[:, None] * color[:, :, None, None] + noise, shapes + 3 * colors


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(x + self.bn2(self.conv2(y)))


def network():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        Block(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 6),
    )


data = {"train": drawings(600, seed=1), "test": drawings(600, seed=2)}
landscape = torch_landscape(
    network(), nn.functional.cross_entropy, data, batch=300, name="residual network"
)


def trained(seed):
    """A network, trained with Adam on batches of 50 images."""
    torch.manual_seed(seed)
    module = network()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    images, classes = data["train"]
    for _ in range(30):
        for batch in torch.randperm(len(images)).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(images[batch]), classes[batch]).backward()
            optimizer.step()
    return module


if sys.argv[1:] == ["train"]:
    torch.set_num_threads(1)
    landscape.save("cnn.npy", [trained(seed) for seed in range(6)])
else:
    landscape.serve()
