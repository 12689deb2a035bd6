"""Checks a report: its page and pictures are well formed and fetch nothing, its numbers are those of the atlas.

    check_report.py REPORT ATLAS

Prints what is wrong, a line each.
"""

import csv
import re
import sys
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from pathlib import Path

import h5py
import numpy as np

report, atlas = Path(sys.argv[1]), h5py.File(sys.argv[2])
wrong = []

VOID = {"meta", "link", "br", "input"}


class Page(HTMLParser):
    """Every tag is closed in its turn, every link leads to a place on the page or a file beside it."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links = [], set(), []

    def handle_starttag(self, tag, attributes, closed=False):
        if tag not in VOID and not closed:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                if value in self.ids:
                    wrong.append(f"two of id {value}")
                self.ids.add(value)
            if name in ("href", "src", "xlink:href", "srcset", "action", "data"):
                self.links.append(value)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes, closed=True)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            wrong.append(f"</{tag}> closes nothing at {self.getpos()}")


def check_page():
    text = (report / "index.html").read_text()
    page = Page()
    page.feed(text)
    page.close()
    if page.open:
        wrong.append(f"left open: {page.open}")
    for link in page.links:
        known = link == "data:," or (link[:1] == "#" and link[1:] in page.ids) or (report / link).is_file()
        if not known:
            wrong.append(f"link to {link}")
    outside = r"https?://[^\s\"'<]*|@import|url\(|<script [^>]*|<iframe|<img|fetch\(|XMLHttp|import\(|WebSocket|sendBeacon"
    for found in re.findall(outside, text):
        if found != "http://www.w3.org/2000/svg":
            wrong.append(f"the page has {found}")
    if text.count("<script>") != 1:
        wrong.append("not one script of its own")
    pictures = list(outer_pictures(text))
    if not pictures:
        wrong.append("no picture on the page")
    for picture in pictures:
        xml.fromstring(picture)


def outer_pictures(text):
    """The SVG elements that are in no other one."""
    depth = 0
    for tag in re.finditer(r"<(/?)svg\b", text):
        if not tag[1] and depth == 0:
            start = tag.start()
        depth += -1 if tag[1] else 1
        if depth == 0:
            yield text[start : tag.end() + 1]


def check_pictures():
    for picture in report.glob("*.svg"):
        root = xml.parse(picture).getroot()
        if not root.get("width").endswith("mm") or not root.get("aria-label"):
            wrong.append(f"{picture.name}: no size on paper, or no label")
        if not any(element.tag.endswith("text") for element in root.iter()):
            wrong.append(f"{picture.name}: no text")
        png = picture.with_suffix(".png").read_bytes()
        width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
        inch = float(root.get("width")[:-2]) / 25.4
        if png[:8] != b"\x89PNG\r\n\x1a\n" or abs(width / inch - 300) > 1 or height == 0:
            wrong.append(f"{picture.with_suffix('.png').name}: {width} × {height} pixels for {inch} inches")


def rows(name):
    with open(report / f"{name}.csv", newline="") as file:
        yield from csv.DictReader(file)


def same(what, found, expected):
    if np.float64(found).tobytes() != np.float64(expected).tobytes():
        wrong.append(f"{what}: {found!r} in the report, {expected!r} in the atlas")


def close(what, found, expected):
    if not np.isclose(float(found), expected, rtol=1e-12, atol=0):
        wrong.append(f"{what}: {found!r} in the report, {expected!r} in the atlas")


def path_row(row):
    group = atlas[f"paths/{row['set']}/on_{row['landscape']}"]
    pair = group["pair_initialization"][:].tolist().index([int(row["a"]), int(row["b"])])
    return group, pair


def check_losses():
    count = 0
    for row in rows("losses"):
        curves, run, epoch = atlas[f"solutions/{row['optimizer']}/curves"], int(row["initialization"]), int(row["epoch"])
        same("train_loss", float(row["train_loss"]), curves["train_loss"][run, epoch])
        same("test_loss", float(row["test_loss"]), curves["test_loss"][run, epoch])
        count += 1
    expected = sum(int((group["curves/epochs_run"][:] + 1).sum()) for group in atlas["solutions"].values() if "curves" in group)
    if count != expected:
        wrong.append(f"losses.csv: {count} rows for {expected} epochs")


def check_paths():
    found = 0
    for row in rows("barriers"):
        group, path = path_row(row)
        for name in ("height", "height_dense", "height_straight", "length", "length_straight"):
            same(name, float(row[name]), group[name][path])
        found += 1
    done = [group["status"].asstr()[:].tolist().count("done") for group in path_groups()]
    if found != sum(done):
        wrong.append(f"barriers.csv: {found} rows for {sum(done)} paths")
    for row in rows("profiles"):
        group, path = path_row(row)
        point = group["t"][:].tolist().index(float(row["t"]))
        same("loss", float(row["loss"]), group["loss"][path, point])
        same("straight_loss", float(row["straight_loss"]), group["straight_loss"][path, point])
    for row in rows("accuracies"):
        group, path = path_row(row)
        point = group["t"][:].tolist().index(float(row["t"]))
        same("accuracy", float(row["accuracy"]), group["accuracy"][path, point])
        same("straight_accuracy", float(row["straight_accuracy"]), group["straight_accuracy"][path, point])
    lowest = 0
    for row in rows("accuracies-lowest"):
        group, path = path_row(row)
        same("height", float(row["height"]), group["height"][path])
        accuracy = group["accuracy"][path]
        same("lowest_accuracy", float(row["lowest_accuracy"]), accuracy.min())
        same("lowest_straight_accuracy", float(row["lowest_straight_accuracy"]), group["straight_accuracy"][path].min())
        same("lower_endpoint_accuracy", float(row["lower_endpoint_accuracy"]), min(accuracy[0], accuracy[-1]))
        lowest += 1
    if lowest != found:
        wrong.append(f"accuracies-lowest.csv: {lowest} rows for {found} paths")
    for row in rows("profiles-quartiles"):
        group = atlas[f"paths/{row['set']}/on_{row['landscape']}"]
        profiles = group["loss" if row["way"] == "path" else "straight_loss"][:]
        point = group["t"][:].tolist().index(float(row["t"]))
        for name, q in (("quartile_1", 0.25), ("median", 0.5), ("quartile_3", 0.75)):
            close(name, row[name], np.quantile(profiles[:, point], q))


def path_groups():
    for group in atlas["paths"].values():
        for member in group.values():
            yield from member.values()


def check_vectors():
    for row in rows("distances"):
        group = atlas[f"statistics/distances/{row['comparison']}"]
        side = group["set"].asstr()[:].tolist().index(row["set"])
        vector = atlas[f"solutions/{row['set']}/initialization"][:].tolist().index(int(row["initialization"]))
        same("distance", float(row["distance"]), group[("distance_first", "distance_second")[side]][vector])
    for row in rows("distances-centroids"):
        group = atlas[f"statistics/distances/{row['comparison']}"]
        same("centroid", float(row["centroid_to_origin"]), group["centroid_to_origin"][()])
    for row in rows("kernel-pca"):
        group = atlas[f"kpca/{row['kernel_pca']}"]
        of_set = group["set"].asstr()[:] == row["set"]
        vector = np.flatnonzero(of_set & (group["initialization"][:] == int(row["initialization"])))[0]
        same("score", float(row["score"]), group["projection"][vector, group["component"][:].tolist().index(int(row["component"]))])
    for row in rows("spectrum"):
        group = atlas[f"kpca/{row['kernel_pca']}"]
        component = group["eigenvalue"][:].tolist().index(int(row["component"]))
        same("eigenvalue", float(row["eigenvalue"]), group["eigenvalues"][component])
        same("explained", float(row["explained"]), group["explained"][component])


def check_tables():
    for row in rows("mean-losses"):
        group = atlas[f"solutions/{row['set']}"]
        close("mean train loss", row["train_loss"], group["loss_train"][:].mean())
        close("mean test loss", row["test_loss"], group["loss_test"][:].mean())
    for row in rows("moments"):
        moments = atlas[f"statistics/moments/{row['set']}"]
        same("mean", float(row["mean"]), moments["mean"][()])
        same("standard deviation", float(row["standard_deviation"]), moments["standard_deviation"][()])


def check_landscape():
    """The paths on the map are the stored ones, and those are the paths of the profiles."""
    drawn = {}
    for row in rows("landscape"):
        numbers = [float(row[name]) for name in ("lambda", "t", "x", "y", "height", "straight_height")]
        drawn.setdefault((row["a"], row["b"]), []).append(numbers)
    configured = float(re.search(r"^paths.lambda = (\S+)", atlas["configuration"].asstr()[()], re.M)[1])
    for group in path_groups():
        points = group["points"]
        for path, (a, b) in enumerate(group["pair_initialization"][:]):
            found = np.array(drawn.pop((str(a), str(b))))
            columns = [np.full(len(found), configured), points["t"][:], *points["point"][path].T]
            expected = np.stack([*columns, points["height"][path], points["straight_height"][path]], axis=1)
            if found.tobytes() != expected.tobytes():
                wrong.append(f"path {a}–{b}: the path on the map is not the one in the atlas")
            heights, stored, highest = points["height"][path], group["loss"][path], group["height_dense"][path]
            if not np.allclose(heights[:: (len(heights) - 1) // (len(stored) - 1)], stored, rtol=1e-9, atol=1e-9):
                wrong.append(f"path {a}–{b}: heights at the points differ from the profile")
            if heights.max() > highest + 1e-9 * abs(highest):
                wrong.append(f"path {a}–{b}: {heights.max()} at a point, above the highest point {highest}")
    if drawn:
        wrong.append(f"paths on the map that the atlas does not have: {sorted(drawn)}")


def check_cells():
    """What does not exist is an empty cell."""
    for file in report.glob("*.csv"):
        with open(file, newline="") as opened:
            cells = [cell for row in csv.reader(opened) for cell in row]
        if any(cell.lower() in ("nan", "none", "–") for cell in cells):
            wrong.append(f"{file.name}: a cell that is neither a number nor empty")


def check_negative_shares():
    text = (report / "index.html").read_text()
    for name, group in atlas["kpca"].items():
        share = f"negative eigenvalues make up {100 * group.attrs['negative_share']:.2f} %"
        if not any(name in note and share in note for note in re.findall("<li>(.*?)</li>", text)):
            wrong.append(f"the page does not say of {name} that {share}")


def index_rows():
    """The rows of the table of the main numbers, each by the names of its columns; numbers as they are sorted by."""
    text = re.search(r'<section id="index">(.*?)</section>', (report / "index.html").read_text(), re.S)[1]
    head, body = re.search(r"<thead>(.*?)</thead><tbody>(.*?)</tbody>", text, re.S).groups()
    names = re.findall(r'<th[^>]* data-column="\d+"[^>]*>(.*?)</th>', head)
    for row in re.findall(r"<tr>(.*?)</tr>", body):
        cells = re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row)
        values = [re.search(r'data-value="([^"]*)"', attributes) for attributes, _ in cells]
        texts = [text if value is None else float(value[1]) for value, (_, text) in zip(values, cells)]
        # The first of two columns of one name belongs to the paths, the second to the refined ones.
        yield dict(reversed(list(zip(names, texts, strict=True))))


def check_index():
    seen = 0
    for row in index_rows():
        group, member = row["set"].split(" ")
        name = f"{ {'SGD': 'sgd', 'L-BFGS': 'lbfgs'}[group]}/{member}"
        solutions, paths = atlas[f"solutions/{name}"], atlas[f"paths/{name}/on_{row['on']}"]
        loss = paths["loss"][:]
        expected = {
            "count": len(solutions["initialization"]),
            "training loss": solutions["loss_train"][:].mean(),
            "test loss": solutions["loss_test"][:].mean(),
            "training acc. (%)": solutions["accuracy_train"][:].mean(),
            "straight line": np.median(paths["height_straight"]),
            "barrier H": np.median(paths["height"]),
            "fine grid": np.median(paths["height_dense"]),
            "excess": np.median(paths["height_dense"][:] - np.maximum(loss[:, 0], loss[:, -1])),
            "paths": paths["status"].asstr()[:].tolist().count("done"),
        }
        for column, value in expected.items():
            if not np.isclose(row[column], value, rtol=1e-12, atol=0):
                wrong.append(f"main numbers of {name}: {column} is {row[column]}, not {value}")
        seen += 1
    if seen != 8:
        wrong.append(f"{seen} rows of main numbers")


check_page()
check_pictures()
check_cells()
check_negative_shares()
if (report / "landscape.csv").exists():
    check_landscape()
else:
    check_losses()
    check_paths()
    check_vectors()
    check_tables()
    check_index()
print("\n".join(wrong[:20]))
sys.exit(bool(wrong))
