"""The page of a path of 5 000 features and 100 strengths: its size, how long it takes to open, and to move the slider.

Headless chromium opens the page from the disk. Opening is from the call until all parts are drawn and two frames have
been painted; a move is from the slider's event until the frame after it is painted, at places all along the path. The
lasso uses few of the columns and ridge all of them, which is 500 000 numbers.

    python benchmarks/page.py
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from _harness import record
from selenium import webdriver

from normax.paths import linear_path
from normax.penalties import L1, L2
from normax.report import page

FEATURES, STRENGTHS, ROWS, OPENED = 5_000, 100, 400, 5
PAINTED = "requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))"
MOVE = """
const done = arguments[1], slider = document.querySelector('.range input'), began = performance.now();
const found = (end) => { arguments[1]([worked - began, end - began]); };
slider.value = arguments[0];
slider.dispatchEvent(new Event('input'));
document.body.getBoundingClientRect();
const worked = performance.now();
requestAnimationFrame(() => setTimeout(() => found(performance.now())));
"""


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(word)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def opening(driver, file: Path) -> float:
    """Seconds until the page is drawn."""
    began = time.perf_counter()
    driver.get(file.as_uri())
    driver.execute_async_script(f"const done = arguments[0]; {PAINTED}")
    return time.perf_counter() - began


def moving(driver) -> tuple[list[float], list[float]]:
    """Milliseconds of the script, and until the frame is painted, at places all along the path."""
    places = np.random.default_rng(0).permutation(STRENGTHS)[:40].tolist()
    found = [driver.execute_async_script(MOVE, place) for place in places]
    return [a for a, _ in found], [b for _, b in found]


def main() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, FEATURES))
    y = X[:, :40] @ random.normal(size=40) + 3 * random.normal(size=ROWS)
    names = [f"feature number {j}" for j in range(FEATURES)]
    lines = [
        "| path | page | opens | slider: script | slider: painted | slowest |",
        "|---|---|---|---|---|---|",
    ]
    driver = browser()
    with tempfile.TemporaryDirectory() as folder:
        for name, penalty in (("lasso", L1()), ("ridge", L2())):
            path = linear_path(X, y, penalty=penalty, strengths=STRENGTHS, cv=3, feature_names=names)
            file = page(Path(folder) / name, path)
            opened = statistics.median(opening(driver, file) for _ in range(OPENED))
            worked, painted = moving(driver)
            lines.append(
                f"| {name} | {file.stat().st_size / 1e6:.1f} MB | {opened:.2f} s | {statistics.median(worked):.0f} ms "
                f"| {statistics.median(painted):.0f} ms | {max(painted):.0f} ms |"
            )
    driver.quit()
    record(f"The page of {FEATURES:,} features and {STRENGTHS} strengths", lines, "numpy", "selenium")


if __name__ == "__main__":
    main()
