"""One contender of `out_of_core.py` in a process of its own: fits rows that lie in files, and says what it took.

    python _out_of_core_peer.py NAME FOLDER ALPHA TARGET

FOLDER holds X.bin and y.bin, numbers of double precision by rows, and shape.json. The answer is a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 50_000  # of a block, for all contenders
LONGEST = 200  # passes at most, and seconds of the processor after which nothing more is begun
SECONDS = 60


def peak() -> float:
    """MB that this process had at most, without what it was before it became this one, which `getrusage` keeps."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


class Files:
    """The blocks of a folder, and how many were read."""

    def __init__(self, folder: str):
        self.folder, self.read = Path(folder), 0
        self.n, self.p = json.loads((self.folder / "shape.json").read_text())
        self.starts = range(0, self.n, ROWS)

    def block(self, start: int) -> tuple[np.ndarray, np.ndarray]:
        count = min(ROWS, self.n - start)
        self.read += 1
        X = np.fromfile(self.folder / "X.bin", np.float64, count * self.p, offset=8 * start * self.p)
        return X.reshape(count, self.p), np.fromfile(
            self.folder / "y.bin", np.float64, count, offset=8 * start
        )

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return map(self.block, self.starts)

    @property
    def passes(self) -> float:
        return self.read / len(self.starts)


class Judge:
    """How far an objective lies above its minimum, over the null deviance: of moments that the parent has computed."""

    def __init__(self, files: Files, alpha: float):
        known = np.load(files.folder / "moments.npz")
        self.G, self.c, self.yy, self.least = (
            known["G"],
            known["c"],
            float(known["yy"]),
            float(known["least"]),
        )
        self.alpha = alpha

    def gap(self, w: np.ndarray) -> float:
        loss = 0.5 * (self.yy - 2 * self.c @ w + w @ self.G @ w)
        return float(loss + self.alpha * np.abs(w).sum() - self.least) / (0.5 * self.yy)


class LogisticJudge:
    """The same of mean logistic loss, by reading all rows, which does not count."""

    def __init__(self, files: Files, alpha: float):
        self.files, self.alpha = Files(str(files.folder)), alpha
        self.least = float(np.load(files.folder / "least.npy"))

    def gap(self, w: np.ndarray) -> float:
        total = sum(float((np.logaddexp(0, eta) - y * eta).sum()) for eta, y in self._scores(w))
        return (total / self.files.n + self.alpha * float(np.abs(w).sum()) - self.least) / float(np.log(2))

    def _scores(self, w: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return ((X @ w, y) for X, y in self.files.blocks())


def normax_logistic(files: Files, alpha: float, judge: Any, target: float) -> np.ndarray:
    from normax.linear_model import fit_path, row_source

    options: dict[str, Any] = {"family": "binomial", "fit_intercept": False, "tol": target}
    return fit_path(row_source(files.blocks), None, strengths=[alpha], **options).coef[0, 0]


def sgd_logistic(files: Files, alpha: float, judge: Any, target: float) -> np.ndarray:
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(
        "log_loss", penalty="l1", alpha=alpha, fit_intercept=False, random_state=0, average=True
    )
    for _ in range(LONGEST):
        for X, y in files.blocks():
            model.partial_fit(X, y, classes=[0.0, 1.0])
        if judge.gap(model.coef_[0]) <= target:
            break
    return model.coef_[0]


def normax(files: Files, alpha: float, judge: Judge, target: float) -> np.ndarray:
    from normax.linear_model import Lasso, row_source

    return Lasso(alpha, fit_intercept=False).fit(row_source(files.blocks), None).coef_


def sgd(files: Files, alpha: float, judge: Judge, target: float) -> np.ndarray:
    """scikit-learn's partial fits, pass after pass until the objective is as low as asked."""
    from sklearn.linear_model import SGDRegressor

    # of steps from 1e-2, the default, which diverges on these columns, down to 1e-4 the one that comes closest
    model = SGDRegressor(
        penalty="l1", alpha=alpha, fit_intercept=False, random_state=0, average=True, eta0=1e-4
    )
    for _ in range(LONGEST):
        for X, y in files.blocks():
            model.partial_fit(X, y)
        if judge.gap(model.coef_) <= target or time.process_time() > SECONDS:
            break
    return model.coef_


def dask_ml(
    files: Files, alpha: float, judge: Any, target: float, solver: str, logistic: bool = False
) -> np.ndarray:
    """Dask-ML, whose objective is ours in sums, of squares twice that, with more rounds until it is as low as asked."""
    import dask
    import dask.array as da
    from dask_ml.linear_model import LinearRegression, LogisticRegression

    dask.config.set(scheduler="threads", num_workers=1)
    parts = [dask.delayed(files.block, pure=False, nout=2)(start) for start in files.starts]
    counts = [min(ROWS, files.n - start) for start in files.starts]
    X = da.concatenate([da.from_delayed(a, (n, files.p), np.float64) for (a, _), n in zip(parts, counts)])
    y = da.concatenate([da.from_delayed(b, (n,), np.float64) for (_, b), n in zip(parts, counts)])
    rounds, coef = 5, np.zeros(files.p)
    while True:
        C = 1 / ((1 if logistic else 2) * alpha * files.n)
        model = (LogisticRegression if logistic else LinearRegression)(
            penalty="l1", C=C, fit_intercept=False, solver=solver, max_iter=rounds, tol=0.0
        )
        coef = np.asarray(model.fit(X, y).coef_).ravel()
        if judge.gap(coef) <= target or files.passes >= LONGEST or time.process_time() > SECONDS:
            break
        files.read, rounds = 0, 2 * rounds  # what did not reach it does not count
    return coef


LOGISTIC: dict[str, Any] = {
    "normax": normax_logistic,
    "scikit-learn SGD": sgd_logistic,
    "Dask-ML proximal gradients": lambda *given: dask_ml(*given, solver="proximal_grad", logistic=True),
    "Dask-ML ADMM": lambda *given: dask_ml(*given, solver="admm", logistic=True),
}

CONTENDERS: dict[str, Any] = {
    "normax": normax,
    "scikit-learn SGD": sgd,
    "Dask-ML proximal gradients": lambda *given: dask_ml(*given, solver="proximal_grad"),
    "Dask-ML ADMM": lambda *given: dask_ml(*given, solver="admm"),
}


def main() -> None:
    name, folder, alpha, target = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    files = Files(folder)
    logistic = (files.folder / "least.npy").exists()
    judge: Any = (LogisticJudge if logistic else Judge)(files, alpha)
    wall, own = time.perf_counter(), time.process_time()
    coef = (LOGISTIC if logistic else CONTENDERS)[name](files, alpha, judge, target)
    told = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - own, "passes": files.passes}
    print(json.dumps(told | {"gap": judge.gap(coef), "peak": peak(), "nonzero": int((coef != 0).sum())}))


if __name__ == "__main__":
    main()
