"""The problems of the linear benchmarks and the one measure that all contenders share: their duality gap."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from scipy.special import log_softmax, softmax

# name -> rows, columns, correlation of neighbouring columns
DENSE = {"tall": (20000, 500, 0.5), "wide": (500, 20000, 0.5), "square": (2000, 2000, 0.9)}
SPARSE = (20000, 100000, 0.001)  # the last is the share of non-zeros
FAMILIES = ("nci60 one-vs-rest", "nci60 multinomial")
NAMES = (*DENSE, "sparse", *FAMILIES)
OUTPUTS = 5
TOGETHER = {
    f"{name}, {OUTPUTS} outputs": name for name in DENSE
}  # a feature is in for all outputs or for none
WORKING, FOLDS, STRENGTHS, TARGET = 50, 10, 100, 1e-6
FEWEST = 5  # cell lines of a cancer type that counts


@dataclass
class Problem:
    """X (n, p), a response for each of t tasks, (t, n) or (t, n, m), strengths (t, k); an intercept only for families."""

    name: str
    X: Any
    y: np.ndarray
    strengths: np.ndarray
    family: str = "gaussian"
    shape: str = field(init=False)

    def __post_init__(self):
        self.shape = f"{self.X.shape[0]} × {self.X.shape[1]}"
        self.intercept = self.family != "gaussian"


def make(name: str, seed: int = 0) -> Problem | None:
    """A problem by name; None where its data are not at hand."""
    if name in DENSE or name in TOGETHER:
        return _dense(name, seed)
    return _sparse(seed) if name == "sparse" else _nci60(name)


def _dense(name: str, seed: int) -> Problem:
    """Standardised AR(1) design in Fortran order, centred response, strengths down to a hundredth."""
    n, p, rho = DENSE[TOGETHER.get(name, name)]
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.standard_normal((n, p)))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return _gaussian(name, X, rng, OUTPUTS if name in TOGETHER else None)


def _sparse(seed: int) -> Problem:
    """Gaussian entries at random places, the same number in each column."""
    n, p, share = SPARSE
    rng, each = np.random.default_rng(seed), int(n * share)
    rows = np.sort(rng.integers(0, n, (p, each)), axis=1).ravel()
    X = scipy.sparse.csc_matrix(
        (rng.standard_normal(p * each), rows, np.arange(0, p * each + 1, each)), shape=(n, p)
    )
    X.sum_duplicates()
    return _gaussian("sparse", X, rng)


def _gaussian(name: str, X: Any, rng: np.random.Generator, outputs: int | None = None) -> Problem:
    n, p = X.shape
    more = () if outputs is None else (outputs,)
    w = np.zeros((p, *more))
    w[rng.choice(p, WORKING, replace=False)] = rng.standard_normal((WORKING, *more))
    y = X @ w
    y += rng.standard_normal((n, *more)) * y.std(axis=0) / 2
    y -= y.mean(axis=0)
    largest = np.linalg.norm((X.T @ y).reshape(p, -1), axis=1).max() / n
    return Problem(name, X, y[None], largest * np.geomspace(1, 0.01, STRENGTHS)[None])


def _nci60(name: str) -> Problem | None:
    """Types of cancer with at least five cell lines, by 6830 standardised gene expressions."""
    folder = Path(os.environ.get("NORMAX_NCI60", ""))
    if not (folder / "NCI60data.csv").exists():
        print(f"{name}: skipped; set NORMAX_NCI60 to the folder of NCI60data.csv and NCI60labs.csv (ISLR)")
        return None
    X = np.loadtxt(folder / "NCI60data.csv", delimiter=",", skiprows=1, converters=_unquoted, dtype=float)[
        :, 1:
    ]
    with (folder / "NCI60labs.csv").open(encoding="utf-8") as file:
        labels = np.array([row[-1].strip() for row in csv.reader(file)][1:])
    kinds, count = np.unique(labels, return_counts=True)
    kinds = kinds[count >= FEWEST]
    rows = np.isin(labels, kinds)
    X, codes = np.asfortranarray(X[rows]), np.searchsorted(kinds, labels[rows])
    X = np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0))
    Y = np.eye(len(kinds))[codes]
    U = np.abs(X.T @ (Y - Y.mean(axis=0))) / len(X)
    shares = np.geomspace(1, 0.01, STRENGTHS)
    if name.endswith("multinomial"):
        return Problem(name, X, codes[None].astype(float), U.max() * shares[None], "multinomial")
    return Problem(name, X, Y.T.copy(), U.max(axis=0)[:, None] * shares, "binomial")


def _unquoted(cell: str) -> float:
    text = cell.strip('"')
    return float(text[1:]) if text.startswith("V") else float(text)


def folds(problem: Problem) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same ten folds for all: rows in random order, for families class after class, dealt out in turn."""
    n = problem.X.shape[0]
    order = np.random.default_rng(1).permutation(n)
    if problem.family != "gaussian":
        kind = problem.y[0] if len(problem.y) == 1 else problem.y.argmax(axis=0)
        order = order[np.argsort(kind[order], kind="stable")]
    fold = np.empty(n, dtype=int)
    fold[order] = np.arange(n) % FOLDS
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]


