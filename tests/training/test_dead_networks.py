"""A network that nobody holds any more is gone, weights and all, whatever was compiled for it."""

import gc
import weakref

import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

X = np.random.default_rng(0).normal(size=(24, 3)).astype("f4")
y = X[:, :1]


def fit(net, loss):
    nx.fit(
        net, (X, y), loss=loss, optimizer=optax.sgd(0.01), epochs=2, batch_size=8, metrics=["mse"], ema=0.9
    )


def path(net, loss):
    nx.path(
        net, (X, y), loss=loss, optimizer=optax.sgd(0.01), epochs=2, batch_size=8, strengths=[0.1], cv=None
    )


@pytest.mark.parametrize("train", [fit, path])
@pytest.mark.parametrize("width", [4, 5])
def test_a_network_dies_after_its_training(train, width):
    net = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 1))
    if train is path:
        net = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 1))
    held = [weakref.ref(net), *(weakref.ref(cell) for cell in net.parameters())]
    train(net, lambda output, target: ((output - target) ** 2).sum(1))
    del net
    gc.collect()
    assert [ref() for ref in held] == [None] * len(held)
