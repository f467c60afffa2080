"""Published numbers, digits as printed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from normax.linear_model import Lasso, Ridge, fit_path

DATA = Path(__file__).parents[1] / "data"
PREDICTORS = ["lcavol", "lweight", "age", "lbph", "svi", "lcp", "gleason", "pgg45"]


@pytest.fixture(scope="module")
def prostate():
    """Features standardised over all 97 rows (ddof=1) as in the book; 67 training rows, 30 for the test."""
    table = pd.read_csv(DATA / "prostate.data", sep=r"\s+")
    X = table[PREDICTORS]
    X = ((X - X.mean()) / X.std()).to_numpy()
    train = (table["train"] == "T").to_numpy()
    y = table["lpsa"].to_numpy()
    return X[train], y[train], X[~train], y[~train]


def test_error(y, prediction):
    squared = (y - prediction) ** 2
    return squared.mean(), squared.std(ddof=1) / np.sqrt(len(y))


test_error.__test__ = False


def assert_printed(ours, printed, digits=3):
    np.testing.assert_allclose(ours, printed, atol=0.5 * 10**-digits * 1.001)


def test_elements_table_3_3_least_squares(prostate):
    """Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, Table 3.3, column LS."""
    X, y, X_test, y_test = prostate
    model = Ridge(alpha=0.0).fit(X, y)
    assert_printed(model.intercept_, 2.465)
    assert_printed(model.coef_, [0.680, 0.263, -0.141, 0.210, 0.305, -0.288, -0.021, 0.267])
    assert_printed(test_error(y_test, model.predict(X_test)), (0.521, 0.179))


def test_elements_table_3_3_ridge(prostate):
    """Column Ridge: 5 effective degrees of freedom; the features are not centred again on the training rows."""
    X, y, X_test, y_test = prostate
    alpha = 24.1764
    model = Ridge(alpha=alpha, fit_intercept=False).fit(X, y - y.mean())
    sigma = np.linalg.svd(X, compute_uv=False)
    assert (sigma**2 / (sigma**2 + alpha)).sum() == pytest.approx(5.0, abs=1e-4)
    assert_printed(y.mean(), 2.452)
    assert_printed(model.coef_, [0.420, 0.238, -0.046, 0.162, 0.227, 0.000, 0.040, 0.133])
    assert_printed(test_error(y_test, y.mean() + model.predict(X_test)), (0.492, 0.165))


def test_elements_table_3_3_lasso(prostate):
    """Column Lasso: features standardised again on the training rows, λ = 13.9 on half the residual sum of squares."""
    X, y, X_test, y_test = prostate
    mean, sd = X.mean(axis=0), X.std(axis=0, ddof=1)
    model = Lasso(alpha=13.9 / len(y)).fit((X - mean) / sd, y)
    coef = model.coef_ / sd
    assert_printed(model.intercept_ - coef @ mean, 2.468)
    np.testing.assert_allclose(coef, [0.533, 0.169, 0, 0.002, 0.094, 0, 0, 0], atol=2e-3)
    assert np.flatnonzero(coef).tolist() == [0, 1, 3, 4]
    np.testing.assert_allclose(
        test_error(y_test, model.predict((X_test - mean) / sd)), (0.479, 0.164), atol=2e-3
    )


def test_diabetes_lasso_path():
    """Efron et al., Least Angle Regression, 2004: order of entry, knots of λ (on half the residual sum of squares)."""
    data = load_diabetes(scaled=False)
    names = data.feature_names
    X = data.data - data.data.mean(axis=0)
    X /= np.linalg.norm(X, axis=0)
    y, n = data.target - data.target.mean(), len(data.target)
    events = ["+bmi", "+s5", "+bp", "+s3", "+sex", "+s6", "+s1", "+s4", "+s2", "+age", "-s3", "+s3"]
    knots = [
        949.435,
        889.314,
        452.896,
        316.073,
        130.130,
        88.784,
        68.965,
        19.981,
        5.4775,
        5.0882,
        2.1823,
        1.3104,
    ]
    active: set[str] = set()
    for event, knot in zip(events, knots):
        path = fit_path(X, y, strengths=np.array([1 + 1e-4, 1 - 1e-4]) * knot / n, fit_intercept=False)
        before, after = ({names[j] for j in np.flatnonzero(w)} for w in path.coef[:, 0])
        assert before == active
        active = active | {event[1:]} if event[0] == "+" else active - {event[1:]}
        assert after == active
    least_squares = fit_path(X, y, strengths=[0.0], fit_intercept=False).coef[0, 0]
    assert ((y - X @ least_squares) ** 2).sum() == pytest.approx(1263985.8, abs=0.05)
