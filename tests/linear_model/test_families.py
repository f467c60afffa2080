"""A family is one class: those with parameters, and one that is not built in, solve, certify and agree with their peers."""

import numpy as np
import pytest
import sklearn.linear_model as sk

from normax.errors import InputError
from normax.linear_model import (
    PenalisedClassifier,
    PenalisedRegressor,
    fit_path,
    information_criteria,
    max_strength,
    relaxed_path,
)
from normax.linear_model.cross_validation.held_out import cross_validate
from normax.linear_model.families import (
    FAMILIES,
    Binomial,
    Cox,
    Gamma,
    Huber,
    Quantile,
    Tweedie,
    family_of,
)
from normax.linear_model.problem.terms import check_rules
from normax.linear_model.solvers.certificate import Gaps, family_gap


class Tied(Cox):
    """A user's family that ties rows and is not told their weights."""

    ties_weighted = False


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 12))
    eta = X[:, :3] @ [0.6, -0.4, 0.3]
    responses = {
        "gamma": np.exp(eta) * rng.gamma(3.0, size=80),
        "huber": 3 * eta + rng.standard_t(2, size=80),
    }
    life, end = rng.exponential(np.exp(-eta)), rng.exponential(2.0, size=80)
    time = np.ceil(10 * np.minimum(life, end)) / 10  # with ties
    return X, responses | {"cox": np.column_stack([time, life <= end])}


@pytest.mark.parametrize("family", ["gamma", "huber", "cox"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_a_new_family_is_one_class(problem, family, l1_ratio):
    X, y = problem[0], problem[1][family]
    grid = max_strength(X, y, family=family, l1_ratio=l1_ratio) * np.geomspace(1.0, 1e-3, 10)
    path = fit_path(X, y, family=family, strengths=grid, l1_ratio=l1_ratio)
    loss = FAMILIES[family]()
    assert path.nonzero[0] == 0
    assert (path.gap >= 0).all()
    assert path.gap.max() < 1e-9
    y = loss.response(y, len(y))
    for s, w, b in zip(grid, path.coef[:, 0], path.intercept[:, 0]):
        r = loss.residual(y, (X @ w + b)[:, None])[:, 0] / len(y)
        u = X.T @ r - s * (1 - l1_ratio) * w
        off = np.where(w != 0, np.abs(u - s * l1_ratio * np.sign(w)), np.abs(u) - s * l1_ratio)
        assert max(off.max(), abs(r.sum())) < 1e-8


@pytest.mark.parametrize(
    ("family", "power"), [("gamma", 2), (Gamma(), 2), (Tweedie(1.3), 1.3), (Tweedie(1), 1)]
)
def test_tweedie_is_scikit_learns(problem, family, power):
    X, y = problem[0], problem[1]["gamma"]
    theirs = sk.TweedieRegressor(
        power=power, link="log", alpha=0.05, solver="newton-cholesky", tol=1e-12, max_iter=1000
    ).fit(X, y)
    ours = PenalisedRegressor("l2", strength=0.05, family=family).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-7)


def test_huber_is_scikit_learns_at_its_scale(problem):
    X, y = problem[0], problem[1]["huber"]
    theirs = sk.HuberRegressor(epsilon=1.35, alpha=0.3, tol=1e-10, max_iter=10000).fit(X, y)
    scale = theirs.scale_
    ours = PenalisedRegressor("l2", strength=0.3 * scale / len(y), family=Huber(1.35 * scale)).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-4)
    loss = Huber(1.35 * scale)
    least = min(loss.loss(y[:, None], b + 0 * y[:, None]).mean() for b in np.linspace(-2, 2, 4001))
    left = loss.loss(y[:, None], ours.predict(X)[:, None]).mean()
    assert ours.score(X, y) == pytest.approx(1 - left / least, abs=1e-5)


