"""A cluster of 7 atoms with a calculator of ASE: here Lennard-Jones, in units of σ and ε.

    pip install ./python ase                         # once, in a clone of the repository
    lossatlas run examples/ase_lennard_jones.toml --out results/ase

Any calculator with energies and forces can take its place: EMT, a machine-learned potential, …
The same landscape is built in as `kind = "lennard-jones"`, which also aligns clusters.
"""

import numpy as np
from ase import Atoms
from ase.calculators.lj import LennardJones

from lossatlas_landscape import serve

ATOMS = 7
cluster = Atoms(f"Ar{ATOMS}", positions=np.zeros((ATOMS, 3)))
cluster.calc = LennardJones(sigma=1.0, epsilon=1.0, rc=1000.0)  # so far that nothing is cut off


def energy_and_gradient(theta):
    cluster.positions[:] = theta.reshape(ATOMS, 3)
    return cluster.get_potential_energy(), -cluster.get_forces().ravel()


serve(
    energy_and_gradient,
    dimension=3 * ATOMS,
    name="Lennard-Jones with ASE",
    unit="ε",
    tensors=[("positions", (ATOMS, 3))],
    start_region=(-1.1, 1.1),  # random starts: a cube with 1.5 σ³ for each atom
)
