"""Plain attributes that a forward changes: dropped after a compiled call where no output comes from an earlier one."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn

X = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")


class Layer(nn.Module):
    """A layer, and what networks keep beside: a counter, a mask, something to look at, a cache and a log."""

    def __init__(self):
        self.name = "set before super().__init__()"
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.calls, self.mask, self.last, self.masks, self.log = 0, None, None, {}, []
        self.average, self.traced = np.zeros(3, "f4"), []

    def causal(self, n):
        return jnp.tril(jnp.ones((n, n)))


class Counts(Layer):
    def forward(self, x):
        TRACES.append(self)
        self.calls += 1
        return self.fc(x)


class CachesMask(Layer):
    def forward(self, x):
        TRACES.append(self)
        if self.mask is None or self.mask.shape[0] != len(x):
            self.mask = self.causal(len(x))
        return self.mask @ self.fc(x)


class CachesByLength(Layer):
    def __init__(self):
        super().__init__()
        self.rows = self.longest = 0
        self.shape = None
        self.register_buffer("waves", np.arange(1, 9, dtype="f4"), persistent=False)
        self.register_buffer("table", None, persistent=False)
        self.register_buffer("long", np.zeros(0, "f4"), persistent=False)

    def forward(self, x):
        TRACES.append(self)
        if len(x) != self.rows:
            self.rows = len(x)
            self.register_buffer("table", jnp.cos(self.waves[: len(x)]), persistent=False)
        if len(x) > self.longest:
            self.longest = len(x)
            self.long = jnp.sin(self.waves[: len(x)])
        if self.shape is None or self.shape != x.shape:
            self.shape, self.ones = x.shape, jnp.ones(x.shape)
        return self.fc(x) * self.table[:, None] + self.long[: len(x), None] + self.ones


class CachesMasks(Layer):
    def forward(self, x):
        TRACES.append(self)
        if len(x) not in self.masks:
            self.masks[len(x)] = self.causal(len(x))
        return self.masks[len(x)] @ self.fc(x)


class PutsAside(Layer):
    def forward(self, x):
        TRACES.append(self)
        self.last, self.rows = self.fc(x), len(x)
        self.average = 0.9 * self.average + x.mean(0)
        return self.last.reshape(self.rows, 3)


class CountsInOutput(Layer):
    def forward(self, x):
        self.calls += 1
        return self.fc(x) * self.calls


class CountsInDecision(Layer):
    def forward(self, x):
        self.calls += 1
        return self.fc(x) if self.calls < 3 else x


class CountsInLoop(Layer):
    def forward(self, x):
        self.calls += 1
        for _ in range(self.calls):
            x = self.fc(x)
        return x


class ReturnsCount(Layer):
    def forward(self, x):
        self.calls += 1
        return self.fc(x).sum() * 0 + self.calls


class CentresByFirst(Layer):
    def forward(self, x):
        if self.last is None:
            self.last = x.mean()
        return self.fc(x) - self.last


class CentresByNew(Layer):
    def forward(self, x):
        if not hasattr(self, "first"):
            self.first = x.mean()
        return self.fc(x) - self.first


class WarmsUp(Layer):
    def forward(self, x):
        if self.last is None:
            self.last = True
            return x
        return self.fc(x)


class WarmsUpByNumber(Layer):
    def forward(self, x):
        if self.calls != 1:
            self.calls = 1
            return x
        return self.fc(x)


class Alternates(Layer):
    def forward(self, x):
        self.calls, self.mask = (1, jnp.ones(3)) if self.calls == 0 else (0, jnp.zeros(3))
        return self.fc(x) * self.mask


class CentresByLength(Layer):
    def forward(self, x):
        if self.calls != len(x):
            self.calls, self.last = len(x), x.mean()
        return self.fc(x) - self.last


class CountsInBuffer(Layer):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", np.float32(0))

    def forward(self, x):
        if self.calls != len(x):
            self.calls, self.seen = len(x), self.seen + 1
        return self.fc(x) - self.seen


class KeepsState(Layer):
    def forward(self, x):
        self.last = jnp.zeros(3) if self.last is None else self.last
        self.last = self.last + self.fc(x).mean(0)
        return self.last


class GrowsConstant(Layer):
    def forward(self, x):
        self.last = jnp.zeros(3) if self.last is None else self.last
        self.last = self.last + 1
        return self.fc(x) * self.last


class Averages(Layer):
    def forward(self, x):
        self.average = 0.9 * self.average + x.mean(0)
        return self.fc(x) + self.average


class Logs(Layer):
    def forward(self, x):
        self.log.append(x)
        return self.fc(x)


class CountsInDict(Layer):
    def forward(self, x):
        self.masks["calls"] = self.masks.get("calls", 0) + 1
        return self.fc(x)


class Registers(Layer):
    def forward(self, x):
        self.register_buffer("seen", x.mean())
        return self.fc(x)


ALLOWED = (Counts, CachesMask, CachesByLength, CachesMasks, PutsAside)
REFUSED = (
    *(CountsInOutput, CountsInDecision, CountsInLoop, ReturnsCount, CentresByFirst, CentresByNew, WarmsUp),
    *(WarmsUpByNumber, Alternates, CentresByLength, CountsInBuffer),
    *(KeepsState, GrowsConstant, Averages, Logs, CountsInDict, Registers),
)
TRACES: list = []


def loss_fn(net, x):
    return (net(x) ** 2).mean()


HOW = {
    "jit": nx.jit,
    "gradient": lambda net: nx.value_and_grad(net, loss_fn),
    "step": lambda net: nx.train_step(net, loss_fn, optax.sgd(0.0)),
    "function": lambda net: lambda x: nx.functional_call(net, {}, x),
    "remat": lambda net: nx.jit(nn.Sequential(nx.remat(net))),
}


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("kind", ALLOWED)
def test_what_reaches_no_output_is_dropped(kind, how):
    if kind is CachesByLength and how == "remat":
        return  # which says that it cannot see what a buffer was made of
    net = kind()
    before = repr([net.calls, net.mask, net.last, net.masks, net.average])
    call, eager = HOW[how](net), copy.deepcopy(net)
    wanted = eager if how in ("jit", "function", "remat") else lambda x: loss_fn(eager, x)
    for _ in range(3):
        for x in (X, X[:2]):
            got = call(x)
            got = got[0] if how == "gradient" else got
            np.testing.assert_allclose(got, wanted(x), rtol=2e-5, atol=1e-6)
    assert repr([net.calls, net.mask, net.last, net.masks, net.average]) == before


@pytest.mark.parametrize("how", ["jit", "gradient", "step", "function"])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_reaches_an_output_is_refused(kind, how):
    if kind in (Registers, CountsInBuffer) and how == "function":
        return  # which drops what is written to buffers, and says so
    net = kind()
    call = HOW[how](net)
    with pytest.raises(nx.InputError, match=rf"{kind.__name__}\.\w+[ :].*changed|assigned inside"):
        call(X)
    assert not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves([net.log, net.masks]))
    np.testing.assert_array_equal(net(X).shape, kind()(X).shape)  # eager calls go on as before


@pytest.mark.parametrize("kind", ALLOWED)
def test_nothing_compiles_for_ever(kind):
    net = kind()
    call = nx.jit(net)
    for _ in range(3):  # eager calls between change the attributes as ever
        net(X), call(X), call(X[:2])
    TRACES.clear()
    for _ in range(3):
        net(X), call(X), call(X[:2])
    assert len(TRACES) == 3
    assert net.calls == (6 if kind is Counts else 0)


def test_a_mask_that_eager_calls_keep_is_used():
    net = CachesMask()
    call, plain = nx.jit(net), net(X)
    mask = net.mask
    np.testing.assert_allclose(call(X), plain, rtol=1e-5)
    np.testing.assert_allclose(call(X[:2]), CachesMask.forward(copy.deepcopy(net), X[:2]), rtol=1e-5)
    assert net.mask is mask
    net.mask = 2 * mask
    np.testing.assert_allclose(call(X), 2 * plain, rtol=1e-5)


def test_a_counter_stays_an_attribute():
    net = Counts()
    nx.jit(net)(X)
    net(X)
    for twin in (net, copy.deepcopy(net), copy.copy(net), pickle.loads(pickle.dumps(net))):
        assert twin.calls == 1
        twin.calls = 5
        assert twin.calls == 5
        assert "calls" in dir(twin)
        del twin.calls
        assert not hasattr(twin, "calls")


def test_networks_are_fitted_and_summed_up_that_count():
    net = Counts()
    nx.fit(net, (X, X), loss="mse", optimizer=optax.sgd(0.1), epochs=2, batch_size=2)
    assert net.calls == 0
    assert "fc" in str(nx.summary(Counts(), X))


def test_plain_attributes_may_come_before_init_and_nothing_else():
    assert Layer().name == "set before super().__init__()"

    class Early(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)
            super().__init__()

    with pytest.raises(AttributeError, match=r"begin Early\.__init__ with super"):
        Early()

    class Never(nn.Module):
        def __init__(self):
            self.width = 3

    with pytest.raises(AttributeError, match=r"begin Never\.__init__ with super"):
        Never().state_dict()


class Biases(nn.Module):
    """Attention that keeps its table of biases by device, as LeViT does."""

    def __init__(self, of="weight"):
        super().__init__()
        self.of, self.known, self.index = of, {}, np.array([2, 0, 1])
        self.weight = nn.Parameter(np.arange(3.0, dtype="float32"))
        self.mean = nn.Buffer(np.zeros(3, "float32"))

    def forward(self, x):
        if self.of == "mean":
            self.mean.value = self.mean.value + x
        if "cpu" not in self.known:
            self.known["cpu"] = (x if self.of == "input" else getattr(self, self.of)[self.index]) * 2
        return x + self.known["cpu"]


def test_a_table_of_weights_in_a_dict_is_of_the_weights_as_they_are():
    net = Biases()
    call = nx.jit(net)
    for weight in ([0.0, 1.0, 2.0], [5.0, 6.0, 8.0]):
        net.weight.value = np.array(weight, "float32")
        np.testing.assert_array_equal(call(np.ones(3, "float32")), 1 + 2 * np.array(weight)[[2, 0, 1]])
    assert net.known == {}


@pytest.mark.parametrize("of", ["input", "mean"])
def test_a_table_of_what_changes_is_refused(of):
    with pytest.raises(nx.InputError, match=r"Biases\.known: changed inside a compiled call"):
        nx.jit(Biases(of))(np.ones(3, "float32"))


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")  # one epoch teaches nothing
def test_tables_by_length_go_through_paths():
    net, X8 = CachesByLength(), np.random.default_rng(1).normal(size=(8, 3)).astype("f4")
    plain = CachesByLength()
    plain.load_state_dict(net.state_dict())
    path = nx.path(net, (X8, X8), loss="mse", strengths=2, cv=2, epochs=1, optimizer=optax.sgd(0.1))
    assert np.isfinite(path.cv_mean).all()
    assert (net.rows, net.longest, net.table) == (plain.rows, plain.longest, None)
