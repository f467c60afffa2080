"""Convolutions against PyTorch, and their canonical gradients against XLA's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from torch_cases import case, cases

from normax.errors import InputError
from normax.nn import Conv2d
from normax.nn.functional.convolution import run


@cases(
    case("Conv1d", 3, 4, 3, inputs=(2, 3, 9)),
    case("Conv1d", 4, 6, 3, stride=2, padding=1, dilation=2, groups=2, inputs=(2, 4, 11)),
    case("Conv1d", 2, 4, 5, padding="same", bias=False, inputs=(2, 7)),
    case("Conv1d", 3, 4, 5, padding=2, padding_mode="circular", inputs=(2, 3, 9)),
    case("Conv2d", 3, 4, 3, padding=1, inputs=(2, 3, 6, 5)),
    case("Conv2d", 3, 4, (3, 2), stride=(2, 1), padding=(1, 0), inputs=(3, 7, 6)),
    case("Conv2d", 4, 8, 3, stride=2, padding=1, groups=4, inputs=(2, 4, 7, 8)),
    case("Conv2d", 4, 4, 3, padding="same", dilation=2, groups=4, bias=False, inputs=(2, 4, 6, 6)),
    case("Conv2d", 4, 6, 3, padding="valid", groups=2, inputs=(2, 4, 6, 6)),
    case("Conv2d", 1, 4, (3, 2), padding=(2, 0), dilation=2, inputs=(2, 1, 6, 7)),
    case("Conv2d", 3, 2, 2, stride=3, inputs=(2, 3, 7, 9)),
    case("Conv2d", 3, 2, 1, stride=2, inputs=(2, 3, 6, 6)),
    case("Conv2d", 3, 2, 3, padding=1, padding_mode="reflect", inputs=(2, 3, 6, 6)),
    case("Conv2d", 3, 2, 3, padding=(1, 2), padding_mode="replicate", inputs=(2, 3, 6, 6)),
    case("Conv2d", 3, 2, (3, 5), padding="same", padding_mode="circular", inputs=(2, 3, 6, 6)),
    case("ConvTranspose1d", 4, 6, 3, stride=2, padding=1, output_padding=1, groups=2, inputs=(2, 4, 5)),
    case("ConvTranspose2d", 3, 4, 2, stride=2, inputs=(2, 3, 4, 5)),
    case("ConvTranspose2d", 4, 4, (3, 2), (2, 3), (1, 0), dilation=2, groups=4, bias=False, inputs=(4, 4, 4)),
    case("ConvTranspose2d", 4, 6, 3, stride=3, output_padding=2, groups=2, inputs=(2, 4, 3, 3)),
    case("ConvTranspose3d", 2, 3, 2, stride=(1, 2, 1), inputs=(1, 2, 3, 3, 2)),
    case("Conv3d", 2, 3, 2, inputs=(2, 2, 4, 4, 3)),
    case("Conv3d", 2, 4, (2, 3, 2), stride=(1, 2, 1), padding=1, groups=2, inputs=(2, 4, 5, 3)),
)
def test_like_torch(case, compare):
    compare(case)


# Kernel, stride, padding, dilation, groups.
GEOMETRIES = [
    ((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    ((3, 2), (2, 3), ((0, 2), (1, 0)), (1, 2), 1),
    ((1, 1), (3, 2), ((0, 0), (0, 0)), (1, 1), 1),
    ((4, 3), (2, 2), ((3, 3), (2, 2)), (2, 1), 2),
    ((3, 3), (2, 1), ((1, 1), (0, 3)), (1, 2), 4),
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "groups"), GEOMETRIES)
def test_canonical_gradients_are_xlas_own(kernel, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        x, w = rng.standard_normal((2, 4, 9, 10)), rng.standard_normal((8, 4 // groups, *kernel))

        def objective(canonical):
            return lambda x, w: jnp.sum(jnp.sin(run(x, w, stride, padding, dilation, groups, canonical)))

        ours, plain = (jax.jit(jax.grad(objective(c), (0, 1)))(x, w) for c in (True, False))
        for a, b in zip(ours, plain):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_no_convolution_in_a_loop_keeps_foreign_dimension_numbers():
    """The trap of `peers.md`'s kind: gradients inside scan must be channels-last with HWIO kernels."""

    def body(w, _):
        return w - 0.1 * jax.grad(lambda w: jnp.sum(run(x, w, (2, 1), ((1, 1),) * 2, (1, 1), 1, True) ** 2))(
            w
        ), None

    x, w = jnp.ones((2, 3, 8, 8)), jnp.ones((4, 3, 3, 3))
    text = jax.jit(lambda w: lax.scan(body, w, None, length=2)[0]).lower(w).as_text()
    layouts = [line for line in text.splitlines() if "dim_numbers" in line]
    assert len(layouts) >= 2
    assert all("[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]" in line for line in layouts)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_lanes_agree_with_single_calls(groups):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.standard_normal((3, 2, 4, 6, 6)), jnp.float32)
    w = jnp.asarray(rng.standard_normal((3, 4, 4 // groups, 3, 3)), jnp.float32)
    gradient = jax.grad(lambda w, x: jnp.sum(jnp.sin(run(x, w, (1, 1), ((1, 1),) * 2, (1, 1), groups, True))))
    alone = jnp.stack([gradient(a, b) for a, b in zip(w, x)])
    np.testing.assert_allclose(jax.vmap(gradient)(w, x), alone, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(lax.map(lambda p: gradient(*p), (w, x)), alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "groups"), GEOMETRIES[1::3])
def test_every_mode_of_differentiation(kernel, stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        x, w = rng.standard_normal((1, 4, 5, 4)), 0.3 * rng.standard_normal((4, 4 // groups, *kernel))
        dx, dw = rng.standard_normal(x.shape), rng.standard_normal(w.shape)

        def objective(canonical):
            return lambda x, w: jnp.sum(jnp.sin(run(x, w, stride, padding, dilation, groups, canonical)))

        def derivatives(f):
            _, linear = jax.linearize(f, x, w)
            return {
                "jvp": jax.jvp(f, (x, w), (dx, dw))[1],
                "linearize": linear(dx, dw),
                "forward over reverse": jax.jvp(jax.grad(f, (0, 1)), (x, w), (dx, dw))[1],
                "reverse over reverse": jax.grad(
                    lambda x, w: sum(jnp.vdot(a, b) for a, b in zip(jax.grad(f, (0, 1))(x, w), (dx, dw))),
                    (0, 1),
                )(x, w),
                "hessian": jax.hessian(f, 1)(x, w),
            }

        ours, plain = (jax.jit(lambda c=c: derivatives(objective(c)))() for c in (True, False))
        for mode, expected in plain.items():
            for a, b in zip(jax.tree.leaves(ours[mode]), jax.tree.leaves(expected)):
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10, err_msg=mode)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (1, 2)])
@pytest.mark.parametrize("groups", [1, 4])
def test_lanes_of_inputs_or_weights_alone(axes, groups):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 2, 2, 4, 5, 5) if axes[0] is not None else (2, 4, 5, 5)).astype("float32")
    w = rng.standard_normal((4, 4 // groups, 3, 3)).astype("float32")
    x = x[0] if axes[0] is not None else x
    if axes[1] is not None:
        w = np.stack([w, 2 * w, -w][: 2 if axes[0] is not None else 3], axes[1])

    def gradient(canonical):
        f = jax.vmap(lambda x, w: run(x, w, (2, 1), ((1, 1),) * 2, (1, 1), groups, canonical), axes)
        return jax.grad(lambda x, w: jnp.sum(jnp.sin(f(x, w))), (0, 1))(x, w)

    for a, b in zip(gradient(True), gradient(False)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"groups": 2}, "groups: expected a divisor of in_channels=3"),
        ({"padding": "some"}, "padding: expected 'same', 'valid' or integers"),
        ({"padding": "same", "stride": 2}, "padding='same': expected stride 1"),
        ({"padding_mode": "mirror"}, "padding_mode: expected one of"),
        ({"stride": (1, 2, 3)}, "stride: expected an int or 2 of them"),
    ],
)
def test_refused_arguments(arguments, words):
    with pytest.raises(InputError, match=words):
        Conv2d(3, 4, 3, **arguments)


def test_refused_inputs():
    layer = Conv2d(3, 4, 3)
    with pytest.raises(InputError, match=r"expected input with 3 channels, \(N, C, H, W\), got 2 in shape"):
        layer(jnp.ones((1, 2, 8, 8)))
    with pytest.raises(InputError, match="larger than the padded input"):
        layer(jnp.ones((1, 3, 2, 8)))
    with pytest.raises(InputError, match=r"expected 3D \(unbatched\) or 4D"):
        layer(jnp.ones((3, 8)))
    with pytest.raises(InputError, match=r"expected float32 input.*got int32"):
        layer(jnp.ones((1, 3, 8, 8), int))
