"""Activations against PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch_cases import case, cases

from normax import nn
from normax.errors import InputError
from normax.nn import functional as F

PLAIN = [
    *("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Sigmoid", "Tanh", "Softsign"),
    *("Tanhshrink", "LogSigmoid", "LeakyReLU", "ELU", "CELU", "GELU", "GLU", "Softplus", "Hardshrink"),
    *("Softshrink", "Hardtanh", "PReLU"),
]


@cases(
    *(case(name, inputs=(3, 4)) for name in PLAIN),
    # PyTorch's gradient holds 1/6 in float32.
    case("Hardsigmoid", inputs=(3, 4), rtol=1e-7),
    case("ReLU", inputs=np.array([-1.0, 0.0, 2.0])),
    case("ReLU6", inputs=np.array([-1.0, 0.0, 3.0, 6.0, 7.0])),
    case("Hardtanh", -0.5, 2.0, inputs=np.array([-3.0, -0.5, 0.1, 2.0, 5.0])),
    case("LeakyReLU", 0.3, inputs=np.array([-1.0, 0.0, 2.0])),
    case("ELU", 0.7, inputs=np.array([-90.0, -1.0, 0.0, 2.0])),
    # PyTorch's gradient holds 1/α in float32.
    case("CELU", 0.7, inputs=np.array([-90.0, -1.0, 0.0, 2.0]), rtol=1e-7),
    case("GELU", "tanh", inputs=(3, 4)),
    case("GLU", 0, inputs=(4, 3)),
    case("Softplus", 2.0, 3.0, inputs=np.array([-40.0, 0.0, 1.0, 2.0, 40.0])),
    case("Hardshrink", 0.2, inputs=(3, 4)),
    case("Softshrink", 0.2, inputs=(3, 4)),
    case("Threshold", 0.1, 20, inputs=(3, 4)),
    case("LogSigmoid", inputs=np.array([-90.0, 0.0, 90.0])),
    case("Softsign", inputs=np.array([-2.0, 0.0, 3.0])),
    case("Softmax", dim=-1, inputs=(3, 4)),
    case("Softmax", 0, inputs=(3, 4)),
    case("Softmin", 1, inputs=(3, 4)),
    case("LogSoftmax", 1, inputs=(3, 4, 2)),
    case("Softmax2d", inputs=(2, 3, 4, 4)),
    case("Softmax2d", inputs=(3, 4, 4)),
    case("PReLU", 3, init=0.1, inputs=(2, 3, 4)),
    case("PReLU", 4, inputs=(3, 4)),
    case("RReLU", 0.1, 0.4, inputs=(3, 4), modes=(False,)),
)
def test_like_torch(case, compare):
    compare(case)


def test_inplace_is_kept_and_printed():
    for ours, theirs in (
        (nn.ReLU(inplace=True), torch.nn.ReLU(inplace=True)),
        (nn.LeakyReLU(0.3, True), torch.nn.LeakyReLU(0.3, True)),
        (nn.Hardtanh(inplace=True), torch.nn.Hardtanh(inplace=True)),
    ):
        assert repr(ours) == repr(theirs)
        assert ours(jnp.array([-1.0])).shape == (1,)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 2), (2, 3, 2, 2)])
def test_softmax_without_an_axis_keeps_the_historical_one(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype("f4")
    with pytest.warns(UserWarning, match="Implicit dimension"):
        theirs = torch.nn.functional.softmax(torch.tensor(x))
    np.testing.assert_allclose(F.softmax(x), theirs.numpy(), rtol=1e-5)


def test_rrelu_draws_slopes_within_its_limits():
    y = nn.RReLU(0.2, 0.6)(-jnp.ones(4000))
    assert -0.6 <= y.min() < -0.55
    assert -0.25 < y.max() <= -0.2


def test_gumbel_softmax_draws_the_categories_with_their_probabilities():
    logits = jnp.log(jnp.array([0.1, 0.2, 0.7]))
    draws = F.gumbel_softmax(jnp.broadcast_to(logits, (20_000, 3)), hard=True)
    np.testing.assert_allclose(draws.mean(0), [0.1, 0.2, 0.7], atol=0.015)


def test_hardtanh_knows_the_names_of_old():
    assert repr(nn.Hardtanh(min_value=-2.0, max_value=3.0)) == "Hardtanh(min_val=-2.0, max_val=3.0)"


def test_refused():
    with pytest.raises(InputError, match="expected an even length of axis -1, got 3"):
        nn.GLU()(jnp.ones((2, 3)))
    with pytest.raises(InputError, match="min_val < max_val"):
        nn.Hardtanh(1, 1)
    with pytest.raises(InputError, match="expected 3 channels, one a slope, got 2"):
        nn.PReLU(3)(jnp.ones((4, 2)))
    with pytest.raises(InputError, match="'none' or 'tanh'"):
        F.gelu(jnp.ones(2), "exact")


def test_relu_keeps_its_result_alone_for_the_gradient():
    x = jnp.array([-1.0, -0.0, 0.0, 2.0, jnp.nan, -jnp.inf])
    (mine, back), (theirs, expected) = jax.vjp(F.relu, x), jax.vjp(jax.nn.relu, x)
    np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(back(x + 3)[0], expected(x + 3)[0])

    def memory(relu):
        def loss(weights, x):
            for w in weights:
                x = relu(x @ w + 1)
            return x.sum()

        weights = [jnp.ones((64, 64))] * 8
        compiled = jax.jit(jax.grad(loss)).lower(weights, jnp.ones((256, 64))).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert memory(F.relu) < 0.7 * memory(jax.nn.relu)


def test_a_number_is_an_axis_of_one():
    x = np.float32(-3.0)
    for dim in (0, -1, None):
        assert float(F.softmax(x, dim)) == float(F.softmin(x, dim)) == 1.0
        assert float(F.log_softmax(x, dim)) == 0.0
    assert F.gumbel_softmax(x, hard=True, dim=0).shape == ()
    assert nn.PReLU()(x).shape == ()
    assert float(nn.PReLU()(x)) == -0.75
    with pytest.raises(InputError, match="from -1 to 0"):
        F.softmax(x, 1)
