"""The problems of the linear benchmarks."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from scipy.special import expit

# name -> rows, columns, correlation of neighbouring columns
DENSE = {"tall": (20000, 500, 0.5), "wide": (500, 20000, 0.5), "square": (2000, 2000, 0.9)}
SPARSE = (20000, 100000, 0.001)  # the last is the share of non-zeros
FAMILIES = ("nci60 one-vs-rest", "nci60 multinomial")
NAMES = (*DENSE, "sparse", *FAMILIES)
OUTPUTS = 5
TOGETHER = {
    f"{name}, {OUTPUTS} outputs": name for name in DENSE
}  # a feature is in for all outputs or for none
# name -> family, rows, columns, the smallest strength over the largest
LIKELIHOODS = {
    "logistic, tall": ("binomial", 5000, 200, 0.01),
    "logistic, wide": ("binomial", 300, 3000, 0.03),
    "Poisson, tall": ("poisson", 5000, 200, 0.01),
    "Poisson, wide": ("poisson", 300, 2000, 0.05),
    "multinomial": ("multinomial", 1000, 100, 0.01),
    "multinomial, small": ("multinomial", 333, 9, 0.001),
    "Cox": ("cox", 1000, 200, 0.03),
    "group lasso": ("groups", 1000, 1000, 0.03),
}
CLASSES, SIZE = 3, 5  # of the multinomial; columns of a group
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
    if name in LIKELIHOODS:
        return _likelihood(name, seed)
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


def _likelihood(name: str, seed: int) -> Problem:
    """Correlated columns of which a tenth matter, and a response drawn from the family at their predictor."""
    family, n, p, least = LIKELIHOODS[name]
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    X = np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0))
    w = np.zeros((p, CLASSES))
    w[rng.choice(p, max(5, p // 10), replace=False)] = rng.standard_normal((max(5, p // 10), CLASSES))
    eta = X @ w
    eta *= (0.5 if family in ("poisson", "cox") else 2.0) / eta.std(axis=0)
    if family == "binomial":
        y = (rng.random(n) < expit(eta[:, 0])).astype(float)
        u = X.T @ (y - y.mean())
    elif family == "poisson":
        y = rng.poisson(np.exp(eta[:, 0])).astype(float)
        u = X.T @ (y - y.mean())
    elif family == "multinomial":
        y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1).astype(float)
        Y = np.eye(CLASSES)[y.astype(int)]
        u = X.T @ (Y - Y.mean(axis=0))
    elif family == "cox":
        time, end = rng.exponential(np.exp(-eta[:, 0])), rng.exponential(2.0, n)
        y = np.column_stack([np.minimum(time, end), time <= end]).astype(float)
        u = X.T @ cox_residual(y, np.zeros(n))
    else:
        y = eta[:, 0] + rng.standard_normal(n)
        y -= y.mean()
        u = np.linalg.norm((X.T @ y).reshape(-1, SIZE), axis=1) / np.sqrt(SIZE)
    strengths = np.abs(u).max() / n * np.geomspace(1, least, STRENGTHS)
    return Problem(name, X, y[None], strengths[None], family)


def cox_residual(y: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Events less those expected, by Breslow; times are distinct."""
    order = np.argsort(y[:, 0])
    e = np.exp(eta[order])
    hazard = np.cumsum(y[order, 1] / np.cumsum(e[::-1])[::-1])
    residual = np.empty(len(y))
    residual[order] = y[order, 1] - e * hazard
    return residual


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
    if problem.family in ("binomial", "multinomial"):
        kind = problem.y[0] if len(problem.y) == 1 else problem.y.argmax(axis=0)
        order = order[np.argsort(kind[order], kind="stable")]
    fold = np.empty(n, dtype=int)
    fold[order] = np.arange(n) % FOLDS
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
