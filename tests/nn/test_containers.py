"""Sequential, ModuleList and ModuleDict behave and print as PyTorch's."""

from collections import OrderedDict

import jax.numpy as jnp
import pytest
import torch

from normax import nn
from normax.errors import InputError


def both(build):
    return build(nn), build(torch.nn)


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.Sequential(),
        lambda nn: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 3), nn.Tanh())),
        lambda nn: nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Sigmoid())),
        lambda nn: nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))[1:],
        lambda nn: nn.Sequential(nn.Linear(2, 3)) + nn.Sequential(nn.ReLU()),
        lambda nn: nn.Sequential(nn.ReLU(), nn.Tanh()) * 2,
        lambda nn: nn.ModuleList(),
        lambda nn: nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.ReLU(), nn.Linear(2, 2)]),
        lambda nn: nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(2)]),
        lambda nn: nn.ModuleDict({"a": nn.Linear(2, 2), "b": nn.ModuleList([nn.ReLU()])}),
        lambda nn: nn.ModuleDict([("x", nn.ReLU())]),
    ],
)
def test_repr_and_state_dict_keys(build):
    ours, theirs = both(build)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


def edit(nn, kind):
    net = getattr(nn, kind)(
        *([nn.Linear(1, i + 1) for i in range(4)],)
        if kind == "ModuleList"
        else [nn.Linear(1, i + 1) for i in range(4)]
    )
    net.append(nn.Linear(1, 5))
    net.extend([nn.Linear(1, 6), nn.Linear(1, 7)])
    net.insert(1, nn.Linear(1, 8))
    net[2] = nn.Linear(1, 9)
    net[-1] = nn.ReLU()
    del net[0]
    del net[1:3]
    popped = net.pop(1)
    return net, popped


@pytest.mark.parametrize("kind", ["Sequential", "ModuleList"])
def test_edits_like_torch(kind):
    (ours, a), (theirs, b) = both(lambda nn: edit(nn, kind))
    assert repr(ours) == repr(theirs)
    assert repr(a) == repr(b)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert len(ours) == len(theirs)
    assert [m.out_features for m in list(ours)[:2]] == [m.out_features for m in list(theirs)[:2]]


def test_dict_edits_like_torch():
    def build(nn):
        net = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
        net.update({"c": nn.Linear(1, 1)})
        net["a"] = nn.Sigmoid()
        popped = net.pop("b")
        return net, popped, list(net.keys()), "c" in net, len(net)

    ours, theirs = both(build)
    assert repr(ours[0]) == repr(theirs[0])
    assert ours[2:] == theirs[2:]
    ours[0].clear()
    assert len(ours[0]) == 0


def test_dicts_of_parameters_like_torch():
    def build(nn):
        one = nn.Parameter(torch.ones(2) if nn is torch.nn else jnp.ones(2))
        held = nn.ParameterDict({"b": one, "a": one})
        held["c"] = one
        copy = held.copy()
        last, value = held.popitem()
        both = held | nn.ParameterDict([("z", one), ("y", one)])
        held |= {"e": one, "d": one}
        assert value is one
        assert copy["a"] is one
        keys = [list(d.keys()) for d in (copy, both, held, held.fromkeys("xw"))]
        return last, list(reversed(held)), keys, held.fromkeys("xw")["x"]

    ours, theirs = both(build)
    assert ours == theirs
    with pytest.raises(KeyError, match="empty"):
        nn.ParameterDict().popitem()


def test_sequential_calls_in_order():
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    assert net(jnp.ones((5, 2, 3))).shape == (5, 2)
    with pytest.raises(
        InputError, match=r"in 1 \(Linear\): expected input of shape \(\.\.\., 6\), got \(5, 4\)"
    ):
        net(jnp.ones((5, 2, 2)))


def test_refused():
    net = nn.Sequential(nn.ReLU())
    with pytest.raises(IndexError, match="index 3 is out of range for Sequential of length 1"):
        net[3]
    with pytest.raises(TypeError, match="int is not a Module"):
        nn.Sequential(3)
    with pytest.raises(TypeError, match="int is not a Module"):
        net.insert(0, 3)
    with pytest.raises(KeyError, match="already exists"):
        nn.ModuleDict({"train": nn.ReLU()})
    with pytest.raises(InputError, match="positive number of repetitions"):
        net * 0
    assert len(net) == 1
