"""The step: whom it refuses, what it leaves alone."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1, L2

x = jnp.asarray(np.random.default_rng(0).normal(size=(30, 3)), jnp.float32)
y = x[:, :1]


def squared(net, x, y):
    return ((net(x) - y) ** 2).mean() / 2


def test_too_strong_l2_is_refused_at_the_start_and_after_a_change():
    net = nx.penalize(nn.Linear(3, 1), L2(30.0))
    with pytest.raises(nx.InputError, match="diverge"):
        nx.train_step(net, squared, optax.sgd(0.1))
    step = nx.train_step(nx.penalize(net, L2(1.0)), squared, optax.sgd(0.1))
    step(x, y)
    nx.penalize(net, L2(30.0))
    with pytest.raises(nx.InputError, match="diverge"):
        step(x, y)


def test_l2_is_accepted_by_optimisers_that_take_signs():
    step = nx.train_step(nx.penalize(nn.Linear(3, 1), L2(0.1)), squared, optax.lion(1e-3))
    assert np.isfinite(step(x, y))


@pytest.mark.parametrize("tx", [optax.lion(1e-3), optax.lamb(1e-3), optax.lars(1e-3)])
def test_l1_needs_a_step_that_can_be_read(tx):
    net = nx.penalize(nn.Linear(3, 1), L1(0.1))
    with pytest.raises(nx.InputError, match="prox_step"):
        nx.train_step(net, squared, tx)
    nx.train_step(net, squared, tx, prox_step=0.01)


def test_donation_spares_shared_and_loaded_arrays():
    net, twin = nn.Linear(3, 1), nn.Linear(3, 1)
    twin.weight.value = net.weight.value
    kept = {"weight": jnp.ones((1, 3)), "bias": jnp.zeros(1)}
    net.load_state_dict(kept)
    shared = twin.weight.value
    steps = [nx.train_step(n, squared, optax.sgd(0.1)) for n in (net, twin, net)]
    for _ in range(2):
        for step in steps:
            step(x, y)
    assert kept["weight"].tolist() == [[1, 1, 1]]
    assert shared.shape == (1, 3)
    assert np.isfinite(np.asarray(shared)).all()


def test_changed_trainables_ask_for_a_new_step():
    net = nn.Linear(3, 1)
    step = nx.train_step(net, squared, optax.sgd(0.1))
    net.bias.requires_grad = False
    with pytest.raises(nx.InputError, match="make a new one"):
        step(x, y)


@pytest.mark.parametrize(
    ("loss_fn", "message"),
    [
        (nn.MSELoss(), "write lambda net, x, y: loss"),
        ("squared", "expected a function"),
        (lambda net, x, y: None, "return"),
        (lambda net, x, y: (squared(net, x, y), 1), "return the loss alone"),
    ],
)
def test_what_is_no_scalar_loss_is_named(loss_fn, message):
    with pytest.raises(nx.InputError, match=message):
        nx.train_step(nn.Linear(3, 1), loss_fn, optax.sgd(0.1))(x, y)


def test_a_batch_of_no_arrays_is_named():
    net = nn.Linear(3, 1)
    step = nx.train_step(net, squared, optax.sgd(0.1))
    with pytest.raises(
        nx.InputError, match=r"argument 0 is of type builtins\.list; argument 1 has dtype object"
    ):
        step([[1.0, 2.0, 3.0]], np.ones((1, 1), object))
    assert np.isfinite(step(x, y))
    with pytest.raises(nx.InputError, match="accumulate"):
        nx.train_step(net, squared, optax.sgd(0.1), accumulate=0)


def test_a_batch_that_makes_the_weights_nan_is_told_once():
    net = nn.Linear(3, 1)
    step = nx.train_step(net, lambda net, x, y: ((net(x) - y) ** 2).mean(), optax.sgd(0.01))
    x, y = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    jax.block_until_ready(step(x, y))
    assert np.isnan(step(x * np.nan, y))
    with pytest.warns(
        nx.Notice, match=r"loss was nan at step 2 or before, and so are weights now \(weight, bias\)"
    ):
        step(x, y)
    for _ in range(40):
        step(x, y)  # a second notice would be an error
