"""Landscapes of your own for lossatlas: a function that returns a value and its gradient.

    import numpy as np
    from lossatlas_landscape import serve

    def value_and_gradient(theta):                  # (dimension,), float64
        return np.sum((theta**2 - 1) ** 2), 4 * theta * (theta**2 - 1)

    serve(value_and_gradient, dimension=6)

lossatlas starts this program once for each rank and asks it for values and gradients over its
standard input and output. Install this file with `pip install ./python`, or copy it beside your
program: it needs Python 3.9 and NumPy, and PyTorch 2 only in `torch_landscape`. The protocol is in
docs/protocol.md, a tutorial in docs/your-own-model.md.
"""

import copy
import json
import math
import os
import signal
import sys
import traceback

import numpy as np

__version__ = "1.0.0"
__all__ = ["Landscape", "TorchLandscape", "check", "serve", "torch_landscape"]

PROTOCOL = 1
VALUES, VALUES_AND_GRADIENTS = 1, 2
ANSWER, ERROR = 0, 1
MAX_ERROR_BYTES = 60_000
NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def serve(value_and_gradient, dimension, **options):
    """Answers lossatlas until it closes standard input. See `Landscape` for the arguments.

    Started by hand in a terminal, it explains itself and checks the gradient instead.
    """
    Landscape(value_and_gradient, dimension, **options).serve()


def check(value_and_gradient, dimension, at=None, seed=0, **options):
    """Compares the gradient with central differences, prints the comparison, returns whether all
    is well. See `Landscape.check` and `Landscape` for the arguments."""
    return Landscape(value_and_gradient, dimension, **options).check(at=at, seed=seed)


