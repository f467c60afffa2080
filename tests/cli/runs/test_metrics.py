"""Measures against scikit-learn's and against hand-made cases."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from normax.cli.runs import metrics
from normax.tables import Target

REGRESSION = Target("y", "regression")
TWO = Target("y", "classification", ("a", "b"))
THREE = Target("y", "classification", ("a", "b", "c"))


def test_regression():
    random = np.random.default_rng(0)
    y, f = random.normal(size=(2, 50))
    measured = metrics.measures(REGRESSION, y, f)
    assert measured["R²"] == pytest.approx(oracle.r2_score(y, f))
    assert measured["RMSE"] == pytest.approx(oracle.root_mean_squared_error(y, f))
    assert metrics.errors(REGRESSION, y, f[:, None]).mean() == pytest.approx(
        oracle.mean_squared_error(y, f) / 2
    )


def test_rows_never_predicted_do_not_count():
    y, f = np.array([1.0, 2.0, 3.0]), np.array([np.nan, 2.0, 3.5])
    assert metrics.measures(REGRESSION, y, f)["RMSE"] == pytest.approx(np.sqrt(0.125))
    assert metrics.measures(TWO, np.array([0, 1, 0]), np.array([np.nan, 1.0, -1.0]))["accuracy"] == 1
    assert metrics.confusion(TWO, np.array([0, 1, 0]), np.array([np.nan, 1.0, 1.0])) == [[0, 1], [0, 1]]


def test_log_target_is_measured_in_its_own_units():
    log = Target("y", "regression", (), True)
    y, f = np.log([1.0, 10.0, 100.0]), np.log([1.0, 20.0, 90.0])
    measured = metrics.measures(log, y, f)
    assert measured["RMSE"] == pytest.approx(np.sqrt(200 / 3))
    assert measured["R²"] == pytest.approx(oracle.r2_score([1, 10, 100], [1, 20, 90]))
    assert measured["R² (log scale)"] == pytest.approx(oracle.r2_score(y, f))


@pytest.mark.parametrize("target", [TWO, THREE])
def test_classification(target):
    random = np.random.default_rng(1)
    classes = len(target.labels)
    y = random.integers(classes, size=200)
    outputs = (
        random.normal(size=(200, 1 if classes == 2 else classes))
        + (y[:, None] == np.arange(classes))[:, 1 if classes == 2 else 0 :][
            :, : 1 if classes == 2 else classes
        ]
    )
    probability = target.probabilities(outputs)
    measured = metrics.measures(target, y, outputs)
    auc = oracle.roc_auc_score(y, probability[:, 1] if classes == 2 else probability, multi_class="ovr")
    assert measured["AUC"] == pytest.approx(auc)
    assert measured["accuracy"] == pytest.approx(oracle.accuracy_score(y, probability.argmax(axis=1)))
    assert measured["deviance"] == pytest.approx(2 * oracle.log_loss(y, probability))
    assert measured["base rate"] == np.bincount(y).max() / 200
    assert (
        metrics.confusion(target, y, outputs)
        == oracle.confusion_matrix(y, probability.argmax(axis=1)).tolist()
    )


def test_auc_needs_every_class():
    assert metrics.measures(TWO, np.zeros(3, int), np.array([-1.0, 0.5, 2.0]))["AUC"] is None


def test_the_model_without_features():
    np.testing.assert_allclose(
        metrics.null_outputs(REGRESSION, np.array([1.0, 3.0]), np.array([3.0, 1.0]), 2), 1.5
    )
    y = np.array([0, 0, 0, 1])
    np.testing.assert_allclose(TWO.probabilities(metrics.null_outputs(TWO, y, None, 1)), [[0.75, 0.25]])
    np.testing.assert_allclose(
        TWO.probabilities(metrics.null_outputs(TWO, y, np.array([1, 1, 1, 3.0]), 1)), [[0.5, 0.5]]
    )
    y = np.array([0, 1, 1, 2])
    np.testing.assert_allclose(
        THREE.probabilities(metrics.null_outputs(THREE, y, None, 2)), [[0.25, 0.5, 0.25]] * 2
    )


def test_auc_is_the_mean_over_folds():
    """Folds of other base rates, pooled, would rank by fold and not by row."""
    y, parts = np.array([0, 1, 1, 0, 0, 1]), [np.arange(3), np.arange(3, 6)]
    constant = np.array([2.0, 2.0, 2.0, -2.0, -2.0, -2.0])
    assert metrics.measures(TWO, y, constant, parts)["AUC"] == 0.5
    assert metrics.measures(TWO, y, constant)["AUC"] > 0.6
    random = np.random.default_rng(0)
    y, scores = random.integers(2, size=40), random.normal(size=40)
    parts = [np.arange(15), np.arange(15, 40)]
    by_hand = np.mean([oracle.roc_auc_score(y[rows], scores[rows]) for rows in parts])
    assert metrics.measures(TWO, y, scores, parts)["AUC"] == pytest.approx(by_hand)


def test_a_fold_of_one_class_has_no_area_and_does_not_count():
    y, scores = np.array([0, 1, 1, 1]), np.array([0.0, 1.0, 2.0, 3.0])
    assert metrics.measures(TWO, y, scores, [np.arange(2), np.arange(2, 4)])["AUC"] == 1
