"""Choices by a scorer: those of scikit-learn, by name and by a callable, with weights and routed metadata."""

import numpy as np
import pytest
import sklearn
import sklearn.linear_model as sk
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut

from normax import linear_model as lm
from normax.errors import InputError

ALPHAS = np.geomspace(1e-3, 1e3, 7)
WEIGHTS = np.random.default_rng(0).uniform(0.5, 2, 60)


@pytest.fixture
def rows():
    X, y = load_diabetes(return_X_y=True)
    return X[:60], np.column_stack([y[:60], X[:60, 2] ** 2 * 1e4])


@pytest.mark.parametrize(
    "scoring", ["r2", "neg_median_absolute_error", make_scorer(mean_absolute_error, greater_is_better=False)]
)
@pytest.mark.parametrize("columns", [0, slice(0, 1), slice(0, 2)])
def test_ridge_leave_one_out_is_chosen_by_scikit_learns_score(rows, scoring, columns):
    X, y = rows[0], rows[1][:, columns]
    options = {"scoring": scoring, "store_cv_results": True}
    weights = None if scoring == "neg_median_absolute_error" else WEIGHTS
    theirs = sk.RidgeCV(ALPHAS, **options).fit(X, y, sample_weight=weights)
    ours = lm.RidgeCV(ALPHAS, **options).fit(X, y, sample_weight=weights)
    assert ours.alpha_ == theirs.alpha_
    assert ours.best_score_ == pytest.approx(theirs.best_score_)
    np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)


@pytest.mark.parametrize("scoring", [None, "r2"])
def test_each_output_has_the_alpha_that_it_would_have_alone(rows, scoring):
    X, y = rows
    options = {"scoring": scoring, "alpha_per_target": True, "store_cv_results": True}
    theirs, ours = sk.RidgeCV(ALPHAS, **options).fit(X, y), lm.RidgeCV(ALPHAS, **options).fit(X, y)
    assert len(set(ours.alpha_)) == 2
    np.testing.assert_array_equal(ours.alpha_, theirs.alpha_)
    np.testing.assert_allclose(ours.best_score_, theirs.best_score_)
    np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-6)
    alone = [lm.RidgeCV(ALPHAS, scoring=scoring).fit(X, column) for column in y.T]
    np.testing.assert_allclose(ours.coef_, [model.coef_ for model in alone], rtol=1e-6)
    assert ours.gap_ < 1e-9


@pytest.mark.parametrize("cv", [None, 4])
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_ridge_classifiers_are_chosen_by_scikit_learns_score(load, cv):
    X, y = load(return_X_y=True)
    X, y = X[::4], np.array(["a", "b", "c"])[y[::4]]
    # With two classes the scorer of scikit-learn's leave-one-out sees the first of them alone, wherever it looks.
    loo = LeaveOneOut() if cv is None and load is load_breast_cancer else cv
    for scoring in ("accuracy",) if isinstance(loo, LeaveOneOut) else ("accuracy", "f1_macro"):
        theirs = sk.RidgeClassifierCV(ALPHAS, scoring=scoring, cv=loo).fit(X, y)
        ours = lm.RidgeClassifierCV(ALPHAS, scoring=scoring, cv=cv).fit(X, y)
        assert ours.alpha_ == theirs.alpha_
        assert ours.best_score_ == pytest.approx(theirs.best_score_)


def test_folds_are_scored_by_the_fitted_estimator(rows):
    X, y = rows[0], rows[1][:, 0]
    seen = []

    def score(model, A, b):
        seen.append((type(model).__name__, len(b)))
        return -np.abs(b - A @ model.coef_ - model.intercept_).max()

    theirs = sk.RidgeCV(ALPHAS, scoring=score, cv=KFold(3)).fit(X, y)
    seen.clear()
    ours = lm.RidgeCV(ALPHAS, scoring=score, cv=KFold(3)).fit(X, y)
    assert ours.alpha_ == theirs.alpha_
    assert ours.best_score_ == pytest.approx(theirs.best_score_)
    assert set(seen) == {("Ridge", 20)}


def test_metadata_go_where_they_are_asked_for(rows):
    X, y, groups = rows[0], rows[1][:, 0], np.arange(60) // 7
    told = lm.RidgeCV(ALPHAS, scoring="r2", cv=GroupKFold(3)).fit(X, y, groups=groups)
    with pytest.raises(InputError, match="enable_metadata_routing=True"):
        lm.RidgeCV().fit(X, y, colour=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        asking = get_scorer("r2").set_score_request(sample_weight=True)
        deaf = get_scorer("r2").set_score_request(sample_weight=False)
        models = [
            lm.RidgeCV(ALPHAS, scoring=scorer, cv=GroupKFold(3)).fit(
                X, y, sample_weight=WEIGHTS, groups=groups
            )
            for scorer in (asking, deaf)
        ]
    assert models[0].best_score_ != models[1].best_score_
    plain = lm.RidgeCV(ALPHAS, scoring="r2", cv=GroupKFold(3)).fit(X, y, WEIGHTS, groups)
    assert plain.best_score_ == models[0].best_score_ != told.best_score_
