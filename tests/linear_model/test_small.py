"""Small tables take the short way: the same fits as by the general one, and only where they are plainly well posed."""

import numpy as np
import pytest
from sklearn.base import clone

from normax.linear_model import ElasticNet, Lasso, Ridge, fit_path
from normax.linear_model.estimators import base
from normax.linear_model.estimators.small import MOST, fit_small


def table(seed, n=40, p=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) * 10.0 ** rng.integers(-2, 3, p) + rng.normal(
        size=p
    )
    return X, X @ rng.normal(size=p) + rng.normal(size=n)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(
    "model", [Lasso(0.3), ElasticNet(0.3, l1_ratio=0.4), ElasticNet(0.1, l1_ratio=0), Ridge(2.0)]
)
def test_it_is_the_general_fit(monkeypatch, model, seed, intercept):
    X, y = table(seed, p=6 + 50 * (seed % 2))  # more columns than rows too
    model.set_params(fit_intercept=intercept)
    took, plain = [], base.fit_small
    monkeypatch.setattr(base, "fit_small", lambda *args: took.append(plain(*args)) or took[-1])
    model.fit(X, y)
    short = {
        name: getattr(model, name)
        for name in ("coef_", "intercept_", "gap_", "dual_gap_", "n_iter_", "path_", "_described")
    }
    assert took[0] is not None
    monkeypatch.setattr(base, "fit_small", lambda *args: None)
    model.fit(X, y)
    scale = np.abs(model.coef_).max()
    np.testing.assert_allclose(short["coef_"], model.coef_, rtol=1e-8, atol=1e-10 * scale)
    np.testing.assert_allclose(short["intercept_"], model.intercept_, rtol=1e-8)
    assert short["gap_"] < 1e-12
    for name in ("n", "p", "family", "l1_ratio", "penalty"):
        assert getattr(short["_described"], name) == getattr(model._described, name)
    for name in ("sd", "df", "explained"):
        np.testing.assert_allclose(
            getattr(short["_described"], name), getattr(model._described, name), rtol=1e-7
        )
    assert type(short["dual_gap_"]) is type(model.dual_gap_)
    assert type(short["coef_"]) is type(model.coef_)
    assert short["path_"].family.name == "gaussian"


@pytest.mark.parametrize("model", [Lasso(0.3), ElasticNet(0.3, l1_ratio=0.4), Ridge(2.0)])
def test_what_must_not_change_an_answer_does_not(model):
    """Order of rows and columns, where rows are counted twice or weigh two, and lists in place of arrays."""
    X, y = table(3)
    rng, n = np.random.default_rng(4), len(y)
    rows, columns = rng.permutation(n), rng.permutation(X.shape[1])
    assert fit_small(X, y, 0.3, 1.0, True, 1e-6) is not None
    fitted = clone(model).fit(X, y)
    again = clone(model).fit(X[rows][:, columns], y[rows])
    close = {"rtol": 1e-9, "atol": 1e-10 * np.abs(fitted.coef_).max()}
    np.testing.assert_allclose(again.coef_, fitted.coef_[columns], **close)
    np.testing.assert_allclose(clone(model).fit(X.tolist(), y.tolist()).coef_, fitted.coef_, **close)
    twice = np.append(np.arange(n), [0, 5, 5])
    doubled, weighed = clone(model).fit(X[twice], y[twice]), clone(model)
    weighed.fit(X, y, sample_weight=np.bincount(twice))  # goes the general way
    np.testing.assert_allclose(doubled.coef_, weighed.coef_, **close)
    np.testing.assert_allclose(doubled.intercept_, weighed.intercept_, rtol=1e-9)


@pytest.mark.parametrize("unit", [1e-8, 1e5, 1e8])
@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_units_carry_over(unit, shift):
    """y in other units takes alpha of an L1 part with it; a column in other units leaves the fit without a penalty."""
    X, y = table(3)
    fitted, other = Lasso(0.3).fit(X, y), Lasso(0.3 * unit).fit(X, unit * (y + shift))
    np.testing.assert_allclose(other.coef_, unit * fitted.coef_, rtol=1e-8, atol=1e-9 * unit)
    np.testing.assert_allclose(
        other.intercept_, unit * (fitted.intercept_ + shift), rtol=1e-8, atol=1e-8 * unit
    )
    all_columns = Lasso(0.3 * unit).fit(unit * X, y)  # w shrinks as x grows, and alpha stands for both
    np.testing.assert_allclose(all_columns.predict(unit * X), fitted.predict(X), rtol=1e-7)


def spoilt(kind):
    X, y = table(0)
    if kind == "twin columns":
        X[:, 3] = -2 * X[:, 1]
    elif kind == "a constant column":
        X[:, 2] = 0.1
    elif kind == "a constant response":
        y[:] = 0.1
    elif kind == "a column far out":
        X[:, 4] *= 1e9
    elif kind == "means that hide the rest":
        X += 1e9
    elif kind == "many cells":
        X, y = table(0, n=MOST)
    elif kind == "columns that add up":
        X[:, 5] = X[:, 0] - X[:, 1]
    return X, y


@pytest.mark.parametrize(
    "kind",
    [
        "twin columns",
        "a constant column",
        "a constant response",
        "a column far out",
        "means that hide the rest",
        "many cells",
    ],
)
def test_what_is_not_plain_is_left_to_the_general_way(kind):
    assert fit_small(*spoilt(kind), 1e-3, 1.0, True, 1e-6) is None


@pytest.mark.parametrize("kind", ["twin columns", "columns that add up"])
def test_no_order_of_columns_shows(kind):
    X, y = spoilt(kind)
    order = np.random.default_rng(1).permutation(X.shape[1])
    a, b = Lasso(1e-3).fit(X, y), Lasso(1e-3).fit(X[:, order], y)
    path = fit_path(X, y, strengths=[1e-3])
    np.testing.assert_allclose(a.predict(X), path.predict(X)[0, :, 0], rtol=1e-7)
    np.testing.assert_allclose(b.predict(X[:, order]), a.predict(X), rtol=1e-7)


def test_a_tighter_tolerance_than_rounding_goes_the_general_way():
    assert fit_small(*table(0), 0.3, 1.0, True, 0.0) is None or Lasso(0.3, tol=0.0).fit(*table(0)).gap_ == 0.0
