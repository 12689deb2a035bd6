"""The package python/lossatlas on small real runs.

    LOSSATLAS=target/release/lossatlas python3 tests/python/test_lossatlas.py

Needs h5py and xarray. Without networkx or PyTorch the tests of these are skipped.
"""

import ast
import csv
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy as np
import pandas

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

import lossatlas  # noqa: E402
import lossatlas_landscape  # noqa: E402
from lossatlas import configuration, tables  # noqa: E402
from lossatlas.path import SHAPES  # noqa: E402

TINY = str(ROOT / "tests" / "program" / "tiny.toml")
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
OLD = ROOT / "tests" / "fixtures" / "version-0.1.0"
PROGRAM = os.environ.get("LOSSATLAS", str(ROOT / "target" / "release" / "lossatlas"))
# Müller–Brown: three minima, two saddles between them (K. Müller and L. D. Brown, 1979).
MINIMA = (-146.69952, -108.16672, -80.76782)
SADDLES = (-40.66484, -72.24894)
WELLS = """
seed = 3
[landscape]
kind = "mueller-brown"
starts = 20
[paths]
pairs = "all"
steps = 40
method = "polyline"
store = "all"
[paths.refine]
[curvature]
[[graph]]
name = "all"
"""


def needs(package):
    found = importlib.util.find_spec(package) is not None
    return unittest.skipUnless(found, f"there is no {package} here (pip install {package})")


def lossatlas_does(*arguments, code=0):
    finished = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if finished.returncode != code:
        raise AssertionError(finished.stderr)
    return finished.stdout


