"""A family is one class: three that are not built in solve, certify and agree with their peers."""

import numpy as np
import pytest
import sklearn.linear_model as sk

from normax.errors import InputError
from normax.linear_model import fit_path, information_criteria, max_strength, relaxed_path
from normax.linear_model.certificate import Gaps, family_gap
from normax.linear_model.families import FAMILIES, Family, Multinomial
from normax.linear_model.held_out import cross_validate
from normax.linear_model.terms import check_rules


class Gamma(Family):
    """Gamma regression with the logarithmic link, which is not its canonical one: `y e^−η + η` a row."""

    name = "gamma"

    def mean(self, eta):
        return np.exp(eta)

    def link(self, mean):
        return np.log(mean)

    def loss(self, y, eta):
        return (y * np.exp(-eta) + eta).sum(axis=1)

    def residual(self, y, eta):
        return y * np.exp(-eta) - 1

    def curvature(self, y, eta):
        return y * np.exp(-eta)

    def deviance(self, y, eta):
        return self.loss(y, eta) - (1 + np.log(y)).sum(axis=1)

    def fenchel(self, y, eta, c):
        # The conjugate at −v is 1 + v less (1 + v) log((1 + v) / y), found where y e^−η = 1 + v.
        v = c * self.residual(y, eta)
        conjugate = -((1 + v) - (1 + v) * np.log((1 + v) / y))
        return self.loss(y, eta) + (conjugate + v * eta).sum(axis=1)


class Huber(Family):
    """Squared error within 1, absolute error beyond; the second derivative is bounded by 1."""

    name = "huber"

    def mean(self, eta):
        return eta

    def link(self, mean):
        return mean

    def loss(self, y, eta):
        r = np.abs(y - eta)
        return np.where(r <= 1, 0.5 * r**2, r - 0.5).sum(axis=1)

    def residual(self, y, eta):
        return np.clip(y - eta, -1, 1)

    def curvature(self, y, eta):
        return np.where(np.abs(y - eta) <= 1, 1.0, 1e-3)

    def deviance(self, y, eta):
        return self.loss(y, eta)

    def fenchel(self, y, eta, c):
        v = c * self.residual(y, eta)
        return self.loss(y, eta) + (0.5 * v**2 - v * (y - eta)).sum(axis=1)


class Cox(Family):
    """Breslow's partial likelihood; y is the time, negative where censored. An event's loss is a softmax over the rows
    still at risk."""

    name = "cox"
    rows_apart = False

    def risk(self, y, eta):
        """(n,) ones at events, and (n, n) shares that the rows have in the risk at each row's time."""
        t = np.abs(y[:, 0])
        return (y[:, 0] > 0).astype(float), Multinomial().mean(np.where(t >= t[:, None], eta[:, 0], -np.inf))

    def mean(self, eta):
        return eta

    def link(self, mean):
        return np.zeros_like(mean)  # a shift of all does not show in the likelihood

    def loss(self, y, eta):
        event, share = self.risk(y, eta)
        return -event * np.log(np.diag(share))

    def residual(self, y, eta):
        event, share = self.risk(y, eta)
        return (event - event @ share)[:, None]

    def curvature(self, y, eta):
        event, share = self.risk(
            y, eta
        )  # the second derivative is a sum of diag(p) - p pᵀ, each at most diag(p)
        return (event @ share)[:, None]

    def deviance(self, y, eta):
        return self.loss(y, eta)

    def fenchel(self, y, eta, c):
        event, share = self.risk(y, eta)
        own = np.eye(len(y))
        return event * Multinomial().divergence(own - c * (own - share), share)


@pytest.fixture
def problem(monkeypatch):
    for family in (Gamma, Huber, Cox):
        monkeypatch.setitem(FAMILIES, family.name, family)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 12))
    eta = X[:, :3] @ [0.6, -0.4, 0.3]
    responses = {
        "gamma": np.exp(eta) * rng.gamma(3.0, size=80),
        "huber": 3 * eta + rng.standard_t(2, size=80),
    }
    life, end = rng.exponential(np.exp(-eta)), rng.exponential(2.0, size=80)
    time = np.ceil(10 * np.minimum(life, end)) / 10  # with ties
    return X, responses | {"cox": np.where(life <= end, time, -time)}


@pytest.mark.parametrize("family", ["gamma", "huber", "cox"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
def test_a_new_family_is_one_class(problem, family, l1_ratio):
    X, y = problem[0], problem[1][family]
    grid = max_strength(X, y, family=family, l1_ratio=l1_ratio) * np.geomspace(1.0, 1e-3, 10)
    path = fit_path(X, y, family=family, strengths=grid, l1_ratio=l1_ratio)
    loss = FAMILIES[family]()
    assert path.nonzero[0] == 0
    assert (path.gap >= 0).all()
    bound = family == "cox"  # its curvature is one, so that the last steps crawl
    assert path.gap.max() < (1e-7 if bound else 1e-9)
    for s, w, b in zip(grid, path.coef[:, 0], path.intercept[:, 0]):
        r = loss.residual(y[:, None], (X @ w + b)[:, None])[:, 0] / len(y)
        u = X.T @ r - s * (1 - l1_ratio) * w
        off = np.where(w != 0, np.abs(u - s * l1_ratio * np.sign(w)), np.abs(u) - s * l1_ratio)
        assert max(off.max(), abs(r.sum())) < (1e-7 if bound else 1e-8)


def test_gamma_is_scikit_learns(problem):
    X, y = problem[0], problem[1]["gamma"]
    theirs = sk.GammaRegressor(alpha=0.05, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(X, y)
    ours = fit_path(X, y, family="gamma", strengths=[0.05], l1_ratio=0.0)
    np.testing.assert_allclose(ours.coef[0, 0], theirs.coef_, atol=1e-7)


def test_cox_is_statsmodels(problem):
    hazards = pytest.importorskip("statsmodels.duration.hazard_regression")
    X, y = problem[0], problem[1]["cox"]
    theirs = hazards.PHReg(np.abs(y), X, status=(y > 0).astype(int), ties="breslow")
    ours = fit_path(X, y, family="cox", strengths=[0.05, 0.02, 0.0])
    for s, w in zip(ours.strengths[:2], ours.coef[:2, 0]):
        lasso = theirs.fit_regularized(alpha=s, maxiter=2000, cnvrg_tol=1e-12)
        np.testing.assert_allclose(w, lasso.params, atol=1e-6)
    np.testing.assert_allclose(ours.coef[2, 0], theirs.fit().params, atol=1e-6)


def test_fits_of_tied_rows_are_certified_apart(problem):
    X, y = problem[0], problem[1]["cox"][:, None]
    n, p = X.shape
    cox, weights, out = Cox(), np.full(n, 1 / n), np.zeros(2)
    terms = check_rules(p, None, None, None).terms(0.05, 1.0)
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
        lambda X, y: fit_path(X, y, family="cox", strengths=[0.1], sample_weight=np.arange(80)),
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
