"""What is no label, no mask, no fold or no count is refused by name before anything is fitted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from normax import linear_model as lm
from normax.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 3))
FIRST = X[:, 0] > 0


def objects(yes, no):
    labels = np.empty(24, object)
    labels[:] = [yes if first else no for first in FIRST]
    return labels


@pytest.mark.parametrize(
    "labels",
    [
        objects(None, "a"),
        pd.Series(objects(pd.NaT, pd.Timestamp("2020"))),
        pd.Series(objects(pd.NA, "a"), dtype="string"),
        pl.Series([None if first else "a" for first in FIRST]),
        objects(np.nan, "a"),
    ],
    ids=["None", "NaT", "NA", "null", "NaN"],
)
def test_a_missing_label_is_no_class(labels):
    with pytest.raises(InputError, match=f"y: expected a label in each row.* row {FIRST.argmax()} "):
        lm.LogisticRegression().fit(X, labels)


@pytest.mark.parametrize(("yes", "no"), [(1, "1"), (True, "True"), (True, 1), (1, 1.5), (2**70, 2**70 + 1)])
def test_labels_of_several_kinds_are_named(yes, no):
    with pytest.raises(InputError, match=f"objects of type .*{type(no).__name__}"):
        lm.LogisticRegression().fit(X, objects(yes, no))


@pytest.mark.parametrize(
    ("yes", "no"), [("01", "1"), ("1", "0"), ("True", "False"), ("1.0", "1"), ("a", "b")]
)
def test_weights_of_classes_know_labels_as_they_are(yes, no):
    """scikit-learn takes "01" and "1" for the number 1 here."""
    named = lm.LogisticRegression(class_weight={yes: 3.0}).fit(X, objects(yes, no))
    by_row = lm.LogisticRegression().fit(X, (yes > no) == FIRST, sample_weight=np.where(FIRST, 3.0, 1.0))
    np.testing.assert_allclose(named.coef_, by_row.coef_, atol=1e-9)
    for wrong in ({1: 2.0, 0: 1.0}, {yes: -1.0}, {yes: np.nan}, "balance", [1.0, 2.0]):
        with pytest.raises(InputError, match="class_weight"):
            lm.LogisticRegression(class_weight=wrong).fit(X, objects(yes, no))


def test_masks_are_not_lost():
    masked = np.ma.array(X, mask=X > 1)
    for fit in (
        lambda: lm.Lasso().fit(masked, X[:, 0]),
        lambda: lm.Ridge().fit(X, masked[:, 0]),
        lambda: lm.Lasso().fit(X, X[:, 0]).predict(masked),
        lambda: lm.Lasso().fit(X, X[:, 0], sample_weight=abs(masked[:, 0])),
        lambda: lm.Lasso().fit(X, X[:, 0], offset=masked[:, 0]),
        lambda: lm.LogisticRegression().fit(X, np.ma.array(FIRST, mask=FIRST)),
        lambda: lm.fit_path(masked, X[:, 0], strengths=[0.1]),
        lambda: lm.fit_path(X, masked[:, 0], strengths=[0.1]),
    ):
        with pytest.raises(InputError, match="masked at row"):
            fit()
    whole = np.ma.array(X, mask=False)
    assert lm.Lasso(0.1).fit(whole, X[:, 0]).coef_[0] > 0


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (lm.LassoCV, X[:, 0]),
        (lm.RidgeCV, X[:, 0]),
        (lm.LogisticRegressionCV, np.arange(24) % 2),
        (lm.PoissonRegressorCV, np.arange(24.0)),
    ],
)
def test_rows_twice_in_a_fold_and_folds_without_weight_are_refused(model, y):
    low, high = np.arange(12), np.arange(12, 24)
    for twice, what in ((np.r_[low, 3], "training"), (np.r_[low, 3, 3], "training")):
        with pytest.raises(InputError, match=f"fold 0: row 3 stands .* among the {what} rows"):
            model(cv=[(twice, high), (high, low)]).fit(X, y)
    with pytest.raises(InputError, match="fold 1: row 3 stands 2 times among the held-out rows"):
        model(cv=[(low, high), (high, np.r_[low, 3])]).fit(X, y)
    weights = np.r_[np.zeros(12), np.ones(12)]
    with pytest.raises(InputError, match="fold 0 trains on rows of weight 0 alone; fold 1 holds out rows"):
        model(cv=[(low, high), (high, low)]).fit(X, y, sample_weight=weights)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("tol", value) for value in (-1.0, np.nan, "0.1", None, True)),
        *(("max_iter", value) for value in (0, 1.5, -3, np.nan, True, None)),
        *(("fit_intercept", value) for value in ("no", None, 2, "False")),
        *((name, "a") for name in ("lower", "upper", "penalty_factor")),
    ],
)
def test_options_that_python_would_take_for_others_are_refused(name, wrong):
    with pytest.raises(InputError, match=f"{name}: expected"):
        lm.fit_path(X, X[:, 0], strengths=[0.1], **{name: wrong})
