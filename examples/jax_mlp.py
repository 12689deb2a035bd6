"""A multilayer perceptron in JAX, fitted to a wave: many points of one request at once (vmap).

    pip install ./python jax                         # once, in a clone of the repository
    lossatlas run examples/jax_mlp.toml --out results/jax
"""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from lossatlas_landscape import serve

jax.config.update("jax_enable_x64", True)
x = jnp.linspace(-1.0, 1.0, 41)
y = jnp.sin(4.0 * x)
shapes = {"b1": (6,), "w1": (6,), "w2": (6,)}
theta, unravel = ravel_pytree({name: jnp.zeros(shape) for name, shape in shapes.items()})


def loss(theta):
    p = unravel(theta)  # ravel_pytree sorts a dictionary by its names
    return jnp.mean((jnp.tanh(x[:, None] * p["w1"] + p["b1"]) @ p["w2"] - y) ** 2)


serve(
    jax.jit(jax.vmap(jax.value_and_grad(loss))),
    dimension=theta.size,
    batched=True,
    value=jax.jit(jax.vmap(loss)),
    name="JAX network",
    tensors=list(shapes.items()),
    start_region=(-2.0, 2.0),
)
