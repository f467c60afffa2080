"""Rows beyond memory: normax in blocks beside Dask-ML and scikit-learn's partial fits, at one objective.

    python benchmarks/out_of_core.py [ROWS [COLUMNS]]        the race of the lasso, on files of a temporary folder
    python benchmarks/out_of_core.py logistic [ROWS [COLUMNS]]   the race of two classes
    python benchmarks/out_of_core.py classes ROWS [COLUMNS]  normax alone, a path of 20 strengths for two classes
    python benchmarks/out_of_core.py sparse ROWS [COLUMNS]   normax alone, a path of 100 strengths on compressed rows
    python benchmarks/out_of_core.py made ROWS [COLUMNS]     normax alone, on blocks that are made as they are asked for

The Dask-ML of an environment of its own is installed on first use. Each contender has a process of its own and reads the same files in the same blocks, one thread each. Time is that of the
processor, with reading; passes are what was read over what there is; the peak is that of the process. Contenders stop where
the objective is 1e-4 of the null deviance above its certified minimum, or after 200 passes or a minute.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _harness import environment, record
from _out_of_core_peer import CONTENDERS, LOGISTIC, ROWS, Files, LogisticJudge, peak
from scipy.sparse import csr_array

from normax.linear_model import Lasso, fit_path, max_strength, row_source
from normax.linear_model.sources.moments import scatters_of
from normax.linear_model.streams.squares import problem_of

TARGET = 1e-4
PATIENCE = 600  # seconds of the clock until a contender is given up
SHARE = 0.02  # of the largest useful alpha
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def made(n: int, p: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of n rows of p correlated columns, a tenth of which matter; the same at every call."""
    w = np.where(np.arange(p) % 10 == 0, 1.0, 0.0)
    for number, start in enumerate(range(0, n, ROWS)):
        rng = np.random.default_rng([0, number])
        count = min(ROWS, n - start)
        X = rng.standard_normal((count, p), dtype=np.float32).astype(np.float64)
        X += rng.standard_normal((count, 1))
        yield X, X @ w + 3 * rng.standard_normal(count)


def alone(n: int, p: int) -> None:
    """normax on blocks that nobody keeps: time, memory, passes and the gap of all rows."""
    source = row_source(lambda: made(n, p))
    wall, own = time.perf_counter(), time.process_time()
    model = Lasso(0.05, fit_intercept=False).fit(source, None)
    size = 8 * n * p / 1e9
    print(
        f"{n:,} x {p}: {size:.1f} GB of numbers, {source.passes} passes, {time.process_time() - own:.0f} s of the "
        f"processor ({time.perf_counter() - wall:.0f} s), most of it to make them; peak {peak():.0f} MB, gap {model.gap_:.1e}, "
        f"{np.count_nonzero(model.coef_)} of {p} columns"
    )


