"""Ridge on columns of ±1: scikit-learn's scores and answers, and its choice by leaving one row out."""

import numpy as np
import pytest
import sklearn.linear_model as sk
from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer, load_wine

from normax import linear_model as lm
from normax.errors import InputError


@pytest.fixture(params=[load_breast_cancer, load_wine])
def classes(request):
    X, y = request.param(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    return (X - X.mean(axis=0)) / X.std(axis=0), np.array(["a", "b", "c"])[y], weights


@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3.0}])
def test_scores_are_scikit_learns(classes, class_weight):
    X, y, weights = classes
    weights = (
        None if class_weight == "balanced" else weights
    )  # scikit-learn balances without looking at weights
    for alpha in (0.1, 100.0):
        theirs = sk.RidgeClassifier(alpha, class_weight=class_weight, solver="cholesky").fit(X, y, weights)
        ours = lm.RidgeClassifier(alpha, class_weight=class_weight).fit(X, y, weights)
        thin = lm.RidgeClassifier(alpha, class_weight=class_weight).fit(csr_array(X), y, weights)
        for model in (ours, thin):
            np.testing.assert_allclose(model.coef_, theirs.coef_, atol=1e-7)
            np.testing.assert_allclose(model.decision_function(X), theirs.decision_function(X), atol=1e-6)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        assert ours.score(X, y) == theirs.score(X, y)
        assert ours.gap_ < 1e-9
    assert not hasattr(ours, "predict_proba")


def test_the_choice_is_scikit_learns(classes):
    X, y, weights = classes
    alphas = [0.1, 1.0, 10.0, 100.0]
    theirs = sk.RidgeClassifierCV(alphas).fit(X, y, weights)
    ours = lm.RidgeClassifierCV(alphas, store_cv_results=True).fit(X, y, weights)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    assert ours.cv_results_.shape[0] == len(y)
    assert "RidgeClassifierCV" in ours.summary().facts["model"]


def test_summaries_have_the_names_of_a_frame():
    X, y = load_wine(return_X_y=True, as_frame=True)
    model = lm.RidgeClassifier().fit(X, y)
    assert {row["feature"] for row in model.summary().coefficients} == set(X.columns)
    np.testing.assert_array_equal(model.feature_names_in_, X.columns)


def test_one_class_is_refused():
    with pytest.raises(InputError, match="at least two classes, got 1 class"):
        lm.RidgeClassifier().fit(np.eye(3), ["a", "a", "a"])


def test_labels_of_which_a_row_may_have_several_are_scikit_learns():
    X, y = load_wine(return_X_y=True)
    labels = np.column_stack([y == 0, y > 0, X[:, 0] > 13]).astype(int)
    for options in ({}, {"class_weight": "balanced"}):
        theirs = sk.RidgeClassifier(solver="svd", **options).fit(X, labels)
        ours = lm.RidgeClassifier(**options).fit(X, labels)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-8)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    assert (
        lm.RidgeClassifierCV([0.1, 10.0]).fit(X, labels).alpha_
        == sk.RidgeClassifierCV([0.1, 10.0]).fit(X, labels).alpha_
    )
    with pytest.raises(InputError, match="or None for several labels"):
        lm.RidgeClassifier(class_weight={1: 2.0}).fit(X, labels)
