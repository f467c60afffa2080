"""An automatic grid goes on while the error is smallest at its weak end."""

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

OPTIONS = {
    "loss": "squared",
    "cv": 2,
    "epochs": 30,
    "batch_size": 20,
    "select": "min",
    "seeds": 2,
    "optimizer": optax.adam(0.03),
}


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 3)).astype(np.float32)
    return X, (X @ [3.0, 2.0, 1.0]).astype(np.float32)


def network():
    nx.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


@pytest.mark.parametrize("early_stopping", [None, pytest.param(5, marks=pytest.mark.slow)])
def test_a_grid_goes_on_beyond_its_weak_end(data, early_stopping, tmp_path, monkeypatch):
    monkeypatch.setattr("normax.paths.pilot.NETWORK_RATIO", 0.5)  # too strong a grid
    options = {**OPTIONS, "early_stopping": early_stopping}
    path = nx.path(network(), data, strengths=3, checkpoint=tmp_path, **options)
    assert 3 < len(path.strengths) <= 9
    assert path.minimum.index > 2
    assert (np.diff(path.strengths) < 0).all()
    with pytest.warns(nx.Notice, match="weakest strength"):
        given = nx.path(network(), data, strengths=path.strengths[:3], **options)
    for name in ("fold_errors", "fold_train_errors", "curves"):
        np.testing.assert_array_equal(getattr(path, name)[:, :3], getattr(given, name))
    np.testing.assert_array_equal(path.weights["0.weight"][:3], given.weights["0.weight"])
    np.testing.assert_array_equal(path.held_out(0), given.held_out(0))
    assert path.unpenalised_error == given.unpenalised_error
    # Each added strength is the fit that it is in a path of its own.
    rest = nx.path(network(), data, strengths=path.strengths[3:], **options)
    np.testing.assert_allclose(path.fold_errors[:, 3:], rest.fold_errors, rtol=1e-4)
    np.testing.assert_allclose(path.weights["2.weight"][3:], rest.weights["2.weight"], atol=1e-4)
    for part in sorted(tmp_path.glob("rows-*"))[1::2]:
        part.unlink()
    again = nx.path(network(), data, strengths=3, checkpoint=tmp_path, **options)
    np.testing.assert_array_equal(path.fold_errors, again.fold_errors)
    np.testing.assert_array_equal(path.weights["0.weight"], again.weights["0.weight"])


@pytest.mark.filterwarnings("ignore::normax.Notice")
def test_warm_chains_and_further_axes_keep_their_grid(data, monkeypatch):
    monkeypatch.setattr("normax.paths.pilot.NETWORK_RATIO", 0.5)
    for more in ({"warm_start": True}, {"over": {"learning_rate": [0.01, 0.03]}, "optimizer": None}):
        path = nx.path(network(), data, strengths=3, **{**OPTIONS, **more})
        assert any("weakest strength" in notice for notice in path.notices)
        assert len(np.unique(path.strengths)) == 3
