"""Resampling, windows as columns, shuffles and fractional pooling against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

rng = np.random.default_rng(0)


@cases(
    case("Upsample", 7, inputs=(2, 3, 5)),
    case("Upsample", scale_factor=2, inputs=(2, 3, 4, 5)),
    case("Upsample", size=(7, 3), mode="nearest-exact", inputs=(2, 3, 4, 5)),
    case("Upsample", scale_factor=(1.5, 2, 0.7), mode="nearest", inputs=(1, 2, 3, 4, 5)),
    case("Upsample", 9, mode="linear", inputs=(2, 3, 5)),
    case("Upsample", scale_factor=1.7, mode="bilinear", inputs=(2, 3, 4, 5)),
    case("Upsample", scale_factor=1.7, mode="bilinear", recompute_scale_factor=True, inputs=(2, 3, 4, 5)),
    case("Upsample", (3, 8), mode="bilinear", align_corners=True, inputs=(2, 3, 4, 5)),
    case("Upsample", (1, 8), mode="bicubic", align_corners=True, inputs=(2, 3, 4, 5)),
    case("Upsample", scale_factor=0.6, mode="bicubic", inputs=(2, 3, 7, 5)),
    case("Upsample", 4, mode="trilinear", inputs=(1, 2, 3, 5, 4)),
    case("Upsample", (2, 3), mode="area", inputs=(2, 3, 5, 5)),
    case("UpsamplingNearest2d", scale_factor=3, inputs=(1, 2, 3, 3)),
    case("UpsamplingBilinear2d", 5, inputs=(1, 2, 3, 3)),
    case("Unfold", 3, inputs=(2, 3, 5, 6)),
    case("Unfold", (2, 3), dilation=2, padding=(1, 2), stride=(2, 1), inputs=(3, 5, 6)),
    case("Fold", (5, 6), (2, 3), inputs=(2, 12, 16)),
    case("Fold", 5, 3, padding=1, stride=2, dilation=1, inputs=(18, 9)),
    case("PixelShuffle", 2, inputs=(2, 8, 3, 2)),
    case("PixelUnshuffle", 2, inputs=(2, 4, 6)),
    case("ChannelShuffle", 3, inputs=(2, 6, 4)),
    case("FractionalMaxPool2d", 2, 3, _random_samples=rng.random((2, 3, 2)), inputs=(2, 3, 7, 8)),
    case(
        "FractionalMaxPool2d",
        *((2, 3),),
        output_ratio=(0.6, 0.5),
        return_indices=True,
        _random_samples=rng.random((1, 3, 2)),
        inputs=(3, 7, 8),
    ),
    case("FractionalMaxPool3d", 2, 3, _random_samples=rng.random((2, 2, 3)), inputs=(2, 2, 5, 6, 7)),
    case(
        "FractionalMaxPool3d",
        2,
        output_size=(1, 2, 3),
        return_indices=True,
        _random_samples=rng.random((1, 2, 3)),
        inputs=(2, 5, 6, 7),
    ),
)
def test_like_torch(case, compare):
    compare(case)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align", [False, True])
def test_antialias_like_torch(mode, align):
    x = rng.standard_normal((1, 2, 11, 6)).astype("f4")
    options = {"mode": mode, "align_corners": align, "antialias": True}
    for size in ((4, 9), (3, 2)):
        wanted = torch.nn.functional.interpolate(torch.tensor(x), size, **options)
        np.testing.assert_allclose(F.interpolate(x, size, **options), wanted.numpy(), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample_like_torch(mode, padding, align):
    shapes = [((2, 3, 4, 5), (2, 3, 6, 2))] + [((1, 2, 3, 4, 5), (1, 2, 3, 2, 3))] * (mode != "bicubic")
    for shape, places in shapes:
        x, g = rng.standard_normal(shape), 1.5 * rng.standard_normal(places)
        tx, tg = torch.tensor(x, requires_grad=True), torch.tensor(g, requires_grad=True)
        wanted = torch.nn.functional.grid_sample(tx, tg, mode, padding, align)
        pull = rng.standard_normal(wanted.shape)
        (wanted * torch.tensor(pull)).sum().backward()
        with jax.enable_x64(True):

            def pulled(x, g, pull=pull):
                y = F.grid_sample(x, g, mode, padding, align)
                return jnp.sum(y * pull), y

            (_, y), grads = jax.jit(jax.value_and_grad(pulled, (0, 1), has_aux=True))(x, g)
        np.testing.assert_allclose(y, wanted.detach(), rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(grads[0], tx.grad, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(grads[1], tg.grad, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("size", [(2, 3, 4, 5), (1, 2, 3, 2, 4)])
@pytest.mark.parametrize("align", [False, True])
def test_affine_grid_like_torch(size, align):
    n = len(size) - 2
    theta = rng.standard_normal((size[0], n, n + 1)).astype("f4")
    wanted = torch.nn.functional.affine_grid(torch.tensor(theta), size, align_corners=align)
    np.testing.assert_allclose(F.affine_grid(theta, size, align), wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_fractional_pooling_draws_anew():
    x = jnp.asarray(rng.standard_normal((1, 1, 40, 40)))
    layer = nn.FractionalMaxPool2d(2, 11)
    assert not bool((layer(x) == layer(x)).all())


def test_refused():
    image = jnp.ones((1, 4, 3, 3))
    with pytest.raises(InputError, match="did you mean 'bilinear'"):
        F.interpolate(image, 4, mode="bilinaer")
    with pytest.raises(InputError, match=r"linear: expected .* 1 spatial"):
        F.interpolate(image, 4, mode="linear")
    with pytest.raises(InputError, match="one of size and scale_factor"):
        F.interpolate(image)
    with pytest.raises(InputError, match="align_corners"):
        F.interpolate(image, 4, align_corners=True)
    with pytest.raises(InputError, match="smaller than the kernel"):
        nn.Unfold(4)(image)
    with pytest.raises(InputError, match=r"C · 4, 4\)"):
        nn.Fold(3, 2)(jnp.ones((1, 5, 4)))
    with pytest.raises(InputError, match="one of output_size and output_ratio"):
        nn.FractionalMaxPool2d(2)
    with pytest.raises(InputError, match="'bicubic' is for images"):
        F.grid_sample(jnp.ones((1, 1, 2, 2, 2)), jnp.zeros((1, 1, 1, 1, 3)), "bicubic")
