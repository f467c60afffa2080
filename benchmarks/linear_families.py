"""Paths of 100 strengths of logistic, Poisson, multinomial, Cox and grouped models, all at a gap of at most 1e-6.

    python benchmarks/linear_families.py [ROUNDS] [PROBLEM ...]

Against scikit-learn, celer, skglm, glum, adelie, skein, glmnet-rs and, where R has it, glmnet itself: each where it
knows the family. Cox is of distinct times, so that all ways with ties are one.
"""

from __future__ import annotations

import numpy as np
from _harness import record
from _linear_gaps import largest_gap
from _linear_problems import LIKELIHOODS, SIZE, TARGET, Problem, make
from _linear_race import arguments, note, race, table

from normax.linear_model import fit_path
from normax.penalties import L1, GroupLasso


def ours(problem: Problem, pairs=None) -> np.ndarray:
    grouped = problem.family == "groups"
    options = {
        "family": "gaussian" if grouped else problem.family,
        "tol": TARGET,
        "fit_intercept": not grouped,
        "penalty": GroupLasso(1.0, np.arange(problem.X.shape[1]) // SIZE) if grouped else L1(),
    }
    return np.array(
        [fit_path(problem.X, y, strengths=s, **options).coef for y, s in zip(problem.y, problem.strengths)]
    )


def main() -> None:
    rounds, names = arguments(3, LIKELIHOODS)
    for name in names:  # load the compiled kernels
        problem = make(name)
        ours(Problem(name, problem.X, problem.y, problem.strengths[:, :20], problem.family))
    times, gaps = race(ours, names, False, rounds)
    for name in times:
        problem = make(name)
        gaps[name]["normax"] = largest_gap(problem, ours(problem))
    of = ", ".join(
        f"{name} {n} × {p} to {least:g}" for name, (_, n, p, least) in LIKELIHOODS.items() if name in names
    )
    lines = [
        *table(times, gaps),
        note(rounds),
        f"Rows × columns, and the last strength over the first: {of}.",
    ]
    record("Paths of likelihoods and groups, 100 strengths", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