class Landscape:
    """A function of `dimension` parameters with its gradient, on one or several data sets.

    value_and_gradient  a function: an array of float64 (dimension,) → a number and an array of the
                        same shape. For several data sets a dictionary name → function. The first
                        one is minimized. A value that is NaN or infinite says: not defined there.
    batched             True: the functions take many points at once, (points, dimension) →
                        (points,) and (points, dimension).
    value               optional: the same without the gradient, where that is cheaper. A function,
                        or a dictionary with the same names.
    name, unit          for tables and figures: "My energy", "eV".
    tensors             optional: [("fc1.weight", (50, 784)), …], the parts of the parameter vector.
    precision           "float64" or "float32": of points and gradients between lossatlas and here.
                        Values are always float64, and the functions always receive float64.
    start_region        optional: (low, high), or one such pair for each component. Random starts
                        are uniform in it.
    max_points          optional: points of one request at most.
    """

    def __init__(
        self,
        value_and_gradient,
        dimension,
        *,
        batched=False,
        value=None,
        name=None,
        unit=None,
        tensors=None,
        precision="float64",
        start_region=None,
        max_points=None,
    ):
        self._named = isinstance(value_and_gradient, dict)
        self._with_gradient = value_and_gradient if self._named else {"value": value_and_gradient}
        if value is not None and isinstance(value, dict) != self._named:
            raise TypeError("value must be a dictionary if and only if value_and_gradient is one")
        self._alone = {} if value is None else value if self._named else {"value": value}
        self.datasets = list(self._with_gradient)
        self.dimension = _whole_number("dimension", dimension)
        self.batched = bool(batched)
        self.precision = precision
        self.name, self.unit = name, unit
        self.tensors = [(str(part), [int(n) for n in shape]) for part, shape in tensors or []]
        self.max_points = max_points and _whole_number("max_points", max_points)
        self.start_region = start_region
        self._check_arguments()

    def _check_arguments(self):
        if not self.datasets:
            raise ValueError("there must be at least one data set")
        for name, function in self._with_gradient.items():
            letters = isinstance(name, str) and NAME_LETTERS.issuperset(name)
            if not letters or name in ("", ".", ".."):
                raise ValueError(f"data set {name!r}: a name has letters, digits, '-', '_', '.'")
            if not callable(function):
                raise TypeError(f"data set {name!r}: must be a function, is {function!r}")
        for name, function in self._alone.items():
            if name not in self._with_gradient:
                raise ValueError(f"value has a data set {name!r}, value_and_gradient has not")
            if not callable(function):
                raise TypeError(f"value of data set {name!r}: must be a function, is {function!r}")
        if self.precision not in ("float32", "float64"):
            raise ValueError(f"precision must be 'float32' or 'float64', is {self.precision!r}")
        size = sum(math.prod(shape) for _, shape in self.tensors)
        if self.tensors and size != self.dimension:
            raise ValueError(f"the tensors have {size} components, dimension is {self.dimension}")
        if self.start_region is not None:
            region = np.asarray(self.start_region, dtype=np.float64)
            if region.shape not in ((2,), (self.dimension, 2)):
                raise ValueError(
                    f"start_region must be (low, high) or {self.dimension} such pairs, "
                    f"has the shape {region.shape}"
                )
            if not (np.isfinite(region).all() and (region[..., 0] < region[..., 1]).all()):
                raise ValueError("start_region: every low must be finite and below its high")
            self.start_region = region

    def evaluate(self, points, dataset=None, gradients=True):
        """Values (points,) and gradients (points, dimension), or None in their place, of one data
        set at `points`, an array (points, dimension). This is what lossatlas is answered."""
        dataset = self.datasets[0] if dataset is None else dataset
        values = np.empty(len(points))
        slopes = np.empty((len(points), self.dimension)) if gradients else None
        self._evaluate(np.array(points, dtype=np.float64, order="C"), dataset, values, slopes)
        return values, slopes

    def _evaluate(self, points, dataset, values, slopes):
        """Fills `values`, and `slopes` unless it is None."""
        if slopes is None and dataset in self._alone:
            alone = self._alone[dataset]
            if self.batched:
                values[:] = _numbers("values", alone(points), values.shape)
            else:
                for i, point in enumerate(points):
                    values[i] = _numbers("the value", alone(point), ())
            return
        function = self._with_gradient[dataset]
        if self.batched:
            some_values, some_slopes = _pair(function(points))
            values[:] = _numbers("values", some_values, values.shape)
            some_slopes = _numbers("gradients", some_slopes, points.shape)
            _store(some_slopes, slopes)
            return
        for i, point in enumerate(points):
            value, slope = _pair(function(point))
            values[i] = _numbers("the value", value, ())
            slope = _numbers("the gradient", slope, (self.dimension,))
            _store(slope, None if slopes is None else slopes[i])

    def handshake(self):
        """What is said to lossatlas first, as a dictionary."""
        said = {
            "lossatlas": PROTOCOL,
            "dimension": self.dimension,
            "precision": self.precision,
            "name": self.name,
            "unit": self.unit,
            "datasets": self.datasets if self._named else None,
            "tensors": [{"name": part, "shape": shape} for part, shape in self.tensors] or None,
            "start_region": None if self.start_region is None else self.start_region.tolist(),
            "max_points": self.max_points,
        }
        return {key: value for key, value in said.items() if value is not None}

    def _prepare(self):
        """What must be set before the first evaluation: nothing here."""

    # ---- Answering --------------------------------------------------------------------------

    def serve(self):
        """Answers lossatlas until it closes standard input."""
        if _streams is None and (os.isatty(0) or os.isatty(1)):
            self._explain()
            return
        requests, answers = _streams or _take_over_streams()
        _ignore_signals()
        self._prepare()
        try:
            _write(answers, [json.dumps(self.handshake()).encode() + b"\n"])
            dtype = np.dtype("<f4" if self.precision == "float32" else "<f8")
            received, slopes = np.empty((0, self.dimension), dtype), None
            head = np.empty(3, "<u8")
            while _read(requests, head):
                kind, dataset, count = (int(word) for word in head)
                if len(received) != count:
                    # Kept from one request to the next: new memory costs more than the copies.
                    received, slopes = (np.empty((count, self.dimension), dtype) for _ in range(2))
                if not _read(requests, received):
                    break
                _write(answers, self._answer(kind, dataset, received, slopes))
        except BrokenPipeError:
            # lossatlas has ended. There is nobody left to tell.
            os._exit(1)

    def _answer(self, kind, dataset, received, slopes):
        """The parts of the answer to a request."""
        try:
            if kind not in (VALUES, VALUES_AND_GRADIENTS):
                raise ValueError(f"a request of the unknown kind {kind}")
            if dataset >= len(self.datasets):
                raise ValueError(f"a request for data set {dataset} of {len(self.datasets)}")
            slopes = slopes if kind == VALUES_AND_GRADIENTS else None
            values = np.empty(len(received), "<f8")
            # The function gets an array of its own, which it may keep.
            points = received.astype(np.float64)
            self._evaluate(points, self.datasets[dataset], values, slopes)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            text = _last_lines(error)
            return [_word(ERROR), _word(len(text)), text]
        return [_word(ANSWER), values] + ([] if slopes is None else [slopes])

    def _explain(self):
        program = os.path.basename(sys.argv[0]) or "model.py"
        print(
            f"This program is a landscape for lossatlas: {self.dimension} parameters, "
            f"data sets: {', '.join(self.datasets)}.\n"
            "It answers over its standard input and output, so lossatlas must start it.\n"
            "Name it in a configuration:\n\n"
            f'    [landscape]\n    kind = "process"\n    command = ["python3", "{program}"]\n\n'
            "In a terminal it only checks itself:\n",
            file=sys.stderr,
        )
        self._prepare()
        if not self.check(file=sys.stderr):
            sys.exit(1)

    # ---- Checking ---------------------------------------------------------------------------

    def _point(self, seed):
        """A point to check at, if none is given."""
        random = np.random.default_rng(seed)
        region = np.array([-1.0, 1.0]) if self.start_region is None else self.start_region
        return random.uniform(region[..., 0], region[..., 1], self.dimension)

    def check(self, at=None, seed=0, file=None):
        """Compares gradients with central differences, prints, returns whether all is well.

        at      the point, an array (dimension,). Default: a random one of the start region.
        seed    of that point and of the directions.

        Along the gradient, along random directions, and along the gradient of each tensor (the
        first 20): the derivative by the gradient, by differences, and their relative deviation.
        Central differences are taken with several steps and the best counts, since no step is
        right for all functions. Also checked: two evaluations have the same bits, and all forms
        of a function agree.
        """
        say = _Report(file or sys.stdout)
        point = self._point(seed) if at is None else np.array(at, dtype=np.float64)
        if point.shape != (self.dimension,):
            raise ValueError(f"at must have the shape ({self.dimension},), has {point.shape}")
        if self.precision == "float32":
            point = point.astype(np.float32).astype(np.float64)
        for dataset in self.datasets:
            self._check_dataset(say, dataset, point, np.random.default_rng(seed))
        verdict = "all is well" if say.well else "something is wrong, see the lines with a !"
        say.line(verdict, say.well)
        return say.well

    def _check_dataset(self, say, dataset, point, random):
        values, slopes = self.evaluate(point[None], dataset)
        value, slope = values[0], slopes[0]
        say.line(f"data set {dataset}: value {value:.9g}, norm of the gradient {_norm(slope):.9g}")
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            say.claim("value and gradient are finite", False)
            return
        again, slopes_again = self.evaluate(point[None], dataset)
        same = again[0] == value and np.array_equal(slopes_again[0], slope)
        say.claim("two evaluations have the same bits", same)
        self._check_forms(say, dataset, point, value, slope, random)
        tolerance = 1e-2 if self.precision == "float32" else 1e-5
        say.line(f"{'direction':<24} {'gradient':>15} {'differences':>15} {'deviation':>10}")
        for label, direction in self._directions(slope, random):
            expected = slope @ direction
            measured = self._differences(dataset, point, direction, expected)
            deviation = abs(measured - expected) / max(abs(expected), 1e-3 * _norm(slope), 1e-300)
            text = f"{label:<24} {expected:>15.8g} {measured:>15.8g} {deviation:>10.1e}"
            say.line(text, deviation < tolerance)

    def _check_forms(self, say, dataset, point, value, slope, random):
        """Whether values alone, and several points in one call, are the same function."""
        tolerance = 1e-4 if self.precision == "float32" else 1e-9
        close = lambda a, b: bool(np.all(abs(a - b) <= tolerance * (abs(b) + np.max(abs(b)))))
        if self._alone.get(dataset) is not None:
            alone, _ = self.evaluate(point[None], dataset, gradients=False)
            say.claim("the value alone is the value with the gradient", close(alone[0], value))
        if self.batched:
            other = point + 0.01 * random.standard_normal(self.dimension)
            values, slopes = self.evaluate(np.stack([other, point, other]), dataset)
            agree = close(values[1], value) and close(slopes[1], slope)
            say.claim("a point has the same value alone and among others", agree)

    def _directions(self, slope, random):
        norm = _norm(slope)
        if norm > 0.0:
            yield "gradient", slope / norm
        for i in range(3):
            direction = random.standard_normal(self.dimension)
            # Half of it along the gradient: in many dimensions a random direction alone is
            # nearly orthogonal to it, and its derivative is small and drowns in rounding.
            mixed = direction / _norm(direction) + (slope / norm if norm > 0.0 else 0.0)
            yield f"random {i + 1}", mixed / _norm(mixed)
        start = 0
        for name, shape in self.tensors[:20]:
            part = np.zeros(self.dimension)
            stop = start + math.prod(shape)
            part[start:stop] = slope[start:stop]
            if _norm(part) <= 1e-6 * norm:
                # No gradient, or one that was forgotten.
                part[start:stop] = random.standard_normal(stop - start)
            if stop > start:
                yield name, part / _norm(part)
            start = stop

    def _differences(self, dataset, point, direction, expected):
        """The central difference that is closest to `expected`, of several steps."""
        scale = max(1.0, _norm(point) / math.sqrt(self.dimension))
        best = math.nan
        for exponent in range(-8, 0):
            step = scale * 10.0**exponent
            there, back = point + step * direction, point - step * direction
            if self.precision == "float32":
                there, back = there.astype(np.float32), back.astype(np.float32)
            length = (np.float64(there) - np.float64(back)) @ direction
            if length == 0.0:
                continue
            values, _ = self.evaluate(np.stack([there, back]), dataset, gradients=False)
            measured = (values[0] - values[1]) / length
            if not abs(measured - expected) >= abs(best - expected):
                best = measured
        return best


