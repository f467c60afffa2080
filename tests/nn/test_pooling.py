"""Pooling against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax.errors import InputError
from normax.nn import functional as F


@cases(
    case("MaxPool1d", 2, inputs=(2, 3, 7)),
    case("MaxPool1d", 3, 2, padding=1, dilation=2, ceil_mode=True, inputs=(3, 10)),
    case("MaxPool1d", 40, 3, inputs=(1, 2, 90)),
    case("MaxPool2d", 2, 2, inputs=(2, 3, 7, 6)),
    case("MaxPool2d", 3, 2, 1, inputs=(2, 3, 7, 6)),
    case("MaxPool2d", (3, 2), (1, 2), (1, 0), dilation=(2, 1), ceil_mode=True, inputs=(3, 9, 9)),
    case("MaxPool2d", 3, 2, return_indices=True, ceil_mode=True, inputs=(2, 3, 8, 8)),
    case("MaxPool3d", 2, inputs=(2, 2, 4, 5, 4)),
    case("MaxPool3d", (2, 3, 2), 1, padding=1, return_indices=True, inputs=(2, 4, 5, 4)),
    case("AvgPool1d", 2, inputs=(2, 3, 7)),
    case("AvgPool1d", 3, 2, 1, ceil_mode=True, count_include_pad=False, inputs=(3, 8)),
    case("AvgPool1d", 40, 7, inputs=(1, 2, 90)),
    case("AvgPool2d", 2, inputs=(2, 3, 7, 6)),
    case("AvgPool2d", 3, 2, 1, ceil_mode=True, inputs=(2, 3, 8, 6)),
    case("AvgPool2d", (3, 2), (2, 1), (1, 0), count_include_pad=False, inputs=(3, 8, 6)),
    case("AvgPool2d", 3, 2, divisor_override=4, inputs=(2, 3, 8, 6)),
    case("AvgPool3d", 2, inputs=(2, 2, 4, 5, 4)),
    case("AvgPool3d", 3, 2, 1, ceil_mode=True, count_include_pad=False, inputs=(2, 4, 5, 4)),
    case("AdaptiveAvgPool1d", 3, inputs=(2, 3, 7)),
    case("AdaptiveAvgPool2d", 1, inputs=(2, 3, 5, 4)),
    case("AdaptiveAvgPool2d", (3, None), inputs=(3, 7, 4)),
    case("AdaptiveAvgPool3d", (2, 3, 1), inputs=(1, 2, 4, 5, 3)),
    case("AdaptiveMaxPool1d", 3, inputs=(2, 3, 7)),
    case("AdaptiveMaxPool2d", (3, 2), return_indices=True, inputs=(2, 3, 7, 5)),
    case("AdaptiveMaxPool3d", 2, inputs=(2, 4, 5, 3)),
    case("LPPool1d", 2, 3, inputs=(2, 3, 8), positive=True),
    case("LPPool2d", 2, 2, stride=1, inputs=(2, 3, 6, 6)),
    case("LPPool2d", 3, 2, ceil_mode=True, inputs=(3, 5, 6), positive=True),
    case("LPPool3d", 2, 2, inputs=(2, 2, 4, 4, 4)),
)
def test_like_torch(case, compare):
    compare(case)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpool_inverts_like_torch(n):
    x = np.random.default_rng(0).standard_normal((2, 3, *(6, 4, 4)[:n])).astype("f4")
    pool, unpool = getattr(F, f"max_pool{n}d"), getattr(F, f"max_unpool{n}d")
    y, at = pool(x, 2, return_indices=True)
    theirs = getattr(torch.nn.functional, f"max_unpool{n}d")(
        torch.tensor(np.array(y)), torch.tensor(np.array(at), dtype=torch.int64), 2
    )
    np.testing.assert_allclose(unpool(y, at, 2), theirs.numpy())


def test_gradient_of_ties_goes_to_the_first():
    x = jnp.zeros((1, 1, 3, 3))
    g = jax.grad(lambda x: F.max_pool2d(x, 3).sum())(x)
    assert g.tolist() == [[[[1, 0, 0], [0, 0, 0], [0, 0, 0]]]]


def test_nan_wins():
    assert np.isnan(F.max_pool1d(jnp.array([[[1.0, jnp.nan, 3.0, 0.0]]]), 4)).all()


def test_integers_pool():
    assert F.max_pool1d(jnp.array([[[-5, -3, -4, -9]]]), 2, padding=1).tolist() == [[[-5, -3, -9]]]


def test_refused():
    x = jnp.ones((1, 1, 4, 4))
    with pytest.raises(InputError, match="padding from 0 to half"):
        F.max_pool2d(x, 2, padding=2)
    with pytest.raises(InputError, match="shorter than the kernel"):
        F.max_pool2d(x, 5)
    with pytest.raises(InputError, match="divisor_override"):
        F.avg_pool2d(x, 2, divisor_override=0)
