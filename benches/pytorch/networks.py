"""The paper's four networks in PyTorch: as modules, and the losses at all points of a path at once."""

import math

import torch
from torch import nn
from torch.nn import functional

CLASSES = 10


class Lenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, CLASSES)])

    def forward(self, x):
        x = functional.avg_pool2d(functional.softplus(self.conv1(x.view(-1, 1, 28, 28))), 2)
        x = functional.avg_pool2d(functional.softplus(self.conv2(x)), 2).flatten(1)
        x = functional.softplus(self.dense[0](x))
        return self.dense[2](functional.softplus(self.dense[1](x)))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(28, 48, batch_first=True)
        self.head = nn.Linear(48, CLASSES, bias=False)
        order = torch.randperm(784, generator=torch.Generator().manual_seed(1234))
        self.register_buffer("order", order)

    def forward(self, x):
        hidden, _ = self.lstm(x[:, self.order].view(-1, 28, 28))
        return self.head(hidden[:, -1])


def dense(widths, last):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b, bias=False), nn.Softplus()]
    return nn.Sequential(*layers[:-1], *last)


def build(name):
    return {
        "fcp": lambda: dense([784, 50, 50, CLASSES], []),
        "lenet": Lenet,
        "autoencoder": lambda: dense([784, 32, 32, 32, 784], [nn.Sigmoid()]),
        "lstm": Lstm,
    }[name]()


def loss_of(name, output, images, labels):
    """Mean over the images."""
    if name == "autoencoder":
        return functional.mse_loss(output, images)
    return functional.cross_entropy(output, labels)


def assign(parameters, vector):
    """Lets the parameters of a module be views of a flat vector."""
    at = 0
    for parameter in parameters:
        parameter.data = vector[at : at + parameter.numel()].view_as(parameter)
        at += parameter.numel()


def views(shapes, points):
    """The tensors of a module at each point: (M, P) -> [(M, *shape)]."""
    out, at = [], 0
    for shape in shapes:
        size = math.prod(shape)
        out.append(points[:, at : at + size].view(-1, *shape))
        at += size
    return out


def stacked_losses(name, shapes, points, images, labels):
    """Summed losses (M,) of these images at every point (M, P): products of all points in one batch."""
    tensors = views(shapes, points)
    count = points.shape[0]
    if name in ("fcp", "autoencoder"):
        # The first layer sees the same images at every point: one large product.
        first = tensors[0]
        x = (images @ first.reshape(-1, first.shape[2]).T).view(len(images), count, -1).transpose(0, 1)
        for weight in tensors[1:]:
            x = torch.bmm(functional.softplus(x), weight.transpose(1, 2))
        if name == "autoencoder":
            return (torch.sigmoid(x) - images).square().sum((1, 2)) / images.shape[1]
        return cross_entropies(x, labels)
    if name == "lenet":
        return lenet_losses(tensors, images, labels)
    return lstm_losses(tensors, images, labels)


def cross_entropies(logits, labels):
    flat = functional.cross_entropy(logits.reshape(-1, CLASSES), labels.repeat(logits.shape[0]), reduction="none")
    return flat.view(logits.shape[0], -1).sum(1)


def lenet_losses(tensors, images, labels):
    """All points as groups of one convolution."""
    conv1, bias1, conv2, bias2, *rest = tensors
    count = conv1.shape[0]
    x = functional.conv2d(images.view(-1, 1, 28, 28), conv1.reshape(-1, 1, 5, 5), bias1.reshape(-1), padding=2)
    x = functional.avg_pool2d(functional.softplus(x), 2)
    x = functional.conv2d(x, conv2.reshape(-1, 6, 5, 5), bias2.reshape(-1), groups=count)
    x = functional.avg_pool2d(functional.softplus(x), 2).view(len(images), count, 400).transpose(0, 1)
    for i in range(0, 6, 2):
        x = torch.baddbmm(rest[i + 1].unsqueeze(1), x, rest[i].transpose(1, 2))
        x = functional.softplus(x) if i < 4 else x
    return cross_entropies(x, labels)


def lstm_losses(tensors, images, labels):
    """The cell written out; the projections of the inputs of all steps and points in one product."""
    w_input, w_hidden, b_input, b_hidden, head = tensors
    count, gates = w_input.shape[0], w_input.shape[1]
    order = torch.randperm(784, generator=torch.Generator().manual_seed(1234))
    steps = images[:, order].view(-1, 28, 28).transpose(0, 1).reshape(-1, 28)
    inputs = (steps @ w_input.reshape(-1, 28).T).view(28, len(images), count, gates).permute(0, 2, 1, 3)
    bias = (b_input + b_hidden).unsqueeze(1)
    hidden = torch.zeros(count, len(images), 48)
    cell, recurrent = hidden, w_hidden.transpose(1, 2)
    for step in range(28):
        z = torch.baddbmm(inputs[step] + bias, hidden, recurrent)
        i, f, g, o = z.chunk(4, 2)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
    return cross_entropies(torch.bmm(hidden, head.transpose(1, 2)), labels)
