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
from normax.errors import InputError
from normax.penalties import L1, L2
from normax.training.step_sizes import admits_prox, steady_response

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
    "adabelief": (optax.adabelief(decaying(0.02)), 3000),
    "adamax": (optax.adamax(decaying(0.02)), 3000),
    "radam": (optax.radam(decaying(0.02)), 3000),
    "yogi": (optax.yogi(decaying(0.02)), 3000),
    "running mean": (optax.chain(optax.ema(0.9), optax.scale(-0.2)), 1500),
    "nadamw without decay": (optax.nadamw(decaying(0.02), weight_decay=0.0), 3000),
    "adamaxw without decay": (optax.adamaxw(decaying(0.02), weight_decay=0.0), 3000),
}
SLOW = ("adam, injected", "nadamw without decay", "adamaxw without decay")


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
    return X, y, Lasso(STRENGTH, tol=1e-14, max_iter=100000).fit(X, y).coef_


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in ADMITTED])
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


@pytest.mark.parametrize(
    "optimizer",
    [
        optax.adadelta(0.1),
        optax.adan(1e-3),
        optax.fromage(0.01),
        optax.novograd(0.01),
        optax.rmsprop(1e-3, centered=True),
        optax.rprop(1e-3),
        optax.sm3(0.1),
        optax.optimistic_gradient_descent(0.1),
        optax.MultiSteps(optax.adam(1e-3), 2),
        optax.lookahead(optax.sgd(0.1), 5, 0.5),
        optax.contrib.prodigy(),
        optax.contrib.ademamix(1e-3),
    ],
)
def test_whatever_else_is_no_multiple_of_the_gradient_is_refused(optimizer):
    assert not admits_prox(
        optimizer, {"weight": np.zeros((3, 4), np.float32), "bias": np.zeros(3, np.float32)}
    )


@pytest.mark.parametrize("clip", [None, 1.0])
def test_accumulation_by_optax_is_told_where_it_belongs(clip):
    net = nx.penalize(nn.Linear(4, 2), L1(0.1))
    for optimizer in (several := optax.MultiSteps(optax.sgd(0.1), 3)), several.gradient_transformation():
        with pytest.raises(nx.InputError, match="accumulate=k"):
            nx.train_step(net, lambda net, x: net(x).mean(), optimizer, clip=clip)


@pytest.mark.parametrize("name", ["adam", "amsgrad", "rmsprop", "rmsprop with momentum", "radam"])
def test_a_coordinate_that_never_had_a_gradient_has_no_step_of_its_own(name):
    tx, _ = ADMITTED[name]
    params, gradient = {"w": np.ones(3, np.float32)}, {"w": np.array([1.0, 0.0, 2.0], np.float32)}
    after = tx.init(params)
    for _ in range(10):
        before, after = after, tx.update(gradient, after, params)[1]
    step = steady_response(tx, before, after, params)["w"]
    assert np.isnan(step).tolist() == [False, True, False]
    assert (step[::2] > 0).all()


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


def test_a_name_is_optax_s_optimiser_at_a_thousandth():
    X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    trained = []
    for optimizer in ("Adam", optax.adam(1e-3)):
        nx.manual_seed(0)
        net = nn.Linear(3, 1)
        nx.fit(net, (X, X[:, 0]), loss="squared", optimizer=optimizer, epochs=2, batch_size=20)
        trained.append(np.asarray(net.weight))
    np.testing.assert_array_equal(*trained)
    for wrong in ("adm", "global_norm"):
        with pytest.raises(InputError, match=rf"optax has no '{wrong}'.*one of adam, adamw"):
            nx.train_step(nn.Linear(3, 1), lambda net, x: net(x).mean(), wrong)
