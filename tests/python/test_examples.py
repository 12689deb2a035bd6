"""The examples, and PyTorch modules as landscapes.

    LOSSATLAS=target/release/lossatlas python3 tests/python/test_examples.py

Those whose packages are installed. Without the variable the studies are skipped.
"""

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(Path(__file__).parent)]

from engine import VALUES, Engine  # noqa: E402
from lossatlas_landscape import check  # noqa: E402

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
PROGRAM = os.environ.get("LOSSATLAS")
EXAMPLES = ROOT / "examples"
IDX = ROOT / "tests" / "fixtures" / "weights"


def needs(package):
    found = importlib.util.find_spec(package) is not None
    return unittest.skipUnless(found, f"there is no {package} here (pip install {package})")


def example(name, **environment):
    command = [sys.executable, str(ROOT / "examples" / name)]
    return Engine(command, env={**ENVIRONMENT, **environment})


def quietly(function, *arguments, **options):
    """What a function returns, and what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        returned = function(*arguments, **options)
    return returned, printed.getvalue()


@unittest.skipUnless(PROGRAM, "the studies need the program: set LOSSATLAS to it")
class Studies(unittest.TestCase):
    """The five studies of examples/README.md, with fewer steps where they would take long."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        # The configurations name programs from the folder above.
        (self.folder / "examples").symlink_to(EXAMPLES)

    def types(self, *words):
        options = {"cwd": self.folder, "env": ENVIRONMENT, "capture_output": True, "text": True}
        finished = subprocess.run([str(word) for word in words], **options)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout

    def study(self, name, *changes):
        """Runs examples/NAME.toml and opens the results."""
        import lossatlas  # Needs h5py and xarray.

        settings = [word for change in changes for word in ("--set", change)]
        self.types(PROGRAM, "run", f"examples/{name}.toml", "--out", "run", *settings)
        run = lossatlas.open(self.folder / "run")
        self.addCleanup(run.close)
        self.assertEqual(len(run.missing), 0, run.missing)
        return run

    @needs("xarray")
    def test_the_paper_in_miniature(self):
        fewer = ["training.initializations=3", "training.keep=3", "paths.pairs=1"]
        run = self.study("paper_in_miniature", *fewer, "paths.steps=60", "dataset.train=1000")
        for name in ["sgd/train", "lbfgs/train"]:
            self.assertLess(float(run.solutions[name]["loss_train"].max()), 0.05)
        table = run.barriers()
        # On straight lines the loss is larger than that of guessing, on paths it is not.
        self.assertGreater(table["straight"].min(), np.log(10))
        on_train = table[table["on"] == "train"]
        self.assertEqual(len(on_train), 2)
        self.assertLess(on_train["barrier"].max(), 0.3)
        kpca = run.kpca["both"]
        distance = (kpca["projection"] ** 2).sum("component") ** 0.5
        mean = lambda name: float(distance.where(kpca["set"] == name).mean())
        self.assertGreater(mean("lbfgs/train"), 1.5 * mean("sgd/train"))

    @needs("xarray")
    def test_optimizers_compared(self):
        run = self.study(
            "optimizers_compared",
            "dataset.train=500",
            "training.initializations=2",
            "paths.pairs=1",
            "paths.steps=100",
            "curvature.probes=1",
            'curvature.landscapes=["train"]',
        )
        optimizers = ["adam", "adamw", "lbfgs", "sgd"]
        self.assertEqual(sorted(run.training), optimizers)
        for name in [f"{optimizer}/train" for optimizer in optimizers]:
            self.assertLess(float(run.solutions[name]["loss_train"].max()), 0.05)
            largest = run.curvature[name]["train"]["eigenvalues"][:, 0]
            self.assertTrue(bool((largest > 0).all()))
        table = run.barriers().set_index("set")
        self.assertIn("sgd/train~lbfgs/train", table.index)
        self.assertEqual(len(table), 6)
        # Curved paths come down nearly to their endpoints, straight lines do not.
        self.assertGreater((table["straight"] - table["endpoint"]).min(), 0.2)
        self.assertLess(table["excess"].max(), 0.02)

    @needs("xarray")
    def test_the_energy_landscape(self):
        run = self.study("lennard_jones")
        energies = run.solutions["minima/relaxed"]["loss_train"].values
        # C. Dellago, P. G. Bolhuis and D. Chandler, J. Chem. Phys. 108, 9236 (1998).
        np.testing.assert_allclose(energies, [-12.535, -11.501, -11.477, -11.403], atol=6e-4)
        table = run.barriers()
        self.assertEqual(table["certificate"].tolist(), ["pass"] * 6)
        refined = run.refined["minima/relaxed"]["formula"]
        for energy, top in zip(table["refined"], refined["theta_top"].values):
            value, gradient = lennard_jones(top)
            self.assertAlmostEqual(value, energy, delta=1e-9)
            self.assertLess(np.linalg.norm(gradient), 1e-4)
            self.assertEqual(descending_directions(top), 1)
        self.assertTrue(((table["excess"] > 0.4) & (table["excess"] < 0.7)).all(), table)
        heights = run.graph["all"]["formula"]["linkage"].values[:, 2]
        np.testing.assert_allclose(heights, [-11.04025, -11.03733, -10.79804], atol=1e-4)
        tree = ["export", "run", "--graph", "all", "--format", "newick", "--to", "tree.nwk"]
        self.types(PROGRAM, *tree)
        self.assertEqual((self.folder / "tree.nwk").read_text().count("minima/relaxed"), 4)

    @needs("xarray")
    def test_imported_weights(self):
        images = ["--images", "--to", "digits.npz"]
        self.types(PROGRAM, "export", "examples/imported_weights.toml", *images)
        printed = self.types(sys.executable, "examples/imported_weights.py")
        losses = [float(loss) for loss in re.findall(r"training loss (\S+)", printed)]
        self.assertEqual(len(losses), 4)
        run = self.study("imported_weights", "paths.pairs=1", "paths.steps=100")
        imported = run.solutions["dropout/train"]
        np.testing.assert_allclose(imported["loss_train"], losses, atol=1e-6)
        trained = run.solutions["sgd/train"]
        self.assertLess(imported["loss_test"].mean(), 0.8 * trained["loss_test"].mean())
        between = run.barriers().set_index("set").loc["sgd/train~dropout/train"]
        self.assertGreater(between["straight"], 1.0)
        self.assertLess(between["excess"], 0.02)

    @needs("xarray")
    @needs("torch")
    def test_your_own_pytorch_model(self):
        self.types(sys.executable, "examples/pytorch_mlp.py", "train")
        command = f'landscape.command=["{sys.executable}","examples/pytorch_mlp.py"]'
        run = self.study("pytorch_mlp", command, "paths.pairs=1")
        table = run.barriers()
        self.assertEqual(table["set"].tolist(), ["adam/train", "sgd/train"])
        self.assertLess(table["endpoint"].max(), 0.01)
        self.assertGreater(table["straight"].min(), 0.5)
        self.assertLess(table["barrier"].max(), 0.2)

    @needs("xarray")
    @needs("ase")
    def test_the_cluster_of_ase(self):
        command = f'landscape.command=["{sys.executable}","examples/ase_lennard_jones.py"]'
        run = self.study("ase_lennard_jones", command, "landscape.starts=8", "paths.steps=1")
        lowest = float(run.solutions["minima/relaxed"]["loss_train"].min())
        known = [-16.505384, -15.935043, -15.593211, -15.533060]
        self.assertLess(min(abs(lowest - energy) for energy in known), 1e-5, lowest)

    def test_the_page_has_all_files(self):
        page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
        for file in EXAMPLES.iterdir():
            if file.suffix in (".toml", ".py", ".c", ".f90"):
                self.assertIn(f"]({file.name})", page)


