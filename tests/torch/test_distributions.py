"""Distributions have PyTorch's log-probabilities, entropies, moments and divergences, and draws of their moments."""

import jax
import numpy as np
import pytest
import torch as theirs

from normax import torch as ours
from normax.errors import InputError

ours_d, theirs_d = ours.distributions, theirs.distributions
A = [[0.5, 1.5, 2.5], [0.3, 0.6, 0.9]]
B = [[1.0, 0.5, 0.8], [2.0, 1.0, 0.4]]
SHARES = [[0.2, 0.5, 0.9], [0.1, 0.6, 0.4]]
SQUARE = [[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 1.5]]
# name -> parameters, those of another of its kind, a value.
CASES = {
    "Normal": ((A, B), (B, A), [[0.1, -1.0, 2.0], [3.0, 0.0, 1.0]]),
    "LogNormal": ((A, B), (B, A), A),
    "Laplace": ((A, B), (B, A), [[0.1, -1.0, 2.0], [3.0, 0.0, 1.0]]),
    "Uniform": ((0.0, A), (-1.0, [[4.0, 3.0, 2.0]]), SHARES),
    "Gamma": ((A, B), (B, A), A),
    "Exponential": ((A,), (B,), B),
    "Beta": ((A, B), (B, A), SHARES),
    "Dirichlet": ((A,), (B,), [[0.2, 0.5, 0.3], [0.1, 0.6, 0.3]]),
    "MultivariateNormal": ((A, SQUARE), (B, SQUARE), B),
    "Bernoulli": ((SHARES,), ([[0.5, 0.3, 0.2]] * 2,), [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]),
    "Categorical": ((A,), (B,), [2, 0]),
    "OneHotCategorical": ((A,), (B,), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]),
    "Poisson": ((A,), (B,), [[0.0, 2.0, 5.0], [1.0, 0.0, 0.0]]),
}


def made(module, name, arguments):
    return getattr(module.distributions, name)(*(module.tensor(a) for a in arguments))


@pytest.mark.parametrize("name", CASES)
def test_formulas_are_those_of_torch(name):
    first, second, value = CASES[name]
    (p, q), (a, b) = ([made(module, name, x) for x in (first, second)] for module in (ours, theirs))
    assert (tuple(p.batch_shape), tuple(p.event_shape)) == (tuple(a.batch_shape), tuple(a.event_shape))

    def close(mine, other):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=2e-5, atol=2e-6)

    close(p.log_prob(ours.tensor(value)), a.log_prob(theirs.tensor(value)))
    if name != "Poisson":
        close(p.entropy(), a.entropy())
    if name != "Categorical":
        close(p.mean, a.mean)
        close(p.variance, a.variance)
    if name != "LogNormal":
        close(ours_d.kl_divergence(p, q), theirs_d.kl_divergence(a, b))
    assert p.has_rsample == a.has_rsample


@pytest.mark.parametrize("name", CASES)
def test_draws_have_the_moments(name):
    p = made(ours, name, CASES[name][0])
    drawn = p.sample((4000,)).numpy()
    assert drawn.shape == (4000, *p.batch_shape, *p.event_shape)
    if name == "Categorical":
        shares = (drawn[..., None] == np.arange(3)).mean(0)
        np.testing.assert_allclose(shares, p.probs.numpy(), atol=0.04)
        return
    error = np.sqrt(p.variance.numpy() / 4000)
    assert (np.abs(drawn.mean(0) - p.mean.numpy()) < 5 * error + 1e-3).all()


def test_gradients_pass_through_draws_and_log_probabilities():
    def loss(scale):
        draw = ours_d.Normal(ours.zeros(500), ours.Tensor(scale)).rsample()
        return (draw**2).mean()._array

    assert 1.5 < float(jax.grad(loss)(jax.numpy.float32(1.0))) < 2.5
    rate = theirs.tensor(1.3, requires_grad=True)
    theirs_d.Gamma(2.0, rate).log_prob(theirs.tensor(0.7)).backward()
    mine = jax.grad(lambda r: ours_d.Gamma(2.0, ours.Tensor(r)).log_prob(ours.tensor(0.7))._array)(1.3)
    assert float(mine) == pytest.approx(rate.grad.item(), rel=1e-5)
    with pytest.raises(NotImplementedError, match="no gradient passes"):
        ours_d.Bernoulli(0.5).rsample()


def test_independent_ones_add_up():
    values = [module.tensor([[0.1, -1.0, 2.0], [3.0, 0.0, 1.0]]) for module in (ours, theirs)]
    p, a = (module.distributions.Independent(made(module, "Normal", (A, B)), 1) for module in (ours, theirs))
    np.testing.assert_allclose(p.log_prob(values[0]).numpy(), a.log_prob(values[1]).numpy(), rtol=1e-5)
    np.testing.assert_allclose(p.entropy().numpy(), a.entropy().numpy(), rtol=1e-5)
    assert p.event_shape == (3,)
    logits = [[0.3, -1.0], [2.0, 0.1]]
    p, a = (module.distributions.Categorical(logits=module.tensor(logits)) for module in (ours, theirs))
    np.testing.assert_allclose(p.probs.numpy(), a.probs.numpy(), rtol=1e-6)


def test_what_is_no_distribution_is_refused():
    with pytest.raises(InputError, match="Normal: scale is out of its range"):
        ours_d.Normal(0.0, -1.0)
    with pytest.raises(InputError, match="either probs or logits"):
        ours_d.Categorical()
    with pytest.raises(InputError, match="low < high"):
        ours_d.Uniform(1.0, 0.0)
    with pytest.raises(NotImplementedError, match=r"p\.sample\(\(n,\)\)"):
        ours_d.kl_divergence(ours_d.Normal(0.0, 1.0), ours_d.Gamma(1.0, 1.0))
