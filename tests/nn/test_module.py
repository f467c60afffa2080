"""Module against PyTorch's: registration, iteration, modes, state, representation, errors."""

import copy
import inspect
import pickle
import threading

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.errors import InputError

torch = pytest.importorskip("torch")


class Net(nn.Module):
    def __init__(self, inputs=784, hidden=64, outputs=10):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.fc2(self.relu(self.fc1(x)))


class Misspelt(Net):
    def forward(self, x):
        return self.fc2(self.relu(self.f1(x)))


class Nested(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2)
        )
        self.classifier = nn.Sequential(nn.Linear(16 * 14 * 14, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, x):
        x = self.feature_extractor(x)
        x = x.reshape(x.shape[0], -1)
        return self.classifier(x)


def test_the_first_program():
    net = Net()
    assert net._parameters == {}
    assert list(net._modules) == ["fc1", "relu", "fc2"]
    assert inspect.isgenerator(net.named_parameters())
    assert [(name, tuple(p.shape)) for name, p in net.named_parameters()] == [
        ("fc1.weight", (64, 784)),
        ("fc1.bias", (64,)),
        ("fc2.weight", (10, 64)),
        ("fc2.bias", (10,)),
    ]
    assert next(net.parameters()).device == jax.devices()[0]
    device = nx.device("cuda:0" if nx.cuda.is_available() else "cpu")
    moved = net.to(device)
    assert moved is net
    assert {p.device for p in net.parameters()} == {device}
    assert net(jnp.ones((2, 784))).shape == (2, 10)
    with pytest.raises(AttributeError, match=r"Misspelt has no attribute 'f1'; did you mean 'fc1'\?"):
        Misspelt()(jnp.ones((2, 784)))


def test_the_nested_program_learns():
    nx.manual_seed(0)
    net = Nested()
    random = np.random.default_rng(0)
    x = random.normal(size=(16, 3, 28, 28)).astype(np.float32)
    y = np.arange(16) % 10
    step = nx.train_step(net, lambda net, x, y: nn.functional.cross_entropy(net(x), y), optax.adam(1e-3))
    losses = [float(step(x, y)) for _ in range(8)]
    assert losses[-1] < losses[0] / 2
    assert list(net.state_dict())[:2] == ["feature_extractor.0.weight", "feature_extractor.0.bias"]


def both(build):
    """The same operations on a PyTorch module and on ours."""
    return build(torch.nn, torch.zeros), build(nn, jnp.zeros)


def keys(module):
    return (
        [name for name, _ in module.named_parameters()],
        [name for name, _ in module.named_buffers()],
        [name for name, _ in module.named_modules()],
        list(module.state_dict()),
    )


def registered(lib, zeros):
    m = lib.Module()
    m.a = lib.Linear(2, 3)
    m.w = lib.Parameter(zeros(2))
    m.register_buffer("count", zeros(1))
    m.register_buffer("hidden", zeros(1), persistent=False)
    m.register_parameter("none", None)
    m.add_module("b", lib.Sequential(lib.ReLU(), lib.Linear(3, 2, bias=False)))
    return m


def reassigned(lib, zeros):
    m = registered(lib, zeros)
    m.a = lib.ReLU()
    m.w = lib.Parameter(zeros(4))
    m.count = zeros(3)
    m.b = None
    del m.hidden
    return m


def tied(lib, zeros):
    m = lib.Module()
    m.first, m.second = lib.Linear(3, 3), lib.Linear(3, 3)
    m.second.weight = m.first.weight
    m.again = m.first
    return m


def normed(lib, zeros):
    return lib.Sequential(
        lib.Linear(4, 3), lib.BatchNorm1d(3), lib.ModuleDict({"x": lib.ModuleList([lib.Tanh()])})
    )


@pytest.mark.parametrize("build", [registered, reassigned, tied, normed])
def test_names_and_representation_are_those_of_pytorch(build):
    theirs, ours = both(build)
    assert keys(ours) == keys(theirs)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda m, lib: setattr(m, "w", 3.0), TypeError),
        (lambda m, lib: setattr(m, "a", 3.0), TypeError),
        (lambda m, lib: m.register_parameter("x.y", None), KeyError),
        (lambda m, lib: m.register_parameter("", None), KeyError),
        (lambda m, lib: m.register_buffer("forward", None), KeyError),
        (lambda m, lib: m.add_module("forward", lib.ReLU()), KeyError),
        (lambda m, lib: m.add_module("m", 3), TypeError),
        (lambda m, lib: m.register_parameter("p", 3), TypeError),
        (lambda m, lib: m.train("yes"), ValueError),
        (lambda m, lib: m.get_submodule("b.7"), AttributeError),
        (lambda m, lib: m.get_parameter("a.wieght"), AttributeError),
        (lambda m, lib: m.nothing, AttributeError),
    ],
)
def test_refused_as_pytorch_refuses(act, kind):
    theirs, ours = both(registered)
    for module, lib in ((theirs, torch.nn), (ours, nn)):
        with pytest.raises(kind):
            act(module, lib)


