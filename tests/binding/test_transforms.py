"""remat and scan carry buffers and random draws: the same numbers as the plain forward and the plain loop."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn


class Block(nn.Module):
    def __init__(self, width=6, p=0.5):
        super().__init__()
        self.fc1, self.norm, self.drop, self.fc2 = (
            nn.Linear(width, 8), nn.BatchNorm1d(8), nn.Dropout(p), nn.Linear(8, width)
        )  # fmt: skip

    def forward(self, x):
        return x + self.fc2(self.drop(nn.functional.relu(self.drop(self.norm(self.fc1(x))))))


class Net(nn.Module):
    """Three blocks, run in one of several ways that must not differ."""

    def __init__(self, how, depth=3):
        super().__init__()
        self.how = how
        self.inp = nn.Linear(4, 6)
        self.blocks = nn.ModuleList(Block() for _ in range(depth))
        self.end = nn.Dropout(0.3)

    def forward(self, x):
        x, blocks = self.inp(x), list(self.blocks)
        if self.how == "scan":
            x = nx.scan_layers(blocks, x)
        elif self.how == "scan remat":
            x = nx.scan_layers([nx.remat(b) for b in blocks], x)
        elif self.how == "remat function":
            x = nx.remat(lambda x: blocks[1](blocks[0](x)))(x)
            x = blocks[2](x)
        elif self.how == "nested":
            x = nx.remat(lambda x: nx.remat(blocks[1])(nx.remat(blocks[0])(x)))(x)
            x = nx.remat(lambda x: nx.scan_layers([blocks[2]], x))(x)
        else:
            for block in blocks:
                x = nx.remat(block)(x) if self.how == "remat" else block(x)
        return self.end(x)


def loss_fn(net, x):
    return (net(x) ** 2).mean()


def run(net, x, steps=2):
    nx.manual_seed(7)
    step = nx.train_step(net, loss_fn, optax.sgd(0.1))
    losses = [float(step(x)) for _ in range(steps)]
    loss, grads = nx.value_and_grad(net, loss_fn)(x)
    return losses, grads, net.state_dict()


@pytest.fixture(scope="module")
def batch():
    return np.random.default_rng(0).normal(size=(10, 4)).astype("float32")


@pytest.fixture(scope="module")
def plain(batch):
    nx.manual_seed(1)
    return run(Net("plain"), batch)


@pytest.mark.parametrize(
    "how",
    [
        "remat",
        "nested",
        "scan",
        *(pytest.param(h, marks=pytest.mark.slow) for h in ("remat function", "scan remat")),
    ],
)
def test_training_is_the_same_with_and_without(plain, batch, how):
    nx.manual_seed(1)
    net = Net(how)
    losses, grads, state = run(net, batch)
    np.testing.assert_allclose(
        losses, plain[0], rtol=2e-5
    )  # the masks are the same ones, or this would be far off
    for mine, theirs in ((grads, plain[1]), (state, plain[2])):
        assert mine.keys() == theirs.keys()
        for name in mine:
            np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-4, atol=2e-6, err_msg=name)
    assert int(state["blocks.2.norm.num_batches_tracked"]) == 3
    net.eval()
    np.testing.assert_allclose(nx.jit(net)(batch), net(batch), rtol=1e-5, atol=1e-6)


def test_eager_forward_writes_buffers_and_draws():
    nx.manual_seed(0)
    net, x = Net("scan"), np.ones((5, 4), "float32")
    net(x)
    assert int(net.blocks[2].norm.num_batches_tracked) == 1
    assert not np.array_equal(net(x), net(x))
    same = copy.deepcopy(net).eval()
    same.how = "plain"
    np.testing.assert_allclose(net.eval()(x), same(x), rtol=1e-5, atol=1e-6)
    remat = nx.remat(net.train())
    remat(x)
    assert int(net.blocks[2].norm.num_batches_tracked) == 4


class Cell(nn.Module):
    def __init__(self, looped):
        super().__init__()
        self.looped = looped
        self.rnn, self.drop, self.norm = nn.GRUCell(3, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 1)

    def step(self, h, x):
        h = self.norm(self.drop(self.rnn(x, self.drop(h))))
        return h, self.head(h)

    def forward(self, xs):
        h, ys = jnp.zeros((xs.shape[1], 4)), []
        if not self.looped:
            h, ys = nx.scan(nx.remat(self.step), h, xs)
            return self.drop(ys) + nx.scan(self.step, h, xs, reverse=True)[1]
        for x in xs:
            h, y = self.step(h, x)
            ys.append(y)
        out, ys = self.drop(jnp.stack(ys)), []
        for x in xs[::-1]:
            h, y = self.step(h, x)
            ys.append(y)
        return out + jnp.stack(ys[::-1])


@pytest.mark.slow
def test_time_steps_carry_buffers_and_draws_as_a_python_loop_does():
    xs = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    results = []
    for looped in (True, False):
        nx.manual_seed(3)
        results.append(run(Cell(looped), xs))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=2e-5)
    for a, b in zip(results[0][1:], results[1][1:]):
        for name in a:
            np.testing.assert_allclose(a[name], b[name], rtol=2e-4, atol=1e-5, err_msg=name)


def test_scans_nest():
    drop = nn.Dropout(0.5)

    class Nested(nn.Module):
        def __init__(self, looped):
            super().__init__()
            self.drop, self.looped = drop, looped

        def forward(self, x):
            inner = lambda c, _: (self.drop(c) + self.drop(x), c)  # noqa: E731
            if not self.looped:
                return nx.scan(lambda c, _: nx.scan(inner, c, length=2), x, length=3)[1]
            outer = []
            for _ in range(3):
                row = []
                for _ in range(2):
                    row.append(x)
                    x0 = x
                    x = self.drop(x0) + self.drop(start)
                outer.append(jnp.stack(row))
            return jnp.stack(outer)

    start = jnp.ones(20)
    nx.manual_seed(0)
    loop = nx.jit(Nested(True))(start)
    nx.manual_seed(0)
    np.testing.assert_array_equal(nx.jit(Nested(False))(start), loop)


def test_one_layer_several_times_and_shared_cells():
    nx.manual_seed(0)
    block = Block()
    x = np.ones((5, 6), "float32")
    nx.scan_layers([block] * 3, x)
    assert int(block.norm.num_batches_tracked) == 3
    layers = [nn.Linear(6, 6) for _ in range(3)]
    for layer in layers[1:]:
        layer.weight = layers[0].weight
    want = layers[2](layers[1](layers[0](x)))
    np.testing.assert_allclose(nx.scan_layers(layers, x), want, rtol=1e-5)
    assert nx.scan_layers([], x) is x


def test_a_twin_in_place_of_its_module_keeps_keys_modes_and_training(batch):
    net = Net("plain")
    keys = list(net.state_dict())
    net.blocks[0] = nx.remat(net.blocks[0])
    assert list(net.state_dict()) == keys
    assert isinstance(net.blocks[0], Block)
    net.eval()
    assert not net.blocks[0].training
    copied = copy.deepcopy(net)
    assert copied.blocks[0].fc1.weight is not net.blocks[0].fc1.weight
    assert "RematBlock" in repr(copied)
    np.testing.assert_allclose(copied(batch), nx.jit(net)(batch), rtol=1e-5, atol=1e-6)


def test_remat_keeps_less_between_forward_and_backward():
    nets = {how: Net(how, depth=3).eval() for how in ("plain", "remat")}
    x = np.ones((64, 4), "float32")
    kept = {}
    for how, net in nets.items():
        f = lambda w, net=net: (nx.functional_call(net, w, x) ** 2).sum()  # noqa: E731
        _, pullback = jax.vjp(
            f, dict(net.named_parameters()) and {n: p.value for n, p in net.named_parameters()}
        )
        kept[how] = sum(leaf.size for leaf in jax.tree.leaves(pullback) if 64 in getattr(leaf, "shape", ()))
    assert kept["remat"] < 0.5 * kept["plain"], kept


def test_one_body_whatever_the_depth():
    lines = [
        str(jax.make_jaxpr(lambda x, n=n: nx.functional_call(n, {}, x))(np.ones((2, 4), "float32"))).count(
            "dot_general"
        )
        for n in (Net("scan", 2).eval(), Net("scan", 9).eval())
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nx.remat(3), "expected a Module or a function, got int"),
        (lambda: nx.scan(lambda c, x: (c, x), 0.0), "leading axis in common, or length="),
        (lambda: nx.scan(lambda c, x: (c, x), 0.0, (np.ones(3), np.ones(2))), "leading axis"),
        (lambda: nx.scan(lambda c, x: c, 0.0, length=2), r"return \(carry, y\)"),
        (lambda: nx.scan(lambda c, x: (jnp.ones(3), x), jnp.ones(2), length=2), r"float32\[2\].*float32\[3\]"),
        (lambda: nx.scan_layers([nn.Linear(2, 2), nn.Linear(2, 3), nn.ReLU()], np.ones((1, 2))),
         r"layer 1.out_features = 3, not 2.*layer 1.weight.*layer 2 has other"),
        (lambda: nx.scan_layers([1], np.ones(2)), "expected modules, got int"),
        (lambda: jax.jit(nx.remat(nn.Dropout()))(np.ones(2, "float32")), "random draw"),
        (lambda: jax.jit(lambda x: nx.scan_layers([nn.BatchNorm1d(2), nn.BatchNorm1d(2)], x))(np.ones((2, 2), "float32")),
         "traced value was written"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(nx.InputError, match=message):
        call()
