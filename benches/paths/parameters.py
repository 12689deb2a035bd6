"""How barriers depend on the parameters of the method: each varied with the others as published.

    python parameters.py LOSSATLAS MNIST NETWORK [--figure FILE.svg] [--table FILE.csv]

NETWORK names the configuration beside this file. The program trains once, then searches for the same paths with every
value. The figure has barriers on the fine grid: a line through the medians, and a mark for every path.
"""

import csv
import statistics
from pathlib import Path

import matplotlib
from matplotlib import pyplot
from program import Program, parser

# Fewer images than in the configuration, because there are many paths.
PUBLISHED = {"fourier_terms": 10, "lambda": 1e-4, "points": 51, "steps": 100}
IMAGES = {"fcp": 500, "lstm": 60}
VALUES = {
    "fcp": {
        "fourier_terms": [1, 2, 5, 10, 20, 40],
        "lambda": [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
        "points": [6, 11, 21, 51, 101, 201],
        "steps": [12, 25, 50, 100, 200, 400, 800],
        "train": [50, 150, 500, 1500, 5000],
    },
    "lstm": {
        "fourier_terms": [1, 2, 5, 10, 20],
        "lambda": [1e-6, 1e-4, 1e-3, 1e-2, 1e-1],
        "points": [6, 11, 21, 51],
        "steps": [12, 25, 50, 100, 200],
        "train": [15, 30, 60, 120],
    },
}
LABELS = {
    "fourier_terms": "sines N_F",
    "lambda": "λ",
    "points": "points M",
    "steps": "steps of Adam",
    "train": "images",
}
# After less there is no barrier above the higher end, and nothing to see.
TRAINING = ["training.sgd.epochs=300", "training.lbfgs.iterations=300"]
# Vermilion and blue of Okabe and Ito, as in the report.
STYLE = {"SGD": {"color": "#D55E00", "marker": "o"}, "L-BFGS": {"color": "#0072B2", "marker": "^"}}


def main():
    words = parser(__doc__, VALUES)
    words.add_argument("--figure", type=Path, default=Path("parameters.svg"))
    words.add_argument("--table", type=Path, default=Path("parameters.csv"))
    arguments = words.parse_args()
    published = PUBLISHED | {"train": IMAGES[arguments.network]}
    program = Program(arguments, TRAINING)
    found = {}
    for key, values in VALUES[arguments.network].items():
        for value in values:
            settings = published | {key: value}
            changes = [f"paths.{name}={setting}" for name, setting in settings.items()]
            out = "-".join(str(setting) for setting in settings.values())
            found[key, value], _ = program.heights(out, changes)
            write(arguments.table, found)
            medians = {optimizer: f"{statistics.median(heights):.3g}" for optimizer, heights in found[key, value].items()}
            print(key, value, medians, flush=True)
    draw(arguments.figure, found, published)


def write(file, found):
    with file.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["parameter", "value", "optimizer", "path", "height_dense"])
        for (key, value), by_optimizer in found.items():
            for optimizer, heights in by_optimizer.items():
                table.writerows([key, value, optimizer, path, repr(float(height))] for path, height in enumerate(heights))


def draw(file, found, published):
    matplotlib.rcParams |= {"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "lossatlas", "axes.grid": True,
                            "grid.color": "#dddddd", "axes.axisbelow": True}
    figure, axes = pyplot.subplots(1, len(LABELS), figsize=(12, 2.8), sharey=True, layout="constrained")
    for axis, (key, label) in zip(axes, LABELS.items()):
        values = [value for name, value in found if name == key]
        axis.axvline(published[key], color="#999999", linestyle=":")
        for optimizer, style in STYLE.items():
            heights = [found[key, value][optimizer] for value in values]
            axis.plot(values, [statistics.median(of) for of in heights], color=style["color"], label=optimizer)
            for value, of in zip(values, heights):
                axis.plot([value] * len(of), of, linestyle="", markersize=4, fillstyle="none", **style)
        axis.set(xscale="log", yscale="log", xlabel=label)
    axes[0].set_ylabel("barrier on the fine grid (nats)")
    axes[0].legend(frameon=False)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main()
