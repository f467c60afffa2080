"""The bootstrap of a whole pipeline: what is drawn, which folds copies are in, and what it may be given."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_selection import SelectFpr, SelectKBest, f_regression
from sklearn.linear_model import LassoCV as TheirLassoCV
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from normax.errors import InputError
from normax.linear_model import (
    CoxRegressorCV,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LogisticRegressionCV,
    PenalisedClassifier,
    PenalisedRegressor,
    RidgeCV,
    bootstrap,
)
from normax.linear_model.inference.resampled_folds import FoldsOfRows, draws


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [1, 10, 1, 1]
    return X, X[:, 0] + 0.05 * X[:, 1] + rng.normal(size=60)


def test_least_squares_has_the_standard_errors_of_the_sandwich(data):
    X, y = data
    found = bootstrap(LinearRegression(), X, y, repeats=400)
    Z = np.column_stack([np.ones(60), X])
    e, H = y - Z @ np.linalg.lstsq(Z, y)[0], np.linalg.inv(Z.T @ Z)
    sandwich = np.sqrt(np.diag(H @ (Z.T * e**2) @ Z @ H))[1:]
    np.testing.assert_allclose(found.standard_error, sandwich, rtol=0.15)
    assert (found.lower < found.estimate).all()
    assert (found.estimate < found.upper).all()


@pytest.mark.parametrize("model", [LassoCV(cv=3), TheirLassoCV(cv=3), PenalisedRegressor("l1", cv=3)])
def test_each_resample_is_the_fit_on_its_rows_with_copies_in_one_fold(data, model):
    X, y = data
    found = bootstrap(model, X, y, repeats=2, level=0.999999)
    coefs = []
    for rows in draws(60, 2, 0, None, None)[0]:
        fold = np.arange(60) // 20  # consecutive folds of the data's rows
        pairs = [(np.flatnonzero(fold[rows] != k), np.flatnonzero(fold[rows] == k)) for k in range(3)]
        coefs.append(type(model)(cv=pairs).fit(X[rows], y[rows]).coef_)
    np.testing.assert_allclose(found.lower, np.min(coefs, axis=0), atol=1e-5)
    np.testing.assert_allclose(found.upper, np.max(coefs, axis=0), atol=1e-5)
    np.testing.assert_allclose(found.frequency, np.mean(np.array(coefs) != 0, axis=0))
    np.testing.assert_allclose(found.estimate, model.fit(X, y).coef_, atol=1e-12)


def test_copies_that_were_parted_would_choose_too_weak_a_penalty():
    """With noise alone, folds that hold copies of what they judge find something to learn."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 40)), rng.normal(size=50)
    kept = bootstrap(LassoCV(alphas=20), X, y, repeats=20)
    [*rows] = draws(50, 20, 0, None, None)[0]
    mixed = KFold(5, shuffle=True, random_state=0)
    parted = [np.count_nonzero(LassoCV(alphas=20, cv=mixed).fit(X[r], y[r]).coef_) for r in rows]
    assert kept.frequency.sum() < 0.7 * np.mean(parted)


def test_seeds_threads_and_processes_change_nothing_but_seeds(data):
    X, y = data
    first = bootstrap(Lasso(0.1), X, y, repeats=20, seed=3)
    again = bootstrap(Lasso(0.1), X, y, repeats=20, seed=3, n_jobs=1)
    other = bootstrap(Lasso(0.1), X, y, repeats=20, seed=4)
    np.testing.assert_array_equal(first.lower, again.lower)
    assert (first.lower != other.lower).any()


def test_a_pipeline_of_scalers_tells_coefficients_in_the_units_of_X(data):
    pd = pytest.importorskip("pandas")
    X, y = data
    X = pd.DataFrame(X, columns=["age", "bmi", "dose", "lab"])
    model = make_pipeline(StandardScaler(), LassoCV(alphas=[1e-4])).fit(X, y)
    found = bootstrap(model, X, y, repeats=30)
    plain = bootstrap(LinearRegression(), X, y, repeats=30)
    assert found.features == ("age", "bmi", "dose", "lab")
    np.testing.assert_allclose(found.lower, plain.lower, atol=2e-3)
    assert list(found.frame().columns) == [
        "feature", "estimate", "standard_error", "lower", "upper", "frequency",
    ]  # fmt: skip
    assert "the choice of the strength included" in repr(found)


