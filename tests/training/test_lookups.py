"""Whole data sets are asked beforehand for indices and classes that no table has."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

rng = np.random.default_rng(0)


class Words(nn.Module):
    """Two tables, of which one is read at places that the rows do not decide, and rows that a reshape hides."""

    def __init__(self, places=3):
        super().__init__()
        self.word, self.place, self.head = nn.Embedding(5, 4), nn.Embedding(places, 4), nn.Linear(4, 3)

    def forward(self, x):
        words = self.word(x.astype(int).reshape(-1)).reshape(*x.shape, 4)
        return self.head((words + self.place(jnp.arange(x.shape[1]))).mean(1))


def rows(n=40):
    return rng.integers(0, 5, (n, 3)), rng.integers(0, 3, n)


def own(output, target):
    return F.cross_entropy(output, target, reduction="none")


def fit(net, data, loss=own, **options):
    return nx.fit(net, data, loss=loss, optimizer=optax.sgd(0.1), epochs=1, batch_size=8, **options)


def path(net, data, loss=own):
    return nx.path(net, data, loss=loss, cv=2, epochs=1)


@pytest.mark.parametrize("train", [fit, path])
@pytest.mark.parametrize("dtype", ["int64", "float32"])
@pytest.mark.parametrize("bad", [-1, 5])
def test_indices(train, dtype, bad):
    X, y = rows()
    X[17, 1] = bad
    before = nn.Module.state_dict(net := Words())
    with pytest.raises(InputError, match=f"X: expected indices from 0 to 4, got {bad} at row 17 .1 in all"):
        train(net, (X.astype(dtype), y))
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_a_column_is_named_where_it_can_be():
    X, y = rows()
    X[4, 2] = 7
    net = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 3))
    with pytest.raises(InputError, match="got 7 at row 4, column 2"):
        fit(net, (X, y))


@pytest.mark.parametrize("train", [fit, path])
@pytest.mark.parametrize("bad", [-1, 3])
def test_classes_of_a_loss_of_ones_own(train, bad):
    X, y = rows()
    y[[5, 9]] = bad
    with pytest.raises(InputError, match=f"y: expected classes from 0 to 2, got {bad} at row 5 .2 in all"):
        train(Words(), (X, y))


def test_classes_of_a_loader_by_batch():
    X, y = rows()
    y[21] = 9
    batches = [(X[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)]
    with pytest.raises(InputError, match="got 9 at row 5 of batch 2"):
        nx.fit(Words(), batches, loss=own, optimizer=optax.sgd(0.1), epochs=1)
    with pytest.raises(InputError, match="got 9 at row 5 of batch 2"):
        nx.fit(Words(), batches, loss="cross_entropy", optimizer=optax.sgd(0.1), epochs=1)


def test_places_that_the_network_asks_for():
    with pytest.raises(InputError, match="the network itself: expected indices from 0 to 1, got 2"):
        fit(Words(places=2), rows())


@pytest.mark.parametrize("bad", [-1, 3])
def test_training_steps_say_nan(bad):
    X, y = rows()
    step = nx.train_step(Words(), lambda net, x, y: F.cross_entropy(net(x), y), optax.sgd(0.1))
    assert np.isfinite(step(X, y))
    y[5] = bad
    assert np.isnan(step(X, y))
