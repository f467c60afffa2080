"""Ten-fold cross-validation of lasso paths against the peers of linear_path.py at an equal gap.

    python benchmarks/linear_cv.py [ROUNDS] [PROBLEM ...]

Peers run their path function in a loop over the folds, at the tolerance that brings the path on all rows to 1e-6:
celer's and skglm's own cross-validation does not run beside scikit-learn 1.9, adelie's chooses other folds.
"""

from __future__ import annotations

import numpy as np
from _harness import record
from _linear_problems import DENSE, TARGET, Problem, folds, make
from _linear_race import arguments, race, table

from normax.linear_model import fit_path
from normax.linear_model.cross_validation.held_out import cross_validate


def options(problem: Problem) -> dict:
    return {
        "family": problem.family,
        "tol": TARGET,
        "fit_intercept": problem.intercept or problem.name in DENSE,
    }


def ours(problem: Problem, pairs) -> list[np.ndarray]:
    own = options(problem)
    if problem.family == "multinomial":
        Y = [np.eye(int(y.max()) + 1)[y.astype(int)] for y in problem.y]
    else:
        Y = list(problem.y)
    return [cross_validate(problem.X, y, pairs, strengths=s, **own)[0] for y, s in zip(Y, problem.strengths)]


def main() -> None:
    rounds, names = arguments(1)
    for name in names:  # load the compiled kernels
        problem = make(name)
        if problem is not None:
            few = Problem(name, problem.X, problem.y, problem.strengths[:, :10], problem.family)
            ours(few, folds(problem)[:1])
    times, gaps = race(ours, names, True, rounds)
    for name in times:
        problem = make(name)
        paths = [
            fit_path(problem.X, y, strengths=s, **options(problem))
            for y, s in zip(problem.y, problem.strengths)
        ]
        gaps[name]["normax"] = max(float(path.gap.max()) for path in paths)
    lines = table(times, gaps)
    lines.append(
        f"In brackets the largest duality gap of the path on all rows over the null deviance. "
        f"Too long: one path alone took more than 5 s. {rounds} round(s) in turn."
    )
    record("Lasso, 100 strengths × 10 folds", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
