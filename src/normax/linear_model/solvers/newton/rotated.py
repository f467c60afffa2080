"""L2 alone where columns outnumber rows: Newton steps in the at most n directions that the rows span."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from normax.linear_model.design.design import Design
from normax.linear_model.design.factors import thin_svd
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.solvers.newton.conjugate import follow_conjugate
from normax.linear_model.solvers.newton.working_set import follow

__all__ = ["follow_rotated"]


def follow_rotated(problem: Problem, strengths: np.ndarray) -> Fit:
    """Solve k decreasing strengths; the norm does not see the rotation."""
    design = problem.design
    U, sigma, Vt = thin_svd(design.centred_matrix())
    rank = int((sigma > sigma.max(initial=0.0) * max(design.n, design.p) * np.finfo(float).eps).sum())
    small = Design(U[:, :rank] * sigma[:rank], design.weights, design.centred)
    small.means[:] = 0.0
    rules = replace(check_rules(rank, None, None, None), l1_ratio=0.0)
    begin = problem.begin()
    start = begin and (begin[0] @ Vt[:rank].T, begin[1] - problem.level)
    rotated = replace(problem, design=small, rules=rules, single=rules, start=start)
    fit = (follow_conjugate(rotated, strengths) if problem.family.coupled else None) or follow(
        rotated, strengths
    )
    fit.coef = fit.coef @ Vt[:rank]
    fit.coef[:, :, design.constant] = 0.0
    return fit