def run_blocks(package):
    """Runs the code of the page that needs a package, in a folder with a run; how many blocks."""
    root = FOLDER / package
    (root / "results").mkdir(parents=True)
    (root / "results" / "demo").symlink_to(tiny.directory)
    blocks = re.findall(rf"```python {package}\n(.*?)```", PAGE, flags=re.DOTALL)
    for block in blocks:
        command = [sys.executable, "-B", "-c", block]
        subprocess.run(command, env=ENVIRONMENT, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return len(blocks)


def settings(*changes):
    return [word for change in changes for word in ("--set", change)]


def setUpModule():
    global FOLDER, tiny, wells
    FOLDER = Path(tempfile.mkdtemp())
    changes = settings(
        "paths.store=all",
        "paths.batch=all",
        'paths.between=[["sgd/train","lbfgs/train"]]',
        'graph=[{name="all"}]',
        'surface=[{name="plane",points=5,through=["sgd/train:0","sgd/train:1","lbfgs/train:1"]}]',
        'curvature.sets=["sgd/train"]',
        "curvature.products=20",
        "curvature.probes=1",
    )
    lossatlas_does("run", TINY, "--out", FOLDER / "tiny", *changes)
    (FOLDER / "wells.toml").write_text(WELLS)
    lossatlas_does("run", FOLDER / "wells.toml", "--out", FOLDER / "wells")
    tiny, wells = (lossatlas.open(FOLDER / name) for name in ["tiny", "wells"])


def tearDownModule():
    shutil.rmtree(FOLDER)


class Package(unittest.TestCase):
    def test_everything_has_the_version_of_the_program(self):
        read = lambda file: (ROOT / file).read_text(encoding="utf-8")
        version = lambda file: re.search(r'^version = "(.*)"', read(file), re.MULTILINE)[1]
        expected = version("Cargo.toml")
        self.assertEqual(version("python/pyproject.toml"), expected)
        self.assertEqual(lossatlas.__version__, expected)
        self.assertEqual(lossatlas_landscape.__version__, expected)
        self.assertEqual(tiny.version, expected)

    def test_the_modules_are_those_of_the_page_on_weights(self):
        page = (ROOT / "docs" / "weights.md").read_text(encoding="utf-8")
        code = "".join(re.findall(r"```python torch\n(.*?)```", page, flags=re.DOTALL))
        definitions = (ast.ClassDef, ast.FunctionDef)
        of = lambda source: {
            node.name: ast.dump(node)
            for node in ast.parse(source).body
            if isinstance(node, definitions)
        }
        ours = of((ROOT / "python" / "lossatlas" / "pytorch.py").read_text(encoding="utf-8"))
        theirs = of(code)
        self.assertGreater(len(theirs), 6)
        self.assertEqual({name: ours.get(name) for name in theirs}, theirs)

    def test_the_page_has_all_names(self):
        for name in [name for name in dir(lossatlas.Run) if not name.startswith("_")]:
            self.assertIn(f"run.{name}", PAGE, f"docs/python.md does not have {name}")
        for column in tables.COLUMNS:
            self.assertIn(f"`{column}`", PAGE)

    # tests/documentation runs the blocks that need neither.
    @needs("torch")
    def test_the_code_of_the_page_with_torch(self):
        self.assertEqual(run_blocks("torch"), 1)

    @needs("networkx")
    def test_the_code_of_the_page_with_networkx(self):
        self.assertEqual(run_blocks("networkx"), 1)


class Datasets(unittest.TestCase):
    def test_solutions_are_those_of_the_file(self):
        with h5py.File(tiny.file) as file:
            for name, solutions in tiny.solutions.items():
                group = file[f"solutions/{name}"]
                np.testing.assert_array_equal(solutions["theta"].values, group["theta"][:])
                np.testing.assert_array_equal(solutions["loss_test"], group["loss_test"][:])
                self.assertEqual(solutions["theta"].dims, ("vector", "parameter"))
                self.assertEqual(solutions["theta"].dtype, np.float32)
                self.assertEqual(solutions["loss_train"].attrs["units"], "nat")
                self.assertIn("initialization", solutions.coords)
        self.assertEqual(
            sorted(tiny.solutions), ["lbfgs/test", "lbfgs/train", "sgd/test", "sgd/train"]
        )

    def test_parts_of_theta_are_read_when_they_are_needed(self):
        with lossatlas.open(tiny.directory) as run:
            theta = run.solutions["sgd/train"]["theta"]
            with h5py.File(run.file) as file:
                expected = file["solutions/sgd/train/theta"][:]
            for key in [
                (1, slice(None)),
                (slice(None), [40_000, 3, 3, -1]),
                (slice(None, None, -1), slice(7, 3, -2)),
                ([2, 0], slice(5)),
            ]:
                chosen = expected[key[0]][..., key[1]]
                np.testing.assert_array_equal(theta[key].values, chosen)
            best = theta[0].load()
        np.testing.assert_array_equal(best, expected[0])
        with self.assertRaisesRegex(ValueError, "atlas.h5:/solutions/sgd/train/theta: the run was"):
            theta[1].values
        self.assertIn("closed", repr(run))

    def test_profiles_have_named_axes_and_the_landscapes_of_the_configuration(self):
        self.assertEqual(list(tiny.paths["sgd/train"]), ["train", "test"])
        paths = tiny.paths["lbfgs/train"]["train"]
        self.assertEqual(paths["loss"].dims, ("path", "t"))
        np.testing.assert_array_equal(paths["t"], np.arange(7) / 6)
        np.testing.assert_array_equal(paths["loss"].max("t"), paths["height"])
        self.assertEqual(paths["status"].values.tolist(), ["done", "done"])
        self.assertEqual(paths.attrs["landscape"], "train")
        self.assertEqual(wells.paths["minima/relaxed"]["formula"]["loss"].attrs["units"], "1")

    def test_training_curves_end_at_the_losses_of_the_solutions(self):
        curves, solutions = tiny.training["lbfgs"], tiny.solutions["lbfgs/train"]
        lowest = curves["train_loss"].min("epoch")
        lowest = lowest.sel(initialization=solutions["initialization"].values)
        np.testing.assert_allclose(lowest, solutions["loss_train"], rtol=1e-6)

    def test_kernel_pca_curvature_and_surfaces(self):
        kpca = tiny.kpca["rbf"]
        chosen = kpca["projection"].where(kpca["set"] == "lbfgs/train", drop=True)
        self.assertEqual(chosen.sizes["vector"], 3)
        curvature = tiny.curvature["sgd/train"]["train"]
        self.assertEqual(curvature["eigenvalues"].dims, ("vector", "eigenvalue_number"))
        plane = tiny.surface["plane"]["train"]
        self.assertEqual(plane["loss"].dims, ("y", "x"))
        self.assertEqual(plane["loss"].sizes["x"], plane["x"].size)
        theta = plane["origin"] + plane["x"][2] * plane["directions"][0]
        self.assertEqual(theta.sizes, {"parameter": 42_200})
        self.assertEqual(plane.attrs["plane"], "solutions")

    def test_any_group_can_be_read(self):
        initial = tiny.dataset("trajectory/initial")
        self.assertEqual(initial["theta"].shape, (4, 42_200))
        starts = wells.dataset("solutions/minima/starts")
        self.assertEqual(starts["status"].values.tolist(), ["done"] * 20)
        refined = wells.refined["minima/relaxed"]["formula"]
        self.assertEqual(refined["side_height"].dims, ("path", "end"))
        self.assertEqual(refined["end"].values.tolist(), [0, 1])


class Tables(unittest.TestCase):
    def test_barriers_are_those_of_the_report(self):
        ours = tiny.barriers()
        with open(tiny.directory / "report" / "barriers.csv", encoding="utf-8") as file:
            report = pandas.DataFrame(csv.DictReader(file))
        self.assertEqual(len(ours), len(report))
        report = report.astype({"a": int, "b": int, "steps": int})
        self.assertEqual(len(ours), 2 * (4 * 2 + 2))
        report["set"] = report["set"].str.replace(" – ", "~")
        keys = ["set", "on", "a", "b"]
        both = ours.merge(report, left_on=keys, right_on=["set", "landscape", "a", "b"])
        self.assertEqual(len(both), len(ours), report["set"].unique())
        for column, published in [
            ("barrier", "height"),
            ("barrier_fine", "height_dense"),
            ("straight", "height_straight"),
            ("endpoint", "higher_endpoint"),
            ("steps_x", "steps_y"),
            ("protocol_x", "protocol_y"),
        ]:
            # Numbers of text by Python itself: those of pandas are not always the nearest.
            kind = type(both[column].tolist()[0])
            theirs = [kind(word) for word in both[published]]
            self.assertEqual(both[column].tolist(), theirs, column)
        np.testing.assert_array_equal(ours["excess"], ours["barrier_fine"] - ours["endpoint"])
        self.assertFalse(ours["converged"].any())
        self.assertEqual(ours["improving"].sum(), (ours["best_step"] == 3).sum())

    def test_refined_barriers_are_the_saddles(self):
        table = wells.barriers().sort_values("endpoint")
        self.assertEqual(table["certificate"].tolist(), ["pass"] * 3)
        expected = [SADDLES[0], SADDLES[0], SADDLES[1]]
        np.testing.assert_allclose(sorted(table["refined"], reverse=True), expected, atol=1e-4)
        ends = [MINIMA[1], MINIMA[2], MINIMA[2]]
        np.testing.assert_allclose(sorted(table["endpoint"]), ends, atol=1e-4)
        np.testing.assert_array_equal(table["excess"], table["refined"] - table["endpoint"])

    def test_a_search_that_ended_by_itself_is_converged(self):
        out = FOLDER / "converged"
        change = settings("paths.steps=400", "paths.tolerance=1e-2", "paths.store=best")
        lossatlas_does("run", FOLDER / "wells.toml", "--out", out, *change)
        with lossatlas.open(out) as run:
            table = run.barriers()
            self.assertTrue(table["converged"].all(), table)
            self.assertFalse(table["improving"].any(), table)
            best = int(table["barrier"].idxmin())
            self.assertEqual(run.path("minima/relaxed", best).row, best)
            with self.assertRaisesRegex(lossatlas.MissingResult, f"Stored are .* rows {best}. But"):
                run.path("minima/relaxed", (best + 1) % 3)

    def test_a_curve_that_is_not_stored_comes_from_the_state_of_its_search(self):
        out = FOLDER / "states"
        change = settings("paths.store=none")
        lossatlas_does("run", FOLDER / "wells.toml", "--out", out, *change)
        with lossatlas.open(out) as run:
            (a, b) = run.paths["minima/relaxed"]["formula"]["pair_initialization"].values[0]
            with self.assertRaisesRegex(lossatlas.MissingResult, "search was kept") as refused:
                run.path("minima/relaxed", 0)
        resume, export = re.findall(r"\n  lossatlas (.*)", str(refused.exception))
        file = FOLDER / "from-state.npy"
        lossatlas_does(*shlex.split(export.replace("path.npy", str(file))))
        points = np.load(file)
        lossatlas_does(*shlex.split(resume))
        with lossatlas.open(out) as run:
            path = run.path("minima/relaxed", (a, b))
            np.testing.assert_allclose(path(np.linspace(0, 1, len(points))), points, atol=1e-12)
        # Without the states, only another search gives the curves.
        shutil.rmtree(out)
        change = settings("paths.store=none", "paths.keep_states=false")
        lossatlas_does("run", FOLDER / "wells.toml", "--out", out, *change)
        with lossatlas.open(out) as run:
            with self.assertRaisesRegex(lossatlas.MissingResult, r"Nor is (.|\n)*--replace$") as refused:
                run.path("minima/relaxed", 0)
        resume = re.search(r"\n  lossatlas (.*)", str(refused.exception))[1]
        lossatlas_does(*shlex.split(resume))
        with lossatlas.open(out) as run:
            again = run.path("minima/relaxed", (a, b))
            np.testing.assert_allclose(again(np.linspace(0, 1, len(points))), points, atol=1e-12)

    def test_what_is_missing(self):
        self.assertEqual(len(tiny.missing), 0, tiny.missing)
        self.assertIn("complete", repr(tiny))
        out = FOLDER / "part"
        diverges = settings("training.sgd.learning_rate=1e9")
        lossatlas_does("train", TINY, "--out", out, *diverges, code=3)
        with lossatlas.open(out) as run:
            missing = run.missing.set_index("group")
            diverged = missing.loc["solutions/sgd/curves"]
            self.assertEqual(set(diverged["status"]), {"diverged"})
            self.assertTrue(all(diverged["reason"]), diverged)
            self.assertEqual(missing.loc["paths/lbfgs/train/on_train"]["reason"], "2 of 2 paths")
            self.assertEqual(missing.loc["kpca/rbf"]["status"], "missing")
            self.assertEqual(run.solutions["sgd/train"].sizes["vector"], 0)
            self.assertIn("not there: ", repr(run))
            self.assertIn("solutions: lbfgs/test (3), lbfgs/train (3), sgd/test (0)", repr(run))
            self.assertIn("paths:     lbfgs/test (0), ", repr(run))
            self.assertEqual(len(run.barriers()), 0)

    def test_stages_that_have_not_begun_are_missing(self):
        copy = FOLDER / "not-begun"
        copy.mkdir()
        shutil.copy(wells.file, copy)
        self.assertEqual(len(wells.missing), 0, wells.missing)
        refined = "paths/minima/relaxed/on_formula/refined"
        with h5py.File(copy / "atlas.h5", "r+") as file:
            del file["curvature"], file[refined]
        with lossatlas.open(copy) as run:
            self.assertEqual(sorted(run.missing["group"]), ["curvature/minima/relaxed", refined])
            self.assertEqual(set(run.missing["status"]), {"missing"})

    def test_the_configuration(self):
        self.assertEqual(tiny.configuration["paths"]["steps"], 3)
        self.assertEqual(tiny.configuration["kpca"]["sigmoid"]["kernel"], "sigmoid")
        self.assertIn("paths.steps = 3\n", tiny.configuration_text)
        lines = [
            "import.my/set.checksum = 12e3",
            'import.my/set.file = "a = b.npy"',
            'kpca.x.y.sets = ["a/b"]',
            'kpca."v.w".sets = ["c/d"]',
            "seed = 1",
        ]
        expected = {
            "import": {"my/set": {"checksum": "12e3", "file": "a = b.npy"}},
            "kpca": {"x.y": {"sets": ["a/b"]}, "v.w": {"sets": ["c/d"]}},
            "seed": 1,
        }
        self.assertEqual(configuration.parse("\n".join(lines)), expected)
        self.assertEqual(tiny.attributes["ranks"], 1)
        self.assertRegex(tiny.attributes["started"], r"^20\d\d-.*Z$")


class Paths(unittest.TestCase):
    def exported(self, run, name, landscape, points):
        file = FOLDER / "points.npy"
        options = ["--landscape", landscape, "--points", points, "--to", file, "--force"]
        lossatlas_does("export", run.directory, "--path", name, *options)
        return np.load(file)

    def check_paths(self, run, tolerance, points):
        t = np.linspace(0.0, 1.0, points)
        count = 0
        for name, on_landscapes in run.paths.items():
            for landscape, paths in on_landscapes.items():
                for row, (a, b) in enumerate(paths["pair_initialization"].values.tolist()):
                    path = run.path(name, (a, b), on=landscape)
                    self.assertEqual((path.row, path.initializations), (row, (a, b)))
                    theirs = self.exported(run, f"{name}:{a}-{b}", landscape, points)
                    self.assertEqual(path(t).dtype, theirs.dtype)
                    scale = abs(theirs).max()
                    np.testing.assert_allclose(path(t), theirs, rtol=0, atol=tolerance * scale)
                    np.testing.assert_array_equal(path(t)[[0, -1]], theirs[[0, -1]])
                    count += 1
        return count

    def test_paths_are_those_that_are_exported(self):
        self.assertEqual(tiny.h5["paths/sgd/train/on_train"].attrs["curve_file"], "curves.h5")
        self.assertEqual(self.check_paths(tiny, 5e-7, 13), 20)
        self.assertIn("curve", wells.h5["paths/minima/relaxed/on_formula"])
        self.assertEqual(self.check_paths(wells, 1e-15, 101), 3)

    def test_their_losses_are_the_stored_ones(self):
        for name in ["lbfgs/train", "sgd/train~lbfgs/train"]:
            for row in range(2):
                path = tiny.path(name, row, on="train")
                np.save(FOLDER / "theta.npy", path(path.profile["t"].values))
                said = lossatlas_does("evaluate", TINY, "--csv", "--weights", FOLDER / "theta.npy")
                losses = [float(row["loss_train"]) for row in csv.DictReader(said.splitlines())]
                np.testing.assert_allclose(losses, path.profile["loss"], rtol=2e-6)

    def test_their_energies_are_the_stored_ones(self):
        for row in range(3):
            path = wells.path("minima/relaxed", row)
            t = path.profile["t"].values
            np.testing.assert_allclose(mueller_brown(path(t)), path.profile["loss"], rtol=1e-10)

    def test_shapes_are_those_of_the_file(self):
        for run, name in [(tiny, "sgd/train"), (wells, "minima/relaxed")]:
            path = run.path(name, 0)
            folder = "curves.h5" if run is tiny else "atlas.h5"
            with h5py.File(run.directory / folder) as file:
                curve = file[f"paths/{name}/on_{path.landscape}/curve"]
                ours = SHAPES[path.method](curve["t"][:], len(path.coefficients))
                np.testing.assert_allclose(ours, curve["shape"][:], atol=2e-15)

    def test_t_may_be_a_number_or_an_array(self):
        path = tiny.path("sgd/train", "3-0")
        self.assertEqual(path.landscape, "train")
        self.assertEqual(path.dimension, 42_200)
        self.assertEqual(path(0.25).shape, (42_200,))
        self.assertEqual(path([[0.0, 0.5, 1.0]]).shape, (1, 3, 42_200))
        np.testing.assert_array_equal(path([0.25, 1.0]), [path(0.25), path(1)])
        for wrong in [-1e-9, 1.1, np.nan, [0.5, 2.0]]:
            with self.assertRaisesRegex(ValueError, "t of a path is from 0 to 1"):
                path(wrong)
        expected = "<path sgd/train:3-0 on train: fourier, 3 terms, 42200 parameters>"
        self.assertEqual(repr(path), expected)


def mueller_brown(points):
    x, y = points.T[..., None]
    weight = np.array([-200.0, -100.0, -170.0, 15.0])
    a, b = np.array([-1.0, -1.0, -6.5, 0.7]), np.array([0.0, 0.0, 11.0, 0.6])
    c = np.array([-10.0, -10.0, -6.5, 0.7])
    dx, dy = x - np.array([1.0, 0.0, -0.5, -1.0]), y - np.array([0.0, 0.5, 1.5, 1.0])
    return np.sum(weight * np.exp(a * dx**2 + b * dx * dy + c * dy**2), axis=-1)


class Errors(unittest.TestCase):
    def refuses(self, pattern, function, *arguments, error=lossatlas.MissingResult, **options):
        with self.assertRaisesRegex(error, pattern):
            function(*arguments, **options)

    def test_results_that_are_not_there(self):
        have = "lbfgs/test, lbfgs/train, sgd/test and sgd/train"
        message = f"atlas.h5: there is no set of solutions 'adam/train', but {have}"
        self.refuses(message, tiny.solutions.__getitem__, "adam/train")
        self.assertNotIn("adam/train", tiny.solutions)
        self.refuses("'train', but formula", tiny_landscape, wells, "minima/relaxed", "train")
        self.refuses("no path 5-0, but 3-0 and 1-0", tiny.path, "sgd/train", (5, 0))
        self.refuses("no row 2 among 2 paths", tiny.path, "sgd/train", 2)
        self.refuses("no group 'kpca/x', but kpca, kpca/rbf and", tiny.dataset, "kpca/x")
        self.refuses("sgd/train has 3 vectors, no 3", tiny.tensors, "sgd/train", 3)
        self.refuses(r"shape \(42200,\), not \(3,\)", tiny.tensors, np.zeros(3), error=ValueError)

    def test_curves_that_are_not_there(self):
        with lossatlas.open(OLD) as run:
            self.refuses(
                "minima/given:0-2 on formula is not stored(.|\n)* resume .*paths.store=all --replace",
                run.path,
                "minima/given",
                (0, 2),
            )
        copy = FOLDER / "copy"
        copy.mkdir()
        shutil.copy(tiny.file, copy)
        with lossatlas.open(copy) as run:
            message = "curves.h5 is not there, in which .*atlas.h5 has its curves"
            self.refuses(message, run.path, "sgd/train", 0, error=FileNotFoundError)
            with h5py.File(copy / "curves.h5", "w") as other:
                other.attrs["run"] = "another"
            message = "curves.h5 is of another run"
            self.refuses(message, run.path, "sgd/train", 0, error=lossatlas.FileError)

    def test_files_that_are_none(self):
        places = FOLDER / "places"
        for name in ["unfinished", "other"]:
            (places / name).mkdir(parents=True)
        (places / "unfinished" / "results.journal").touch()
        (places / "other" / "notes.txt").touch()
        with h5py.File(places / "other.h5", "w") as file:
            file["numbers"] = [1, 2]
        shutil.copy(tiny.file, places / "newer.h5")
        with h5py.File(places / "newer.h5", "r+") as file:
            file.attrs["format_version"] = 99
        refused = lambda pattern, name, error=lossatlas.FileError: self.refuses(
            pattern, lossatlas.open, places / name, error=error
        )
        refused("there is no such file or directory", "nowhere", FileNotFoundError)
        refused("no atlas.h5 yet.*lossatlas status .*unfinished", "unfinished", FileNotFoundError)
        refused("it has no atlas.h5, but notes.txt", "other", FileNotFoundError)
        refused("notes.txt is not an HDF5 file", "other/notes.txt")
        refused("was not written by lossatlas: it has numbers", "other.h5")
        refused("has format version 99, .* reads up to 2", "newer.h5")
        self.refuses("directories .*tiny", lossatlas.open, FOLDER, error=FileNotFoundError)
        self.refuses(
            "has curves only", lossatlas.open, FOLDER / "tiny/curves.h5", error=lossatlas.FileError
        )


def tiny_landscape(run, name, landscape):
    return run.paths[name][landscape]


class Old(unittest.TestCase):
    def test_files_of_version_0_1_0_open_with_what_they_have(self):
        with lossatlas.open(OLD / "atlas.h5") as run:
            self.assertEqual(run.version, "0.1.0")
            self.assertEqual(run.solutions["minima/given"]["theta"].shape, (3, 2))
            table = run.barriers()
            self.assertEqual(table["status"].tolist(), ["done"] * 3)
            self.assertAlmostEqual(table["barrier"][1], 1.046780, places=6)
            self.assertEqual(run.kpca["minima"]["set"].values.tolist(), ["minima/given"] * 3)
            self.assertEqual(run.tensors("minima/given")["x"].shape, (2,))
            self.assertEqual(run.configuration["landscape"]["kind"], "two-wells")
            self.assertEqual(len(run.missing), 0)
            self.assertEqual([list(run.graph), list(run.surface), list(run.refined)], [[]] * 3)


class Weights(unittest.TestCase):
    def test_tensors_are_parts_of_theta(self):
        tensors = tiny.tensors("lbfgs/train", 2)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        expected = {"fc1.weight": (50, 784), "fc2.weight": (50, 50), "fc3.weight": (10, 50)}
        self.assertEqual(shapes, expected)
        whole = np.concatenate([tensor.ravel() for tensor in tensors.values()])
        np.testing.assert_array_equal(whole, tiny.solutions["lbfgs/train"]["theta"][2])

    def test_the_loss_of_a_perceptron_in_numpy_is_the_stored_one(self):
        lossatlas_does("export", tiny.directory, "--images", "--to", FOLDER / "images.npz")
        images = np.load(FOLDER / "images.npz")
        x, y = images["train_images"].reshape(200, -1) / 255.0, images["train_labels"]
        for row, expected in enumerate(tiny.solutions["lbfgs/train"]["loss_train"].values):
            fc1, fc2, fc3 = tiny.tensors("lbfgs/train", row).values()
            softplus = lambda z: np.logaddexp(0.0, z)
            outputs = softplus(softplus(x @ fc1.T) @ fc2.T) @ fc3.T
            outputs -= outputs.max(axis=1, keepdims=True)
            normalized = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
            loss = -normalized[np.arange(200), y].mean()
            self.assertAlmostEqual(loss / expected, 1.0, delta=1e-6)

    @needs("torch")
    def test_modules_have_the_stored_losses(self):
        import torch
        from lossatlas.pytorch import mean_loss

        torch.set_num_threads(1)
        for kind, changes in [
            ("fcp", ["biases=true", "hidden=[30, 20]", 'activation="gelu"']),
            ("lenet", ['activation="relu"', "dense=[20]"]),
            ("autoencoder", ["hidden=[16]"]),
            ("lstm", ["hidden=8"]),
        ]:
            out = FOLDER / kind
            keys = [f"network.kind={kind}", *(f"network.{change}" for change in changes)]
            keys = settings(*keys, "training.initializations=2", "training.keep=2", "kpca=[]")
            lossatlas_does("train", TINY, "--out", out, *keys)
            lossatlas_does("export", out, "--images", "--to", out / "images.npz")
            images = np.load(out / "images.npz")
            with lossatlas.open(out) as run:
                for part in ["train", "test"]:
                    x = torch.from_numpy(images[f"{part}_images"] / 255.0).flatten(1)
                    y = torch.from_numpy(images[f"{part}_labels"].astype(np.int64))
                    for row, expected in enumerate(run.solutions["sgd/train"][f"loss_{part}"]):
                        module = run.module("sgd/train", row).double()
                        loss = mean_loss(module, x, y).item()
                        self.assertAlmostEqual(loss / float(expected), 1.0, delta=1e-6, msg=kind)
                state = run.state_dict("sgd/train", 1)
                own = run.module("sgd/train", 1).state_dict()
                self.assertEqual(list(state), list(own))
                self.assertTrue(all(torch.equal(state[name], own[name]) for name in state))

    @needs("torch")
    def test_points_of_a_path_are_modules_too(self):
        path = tiny.path("lbfgs/train", 0)
        module = tiny.module(path(0.5))
        self.assertEqual(module.fc1.weight.shape, (50, 784))

    @needs("torch")
    def test_a_landscape_has_no_module(self):
        with self.assertRaisesRegex(ValueError, "no built-in network.*'mueller-brown'"):
            wells.module("minima/relaxed")
        self.assertEqual(list(wells.state_dict("minima/relaxed")), ["x"])


class Graphs(unittest.TestCase):
    def test_graphs_by_landscape(self):
        self.assertEqual(list(tiny.graph["all"]), ["train", "test"])
        graph = wells.graph["all"]["formula"]
        self.assertEqual(graph["edge_nodes"].dims, ("edge", "end"))

    @needs("networkx")
    def test_minimax_heights_are_those_of_networkx(self):
        import networkx

        for run, landscape in [(tiny, "train"), (wells, None)]:
            graph, stored = run.network("all", landscape), run.graph["all"][landscape or "formula"]
            self.assertEqual(graph.number_of_nodes(), stored.sizes["node"])
            self.assertEqual(graph.number_of_edges(), stored.sizes["edge"])
            tree = networkx.minimum_spanning_tree(graph, weight="height")
            marked = [height for *_, height in tree.edges(data="height")]
            chosen = [height for *_, height in graph.edges(data="height")]
            in_tree = [
                one for one, (*_, data) in zip(chosen, graph.edges(data=True)) if data["in_tree"]
            ]
            self.assertEqual(sorted(marked), sorted(in_tree))
            nodes = list(graph.nodes)
            pairs = [(a, b) for a in nodes for b in nodes if a < b]
            for (a, b), expected in zip(pairs, stored["minimax"].values):
                minimax = np.inf
                if networkx.has_path(tree, a, b):
                    way = networkx.shortest_path(tree, a, b)
                    edges = zip(way, way[1:])
                    minimax = max(
                        min(one["height"] for one in tree[u][v].values()) for u, v in edges
                    )
                self.assertEqual(minimax, expected)

    @needs("networkx")
    def test_one_of_several_landscapes_must_be_named(self):
        with self.assertRaisesRegex(ValueError, "on which landscape. There are train and test"):
            tiny.network("all")


if __name__ == "__main__":
    unittest.main()
