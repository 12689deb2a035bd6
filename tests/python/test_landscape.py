"""python/lossatlas_landscape.py and examples/landscape.c at the other end of the protocol.

    python3 tests/python/test_landscape.py          # NumPy only; the C example needs cc
"""

import contextlib
import io
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(Path(__file__).parent)]

from engine import VALUES, Engine, Failed  # noqa: E402
from lossatlas_landscape import Landscape, check  # noqa: E402

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
# What is printed before `serve` is still in Python's buffer there, unless the first is set, and
# lossatlas sets the second.
for variable in ["PYTHONUNBUFFERED", "LOSSATLAS_RANK", "LOSSATLAS_STREAMS"]:
    ENVIRONMENT.pop(variable, None)

WELLS = """
    import numpy as np
    from lossatlas_landscape import serve
    def wells(theta):
        return np.sum((theta**2 - 1) ** 2), 4 * theta * (theta**2 - 1)
"""


def landscape(program, **options):
    """The engine beside a landscape of this source."""
    source = textwrap.dedent(WELLS) + textwrap.dedent(program)
    options = {"env": ENVIRONMENT, **options}
    return Engine([sys.executable, "-c", source], **options)


def wells(theta):
    return np.sum((theta**2 - 1) ** 2, axis=-1), 4 * theta * (theta**2 - 1)


