"""Barriers against the cost of the search: all images in every step, or a random batch.

    python batches.py LOSSATLAS MNIST NETWORK [--learning-rates RATE...]

NETWORK names the configuration beside this file. The program trains once, then searches for the same paths with each
number of images and steps. It prints a table of barriers on the fine grid, medians with the lowest and the highest. The
cost is counted in evaluations of one image at one point with its gradient; one without gradient counts as a third.
"""

import itertools
import tomllib

from program import HERE, Program, parser, spread

# Steps by images a step.
STEPS = {
    "fcp": {"all": [25, 50, 100], 1000: [50, 100, 200], 250: [100, 200, 400]},
    "lstm": {"all": [25, 50, 100], 200: [50, 100, 200], 100: [100, 200, 400]},
}


def main():
    words = parser(__doc__, STEPS)
    words.add_argument("--learning-rates", nargs="+", default=["1e-3"])
    arguments = words.parse_args()
    images = tomllib.loads((HERE / f"{arguments.network}.toml").read_text())["paths"]["train"]
    program = Program(arguments)
    print("| images a step | learning rate | steps | evaluations, 10⁶ | ω^train of SGD | of L-BFGS |")
    print("|---|---|---|---|---|---|")
    for (batch, counts), rate in itertools.product(STEPS[arguments.network].items(), arguments.learning_rates):
        for steps in counts:
            changes = [f"paths.batch={batch}", f"paths.steps={steps}", f"paths.learning_rate={rate}"]
            heights, points = program.heights(f"{batch}-{rate}-{steps}", changes)
            cost = evaluations(batch, steps, images, points)
            columns = " | ".join(spread(of) for of in heights.values())
            print(f"| {batch} | {rate} | {steps} | {cost / 1e6:.1f} | {columns} |", flush=True)


def evaluations(batch, steps, images, points):
    """Of images at points with gradients; the descent alone, the profiles are the same for all."""
    if batch == "all":
        return steps * images * points
    looks = -(-steps // -(-images // batch))
    return (steps * batch + looks * images / 3) * points


if __name__ == "__main__":
    main()
