"""PyTorch's addresses and old names: what its own code imports and asks `isinstance` about."""

import inspect
from importlib import import_module

import jax.numpy as jnp
import numpy as np
import pytest
import torch

import normax as nx
from normax import nn

ABSENT = {"SyncBatchNorm", "DataParallel", "Container", "NLLLoss2d", "LinearCrossEntropyOptions"}
LAYERS = {
    name: kind
    for name, kind in vars(torch.nn).items()
    if inspect.isclass(kind) and issubclass(kind, torch.nn.Module) and name not in ABSENT
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_at_pytorchs_address_with_pytorchs_bases(name):
    theirs, ours = LAYERS[name], getattr(nn, name)
    address = theirs.__module__.replace("torch", "normax", 1)
    assert getattr(import_module(address), name) is ours
    assert getattr(import_module("normax.nn.modules"), name) is ours
    bases = {base.__name__ for base in ours.__mro__}
    assert {base.__name__ for base in theirs.__mro__[:-1]} <= bases


def test_old_names_of_initialisers_warn_and_do_the_same():
    old = [name for name in dir(torch.nn.init) if hasattr(torch.nn.init, name + "_")]
    assert len(old) > 8
    for name in old:
        arguments = {"constant": (2.0,), "sparse": (0.5,)}.get(name, ())
        shape = (4, 4, 3) if name == "dirac" else (4, 4)
        cells = [nn.Parameter(jnp.zeros(shape)) for _ in range(2)]
        nx.manual_seed(1)
        getattr(nn.init, name + "_")(cells[0], *arguments)
        nx.manual_seed(1)
        with pytest.warns(FutureWarning, match=f"nn.init.{name}_"):
            getattr(nn.init, name)(cells[1], *arguments)
        np.testing.assert_array_equal(*cells)


def test_fans_are_pytorchs():
    for shape in ((3, 5), (2, 4, 3, 7)):
        theirs = torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(shape))
        assert nn.init._calculate_fan_in_and_fan_out(nn.Parameter(jnp.zeros(shape))) == theirs
    with pytest.raises(nx.InputError, match="2 or more axes"):
        nn.init._calculate_fan_in_and_fan_out(nn.Parameter(jnp.zeros(3)))


def test_helpers_repeat_arguments():
    assert nn.modules.utils._pair(3) == (3, 3)
    assert nn.modules.utils._triple([1, 2, 3]) == (1, 2, 3)
    assert nn.parameter.Parameter is nn.Parameter
