"""Every optimiser that admits a prox reaches scikit-learn's lasso; the others are refused."""

import jax
import numpy as np
import optax
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax import nn
from normax.penalties import L1, L2

STRENGTH = 0.05


def decaying(rate):
    return optax.exponential_decay(rate, 100, 0.9)


ADMITTED = {
    "sgd": (optax.sgd(0.2), 2000),
    "momentum": (optax.sgd(0.05, 0.9), 2000),
    "nesterov": (optax.sgd(0.05, 0.9, nesterov=True), 2000),
    "adam": (optax.adam(decaying(0.02)), 4000),
    "adam, clipped": (optax.chain(optax.clip_by_global_norm(10.0), optax.adam(decaying(0.02))), 4000),
    "adam, injected": (optax.inject_hyperparams(optax.adam)(learning_rate=decaying(0.02)), 4000),
    "adamw without decay": (optax.adamw(decaying(0.02), weight_decay=0.0), 4000),
    "nadam": (optax.nadam(decaying(0.02)), 4000),
    "amsgrad": (optax.amsgrad(decaying(0.02)), 4000),
    "rmsprop": (optax.rmsprop(decaying(0.01)), 4000),
    # Its momentum remembers the rate of earlier steps, so the rate stays as it is.
    "rmsprop with momentum": (optax.rmsprop(1e-3, momentum=0.8), 4000),
    "adagrad": (optax.adagrad(0.5), 4000),
}


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    return X, y, Lasso(STRENGTH, tol=1e-14, max_iter=100000).fit(X, y).coef_


@pytest.mark.parametrize("name", ADMITTED)
def test_the_lasso_is_reached_exactly(name, diabetes):
    X, y, reference = diabetes
    optimizer, epochs = ADMITTED[name]
    with jax.enable_x64(True):
        nx.manual_seed(0)
        net = nx.penalize(nn.Linear(10, 1).double(), L1(STRENGTH))
        nx.fit(net, (X, y), loss="squared", optimizer=optimizer, epochs=epochs, batch_size=len(y), seed=0)
        w = np.asarray(net.weight)[0]

    def objective(w):
        return 0.5 * np.mean((X @ w - y) ** 2) + STRENGTH * abs(w).sum()

    assert objective(w) - objective(reference) < 1e-7
    np.testing.assert_array_equal(w == 0, reference == 0)


REFUSED = {
    "lion": optax.lion(1e-3),
    "lamb": optax.lamb(1e-3),
    "lars": optax.lars(1e-3),
    "adafactor": optax.adafactor(1e-3),
    "sign": optax.sign_sgd(1e-3),
    "muon": optax.contrib.muon(1e-3),
    "schedule-free": optax.contrib.schedule_free_adamw(1e-3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_optimiser_whose_step_cannot_be_read_is_refused_unless_it_is_given(name):
    net = nx.penalize(nn.Linear(4, 3), L1(0.1))

    def loss_fn(net, x):
        return (net(x) ** 2).mean()

    with pytest.raises(nx.InputError, match="prox_step="):
        nx.train_step(net, loss_fn, REFUSED[name])
    step = nx.train_step(net, loss_fn, REFUSED[name], prox_step=0.01)
    assert np.isfinite(step(np.ones((2, 4), np.float32)))
    nx.train_step(nx.penalize(net, L2(0.1)), loss_fn, REFUSED[name])


def trained(optimizer, penalty, steps=50):
    nx.manual_seed(0)
    net = nx.penalize(nn.Sequential(nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 1)), penalty)
    X, y = load_diabetes(return_X_y=True)
    X, y = (X * 20).astype(np.float32), ((y - 150) / 80).astype(np.float32)
    step = nx.train_step(net, lambda net, x, t: ((net(x)[:, 0] - t) ** 2).mean(), optimizer)
    for _ in range(steps):
        step(X, y)
    return np.concatenate([np.asarray(p).ravel() for p in net.parameters()])


def test_weight_decay_is_l2_for_plain_sgd_and_not_for_adam():
    """Loshchilov & Hutter: `w − η(∇J + s·w)` is `(1 − ηs)·w − η∇J`; decoupled decay of Adam is another thing."""
    decay = {"*.weight": L2(0.1), "*.bias": L2(0.1)}
    decay |= {f"{i}.bias": L2(0.1) for i in (0, 2)}
    del decay["*.bias"]
    coupled = trained(optax.sgd(0.1), decay)
    decoupled = trained(optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1)), None)
    np.testing.assert_allclose(coupled, decoupled, rtol=1e-4, atol=1e-6)
    adam, adamw = trained(optax.adam(0.01), decay), trained(optax.adamw(0.01, weight_decay=0.1), None)
    assert np.abs(adam - adamw).max() > 0.01


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam", "adamw"])
def test_steps_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    nx.manual_seed(1)
    net = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Linear(8, 3)
    )
    theirs.load_state_dict({k: torch.tensor(np.asarray(v)) for k, v in net.state_dict().items()})
    ours, make = {
        "sgd": (optax.sgd(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        "momentum": (optax.sgd(0.1, 0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
        "adam": (optax.adam(1e-2), lambda p: torch.optim.Adam(p, 1e-2)),
        "adamw": (
            optax.adamw(1e-2, weight_decay=0.1),
            lambda p: torch.optim.AdamW(p, 1e-2, weight_decay=0.1),
        ),
    }[name]
    optimizer = make(theirs.parameters())
    step = nx.train_step(net, lambda net, x, y: nn.functional.cross_entropy(net(x), y), ours)
    random = np.random.default_rng(0)
    for _ in range(20):
        x, y = random.normal(size=(16, 6)).astype(np.float32), random.integers(0, 3, 16)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        optimizer.step()
        assert float(step(x, y)) == pytest.approx(loss.item(), rel=1e-4)
