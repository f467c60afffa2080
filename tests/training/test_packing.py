"""Packing: the same numbers as without (to rounding: XLA fuses two programs differently), cells that lend and get back, and the optimisers it refuses."""

import copy

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1, L2

rng = np.random.default_rng(0)
x = jnp.asarray(rng.normal(size=(20, 8)), jnp.float32)
y = jnp.asarray(rng.integers(0, 3, 20))


def loss_fn(net, x, y):
    return nn.functional.cross_entropy(net(x), y)


def network():
    nx.manual_seed(0)
    return nn.Sequential(
        nn.Linear(8, 1100), nn.ReLU(), nn.BatchNorm1d(1100), nn.Linear(1100, 4), nn.Linear(4, 3)
    )


def equal(a, b):
    state = b.state_dict()
    for name, value in a.state_dict().items():
        np.testing.assert_allclose(value, state[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(
    "tx",
    [
        optax.sgd(0.1, momentum=0.9),
        optax.chain(optax.clip(0.01), optax.adamw(optax.cosine_decay_schedule(1e-2, 100))),
        optax.inject_hyperparams(optax.rmsprop)(1e-3),
    ],
)
def test_packed_equals_unpacked(tx):
    nets = [nx.penalize(network(), {"0.weight": L1(0.01), "3.weight": L2(0.1)}) for _ in range(2)]
    plain, packed = (nx.train_step(net, loss_fn, tx, packing=p) for net, p in zip(nets, (False, True)))
    for _ in range(12):
        np.testing.assert_allclose(plain(x, y), packed(x, y), rtol=1e-5)
    equal(*nets)


def test_cells_are_read_and_written_between_steps():
    nets = [network(), network()]
    steps = [nx.train_step(net, loss_fn, optax.adam(1e-2), packing=p) for net, p in zip(nets, (False, True))]
    forward = [nx.jit(net) for net in nets]
    for turn in range(4):
        losses = [step(x, y) for step in steps]
        np.testing.assert_allclose(*losses, rtol=1e-5)
        for net in nets:
            if turn == 1:
                net[4].bias.value = jnp.ones(3)
            if turn == 2:
                net.load_state_dict(copy.deepcopy(net).state_dict())
        np.testing.assert_allclose(forward[0](x), forward[1](x), rtol=1e-5, atol=1e-5)
    equal(*nets)


def test_two_packed_steps_take_the_cells_from_each_other():
    nets = [network(), network()]
    pairs = [
        [nx.train_step(net, loss_fn, optax.sgd(0.1), packing=p) for _ in range(2)]
        for net, p in zip(nets, (False, True))
    ]
    for turn in (0, 1, 1, 0):
        np.testing.assert_allclose(pairs[0][turn](x, y), pairs[1][turn](x, y), rtol=1e-5)
    equal(*nets)


def test_cells_outlive_their_step():
    net, twin = network(), network()
    nx.train_step(net, loss_fn, optax.sgd(0.1), packing=True)(x, y)
    nx.train_step(twin, loss_fn, optax.sgd(0.1))(x, y)
    equal(net, twin)


@pytest.mark.parametrize(
    ("tx", "words"),
    [
        (optax.lamb(1e-3), "reduce|applies"),
        (optax.lars(1e-3), "applies"),
        (optax.adafactor(1e-3), "packing"),
        (optax.contrib.muon(1e-3), "packing"),
        (optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1)), "applies"),
        (optax.chain(optax.adaptive_grad_clip(0.1), optax.sgd(0.1)), "applies"),
        (optax.chain(optax.clip_by_block_rms(1.0), optax.sgd(0.1)), "applies"),
        (optax.noisy_sgd(0.1, key=0), "packing"),
        (optax.adamw(1e-3, mask=lambda tree: {k: k.endswith("weight") for k in tree}), "differently"),
        (
            optax.partition(
                {"a": optax.sgd(0.1), "b": optax.sgd(0.2)}, lambda t: {k: "a" if "0" in k else "b" for k in t}
            ),
            "differently",
        ),
    ],
)
def test_refuses_what_is_no_elementwise_formula(tx, words):
    with pytest.raises(nx.InputError, match=words):
        nx.train_step(network(), loss_fn, tx, packing=True)


def test_refuses_a_late_kink_and_a_strength_that_diverges():
    net = network()
    step = nx.train_step(net, loss_fn, optax.sgd(0.1), packing=True)
    step(x, y)
    nx.penalize(net, L2(30.0))
    with pytest.raises(nx.InputError, match="diverge"):
        step(x, y)
    nx.penalize(net, L1(0.1))
    with pytest.raises(nx.InputError, match="make a new step"):
        step(x, y)
