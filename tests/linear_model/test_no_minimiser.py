"""Where no coefficients are the best: one notice, finite numbers, and never worse than the model without features."""

import warnings

import numpy as np
import pytest
from scipy.optimize import linprog

from normax.errors import InputError
from normax.linear_model import (
    LogisticRegression,
    PenalisedRegressor,
    PoissonRegressor,
    PoissonRegressorCV,
    fit_path,
    max_strength,
    relaxed_path,
    stability_selection,
)
from normax.linear_model.families import Tweedie, family_of
from normax.linear_model.path import NoMinimiser
from normax.penalties import MCP, GroupLasso


def told(*args, **options):
    """The path, and whether it said that there is no minimiser."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path = fit_path(*args, **options)
    assert [w.category for w in caught] in ([], [NoMinimiser])
    return path, bool(caught)


def escapes(X, Y, name):
    """Whether some direction lowers the loss for ever, by linear programming: rows of a class, or of a count of 0, may only move
    towards certainty, and the others not at all."""
    Z = np.column_stack([X, np.ones(len(X))])
    q, m = Z.shape[1], Y.shape[1]
    if name == "multinomial":
        own = np.argmax(Y, axis=1)
        pairs = [(i, c) for i in range(len(X)) for c in range(m) if c != own[i]]
        A = np.zeros((len(pairs), m * q))
        for row, (i, c) in zip(A, pairs):
            row[own[i] * q : (own[i] + 1) * q], row[c * q : (c + 1) * q] = Z[i], -Z[i]
        still = np.zeros((0, m * q))
    elif name == "binomial":
        A, still = np.where(Y > 0.5, Z, -Z), np.zeros((0, q))
    else:
        A, still = -Z[Y[:, 0] == 0], Z[Y[:, 0] > 0]
    if not len(A):
        return False
    found = linprog(
        -A.sum(axis=0),
        A_ub=np.vstack([A, -A]),
        b_ub=np.repeat([1.0, 0.0], len(A)),
        A_eq=still,
        b_eq=np.zeros(len(still)),
        bounds=(None, None),
    )
    return -found.fun > 1e-6


def target(name, rng, n):
    if name == "binomial":
        return np.r_[0, 1, rng.integers(0, 2, n - 2)]
    if name == "multinomial":
        return np.r_[0, 1, 2, rng.integers(0, 3, n - 3)]
    return np.r_[0, 1, rng.poisson(0.6, n - 2)] * 1.0


@pytest.mark.parametrize("name", ["binomial", "multinomial", "poisson", "tweedie"])
@pytest.mark.parametrize("strengths", [[0.0], [0.1, 1e-4, 0.0]])
def test_a_minimum_is_told_from_none_and_no_fit_is_worse_than_no_features(name, strengths):
    seen, family = set(), family_of(name)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n, p = int(rng.integers(6, 40)), int(rng.integers(1, 8))
        X = rng.integers(-1, 2, (n, p)) * (rng.random((n, p)) < 0.3) * 1.0
        y = target(name, rng, n)
        Y = family.response(y, n)
        path, none = told(X, y, family=name, strengths=strengths)
        assert none == escapes(X, Y, name), seed
        eta = X @ path.coef[-1].T + path.intercept[-1]
        left = family.deviance(Y, eta).mean()
        assert left <= path.null_deviance * (1 + 1e-12)
        assert np.abs(path.coef).max() < 1000
        assert path.gap.max() < 1e-6
        # Nothing that ends far out gains more than the gap says.
        further = fit_path(X, y, family=name, strengths=[1e-9], l1_ratio=0.0)
        eta = X @ further.coef[-1].T + further.intercept[-1]
        assert left <= family.deviance(Y, eta).mean() + 1e-6 * path.null_deviance
        seen.add(none)
    assert seen == {True, False}


@pytest.mark.parametrize("penalty", [GroupLasso(1.0, [0, 0, 1]), MCP(1.0), None])
def test_strength_zero_is_one_problem_for_all_penalties(penalty):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 3))
    y = rng.integers(0, 3, 30)
    path = fit_path(X, y, family="multinomial", strengths=[0.1, 0.0], penalty=penalty)
    plain = fit_path(X, y, family="multinomial", strengths=[0.0], l1_ratio=0.0)
    eta, other = (X @ p.coef[-1].T + p.intercept[-1] for p in (path, plain))
    np.testing.assert_allclose(eta - eta[:, :1], other - other[:, :1], atol=1e-6)


def test_a_column_without_penalty_that_separates_is_told_at_every_strength():
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = (X[:, 0] > 0).astype(int)
    path, none = told(X, y, family="binomial", strengths=[0.1, 0.01], penalty_factor=[0.0, 1.0, 1.0])
    assert none
    assert np.isfinite(path.coef).all()
    path, none = told(X, y, family="binomial", strengths=[0.1, 0.01])
    assert not none


@pytest.mark.parametrize(
    ("name", "y", "value"),
    [
        ("binomial", [1, 1, 1, 1, 1], "1"),
        ("binomial", [0, 0, 0, 0, 0], "0"),
        ("poisson", [0, 0, 0, 0, 0], "0"),
        ("tweedie", [0, 0, 0, 0, 0], "0"),
        ("multinomial", [1, 1, 1, 1, 1], "class 1"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"l1_ratio": 0.0}, {"sample_weight": [1, 1, 1, 1, 0]}])
def test_one_value_in_every_row_is_refused_beside_an_intercept(name, y, value, options):
    X, y = np.random.default_rng(0).normal(size=(5, 2)), np.array(y)
    if options.get("sample_weight"):
        y[-1] = 1 - y[-1]
    for call in (
        lambda: fit_path(X, y, family=name, strengths=[0.1], **options),
        lambda: max_strength(X, y, family=name, **options),
    ):
        with pytest.raises(
            InputError, match=f"^y: {name} expects rows that differ, got {value} in every row,"
        ):
            call()
    path, _ = told(X, y, family=name, strengths=[0.01], fit_intercept=False, **options)
    assert path.coef.any()
    path, none = told(X, y, family=name, strengths=[0.1, 0.0], **options)
    assert none
    assert np.abs(path.intercept).max() < 50
    assert not path.coef.any()
    assert path.gap.max() < 1e-4


def test_outputs_that_are_alike_in_every_row_are_told_by_number():
    X, Y = np.random.default_rng(0).normal(size=(6, 2)), np.eye(6)[:, :4]
    Y[:, [1, 3]] = 0
    with pytest.raises(InputError, match="got 0 in every row of output 1, 3,"):
        fit_path(X, Y, family="poisson", strengths=[0.1])


def test_estimators_refuse_one_value_in_every_row():
    X, y = np.random.default_rng(0).normal(size=(6, 2)), np.zeros(6)
    for model in (PoissonRegressor(), PenalisedRegressor(family=Tweedie(1.5), strength=0.1)):
        with pytest.raises(InputError, match="got 0 in every row"):
            model.fit(X, y)
    assert (PoissonRegressor(fit_intercept=False, alpha=0.1).fit(X, y).coef_ != 0).any()
    with pytest.raises(InputError, match="got 1 class: every row that counts is 1"):
        LogisticRegression().fit(X, [0, 1, 1, 1, 1, 1], sample_weight=[0, 1, 1, 1, 1, 1])


def test_folds_without_an_event_judge_nothing_and_halves_without_one_choose_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 3)), np.r_[np.zeros(20), np.arange(1, 11)]
    pairs = [(np.arange(20), np.arange(20, 30)), (np.arange(10, 30), np.arange(10))]
    for call in (
        lambda: PoissonRegressorCV(cv=pairs).fit(X, y),
        lambda: relaxed_path(X, y, family="poisson", cv=pairs, strengths=5),
    ):
        with pytest.raises(InputError, match="fold 0 trains on rows that are all 0, where no finite"):
            call()
    y = np.r_[np.zeros(29), 5.0]
    X[-1, 1] = 9.0
    found = stability_selection(X, y, family="poisson", halves=10, strengths=5)
    assert found.frequency[-1, 1] == 0.5  # of each pair of halves one holds the event