@pytest.mark.parametrize("family", [Gamma(), Tweedie(1.5), Huber(0.7), Quantile(0.3).smoothed(0.5, 0.1)])
def test_residual_and_curvature_are_derivatives(family):
    y = np.array([[0.4], [1.0], [3.0], [7.0]])
    eta, h = np.array([[-0.5], [0.95], [2.2], [7.1]]), 1e-6
    slope = (family.loss(y, eta + h) - family.loss(y, eta - h)) / (2 * h)
    np.testing.assert_allclose(family.residual(y, eta)[:, 0], -slope, atol=1e-8)
    bend = (family.residual(y, eta - h) - family.residual(y, eta + h)) / (2 * h)
    np.testing.assert_allclose(family.curvature(y, eta), bend, atol=2e-3)
    assert (family.deviance(y, eta) >= 0).all()
    # The smallest loss over all η is at the response itself, or at its logarithm.
    best = np.log(y) if isinstance(family, Tweedie) else y
    np.testing.assert_allclose(family.deviance(y, best), 0, atol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tweedie(3), r"power: expected a number in \[1, 2\]"),
        (lambda: Huber(0), "delta: expected a number > 0"),
        (lambda: Quantile(1.0), r"level: expected a number in \(0, 1\)"),
        (lambda: family_of("quantil"), "did you mean 'quantile'"),
        (lambda: family_of(0.5), "or a Family such as Quantile"),
        (lambda: PenalisedRegressor(family=Binomial()).fit(np.eye(3), [0, 1, 1]), "use PenalisedClassifier"),
        (lambda: PenalisedClassifier(family="huber").fit(np.eye(3), [0, 1, 1]), "use PenalisedRegressor"),
        (
            lambda: fit_path(np.eye(3), [1.0, 0, 2], family="gamma", strengths=[1]),
            "gamma expects amounts > 0, got 0 at row 1",
        ),
        (
            lambda: fit_path(np.eye(3), [1.0, -1, 2], family="tweedie", strengths=[1]),
            "amounts >= 0, got -1 at row 1",
        ),
        (lambda: information_criteria(np.eye(3), [1.0, 1, 2], family="gamma"), "need a likelihood"),
    ],
)
def test_families_that_cannot_be_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_fits_of_tied_rows_are_certified_apart(problem):
    X, n, p = problem[0], *problem[0].shape
    cox, weights, out = Cox(), np.full(n, 1 / n), np.zeros(2)
    y = cox.response(problem[1]["cox"], n)
    terms = check_rules(p, None, None, None).terms(0.05)
    gaps, alone = Gaps(cox, weights, y, out), []
    for i, w in enumerate(np.array([[0.1], [-0.3]]) * np.ones(p)):
        eta = (X @ w)[:, None]
        u = X.T @ (weights * cox.residual(y, eta)[:, 0])
        gaps.fit(i, eta, w, u, terms.of(np.arange(p), p))
        alone.append(family_gap(cox, weights, y, eta, w[None], u[None], terms))
    gaps.flush()
    np.testing.assert_allclose(out, alone, rtol=1e-12)
    assert min(alone) > 0.1


@pytest.mark.parametrize(
    "ask",
    [
        lambda X, y: cross_validate(
            X, y, [(np.arange(40), np.arange(40, 80))], family="cox", strengths=[0.1]
        ),
        lambda X, y: relaxed_path(X, y, family="cox", strengths=[0.1], cv=2),
        lambda X, y: information_criteria(X, y, family="cox", strengths=[0.1]),
        lambda X, y: fit_path(X, y, family=Tied(), strengths=[0.1], sample_weight=np.arange(80)),
    ],
)
def test_what_needs_rows_apart_refuses_cox(problem, ask):
    with pytest.raises(InputError, match="got 'cox', which ties them"):
        ask(problem[0], problem[1]["cox"])


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_several_outputs_are_fitted_apart(family):
    """One against the rest of many classes, say, at the price of one path."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 20))
    Y = rng.poisson(np.exp(X[:, :3] * 0.5))
    Y = np.minimum(Y, 1) if family == "binomial" else Y
    grid = max_strength(X, Y, family=family) * np.geomspace(1, 1e-2, 6)
    joint = fit_path(X, Y, family=family, strengths=grid)
    assert joint.gap.max() < 1e-9
    for c in range(3):
        single = fit_path(X, Y[:, c], family=family, strengths=grid)
        np.testing.assert_allclose(joint.coef[:, c], single.coef[:, 0], atol=1e-7)
        np.testing.assert_allclose(joint.intercept[:, c], single.intercept[:, 0], atol=1e-7)


@pytest.mark.parametrize(
    ("family", "y", "message"),
    [
        ("poisson", [1.0, -2.0, 3.0, -1.0], "counts >= 0, got -2 at row 1, -1 at row 3"),
        ("binomial", [0.0, 2.0, 1.0, 0.0], r"binomial expects values in \[0, 1\], got 0.0 to 2.0"),
        ("multinomial", [0.0, 0.5, 1.0, 2.0], "whole numbers"),
        ("multinomial", [[0.5, 0.6]] * 4, "sum to 1"),
        ("gaussian", [1.0, np.nan, 2.0, 3.0], "NaN at rows 1"),
        ("gaussian", ["a", "b", "c", "d"], "expected numbers"),
    ],
)
def test_responses_that_do_not_suit_are_refused(family, y, message):
    with pytest.raises(InputError, match=message):
        fit_path(np.eye(4), np.array(y), family=family, strengths=[0.1])
