"""Losses of one's own that broadcast outputs against targets over every pair of rows say so, once."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.binding.crossing import crossing

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 5)).astype("f4")
y = X[:, 0]
SHAPES = r"\(12, 1\) against a part of the batch of shape \(12,\)"


class Two(nn.Module):
    """A mean and a log-variance, each in a column of its own."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 2)

    def forward(self, x):
        return self.layer(x)[:, :1], self.layer(x)[:, 1:]


def gaussian(net, x, y):
    mean, log_variance = net(x)
    return (log_variance + (mean - y) ** 2 * jnp.exp(-log_variance)).mean()


CROSSED = {
    "squares": (nn.Linear(5, 1), lambda net, x, y: ((net(x) - y) ** 2).mean()),
    "a function's": (nn.Linear(5, 1), lambda net, x, y: jnp.logaddexp(net(x), y).mean()),
    "where": (nn.Linear(5, 1), lambda net, x, y: jnp.where(y > 0, net(x), 0).mean()),
    "a compiled": (nn.Linear(5, 1), lambda net, x, y: jax.jit(lambda a, b: abs(a - b))(net(x), y).mean()),
    "integers": (nn.Linear(5, 1), lambda net, x, y: (net(x) * (y > 0).astype(int)).mean()),
    "of two": (Two(), gaussian),
}
RIGHT = {
    "flat": (nn.Linear(5, 1), lambda net, x, y: ((net(x)[:, 0] - y) ** 2).mean()),
    "columns": (nn.Linear(5, 1), lambda net, x, y: ((net(x) - y[:, None]) ** 2).mean()),
    "classes": (nn.Linear(5, 12), lambda net, x, y: (net(x) * jnp.arange(12.0)).mean() + y.mean()),
    "pairs of rows": (
        nn.Linear(5, 3),
        lambda net, x, y: ((net(x) @ net(x).T) * (y[:, None] == y[None])).mean(),
    ),
    "distances": (nn.Linear(5, 3), lambda net, x, y: abs(net(x)[:, None] - net(x)[None]).mean() + y.mean()),
}


def train(net, loss_fn, **options):
    return nx.train_step(net, loss_fn, optax.adam(0.01), **options)


@pytest.mark.parametrize("make", [train, nx.value_and_grad])
@pytest.mark.parametrize("name", CROSSED)
def test_a_crossing_is_told_once(name, make):
    net, loss_fn = CROSSED[name]
    call = make(net, loss_fn)
    with pytest.warns(nx.Notice, match=SHAPES):
        call(X, y)
    call(X, y)
    call(X[:7], y[:7])  # a notice would be an error


@pytest.mark.parametrize("make", [train, nx.value_and_grad])
@pytest.mark.parametrize("name", RIGHT)
def test_other_arithmetic_is_not(name, make):
    net, loss_fn = RIGHT[name]
    make(net, loss_fn)(X, y)


def test_either_side_parts_packing_and_images():
    squares = CROSSED["squares"][1]
    flat = nn.Sequential(nn.Linear(5, 1), nn.Flatten(0))
    with pytest.warns(nx.Notice, match=r"\(12,\) against a part of the batch of shape \(12, 1\)"):
        train(flat, squares)(X, y[:, None])
    with pytest.warns(nx.Notice, match=r"\(6, 1\) against .* \(6,\)"):
        train(nn.Linear(5, 1), squares, accumulate=2)(X, y)
    with pytest.warns(nx.Notice, match=SHAPES):
        nx.train_step(nn.Linear(5, 1), squares, optax.sgd(0.1), packing=True)(X, y)
    images = rng.normal(size=(3, 1, 8, 8)).astype("f4")
    with pytest.warns(nx.Notice, match=r"\(3, 1, 8, 8\) against .* \(3, 8, 8\)"):
        train(nn.Conv2d(1, 1, 3, padding=1), squares)(images, images[:, 0])


def test_nothing_is_traced_twice():
    traced = []

    def loss_fn(net, x, y):
        traced.append(x.shape)
        return (net(x)[:, 0] - y).mean()

    net = nn.Linear(5, 1)
    train(net, loss_fn)(X, y)
    nx.value_and_grad(net, loss_fn)(X, y)
    assert traced == [(12, 5)] * 2


@pytest.mark.parametrize("fit", [nx.fit, nx.path])
def test_a_fit_whose_loss_averages_the_pairs_away(fit):
    options = {"strengths": [0.1], "cv": None} if fit is nx.path else {}
    loss = {"optimizer": optax.sgd(0.1), "epochs": 1, "batch_size": 4}
    net = nn.Sequential(nn.Linear(5, 1), nn.Identity())
    with pytest.warns(nx.Notice, match=r"loss: an output of shape \(2, 1\) against .* \(2,\)"):
        fit(net, (X, y), loss=lambda output, target: ((output - target) ** 2).mean(1), **loss, **options)
    with pytest.raises(nx.InputError, match=r"one value a row.* \(2, 2\)"):
        fit(net, (X, y), loss=lambda output, target: (output - target) ** 2, **loss, **options)


def test_loops_and_branches_are_looked_into():
    def body(carry, part):
        return carry + (carry[:1] * part[0]).sum(), part

    def program(w, y):
        looped = jax.lax.scan(body, w[0], y[:, None])[0]
        return jax.lax.cond(looped.sum() > 0, lambda w, y: w - y, lambda w, y: w + y, w[:, :1], y)

    jaxpr = jax.make_jaxpr(program)(jnp.ones((6, 3)), jnp.ones(6)).jaxpr
    assert crossing(jaxpr, [True, False], [6]) == ((6, 1), (6,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert crossing(jaxpr, [True, False], [7]) is None


def test_each_fit_tells_it():
    """The trial on two rows is shared by fits of one kind; what it found is told to each."""

    def loss(output, target):
        return ((output - target) ** 2).mean(1)

    X, y = np.ones((6, 3), "float32"), np.ones(6, "float32")
    for _ in range(2):
        with pytest.warns(nx.errors.Notice, match="every pair of rows"):
            nx.fit(nn.Linear(3, 1), (X, y), loss=loss, optimizer=optax.sgd(0.1), epochs=1, batch_size=3)