def largest_gap(problem: Problem, coef: np.ndarray) -> float:
    """Largest duality gap of coefficients (t, k, m, p) over the null deviance, from residuals; the textbook's way.

    The intercept is refitted for each, so that no contender is charged for the last digits of its own.
    """
    return max(
        _gaussian_gap(problem, y, s, w) if problem.family == "gaussian" else _family_gap(problem, y, s, w)
        for y, s, w in zip(problem.y, problem.strengths, coef)
    )


def _gaussian_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Of the norms of features over the outputs: for one output, of the lasso."""
    n, Y = len(y), y.reshape(len(y), -1)
    null, worst = 0.5 * (Y**2).sum() / n, 0.0
    for s, w in zip(strengths, coef):
        residual = Y - problem.X @ w.T
        c = min(1.0, s * n / np.linalg.norm(problem.X.T @ residual, axis=1).max())
        primal = 0.5 * (residual**2).sum() / n + s * np.linalg.norm(w, axis=0).sum()
        dual = null - 0.5 * ((Y - c * residual) ** 2).sum() / n
        worst = max(worst, primal - dual)
    return float(worst / null)


def _family_gap(problem: Problem, y: np.ndarray, strengths: np.ndarray, coef: np.ndarray) -> float:
    """Fenchel's dual of the logistic and the multinomial loss is the entropy of y − c(y − μ)."""
    X, n = problem.X, len(y)
    Y = (
        np.column_stack([1 - y, y])
        if problem.family == "binomial"
        else np.eye(int(y.max()) + 1)[y.astype(int)]
    )
    null, worst = -(Y.mean(axis=0) * np.log(Y.mean(axis=0))).sum(), 0.0
    for s, w in zip(strengths, coef):
        eta = X @ w.T
        eta = np.column_stack([0 * eta, eta]) if problem.family == "binomial" else eta
        b = np.zeros(Y.shape[1])
        for _ in range(100):
            mean = softmax(eta + b, axis=1)
            slope = (Y - mean).mean(axis=0)
            if np.abs(slope).max() < 1e-15:
                break
            b += np.linalg.pinv(np.diag(mean.mean(axis=0)) - mean.T @ mean / n, hermitian=True) @ slope
        residual = (Y - mean)[:, 1:] if problem.family == "binomial" else Y - mean
        c = min(1.0, s / np.abs(X.T @ residual / n).max())
        a = np.maximum(Y - c * (Y - mean), 1e-300)
        primal = -(Y * log_softmax(eta + b, axis=1)).sum() / n + s * np.abs(w).sum()
        worst = max(worst, primal + (a * np.log(a)).sum() / n)
    return float(worst / null)
