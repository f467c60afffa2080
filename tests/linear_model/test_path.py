"""The engine against the theory: KKT conditions, the gap, invariances, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from normax.errors import InputError, Notice
from normax.linear_model import fit_path, max_strength
from normax.linear_model.families import FAMILIES, family_of
from normax.linear_model.quadratic.gram import GrowingGram

FAMILY_NAMES = ("gaussian", "binomial", "multinomial", "poisson")


def problem(family, seed, n=40, p=12):
    """A random correlated design of uneven scales with a response of the family."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ (np.eye(p) + 0.5 * rng.normal(size=(p, p)) / np.sqrt(p))
    X = X * rng.uniform(0.5, 3, size=p) + rng.normal(size=p)
    signal = X[:, :3] @ rng.normal(size=3) + rng.normal(size=n)
    if family == "poisson":
        return X, rng.poisson(np.exp(signal / np.abs(signal).max() * 2))
    cuts = {"binomial": [0.5], "multinomial": [0.3, 0.6]}
    return X, signal if family == "gaussian" else np.digitize(signal, np.quantile(signal, cuts[family]))


def as_response(family, y, m):
    return np.eye(m)[y] if family == "multinomial" else np.asarray(y, float).reshape(len(y), -1)


def kkt_violation(family, X, y, strength, l1_ratio, coef, intercept, weights=None):
    """Distance of the negative gradient from the subdifferential of the penalty, and of the intercept's."""
    weights = np.full(len(X), 1 / len(X)) if weights is None else weights / weights.sum()
    residual = as_response(family, y, len(coef)) - FAMILIES[family]().mean(X @ coef.T + intercept)
    theta = weights[:, None] * residual
    u = theta.T @ X - strength * (1 - l1_ratio) * coef
    l1 = strength * l1_ratio
    off = np.where(coef != 0, np.abs(u - l1 * np.sign(coef)), np.maximum(np.abs(u) - l1, 0))
    return max(off.max(), np.abs(theta.sum(axis=0)).max())


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("shape", [(60, 12), (30, 12), (20, 50)])
def test_kkt_conditions_hold_along_the_path(family, l1_ratio, shape):
    for seed in range(3):
        X, y = problem(family, seed, *shape)
        strengths = max_strength(X, y, family=family, l1_ratio=l1_ratio) * np.geomspace(1, 1e-3, 8)
        path = fit_path(X, y, family=family, strengths=strengths, l1_ratio=l1_ratio)
        for s, coef, intercept in zip(strengths, path.coef, path.intercept):
            assert kkt_violation(family, X, y, s, l1_ratio, coef, intercept) < 1e-9
        assert (path.gap >= 0).all()
        assert path.gap.max() < 1e-8
        if l1_ratio > 0:
            assert path.nonzero[0] == 0
            assert path.nonzero[-1] > 0


