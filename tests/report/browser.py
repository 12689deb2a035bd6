"""A headless Chromium for the checks of a report page, and what it sees."""

import base64
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ARGUMENTS = """--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking
--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars""".split()


class Browser:
    """A page in a window of some width."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, page: Path, width: int):
        self.resize(width)
        self.driver.get(page.resolve().as_uri())

    def resize(self, width: int):
        size = dict(width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def command(self, name: str, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script: str, *arguments):
        """The result of statements in the page; `return` gives it."""
        return self.driver.execute_script(script, *arguments)

    def evaluate(self, expression: str):
        """The value of an expression, also in a page whose own scripts may not run."""
        return self.command("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, file: Path, height: int = 16000):
        """The whole page, from its top down to a limit."""
        width = self.evaluate("document.documentElement.clientWidth")
        height = min(height, self.evaluate("document.documentElement.scrollHeight"))
        clip = dict(x=0, y=0, width=width, height=height, scale=1)
        taken = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(taken["data"]))

    def pdf(self, file: Path):
        """The page as it is printed."""
        file.write_bytes(base64.b64decode(self.command("Page.printToPDF", printBackground=True)["data"]))

    def hover(self, x: float, y: float):
        """Moves the pointer to a place in the window, and waits until the page has answered."""
        self.command("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def click(self, x: float, y: float):
        self.hover(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str):
        """A key on what has the focus."""
        text = {"Enter": "\r", " ": " "}.get(key, "")
        code = {"Enter": 13, " ": 32, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, "Tab": 9}[key]
        self.command("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.command("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def console(self):
        """What the page has written to the console since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith("data:")]


@contextmanager
def browser(binary: str, chromedriver: str):
    """A browser with a profile of its own, which is closed at the end."""
    with tempfile.TemporaryDirectory() as profile:
        options = Options()
        options.binary_location = binary
        for argument in [*ARGUMENTS, f"--user-data-dir={profile}"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(service=Service(chromedriver), options=options)
        try:
            opened = Browser(driver)
            # The browser begins with a page of its own.
            driver.get("about:blank")
            opened.requests(), opened.console()
            yield opened
        finally:
            driver.quit()