def test_assignment_before_init_says_what_to_do():
    class Hasty(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Hasty()


def test_modes_apply_and_freezing_walk_the_tree():
    net = normed(nn, jnp.zeros)
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    seen = []
    net.apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "BatchNorm1d", "Tanh", "ModuleList", "ModuleDict", "Sequential"]
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    loss, grads = nx.value_and_grad(net, lambda net, x: net[0](x).sum())(jnp.ones((2, 4)))
    assert grads == {}


def test_state_moves_between_pytorch_and_normax_exactly():
    theirs, ours = both(normed)
    ours.load_state_dict(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        np.testing.assert_array_equal(np.asarray(ours.state_dict()[name]), value.numpy())
    theirs.load_state_dict({name: torch.tensor(np.asarray(v)) for name, v in ours.state_dict().items()})


def test_every_fault_of_a_state_dict_comes_at_once_and_nothing_is_touched():
    net = Net(4, 3, 2)
    before = net.state_dict()
    state = dict(before) | {"fc1.weight": jnp.zeros((3, 5)), "fc3.bias": jnp.zeros(2)}
    del state["fc2.bias"]
    with pytest.raises(nx.InputError) as caught:
        net.load_state_dict(state)
    for part in (
        "missing: fc2.bias",
        "unexpected: fc3.bias",
        "fc1.weight: expected shape (3, 4), got (3, 5)",
    ):
        assert part in str(caught.value)
    assert all((net.state_dict()[name] == before[name]).all() for name in before)
    del state["fc1.weight"]
    left = net.load_state_dict(state, strict=False)
    assert (left.missing_keys, left.unexpected_keys) == (["fc1.weight", "fc2.bias"], ["fc3.bias"])


def test_dtypes_by_name_and_what_a_mix_of_them_is_told():
    net = Net(2, 2, 2)
    with pytest.raises(nx.InputError, match=r"fc1 \(Linear\).*net\.to\('bfloat16'\)"):
        net(jnp.ones((1, 2), jnp.bfloat16))
    assert net.to("bfloat16")(jnp.ones((1, 2), jnp.bfloat16)).dtype == jnp.bfloat16
    with pytest.raises(nx.InputError, match=r"x\.astype\('bfloat16'\)`$"):
        net(jnp.ones((1, 2), int))
    with pytest.raises(nx.InputError, match="no device 'gpux'"):
        net.to("gpux")


def test_what_is_no_array_is_refused_by_a_buffer_by_name():
    with pytest.raises(TypeError, match="cannot assign str to buffer 'count' of Module"):
        registered(nn, jnp.zeros).count = "three"


def test_float64_is_not_rounded_silently():
    with pytest.raises(nx.InputError, match="32 bits"):
        nn.Parameter(np.zeros(2))
    with pytest.raises(nx.InputError, match="jax_enable_x64"):
        Net(2, 2, 2).double()


def test_state_dict_copies():
    net = Net(2, 2, 2)
    state = net.state_dict()
    step = nx.train_step(net, lambda net, x: net(x).sum(), optax.sgd(0.1))
    step(jnp.ones((1, 2)))
    assert np.isfinite(np.asarray(state["fc2.bias"])).all()
    assert not (state["fc2.bias"] == net.fc2.bias).all()


def test_copies_and_pickles_stand_alone():
    net = nx.penalize(tied(nn, jnp.zeros), nx.penalties.L1(0.5))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin.second.weight is twin.first.weight
        assert twin.first.weight is not net.first.weight
        assert twin.first.weight.penalty == nx.penalties.L1(0.5)
        assert keys(twin) == keys(net)


def test_a_cell_behaves_as_its_array():
    w = nn.Parameter(jnp.array([[1.0, -2.0], [3.0, 4.0]]))
    assert float(jnp.sum(w)) == 6
    np.testing.assert_allclose(np.asarray(w), [[1, -2], [3, 4]])
    np.testing.assert_allclose(2 * w + w - w / 2, 2.5 * w.value)
    np.testing.assert_allclose(w @ w, w.value @ w.value)
    np.testing.assert_array_equal(w > 0, w.value > 0)
    assert (w == w.value).all()
    assert w[0, 1] == -2
    assert w.T.shape == (2, 2)
    assert len({w, nn.Parameter(jnp.zeros(1)), w}) == 2


def test_what_pytorch_has_and_jax_cannot_is_answered():
    net = Net(2, 2, 2)
    with pytest.raises(AttributeError, match=r"nx\.value_and_grad"):
        net.backward()
    with pytest.raises(AttributeError, match="delete the line"):
        net.zero_grad()
    with pytest.raises(AttributeError, match=r"net\.to\(dtype\)"):
        net.type(jnp.float16)
    with pytest.raises(AttributeError, match=r"nx\.value_and_grad"):
        _ = net.fc1.weight.grad


def test_no_tracer_stays_behind():
    net = normed(nn, jnp.zeros)
    with pytest.raises(nx.InputError, match=r"nx.jit\(net\)"):
        jax.jit(lambda x: net[1](net[0](x)))(jnp.ones((2, 4)))
    assert np.isfinite(np.asarray(net[1].running_mean)).all()

    class Keeps(nn.Module):
        def forward(self, x):
            self.last = x
            return x

    with pytest.raises(nx.InputError, match=r"Keeps\.last, where it would leak"):
        jax.jit(Keeps())(jnp.ones(2))
    net = Keeps()
    nx.jit(net)(jnp.ones(2))
    with pytest.raises(AttributeError, match=r"'last'.*dropped after the call"):
        net.last  # noqa: B018


def test_errors_name_the_path_of_the_layer():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(4, 1)))
    with pytest.raises(nx.InputError, match=r"in 1\.1 \(Linear\): expected .*4.*got .*3"):
        net(jnp.ones((5, 2)))