def test_a_search_and_a_statistic(data):
    X, y = data
    search = GridSearchCV(Lasso(), {"alpha": [0.01, 0.1, 1.0]}, cv=3)
    found = bootstrap(search, X, y, repeats=5)
    assert found.features == ("x0", "x1", "x2", "x3")
    chosen = bootstrap(search, X, y, repeats=5, statistic=lambda m: m.best_params_["alpha"])
    assert chosen.features == ("statistic 0",)
    assert chosen.estimate[0] in (0.01, 0.1, 1.0)


def test_classes_events_and_sparse_rows(data):
    X, y = data
    X = csr_array(X)
    labels = np.where(y > np.quantile(y, 0.85), "yes", "no")
    for model in (PenalisedClassifier("l1", strengths=10), LogisticRegressionCV(Cs=5)):
        found = bootstrap(model, X, labels, repeats=5)
        assert found.features == ("x0", "x1", "x2", "x3")
    three = np.digitize(y, [-0.5, 0.5])
    found = bootstrap(PenalisedClassifier("l2", strengths=5), X, three, repeats=3)
    assert found.features[4] == "1: x0"
    survival = np.column_stack([np.exp(-y), np.arange(60) % 4 > 0])
    found = bootstrap(CoxRegressorCV(l1_ratio=1.0, alphas=5, cv=3), X, survival, repeats=3)
    assert found.frequency[0] == 1


def test_a_label_that_is_missing_is_drawn_again():
    X = np.arange(30.0)[:, None] % 7
    y = np.r_[np.ones(2), np.zeros(28)].astype(int)
    found = bootstrap(PenalisedClassifier("l2", strength=0.1), X, y, repeats=60)
    assert "drawn again for want of a class" in found.facts["resamples"]


def test_groups_are_drawn_whole_and_share_a_fold(data):
    X, y = data
    groups = np.repeat(np.arange(12), 5)
    plan = FoldsOfRows.of(LassoCV(cv=3), X, y, 60, groups)
    assert all(not set(groups[train]) & set(groups[test]) for train, test in plan.pairs)
    rows = draws(60, 3, 0, groups, None)[0]
    for some in rows:
        assert len(some) == 60
        assert set(np.bincount(some, minlength=60).reshape(12, 5).std(axis=1)) == {0.0}
    assert len(bootstrap(LassoCV(cv=3), X, y, groups=groups, repeats=3).features) == 4


def test_weights_are_drawn_with_their_rows_and_leave_one_out_becomes_folds(data):
    X, y = data
    weights = np.r_[np.zeros(30), np.ones(30)]
    found = bootstrap(Lasso(0.1), X, np.where(weights > 0, y, 1e3), repeats=10, sample_weight=weights)
    assert np.abs(found.upper).max() < 10
    assert "instead of leave-one-out" in bootstrap(RidgeCV(), X, y, repeats=3).facts["folds"]
    assert "folds" not in bootstrap(ElasticNetCV(cv=3), X, y, repeats=3).facts


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        (Lasso(), {"repeats": 1}, "repeats: expected a whole number >= 2"),
        (Lasso(), {"n_jobs": 0}, "n_jobs: expected None, -1"),
        (Lasso(), {"groups": [1, 2]}, "groups: expected one for each of the 60 rows"),
        (Lasso(), {"groups": [1] * 60}, "at least 2 different ones"),
        (GridSearchCV(LassoCV(), {"eps": [0.1]}), {}, "one cross-validation, got cv, estimator__cv"),
        (StandardScaler(), {}, "expected an estimator with coef_, got StandardScaler; give statistic="),
        ("lasso", {}, "model: expected an estimator such as LassoCV"),
        (Lasso(-1), {}, "alpha"),
    ],
)
def test_what_cannot_be_done_is_told(data, model, options, told):
    with pytest.raises(InputError, match=told):
        bootstrap(model, *data, **{"repeats": 3} | options)


def test_columns_that_come_and_go_ask_for_a_statistic(data):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(40, 20)), rng.normal(size=40)
    model = make_pipeline(SelectFpr(f_regression, alpha=0.5), LinearRegression())
    with pytest.raises(InputError, match="the steps before choose columns: give statistic="):
        bootstrap(model, X, y, repeats=10)
    bootstrap(make_pipeline(SelectKBest(f_regression, k=3), Lasso(0.1)), *data, repeats=3)
