"""The loss about every fit of a linear path is the loss of the data, and the fits are where their penalty holds it."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import normax as nx
from normax.paths import linear_path
from normax.penalties import L1, ElasticNet


@pytest.fixture
def data():
    X, y = load_diabetes(return_X_y=True)
    return X / X.std(0), y


@pytest.mark.parametrize(
    ("loss", "penalty", "ratio"), [("squared", L1(), 1.0), ("mse", ElasticNet(l1_ratio=0.5), 0.5)]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_squares_about_a_fit_are_those_of_the_data(data, loss, penalty, ratio, weighted):
    X, y = data
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float) if weighted else np.ones(len(y))
    path = linear_path(
        X, y, loss=loss, penalty=penalty, strengths=[20.0, 5.0, 0.5], cv=None, sample_weight=weight
    )
    share, half = weight / weight.sum(), 0.5 if loss == "squared" else 1.0

    def mean_loss(w):
        residual = y - X @ w
        return half * share @ (residual - share @ residual) ** 2

    about, random = path.around, np.random.default_rng(1)
    for i, s in enumerate(path.strengths):
        w = path.weights["weight"][i, 0]
        d = random.normal(size=len(about.features))
        moved = w.copy()
        moved[about.features] += d
        told = about.slope[i] @ d + 0.5 * d @ about.gram @ d
        assert told == pytest.approx(mean_loss(moved) - mean_loss(w), rel=1e-8)
        own = w[about.features]
        pull = -about.slope[i] - s * (1 - ratio) * own  # what the penalty's corner has to hold
        assert np.allclose(pull[own != 0], s * ratio * np.sign(own[own != 0]), atol=1e-3 * s)
        assert (np.abs(pull[own == 0]) <= s * ratio * 1.001).all()


def test_classes_keep_rows_of_the_data(data):
    X, y = data
    high = (y > np.median(y)).astype(int)
    path = linear_path(X, high, loss="binary_cross_entropy", strengths=4, cv=None)
    about, w, b = path.around, path.weights["weight"][:, 0], path.weights["bias"]
    assert np.array_equal(about.rows, X[:, about.features])
    assert np.array_equal(about.targets, high)
    assert np.allclose(about.outputs, w @ X.T + b)
    assert about.weight.sum() == pytest.approx(1)


def test_what_has_no_picture_has_none(data):
    X, y = data
    assert linear_path(X, np.abs(y), loss="gamma", strengths=3, cv=None).around is None
    assert linear_path(X[:, :1], y, strengths=3, cv=None).around is None
    assert (
        nx.path(nx.nn.Linear(10, 2), (X, np.c_[y, -y]), loss="squared", strengths=3, cv=None).around is None
    )


def test_a_report_takes_names_and_a_language(data, tmp_path):
    X, y = data
    path = linear_path(X, (y > 140).astype(int), loss="binary_cross_entropy", strengths=4, cv=3)
    file = path.report(tmp_path, title="Who gets worse?", labels=["stable", "worse"], language="zh")
    text = file.read_text(encoding="utf-8")
    assert "<h1>Who gets worse?</h1>" in text
    assert '"labels":["stable","worse"]' in text
    assert '<html lang="zh-Hans">' in text
    assert path.report(tmp_path).read_text(encoding="utf-8").startswith('<!DOCTYPE html>\n<html lang="en">')
    with pytest.raises(nx.InputError, match="language: expected one of en, zh, got 'fr'"):
        path.report(tmp_path, language="fr")
