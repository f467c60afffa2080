"""Decay coupled and decoupled, starting points and constraints, in training."""

import jax
import numpy as np
import optax
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from sklearn.preprocessing import StandardScaler

import normax as nx
from normax import nn
from normax.penalties import L1, L2, L2SP, MaxNorm, Nonnegative, WeightDecay

X, Y = load_diabetes(return_X_y=True)
X, Y = StandardScaler().fit_transform(X), (Y - Y.mean()) / Y.std()


def trained(optimizer, penalty, steps=60, **options):
    """All weights after a run in float64."""
    with jax.enable_x64(True):
        nx.manual_seed(0)
        net = nn.Sequential(nn.Linear(10, 4), nn.Tanh(), nn.Linear(4, 1)).double()
        nx.penalize(net, penalty)
        step = nx.train_step(net, lambda net, x, t: ((net(x)[:, 0] - t) ** 2).mean(), optimizer, **options)
        for _ in range(steps):
            step(X, Y)
        return np.concatenate([np.asarray(p).ravel() for p in net.parameters()])


def test_decay_is_l2_for_plain_sgd_to_rounding_over_a_whole_run():
    schedule = optax.exponential_decay(0.1, 10, 0.9)
    decoupled = trained(optax.sgd(schedule), WeightDecay(0.1))
    np.testing.assert_allclose(decoupled, trained(optax.sgd(schedule), L2(0.1)), rtol=1e-10)
    assert np.abs(decoupled - trained(optax.sgd(schedule), None)).max() > 0.01


def test_decoupled_decay_of_adam_is_adamw_and_coupled_is_not():
    masked = optax.adamw(0.01, weight_decay=0.1, mask=lambda p: {n: n.endswith("weight") for n in p})
    decoupled = trained(optax.adam(0.01), WeightDecay(0.1))
    np.testing.assert_allclose(decoupled, trained(masked, None), rtol=1e-6)
    coupled = trained(optax.adam(0.01), WeightDecay(0.1, decoupled=False))
    np.testing.assert_array_equal(coupled, trained(optax.adam(0.01), L2(0.1)))
    assert np.abs(decoupled - coupled).max() > 0.01


def test_rates_and_clipping_bear_on_decay_as_on_the_step():
    rates = {"0.weight": 0.5}
    found = trained(optax.sgd(0.1), WeightDecay(0.1), steps=20, rates=rates, clip=100.0)
    np.testing.assert_allclose(found, trained(optax.sgd(0.1), L2(0.1), steps=20, rates=rates), rtol=1e-10)


@pytest.mark.slow
def test_both_decays_as_strengths_of_a_path():
    net = nn.Linear(10, 1)
    options = {"loss": "squared", "strengths": [4.0, 0.1], "cv": None, "epochs": 30, "batch_size": 442}
    data = X.astype("f4"), Y.astype("f4")
    for penalty in ("weight-decay", WeightDecay(decoupled=False)):
        path = nx.path(net, data, penalty=penalty, optimizer=optax.adam(0.05), **options)
        alone = nx.penalize(nn.Linear(10, 1), WeightDecay(4.0, decoupled=penalty == "weight-decay"))
        alone.load_state_dict(net.state_dict())
        nx.fit(alone, data, loss="squared", optimizer=optax.adam(0.05), epochs=30, batch_size=442, seed=0)
        np.testing.assert_allclose(path.model(0).weight, alone.weight, atol=1e-5)
        shrunk, free = (np.abs(path.model(i).weight).sum() for i in range(2))
        assert shrunk < 0.9 * free
    with pytest.raises(nx.InputError, match="no strength for a path"):
        nx.path(net, data, penalty=Nonnegative(), **options)


def test_a_decay_that_makes_weights_grow_is_refused_and_a_late_one_asks_for_a_new_step():
    net = nx.penalize(nn.Linear(2, 1), WeightDecay(30.0))
    with pytest.raises(nx.InputError, match=r"times decay 30 is .* grow from 2 on"):
        nx.train_step(net, lambda net, x: net(x).sum(), optax.adam(0.1))
    nx.penalize(net, None)
    step = nx.train_step(net, lambda net, x: net(x).sum(), optax.adam(0.1))
    nx.penalize(net, WeightDecay(0.1))
    with pytest.raises(nx.InputError, match="make a new one"):
        step(np.ones((1, 2), "f4"))


def test_l2sp_pulls_to_where_the_weights_stood_when_it_was_put_on():
    net = nn.Linear(3, 2)
    start = np.array(net.weight)
    nx.penalize(net, L2SP(50.0))
    assert float(nx.penalty(net)) == 0
    step = nx.train_step(net, lambda net, x: net(x).sum(), optax.sgd(0.01))
    for _ in range(40):
        step(np.ones((1, 3), "f4"))
    np.testing.assert_allclose(net.weight, start - 1 / 50, atol=1e-4)


def test_constraints_hold_from_the_first_step_under_any_optimiser():
    for optimizer in (optax.adam(0.1), optax.lion(0.1)):
        net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
        nx.penalize(net, {"0.weight": MaxNorm(1 / 0.2), "1.weight": Nonnegative()})
        step = nx.train_step(net, lambda net, x: (net(x) ** 2).mean() - net(x).mean(), optimizer)
        for _ in range(3):
            step(np.ones((2, 4), "f4"))
            assert np.linalg.norm(net[0].weight, axis=1).max() <= 0.2 + 1e-6
            assert float(net[1].weight.min()) >= 0


def test_the_nonnegative_lasso_is_scikit_learns():
    reference = Lasso(0.02, positive=True, tol=1e-14, max_iter=100_000).fit(X, Y).coef_
    with jax.enable_x64(True):
        net = nx.penalize(nn.Linear(10, 1).double(), L1(0.02) + Nonnegative())
        nx.fit(net, (X, Y), loss="squared", optimizer=optax.sgd(0.2), epochs=1500, batch_size=len(Y))
        np.testing.assert_allclose(net.weight[0], reference, atol=1e-8)
        np.testing.assert_array_equal(np.asarray(net.weight[0]) == 0, reference == 0)