class Protocol(unittest.TestCase):
    def test_the_handshake_says_what_serve_was_told(self):
        with landscape("serve(wells, 6)") as engine:
            expected = {"lossatlas": 1, "dimension": 6, "precision": "float64"}
            self.assertEqual(engine.handshake, expected)
        program = """
            serve({"train": wells, "test-2.0": wells}, 6, name="Wells", unit="eV", max_points=7,
                  tensors=[("a", (2, 2)), ("b", (2,))], precision="float32", start_region=(-1, 2))
        """
        with landscape(program) as engine:
            expected = {
                "lossatlas": 1,
                "dimension": 6,
                "precision": "float32",
                "name": "Wells",
                "unit": "eV",
                "datasets": ["train", "test-2.0"],
                "tensors": [{"name": "a", "shape": [2, 2]}, {"name": "b", "shape": [2]}],
                "start_region": [-1.0, 2.0],
                "max_points": 7,
            }
            self.assertEqual(engine.handshake, expected)

    def test_a_start_region_for_each_component(self):
        with landscape("serve(wells, 2, start_region=[(0, 1), (2, 3)])") as engine:
            self.assertEqual(engine.handshake["start_region"], [[0.0, 1.0], [2.0, 3.0]])

    def test_values_and_gradients_of_one_and_of_many_points(self):
        random = np.random.default_rng(1)
        with landscape("serve(wells, 5)") as engine:
            for count in [1, 2, 17]:
                points = random.standard_normal((count, 5))
                values, gradients = engine.ask(points)
                np.testing.assert_array_equal(values, wells(points)[0])
                np.testing.assert_array_equal(gradients, wells(points)[1])
                np.testing.assert_array_equal(engine.ask(points, VALUES)[0], values)
            self.assertEqual(engine.end(), (0, b"", ""))

    def test_requests_larger_than_a_pipe(self):
        points = np.random.default_rng(2).standard_normal((3, 100_000))
        with landscape("serve(wells, 100_000)") as engine:
            values, gradients = engine.ask(points)
            np.testing.assert_allclose(values, wells(points)[0], rtol=1e-12)
            np.testing.assert_array_equal(gradients, wells(points)[1])

    def test_a_batched_function_gets_all_points_at_once(self):
        program = """
            def batched(points):
                assert points.shape == (3, 4) and points.dtype == np.float64, points.shape
                return np.sum((points**2 - 1) ** 2, axis=1), 4 * points * (points**2 - 1)
            serve(batched, 4, batched=True, value=lambda points: np.full(len(points), 7.0))
        """
        points = np.random.default_rng(3).standard_normal((3, 4))
        with landscape(program) as engine:
            values, gradients = engine.ask(points)
            np.testing.assert_allclose(values, wells(points)[0], rtol=1e-14)
            np.testing.assert_array_equal(gradients, wells(points)[1])
            np.testing.assert_array_equal(engine.ask(points, VALUES)[0], [7.0, 7.0, 7.0])

    def test_every_data_set_has_its_function(self):
        program = """
            serve({"train": wells, "test": lambda theta: (theta[0], np.eye(1, 3)[0])}, 3,
                  value={"test": lambda theta: -theta[0]})
        """
        point = np.array([0.5, 0.25, 2.0])
        with landscape(program) as engine:
            self.assertEqual(engine.ask(point)[0], wells(point)[0])
            self.assertEqual(engine.ask(point, VALUES)[0], wells(point)[0])
            values, gradients = engine.ask(point, dataset=1)
            self.assertEqual((values, gradients.tolist()), (0.5, [[1.0, 0.0, 0.0]]))
            self.assertEqual(engine.ask(point, VALUES, dataset=1)[0], -0.5)
            with self.assertRaisesRegex(Failed, "data set 2 of 2"):
                engine.ask(point, dataset=2)
            with self.assertRaisesRegex(Failed, "unknown kind 9"):
                engine.ask(point, kind=9)
            self.assertEqual(engine.ask(point)[0], wells(point)[0])

    def test_single_precision_rounds_points_and_gradients_but_not_values(self):
        point = np.array([1 / 3, 2 / 3])
        with landscape("serve(wells, 2, precision='float32')") as engine:
            values, gradients = engine.ask(point)
            rounded = point.astype(np.float32).astype(np.float64)
            self.assertEqual(values[0], wells(rounded)[0])
            np.testing.assert_array_equal(gradients[0], wells(rounded)[1].astype(np.float32))

    def test_values_that_are_not_defined_are_passed_on(self):
        program = """
            with_log = lambda theta: (np.log(theta[0]), np.array([1 / theta[0]]))
            np.seterr(all="ignore")
            serve(with_log, 1)
        """
        with landscape(program) as engine:
            self.assertTrue(np.isnan(engine.ask([-1.0])[0][0]))
            self.assertEqual(engine.ask([0.0])[0][0], -np.inf)

    def test_many_kinds_of_numbers_are_accepted(self):
        program = """
            serve({"list": lambda theta: (1, [1, 2]), "float32": lambda theta: (
                   np.float32(0.5), np.array([1, 2], np.float32)),
                   "one": lambda theta: (np.array([3.0]), (True, False))}, 2)
        """
        with landscape(program) as engine:
            for dataset, expected in enumerate([(1.0, [1, 2]), (0.5, [1, 2]), (3.0, [1, 0])]):
                values, gradients = engine.ask([0.0, 0.0], dataset=dataset)
                self.assertEqual((values[0], gradients[0].tolist()), expected)


