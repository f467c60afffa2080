"""`torch.distributions`: log-probabilities, draws that gradients pass through, entropies and divergences."""

from normax.torch.distributions.continuous import (
    Beta,
    Dirichlet,
    Exponential,
    Gamma,
    Laplace,
    LogNormal,
    MultivariateNormal,
    Normal,
    Uniform,
)
from normax.torch.distributions.discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from normax.torch.distributions.distribution import Distribution, Independent
from normax.torch.distributions.divergence import kl_divergence

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "Gamma",
    "Independent",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "Poisson",
    "Uniform",
    "kl_divergence",
]