def objective(family, X, y, strength, l1_ratio, coef, intercept):
    loss = FAMILIES[family]().loss(as_response(family, y, len(coef)), X @ coef.T + intercept).mean()
    return loss + strength * (l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum())


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_the_gap_bounds_the_distance_to_the_optimum(family, l1_ratio):
    """Of points away from the optimum as well as at it; the intercept is refitted for each."""
    from normax.linear_model.design.design import Design
    from normax.linear_model.problem.terms import check_rules
    from normax.linear_model.solvers.certificate import family_gap
    from normax.linear_model.solvers.newton.likelihood import Likelihood

    X, y = problem(family, 5)
    s = 0.1 * max_strength(X, y, family=family, l1_ratio=max(l1_ratio, 0.1))
    best = fit_path(X, y, family=family, strengths=s, l1_ratio=l1_ratio)
    Y = as_response(family, y, best.coef.shape[1])
    design, loss = Design(X, np.full(len(X), 1 / len(X)), True), FAMILIES[family]()
    smooth = Likelihood(design, loss, Y)
    lowest = objective(family, X, y, s, l1_ratio, best.coef[0], best.intercept[0])
    rng = np.random.default_rng(0)
    for size in (0.0, 1e-6, 1e-3, 0.1, 1.0):
        coef = best.coef[0] + size * rng.normal(size=best.coef[0].shape)
        intercept = np.array(best.intercept[0])
        eta = smooth.balance(X @ coef.T + intercept, intercept)
        terms = replace(check_rules(design.p, None, None, None), l1_ratio=l1_ratio).terms(s)
        gap = family_gap(loss, design.weights, Y, eta, coef, design.gradient(smooth.residual(eta)), terms)
        excess = objective(family, X, y, s, l1_ratio, coef, intercept) - lowest
        assert gap >= excess - 1e-12
        assert excess > (1e-9 if size >= 1e-3 else -1e-12)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_invariances(family, l1_ratio):
    """Order of rows, columns and strengths; a shift of X; repeated rows against weights."""
    rng = np.random.default_rng(7)
    X, y = problem(family, 7)
    n, p = X.shape
    strengths = max_strength(X, y, family=family, l1_ratio=l1_ratio) * np.geomspace(0.8, 1e-3, 6)
    options = {"family": family, "l1_ratio": l1_ratio}
    path = fit_path(X, y, strengths=strengths, **options)
    rows, columns, order = rng.permutation(n), rng.permutation(p), rng.permutation(6)
    shuffled = fit_path(X[rows][:, columns], y[rows], strengths=strengths[order], **options)
    np.testing.assert_allclose(shuffled.coef, path.coef[order][:, :, columns], rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(shuffled.strengths, strengths[order])
    shifted = fit_path(X + 5.0, y, strengths=strengths, **options)
    np.testing.assert_allclose(shifted.coef, path.coef, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(shifted.predict(X + 5.0), path.predict(X), rtol=1e-8, atol=1e-9)
    weights = rng.integers(0, 4, size=n)
    weighted = fit_path(X, y, strengths=strengths, sample_weight=weights * 0.7, **options)
    again = np.repeat(np.arange(n), weights)
    repeated = fit_path(X[again], y[again], strengths=strengths, **options)
    np.testing.assert_allclose(weighted.coef, repeated.coef, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(weighted.intercept, repeated.intercept, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_scaling_a_column_without_penalty_on_it_scales_its_coefficient(family):
    """Scaling all columns by c is the same problem at strength s/c for L1."""
    X, y = problem(family, 2)
    strengths = max_strength(X, y, family=family) * np.geomspace(0.5, 1e-2, 4)
    path = fit_path(X, y, family=family, strengths=strengths)
    scaled = fit_path(1000 * X, y, family=family, strengths=1000 * strengths)
    np.testing.assert_allclose(1000 * scaled.coef, path.coef, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("family", FAMILY_NAMES)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_collinear_and_constant_columns(family, l1_ratio):
    """Twins, sums of others, multiples and constants: a certified minimiser, the same predictions in any order."""
    X, y = problem(family, 3)
    X = np.hstack([X, X[:, :4], -2 * X[:, 4:6], X[:, :1] + X[:, 1:2], np.full((len(X), 1), 3.7)])
    strengths = max_strength(X, y, family=family, l1_ratio=l1_ratio) * np.geomspace(1, 1e-4, 8)
    path = fit_path(X, y, family=family, strengths=strengths, l1_ratio=l1_ratio)
    assert path.gap.max() < 1e-8
    assert (path.coef[..., -1] == 0).all()
    columns = np.random.default_rng(0).permutation(X.shape[1])
    other = fit_path(X[:, columns], y, family=family, strengths=strengths, l1_ratio=l1_ratio)
    np.testing.assert_allclose(other.predict(X[:, columns]), path.predict(X), atol=1e-8)


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_max_strength_is_where_the_first_coefficient_enters(family):
    X, y = problem(family, 4)
    top = max_strength(X, y, family=family, l1_ratio=0.7)
    path = fit_path(X, y, family=family, strengths=[top, 0.999 * top], l1_ratio=0.7)
    assert path.nonzero[0] == 0
    assert path.nonzero[1] > 0


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_ridge_begins_where_hardly_a_thousandth_is_explained(family):
    X, y = problem(family, 4)
    top = max_strength(X, y, family=family, l1_ratio=0)
    path = fit_path(X, y, family=family, strengths=[top], l1_ratio=0)
    loss = family_of(family)
    Y = loss.response(y, len(y))
    explained = 1 - loss.deviance(Y, path.predict(X)[0]).mean() / path.null_deviance
    assert 5e-4 < explained <= 2.1e-3
    assert max_strength(2 * X, y, family=family, l1_ratio=0) == pytest.approx(4 * top)


def test_max_strength_of_a_constant_response_is_zero():
    X, _ = problem("gaussian", 0)
    assert max_strength(X, np.full(len(X), 0.1)) == 0.0


@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_several_gaussian_outputs_are_fitted_apart(l1_ratio):
    X, y = problem("gaussian", 0)
    Y = np.column_stack([y, -2 * y + X[:, 5], np.ones(len(y))])
    strengths = [1.0, 0.1]
    joint = fit_path(X, Y, strengths=strengths, l1_ratio=l1_ratio)
    assert joint.coef.shape == (2, 3, X.shape[1])
    for c in range(3):
        single = fit_path(X, Y[:, c], strengths=strengths, l1_ratio=l1_ratio)
        np.testing.assert_allclose(joint.coef[:, c], single.coef[:, 0], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(joint.intercept[:, c], single.intercept[:, 0], rtol=1e-12)


def test_without_intercept():
    X, y = problem("gaussian", 1)
    path = fit_path(X, y, strengths=[0.1], fit_intercept=False)
    assert (path.intercept == 0).all()
    assert kkt_violation("gaussian", X, y, 0.1, 1.0, path.coef[0], 0.0 * path.intercept[0]) > 0
    u = X.T @ (y - X @ path.coef[0, 0]) / len(y)
    assert np.abs(u).max() <= 0.1 * (1 + 1e-9)


@pytest.mark.parametrize("shape", [(40, 12), (20, 50)])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.0])
def test_strength_zero_is_least_squares_of_the_smallest_norm(shape, l1_ratio):
    X, y = problem("gaussian", 6, *shape)
    path = fit_path(X, y, strengths=[0.0], l1_ratio=l1_ratio)
    expected = np.linalg.lstsq(X - X.mean(0), y - y.mean(), rcond=None)[0]
    np.testing.assert_allclose(path.coef[0, 0], expected, rtol=1e-8, atol=1e-10)
    assert path.gap[0] < 1e-12


@pytest.mark.parametrize("shape", [(50, 7), (30, 80), (1, 3)], ids=["tall", "wide", "one row"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("repeated", [False, True], ids=["regular", "repeated"])
def test_ridge_is_the_same_at_few_strengths_and_at_many(shape, fit_intercept, repeated):
    """A factor for each, one decomposition for all, or singular values where columns or rows repeat each other."""
    rng = np.random.default_rng(0)
    X, Y, weights = rng.normal(size=shape), rng.normal(size=(shape[0], 2)), rng.uniform(1, 2, shape[0])
    X[:, 2] = 3.0
    if repeated:
        X[:, 1], X[shape[0] // 2] = X[:, 0], X[0]
    few = np.array([1.0, 1e-3, 0.0])
    options = {"l1_ratio": 0.0, "fit_intercept": fit_intercept, "sample_weight": weights}
    path = fit_path(X, Y, strengths=few, **options)
    many = fit_path(X, Y, strengths=np.append(few, np.geomspace(1, 1e-3, 20)), **options)
    np.testing.assert_allclose(path.coef, many.coef[:3], rtol=1e-9, atol=1e-11)
    w = weights / weights.sum()
    Z, V = (X - w @ X, Y - w @ Y) if fit_intercept else (X, Y)
    root = np.sqrt(w)[:, None]
    expected = np.linalg.lstsq(root * Z, root * V, rcond=1e-10)[0]
    np.testing.assert_allclose(path.coef[2], expected.T, rtol=1e-8, atol=1e-10)


def test_separable_classes_stay_finite():
    X = np.linspace(-1, 1, 20)[:, None]
    y = (X[:, 0] > 0).astype(int)
    with pytest.warns(Notice, match="no minimiser at strengths 0: the features separate classes"):
        path = fit_path(X, y, family="binomial", strengths=[1e-3, 1e-6, 0.0])
    assert np.isfinite(path.coef).all()
    assert path.gap[:2].max() < 1e-6


def test_multinomial_takes_shares_and_a_class_that_never_occurs():
    X, y = problem("multinomial", 0)
    path = fit_path(X, y, family="multinomial", strengths=[0.05])
    shares = np.hstack([np.eye(3)[y], np.zeros((len(y), 1))])
    wider = fit_path(X, shares, family="multinomial", strengths=[0.05])
    assert wider.coef.shape == (1, 4, X.shape[1])
    np.testing.assert_allclose(wider.coef[:, :3], path.coef, atol=1e-7)


def test_a_missed_tolerance_is_told_with_its_strengths():
    X, y = problem("gaussian", 0)
    with pytest.warns(ConvergenceWarning, match=r"tol=1e-30 at strengths 0\.001 \(gap"):
        fit_path(X, y, strengths=[0.001], max_iter=1, tol=1e-30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": [[1.0, np.nan], [1.0, 2.0], [0.0, np.nan]]}, "X: .*NaN in columns 1, first at row 0"),
        ({"X": [[1.0], [np.inf], [2.0]]}, "infinity in columns 0, first at row 1"),
        ({"X": [["a"], ["b"], ["c"]]}, "X: expected numbers"),
        ({"X": np.zeros((3, 0))}, "no columns"),
        ({"X": np.zeros(3)}, "shape"),
        ({"y": [1.0, 2.0]}, "one entry for each of the 3 rows"),
        ({"y": [1.0, np.nan, 2.0]}, "y: .*NaN at rows 1"),
        ({"y": ["a", "b", "c"]}, "y: expected numbers"),
        ({"family": "gausian"}, "did you mean 'gaussian'"),
        ({"family": "binomial"}, r"binomial expects values in \[0, 1\]"),
        ({"family": "poisson", "y": [0, 2, -3]}, "counts >= 0, got -3 at row 2"),
        ({"family": "multinomial", "y": [0, 1.5, 2]}, "whole numbers"),
        ({"family": "multinomial", "y": np.full((3, 2), 0.7)}, "sum to 1"),
        ({"strengths": [1.0, -1.0]}, "-1.0 at position 1"),
        ({"strengths": [np.nan]}, "nan at position 0"),
        ({"strengths": []}, "one or more"),
        ({"l1_ratio": 1.5}, "l1_ratio"),
        ({"sample_weight": [1.0, -1.0, 1.0]}, "negative ones at rows 1"),
        ({"sample_weight": [0.0, 0.0, 0.0]}, "all weights are zero"),
        ({"sample_weight": [1.0, 1.0]}, "one weight for each"),
    ],
)
def test_what_cannot_be_used_is_refused(change, message):
    good = {"X": [[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]], "y": [0.0, 1.0, 3.0], "strengths": [1.0]}
    arguments = good | change
    with pytest.raises(InputError, match=message):
        fit_path(arguments.pop("X"), arguments.pop("y"), **arguments)


def test_a_wide_design_needs_products_of_few_columns_even_where_strengths_leap(monkeypatch):
    random = np.random.default_rng(0)
    X = random.normal(size=(40, 5000))
    y = X[:, 0] - X[:, 1] + 0.1 * random.normal(size=40)
    strengths = max_strength(X, y) * np.array([0.9, 0.1, 0.001])
    rooms, add = [], GrowingGram.add
    monkeypatch.setattr(GrowingGram, "add", lambda self, new: (add(self, new), rooms.append(len(self.full))))
    path = fit_path(X, y, strengths=strengths)
    assert 0 < max(rooms) <= 2500
    assert (path.gap <= 1e-6).all()


@pytest.mark.parametrize("sparse_coef", [False, True])
def test_fits_between_strengths_lie_on_the_line(sparse_coef):
    """The lasso's coefficients are piecewise linear in the strength, so that close neighbours give the fit itself."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    y = X[:, 0] - X[:, 1] + rng.normal(size=60)
    path = fit_path(X, y, strengths=[0.05, 0.2, 0.1, 0.06], sparse_coef=sparse_coef)
    found = path.at([0.055, 0.2, 0.05])
    exact = fit_path(X, y, strengths=[0.055, 0.2, 0.05])
    np.testing.assert_allclose(found.predict(X), exact.predict(X), atol=1e-8)
    assert np.isnan(found.gap).tolist() == [True, False, False]
    assert found.chosen is None
    for outside in (0.3, 0.01):
        with pytest.raises(InputError, match=r"expected strengths from 0\.05 to 0\.2"):
            path.at(outside)
