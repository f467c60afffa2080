"""Which solver serves which problem: the whole rule, in one ordered table. The first that serves, solves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from normax.linear_model.design.shapes import factorises, gram_pays
from normax.linear_model.problem.chain_terms import FusedRules
from normax.linear_model.problem.concave_groups import ConcaveGroupRules
from normax.linear_model.problem.concave_terms import ConcaveRules
from normax.linear_model.problem.even_columns import EvenColumns, even_columns_of
from normax.linear_model.problem.fit import Fit
from normax.linear_model.problem.free_columns import Basis, basis_of
from normax.linear_model.problem.group_terms import GroupRules
from normax.linear_model.problem.problem import Problem
from normax.linear_model.problem.proximal_rules import ProximalRules
from normax.linear_model.problem.terms import Rules
from normax.linear_model.solvers.concave import follow_concave
from normax.linear_model.solvers.fused import follow_fused
from normax.linear_model.solvers.groups.concave import follow_concave_groups
from normax.linear_model.solvers.groups.squares import follow_groups
from normax.linear_model.solvers.newton.conjugate import follow_conjugate
from normax.linear_model.solvers.newton.rotated import follow_rotated
from normax.linear_model.solvers.newton.working_set import follow
from normax.linear_model.solvers.nonsmooth import follow_nonsmooth
from normax.linear_model.solvers.proximal import follow_proximal
from normax.linear_model.solvers.ridge.path import follow_ridge
from normax.linear_model.solvers.squares.path import follow_complete, follow_growing, follow_residuals

__all__ = ["SOLVERS", "Solver", "solve"]

# Entries of X up to which all columns may be exchanged for others at strength 0, where they all but repeat each other.
ORTHOGONAL = 10_000_000
# Entries, zeros among them, up to which columns of a sparse X are multiplied as dense ones, whose fits end exactly.
SMALL = 300_000

# Multiplications of a Hessian and its factor up to which the compiled steps on few rows do without anything cleverer.
QUICK = 50_000_000


class Solver(NamedTuple):
    """What serves some problems.

    Attributes:
        name: how it works, in a few words.
        serves: whether it can solve a problem, and no solver behind it in the table does so faster.
        follow: the fits of decreasing strengths, each warm from the last; None where rounding shows, and the next one
            takes over.
    """

    name: str
    serves: Callable[[Problem], bool]
    follow: Callable[[Problem, np.ndarray], Fit | None]


def _lasso(problem: Problem) -> bool:
    """Squared error whose features are charged alike, by an L1 part too."""
    return (
        problem.squared and isinstance(problem.rules, Rules) and problem.plain and problem.rules.l1_ratio > 0
    )


def _ridge(problem: Problem) -> bool:
    """L2 alone, for all features alike."""
    return isinstance(problem.rules, Rules) and problem.plain and problem.rules.l1_ratio == 0


def _tall(problem: Problem) -> bool:
    return gram_pays(problem.design.n, problem.design.p)


def _dense(problem: Problem) -> bool:
    design = problem.design
    return not design.sparse or design.n * design.p <= SMALL


def _wide_ridge(problem: Problem) -> bool:
    design = problem.design
    return _ridge(problem) and design.p > design.n and factorises((design.n, design.p), design.sparse)


def _coupled_ridge(problem: Problem) -> bool:
    """L2 alone on outputs that are coupled; features may differ in their factors, if each has one."""
    rules = problem.rules
    charged = isinstance(rules, Rules) and rules.l1_ratio == 0 and not rules.bounded
    return charged and problem.family.coupled and bool(rules.factor.all()) and problem.design.p > 0


def _large_coupled_ridge(problem: Problem) -> bool:
    """The same, where a Hessian of all coefficients costs more than steps without one."""
    (n, m), p = problem.y.shape, problem.design.p
    quick = (n + m * p) * (m * p) ** 2 <= QUICK and problem.family.compiled_row is not None
    return _coupled_ridge(problem) and not (quick and problem.design.pieces is not None)


def _whole_groups(problem: Problem) -> bool:
    return isinstance(problem.rules, GroupRules) and problem.rules.members is not None


SOLVERS = (
    Solver("multipliers, for a loss with kinks", lambda p: p.family.nonsmooth, follow_nonsmooth),
    Solver("a sequence of lassos", lambda p: isinstance(p.rules, ConcaveRules), follow_concave),
    Solver(
        "a sequence of group lassos", lambda p: isinstance(p.rules, ConcaveGroupRules), follow_concave_groups
    ),
    Solver("stretches of equal coefficients", lambda p: isinstance(p.rules, FusedRules), follow_fused),
    Solver("proximal gradients", lambda p: isinstance(p.rules, ProximalRules), follow_proximal),
    Solver("blocks of features", lambda p: p.squared and _whole_groups(p), follow_groups),
    Solver("all products of columns at once", lambda p: _lasso(p) and _tall(p), follow_complete),
    Solver("products of the columns at work", lambda p: _lasso(p) and _dense(p), follow_growing),
    Solver("factorisations", lambda p: p.squared and _ridge(p), follow_ridge),
    Solver(
        "descent on residuals",
        lambda p: p.squared and p.design.sparse and isinstance(p.rules, Rules),
        follow_residuals,
    ),
    Solver("Newton steps in the span of the rows", _wide_ridge, follow_rotated),
    Solver("Newton steps by conjugate gradients", _large_coupled_ridge, follow_conjugate),
    Solver("Newton steps on a working set", lambda p: True, follow),
)


def solve(problem: Problem, strengths: np.ndarray) -> Fit:
    """The fits of decreasing strengths >= 0.

    At strength 0 one penalty is as good as another and all columns are free, so that what is left there is a problem
    of its own, unless the same solver goes on from the strengths before.
    """
    last = int(np.count_nonzero(strengths > 0))
    if last == len(strengths):
        return _follow(problem, strengths)
    rest = problem.at_zero()
    other = _better_columns(rest)
    same = isinstance(problem.rules, Rules) and _serving(problem)[0] is _serving(rest)[0]
    if same and other is None:
        return _follow(problem, strengths)
    if other is not None:
        start = other.started(rest.start) if isinstance(other, Basis) else None
        rest = replace(rest, design=other.design, start=start)
    fit = _follow(rest, strengths[last:])
    fit.coef = fit.coef if other is None else other.original(fit.coef)
    return _follow(replace(problem, sparse_coef=False), strengths[:last]).then(fit) if last else fit


def _better_columns(rest: Problem) -> Basis | EvenColumns | None:
    """The columns of a problem at strength 0 in a form that rounding spares more, where it would not spare them."""
    if rest.squared:
        return even_columns_of(rest.design) if _ridge(rest) else None
    if rest.design.n * rest.design.p > ORTHOGONAL:
        return None
    return basis_of(rest.design, replace(rest.rules, factor=np.zeros(rest.design.p)))


def _serving(problem: Problem) -> list[Solver]:
    return [solver for solver in SOLVERS if solver.serves(problem)]


def _follow(problem: Problem, strengths: np.ndarray) -> Fit:
    fits = (solver.follow(problem, strengths) for solver in _serving(problem))
    return next(fit for fit in fits if fit is not None)
