"""Ten-fold cross-validation of the lasso path against scikit-learn, celer, skglm and adelie at an equal gap.

    python benchmarks/linear_cv.py [ROUNDS]

Peers run their path function in a loop over the folds, at the tolerance that brings the path on all rows to 1e-6:
celer's and skglm's own cross-validation does not run beside scikit-learn 1.9, adelie's chooses other folds.
"""

from __future__ import annotations

import sys

from _harness import record
from _linear_problems import TARGET, folds, make
from _linear_race import race, table

from normax.linear_model import fit_path
from normax.linear_model.held_out import cross_validate


def ours(X, y, strengths, pairs):
    return cross_validate(X, y, pairs, strengths=strengths, tol=TARGET)[0]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    X, y, strengths = make("square")
    ours(X, y, strengths, folds(len(y)))  # load the compiled kernels
    times, gaps = race(ours, True, rounds)
    for problem in gaps:
        X, y, strengths = make(problem)
        gaps[problem]["normax"] = float(fit_path(X, y, strengths=strengths).gap.max())
    lines = table(times, gaps)
    lines.append(
        f"In brackets the largest duality gap of the path on all rows over the null deviance. "
        f"Too long: one path alone took more than 5 s. {rounds} round(s) in turn."
    )
    record("Lasso, 100 strengths × 10 folds", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
