"""Penalties on networks: which parameters, which strength, which sum."""

import numpy as np
import pytest

import normax as nx
from normax import nn
from normax.penalties import L1, L2, ElasticNet


@pytest.fixture
def net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def charged(net):
    return {name: p.penalty for name, p in net.named_parameters() if p.penalty is not None}


def test_biases_and_norms_are_exempt_by_role(net):
    assert charged(nx.penalize(net, L1(0.1))) == {"0.weight": L1(0.1), "2.weight": L1(0.1)}
    assert charged(nx.penalize(net, None)) == {}


def test_patterns_exact_names_and_overrides(net):
    nx.penalize(net, {"*": L2(1.0), "2.*": L1(0.5), "1.weight": L1(0.1), "0.bias": L2(0.3)})
    assert charged(net) == {"0.weight": L2(1.0), "0.bias": L2(0.3), "1.weight": L1(0.1), "2.weight": L1(0.5)}


def test_all_lost_patterns_come_at_once_with_the_closest(net):
    with pytest.raises(nx.InputError, match=r"'0.wieght'; did you mean '0.weight'\?, 'head.\*'"):
        nx.penalize(net, {"0.wieght": L1(1.0), "head.*": L1(1.0)})
    with pytest.raises(nx.InputError, match="expected a Penalty"):
        nx.penalize(net, {"0.weight": 0.1})


def test_the_sum_counts_trainable_weights_once(net):
    nx.penalize(net, ElasticNet(0.3, l1_ratio=0.5) + L1(0.1))
    w = [np.asarray(net[i].weight) for i in (0, 2)]
    expected = sum(0.25 * np.abs(v).sum() + 0.075 * (v**2).sum() for v in w)
    assert float(nx.penalty(net)) == pytest.approx(expected, rel=1e-5)
    net[0].requires_grad_(False)
    assert float(nx.penalty(net)) < expected
    assert float(nx.penalty(nn.Linear(2, 2))) == 0


def test_the_smooth_part_enters_the_gradient_and_the_rest_the_prox():
    import optax

    w = np.array([[1.0, -0.004, 0.5]], np.float32)
    net = nn.Linear(3, 1, bias=False)
    net.weight.value = w
    nx.penalize(net, ElasticNet(0.2, l1_ratio=0.25))
    step = nx.train_step(net, lambda net, x: (net(x) * 0).sum(), optax.sgd(0.1))
    assert float(step(np.ones((1, 3), np.float32))) == 0
    shrunk = w * (1 - 0.1 * 0.15)
    np.testing.assert_allclose(
        net.weight.value, np.sign(shrunk) * np.maximum(np.abs(shrunk) - 0.1 * 0.05, 0), rtol=1e-5
    )
    assert net.weight[0, 1] == 0
