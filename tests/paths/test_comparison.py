"""nx.compare: dropout's probabilities are lanes of one path, each what a path of that p alone would be."""

import pickle

import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.paths.variants import with_dropout

pytestmark = pytest.mark.filterwarnings("ignore::normax.errors.Notice")


@pytest.mark.slow
def test_every_p_of_dropout_is_the_path_of_that_p_alone_and_survives_pickling():
    random = np.random.default_rng(0)
    X = random.normal(size=(60, 4)).astype("float32")
    y = X[:, 0] * X[:, 1] + 0.3 * random.normal(size=60)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
    options = {"loss": "squared", "cv": 2, "epochs": 12, "batch_size": 8, "seed": 1, "early_stopping": 1}
    compared = nx.compare(net, (X, y), methods=["dropout"], dropout=[0.2, 0.6], **options)
    path = compared.paths["dropout"]
    assert path.strengths.tolist() == [0.6, 0.2]
    assert compared.strength("dropout") == path.best.strength
    assert compared.without_strength == ()
    assert path.unpenalised_error is None
    dropped, layer = with_dropout(net, X)
    assert dropped[2][0] is dropped[4][0] is dropped.get_submodule(layer)  # one p for all places
    dropped[2][0].p = 0.2
    alone = nx.path(dropped, (X, y), penalty="l2", strengths=[0.0], **options)
    np.testing.assert_allclose(path.fold_errors[:, 1], alone.fold_errors[:, 0], rtol=1e-5)
    np.testing.assert_allclose(path.held_out(1), alone.held_out(0), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(path.epochs[:, 1], alone.epochs[:, 0])
    assert not np.allclose(path.fold_errors[:, 0], path.fold_errors[:, 1], rtol=1e-3)
    assert path.model(1).get_submodule(layer).p == 0.2
    again = pickle.loads(pickle.dumps(compared)).paths["dropout"]
    assert np.array_equal(again.predict(X), path.predict(X))
    assert np.array_equal(again.ensemble().predict(X), path.ensemble().predict(X))
