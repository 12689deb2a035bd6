"""The peers program of this or of an earlier version, and the comparison of two versions."""

import statistics
import subprocess
import tempfile
from pathlib import Path

PATH_IMAGES, POINTS = 2000, 51
HEADER = "| network | work, unit | before | now | before / now | same bits |\n|---|---|---|---|---|---|"
# Work, what it is called, its unit, and the factor from seconds.
WORK = [
    ("path", "path", "us per image and point", 1e6 / (PATH_IMAGES * POINTS)),
    ("sgd", "SGD step of 64", "us", 1e6),
    ("lbfgs", "L-BFGS iteration", "ms", 1e3),
]


class Lossatlas:
    """Answers `ask` with the words that the program prints; the first one is seconds of processor time."""

    def __init__(self, program, directory, mnist):
        arguments = [program, directory] + ([mnist] if mnist else [])
        self.directory = Path(directory)
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, work, name):
        self.process.stdin.write(f"{work} {name}\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        if not words:
            raise SystemExit(f"{self.process.args[0]} ended while it worked on: {work} {name}")
        return words

    def seconds(self, work, name):
        return float(self.ask(work, name)[0])


def cell(ratios, digits=2):
    """Median with the lowest and the highest."""
    return f"{statistics.median(ratios):.{digits}f} [{min(ratios):.{digits}f}, {max(ratios):.{digits}f}]"


def same_bits(now, before, name):
    """Whether both programs find the same losses and gradients on a path, to the bit."""
    files = [f"{name}-{what}.npy" for what in ("vectors", "losses", "gradient")]
    for program in (now, before):
        program.ask("check", name)
    return all((now.directory / file).read_bytes() == (before.directory / file).read_bytes() for file in files)


def compare_versions(now, before, names, rounds):
    """Prints a row for each work on each network; the two programs take turns in going first."""
    print(HEADER)
    for name in names:
        same = "yes" if same_bits(now, before, name) else "no"
        for work, what, unit, scale in WORK:
            rows = []
            for number in range(rounds + 1):
                order = (now, before) if number % 2 else (before, now)
                seconds = {program: program.seconds(work, name) for program in order}
                rows.append((seconds[before], seconds[now]))
            # The first round warms up.
            rows = rows[1:]
            old, new = (statistics.median(column) * scale for column in zip(*rows))
            ratio = cell([old / new for old, new in rows], 3)
            print(f"| {name} | {what}, {unit} | {old:.3g} | {new:.3g} | {ratio} | {same} |", flush=True)


def compare_programs(program, before, mnist, names, rounds):
    with tempfile.TemporaryDirectory() as mine, tempfile.TemporaryDirectory() as other:
        compare_versions(Lossatlas(program, mine, mnist), Lossatlas(before, other, mnist), names, rounds)