class Errors(unittest.TestCase):
    def refused(self, function, pattern, batched=False):
        program = f"serve({function}, 2, batched={batched})"
        with landscape(program) as engine:
            for _ in range(2):  # The process lives on.
                with self.assertRaisesRegex(Failed, pattern):
                    engine.ask(np.ones((3, 2)))
            self.assertEqual(engine.end()[0], 0)

    def test_what_the_function_returns_is_checked(self):
        self.refused("lambda theta: theta[0]", "must return a value and a gradient.*float64")
        self.refused("lambda theta: (1.0, theta[:1])", r"gradient must have the shape \(2,\).*\(1")
        self.refused("lambda theta: (theta, theta)", r"value must have the shape \(\).*\(2,\)")
        self.refused("lambda theta: (1j, theta)", "real numbers.*complex")
        self.refused("lambda theta: (1.0, theta + 1j)", "real numbers.*complex")
        self.refused("lambda theta: (None, theta)", "real numbers.*object")
        self.refused("lambda theta: ('1', theta)", "real numbers.*<U1")
        self.refused("lambda points: (points[:, 0], points[0])", r"shape \(3, 2\).*\(2,\)", True)
        self.refused("lambda points: (points[0], points)", r"values must.*\(3,\).*\(2,\)", True)

    def test_an_exception_is_answered_with_the_last_lines_of_its_traceback(self):
        program = """
            def inner(theta):
                raise ArithmeticError("no such energy: äöü")
            def outer(theta):
                return inner(theta) if theta[0] > 0 else wells(theta)
            serve(outer, 2)
        """
        with landscape(program) as engine:
            with self.assertRaises(Failed) as caught:
                engine.ask([1.0, 0.0])
            text = str(caught.exception)
            self.assertTrue(text.startswith("ArithmeticError: no such energy: äöü\n"), text)
            self.assertRegex(text, r'File "<string>", line \d+, in inner')
            self.assertNotIn("lossatlas_landscape.py", text)
            self.assertEqual(engine.ask([0.0, 0.0])[0], 2.0)

    def test_exit_in_the_function_is_an_error_too(self):
        self.refused("lambda theta: exit('enough')", "SystemExit: enough")

    def test_a_long_error_is_cut(self):
        self.refused("lambda theta: int('x' * 1_000_000, 0 * print(1 / 0))", "ZeroDivisionError")
        with landscape("def f(t): raise ValueError('x' * 1_000_000)\nserve(f, 1)") as engine:
            with self.assertRaises(Failed) as caught:
                engine.ask([1.0])
            self.assertLess(len(str(caught.exception)), 100_000)

    def test_arguments_are_checked(self):
        for arguments, options, pattern in [
            (({}, 1), {}, "at least one data set"),
            (({"a b": wells}, 1), {}, "letters, digits"),
            (({"a": 1}, 1), {}, "must be a function"),
            ((wells, 0), {}, "at least 1"),
            ((wells, 1.5), {}, "whole number"),
            ((wells, 1), {"precision": "float16"}, "'float32' or 'float64'"),
            ((wells, 3), {"tensors": [("a", (2,))]}, "2 components, dimension is 3"),
            ((wells, 3), {"start_region": [(0, 1), (0, 1)]}, "3 such pairs"),
            ((wells, 3), {"start_region": (1, 1)}, "below its high"),
            ((wells, 3), {"max_points": -1}, "at least 1"),
            (({"a": wells}, 3), {"value": wells}, "dictionary"),
            (({"a": wells}, 3), {"value": {"b": wells}}, "data set 'b'"),
        ]:
            with self.assertRaisesRegex((TypeError, ValueError), pattern):
                Landscape(*arguments, **options)


