"""scikit-learn's own estimator checks."""

import warnings

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from normax import linear_model as lm
from normax.errors import Notice
from normax.penalties import L1, L2


def passes(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # or the check of other arrays is left out
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Some checks have fewer rows than columns.
        warnings.filterwarnings("ignore", "so many rows lie on the fit", Notice)
        warnings.filterwarnings("ignore", "(alphas|Cs|strengths): the error is smallest at the", Notice)
        warnings.filterwarnings("ignore", "Regressors in active set degenerate", Notice)
        check(estimator)


@parametrize_with_checks(
    [
        lm.Lasso(),
        lm.ElasticNet(),
        lm.Ridge(),
        lm.LogisticRegression(),
        lm.PoissonRegressor(),
        lm.LogisticRegression(l1_ratio=0.5),
        lm.LassoCV(cv=3, alphas=10),
        lm.ElasticNetCV(cv=3, alphas=10),
        lm.RidgeCV(),
        lm.LogisticRegressionCV(cv=3, Cs=3, tol=1e-10),
        lm.MultiTaskLasso(),
        lm.MultiTaskElasticNet(),
        lm.MultiTaskLassoCV(cv=3, alphas=5),
        lm.MultiTaskElasticNetCV(cv=3, alphas=5),
        lm.PenalisedRegressor(L1(0.1) + L2(0.1)),
        lm.PenalisedRegressor(family="poisson", strengths=5, cv=3),
        lm.PenalisedClassifier("elastic-net", strengths=5, cv=3),
        lm.PoissonRegressorCV(cv=3, alphas=5),
        lm.GammaRegressor(),
        lm.TweedieRegressor(power=1.5),
        lm.QuantileRegressor(alpha=0.1),
        lm.HuberRegressor(),
        lm.RidgeClassifier(),
    ]
)
def test_scikit_learn_checks(estimator, check, monkeypatch):
    passes(estimator, check, monkeypatch)


@pytest.mark.slow
@parametrize_with_checks(
    [
        lm.RidgeClassifierCV(),
        lm.TweedieRegressor(),
        lm.GammaRegressorCV(cv=3, alphas=3),
        lm.TweedieRegressorCV(power=1.5, cv=3, alphas=3),
        lm.QuantileRegressorCV(cv=3, alphas=3),
        lm.HuberRegressorCV(cv=3, alphas=3),
        lm.LarsCV(cv=3),
        lm.LassoLarsCV(cv=3),
    ]
)
def test_scikit_learn_checks_of_kin(estimator, check, monkeypatch):
    passes(estimator, check, monkeypatch)
