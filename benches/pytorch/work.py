"""The tasks in PyTorch: each as published, and in the fastest way that we found."""

import torch
from networks import assign, build, loss_of, stacked_losses

BATCH, STEPS = 64, 20


class Peer:
    """One network on the images."""

    def __init__(self, name, images, labels):
        self.name, self.images, self.labels = name, images, labels
        self.module = build(name)
        self.parameters = list(self.module.parameters())
        self.shapes = [tuple(parameter.shape) for parameter in self.parameters]

    def loss(self, images, labels):
        return loss_of(self.name, self.module(images), images, labels)

    def loss_and_gradient(self, theta, images, labels):
        assign(self.parameters, theta)
        loss = self.loss(images, labels)
        return loss, torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, self.parameters)])

    def chunked(self, theta, images, labels, size, gradient):
        """Loss, and its gradient if wanted, summed over chunks that stay in the cache."""
        assign(self.parameters, theta)
        total, sums = 0.0, None
        for x, y in zip(images.split(size), labels.split(size)):
            share = len(x) / len(images)
            if not gradient:
                with torch.no_grad():
                    total += share * self.loss(x, y).item()
                continue
            loss = self.loss(x, y) * share
            parts = torch.autograd.grad(loss, self.parameters)
            total += loss.item()
            if sums is None:
                sums = list(parts)
            else:
                torch._foreach_add_(sums, list(parts))
        return total, torch.cat([g.reshape(-1) for g in sums]) if gradient else None

    # The whole path: losses (M,) and the gradients (N, P) of their sum with respect to b_n.

    def path_published(self, vectors, coefficients, images, labels):
        """Point after point over all images, the gradient by autograd through the path."""
        b = vectors[2:].clone().requires_grad_()
        losses, names = [], [name for name, _ in self.module.named_parameters()]
        for c in coefficients:
            theta = c[0] * vectors[0] + c[1] * vectors[1] + c[2:] @ b
            at, tensors = 0, {}
            for name, shape in zip(names, self.shapes):
                size = torch.Size(shape).numel()
                tensors[name] = theta[at : at + size].view(shape)
                at += size
            output = torch.func.functional_call(self.module, tensors, (images,))
            loss = loss_of(self.name, output, images, labels)
            loss.backward()
            losses.append(loss.item())
        return torch.tensor(losses), b.grad

    def path_chunked(self, vectors, coefficients, images, labels, size):
        """Point after point over chunks of images, the gradients of the points combined in one product."""
        points = coefficients @ vectors
        done = [self.chunked(theta, images, labels, size, True) for theta in points]
        return torch.tensor([loss for loss, _ in done]), coefficients[:, 2:].T @ torch.stack([g for _, g in done])

    def path_stacked(self, vectors, coefficients, images, labels, size, together):
        """Several points in one batch of products, over chunks of images."""
        points = coefficients @ vectors
        losses, gradient = [], torch.zeros_like(vectors[2:])
        for part, c in zip(points.split(together), coefficients.split(together)):
            theta = part.clone().requires_grad_()
            sums = torch.zeros(len(part))
            for x, y in zip(images.split(size), labels.split(size)):
                values = stacked_losses(self.name, self.shapes, theta, x, y) / len(images)
                values.sum().backward()
                sums += values.detach()
            losses.append(sums)
            gradient += c[:, 2:].T @ theta.grad
        return torch.cat(losses), gradient

    # A step of SGD.

    def sgd_published(self, theta):
        assign(self.parameters, theta)
        optimizer = torch.optim.SGD(self.module.parameters(), lr=1e-3)

        def step(x, y):
            optimizer.zero_grad()
            self.loss(x, y).backward()
            optimizer.step()

        return step

    def sgd_tuned(self, theta):
        """Without the optimizer's bookkeeping."""
        assign(self.parameters, theta)

        def step(x, y):
            parts = torch.autograd.grad(self.loss(x, y), self.parameters)
            with torch.no_grad():
                torch._foreach_add_(self.parameters, list(parts), alpha=-1e-3)

        return step

    def sgd(self, step):
        for number in range(STEPS):
            rows = (torch.arange(BATCH) + number * BATCH) * 31 % len(self.images)
            step(self.images[rows], self.labels[rows])

    # An iteration of L-BFGS: direction, so many trials, a gradient.

    def lbfgs_published(self, theta, memory, trials):
        """Every trial over all images with a backward pass."""
        direction = two_loops(self.loss_and_gradient(theta, self.images, self.labels)[1], memory)
        for trial in range(trials):
            self.loss_and_gradient(theta - (trial + 1) / trials * 1e-3 * direction, self.images, self.labels)

    def lbfgs_tuned(self, theta, memory, trials, size):
        direction = two_loops(self.chunked(theta, self.images, self.labels, size, True)[1], memory)
        for trial in range(trials):
            self.chunked(theta - (trial + 1) / trials * 1e-3 * direction, self.images, self.labels, size, False)


def two_loops(gradient, memory, scale=1.0):
    """−H ∇ without its sign, from scale · 1."""
    p, alphas = gradient.clone(), []
    for s, y in reversed(memory):
        alpha = (s @ p) / (s @ y)
        p -= alpha * y
        alphas.append(alpha)
    p *= scale
    for (s, y), alpha in zip(memory, reversed(alphas)):
        p += (alpha - (y @ p) / (s @ y)) * s
    return p
