"""Compiled calls against eager ones, through every kind of later change."""

import gc
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import optax
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
    net = Chain()
    net.scale = 4.0  # of no other test, so that nothing is compiled yet
    compiled = nx.jit(net)
    traces.clear()
    for _ in range(3):
        compiled(x), net.eval(), compiled(x), net.train()
    assert len(traces) == 2


def test_networks_built_alike_compile_once():
    def chain(scale=5.0, tied=False):
        net = Chain()
        net.scale = scale
        if tied:
            net.b = net.a
        return net

    traces.clear()
    nets = [chain(), chain(), chain()]
    for net in nets:
        nx.jit(net)(x)
    assert len(traces) == 1
    nets[
        0
    ].scale = 0.0  # what was traced first is no longer alike: new shapes are traced from one's own modules
    for net, batch in ((nets[1], x), (nets[2], x[:2]), (chain(6.0), x), (chain(tied=True), x)):
        expected = net(batch)
        np.testing.assert_allclose(nx.jit(net)(batch), expected, rtol=1e-5, atol=1e-6)
    traces.clear()
    nx.jit(chain(tied=True))(x), nx.jit(chain(6.0))(x)
    assert traces == []


def test_a_program_through_a_module_outside_its_tree_is_no_one_elses():
    outside = nn.Dropout(0.5)

    class Through(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 3)

        def forward(self, x):
            return outside(self.fc(x))

    first, second, ones = Through(), Through(), jnp.ones((50, 3))
    assert not np.asarray(nx.jit(first)(ones)).all()
    outside.eval()
    assert np.asarray(nx.jit(second)(ones)).all()
    outside.train()
    assert not np.asarray(nx.jit(Through())(ones)).all()


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


def _norm(self, x):
    return nn.BatchNorm1d(3)(self.a(x))


def _norm_in_remat(self, x):
    return nx.remat(lambda x: _norm(self, x))(x)


def _norm_in_scan(self, x):
    return nx.scan(lambda carry, _: (_norm(self, carry), None), x, length=2)[0]


def _mapped(self, x):
    doubled = jax.tree.map(lambda w: 2 * w, dict(self.named_parameters()))
    return x @ doubled["a.weight"].T


@pytest.mark.parametrize("forward", [_norm, _norm_in_remat, _norm_in_scan, _mapped])
def test_cells_made_while_tracing_live_and_die_with_the_trace(forward):
    net = type("Making", (Chain,), {"forward": forward})()
    np.testing.assert_allclose(nx.jit(net)(x), net(x), rtol=1e-4, atol=1e-5)
    loss, grads = nx.value_and_grad(net, lambda net, x: jnp.exp(net(x)).sum())(x)
    np.testing.assert_allclose(loss, jnp.exp(net(x)).sum(), rtol=1e-3)
    assert float(abs(grads["a.weight"]).max()) > 0


def test_a_loss_with_weights_made_in_the_loss_function():
    net, y = nn.Linear(3, 3), np.array([0, 1, 2, 0])
    weight = jnp.array([1.0, 2.0, 3.0])
    step = nx.train_step(net, lambda net, x, y: nn.CrossEntropyLoss(weight)(net(x), y), optax.sgd(0.1))
    wanted = nn.functional.cross_entropy(net(x), y, weight)
    np.testing.assert_allclose(step(x, y), wanted, rtol=1e-5)


def test_initial_weights_are_not_drawn_inside_a_compiled_call():
    class Making(nn.Module):
        def forward(self, x):
            return nn.Linear(3, 3)(x)

    with pytest.raises(nx.InputError, match="make the layer in __init__"):
        nx.jit(Making())(x)


def test_faults_are_named():
    net = nn.Linear(3, 1)
    with pytest.raises(nx.InputError, match="scalar"):
        nx.value_and_grad(net, lambda net, x: net(x))(x)
    with pytest.raises(nx.InputError, match="did you mean 'weight'"):
        nx.functional_call(net, {"wieght": x}, x)


def test_a_returned_dict_keeps_its_order_and_a_tuple_is_the_arguments():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x, scale=1.0):
            return {"z": self.fc(x) * scale, "a": [{"q": x, "b": (x,)}], 3: x}

    net, x = Heads(), np.ones((1, 2), "f4")
    for out in (
        nx.jit(net)(x),
        nx.functional_call(net, {}, (x,)),
        nx.functional_call(net, {}, (x,), {"scale": 1.0}),
    ):
        assert list(out) == ["z", "a", 3]
        assert list(out["a"][0]) == ["q", "b"]
        np.testing.assert_allclose(out["z"], net(x)["z"], rtol=1e-6)
    _, gradients = nx.value_and_grad(net, lambda net, x: net(x)["z"].sum())(x)
    assert list(gradients) == [name for name, _ in net.named_parameters()]
