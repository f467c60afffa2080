"""Compiled calls against eager ones, through every kind of later change."""

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn

x = jnp.linspace(-1, 1, 12).reshape(4, 3)
traces: list[type] = []


class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)
        self.scale = 1.0

    def forward(self, x):
        traces.append(type(self))
        return self.scale * self.c(jnp.tanh(self.b(jnp.tanh(self.a(x)))))


def test_jit_sees_weights_plain_attributes_and_ties():
    net = Chain()
    compiled = nx.jit(net)
    for change in (
        lambda: None,
        lambda: net.load_state_dict(Chain().state_dict()),
        lambda: setattr(net, "scale", 2.0),
        lambda: setattr(net, "b", net.a),
        lambda: setattr(net, "b", net.c),
    ):
        change()
        np.testing.assert_allclose(compiled(x), net(x), rtol=1e-5, atol=1e-6)


def test_switching_modes_compiles_once_a_mode():
    traces.clear()
    net = Chain()
    compiled = nx.jit(net)
    for _ in range(3):
        compiled(x), net.eval(), compiled(x), net.train()
    assert len(traces) == 2


def test_a_bound_network_is_freed():
    net = nn.Linear(3, 1)
    alive = weakref.ref(net)
    nx.jit(net)(x)
    del net
    gc.collect()
    assert alive() is None


def test_dropout_of_a_compiled_part_draws_anew_in_a_compiled_whole():
    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout(0.5)
            self.part = nx.jit(self.drop)

        def forward(self, x):
            return self.part(x)

    compiled, ones = nx.jit(Whole()), jnp.ones(64)
    assert not bool((compiled(ones) == compiled(ones)).all())


def test_the_mode_of_a_foreign_module_reaches_value_and_grad_and_train_step():
    import optax

    net, teacher = nn.Linear(3, 3), nn.Dropout(0.5)

    def loss_fn(net, x):
        return ((teacher(x) - x) ** 2).mean() + 0 * net(x).mean()

    grads, step = nx.value_and_grad(net, loss_fn), nx.train_step(net, loss_fn, optax.sgd(0.1))
    ones = jnp.ones((20, 3))
    assert grads(ones)[0] > 0
    assert step(ones) > 0
    teacher.eval()
    assert grads(ones)[0] == 0
    assert step(ones) == 0


def test_value_and_grad_equals_jax_grad_of_functional_call():
    net = Chain()
    values = net.state_dict()
    loss, grads = nx.value_and_grad(net, lambda net, x: (net(x) ** 2).mean())(x)
    wanted = jax.jit(jax.value_and_grad(lambda values: (nx.functional_call(net, values, x) ** 2).mean()))
    expected, expected_grads = wanted(values)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    for name, gradient in expected_grads.items():
        np.testing.assert_allclose(grads[name], gradient, rtol=1e-5, atol=1e-7)


def test_faults_are_named():
    net = nn.Linear(3, 1)
    with pytest.raises(nx.InputError, match="scalar"):
        nx.value_and_grad(net, lambda net, x: net(x))(x)
    with pytest.raises(nx.InputError, match="did you mean 'weight'"):
        nx.functional_call(net, {"wieght": x}, x)
