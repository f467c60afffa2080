"""What shapes a step: accumulation, clipping, groups, decays and schedules, each against its definition."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1, L2, ElasticNet

random = np.random.default_rng(0)
x = random.normal(size=(24, 3)).astype(np.float32)
y = (x[:, :1] - 0.5 * x[:, 1:2]).astype(np.float32)


def squared(net, x, y):
    return ((net(x) - y) ** 2).mean() / 2


def linear(penalty=None):
    net = nn.Linear(3, 1)
    net.weight.value, net.bias.value = jnp.array([[0.5, -0.5, 0.2]]), jnp.array([0.3])
    return nx.penalize(net, penalty)


def after(net, optimizer, steps=5, **options):
    step = nx.train_step(net, squared, optimizer, **options)
    for _ in range(steps):
        step(x, y)
    return np.append(np.asarray(net.weight), np.asarray(net.bias))


def test_accumulated_parts_are_the_large_batch():
    whole, parts = (after(linear(ElasticNet(0.1)), optax.sgd(0.1), accumulate=k) for k in (1, 4))
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    with pytest.raises(nx.InputError, match="5 parts do not divide"):
        after(linear(), optax.sgd(0.1), accumulate=5)


@pytest.mark.parametrize("rows", [24, 22])
def test_fit_accumulates_a_short_last_batch_too(rows):
    nets = [linear(L2(0.1)) for _ in range(2)]
    for net, k in zip(nets, (1, 4)):
        nx.fit(net, (x[:rows], y[:rows]), loss="squared", optimizer=optax.sgd(0.1), epochs=2, batch_size=20, seed=0,
               accumulate=k)  # fmt: skip
    np.testing.assert_allclose(np.asarray(nets[0].weight), np.asarray(nets[1].weight), rtol=1e-5)


def test_batch_norm_sees_the_parts_as_in_pytorch():
    torch = pytest.importorskip("torch")
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))
    theirs = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
    theirs.load_state_dict({name: torch.tensor(np.asarray(v)) for name, v in net.state_dict().items()})
    nx.train_step(net, squared, optax.sgd(0.1), accumulate=3)(x, y)
    optimizer = torch.optim.SGD(theirs.parameters(), 0.1)
    for part in np.split(np.arange(24), 3):
        loss = ((theirs(torch.tensor(x[part])) - torch.tensor(y[part])) ** 2).mean() / 2
        (loss / 3).backward()
    optimizer.step()
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(np.asarray(net.state_dict()[name]), value.numpy(), rtol=1e-4, atol=1e-6)


def test_clipping_is_optaxs_chain():
    chain = optax.chain(optax.clip_by_global_norm(0.05), optax.sgd(0.1))
    np.testing.assert_array_equal(after(linear(), optax.sgd(0.1), clip=0.05), after(linear(), chain))


def test_rates_scale_the_step_and_its_prox():
    """A rate of ½ for all is half the learning rate; a rate of 0 leaves a parameter alone."""
    half = after(linear(L1(0.1)), optax.sgd(0.1), rates={"*": 0.5})
    np.testing.assert_allclose(half, after(linear(L1(0.1)), optax.sgd(0.05)), rtol=1e-6)
    still = after(linear(L1(0.1)), optax.adam(0.1), 15, rates={lambda name, cell: cell.role == "bias": 0.0})
    assert still[-1] == np.float32(0.3)
    assert (still[:-1] != linear().weight.value[0]).all()
    with pytest.raises(nx.InputError, match="did you mean 'weight'"):
        after(linear(), optax.sgd(0.1), rates={"weigth": 0.1})


def test_weight_decay_is_l2_for_sgd_and_is_not_for_adam():
    """`w − η(∇J + s·w)` is `(1 − ηs)·w − η∇J`; under Adam decoupled decay is something else (Loshchilov & Hutter)."""

    def decoupled(direction):
        net = linear()
        return after(net, optax.chain(direction, nx.decay(net, 0.3), optax.scale_by_learning_rate(0.05)), 20)

    np.testing.assert_allclose(
        decoupled(optax.identity()), after(linear(L2(0.3)), optax.sgd(0.05), 20), rtol=1e-5
    )
    assert abs(decoupled(optax.scale_by_adam()) - after(linear(L2(0.3)), optax.adam(0.05), 20)).max() > 0.01
    net = linear()
    masked = optax.adamw(0.05, weight_decay=0.3, mask=nx.select(net))
    np.testing.assert_allclose(decoupled(optax.scale_by_adam()), after(net, masked, 20), rtol=1e-5)


def test_decay_leaves_biases_alone_unless_named():
    zero = {"weight": jnp.zeros((1, 3)), "bias": jnp.zeros(1)}
    params = {name: jnp.ones_like(value) for name, value in zero.items()}
    for spec, bias in ((0.5, 0.0), ({"*": 0.5}, 0.0), ({"*": 0.5, "bias": 0.25}, 0.25)):
        moved, _ = nx.decay(linear(), spec).update(zero, optax.EmptyState(), params)
        assert moved["weight"].tolist() == [[0.5] * 3]
        assert moved["bias"].tolist() == [bias]


@pytest.mark.parametrize("kind", [L1, L2, ElasticNet])
def test_a_scheduled_strength_is_that_strength_at_each_step(kind):
    def schedule(step):
        return 0.05 * jnp.minimum(step + 1, 4)

    net, own = linear(kind(schedule)), linear()
    step = nx.train_step(net, squared, optax.sgd(0.1))
    for number in range(4):
        step(x, y)
        nx.train_step(nx.penalize(own, kind(0.05 * (number + 1))), squared, optax.sgd(0.1))(x, y)
        np.testing.assert_allclose(np.asarray(net.weight), np.asarray(own.weight), rtol=1e-5)
    assert nx.penalty(net, 3) == pytest.approx(float(nx.penalty(own)), rel=1e-5)


def test_a_schedule_that_grows_too_strong_is_refused_at_the_start():
    with pytest.raises(nx.InputError, match="diverge"):
        nx.train_step(linear(L2(lambda step: 0.1 * step)), squared, optax.sgd(0.1))
