"""Solutions of a training of your own as a set of a run: here Adam with dropout, in NumPy.

    lossatlas export examples/imported_weights.toml --images --to digits.npz
    python3 examples/imported_weights.py             # trains 4 networks: mine.npy
    mpirun -n 2 lossatlas run examples/imported_weights.toml --out results/imported

The network is the built-in perceptron, 784 -> 30 -> 30 -> 10, softplus, without biases. A vector
has its weight matrices one after another, each (outputs, inputs) row by row. A PyTorch module of
the same layers gives the same vector: torch.nn.utils.parameters_to_vector(module.parameters()).
docs/weights.md has the order for every built-in network.
"""

import numpy as np

SHAPES = [(30, 784), (30, 30), (10, 30)]
SIZES = [rows * columns for rows, columns in SHAPES]


def matrices(theta):
    parts = np.split(theta, np.cumsum(SIZES)[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, SHAPES)]


def loss_and_gradient(theta, x, labels, masks=(1.0, 1.0)):
    """The mean cross-entropy; the masks multiply the outputs of the two hidden layers."""
    first, second, last = matrices(theta)
    a = x @ first.T
    h = np.logaddexp(0.0, a) * masks[0]  # softplus
    b = h @ second.T
    g = np.logaddexp(0.0, b) * masks[1]
    scores = g @ last.T
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, labels].mean()

    slope = np.exp(log_p)
    slope[rows, labels] -= 1.0
    slope /= len(x)
    back_b = (slope @ last) * masks[1] / (1.0 + np.exp(-b))
    back_a = (back_b @ second) * masks[0] / (1.0 + np.exp(-a))
    parts = [back_a.T @ x, back_b.T @ h, slope.T @ g]
    return loss, np.concatenate([part.ravel() for part in parts])


def train(x, labels, seed, epochs=30, batch=50, rate=2e-3, dropped=0.2):
    """Adam on mini-batches; each hidden unit is dropped with a probability of 0.2."""
    random = np.random.default_rng(seed)
    theta = np.concatenate(
        [random.uniform(-1, 1, size) / np.sqrt(shape[1]) for size, shape in zip(SIZES, SHAPES)]
    )
    mean, square, step = np.zeros_like(theta), np.zeros_like(theta), 0
    for _ in range(epochs):
        order = random.permutation(len(x))
        for chosen in np.split(order, len(x) // batch):
            kept = [random.random((batch, 30)) >= dropped for _ in range(2)]
            masks = [mask / (1.0 - dropped) for mask in kept]
            _, gradient = loss_and_gradient(theta, x[chosen], labels[chosen], masks)
            step += 1
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            corrected = np.sqrt(square / (1.0 - 0.999**step)) + 1e-8
            theta -= rate * mean / (1.0 - 0.9**step) / corrected
    return theta


if __name__ == "__main__":
    images = np.load("digits.npz")
    x, labels = images["train_images"].reshape(-1, 784) / 255.0, images["train_labels"]
    vectors = np.array([train(x, labels, seed) for seed in range(4)], dtype=np.float32)
    np.save("mine.npy", vectors)
    for row, theta in enumerate(vectors):
        loss, _ = loss_and_gradient(theta.astype(np.float64), x, labels)
        print(f"mine.npy, vector {row}: training loss {loss:.6f}")
