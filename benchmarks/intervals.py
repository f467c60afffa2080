"""How often intervals cover and selections are false, where their theory holds and where it does not.

    python benchmarks/intervals.py [REPEATS]

Rows are normal with correlations 0.5^|i−j|, noise is normal with standard deviation 1, and every interval means 0.95. With
300 repeats (the default; a sixth of it where a fit takes long) a share of 0.95 is known to about 1 point. What is asked of each interval is what its result says that it covers.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from _harness import record
from scipy.linalg import toeplitz
from scipy.special import expit
from scipy.stats import norm

from normax.errors import Notice
from normax.linear_model import (
    LassoCV,
    bootstrap,
    debiased_lasso,
    knockoffs,
    post_selection,
    stability_selection,
)


def design(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    return rng.normal(size=(n, p)) @ np.linalg.cholesky(toeplitz(0.5 ** np.arange(p))).T


def response(rng: np.random.Generator, family: str, eta: np.ndarray) -> np.ndarray:
    if family == "gaussian":
        return eta + rng.normal(size=len(eta))
    if family == "binomial":
        return (rng.random(len(eta)) < expit(eta)).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    time, until = rng.exponential(size=len(eta)) * np.exp(-eta), 2 * rng.exponential(size=len(eta))
    return np.column_stack([np.minimum(time, until), time <= until])


def effects(p: int, size: float, active: int) -> np.ndarray:
    """Evenly spaced effects of alternating sign, or of random signs where every column has one."""
    if active == p:
        return size * np.random.default_rng(7).choice([-1.0, 1.0], p)
    beta = np.zeros(p)
    beta[np.linspace(0, p - 1, active).astype(int)] = size * (-1.0) ** np.arange(active)
    return beta


def shares(hits: list[np.ndarray], beta: np.ndarray) -> list[str]:
    """Coverage of active columns, of the others, and of all."""
    mean = np.mean(hits, axis=0)
    parts = [mean[beta != 0], mean[beta == 0], mean]
    return [f"{part.mean():.3f}" if len(part) else "–" for part in parts]


def debiased(
    repeats: int, n: int, p: int, active: int, size: float, family: str = "gaussian", **options
) -> list[str]:
    beta, hits = effects(p, size, active), []
    told = np.unique(np.r_[np.flatnonzero(beta)[:20], np.arange(0, p, max(1, p // 20))])  # some will do
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        X = design(rng, n, p)
        y = response(rng, family, X @ beta)
        found = debiased_lasso(X, y, family=family, columns=told, **options)
        hits.append((found.lower <= beta[told]) & (beta[told] <= found.upper))
    return shares(hits, beta[told])


def selected(repeats: int, how: str, p: int = 10, size: float = 0.3, at: float = 0.15) -> list[str]:
    """Of the columns that a lasso selects (50 rows, X fixed): how often the interval holds what it is about."""
    rng = np.random.default_rng(0)
    X, beta = design(rng, 50, p), effects(p, size, 3)
    X0, hits = X - X.mean(axis=0), []
    for _ in range(repeats):
        y = response(rng, "gaussian", X @ beta)
        strength = LassoCV(alphas=30).fit(X, y).alpha_ if how == "cv" else at
        found = post_selection(X, y, strength=strength, given="model" if how == "model" else "signs")
        chosen = [int(name[1:]) for name in found.features]
        target = np.linalg.lstsq(X0[:, chosen], X0 @ beta, rcond=None)[0]
        low, high = found.lower, found.upper
        if how == "naive":
            reach = norm.ppf(0.975) * found.standard_error
            low, high = found.estimate - reach, found.estimate + reach
        hits.append(((low <= target) & (target <= high))[np.isin(chosen, np.flatnonzero(beta))])
        hits.append(((low <= target) & (target <= high))[~np.isin(chosen, np.flatnonzero(beta))])
    active, rest = np.concatenate(hits[::2]), np.concatenate(hits[1::2])
    parts = active, rest, np.concatenate([active, rest])
    return [f"{part.mean():.3f}" if len(part) else "–" for part in parts]


def resampled(repeats: int) -> list[str]:
    """The percentile bootstrap of `LassoCV` (100 × 15) against the true coefficients, which it does not promise."""
    beta, hits = effects(15, 0.5, 3), []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        X = design(rng, 100, 15)
        y = response(rng, "gaussian", X @ beta)
        found = bootstrap(LassoCV(alphas=30), X, y, repeats=100, seed=seed)
        hits.append((found.lower <= beta) & (beta <= found.upper))
    return shares(hits, beta)


def false_selections(repeats: int, n: int, how: str) -> list[str]:
    """Mean share (for stability selection: number) of false ones, mean share of 20 found, over 100 columns."""
    false, power = [], []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        X, beta = design(rng, n, 100), np.zeros(100)
        beta[rng.choice(100, 20, replace=False)] = 0.35 * rng.choice([-1, 1], 20)
        y = response(rng, "gaussian", X @ beta)
        if how == "stability":
            found = stability_selection(X, y, seed=seed).selected
            false.append((beta[found] == 0).sum())
        else:
            found = knockoffs(X, y, kind=how, fdr=0.2, seed=seed).selected
            false.append((beta[found] == 0).mean() if len(found) else 0.0)
        power.append((beta[found] != 0).sum() / 20)
    return [f"{np.mean(false):.3f} ± {np.std(false) / np.sqrt(repeats):.3f}", f"{np.mean(power):.2f}"]


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    few = max(repeats // 6, 2)
    warnings.simplefilter("ignore", Notice)
    settings = {
        "debiased lasso, 300 × 300, 3 effects of 1": lambda: debiased(repeats, 300, 300, 3, 1.0),
        "debiased lasso, 100 × 200, 3 effects of 1": lambda: debiased(repeats, 100, 200, 3, 1.0),
        "the same, noise of the scaled lasso": lambda: debiased(repeats, 100, 200, 3, 1.0, noise="scaled"),
        "least squares, 100 × 20 (strength 0)": lambda: debiased(repeats, 100, 20, 3, 1.0, strength=0),
        "logistic, 400 × 60, 3 effects of 0.7": lambda: debiased(repeats, 400, 60, 3, 0.7, "binomial"),
        "Poisson, 300 × 60, 3 effects of 0.4": lambda: debiased(repeats, 300, 60, 3, 0.4, "poisson"),
        "Cox, 400 × 60, 3 effects of 0.5, strength 0.05": lambda: debiased(
            repeats, 400, 60, 3, 0.5, "cox", strength=0.05
        ),
        "where theory fails: 100 × 300, all effects ±0.3, σ known": lambda: debiased(
            few, 100, 300, 300, 0.3, noise=1.0
        ),
        "the same, noise of the scaled lasso, hence very wide": lambda: debiased(
            few, 100, 300, 300, 0.3, noise="scaled"
        ),
        "where theory fails: logistic, 150 × 200, 3 effects of 1": lambda: debiased(
            few, 150, 200, 3, 1.0, "binomial"
        ),
        "after selection, 50 × 10, 3 effects of 0.3, given the signs": lambda: selected(3 * repeats, "signs"),
        "the same, given the columns": lambda: selected(3 * repeats, "model"),
        "after selection, 50 × 20, no effects, given the signs": lambda: selected(
            3 * repeats, "signs", 20, 0.0, 0.3
        ),
        "not promised: after selection at a strength by cross-validation": lambda: selected(
            3 * repeats, "cv"
        ),
        "where theory fails: least squares on what was selected, 50 × 10": lambda: selected(
            3 * repeats, "naive"
        ),
        "where theory fails: least squares on what was selected, 50 × 20, no effects": lambda: selected(
            3 * repeats, "naive", 20, 0.0, 0.3
        ),
        "not promised: bootstrap of LassoCV, of the true coefficient": lambda: resampled(few),
    }
    lines = ["| intervals of 0.95 | active | others | all |", "|---|---|---|---|"]
    start = time.time()
    for name, run in settings.items():
        lines.append(f"| {name} | {' | '.join(run())} |")
        print(lines[-1], f"({time.time() - start:.0f} s)", flush=True)
    lines += ["", "| selection, 20 of 100 columns with effects of ±0.35 | false | found |", "|---|---|---|"]
    for name, (n, how) in {
        "model-X knockoffs, 300 rows, share of at most 0.2": (300, "model"),
        "fixed-X knockoffs, 300 rows, share of at most 0.2": (300, "fixed"),
        "stability selection, 300 rows, number of at most 1": (300, "stability"),
    }.items():
        lines.append(f"| {name} | {' | '.join(false_selections(few, n, how))} |")
        print(lines[-1], f"({time.time() - start:.0f} s)", flush=True)
    record("Coverage of intervals and false selections", lines, "numpy", "scipy")


if __name__ == "__main__":
    main()
