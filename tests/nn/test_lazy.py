"""Lazy layers against the ones they become."""

import copy
import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

torch = pytest.importorskip("torch")

LAYERS = [("Linear", (4,), {}, (2, 3))]
for n in (1, 2, 3):
    shape = (2, 4, *(5,) * n)
    LAYERS += [
        (f"Conv{n}d", (6, 3), {"groups": 2}, shape),
        (f"ConvTranspose{n}d", (6, 3), {"stride": 2}, shape),
    ]
    LAYERS += [(f"BatchNorm{n}d", (), {"momentum": 0.3}, shape)]
    LAYERS += [(f"InstanceNorm{n}d", (), {}, shape)]


@pytest.mark.parametrize(("name", "args", "kwargs", "shape"), LAYERS, ids=[layer[0] for layer in LAYERS])
def test_the_first_call_makes_the_layer_that_pytorch_makes(name, args, kwargs, shape):
    ours, theirs = (
        getattr(nn, "Lazy" + name)(*args, **kwargs),
        getattr(torch.nn, "Lazy" + name)(*args, **kwargs),
    )
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    theirs(torch.tensor(x))
    ours(x)
    assert type(ours) is getattr(nn, name)
    assert repr(ours) == repr(theirs)
    ours.load_state_dict(theirs.state_dict())
    wanted = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x), wanted, rtol=1e-4, atol=1e-5)


def test_a_network_without_shapes_says_what_to_do_and_then_learns():
    net = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(1))
    x, loss_fn = jnp.ones((4, 2)), lambda net, x: (net(x) ** 2).mean()
    for refused in (
        lambda: nx.jit(net)(x),
        lambda: nx.train_step(net, loss_fn, optax.sgd(0.1))(x),
        lambda: net[0].weight.value,
        lambda: net[0].weight.shape,
        lambda: jax.jit(lambda x: net(x))(x),
    ):
        with pytest.raises(nx.InputError, match=r"net\(x\)"):
            refused()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin(x).shape == (4, 1)
    assert isinstance(net[0], nn.LazyLinear)
    net(x)
    np.testing.assert_allclose(nx.jit(net)(x), net(x), rtol=1e-6)
    step = nx.train_step(net, loss_fn, optax.sgd(0.1))
    assert float(step(x)) >= float(step(x))


def test_state_fills_a_lazy_layer_and_its_absence_is_state_too():
    full, empty = nn.Linear(3, 2), nn.LazyLinear(2)
    with pytest.raises(nx.InputError, match="without one"):
        full.load_state_dict(empty.state_dict())
    other = nn.LazyLinear(2)
    other.load_state_dict(empty.state_dict())
    assert other.has_uninitialized_params()
    empty.load_state_dict(full.state_dict())
    x = jnp.ones((1, 3))
    np.testing.assert_array_equal(empty(x), full(x))
    assert empty.in_features == 3


def test_dtype_waits_with_the_shape():
    net = nn.LazyLinear(2).half()
    net(jnp.ones((1, 3), jnp.float16))
    assert net.weight.dtype == jnp.float16


def test_the_arguments_are_those_of_the_layer_without_the_size_that_is_read_off():
    for name, *_ in LAYERS:
        ours, theirs = (inspect.signature(getattr(m, "Lazy" + name)).parameters for m in (nn, torch.nn))
        assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]
        assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]
    with pytest.raises(TypeError, match="out_channels"):
        nn.LazyConv2d()
    with pytest.raises(TypeError, match="in_features"):
        nn.LazyLinear(2, in_features=3)
    with pytest.raises(nx.InputError, match="divisor of out_channels=5, got 2"):
        nn.LazyConv2d(5, 3, groups=2)