def lennard_jones(theta, atoms=7):
    """The energy of a cluster in the plane, and its gradient (parameters,)."""
    points = theta.reshape(atoms, 2)
    gradient, energy = np.zeros_like(points), 0.0
    for i, j in zip(*np.triu_indices(atoms, 1)):
        between = points[i] - points[j]
        r = np.linalg.norm(between)
        energy += 4 * (r**-12 - r**-6)
        slope = 4 * (-12 * r**-13 + 6 * r**-7) * between / r
        gradient[i] += slope
        gradient[j] -= slope
    return energy, gradient.ravel()


def descending_directions(theta, step=1e-5):
    """How many eigenvalues of the Hessian are negative; those of moves and rotations are 0."""
    columns = [
        (lennard_jones(theta + e)[1] - lennard_jones(theta - e)[1]) / (2 * step)
        for e in step * np.eye(len(theta))
    ]
    hessian = np.array(columns)
    return int(np.sum(np.linalg.eigvalsh((hessian + hessian.T) / 2) < -1e-3))


class Examples(unittest.TestCase):
    def check_gradients(self, engine, at):
        """The gradients of every data set, through the protocol, against differences of values."""
        tensors = [(one["name"], one["shape"]) for one in engine.handshake["tensors"]]
        options = {"precision": engine.handshake["precision"], "tensors": tensors, "at": at}
        for dataset in range(len(engine.handshake.get("datasets", ["value"]))):
            both = lambda theta: [part[0] for part in engine.ask(theta, dataset=dataset)]
            alone = lambda theta: engine.ask(theta, VALUES, dataset)[0][0]
            options["value"] = alone
            well, printed = quietly(check, both, engine.handshake["dimension"], **options)
            self.assertTrue(well, printed)

    def train(self, name, folder):
        command = [sys.executable, str(ROOT / "examples" / name), "train"]
        subprocess.run(command, env=ENVIRONMENT, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    @needs("torch")
    def test_the_multilayer_perceptron(self):
        with tempfile.TemporaryDirectory() as folder, example("pytorch_mlp.py") as engine:
            self.train("pytorch_mlp.py", folder)
            for name in ["adam.npy", "sgd.npy"]:
                vectors = np.load(f"{folder}/{name}")
                self.assertEqual((vectors.shape, vectors.dtype), ((8, 371), np.float32))
                self.assertLess(engine.ask(vectors, VALUES)[0].max(), 0.01)
            self.check_gradients(engine, vectors[0] + 0.1)

    @needs("torch")
    def test_the_residual_network(self):
        with tempfile.TemporaryDirectory() as folder, example("pytorch_cnn.py") as engine:
            self.train("pytorch_cnn.py", folder)
            vectors = np.load(f"{folder}/cnn.npy")
            self.assertLess(np.median(engine.ask(vectors, VALUES)[0]), 0.3)
            self.check_gradients(engine, vectors[0])

    @needs("torch")
    def test_the_network_of_the_paper(self):
        with example("pytorch_fcp.py", MNIST=str(IDX), IMAGES="50") as engine:
            self.assertEqual(engine.handshake["dimension"], 42_200)
            theta = 0.1 * np.random.default_rng(1).standard_normal(42_200)
            self.check_gradients(engine, theta)

    @needs("ase")
    def test_the_cluster_has_the_energy_of_the_formula(self):
        random = np.random.default_rng(1)
        lattice = np.stack(np.meshgrid([0, 1.2], [0, 1.2], [0, 1.2]), axis=-1).reshape(-1, 3)[:7]
        points = lattice.ravel() + 0.1 * random.standard_normal((3, 21))
        with example("ase_lennard_jones.py") as engine:
            energies, _ = engine.ask(points)
            for point, energy in zip(points.reshape(3, 7, 3), energies):
                i, j = np.triu_indices(7, 1)
                r = np.linalg.norm(point[i] - point[j], axis=1)
                self.assertAlmostEqual(energy, np.sum(4 * (r**-12 - r**-6)), delta=1e-11)
            self.check_gradients(engine, points[0])

    @needs("jax")
    def test_the_network_in_jax(self):
        random = np.random.default_rng(1)
        with example("jax_mlp.py") as engine:
            self.assertEqual(engine.handshake["dimension"], 18)
            theta = random.standard_normal((5, 18))
            b1, w1, w2 = theta[:, None, :6], theta[:, None, 6:12], theta[:, None, 12:]
            x = np.linspace(-1, 1, 41)
            outputs = np.sum(np.tanh(x[None, :, None] * w1 + b1) * w2, axis=2)
            expected = np.mean((outputs - np.sin(4 * x)) ** 2, axis=1)
            np.testing.assert_allclose(engine.ask(theta)[0], expected, rtol=1e-12)
            self.check_gradients(engine, theta[0])


@needs("torch")
class Modules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        global torch, nn, torch_landscape
        import torch
        from torch import nn

        from lossatlas_landscape import torch_landscape

        torch.set_num_threads(1)

    def setUp(self):
        torch.manual_seed(1)
        self.inputs, self.classes = torch.randn(64, 3, 6, 6), torch.randint(0, 4, (64,))
        self.data = {"train": (self.inputs, self.classes)}

    def network(self, norm=lambda: nn.BatchNorm2d(5)):
        layers = [nn.Conv2d(3, 5, 3), norm(), nn.Tanh(), nn.Flatten(), nn.Linear(80, 4)]
        return nn.Sequential(*layers)

    def landscape(self, module=None, loss=None, **options):
        loss = loss or nn.functional.cross_entropy
        return torch_landscape(module or self.network(), loss, self.data, **options)

    def trained(self, seed):
        """A network whose running statistics are those of other inputs."""
        torch.manual_seed(seed)
        module = self.network()
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            outputs = module((1 + seed) * self.inputs + seed)
            nn.functional.cross_entropy(outputs, self.classes).backward()
            optimizer.step()
        return module

    def test_value_and_gradient_are_those_of_autograd_in_any_batches(self):
        module = self.network().double()
        module.eval()
        loss = nn.functional.cross_entropy(module(self.inputs.double()), self.classes)
        expected = torch.autograd.grad(loss, list(module.parameters()))
        expected = torch.cat([part.reshape(-1) for part in expected]).numpy()
        theta = nn.utils.parameters_to_vector(module.parameters()).detach().numpy()
        for batch in [None, 64, 10, 1, 1000]:
            values, gradients = self.landscape(module, batch=batch).evaluate(theta[None])
            self.assertAlmostEqual(values[0], loss.item(), delta=1e-13)
            np.testing.assert_allclose(gradients[0], expected, atol=1e-13)

    def test_the_handshake_names_the_tensors_and_the_precision(self):
        said = self.landscape().handshake()
        self.assertEqual((said["precision"], said["unit"]), ("float32", "nats"))
        self.assertEqual(said["tensors"][0], {"name": "0.weight", "shape": [5, 3, 3, 3]})
        self.assertEqual(said["dimension"], 135 + 5 + 5 + 5 + 320 + 4)
        double = self.landscape(self.network().double()).handshake()
        self.assertEqual(double["precision"], "float64")

    def test_the_module_of_the_caller_is_left_alone(self):
        module = self.trained(1)
        before = {name: value.clone() for name, value in module.state_dict().items()}
        landscape = self.landscape(module)
        landscape.evaluate(np.zeros((1, landscape.dimension)))
        landscape.vector(module)
        self.assertTrue(module.training)
        for name, value in module.state_dict().items():
            self.assertTrue(torch.equal(value, before[name]), name)

    def test_running_statistics_become_part_of_the_vector(self):
        landscape = self.landscape()
        for seed in range(3):
            module = self.trained(seed)
            theta = landscape.vector(module)
            module.eval()
            with torch.no_grad():
                expected = nn.functional.cross_entropy(module(self.inputs), self.classes).item()
            unfolded = nn.utils.parameters_to_vector(module.parameters()).detach().numpy()
            self.assertAlmostEqual(landscape.evaluate(theta[None])[0][0], expected, delta=2e-6)
            other = landscape.evaluate(unfolded[None])[0][0]
            self.assertGreater(abs(other - expected), 1e-3, "the statistics make no difference")
            again = landscape.load(theta)
            self.assertTrue(torch.allclose(again(self.inputs), module(self.inputs), atol=1e-4))
            np.testing.assert_array_equal(landscape.vector(again), theta)

    def test_vectors_are_saved_with_what_became_of_their_statistics(self):
        landscape, modules = self.landscape(), [self.trained(seed) for seed in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "theta.npy")
            modules[1] = modules[1].state_dict()
            vectors, printed = quietly(landscape.save, file, modules)
            np.testing.assert_array_equal(np.load(file), vectors)
        self.assertEqual(vectors.shape, (2, landscape.dimension))
        self.assertRegex(printed, r"vector 1: train \S+ \(the module itself \S+\)")
        self.assertIn("running statistics put into the vector: 1 means", printed)

    def test_other_constants_must_be_those_of_the_landscape(self):
        class Shifted(nn.Module):
            def __init__(self, shift):
                super().__init__()
                self.layer = nn.Linear(108, 4)
                self.register_buffer("shift", torch.tensor(shift))

            def forward(self, x):
                return self.layer(x.flatten(1)) + self.shift * torch.arange(4)

        landscape = self.landscape(Shifted(0.0))
        self.assertEqual(landscape.vector(Shifted(0.0)).shape, (436,))
        with self.assertRaisesRegex(ValueError, "shift is a constant of the landscape"):
            landscape.vector(Shifted(1.0))

    def test_frozen_parameters_are_constants(self):
        module = self.network()
        module[0].requires_grad_(False)
        landscape = self.landscape(module)
        self.assertEqual(landscape.dimension, 334)
        with self.assertRaisesRegex(ValueError, "0.weight is a constant"):
            landscape.vector(self.trained(1))

    def test_layers_may_share_a_parameter(self):
        class Shared(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second = nn.Linear(108, 108), nn.Linear(108, 108)
                self.second.weight = self.first.weight

            def forward(self, x):
                return self.second(torch.tanh(self.first(x.flatten(1))))[:, :4]

        landscape, trained = self.landscape(Shared()), Shared()
        vector = landscape.vector(trained)
        self.assertEqual(vector.shape, (108 * 108 + 2 * 108,))
        own = nn.utils.parameters_to_vector(trained.parameters()).detach().numpy()
        self.assertTrue(np.array_equal(vector, own))

    def test_batch_norm_that_cannot_be_fixed_is_refused(self):
        for norm, pattern in [
            (lambda: nn.BatchNorm2d(5, affine=False), "affine=False"),
            (lambda: nn.BatchNorm2d(5, track_running_stats=False), "statistics uses those of each"),
        ]:
            with self.assertRaisesRegex(ValueError, pattern):
                self.landscape(self.network(norm))

    def test_what_is_random_is_refused(self):
        class Random(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(108, 4)

            def forward(self, x):
                return nn.functional.dropout(self.layer(x.flatten(1)))

        with self.assertRaisesRegex(ValueError, "random, also in evaluation mode"):
            self.landscape(Random())
        layers = [nn.Flatten(), nn.Linear(108, 4), nn.Dropout()]
        self.landscape(nn.Sequential(*layers))  # Off in evaluation mode.

    def test_a_loss_must_be_a_mean_over_samples(self):
        total = lambda outputs, classes: nn.functional.cross_entropy(
            outputs, classes, reduction="sum"
        )
        with self.assertRaisesRegex(ValueError, "not the mean of their losses"):
            self.landscape(loss=total)
        single = lambda outputs, classes: nn.functional.cross_entropy(
            outputs, classes, reduction="none"
        )
        theta = self.landscape().vector()[None]
        mean, each = self.landscape(), self.landscape(loss=single, batch=7)
        mean_values, each_values = mean.evaluate(theta)[0], each.evaluate(theta)[0]
        np.testing.assert_allclose(mean_values, each_values, rtol=1e-6)
        with self.assertRaisesRegex(ValueError, "one for each sample"):
            self.landscape(loss=lambda outputs, classes: outputs)

    def test_mixed_and_short_precisions_are_refused(self):
        module = self.network()
        module[0].double()
        with self.assertRaisesRegex(TypeError, "float32, torch.float64"):
            self.landscape(module)
        with self.assertRaisesRegex(TypeError, "float16"):
            self.landscape(self.network().half())

    def test_gradients_of_all_tensors_pass_the_check(self):
        for module in [self.network().double(), self.network()]:
            well, printed = quietly(self.landscape(module, batch=20).check)
            self.assertTrue(well, printed)
            self.assertRegex(printed, r"1\.bias +\S+ +\S+")


class Page(unittest.TestCase):
    """The programs of docs/your-own-model.md."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        text = (ROOT / "docs" / "your-own-model.md").read_text(encoding="utf-8")
        blocks = re.findall(r"```python landscape\n# (\S+)\n(.*?)```", text, flags=re.DOTALL)
        self.assertEqual(len(blocks), text.count("```python landscape"))
        blocks += [("model.toml", one) for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
        self.names = [name for name, _ in blocks]
        for name, block in blocks:
            Path(self.folder, name).write_text(block, encoding="utf-8")

    def run_in_folder(self, *command):
        options = {"cwd": self.folder, "env": ENVIRONMENT, "capture_output": True, "text": True}
        finished = subprocess.run(command, **options)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        return finished.stdout

    def check(self, name, dimension):
        with Engine([sys.executable, os.path.join(self.folder, name)], env=ENVIRONMENT) as engine:
            self.assertEqual(engine.handshake["dimension"], dimension)
            low, high = np.array(engine.handshake["start_region"]).T
            at = np.random.default_rng(1).uniform(low, high, dimension)
            both = lambda theta: [part[0] for part in engine.ask(theta)]
            well, printed = quietly(check, both, dimension, at=at)
            self.assertTrue(well, printed)

    def test_all_programs_are_known(self):
        programs = ["model.py", "train.py", "wells.py", "jax_model.py", "cluster.py", "device.py"]
        expected = [*programs, "model.toml"]
        self.assertEqual(self.names, expected)

    def test_the_function_in_numpy(self):
        self.check("wells.py", 6)

    @needs("jax")
    def test_the_network_in_jax(self):
        self.check("jax_model.py", 18)

    @needs("ase")
    def test_the_cluster(self):
        self.check("cluster.py", 39)

    @needs("torch")
    def test_the_device(self):
        printed = self.run_in_folder(sys.executable, "-c", "from device import *; print(device)")
        self.assertRegex(printed, "^(cpu|cuda:0)$")

    @needs("torch")
    def test_the_tutorial(self):
        printed = self.run_in_folder(sys.executable, "train.py")
        losses = [float(loss) for loss in re.findall(r"train (\S+),", printed)]
        self.assertEqual(len(losses), 8)
        self.assertLess(max(losses), 0.01)
        if PROGRAM is None:
            self.skipTest("paths need the program: set LOSSATLAS to it")
        command = f'landscape.command=["{sys.executable}", "model.py"]'
        short = ["--set", command, "--set", "paths.pairs=2", "--set", "paths.steps=5"]
        self.assertIn("valid", self.run_in_folder(PROGRAM, "check", "model.toml", *short))
        tables = self.run_in_folder(PROGRAM, "run", "model.toml", "--out", "spirals", *short)
        rows = re.findall(r"(?m)^ adam/train +(train|test) +2 +(\S+) ", tables)
        self.assertEqual([name for name, _ in rows], ["train", "test"], tables)
        for _, straight in rows:
            self.assertGreater(float(straight), 0.5, tables)


if __name__ == "__main__":
    unittest.main()
