"""The fully connected perceptron of the paper (784 -> 50 -> 50 -> 10, no biases, softplus) in
PyTorch: the same landscape as the built-in `kind = "fcp"`, to compare the two.

    pip install ./python torch                       # once, in a clone of the repository
    make mnist                                       # four IDX files in data/mnist
    lossatlas run examples/built_in_fcp.toml --out results/fcp-built-in
    lossatlas run examples/pytorch_fcp.toml --out results/fcp-pytorch

The landscape is the mean cross-entropy over the first 1000 training or test images. The environment
variables MNIST and IMAGES give another folder and another number.
docs/your-own-model.md has the comparison.
"""

import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lossatlas_landscape import torch_landscape

FOLDER, COUNT = Path(os.environ.get("MNIST", "data/mnist")), int(os.environ.get("IMAGES", 1000))


def read_idx(name):
    """An array of bytes from an IDX file."""
    file = FOLDER / name
    data = file.read_bytes() if file.exists() else gzip.open(f"{file}.gz").read()
    sizes = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def samples(prefix):
    pixels = read_idx(f"{prefix}-images-idx3-ubyte")[:COUNT].reshape(-1, 784)
    labels = read_idx(f"{prefix}-labels-idx1-ubyte")[:COUNT]
    return np.float32(pixels) / np.float32(255), labels.astype(np.int64)


module = nn.Sequential(
    nn.Linear(784, 50, bias=False),
    nn.Softplus(),
    nn.Linear(50, 50, bias=False),
    nn.Softplus(),
    nn.Linear(50, 10, bias=False),
)
data = {"train": samples("train"), "test": samples("t10k")}
torch_landscape(module, nn.functional.cross_entropy, data, name="FCP in PyTorch").serve()
