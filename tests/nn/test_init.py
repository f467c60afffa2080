"""Initial values have PyTorch's distributions (two-sample tests on about 10⁵ draws)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

import normax as nx
from normax import nn
from normax.errors import InputError
from normax.nn import init
from normax.nn.random import fork, next_key, raw_key, wrap_key
from normax.nn.threefry import normal, uniform


@pytest.fixture(autouse=True)
def _seed():
    nx.manual_seed(0)
    torch.manual_seed(0)


def same_distribution(ours, theirs):
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert ks_2samp(np.asarray(ours).ravel(), theirs.detach().numpy().ravel()).pvalue > 1e-3


# A change of the scale by 1% must show: the test would otherwise fail to fail.
def test_the_two_sample_test_sees_one_percent():
    draws = np.random.default_rng(0).uniform(-1, 1, (2, 100_000))
    assert ks_2samp(draws[0], 1.02 * draws[1]).pvalue < 1e-3


@pytest.mark.parametrize(
    "draw",
    [
        lambda init, w: init.uniform_(w, -2, 0.5),
        lambda init, w: init.normal_(w, 1.0, 0.3),
        lambda init, w: init.trunc_normal_(w, 0.5, 1.5, -1.0, 1.2),
        lambda init, w: init.xavier_uniform_(w, 1.7),
        lambda init, w: init.xavier_normal_(w),
        lambda init, w: init.kaiming_uniform_(w, 0.2, "fan_out"),
        lambda init, w: init.kaiming_uniform_(w, nonlinearity="tanh"),
        lambda init, w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
        lambda init, w: init.sparse_(w, 0.1, 2.0),
    ],
)
def test_draws(draw):
    ours, theirs = nn.Parameter(jnp.zeros((250, 400))), torch.zeros(250, 400)
    assert draw(init, ours) is ours
    same_distribution(ours, draw(torch.nn.init, theirs))


@pytest.mark.parametrize(
    "build",
    [
        lambda nn: nn.Linear(300, 330),
        lambda nn: nn.Bilinear(50, 40, 50),
        lambda nn: nn.Conv1d(60, 180, 9),
        lambda nn: nn.Conv2d(96, 128, 3, groups=2),
        lambda nn: nn.Conv3d(20, 190, 3),
        lambda nn: nn.PReLU(3),
        lambda nn: nn.BatchNorm2d(4),
    ],
)
def test_layers(build):
    ours, theirs = build(nn), build(torch.nn)
    for (name, p), (their_name, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == their_name
        same_distribution(p, q)


def test_orthogonal():
    for shape in ((30, 50), (50, 30), (20, 4, 5)):
        w = init.orthogonal_(nn.Parameter(jnp.zeros(shape)), gain=2.0).value.reshape(shape[0], -1)
        gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-4)
    entries = np.concatenate([init.orthogonal_(nn.Parameter(jnp.zeros((2, 2)))).value[0] for _ in range(200)])
    assert abs(entries.mean()) < 0.15  # no preferred sign


def test_fixed_values_like_torch():
    for draw in (
        lambda init, w: init.constant_(w, 0.3),
        lambda init, w: init.ones_(w),
        lambda init, w: init.zeros_(w),
        lambda init, w: init.eye_(w),
    ):
        ours, theirs = nn.Parameter(jnp.full((3, 5), 7.0)), torch.full((3, 5), 7.0)
        np.testing.assert_allclose(draw(init, ours).value, draw(torch.nn.init, theirs).numpy())
    for shape, groups in (((4, 2, 3), 2), ((3, 5, 3, 2), 1), ((6, 2, 2, 3, 3), 3)):
        ours = init.dirac_(nn.Parameter(jnp.ones(shape)), groups).value
        np.testing.assert_allclose(ours, torch.nn.init.dirac_(torch.ones(shape), groups).numpy())


def test_gains_like_torch():
    for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_refused():
    with pytest.raises(InputError, match=r"expected a Parameter or Buffer.*init.normal_\(layer.weight\)"):
        init.normal_(jnp.zeros(3))
    with pytest.raises(InputError, match="expected 2 or more axes"):
        init.kaiming_uniform_(nn.Parameter(jnp.zeros(3)))
    with pytest.raises(InputError, match="did you mean 'relu'"):
        init.calculate_gain("rleu")
    with pytest.raises(InputError, match="'fan_in' or 'fan_out'"):
        init.kaiming_normal_(nn.Parameter(jnp.zeros((2, 2))), mode="fan")


@pytest.mark.parametrize("shape", [(), (1,), (7, 3), (0, 2), (65_537,), (3, 50_001)])
def test_uniform_draws_are_those_of_jax(shape):
    random = np.random.default_rng(0)
    for low, high in ((0.0, 1.0), (-0.125, 0.125), *np.sort(random.normal(size=(3, 2)))):
        key = random.integers(0, 1 << 32, 2, np.uint32)
        expected = jax.random.uniform(wrap_key(key), shape, jnp.float32, low, high)
        np.testing.assert_array_equal(uniform(key, shape, low, high), expected)


@pytest.mark.parametrize("ends", [(), (-0.5, 1.2), (-2.0, 2.0)])
def test_normal_draws_are_those_of_jax_to_its_polynomial(ends):
    key = np.array([3, 2**31 + 4], np.uint32)
    expected = (
        jax.random.truncated_normal(wrap_key(key), *ends, (40_001,))
        if ends
        else jax.random.normal(wrap_key(key), (40_001,))
    )
    np.testing.assert_allclose(normal(key, (40_001,), *ends), expected, atol=5e-5)


def test_drawing_compiles_nothing():
    cells = [nn.Parameter(jnp.zeros((i, 2 * i))) for i in (3, 5, 7)]
    seen = []

    def listen(event, seconds, **rest):
        seen.extend([event] * ("backend_compile" in event))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        for cell in cells:
            for draw in (init.normal_, init.trunc_normal_, init.kaiming_normal_, init.uniform_, init.zeros_):
                draw(cell)
        assert not seen
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def test_a_key_of_ones_own_draws_the_same():
    ours, theirs = (nn.Parameter(jnp.zeros((5, 7))) for _ in range(2))
    init.uniform_(ours, -1, 2)
    nx.manual_seed(0)
    np.testing.assert_array_equal(ours, init.uniform_(theirs, -1, 2, key=next_key()))


def test_draws_from_a_seed_of_their_own_keep_to_their_thread():
    meeting = threading.Barrier(2, timeout=60)

    def draws(seed):
        with fork(seed):
            meeting.wait()
            found = [raw_key().tolist() for _ in range(3)]
            meeting.wait()
        return found

    with ThreadPoolExecutor(2) as pool:
        at_once = list(pool.map(draws, [1, 2]))
    for seed, found in zip([1, 2], at_once):
        nx.manual_seed(seed)
        assert found == [raw_key().tolist() for _ in range(3)]
