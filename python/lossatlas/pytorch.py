"""The built-in networks as PyTorch modules, as docs/weights.md shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

ACTIVATIONS = {
    "softplus": nn.Softplus,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


def add_layers(module, widths, biases):
    """Adds and returns fully connected layers between these widths: fc1, fc2, …; one alone is fc."""
    layers = [nn.Linear(*pair, bias=biases) for pair in zip(widths, widths[1:])]
    for number, layer in enumerate(layers, 1):
        module.add_module(f"fc{number}" if len(layers) > 1 else "fc", layer)
    return layers


class Fcp(nn.Module):
    def __init__(self, activation, widths=(784, 50, 50, 10), biases=False):
        super().__init__()
        self.layers = add_layers(self, widths, biases)
        self.activation = activation

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class Lenet(nn.Module):
    def __init__(
        self, activation, shape=(1, 28, 28), channels=(6, 16), kernel=5, dense=(120, 84), classes=10
    ):
        super().__init__()
        self.shape, self.activation = shape, activation
        self.conv1 = nn.Conv2d(shape[0], channels[0], kernel, padding=(kernel - 1) // 2)
        self.conv2 = nn.Conv2d(channels[0], channels[1], kernel)
        features = self.features(torch.zeros(1, *shape)).shape[1]
        self.layers = add_layers(self, (features, *dense, classes), True)

    def features(self, x):
        x = nn.functional.avg_pool2d(self.activation(self.conv1(x.reshape(-1, *self.shape))), 2)
        return nn.functional.avg_pool2d(self.activation(self.conv2(x)), 2).flatten(1)

    def forward(self, x):
        x = self.features(x)
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class Autoencoder(nn.Module):
    def __init__(self, activation=nn.Softplus(), widths=(784, 32, 32, 32, 784), biases=False):
        super().__init__()
        self.layers = add_layers(self, widths, biases)
        self.activation = activation

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class Lstm(nn.Module):
    def __init__(self, shape=(1, 28, 28), hidden=48, classes=10, seed=1234):
        super().__init__()
        channels, height, width = shape
        self.lstm = nn.LSTM(width * channels, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes, bias=False)
        self.shape, self.permutation = shape, permutation(height * width, seed)

    def forward(self, x):
        channels, height, width = self.shape
        x = x.reshape(-1, channels, height * width)[:, :, self.permutation]
        outputs, _ = self.lstm(x.transpose(1, 2).reshape(-1, height, width * channels))
        return self.fc(outputs[:, -1])


def permutation(n, seed):
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def mean_loss(module, x, y):
    outputs = module(x)
    if isinstance(module, Autoencoder):
        return nn.functional.mse_loss(torch.sigmoid(outputs), x)
    return nn.functional.cross_entropy(outputs, y)


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Copies of arrays as tensors."""
    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def module(
    configuration: dict[str, Any],
    weights: dict[str, torch.Tensor],
    image_shape: tuple[int, int, int] | None = None,
) -> nn.Module:
    """The network of a configuration with these weights; see `Run.module`."""
    network = configuration.get("network")
    if network is None:
        landscape = configuration.get("landscape", {}).get("kind")
        raise ValueError(
            f"the run has no built-in network, but a [landscape] of the kind {landscape!r}: load "
            "run.state_dict(…) into a module of your own"
        )
    made = _build(configuration, network, weights, image_shape)
    made.to(next(iter(weights.values())).dtype)
    made.load_state_dict(weights)
    return made


def _build(
    configuration: dict[str, Any],
    network: dict[str, Any],
    weights: dict[str, torch.Tensor],
    image_shape: tuple[int, int, int] | None,
) -> nn.Module:
    """The module without its weights. The shapes of the weights say what the keys do not."""
    kind = network["kind"]
    activation = ACTIVATIONS[network["activation"]]() if "activation" in network else None
    shapes = [tuple(tensor.shape) for name, tensor in weights.items() if "weight" in name]
    if kind in ("fcp", "autoencoder"):
        widths = (shapes[0][1], *(shape[0] for shape in shapes))
        layers = Fcp if kind == "fcp" else Autoencoder
        return layers(activation, widths, network["biases"])
    shape = image_shape or ((1, 28, 28) if configuration["dataset"]["kind"] == "digits" else None)
    if shape is None:
        raise ValueError(
            f"which shape do the images have? A {kind} needs it: "
            "image_shape=(channels, height, width), for MNIST (1, 28, 28)"
        )
    classes = shapes[-1][0]
    if kind == "lenet":
        channels, kernel, dense = network["channels"], network["kernel"], network["dense"]
        return Lenet(activation, shape, tuple(channels), kernel, tuple(dense), classes)
    if kind == "lstm":
        return Lstm(shape, network["hidden"], classes, network["permutation_seed"])
    raise ValueError(f"the network {kind!r} has no module here: load run.state_dict(…) into yours")
