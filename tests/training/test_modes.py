"""A network that was left in evaluation mode trains like one that was not; what is frozen on purpose stays."""

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

rng = np.random.default_rng(0)
X = (rng.normal(size=(40, 3)) * 3 + 5).astype("f4")
y = X[:, :1]
OPTIONS = {"loss": "squared", "optimizer": optax.sgd(1e-3), "epochs": 2, "batch_size": 10}


def network():
    nx.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))


def fit(net):
    nx.fit(net, (X, y), seed=0, **OPTIONS)
    return net.state_dict()


def path(net):
    found = nx.path(net, (X, y), strengths=[0.1], cv=2, **OPTIONS)
    return found.model().state_dict()


def estimator(net):
    model = nx.NetworkRegressor(net, penalty=None, epochs=2, standardize=False, random_state=0)
    return model.fit(X, y[:, 0]).net_.state_dict()


@pytest.mark.parametrize("train", [fit, path, estimator])
@pytest.mark.filterwarnings("ignore::normax.Notice")
def test_evaluation_mode_does_not_bear_on_training(train):
    net = network().eval()
    compiled = nx.jit(net)
    compiled(X)
    left, right = train(net), train(network())
    for name in right:
        np.testing.assert_array_equal(left[name], right[name])
    assert not np.allclose(left["1.running_mean"], 0)
    assert not any(module.training for module in net.modules())
    np.testing.assert_allclose(compiled(X), net(X), rtol=1e-5)


@pytest.mark.filterwarnings("ignore::normax.Notice")
def test_modules_frozen_on_purpose_stay_so():
    net = network()
    net[1].eval()
    held = np.array(net[1].running_mean)
    fit(net)
    np.testing.assert_array_equal(net[1].running_mean, held)
    assert [module.training for module in net] == [True, False, True, True]


def test_the_mode_is_back_after_an_error():
    net = network().eval()
    with pytest.raises(nx.InputError):
        nx.fit(net, (X, y[:-1]), **OPTIONS)
    assert not any(module.training for module in net.modules())
