"""Numbers, empty batches and functions of PyTorch's own, as PyTorch takes them."""

import numpy as np
import pytest
import torch

import normax as nx
from normax import nn


@pytest.mark.parametrize("shape", [(), (0,), (4,)])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("CosineSimilarity", (0,)), ("PairwiseDistance", ()), ("CosineSimilarity", (-1,))],
)
def test_distances_of_numbers_and_of_nothing(name, arguments, shape):
    x = np.full(shape, 0.3, "f4")
    wanted = getattr(torch.nn, name)(*arguments)(torch.tensor(x), torch.tensor(x))
    np.testing.assert_allclose(getattr(nn, name)(*arguments)(x, x), wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [("Unfold", (2,), (0, 3, 4, 4)), ("GroupNorm", (2, 4), (0, 4)), ("GroupNorm", (2, 4), (0, 4, 3))],
)
def test_empty_batches(name, arguments, shape):
    x = np.zeros(shape, "f4")
    assert (
        getattr(nn, name)(*arguments)(x).shape == getattr(torch.nn, name)(*arguments)(torch.tensor(x)).shape
    )


@pytest.mark.parametrize("first", [False, True])
def test_sequences_without_a_step_are_refused(first):
    with pytest.raises(nx.InputError, match="at least one step"):
        nn.GRU(3, 4, batch_first=first)(np.zeros((2, 0, 3) if first else (0, 2, 3), "f4"))


@pytest.mark.parametrize("given", [torch.relu, torch.nn.functional.gelu, torch.nn.functional.silu, "gelu"])
def test_transformers_take_pytorchs_functions(given):
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0, activation=given)
    assert layer.activation is getattr(nn.functional, given if given == "gelu" else given.__name__)
    with pytest.raises(nx.InputError, match=r"write nn\.GELU\(\)"):
        nn.TransformerEncoderLayer(4, 2, 8, activation=torch.nn.GELU())


def test_a_stack_calls_its_layers_by_name_as_pytorch_does():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = ()

        def forward(self, src, is_causal=None, src_key_padding_mask=None, src_mask=None):
            assert (is_causal, src_mask is None, src_key_padding_mask.shape) == (False, True, (2, 3))
            return src + 1

    stack = nn.TransformerEncoder(encoder_layer=Own(), num_layers=2)
    y = stack(np.zeros((3, 2, 4), "f4"), src_key_padding_mask=np.zeros((2, 3), bool))
    assert (y == 2).all()
