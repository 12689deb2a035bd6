"""What lossatlas does at its end of the protocol, for tests: docs/protocol.md."""

import json
import subprocess

import numpy as np

VALUES, VALUES_AND_GRADIENTS = 1, 2


class Failed(Exception):
    """An error that the landscape answered."""


class Engine:
    """Starts a landscape and asks it. `with Engine([...]) as engine: ...`"""

    def __init__(self, command, **options):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **options)
        self.handshake = None

    def __enter__(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1].decode())
        self.handshake = json.loads(line)
        self.dtype = np.dtype({"float64": "<f8", "float32": "<f4"}[self.handshake["precision"]])
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def ask(self, points, kind=VALUES_AND_GRADIENTS, dataset=0):
        """Values, and gradients or None."""
        points = np.atleast_2d(points)
        head = np.array([kind, dataset, len(points)], "<u8")
        self.process.stdin.write(head.tobytes() + points.astype(self.dtype).tobytes())
        self.process.stdin.flush()
        (status,) = self._read("<u8", 1)
        if status == 1:
            (length,) = self._read("<u8", 1)
            raise Failed(self.process.stdout.read(int(length)).decode())
        assert status == 0, status
        values = self._read("<f8", len(points))
        if kind == VALUES:
            return values, None
        return values, self._read(self.dtype, points.size).reshape(points.shape)

    def _read(self, dtype, count):
        size = count * np.dtype(dtype).itemsize
        data = self.process.stdout.read(size)
        assert len(data) == size, f"{len(data)} of {size} bytes"
        return np.frombuffer(data, dtype)

    def end(self):
        """Closes standard input. Returns exit code, the rest of standard output, standard error."""
        rest, said = self.process.communicate(timeout=30)
        return self.process.returncode, rest, said.decode()
