"""A landscape for the tests, with the standard library alone, that can be told to misbehave.

The file `mode` in the working directory holds a word for each misbehavior. Those that end in
`-once` are done by the first process that gets that far: it leaves a file of the same name.
"""

import json
import os
import signal
import struct
import sys
import time
import zlib

P = 4
MODE = open("mode").read().split() if os.path.exists("mode") else []
RANK = os.environ["LOSSATLAS_RANK"]


def now(word):
    """Whether it is time for this misbehavior."""
    if word in MODE:
        return True
    if word + "-once" not in MODE:
        return False
    try:
        os.close(os.open(word + "-done", os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


def handshake():
    line = {
        "lossatlas": 1,
        "dimension": P,
        "precision": "float32" if "single" in MODE else "float64",
        "name": "wells",
        "unit": "eV",
        "datasets": ["train", "test"],
        "tensors": [{"name": "a", "shape": [2, 1]}, {"name": "b", "shape": [2]}],
        "start_region": [-2, 2],
        "max_points": 7,
    }
    if "version" in MODE:
        line["lossatlas"] = 2
    if "zero" in MODE:
        line["dimension"] = 0
    if "tensors" in MODE:
        line["tensors"].pop()
    if "no-region" in MODE:
        del line["start_region"]
    if "other-region" in MODE:
        line["start_region"] = [-3, 3]
    if "other-name" in MODE or ("other-on-rank-1" in MODE and RANK == "1"):
        line["name"] = "hills"
    return json.dumps(line) + "\n"


def error(x, number):
    """Between -1 and 1, without any order."""
    mixed = zlib.crc32(struct.pack("<5d", *x, number))
    return mixed / 2.0**31 - 1


def f(x, dataset):
    """Σ (x² − 1)² with a slope, so that every well has its own depth."""
    value = sum((a * a - 1) ** 2 + 0.05 * (i + 1) * a for i, a in enumerate(x))
    gradient = [4 * a * (a * a - 1) + 0.05 * (i + 1) for i, a in enumerate(x)]
    scale = 1.0 + dataset
    if "random" in MODE:
        scale += 1e-9 * int.from_bytes(os.urandom(1), "little")
    if "noisy" in MODE:
        # Relative errors up to 1e-8, always the same at the same point.
        value *= 1 + 1e-8 * error(x, 0)
        gradient = [g * (1 + 1e-8 * error(x, i + 1)) for i, g in enumerate(gradient)]
    return scale * value, [scale * g for g in gradient]


def misbehave(requests):
    if "slow" in MODE:
        time.sleep(0.02)
    if requests < 5:
        return
    if now("die"):
        sys.stderr.write("Traceback (most recent call last):\nValueError: dead\n")
        sys.stderr.flush()
        os._exit(3)
    if now("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if now("stop"):
        os.kill(os.getpid(), signal.SIGSTOP)
    if now("hang"):
        time.sleep(1000)
    if now("print"):
        sys.stdout.buffer.write(b"epoch 1 of 10: loss 0.1\n")
        sys.stdout.buffer.flush()


def main():
    if "import-error" in MODE:
        import a_module_that_does_not_exist  # noqa: F401
    if "greet" in MODE:
        print("Hello, world")
    if "never" in MODE:
        time.sleep(1000)
    out, requests = sys.stdout.buffer, 0
    with open("starts", "a") as starts:
        starts.write(f"{os.getpid()} rank {RANK} of {os.environ['LOSSATLAS_RANKS']}\n")
    if "loud" in MODE:
        sys.stderr.write("x" * 200_000 + "\n")
    out.write(handshake().encode())
    out.flush()
    number = "f" if "single" in MODE else "d"
    size = struct.calcsize(number)
    while True:
        head = sys.stdin.buffer.read(24)
        if len(head) < 24:
            with open("ends", "a") as ends:
                ends.write(f"{os.getpid()}\n")
            return
        kind, dataset, points = struct.unpack("<QQQ", head)
        body = struct.unpack(f"<{points * P}{number}", sys.stdin.buffer.read(points * P * size))
        requests += 1
        if requests > 5 and now("error"):
            text = "Traceback:\nRuntimeError: too hot é".encode()
            out.write(struct.pack("<QQ", 1, len(text)) + text)
            out.flush()
            continue
        misbehave(requests)
        found = [f(body[m * P : (m + 1) * P], dataset) for m in range(points)]
        answer = struct.pack(f"<Q{points}d", 0, *(value for value, _ in found))
        if kind == 2:
            flat = [g for _, gradient in found for g in gradient]
            answer += struct.pack(f"<{points * P}{number}", *flat)
        out.write(answer)
        out.flush()


main()