class Streams(unittest.TestCase):
    def test_prints_go_to_standard_error(self):
        program = """
            import os, subprocess, sys
            print("before")
            def noisy(theta):
                print("inside")
                os.write(1, b"of the descriptor\\n")
                subprocess.run(["echo", "of a child"], check=True)
                sys.stdout.flush()
                return wells(theta)
            serve(noisy, 2)
            print("behind")
        """
        with landscape(program) as engine:
            self.assertEqual(engine.ask([0.0, 2.0])[0], 10.0)
            code, rest, said = engine.end()
        self.assertEqual((code, rest), (0, b""))
        for text in ["before", "inside", "of the descriptor", "of a child", "behind"]:
            self.assertIn(text + "\n", said)

    def test_started_by_lossatlas_prints_before_serve_do_not_matter(self):
        program = """
            import os, subprocess, sys
            print("early", flush=True)
            subprocess.run(["echo", "of an early child"], check=True)
            other = "import lossatlas_landscape; print('an answer')"
            answer = subprocess.check_output([sys.executable, "-c", other])
            assert answer == b"an answer\\n", answer
            serve(wells, 2)
        """
        environment = {**ENVIRONMENT, "LOSSATLAS_RANK": "0", "PYTHONUNBUFFERED": "1"}
        with landscape(program, env=environment) as engine:
            self.assertEqual(engine.ask([0.0, 2.0])[0], 10.0)
            code, rest, said = engine.end()
        self.assertEqual((code, rest, said), (0, b"", "early\nof an early child\n"))

    def test_standard_input_is_empty_for_the_function(self):
        program = """
            import subprocess, sys
            def curious(theta):
                return len(sys.stdin.read()) + len(subprocess.check_output(["cat"])), theta
            serve(curious, 1)
        """
        with landscape(program) as engine:
            self.assertEqual(engine.ask([[1.0], [2.0]])[0].tolist(), [0.0, 0.0])
            self.assertEqual(engine.ask([1.0])[0], 0.0)

    def test_it_ends_with_standard_input_also_in_the_middle_of_a_request(self):
        for rest in [b"", b"\1", np.array([2, 0, 1], "<u8").tobytes() + b"\0" * 9]:
            with landscape("serve(wells, 2)") as engine:
                engine.process.stdin.write(rest)
                self.assertEqual(engine.end(), (0, b"", ""))

    def test_it_ends_quietly_if_nobody_reads(self):
        with landscape("serve(wells, 50_000)") as engine:
            engine.process.stdout.close()
            point = np.array([2, 0, 1], "<u8").tobytes() + b"\0" * 400_000
            engine.process.stdin.write(point)
            engine.process.stdin.flush()
            self.assertEqual(engine.process.wait(30), 1)
            self.assertEqual(engine.process.stderr.read(), b"")

    def test_signals_do_not_end_it(self):
        with landscape("serve(wells, 2)") as engine:
            for number in [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1]:
                engine.process.send_signal(number)
                self.assertEqual(engine.ask([0.0, 0.0])[0], 2.0)
            self.assertEqual(engine.end()[0], 0)

    def test_in_a_terminal_it_explains_itself(self):
        ours, terminal = pty.openpty()
        source = textwrap.dedent(WELLS) + "serve(wells, 6)"
        command = [sys.executable, "-c", source]
        with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE,
                              env=ENVIRONMENT) as process:
            said = process.stderr.read().decode()
        os.close(terminal)
        os.close(ours)
        self.assertEqual(process.returncode, 0)
        for text in ["6 parameters", 'kind = "process"', "all is well"]:
            self.assertIn(text, said)


class Check(unittest.TestCase):
    def checked(self, *arguments, **options):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            well = check(*arguments, **options)
        return well, printed.getvalue()

    def test_right_gradients_pass(self):
        for options in [{}, {"precision": "float32"}, {"at": np.linspace(-2.0, 1.0, 6)}]:
            well, printed = self.checked(wells, 6, **options)
            self.assertTrue(well, printed)
        batched = lambda points: wells(points)
        well, printed = self.checked(batched, 6, batched=True, value=lambda p: wells(p)[0])
        self.assertTrue(well, printed)

    def test_a_wrong_component_is_found_and_its_tensor_named(self):
        def wrong(theta):
            value, gradient = wells(theta)
            gradient[4] *= 1.01
            return value, gradient

        well, printed = self.checked(wrong, 6, tensors=[("right", (4,)), ("wrong", (2,))])
        self.assertFalse(well)
        self.assertRegex(printed, "(?m)^! wrong ")
        self.assertRegex(printed, "(?m)^  right ")

    def test_a_forgotten_tensor_is_found(self):
        def forgetful(theta):
            value, gradient = wells(theta)
            return value, np.where(np.arange(6) < 4, gradient, 0.0)

        tensors = [("right", (4,)), ("forgotten", (2,))]
        for precision in ["float64", "float32"]:
            well, printed = self.checked(forgetful, 6, tensors=tensors, precision=precision)
            self.assertFalse(well)
            self.assertRegex(printed, "(?m)^! forgotten ")
        constant = lambda theta: (wells(theta[:4])[0], np.append(wells(theta[:4])[1], [0.0, 0.0]))
        well, printed = self.checked(constant, 6, tensors=tensors)
        self.assertTrue(well, printed)

    def test_noise_is_found(self):
        random = np.random.default_rng(1)
        noisy = lambda theta: (wells(theta)[0] + 1e-9 * random.random(), wells(theta)[1])
        well, printed = self.checked(noisy, 4)
        self.assertFalse(well)
        self.assertIn("! two evaluations have the same bits: no", printed)

    def test_another_value_alone_and_a_mixed_up_batch_are_found(self):
        well, printed = self.checked(wells, 4, value=lambda theta: wells(theta)[0] + 0.1)
        self.assertFalse(well)
        self.assertIn("! the value alone is the value with the gradient: no", printed)
        mixed = lambda points: (wells(points)[0][::-1], wells(points)[1])
        two = lambda points: (np.roll(wells(points)[0], 1), wells(points)[1])
        for batched in [mixed, two]:
            well, printed = self.checked(batched, 4, batched=True)
            self.assertFalse(well, printed)

    def test_what_is_not_finite_is_found(self):
        well, printed = self.checked(lambda theta: (np.nan, theta), 3)
        self.assertFalse(well)
        self.assertIn("! value and gradient are finite: no", printed)


