"""Runs the code of docs/weights.md: exported vectors must have the same losses in PyTorch.

    load_into_pytorch.py MODULE DIRECTORY IMAGES        # needs torch

MODULE is one of the modules of that page, such as "Fcp(nn.Softplus())". DIRECTORY holds theta.npy, as
`lossatlas export` writes it, and evaluated.csv, what `lossatlas evaluate --csv` prints of it on the
four IDX files in IMAGES; mine.npy, the way back, is written there. Exits with 1 if a loss differs by
more than rounding in single precision explains.
"""

import csv
import os
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "weights.md"
TOLERANCE = 1e-5

constructor, directory, images = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]).resolve()
code = re.findall(r"```python torch\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
out, back, modules = code
page = {}
exec(modules, page)
np, torch = page["np"], page["torch"]


def read_idx(name):
    data = (images / name).read_bytes()
    sizes = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def split(prefix):
    pixels, labels = read_idx(f"{prefix}-images-idx3-ubyte"), read_idx(f"{prefix}-labels-idx1-ubyte")
    return torch.from_numpy(pixels.reshape(-1, 784) / 255.0).double(), torch.from_numpy(labels.astype(np.int64))


os.chdir(directory)
with open("evaluated.csv", newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
vectors = np.load("theta.npy")
if not rows or len(rows) != len(vectors):
    sys.exit(f"{len(rows)} losses of {len(vectors)} vectors")
failed = False
for row, evaluated in enumerate(rows):
    exec(out.replace("Fcp(nn.Softplus())", constructor).replace("theta[0]", f"theta[{row}]"), page)
    exec(back, page)
    if not np.array_equal(np.load("mine.npy"), vectors[row]):
        sys.exit(f"row {row}: another vector comes back")
    module = page["module"].double()
    for column, prefix in [("loss_train", "train"), ("loss_test", "t10k")]:
        ours, theirs = float(evaluated[column]), page["mean_loss"](module, *split(prefix)).item()
        failed |= not abs(ours / theirs - 1) < TOLERANCE
        print(f"row {row}, {column}: {ours} here, {theirs} in PyTorch")
sys.exit(failed)