class _Report:
    """The lines of a check. Those that say what is wrong begin with a `!`."""

    def __init__(self, file):
        self.file, self.well = file, True

    def line(self, text, holds=True):
        self.well = self.well and bool(holds)
        print(("  " if holds else "! ") + text, file=self.file)

    def claim(self, text, holds):
        self.line(f"{text}: {'yes' if holds else 'no'}", holds)


def _norm(vector):
    return float(np.linalg.norm(vector))


def _whole_number(name, number):
    if int(number) != number or number < 1:
        raise ValueError(f"{name} must be a whole number, at least 1, is {number!r}")
    return int(number)


def _pair(returned):
    try:
        value, gradient = returned
    except (TypeError, ValueError):
        raise TypeError(
            f"the function must return a value and a gradient, it returned {_kind(returned)}"
        ) from None
    return value, gradient


def _kind(thing):
    shape = getattr(thing, "shape", None)
    return type(thing).__name__ + (f" of shape {tuple(shape)}" if shape is not None else "")


def _numbers(what, returned, shape):
    """What the function returned, as float64 of this shape."""
    array = np.asarray(returned)
    # Complex numbers, objects, texts, dates. JAX's bfloat16 is of kind "V" and becomes numbers.
    if array.dtype.kind in "cOSUmM":
        raise TypeError(f"{what} must be real numbers, the function returned {array.dtype}")
    if array.shape != shape and not (shape == () and array.size == 1):
        raise ValueError(f"{what} must have the shape {shape}, the function returned {array.shape}")
    return array.astype(np.float64, copy=False).reshape(shape)


