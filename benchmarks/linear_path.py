"""Lasso paths of 100 strengths against scikit-learn, celer, skglm, glum, adelie, skein, glmnet-rs and R's glmnet, all at a gap of at most 1e-6.

    python benchmarks/linear_path.py [ROUNDS] [PROBLEM ...]

Dense tall, wide and square, each also with five outputs that share their features (scikit-learn and celer have that), sparse,
and NCI60 by the multinomial and by one-vs-rest binomials, which needs its folder in NORMAX_NCI60.
"""

from __future__ import annotations

import numpy as np
from _harness import record
from _linear_gaps import largest_gap
from _linear_problems import NAMES, OUTPUTS, TARGET, TOGETHER, Problem, make
from _linear_race import arguments, note, race, table

from normax.linear_model import fit_path
from normax.penalties import L1, GroupLasso


def ours(problem: Problem, pairs=None) -> np.ndarray:
    options = {
        "family": problem.family,
        "tol": TARGET,
        "fit_intercept": problem.name != "sparse",
        "penalty": GroupLasso(OUTPUTS**-0.5, "in") if problem.name in TOGETHER else L1(),
    }
    return np.array(
        [fit_path(problem.X, y, strengths=s, **options).coef for y, s in zip(problem.y, problem.strengths)]
    )


def main() -> None:
    rounds, names = arguments(3, [*NAMES, *TOGETHER])
    for name in names:  # load the compiled kernels
        problem = make(name)
        if problem is not None:
            ours(Problem(name, problem.X, problem.y, problem.strengths[:, :20], problem.family))
    times, gaps = race(ours, names, False, rounds)
    for name in times:
        problem = make(name)
        gaps[name]["normax"] = largest_gap(problem, ours(problem))
    lines = table(times, gaps)
    lines.append(note(rounds))
    record("Lasso path, 100 strengths down to a hundredth of the largest", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
