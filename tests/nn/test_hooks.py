"""Hooks against PyTorch's, in eager and in compiled calls."""

import copy
import gc

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

torch = pytest.importorskip("torch")


def recorded(lib, ones, act):
    """What hooks of every kind see, in order."""
    seen = []

    class Net(lib.Module):
        def forward(self, x, scale=1.0):
            seen.append(("forward", scale))
            return x * scale

    def pre(name, result=None):
        return lambda m, *given: (seen.append((name, len(given))), result)[1]

    net = Net()
    try:
        seen.append(act(net, pre, ones(1)).tolist())
    except Exception as error:
        seen.append(type(error))
    return seen


def order(net, note, x):
    net.register_forward_pre_hook(note("a"))
    net.register_forward_pre_hook(note("b"), prepend=True)
    net.register_forward_hook(note("c"))
    net.register_forward_hook(note("d"), prepend=True, with_kwargs=True)
    return net(x, scale=2.0)


def change(net, note, x):
    net.register_forward_pre_hook(lambda m, args: args[0] + 1)
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"scale": 3.0}), with_kwargs=True)
    net.register_forward_hook(lambda m, args, kwargs, y: y + kwargs["scale"] + args[0], with_kwargs=True)
    return net(x, scale=2.0)


def removed(net, note, x):
    first, second = net.register_forward_hook(note("a")), net.register_forward_hook(note("b"))
    first.remove()
    first.remove()
    with second:
        net(x)
    return net(x)


def failing(net, note, x):
    def fail(*given):
        raise KeyError("no")

    net.register_forward_hook(note("always"), always_call=True)
    net.register_forward_hook(note("seldom"))
    net.register_forward_pre_hook(fail)
    return net(x)


def misreturned(net, note, x):
    net.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    return net(x)


@pytest.mark.parametrize("act", [order, change, removed, failing, misreturned])
def test_hooks_are_called_as_pytorch_calls_them(act):
    assert recorded(nn, jnp.ones, act) == recorded(torch.nn, torch.ones, act)


def test_a_compiled_call_never_uses_hooks_that_are_gone():
    net = nn.Sequential(nn.Identity(), nn.Identity())
    compiled, x = nx.jit(net), jnp.ones(2)
    assert compiled(x).tolist() == [1, 1]
    with net[1].register_forward_hook(lambda m, args, y: 2 * y):
        assert compiled(x).tolist() == [2, 2]
        with net[0].register_forward_pre_hook(lambda m, args: (args[0] + 1,)):
            assert compiled(x).tolist() == [4, 4]
        assert compiled(x).tolist() == [2, 2]
    assert compiled(x).tolist() == [1, 1]


def test_hooks_take_part_in_gradients_and_steps():
    net = nn.Linear(2, 1, bias=False)

    def loss_fn(net, x):
        return net(x).sum()

    grads, step = nx.value_and_grad(net, loss_fn), nx.train_step(net, loss_fn, optax.sgd(1.0))
    x = jnp.ones((1, 2))
    assert grads(x)[1]["weight"].tolist() == [[1, 1]]
    net.register_forward_hook(lambda m, args, y: 3 * y)
    assert grads(x)[1]["weight"].tolist() == [[3, 3]]
    before = np.asarray(net.weight)
    step(x)
    np.testing.assert_allclose(before - np.asarray(net.weight), [[3, 3]], rtol=1e-6)


def test_copies_carry_hooks_and_handles_outlive_modules():
    net = nn.Identity()
    handle = net.register_forward_hook(lambda m, args, y: y + 1)
    assert copy.deepcopy(net)(1) == 2
    del net
    gc.collect()
    handle.remove()


def test_backward_hooks_are_answered():
    with pytest.raises(AttributeError, match="optax"):
        nn.Linear(1, 1).register_full_backward_hook(print)
