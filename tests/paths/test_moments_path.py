"""A path from moments of folds is `linear_path`'s, whose folds fill and standardise by their own training rows."""

import numpy as np
import pytest
from sklearn.model_selection import KFold

from normax.errors import InputError
from normax.linear_model.sources.folds import RowFolds
from normax.paths.linear import linear_path
from normax.paths.moments_path import Sample, moments_path
from normax.tables import FillAndScale

N, CV = 120, 3


def table():
    """Six columns: the third tells where the first two are missing, the fourth is constant, the last is far from 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 6)) * [1, 5, 1, 1, 100, 1]
    absent = rng.random(N) < 0.2
    X[:, :2][absent], X[:, 2], X[:, 3] = np.nan, absent, 7.0
    X[:, 5] += 1e4
    y = np.nan_to_num(X[:, 0]) + 0.2 * np.nan_to_num(X[:, 1]) + absent + 0.01 * X[:, 4] + rng.normal(size=N)
    return X, y


@pytest.mark.parametrize("penalty", ["l1", "l2", "elastic-net"])
def test_it_is_the_path_of_the_table(penalty):
    X, y = table()
    pairs = list(KFold(CV, shuffle=True, random_state=0).split(X))
    whole = linear_path(X, y, cv=pairs, penalty=penalty, strengths=12, transform=FillAndScale())
    masks = np.array([2, 2, -1, -1, -1, -1])
    shift = np.where(masks >= 0, np.nanmean(X, axis=0), 0.0)
    rows = np.nan_to_num(X - shift)
    folds = RowFolds.listed(pairs, N)
    some = np.arange(0, N, 4)
    said = []
    path = moments_path(
        lambda: ((rows[i : i + 50], y[i : i + 50]) for i in range(0, N, 50)),
        folds,
        masks,
        shift,
        Sample(rows[some], y[some], folds.labels[some]),
        lambda mean, scale: FillAndScale.from_json({"mean": mean, "scale": scale}),
        penalty=penalty,
        strengths=12,
        on_progress=lambda *told: said.append(told),
    )
    for name in ("strengths", "cv_mean", "cv_se", "train_mean", "fold_errors"):
        np.testing.assert_allclose(getattr(path, name), getattr(whole, name), rtol=1e-9, err_msg=name)
    np.testing.assert_allclose(path.null_error, whole.null_error, rtol=1e-9)
    np.testing.assert_allclose(path.unpenalised_error, whole.unpenalised_error, rtol=1e-9)
    for name in ("weight", "bias"):
        np.testing.assert_allclose(path.weights[name], whole.weights[name], rtol=1e-7, atol=1e-9)
    assert path.best.index == whole.best.index
    assert path.gaps.max() < 1e-9
    np.testing.assert_allclose(path.held_out(), whole.held_out()[some], rtol=1e-8)
    np.testing.assert_allclose(path.predict(X), whole.predict(X), rtol=1e-8)
    assert {phase for phase, _, _ in said} == {"moments", "folds", "gaps"}


def test_other_penalties_are_refused():
    with pytest.raises(InputError, match="mixtures of L1 and L2"):
        moments_path(list, RowFolds(2, 4), np.zeros(0), np.zeros(0), None, None, penalty="slope")
