"""SCAD, SLOPE and concave groups in linear models: conic solvers, stationary conditions, words."""

import cvxpy as cp
import numpy as np
import pytest

from normax.errors import InputError
from normax.linear_model import PenalisedRegressor, fit_path, max_strength
from normax.penalties import L2, MCP, SCAD, SLOPE, GroupLasso, GroupMCP, GroupSCAD

LABELS = np.repeat(np.arange(6), [2, 3, 1, 4, 2, 3])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 15))
    X[:, 1:] += 0.5 * X[:, :-1]
    eta = X[:, :5] @ [1.0, -1.0, 0.5, 0.5, 0.8]
    return X, {
        "gaussian": eta + rng.normal(size=120),
        "binomial": (eta + rng.logistic(size=120) > 0).astype(float),
    }


@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_slope_is_a_conic_solvers_minimum(data, family):
    X, y = data[0], data[1][family]
    penalty = SLOPE(1.0, q=0.2)
    top = max_strength(X, y, family=family, penalty=penalty)
    path = fit_path(
        X, y, family=family, penalty=penalty, strengths=top * np.array([1.0001, 0.5, 0.1]), tol=1e-8
    )
    assert not path.stationary
    assert path.gap.max() <= 1e-8
    assert path.nonzero[0] == 0 < path.nonzero[1]
    assert fit_path(X, y, family=family, penalty=penalty, strengths=[0.999 * top]).nonzero[0] > 0
    w, b = cp.Variable(15), cp.Variable()
    eta, levels = X @ w + b, penalty.levels(15)
    loss = (
        cp.sum_squares(y - eta) / 240 if family == "gaussian" else (cp.sum(cp.logistic(eta)) - y @ eta) / 120
    )
    falls = np.append(levels[:-1] - levels[1:], levels[-1])
    charge = falls[-1] * cp.norm1(w)
    charge += sum(fall * cp.sum_largest(cp.abs(w), k + 1) for k, fall in enumerate(falls[:-1]))
    for s, coef in zip(path.strengths[1:], path.coef[1:, 0]):
        cp.Problem(cp.Minimize(loss + s * charge)).solve(solver="CLARABEL")
        np.testing.assert_allclose(coef, w.value, atol=2e-4)


def test_slope_with_alike_weights_is_the_lasso_in_every_unit(data):
    X, y = data[0], data[1]["gaussian"]
    even = SLOPE(1.0, weights=np.ones(15))
    assert max_strength(X, y, penalty=even) == pytest.approx(max_strength(X, y), rel=1e-12)
    falling = SLOPE(1.0)
    assert max_strength(X, 1000 * y, penalty=falling) == pytest.approx(
        1000 * max_strength(X, y, penalty=falling)
    )
    order = np.random.default_rng(1).permutation(15)
    one = fit_path(X, y, penalty=falling, strengths=[0.05], tol=1e-10).coef[0, 0]
    other = fit_path(X[:, order], y, penalty=falling, strengths=[0.05], tol=1e-10).coef[0, 0]
    np.testing.assert_allclose(other, one[order], atol=1e-4)


@pytest.mark.parametrize("kind", [SCAD, MCP])
def test_scad_is_stationary_and_leaves_large_coefficients_alone(data, kind):
    X, y = data[0], data[1]["gaussian"]
    path = fit_path(X, y, penalty=kind(1.0), strengths=[0.3, 0.1])
    assert path.stationary
    assert path.gap.max() < 1e-9
    for s, w, b in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0]):
        u = X.T @ (y - X @ w - b) / 120
        slopes = kind(s).slope(np.abs(w))
        off = np.where(w != 0, np.abs(u - np.sign(w) * slopes), np.maximum(np.abs(u) - s, 0))
        assert off.max() < 1e-8
    large = np.abs(path.coef[1, 0]) > 0.37 + 0.1
    assert large.any()
    assert (np.abs(X[:, large].T @ (y - X @ path.coef[1, 0] - path.intercept[1, 0])) < 1e-6).all()


@pytest.mark.parametrize("kind", [GroupMCP, GroupSCAD])
@pytest.mark.parametrize("family", ["gaussian", "binomial"])
def test_concave_groups_are_stationary(data, kind, family):
    X, y = data[0], data[1][family]
    top = max_strength(X, y, family=family, penalty=kind(1.0, LABELS))
    assert top == pytest.approx(max_strength(X, y, family=family, penalty=GroupLasso(1.0, LABELS)))
    path = fit_path(
        X, y, family=family, penalty=kind(1.0, LABELS), strengths=top * np.array([1.0001, 0.5, 0.2])
    )
    assert path.stationary
    assert path.gap.max() < 1e-8
    assert path.nonzero[0] == 0 < path.nonzero[1]
    for s, w, b in zip(path.strengths, path.coef[:, 0], path.intercept[:, 0]):
        eta = X @ w + b
        u = X.T @ (y - (eta if family == "gaussian" else 1 / (1 + np.exp(-eta)))) / 120
        for g in range(6):
            own = np.flatnonzero(np.equal(LABELS, g))
            length, charge = np.linalg.norm(w[own]), s * np.sqrt(len(own))
            if length == 0:
                assert np.linalg.norm(u[own]) <= charge * (1 + 1e-8)
            else:
                slope = kind(1.0, LABELS).scaled(s).radial(np.sqrt(len(own))).slope(np.array([length]))[0]
                np.testing.assert_allclose(u[own], slope * w[own] / length, atol=1e-7)


def test_groups_of_one_are_mcp_and_l2_beside_them_counts(data):
    X, y = data[0], data[1]["gaussian"]
    one = fit_path(X, y, penalty=GroupMCP(1.0, np.arange(15)) + L2(0.3), strengths=[0.2, 0.1])
    other = fit_path(X, y, penalty=MCP(1.0) + L2(0.3), strengths=[0.2, 0.1])
    np.testing.assert_allclose(one.coef, other.coef, atol=1e-7)
    times = 1 + np.arange(120) % 2
    weighted = fit_path(X, y, penalty=GroupSCAD(1.0, LABELS), strengths=[0.1], sample_weight=times)
    repeated = fit_path(
        np.repeat(X, times, axis=0), np.repeat(y, times), penalty=GroupSCAD(1.0, LABELS), strengths=[0.1]
    )
    np.testing.assert_allclose(weighted.coef, repeated.coef, atol=1e-8)
    free = fit_path(
        X, y, penalty=GroupMCP(1.0, LABELS), strengths=[5.0], penalty_factor=(LABELS > 0).astype(float)
    )
    np.testing.assert_array_equal(free.coef[0, 0] != 0, LABELS == 0)


def test_words_are_their_penalties(data):
    X, y = data[0], data[1]["gaussian"]
    for word, kind in (("scad", SCAD), ("slope", SLOPE), ("mcp", MCP)):
        named = PenalisedRegressor(word, strength=0.1).fit(X, y)
        np.testing.assert_array_equal(named.coef_, PenalisedRegressor(kind(), strength=0.1).fit(X, y).coef_)
    chosen = PenalisedRegressor("scad", strengths=8, cv=3).fit(X, y)
    assert 0 < np.count_nonzero(chosen.coef_) < 15
    with pytest.raises(InputError, match=r"did you mean 'scad'"):
        PenalisedRegressor("skad").fit(X, y)
    with pytest.raises(InputError, match="a penalty of groups takes no bounds"):
        fit_path(X, y, penalty=GroupMCP(1.0, LABELS), strengths=[0.1], lower=0)
