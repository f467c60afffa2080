"""Choices by a scorer: those of scikit-learn, by name and by a callable, with weights and routed metadata."""

import numpy as np
import pytest
import sklearn
import sklearn.linear_model as sk
from scipy.sparse import issparse
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


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("scoring", ["accuracy", "neg_brier_score", "roc_auc_ovr"])
def test_logistic_regression_is_chosen_by_scikit_learns_score(load, scoring):
    X, y = load(return_X_y=True)
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), np.array(["a", "b", "c"])[y]
    X, y = X[::3, :8], y[::3]
    options = {"Cs": [0.01, 1.0, 100.0], "l1_ratios": (0.0,), "scoring": scoring, "cv": 3}
    for legacy in (False, True):
        theirs = sk.LogisticRegressionCV(
            use_legacy_attributes=legacy, tol=1e-8, max_iter=5000, **options
        ).fit(X, y)
        ours = lm.LogisticRegressionCV(use_legacy_attributes=legacy, **options).fit(X, y)
        np.testing.assert_array_equal(ours.C_, theirs.C_)
        np.testing.assert_array_equal(ours.l1_ratio_, theirs.l1_ratio_)
        if not legacy:
            np.testing.assert_allclose(ours.scores_, theirs.scores_, atol=1e-4)
            assert ours.coefs_paths_.shape == theirs.coefs_paths_.shape
            np.testing.assert_allclose(ours.coefs_paths_[:, :, :2], theirs.coefs_paths_[:, :, :2], atol=2e-3)
            continue
        for name in ("scores_", "coefs_paths_"):
            a, b = getattr(ours, name), getattr(theirs, name)
            assert list(a) == list(b)
            assert [v.shape for v in a.values()] == [v.shape for v in b.values()]
        assert ours.n_iter_.shape == theirs.n_iter_.shape
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-3)
    if scoring != "neg_brier_score":  # which scikit-learn's does not tell of the classes here
        assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=1e-3)


def test_without_refit_the_folds_best_are_averaged():
    X, y = load_wine(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    options = {"Cs": [0.001, 0.1], "scoring": "neg_log_loss", "use_legacy_attributes": False, "refit": False}
    theirs = sk.LogisticRegressionCV(l1_ratios=(0.0,), tol=1e-8, **options).fit(X, y)
    ours = lm.LogisticRegressionCV(l1_ratios=(0.0,), **options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-4)
    assert pytest.approx(theirs.C_) == ours.C_
    assert np.isnan(ours.gap_)
    assert "LogisticRegressionCV" in ours.summary().facts["model"]


def test_a_class_that_a_fold_does_not_train_on_has_probability_zero_there():
    X, y = np.arange(12.0)[:, None], np.repeat(["a", "b", "c"], 4)
    model = lm.LogisticRegressionCV(Cs=[1.0], cv=KFold(3), scoring="neg_brier_score").fit(X, y)
    assert np.isneginf(model.coefs_paths_[0, 0, 0, 0, -1])
    own = (
        lm.PenalisedClassifier("l2", strength=1 / 8, family="multinomial")
        .fit(X[4:], y[4:])
        .predict_proba(X[:4])
    )
    assert -model.scores_[0, 0, 0] == pytest.approx((1 + (own**2).sum(axis=1)).mean())
    two = lm.LogisticRegressionCV(Cs=[1.0], cv=KFold(2), scoring="accuracy").fit(X[:8], y[:8])
    np.testing.assert_array_equal(two.scores_, 0)


def test_sparse_coefficients_predict_the_same():
    X, y = load_wine(return_X_y=True)
    model = lm.LogisticRegression(C=0.01, l1_ratio=1).fit(X, y)
    before = model.predict_proba(X)
    np.testing.assert_array_equal(model.sparsify().predict_proba(X), before)
    assert issparse(model.coef_)
    np.testing.assert_array_equal(model.densify().predict_proba(X), before)
    assert isinstance(model.coef_, np.ndarray)


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
        nothing = lm.RidgeCV(ALPHAS).fit(X, y)
        assert lm.LassoCV(cv=3, alphas=3).fit(X, y).alpha_ > 0
    assert nothing.alpha_ == lm.RidgeCV(ALPHAS).fit(X, y).alpha_
    assert models[0].best_score_ != models[1].best_score_
    plain = lm.RidgeCV(ALPHAS, scoring="r2", cv=GroupKFold(3)).fit(X, y, WEIGHTS, groups)
    assert plain.best_score_ == models[0].best_score_ != told.best_score_
