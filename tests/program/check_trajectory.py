"""Checks the trajectories of an atlas against its training runs, and their projections against numpy.

    check_trajectory.py ATLAS

Prints every problem; exits with 1 if there is one.
"""

import sys

import h5py
import numpy as np

problems = []


def require(condition, problem):
    if not condition:
        problems.append(problem)


def check(atlas, method, number):
    path = f"/trajectory/{method}/{number}"
    group, curves = atlas[path], atlas[f"solutions/{method}/curves"]
    epoch = group["epoch"][:]
    last = curves["epochs_run"][number]
    expected = sorted(set(range(0, last + 1, 3)) | {last})
    require(list(epoch) == expected, f"{path}/epoch: {epoch}, not {expected}")
    for ours, theirs in [("loss_train", "train_loss"), ("loss_test", "test_loss")]:
        same = np.array_equal(group[ours][:], curves[theirs][number][epoch])
        require(same, f"{path}/{ours}: not the losses of the run")
    require(group.attrs["repeats_run"] == 1, f"{path}: not the stored run")
    theta = group["theta"][:]
    first = atlas["trajectory/initial/theta"][number]
    require(np.array_equal(theta[0], first), f"{path}/theta: does not begin at the initialization")
    snapshots = atlas[f"solutions/{method}/train"]
    row = list(snapshots["initialization"][:]).index(number) if number in snapshots["initialization"][:] else None
    if row is not None and snapshots["epoch"][row] == last:
        require(np.array_equal(theta[-1], snapshots["theta"][row]), f"{path}/theta: does not end at the solution")
    centered = theta.astype(float) - theta.astype(float).mean(axis=0)
    left, sizes, _ = np.linalg.svd(centered, full_matrices=False)
    scores = left[:, :2] * sizes[:2]
    # A component has no sign of its own.
    scores *= np.sign((scores * group["projection"][:]).sum(axis=0))
    require(np.allclose(group["projection"][:], scores, atol=1e-9 * sizes[0]), f"{path}/projection")
    share = sizes[:2] ** 2 / np.sum(sizes**2)
    require(np.allclose(group["explained"][:], share, atol=1e-10), f"{path}/explained")
    return row is not None and snapshots["epoch"][row] == last


with h5py.File(sys.argv[1]) as atlas:
    ends = [check(atlas, method, number) for method in ("sgd", "lbfgs") for number in (0, 1)]
    require(any(ends), "no run ended at its solution: nothing compares the last point")

print("\n".join(problems))
sys.exit(bool(problems))