def test_checkpoint_and_inner_jit_read_this_trace():
    class Blocky(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)

        def forward(self, x):
            return jax.checkpoint(self.a)(x) + jax.jit(self.a)(x)

    net = Blocky()
    compiled = nx.jit(net)
    for rows in (1, 2, 3):
        x = jnp.ones((rows, 2))
        np.testing.assert_allclose(compiled(x), 2 * net.a(x), rtol=1e-6)
        net.a.weight.value = net.a.weight * 2
    grads = nx.value_and_grad(net, lambda net, x: net(x).sum())(jnp.ones((1, 2)))[1]
    np.testing.assert_allclose(grads["a.weight"], 2 * np.ones((2, 2)))


def test_a_trace_in_one_thread_is_invisible_in_another():
    net, seen = Net(2, 2, 2), []

    class Spying(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net.fc1

        def forward(self, x):
            thread = threading.Thread(target=lambda: seen.append(type(net.fc1.weight.value)))
            thread.start()
            thread.join()
            return self.inner(x)

    nx.jit(Spying())(jnp.ones((1, 2)))
    assert not issubclass(seen[0], jax.core.Tracer)


def test_modules_that_are_no_part_are_named_by_themselves():
    """One of a closure is read as any other; what it says of itself is the place of an error."""
    other = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 1)))

    class Reads(nn.Module):
        def forward(self, x):
            return other(x)

    x = np.ones((4, 3), "float32")
    np.testing.assert_allclose(nx.jit(Reads())(x), other(x), rtol=1e-6)
    with pytest.raises(InputError, match=r"^in 0 \(Linear\): expected input of shape"):
        nn.Sequential(Reads())(x[:, :2])
    with pytest.raises(InputError, match=r"^in 0\.1\.0 \(Linear\)"):
        nn.Sequential(nx.remat(nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Linear(2, 1)))))(x)
