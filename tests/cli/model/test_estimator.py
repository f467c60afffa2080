"""A saved model from Python: scikit-learn's conventions, and the command's predictions."""

import csv

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

import normax as nx
from normax.cli import main
from normax.errors import InputError


def test_a_regression(fitted, table, tmp_path):
    model = nx.load_model(fitted)
    assert (
        main(["predict", str(fitted), str(fitted.parent / "made.csv"), "--out", str(tmp_path / "p.csv")]) == 0
    )
    with (tmp_path / "p.csv").open() as file:
        told = [float(row["prediction"]) for row in csv.DictReader(file)]
    frame = table[["y", *sorted(table.columns.drop("y"), reverse=True)]]
    for source in (frame, pl.from_pandas(frame), fitted.parent / "made.csv"):
        np.testing.assert_allclose(model.predict(source), told, rtol=1e-12)
    assert list(model.feature_names_in_) == list(table.columns.drop("y"))
    assert model.n_features_in_ == 20
    np.testing.assert_allclose(
        model.predict(table[list(model.feature_names_in_)].to_numpy()), told, rtol=1e-12
    )
    check_is_fitted(model)
    assert is_regressor(model)
    assert model.score(table, table["y"]) > 0.9
    again = clone(model)
    assert again.get_params() == {"folder": fitted, "trust_code": False}
    assert (
        make_pipeline(FrozenEstimator(again)).fit(table, table["y"]).predict(table).tolist()
        == model.predict(table).tolist()
    )
    drop = permutation_importance(model, table.head(100), table["y"].head(100), n_repeats=2, random_state=0)
    assert table.columns[drop.importances_mean.argmax()] in ("x0", "y")


@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2, 4)])
def test_classes(tmp_path, labels):
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 2))
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(
        y=np.array(labels)[(X[:, 0] > 0).astype(int) * (len(labels) - 1)]
    )
    frame.loc[::9, "y"] = labels[1]
    frame.to_csv(tmp_path / "d.csv", index=False)
    words = [
        "path",
        str(tmp_path / "d.csv"),
        "--target",
        "y",
        "--task",
        "classification",
        "--cv",
        "3",
        "--strengths",
        "5",
    ]
    assert main([*words, "--select", "min", "--out", str(tmp_path / "o")]) == 0
    model = nx.load_model(str(tmp_path / "o"))
    assert is_classifier(model)
    assert model.classes_.tolist() == list(labels)
    probabilities = model.predict_proba(frame)
    assert probabilities.shape == (90, len(labels))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (model.predict(frame) == model.classes_[probabilities.argmax(axis=1)]).all()
    assert model.score(frame, frame["y"]) > 0.7
    calibrated = CalibratedClassifierCV(FrozenEstimator(model)).fit(frame[["a", "b"]], frame["y"])
    assert calibrated.predict_proba(frame[["a", "b"]]).shape == probabilities.shape


def test_what_cannot_be(fitted, table):
    model = nx.load_model(fitted)
    with pytest.raises(InputError, match="no column 'x0'; did you mean 'x10'"):
        model.predict(table.drop(columns="x0"))
    with pytest.raises(InputError, match=r"expected shape \(rows, 20\), got \(2, 3\)"):
        model.predict(np.zeros((2, 3)))
    with pytest.raises(InputError, match="a saved model is fitted already"):
        model.fit(table, table["y"])
    with pytest.raises(InputError, match=r"holds no model\.json"):
        nx.load_model(fitted.parent)
