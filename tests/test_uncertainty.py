"""Monte-Carlo dropout: moments against their formulas, what it leaves alone, and what it refuses."""

import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F


@pytest.fixture(autouse=True)
def _seed():
    nx.manual_seed(0)


# y = Σ w_j x_j m_j / (1 − p) + b has mean w·x + b and variance p / (1 − p) Σ w_j² x_j².
@pytest.mark.parametrize("batch_size", [None, 500])
def test_moments_of_a_linear_model(batch_size):
    rng, p = np.random.default_rng(0), 0.3
    net = nn.Sequential(nn.Dropout(p), nn.Linear(6, 2)).eval()
    x = rng.standard_normal((4, 6)).astype("f4")
    w, b = np.asarray(net[1].weight), np.asarray(net[1].bias)
    mean, spread, samples = nx.monte_carlo(net, samples=4000, batch_size=batch_size)(x)
    expected = np.sqrt(p / (1 - p) * (x**2) @ (w**2).T)
    np.testing.assert_allclose(spread, expected, rtol=0.06)
    assert (np.abs(mean - (x @ w.T + b)) < 4 * expected / np.sqrt(4000)).all()
    np.testing.assert_allclose(samples.std(0, ddof=1), spread, rtol=1e-4)


def test_batch_norm_stays_in_evaluation_and_the_net_as_it_was():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 1))
    x = np.random.default_rng(0).standard_normal((8, 3)).astype("f4") + 5
    state = {name: np.asarray(v) for name, v in net.state_dict().items()}
    predict = nx.monte_carlo(net, samples=16)
    _, _, first = predict(x)
    assert all(module.training for module in net.modules())
    for name, v in net.state_dict().items():
        np.testing.assert_array_equal(v, state[name])
    # Evaluation: a row's prediction does not depend on its batch.
    nx.manual_seed(3)
    whole = nx.monte_carlo(nn.Sequential(net[0], nn.Dropout(1e-9), net[2]), samples=2)(x).mean
    alone = nx.monte_carlo(nn.Sequential(net[0], nn.Dropout(1e-9), net[2]), samples=2)(x[:1]).mean
    np.testing.assert_allclose(whole[:1], alone, rtol=1e-5)
    assert not np.array_equal(first, predict(x).samples)  # each call draws anew


def test_it_repeats_by_seed_and_sees_new_weights():
    net, x = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5)).eval(), np.ones((2, 3), "f4")
    predict = nx.monte_carlo(net, samples=3)
    nx.manual_seed(1)
    first = predict(x).samples
    nx.manual_seed(1)
    np.testing.assert_array_equal(first, predict(x).samples)
    net[0].weight.value = net[0].weight.value * 0
    net[0].bias.value = net[0].bias.value * 0
    assert not predict(x).samples.any()


class Mine(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, self.training)


@pytest.mark.parametrize(
    ("net", "x"),
    [
        (nn.TransformerEncoderLayer(8, 2, 16, 0.5), jnp.ones((5, 2, 8))),
        (nn.Sequential(nn.DropConnect(3, 2)), jnp.ones((2, 3))),
        (nn.Sequential(nn.DropPath(0.5)), jnp.ones((4, 3))),
    ],
)
def test_every_kind_of_dropout(net, x):
    assert nx.monte_carlo(net.eval(), samples=4)(x).spread.max() > 0


def test_what_a_net_returns_keeps_its_shape():
    mean, spread, _ = nx.monte_carlo(nn.LSTM(3, 4, 2, dropout=0.5).eval(), samples=4)(jnp.ones((5, 2, 3)))
    assert mean[0].shape == spread[0].shape == (5, 2, 4)
    assert mean[1][0].shape == (2, 2, 4)


def test_refused():
    with pytest.raises(InputError, match="Linear has no dropout"):
        nx.monte_carlo(nn.Linear(2, 2))
    with pytest.raises(InputError, match="no dropout"):
        nx.monte_carlo(nn.Sequential(nn.Dropout(0.0), Mine()))
    with pytest.raises(InputError, match="samples: expected at least 2"):
        nx.monte_carlo(nn.Dropout(0.5), samples=1)


def test_passes_share_no_program_with_others():
    """The compiled forward of the same network, and other numbers of passes, are programs of their own."""
    net, x = (
        nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 2)).eval(),
        np.ones((5, 3), "float32"),
    )
    plain = nx.jit(net)(x)
    assert nx.monte_carlo(net, samples=3)(x).samples.shape == (3, 5, 2)
    assert nx.monte_carlo(net, samples=7)(x).samples.shape == (7, 5, 2)
    np.testing.assert_array_equal(nx.jit(net)(x), plain)