def classes(n: int, p: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same columns, and y of two classes."""
    for number, (X, y) in enumerate(made(n, p)):
        noise = np.random.default_rng([1, number]).logistic(size=len(y))
        yield X, (y / np.sqrt(p) + noise > 0).astype(float)


def compressed(n: int, p: int, entries: int = 100) -> Iterator[tuple[csr_array, np.ndarray]]:
    """Blocks of n rows of p columns with so many entries each, few columns with most of them, two hundred that matter."""
    rng = np.random.default_rng(0)
    w = np.zeros(p)
    w[rng.choice(p, min(200, p), replace=False)] = rng.normal(size=min(200, p))
    order, share = rng.permutation(p), np.cumsum(np.arange(1, p + 1) ** -0.7)
    for number, start in enumerate(range(0, n, ROWS)):
        rng, count = np.random.default_rng([2, number]), min(ROWS, n - start)
        at = order[np.searchsorted(share / share[-1], rng.random(count * entries))]
        rows = np.arange(0, count * entries + 1, entries)
        X = csr_array((0.5 + rng.random(count * entries), at, rows), shape=(count, p))
        X.sum_duplicates()
        yield X, X @ w + rng.normal(size=count)


def path_alone(what: str, n: int, p: int) -> None:
    """normax along a path on blocks that nobody keeps."""
    blocks, options = {
        "sparse": (compressed, {"strengths": 0.2 * np.geomspace(1, 5e-3, 100)}),
        "classes": (classes, {"strengths": 0.1 * np.geomspace(1, 1e-2, 20), "family": "binomial"}),
    }[what]
    wall, own = time.perf_counter(), time.process_time()
    path = fit_path(row_source(lambda: blocks(n, p)), None, **options)
    print(
        f"{what}, {n:,} x {p:,}: {len(path.strengths)} strengths down to {path.nonzero[-1]} columns, {path.passes} passes, "
        f"{time.process_time() - own:.0f} s of the processor ({time.perf_counter() - wall:.0f} s) with making the rows, "
        f"peak {peak():.0f} MB, gap {path.gap.max():.1e}"
    )


def write_classes(folder: Path, n: int, p: int) -> float:
    """Rows of two classes as files, and the certified minimum of their objective. Returns alpha."""
    u = np.zeros(p)
    with (folder / "X.bin").open("wb") as X, (folder / "y.bin").open("wb") as y:
        for rows, response in classes(n, p):
            rows.tofile(X), response.tofile(y)
            u += (response - 0.5) @ rows / n
    (folder / "shape.json").write_text(json.dumps([n, p]))
    alpha = SHARE * float(np.abs(u).max())
    options: dict[str, Any] = {"family": "binomial", "fit_intercept": False, "tol": 1e-9}
    path = fit_path(row_source(lambda: classes(n, p)), None, strengths=[alpha], **options)
    np.save(folder / "least.npy", 0.0)
    judge = LogisticJudge(Files(str(folder)), alpha)
    np.save(folder / "least.npy", judge.gap(path.coef[0, 0]) * np.log(2))
    return alpha


def write(folder: Path, n: int, p: int) -> float:
    """The rows as files, and what judges all alike: moments and the certified minimum. Returns alpha."""
    with (folder / "X.bin").open("wb") as X, (folder / "y.bin").open("wb") as y:
        for rows, response in made(n, p):
            rows.tofile(X), response.tofile(y)
    (folder / "shape.json").write_text(json.dumps([n, p]))
    source = row_source(lambda: made(n, p))
    (moments,) = scatters_of(source)
    rows = problem_of(moments.triangle()[0], p, fit_intercept=False)
    alpha = SHARE * max_strength(rows.design.X, rows.y, fit_intercept=False)
    second = moments.full / moments.total + np.outer(moments.mean, moments.mean)
    G, c, yy = second[:p, :p], second[:p, p], second[p, p]
    w = Lasso(alpha, fit_intercept=False).fit(source, None).coef_
    least = 0.5 * (yy - 2 * c @ w + w @ G @ w) + alpha * np.abs(w).sum()
    np.savez(folder / "moments.npz", G=G, c=c, yy=yy, least=least)
    return alpha


def race(n: int, p: int, logistic: bool = False) -> None:
    peers = environment(".venv-out-of-core", ["dask-ml", "dask", "scikit-learn", "numpy"])
    lines = ["| | processor, s | passes | peak, MB | gap over the null deviance |", "|-|-|-|-|-|"]
    here = Path(__file__).with_name("_out_of_core_peer.py")
    with tempfile.TemporaryDirectory() as place:
        alpha = (write_classes if logistic else write)(Path(place), n, p)
        for name in LOGISTIC if logistic else CONTENDERS:
            python = str(peers) if name.startswith("Dask") else sys.executable
            settings = {**os.environ, **THREADS}
            if name.startswith("Dask"):
                settings.pop("PYTHONPATH", None)
            call = [python, str(here), name, place, repr(alpha), repr(TARGET)]
            try:
                said = subprocess.run(
                    call, capture_output=True, text=True, env=settings, check=False, timeout=PATIENCE
                )
            except subprocess.TimeoutExpired:
                lines.append(f"| {name} | not within {PATIENCE} s of the clock | | | |")
                continue
            if said.returncode:
                lines.append(f"| {name} | failed: {said.stderr.strip().splitlines()[-1][:80]} | | | |")
                continue
            told = json.loads(said.stdout.splitlines()[-1])
            cells = f"{told['cpu']:.3g} | {told['passes']:.3g} | {told['peak']:.0f} | {told['gap']:.1e}"
            lines.append(f"| {name} | {cells} |")
    lines += [
        "",
        f"{'Logistic regression with L1' if logistic else 'Lasso'}, {n:,} × {p}, {8 * n * p / 1e6:,.0f} MB of numbers in files, blocks of {ROWS:,} rows, no intercept, "
        f"{SHARE:g} of the largest alpha, one thread each.",
    ]
    record(
        f"Rows beyond memory, {'two classes' if logistic else 'squared error'}", lines, "scikit-learn", "dask"
    )


def main() -> None:
    given = sys.argv[1:]
    if given and given[0] == "made":
        alone(int(float(given[1])), int(given[2]) if len(given) > 2 else 100)
        return
    if given and given[0] in ("sparse", "classes"):
        path_alone(
            given[0],
            int(float(given[1])),
            int(given[2]) if len(given) > 2 else 20_000 if given[0] == "sparse" else 50,
        )
        return
    if given and given[0] == "logistic":
        race(
            int(float(given[1])) if len(given) > 1 else 1_000_000,
            int(given[2]) if len(given) > 2 else 50,
            True,
        )
        return
    race(int(float(given[0])) if given else 1_000_000, int(given[1]) if len(given) > 1 else 100)


if __name__ == "__main__":
    main()
