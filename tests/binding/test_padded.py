"""Predictions of a new number of rows run a program that is there, where rows do not know of each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.binding.padded import _told_apart, predict_rows, rounded
from normax.paths.ensemble import Member


class Centred(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(jnp.zeros(3))  # at zero its rows only seem not to know of each other

    def forward(self, x):
        return x + self.scale * x.mean(0)


class Counted(nn.Linear):
    def forward(self, x):
        return super().forward(x) / len(x)


class Placed(nn.Linear):
    def forward(self, x):
        return super().forward(x) + jnp.linspace(0, 1, len(x))[:, None]


class Noisy(nn.Linear):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5, training=True)


def usual():
    return nn.Sequential(
        nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.LayerNorm(8), nn.Linear(8, 2)
    )


@pytest.mark.parametrize(
    ("net", "shape", "apart"),
    [
        (usual, (3,), True),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(8, 2)), (1, 4, 4), True),
        (lambda: nn.Sequential(nn.GRU(3, 4, batch_first=True)), (5, 3), False),  # two results
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2, track_running_stats=False)), (3,), False),
        (lambda: nn.Sequential(nn.Linear(3, 2), nn.Softmax(0)), (3,), False),
        (Centred, (3,), False),
        (lambda: Counted(3, 2), (3,), False),
        (lambda: Placed(3, 2), (3,), False),
        (lambda: Noisy(3, 2), (3,), False),
    ],
)  # fmt: skip
def test_rows_that_know_of_each_other_are_told(net, shape, apart):
    assert _told_apart(net().eval(), shape, jnp.dtype("float32")) == apart


def test_a_new_count_compiles_nothing_and_numbers_stay():
    net = usual()
    net(np.random.default_rng(1).normal(size=(50, 3)).astype("float32"))  # running statistics
    net.eval()
    X, member = np.random.default_rng(0).normal(size=(40, 3)), Member(net)
    exact = nx.jit(net)(X.astype("float32"))
    member.outputs(X[:38]), member.outputs(X[:24])
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(lambda name, *_, **__: compiled.append(name))
    few = {n: member.outputs(X[:n]) for n in (33, 37, 17, 23)}
    jax.monitoring.clear_event_listeners()
    for n, outputs in few.items():
        np.testing.assert_allclose(outputs, exact[:n], rtol=2e-5, atol=2e-6)
    assert not [name for name in compiled if "backend_compile" in name]


def test_a_network_with_a_mean_over_rows_predicts_what_it_does():
    net = Centred().eval()
    X = jnp.arange(15.0).reshape(5, 3)
    predict_rows(net, X)
    net.scale.value = jnp.ones(3)
    np.testing.assert_allclose(predict_rows(net, X), X + X.mean(0))


def test_counts_are_few():
    counts = {rounded(n) for n in range(1, 4097)}
    assert len(counts) < 35
    assert all(n <= rounded(n) <= max(8 * -(-n // 8), 1.25 * n) for n in range(1, 4097))
