"""Checks the page of a report in headless Chromium, and takes pictures of it.

    check_page.py REPORT PICTURES CHROMIUM CHROMEDRIVER

Prints what is wrong, a line each. PICTURES is a directory, which is made.
"""

import sys
from pathlib import Path

from browser import browser

report, pictures, chromium, chromedriver = sys.argv[1:]
page, pictures = Path(report) / "index.html", Path(pictures)
wrong = []

# Every text of the page, with its contrast to what is behind it. Texts in figures stand on white.
CONTRASTS = """
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const light = (color) => {
  const [r, g, b] = parts(color).map((part) => part / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (parts(color)[3] !== 0) return color;
  }
  return "rgb(255, 255, 255)";
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
  if (!text || !element.checkVisibility() || element.closest("script, style, template, title")) continue;
  const style = getComputedStyle(element), inside = element.closest("svg");
  const [a, b] = [light(inside ? style.fill : style.color), light(inside ? "rgb(255, 255, 255)" : behind(element))];
  found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), text.slice(0, 40)]);
}
return found;
"""

# The places in the window of the marks of a figure, after it was scrolled there.
PLACES = """
const [figure, selector] = arguments;
const svg = document.querySelector(`#${figure} svg.plot`);
svg.scrollIntoView({ block: "center", behavior: "instant" });
return [...svg.querySelectorAll(selector)].map((mark) => {
  const box = mark.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, keys: mark.dataset.s ?? mark.dataset.p };
});
"""

LIT = """
return [...document.querySelectorAll(".lit")].map((mark) => {
  return [mark.closest("section").id, mark.dataset.s ?? mark.dataset.p];
});
"""


def expect(holds, what):
    if not holds:
        wrong.append(what)


def check_quiet(chrome, when):
    written, asked = chrome.console(), chrome.requests()
    expect(not written, f"{when}: the console has {written[:3]}")
    others = [url for url in asked if url != page.resolve().as_uri()]
    expect(not others, f"{when}: the page asks for {others[:3]}")


def check_widths(chrome):
    for width in (1280, 400):
        chrome.open(page, width)
        needed = chrome.run("return document.documentElement.scrollWidth")
        expect(needed <= width, f"{width} pixels: the page is {needed} wide")
        inside, needed = chrome.run("const box = document.querySelector('#index .scroll'); return [box.clientWidth, box.scrollWidth]")
        # The table of the main numbers fits a desk, and scrolls inside itself on a telephone.
        expect((needed <= inside) == (width > 400), f"{width} pixels: the main numbers are {needed} wide in {inside}")
        chrome.screenshot(pictures / f"page-{width}.png")
        low = [(ratio, text) for ratio, text in chrome.run(CONTRASTS) if ratio < 4.5]
        expect(not low, f"{width} pixels: contrasts below 4.5: {low[:5]}")
    check_quiet(chrome, "opened")


def column(chrome, number):
    script = "return [...document.querySelectorAll('table.sortable tbody tr')].map((row) => row.cells[arguments[0]].dataset.value ?? null)"
    return [None if value is None else float(value) for value in chrome.run(script, number)]


def state(chrome, number):
    return chrome.run(f"return document.querySelector('th[data-column=\"{number}\"]').getAttribute('aria-sort')")


def check_sorting(chrome):
    chrome.open(page, 1280)
    number = int(chrome.run("return document.querySelector('th.number[data-column]').dataset.column")) + 1
    before = column(chrome, number)
    script = f"const button = document.querySelector('th[data-column=\"{number}\"] button'); button.scrollIntoView({{ block: 'center' }}); const box = button.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]"
    chrome.click(*chrome.run(script))
    numbers = [value for value in before if value is not None]
    missing = [None] * (len(before) - len(numbers))
    expect(len(set(numbers)) > 1, f"nothing to sort in column {number}")
    expect(column(chrome, number) == sorted(numbers) + missing, "a click does not sort")
    expect(state(chrome, number) == "ascending", "aria-sort after a click")
    chrome.run(f"document.querySelector('th[data-column=\"{number}\"] button').focus()")
    chrome.press("Enter")
    expect(column(chrome, number) == sorted(numbers, reverse=True) + missing, "Enter does not sort")
    expect(state(chrome, number) == "descending", "aria-sort after Enter")


def first_number(cell):
    """The number with which a cell begins: `−1.5×10⁻⁹ [−2, 3]`."""
    plain = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")
    return float(cell.split(" ")[0].rstrip(",").replace("×10", "e").translate(plain))