def _store(slope, place):
    """Rounds to the precision of the place; beyond its range is infinite."""
    if place is not None:
        with np.errstate(over="ignore"):
            place[...] = slope


def _word(number):
    return np.array([number], "<u8").tobytes()


def _read(stream, array):
    """Fills the array. False if the stream ends before."""
    left = memoryview(array).cast("B")
    while len(left):
        count = stream.readinto(left)
        if not count:
            return False
        left = left[count:]
    return True


def _write(stream, parts):
    """Writes all bytes of all parts."""
    for part in parts:
        left = memoryview(part).cast("B")
        while len(left):
            left = left[stream.write(left) :]


def _take_over_streams():
    """The streams to lossatlas, on descriptors of their own.

    From here on, what is printed goes to standard error, and who reads standard input finds it
    empty. That includes what was printed before and is still in Python's buffer.
    """
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.stdout is not None:
        sys.stdout.flush()
    return requests, answers


def _ignore_signals():
    """Ctrl-C and the warnings of a batch system reach every process of a job. lossatlas then
    checkpoints, for which it may need answers, and closes standard input: that is the end."""
    for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
        try:
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        except (AttributeError, ValueError, OSError):
            pass  # Not this system's, or not in the main thread.


def _last_lines(error):
    """The error and where it arose: what a user wants to read first, and not too much of it."""
    frames = traceback.extract_tb(error.__traceback__)
    here = os.path.abspath(__file__)
    theirs = [frame for frame in frames if os.path.abspath(frame.filename) != here]
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    for frame in reversed(theirs[-5:]):
        place = f'File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        lines.append(f"{place}: {frame.line}" if frame.line else place)
    return "\n".join(lines).encode("utf-8", "replace")[:MAX_ERROR_BYTES]


