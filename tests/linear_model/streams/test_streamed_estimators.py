"""Estimators of any loss fit rows beyond memory as they fit them in memory."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from normax.errors import InputError
from normax.linear_model import (
    GammaRegressorCV,
    Lasso,
    LogisticRegression,
    LogisticRegressionCV,
    PenalisedClassifier,
    PenalisedRegressor,
    PoissonRegressor,
    PoissonRegressorCV,
    cv_path,
    row_source,
)

rng = np.random.default_rng(0)
N, P = 400, 6
X = rng.normal(size=(N, P))
ETA = X @ [1, -1, 0.5, 0, 0, 0]
LABELS = np.where(rng.random(N) < 1 / (1 + np.exp(-ETA)), "yes", "no")
THREE = np.array(["a", "b", "c"])[
    np.argmax(np.column_stack([ETA, -ETA, 0 * ETA]) + rng.gumbel(size=(N, 3)), 1)
]
COUNTS = rng.poisson(np.exp(0.3 * ETA)).astype(float)


def source(y, **options):
    return row_source(X, y, block_size=8 * P * 60, **options)


@pytest.mark.parametrize("y", [LABELS, THREE], ids=["two", "three"])
@pytest.mark.parametrize("options", [{"l1_ratio": 1.0, "C": 0.1}, {"class_weight": "balanced"}], ids=str)
def test_classes(options, y):
    whole, found = (
        LogisticRegression(**options, tol=1e-10).fit(*given) for given in ((X, y), (source(y), None))
    )
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-6)
    np.testing.assert_allclose(found.intercept_, whole.intercept_, atol=1e-6)
    assert found.classes_.tolist() == whole.classes_.tolist()
    np.testing.assert_array_equal(found.predict(row_source(X)), whole.predict(X))
    assert found.dual_gap_ <= 1e-8 * N
    told = str(found.summary())
    assert "deviance explained" in told
    assert told.splitlines()[4:6] == str(whole.summary()).splitlines()[4:6] or "not computed" in told


def test_counts_with_weights_and_an_offset():
    weights, offset = rng.random(N), 0.2 * rng.normal(size=N)
    options = {"alpha": 0.1, "l1_ratio": 0.5, "tol": 1e-10}
    whole = PoissonRegressor(**options).fit(X, COUNTS, weights, offset)
    found = PoissonRegressor(**options).fit(source(COUNTS, sample_weight=weights), None, offset=offset)
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-6)
    assert found.path_.passes > 2


@pytest.mark.parametrize("kind", [PoissonRegressorCV, GammaRegressorCV])
def test_strengths_are_chosen_alike(kind):
    y = COUNTS if kind is PoissonRegressorCV else COUNTS + 0.5
    options = {"alphas": 8, "cv": 4, "l1_ratio": 1.0, "tol": 1e-7}
    whole = kind(**options | {"cv": KFold(4)}).fit(X, y)
    found = kind(**options).fit(source(y), None)
    np.testing.assert_allclose(found.alphas_, whole.alphas_, rtol=1e-7)
    np.testing.assert_allclose(found.fold_errors_, whole.fold_errors_, rtol=1e-5)
    assert found.alpha_ == pytest.approx(whole.alpha_)
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-5)


def test_a_penalised_classifier_chooses():
    options = {"penalty": "l1", "strengths": [0.1, 0.03, 0.01], "cv": KFold(3), "tol": 1e-9}
    whole = PenalisedClassifier(**options).fit(X, LABELS)
    found = PenalisedClassifier(**options).fit(source(LABELS), None)
    np.testing.assert_allclose(found.fold_errors_, whole.fold_errors_, rtol=1e-5)
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-5)
    assert found.strength_ == whole.strength_


def test_columns_without_a_penalty_set_the_grid():
    options = {
        "alphas": 3,
        "cv": KFold(3),
        "l1_ratio": 1.0,
        "penalty_factor": [0, 1, 1, 1, 1, 1],
        "tol": 1e-7,
    }
    whole, found = (
        PoissonRegressorCV(**options).fit(*given) for given in ((X, COUNTS), (source(COUNTS), None))
    )
    np.testing.assert_allclose(found.alphas_, whole.alphas_, rtol=1e-6)


def test_cv_path_of_counts():
    options = {"strengths": [0.3, 0.1, 0.03], "family": "poisson", "foldid": np.arange(N) % 3, "tol": 1e-8}
    whole, found = (cv_path(*given, **options) for given in ((X, COUNTS), (source(COUNTS), None)))
    np.testing.assert_allclose(found.fold_errors, whole.fold_errors, rtol=1e-5)
    np.testing.assert_allclose(found.se, whole.se, rtol=1e-4)
    assert found.strength_1se == whole.strength_1se
    assert found.path.passes < 15


def test_squared_error_on_many_columns():
    wide = np.random.default_rng(1).normal(size=(60, 3100))
    y = wide[:, :3].sum(axis=1)
    whole, found = Lasso(0.3).fit(wide, y), Lasso(0.3).fit(row_source(wide, y), None)
    np.testing.assert_allclose(found.coef_, whole.coef_, atol=1e-9)
    assert found.gap_ < 1e-9


def test_what_passes_do_not_choose():
    with pytest.raises(InputError, match="takes values"):
        PenalisedRegressor("elastic-net").fit(source(ETA), None)
    with pytest.raises(InputError, match="L1, L2 and ElasticNet"):
        PenalisedRegressor("mcp").fit(source(ETA), None)
    with pytest.raises(InputError, match="LogisticRegressionCV takes a table in memory"):
        LogisticRegressionCV().fit(source(LABELS), None)
    with pytest.raises(InputError, match="at least two classes"):
        LogisticRegression().fit(source(np.full(N, "a")), None)