def check_sorting_below(chrome):
    """Every other table sorts by its columns, too."""
    chrome.open(page, 1280)
    tables = chrome.run("return [...document.querySelectorAll('#tables table')].map((table) => table.caption.innerText)")
    expect(len(tables) > 5, f"{len(tables)} tables")
    rows = """
    const [table, column] = arguments, element = document.querySelectorAll("#tables table")[table];
    return [...element.tBodies[0].rows].map((row) => row.cells[column].innerText);
    """
    focus = "document.querySelectorAll('#tables table')[arguments[0]].querySelector('th.number button').focus()"
    place = "return Number(document.querySelectorAll('#tables table')[arguments[0]].querySelector('th.number').dataset.column)"
    sort = "return document.querySelectorAll('#tables table')[arguments[0]].querySelector('th.number').getAttribute('aria-sort')"
    for number, caption in enumerate(tables):
        chosen = chrome.run(place, number)
        chrome.run(focus, number)
        for state in ("ascending", "descending"):
            chrome.press("Enter")
            expect(chrome.run(sort, number) == state, f"{caption}: aria-sort is not {state}")
        falling = [first_number(cell) for cell in chrome.run(rows, number, chosen)]
        expect(falling == sorted(falling, reverse=True), f"{caption}: {falling} after Enter twice")


def lit(chrome):
    return [(figure, keys.split(" ")) for figure, keys in chrome.run(LIT)]


def check_pointing(chrome):
    chrome.open(page, 1280)
    expect(not lit(chrome), "something is highlighted before the pointer is there")
    place = chrome.run(PLACES, "kernel-pca", "[data-s]")[0]
    chrome.hover(place["x"], place["y"])
    keys = place["keys"].split(" ")
    figures = {figure for figure, _ in lit(chrome)}
    wanted = {"losses", "barriers", "profiles", "distances", "kernel-pca", "graph", "persistence"}
    expect(wanted - {"persistence"} <= figures, f"a solution is highlighted in {sorted(figures)} only")
    expect(all(set(keys) & set(others) for _, others in lit(chrome)), "other solutions are highlighted")
    tip = chrome.run("return document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').innerText")
    expect("initialization" in tip and "PC1" in tip, f"the pointer is told {tip!r}")
    chrome.screenshot(pictures / "pointing.png")
    chrome.hover(1, 1)
    expect(not lit(chrome), "a solution stays highlighted")
    place = chrome.run(PLACES, "barriers", "[data-p]")[0]
    chrome.hover(place["x"], place["y"])
    pairs = {tuple(keys) for _, keys in lit(chrome) if len(keys) == 2 and keys[0] != keys[1]}
    expect(tuple(place["keys"].split(" ")) in pairs, f"a path is not highlighted, but {pairs}")
    tip = chrome.run("return document.querySelector('#tip').innerText")
    expect("highest loss" in tip and "number of paths" not in tip, f"the pointer is told {tip!r} of a barrier")
    chrome.click(place["x"], place["y"])
    chrome.hover(1, 1)
    expect(lit(chrome), "a click does not hold the highlight")
    chrome.press("Escape")
    expect(not lit(chrome), "Escape does not release the highlight")


def check_keyboard(chrome):
    chrome.open(page, 1280)
    chrome.run("document.querySelector('#curvature svg.plot').focus()")
    chrome.press("ArrowRight")
    first = lit(chrome)
    chrome.press("ArrowRight")
    expect(first and lit(chrome) and first != lit(chrome), "the arrows do not step through a figure")
    said = chrome.run("return document.querySelector('[role=status]').textContent")
    expect("initialization" in said, f"a screen reader is told {said!r}")
    chrome.press("Enter")
    chrome.run("document.activeElement.blur()")
    expect(lit(chrome), "Enter does not hold the highlight")
    expect(chrome.run("return document.querySelector('#pinned').checkVisibility()"), "it is not said what is held")
    chrome.run("document.querySelector('#pinned button').click()")
    expect(not lit(chrome), "the button does not release the highlight")


SHOWN = """
return [...document.querySelectorAll('.layer[data-sets="sgd/train"]:not(.demand)')].filter((layer) => getComputedStyle(layer).display !== "none").length
"""