def _streams_of_lossatlas():
    """Takes over the streams at once, if lossatlas has started this program: what is printed before
    `serve` must not be taken for the handshake. lossatlas sets `LOSSATLAS_RANK`, and a program
    that this one starts must not take itself for it."""
    started = os.environ.get("LOSSATLAS_RANK") is not None
    if not started or os.environ.get("LOSSATLAS_STREAMS") is not None:
        return None
    os.environ["LOSSATLAS_STREAMS"] = "taken"
    return _take_over_streams()


_streams = _streams_of_lossatlas()


# ---- PyTorch --------------------------------------------------------------------------------


def torch_landscape(
    module,
    loss,
    data,
    *,
    batch=None,
    device="cpu",
    threads=1,
    name=None,
    unit="nats",
    start_region=None,
):
    """The mean loss of a PyTorch module on data sets, as a landscape: `.serve()`, `.check()`.

    module        a torch.nn.Module, all of float32 or all of float64. It is copied and put into
                  evaluation mode. Its parameters that require a gradient are the parameter vector,
                  in the order of `module.parameters()`; the others are constants.
    loss          a function (outputs, targets) → the mean over the samples, or one loss for each
                  sample, (samples,). torch.nn.functional.cross_entropy, for instance.
    data          {"train": (inputs, targets), "test": (inputs, targets)}, tensors or arrays with
                  the samples along the first axis. The first data set is minimized.
    batch         samples at once, for lack of memory; default: all. The mean stays that over all.
    device        "cpu", "cuda", "cuda:1", …
    threads       of PyTorch on the CPU. One, since there is a process for each rank.
    start_region  of random starts; default: none.

    Running statistics of batch norm are fixed at mean 0 and variance 1. `vector` and `save` turn a
    trained module, whose statistics are others, into the parameters that compute the same with
    these: see there.
    """
    return TorchLandscape(module, loss, data, batch, device, threads, name, unit, start_region)


