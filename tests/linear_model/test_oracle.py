"""Every kind of design, loss and penalty against cvxpy: no fit lies further above the minimum than its gap says."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse as sps
from sklearn.exceptions import ConvergenceWarning

from normax.errors import Notice
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import Huber, Quantile, Tweedie
from normax.penalties import GroupLasso, SparseGroupLasso

TOL = 1e-6
SHARES = (0.5, 0.03, 1e-3)  # of the strength that makes every coefficient zero


# Designs: X, and a basis T of its columns in which `X T` is well conditioned, so that the oracle is not the one that errs.


def _plain(rng):
    return rng.normal(size=(40, 6)), np.eye(6)


def _autoregressive(rng):
    X = np.cumsum(rng.normal(size=(50, 8)) * [1, *[0.14] * 7], axis=1)
    return X, np.eye(8)


def _wide(rng):
    return rng.normal(size=(15, 25)), np.eye(25)


def _scales(rng):
    units = 10.0 ** np.array([-6, -3, 0, 2, 4, 6])
    return rng.normal(size=(40, 6)) * units, np.diag(1 / units)


def _twins(rng):
    X = rng.normal(size=(40, 6))
    X[:, 1], X[:, 4] = X[:, 0], -2 * X[:, 3]
    return X, np.eye(6)


def _one_hot(rng):
    a = rng.integers(0, 3, 45)
    b = np.where(rng.random(45) < 0.9, a, rng.integers(0, 3, 45))
    return np.hstack([np.eye(3)[a], np.eye(3)[b], np.eye(3)[a]]), np.eye(9)


def _sparse(rng):
    return sps.random_array((60, 12), density=0.08, rng=rng, format="csc"), np.eye(12)


def _constant(rng):
    X = rng.normal(size=(30, 6))
    X[:, 2] = 3.0
    return X, np.eye(6)


def _tiny(rng):
    return rng.normal(size=(4, 6)), np.eye(6)


def _near(rng):
    X, T = rng.normal(size=(40, 6)), np.eye(6)
    X[:, 1] = X[:, 0] + 1e-6 * X[:, 1]
    T[0, 1], T[1, 1] = -1e6, 1e6
    return X, T


def _shifted(rng):
    return rng.normal(size=(40, 6)) + 1e4, np.eye(6)


DESIGNS = {
    "plain": _plain,
    "autoregressive": _autoregressive,
    "wide": _wide,
    "scales": _scales,
    "twins": _twins,
    "one_hot": _one_hot,
    "sparse": _sparse,
    "constant": _constant,
    "tiny": _tiny,
    "near": _near,
    "shifted": _shifted,
}


# Losses: how a response is drawn for a signal (n,), the loss of a row in NumPy, and the same as cvxpy says it.
FAMILIES = {
    "gaussian": (
        lambda s, rng: s + rng.normal(size=len(s)),
        lambda y, e: 0.5 * (y - e) ** 2,
        lambda y, e: 0.5 * cp.square(y - e),
    ),
    "tasks": (
        lambda s, rng: np.c_[s, -0.5 * s] + rng.normal(size=(len(s), 2)),
        lambda y, e: 0.5 * (y - e) ** 2,
        lambda y, e: 0.5 * cp.square(y - e),
    ),
    "binomial": (
        lambda s, rng: (rng.random(len(s)) < 0.8 / (1 + np.exp(-s)) + 0.1).astype(float),
        lambda y, e: np.logaddexp(0, e) - y * e,
        lambda y, e: cp.logistic(e) - cp.multiply(y, e),
    ),
    "multinomial": (
        lambda s, rng: np.r_[0, 1, 2, np.digitize(s + 1.5 * rng.logistic(size=len(s)), [-1, 1])[3:]],
        lambda y, e: (
            np.log(np.exp(e - e.max(1, keepdims=True)).sum(1, keepdims=True))
            + e.max(1, keepdims=True)
            - (y * e).sum(1, keepdims=True)
        ),
        lambda y, e: (
            cp.log_sum_exp(e, axis=1, keepdims=True) - cp.sum(cp.multiply(y, e), axis=1, keepdims=True)
        ),
    ),
    "poisson": (
        lambda s, rng: rng.poisson(np.exp(0.3 * s + 0.5)),
        lambda y, e: np.exp(e) - y * e,
        lambda y, e: cp.exp(e) - cp.multiply(y, e),
    ),
    "gamma": (
        lambda s, rng: np.exp(0.3 * s) * rng.gamma(2, size=len(s)) + 1e-3,
        lambda y, e: y * np.exp(-e) + e,
        lambda y, e: cp.multiply(y, cp.exp(-e)) + e,
    ),
    "tweedie": (
        lambda s, rng: np.where(rng.random(len(s)) < 0.3, 0, np.exp(0.3 * s) * rng.gamma(2, size=len(s))),
        lambda y, e: 2 * y * np.exp(-e / 2) + 2 * np.exp(e / 2),
        lambda y, e: 2 * cp.multiply(y, cp.exp(-e / 2)) + 2 * cp.exp(e / 2),
    ),
    "huber": (
        lambda s, rng: s + rng.normal(size=len(s)) + 5 * (rng.random(len(s)) < 0.2),
        lambda y, e: np.where(np.abs(y - e) <= 1, 0.5 * (y - e) ** 2, np.abs(y - e) - 0.5),
        lambda y, e: 0.5 * cp.huber(y - e, 1),
    ),
    "quantile": (
        lambda s, rng: s + rng.normal(size=len(s)),
        lambda y, e: np.maximum(0.3 * (y - e), -0.7 * (y - e)),
        lambda y, e: cp.maximum(0.3 * (y - e), -0.7 * (y - e)),
    ),
}
OBJECTS = {"tasks": "gaussian", "huber": Huber(1.0), "quantile": Quantile(0.3), "tweedie": Tweedie(1.5)}


@dataclass
class Penalty:
    """`l1 Σ_j f_j |w_j| + l2/2 Σ_j f_j w_j² + charge Σ_g √d_g ‖w_g‖` within bounds, and what `fit_path` is given for it."""

    options: dict[str, Any] = field(default_factory=dict)
    l1: float = 0.0
    l2: float = 0.0
    charge: float = 0.0
    groups: Any = None
    factor: Any = 1.0
    lower: float = -np.inf
    upper: float = np.inf

    def parts(self, m, p):
        """Index pairs of each group of the (m, p) coefficients, and its factor."""
        labels = np.broadcast_to(np.arange(p) if isinstance(self.groups, str) else self.groups, (m, p))
        factor = np.broadcast_to(self.factor, (m, p))
        return [(np.nonzero(labels == g), factor[labels == g][0]) for g in np.unique(labels)]

    def value(self, W):
        total = (self.factor * (self.l1 * np.abs(W) + 0.5 * self.l2 * W**2)).sum()
        if self.charge:
            total += self.charge * sum(
                f * np.sqrt(len(at[0])) * np.linalg.norm(W[at]) for at, f in self.parts(*W.shape)
            )
        return total

    def expression(self, W, m, p):
        factor = np.broadcast_to(self.factor, (m, p))
        total = 0.0
        if self.l1:
            total += self.l1 * cp.sum(cp.multiply(factor, cp.abs(W)))
        if self.l2:
            total += 0.5 * self.l2 * cp.sum(cp.multiply(factor, cp.square(W)))
        if self.charge:
            total += self.charge * sum(
                f * np.sqrt(len(at[0])) * cp.norm(cp.hstack([W[i, j] for i, j in zip(*at)]))
                for at, f in self.parts(m, p)
            )
        return total


def penalty_of(name, p):
    labels, two = np.arange(p) // 3, np.r_[0.0, 0.0, 1.0, 2.0, 0.5, np.ones(max(p - 5, 0))][:p]
    by_group = np.r_[0.0, 2.0, np.ones(p)][labels]
    return {
        "l1": lambda: Penalty({"l1_ratio": 1.0}, l1=1.0),
        "l2": lambda: Penalty({"l1_ratio": 0.0}, l2=1.0),
        "enet": lambda: Penalty({"l1_ratio": 0.5}, l1=0.5, l2=0.5),
        "factors": lambda: Penalty({"penalty_factor": two}, l1=1.0, factor=two),
        "free ridge": lambda: Penalty({"penalty_factor": two, "l1_ratio": 0.0}, l2=1.0, factor=two),
        "bounds": lambda: Penalty({"lower": 0.0, "upper": 0.4}, l1=1.0, lower=0.0, upper=0.4),
        "free bounds": lambda: Penalty({"lower": 0.0, "penalty_factor": two}, l1=1.0, lower=0.0, factor=two),
        "group": lambda: Penalty({"penalty": GroupLasso(1.0, labels)}, charge=1.0, groups=labels),
        "free group": lambda: Penalty(
            {"penalty": GroupLasso(1.0, labels), "penalty_factor": by_group},
            charge=1.0,
            groups=labels,
            factor=by_group,
        ),
        "sparse group": lambda: Penalty(
            {"penalty": SparseGroupLasso(1.0, labels, l1_ratio=0.5)}, l1=0.5, charge=0.5, groups=labels
        ),
        "rows": lambda: Penalty({"penalty": GroupLasso(1.0, "in")}, charge=1.0, groups="in"),
    }[name]()


PENALTIES = (
    *("l1", "l2", "enet", "factors", "free ridge", "bounds", "free bounds"),
    *("group", "free group", "sparse group", "rows"),
)


def objective(family, y, eta, weights, penalty, strength, W):
    """The definition: the weighted mean of the losses, and the strength times the penalty."""
    mean = (weights / weights.sum()) @ FAMILIES[family][1](y, eta).sum(axis=1)
    return mean + strength * penalty.value(W)


def cvxpy_minimum(family, X, T, y, weights, offset, penalty, strength):
    """The objective of cvxpy's solution, from the definition; None where it finds none."""
    (n, p), m = X.shape, y.shape[1]
    V, b = cp.Variable((m, p)), cp.Variable((1, m))
    W, Z = V @ T.T, X @ T
    eta = Z @ V.T + np.ones((n, 1)) @ b + offset
    total = (weights / weights.sum()) @ cp.sum(FAMILIES[family][2](y, eta), axis=1)
    limits = [penalty.lower <= W] if np.isfinite(penalty.lower) else []
    limits += [penalty.upper >= W] if np.isfinite(penalty.upper) else []
    problem = cp.Problem(cp.Minimize(total + strength * penalty.expression(W, m, p)), limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            problem.solve(solver="CLARABEL")
        except cp.SolverError:
            return None
        if V.value is None:
            return None
        W = np.clip(V.value @ T.T, penalty.lower, penalty.upper)
        if penalty.lower > -np.inf:
            eta = X @ W.T + b.value + offset
        else:
            eta = Z @ V.value.T + b.value + offset
        return objective(family, y, eta, weights, penalty, strength, W)


def fits(design, family, penalty_name, seed):
    """(strength, excess over cvxpy's minimum in null deviances, gap, whether a warning told) of each fit of a case."""
    rng = np.random.default_rng([seed, *map(ord, design + family + penalty_name)])
    X, T = DESIGNS[design](rng)
    dense = X.toarray() if sps.issparse(X) else X
    signal = (dense @ T)[:, : min(5, X.shape[1])]
    signal = (signal - signal.mean(0)) / (signal.std(0) + 1e-9) @ [1.0, -1.0, 0.5, 0.7, 0.3]
    y = FAMILIES[family][0](signal, rng)
    weights = rng.integers(1, 4, len(y)).astype(float) if seed % 2 else np.ones(len(y))
    m = {"tasks": 2, "multinomial": 3}.get(family, 1)
    offset = 0.5 * rng.normal(size=(len(y), m)) if seed % 3 == 2 else np.zeros((len(y), m))
    penalty = penalty_of(penalty_name, X.shape[1])
    options = {"family": OBJECTS.get(family, family), "sample_weight": weights, "offset": offset}
    options |= penalty.options
    out = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        top = max_strength(X, y, **options)
        path = fit_path(X, y, strengths=top * np.array(SHARES), tol=TOL, **options)
    kinds = {type(w.message) for w in told}
    assert kinds <= {ConvergenceWarning, Notice}, [str(w.message) for w in told]
    Y = np.eye(m)[y.astype(int)] if family == "multinomial" else np.reshape(y, (len(y), -1)).astype(float)
    null = path.null_deviance
    for i, s in enumerate(path.strengths):
        best = cvxpy_minimum(family, dense, T, Y, weights, offset, penalty, s)
        eta = dense @ path.coef[i].T + path.intercept[i] + offset
        now = objective(family, Y, eta, weights, penalty, s, path.coef[i])
        excess = (now - best) / null if best is not None and null > 0 else -np.inf
        within = (path.coef[i] >= penalty.lower).all() and (path.coef[i] <= penalty.upper).all()
        out.append((s, excess, path.gap[i], ConvergenceWarning in kinds, within))
    return out


def faults(design, family, penalty_name, seed):
    """What is wrong with the fits of a case, in words."""
    wrong = []
    for s, excess, gap, told, within in fits(design, family, penalty_name, seed):
        if not within:
            wrong.append(f"strength {s:.3g}: out of bounds")
        if not excess <= max(gap, TOL) + 1e-8:
            wrong.append(f"strength {s:.3g}: {excess:.2g} above the minimum, gap {gap:.2g}")
        if not (gap <= TOL or told):
            wrong.append(f"strength {s:.3g}: gap {gap:.2g} without a warning")
    return wrong


def serves(family, penalty):
    return penalty != "rows" or family in ("tasks", "multinomial")


EVERY = [(d, f, p) for f in FAMILIES for p in PENALTIES for d in DESIGNS if serves(f, p)]
PART = EVERY[::13] + [("near", f, p) for f in FAMILIES for p in ("factors", "free group")]


@pytest.mark.parametrize(("design", "family", "penalty"), PART)
def test_no_fit_lies_further_above_the_minimum_than_its_gap_says(design, family, penalty):
    assert faults(design, family, penalty, 0) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("design", DESIGNS)
def test_none_of_all_does(design, family):
    cases = [(penalty, seed) for penalty in PENALTIES if serves(family, penalty) for seed in range(3)]
    wrong = {case: faults(design, family, *case) for case in cases}
    assert {case: told for case, told in wrong.items() if told} == {}