@unittest.skipUnless(shutil.which("cc"), "there is no C compiler here (cc)")
class ExampleInC(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.program = os.path.join(cls.folder.name, "landscape")
        source = ROOT / "examples" / "landscape.c"
        flags = ["-O2", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["cc", *flags, "-o", cls.program, str(source)], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_it_answers_as_the_page_says(self):
        points = np.random.default_rng(5).standard_normal((4, 3))
        stretch = points[:, :-1] - points[:, 1:]
        coupled = wells(points)[0] + 0.25 * np.sum(stretch**2, axis=1)
        with Engine([self.program, "3", "0.5"]) as engine:
            self.assertEqual(engine.handshake["dimension"], 3)
            self.assertEqual(engine.handshake["datasets"], ["chain", "wells"])
            values, _ = engine.ask(points, VALUES)
            np.testing.assert_allclose(values, coupled, rtol=1e-14)
            np.testing.assert_array_equal(engine.ask(points)[0], values)
            values, gradients = engine.ask(points, dataset=1)
            np.testing.assert_allclose(values, wells(points)[0], rtol=1e-14)
            np.testing.assert_allclose(gradients, wells(points)[1], rtol=1e-13)
            with self.assertRaisesRegex(Failed, "unknown data set"):
                engine.ask(points, dataset=2)
            self.assertEqual(engine.end(), (0, b"", ""))

    def test_its_gradient_is_that_of_its_value(self):
        with Engine([self.program, "6", "0.3"]) as engine:
            through = lambda theta: tuple(part[0] for part in engine.ask(theta))
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertTrue(check(through, 6), printed.getvalue())

    def test_it_is_short_enough_to_read(self):
        lines = (ROOT / "examples" / "landscape.c").read_text().splitlines()
        self.assertLess(len(lines), 100)


@unittest.skipUnless(shutil.which("gfortran"), "there is no Fortran compiler here (gfortran)")
class ExampleInFortran(unittest.TestCase):
    def test_it_answers_as_the_page_says(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "landscape")
            source = str(ROOT / "examples" / "landscape.f90")
            flags = ["-O2", "-Wall", "-Werror", "-J", folder]
            subprocess.run(["gfortran", *flags, "-o", program, source], check=True)
            with Engine([program]) as engine:
                for count in [1, 7]:
                    points = np.random.default_rng(6).standard_normal((count, 3))
                    values, gradients = engine.ask(points)
                    np.testing.assert_allclose(values, wells(points)[0], rtol=1e-14)
                    np.testing.assert_allclose(gradients, wells(points)[1], rtol=1e-13)
                    np.testing.assert_array_equal(engine.ask(points, VALUES)[0], values)
                self.assertEqual(engine.end(), (0, b"", ""))


if __name__ == "__main__":
    unittest.main()