class TorchLandscape(Landscape):
    """What `torch_landscape` returns."""

    def __init__(self, module, loss, data, batch, device, threads, name, unit, start_region):
        import torch

        # Deterministic matrix products on GPUs need it. PyTorch reads it in the first product, which
        # is below, not in `serve`.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        self._torch, self._loss, self._threads = torch, loss, threads
        self._batch, self.device = batch, torch.device(device)
        self.module = copy.deepcopy(module).to(self.device).eval()
        named = [(name, p) for name, p in self.module.named_parameters() if p.requires_grad]
        self._parameters = [parameter for _, parameter in named]
        dtypes = {parameter.dtype for parameter in self._parameters}
        if dtypes not in ({torch.float32}, {torch.float64}):
            found = ", ".join(sorted(map(str, dtypes))) or "none"
            raise TypeError(f"parameters must all be float32 or all be float64, they are {found}")
        self._dtype = dtypes.pop()
        self._start = _flatten(torch, self._parameters)
        self._layers = _normalizations(torch, self.module)
        for _, layer in self._layers:
            layer.reset_running_stats()
        self._data = {name: self._samples(name, pair) for name, pair in data.items()}
        super().__init__(
            {name: self._value_and_gradient(name) for name in self._data},
            dimension=self._start.size,
            value={name: self._value(name) for name in self._data},
            name=name or type(module).__name__,
            unit=unit,
            tensors=[(name, tuple(parameter.shape)) for name, parameter in named],
            precision=str(self._dtype).split(".")[1],
            start_region=start_region,
        )
        self._try_out()

    def _samples(self, name, pair):
        """Inputs and targets on the device; real ones in the precision of the module."""
        torch = self._torch
        inputs, targets = (torch.as_tensor(part) for part in pair)
        if len(inputs) != len(targets) or len(inputs) == 0:
            raise ValueError(f"data set {name!r}: {len(inputs)} inputs, {len(targets)} targets")
        convert = lambda part: part.to(self._dtype) if part.is_floating_point() else part
        return convert(inputs).to(self.device), convert(targets).to(self.device)

    def _total(self, module, inputs, targets):
        """The sum of the losses of some samples."""
        loss = self._loss(module(inputs), targets)
        if loss.dim() == 0:
            return loss * len(inputs)
        if loss.shape != (len(inputs),):
            raise ValueError(
                f"loss must return a number or {len(inputs)} numbers, one for each sample, "
                f"it returned the shape {tuple(loss.shape)}"
            )
        return loss.sum()

    def _try_out(self):
        """Refuses losses that are no function of the parameters, or no mean over samples."""
        inputs, targets = (part[:8] for part in next(iter(self._data.values())))
        with self._torch.no_grad():
            total = lambda inputs, targets: float(self._total(self.module, inputs, targets))
            whole, again = total(inputs, targets), total(inputs, targets)
            parts = sum(total(i[None], t[None]) for i, t in zip(inputs, targets))
        close = lambda other: abs(other - whole) <= 1e-3 * abs(whole) + 1e-6
        if math.isfinite(whole) and not close(again):
            raise ValueError(
                "two evaluations of the module differ: something in it is random, also in "
                "evaluation mode (torch.nn.functional.dropout without training=self.training?)"
            )
        if math.isfinite(whole) and not close(parts):
            raise ValueError(
                "the loss of several samples is not the mean of their losses: it would depend on "
                "`batch`. Return one loss for each sample (reduction='none', weights applied)"
            )

    def _batches(self, dataset):
        """(inputs, targets), as many samples at once as there is memory for."""
        inputs, targets = self._data[dataset]
        size = self._batch or len(inputs)
        for start in range(0, len(inputs), size):
            yield inputs[start : start + size], targets[start : start + size]

    def _mean(self, module, dataset):
        with self._torch.no_grad():
            total = sum(float(self._total(module, *batch)) for batch in self._batches(dataset))
        return total / len(self._data[dataset][0])

    def _value(self, dataset):
        def value(theta):
            _assign(self._torch, self._parameters, theta)
            return self._mean(self.module, dataset)

        return value

    def _value_and_gradient(self, dataset):
        def value_and_gradient(theta):
            _assign(self._torch, self._parameters, theta)
            self.module.zero_grad(set_to_none=True)
            count, total = len(self._data[dataset][0]), 0.0
            for batch in self._batches(dataset):
                loss = self._total(self.module, *batch)
                total += float(loss.detach())
                (loss / count).backward()
            zeros = self._torch.zeros_like
            slopes = [zeros(p) if p.grad is None else p.grad for p in self._parameters]
            return total / count, _flatten(self._torch, slopes)

        return value_and_gradient

    def _prepare(self):
        torch = self._torch
        torch.set_num_threads(self._threads)
        torch.use_deterministic_algorithms(True)

    def _point(self, seed):
        return self._start.astype(np.float64)

    def vector(self, trained=None):
        """The parameter vector (dimension,) of a trained module, or of its `state_dict()`.

        Batch norm in evaluation mode is γ (x − μ)/√(σ² + ε) + β with running statistics μ and σ²,
        which differ from module to module. With mean 0 and variance 1 in their place, the same
        function has γ' = γ √(1 + ε)/√(σ² + ε) and β' = β − γ μ/√(σ² + ε). So these are put into
        the vector, and vectors of modules with different statistics are points of one landscape.
        Other constants (buffers, parameters without a gradient) must equal those of the landscape.
        """
        if trained is None:
            return self._start.copy()
        torch = self._torch
        state = trained if isinstance(trained, dict) else trained.state_dict()
        other = copy.deepcopy(self.module)
        other.load_state_dict(state)
        layers = _normalizations(torch, other)
        with torch.no_grad():
            for _, layer in layers:
                mean, variance = layer.running_mean.double(), layer.running_var.double()
                weight, bias = layer.weight.double(), layer.bias.double()
                scale = weight / torch.sqrt(variance + layer.eps)
                layer.weight.copy_(scale * math.sqrt(1.0 + layer.eps))
                layer.bias.copy_(bias - scale * mean)
                layer.reset_running_stats()
        self._compare_constants(other)
        return _flatten(torch, [p for p in other.parameters() if p.requires_grad])

    def _compare_constants(self, other):
        # A parameter that two layers share has two names.
        named = self.module.named_parameters(remove_duplicate=False)
        learned = {name for name, parameter in named if parameter.requires_grad}
        constants = other.state_dict()
        for name, constant in self.module.state_dict().items():
            if name not in learned and not self._torch.equal(constant, constants[name]):
                raise ValueError(
                    f"{name} is a constant of the landscape, but differs in the trained module: "
                    "they are points of different landscapes"
                )

    def load(self, theta):
        """A copy of the module with this parameter vector, in evaluation mode."""
        other = copy.deepcopy(self.module)
        _assign(self._torch, [p for p in other.parameters() if p.requires_grad], theta)
        return other

    def save(self, path, trained):
        """Writes the vectors of trained modules (or of their `state_dict()`) for `[[import]]`.

        An array (modules, dimension), .npy. Prints the loss of each on every data set, and refuses
        if the module itself, in evaluation mode, has another one. With batch norm it prints both
        losses, and the running statistics that were put into the vector.
        """
        vectors = np.stack([self.vector(one) for one in trained])
        for i, (one, theta) in enumerate(zip(trained, vectors)):
            told = [self._compare_losses(i, one, theta, dataset) for dataset in self.datasets]
            print(f"{path}, vector {i}: " + ", ".join(told) + self._describe_statistics(one))
        with open(path, "wb") as file:
            np.save(file, vectors)
        return vectors

    def _compare_losses(self, i, one, theta, dataset):
        """What the module itself and its vector give; refuses if they differ."""
        own = copy.deepcopy(self.module)
        own.load_state_dict(one if isinstance(one, dict) else one.state_dict())
        expected = self._mean(own, dataset)
        value = self.evaluate(theta[None], dataset, gradients=False)[0][0]
        if math.isfinite(expected) and not abs(value - expected) <= 1e-3 * abs(expected) + 1e-5:
            raise ValueError(
                f"vector {i}, data set {dataset}: the module has the loss {expected:.9g}, its "
                f"vector {value:.9g}: the vector does not hold all that makes the module"
            )
        itself = f" (the module itself {expected:.9g})" if self._layers else ""
        return f"{dataset} {value:.9g}{itself}"

    def _describe_statistics(self, one):
        if not self._layers:
            return ""
        state = one if isinstance(one, dict) else one.state_dict()
        told = []
        for name, _ in self._layers:
            mean, variance = (state[f"{name}.running_{part}"] for part in ("mean", "var"))
            told.append(
                f"{name} means {float(mean.min()):.3g} to {float(mean.max()):.3g}, "
                f"variances {float(variance.min()):.3g} to {float(variance.max()):.3g}"
            )
        return "; running statistics put into the vector: " + "; ".join(told)


