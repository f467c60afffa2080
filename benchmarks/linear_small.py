"""What small problems cost: one fit, a thousand of them in a grid search, the import, and the first fit of a process.

    python benchmarks/linear_small.py [ROUNDS] [WHEEL]

Milliseconds of processor time a fit on 442 × 10 beside scikit-learn's. With a wheel (`make wheel` leaves one in dist/)
the first fit of a fresh process is timed in an environment of the wheel, with an empty NUMBA_CACHE_DIR.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.linear_model as theirs
from _harness import environment, record
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV

import normax.linear_model as ours

REPEATS = 40
FITS: dict[str, tuple[str, dict[str, Any]]] = {
    "Lasso": ("numbers", {"alpha": 0.1}),
    "ElasticNet": ("numbers", {"alpha": 0.1, "l1_ratio": 0.5}),
    "Ridge": ("numbers", {"alpha": 1.0}),
    "LogisticRegression": ("classes", {"C": 1.0}),
    "LogisticRegression, 3 classes": ("three", {"C": 1.0}),
    "PoissonRegressor": ("counts", {"alpha": 0.1}),
}
FRESH = """
import time
start = time.perf_counter()
from {package}.linear_model import {model}
imported = time.perf_counter()
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(442, 10))
y = {response}
begun = time.perf_counter()
{model}().fit(X, y)
print(imported - start, time.perf_counter() - begun)
"""
FIRST = {"Lasso": "X @ np.arange(10.0)", "LogisticRegression": "(X[:, 0] > 0).astype(int)"}


def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    X, y = load_diabetes(return_X_y=True)
    X = X / X.std(axis=0)
    classes = {"classes": (X, y > np.median(y)), "three": (X, np.digitize(y, np.quantile(y, [1 / 3, 2 / 3])))}
    return {"numbers": (X, y), "counts": (X, np.round(y / 20)), **classes}


def processor(call: Callable[[], object]) -> float:
    """Milliseconds of this process's own time, which a busy machine does not lengthen much."""
    start = time.process_time()
    call()
    return 1e3 * (time.process_time() - start)


def fits(rounds: int) -> list[str]:
    """A row for each class, and one for the grid search."""
    lines = ["| | normax, ms | scikit-learn, ms | normax is faster by |", "|-|-|-|-|"]
    rows, sets = {}, data()
    for name, (kind, options) in FITS.items():
        X, y = sets[kind]
        model, *which = name.split(",")
        calls = [partial(getattr(source, model)(**options).fit, X, y) for source in (ours, theirs)]
        rows[",".join([f"{model}().fit", *which])] = [*calls, REPEATS * rounds]
    X, y = sets["numbers"]
    grid = {"alpha": np.geomspace(0.01, 10, 200)}  # × 5 folds are 1000 fits
    search = [partial(GridSearchCV(source.Lasso(), grid, cv=5).fit, X, y) for source in (ours, theirs)]
    rows["a grid search of 1000 fits of Lasso"] = [*search, rounds]
    for name, (own, other, times) in rows.items():
        own(), other()
        taken = np.array([[processor(own), processor(other)] for _ in range(times)])
        a, b = np.median(taken, axis=0)
        lines.append(f"| {name} | {a:.3g} | {b:.3g} | {b / a:.2f} × |")
    return lines


def fresh(python: Path, package: str, model: str) -> tuple[float, float]:
    """Seconds of the import and of the first fit, in a process with nothing compiled before."""
    code = FRESH.format(package=package, model=model, response=FIRST[model])
    with tempfile.TemporaryDirectory() as empty:
        settings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings |= {"NUMBA_CACHE_DIR": empty}
        said = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, check=True, env=settings, cwd=empty
        )
    imported, fitted = map(float, said.stdout.split())
    return imported, fitted


def firsts(rounds: int, wheel: str) -> list[str]:
    """Rows of the import and the first fit."""
    python = environment(".venv-wheel", [wheel])
    lines = [
        "",
        "| a fresh process | normax: import | first fit | scikit-learn: import | first fit |",
        "|-|-|-|-|-|",
    ]
    for model in FIRST:
        cells = []
        for package in ("normax", "sklearn"):
            fresh(python, package, model)  # read from the disk
            pairs = [fresh(python, package, model) for _ in range(rounds)]
            cells += [f"{statistics.median(column):.2f} s" for column in zip(*pairs)]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    given = sys.argv[1:]
    rounds = int(given.pop(0)) if given and given[0].isdigit() else 3
    warnings.simplefilter("ignore")
    lines = fits(rounds)
    lines += firsts(rounds, given[0]) if given else []
    lines += [
        "",
        f"442 × 10; medians of processor time of {REPEATS * rounds} fits in turn, of {rounds} searches, "
        "and of wall-clock time of the imports and the first fits, whose NUMBA_CACHE_DIR is empty.",
    ]
    record("Small linear fits", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
