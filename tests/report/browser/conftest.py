"""Pages in a real browser: Debian's chromium without a screen, driven by selenium. Without either, nothing is tried."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from normax.cli import main
from normax.language import speaking
from normax.paths import linear_path
from normax.penalties import L1
from normax.report import page, pages

AXE = Path(__file__).parents[3] / ".venv" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
BROWSER, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
HOSTILE = [
    "<img src=x onerror='window.hacked=1'>",
    "</script><script>window.hacked=1</script>",
    "\"><svg onload='window.hacked=1'>",
    "=cmd|' /C calc'!A0",
    "年龄（岁）",
    "{count}",
    "__proto__",
    "a very long name of a column that goes on and on and on: first",
    "a very long name of a column that goes on and on and on: second",
    "javascript:window.hacked=1",
]


class Window:
    """One page after another in one browser; what it asked of networks and complained of is kept."""

    def __init__(self, driver, downloads):
        self.driver, self.downloads = driver, downloads

    def open(self, file, width=1400, height=900, dark=False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.media(dark)
        self.driver.get(file.as_uri())
        return self

    def media(self, dark=False, media=""):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.command("Emulation.setEmulatedMedia", media=media, features=scheme)

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0]).textContent", selector)

    def texts(self, selector):
        return self.js(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector
        )

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def go(self, place):
        self.js(
            "const r = document.querySelector('.range input'); r.value = arguments[0]; r.dispatchEvent(new Event('input'))",
            place,
        )

    def point(self, selector, x, y, press=False):
        """Move the pointer to a share of an element's width and height."""
        place = "const b = document.querySelector(arguments[0]); b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect(); return [r.left + arguments[1] * r.width, r.top + arguments[2] * r.height]"
        at = dict(zip("xy", self.js(place, selector, x, y)))
        self.command("Input.dispatchMouseEvent", type="mouseMoved", **at)
        for kind in ("mousePressed", "mouseReleased") if press else ():
            self.command("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def faults(self):
        """What axe calls serious or worse."""
        if not AXE.exists():
            pytest.skip("no axe-core; npm install --prefix .venv/browser axe-core")
        self.js(AXE.read_text(encoding="utf-8"))
        run = "const done = arguments[0]; axe.run().then((r) => done(r.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200) + n.failureSummary)])))"
        self.driver.set_script_timeout(60)
        return self.driver.execute_async_script(run)

    def complaints(self):
        """What the console says, and what was asked of other places than the page itself."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return said + [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver")
    if not (BROWSER and DRIVER):
        pytest.skip("no chromium with its driver; apt-get install chromium chromium-driver")
    options, downloads = webdriver.ChromeOptions(), tmp_path_factory.mktemp("downloads")
    options.binary_location = BROWSER
    for word in (
        "--headless=new",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    yield Window(driver, downloads)
    driver.quit()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Pages of a few kinds, and what they were made from."""
    folder, found = tmp_path_factory.mktemp("pages"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "png", lambda *_: b"")
        data = load_diabetes(scaled=False)
        X = (data.data - data.data.mean(0)) / data.data.std(0)
        told = {"penalty": L1(), "strengths": 25, "cv": 5}
        lasso = linear_path(X, data.target, feature_names=data.feature_names, **told)
        found["lasso"] = SimpleNamespace(file=page(folder / "lasso", lasso), path=lasso, y=data.target)
        with speaking("zh"):
            found["chinese"] = SimpleNamespace(file=page(folder / "chinese", lasso), path=lasso)
        evil = linear_path(X, data.target, feature_names=HOSTILE, **told)
        details = {"title": HOSTILE[1], "target": HOSTILE[0], "notices": HOSTILE, "labels": HOSTILE[:2]}
        found["hostile"] = SimpleNamespace(file=page(folder / "hostile", evil, details), path=evil)
        iris, random = load_iris(), np.random.default_rng(0)
        wrong = random.random(150) < 0.15  # so that no plane separates the classes
        iris.target[wrong] = random.integers(0, 3, wrong.sum())
        classes = linear_path(
            iris.data, iris.target, loss="cross_entropy", strengths=15, cv=5, feature_names=iris.feature_names
        )
        found["classes"] = SimpleNamespace(
            file=page(folder / "classes", classes, {"labels": iris.target_names.tolist()}),
            path=classes,
            y=iris.target,
        )
    return SimpleNamespace(folder=folder, **found)


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """What the command makes of a table with columns of every kind, and the first rows of the table."""
    folder, random, n = tmp_path_factory.mktemp("table"), np.random.default_rng(0), 150
    rows = {
        "age": [str(a) if a < 70 else "" for a in random.integers(18, 75, n)],
        "since": [str(d) for d in np.datetime64("2021-01-01") + random.integers(0, 900, n)],
        "town": random.choice(["Bern", "Basel", "Zürich", "<b>Genf</b>"], n).tolist(),
        "smokes": random.choice(["yes", "no"], n).tolist(),
        "clock": [f"{h:02d}:{m:02d}" for h, m in zip(random.integers(0, 24, n), random.integers(0, 60, n))],
        "note": [
            " ".join(random.choice(["good", "bad", "very", "service", "room", "was"], 6)) for _ in range(n)
        ],
    }
    effect = [
        4.0 * (town == "Bern") + 2.0 * ("bad" in note) for town, note in zip(rows["town"], rows["note"])
    ]
    rows["y"] = [f"{e + len(a) + z:.3f}" for e, a, z in zip(effect, rows["age"], random.normal(size=n))]
    lines = [",".join(rows), *(",".join(cells) for cells in zip(*rows.values()))]
    (folder / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    there = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "png", lambda *_: b"")
        patch.chdir(folder)
        words = "path t.csv --target y --splines --interactions --words note --strengths 12 --cv 3 --out o"
        assert main(words.split()) == 0
        assert main(["predict", "o", "t.csv", "--out", "p.csv"]) == 0
    assert Path.cwd() == there
    predicted = (folder / "p.csv").read_text().splitlines()[1:]
    return SimpleNamespace(
        folder=folder, file=folder / "o" / "report.html", rows=rows, predicted=[float(p) for p in predicted]
    )