def _flatten(torch, tensors):
    parts = [tensor.detach().reshape(-1) for tensor in tensors]
    return torch.cat(parts).cpu().numpy() if parts else np.empty(0)


def _assign(torch, parameters, theta):
    flat = torch.tensor(np.asarray(theta))
    start = 0
    with torch.no_grad():
        for parameter in parameters:
            stop = start + parameter.numel()
            parameter.copy_(flat[start:stop].reshape(parameter.shape))
            start = stop


def _normalizations(torch, module):
    """The layers whose running statistics are put into their weights. Refuses those that cannot."""
    layers = []
    for name, layer in module.named_modules():
        if not isinstance(layer, torch.nn.modules.batchnorm._NormBase):
            continue
        if layer.running_mean is None:
            if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
                raise ValueError(
                    f"{name}: batch norm without running statistics uses those of each batch, so "
                    "the loss would depend on `batch`: use track_running_stats=True"
                )
            continue
        if layer.weight is None or layer.bias is None:
            raise ValueError(
                f"{name}: batch norm with affine=False has no weight and bias to put its running "
                "statistics into: use affine=True"
            )
        if not (layer.weight.requires_grad and layer.bias.requires_grad):
            raise ValueError(f"{name}: weight and bias of batch norm must require a gradient")
        layers.append((name, layer))
    return layers
