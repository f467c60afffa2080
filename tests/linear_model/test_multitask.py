"""The multi-task estimators against scikit-learn's."""

import numpy as np
import pytest
import sklearn.linear_model as sk

from normax import linear_model as lm


def problem(n=60, p=12, tasks=3):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p)) + 1
    return X, X[:, :4] @ rng.normal(size=(4, tasks)) + rng.normal(size=(n, tasks)) + 2


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_fits_are_scikit_learns(fit_intercept):
    X, Y = problem()
    tight = {"tol": 1e-14, "max_iter": 10**6, "fit_intercept": fit_intercept}
    for ours, theirs in (
        (lm.MultiTaskLasso(0.2, fit_intercept=fit_intercept), sk.MultiTaskLasso(0.2, **tight)),
        (
            lm.MultiTaskElasticNet(0.2, l1_ratio=0.3, fit_intercept=fit_intercept),
            sk.MultiTaskElasticNet(0.2, l1_ratio=0.3, **tight),
        ),
    ):
        ours.fit(X, Y)
        theirs.fit(X, Y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-6)
        assert 0 <= ours.dual_gap_ < 1e-9
        assert ours.coef_.shape == (3, 12)


def test_cross_validation_is_scikit_learns():
    X, Y = problem()
    for ours, theirs in (
        (lm.MultiTaskLassoCV(alphas=8, cv=4), sk.MultiTaskLassoCV(alphas=8, cv=4, tol=1e-12, max_iter=10**6)),
        (
            lm.MultiTaskElasticNetCV(l1_ratio=[0.2, 0.9], alphas=8, cv=4),
            sk.MultiTaskElasticNetCV(l1_ratio=[0.2, 0.9], alphas=8, cv=4, tol=1e-12, max_iter=10**6),
        ),
    ):
        ours.fit(X, Y)
        theirs.fit(X, Y)
        np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-9)
        np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-5)
        assert ours.alpha_ == pytest.approx(theirs.alpha_)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)


def test_one_response_is_refused():
    X, Y = problem()
    with pytest.raises(ValueError, match=r"expected a table of shape \(n, tasks\).*Lasso"):
        lm.MultiTaskLasso().fit(X, Y[:, 0])
