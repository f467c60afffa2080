"""The gap with coefficients that no penalty acts on: a bound at any fit, and nearly 0 at the best one."""

import numpy as np
import pytest

from normax.linear_model import fit_path
from normax.linear_model.design.design import Design
from normax.linear_model.families import family_of
from normax.linear_model.problem.penalty_rules import rules_of
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.solvers.dual_point import certify
from normax.penalties import GroupLasso

FAMILIES = ("gaussian", "binomial", "multinomial", "poisson", "gamma", "tweedie", "huber")
FACTOR = np.array([0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
RULES = {
    "l1": {"l1_ratio": 1.0},
    "ridge": {"l1_ratio": 0.0},
    "bounds": {"l1_ratio": 1.0, "lower": -0.1, "upper": [np.inf, 0.2, *[np.inf] * 4]},
    "groups": {"penalty": GroupLasso(1.0, [0, 0, 1, 1, 2, 2])},
}


def _problem(family, n=50):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 6))
    signal = 0.6 * (X[:, 0] - X[:, 2] + X[:, 4])
    y = {
        "binomial": (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float),
        "multinomial": np.r_[0, 1, 2, rng.integers(0, 3, n - 3)],
        "poisson": rng.poisson(np.exp(signal)),
        "gamma": np.exp(signal) * rng.gamma(2, size=n),
        "tweedie": rng.poisson(np.exp(signal)) * 0.7,
    }.get(family, signal + rng.normal(size=n))
    return X, y, rng


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", RULES)
def test_the_gap_bounds_the_excess_of_any_coefficients(family, kind):
    X, y, rng = _problem(family)
    options = {"penalty_factor": FACTOR, **RULES[kind]}
    path = fit_path(X, y, family=family, strengths=[0.05], **options)
    loss = family_of(family)
    Y, weights = loss.response(y, len(y)), np.full(len(y), 1 / len(y))
    design = Design(X, weights, True)
    single = check_rules(6, FACTOR, options.get("lower"), options.get("upper"))
    _, rules = rules_of(options.get("penalty"), options.get("l1_ratio", 1.0), Y.shape[1], single)
    terms = rules.terms(0.05)

    def judged(W, b):
        eta = X @ W.T + b
        own = terms.value(W.ravel()) if kind == "groups" else sum(terms.value(w) for w in W)
        return weights @ loss.loss(Y, eta) + own, certify(design, loss, Y, eta, W, terms)

    best, gap = judged(path.coef[0], path.intercept[0])
    assert gap <= 1e-9
    for size in (1e-6, 1e-3, 0.1, 1.0):
        moved = path.coef[0] + size * rng.normal(size=path.coef[0].shape)
        value, gap = judged(np.clip(moved, single.lower, single.upper), path.intercept[0] + size)
        assert value - best <= gap * (1 + 1e-9) + 1e-13
        assert np.isfinite(gap)
        assert size > 1e-3 or gap <= 10 * size


def test_columns_nearly_equal_and_free_reach_the_minimum():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    apart = X[:, 1].copy()
    X[:, 1] = X[:, 0] + 1e-7 * apart
    y = 3 * X[:, 0] + apart + rng.normal(size=40) + 8 * (rng.random(40) < 0.2)
    plain = np.column_stack([X[:, 0], apart, X[:, 2]])
    given = {"family": "huber", "strengths": [0.1], "penalty_factor": [0, 0, 1]}
    near, well = fit_path(X, y, **given), fit_path(plain, y, **given)
    assert near.gap[0] <= 1e-6
    np.testing.assert_allclose(near.coef[0, 0, 2], well.coef[0, 0, 2], atol=1e-7)
    np.testing.assert_allclose(1e-7 * near.coef[0, 0, 1], well.coef[0, 0, 1], rtol=1e-5)


def test_repeated_free_columns_share_their_coefficient():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 4))
    X[:, 1] = 2 * X[:, 0]
    y = (X[:, 0] + rng.normal(size=30) > 0).astype(float)
    path = fit_path(X, y, family="binomial", strengths=[0.05], penalty_factor=[0, 0, 1, 1])
    once = fit_path(X[:, [0, 2, 3]], y, family="binomial", strengths=[0.05], penalty_factor=[0, 1, 1])
    assert path.gap[0] <= 1e-9
    np.testing.assert_allclose(path.coef[0, 0, :2] @ [1, 2], once.coef[0, 0, 0], rtol=1e-8)