def check_switches(chrome):
    chrome.open(page, 1280)
    before = chrome.run(SHOWN)
    expect(before > 5, f"{before} layers of sgd/train")
    chrome.run("document.querySelector('input.set[value=\"sgd/train\"]').click()")
    expect(chrome.run(SHOWN) == 0, "a set cannot be switched off")
    chrome.run("document.querySelector('input.set[value=\"sgd/train\"]').click()")
    expect(chrome.run(SHOWN) == before, "a set cannot be switched on again")
    scales = "return [...document.querySelectorAll('svg.plot')].map((svg) => svg.dataset.x + ' | ' + svg.dataset.y)"
    first = chrome.run(scales)
    flip = "document.querySelectorAll('input.scale').forEach((input) => input.click())"
    chrome.run(flip)
    second = chrome.run(scales)
    changed = sum(a != b for a, b in zip(first, second))
    expect(changed == chrome.run("return document.querySelectorAll('input.scale').length") > 4, f"{changed} scales change")
    log = chrome.run("return [...document.querySelectorAll('input.scale')].filter((input) => { const { x, y } = input.closest('.panel').querySelector('svg').dataset; return input.checked !== (x + y).includes('log') && !(x.includes('log') || y.includes('log')) }).length")
    expect(log == 0, f"{log} switches say logarithmic where no axis is")
    chrome.screenshot(pictures / "other-scales.png")
    # What was highlighted before can be highlighted after.
    place = chrome.run(PLACES, "losses", "[data-s]")[0]
    chrome.run("document.querySelector('#losses svg.plot').focus()")
    chrome.press("ArrowRight")
    expect(len({figure for figure, _ in lit(chrome)}) > 2, f"nothing is highlighted on other scales: {place}")
    chrome.press("Escape")
    chrome.run(flip)
    expect(chrome.run(scales) == first, "scales do not return")
    count = "return [...document.querySelectorAll('#profiles .layer.demand [data-p]')].filter((path) => getComputedStyle(path).display !== 'none').length"
    expect(chrome.run(count) == 0, "single paths are shown before they are asked for")
    chrome.run("document.querySelector('#profiles input.single').click()")
    expect(chrome.run(count) > 3, "single paths cannot be shown")
    check_quiet(chrome, "used")


VISIBLE = "[...document.querySelectorAll('svg.plot')].filter((svg) => svg.getBoundingClientRect().height > 50).length"
CONTROLS = "[...document.querySelectorAll('.control, #tip, nav')].filter((one) => one.checkVisibility()).length"


def check_print(chrome):
    chrome.open(page, 1280)
    panels = chrome.evaluate(VISIBLE)
    chrome.run("document.querySelector('input.set').click()")
    chrome.command("Emulation.setEmulatedMedia", media="print")
    expect(chrome.evaluate(VISIBLE) == panels > 10, f"{chrome.evaluate(VISIBLE)} of {panels} panels in print")
    expect(chrome.evaluate(CONTROLS) == 0, f"{chrome.evaluate(CONTROLS)} controls in print")
    hidden = "[...document.querySelectorAll('.layer:not(.demand)')].filter((layer) => getComputedStyle(layer).display === 'none').length"
    expect(chrome.evaluate(hidden) == 0, "a set that is switched off is not in print")
    chrome.command("Emulation.setEmulatedMedia", media="")
    chrome.pdf(pictures / "page.pdf")
    pages = (pictures / "page.pdf").read_bytes().count(b"/Type /Page\n")
    expect(pages > 2, f"{pages} printed pages")


def check_without_scripts(chrome):
    panels = chrome.evaluate(VISIBLE)
    chrome.command("Emulation.setScriptExecutionDisabled", value=True)
    chrome.open(page, 1280)
    expect(chrome.evaluate("document.querySelectorAll('svg.plot[tabindex]').length") == 0, "scripts run")
    expect(chrome.evaluate(VISIBLE) == panels, "panels are missing without scripts")
    controls = "[...document.querySelectorAll('.control, th button')].filter((one) => one.checkVisibility()).length"
    expect(chrome.evaluate(controls) == 0, "there are controls without scripts")
    titles = "[...document.querySelectorAll('[data-s] > title, [data-p] > title')].length"
    expect(chrome.evaluate(titles) > 20, "marks have no titles without scripts")
    chrome.screenshot(pictures / "without-scripts.png")


pictures.mkdir(parents=True, exist_ok=True)
with browser(chromium, chromedriver) as opened:
    check_widths(opened)
    check_sorting(opened)
    check_sorting_below(opened)
    check_pointing(opened)
    check_keyboard(opened)
    check_switches(opened)
    check_print(opened)
    check_without_scripts(opened)
print("\n".join(wrong))
sys.exit(bool(wrong))
