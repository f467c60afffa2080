"""`partial_fit`: parts of the rows, in any order, give what all rows give at once."""

import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as sk
from scipy.sparse import csr_array

from normax import linear_model as lm
from normax.errors import InputError


def data(outputs=0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 6)) @ rng.normal(size=(6, 6)) + 100.0
    X[:, 5] = 0.1  # constant: as a sum of parts, but for rounding
    W = rng.normal(size=(6, outputs or 1))
    Y = X @ W + rng.normal(size=(90, outputs or 1)) + 7.0
    return X, Y if outputs else Y[:, 0], np.arange(90) % 3 + 0.5 * (np.arange(90) < 50)


MODELS = [
    lm.Lasso(0.3),
    lm.Lasso(0.3, positive=True),
    lm.ElasticNet(0.3, penalty_factor=[0, 1, 2, 1, 1, 1]),
    lm.ElasticNet(0.3, fit_intercept=False),
    lm.Ridge(2.0),
    lm.Ridge(0.0),
    lm.Ridge(2.0, fit_intercept=False),
    lm.MultiTaskLasso(0.5),
    lm.MultiTaskElasticNet(0.5),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_parts_are_the_whole(model, weighted):
    X, y, weights = data(2 if "Multi" in type(model).__name__ else 0)
    weights = weights if weighted else None
    whole = type(model)(**model.get_params()).fit(X, y, sample_weight=weights)
    parts = type(model)(**model.get_params())
    for rows in np.split(np.random.default_rng(1).permutation(90), [1, 3, 40]):
        parts.partial_fit(X[rows], y[rows], sample_weight=None if weights is None else weights[rows])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(parts.coef_ == 0, whole.coef_ == 0)
    assert parts.gap_ <= 1e-9
    assert parts.path_.null_deviance == pytest.approx(whole.path_.null_deviance, rel=1e-9)
    assert np.shape(parts.intercept_) == np.shape(whole.intercept_)


def test_what_is_kept_and_what_is_told():
    X, y, _ = data()
    frame = pd.DataFrame(X, columns=list("abcdef"))
    model = lm.Lasso(0.3).partial_fit(frame[:50], y[:50]).partial_fit(frame[50:], y[50:])
    assert model.n_samples_seen_ == 90
    told, whole = model.summary(), lm.Lasso(0.3).fit(frame, y).summary()
    assert told.facts["rows, features"] == "90, 6"
    assert told.facts["deviance explained"] == whole.facts["deviance explained"]
    assert [row["feature"] for row in told.coefficients] == [row["feature"] for row in whole.coefficients]
    one = model.coef_
    np.testing.assert_allclose(one, sk.Lasso(0.3, tol=1e-12, max_iter=10**6).fit(X, y).coef_, atol=1e-5)
    with pytest.raises(InputError, match="outputs as in the parts before"):
        model.partial_fit(frame, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(frame[list("fedcba")], y)
    with pytest.warns(UserWarning, match="valid feature names"):
        model.partial_fit(csr_array(X[:0:-1]), y[:0:-1])
    assert model.n_samples_seen_ == 179  # what failed was not added
    assert model.fit(frame, y).partial_fit(frame, y).n_samples_seen_ == 90  # a fit begins anew
    np.testing.assert_allclose(model.coef_, one, rtol=1e-7)
    weaker = model.set_params(alpha=0.01).partial_fit(frame[:1], y[:1])
    assert np.count_nonzero(weaker.coef_) >= np.count_nonzero(one)


def test_far_means_and_an_offset():
    X, y, _ = data()
    far = X + 1e6
    whole = lm.Ridge(1.0).fit(X - X.mean(axis=0), y)
    parts = lm.Ridge(1.0)
    for rows in np.array_split(np.arange(90), 30):
        parts.partial_fit(far[rows], y[rows] + rows, offset=rows.astype(float))
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-6)
