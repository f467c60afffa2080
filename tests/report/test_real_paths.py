"""Paths as `normax.path` makes them, all the way to their pictures and pages."""

import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.paths import linear_path
from normax.penalties import L1, L2, ElasticNet

pytestmark = pytest.mark.filterwarnings("ignore::normax.Notice")


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).astype("float32")
    return X, (X[:, 0] - X[:, 1] + rng.normal(size=60) / 2).astype("float32")


@pytest.mark.parametrize("penalty", [L1, L2, ElasticNet(l1_ratio=0.3), L1() + L2()])
def test_linear_paths_report_themselves(penalty, data, tmp_path):
    path = linear_path(*data, penalty=penalty, strengths=12, cv=4)
    assert len(path.plot().axes) == 2  # no weight is zero yet
    text = path.report(str(tmp_path)).read_text(encoding="utf-8")
    assert f"{path.best.nonzero:,} of 4 coefficients" in text or "all 4 coefficients" in text


def test_classes_and_paths_without_folds(data, tmp_path):
    X, y = data
    labels = np.digitize(y, [-0.5, 0.5])
    path = linear_path(X, labels, loss="cross_entropy", strengths=8, cv=None)
    assert len(path.plot().axes) == 4
    assert "without cross-validation" in path.report(str(tmp_path)).read_text(encoding="utf-8")


def test_networks_report_themselves(data, tmp_path):
    nx.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    path = nx.path(net, data, loss="squared", strengths=[1.0, 1e-2, 0.0], cv=2, epochs=2, scale_target=True)
    assert len(path.plot().axes) == 4  # zeros and units as well
    text = path.report(str(tmp_path)).read_text(encoding="utf-8")
    assert "0.weight" in text
    assert "standardised, and s belongs to that scale" in text
