"""Numbers, empty batches and functions of PyTorch's own, as PyTorch takes them."""

import numpy as np
import pytest
import torch

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import functional as F


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


REAL = {
    "softmax": lambda f, x: f.softmax(x, 1),
    "logsigmoid": lambda f, x: f.logsigmoid(x),
    "sigmoid": lambda f, x: f.sigmoid(x),
    "silu": lambda f, x: f.silu(x),
    "hardswish": lambda f, x: f.hardswish(x),
    "local_response_norm": lambda f, x: f.local_response_norm(x, 2),
    "avg_pool2d": lambda f, x: f.avg_pool2d(x, 2),
    "lp_pool2d": lambda f, x: f.lp_pool2d(x, 2.0, 2),
    "adaptive_avg_pool2d": lambda f, x: f.adaptive_avg_pool2d(x, 4),
    "bilinear": lambda f, x: f.interpolate(x, 8, mode="bilinear"),
    "area": lambda f, x: f.interpolate(x, 4, mode="area"),
    "attention": lambda f, x: f.scaled_dot_product_attention(x, x, x),
    "pdist": lambda f, x: f.pdist(x[0, 0]),
    "mse_loss": lambda f, x: f.mse_loss(x, x // 2),
    "soft_margin_loss": lambda f, x: f.soft_margin_loss(x, x // x),
}


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
@pytest.mark.parametrize("name", REAL)
def test_whole_numbers_are_taken_as_floats(name, dtype):
    """Bytes of an image would wrap around, and fractions of whole numbers would be cut to 0."""
    x = np.random.default_rng(0).integers(200, 256, (2, 3, 6, 6))
    expected = REAL[name](torch.nn.functional, torch.tensor(x, dtype=torch.float32))
    np.testing.assert_allclose(REAL[name](F, x.astype(dtype)), expected, rtol=2e-5, atol=1e-6)


def test_batches_without_a_row_and_axes_without_a_place():
    shapes = {"PixelShuffle": (0, 4, 3, 4), "ChannelShuffle": (2, 4, 0)}
    for name, shape in shapes.items():
        x = torch.zeros(shape)
        assert getattr(nn, name)(2)(x.numpy()).shape == getattr(torch.nn, name)(2)(x).shape
    for pool in (nn.AdaptiveAvgPool1d(2), nn.AdaptiveMaxPool1d(2)):
        with pytest.raises(InputError, match="at least one channel and one position"):
            pool(np.zeros((2, 3, 0), "float32"))
    with pytest.raises(InputError, match=r"weight: expected one a channel, \(12,\), got \(3,\)"):
        nn.GroupNorm(3, 3)(np.zeros((2, 12, 4), "float32"))
