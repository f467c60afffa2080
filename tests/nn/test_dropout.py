"""Dropout: what is kept, how often, and the mean and variance that stay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

NAMES = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


@pytest.fixture(autouse=True)
def _seed():
    nx.manual_seed(0)


@pytest.mark.parametrize("name", NAMES)
def test_repr_evaluation_and_extremes(name):
    layer, theirs = getattr(nn, name)(0.3), getattr(torch.nn, name)(0.3)
    x = (
        jnp.ones((2, 3, 4, 4, 4))
        if "3d" in name
        else jnp.ones((2, 3, 4, 4))
        if "2d" in name
        else jnp.ones((2, 3, 4))
    )
    assert repr(layer) == repr(theirs)
    np.testing.assert_array_equal(layer.eval()(x), x)
    np.testing.assert_array_equal(getattr(nn, name)(0.0)(x), x)
    np.testing.assert_array_equal(getattr(nn, name)(1.0)(x), 0 * x)


def test_dropout_keeps_the_mean():
    y = np.asarray(nn.Dropout(0.3)(jnp.ones((200, 200))))
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.7], rtol=1e-6)
    assert abs((y == 0).mean() - 0.3) < 0.01


@pytest.mark.parametrize(("name", "n"), [("Dropout1d", 1), ("Dropout2d", 2), ("Dropout3d", 3)])
def test_feature_dropout_drops_whole_channels(name, n):
    y = np.asarray(getattr(nn, name)(0.4)(jnp.ones((50, 40, *(3,) * n)))).reshape(2000, -1)
    assert (y == y[:, :1]).all()
    assert abs((y[:, 0] == 0).mean() - 0.4) < 0.04
    unbatched = np.asarray(getattr(nn, name)(0.4)(jnp.ones((2000, *(3,) * n)))).reshape(2000, -1)
    assert (unbatched == unbatched[:, :1]).all()
    assert abs((unbatched[:, 0] == 0).mean() - 0.4) < 0.04


@pytest.mark.parametrize("name", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_keeps_mean_and_variance_like_torch(name):
    x = np.random.default_rng(0).standard_normal((300, 100, 5)).astype("f4")
    y = np.asarray(getattr(nn, name)(0.2)(x))
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.03
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(0.2)(torch.ones(1, 4000, 1)).unique().numpy()
    np.testing.assert_allclose(np.unique(getattr(nn, name)(0.2)(jnp.ones((1, 4000, 1)))), theirs, rtol=1e-5)


def test_drop_path_drops_samples():
    y = np.asarray(nn.DropPath(0.25)(jnp.ones((4000, 3))))
    assert (y == y[:, :1]).all()
    assert abs((y[:, 0] == 0).mean() - 0.25) < 0.03
    np.testing.assert_allclose(y.max(), 1 / 0.75, rtol=1e-6)


def test_drop_block_drops_squares_and_keeps_the_mean():
    y = np.asarray(nn.DropBlock2d(0.2, 3)(jnp.ones((40, 10, 16, 16))))
    lost = y == 0
    assert abs(lost.mean() - 0.2) < 0.05  # overlapping squares lose a little less
    assert abs(y.mean() - 1) < 1e-4
    # Every lost cell lies in a lost 3 × 3 square.
    squares = np.lib.stride_tricks.sliding_window_view(lost, (3, 3), (2, 3)).all((-1, -2))
    covered = np.zeros_like(lost)
    for i in range(3):
        for j in range(3):
            covered[:, :, i : i + 14, j : j + 14] |= squares
    assert (covered == lost).all()


def test_gaussian_dropout_has_dropouts_moments():
    y = np.asarray(nn.GaussianDropout(0.2)(jnp.ones(100_000)))
    assert abs(y.mean() - 1) < 0.01
    assert abs(y.var() - 0.25) < 0.01


def test_drop_connect_drops_weights():
    layer = nn.DropConnect(50, 40, p=0.5)
    y = layer(jnp.eye(50)) - layer.bias.value
    kept = np.asarray(y != 0)
    assert abs(kept.mean() - 0.5) < 0.05
    np.testing.assert_allclose(y[kept], 2 * layer.weight.value.T[kept], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.eval()(jnp.eye(50)) - layer.bias.value, layer.weight.value.T, atol=1e-6)
    assert repr(layer) == "DropConnect(in_features=50, out_features=40, bias=True, p=0.5)"


def test_a_layer_used_twice_draws_twice():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(x), self.drop(x)

    net = Twice()
    a, b = nx.jit(net)(jnp.ones(1000))
    c, d = nx.jit(net)(jnp.ones(1000))
    assert len({np.asarray(m).tobytes() for m in (a, b, c, d)}) == 4


@pytest.mark.parametrize(
    "draw",
    [
        F.dropout,
        lambda x: F.alpha_dropout(x, training=True),
        lambda x: F.rrelu(x, training=True),
        F.gumbel_softmax,
        lambda x: nx.remat(F.dropout)(x),
        lambda x: nx.scan(lambda carry, _: (F.dropout(carry, 0.1), None), x, length=2)[0],
    ],
)
def test_functions_draw_anew_in_compiled_calls(draw):
    class Drawing(nn.Module):
        def forward(self, x):
            return draw(x), draw(x)

    x = jnp.linspace(-2, -1, 100)
    compiled = nx.jit(Drawing())
    assert len({np.asarray(y).tobytes() for y in (*compiled(x), *compiled(x))}) == 4


def test_a_draw_under_a_bare_jit_is_refused():
    with pytest.raises(InputError, match="repeat for ever"):
        jax.jit(F.dropout)(jnp.ones(3))


@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_refused(p):
    with pytest.raises(InputError, match="expected between 0 and 1"):
        nn.Dropout(p)
    with pytest.raises(InputError, match="expected 0 <= p < 1"):
        nn.GaussianDropout(1.0)(jnp.ones(2))
    with pytest.raises(InputError, match="expected 3D or 4D input"):
        nn.Dropout2d()(jnp.ones((2, 3)))
