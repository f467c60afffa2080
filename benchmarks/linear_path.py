"""The lasso path of 100 strengths against scikit-learn, celer, skglm and adelie, all at a gap of at most 1e-6.

python benchmarks/linear_path.py [ROUNDS]
"""

from __future__ import annotations

import sys

from _harness import record
from _linear_problems import SHAPES, TARGET, largest_gap, make
from _linear_race import race, table

from normax.linear_model import fit_path


def ours(X, y, strengths, pairs):
    return fit_path(X, y, strengths=strengths, tol=TARGET).coef[:, 0]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    ours(*make("square"), None)  # load the compiled kernels
    times, gaps = race(ours, False, rounds)
    for problem in SHAPES:
        X, y, strengths = make(problem)
        gaps[problem]["normax"] = largest_gap(X, y, strengths, ours(X, y, strengths, None))
    lines = table(times, gaps)
    lines.append(
        f"In brackets the largest duality gap of the path over the null deviance, measured alike for all; each "
        f"peer's tolerance was tightened until it met {TARGET:g}, was 1e-14, or one path took 40 s. {rounds} rounds in turn."
    )
    record("Lasso path, 100 strengths down to a hundredth of the largest", lines, "numba", "scikit-learn")


if __name__ == "__main__":
    main()
