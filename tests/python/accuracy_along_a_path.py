"""Runs the code of docs/recipes.md on a path: its accuracies in PyTorch must be the stored ones.

    accuracy_along_a_path.py DIRECTORY A-B        # needs torch and h5py

DIRECTORY is that of a run with paths.store = "all", in which path.npy and images.npz are as the page
exports them, of the path lbfgs/train:A-B on the training images. Exits with 1 if an accuracy differs by
more than one image, or if the curve in HDF5 is another one.
"""

import os
import re
import sys
from pathlib import Path

import h5py

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"```python torch\n(.*?)```", text, flags=re.DOTALL)


os.chdir(sys.argv[1])
pair = [int(number) for number in sys.argv[2].split("-")]
with h5py.File("atlas.h5") as atlas:
    group = atlas["paths/lbfgs/train/on_train"]
    row = group["pair_initialization"][:].tolist().index(pair)
    accuracy, losses = group["accuracy"][row], group["loss"][row]
page = {}
exec(blocks("weights.md")[2], page)
np, torch = page["np"], page["torch"]
images = len(np.load("images.npz")["train_labels"])
recipe, combination = blocks("recipes.md")
exec(recipe.replace("500", str(images)), page)
profile = np.array(page["profile"])
combination = combination.replace("results/demo/", "")  # the page starts above the run directory
exec(combination.replace("[0], curve", f"[{row}], curve").replace("[0]    #", f"[{row}]    #"), page)
theta = np.load("path.npy")
if page["theta"].shape != theta.shape or not np.allclose(page["theta"], theta, rtol=0, atol=1e-6):
    sys.exit("the curve in HDF5 is not that of the exported points")
print("accuracy here    ", accuracy)
print("accuracy in torch", profile)
module, x, y = page["module"].double(), page["x"].double(), page["y"]
for m, point in enumerate(theta):
    page["nn"].utils.vector_to_parameters(torch.from_numpy(point).double(), module.parameters())
    loss = page["mean_loss"](module, x, y).item()
    if not abs(loss / losses[m] - 1) < 1e-5:
        sys.exit(f"the loss at point {m} is {loss} in PyTorch, {losses[m]} here")
sys.exit(bool(np.abs(profile - accuracy).max() > 1.5 / images))
