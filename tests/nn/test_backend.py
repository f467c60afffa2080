"""What XLA is told on a CPU is heard, and changes no number."""

import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import normax as nx
from normax import nn, torch
from normax.nn import backend
from normax.nn import functional as F

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="settings of a CPU")


def test_a_fence_is_not_fused_and_its_inside_is():
    def roots(x):
        return jnp.where(x > 0, jnp.sqrt(x), 0.0)  # where is a routine of its own in JAX

    def loss(function):
        return lambda x: (function(x).T * 2 + x.T).sum()

    x = jnp.arange(1.0, 13.0).reshape(3, 4)
    fenced = jax.jit(jax.value_and_grad(loss(backend.fence(roots))))
    text = fenced.lower(x).compile().as_text()
    assert text[text.index("ENTRY") :].count(" call(") == 2  # forward and reverse, and no call within them
    assert text.count(" call(") == 2
    for a, b in zip(fenced(x), jax.value_and_grad(loss(roots))(x)):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_settings_stand_in_outermost_programs_alone():
    double = backend.compiled(lambda x: x * 2)
    assert backend.settings()
    assert double(3.0) == 6
    assert jax.jit(lambda x: double(x) + 1)(3.0) == 7
    assert jax.vmap(double)(jnp.ones(2)).tolist() == [2, 2]
    assert jax.grad(double)(1.0) == 2


def test_an_xla_without_the_setting_gets_none(monkeypatch):
    monkeypatch.setattr(backend, "_CPU", {"xla_cpu_no_such_setting": True})
    assert backend.settings.__wrapped__() is None


@pytest.mark.parametrize(
    ("name", "value"), [("NORMAX_KEEP_MEMORY", "0"), ("MALLOC_ARENA_MAX", "2"), (None, None)]
)
def test_memory_is_kept_unless_told_otherwise(monkeypatch, name, value):
    calls = []
    libc = type("", (), {"mallopt": staticmethod(lambda *call: calls.append(call))})
    monkeypatch.setattr(backend.ctypes, "CDLL", lambda _: libc)
    for own in [key for key in backend.os.environ if key.startswith(("MALLOC_", "NORMAX_KEEP"))]:
        monkeypatch.delenv(own)
    if name:
        monkeypatch.setenv(name, value)
    backend._keep_memory()
    assert calls == ([] if name else [(-4, 0), (-1, 1 << 30)])


def test_tiles_pick_the_first_maximum_in_every_mode_of_differentiation():
    x = jnp.round(jax.random.normal(jax.random.key(0), (2, 3, 7, 9)), 1)  # with ties, and rows left over
    x = x.at[0, 0, 0, 0].set(jnp.nan)
    best, at = F.max_pool2d(x, (2, 3), return_indices=True)

    def picked(x):
        return jnp.take_along_axis(x.reshape(2, 3, -1), at.reshape(2, 3, -1), 2).reshape(best.shape)

    def weigh(pool):
        return lambda x: jnp.sum(jnp.sin(pool(x)[..., 1:]))

    pool = lambda x: F.max_pool2d(x, (2, 3))  # noqa: E731
    np.testing.assert_array_equal(pool(x), best)
    np.testing.assert_array_equal(jax.grad(weigh(pool))(x), jax.grad(weigh(picked))(x))
    t = jax.random.normal(jax.random.key(1), x.shape)
    np.testing.assert_array_equal(jax.jvp(pool, (x,), (t,))[1], picked(t))
    np.testing.assert_array_equal(jax.vmap(pool)(x[None])[0], best)
    curve = lambda pool: jax.jvp(jax.grad(weigh(pool)), (x,), (t,))[1]  # noqa: E731
    np.testing.assert_allclose(curve(pool), curve(picked), rtol=1e-6)


def what_a_fork_says(use):
    """How a forked child ends that does this: 0 if it is told to use spawn, and killed where it hangs."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        try:
            use()
            os._exit(1)
        except nx.InputError as error:
            os._exit(0 if "forked after JAX" in str(error) and "spawn" in str(error) else 2)
        finally:
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_child_says_so_instead_of_hanging():
    layer, x = nn.Linear(2, 2), torch.ones(2, 2)
    net, rows = nn.Sequential(nn.Linear(2, 2), nn.ReLU()), np.ones((6, 2), "f4")
    assert float((x + 1).sum()) == 8  # compiled, and still refused in a child: larger ones would hang
    layer(np.ones((1, 2), "f4"))
    for use in (
        lambda: nx.jit(layer),
        lambda: layer(np.ones((5000, 2), "f4")),
        layer.state_dict,
        lambda: nx.path(net, (rows, rows), loss="squared", strengths=[1.0], cv=2, epochs=1),
        lambda: x + 1,
        lambda: x[0],
        lambda: x.mul_(2),
        lambda: torch.cat([x, x]),
        lambda: torch.ones(7, 3),
        lambda: jnp.ones(11) * 3,
    ):
        assert what_a_fork_says(use) == 0
    assert what_a_fork_says(lambda: x.tolist() and x.numpy()) == 1  # what is there can be read
    nx.jit(layer)
