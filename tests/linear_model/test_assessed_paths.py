"""Paths of estimators know their family, so that they are assessed like those of `fit_path`."""

import numpy as np
import pytest

from normax import linear_model as lm
from normax.diagnostics import assess, confusion
from normax.linear_model import fit_path
from normax.linear_model.analysis.measures import measures_of


@pytest.mark.filterwarnings("ignore:there is no minimiser")
@pytest.mark.parametrize(
    ("name", "response", "measure"),
    [
        ("Lasso", "number", "mse"),
        ("LassoLars", "number", "mse"),
        ("RidgeCV", "number", "C"),
        ("HuberRegressor", "number", "mae"),
        ("LogisticRegression", "level", "class"),
        ("NegativeBinomialRegressor", "level", "deviance"),
        ("OrdinalClassifier", "level", "class"),
        ("OrdinalClassifierCV", "level", "C"),
        ("CoxRegressor", "life", "C"),
        ("CoxRegressorCV", "life", "deviance"),
    ],
)
def test_paths_of_estimators_know_their_family(name, response, measure):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    number = X[:, 0] + rng.logistic(size=60)
    life = np.column_stack([rng.exponential(np.exp(-X[:, 0])), rng.uniform(size=60) < 0.8])
    y = {"number": number, "level": np.digitize(number, [-1, 1]), "life": life}[response]
    few = {"alphas": [1.0, 0.1]} if name.endswith("CV") else {}
    path = getattr(lm, name)(**few).fit(X, y).path_
    told = assess(path, X, y)[-1]
    again = fit_path(X, y, strengths=path.strengths[-1:], family=path.family, l1_ratio=0.0)
    assert set(told) == {"strength", *measures_of(path.family, path.intercept.shape[1])}
    assert np.isfinite(told[measure])
    assert set(assess(again, X, y)[-1]) == set(told)
    if response == "level" and "Negative" not in name:
        counts = confusion(path, X, y, s=path.strengths[-1])
        assert sum(row[f"true {k}"] for row in counts for k in range(3)) == 60
        assert 1 - sum(counts[k][f"true {k}"] for k in range(3)) / 60 == pytest.approx(told["class"])
